"""The capacity model of a meal period: which place feeds which home, which batch which place.

Homes go to a place near them whose couriers and hatch can take them; then the portions of every
place, by diet and rank, go to batches. Both are exact assignments (``solvers.capacity``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.meals import CentralKitchen, ServingPoint
from engine.meals.former import NEW, TOLERANCE_S, Former
from engine.meals.tables import UNLIMITED, Tables
from solvers.capacity import assign
from solvers.capacity_model import FORBIDDEN, Assignment, Demand, Supply

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: Money inside is in thousandths of a cent, so that metres and seconds have whole prices.
MILLS = 1_000
#: Places that a home may belong to.
NEAREST = 5
#: Between doors of different buildings, where nothing is known yet.
_BETWEEN_S = 75
#: A second that food comes later, or waits longer, than the couriers need it.
_LATE_MILLS, _EARLY_MILLS = 40, 1
#: Diners sit down in turns; those of a later turn need no food before.
_DINER_LATE_MILLS = 10
#: Doors take this long at least after the food has come: the last of the period are not first.
_HEAD_START_S = 900
_AS_FAR = 10**7  # seconds; more than any way
#: A portion of another batch than before: more than a batch can save that is ready another time,
#: so that no portions change hands between people for nothing.
_MOVE_BATCH_MILLS = 10 * MILLS
#: Moments at which food was needed before are told apart so finely.
_NEED_STEP_S = TOLERANCE_S


class Homes(NamedTuple):
    """Which place every due client belongs to, and which others could take a home, best first."""

    place: Int32  # (n,); -1: nobody could ever come
    nearest: Int32  # (homes, NEAREST) places; -1 where there are fewer
    seconds: Int32  # (homes, NEAREST) by the mode of most couriers there
    row: Int32  # (n,) row of `nearest`; -1: eats at a point


class Portions(NamedTuple):
    """Which batch feeds every due client; -1: none is left."""

    batch: Int32  # (n,)
    model: Assignment


def find_homes(
    tables: Tables, *, balance: bool = True, former: Former
) -> Homes:
    """Give every home to a place: the nearest, or (``balance``) where couriers have time.

    ``former``: where a home's food was loaded, it belongs for nothing.
    """
    n = len(tables.clients)
    at_home = np.flatnonzero(tables.home_at >= 0)
    manned = np.array([p for p, crew in enumerate(tables.couriers) if crew], np.int32)
    place = tables.eats_at.copy()
    row = np.full(n, -1, np.int32)
    row[at_home] = np.arange(len(at_home))
    k = min(NEAREST, len(manned))
    if not len(at_home) or not len(manned):
        none = np.full((len(at_home), max(k, 1)), -1, np.int32)
        return Homes(place, none, np.zeros_like(none), row)
    spots, spot = np.unique(tables.home_at[at_home], return_inverse=True)
    far = np.empty((len(spots), len(manned)), np.int64)
    for mode in {c.mode for crew in tables.couriers for c in crew}:
        mine = [j for j, p in enumerate(manned) if _mode_of(tables, int(p)) == mode]
        if mine:
            seconds, _ = tables.travel.block(mode, tables.place_at[manned[mine]], spots)
            far[:, mine] = seconds.T
    far = np.minimum(far, geodata.UNREACHABLE)
    near = np.argsort(far, axis=1, kind="stable")[:, :k]
    away = np.take_along_axis(far, near, axis=1)
    places = np.where(away < geodata.UNREACHABLE, manned[near], -1).astype(np.int32)
    nearest = places[spot]
    place[at_home] = nearest[:, 0]
    if balance:
        cost = np.full((len(at_home), len(manned)), FORBIDDEN, np.int64)
        known = away[spot] < geodata.UNREACHABLE
        np.put_along_axis(cost, near[spot], np.where(known, away[spot], FORBIDDEN), axis=1)
        rank = np.full(len(tables.places), NEW, np.int64)
        rank[manned] = np.arange(len(manned))
        before = former.place[at_home]
        j = np.where(before == NEW, NEW, rank[before])
        h = np.flatnonzero((j != NEW) & (far[spot, j] < geodata.UNREACHABLE))
        cost[h, j[h]] = 0
        room = np.array([_room(tables, int(p)) for p in manned], np.int64)
        found = assign(
            Demand(np.zeros(len(at_home), np.int32), tables.tier[at_home],
                   tables.portions[at_home]),
            Supply(np.zeros(len(manned), np.int32), room, room[:, None],
                   np.array([room.sum()], np.int64)),
            cost, spread=1,
        )
        served = found.units.sum(axis=1) > 0
        place[at_home[served]] = manned[found.units[served].argmax(axis=1)]
    return Homes(place, nearest, np.minimum(away[spot], _AS_FAR).astype(np.int32), row)


def _mode_of(tables: Tables, place: int) -> str:
    modes = [c.mode for c in tables.couriers[place]]
    return max(sorted(set(modes)), key=modes.count)


def _room(tables: Tables, place: int) -> int:
    """Portions that the couriers of a place can bring in time, as a first guess."""
    problem = tables.problem
    homes = tables.home_at[tables.home_at >= 0]
    doors = len(homes) / max(1, len(np.unique(homes)))
    each = problem.door_s + (problem.building_s + _BETWEEN_S) / doors
    total = 0
    for c in tables.couriers[place]:
        late = min(c.end_s, problem.end_s)
        load = tables.loading(place)
        # A trip costs its loading, and half of the way out and back.
        left = late - max(c.start_s + load, problem.start_s)
        trip = c.capacity * each + load + 2 * _BETWEEN_S
        trips = max(0.0, (left + load) / trip)
        total += int(min(trips, c.max_trips or trips) * c.capacity)
    entry = tables.places[place]
    return min(total, entry.handover) if isinstance(entry, ServingPoint) else total


def share_portions(
    tables: Tables, place: Int32, *, greedy: bool = False, former: Former
) -> Portions:
    """Give every client a batch that can reach the client's place in time.

    ``greedy``: one place after another takes from the nearest kitchen what is ready first, as a
    clerk with a list would; for comparison.
    ``former``: a portion of another batch has a price, and a dearer one where it comes too late for
    its client to eat when told. Who is fed by the same batch, and needed the food at about the same
    time, is one group.
    """
    fed = np.flatnonzero(place >= 0)
    eats = tables.eats_at[fed] >= 0
    stay, need = (np.full(len(fed), NEW, np.int64) for _ in range(2))
    same = (former.place[fed] == place[fed]) & (former.batch[fed] != NEW)
    stay[same] = former.batch[fed[same]]
    known = former.needed[fed] != NEW
    need[known] = former.needed[fed[known]] // _NEED_STEP_S
    keys = np.column_stack([place[fed], eats, tables.diet[fed], tables.tier[fed], stay, need])
    groups, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    units = np.bincount(group, tables.portions[fed], minlength=len(groups)).astype(np.int64)
    pairs = set(map(tuple, groups[:, :2].tolist()))
    rows = {(p, e): _price_row(tables, p, bool(e)) for p, e in pairs}
    cost = np.array([rows[p, e] for p, e in groups[:, :2].tolist()], np.int64)
    cost = cost.reshape(len(groups), len(tables.batches))
    cost = _near(tables, groups, cost, former.later_mills)
    demand = Demand(groups[:, 2].astype(np.int32), groups[:, 3].astype(np.int32), units)
    supply = supply_of(tables)
    model = _deal_greedily(demand, supply, cost, groups, tables) if greedy else (
        assign(demand, supply, cost)
    )
    batch = np.full(len(tables.clients), -1, np.int32)
    left = model.units.copy()
    for g in range(len(groups)):
        members = fed[group == g]
        for b in np.flatnonzero(left[g]).tolist():
            room = int(left[g, b])
            for i in members[batch[members] < 0].tolist():
                if tables.portions[i] <= room:
                    batch[i] = b
                    room -= int(tables.portions[i])
                if not room:
                    break
    _deal_rest(tables, fed, group, cost, batch)
    return Portions(batch, model)


def _near(tables: Tables, groups: Int64, cost: Int64, later_mills: int) -> Int64:
    """Add the prices of another batch than before, and of food that comes later than needed."""
    haul = {
        int(p): np.array([tables.haul_s(k, int(p)) for k in tables.kitchen_of.tolist()], np.int64)
        for p in np.unique(groups[:, 0])
    }
    arrival = tables.ready + np.array([haul[p] for p in groups[:, 0].tolist()], np.int64).reshape(
        len(groups), len(tables.batches)
    )
    stay, need = groups[:, 4, None], (groups[:, 5, None] + 1) * _NEED_STEP_S
    moved = ((stay != NEW) & (stay != np.arange(len(tables.batches)))) * _MOVE_BATCH_MILLS
    late = np.where(groups[:, 5, None] == NEW, 0, np.maximum(0, arrival - need)) * later_mills
    return np.where(cost == FORBIDDEN, FORBIDDEN, cost + moved + late)


def supply_of(tables: Tables) -> Supply:
    """Make the supply of all batches that are cooked."""
    diets = [d.id for d in tables.problem.diets]
    by_kind = np.array([
        [b.diets.get(d, 0) if b.diets else UNLIMITED for d in diets] for _, b in tables.batches
    ], np.int64).reshape(len(tables.batches), len(diets))
    return Supply(
        tables.kitchen_of, np.array([b.portions for _, b in tables.batches], np.int64), by_kind,
        np.full(len(tables.problem.kitchens), UNLIMITED, np.int64),
    )


def _price_row(tables: Tables, p: int, eats: bool) -> Int64:
    row = np.full(len(tables.batches), FORBIDDEN, np.int64)
    wanted, latest = due_at(tables, p, eats)
    for b, k in enumerate(tables.kitchen_of.tolist()):
        arrival = int(tables.ready[b]) + tables.haul_s(k, p)
        if not tables.may_feed[k, p] or arrival > latest or (
            tables.drive[k, p] >= geodata.UNREACHABLE
        ):
            continue
        price = _DINER_LATE_MILLS if eats else _LATE_MILLS
        row[b] = least_mills(tables, k, p) + max(0, arrival - wanted) * price + (
            max(0, wanted - arrival) * _EARLY_MILLS
        )
    return row


def least_mills(tables: Tables, k: int, p: int) -> int:
    """Cooking and hauling of a portion, as little as any plan can pay.

    By the triangle inequality a full van on a round of many points pays each portion's own way out
    and back, divided by its room, at least.
    """
    kitchen = tables.problem.kitchens[k]
    paid = kitchen.cost_per_portion_cents * MILLS
    if isinstance(tables.places[p], CentralKitchen):
        return paid
    metres = 2 * int(tables.drive_metres[k, p])
    return paid + min((
        (metres * v.cost_per_km_cents + v.cost_per_trip_cents * MILLS) // v.capacity
        for v in tables.problem.vans if v.kitchen == kitchen.id
    ), default=0)


def due_at(tables: Tables, p: int, eats: bool) -> tuple[int, int]:
    """When food is wanted at a place, and when it is of no use any more."""
    problem, entry = tables.problem, tables.places[p]
    if eats:
        assert isinstance(entry, ServingPoint)
        return max(problem.start_s, entry.opens_s), min(problem.end_s, entry.closes_s)
    load = tables.loading(p)
    return problem.start_s - load, problem.end_s - load - _HEAD_START_S


def _deal_rest(
    tables: Tables, fed: NDArray[np.int64], group: NDArray[np.int64], cost: Int64, batch: Int32
) -> None:
    """Serve orders of several portions that fell between two batches, where one still has room."""
    waiting = fed[batch[fed] < 0].tolist()
    if not waiting:
        return
    group_of = dict(zip(fed.tolist(), group.tolist(), strict=True))
    supply = supply_of(tables)
    units, by_kind = supply.units.copy(), supply.by_kind.copy()
    for i in np.flatnonzero(batch >= 0).tolist():
        units[batch[i]] -= tables.portions[i]
        by_kind[batch[i], tables.diet[i]] -= tables.portions[i]
    for i in sorted(waiting, key=lambda i: (tables.tier[i], i)):
        row = cost[group_of[i]]
        need, kind = tables.portions[i], tables.diet[i]
        fits = (row >= 0) & (units >= need) & (by_kind[:, kind] >= need)
        if fits.any():
            b = int(np.where(fits, row, np.iinfo(np.int64).max).argmin())
            batch[i] = b
            units[b] -= need
            by_kind[b, kind] -= need


def _deal_greedily(
    demand: Demand, supply: Supply, cost: Int64, groups: Int64, tables: Tables
) -> Assignment:
    units = np.zeros(cost.shape, np.int64)
    left, by_kind = supply.units.copy(), supply.by_kind.copy()
    need = demand.units.copy()
    for g in np.lexsort((groups[:, 2], groups[:, 1], groups[:, 0], demand.tier)).tolist():
        kind, p = int(demand.kind[g]), int(groups[g, 0])
        near = tables.drive[tables.kitchen_of, p]
        for b in np.lexsort((tables.ready, near)).tolist():
            if cost[g, b] < 0:
                continue
            take = int(min(need[g], left[b], by_kind[b, kind]))
            units[g, b] += take
            need[g] -= take
            left[b] -= take
            by_kind[b, kind] -= take
    total = int((units * np.maximum(cost, 0)).sum())
    return Assignment(units, need, total, 0, False, "greedy")
