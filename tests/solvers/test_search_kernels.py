"""Each kernel against its slow twin, on random models with every feature."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core import config

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.jit import compile_lean
from solvers.model import TIME_MAX, UNREACHABLE, RoutingModel, service_time
from solvers.search.kernels import jit, rows
from solvers.search.kernels.anneal import anneal
from solvers.search.kernels.insertion import find_position
from solvers.search.kernels.journal import open_journal
from solvers.search.kernels.neighbours import is_symmetric, transpose_blocks
from solvers.search.kernels.pipeline import PARTS
from solvers.search.kernels.routes import insert_task, remove_segment
from solvers.search.kernels.tails import find_exchange, swap_tails
from solvers.search.layout import build_matrices
from solvers.search.run import Search
from solvers.solve import SolveParams
from tests import naive
from tests.builders import duty_model, rich_model, spread_model
from tests.searches import begun

SEEDS = range(25)
Make = Callable[..., RoutingModel]


def limited_model(seed: int, **sizes: int) -> RoutingModel:
    """Duty with a limit, but no price."""
    return duty_model(seed, is_priced=False, **sizes)


# The parts of the kernels have no wrapper for Python: these give them one.
@compile_lean
def find(problem, guide, state, i):
    return find_position(problem, guide, state, i, np.int64(1 << 60))


@compile_lean
def insert(problem, state, i, p, v):
    open_journal(state, None)
    insert_task(problem, state, None, i, p, v)


@compile_lean
def remove(problem, state, v, first, last):
    open_journal(state, None)
    state.counters[rows.N_WORK] = 0
    remove_segment(problem, state, None, v, first, last)


@compile_lean
def exchange(problem, guide, state, p):
    open_journal(state, None)
    y, w = find_exchange(problem, guide, state, p, np.int64(1 << 60))
    if y >= 0:
        swap_tails(problem, state, p, np.int64(state.stops[p, rows.ROUTE]), y, w)
    return y


def begin(model: RoutingModel, iterations: int = 0, seed: int = 3) -> Search:
    search = begun(model, seed=seed)
    search.state.heat[:] = 30.0, 1.0
    anneal(search.problem, search.guide, search.state, None, iterations, 0)
    return search


def assert_state_is_consistent(search: Search) -> None:
    """Everything that is carried along equals what follows from the routes alone."""
    model, state, c = search.model, search.state, search.counters
    n = model.n_tasks
    routes = search.routes(current=True)
    evaluation = evaluate(model, routes)
    assert evaluation.violations == ()
    assert c[rows.TOTAL] == evaluation.cost
    absent = state.lists[: c[rows.N_ABSENT], rows.ABSENT_LIST]
    assert sorted(absent) == list(evaluation.unassigned)
    assert (state.stops[absent][:, [rows.COST, rows.COST_IN]] == -rows.NO_WAY).all()
    assert (state.stop_marks[absent, rows.ABSENT_PLACE] == np.arange(len(absent))).all()
    assert c[rows.N_USED] == evaluation.n_used
    for v, route in enumerate(routes):
        timetable = evaluation.routes[v]
        row = state.vehicles[v]
        assert row[rows.COUNT] == len(route)
        load = model.task_demand[route].sum(axis=0)
        assert (row[rows.LEFT :] == model.vehicle_capacity[v] - load).all()
        assert state.stops[n + 2 * v, rows.DEPART] == model.vehicle_early[v]
        for k, i in enumerate(route):
            stop = state.stops[i]
            assert stop[rows.ROUTE] == v
            assert stop[rows.PREV] == (route[k - 1] if k else n + 2 * v)
            assert stop[rows.DEPART] == timetable.departure[k]
            assert stop[rows.COST_IN] == state.stops[stop[rows.PREV], rows.COST]
            assert stop[rows.LATEST] == naive.latest_arrival(model, v, route[k:])
        assert len(route) == 0 or state.stops[n + 2 * v + 1, rows.PREV] == route[-1]
        if state.duties is not None:
            service = service_time(model.task_service[route], model.vehicle_permille[v]).sum()
            stops_of = [n + 2 * v, *route] if route else []
            assert row[rows.BUSY_TIME] == service + state.stops[stops_of, rows.TIME].sum()
    for number, (begins, n_empty) in enumerate(state.classes):
        empty = state.vehicle_marks[begins : begins + n_empty, rows.EMPTY_LIST]
        members = np.flatnonzero(model.vehicle_class == number)
        assert sorted(empty) == [v for v in members if not routes[v]]
        assert (state.vehicle_marks[empty, rows.EMPTY_PLACE] == begins + np.arange(n_empty)).all()


@pytest.mark.parametrize("make", [rich_model, duty_model])
@pytest.mark.parametrize("seed", SEEDS)
def test_construction_and_search_carry_consistent_state(seed: int, make: Make) -> None:
    search = begin(make(seed))
    assert_state_is_consistent(search)
    for _ in range(5):
        anneal(search.problem, search.guide, search.state, None, 40, 0)
        assert_state_is_consistent(search)


@pytest.mark.parametrize("make", [rich_model, limited_model])
@pytest.mark.parametrize("seed", SEEDS)
def test_position_is_the_cheapest_that_evaluation_allows(seed: int, make: Make) -> None:
    search = begin(make(seed, n_tasks=9), iterations=20)
    model, state = search.model, search.state
    n = model.n_tasks
    for i in range(n):
        if state.stops[i, rows.ROUTE] != rows.ABSENT:
            remove(search.problem, state, int(state.stops[i, rows.ROUTE]), i, i)
        state.counters[rows.BLINK] = 1 << 40
        routes = search.routes(current=True)
        before = evaluate(model, routes).cost
        expected = naive.best_insertion(model, routes, i)
        p, v = find(search.problem, search.guide, state, i)
        if expected is None or expected >= model.task_prize[i]:
            assert p == -1
            continue
        assert p >= 0
        insert(search.problem, state, i, p, v)
        assert_state_is_consistent(search)
        after = evaluate(model, search.routes(current=True)).cost
        assert after - before + int(model.task_prize[i]) == expected


@pytest.mark.parametrize("make", [rich_model, limited_model])
def test_exchange_of_tails_is_the_cheapest_among_vehicles_with_one_end(make: Make) -> None:
    n_made = 0
    for seed in SEEDS:
        search = begin(make(seed, n_tasks=12, n_vehicles=6), iterations=20)
        model, state = search.model, search.state
        for p in range(model.n_tasks):
            v = int(state.stops[p, rows.ROUTE])
            if v == rows.ABSENT:
                continue
            routes = search.routes(current=True)
            k = routes[v].index(p) + 1
            best = None
            for w in range(model.n_vehicles):
                same = (state.vehicles[w] == state.vehicles[v])[
                    [rows.COST_ROW, rows.TIME_ROW, rows.PERMILLE]
                ].all() and model.vehicle_late[v] == model.vehicle_late[w]
                if w == v or not same or model.vehicle_end[v] != model.vehicle_end[w]:
                    continue
                for j in range(len(routes[w])):
                    swapped = routes.copy()
                    swapped[v] = routes[v][:k] + routes[w][j:]
                    swapped[w] = routes[w][:j] + routes[v][k:]
                    evaluation = evaluate(model, swapped)
                    if not evaluation.violations:
                        best = min(evaluation.cost, best or evaluation.cost)
            exchange(search.problem, search.guide, state, p)
            assert_state_is_consistent(search)
            if best is not None:
                n_made += 1
                assert search.counters[rows.TOTAL] <= best
    assert n_made > 20


def test_priced_duty_counts_for_where_a_task_goes_and_for_exchanges() -> None:
    n_best = n_all = n_made = 0
    for seed in SEEDS:
        search = begin(duty_model(seed, n_tasks=9), iterations=20)
        model, state = search.model, search.state
        for i in range(model.n_tasks):
            if state.stops[i, rows.ROUTE] != rows.ABSENT:
                remove(search.problem, state, int(state.stops[i, rows.ROUTE]), i, i)
            state.counters[rows.BLINK] = 1 << 40
            routes = search.routes(current=True)
            expected = naive.best_insertion(model, routes, i)
            before = evaluate(model, routes).cost
            p, v = find(search.problem, search.guide, state, i)
            if p >= 0:
                insert(search.problem, state, i, p, v)
                assert_state_is_consistent(search)
                after = evaluate(model, search.routes(current=True)).cost
                assert after < before
                n_all += 1
                # Where a detour shortens the duty, a better place may be overlooked.
                n_best += after - before + int(model.task_prize[i]) == expected
        for p in range(model.n_tasks):
            if state.stops[p, rows.ROUTE] != rows.ABSENT:
                n_made += exchange(search.problem, search.guide, state, p) >= 0
                assert_state_is_consistent(search)
    assert n_best > 0.9 * n_all > 90
    assert n_made > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_routes_given_to_a_model_with_duties_keep_what_is_possible(seed: int) -> None:
    model = duty_model(seed, n_tasks=12)
    order = np.random.default_rng(seed).permutation(12).tolist()
    search = Search(model, SolveParams(time_limit_s=None, max_iterations=1))
    search.load([order[:4], order[4:8], order[8:]])
    assert_state_is_consistent(search)
    good = search.routes()
    search.restart(good)
    assert search.routes() == good


@pytest.mark.parametrize(
    ("fixed_cost", "before", "after"), [(0, [[0, 1, 2, 3], []], [[0, 1], [2, 3]]),
                                        (20, [[0, 1], [2, 3]], [[0, 1, 2, 3], []])]
)
def test_a_route_is_split_or_joined_where_no_single_task_gains_by_it(
    fixed_cost: int, before: list[list[int]], after: list[list[int]]
) -> None:
    # Two towns of two tasks, 10 from the depot and 30 apart: the way between them is 10 longer.
    builder = ModelBuilder()
    builder.add_matrix([[0, 10, 10, 10, 10], [10, 0, 1, 30, 30], [10, 1, 0, 30, 30],
                        [10, 30, 30, 0, 1], [10, 30, 30, 1, 0]])
    for location in (1, 2, 3, 4):
        builder.add_task(location)
    for _ in range(2):
        builder.add_vehicle(0, 0, fixed_cost=fixed_cost)
    search = Search(builder.build(), SolveParams(time_limit_s=None, max_iterations=1))
    search.load(before)
    search.find_neighbours()
    exchange(search.problem, search.guide, search.state, 1)
    assert search.routes(current=True) == after
    assert search.counters[rows.TOTAL] == evaluate(search.model, after).cost


def scarce_model(seed: int, n_tasks: int = 40, n_vehicles: int = 4) -> RoutingModel:
    """No task pays a vehicle for itself alone."""
    model = spread_model(seed, n_tasks=n_tasks, n_vehicles=n_vehicles)
    alone = model.seconds[0, 0, model.task_location] + model.seconds[0, model.task_location, 0]
    return model._replace(
        task_prize=(alone * 2 // 5).astype(np.int64),
        vehicle_late=np.full_like(model.vehicle_late, 6000),  # so that times matter
    )


def test_vehicle_that_pays_only_for_its_whole_route_is_opened_and_closed() -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 100, 100, 100], [100, 0, 1, 1], [100, 1, 0, 1], [100, 1, 1, 0]])
    for location in (1, 2, 3):
        builder.add_task(location, prize=90)
    builder.add_vehicle(0, 0)
    model = builder.build()
    for prize, n_used in ((90, 1), (60, 0)):
        model.task_prize[:] = prize
        for start in ([[]], [[0, 1, 2]]):
            search = Search(model, SolveParams(time_limit_s=None, max_iterations=1000))
            assert search.problem.traits[rows.SCARCE] == 1
            search.load(start)
            search.find_neighbours()
            search.state.heat[:] = 1.0, 1.0
            anneal(search.problem, search.guide, search.state, None, 200, 0)
            assert sum(map(bool, search.routes())) == n_used


@pytest.mark.parametrize("seed", range(6))
def test_scarce_prizes_leave_consistent_state_and_rejected_openings_no_trace(seed: int) -> None:
    search = begin(scarce_model(seed), iterations=300)
    assert search.problem.traits[rows.SCARCE] == 1
    assert_state_is_consistent(search)
    state = search.state
    before, total = state.stops.copy(), int(search.counters[rows.TOTAL])
    state.heat[rows.TEMPERATURE] = -1e30
    anneal(search.problem, search.guide, state, None, 200, 0)
    assert (state.stops == before).all()
    assert search.counters[rows.TOTAL] == total
    assert_state_is_consistent(search)


@pytest.mark.parametrize("make", [rich_model, duty_model])
@pytest.mark.parametrize("seed", SEEDS)
def test_removed_segment_leaves_a_possible_route_and_is_listed_as_work(
    seed: int, make: Make
) -> None:
    search = begin(make(seed, n_tasks=10, n_vehicles=3), iterations=20)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        routes = [r for r in search.routes(current=True) if r]
        if not routes:
            break
        route = routes[rng.integers(len(routes))]
        a, b = sorted(rng.integers(len(route), size=2))
        v = int(search.state.stops[route[a], rows.ROUTE])
        remove(search.problem, search.state, v, route[a], route[b])
        work = search.state.lists[: search.counters[rows.N_WORK], rows.WORK]
        left = search.routes(current=True)[v]
        assert set(route[a : b + 1]) <= set(work)
        assert sorted([*work, *left]) == sorted(route)
        assert_state_is_consistent(search)


@pytest.mark.parametrize("make", [rich_model, duty_model])
@pytest.mark.parametrize("seed", SEEDS)
def test_rejected_iteration_puts_every_row_back(seed: int, make: Make) -> None:
    search = begin(make(seed, n_tasks=12), iterations=50)
    state = search.state
    before = state.stops.copy(), state.vehicles.copy(), state.stop_marks[:, rows.BEST_NEXT].copy()
    total = int(search.counters[rows.TOTAL])
    state.heat[rows.TEMPERATURE] = -1e30  # below any improvement: nothing is accepted
    anneal(search.problem, search.guide, state, None, 100, 0)
    assert (state.stops == before[0]).all()
    assert (state.vehicles == before[1]).all()
    assert (state.stop_marks[:, rows.BEST_NEXT] == before[2]).all()
    assert search.counters[rows.TOTAL] == total
    assert_state_is_consistent(search)


@pytest.mark.parametrize("seed", SEEDS)
def test_neighbours_are_the_nearest_by_proximity(seed: int) -> None:
    model = rich_model(seed, n_tasks=9)
    search = begin(model)
    n = model.n_tasks
    arcs = np.stack([search.matrices.cost_row, search.matrices.time_row], axis=1)
    values, counts = np.unique(arcs, axis=0, return_counts=True)
    v = int(np.flatnonzero((arcs == values[counts.argmax()]).all(axis=1))[0])
    profile = int(model.vehicle_profile[v])
    prices = int(model.vehicle_price_second[v]), int(model.vehicle_price_metre[v])
    price = search.price_of_time(int(arcs[v, 0]), int(arcs[v, 1]))
    for i in range(n):
        key = [naive.proximity(model, i, j, profile, *prices, price) for j in range(n)]
        wanted = [
            j for j in range(n)
            if j != i and np.isfinite(key[j])
            and (model.compatible[model.task_type[i]] & model.compatible[model.task_type[j]]).any()
        ]
        found = [int(j) for j in search.guide.near[i] if j >= 0]
        assert sorted(found) == wanted
        assert np.allclose([key[j] for j in found], sorted(key[j] for j in wanted))


def test_long_neighbour_lists_keep_the_nearest_only() -> None:
    model = spread_model(1, n_tasks=150, n_vehicles=30)
    search = begin(model)
    for i in range(model.n_tasks):
        cost = model.seconds[0, i + 1, 1:].astype(float)
        cost[i] = np.inf
        for row in (search.guide.near[i], search.guide.around[i]):
            assert len(set(row)) == len(row)
            assert (np.sort(cost)[: len(row)] == cost[row]).all()


def test_least_arcs_of_neighbours_are_over_vehicles_and_directions() -> None:
    search = begin(rich_model(2, n_tasks=9))
    problem, guide = search.problem, search.guide
    size = problem.cost_to.shape[1]
    blocks = problem.cost_to.reshape(-1, size, size)
    both = np.minimum(blocks, blocks.transpose(0, 2, 1)).min(axis=0)
    assert len(blocks) > 1
    for i, row in enumerate(guide.near):
        known = row[row >= 0]
        assert guide.n_near[i] == len(known)
        wanted = both[problem.places[i], problem.places[known]]
        assert (guide.near_cost[i, : len(known)] == wanted).all()


def test_detours_cost_twice_where_they_never_pay() -> None:
    assert begin(spread_model(1, n_tasks=60, n_vehicles=10)).problem.traits[rows.DETOUR] == 2
    assert begin(rich_model(1, n_tasks=14)).problem.traits[rows.DETOUR] == 1


def test_times_that_never_bind_are_left_alone_without_changing_the_search() -> None:
    model = spread_model(2, n_tasks=40, n_vehicles=8)
    windows = np.zeros_like(model.window_early), np.full_like(model.window_late, TIME_MAX)
    late = np.full_like(model.vehicle_late, TIME_MAX)
    model = model._replace(window_early=windows[0], window_late=windows[1], vehicle_late=late)
    found = []
    for timed in (0, 1):
        search = begin(model)
        assert search.problem.traits[rows.TIMED] == 0
        search.problem.traits[rows.TIMED] = timed
        search.problem.traits[rows.TURNABLE] = 0  # turns carry no times
        search.restart([])
        search.construct()
        search.state.heat[:] = 30.0, 1.0
        anneal(search.problem, search.guide, search.state, None, 2000, 0)
        found.append(search.routes(current=True))
    assert found[0] == found[1]
    late[:] = 100
    assert begin(model).problem.traits[rows.TIMED] == 1


def test_transpose_and_symmetry_work_block_by_block() -> None:
    rng = np.random.default_rng(0)
    size = 45
    blocks = rng.integers(0, 9, (3, size, size)).astype(np.int32)
    stacked, out = blocks.reshape(3 * size, size), np.empty((3 * size, size), dtype=np.int32)
    transpose_blocks(stacked, out)
    assert (out.reshape(3, size, size) == blocks.transpose(0, 2, 1)).all()
    assert not is_symmetric(stacked)
    even = np.ascontiguousarray((blocks + blocks.transpose(0, 2, 1)).reshape(3 * size, size))
    assert is_symmetric(even)
    even[2 * size + 44, 3] += 1
    assert not is_symmetric(even)


def test_gaps_in_the_matrix_are_later_than_any_window() -> None:
    model = rich_model(0)
    assert (model.seconds >= UNREACHABLE).any()
    matrices = begin(model).matrices
    assert matrices.time_to.max() == matrices.cost_to.max() == rows.NO_WAY > TIME_MAX
    assert not ((matrices.time_to >= UNREACHABLE) & (matrices.time_to < rows.NO_WAY)).any()


@pytest.mark.long  # two minutes of compilation; make bounds runs it
def test_kernels_stay_within_bounds_and_count_no_references() -> None:
    code = """
from solvers.evaluation import evaluate
from solvers.search.kernels.anneal import anneal
from solvers.solve import SolveParams, solve
from tests.builders import duty_model, rich_model, spread_model
for seed in range(9):
    model = [rich_model, duty_model][seed % 2](seed, n_tasks=14)
    if seed > 6:
        model = spread_model(seed, n_tasks=30, n_vehicles=4)
        model.task_prize[:] = model.seconds[0, 0, 1:]
    params = SolveParams(time_limit_s=None, max_iterations=400, initial=[[0, 1, 2]])
    assert not evaluate(model, solve(model, params).routes).violations
model = spread_model(1, n_tasks=40, n_vehicles=8)
assert not evaluate(model, solve(model, params).routes).violations
assert all("NRT_incref" not in text for text in anneal.inspect_asm().values())
assert len(anneal.signatures) == 2
"""
    nowhere = os.devnull + "/no"
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "CAREROUTE_CACHE_DIR": nowhere}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr


def test_arcs_are_priced_by_the_second_and_the_metre() -> None:
    model = rich_model(4, n_tasks=12)
    matrices = build_matrices(model)
    at = np.unique(model.task_location)
    place = matrices.place[at]
    for v in range(model.n_vehicles):
        profile = model.vehicle_profile[v]
        part = np.ix_(at, at)
        seconds = model.seconds[profile][part].astype(np.int64)
        metres = model.metres[profile][part].astype(np.int64)
        wanted = seconds * model.vehicle_price_second[v] + metres * model.vehicle_price_metre[v]
        wanted[seconds >= UNREACHABLE] = rows.NO_WAY
        found = matrices.cost_to[np.ix_(matrices.cost_row[v] + place, place)]
        assert (found == wanted).all()


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")
def test_parts_that_are_only_linked_compute_what_whole_ones_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compiled(options: dict[str, object]) -> Callable[[np.ndarray, int], int]:
        monkeypatch.setattr(jit, "PARTS", options)

        @jit.inlined
        def weigh(values, i):  # type: ignore[no-untyped-def]
            return np.int64(values[i]) * (i + 1)

        @jit.part
        def add(values, first):  # type: ignore[no-untyped-def]
            total = np.int64(0)
            for i in range(first, len(values)):
                total += weigh(values, i)
            return total

        @numba.njit
        def both(values, first):  # type: ignore[no-untyped-def]
            return add(values, first) - weigh(values, first)

        return both  # type: ignore[no-any-return]

    assert config.BOUNDSCHECK or PARTS, "try the pipeline with this numba and add it to TRIED"
    values = np.array([3, 1, 4, 1, 5], dtype=np.int32)
    linked, whole = compiled(PARTS), compiled({})
    assert [linked(values, k) for k in range(5)] == [whole(values, k) for k in range(5)]
    assert linked(values, 1) == 3 * 4 + 4 * 1 + 5 * 5
