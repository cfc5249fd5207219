"""How hot a search begins."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.search.kernels import rows
from solvers.search.run import Search, begin
from solvers.solve import SolveParams, solve, warm_up
from tests.builders import shift_model, spread_model
from tests.searches import begun


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm_up()


def priced_model(n_tasks: int) -> RoutingModel:
    """No task pays a vehicle for itself alone; any vehicle could serve all of them."""
    model = shift_model(10_000, 100_000, n_tasks, n_vehicles=4)
    alone = model.seconds[0, 0, model.task_location] + model.seconds[0, model.task_location, 0]
    return model._replace(task_prize=(alone * 2 // 5).astype(np.int64))


def heated(model: RoutingModel, **params: object) -> Search:
    search = begun(model, 10, **params)
    begin(search)
    return search


def test_scarce_prizes_are_begun_hot_only_where_routes_are_long() -> None:
    long, short = heated(priced_model(120)), heated(priced_model(20))
    assert long.problem.traits[rows.SCARCE] == short.problem.traits[rows.SCARCE] == 1
    assert long.counters[rows.N_ABSENT] <= 120 - 17 * long.counters[rows.N_USED]
    assert (long.spread[0], short.spread[0]) == (3.0, 0.3)
    result = solve(long.model, SolveParams(time_limit_s=None, max_iterations=3000))
    assert evaluate(long.model, result.routes).violations == ()


def test_other_models_begin_as_before() -> None:
    model = spread_model(1, n_tasks=120, n_vehicles=4)
    assert heated(model).spread[0] == 1.0
    assert heated(model, near=True, initial=[]).spread[0] == 1.0  # small
