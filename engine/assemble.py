"""From routing back to care: the visits of a result, with ids for indexes.

Nothing is timed here: a solver returns visits and a status, and ``engine.evaluate`` is the ruler.
"""

from __future__ import annotations

from engine.compile import Compiled
from engine.evaluate import RouteVisits, TripVisits
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
        orders = tuple(compiled.tasks[int(i)] for i in route)
        batches = tuple(compiled.batches.get(order) for order in orders)
        shift = trips.setdefault((key.worker, key.shift), [])
        shift.append((key.trip, TripVisits(orders, batches)))
    return tuple(
        RouteVisits(worker, shift, tuple(visits for _, visits in sorted(slots)))
        for (worker, shift), slots in trips.items()
    )
