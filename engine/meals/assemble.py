"""From indexes to a plan with ids, moments and figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.domain.meal_plan import (
    CourierRoute,
    CourierTrip,
    Drop,
    MealPlan,
    MealTotals,
    Reason,
    Sitting,
    VanTrip,
    Without,
)
from engine.domain.meals import MealsProblem
from engine.meals.bound import lower_bound
from engine.meals.bulk import Bulk
from engine.meals.seats import Seats
from engine.meals.tables import Tables
from engine.meals.zones import Route, ZonePlan


def assemble(
    tables: Tables, batch: NDArray[np.int32], bulk: Bulk, zones: Mapping[int, ZonePlan],
    seats: Seats, without: Mapping[str, Reason], seed: int, turns: int,
) -> MealPlan:
    """Make the plan, its figures and its lower bound."""
    problem = tables.problem
    routes = tuple(
        _route(tables, zone.zone.place, route, batch)
        for _, zone in sorted(zones.items()) for route in zone.routes
    )
    sittings = tuple(
        Sitting(
            client=tables.clients[i].id, point=tables.places[tables.eats_at[i]].id, start_s=start,
            kitchen=tables.batches[batch[i]][0].id, batch=tables.batches[batch[i]][1].id,
        )
        for i, start in sorted(seats.start.items(), key=lambda item: (item[1], item[0]))
    )
    carried = [
        i for zone in zones.values() for r in zone.routes for t in r.trips for i in t.clients
    ]
    late = any(
        d.start_s > problem.window(problem.client_by_id[d.client])[1]
        for r in routes for t in r.trips for d in t.drops
    )
    bound = lower_bound(tables, sorted([*carried, *seats.start]), late)
    totals = count(problem, bulk.trips, routes, sittings, bound)
    return MealPlan(
        problem=problem.id, fingerprint=problem.fingerprint, seed=seed, turns=turns,
        van_trips=bulk.trips, routes=routes, sittings=sittings,
        without=tuple(Without(client=c, reason=r) for c, r in sorted(without.items())),
        totals=totals,
    )


def _route(
    tables: Tables, place: int, route: Route, batch: NDArray[np.int32]
) -> CourierRoute:
    load = tables.loading(place)
    return CourierRoute(
        courier=route.courier.id, place=tables.places[place].id, back_s=route.back,
        distance_m=route.metres, travel_s=route.seconds,
        trips=tuple(
            CourierTrip(
                loading_s=trip.leave - load, leave_s=trip.leave,
                drops=tuple(
                    Drop(
                        client=tables.clients[i].id, start_s=start,
                        kitchen=tables.batches[batch[i]][0].id,
                        batch=tables.batches[batch[i]][1].id,
                    ) for i, start in zip(trip.clients, trip.starts, strict=True)
                ),
            ) for trip in route.trips
        ),
    )


def count(
    problem: MealsProblem, van_trips: tuple[VanTrip, ...], routes: tuple[CourierRoute, ...],
    sittings: tuple[Sitting, ...], bound_cents: int,
) -> MealTotals:
    """Add up a plan."""
    drops = [(d, r) for r in routes for t in r.trips for d in t.drops]
    on_time = sum(
        d.start_s <= problem.window(problem.client_by_id[d.client])[1] for d, _ in drops
    ) + len(sittings)
    eaten: list[Drop | Sitting] = [*(d for d, _ in drops), *sittings]
    cooked = [
        (problem.kitchen_by_id[x.kitchen], problem.client_by_id[x.client].portions)
        for x in eaten
    ]
    cooking = sum(k.cost_per_portion_cents * n for k, n in cooked)
    vans = sum(
        problem.van_by_id[t.van].cost_per_trip_cents
        + t.distance_m * problem.van_by_id[t.van].cost_per_km_cents / 1_000 for t in van_trips
    )
    people = [(problem.courier_by_id[r.courier], r) for r in routes]
    carried = sum(
        c.cost_per_shift_cents + r.distance_m * c.cost_per_km_cents / 1_000
        + c.cost_per_drop_cents * sum(len(t.drops) for t in r.trips) for c, r in people
    )
    return MealTotals(
        clients=len(problem.clients), due=sum(problem.is_due(c) for c in problem.clients),
        served=len(drops) + len(sittings), on_time=on_time, portions=sum(n for _, n in cooked),
        van_trips=len(van_trips), couriers=len(routes), trips=sum(len(r.trips) for r in routes),
        distance_m=sum(t.distance_m for t in van_trips) + sum(r.distance_m for r in routes),
        cooking_cents=cooking, van_cents=round(vans), courier_cents=round(carried),
        cost_cents=cooking + round(vans) + round(carried), bound_cents=bound_cents,
    )
