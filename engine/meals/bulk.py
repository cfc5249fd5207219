"""The upper level: vans bring bulk from kitchens to points, in time for those who wait there.

Each kitchen's vans are routed by the routing model, several trips a van and several points a trip;
the price of a trip stands on every way out of the kitchen. Then every kitchen's trips take turns at
its loading bays, and the timetable is made from what really happens there.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.meal_plan import Lot, VanStop, VanTrip
from engine.domain.meals import ServingPoint, Van
from engine.meals.supply import MILLS, due_at
from engine.meals.tables import Tables
from engine.meals.travel import VAN_MODE
from solvers.builder import ModelBuilder
from solvers.solve import SolveParams, solve

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: Vans may come this much later than the soonest, so that one van can visit several points.
_SLACK_S = 1_500
#: Ways are never longer, and a model's money stays in int32.
_MOST_MILLS = 900_000_000


class Bulk(NamedTuple):
    """The vans' trips, and when each batch is at each place."""

    trips: tuple[VanTrip, ...]
    ready: dict[tuple[int, int], int]  # (place, batch) -> moment; missing: no van brings it


class _Load(NamedTuple):
    """So many portions of a batch for a point, at most a van full."""

    place: int
    batch: int
    lots: tuple[tuple[int, int], ...]  # (diet, portions)
    wanted: int
    latest: int

    @property
    def portions(self) -> int:
        return sum(n for _, n in self.lots)


def plan_bulk(
    tables: Tables, place: Int32, batch: Int32, *, iterations: int, seed: int,
    sooner: frozenset[int] = frozenset(), direct: bool = False,
) -> Bulk:
    """Route the vans of every kitchen.

    Parameters
    ----------
    place, batch : of every due client, (n,); -1 is not fed.
    sooner : places whose couriers could not finish: their food comes as soon as it can.
    direct : one point a trip; for comparison.
    """
    ready: dict[tuple[int, int], int] = {}
    loads: dict[int, list[_Load]] = {}
    problem = tables.problem
    for (p, b), (lots, eats) in sorted(_needs(tables, place, batch).items()):
        kitchen = int(tables.kitchen_of[b])
        if not isinstance(tables.places[p], ServingPoint):
            ready[p, b] = int(tables.ready[b])
            continue
        room = max((v.capacity for v in problem.vans
                    if v.kitchen == problem.kitchens[kitchen].id), default=0)
        dues = [due_at(tables, p, e) for e in eats]
        wanted, latest = min(d[0] for d in dues), min(d[1] for d in dues)
        if p in sooner:
            wanted = 0
        for part in _split(lots, room):
            loads.setdefault(kitchen, []).append(_Load(p, b, part, wanted, latest))
    trips: list[VanTrip] = []
    for kitchen, wanted_loads in sorted(loads.items()):
        trips += _route_kitchen(
            tables, kitchen, wanted_loads, iterations=iterations, seed=seed, direct=direct,
        )
    batch_number = {(k.id, b.id): i for i, (k, b) in enumerate(tables.batches)}
    number = {p.id: i for i, p in enumerate(tables.places)}
    for trip in trips:
        for stop in trip.stops:
            for lot in stop.lots:
                key = number[stop.point], batch_number[lot.kitchen, lot.batch]
                # A batch may come in several vans; who eats from it waits for the last of them.
                ready[key] = max(ready.get(key, 0), stop.ready_s)
    brought = {(number[s.point], batch_number[x.kitchen, x.batch]): 0
               for t in trips for s in t.stops for x in s.lots}
    for trip in trips:
        for stop in trip.stops:
            for lot in stop.lots:
                brought[number[stop.point], batch_number[lot.kitchen, lot.batch]] += lot.portions
    for group in loads.values():
        for load in group:
            key = load.place, load.batch
            if brought.get(key, 0) < sum(
                x.portions for x in group if (x.place, x.batch) == key
            ):
                ready.pop(key, None)  # a part of it stays in the kitchen: it is told as such
    return Bulk(tuple(trips), ready)


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
    tables: Tables, kitchen: int, loads: list[_Load], *, iterations: int, seed: int, direct: bool
) -> list[VanTrip]:
    problem = tables.problem
    entry = problem.kitchens[kitchen]
    vans = [v for v in problem.vans if v.kitchen == entry.id]
    spots = sorted({load.place for load in loads})
    at = np.array([tables.travel.place[entry.id], *(tables.place_at[p] for p in spots)], np.int32)
    seconds, metres = tables.travel.block(VAN_MODE, at, at)
    row = {p: i + 1 for i, p in enumerate(spots)}
    left = list(loads)
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
            soonest = int(tables.ready[load.batch]) + tables.haul_s(kitchen, load.place)
            late = max(load.wanted, soonest + _SLACK_S)
            late = max(soonest, load.latest) if relaxed else min(late, max(soonest, load.latest))
            builder.add_task(
                row[load.place], windows=[(min(point.opens_s, late), late)],
                demand=[load.portions],
                release=int(tables.ready[load.batch]) + entry.loading_s,
            )
        for van in vans:
            builder.add_vehicle(
                0, 0, shift=(van.start_s + entry.loading_s, van.end_s), capacity=[van.capacity],
                profile=profiles[van.cost_per_km_cents, van.cost_per_trip_cents],
                price_per_second=1, price_per_metre=1, reloads=[home],
                max_tasks=None,
            )
        found = solve(builder.build(), SolveParams(
            time_limit_s=None, max_iterations=iterations, seed=seed,
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
