"""Pairs in a model that is plain otherwise: places, what is remembered, undo, routes given."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.jit import compile_lean
from solvers.model import RoutingModel
from solvers.search.kernels import pair_rows as cols
from solvers.search.kernels import rows
from solvers.search.kernels.ejection import eject
from solvers.search.kernels.journal import open_journal, undo
from solvers.search.kernels.pair_insertion import (
    forget_version,
    place_pair_or_task,
    remove_other_ends,
)
from solvers.search.kernels.routes import remove_segment
from solvers.search.pair_layout import is_paired, renew_versions
from solvers.search.run import Search, kind_of
from solvers.solve import SolveParams, solve
from tests.searches import begun
from tests.solvers.test_search_pairs import cheapest_by_hand


@compile_lean
def take_out(problem, state, pairs, i):
    """Remove what task ``i`` belongs to."""
    open_journal(state, None)
    state.counters[rows.N_WORK] = 0
    v = np.int64(state.stops[i, rows.ROUTE])
    remove_segment(problem, state, None, v, i, i)
    forget_version(state, v)
    remove_other_ends(problem, state, pairs)


@compile_lean
def put_back(problem, guide, state, pairs, i, limit):
    open_journal(state, None)
    return place_pair_or_task(problem, guide, state, pairs, i, limit)


@compile_lean
def take_back(problem, state):
    undo(problem, state, None)


def pair_model(seed: int, n_pairs: int = 6, n_vehicles: int = 3) -> RoutingModel:
    """Pairs on a plane, and tasks of their own that load something else, some with two windows."""
    rng = np.random.default_rng(seed)
    builder = ModelBuilder(n_dimensions=3)
    at = rng.integers(0, 60, (2 * n_pairs + 4, 2))
    far = np.linalg.norm(at[:, None] - at[None], axis=2)
    seconds = np.ceil(far).astype(int)  # rounded up, it keeps the triangle inequality
    builder.add_matrix(seconds, seconds * 3)
    for i in range(2 * n_pairs + 3):
        opens = int(rng.integers(0, 250))
        windows = [(opens, opens + int(rng.integers(30, 250)))]
        if seed % 2 and rng.random() < 0.3:
            windows.append((windows[0][1] + 20, windows[0][1] + 60))
        single = i >= 2 * n_pairs
        builder.add_task(
            i + 1, service=int(rng.integers(0, 15)), windows=windows, prize=100_000,
            demand=(0, 0, int(rng.integers(0, 3))) if single else (),
        )
    for m in range(n_pairs):
        load = (int(rng.integers(1, 5)), int(rng.integers(0, 3)), 0)
        builder.add_pair(2 * m, 2 * m + 1, load=load)
    for v in range(n_vehicles):
        builder.add_vehicle(
            0, 0, shift=(0, 600), capacity=(8, 6, 4), fixed_cost=200 * (v // 2 + 1),
            price_per_second=1, price_per_metre=1, service_permille=1000 + 250 * (v // 2),
        )
    return builder.build()


def begin(model: RoutingModel, iterations: int) -> Search:
    search = begun(model, seed=5)
    assert search.has_pairs
    search.state.heat[:] = 200.0, 1.0
    search.step(iterations)
    return search


@pytest.mark.parametrize("seed", range(4))
def test_both_places_are_the_cheapest_there_are(seed: int) -> None:
    """Also right after a search, when most answers are remembered, and when all are forgotten."""
    model = pair_model(seed, n_vehicles=4)
    search = begin(model, 300)
    problem, guide, state, pairs = search.problem, search.guide, search.state, search.pairs
    assert pairs is not None
    counters, n_placed = search.counters, 0
    for i, j in zip(model.pairs.pickup.tolist(), model.pairs.delivery.tolist(), strict=True):
        if state.stops[i, rows.ROUTE] != rows.ABSENT:
            take_out(problem, state, pairs, j)
        routes = search.routes(current=True)
        assert evaluate(model, routes).cost == counters[rows.TOTAL]
        expected = cheapest_by_hand(model, routes, i, j)
        for again in range(2):
            counters[rows.BLINK] = 1 << 40  # overlook nothing
            before = int(counters[rows.TOTAL])
            # A bound that nothing beats leaves a lower bound behind, which must not mislead.
            assert not put_back(problem, guide, state, pairs, i, 0)
            done = put_back(problem, guide, state, pairs, i, 1 << 40)
            assert done == (expected is not None)
            if expected is None:
                break
            found = evaluate(model, search.routes(current=True))
            assert found.violations == ()
            assert found.cost == counters[rows.TOTAL] == expected
            n_placed += 1
            if again == 0:
                take_back(problem, state)
                counters[rows.TOTAL] = before
                if seed % 2:
                    renew_versions(state, pairs)
    assert n_placed > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_run_is_taken_back_bit_for_bit(seed: int) -> None:
    search = begin(pair_model(seed), 20)
    state, pairs = search.state, search.pairs
    assert pairs is not None
    present = np.flatnonzero(state.stops[: search.model.n_tasks, rows.ROUTE] != rows.ABSENT)
    arrays = (state.stops, state.vehicles[:, : rows.VERSION], state.vehicles[:, rows.LEFT :])
    for i in present.tolist():
        before = [a.copy() for a in arrays]
        take_out(search.problem, state, pairs, i)
        assert any((a != b).any() for a, b in zip(arrays, before, strict=True))
        take_back(search.problem, state)
        assert all((a == b).all() for a, b in zip(arrays, before, strict=True))


def least_lost(model: RoutingModel, search: Search, i: int, j: int) -> int | None:
    """Least sum of prizes in one route, of one or two pairs or tasks, that make room.

    Of two, only if it is less than what is to be inserted.
    """
    assert search.pairs is not None
    mate, prize = search.pairs.tasks[:, cols.MATE].tolist(), search.state.prize.tolist()
    leader = search.pairs.tasks[:, cols.LEADER].tolist()
    best = None
    for v, route in enumerate(search.routes(current=True)):
        units = {frozenset({x, mate[x]} - {-1}) for x in route}
        for out in {a | b for a in units for b in units}:
            left = [x for x in route if x not in out]
            alone: list[list[int]] = [[] for _ in range(model.n_vehicles)]
            alone[v] = left
            lost = sum(prize[x] for x in out)
            if len({leader[x] for x in out}) == 2 and lost >= prize[i] + prize[j]:
                continue
            if (best is None or lost < best) and fits_in(model, alone, v, i, j):
                best = lost
    return best


def fits_in(model: RoutingModel, routes: list[list[int]], v: int, i: int, j: int) -> bool:
    for a in range(len(routes[v]) + 1):
        for b in range(a, len(routes[v]) + 1):
            trial = list(routes)
            trial[v] = [*routes[v][:a], i, *routes[v][a:b], j, *routes[v][b:]]
            if not evaluate(model, trial).violations:
                return True
    return False


def eject_all(seed: int, n_vehicles: int) -> int:
    """Eject for each absent pair, compare with all ways there are; return how often one was."""
    model = pair_model(seed, n_pairs=9, n_vehicles=n_vehicles)
    search = begin(model, 50)
    state, pairs, counters = search.state, search.pairs, search.counters
    assert pairs is not None
    n, n_tried = model.n_tasks, 0
    state.prize[:] = np.random.default_rng(seed).integers(1, 100, n)
    absent = state.stops[:n, rows.ROUTE] == rows.ABSENT
    cost = evaluate(model, search.routes(current=True)).cost - model.task_prize[absent].sum()
    counters[rows.TOTAL] = cost + state.prize[absent].sum()
    for i, j in zip(model.pairs.pickup.tolist(), model.pairs.delivery.tolist(), strict=True):
        if state.stops[i, rows.ROUTE] != rows.ABSENT:
            continue
        lost = least_lost(model, search, i, j)
        before = state.prize[state.stops[:n, rows.ROUTE] == rows.ABSENT].sum()
        was = search.routes(current=True)
        assert eject(search.problem, state, pairs, i) == (lost is not None)
        routes = search.routes(current=True)
        absent = state.stops[:n, rows.ROUTE] == rows.ABSENT
        if lost is None:
            assert routes == was
            continue
        n_tried += 1
        assert state.prize[absent].sum() == before + lost - state.prize[i] - state.prize[j]
        found = evaluate(model, routes)
        assert found.violations == ()
        total = found.cost - model.task_prize[absent].sum() + state.prize[absent].sum()
        assert counters[rows.TOTAL] == total
    return n_tried


def test_the_least_valuable_ones_in_the_way_are_ejected() -> None:
    assert sum(eject_all(seed, 2) for seed in (0, 2, 6)) >= 3
    assert sum(eject_all(seed, 1) for seed in (1, 2, 4)) >= 6


@pytest.mark.parametrize("seed", range(3))
def test_plans_are_possible_and_runs_repeat(seed: int) -> None:
    model = pair_model(seed, n_pairs=12, n_vehicles=5)
    first, second = (
        solve(model, SolveParams(time_limit_s=None, max_iterations=2000, seed=seed))
        for _ in range(2)
    )
    routes = [r.tolist() for r in first.routes]
    assert evaluate(model, routes).violations == ()
    assert routes == [r.tolist() for r in second.routes]


@pytest.mark.parametrize("seed", range(4))
def test_numbers_of_routes_name_their_class_and_visits(seed: int) -> None:
    """At any time: vehicle 0 with task 25 is not vehicle 1 with task 24."""
    search = begin(pair_model(seed, n_pairs=12, n_vehicles=5), 1)
    vehicles, named = search.state.vehicles, {}
    for _ in range(500):
        search.step(1)
        routes = search.routes(current=True)
        for v in np.flatnonzero(vehicles[:, rows.VERSION] != cols.UNNUMBERED).tolist():
            content = int(vehicles[v, rows.CLASS]), routes[v]
            assert named.setdefault(int(vehicles[v, rows.VERSION]), content) == content
    assert len(named) > 100


def test_given_routes_are_taken_but_for_pairs_torn_turned_or_too_heavy() -> None:
    builder = ModelBuilder(n_dimensions=1)
    at = np.arange(9) * 10
    builder.add_matrix(abs(at[:, None] - at[None]))
    for location in range(1, 9):
        builder.add_task(location, windows=[(0, 80)])
    for m in range(4):
        builder.add_pair(2 * m, 2 * m + 1, load=(2,))
    builder.add_vehicle(0, 0, capacity=(3,))
    builder.add_vehicle(0, 0, capacity=(3,))
    model = builder.build()
    for given, kept in (
        ([[0, 1, 4, 5], [2, 3]], [[0, 1, 4, 5], [2, 3]]),
        ([[0, 1, 2], [3]], [[0, 1], []]),
        ([[1, 0, 2, 3], []], [[2, 3], []]),
        ([[0, 2, 3, 1], [6, 7]], [[0, 1], [6, 7]]),
        ([[6, 7, 0, 1], []], [[6, 7], []]),  # too late for the others
    ):
        search = Search(model, SolveParams(time_limit_s=None, max_iterations=10))
        search.load(given)
        assert search.routes() == kept


def test_what_else_is_rich_goes_the_general_way() -> None:
    def model(**more: object) -> RoutingModel:
        builder = ModelBuilder(n_dimensions=1)
        builder.add_matrix(np.ones((3, 3), dtype=int))
        builder.add_task(1, demand=(int(bool(more.get("demand"))),))
        builder.add_task(2)
        builder.add_task(1, demand=(int(bool(more.get("demand"))),))
        builder.add_pair(0, 1, load=(1,), ride=9 if more.get("ride") else None)
        if more.get("link"):
            builder.add_link(0, 2, most=50)
        builder.add_vehicle(0, 0, capacity=(2,))
        return builder.build()

    assert is_paired(model())
    for more in ("demand", "ride", "link"):
        assert kind_of(model(**{more: True})) == "rich"
