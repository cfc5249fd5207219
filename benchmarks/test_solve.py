"""Speed of whole solves at 1,000 orders: fixed iterations and seed, so that time means speed."""

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


@pytest.mark.parametrize(
    ("backend", "iterations"), [("search", 20_000), ("search", 100_000), ("ortools", 5)]
)
def test_solve(benchmark: Any, model: RoutingModel, backend: str, iterations: int) -> None:
    warm_up(backend)
    params = SolveParams(backend=backend, time_limit_s=None, max_iterations=iterations, seed=1)
    result = benchmark.pedantic(solve, args=(model, params), rounds=3)
    figures = evaluate(model, result.routes)
    assert figures.violations == ()
    benchmark.extra_info.update(
        cost=figures.cost, unserved=len(figures.unassigned), iterations=result.iterations
    )
