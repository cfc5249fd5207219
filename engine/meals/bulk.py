"""The upper level: vans bring bulk from kitchens to points, in time for those who wait there.

Each kitchen's vans are routed by the routing model, several trips a van and several points a trip;
the price of a trip stands on every way out of the kitchen. Then every kitchen's trips take turns at
its loading bays, and the timetable is made from what really happens there.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.meal_plan import Lot, VanStop, VanTrip
from engine.domain.meals import ServingPoint, Van
from engine.meals.former import NEW, Former, VanLoads
from engine.meals.supply import MILLS, due_at
from engine.meals.tables import Tables
from engine.meals.travel import VAN_MODE
from solvers.builder import ModelBuilder
from solvers.solve import SolveParams, solve

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: Vans may come this much later than the soonest, so that one van can visit several points...
_SLACK_S = 1_200
#: ...and this much where couriers could not finish.
_HASTE_S = 420
#: A portion that comes a second too late, where vans cannot bring all in time.
_LATE_MILLS = 20
#: Ways are never longer, and a model's money stays in int32.
_MOST_MILLS = 900_000_000


class Bulk(NamedTuple):
    """The vans' trips, and when each client's food is at the client's place."""

    trips: tuple[VanTrip, ...]
    ready: Int64  # (n,) of due clients; NEVER: no van brings it


#: Later than anybody needs food.
NEVER_NEEDED = 2**31 - 1
#: Food that stays in its kitchen.
NEVER = -1


class _Load(NamedTuple):
    """So many portions of a batch for a point, at most a van full."""

    place: int
    batch: int
    lots: tuple[tuple[int, int], ...]  # (diet, portions)
    wanted: int
    latest: int
    late_mills: int  # of a portion that comes a second after it is wanted, where not all can

    @property
    def portions(self) -> int:
        return sum(n for _, n in self.lots)


def plan_bulk(
    tables: Tables, place: Int32, batch: Int32, *, iterations: int, seed: int,
    former: Former, sooner: frozenset[int] = frozenset(), direct: bool = False,
) -> Bulk:
    """Route the vans of every kitchen.

    Parameters
    ----------
    place, batch : of every due client, (n,); -1 is not fed.
    former : food is wanted when those who were told a time need it, where it can be there; the
        search begins with the trips before.
    sooner : places whose couriers could not finish: their food comes as soon as it can.
    direct : one point a trip; for comparison.
    """
    loads: dict[int, list[_Load]] = {}
    problem = tables.problem
    needed = _needed(place, batch, former)
    for (p, b), (lots, eats) in sorted(_needs(tables, place, batch).items()):
        kitchen = int(tables.kitchen_of[b])
        if not isinstance(tables.places[p], ServingPoint):
            continue
        room = max((v.capacity for v in problem.vans
                    if v.kitchen == problem.kitchens[kitchen].id), default=0)
        dues = [due_at(tables, p, e) for e in eats]
        wanted, latest = min(d[0] for d in dues), min(d[1] for d in dues)
        soonest = int(tables.ready[b]) + tables.haul_s(kitchen, p)
        told, price = needed.get((p, b)), _LATE_MILLS
        if p in sooner:
            wanted = soonest + _HASTE_S
        elif told is None:
            wanted = max(wanted, soonest + _SLACK_S)
        else:
            wanted = told if told >= soonest else soonest + _HASTE_S
            price = max(price, former.later_mills)
        for part in _split(lots, room):
            loads.setdefault(kitchen, []).append(
                _Load(p, b, part, wanted, max(soonest, latest), price)
            )
    trips: list[VanTrip] = []
    for kitchen, wanted_loads in sorted(loads.items()):
        trips += _route_kitchen(
            tables, kitchen, wanted_loads, iterations=iterations, seed=seed, direct=direct,
            before=former.vans,
        )
    return Bulk(tuple(trips), _moments(tables, place, batch, trips, former))


def _needed(
    place: Int32, batch: Int32, former: Former
) -> dict[tuple[int, int], int]:
    """Find when the first of those whom a batch feeds at a place needed food to eat when told."""
    found: dict[tuple[int, int], int] = {}
    for i in np.flatnonzero((place >= 0) & (batch >= 0) & (former.needed != NEW)).tolist():
        key = int(place[i]), int(batch[i])
        found[key] = min(found.get(key, int(former.needed[i])), int(former.needed[i]))
    return found


def _moments(
    tables: Tables, place: Int32, batch: Int32, trips: Sequence[VanTrip], former: Former
) -> Int64:
    """Deal what vans bring: to those who are brought a meal first, for couriers need the time.

    Homes come in the order of their bearing from the place, so that those who share an early lot
    are in one direction; whoever was told a time, in the order in which they needed food then.
    """
    batch_number = {(k.id, b.id): i for i, (k, b) in enumerate(tables.batches)}
    number = {p.id: i for i, p in enumerate(tables.places)}
    diets = {d.id: i for i, d in enumerate(tables.problem.diets)}
    brought: dict[tuple[int, int, int], list[list[int]]] = {}
    for trip in trips:
        for stop in trip.stops:
            for lot in stop.lots:
                key = number[stop.point], batch_number[lot.kitchen, lot.batch], diets[lot.diet]
                brought.setdefault(key, []).append([stop.ready_s, lot.portions])
    ready = np.full(len(tables.clients), NEVER, np.int64)
    members: dict[tuple[int, int, int], list[int]] = {}
    for i in np.flatnonzero((place >= 0) & (batch >= 0)).tolist():
        if isinstance(tables.places[place[i]], ServingPoint):
            key = int(place[i]), int(batch[i]), int(tables.diet[i])
            members.setdefault(key, []).append(i)
        else:
            ready[i] = tables.ready[batch[i]]
    bearing = _bearings(tables, place)
    # Without a time told, homes come before them and diners after.
    first = np.where(tables.eats_at >= 0, NEVER_NEEDED, 0)
    first = np.where(former.needed == NEW, first, former.needed)
    for key, who in members.items():
        lots = sorted(brought.get(key, ()))
        for i in sorted(who, key=lambda i: (first[i], bearing[i], i)):
            # An order of several portions may need the rest of one lot and a part of the next.
            need = int(tables.portions[i])
            if sum(n for _, n in lots) < need:
                continue
            while need:
                take = min(need, lots[0][1])
                ready[i] = lots[0][0]
                lots[0][1] -= take
                need -= take
                if not lots[0][1]:
                    lots.pop(0)
    return ready


def _bearings(tables: Tables, place: Int32) -> NDArray[np.float64]:
    travel = tables.travel
    found = np.zeros(len(tables.clients))
    homes = np.flatnonzero((tables.home_at >= 0) & (place >= 0))
    at, base = tables.home_at[homes], tables.place_at[place[homes]]
    found[homes] = np.arctan2(travel.lat[at] - travel.lat[base], travel.lon[at] - travel.lon[base])
    return found


def _needs(
    tables: Tables, place: Int32, batch: Int32
) -> dict[tuple[int, int], tuple[dict[int, int], set[bool]]]:
    found: dict[tuple[int, int], tuple[dict[int, int], set[bool]]] = {}
    for i in np.flatnonzero((place >= 0) & (batch >= 0)).tolist():
        lots, eats = found.setdefault((int(place[i]), int(batch[i])), ({}, set()))
        diet = int(tables.diet[i])
        lots[diet] = lots.get(diet, 0) + int(tables.portions[i])
        eats.add(bool(tables.eats_at[i] >= 0))
    return found


def _split(lots: dict[int, int], room: int) -> list[tuple[tuple[int, int], ...]]:
    """Cut what a point needs of a batch into van loads of about the same size."""
    total = sum(lots.values())
    if not room or not total:
        return []
    size = -(-total // -(-total // room))
    parts: list[list[tuple[int, int]]] = [[]]
    left = size
    for diet, portions in sorted(lots.items()):
        todo = portions
        while todo:
            if not left:
                parts.append([])
                left = size
            take = min(todo, left)
            parts[-1].append((diet, take))
            todo -= take
            left -= take
    return [tuple(p) for p in parts]


def _route_kitchen(
    tables: Tables, kitchen: int, loads: list[_Load], *, iterations: int, seed: int, direct: bool,
    before: VanLoads,
) -> list[VanTrip]:
    problem = tables.problem
    entry = problem.kitchens[kitchen]
    vans = [v for v in problem.vans if v.kitchen == entry.id]
    spots = sorted({load.place for load in loads})
    at = np.array([tables.travel.place[entry.id], *(tables.place_at[p] for p in spots)], np.int32)
    seconds, metres = tables.travel.block(VAN_MODE, at, at)
    row = {p: i + 1 for i, p in enumerate(spots)}
    left = loads
    routes: list[tuple[Van, list[list[_Load]]]] = []
    for relaxed in (False, True):
        builder = ModelBuilder(n_dimensions=1)
        profiles: dict[tuple[int, int], int] = {}
        for van in vans:
            key = van.cost_per_km_cents, van.cost_per_trip_cents
            if key not in profiles:
                profiles[key] = builder.add_matrix(seconds, _money(metres, *key))
        for p, i in row.items():
            point = tables.places[p]
            assert isinstance(point, ServingPoint)
            builder.set_setup(i, point.unloading_s)
        home = builder.add_reload(0, seconds=entry.loading_s)
        for load in left:
            point = tables.places[load.place]
            assert isinstance(point, ServingPoint)
            late = load.latest if relaxed else min(load.wanted, load.latest)
            builder.add_task(
                row[load.place], windows=[(min(point.opens_s, late), late)],
                demand=[load.portions],
                soft_late=load.wanted if relaxed else None,
                late_price=min(load.portions * load.late_mills, _MOST_MILLS) if relaxed else 0,
                release=int(tables.ready[load.batch]) + entry.loading_s,
            )
        for van in vans:
            builder.add_vehicle(
                0, 0, shift=(van.start_s + entry.loading_s, van.end_s), capacity=[van.capacity],
                profile=profiles[van.cost_per_km_cents, van.cost_per_trip_cents],
                price_per_second=1, price_per_metre=1, reloads=[home],
            )
        found = solve(builder.build(), SolveParams(
            time_limit_s=None, max_iterations=iterations, seed=seed,
            initial=_initial(left, vans, before) if before else None,
        ))
        if not len(found.unassigned) or relaxed:
            for van, visits in zip(vans, found.routes, strict=True):
                van_trips: list[list[_Load]] = [[]]
                for visit in visits.tolist():
                    if visit < 0:
                        van_trips.append([])
                    else:
                        van_trips[-1].append(left[visit])
                routes.append((van, [t for t in van_trips if t]))
            break
    if direct:
        routes = [
            (van, [[x for x in t if x.place == p] for t in van_trips
                   for p in dict.fromkeys(x.place for x in t)])
            for van, van_trips in routes
        ]
    return _timetable(tables, kitchen, routes, seconds, metres, row)


def _initial(
    loads: Sequence[_Load], vans: Sequence[Van], before: VanLoads
) -> list[list[int]]:
    """Trips before, of the loads that there are again; a load in parts is met part by part."""
    waiting: dict[tuple[int, int], list[int]] = {}
    for k, load in enumerate(loads):
        waiting.setdefault((load.place, load.batch), []).append(k)
    routes: list[list[int]] = []
    for van in vans:
        visits: list[int] = []
        for trip in before.get(van.id, ()):
            again = [waiting[key].pop(0) for key in trip if waiting.get(key)]
            if again:
                visits += [-1, *again] if visits else again
        routes.append(visits)
    return routes


def _money(metres: Int32, per_km: int, per_trip: int) -> Int32:
    """Thousandths of a cent by arc: what is driven, and the price of a trip on leaving."""
    mills = metres.astype(np.int64) * per_km
    mills[0, 1:] += per_trip * MILLS
    return np.where(
        metres >= geodata.UNREACHABLE, geodata.UNREACHABLE, np.minimum(mills, _MOST_MILLS)
    ).astype(np.int32)


def _timetable(
    tables: Tables, kitchen: int, routes: list[tuple[Van, list[list[_Load]]]], seconds: Int32,
    metres: Int32, row: dict[int, int],
) -> list[VanTrip]:
    """Let the trips take turns at the bays: whoever can begin to load first does."""
    problem = tables.problem
    entry = problem.kitchens[kitchen]
    bays = [0] * entry.bays
    free = {van.id: van.start_s for van, _ in routes}
    waiting = [(0, van.id, van, list(trips)) for van, trips in routes if trips]
    made: list[VanTrip] = []
    while waiting:
        def begin(item: tuple[int, str, Van, list[list[_Load]]]) -> tuple[int, int, str]:
            _, name, _, trips = item
            food = max(int(tables.ready[load.batch]) for load in trips[0])
            urgent = min(load.wanted for load in trips[0])
            return max(free[name], food, min(bays)), urgent, name

        item = min(waiting, key=begin)
        start = begin(item)[0]
        _, name, van, trips = item
        loads = trips.pop(0)
        heapq.heapreplace(bays, start + entry.loading_s)
        clock = leave = start + entry.loading_s
        here, length = 0, 0
        stops: list[VanStop] = []
        for p in dict.fromkeys(load.place for load in loads):
            point = tables.places[p]
            assert isinstance(point, ServingPoint)
            clock += int(seconds[here, row[p]])
            length += int(metres[here, row[p]])
            here = row[p]
            arrival = max(clock, point.opens_s - point.unloading_s)
            clock = arrival + point.unloading_s
            stops.append(VanStop(
                point=point.id, arrival_s=arrival, ready_s=clock,
                lots=tuple(_lots(tables, [x for x in loads if x.place == p])),
            ))
        back = clock + int(seconds[here, 0])
        if back <= van.end_s:
            made.append(VanTrip(
                van=van.id, kitchen=entry.id, loading_s=start, leave_s=leave, back_s=back,
                distance_m=length + int(metres[here, 0]), stops=tuple(stops),
            ))
            free[name] = back
        waiting = [w for w in waiting if w[3]]
    return made


def _lots(tables: Tables, loads: list[_Load]) -> list[Lot]:
    amounts: dict[tuple[int, int], int] = {}
    for load in loads:
        for diet, portions in load.lots:
            amounts[load.batch, diet] = amounts.get((load.batch, diet), 0) + portions
    return [
        Lot(kitchen=tables.batches[b][0].id, batch=tables.batches[b][1].id,
            diet=tables.problem.diets[d].id, portions=n)
        for (b, d), n in sorted(amounts.items())
    ]
