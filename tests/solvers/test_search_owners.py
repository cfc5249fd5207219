"""Whole routes that change vehicles, against evaluation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.jit import compile_lean
from solvers.model import RoutingModel
from solvers.search.kernels import rows
from solvers.search.kernels.duty import TOO_LONG
from solvers.search.kernels.journal import open_journal, undo
from solvers.search.kernels.owners import (
    alike,
    cost_with_ends,
    exchange_routes,
    may_swap,
    rise_of_swap,
)
from solvers.search.kernels.tails import swap_tails
from solvers.search.run import Search
from solvers.solve import SolveParams
from tests.searches import begun

REFUSED = -(1 << 60)


# The parts of the kernels have no wrapper for Python: this gives them one.
@compile_lean
def try_swap(problem, state, v, w):
    """Swap routes; returns what it costs, or REFUSED where it is not allowed."""
    if not alike(state, v, w) or not may_swap(problem, state, v, w):
        return REFUSED
    rise = rise_of_swap(problem, state, state.duties, v, w)
    if rise == TOO_LONG:
        return REFUSED
    rise += cost_with_ends(problem, state, v, w) + cost_with_ends(problem, state, w, v)
    open_journal(state, None)
    n = len(problem.tasks)
    swap_tails(problem, state, n + 2 * v, v, np.int64(state.stops[n + 2 * w, rows.NEXT]), w)
    return rise


@compile_lean
def take_back(problem, state):
    undo(problem, state, None)


@compile_lean
def make_exchanges(problem, guide, state, count):
    for _ in range(count):
        exchange_routes(problem, guide, state)


def model_of(seed: int) -> RoutingModel:
    """Three depots, shifts, limits of duty, windows, skills, two loads and prices of a metre."""
    rng = np.random.default_rng(seed)
    n_tasks, n_places = 14, 3
    points = rng.random((n_tasks + n_places, 2)) * 100
    seconds = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)).astype(int)
    seconds += rng.integers(0, 5, seconds.shape)
    np.fill_diagonal(seconds, 0)
    builder = ModelBuilder(n_dimensions=2)
    builder.add_matrix(seconds, seconds)
    for i in range(n_tasks):
        early = int(rng.integers(0, 500))
        builder.add_task(
            i + n_places, demand=tuple(int(x) for x in rng.integers(0, 4, 2)),
            service=10, skills=["lift"] if rng.random() < 0.2 else [],
            windows=[(early, early + int(rng.integers(200, 800)))],
            prize=int(rng.integers(200, 500)),
        )
    for v in range(7):
        builder.add_vehicle(
            v % 3, int(rng.integers(3)), capacity=(12, 14), skills=["lift"] if v % 4 else [],
            shift=(int(rng.integers(0, 100)), int(rng.integers(900, 1400))),
            price_per_metre=int(v == 5), fixed_cost=int(rng.integers(0, 9)),
            max_duty=int(rng.integers(300, 700)), price_per_duty_second=v % 2,
        )
    return builder.build()


def begin(seed: int) -> Search:
    search = begun(model_of(seed), 10, seed=seed)
    search.state.heat[:] = 30.0, 1.0
    search.step(30)
    return search


def assert_rows_follow_from_routes(search: Search) -> None:
    state, routes = search.state, search.routes(current=True)
    told = evaluate(search.model, routes)
    assert told.violations == ()
    assert search.counters[rows.TOTAL] == told.cost
    fresh = Search(search.model, search.params)
    fresh.load(routes)
    used = np.array([len(r) > 0 for r in routes])
    ends = search.model.n_tasks + 2 * np.flatnonzero(used)
    at = np.concatenate([np.concatenate([np.array(r, int) for r in routes]), ends, ends + 1])
    assert (state.stops[at.astype(int)] == fresh.state.stops[at.astype(int)]).all()
    assert (state.vehicles[used] == fresh.state.vehicles[used]).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_swap_is_priced_and_allowed_as_evaluation_says(seed: int) -> None:
    search = begin(seed)
    model, state = search.model, search.state
    n_made = n_refused = 0
    for v, w in product(range(model.n_vehicles), repeat=2):
        routes = search.routes(current=True)
        if v == w or not routes[v] or state.vehicles[v, rows.COST_ROW] != (
                state.vehicles[w, rows.COST_ROW]):
            continue
        before = evaluate(model, routes).cost
        plan = list(routes)
        plan[v], plan[w] = routes[w], routes[v]
        told = evaluate(model, plan)
        stops, vehicles = state.stops.copy(), state.vehicles.copy()
        price = try_swap(search.problem, state, v, w)
        if told.violations:
            assert price == REFUSED
            n_refused += 1
            continue
        assert price == told.cost - before
        assert search.routes(current=True) == plan
        assert_rows_follow_from_routes(search)
        take_back(search.problem, state)
        search.counters[rows.TOTAL] = before
        assert (state.stops == stops).all()
        assert (state.vehicles == vehicles).all()
        n_made += 1
    assert n_made > 0
    assert n_refused > 0


@pytest.mark.parametrize("seed", range(4))
def test_many_exchanges_keep_the_rows_right(seed: int) -> None:
    search = begin(seed)
    before = search.routes(current=True)
    search.state.heat[:] = 1e4, 1.0
    make_exchanges(search.problem, search.guide, search.state, 200)
    assert search.routes(current=True) != before
    assert_rows_follow_from_routes(search)


def test_a_route_leaves_the_depot_that_greedy_insertion_chose() -> None:
    # 12 tasks in a row beyond the second depot, of which the start has all at the first.
    places = np.array([0, 100, *range(101, 113)])
    seconds = np.abs(places[:, None] - places[None])
    builder = ModelBuilder(n_dimensions=0)
    builder.add_matrix(seconds, seconds)
    for i in range(12):
        builder.add_task(i + 2)
    builder.add_vehicle(0, 0, max_duty=1000)
    builder.add_vehicle(1, 1, max_duty=1000)
    search = Search(builder.build(), SolveParams(time_limit_s=None, max_iterations=10))
    search.find_neighbours()
    search.load([list(range(12)), []])
    search.state.heat[:] = 1e-3, 1.0
    make_exchanges(search.problem, search.guide, search.state, 50)
    assert search.routes() == [[], list(range(12))]
    assert search.counters[rows.BEST_TOTAL] == 24
