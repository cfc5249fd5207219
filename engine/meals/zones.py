"""The lower level: the couriers of one place and the homes that belong to it, as a routing model.

A trip leaves when its food is there and loaded (release), brings every meal within its diet's time
(freshness), holds what the box holds (capacity), and the courier comes back to load again (reload).
Doors of one building share a location: its set-up is paid once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.meals import MealCourier
from engine.meals.former import Former
from engine.meals.hatch import Order, hatches_of, queue, stagger
from engine.meals.supply import MILLS
from engine.meals.tables import Tables
from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.figures import RouteEvaluation
from solvers.model import RoutingModel
from solvers.solve import SolveParams, solve

Int32 = NDArray[np.int32]

#: A second of travel costs a thousandth of a cent: of two equally dear plans the shorter one.
_SECOND_MILLS = 1


@dataclass(frozen=True)
class Zone:
    """What the couriers of a place are given to do.

    Parameters
    ----------
    place : index.
    clients : indexes of due clients, ascending.
    release : when each may leave the place at the soonest: its food is there and loaded.
    late : how long after its window each may still be brought.
    refused : those beyond what the point may hand over.
    """

    place: int
    clients: tuple[int, ...]
    release: tuple[int, ...]
    late: tuple[int, ...]
    refused: tuple[int, ...] = ()


class Trip(NamedTuple):
    """A run of a courier: when it leaves, and clients with the moments at their doors."""

    leave: int
    clients: tuple[int, ...]
    starts: tuple[int, ...]


class Route(NamedTuple):
    """The trips of a courier who has any."""

    courier: MealCourier
    trips: tuple[Trip, ...]
    back: int
    metres: int
    seconds: int


@dataclass(frozen=True)
class ZonePlan:
    """Routes of a zone, and who is left out."""

    zone: Zone
    routes: tuple[Route, ...]
    left: tuple[int, ...]
    cost_mills: int  # of travel, shifts and drops
    spare_s: int  # that the couriers have left in the period


def plan_zone(
    tables: Tables,
    zone: Zone,
    before: ZonePlan | None,
    *,
    iterations: int,
    seed: int,
    former: Former,
    should_stop: Callable[[], bool] | None = None,
) -> ZonePlan:
    """Route the couriers of a place.

    Parameters
    ----------
    before : a plan of the same place to start from; else the trips of ``former`` are the start.
    former : doors by another courier, and later than told, have their prices.
    """
    crew = tables.couriers[zone.place]
    if not zone.clients or not crew:
        out = tuple(sorted((*zone.clients, *zone.refused)))
        return ZonePlan(zone, (), out, 0, _spare(tables, zone, ()))
    model = model_of(tables, [zone], former)[0]
    initial = _initial(zone, before, crew) if before else (
        _initial_former(tables, zone, former, crew)
    )
    found = solve(model, SolveParams(
        time_limit_s=None, max_iterations=iterations, seed=seed, initial=initial,
        should_stop=should_stop,
    ))
    return _read(tables, zone, crew, model, found.routes)


def still_holds(
    tables: Tables, zone: Zone, before: ZonePlan, former: Former
) -> ZonePlan | None:
    """Plan of a place under new moments of its food; None where it has to be made again."""
    crew = tables.couriers[zone.place]
    if zone.clients != before.zone.clients or before.left or zone.refused or not crew:
        return None
    if not zone.clients:
        return before
    model = model_of(tables, [zone], former)[0]
    routes = _initial(zone, before, crew)
    measured = evaluate(model, routes)
    if measured.violations or measured.unassigned:
        return None
    kept = _read(tables, zone, crew, model, routes)
    return None if kept.left else kept


def model_of(
    tables: Tables, zones: Sequence[Zone], former: Former
) -> tuple[RoutingModel, list[int], list[tuple[int, MealCourier]]]:
    """Make the routing model of some places together.

    Returns
    -------
    model : tasks are the clients of the zones, vehicles the couriers, reloads the places.
    clients : the client (index) of every task.
    crew : the number of the zone, and the courier, of every vehicle.
    """
    problem = tables.problem
    clients = [i for zone in zones for i in zone.clients]
    release = [t for zone in zones for t in zone.release]
    longer = [t for zone in zones for t in zone.late]
    crew = [(k, c) for k, zone in enumerate(zones) for c in tables.couriers[zone.place]]
    spots, spot = np.unique(tables.home_at[clients], return_inverse=True)
    n = len(zones)
    at = np.concatenate([tables.place_at[[z.place for z in zones]], spots]).astype(np.int32)
    builder = ModelBuilder(n_dimensions=1)
    modes = list(dict.fromkeys(c.mode for _, c in crew))
    for mode in modes:
        builder.add_matrix(*tables.travel.block(mode, at, at))
    for k in range(n, len(at)):
        builder.set_setup(k, problem.building_s)
    home = [
        builder.add_reload(k, seconds=tables.loading(zone.place)) for k, zone in enumerate(zones)
    ]
    cheapest = min(c.cost_per_drop_cents for _, c in crew)
    dearer = {c.id: (c.cost_per_drop_cents - cheapest) * MILLS for _, c in crew
              if c.cost_per_drop_cents > cheapest}
    names = {c.id for _, c in crew}
    for k, i in enumerate(clients):
        client = tables.clients[i]
        early, late = tables.window[i].tolist()
        affinity = dict(dearer)
        known = former.courier.get(client.id)
        if known in names and former.move_mills:
            affinity[known] = affinity.get(known, 0) - former.move_mills
        free_until = former.free_until(i)
        builder.add_task(
            int(spot[k]) + n, service=problem.door_s, windows=[(early, late + longer[k])],
            demand=[client.portions], tier=client.tier, release=release[k],
            freshness=problem.diet_by_id[client.diet].freshness_s, affinity=affinity,
            soft_late=free_until,
            late_price=0 if free_until is None else former.later_mills,
        )
    turn = 0
    for v, (k, courier) in enumerate(crew):
        turn = turn + 1 if v and crew[v - 1][0] == k else 0
        load_s = tables.loading(zones[k].place)
        wait = stagger(tables, zones[k].place, turn)
        food_s = min(zones[k].release, default=0) - load_s
        begin = max(courier.start_s, food_s) + wait if wait else courier.start_s
        builder.add_vehicle(
            k, k, shift=(min(begin + load_s, courier.end_s), courier.end_s),
            capacity=[courier.capacity],
            profile=modes.index(courier.mode), fixed_cost=courier.cost_per_shift_cents * MILLS,
            price_per_second=_SECOND_MILLS, price_per_metre=courier.cost_per_km_cents,
            max_trips=courier.max_trips, reloads=[home[k]],
            worker=courier.id if dearer or former.move_mills else None,
        )
    return builder.build(), clients, crew


def _initial(zone: Zone, before: ZonePlan, crew: Sequence[MealCourier]) -> list[list[int]]:
    trips = {r.courier.id: [t.clients for t in r.trips] for r in before.routes}
    return start_of(zone.clients, trips, [(0, c) for c in crew])


def _initial_former(
    tables: Tables, zone: Zone, former: Former, crew: Sequence[MealCourier]
) -> list[list[int]] | None:
    """Trips before of those who are due today; what does not fit the search leaves out."""
    if not former.trips:
        return None
    here = {tables.clients[i].id: i for i in zone.clients}
    return start_of(zone.clients, {
        c.id: [[here[x] for x in trip if x in here] for trip in former.trips.get(c.id, ())]
        for c in crew
    }, [(0, c) for c in crew])


def start_of(
    clients: Sequence[int], given: Mapping[str, Sequence[Sequence[int]]],
    crew: Sequence[tuple[int, MealCourier]],
) -> list[list[int]]:
    """Routes of trips by courier's id, for the model of these clients and couriers."""
    number = {i: k for k, i in enumerate(clients)}
    routes: list[list[int]] = []
    for zone, courier in crew:
        visits: list[int] = []
        for trip in given.get(courier.id, ()):
            kept = [number[i] for i in trip if i in number]
            if kept:
                visits += [-1 - zone, *kept] if visits else kept
        routes.append(visits)
    return routes


def _read(
    tables: Tables, zone: Zone, crew: Sequence[MealCourier], model: RoutingModel,
    routes: Sequence[Sequence[int] | Int32],
) -> ZonePlan:
    """Make the trips of routes, with the moments of the one evaluation."""
    visits = [[int(x) for x in route] for route in routes]
    measured = evaluate(model, visits)
    assert not measured.violations, measured.violations[:3]
    hatches = hatches_of(tables, zone.place)
    if hatches is not None:
        return _read_queue(tables, zone, crew, visits, hatches)
    made = []
    for courier, route, figures in zip(crew, visits, measured.routes, strict=True):
        trips = trips_of(route, zone.clients, figures)
        if trips:
            made.append(Route(courier, trips, figures.end, figures.metres, figures.seconds))
    routes_made = tuple(made)
    return ZonePlan(
        zone, routes_made,
        tuple(sorted((*(zone.clients[k] for k in measured.unassigned), *zone.refused))),
        measured.travel_cost + measured.fixed_cost, _spare(tables, zone, routes_made),
    )


def trips_of(
    route: Sequence[int], clients: Sequence[int], figures: RouteEvaluation
) -> tuple[Trip, ...]:
    """Make the trips of a route, with the moments of its evaluation."""
    runs: list[tuple[int, list[int], list[int]]] = []
    for k, visit in enumerate(route):
        if visit < 0 or not runs:
            runs.append((figures.leave if visit >= 0 else figures.departure[k], [], []))
        if visit >= 0:
            runs[-1][1].append(clients[visit])
            runs[-1][2].append(figures.start[k])
    return tuple(Trip(leave, tuple(who), tuple(when)) for leave, who, when in runs if who)


def _read_queue(
    tables: Tables, zone: Zone, crew: Sequence[MealCourier], visits: Sequence[Sequence[int]],
    hatches: int,
) -> ZonePlan:
    """Make the trips of routes that take turns at the hatches."""
    given = []
    for courier, route in zip(crew, visits, strict=True):
        trips: list[list[int]] = [[]]
        for visit in route:
            if visit < 0:
                trips.append([])
            else:
                trips[-1].append(zone.clients[visit])
        given.append((courier, [t for t in trips if t]))
    order = Order(dict(zip(zone.clients, zone.release, strict=True)),
                  dict(zip(zone.clients, zone.late, strict=True)))
    runs, _ = queue(tables, zone.place, given, order, hatches)
    made, price = [], 0
    base = int(tables.place_at[zone.place])
    for (courier, _), mine in zip(given, runs, strict=True):
        if not mine:
            continue
        seconds = metres = 0
        for run in mine:
            at = [base, *(int(tables.home_at[i]) for i in run.clients), base]
            for total, block in enumerate(tables.travel.block(courier.mode, at, at)):
                length = sum(int(block[k, k + 1]) for k in range(len(at) - 1))
                seconds, metres = (seconds + length, metres) if not total else (
                    seconds, metres + length)
        price += (courier.cost_per_shift_cents * MILLS + metres * courier.cost_per_km_cents
                  + seconds * _SECOND_MILLS)
        made.append(Route(courier, tuple(Trip(*run[:3]) for run in mine), mine[-1].back, metres,
                          seconds))
    fed = {i for route in made for trip in route.trips for i in trip.clients}
    out = tuple(sorted({*zone.clients, *zone.refused} - fed))
    return ZonePlan(zone, tuple(made), out, price, _spare(tables, zone, made))


def _spare(tables: Tables, zone: Zone, routes: Sequence[Route]) -> int:
    """Seconds of the period in which the couriers of a place do nothing."""
    problem = tables.problem
    back = {r.courier.id: r.back for r in routes}
    return sum(
        max(0, min(c.end_s, problem.end_s) - max(back.get(c.id, 0), c.start_s, problem.start_s))
        for c in tables.couriers[zone.place]
    )
