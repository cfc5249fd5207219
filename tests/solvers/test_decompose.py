"""Large models: parts, zones and limits, on models that are small but treated as large."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solvers.builder import ModelBuilder
from solvers.errors import Unsupported
from solvers.evaluation import evaluate
from solvers.large import LargeModel, fetch_matrices
from solvers.model import Int32, RoutingModel
from solvers.search import SUPPORTED, decompose, run, selection, threads
from solvers.search.decompose import Decomposition
from solvers.search.kernels import rows
from solvers.search.savings import savings_routes, suits
from solvers.search.slot_layout import TRIP_FEATURES
from solvers.search.zones import Zones
from solvers.solve import Progress, Result, SolveParams, solve, warm_up
from tests.builders import rich_model, spread_model, ticking
from tests.rich_models import FEATURES, random_model, random_routes


@pytest.fixture(scope="module", autouse=True)
def small_parts() -> Iterator[None]:
    warm_up()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decompose, "LARGE", 0)
        for room, name, value in (
            (decompose, "_ZONE", 12), (decompose, "_HALO", 10), (selection, "PART", 15),
            (selection, "EMPTY", 3),
        ):
            patch.setattr(room, name, value)
        yield


def search(
    model: RoutingModel | LargeModel, iterations: int | None = 800, **params: object
) -> Result:
    given: dict[str, object] = {"time_limit_s": None, "max_iterations": iterations} | params
    return solve(model, SolveParams(**given))  # type: ignore[arg-type]


def visits(result: Result) -> list[list[int]]:
    return [r.tolist() for r in result.routes]


def as_large(model: RoutingModel, calls: list[tuple[int, int]] | None = None) -> LargeModel:
    """The same model with its travel behind a function; places on a line, which tells little."""

    def travel(profile: int, origins: Int32, destinations: Int32) -> tuple[Int32, Int32]:
        if calls is not None:
            calls.append((len(origins), len(destinations)))
        block = np.ix_(origins, destinations)
        return model.seconds[profile][block], model.metres[profile][block]

    size = model.seconds.shape[1]
    none = np.zeros((len(model.seconds), 0, 0), dtype=np.int32)
    positions = np.stack([np.arange(size), np.zeros(size)], axis=1).astype(np.int32)
    return LargeModel(model._replace(seconds=none, metres=none), travel, positions)


SLOW = [HealthCheck.function_scoped_fixture]


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(1, 12), st.booleans())
def test_result_is_feasible_complete_and_repeatable(
    seed: int, n_tasks: int, n_vehicles: int, large: bool
) -> None:
    model = rich_model(seed, n_tasks, n_vehicles)
    asked = as_large(model) if large else model
    result = search(asked, 300, seed=seed)
    evaluation = evaluate(model, result.routes)
    assert evaluation.violations == ()
    assert evaluate(asked, result.routes) == evaluation
    seen = sorted([i for r in result.routes for i in r.tolist()] + result.unassigned.tolist())
    assert seen == list(range(n_tasks))
    assert result.status == "iteration_limit"
    assert result.iterations == 300
    assert visits(search(asked, 300, seed=seed)) == visits(result)


@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
@given(st.integers(0, 10**6))
def test_cost_inside_is_the_cost_of_the_evaluation(seed: int) -> None:
    model = rich_model(seed, 50, 12)
    told: list[Progress] = []
    whole = Decomposition(model, SolveParams(time_limit_s=None, max_iterations=2000))
    whole.begin()
    assert evaluate(model, whole.plan.routes).cost == whole.plan.cost
    whole.improve()
    told.append(whole.progress())
    result = whole.result("")
    evaluation = evaluate(model, result.routes)
    assert (told[0].cost, told[0].n_unassigned, told[0].n_used) == (
        evaluation.cost, len(evaluation.unassigned), evaluation.n_used,
    )
    assert evaluate(model, whole.plan.routes).cost == whole.plan.cost >= evaluation.cost


PARTABLE = sorted(SUPPORTED - TRIP_FEATURES - {"batches", "max trips", "worst lateness"})


@pytest.mark.parametrize("seed", range(30))
def test_cost_inside_is_the_cost_of_the_evaluation_with_features(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chosen = [f for f in PARTABLE if rng.random() < (0.15, 0.5)[seed % 2]]
    model = random_model(seed, chosen, n_tasks=40, n_vehicles=10)
    whole = Decomposition(model, SolveParams(time_limit_s=None, max_iterations=1500))
    whole.begin()
    begun = evaluate(model, whole.plan.routes)
    assert begun.violations == ()
    assert begun.cost == whole.plan.cost
    whole.improve()
    for plan in (whole.plan, whole.best):
        evaluation = evaluate(model, plan.routes)
        assert evaluation.violations == ()
        assert evaluation.cost == plan.cost
    again = search(model, 1, initial=[r.tolist() for r in whole.best.routes])
    assert evaluate(model, again.routes).cost <= whole.best.cost


def test_it_comes_close_to_the_search_of_the_whole() -> None:
    model = spread_model(5, 120, 40)
    costs = {
        size: evaluate(model, threads.run(model, params).routes).cost if size == 0 else
        evaluate(model, decompose.run(model, params).routes).cost
        for size, params in {
            0: SolveParams(time_limit_s=None, max_iterations=20_000),
            1: SolveParams(time_limit_s=None, max_iterations=20_000),
        }.items()
    }
    assert costs[1] < 1.05 * costs[0]


def test_seeds_give_different_plans() -> None:
    model = spread_model(1, 60, 25)
    assert visits(search(model, seed=1)) != visits(search(model, seed=2))


def test_the_time_limit_is_kept_and_counted_from_the_start() -> None:
    model = spread_model(2, 150, 60)
    clock = ticking()
    result = search(model, None, time_limit_s=2.0, clock=clock)
    assert clock() < 2.0 + 0.3  # it is looked at so often
    assert result.status == "time_limit"
    assert result.elapsed_s >= 2.0
    assert evaluate(model, result.routes).violations == ()


@pytest.mark.parametrize("calls", [1, 3, 10])
def test_cancelled_in_the_middle_of_the_zones_returns_what_there_is(calls: int) -> None:
    model = spread_model(3, 80, 40)
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked >= calls

    result = search(as_large(model), None, time_limit_s=60.0, should_stop=stop)
    assert result.status == "cancelled"
    assert len(result.routes) == 40
    assert evaluate(model, result.routes).violations == ()
    assert len(result.unassigned) == 80 - sum(map(len, result.routes))


def test_time_out_before_anything_leaves_everything_unassigned() -> None:
    model = spread_model(3, 30, 10)
    result = search(model, None, time_limit_s=0.0)
    assert result.unassigned.tolist() == list(range(30))


def test_stall_ends_early() -> None:
    model = spread_model(4, 40, 20)
    result = search(model, 10**7, stall_iterations=3000)
    assert result.status == "stalled"
    assert result.iterations < 10**6


def test_progress_is_told() -> None:
    told: list[Progress] = []
    search(
        spread_model(4, 60, 30), None, time_limit_s=3.0, on_progress=told.append, clock=ticking()
    )
    assert told
    assert all(0 <= p.share_done <= 1 for p in told)
    assert told[-1].n_unassigned == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_start_is_never_made_worse(seed: int) -> None:
    model = rich_model(seed, 50, 12)
    good = search(model, 3000)
    start = [r.tolist() for r in good.routes]
    again = search(model, 1, initial=start)
    assert evaluate(model, again.routes).cost <= evaluate(model, good.routes).cost


def test_a_broken_start_is_mended() -> None:
    model = spread_model(7, 30, 12)
    start = [[0, 1, 2, 0, 99], [3, 3, 4], list(range(5, 30))]
    result = search(model, 200, initial=start)
    assert evaluate(model, result.routes).violations == ()
    assert len(result.unassigned) == 0


def test_a_part_holds_whole_routes_and_what_is_absent_nearby() -> None:
    model = spread_model(8, 80, 12)  # too few vehicles
    whole = Decomposition(model, SolveParams(time_limit_s=None, max_iterations=10))
    whole.begin()
    assert (whole.vehicle_of == -1).any()
    for seed in range(0, 80, 7):
        tasks, vehicles = selection.select_part(whole, seed, 2 * selection.PART)
        assert len(set(tasks.tolist())) == len(tasks)
        for v in vehicles:
            assert set(whole.plan.routes[v].tolist()) <= set(tasks.tolist())
        owners = whole.vehicle_of[tasks]
        assert set(owners[owners >= 0].tolist()) <= set(vehicles.tolist())
        used = [v for v in vehicles if len(whole.plan.routes[v])]
        assert sum(len(whole.plan.routes[v]) for v in used[:-1]) < selection.PART + 12


def bound_model(n: int = 40) -> RoutingModel:
    rng = np.random.default_rng(3)
    points = rng.random((n + 1, 2)) * 1000
    builder = ModelBuilder(1)
    builder.add_matrix(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)).astype(int))
    for i in range(n):
        builder.add_task(i + 1, demand=(1,))
    for i in range(0, n // 2, 4):
        builder.add_link(i, n - 1 - i)
    for v in range(14):
        builder.add_vehicle(0, 0, capacity=(4,), worker=v // 2)
    builder.limit_worker(0, 10**6)
    builder.limit_worker(3, 10**6)
    return builder.build()


@pytest.mark.parametrize("size", [6, 15, 30])
def test_what_is_tied_is_in_a_part_whole_or_not_at_all(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "PART", size)
    model = bound_model()
    whole = Decomposition(model, SolveParams(time_limit_s=None, max_iterations=10))
    whole.begin()
    torn = 0
    for seed in range(model.n_tasks):
        tasks, vehicles = selection.select_part(whole, seed, 2 * selection.PART)
        inside = set(tasks.tolist())
        for a, b in zip(model.links.first, model.links.second, strict=True):
            assert (int(a) in inside) == (int(b) in inside)
        used = {v for v in range(14) if len(whole.plan.routes[v])}
        for mates in ((0, 1), (6, 7)):
            busy = used & set(mates)
            assert busy <= set(vehicles.tolist()) or not set(mates) & set(vehicles.tolist())
        torn += not len(vehicles)
    assert torn < model.n_tasks  # not everything is left out


def test_linked_tasks_begin_in_one_zone() -> None:
    model = bound_model()
    whole = Decomposition(model, SolveParams(time_limit_s=None, max_iterations=10))
    whole.begin()
    zone = whole.zones.of_task
    assert (zone[model.links.first] == zone[model.links.second]).all()


# -- zones ------------------------------------------------------------------------------------


def test_zones_are_balanced_close_and_get_the_vehicles_they_need() -> None:
    rng = np.random.default_rng(5)
    centres = np.array([[0, 0], [10_000, 0], [0, 10_000], [10_000, 10_000]])
    points = np.vstack([centres[k % 4] + rng.normal(0, 300, 2) for k in range(80)])
    points = np.vstack([points, centres])
    builder = ModelBuilder()
    metric = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)).astype(int)
    builder.add_matrix(metric)
    for i in range(80):
        # All that needs a nurse is in the last corner.
        builder.add_task(i, service=600, skills=["nurse"] if i % 4 == 3 else [])
    for v in range(16):
        builder.add_vehicle(
            80 + v % 4, 80 + v % 4, shift=(0, 7200), skills=["nurse"] if v in (0, 4, 8) else []
        )
    model = builder.build()
    zones = Zones(model, 20, lambda place: model.seconds[0, place], seed=1)
    assert len(zones) == 4
    assert np.bincount(zones.of_task).tolist() == [20] * 4
    of_corner = [zones.of_task[k] for k in range(4)]
    assert (zones.of_task == np.tile(of_corner, 20)).all()
    zone_of = zones.allot(np.full(16, -1, dtype=np.int32))
    assert np.bincount(zone_of).tolist() == [4] * 4
    assert [zone_of[v] for v in (0, 4, 8)] == [of_corner[3]] * 3
    near = [v for v in range(16) if v not in (0, 4, 8) and zone_of[v] == of_corner[v % 4]]
    assert len(near) >= 10  # the others start where they work


def test_vehicles_with_a_route_stay_in_their_zone() -> None:
    model = spread_model(1, 40, 20)
    zones = Zones(model, 10, lambda place: model.seconds[0, place], seed=1)
    fixed = np.full(20, -1, dtype=np.int32)
    fixed[[3, 4, 5]] = 2
    zone_of = zones.allot(fixed)
    assert (zone_of[[3, 4, 5]] == 2).all()
    assert (zone_of >= 0).all()


def test_a_halo_is_around_its_zone() -> None:
    points = np.arange(60)
    builder = ModelBuilder()
    builder.add_matrix(np.abs(points[:, None] - points))
    for i in range(60):
        builder.add_task(i)
    builder.add_vehicle(0, 0)
    model = builder.build()
    zones = Zones(model, 20, lambda place: model.seconds[0, place], seed=4)
    for zone in range(len(zones)):
        mine = np.flatnonzero(zones.of_task == zone)
        halo = zones.halo(zone, 6)
        assert len(halo) == 6
        assert not set(halo) & set(mine)
        assert max(min(abs(h - m) for m in mine) for h in halo) <= 6


# -- savings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("asymmetric", [False, True])
def test_savings_make_feasible_routes_that_are_better_than_insertion(asymmetric: bool) -> None:
    model = spread_model(11, 150, 80)
    if asymmetric:
        rng = np.random.default_rng(1)
        model = model._replace(
            seconds=(model.seconds * rng.uniform(1, 1.2, model.seconds.shape)).astype(np.int32)
        )
    one, other = (run.Search(model, SolveParams(time_limit_s=9.0)) for _ in range(2))
    for each in (one, other):
        each.find_neighbours()
    assert suits(one)
    routes = savings_routes(one, 150)
    padded = routes + [[]] * (80 - len(routes))
    evaluation = evaluate(model, padded)
    assert evaluation.violations == ()
    assert len(evaluation.unassigned) == 0
    one.load(routes)
    other.construct()
    assert one.counters[rows.TOTAL] == evaluation.cost < other.counters[rows.TOTAL]


@pytest.mark.parametrize(("late", "together"), [(22, True), (21, False)])
def test_savings_obey_the_length_of_a_shift(late: int, together: bool) -> None:
    builder = ModelBuilder()
    builder.add_matrix(np.abs(np.arange(9)[:, None] - np.arange(9)))
    for i in range(1, 9):
        builder.add_task(i, service=3, windows=[(0, 100)])
    for _ in range(8):
        builder.add_vehicle(0, 0, shift=(0, late))
    search_of = run.Search(builder.build(), SolveParams(time_limit_s=9.0))
    search_of.find_neighbours()
    routes = savings_routes(search_of, 8)
    assert evaluate(search_of.model, routes + [[]] * (8 - len(routes))).violations == ()
    # The two farthest are 8 + 8 away and take 3 each: 22.
    assert any(sorted(r) == [6, 7] for r in routes) == together


def test_savings_are_for_equal_vehicles_and_wide_windows() -> None:
    def suited(windows: list[tuple[int, int]], **vehicle: object) -> bool:
        builder = ModelBuilder()
        builder.add_matrix([[0, 1], [1, 0]])
        builder.add_task(1, windows=windows)
        builder.add_vehicle(0, 0, shift=(5, 50))
        builder.add_vehicle(0, 0, **({"shift": (5, 50)} | vehicle))  # type: ignore[arg-type]
        return suits(run.Search(builder.build(), SolveParams()))

    assert suited([(5, 50)])
    assert not suited([(6, 50)])
    assert not suited([(5, 49)])
    assert not suited([(0, 10), (20, 90)])
    assert not suited([(5, 50)], price_per_second=2)
    assert not suited([(5, 50)], shift=(5, 51))


# -- travel behind a function ------------------------------------------------------------------


def test_travel_is_asked_for_by_parts_alone() -> None:
    model = spread_model(6, 120, 50)
    calls: list[tuple[int, int]] = []
    search(as_large(model, calls), 500)
    assert max(a * b for a, b in calls) <= 121 * 121 / 4
    assert all(a == 1 for a, b in calls if b == 121)  # whole rows: seeds of zones alone


@pytest.mark.parametrize("seed", range(8))
def test_the_evaluation_measures_a_large_model_with_every_feature(seed: int) -> None:
    model = random_model(seed, FEATURES)
    routes = random_routes(model, np.random.default_rng(seed))
    calls: list[tuple[int, int]] = []
    assert evaluate(as_large(model, calls), routes) == evaluate(model, routes)
    assert len(calls) < 30  # by route, not by arc


def test_a_large_model_that_is_small_gets_its_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompose, "LARGE", 1000)
    model = rich_model(5, 20, 6)
    fetched = fetch_matrices(as_large(model))
    assert np.array_equal(fetched.seconds, model.seconds)
    assert np.array_equal(fetched.metres, model.metres)
    assert visits(search(as_large(model))) == visits(search(model))


def test_other_backends_say_that_they_need_matrices() -> None:
    with pytest.raises(Unsupported, match="matrices"):
        search(as_large(spread_model(1, 5, 2)), backend="ortools")


def test_what_the_whole_plan_shares_keeps_a_model_in_one_piece() -> None:
    for feature in ("batches", "worst lateness", "reloads"):
        model = random_model(1, {feature})
        assert not decompose.is_large(model)
        with pytest.raises(Unsupported, match="trips" if feature == "reloads" else feature):
            decompose.is_large(as_large(model))
    assert decompose.is_large(random_model(1, {"links", "pairs"}))
