"""Places that are routed together send fewer couriers, and food follows the trips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.domain.meal_plan import MealPlan
from engine.domain.meals import MealsProblem
from engine.meals import together
from engine.meals.check import check_meals
from engine.meals.former import read_former
from engine.meals.plan import MealParams, plan_meals
from engine.meals.scenario import make_meals
from engine.meals.tables import Tables, build_tables
from engine.meals.travel import MealTravel, build_meal_travel
from engine.meals.zones import Zone, ZonePlan, plan_zone

FAST = MealParams(effort=20, van_iterations=200, thinning=0, threads=1)


@pytest.fixture(scope="module")
def given() -> tuple[MealsProblem, MealTravel]:
    problem, network = make_meals(200, 1, 4, 12, seed=1, nodes=500)
    return problem, build_meal_travel(problem, network)


@pytest.fixture(scope="module")
def apart(given: tuple[MealsProblem, MealTravel]) -> MealPlan:
    return plan_meals(*given, replace(FAST, together=0))


def zones_of(tables: Tables) -> dict[int, ZonePlan]:
    """Homes dealt to places in turn, food there from the beginning, few iterations."""
    homes = np.flatnonzero(tables.home_at >= 0).tolist()
    manned = [p for p, crew in enumerate(tables.couriers) if crew]
    former = read_former(tables, None, 0, 0)
    found = {}
    for k, p in enumerate(manned):
        mine = tuple(homes[k::len(manned)])
        zone = Zone(p, mine, (tables.problem.start_s - 600,) * len(mine), (0,) * len(mine))
        found[p] = plan_zone(tables, zone, None, iterations=300, seed=1, former=former)
    return found


def test_fewer_couriers_do_the_same_when_places_are_routed_together(
    given: tuple[MealsProblem, MealTravel], apart: MealPlan
) -> None:
    plan = plan_meals(*given, replace(FAST, together=40))
    assert check_meals(given[0], plan, given[1]) == []
    assert plan.totals.on_time == apart.totals.on_time == len(given[0].clients)
    assert plan.totals.couriers < apart.totals.couriers
    assert plan.totals.bound_cents <= plan.totals.cost_cents < apart.totals.cost_cents


def test_a_plan_near_another_leaves_the_places_alone(
    given: tuple[MealsProblem, MealTravel], apart: MealPlan
) -> None:
    near = replace(FAST, previous=apart, together=40)
    assert plan_meals(*given, near) == plan_meals(*given, replace(near, together=0))


def test_everybody_is_somebodys_and_trips_fit_the_box(
    given: tuple[MealsProblem, MealTravel], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = build_tables(*given)
    before = zones_of(tables)
    monkeypatch.setattr(together, "_MOST_HOMES", 70)  # two groups, and others in the next round
    former = read_former(tables, None, 0, 0)
    found = together.route_together(
        tables, before, effort=5, seed=1, threads=2, former=former
    )
    again = together.route_together(
        tables, before, effort=5, seed=1, threads=1, former=former
    )
    assert found == again
    members = sorted(i for z in found.values() for i in z.zone.clients)
    assert members == np.flatnonzero(tables.home_at >= 0).tolist()
    place = together.place_of(tables, np.full(len(tables.clients), -1, np.int32), found)
    diner = int(np.flatnonzero(tables.home_at < 0)[0])
    needed = together.needed_of(
        tables, np.full(len(tables.clients), -1, np.int64), found, {diner: 43_200}
    )
    assert needed[diner] == 43_200
    assert (place[tables.home_at < 0] == -1).all()
    crews = {p: {c.id for c in crew} for p, crew in enumerate(tables.couriers)}
    for p, zone in found.items():
        carried = [i for r in zone.routes for t in r.trips for i in t.clients]
        assert sorted([*carried, *zone.left]) == list(zone.zone.clients)
        assert {r.courier.id for r in zone.routes} <= crews[p]
        for trip in (t for r in zone.routes for t in r.trips):
            who = list(trip.clients)
            assert tables.portions[who].sum() <= 20
            assert (place[who] == p).all()
            # Food that is there ten minutes before the period is loaded then or later.
            assert (needed[who] == trip.leave - tables.loading(p)).all()
            assert trip.leave >= tables.problem.start_s - 600
    # Dealt in turn, homes are far from their places: some have to change.
    assert any(z.zone.clients != before[p].zone.clients for p, z in found.items())


@pytest.mark.parametrize("limits", [{"hatches": 1}, {"handover": 60}])
def test_a_place_that_hands_over_little_keeps_to_itself(
    given: tuple[MealsProblem, MealTravel], limits: dict[str, int]
) -> None:
    problem, travel = given
    first, *others = problem.points
    tables = build_tables(
        problem.changed(points=(first.model_copy(update=limits), *others)), travel
    )
    before = zones_of(tables)
    found = together.route_together(
        tables, before, effort=5, seed=1, threads=1, former=read_former(tables, None, 0, 0)
    )
    assert found[0] == before[0]
    assert found[1] != before[1]
