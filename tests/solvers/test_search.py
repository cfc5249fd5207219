"""The search as its callers see it: limits, statuses, starts and what it promises of a result."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.builder import ModelBuilder
from solvers.errors import Unsupported
from solvers.evaluation import evaluate
from solvers.model import OPEN, UNREACHABLE, RoutingModel
from solvers.search.fleet import reduce_fleet
from solvers.search.kernels import anneal as annealing
from solvers.search.kernels import rows
from solvers.search.run import Search
from solvers.solve import Progress, Result, SolveParams, solve, warm_up
from tests import naive
from tests.builders import rich_model, spread_model, square_model, ticking
from tests.searches import begun


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm_up()


def search(model: RoutingModel, iterations: int = 500, **params: object) -> Result:
    return solve(model, SolveParams(time_limit_s=None, max_iterations=iterations, **params))  # type: ignore[arg-type]


def visits(result: Result) -> list[list[int]]:
    return [r.tolist() for r in result.routes]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 20), st.integers(1, 6), st.integers(0, 2**63 - 1))
def test_result_is_feasible_complete_and_repeatable(
    model_seed: int, n_tasks: int, n_vehicles: int, seed: int
) -> None:
    model = rich_model(model_seed, n_tasks, n_vehicles)
    result = search(model, 200, seed=seed)
    evaluation = evaluate(model, result.routes)
    assert evaluation.violations == ()
    seen = sorted([i for r in result.routes for i in r.tolist()] + result.unassigned.tolist())
    assert seen == list(range(n_tasks))
    assert result.status == "iteration_limit"
    assert result.iterations == 200
    assert visits(search(model, 200, seed=seed)) == visits(result)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_cost_inside_is_the_cost_of_the_evaluation(model_seed: int) -> None:
    model = rich_model(model_seed, 15)
    told: list[Progress] = []
    run = begun(model, 300, on_progress=told.append)
    result = run.result(run.anneal())
    evaluation = evaluate(model, result.routes)
    last = run.progress()
    assert (last.cost, last.n_unassigned, last.n_used) == (
        evaluation.cost, len(evaluation.unassigned), evaluation.n_used,
    )


@pytest.mark.parametrize("seed", range(12))
def test_four_tasks_are_solved_to_the_optimum(seed: int) -> None:
    model = rich_model(seed, n_tasks=4, n_vehicles=2)
    assert evaluate(model, search(model, 3000).routes).cost == naive.optimum(model)


def test_iteration_limit_is_exact_whatever_the_time() -> None:
    model = spread_model(1, 60, 20)
    a = search(model, 3000, seed=5)
    told = [0]

    def slow() -> bool:
        told[0] += 1
        time.sleep(0.002)
        return False

    b = search(model, 3000, seed=5, should_stop=slow)
    assert visits(a) == visits(b)
    assert visits(a) != visits(search(model, 3000, seed=6))


def test_time_limit_is_kept_with_neighbour_lists_of_many_tasks() -> None:
    model = spread_model(2, 1500, 400)
    warm_up()
    # By CPU seconds: another process on the core is no fault of the search.
    result = solve(model, SolveParams(time_limit_s=0.3, clock=time.process_time))
    assert result.elapsed_s < 10 * 0.3
    assert result.status == "time_limit"
    assert evaluate(model, result.routes).violations == ()


@pytest.mark.parametrize("seconds", [1.0, 3.0])
def test_time_is_that_of_the_clock_that_was_given(seconds: float) -> None:
    ticks = itertools.count()
    result = solve(
        spread_model(4, 100, 40),
        SolveParams(time_limit_s=seconds, clock=lambda: next(ticks) / 100),
    )
    assert result.status == "time_limit"
    assert 100 * seconds <= next(ticks) < 100 * seconds + 10
    assert seconds <= result.elapsed_s < seconds + 0.1


def test_cancel_returns_the_incumbent_soon() -> None:
    model = spread_model(3, 200, 60)
    answers: list[bool] = []

    def stop() -> bool:
        answers.append(len(answers) == 40)
        return answers[-1]

    result = solve(model, SolveParams(time_limit_s=30.0, should_stop=stop, clock=ticking()))
    assert result.status == "cancelled"
    assert answers == [False] * 40 + [True]  # and nothing is searched after that
    assert len(result.unassigned) == 0


def test_stall_ends_the_run() -> None:
    result = search(square_model(), 10**7, stall_iterations=1000)
    assert result.status == "stalled"
    assert 1000 <= result.iterations < 10**6


def test_progress_tells_costs_that_only_fall() -> None:
    told: list[Progress] = []
    solve(spread_model(4, 100, 40), SolveParams(
        time_limit_s=0.9, on_progress=told.append, clock=ticking()
    ))
    assert 2 <= len(told) <= 3  # one every quarter of a second
    assert all(0.0 <= p.share_done <= 1.0 for p in told)
    assert all(a.cost >= b.cost for a, b in itertools.pairwise(told))


def test_initial_routes_are_kept_when_nothing_better_is_found() -> None:
    model = square_model(n_vehicles=1)
    best = visits(search(model, 2000))
    assert visits(search(model, 0, initial=best)) == best


def test_infeasible_visits_of_the_initial_routes_are_dropped() -> None:
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix([[0, 10], [10, 0]])
    builder.add_task(1, demand=(1,), windows=[(0, 30)])
    builder.add_task(1, demand=(1,), windows=[(0, 5)])  # cannot be reached in time
    builder.add_task(1, demand=(1,), skills=["nurse"])
    builder.add_vehicle(0, 0, capacity=(2,))
    model = builder.build()
    result = search(model, 10, initial=[[2, 1, 0, 0, 99], [0]])
    assert visits(result) == [[0]]
    assert result.unassigned.tolist() == [1, 2]


def test_no_task_and_no_vehicle_are_complete_at_once() -> None:
    empty = ModelBuilder()
    empty.add_matrix([[0]])
    empty.add_vehicle(0, 0)
    result = search(empty.build())
    assert (result.status, visits(result)) == ("complete", [[]])
    lonely = ModelBuilder()
    lonely.add_matrix([[0]])
    lonely.add_task(0)
    result = search(lonely.build())
    assert (result.status, result.unassigned.tolist()) == ("complete", [0])


@pytest.mark.parametrize("cause", ["skill", "load", "window", "shift", "gap"])
def test_what_no_vehicle_can_do_stays_unassigned(cause: str) -> None:
    builder = ModelBuilder(n_dimensions=1)
    far = UNREACHABLE if cause == "gap" else 10
    builder.add_matrix([[0, far], [far, 0]])
    for _ in range(3):
        builder.add_task(
            1, demand=(9 if cause == "load" else 1,), skills=["x"] if cause == "skill" else (),
            windows=[(0, 9 if cause == "window" else 100)],
        )
    builder.add_vehicle(0, 0, capacity=(8,), shift=(0, 19 if cause == "shift" else 200))
    result = search(builder.build())
    assert visits(result) == [[]]
    assert result.unassigned.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("late", "served"), [(20, True), (19, False)])
def test_shift_end_is_met_to_the_second(late: int, served: bool) -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 6], [9, 0]])
    builder.add_task(1, service=5)
    builder.add_vehicle(0, 0, shift=(0, late))
    assert (len(search(builder.build()).routes[0]) == 1) is served


def test_open_routes_travel_nothing_at_their_open_side() -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 7, 9], [7, 0, 3], [9, 3, 0]])
    builder.add_task(1)
    builder.add_task(2)
    builder.add_vehicle(OPEN, OPEN)
    assert evaluate(builder.build(), search(builder.build()).routes).cost == 3


@pytest.mark.parametrize(("prize", "served"), [(21, True), (19, False)])
def test_optional_task_is_served_when_its_prize_outweighs_the_detour(
    prize: int, served: bool
) -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 10], [10, 0]])
    builder.add_task(1, prize=prize)
    builder.add_vehicle(0, 0)
    assert (len(search(builder.build()).routes[0]) == 1) is served


def test_required_task_outweighs_optional_ones() -> None:
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix([[0, 10], [10, 0]])
    for _ in range(4):
        builder.add_task(1, demand=(1,), prize=10**9)
    builder.add_task(1, demand=(1,))
    builder.add_vehicle(0, 0, capacity=(1,))
    assert visits(search(builder.build())) == [[4]]


def test_second_window_is_used_when_the_first_is_over() -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 10], [10, 0]])
    builder.add_task(1, service=5, windows=[(0, 8), (40, 45)])
    builder.add_vehicle(0, 0, shift=(0, 55))
    model = builder.build()
    result = search(model)
    assert evaluate(model, result.routes).routes[0].start == (40,)


def test_fewest_vehicles_are_used_when_each_is_dear() -> None:
    model = spread_model(7, 40, 30, capacity=20, fixed_cost=10**6)
    least = -(-int(model.task_demand.sum()) // 20)
    assert evaluate(model, search(model, 5000).routes).n_used == least


def test_a_task_that_nobody_can_serve_does_not_stop_the_fleet_from_shrinking() -> None:
    model = spread_model(7, 40, 30, capacity=20, fixed_cost=10**6)
    demand = model.task_demand.copy()
    demand[0] = 21
    model = model._replace(task_demand=demand)
    run = Search(model, SolveParams(time_limit_s=None, max_iterations=20_000))
    run.load([[i] for i in range(1, 21)])  # more routes than are needed
    run.find_neighbours()
    run.construct()
    before = int(run.counters[rows.N_USED])
    reduce_fleet(run, 0.5, dear=10**5)
    assert run.counters[rows.N_ABSENT] == 1
    assert run.counters[rows.N_USED] == -(-int(demand[1:].sum()) // 20) < before


def test_the_temperature_follows_the_limit_that_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Search(spread_model(1, 9, 3), SolveParams(time_limit_s=10.0, max_iterations=1000))
    run.counters[rows.ITERATIONS] = 200
    for elapsed, share in ((1.0, 0.2), (2.9, 0.2), (4.0, 0.4)):
        monkeypatch.setattr(run, "elapsed", lambda elapsed=elapsed: elapsed)
        assert run.share() == pytest.approx(share)


def test_arcs_too_dear_for_the_matrices_are_refused() -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 10**6], [10**6, 0]])
    builder.add_task(1)
    builder.add_vehicle(0, 0, price_per_second=2000)
    with pytest.raises(Unsupported, match="coarser unit"):
        search(builder.build())


def test_runs_without_numba_and_without_a_writable_cache() -> None:
    code = """
from solvers.evaluation import evaluate
from solvers.solve import SolveParams, solve
from tests.builders import rich_model
model = rich_model(1)
result = solve(model, SolveParams(time_limit_s=None, max_iterations=30))
assert not evaluate(model, result.routes).violations
print([r.tolist() for r in result.routes])
"""
    nowhere = os.devnull + "/no"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "CAREROUTE_CACHE_DIR": nowhere}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(visits(search(rich_model(1), 30)))


def two_villages(fixed_cost: int, n_each: int = 30) -> RoutingModel:
    """Two villages with two vehicles each: to serve both with one costs 62 more of travel."""
    at = [0] * n_each + [60] * n_each
    x = [0, 60, *(a + k for k, a in enumerate(at))]
    builder = ModelBuilder()
    builder.add_matrix([[abs(a - b) for b in x] for a in x])
    for i in range(2 * n_each):
        builder.add_task(2 + i)
    for v in range(4):
        builder.add_vehicle(v % 2, v % 2, fixed_cost=fixed_cost)
    return builder.build()


def prepared(model: RoutingModel) -> Search:
    """A search that has one vehicle in each of two villages, about to reduce the fleet."""
    run = Search(model, SolveParams(time_limit_s=None, max_iterations=20_000))
    half = model.n_tasks // 2
    run.load([range(half), range(half, 2 * half)])
    run.find_neighbours()
    run.construct()
    return run


def test_a_smaller_fleet_that_costs_more_does_not_replace_the_incumbent() -> None:
    model = two_villages(fixed_cost=50)
    run = prepared(model)
    before = run.hold()
    reduce_fleet(run, 0.5, dear=0)
    assert sum(map(bool, run.routes(current=True))) == 1
    assert before.n_used == 2
    assert evaluate(model, run.routes()).cost == before.total == run.progress().cost
    run.anneal()
    assert evaluate(model, run.routes()).cost == run.progress().cost <= before.total


def test_vehicles_that_are_not_dear_are_not_saved_at_any_price() -> None:
    run = prepared(two_villages(fixed_cost=50))
    before = run.routes(current=True)
    reduce_fleet(run, 0.5, dear=50)
    assert run.routes(current=True) == before


def test_progress_tells_of_the_incumbent_while_the_fleet_is_reduced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("solvers.search.limits._PROGRESS_S", 0.0)
    told: list[Progress] = []
    model = spread_model(3, 60, 30, fixed_cost=10**6)
    result = search(model, 20_000, on_progress=told.append)
    costs = [p.cost for p in told if p.n_unassigned == 0]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] >= evaluate(model, result.routes).cost
    # Once everybody is served nobody is left out again.
    first = next(k for k, p in enumerate(told) if p.n_unassigned == 0)
    assert all(p.n_unassigned == 0 for p in told[first:])


@pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="Python is slow and shares anyway")
def test_other_threads_run_while_a_kernel_does() -> None:
    run = begun(spread_model(1, 100, 20), 1)
    ticks = 0
    is_over = threading.Event()

    def ticks_meanwhile() -> int:
        before = ticks
        annealing.anneal(run.problem, run.guide, run.state, None, 20_000, 0)
        return ticks - before

    def tick() -> None:
        nonlocal ticks
        while not is_over.wait(0.001):
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    # On a busy machine the other thread may get no core for a while.
    shared = any(ticks_meanwhile() > 3 for _ in range(50))
    is_over.set()
    thread.join()
    assert shared


def test_prizes_dearer_than_any_arc_are_no_reason_to_stand_beside_an_absent_task() -> None:
    model = spread_model(1, 60, 30)
    model = model._replace(task_prize=np.full(60, 1 << 50, dtype=np.int64))
    result = search(model, 100)
    assert len(result.unassigned) == 0
    assert evaluate(model, result.routes).violations == ()
