"""A worker's breaks are taken in full and inside their windows, before any visit is added."""

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


def rest(early_h, late_h, minutes=30):
    return Break(early_s=hour(early_h), late_s=hour(late_h), length_s=60 * minutes)


def shift(start_h, end_h, *breaks, id="day"):
    return (Shift(id=id, start_s=hour(start_h), end_s=hour(end_h), breaks=breaks),)


def test_a_break_between_two_visits_is_shown_in_the_route(backend):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("w", shifts=shift(8, 13, rest(11, 12)))],
        orders=[
            visit("a", "c", windows=[window(10, 10.5)], service_duration_s=hour(1)),
            visit("b", "c", windows=[window(12.2, 12.5)]),
        ],
    )
    result = plan(day, backend=backend).plan
    (route,) = result.routes
    (pause,) = route.breaks
    assert pause.end_s - pause.start_s == 1_800
    assert hour(11) <= pause.start_s <= hour(12)
    first, second = route.trips[0].stops
    assert first.departure_s <= pause.start_s
    assert pause.end_s <= second.start_s
    assert route.wait_s == second.start_s - second.arrival_s - (
        min(pause.end_s, second.start_s) - max(pause.start_s, second.arrival_s)
        if pause.end_s > second.arrival_s else 0
    )
    assert served(result) == {"a", "b"}


@pytest.mark.parametrize(("minutes", "fits"), [(30, True), (31, False)])
def test_a_window_that_a_break_leaves_no_room_for_is_not_served(backend, minutes, fits):
    # In this order of importance: the break is agreed, the window is promised or not at all.
    day = problem(
        clients=[client("c", 0), client("d", 0)],
        workers=[worker("w", shifts=shift(11, 13, rest(12, 12, minutes)))],
        orders=[
            visit("early", "c", windows=[window(11, 11)], service_duration_s=hour(1)),
            visit("late", "d", windows=[window(11.75, 12.5)]),
        ],
    )
    result = plan(day, backend=backend).plan
    assert (served(result) == {"early", "late"}) is fits
    (pause,) = result.routes[0].breaks
    assert pause.start_s == hour(12)
    if not fits:
        with pytest.raises(PlanRejected) as rejected:
            plan(day, backend=backend, rules=without("breaks"))
        # The timetable gives the break all the same, and so the window is missed.
        assert {v.rule for v in rejected.value.violations} <= {"breaks", "windows"}


def test_a_guaranteed_client_does_not_cost_the_break(backend):
    day = problem(
        clients=[client("c", 0, guaranteed=True)],
        workers=[worker("w", shifts=shift(11, 13, rest(12, 12)))],
        orders=[visit("o", "c", windows=[window(12.1, 12.4)])],
    )
    result = plan(day, backend=backend).plan
    assert reasons(result) == {"o": "no_worker_in_window"}
    assert "breaks" in result.unserved[0].message


def test_couriers_rest_between_two_loadings(backend):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 10), client("d", 12)],
        workers=[courier("k", shifts=shift(10, 19, rest(12.5, 14, 60)))],
        orders=[
            meal("lunch", "c", windows=[window(11, 12)]),
            meal("dinner", "d", windows=[window(17, 18)]),
        ],
    )
    result = plan(day, backend=backend).plan
    (route,) = result.routes
    assert len(route.trips) == 2
    assert [p.end_s - p.start_s for p in route.breaks] == [3_600]
    assert route.trips[1].leave_s >= route.trips[0].end_s + 300
    for trip in route.trips:
        assert all(s.start_s - trip.leave_s <= hour(1) for s in trip.stops)


def test_meals_of_a_shift_with_a_break_are_as_many_as_without(backend):
    def of(*breaks):
        return problem(
            kitchens=[kitchen()],
            clients=[client(f"c{i}", 2 + i) for i in range(12)],
            workers=[courier("k", shifts=shift(10, 14.5, *breaks))],
            orders=[
                meal(f"m{i}", f"c{i}", windows=[window(11, 13)], service_duration_s=270)
                for i in range(12)
            ],
        )

    assert len(served(plan(of(rest(10, 14)), backend=backend).plan)) == 12
    assert len(served(plan(of(), backend=backend).plan)) == 12
