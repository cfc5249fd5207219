"""Turns of stretches of routes against their slow twin, and the search that makes them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numba
import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.search.kernels import rows
from solvers.search.kernels.journal import open_journal, undo
from solvers.search.kernels.turns import find_turn, turn
from solvers.search.run import Search
from solvers.solve import SolveParams
from tests.searches import begun


# The parts of the kernels have no wrapper for Python: this gives them one.
@numba.njit
def make_turn(problem, guide, state, p):
    open_journal(state, None)
    a, b = find_turn(problem, guide, state, p, np.int64(1 << 60))
    if a >= 0:
        turn(problem, state, a, b)
    return a


@numba.njit
def take_back(problem, state):
    undo(problem, state, None)


def flat_model(seed: int, n_tasks: int = 12) -> RoutingModel:
    """Two loads, two depots, two skills, some prizes; no times, and travel is symmetric."""
    rng = np.random.default_rng(seed)
    points = rng.random((n_tasks + 2, 2)) * 100
    seconds = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)).astype(int)
    builder = ModelBuilder(n_dimensions=2)
    builder.add_matrix(seconds, seconds)
    for i in range(n_tasks):
        builder.add_task(
            i + 2, demand=tuple(int(x) for x in rng.integers(0, 4, 2)),
            skills=["lift"] if rng.random() < 0.1 else [],
            prize=int(rng.integers(10, 200)) if rng.random() < 0.3 else None,
        )
    for v in range(6):
        builder.add_vehicle(
            v % 2, v % 2, capacity=(12, 14), skills=["lift"] if v % 3 else [],
            price_per_metre=int(v == 5), fixed_cost=int(rng.integers(0, 9)),
        )
    return builder.build()


def begin(seed: int, n_iterations: int = 0) -> Search:
    search = begun(flat_model(seed), 10, seed=seed)
    search.state.heat[:] = 30.0, 1.0
    search.step(n_iterations)
    return search


def turned(routes: list[list[int]], p: int) -> Iterator[list[list[int]]]:
    """Yield all plans that a turn can make in which ``p`` has a new neighbour."""
    at = {i: (v, k) for v, route in enumerate(routes) for k, i in enumerate(route)}
    v, k = at[p]
    for w, m in at.values():
        for a, b in ((k, m), (k - 1, m - 1)):  # the last stops that stay where they are
            out = list(routes)
            if v == w:
                a, b = min(a, b), max(a, b)
                route = routes[v]
                out[v] = route[: a + 1] + route[a + 1 : b + 1][::-1] + route[b + 1 :]
            else:
                out[v] = routes[v][: a + 1] + routes[w][: b + 1][::-1]
                out[w] = routes[v][a + 1 :][::-1] + routes[w][b + 1 :]
                if not out[v] or not out[w]:  # joining is for the exchange of tails
                    continue
            if out != routes:
                yield out


def assert_rows_follow_from_routes(search: Search) -> None:
    model, state, n = search.model, search.state, search.model.n_tasks
    routes = search.routes(current=True)
    told = evaluate(model, routes)
    assert told.violations == ()
    assert search.counters[rows.TOTAL] == told.cost
    assert search.counters[rows.N_USED] == told.n_used
    for v, route in enumerate(routes):
        row = state.vehicles[v]
        assert row[rows.COUNT] == len(route)
        load = model.task_demand[route].sum(axis=0)
        assert (row[rows.LEFT :] == model.vehicle_capacity[v] - load).all()
        stops = [n + 2 * v, *route, n + 2 * v + 1]
        for x, y in pairwise(stops):
            assert state.stops[y, rows.PREV] == x
            assert state.stops[x, rows.COST] == state.stops[y, rows.COST_IN]
            assert state.stops[x, rows.ROUTE] == state.stops[y, rows.ROUTE] == v


@pytest.mark.parametrize("seed", range(12))
def test_best_turn_is_the_cheapest_that_evaluation_allows(seed: int) -> None:
    search = begin(seed, n_iterations=30)
    model, state = search.model, search.state
    assert search.problem.traits[rows.TURNABLE] == 1
    n_turned = 0
    for p in range(model.n_tasks):
        if state.stops[p, rows.ROUTE] == rows.ABSENT:
            continue
        before, stops = search.routes(current=True), state.stops.copy()
        total = int(search.counters[rows.TOTAL])
        # Turns between vehicles that differ in price, place or skills are not looked for.
        kind = np.stack([search.matrices.cost_row, model.vehicle_start, model.vehicle_type])
        told = [
            evaluate(model, plan).cost for plan in turned(before, p)
            if all(
                (kind[:, v] == kind[:, state.stops[p, rows.ROUTE]]).all()
                for v in range(model.n_vehicles) if plan[v] != before[v]
            ) and not evaluate(model, plan).violations
        ]
        found = make_turn(search.problem, search.guide, state, p)
        assert (found >= 0) == bool(told)
        if not told:
            continue
        n_turned += 1
        assert search.counters[rows.TOTAL] == min(told)
        assert_rows_follow_from_routes(search)
        if p % 2:
            take_back(search.problem, state)
            search.counters[rows.TOTAL] = total
            assert (state.stops == stops).all()
            assert search.routes(current=True) == before
            assert_rows_follow_from_routes(search)
    assert n_turned > 3


@pytest.mark.parametrize("seed", range(4))
def test_search_with_turns_carries_consistent_state(seed: int) -> None:
    search = begin(seed)
    for _ in range(5):
        search.step(100)
        assert_rows_follow_from_routes(search)
        assert evaluate(search.model, search.routes()).cost == search.counters[rows.BEST_TOTAL]


def test_a_crossing_is_undone_by_a_turn() -> None:
    builder = ModelBuilder()
    points = np.array([[0, 0], [0, 10], [10, 10], [10, 0]])
    builder.add_matrix(np.abs(points[:, None] - points[None]).sum(axis=2))
    for location in (1, 2, 3):
        builder.add_task(location)
    builder.add_vehicle(0, 0)
    search = Search(builder.build(), SolveParams(time_limit_s=None, max_iterations=1))
    search.load([[1, 0, 2]])
    search.find_neighbours()
    make_turn(search.problem, search.guide, search.state, 1)
    assert search.counters[rows.TOTAL] == 40
    assert search.routes(current=True)[0] in ([0, 1, 2], [2, 1, 0])
