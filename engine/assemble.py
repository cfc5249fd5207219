"""From routing back to care: the visits of a result, with ids for indexes.

Nothing is timed here: a solver returns visits and a status, and ``engine.evaluate`` is the ruler.
"""

from __future__ import annotations

import numpy as np

from engine.draft import Compiled
from engine.visits import RouteVisits, TripVisits
from solvers.solve import Result


def assemble(compiled: Compiled, result: Result) -> tuple[RouteVisits, ...]:
    """Gather the trips of a result into one route a worker a shift.

    Returns
    -------
    visits : in the order of the problem's workers and shifts, the trips of a shift in order of
        time; trip slots and shifts without visits are left out.
    """
    trips: dict[tuple[str, str], list[tuple[int, TripVisits]]] = {}
    for key, route in zip(compiled.vehicles, result.routes, strict=True):
        if not len(route):
            continue
        shift = trips.setdefault((key.worker, key.shift), [])
        # A reload, written as a negative visit, is where the next trip of the vehicle begins.
        visits = np.asarray(route)
        for tasks in np.split(visits, np.flatnonzero(visits < 0)):
            orders = tuple(compiled.tasks[int(i)] for i in tasks if i >= 0)
            batches = tuple(compiled.batches.get(order) for order in orders)
            if orders:
                shift.append((key.trip, TripVisits(orders, batches)))
    return tuple(
        RouteVisits(worker, shift, tuple(v for _, v in sorted(slots, key=lambda s: s[0])))
        for (worker, shift), slots in trips.items()
    )
