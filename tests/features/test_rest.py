"""Who ended late the day before begins later, whatever the shift says."""

from __future__ import annotations

import pytest

from engine.domain.workers import Break, Shift
from engine.errors import PlanRejected
from tests.care_builders import (
    client,
    courier,
    hour,
    kitchen,
    meal,
    plan,
    problem,
    reasons,
    served,
    visit,
    window,
    without,
    worker,
)


def after_a_late_day(minute: int, **kw):
    """A visit at ten, ten minutes away; the worker ended so many minutes past 22:50."""
    return problem(
        clients=[client("c", 10)],
        workers=[worker(
            "w", previous_end_s=hour(22) + 60 * (50 + minute), min_daily_rest_s=hour(11), **kw
        )],
        orders=[visit("o", "c", windows=[window(10, 10)])],
    )


@pytest.mark.parametrize(("minute", "fits"), [(0, True), (1, False)])
def test_nobody_leaves_before_the_rest_is_over(backend, minute, fits):
    result = plan(after_a_late_day(minute), backend=backend).plan
    assert (served(result) == {"o"}) is fits
    if fits:
        assert result.routes[0].trips[0].leave_s == hour(9) + 3_000
        return
    (absent,) = result.unserved
    assert absent.reason == "no_worker_in_window"
    assert "rests until 09:51" in absent.message
    assert "休息至 09:51" in absent.message_zh
    with pytest.raises(PlanRejected):
        plan(after_a_late_day(minute), backend=backend, rules=without("rest"))


def test_a_shift_that_the_rest_outlasts_is_not_worked_and_the_next_one_is():
    shifts = (
        Shift(id="am", start_s=hour(6), end_s=hour(9)),
        Shift(id="pm", start_s=hour(14), end_s=hour(18)),
    )
    day = problem(
        clients=[client("c", 10)],
        workers=[worker(
            "w", shifts=shifts, previous_end_s=hour(25), min_daily_rest_s=hour(11))],
        orders=[visit("a", "c", windows=[window(7, 8.5)]), visit("b", "c")],
    )
    result = plan(day).plan
    assert [r.shift for r in result.routes] == ["pm"]
    assert reasons(result) == {"a": "no_worker_in_window"}


def test_a_break_that_lies_in_the_rest_is_not_taken_again():
    def of(latest):
        pause = Break(early_s=hour(8), late_s=latest, length_s=1_800)
        return problem(
            clients=[client("c", 10)],
            workers=[worker(
                "w", previous_end_s=hour(23), min_daily_rest_s=hour(10),
                shifts=(Shift(id="d", start_s=hour(7), end_s=hour(15), breaks=(pause,)),))],
            orders=[visit("o", "c")],
        )

    assert plan(of(hour(9) - 1)).plan.routes[0].breaks == ()
    assert len(plan(of(hour(9))).plan.routes[0].breaks) == 1


def test_a_courier_loads_after_the_rest(backend):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 10)],
        workers=[courier("k", previous_end_s=hour(24), min_daily_rest_s=hour(11), shift=(9, 15))],
        orders=[meal("m", "c", windows=[window(10, 12)])],
    )
    (route,) = plan(day, backend=backend).plan.routes
    assert route.trips[0].leave_s >= hour(11) + 300
