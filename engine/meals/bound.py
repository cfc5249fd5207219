"""A lower bound on any plan that serves the same people as punctually: the capacity model relaxed.

Three sums that no plan escapes, each with everything else left out:

- **Cooking and hauling.** The cheapest assignment of the portions to batches, where a portion pays
  its own way by van divided by the van's room (see ``supply.least_mills``), and homes may be fed
  from any place.
- **Ways.** Either the shortest way to each building from any other or from a place; or, for every
  portion, the way out to it and back divided by the largest box (Haimovich and Rinnooy Kan, 1985,
  Bounds and heuristics for capacitated routing problems): whichever is more.
- **Shifts and drops.** Doors, buildings, those ways, and a loading a box full take time that the
  cheapest couriers must be at work for; and the cheapest price of a drop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.meals.supply import MILLS, least_mills, supply_of
from engine.meals.tables import Tables
from solvers.capacity import FORBIDDEN, Demand, assign

Int64 = NDArray[np.int64]

#: Rows of a block of ways that is looked at together.
_CHUNK = 1_000


def lower_bound(tables: Tables, served: Sequence[int], late: bool) -> int:
    """Cents below which no plan can serve these due clients (indexes), ``late`` or on time."""
    if not served:
        return 0
    who = np.asarray(served)
    homes = who[tables.home_at[who] >= 0]
    return (_portions(tables, who) + _carrying(tables, homes, late)) // MILLS


def _portions(tables: Tables, who: NDArray[np.int64]) -> int:
    problem = tables.problem
    manned = [p for p, crew in enumerate(tables.couriers) if crew]
    n_kitchens = len(problem.kitchens)
    price = np.array([
        [least_mills(tables, k, p) if tables.may_feed[k, p] else FORBIDDEN
         for p in range(len(tables.places))] for k in range(n_kitchens)
    ], np.int64).reshape(n_kitchens, len(tables.places))
    open_to = [[p for p in manned if tables.may_feed[k, p]] for k in range(n_kitchens)]
    home = np.array([
        min((int(price[k, p]) for p in places), default=FORBIDDEN)
        for k, places in enumerate(open_to)
    ], np.int64)
    keys = np.column_stack([tables.eats_at[who], tables.diet[who]])
    groups, group = np.unique(keys, axis=0, return_inverse=True)
    units = np.bincount(group.reshape(-1), tables.portions[who], minlength=len(groups))
    cost = np.array([
        (home if p < 0 else price[:, p])[tables.kitchen_of] for p in groups[:, 0].tolist()
    ], np.int64).reshape(len(groups), len(tables.batches))
    found = assign(
        Demand(groups[:, 1].astype(np.int32), np.zeros(len(groups), np.int32),
               units.astype(np.int64)),
        supply_of(tables), cost, spread=1,
    )
    return found.bound


def _carrying(tables: Tables, homes: NDArray[np.int64], late: bool) -> int:
    crew = [c for people in tables.couriers for c in people]
    if not len(homes) or not crew:
        return 0
    problem = tables.problem
    spots, spot = np.unique(tables.home_at[homes], return_inverse=True)
    portions = np.bincount(spot, tables.portions[homes])
    box = max(c.capacity for c in crew)
    seconds, metres, out_and_back = _shortest_ways(tables, spots)
    ways_s, ways_m = (
        max(float(near.sum()), float((far * portions).sum()) / box)
        for near, far in zip((seconds, metres), out_and_back, strict=True)
    )
    loads = -(-int(tables.portions[homes].sum()) // box)
    loading = min(tables.loading(p) for p, people in enumerate(tables.couriers) if people)
    work = float(
        len(homes) * problem.door_s + len(spots) * problem.building_s + ways_s
        + loads * loading
    )
    # No door opens before the period: until then a courier loads, and is at one building at most.
    head = loading + int(max(seconds.max(), out_and_back[0].max())) + problem.building_s
    end = problem.end_s + problem.door_s + (problem.late_s if late else 0)
    time = np.array([
        max(0, min(c.end_s, end) - max(c.start_s, problem.start_s - head)) for c in crew
    ], np.float64)
    price = np.array([c.cost_per_shift_cents * MILLS for c in crew], np.float64)
    shifts = _cheapest_cover(time, price, work)
    ways = ways_m * min(c.cost_per_km_cents for c in crew)
    drops = len(homes) * min(c.cost_per_drop_cents for c in crew) * MILLS
    return int(shifts + ways + drops)


def _shortest_ways(
    tables: Tables, spots: NDArray[np.int32]
) -> tuple[Int64, Int64, tuple[Int64, Int64]]:
    """Least ways by building, by whatever mode there is.

    Returns
    -------
    seconds, metres : from the nearest other building or place, (n,).
    out_and_back : seconds and metres from the nearest place and back to the nearest, (n,) each.
    """
    places = np.unique(tables.place_at[[p for p, crew in enumerate(tables.couriers) if crew]])
    origins = np.union1d(spots, places).astype(np.int32)
    best = np.full((2, len(spots)), geodata.UNREACHABLE, np.int64)
    for mode in sorted({c.mode for crew in tables.couriers for c in crew}):
        for first in range(0, len(origins), _CHUNK):
            rows = origins[first : first + _CHUNK]
            block = tables.travel.block(mode, rows, spots)
            for least, values in zip(best, block, strict=True):
                values[rows[:, None] == spots[None, :]] = geodata.UNREACHABLE
                np.minimum(least, values.min(axis=0), out=least)
    out, back = (np.full((2, len(spots)), geodata.UNREACHABLE, np.int64) for _ in range(2))
    for mode in sorted({c.mode for crew in tables.couriers for c in crew}):
        for least, values in zip(out, tables.travel.block(mode, places, spots), strict=True):
            np.minimum(least, values.min(axis=0), out=least)
        for least, values in zip(back, tables.travel.block(mode, spots, places), strict=True):
            np.minimum(least, values.min(axis=1), out=least)
    for least in (best, out, back):
        least[least >= geodata.UNREACHABLE] = 0
    both = out + back
    return best[0], best[1], (both[0], both[1])


def _cheapest_cover(
    time: NDArray[np.float64], price: NDArray[np.float64], work: float
) -> float:
    """Least price of whole couriers' time for work: the linear program, cheapest time first.

    With one price and one length it is whole: a share of a courier is a courier.
    """
    order = np.argsort(price / np.maximum(time, 1.0), kind="stable")
    paid = 0.0
    for k in order.tolist():
        if work <= 0.0:
            break
        share = min(1.0, work / max(time[k], 1.0))
        paid += price[k] * share
        work -= time[k]
    if len(np.unique(price)) == 1 and len(np.unique(time)) == 1 and price[0] > 0:
        paid = float(np.ceil(paid / price[0] - 1e-9) * price[0])
    return paid
