"""A toll on vehicles, and few of them to begin with: which searches do so; none is left over."""

from __future__ import annotations

import pytest

from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.search.kernels import rows
from solvers.search.run import begin
from solvers.search.threads import run
from solvers.search.toll import cool_with_toll, fewest_by_loads, levy
from solvers.solve import Progress, SolveParams, warm_up
from tests.builders import shift_model
from tests.searches import begun


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm_up()


FULL = {"capacity": 16, "shift": 400}


def test_where_loads_fill_the_routes_a_search_begins_with_few_vehicles() -> None:
    search = begun(shift_model(**FULL), 20_000)
    assert fewest_by_loads(search) == pytest.approx(399 / 16)
    before = int(search.counters[rows.N_USED])
    begin(search)
    assert search.toll > 0
    assert 25 <= search.counters[rows.N_USED] < before
    assert search.counters[rows.N_ABSENT] == 0


@pytest.mark.parametrize("changes", [
    {"shift": 10**6},  # no time can bind
    {"capacity": 24},  # fewer vehicles would do for the loads, and routes are short
    {"fixed_cost": 10**7},  # which are saved at any price
    {"max_duty": 399},
    {"n_tasks": 30},  # only a handful of vehicles
    {"n_vehicles": 20},  # not all are served
])
def test_other_searches_ask_no_toll(changes: dict[str, int]) -> None:
    search = begun(shift_model(**{**FULL, **changes}), 2000)
    spread = search.spread
    begin(search)
    assert search.toll == 0
    assert search.spread == spread


def test_where_routes_are_long_and_loads_leave_room_vehicles_are_wanted() -> None:
    search = begun(shift_model(capacity=200, shift=2500), 2000)
    before, spread = int(search.counters[rows.N_USED]), search.spread
    assert 20 * before <= 200
    begin(search)
    assert search.toll < 0
    assert (int(search.counters[rows.N_USED]), search.spread) == (before, spread)
    assert search.anneal() == "iteration_limit"
    assert (search.problem.fixed == search.model.vehicle_fixed).all()
    assert evaluate(search.model, search.routes()).cost == search.counters[rows.BEST_TOTAL]


def test_a_toll_counts_for_the_plan_and_the_incumbent() -> None:
    search = begun(shift_model(**FULL), 2000)
    search.heat_up()
    search.step(500)
    c = search.counters
    total, best = int(c[rows.TOTAL]), int(c[rows.BEST_TOTAL])
    levy(search, 0, 70)
    search.step(1)
    levy(search, 70, -30)
    search.step(500)
    for now, used in ((rows.TOTAL, rows.N_USED), (rows.BEST_TOTAL, rows.BEST_USED)):
        routes = search.routes(current=now == rows.TOTAL)
        assert c[now] == evaluate(search.model, routes).cost - 30 * c[used]
    levy(search, -30, 0)
    assert (search.problem.fixed == search.model.vehicle_fixed).all()
    assert (total, best) != (c[rows.TOTAL], c[rows.BEST_TOTAL])  # it did search


def test_in_the_end_the_incumbent_costs_what_it_says_and_no_toll_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("solvers.search.limits._PROGRESS_S", 0.0)
    told: list[Progress] = []
    search = begun(shift_model(**FULL), 2000, on_progress=told.append)
    first = int(search.counters[rows.BEST_TOTAL])
    begin(search)
    assert search.toll > 0
    assert search.anneal() == "iteration_limit"
    assert search.counters[rows.ITERATIONS] == 2000
    assert search.held is None
    assert (search.problem.fixed == search.model.vehicle_fixed).all()
    cost = evaluate(search.model, search.routes()).cost
    assert cost == search.counters[rows.BEST_TOTAL] == search.progress().cost < first
    costs = [p.cost for p in told]
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize(("n_tasks", "spread"), [(500, (1.0, 0.02)), (501, (0.1, 0.01))])
def test_a_search_that_stays_near_keeps_its_vehicles_and_begins_cold_where_it_is_large(
    n_tasks: int, spread: tuple[float, float]
) -> None:
    model = shift_model(60, 4000, n_tasks, n_tasks, fixed_cost=100_000)
    near, free = begun(model, 2000, near=True), begun(model, 2000)
    begin(near)
    begin(free)
    assert near.counters[rows.ITERATIONS] == 0
    assert free.counters[rows.ITERATIONS] > 0  # spent on fewer vehicles
    assert (near.spread, near.toll) == (spread, 0.0)
    assert free.spread == (1.0, 0.02)


def ran(model: RoutingModel, n_iterations: int, **params: object) -> tuple[str, list[list[int]]]:
    """Status and routes of a run."""
    limits = SolveParams(time_limit_s=None, max_iterations=n_iterations, **params)  # type: ignore[arg-type]
    result = run(model, limits)
    return result.status, [route.tolist() for route in result.routes]


def test_a_given_plan_is_never_made_worse() -> None:
    model = shift_model(**FULL)
    _, good = ran(model, 20_000)
    _, again = ran(model, 300, initial=good)
    assert evaluate(model, again).cost <= evaluate(model, good).cost


def test_runs_can_be_repeated_and_cancelled() -> None:
    model = shift_model(**FULL)
    assert ran(model, 1500, seed=3) == ran(model, 1500, seed=3)
    told: list[Progress] = []
    status, routes = ran(
        model, 10**6, on_progress=told.append, should_stop=lambda: len(told) > 1
    )
    assert status == "cancelled"
    plan = evaluate(model, routes)
    assert plan.unassigned == ()
    assert plan.cost <= told[-1].cost


def test_a_toll_changes_how_many_vehicles_are_used() -> None:
    used = []
    for toll in (60.0, -60.0):
        search = begun(shift_model(**FULL), 1000)
        search.heat_up()
        search.toll = toll
        cool_with_toll(search)
        used.append(int(search.counters[rows.N_USED]))
    assert used[0] < used[1]
