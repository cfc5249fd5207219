"""From indexes back to ids."""

from __future__ import annotations

import numpy as np

from engine.assemble import assemble
from engine.visits import RouteVisits, TripVisits
from solvers.solve import Result
from tests.care_builders import client, compiled, courier, kitchen, meal, problem, window


def test_trips_of_a_shift_become_one_route_in_order_of_time_without_empty_slots():
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 5)],
        workers=[courier("k", shift=(9, 20)), courier("idle", shift=(9, 20))],
        orders=[
            meal("dinner", "c", windows=[window(17, 18)]),
            meal("lunch", "c", windows=[window(11, 12)]),
        ],
    )
    made = compiled(day)
    trips = [k for k, key in enumerate(made.vehicles) if key.worker == "k"]
    assert len(trips) >= 2
    routes = [np.zeros(0, np.int32) for _ in made.vehicles]
    routes[trips[0]] = np.array([made.tasks.index("lunch")], np.int32)
    routes[trips[-1]] = np.array([made.tasks.index("dinner")], np.int32)
    result = Result(tuple(routes), np.zeros(0, np.int32), "complete", 0, 0.0)
    assert assemble(made, result) == (
        RouteVisits("k", "day", (
            TripVisits(("lunch",), ("lunch",)), TripVisits(("dinner",), ("lunch",)),
        )),
    )
