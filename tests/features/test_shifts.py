"""Workers leave after their shift begins and are back before it ends, where they belong."""

from __future__ import annotations

import pytest

from engine.domain.workers import Shift
from engine.errors import PlanRejected
from tests.care_builders import (
    centre,
    client,
    hour,
    plan,
    problem,
    reasons,
    served,
    served_by,
    stops,
    visit,
    window,
    without,
    worker,
)


@pytest.mark.parametrize(("end_h", "fits"), [(9, True), (9 - 1 / 60, False)])
def test_a_worker_is_back_to_the_minute(backend, end_h, fits):
    # 20 minutes out, 20 at the door, 20 back
    day = problem(
        clients=[client("c", 20)],
        workers=[worker("w", shift=(8, end_h))],
        orders=[visit("o", "c")],
    )
    assert ("o" in served(plan(day, backend=backend).plan)) is fits
    if not fits:
        with pytest.raises(PlanRejected) as rejected:
            plan(day, backend=backend, rules=without("shifts"))
        assert {v.rule for v in rejected.value.violations} == {"shifts"}


def test_a_worker_who_does_not_return_is_done_with_the_last_visit(backend):
    day = problem(
        clients=[client("c", 20)],
        workers=[worker("w", shift=(8, 8 + 40 / 60), returns=False)],
        orders=[visit("o", "c")],
    )
    (route,) = plan(day, backend=backend).plan.routes
    assert route.trips[-1].end is None
    assert route.travel_s == 20 * 60


def test_a_route_may_end_elsewhere_than_it_begins(backend):
    day = problem(
        centres=(centre("base", 0), centre("home", 40)),
        clients=[client("c", 20)],
        workers=[worker("w", end="home")],
        orders=[visit("o", "c")],
    )
    (route,) = plan(day, backend=backend).plan.routes
    assert (route.trips[0].start, route.trips[-1].end) == ("base", "home")
    assert route.distance_m == 40 * 300


def test_a_split_shift_is_two_routes_of_one_worker(backend):
    shifts = (
        Shift(id="am", start_s=hour(8), end_s=hour(11)),
        Shift(id="pm", start_s=hour(14), end_s=hour(17)),
    )
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("w", shifts=shifts)],
        orders=[
            visit("a", "c", windows=[window(9, 10)]),
            visit("b", "c", windows=[window(15, 16)]),
            visit("noon", "c", windows=[window(12, 13)]),
        ],
    )
    result = plan(day, backend=backend).plan
    assert [(r.worker, r.shift) for r in result.routes] == [("w", "am"), ("w", "pm")]
    assert result.totals.workers == 1
    assert reasons(result) == {"noon": "no_worker_in_window"}


def test_nobody_waits_at_a_door_who_could_leave_later(backend):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("w")],
        orders=[visit("o", "c", windows=[window(10, 11)])],
    )
    result = plan(day, backend=backend).plan
    assert result.routes[0].trips[0].leave_s == hour(10) - 600
    assert stops(result)["o"].arrival_s == stops(result)["o"].start_s == hour(10)
    assert result.totals.wait_s == 0


def test_an_unused_shift_costs_nothing(backend):
    day = problem(
        clients=[client("c")],
        workers=[worker("w"), worker("dear", cost_per_shift_cents=90_000)],
        orders=[visit("o", "c")],
    )
    result = plan(day, backend=backend).plan
    assert served_by(result) == {"o": "w"}
    assert result.totals.cost_cents == 5_000
