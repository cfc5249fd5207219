"""Trips together with breaks, links, pairs, groups, soft ends and limits of workers.

``test_search_rich`` compares the state of such models with the evaluation; here are cases by hand
and proven optima.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.figures import Evaluation
from solvers.model import RoutingModel
from solvers.search import SUPPORTED
from solvers.search.run import Search
from solvers.search.slot_layout import TRIP_FEATURES
from solvers.search.trip_layout import needs_trips
from solvers.solve import SolveParams, solve
from tests.oracle import of_few_tasks, optimum
from tests.rich_models import random_model

OF_TRIPS = sorted(TRIP_FEATURES | {"batches", "max trips", "first load"})
OTHERS = sorted(SUPPORTED - set(OF_TRIPS))


def run(model: RoutingModel, iterations: int = 200) -> Evaluation:
    assert not needs_trips(model), "a model for the trip kernels"
    return of_any_kind(model, iterations)


def of_any_kind(model: RoutingModel, iterations: int) -> Evaluation:
    result = solve(model, SolveParams(time_limit_s=None, max_iterations=iterations))
    figures = evaluate(model, result.routes)
    assert figures.violations == ()
    return figures


def kitchen(n: int, **vehicle: Any) -> ModelBuilder:
    """Homes 10 from a kitchen and 20 from each other; a courier with one meal a trip."""
    builder = ModelBuilder(n_dimensions=1)
    seconds = np.full((n + 1, n + 1), 20)
    seconds[0] = seconds[:, 0] = 10
    np.fill_diagonal(seconds, 0)
    builder.add_matrix(seconds)
    batch = builder.add_batch(ready=5, portions=[n])
    option = builder.add_reload(0, seconds=3, batch=batch)
    builder.add_vehicle(
        0, 0, capacity=(1,), first_load=(0,), reloads=[option], **{"shift": (0, 500), **vehicle}
    )
    return builder


@pytest.mark.parametrize(("late", "served"), [(48, 2), (47, 1)])
def test_a_break_between_two_trips_delays_the_second(late: int, served: int) -> None:
    # Back from the first home at 25, break until 35, loading until 38.
    builder = kitchen(2, breaks=[(25, 25, 10)])
    builder.add_task(1, windows=[(15, 15)], demand=(1,), prize=1000)
    builder.add_task(2, windows=[(0, late)], demand=(1,), prize=900)
    figures = run(builder.build())
    assert 2 - len(figures.unassigned) == served
    if served == 2:
        assert figures.routes[0].start[3] == 48
        assert figures.routes[0].breaks[0].start == 25


@pytest.mark.parametrize(("most", "served"), [(23, 2), (22, 0)])
def test_two_linked_meals_on_two_trips_of_one_courier(most: int, served: int) -> None:
    builder = kitchen(2)
    builder.add_task(1, demand=(1,), prize=1000)
    builder.add_task(2, demand=(1,), prize=1000)
    builder.add_link(0, 1, least=-most, most=most, worker="same")
    assert 2 - len(run(builder.build()).unassigned) == served


@pytest.mark.parametrize(("most", "served"), [(46, 2), (45, 1)])
def test_duty_counts_the_loading_and_not_the_wait_for_the_batch(most: int, served: int) -> None:
    builder = kitchen(2, max_duty=most)
    for home in (1, 2):
        builder.add_task(home, demand=(1,), prize=1000)
    assert 2 - len(run(builder.build()).unassigned) == served


def test_overtime_is_paid_where_another_trip_is_worth_it() -> None:
    for prize, served in ((24, 1), (26, 2)):  # 20 of travel, 5 of overtime
        builder = kitchen(2, regular_duty=41, overtime_price=1)
        for home in (1, 2):
            builder.add_task(home, demand=(1,), prize=100 if home == 1 else prize)
        assert 2 - len(run(builder.build()).unassigned) == served


def test_the_late_meal_is_the_one_that_costs_less() -> None:
    builder = kitchen(2)
    for home, price in ((1, 1), (2, 3)):
        builder.add_task(home, demand=(1,), prize=10_000, soft_late=15, late_price=price)
    figures = run(builder.build())
    assert figures.routes[0].start[1::2] == (15, 38)
    assert figures.lateness_cost == 23


def test_of_two_alternatives_the_one_with_a_portion_is_served() -> None:
    builder = ModelBuilder(n_dimensions=2)
    builder.add_matrix([[0, 10, 30], [10, 0, 20], [30, 20, 0]])
    batch = builder.add_batch(portions=[0, 1])
    option = builder.add_reload(0, batch=batch)
    builder.add_vehicle(0, 0, capacity=(1, 1), first_load=(0, 0), reloads=[option])
    builder.add_task(1, demand=(1, 0), prize=1000)
    builder.add_task(2, demand=(0, 1), prize=1000)
    builder.add_group([0, 1])
    figures = run(builder.build())
    assert figures.unassigned == (0,)
    assert figures.cost == 60


@pytest.mark.parametrize(("freshness", "served"), [(23, 1), (22, 0)])
def test_a_break_on_the_way_lets_a_meal_cool(freshness: int, served: int) -> None:
    builder = kitchen(1, breaks=[(20, 20, 8)])
    # To leave after the break is too late; to take it at the home means to leave by 10.
    builder.add_task(1, windows=[(33, 35)], demand=(1,), prize=1000, freshness=freshness)
    assert 1 - len(run(builder.build()).unassigned) == served


def test_pickup_and_delivery_stay_in_one_trip() -> None:
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix([[0, 10, 10], [10, 0, 2], [10, 2, 0]])
    option = builder.add_reload(0)
    builder.add_vehicle(0, 0, capacity=(1,), reloads=[option], max_trip=22)
    for _ in range(2):
        pickup = builder.add_task(1, prize=1000)
        delivery = builder.add_task(2, prize=1000)
        builder.add_pair(pickup, delivery, load=(1,))
    figures = run(builder.build())  # four tasks take longer than a trip may
    assert figures.unassigned == ()
    assert figures.routes[0].end == 44


@pytest.mark.parametrize("feature", OTHERS)
def test_routes_found_can_be_loaded_as_they_are(feature: str) -> None:
    model = random_model(5, [*OF_TRIPS, feature], n_tasks=12)
    best = [r.tolist() for r in solve(
        model, SolveParams(time_limit_s=None, max_iterations=60)
    ).routes]
    assert any(i < 0 for r in best for i in r)
    search = Search(model, SolveParams(time_limit_s=None, max_iterations=10))
    search.load(best)
    # Travel that breaks the triangle inequality may make the beginning of a route impossible.
    assert evaluate(model, search.routes()).violations == ()
    kept = sum(i >= 0 for r in search.routes() for i in r)
    assert kept >= sum(i >= 0 for r in best for i in r) // 2


@pytest.mark.long
@pytest.mark.parametrize("feature", OTHERS)
def test_small_models_are_solved_to_the_proven_optimum(feature: str) -> None:
    n_optimal = 0
    for seed in range(3):
        wanted = [feature, "reloads", OF_TRIPS[seed * 2]]
        model = of_few_tasks(random_model(seed, wanted, 10, n_vehicles=2), 4)
        least, found = optimum(model), of_any_kind(model, 400).cost
        assert found >= least
        n_optimal += found == least
    assert n_optimal >= 2
