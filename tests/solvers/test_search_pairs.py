"""Pickup and delivery in the search: both places at once, loads, rides, whole pairs."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.jit import compile_lean
from solvers.model import RoutingModel
from solvers.search.kernels import rich_rows as cols
from solvers.search.kernels import rows
from solvers.search.kernels.anneal import anneal
from solvers.search.kernels.journal import open_journal, undo
from solvers.search.kernels.pairs import place_pair
from solvers.search.kernels.routes import remove_segment
from solvers.search.kernels.timetable import retime
from solvers.search.run import Search
from solvers.solve import SolveParams, solve
from tests.searches import begun


@compile_lean
def take_out(problem, state, rich, i, j):
    """Remove a pair and make the timetable right."""
    open_journal(state, rich)
    state.counters[rows.N_WORK] = 0
    for x in (i, j):
        remove_segment(problem, state, rich, np.int64(state.stops[x, rows.ROUTE]), x, x)
    rich.marks[i, cols.LEAVING] = rich.marks[j, cols.LEAVING] = 0
    rich.counters[cols.N_MATES] = 0
    retime(problem, state, rich)


@compile_lean
def put_back(problem, guide, state, rich, i, j, ceiling):
    open_journal(state, rich)
    return place_pair(problem, guide, state, rich, i, j, ceiling)


@compile_lean
def take_back(problem, state, rich):
    undo(problem, state, rich)


def metric_model(seed: int, n_pairs: int = 6, n_vehicles: int = 3) -> RoutingModel:
    """Pairs on a plane, and tasks of their own, with one or two windows and two loads."""
    rng = np.random.default_rng(seed)
    builder = ModelBuilder(n_dimensions=2)
    at = rng.integers(0, 60, (2 * n_pairs + 4, 2))
    far = np.linalg.norm(at[:, None] - at[None], axis=2)
    seconds = np.ceil(far).astype(int)  # rounded up, it keeps the triangle inequality
    builder.add_matrix(seconds, seconds * 3)
    for i in range(2 * n_pairs + 3):
        opens = int(rng.integers(0, 250))
        windows = [(opens, opens + int(rng.integers(30, 250)))]
        if rng.random() < 0.3:
            windows.append((windows[0][1] + 20, windows[0][1] + 60))
        single = i >= 2 * n_pairs
        builder.add_task(
            i + 1, service=int(rng.integers(0, 15)), windows=windows, prize=100_000,
            demand=(int(rng.integers(0, 3)), 1) if single else (),
            pickup=(1, int(rng.integers(0, 3))) if single and seed % 2 else (),
        )
    for m in range(n_pairs):
        builder.add_pair(2 * m, 2 * m + 1, load=(int(rng.integers(1, 5)), int(rng.integers(0, 3))))
    for v in range(n_vehicles):
        builder.add_vehicle(
            0, 0, shift=(0, 600), capacity=(8, 6), fixed_cost=200 * (v + 1), price_per_second=1,
            price_per_metre=1, service_permille=1000 + 250 * v,
        )
    return builder.build()


def begin(model: RoutingModel, iterations: int) -> Search:
    search = begun(model, seed=5)
    search.state.heat[:] = 200.0, 1.0
    anneal(search.problem, search.guide, search.state, search.rich, iterations, 0)
    return search


def cheapest_by_hand(model: RoutingModel, routes: list[list[int]], i: int, j: int) -> int | None:
    """Least cost of the routes with the pair in any two places; None if there is no way."""
    best = None
    for v, route in enumerate(routes):
        for a in range(len(route) + 1):
            for b in range(a, len(route) + 1):
                trial = list(routes)
                trial[v] = [*route[:a], i, *route[a:b], j, *route[b:]]
                found = evaluate(model, trial)
                if not found.violations and (best is None or found.cost < best):
                    best = found.cost
    return best


@pytest.mark.parametrize("seed", range(10))
def test_both_places_are_the_cheapest_there_are(seed: int) -> None:
    model = metric_model(seed)
    search = begin(model, 20)
    problem, guide, state, rich = search.problem, search.guide, search.state, search.rich
    counters, n_placed = search.counters, 0
    for i, j in zip(model.pairs.pickup.tolist(), model.pairs.delivery.tolist(), strict=True):
        if state.stops[i, rows.ROUTE] != rows.ABSENT:
            take_out(problem, state, rich, i, j)
        routes = search.routes(current=True)
        assert evaluate(model, routes).cost == counters[rows.TOTAL]
        expected = cheapest_by_hand(model, routes, i, j)
        counters[rows.BLINK] = 1 << 40  # overlook nothing
        done = put_back(problem, guide, state, rich, i, j, 200_000)
        assert done == (expected is not None)
        if expected is not None:
            found = evaluate(model, search.routes(current=True))
            assert found.violations == ()
            assert found.cost == counters[rows.TOTAL] == expected
            n_placed += 1
    assert n_placed > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_placed_pair_is_taken_back_bit_for_bit(seed: int) -> None:
    search = begin(metric_model(seed), 20)
    state, rich = search.state, search.rich
    assert rich is not None
    i, j = next(
        (i, int(rich.tasks[i, cols.MATE])) for i in range(search.model.n_tasks)
        if rich.tasks[i, cols.IS_PICKUP] and state.stops[i, rows.ROUTE] != rows.ABSENT
    )
    take_out(search.problem, state, rich, i, j)
    arrays = (state.stops, state.vehicles, rich.times, rich.days)
    before = [a.copy() for a in arrays]
    assert put_back(search.problem, search.guide, state, rich, i, j, 200_000)
    assert any((a != b).any() for a, b in zip(arrays, before, strict=True))
    take_back(search.problem, state, rich)
    assert all((a == b).all() for a, b in zip(arrays, before, strict=True))


def run(model: RoutingModel, iterations: int = 200, **params: object) -> list[list[int]]:
    found = solve(model, SolveParams(time_limit_s=None, max_iterations=iterations, **params))  # type: ignore[arg-type]
    return [r.tolist() for r in found.routes]


def street(capacity: int = 1, **pair: object) -> ModelBuilder:
    """Two pairs along a street: both go from its near end to its far end."""
    builder = ModelBuilder(n_dimensions=1)
    at = np.array([0, 10, 11, 50, 51])
    builder.add_matrix(abs(at[:, None] - at[None]))
    for location in (1, 2, 3, 4):
        builder.add_task(location, service=1)
    builder.add_pair(0, 2, load=(1,), **pair)  # type: ignore[arg-type]
    builder.add_pair(1, 3, load=(1,), **pair)  # type: ignore[arg-type]
    builder.add_vehicle(0, 0, capacity=(capacity,))
    return builder


def test_two_loads_go_together_if_they_fit_and_else_one_by_one() -> None:
    both = street(2).build()
    assert evaluate(both, run(both)).cost == 102
    one = street(1).build()
    routes = run(one)
    assert evaluate(one, routes).violations == ()
    assert evaluate(one, routes).cost == 180
    assert routes[0] in ([0, 2, 1, 3], [1, 3, 0, 2])


@pytest.mark.parametrize(("ride", "travel"), [(41, 102), (40, 180), (39, 0)])
def test_a_ride_is_kept_to_the_second(ride: int, travel: int) -> None:
    """Together each rides 41 seconds, alone 40; there is no quicker way."""
    model = street(2, ride=ride).build()
    found = evaluate(model, run(model))
    assert found.violations == ()
    assert found.travel_cost == travel
    assert bool(found.unassigned) is (ride == 39)


def test_a_pickup_waits_so_that_the_ride_is_short() -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 10, 10], [10, 0, 10], [10, 10, 0]])
    builder.add_task(1, service=5)
    builder.add_task(2, windows=[(300, 310)])
    builder.add_pair(0, 1, ride=30)
    builder.add_vehicle(0, 0)
    model = builder.build()
    found = evaluate(model, run(model))
    assert found.violations == ()
    assert found.routes[0].start == (265, 300)


def test_routes_given_with_a_torn_or_turned_pair_are_taken_without_it() -> None:
    model = street(2).build()
    for routes in ([[2, 0, 1, 3]], [[0, 1, 3]]):
        search = Search(model, SolveParams(time_limit_s=None, max_iterations=10))
        search.load(routes)
        assert search.routes() == [[1, 3]]


@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_served_whole_and_runs_repeat(seed: int) -> None:
    model = metric_model(seed, n_pairs=12, n_vehicles=4)
    routes = run(model, seed=seed)
    assert evaluate(model, routes).violations == ()
    assert run(model, seed=seed) == routes
