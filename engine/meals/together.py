"""The couriers of all places routed together, each home by whoever can best fit it into a day.

Homes are given to places before anybody knows what a courier's day will hold, and the couriers of a
place are whole: with three and a half days of work at each, every place sends four. Here the same
trips go on being improved with all doors open to all couriers, so that whole days fill. Which place
feeds a home follows from who brings it; food's moments are then worked out again.

Places that let few couriers load at a time, or hand over few portions, keep to themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.domain.meals import ServingPoint
from engine.meals.former import Former
from engine.meals.hatch import hatches_of
from engine.meals.tables import Tables
from engine.meals.zones import Route, Zone, ZonePlan, model_of, start_of, trips_of
from solvers.evaluation import evaluate
from solvers.solve import SolveParams, solve

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: Homes that are routed together, at most. More are not better: a courier is given up where the
#: neighbours make room, and a search of the whole city seldom looks there twice.
_MOST_HOMES = 1_000
#: Where a group of places is cut, round by round, so that no border stays.
_CUTS = (0.5, 0.34, 0.66)


def route_together(
    tables: Tables, zones: Mapping[int, ZonePlan], *, effort: int, seed: int, threads: int,
    former: Former, should_stop: Callable[[], bool] | None = None,
) -> dict[int, ZonePlan]:
    """Improve the trips of neighbouring places together, in rounds of other neighbours.

    Parameters
    ----------
    effort : iterations of the search a home and round.
    threads : groups that are routed at the same time; the trips do not depend on it.

    Returns
    -------
    zones : clients and trips of every place, without moments: something to start from.
    """
    found = dict(zones)
    free = [p for p, z in sorted(zones.items()) if _is_free(tables, z)]
    was: set[frozenset[int]] = set()
    with ThreadPoolExecutor(threads) as pool:
        for turn, cut in enumerate(_CUTS):
            groups = [
                g for g in _groups(tables, [found[p] for p in free], cut, bool(turn % 2))
                if frozenset(z.zone.place for z in g) not in was
            ]
            was |= {frozenset(z.zone.place for z in g) for g in groups}
            for made in pool.map(
                lambda g: _route(tables, g, effort, seed, former, should_stop), groups
            ):
                found |= made
    for p in free:  # without moments they are nobody's plan yet
        found[p] = replace(found[p], zone=replace(found[p].zone, release=(), late=()))
    return found


def needed_of(
    tables: Tables, needed: Int64, zones: Mapping[int, ZonePlan], seated: Mapping[int, int]
) -> Int64:
    """When the food of all clients is loaded, where the zones say whose trips are when.

    That of diners, when they sit down: else vans that come sooner for homes make them miss a seat.
    """
    found = needed.copy()
    for i, start in seated.items():
        found[i] = start
    for p, zone in zones.items():
        for trip in (t for r in zone.routes for t in r.trips):
            found[list(trip.clients)] = trip.leave - tables.loading(p)
    return found


def place_of(tables: Tables, place: Int32, zones: Mapping[int, ZonePlan]) -> Int32:
    """Places of all clients, where the zones say whose homes are whose."""
    found = place.copy()
    for p, zone in zones.items():
        found[list(zone.zone.clients)] = p
    return found


def _is_free(tables: Tables, zone: ZonePlan) -> bool:
    p = zone.zone.place
    entry = tables.places[p]
    enough = int(tables.portions[tables.home_at >= 0].sum())
    return hatches_of(tables, p) is None and not zone.zone.refused and (
        not isinstance(entry, ServingPoint) or entry.handover >= enough
    )


def _groups(
    tables: Tables, zones: Sequence[ZonePlan], cut: float, across: bool
) -> Iterator[list[ZonePlan]]:
    """Cut places into groups of neighbours that are small enough, first along or ``across``."""
    if len(zones) < 2:
        return
    if sum(len(z.zone.clients) for z in zones) <= _MOST_HOMES:
        yield list(zones)
        return
    at = tables.place_at[[z.zone.place for z in zones]]
    lon, lat = tables.travel.lon[at], tables.travel.lat[at]
    wide = bool(np.ptp(lon) > np.ptp(lat)) != across
    order = np.argsort(lon if wide else lat, kind="stable").tolist()
    first = min(len(order) - 1, max(1, round(cut * len(order))))
    for part in (order[:first], order[first:]):
        yield from _groups(tables, [zones[k] for k in sorted(part)], cut, across=False)


def _route(
    tables: Tables, group: Sequence[ZonePlan], effort: int, seed: int, former: Former,
    should_stop: Callable[[], bool] | None,
) -> dict[int, ZonePlan]:
    zones = [z.zone for z in group]
    model, clients, crew = model_of(tables, zones, former)
    trips = {r.courier.id: [t.clients for t in r.trips] for z in group for r in z.routes}
    result = solve(model, SolveParams(
        time_limit_s=None, max_iterations=effort * len(clients), seed=seed,
        initial=start_of(clients, trips, crew), should_stop=should_stop,
    ))
    measured = evaluate(model, [r.tolist() for r in result.routes])
    routes: dict[int, list[Route]] = {z.place: [] for z in zones}
    place = {i: z.place for z in zones for i in z.clients}
    release = {i: t for z in zones for i, t in zip(z.clients, z.release, strict=True)}
    late = {i: t for z in zones for i, t in zip(z.clients, z.late, strict=True)}
    for (k, courier), visits, figures in zip(crew, result.routes, measured.routes, strict=True):
        trips_made = trips_of(visits.tolist(), clients, figures)
        place.update((i, zones[k].place) for t in trips_made for i in t.clients)
        if trips_made:
            routes[zones[k].place].append(
                Route(courier, trips_made, figures.end, figures.metres, figures.seconds)
            )
    out = {clients[k] for k in result.unassigned.tolist()}
    members: dict[int, list[int]] = {p: [] for p in routes}
    for i, p in sorted(place.items()):
        members[p].append(i)
    return {
        z.zone.place: replace(
            z, zone=Zone(
                z.zone.place, tuple(members[z.zone.place]),
                tuple(release[i] for i in members[z.zone.place]),
                tuple(late[i] for i in members[z.zone.place]),
            ),
            routes=tuple(routes[z.zone.place]),
            left=tuple(i for i in members[z.zone.place] if i in out),
        ) for z in group
    }
