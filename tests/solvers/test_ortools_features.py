"""Every field of the routing model, alone and in pairs, through both OR-Tools backends."""

from __future__ import annotations

import importlib
import zlib

import numpy as np
import pytest

from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.solve import BACKENDS, SolveParams, solve
from tests.oracle import brute_force, of_few_tasks, optimum
from tests.rich_models import FEATURES, random_model, random_routes, with_needs


def cost_of(model: RoutingModel, backend: str, max_iterations: int = 10) -> int:
    """Cost of a backend's answer, which must be valid and name what it leaves out."""
    params = SolveParams(backend=backend, time_limit_s=None, max_iterations=max_iterations)
    result = solve(model, params)
    figures = evaluate(model, result.routes)
    assert figures.violations == ()
    assert figures.unassigned == tuple(result.unassigned)
    return figures.cost


def empty_cost(model: RoutingModel) -> int:
    return evaluate(model, [[]] * model.n_vehicles).cost


@pytest.mark.parametrize("backend", ["ortools", "cpsat"])
def test_every_feature_is_supported(backend: str) -> None:
    supported = importlib.import_module(BACKENDS[backend]).SUPPORTED
    assert supported == set(FEATURES)


@pytest.mark.parametrize("feature", FEATURES)
def test_what_cpsat_proves_is_what_trying_everything_finds(feature: str) -> None:
    wanted = with_needs([feature])
    n_tasks = 3 if "reloads" in wanted else 5 if "links" in wanted else 4
    for seed in range(2):
        model = of_few_tasks(random_model(seed, [feature], 10, n_vehicles=2), n_tasks)
        least = brute_force(model)
        assert optimum(model) == least
        assert least < empty_cost(model)
        assert cost_of(model, "ortools") >= least


@pytest.mark.parametrize("feature", FEATURES)
def test_pairs_of_features_are_solved_validly_and_no_cheaper_than_proven(feature: str) -> None:
    others = FEATURES[FEATURES.index(feature) + 1 :]
    for other in others:
        names = (feature, other)
        seed = zlib.crc32(" ".join(names).encode())
        model = random_model(seed, names, 10, n_vehicles=3)
        cost = cost_of(model, "ortools")
        assert cost < empty_cost(model), names
        if seed % 4 == 0:  # a proof of each would take a minute
            few = of_few_tasks(model, 3)
            assert optimum(few) <= cost_of(few, "ortools") <= empty_cost(few), names


@pytest.mark.parametrize(("seed", "n_iterations"), [(2, 12), (4, 12), (5, 12), (7, 12), (8, 20)])
def test_many_features_at_once(seed: int, n_iterations: int) -> None:
    rng = np.random.default_rng(seed)
    names = rng.choice(FEATURES, 12, replace=False).tolist()
    model = random_model(seed, names, 12, n_vehicles=3)
    routes = [random_routes(model, rng) for _ in range(50)]
    naive = [f.cost for f in (evaluate(model, r) for r in routes) if not f.violations]
    cost = cost_of(model, "ortools", n_iterations)
    assert cost <= min(naive, default=empty_cost(model))
    assert cost_of(model, "cpsat", 5) < empty_cost(model)
