"""Speed of whole solves: fixed iterations and seed, so that time means speed.

1,000 orders for the own search; 200 for OR-Tools, whose first solution alone takes minutes on 1,000
orders with a hundred different vehicles.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.instances.generate import rich_day
from solvers.evaluation import evaluate
from solvers.solve import SolveParams, solve, warm_up


@pytest.mark.parametrize(
    ("backend", "n", "iterations"),
    [("search", 1000, 20_000), ("search", 1000, 100_000), ("ortools", 200, 50)],
)
def test_solve(benchmark: Any, backend: str, n: int, iterations: int) -> None:
    model = rich_day(n)
    warm_up(backend)
    params = SolveParams(backend=backend, time_limit_s=None, max_iterations=iterations, seed=1)
    result = benchmark.pedantic(solve, args=(model, params), rounds=3)
    figures = evaluate(model, result.routes)
    assert figures.violations == ()
    benchmark.extra_info.update(
        cost=figures.cost, unserved=len(figures.unassigned), iterations=result.iterations
    )
