"""Getting in takes its time once an address; neighbours in a compound are reached on foot."""

from __future__ import annotations

import pytest

from engine.errors import PlanRejected
from tests.care_builders import (
    client,
    line_travel,
    plan,
    problem,
    served,
    stops,
    visit,
    window,
    without,
    worker,
)


def test_getting_in_takes_its_time_once_for_several_orders_at_an_address(backend):
    day = problem(
        clients=[client("c", 10, arrival_s=300)],
        workers=[worker("w", shift=(8, 9.25))],
        orders=[visit("a", "c"), visit("b", "c")],
    )
    result = plan(day, backend=backend).plan
    (route,) = result.routes
    first, second = route.trips[0].stops
    assert first.start_s == first.arrival_s + 300
    assert (first.setup_s, second.setup_s) == (300, 0)
    assert second.start_s == first.departure_s
    assert route.wait_s == 0


@pytest.mark.parametrize(("seconds", "fits"), [(600, True), (601, False)])
def test_the_time_to_get_in_counts_before_the_window_closes(backend, seconds, fits):
    day = problem(
        clients=[client("c", 10, arrival_s=seconds)],
        workers=[worker("w")],
        orders=[visit("o", "c", windows=[window(8, 8 + 20 / 60)])],
    )
    assert ("o" in served(plan(day, backend=backend).plan)) is fits
    if not fits:
        (absent,) = plan(day, backend=backend).plan.unserved
        assert absent.reason == "no_worker_in_window"
        assert "11 min that it takes to get in" in absent.message
        with pytest.raises(PlanRejected):
            plan(day, backend=backend, rules=without("arrival"))


def test_doors_of_a_compound_are_reached_on_foot_and_the_vehicle_stands(backend):
    # By road the two gates are ten minutes apart; on foot it is the floor of a minute.
    def of(**kw):
        return problem(
            clients=[client("c", 10, **kw), client("d", 10.5, **kw), client("far", 25)],
            workers=[worker("w", mode="car")],
            orders=[visit("a", "c"), visit("b", "d")],
        )

    day = of(compound="garden")
    travel = line_travel(day)
    c, d = travel.client("c"), travel.client("d")
    assert travel.seconds["car"][c, d] == travel.seconds["car"][d, c] == 60
    assert travel.metres["car"][c, d] == 0
    assert travel.metres["walk"][c, d] > 0
    assert line_travel(of()).seconds["car"][c, d] == 30
    result = plan(day, backend=backend).plan
    assert served(result) == {"a", "b"}
    by_order = stops(result)
    assert sorted(by_order[o].travel_s for o in "ab")[0] == 60
    assert 0 in {by_order[o].distance_m for o in "ab"}
