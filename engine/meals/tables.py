"""A meal period as arrays: the one place where its ids become indexes.

Places are the points, then the kitchens (couriers may load at either). Batches are those that are
cooked: a closed kitchen has none from then on. Clients are those who are due.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.domain.meals import (
    CentralKitchen,
    CookedBatch,
    MealClient,
    MealCourier,
    MealsProblem,
    ServingPoint,
)
from engine.meals.travel import VAN_MODE, MealTravel

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: A portion of a diet that a batch has without limit.
UNLIMITED = 2**31 - 1


@dataclass(frozen=True)
class Tables:
    """See the module; ``p`` places, ``b`` batches, ``n`` due clients."""

    problem: MealsProblem
    travel: MealTravel
    places: tuple[ServingPoint | CentralKitchen, ...]
    batches: tuple[tuple[CentralKitchen, CookedBatch], ...]
    clients: tuple[MealClient, ...]
    couriers: tuple[tuple[MealCourier, ...], ...]  # present ones, by place
    place_at: Int32  # (p,) location
    kitchen_of: Int32  # (b,) index of the batch's kitchen in `problem.kitchens`
    ready: Int64  # (b,)
    drive: Int32  # (kitchens, p) seconds by van
    drive_metres: Int32  # (kitchens, p)
    may_feed: NDArray[np.bool_]  # (kitchens, p)
    home_at: Int32  # (n,) location, or -1: eats at a point
    eats_at: Int32  # (n,) place, or -1: at home
    diet: Int32  # (n,) row of `problem.diets`
    tier: Int32  # (n,)
    portions: Int64  # (n,)
    window: Int64  # (n, 2)

    def loading(self, place: int) -> int:
        """Seconds that a courier loads at a place."""
        entry = self.places[place]
        return (
            entry.loading_s if isinstance(entry, ServingPoint) else entry.courier_loading_s
        )

    def haul_s(self, kitchen: int, place: int) -> int:
        """Least seconds from a batch being ready to its being there; 0 at the kitchen itself."""
        entry = self.places[place]
        if not isinstance(entry, ServingPoint):
            return 0
        load = self.problem.kitchens[kitchen].loading_s
        return load + int(self.drive[kitchen, place]) + entry.unloading_s


def build_tables(problem: MealsProblem, travel: MealTravel) -> Tables:
    """Make the arrays of a meal period."""
    places: tuple[ServingPoint | CentralKitchen, ...] = (*problem.points, *problem.kitchens)
    number = {p.id: i for i, p in enumerate(places)}
    kitchen_number = {k.id: i for i, k in enumerate(problem.kitchens)}
    batches = tuple(
        (k, b) for k in problem.kitchens for b in k.batches
        if k.closed_from_s is None or b.ready_s < k.closed_from_s
    )
    clients = tuple(c for c in problem.clients if problem.is_due(c))
    diets = {d.id: i for i, d in enumerate(problem.diets)}
    place_at = np.array([travel.place[p.id] for p in places], np.int32)
    kitchen_at = np.array([travel.place[k.id] for k in problem.kitchens], np.int32)
    drive, metres = travel.block(VAN_MODE, kitchen_at, place_at)
    vans = {v.kitchen for v in problem.vans}
    may_feed = np.zeros(drive.shape, bool)
    for j, place in enumerate(places):
        for k, kitchen in enumerate(problem.kitchens):
            if isinstance(place, ServingPoint):
                named = place.kitchens is None or kitchen.id in place.kitchens
                may_feed[k, j] = named and kitchen.id in vans
            else:
                may_feed[k, j] = kitchen.id == place.id
    crews: list[list[MealCourier]] = [[] for _ in places]
    for courier in problem.couriers:
        if not courier.absent:
            crews[number[courier.place]].append(courier)
    return Tables(
        problem, travel, places, batches, clients, tuple(tuple(c) for c in crews), place_at,
        np.array([kitchen_number[k.id] for k, _ in batches], np.int32),
        np.array([b.ready_s for _, b in batches], np.int64), drive, metres, may_feed,
        np.array([-1 if c.at is not None else travel.home[c.id] for c in clients], np.int32),
        np.array([-1 if c.at is None else number[c.at] for c in clients], np.int32),
        np.array([diets[c.diet] for c in clients], np.int32),
        np.array([c.tier for c in clients], np.int32),
        np.array([c.portions for c in clients], np.int64),
        np.array([problem.window(c) for c in clients], np.int64).reshape(-1, 2),
    )
