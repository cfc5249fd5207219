from __future__ import annotations

import threading
import time

import pytest

from solvers import ortools_cpsat
from solvers.builder import ModelBuilder
from solvers.errors import SolverError, Unsupported
from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.ortools_cpsat import prove
from solvers.repair import keep_valid
from solvers.solve import Progress, SolveParams, solve
from tests.rich_models import random_model


def rich(seed: int = 1, n_tasks: int = 20) -> RoutingModel:
    return random_model(seed, ["links", "breaks", "duty", "reloads"], n_tasks, n_vehicles=4)


def test_the_same_seed_and_iterations_give_the_same_routes() -> None:
    params = SolveParams(backend="cpsat", time_limit_s=None, max_iterations=10)
    one, other = (solve(rich(n_tasks=10), params) for _ in range(2))
    assert [r.tolist() for r in one.routes] == [r.tolist() for r in other.routes]
    assert one.status == "iteration_limit"


@pytest.mark.timed
def test_a_time_limit_is_kept_with_the_best_routes_so_far() -> None:
    began = time.perf_counter()
    result = solve(rich(), SolveParams(backend="cpsat", time_limit_s=1.5))
    assert result.status == "time_limit"
    assert time.perf_counter() - began < 10  # half a second more is promised, on a quiet machine
    assert evaluate(rich(), result.routes).violations == ()


def test_should_stop_and_progress_are_called_from_the_callers_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ortools_cpsat, "_START_ITERATIONS", 3)
    threads, costs = set(), []
    answers: list[bool] = []

    def stop() -> bool:
        threads.add(threading.current_thread())
        answers.append(bool(costs))
        return answers[-1]

    def progress(told: Progress) -> None:
        threads.add(threading.current_thread())
        costs.append(told.cost)

    result = solve(rich(), SolveParams(
        backend="cpsat", time_limit_s=600, should_stop=stop, on_progress=progress
    ))
    assert result.status == "cancelled"
    assert answers.count(True) == 1
    assert result.elapsed_s < 300  # of 600
    assert threads == {threading.current_thread()}
    assert costs == sorted(costs, reverse=True)


def test_a_fault_in_a_callback_comes_out_as_it_is() -> None:
    def fail() -> bool:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        solve(rich(), SolveParams(backend="cpsat", time_limit_s=600, should_stop=fail))


def test_the_start_is_never_made_worse_and_nonsense_is_refused() -> None:
    model = rich()
    start = solve(model, SolveParams(
        backend="ortools", time_limit_s=None, max_iterations=20
    )).routes
    result = solve(model, SolveParams(backend="cpsat", time_limit_s=1, initial=start))
    assert evaluate(model, result.routes).cost <= evaluate(model, start).cost
    with pytest.raises(SolverError, match="initial"):
        solve(model, SolveParams(backend="cpsat", time_limit_s=1, initial=[[0], [0], [], []]))


def test_too_many_arcs_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ortools_cpsat, "MAX_ARCS", 10)
    with pytest.raises(Unsupported, match=r"cpsat: \d+ arcs"):
        solve(rich(), SolveParams(backend="cpsat", time_limit_s=1))


def two_windows(soft: bool = False) -> RoutingModel:
    """On duty at 0 for the first windows, though the second ones take five seconds."""
    builder = ModelBuilder()
    builder.add_matrix([[0, 5], [5, 0]])
    builder.add_vehicle(0, 1, price_per_duty_second=1)
    builder.add_task(0, windows=[(0, 10), (100, 110)], soft_late=3 if soft else None)
    builder.add_task(1, windows=[(50, 60), (105, 120)])
    return builder.build()


@pytest.mark.parametrize(("soft", "cost"), [(False, 5 + 40), (True, 5 + 47)])
def test_duty_is_the_evaluations_where_cpsat_would_choose_other_windows(
    soft: bool, cost: int
) -> None:
    proof = prove(two_windows(soft))
    assert proof.optimal
    assert proof.routes == [[0, 1]]
    assert proof.cost == cost


def test_broken_routes_are_repaired_by_leaving_out_few_tasks() -> None:
    builder = ModelBuilder(1)
    builder.add_matrix([[0, 10], [10, 0]])
    kitchen = builder.add_reload(0)
    builder.add_vehicle(0, 0, capacity=(2,), shift=(0, 100), reloads=[kitchen])
    for _ in range(4):
        builder.add_task(1, demand=(1,))
    late = builder.add_task(1, windows=[(0, 5)])
    builder.add_pair(builder.add_task(1), builder.add_task(0))
    model = builder.build()
    assert keep_valid(model, [[0, 1, late, -1, 2, 3]]) == [[0, 1, -1, 2, 3]]
    assert keep_valid(model, [[0, -1, -1, 1, 5, 2, -1]]) == [[0, -1, 1, 2]]
    assert keep_valid(model, [[5, 0, 6]]) == [[5, 0, 6]]
    assert keep_valid(model, [[6, 0, 5]]) == [[0]]
