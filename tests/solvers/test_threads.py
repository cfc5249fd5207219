"""Several threads: the same plan every time, limits kept, nothing large kept twice."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.search import SUPPORTED, decompose, selection
from solvers.search import threads as threading_of_search
from solvers.search.kernels import rows
from solvers.search.limits import share_out
from solvers.search.run import Search
from solvers.search.slot_layout import TRIP_FEATURES
from solvers.search.threads import exchange
from solvers.search.trip_layout import needs_trips
from solvers.solve import Progress, Result, SolveParams, solve, warm_up
from tests.builders import spread_model, ticking
from tests.rich_models import random_model
from tests.searches import begun
from tests.trip_models import trip_model


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm_up()


#: So many iterations last for an hour.
MANY = 10**9


def search(model: RoutingModel, iterations: int, **params: object) -> Result:
    return solve(model, SolveParams(time_limit_s=None, max_iterations=iterations, **params))  # type: ignore[arg-type]


def visits(result: Result) -> list[list[int]]:
    return [r.tolist() for r in result.routes]


def one_trip_model() -> RoutingModel:
    return next(m for m in map(trip_model, range(50)) if needs_trips(m))


# Without those that keep a model in one piece.
RICH = SUPPORTED - TRIP_FEATURES - {"batches", "max trips", "worst lateness"}
MODELS: dict[str, Callable[[], RoutingModel]] = {
    "plain": lambda: spread_model(1, 80, 30),
    "dear vehicles": lambda: spread_model(7, 60, 30, fixed_cost=10**6),
    "rich": lambda: random_model(5, RICH),
    "trips": one_trip_model,
}


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("kind", MODELS)
def test_same_seed_and_iterations_give_the_same_plan(kind: str, threads: int) -> None:
    model = MODELS[kind]()
    result = search(model, 1501, seed=4, threads=threads)
    assert evaluate(model, result.routes).violations == ()
    assert (result.status, result.iterations) == ("iteration_limit", 1501)
    naps = [0]

    def slow() -> bool:
        naps[0] += 1
        time.sleep(0.003 * (naps[0] % 3))
        return False

    assert visits(search(model, 1501, seed=4, threads=threads, should_stop=slow)) == visits(result)


def test_threads_find_other_plans_than_one() -> None:
    model = spread_model(1, 80, 30)
    assert visits(search(model, 2000, threads=2)) != visits(search(model, 2000))


def test_what_never_changes_is_shared_and_a_fork_goes_on_like_its_origin() -> None:
    for make in MODELS.values():
        model = make()
        origin = begun(model, 500, seed=2)
        origin.heat_up()
        origin.step(200)
        other = origin.fork(share_out(origin.params, 0))
        for name in ("cost_to", "time_to", "cost_from", "time_from", "tasks", "places"):
            assert getattr(other.problem, name) is getattr(origin.problem, name)
        assert other.guide is origin.guide
        assert other.problem.fixed is not origin.problem.fixed
        other.state.rng[:] = origin.state.rng
        for count in (rows.ITERATIONS, rows.BEST_ITERATION):
            other.counters[count] = origin.counters[count]
        origin.step(200)
        other.step(200)
        assert other.routes() == origin.routes()
        assert other.routes(current=True) == origin.routes(current=True)
        assert (other.counters == origin.counters).all()


def test_an_exchange_gives_all_the_best_solution_and_the_best_incumbent() -> None:
    model = spread_model(3, 60, 20)
    params = SolveParams(time_limit_s=None, max_iterations=4000, threads=2)
    one = Search(model, share_out(params, 0))
    one.find_neighbours()
    one.construct()
    two = one.fork(share_out(params, 1))
    for each, iterations in ((one, 400), (two, 300)):
        each.heat_up()
        each.step(iterations)
    best = min(int(s.counters[rows.BEST_TOTAL]) for s in (one, two))
    ahead = min((one, two), key=lambda s: int(s.counters[rows.TOTAL])).routes(current=True)
    exchange([one, two])
    for each in (one, two):
        assert each.routes(current=True) == ahead
        assert evaluate(model, each.routes()).cost == best == each.counters[rows.BEST_TOTAL]
    assert (one.counters[rows.ITERATIONS], two.counters[rows.ITERATIONS]) == (400, 300)
    assert one.state.rng != two.state.rng
    for each in (one, two):  # what it has now is whole: it can be searched on, and kept
        each.step(1000)
        assert evaluate(model, each.routes()).cost == each.counters[rows.BEST_TOTAL] <= best


def test_the_time_limit_is_kept_by_all_threads() -> None:
    model = spread_model(2, 300, 100)
    before = threading.active_count()
    result = solve(model, SolveParams(time_limit_s=2.0, threads=2, clock=ticking()))
    assert result.status == "time_limit"
    assert 2.0 <= result.elapsed_s < 2.0 + 0.5  # looks of both threads, a hundredth each
    assert threading.active_count() == before
    assert evaluate(model, result.routes).violations == ()


def test_cancel_and_progress_are_asked_and_told_in_the_callers_thread() -> None:
    here = threading.get_ident()
    told: list[Progress] = []
    answers: list[bool] = []

    def tell(progress: Progress) -> None:
        assert threading.get_ident() == here
        told.append(progress)

    def stop() -> bool:
        assert threading.get_ident() == here
        answers.append(len(told) == 3)
        return answers[-1]

    result = search(
        spread_model(3, 200, 60), MANY, threads=3, should_stop=stop, on_progress=tell
    )
    assert result.status == "cancelled"
    assert answers.count(True) == 1
    assert answers[-1]
    assert result.iterations < MANY // 100  # the others did not go on to the end of their round
    assert len(result.unassigned) == 0
    assert told
    assert all(a.cost >= b.cost and a.iterations <= b.iterations
               for a, b in itertools.pairwise(told))
    assert told[-1].iterations <= result.iterations


@pytest.mark.parametrize("who", [0, 1])
def test_an_exception_in_a_thread_ends_all_and_is_raised(
    who: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, step = threading.get_ident(), Search.step
    steps_after: list[int] = []

    def fail(self: Search, n_iterations: int, n_given: int = 0) -> int:
        if self.counters[rows.ITERATIONS] > 500 and (threading.get_ident() == here) == (who == 0):
            steps_after.append(0)
            raise ZeroDivisionError
        if steps_after:
            steps_after[0] += 1
        return step(self, n_iterations, n_given)

    monkeypatch.setattr(Search, "step", fail)
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        search(spread_model(3, 200, 60), MANY, threads=2)
    (n_steps,) = steps_after
    assert n_steps < 500  # of the other thread; a round of it has thousands
    assert threading.active_count() == before


def test_a_stall_of_all_threads_ends_the_run() -> None:
    result = search(spread_model(3, 8, 4), 10**7, stall_iterations=2000, threads=2)
    assert result.status == "stalled"
    assert 2000 <= result.iterations < 10**6


@pytest.mark.parametrize("iterations", [0, 1, 2, 3])
def test_fewer_iterations_than_threads_are_enough(iterations: int) -> None:
    result = search(spread_model(3, 20, 10), iterations, threads=3)
    assert (result.status, result.iterations) == ("iteration_limit", iterations)
    assert len(result.unassigned) == 0


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for room, name, value in (
        (decompose, "LARGE", 0), (decompose, "_ZONE", 12), (decompose, "_HALO", 10),
        (selection, "PART", 15), (selection, "EMPTY", 3),
    ):
        monkeypatch.setattr(room, name, value)


@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_parts_at_the_same_time_have_nothing_in_common(
    seed: int, features: bool, small_parts: None
) -> None:
    model = random_model(seed, RICH) if features else spread_model(seed, 150, 90)
    run = decompose.Decomposition(model, SolveParams(time_limit_s=None, seed=seed, threads=3))
    run.begin()
    n_several = 0
    for _ in range(10):
        parts = selection.select_parts(run, 3)
        tasks = np.concatenate([t for t, _ in parts])
        vehicles = np.concatenate([v for _, v in parts])
        assert len(np.unique(tasks)) == len(tasks)
        assert len(np.unique(vehicles)) == len(vehicles)
        bonds = [set(run.vehicle_bond[v][run.vehicle_bond[v] >= 0].tolist()) for _, v in parts]
        assert sum(map(len, bonds)) == len(set().union(*bonds))
        n_several += len(parts) > 1
    assert features or n_several == 10


@pytest.mark.parametrize("kind", ["plain", "dear vehicles", "rich"])
def test_threads_that_divide_a_model_give_the_same_plan(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading_of_search, "_EACH", 2)
    monkeypatch.setattr(threading_of_search, "_LEAST_ROUTES", 0)
    divided = []
    search_parts = threading_of_search._search_parts
    monkeypatch.setattr(threading_of_search, "_search_parts",
                        lambda *given: divided.append(1) or search_parts(*given))
    model = random_model(5, RICH, 30, 10) if kind == "rich" else MODELS[kind]()
    told: list[Progress] = []
    result = search(model, 5001, seed=4, threads=2, on_progress=told.append)
    evaluation = evaluate(model, result.routes)
    assert divided
    assert evaluation.violations == ()
    assert (result.status, result.iterations) == ("iteration_limit", 5001)
    assert all(a.cost >= b.cost >= evaluation.cost for a, b in itertools.pairwise(told))
    again = search(model, 5001, seed=4, threads=2, should_stop=lambda: bool(time.sleep(0.002)))
    assert visits(again) == visits(result)
    if kind == "plain":
        assert evaluation.cost < 1.1 * evaluate(model, search(model, 5001, seed=4).routes).cost


def test_what_the_whole_plan_shares_is_not_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading_of_search, "_EACH", 2)
    monkeypatch.setattr(threading_of_search, "_LEAST_ROUTES", 0)
    params = SolveParams(time_limit_s=None, max_iterations=10)
    can = threading_of_search.can_be_divided
    assert can(Search(random_model(5, RICH), params), 2)
    assert not can(Search(random_model(5, {"worst lateness"}), params), 2)
    assert not can(Search(one_trip_model(), params), 2)
    assert not can(Search(random_model(5, {"reloads", "links"}), params), 2)
    assert can(Search(spread_model(1, 8, 3), params), 4)
    assert not can(Search(spread_model(1, 7, 3), params), 4)
    run = Search(spread_model(1, 60, 20), params)
    run.find_neighbours()
    run.construct()
    used = int(run.counters[rows.N_USED])
    monkeypatch.setattr(threading_of_search, "_PART_SHARE", 1.0)
    monkeypatch.setattr(threading_of_search, "_LEAST_ROUTES", used // 2)
    assert can(run, 2)
    monkeypatch.setattr(threading_of_search, "_LEAST_ROUTES", used // 2 + 1)
    assert not can(run, 2)


@pytest.mark.parametrize("kind", ["plain", "rich"])
def test_large_models_too_give_the_same_plan(kind: str, small_parts: None) -> None:
    model = spread_model(5, 150, 90) if kind == "plain" else random_model(5, RICH)
    result = search(model, 5001, seed=4, threads=2)
    evaluation = evaluate(model, result.routes)
    assert evaluation.violations == ()
    assert (result.status, result.iterations) == ("iteration_limit", 5001)
    again = search(model, 5001, seed=4, threads=2, should_stop=lambda: bool(time.sleep(0.002)))
    assert visits(again) == visits(result)
    if kind == "plain":
        assert evaluation.cost < 1.1 * evaluate(model, search(model, 5001, seed=4).routes).cost


def test_an_exception_while_parts_are_searched_is_raised(
    small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, find = threading.get_ident(), decompose.part

    def fail(*given: object) -> object:
        if threading.get_ident() != here:
            raise ZeroDivisionError
        return find(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(decompose, "part", fail)
    with pytest.raises(ZeroDivisionError):
        solve(spread_model(5, 150, 90), SolveParams(time_limit_s=30.0, threads=2))
