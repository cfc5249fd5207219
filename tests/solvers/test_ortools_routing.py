"""The OR-Tools backend: each feature alone on a tiny model, against the optimum by enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from solvers import ortools_encoding, ortools_monitor, ortools_routing
from solvers.builder import ModelBuilder
from solvers.errors import SolverError, Unsupported
from solvers.evaluation import evaluate
from solvers.model import OPEN, UNREACHABLE, RoutingModel
from solvers.ortools_common import compressed_prizes
from solvers.solve import Progress, Result, SolveParams, solve

# On a line: location k lies k * 10 seconds from location 0.
LINE = np.abs(np.subtract.outer(np.arange(8), np.arange(8))) * 10


#: Solutions that nobody waits for.
MANY = 100_000


def run(model: RoutingModel, **params: object) -> Result:
    params = {"max_iterations": 200, "time_limit_s": None, "backend": "ortools", **params}
    return solve(model, SolveParams(**params))  # type: ignore[arg-type]


def every_solution(n_tasks: int, n_vehicles: int):
    """All ways to leave out, assign and order tasks; for a handful of tasks."""
    for assigned in itertools.product(range(-1, n_vehicles), repeat=n_tasks):
        groups = [[i for i in range(n_tasks) if assigned[i] == v] for v in range(n_vehicles)]
        yield from itertools.product(*(itertools.permutations(group) for group in groups))


def optimum(model: RoutingModel) -> int:
    figures = (evaluate(model, s) for s in every_solution(model.n_tasks, model.n_vehicles))
    return min(f.cost for f in figures if not f.violations)


def assert_optimal(model: RoutingModel, **params: object) -> Result:
    result = run(model, **params)
    figures = evaluate(model, result.routes)
    assert figures.violations == ()
    assert figures.unassigned == tuple(result.unassigned)
    assert figures.cost == optimum(model)
    return result


def line(n_vehicles: int = 1, **vehicle: object) -> ModelBuilder:
    builder = ModelBuilder()
    builder.add_matrix(LINE)
    for _ in range(n_vehicles):
        builder.add_vehicle(0, 0, **vehicle)  # type: ignore[arg-type]
    return builder


def test_one_vehicle_visits_a_line_and_comes_back() -> None:
    builder = line()
    for location in (3, 1, 4, 2):
        builder.add_task(location)
    result = assert_optimal(builder.build())
    assert evaluate(builder.build(), result.routes).cost == 80


def test_a_task_no_vehicle_may_serve_is_left_out() -> None:
    builder = line(skills={"lift"})
    builder.add_task(1, skills={"lift"})
    builder.add_task(2, skills={"dialysis"})
    assert list(assert_optimal(builder.build()).unassigned) == [1]


def test_skills_refused_and_allowed_vehicles_decide_who_goes() -> None:
    builder = ModelBuilder()
    builder.add_matrix(LINE)
    builder.add_vehicle(0, 0, skills={"a"}, fixed_cost=5)
    builder.add_vehicle(7, 7, skills={"a", "b"})
    builder.add_vehicle(3, 3)
    builder.add_task(1, skills={"b"})  # far from the only one who can
    builder.add_task(6, refused={1})
    builder.add_task(2, allowed={2})
    builder.add_task(5, skills={"a"}, refused={1})
    routes = assert_optimal(builder.build()).routes
    assert list(routes[1]) == [0]
    assert 3 in routes[0]
    assert 2 in routes[2]


def test_the_second_window_is_used_and_the_gap_between_two_is_not() -> None:
    builder = line(shift=(0, 200))
    builder.add_task(3, windows=[(0, 10), (50, 60)])  # reached at 30, in the gap
    builder.add_task(1, windows=[(0, 5), (20, 25), (90, 100)])
    model = builder.build()
    result = assert_optimal(model)
    assert evaluate(model, result.routes).routes[0].start in ((50, 90), (20, 50))


@pytest.mark.parametrize(("close", "served"), [(10, 1), (9, 0)])
def test_the_last_second_of_a_window_counts(close: int, served: int) -> None:
    builder = line()
    builder.add_task(1, windows=[(0, close)], prize=1000)
    assert 1 - len(assert_optimal(builder.build()).unassigned) == served


@pytest.mark.parametrize(("late", "served"), [(27, 1), (26, 0)])
def test_a_shift_includes_the_way_back(late: int, served: int) -> None:
    builder = line(shift=(0, late))
    builder.add_task(1, service=7, prize=1000)
    assert 1 - len(assert_optimal(builder.build()).unassigned) == served


def test_a_shift_begins_no_earlier_than_it_says() -> None:
    builder = ModelBuilder()
    builder.add_matrix(LINE)
    builder.add_vehicle(0, 0, shift=(50, 500), fixed_cost=1)
    builder.add_vehicle(0, 0, shift=(0, 500), fixed_cost=90)
    builder.add_task(1, windows=[(0, 40)], prize=1000)
    builder.add_task(2, windows=[(60, 80)], prize=1000)
    assert_optimal(builder.build())


def test_every_load_dimension_holds() -> None:
    builder = ModelBuilder(2)
    builder.add_matrix(LINE)
    builder.add_vehicle(0, 0, capacity=(3, 10))
    builder.add_vehicle(0, 0, capacity=(10, 2), fixed_cost=15)
    for location, demand in ((1, (2, 1)), (2, (2, 1)), (3, (1, 1)), (4, (1, 0))):
        builder.add_task(location, demand=demand, prize=500)
    assert_optimal(builder.build())


def test_vehicles_differ_in_ends_prices_and_profile() -> None:
    builder = ModelBuilder()
    car = builder.add_matrix(LINE, LINE * 3)
    bike = builder.add_matrix(LINE * 2, LINE * 2)
    builder.add_vehicle(0, 7, profile=car, fixed_cost=40, price_per_second=2, price_per_metre=1)
    builder.add_vehicle(5, 5, profile=bike, price_per_second=1, price_per_metre=2)
    builder.add_vehicle(2, 0, profile=bike, fixed_cost=3)
    for location in (1, 4, 6, 3):
        builder.add_task(location, service=20)
    assert_optimal(builder.build())


@pytest.mark.parametrize(("start", "end"), [(OPEN, 0), (0, OPEN), (OPEN, OPEN)])
def test_an_open_side_costs_and_takes_nothing(start: int, end: int) -> None:
    builder = ModelBuilder()
    builder.add_matrix(LINE)
    builder.add_vehicle(start, end, shift=(0, 75))
    for location in (2, 5, 6):
        builder.add_task(location, service=5, prize=400)
    assert_optimal(builder.build())


@pytest.mark.parametrize("permille", [1000, 1500, 501])
def test_the_service_time_factor_belongs_to_the_vehicle(permille: int) -> None:
    builder = ModelBuilder()
    builder.add_matrix(LINE)
    builder.add_vehicle(0, 0, shift=(0, 80), service_permille=permille)
    builder.add_vehicle(0, 0, shift=(0, 80), fixed_cost=30)
    for location in (1, 2):
        builder.add_task(location, service=21, prize=300)
    assert_optimal(builder.build())


@pytest.mark.parametrize(("prize", "served"), [(21, 1), (19, 0)])
def test_a_prize_is_weighed_against_the_detour(prize: int, served: int) -> None:
    builder = line()
    builder.add_task(1, prize=prize)
    assert 1 - len(assert_optimal(builder.build()).unassigned) == served


def test_the_more_important_tier_is_served_when_one_must_be_left_out() -> None:
    builder = line(shift=(0, 30))
    builder.add_task(1, service=10, tier=1)
    builder.add_task(1, service=10, tier=0)
    builder.add_task(1, service=10, prize=100_000)
    assert list(assert_optimal(builder.build()).unassigned) == [0, 2]


def test_tiers_keep_their_order_when_prizes_are_too_large_for_a_float() -> None:
    builder = ModelBuilder(1)
    builder.add_matrix(np.full((2, 2), 900_000) - np.eye(2, dtype=int) * 900_000)
    builder.add_vehicle(0, 0, capacity=(2,), price_per_second=1000)
    for tier in (5, 0, 3, 1, 4, 2, 6, 9, 7, 8):
        builder.add_task(1, demand=(1,), tier=tier)
    model = builder.build()
    assert int(model.task_prize.max()) > 1 << 52
    assert list(run(model).routes[0]) in ([1, 3], [3, 1])
    penalties = compressed_prizes(model).task_prize
    assert int(penalties.sum()) <= 1 << 52
    assert list(np.argsort(penalties)) == list(np.argsort(model.task_prize))


def test_a_way_that_does_not_exist_is_never_taken() -> None:
    matrix = LINE.copy()
    matrix[0, 2] = matrix[2, 0] = UNREACHABLE
    matrix[1, 3] = UNREACHABLE
    builder = ModelBuilder()
    builder.add_matrix(matrix)
    builder.add_vehicle(0, 0)
    for location in (2, 1, 3):
        builder.add_task(location)
    assert_optimal(builder.build())


def test_an_unused_vehicle_may_stand_where_there_is_no_way_home() -> None:
    matrix = LINE.copy()
    matrix[7, 0] = UNREACHABLE
    builder = ModelBuilder()
    builder.add_matrix(matrix)
    builder.add_vehicle(7, 0, shift=(0, 1))
    builder.add_vehicle(0, 0)
    builder.add_task(3)
    assert list(assert_optimal(builder.build()).routes[1]) == [0]


def test_random_rich_models_are_solved_to_the_optimum() -> None:
    for seed in range(6):
        model = random_model(seed)
        assert_optimal(model, max_iterations=1500)


def random_model(seed: int) -> RoutingModel:
    rng = np.random.default_rng(seed)
    builder = ModelBuilder(1)
    for _ in range(2):
        builder.add_matrix(rng.integers(5, 60, (6, 6)), rng.integers(5, 60, (6, 6)))
    for _ in range(2):
        builder.add_vehicle(
            int(rng.integers(-1, 6)), int(rng.integers(-1, 6)),
            shift=(0, int(rng.integers(90, 250))),
            capacity=(int(rng.integers(3, 8)),), skills=set(rng.integers(0, 3, 2).tolist()),
            profile=int(rng.integers(2)), fixed_cost=int(rng.integers(0, 80)),
            price_per_metre=int(rng.integers(0, 2)), service_permille=int(rng.integers(800, 1300)),
        )
    for k in range(4):
        early = int(rng.integers(0, 120))
        builder.add_task(
            int(rng.integers(0, 6)), service=int(rng.integers(0, 30)),
            windows=[(early, early + 30), (early + 70, early + 120)],
            demand=(int(rng.integers(0, 4)),), skills=set(rng.integers(0, 3, k % 2).tolist()),
            prize=None if k % 3 == 0 else int(rng.integers(20, 300)), tier=k,
        )
    return builder.build()


@pytest.mark.parametrize(("n_tasks", "n_vehicles"), [(0, 0), (0, 2), (3, 0)])
def test_a_model_without_tasks_or_vehicles_is_complete_at_once(
    n_tasks: int, n_vehicles: int
) -> None:
    builder = line(n_vehicles)
    for _ in range(n_tasks):
        builder.add_task(1)
    result = run(builder.build())
    assert result.status == "complete"
    assert [len(r) for r in result.routes] == [0] * n_vehicles
    assert len(result.unassigned) == n_tasks


def medium(n: int = 60) -> RoutingModel:
    rng = np.random.default_rng(5)
    xy = rng.integers(0, 1000, (n + 1, 2))
    builder = ModelBuilder(1)
    builder.add_matrix(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)).astype(int))
    for _ in range(8):
        builder.add_vehicle(n, n, capacity=(12,), fixed_cost=100)
    for i in range(n):
        builder.add_task(i, demand=(1,), windows=[(int(early := rng.integers(2000)), early + 1500)])
    return builder.build()


def test_the_same_iterations_give_the_same_routes() -> None:
    model = medium()
    runs = [run(model, max_iterations=60, seed=s) for s in (1, 1, 2)]
    assert runs[0].status == "iteration_limit"
    assert runs[0].iterations == 60
    for other in runs[1:]:
        assert [r.tolist() for r in other.routes] == [r.tolist() for r in runs[0].routes]


@pytest.mark.timed
def test_a_time_limit_is_kept_and_named() -> None:
    result = run(medium(), max_iterations=None, time_limit_s=0.3)
    assert result.status == "time_limit"
    assert 0.25 < result.elapsed_s < 5
    assert evaluate(medium(), result.routes).violations == ()


def test_no_solution_in_time_leaves_everything_out() -> None:
    result = run(medium(), time_limit_s=1e-6, max_iterations=None)
    assert result.status == "time_limit"
    assert len(result.unassigned) == 60


def test_should_stop_ends_the_run_with_the_incumbent() -> None:
    told: list[Progress] = []
    answers: list[bool] = []

    def stop() -> bool:
        answers.append(bool(told))
        return answers[-1]

    result = run(medium(), max_iterations=MANY, should_stop=stop, on_progress=told.append)
    assert result.status == "cancelled"
    assert answers.count(True) == 1
    assert result.iterations < MANY // 10
    assert len(result.unassigned) < 60


def test_a_run_without_better_incumbents_stalls() -> None:
    result = run(medium(), max_iterations=None, time_limit_s=600.0, stall_iterations=40)
    assert result.status == "stalled"


def test_progress_tells_of_feasible_incumbents_in_falling_cost() -> None:
    seen: list[Progress] = []
    result = run(medium(), max_iterations=150, on_progress=seen.append)
    costs = [p.cost for p in seen]
    assert costs == sorted(costs, reverse=True)
    assert len(costs) >= 1
    assert evaluate(medium(), result.routes).cost <= costs[-1]
    assert all(0 <= p.share_done <= 1 for p in seen)


@pytest.mark.parametrize("hook", ["should_stop", "on_progress"])
def test_a_fault_in_a_callback_comes_out_as_it_is(hook: str) -> None:
    def fail(*_: object) -> bool:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(medium(), max_iterations=MANY, **{hook: fail})


def test_a_run_never_ends_worse_than_the_routes_it_began_with() -> None:
    model = medium()
    first = run(model, max_iterations=100)
    cost = evaluate(model, first.routes).cost
    again = run(model, max_iterations=2, initial=first.routes)
    assert evaluate(model, again.routes).cost <= cost
    at_once = run(model, max_iterations=None, time_limit_s=1e-6, initial=first.routes)
    assert evaluate(model, at_once.routes).cost <= cost


def test_visits_that_break_a_rule_are_taken_out_of_the_initial_routes() -> None:
    builder = line(2, shift=(0, 40))
    builder.add_task(2)
    builder.add_task(1)
    builder.add_task(3)  # 60 seconds there and back: nobody can
    result = assert_optimal(builder.build(), initial=[[2, 0], [1]])
    assert list(result.unassigned) == [2]


@pytest.mark.parametrize("initial", [[[0]], [[0], [0]], [[5], []]])
def test_initial_routes_that_are_no_routes_are_refused(initial: list[list[int]]) -> None:
    builder = line(2)
    builder.add_task(1)
    with pytest.raises(SolverError, match="initial"):
        run(builder.build(), initial=initial)


def test_more_nodes_than_a_dense_matrix_holds_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ortools_encoding, "MAX_NODES", 1)
    builder = line()
    builder.add_task(1)
    with pytest.raises(Unsupported, match="ortools"):
        run(builder.build())


def test_large_matrices_are_read_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ortools_encoding, "_LIST_ENTRIES", 0)
    assert_optimal(random_model(3), max_iterations=1500)


def test_a_large_model_is_checked_now_and_then_and_stays_clean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ortools_routing, "_LARGE", 1)
    result = run(medium(), max_iterations=100)
    figures = evaluate(medium(), result.routes)
    assert figures.violations == ()
    assert figures.unassigned == ()


def test_a_run_that_only_counts_solutions_ends_when_no_more_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ortools_monitor, "_DRY_LOOKS", 200)
    result = run(medium(), max_iterations=10**9)
    assert result.status == "complete"
    assert evaluate(medium(), result.routes).violations == ()
