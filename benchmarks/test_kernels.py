"""Speed of what surrounds a search, at 1,000 orders: building a model, measuring a plan.

Kernels are private to their room, so they are timed through the function that calls them; what is
left of ``test_solve`` without these is the search kernel itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.instances.generate import rich_day
from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.solve import SolveParams, solve, warm_up

N = 1000


@pytest.fixture(scope="module")
def model() -> RoutingModel:
    return rich_day(N)


@pytest.fixture(scope="module")
def routes(model: RoutingModel) -> Any:
    warm_up()
    return solve(model, SolveParams(time_limit_s=None, max_iterations=2000)).routes


def test_build_a_model(benchmark: Any) -> None:
    made = benchmark.pedantic(rich_day, args=(N,), rounds=5, warmup_rounds=1)
    assert made.n_tasks == N


def test_evaluate_a_plan(benchmark: Any, model: RoutingModel, routes: Any) -> None:
    figures = benchmark(evaluate, model, routes)
    assert figures.violations == ()


def test_construct_a_first_plan(benchmark: Any, model: RoutingModel) -> None:
    warm_up()
    params = SolveParams(time_limit_s=None, max_iterations=1)
    result = benchmark.pedantic(solve, args=(model, params), rounds=5, warmup_rounds=1)
    assert evaluate(model, result.routes).violations == ()
