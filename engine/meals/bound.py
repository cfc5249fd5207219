"""A lower bound on any plan that serves the same people as punctually: the capacity model relaxed.

Three sums that no plan escapes, each with everything else left out:

- **Cooking and hauling.** The more of two. Either the cheapest assignment of the portions to
  batches, where a portion pays its own way by van divided by the van's room (see
  ``supply.least_mills``), and homes may be fed from any place. Or the cheapest cooking alone, the
  whole trips that hold what must come by van, and their ways: trips go out from a kitchen and back,
  and come by every point where somebody eats; with all kitchens taken for one stop, which lengthens
  no way, they are one round (``solvers.tour_bound``).
- **Ways.** The least that trips of the largest box can pay that reach every building, each leaving
  from the nearest place and going back to it, by the shorter direction of every way
  (``solvers.trip_bound``, where it is proven).
- **Shifts and drops.** Doors, and trips with their loadings, buildings and ways, take time that the
  cheapest couriers must be at work for; and the cheapest price of a drop. The time is summed up, or
  dealt to whole days of whole trips (``solvers.day_bound``), whichever costs more. What the bound
  lets a day do that no courier can: load at any place, by any mode and the shorter direction of a
  way, from the beginning of time on (food's moments, freshness, hatches and a diner's own window
  are left out), the greatest box, and to bring a client's portions in parts.

A courier's time. Nothing is handed over before the period: of a courier's work, the first loading,
the way out and the building's set-up may lie before it, and after it the last way back. So that a
far building does not lengthen everybody's day, ways from and to a place are counted up to a radius
``r`` only, which takes no plan more time: then at most loading + r + set-up lies before the first
door, r after the last, and the rest between, all within the shift. Any radius gives a bound; the
best of some is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.meals import CentralKitchen
from engine.meals.supply import MILLS, least_mills, supply_of
from engine.meals.tables import Tables
from engine.meals.travel import VAN_MODE
from solvers.capacity import assign
from solvers.capacity_model import FORBIDDEN, Demand
from solvers.day_bound import bound_days
from solvers.tour_bound import bound_round
from solvers.trip_bound import bound_trips

Int64 = NDArray[np.int64]

#: Rows of a block of ways that is looked at together.
_CHUNK = 1_000
#: Radii that are tried, as shares of the buildings that lie within.
_RADII = (0.5, 0.8, 1.0)
#: Evaluations of the bound on trips for each.
_STEPS = 30
#: Buildings times buildings times box; above, ways are bounded stop by stop instead.
_MOST_WORK = 400_000_000


def lower_bound(tables: Tables, served: Sequence[int], late: bool) -> int:
    """Cents below which no plan can serve these due clients (indexes), ``late`` or on time."""
    if not served:
        return 0
    who = np.asarray(served)
    homes = who[tables.home_at[who] >= 0]
    return (_portions(tables, who) + _carrying(tables, homes, late)) // MILLS


def _portions(tables: Tables, who: NDArray[np.int64]) -> int:
    def alone(kitchen: int, _: int) -> int:
        return tables.problem.kitchens[kitchen].cost_per_portion_cents * MILLS

    return max(
        _assigned(tables, who, partial(least_mills, tables)),
        _assigned(tables, who, alone) + _hauling(tables, who),
    )


def _hauling(tables: Tables, who: NDArray[np.int64]) -> int:
    """Least price of whole van trips, and of a round by all points where somebody eats."""
    vans = tables.problem.vans
    at_points = tables.eats_at[who] >= 0
    # Couriers of a kitchen load there; who lives at home may be fed without any van.
    by_van = at_points if any(
        crew and isinstance(place, CentralKitchen)
        for place, crew in zip(tables.places, tables.couriers, strict=True)
    ) else np.ones(len(who), bool)
    portions = int(tables.portions[who[by_van]].sum())
    if not portions or not vans:
        return 0
    trips = -(-portions // max(v.capacity for v in vans))
    stops = tables.place_at[np.unique(tables.eats_at[who[at_points]])]
    kitchens = np.array([tables.travel.place[k] for k in sorted({v.kitchen for v in vans})])
    at = np.concatenate([kitchens, stops]).astype(np.int32)
    metres = tables.travel.block(VAN_MODE, at, at)[1].astype(np.float64)
    n = len(kitchens)
    ways = np.zeros((len(stops) + 1, len(stops) + 1))
    ways[1:, 1:] = metres[n:, n:]
    ways[0, 1:], ways[1:, 0] = metres[:n, n:].min(axis=0), metres[n:, :n].min(axis=1)
    round_metres = bound_round(np.minimum(ways, geodata.UNREACHABLE))
    return (
        trips * min(v.cost_per_trip_cents for v in vans) * MILLS
        + int(round_metres) * min(v.cost_per_km_cents for v in vans)
    )


def _assigned(
    tables: Tables, who: NDArray[np.int64], mills: Callable[[int, int], int]
) -> int:
    """Least price of portions where one of a kitchen at a place costs ``mills``."""
    problem = tables.problem
    manned = [p for p, crew in enumerate(tables.couriers) if crew]
    n_kitchens = len(problem.kitchens)
    price = np.array([
        [mills(k, p) if tables.may_feed[k, p] else FORBIDDEN
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
    portions = np.bincount(spot, tables.portions[homes]).astype(np.int64)
    box = max(c.capacity for c in crew)
    seconds, metres = _shortest_ways(tables, spots)
    loading = min(tables.loading(p) for p, people in enumerate(tables.couriers) if people)
    doors = len(homes) * problem.door_s
    price = np.array([c.cost_per_shift_cents * MILLS for c in crew], np.float64)
    end = problem.end_s + problem.door_s + (problem.late_s if late else 0)
    shifts, tried = 0.0, []
    for share in _RADII if price.any() else ():
        # No door opens before the period: until then a courier loads, and is at one building at
        # most; after the last door there is the way back. Both ways count up to the radius only.
        radius = float(np.quantile(seconds.reach, share))
        work = doors + _least_trips(
            seconds, portions, box, radius, trip=loading, visit=problem.building_s
        )
        head = loading + problem.building_s + radius
        time = np.array([
            max(0.0, min(c.end_s, end + radius) - max(c.start_s, problem.start_s - head))
            for c in crew
        ])
        tried.append((_cheapest_cover(time, price, work), radius, time))
    if tried:
        shifts, radius, time = max(tried, key=lambda x: x[:2])
    if tried and seconds.between is not None:
        # Doors take at least what they take where everybody orders as much as the greediest.
        most = np.zeros(len(spots), np.int64)
        np.maximum.at(most, spot, tables.portions[homes])
        shifts = max(shifts, bound_days(
            seconds.between, np.minimum(seconds.reach, radius), portions, box, time, price,
            trip=loading, visit=problem.building_s, unit=problem.door_s / most,
        ))
    a_metre, ways = min(c.cost_per_km_cents for c in crew), 0.0
    if a_metre:
        whole = float(metres.reach.max())
        ways = a_metre * _least_trips(metres, portions, box, whole, trip=0, visit=0)
    drops = len(homes) * min(c.cost_per_drop_cents for c in crew) * MILLS
    return int(shifts + ways + drops)


class _Ways(NamedTuple):
    """Least ways in one measure, by whatever mode there is; 0 where there is none."""

    reach: Int64  # (n,) from the nearest place to a building, or from there to the nearest
    between: Int64 | None  # (n, n) of buildings; None where they are too many
    nearest: Int64  # (n,) to a building from the nearest other, or from a place


def _least_trips(
    ways: _Ways, portions: Int64, box: int, radius: float, *, trip: int, visit: int
) -> float:
    """Least of loadings, buildings and ways, where ways from and to places count up to a radius."""
    reach = np.minimum(ways.reach, radius)
    loads = -(-int(portions.sum()) // box)
    # A trip's loading and its way out and back, dealt to its portions: Haimovich and Rinnooy Kan
    # (1985, Bounds and heuristics for capacitated routing problems).
    simple = visit * len(reach) + max(
        trip * loads + float(np.minimum(ways.nearest, reach).sum()),
        float(((2.0 * reach + trip) * portions).sum()) / box,
    )
    if ways.between is None:
        return simple
    return max(simple, bound_trips(
        ways.between, reach, portions, box, trip=trip, visit=visit, steps=_STEPS,
    ))


def _shortest_ways(tables: Tables, spots: NDArray[np.int32]) -> tuple[_Ways, _Ways]:
    """Least seconds and metres of every building."""
    places = np.unique(tables.place_at[[p for p, crew in enumerate(tables.couriers) if crew]])
    n = len(spots)
    reach, nearest = (np.full((2, n), geodata.UNREACHABLE, np.int64) for _ in range(2))
    few = n * n * max(c.capacity for crew in tables.couriers for c in crew) <= _MOST_WORK
    between = np.full((2, n, n), geodata.UNREACHABLE, np.int32) if few else None
    for mode in sorted({c.mode for crew in tables.couriers for c in crew}):
        for k, values in enumerate(tables.travel.block(mode, places, spots)):
            np.minimum(reach[k], values.min(axis=0), out=reach[k])
        for k, values in enumerate(tables.travel.block(mode, spots, places)):
            np.minimum(reach[k], values.min(axis=1), out=reach[k])
        for first in range(0, n, _CHUNK):
            rows = slice(first, min(first + _CHUNK, n))
            for k, values in enumerate(tables.travel.block(mode, spots[rows], spots)):
                np.fill_diagonal(values[:, rows], geodata.UNREACHABLE)
                np.minimum(nearest[k], values.min(axis=0), out=nearest[k])
                if between is not None:
                    np.minimum(between[k, rows], values, out=between[k, rows])
    nearest = np.minimum(nearest, reach)
    for least in (reach, nearest):
        least[least >= geodata.UNREACHABLE] = 0
    return tuple(
        _Ways(reach[k], between[k] if between is not None else None, nearest[k]) for k in range(2)
    )  # type: ignore[return-value]


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
