"""The search for linked visits: exact costs, exact refusals, and the contract of every backend."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.model import OPEN, RoutingModel
from solvers.search import links
from solvers.search.kernels import link_moves
from solvers.search.kernels import link_rows as cols
from solvers.search.link_layout import is_linked
from solvers.search.links import LinkSearch
from solvers.solve import Progress, SolveParams, solve
from tests.builders import ticking

SEEDS = range(6)


def linked_model(seed: int, n_tasks: int = 14, n_vehicles: int = 4, step: int = 1) -> RoutingModel:
    """Homes on an asymmetric map, links of every kind; a coarse ``step`` makes times coincide."""
    rng = np.random.default_rng(seed)
    n_places = n_tasks // 2 + 2
    way = rng.integers(1, 40, (n_places, n_places)) * step
    np.fill_diagonal(way, 0)
    for k in range(n_places):  # no way is shorter by way of another place
        way = np.minimum(way, way[:, [k]] + way[[k], :])
    builder = ModelBuilder()
    builder.add_matrix(way, 3 * way)
    builder.price_worst = int(rng.integers(0, 3))
    for _ in range(n_tasks):
        early = int(rng.integers(0, 150)) * step
        builder.add_task(
            int(rng.integers(1, n_places)), service=int(rng.integers(0, 20)) * step,
            windows=[(early, 1_000_000)], skills=["a"] if rng.random() < 0.3 else [],
            soft_late=early + int(rng.integers(0, 30)) * step, late_price=int(rng.integers(0, 4)),
        )
    kinds = [(0, 0, "other"), (20, 60, "other"), (-10, 10, "any"), (5, 5, "other"), (0, 90, "any")]
    order = rng.permutation(n_tasks)
    for k in range(n_tasks // 3):
        least, most, worker = kinds[int(rng.integers(0, len(kinds)))]
        builder.add_link(
            int(order[2 * k]), int(order[2 * k + 1]), least=least * step, most=most * step,
            worker=worker,
        )
    for v in range(n_vehicles):
        builder.add_vehicle(
            int(rng.integers(0, n_places)), OPEN if rng.random() < 0.2 else 0,
            shift=(int(rng.integers(0, 30)) * step, 2_000_000), price_per_second=2,
            price_per_metre=1, fixed_cost=int(rng.integers(0, 50)), skills=["a"] if v % 2 else [],
            worker=f"w{v // 2 if v < 2 else v}",
        )
    return builder.build()


def current(search: LinkSearch) -> list[list[int]]:
    search.plan.best[:] = search.plan.stops[:, cols.NEXT]
    return search.routes()


@pytest.mark.parametrize("step", [1, 10])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_plan_costs_what_the_evaluation_says(seed: int, step: int) -> None:
    model = linked_model(seed, step=step)
    assert is_linked(model)
    search = LinkSearch(model, SolveParams(seed=seed))
    c, accepted = search.counters, -1
    n_moved = 0
    for k in range(1500):
        search.plan.heat[:] = 200.0 * step * (k % 3), 1.0
        if c[cols.N_ACCEPTED] != accepted:
            accepted = int(c[cols.N_ACCEPTED])
            figures = evaluate(model, current(search))
            assert figures.violations == () == figures.unassigned
            assert figures.cost == c[cols.TOTAL]
            assert figures.lateness_cost == c[cols.LATENESS_COST]
            assert figures.worst_cost == c[cols.WORST] * model.price_worst
            starts = {
                i: t for route, told in zip(search.routes(), figures.routes, strict=True)
                for i, t in zip(route, told.start, strict=True)
            }
            assert starts == dict(enumerate(search.plan.stops[: model.n_tasks, cols.START]))
            n_moved += 1
        link_moves.anneal_links(search.nodes, search.plan, 1)
    assert n_moved > 100


def test_visits_that_hold_each_other_up_are_timed_anew() -> None:
    # 0 then 1 on one route, 2 then 3 on the other; 0 at most 20 before 3, and 2 at least 10 after
    # 1: with 5 seconds a leg or service, this circle has no slack. Only 4, late, pushes it.
    builder = ModelBuilder()
    builder.add_matrix([[0, 5], [5, 0]])
    for early in (0, 0, 0, 0, 50):
        builder.add_task(1, service=5, windows=[(early, 10_000)], soft_late=0, late_price=1)
    builder.add_link(0, 3, least=-100, most=20, worker="other")
    builder.add_link(1, 2, least=10, most=100, worker="other")
    for _ in range(3):
        builder.add_vehicle(0, 0, price_per_second=1, shift=(0, 100_000))
    model = builder.build()
    assert is_linked(model)
    n_retimed = 0
    for seed in range(30):
        search = LinkSearch(model, SolveParams(initial=[[4, 0, 1], [2, 3], []], seed=seed))
        assert search.plan.stops[:5, cols.START].tolist() == [55, 60, 70, 75, 50]
        for _ in range(10):
            search.plan.heat[:] = 10.0, 1.0
            link_moves.anneal_links(search.nodes, search.plan, 1)
            assert evaluate(model, current(search)).cost == search.counters[cols.TOTAL]
        n_retimed += int(search.counters[cols.N_RETIMED]) - 1  # one to begin with
    assert n_retimed > 0


def test_the_optimum_of_tiny_models_is_found() -> None:
    for seed in range(3):
        model = linked_model(seed, n_tasks=5, n_vehicles=2)
        if not is_linked(model):  # both are the days of one worker
            continue
        costs = []
        for order, cut in product(permutations(range(5)), range(6)):
            figures = evaluate(model, [list(order[:cut]), list(order[cut:])])
            if not figures.violations:
                costs.append(figures.cost)
        found = solve(model, SolveParams(time_limit_s=None, max_iterations=20_000))
        assert evaluate(model, found.routes).cost == min(costs)


def test_it_is_no_worse_than_the_search_for_any_rich_model() -> None:
    from solvers.search.compiling import compile_kernels
    from solvers.search.threads import run

    compile_kernels("rich")
    for seed in range(3):
        model = linked_model(seed, n_tasks=20)
        params = SolveParams(time_limit_s=None, max_iterations=1000)
        slow = evaluate(model, run(model, params).routes)
        quick = evaluate(model, solve(model, SolveParams(
            time_limit_s=None, max_iterations=50_000
        )).routes)
        assert quick.violations == () == quick.unassigned
        assert quick.cost <= slow.cost


def plain(**changed: Any) -> ModelBuilder:
    builder = ModelBuilder()
    builder.add_matrix([[0, 9, 9], [9, 0, 9], [9, 9, 0]])
    for place in (1, 2):
        task = {"soft_late": 50, "late_price": 1} | changed.get("task", {})
        builder.add_task(place, **task)
        builder.add_vehicle(0, 0, price_per_second=1, **changed.get("vehicle", {}))
    builder.add_link(0, 1, **({"least": 0, "most": 5, "worker": "other"} | changed.get("link", {})))
    return builder


@pytest.mark.parametrize(
    ("changed", "accepted"),
    [
        ({}, True),
        ({"link": {"worker": "any"}}, True),
        ({"link": {"worker": "same"}}, False),
        ({"vehicle": {"worker": "one"}}, False),
        ({"vehicle": {"worker": "one"}, "link": {"worker": "any"}}, False),
        ({"task": {"prize": 1000}}, False),
        ({"task": {"windows": [(0, 45)]}}, True),  # 4 ways of 9, and a gap of nothing
        ({"task": {"windows": [(0, 35)]}}, False),
        ({"task": {"windows": [(0, 9), (20, 1000)]}}, False),
        ({"vehicle": {"shift": (0, 45)}}, True),
        ({"vehicle": {"shift": (0, 35)}}, False),
        ({"vehicle": {"max_tasks": 5}}, False),
        ({"task": {"skills": ["nobody"]}}, False),
        ({"vehicle": {"fixed_cost": 7}}, True),
    ],
)
def test_only_models_that_it_solves_exactly_are_taken(
    changed: dict[str, Any], accepted: bool
) -> None:
    model = plain(**changed).build()
    assert is_linked(model) is accepted


def test_a_shorter_way_round_by_a_visit_is_left_to_the_rich_search() -> None:
    for way, accepted in ((18, True), (19, False)):
        builder = ModelBuilder()
        builder.add_matrix([[0, 9, way], [9, 0, 9], [9, 9, 0]])
        for place in (1, 2):
            builder.add_task(place, soft_late=50, late_price=1)
            builder.add_vehicle(0, 0, price_per_second=1)
        builder.add_link(0, 1, least=0, most=5, worker="other")
        assert is_linked(builder.build()) is accepted


def test_soft_ends_without_links_are_taken_and_neither_is_not() -> None:
    for soft_late, accepted in ((12, True), (None, False)):
        builder = ModelBuilder()
        builder.add_matrix([[0, 9, 8, 7], [9, 0, 9, 5], [8, 9, 0, 9], [7, 5, 9, 0]])
        for place in (1, 2, 3):
            builder.add_task(place, service=3, soft_late=soft_late, late_price=2 if accepted else 0)
        for _ in range(2):
            builder.add_vehicle(0, 0, price_per_second=1, fixed_cost=4)
        model = builder.build()
        assert is_linked(model) is accepted
        costs = [
            evaluate(model, [list(order[:cut]), list(order[cut:])]).cost
            for order, cut in product(permutations(range(3)), range(4))
        ]
        found = solve(model, SolveParams(time_limit_s=None, max_iterations=3000))
        assert evaluate(model, found.routes).cost == min(costs)


def test_three_tied_tasks_are_left_to_the_rich_search() -> None:
    builder = plain()
    builder.add_task(1)
    builder.add_vehicle(0, 0, price_per_second=1)
    assert is_linked(builder.build())
    builder.add_link(1, 2, least=0, most=5)
    assert not is_linked(builder.build())


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_and_iterations_give_the_same_plan(threads: int) -> None:
    model = linked_model(3, n_tasks=30)
    params = SolveParams(time_limit_s=None, max_iterations=5001, seed=5, threads=threads)
    one, two = solve(model, params), solve(model, params)
    assert [r.tolist() for r in one.routes] == [r.tolist() for r in two.routes]
    assert one.iterations == two.iterations == 5001
    assert one.status == "iteration_limit"
    other = solve(model, SolveParams(time_limit_s=None, max_iterations=300, seed=6))
    assert [r.tolist() for r in other.routes] != [r.tolist() for r in one.routes]


def test_limits_cancelling_stalling_and_progress() -> None:
    model = linked_model(1, n_tasks=30)
    told: list[Progress] = []
    result = solve(model, SolveParams(
        time_limit_s=0.7, on_progress=told.append, clock=ticking()
    ))
    assert result.status == "time_limit"
    assert 0.7 <= result.elapsed_s < 0.8
    assert told
    assert told[-1].n_unassigned == 0
    assert told[-1].cost >= evaluate(model, result.routes).cost
    assert 0 < told[-1].share_done <= 1
    asked = iter([False, False, True])
    result = solve(model, SolveParams(time_limit_s=60, should_stop=lambda: next(asked, True)))
    assert result.status == "cancelled"
    result = solve(model, SolveParams(time_limit_s=60, stall_iterations=2000))
    assert result.status == "stalled"
    assert evaluate(model, result.routes).violations == ()


@pytest.mark.parametrize(
    "initial",
    [
        [[0], [1], [2, 3]],
        [[0, 0, 99, -4, 2], [1, 3, 0]],  # twice, and no such tasks
        [[0, 3], [2, 1], []],  # in a circle
        [[0, 1, 2, 3]],  # one worker for both
        [],
    ],
)
def test_whatever_it_starts_from_the_plan_is_complete(initial: list[list[int]]) -> None:
    builder = ModelBuilder()
    builder.add_matrix([[0, 5, 5], [5, 0, 5], [5, 5, 0]])
    for place in (1, 1, 2, 2):
        builder.add_task(place, service=5, soft_late=0, late_price=1)
    for _ in range(3):
        builder.add_vehicle(0, 0, price_per_second=1)
    builder.add_link(0, 1, least=0, most=0, worker="other")
    builder.add_link(2, 3, least=0, most=0, worker="other")
    model = builder.build()
    search = LinkSearch(model, SolveParams(initial=initial))
    figures = evaluate(model, search.routes())
    assert figures.violations == () == figures.unassigned
    assert figures.cost == search.counters[cols.TOTAL]
    result = solve(model, SolveParams(time_limit_s=None, max_iterations=100, initial=initial))
    assert evaluate(model, result.routes).cost <= figures.cost


def test_a_start_that_is_kept_is_the_first_incumbent() -> None:
    model = linked_model(2)
    good = solve(model, SolveParams(time_limit_s=None, max_iterations=20_000))
    search = LinkSearch(model, SolveParams(initial=[r.tolist() for r in good.routes]))
    assert search.routes() == [r.tolist() for r in good.routes]
    assert search.counters[cols.BEST_TOTAL] == evaluate(model, good.routes).cost


def test_stamps_begin_again_before_they_overflow() -> None:
    search = LinkSearch(linked_model(4), SolveParams(time_limit_s=None, max_iterations=2000))
    search.counters[cols.CLOCK] = (1 << 30) + 1
    assert search.anneal(1) == "iteration_limit"
    assert search.counters[cols.CLOCK] < 2000
    assert evaluate(search.model, search.routes()).cost == search.counters[cols.BEST_TOTAL]


def test_kernels_are_compiled_once_for_all_models() -> None:
    links.compile_kernels()
    compiled = getattr(link_moves.anneal_links, "signatures", None)
    if compiled is None:
        pytest.skip("numba is switched off")
    before = list(compiled)
    for seed in SEEDS:
        solve(linked_model(seed), SolveParams(time_limit_s=None, max_iterations=10))
    assert link_moves.anneal_links.signatures == before
