"""The search on rich models: what it carries along is what the evaluation finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.model import RoutingModel, units_of
from solvers.search import SUPPORTED
from solvers.search.kernels import rich_rows as cols
from solvers.search.kernels import rows
from solvers.search.run import Search
from solvers.solve import Result, SolveParams, solve
from tests.rich_models import random_model
from tests.searches import begun

FEATURES = sorted(SUPPORTED)


def begin(model: RoutingModel, seed: int = 3) -> Search:
    search = begun(model, seed=seed)
    search.state.heat[:] = 30.0, 1.0
    return search


def stops_of(search: Search, v: int) -> list[int]:
    """Stops of vehicle ``v`` between its start and its end, reloads among them."""
    n, following = search.layout.n_tasks, search.state.stops[:, rows.NEXT]
    stops, x = [], int(following[n + 2 * v])
    while x < n:
        stops.append(x)
        x = int(following[x])
    return stops


def trips_of(route: list[int]) -> list[tuple[int, list[int]]]:
    """Option, -1 for the first one, and tasks of each trip."""
    trips: list[tuple[int, list[int]]] = [(-1, [])]
    for i in route:
        if i < 0:
            trips.append((-1 - i, []))
        else:
            trips[-1][1].append(i)
    return trips


def assert_loads_are_those_of_the_trips(search: Search, routes: list[list[int]]) -> None:
    """What each trip carries, what is left of each batch, and which slots are free."""
    model, rich, n = search.model, search.rich, search.layout.n_tasks
    assert rich is not None
    portions = model.batches.portions.astype(np.int64).reshape(-1, model.n_dimensions)
    used: set[int] = set()
    carried = np.zeros_like(rich.carried)
    for v, route in enumerate(routes):
        slots = [x for x in stops_of(search, v) if x >= model.n_tasks]
        assert rich.days[v, cols.RELOADS] == len(slots)
        for head, (option, tasks) in zip([n + 2 * v, *slots], trips_of(route), strict=True):
            assert (rich.times[tasks, cols.HEAD] == head).all()
            load = model.task_demand[tasks].sum(axis=0)
            carried[head] = [len(tasks), *load]
            if option >= 0 and model.reloads.batch[option] >= 0:
                portions[model.reloads.batch[option]] -= load
        used |= set(slots)
    assert (rich.carried == carried).all()
    assert (rich.portions == portions).all()
    assert rich.counters[cols.N_RELOADS] == len(used)
    free: list[int] = []
    for first, size in rich.choices[:, [cols.FIRST_SLOT, cols.N_FREE]].tolist():
        stack = rich.slots[first : first + size]
        places = search.state.stop_marks[stack, rows.ABSENT_PLACE]
        assert places.tolist() == list(range(first, first + size))
        free += stack.tolist()
    assert sorted(free) == sorted(set(range(model.n_tasks, n)) - used)


def assert_rows_are_the_evaluations(search: Search) -> None:
    """Total, timetable, duty and travel are what the evaluation finds for the same routes."""
    model, state, c = search.model, search.state, search.counters
    routes = search.routes(current=True)
    evaluation = evaluate(model, routes)
    assert evaluation.violations == ()
    assert c[rows.TOTAL] == evaluation.cost
    absent = state.lists[: c[rows.N_ABSENT], rows.ABSENT_LIST]
    assert sorted(absent) == list(evaluation.unassigned)
    assert c[rows.N_USED] == evaluation.n_used
    rich = search.rich
    if rich is None:  # set-up or duty alone, or trips alone
        return
    if rich.counters[cols.HAS_TRIPS]:
        assert_loads_are_those_of_the_trips(search, routes)
    in_groups = model.task_group[absent]
    served = {int(model.task_group[i]) for route in routes for i in route if i >= 0} - {-1}
    assert rich.counters[cols.N_SPARE] == sum(int(g) in served for g in in_groups)
    for v, route in enumerate(routes):
        timetable = evaluation.routes[v]
        stops = stops_of(search, v)
        assert rich.times[stops, cols.START].tolist() == list(timetable.start)
        assert state.stops[stops, rows.DEPART].tolist() == list(timetable.departure)
        if route and rich.counters[cols.HAS_TRIPS]:
            # Breaks before the leaving come on top.
            assert state.stops[search.layout.n_tasks + 2 * v, rows.DEPART] <= timetable.leave
            assert rich.days[v, cols.END] == timetable.end
        if rich.shifts[v, cols.DUTY_MATTERS]:
            assert rich.days[v, cols.DUTY] == timetable.duty
        if route:
            assert rich.days[v, cols.TRAVEL] == timetable.seconds
    assert not rich.marks[:, cols.QUEUED].any()
    assert not rich.marks[:, cols.LEAVING].any()
    assert not rich.routes[:, [cols.TOUCHED, cols.IN_COMPONENT]].any()


@pytest.mark.parametrize("feature", FEATURES)
def test_state_of_one_feature_is_what_the_evaluation_finds(feature: str) -> None:
    for seed in range(5):
        search = begin(random_model(seed, [feature]))
        assert_rows_are_the_evaluations(search)
        for _ in range(10):
            search.step(1)
            assert_rows_are_the_evaluations(search)
        search.step(60)
        assert_rows_are_the_evaluations(search)


@pytest.mark.parametrize("feature", FEATURES)
def test_state_of_two_features_is_what_the_evaluation_finds(feature: str) -> None:
    for other in FEATURES[FEATURES.index(feature) + 1 :]:
        search = begin(random_model(11, [feature, other]))
        for _ in range(4):
            search.step(12)
            assert_rows_are_the_evaluations(search)


@pytest.mark.parametrize("seed", range(8))
def test_state_of_all_features_is_what_the_evaluation_finds(seed: int) -> None:
    search = begin(random_model(seed, FEATURES, n_tasks=20, n_vehicles=5))
    for _ in range(6):
        search.step(25)
        assert_rows_are_the_evaluations(search)


@pytest.mark.parametrize("seed", range(8))
def test_rejected_iteration_puts_every_rich_row_back(seed: int) -> None:
    search = begin(random_model(seed, FEATURES, n_tasks=16, n_vehicles=4))
    search.step(30)
    state, rich = search.state, search.rich
    assert rich is not None
    arrays = (state.stops, state.vehicles, rich.times, rich.days, rich.worst, rich.served,
              rich.worker_duty, rich.carried, rich.portions, rich.choices)
    before = [a.copy() for a in arrays]
    n_spare, n_reloads = rich.counters[[cols.N_SPARE, cols.N_RELOADS]]
    total = int(search.counters[rows.TOTAL])
    state.heat[rows.TEMPERATURE] = -1e30  # below any improvement: nothing is accepted
    search.step(100)
    assert all((a == b).all() for a, b in zip(arrays, before, strict=True))
    assert rich.counters[[cols.N_SPARE, cols.N_RELOADS]].tolist() == [n_spare, n_reloads]
    assert search.counters[rows.TOTAL] == total
    assert_rows_are_the_evaluations(search)


def run(model: RoutingModel, iterations: int = 300, **params: object) -> Result:
    return solve(model, SolveParams(time_limit_s=None, max_iterations=iterations, **params))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(6))
def test_result_is_feasible_whole_and_repeatable(seed: int) -> None:
    model = random_model(seed, FEATURES, n_tasks=14, n_vehicles=4)
    result = run(model, seed=seed)
    assert evaluate(model, result.routes).violations == ()
    present = np.zeros(model.n_tasks, dtype=np.int64)
    visits = np.concatenate(result.routes)
    present[visits[visits >= 0]] = 1
    unit = units_of(model)
    assert all(len(set(present[unit == u])) == 1 for u in unit)
    again = run(model, seed=seed)
    assert [r.tolist() for r in again.routes] == [r.tolist() for r in result.routes]


@pytest.mark.parametrize("seed", range(6))
def test_routes_found_can_be_started_from(seed: int) -> None:
    model = random_model(seed, set(FEATURES) - {"breaks"}, n_tasks=14, n_vehicles=4)
    best = [r.tolist() for r in run(model).routes]
    search = Search(model, SolveParams(time_limit_s=None, max_iterations=10))
    search.load(best)
    # Travel that breaks the triangle inequality may make the beginning of a route impossible.
    assert evaluate(model, search.routes()).violations == ()
    assert_rows_are_the_evaluations(search)


def linked_pair(**link: object) -> ModelBuilder:
    """Two visits at two ends of a street, one in the morning and one any time."""
    builder = ModelBuilder()
    builder.add_matrix([[0, 10, 10], [10, 0, 20], [10, 20, 0]])
    builder.add_task(1, service=5, windows=[(50, 60)])
    builder.add_task(2, service=5)
    builder.add_link(0, 1, **link)  # type: ignore[arg-type]
    return builder


def test_two_workers_meet_and_one_alone_goes_to_neither() -> None:
    builder = linked_pair()
    builder.add_vehicle(0, 0)
    builder.add_vehicle(0, 0)
    model = builder.build()
    result = run(model)
    timetable = evaluate(model, result.routes)
    assert [r.start for r in timetable.routes if r.start] == [(50,), (50,)]
    alone = linked_pair()
    alone.add_vehicle(0, 0)
    assert run(alone.build()).unassigned.tolist() == [0, 1]


@pytest.mark.parametrize(("most", "served"), [(25, True), (24, False)])
def test_gap_that_one_worker_can_just_make(most: int, served: bool) -> None:
    builder = linked_pair(least=0, most=most, worker="same")
    builder.add_vehicle(0, 0)
    assert (len(run(builder.build()).routes[0]) == 2) is served


@pytest.mark.parametrize(("most", "served"), [(45, True), (44, False)])
def test_duty_is_kept_to_the_second(most: int, served: bool) -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 10, 10], [10, 0, 20], [10, 20, 0]])
    builder.add_task(1, windows=[(100, 100)])
    builder.add_task(2, service=5)
    builder.add_vehicle(0, 0, max_duty=most)
    assert (len(run(builder.build()).routes[0]) == 2) is served


def test_the_cheaper_alternative_is_served_and_the_prize_counts_once() -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 50, 10], [50, 0, 60], [10, 60, 0]])
    for location in (1, 2):
        builder.add_task(location, prize=1000)
    builder.add_group([0, 1])
    builder.add_vehicle(0, 0)
    model = builder.build()
    result = run(model)
    assert result.routes[0].tolist() == [1]
    assert evaluate(model, result.routes).cost == 20


def test_a_break_is_taken_where_it_costs_no_time() -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 10], [10, 0]])
    builder.add_task(1, service=10, windows=[(0, 20)])
    builder.add_task(1, service=10, windows=[(60, 60)])
    builder.add_vehicle(0, 0, shift=(0, 80), breaks=[(20, 40, 20)])
    assert run(builder.build()).routes[0].tolist() == [0, 1]


def test_bonus_outweighs_the_detour() -> None:
    for bonus, vehicle in ((-21, 1), (-19, 0)):
        builder = ModelBuilder()
        builder.add_matrix([[0, 10, 40], [10, 0, 20], [40, 20, 0]])
        builder.add_task(1, affinity={"far": bonus})
        builder.add_vehicle(0, 0, worker="near")
        builder.add_vehicle(2, 2, worker="far")
        assert len(run(builder.build()).routes[vehicle]) == 1


@pytest.mark.long
def test_rich_kernels_stay_within_bounds_and_count_no_references() -> None:
    code = f"""
from solvers.evaluation import evaluate
from solvers.search.kernels.anneal import anneal
from solvers.solve import SolveParams, solve
from tests.rich_models import random_model
for seed in range(4):
    model = random_model(seed, {FEATURES!r}, n_tasks=14)
    params = SolveParams(time_limit_s=None, max_iterations=300, initial=[[0, 1, 2], [5, 9]])
    assert not evaluate(model, solve(model, params).routes).violations
assert all("NRT_incref" not in text for text in anneal.inspect_asm().values())
"""
    nowhere = os.devnull + "/no"
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "CAREROUTE_CACHE_DIR": nowhere}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr


def test_rich_search_runs_without_numba() -> None:
    code = f"""
from solvers.evaluation import evaluate
from solvers.solve import SolveParams, solve
from tests.rich_models import random_model
model = random_model(1, {FEATURES!r})
result = solve(model, SolveParams(time_limit_s=None, max_iterations=15))
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
    expected = run(random_model(1, FEATURES), 15)
    assert done.stdout.strip() == str([r.tolist() for r in expected.routes])


