"""The lower bound of a meal period is never above what enumeration finds in a tiny city."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest

from engine.domain.meals import MealCourier
from engine.meals import bound
from engine.meals.scenario import make_meals
from engine.meals.supply import MILLS
from engine.meals.tables import Tables, build_tables
from engine.meals.travel import build_meal_travel


@pytest.fixture(scope="module", params=range(3))
def tables(request: pytest.FixtureRequest) -> Tables:
    problem, network = make_meals(8, 1, 2, 2, seed=request.param, nodes=300, box=2)
    return build_tables(problem, build_meal_travel(problem, network))


def cut(order: tuple[int, ...], box: int) -> Iterator[list[tuple[int, ...]]]:
    """All ways to make trips of homes in an order."""
    if not order:
        yield []
    for n in range(1, min(box, len(order)) + 1):
        for rest in cut(order[n:], box):
            yield [order[:n], *rest]


class Legs(NamedTuple):
    """Ways between all locations, by e-bike."""

    seconds: list[list[int]]
    metres: list[list[int]]


def route_mills(
    tables: Tables, legs: Legs, courier: MealCourier, trips: list[tuple[int, ...]]
) -> int | None:
    """Price of a courier's day, with food from the beginning of time; None: too long."""
    problem = tables.problem
    p = next(i for i, place in enumerate(tables.places) if place.id == courier.place)
    base, moment, metres = int(tables.place_at[p]), courier.start_s, 0
    for trip in trips:
        moment, here = moment + tables.loading(p), base
        for i in trip:
            there = int(tables.home_at[i])
            moment += legs.seconds[here][there] + (problem.building_s if there != here else 0)
            metres += legs.metres[here][there]
            moment, here = max(moment, problem.start_s), there
            if moment > problem.end_s:
                return None
            moment += problem.door_s
        moment, metres = moment + legs.seconds[here][base], metres + legs.metres[here][base]
    if moment > courier.end_s:
        return None
    return courier.cost_per_shift_cents * MILLS + metres * courier.cost_per_km_cents


def cheapest(tables: Tables, homes: tuple[int, ...]) -> int | None:
    """Price of the cheapest way to bring every home its meal."""
    crew = tables.problem.couriers
    everywhere = range(len(tables.travel.lon))
    legs = Legs(*(x.tolist() for x in tables.travel.block("ebike", everywhere, everywhere)))
    best: dict[tuple[int, tuple[int, ...]], int | None] = {}

    def alone(c: int, mine: tuple[int, ...]) -> int | None:
        if (c, mine) not in best:
            prices = [
                route_mills(tables, legs, crew[c], trips) for order in itertools.permutations(mine)
                for trips in cut(order, crew[c].capacity)
            ]
            best[c, mine] = min((x for x in prices if x is not None), default=None)
        return best[c, mine] if mine else 0

    totals = []
    for who in itertools.product(range(len(crew)), repeat=len(homes)):
        parts = [alone(c, tuple(h for h, w in zip(homes, who, strict=True) if w == c))
                 for c in range(len(crew))]
        if None not in parts:
            totals.append(sum(x for x in parts if x is not None))
    return min(totals, default=None)


@pytest.mark.parametrize("minutes", [90, 12, 7])
def test_no_way_to_carry_costs_less_than_the_bound(tables: Tables, minutes: int) -> None:
    problem = tables.problem
    short = problem.changed(end_s=problem.start_s + 60 * minutes, door_s=150)
    again = build_tables(short, tables.travel)
    homes = tuple(np.flatnonzero(again.home_at >= 0).tolist())[:4]
    least = cheapest(again, homes)
    if least is None:  # these homes cannot be served at all: there is nothing to bound
        homes = homes[:2]
        least = cheapest(again, homes)
    assert least is not None
    carrying = bound._carrying(again, np.array(homes), late=False)
    assert 0 < carrying <= least


def test_the_bound_grows_with_the_people_served(tables: Tables) -> None:
    homes = np.flatnonzero(tables.home_at >= 0)
    assert bound._carrying(tables, homes[:1], late=False) < bound._carrying(
        tables, homes, late=False
    )


def test_with_many_buildings_the_simpler_bound_is_not_above(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = np.flatnonzero(tables.home_at >= 0)
    full = bound._carrying(tables, homes, late=False)
    monkeypatch.setattr(bound, "_MOST_WORK", 0)
    assert 0 < bound._carrying(tables, homes, late=False) <= full


def cheapest_hauling(tables: Tables, wanted: tuple[int, ...]) -> float:
    """Price in mills of the cheapest van trips that bring every place its portions."""
    metres = tables.travel.block("car", *[range(len(tables.travel.lon))] * 2)[1]
    at = [int(x) for x in tables.place_at]

    @functools.cache
    def tour(stops: tuple[int, ...]) -> float:
        found = []
        for van in tables.problem.vans:
            base = tables.travel.place[van.kitchen]
            for order in itertools.permutations(stops):
                way = [base, *(at[p] for p in order), base]
                length = sum(int(metres[a, b]) for a, b in itertools.pairwise(way))
                found.append(van.cost_per_trip_cents * MILLS + length * van.cost_per_km_cents)
        return min(found)

    @functools.cache
    def rest(left: tuple[int, ...]) -> float:
        if not any(left):
            return 0
        first = next(p for p, n in enumerate(left) if n)
        return min(
            tour(tuple(p for p, n in enumerate(given) if n))
            + rest(tuple(a - b for a, b in zip(left, given, strict=True)))
            for given in itertools.product(*(range(n + 1) for n in left))
            if given[first] and sum(given) <= tables.problem.vans[0].capacity
        )

    return rest(wanted)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("capacity", [2, 5])
def test_no_vans_haul_for_less_than_the_bound(seed: int, capacity: int) -> None:
    problem, network = make_meals(10, 2, 3, 3, seed=seed, nodes=300)
    tables = build_tables(problem.changed(vans=tuple(
        v.model_copy(update={"capacity": capacity}) for v in problem.vans
    )), build_meal_travel(problem, network))
    seated = np.flatnonzero(tables.eats_at >= 0)
    eaters = np.bincount(tables.eats_at[seated], minlength=len(problem.points))
    bounded = bound._hauling(tables, seated)
    least = cheapest_hauling(tables, tuple(eaters.tolist()))
    assert 0 < bounded <= least
    if capacity == 5:  # one round brings all: only what the ways of two kitchens differ is lost
        assert bounded > 0.8 * least
    # A home may be fed from any point.
    with_home = np.append(seated, np.flatnonzero(tables.home_at >= 0)[:1])
    least = min(cheapest_hauling(tables, tuple(eaters + (np.arange(len(eaters)) == p)))
                for p in range(len(eaters)))
    assert bounded <= bound._hauling(tables, with_home) <= least
