"""The plan to stay near: who came to whom and when, which batch fed whom, how the bulk came.

A plan before is yesterday's, or today's before the day went otherwise. Each level is held near it
by prices: portions that change their batch, doors that change their courier, and above all seconds
that somebody eats later than then, of which the first few minutes are free. Nothing is forbidden.

Turns of planning go on from one another in the same way: what a turn leaves alone keeps its batches
and bulk, so that the couriers of few places are routed anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.domain.meal_plan import MealPlan, VanTrip
from engine.meals.tables import Tables

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
#: Places and batches by trip, by van.
VanLoads = Mapping[str, tuple[tuple[tuple[int, int], ...], ...]]

#: Nobody is told of less.
TOLERANCE_S = 300
#: Of that, a plan uses so much for nothing.
_FREE_S = TOLERANCE_S - 60
#: Who was not served before, and what was not cooked or is not today.
NEW = -1


@dataclass(frozen=True)
class Former:
    """A plan before in the indexes of today; ``n`` due clients. Without one all are ``NEW``.

    Parameters
    ----------
    trips : clients of every courier's trips, by the courier's id.
    vans : of every van's trips, the places and batches that each brought, by the van's id.
    courier : who came, by the client's id.
    place : where a home's food was loaded, or the point of a diner.
    batch : which fed each.
    needed : when food had to be at the place for each to eat when they did.
    told : when each ate.
    move_mills : price of a door by another courier.
    later_mills : price of a second later than told.
    """

    trips: Mapping[str, tuple[tuple[str, ...], ...]]
    vans: VanLoads
    courier: Mapping[str, str]
    place: Int32
    batch: Int32
    needed: Int64
    told: Int64
    move_mills: int
    later_mills: int

    def free_until(self, i: int) -> int | None:
        """Tell until when a client eats no later than told; None where nothing was told."""
        return None if self.told[i] == NEW else int(self.told[i]) + _FREE_S

    def later_cost(self, starts: Mapping[int, int]) -> int:
        """Price of all that these clients (indexes) eat later than told."""
        return self.later_mills * sum(
            max(0, moment - int(self.told[i]) - _FREE_S)
            for i, moment in starts.items() if self.told[i] != NEW
        )


def read_former(
    tables: Tables, plan: MealPlan | None, move_mills: int, later_mills: int
) -> Former:
    """Read a plan before; what it names and is gone is left out. Nothing is told without one."""
    number = {c.id: i for i, c in enumerate(tables.clients)}
    places = {p.id: p_ for p_, p in enumerate(tables.places)}
    batches = {(k.id, b.id): j for j, (k, b) in enumerate(tables.batches)}
    place, batch = (np.full(len(number), NEW, np.int32) for _ in range(2))
    needed, told = (np.full(len(number), NEW, np.int64) for _ in range(2))
    if plan is None:
        return Former({}, {}, {}, place, batch, needed, told, 0, 0)

    def note(client: str, at: str, kitchen: str, cooked: str, due: int, start: int) -> None:
        i = number.get(client)
        if i is not None and at in places:
            place[i] = places[at]
            batch[i] = batches.get((kitchen, cooked), NEW)
            needed[i], told[i] = due, start

    for s in plan.sittings:
        note(s.client, s.point, s.kitchen, s.batch, s.start_s, s.start_s)
    for route in plan.routes:
        for trip in route.trips:
            for d in trip.drops:
                note(d.client, route.place, d.kitchen, d.batch, trip.loading_s, d.start_s)
    return Former(
        {r.courier: tuple(tuple(d.client for d in t.drops) for t in r.trips)
         for r in plan.routes},
        read_vans(tables, plan.van_trips), plan.couriers(), place, batch, needed, told,
        move_mills, later_mills,
    )


def read_vans(tables: Tables, trips: Sequence[VanTrip]) -> VanLoads:
    """Read what each trip of every van brought, in this order."""
    places = {p.id: p_ for p_, p in enumerate(tables.places)}
    batches = {(k.id, b.id): j for j, (k, b) in enumerate(tables.batches)}
    vans: dict[str, list[tuple[tuple[int, int], ...]]] = defaultdict(list)
    for trip in trips:
        vans[trip.van].append(tuple(dict.fromkeys(
            (places[stop.point], batches[lot.kitchen, lot.batch])
            for stop in trip.stops for lot in stop.lots
            if stop.point in places and (lot.kitchen, lot.batch) in batches
        )))
    return {van: tuple(mine) for van, mine in vans.items()}
