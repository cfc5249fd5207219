"""Service starts inside a window and lasts as long as planned."""

from __future__ import annotations

import pytest

from engine.errors import PlanRejected
from tests.care_builders import (
    client,
    hour,
    plan,
    problem,
    reasons,
    served,
    stops,
    visit,
    window,
    without,
    worker,
)


def test_of_several_windows_each_visit_meets_one(backend):
    day = problem(
        clients=[client("c", 5)],
        workers=[worker("w", shift=(8, 18))],
        orders=[
            visit("early", "c", windows=[window(9, 9.25), window(15, 15.25)]),
            visit("late", "c", windows=[window(9, 9.25), window(15, 15.25)]),
            visit("again", "c", windows=[window(9, 9.25)]),
        ],
    )
    # Three visits of 20 minutes do not start within a quarter of an hour, so two are apart.
    plans = plan(day, backend=backend).plan
    starts = sorted(s.start_s for s in stops(plans).values())
    assert [s for s in starts if s >= hour(15)]
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("windows"))
    assert "windows" in {v.rule for v in rejected.value.violations}


@pytest.mark.parametrize(("minutes", "fits"), [(20, True), (19, False)])
def test_a_window_is_closed_at_its_end(backend, minutes, fits):
    day = problem(
        clients=[client("c", 20)],
        workers=[worker("w", shift=(8, 17))],
        orders=[visit("o", "c", windows=[window(8, 8 + minutes / 60)])],
    )
    result = plan(day, backend=backend).plan
    assert ("o" in served(result)) is fits
    if not fits:
        assert reasons(result) == {"o": "no_worker_in_window"}


def test_an_order_may_last_longer_than_the_catalogue_says(backend):
    day = problem(
        clients=[client("c")],
        workers=[worker("w")],
        orders=[visit("o", "c", service_duration_s=hour(3))],
    )
    stop = stops(plan(day, backend=backend).plan)["o"]
    assert stop.departure_s - stop.start_s == hour(3)


def test_a_slow_worker_needs_longer_by_the_service_time_factor(backend):
    day = problem(
        clients=[client("c")],
        workers=[worker("w", service_time_factor=1.5, shift=(8, 10))],
        orders=[visit("o", "c", "errands"), visit("p", "c", "errands")],
    )
    result = plan(day, backend=backend).plan
    stop = stops(result)["o"]
    assert stop.departure_s - stop.start_s == 60 * 60  # 40 minutes by the catalogue
    assert served(result) == {"o", "p"}


def test_what_a_slow_worker_cannot_do_in_the_shift_is_left_out(backend):
    day = problem(
        clients=[client("c")],
        workers=[worker("w", service_time_factor=1.6, shift=(8, 10))],
        orders=[visit("o", "c", "errands"), visit("p", "c", "errands")],
    )
    assert len(served(plan(day, backend=backend).plan)) == 1
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("shifts"))
    assert "shifts" in {v.rule for v in rejected.value.violations}
