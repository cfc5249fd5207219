"""The evaluation against its slow twin, on every feature and every pair of features."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from tests.naive_timetable import naive_figures
from tests.rich_models import FEATURES, random_model, random_routes, with_needs


def agree(model: RoutingModel, routes: list[list[int]]) -> bool:
    """Assert that both readings say the same; return whether the routes keep every promise."""
    told = evaluate(model, routes)
    naive = naive_figures(model, routes)
    assert (naive is None) == bool(told.violations), told.violations
    if naive is None:
        return False
    assert naive.cost == {
        "travel": told.travel_cost, "fixed": told.fixed_cost, "duty": told.duty_cost,
        "overtime": told.overtime_cost, "lateness": told.lateness_cost, "worst": told.worst_cost,
        "affinity": told.affinity_cost, "prizes": told.prize_lost,
    }
    assert sum(naive.cost.values()) == told.cost
    used = [(r, visits) for r, visits in zip(told.routes, routes, strict=True) if r.start]
    assert [list(r.start) for r, _ in used] == naive.start
    assert [r.end for r, _ in used] == naive.end
    leaves = [
        [r.leave, *(t for t, i in zip(r.departure, visits, strict=True) if i < 0)]
        for r, visits in used
    ]
    assert leaves == naive.leave
    if model.features:
        assert [r.duty for r, _ in used] == naive.duty
    return True


def kept(features: Iterable[str], seeds: range, tries: int = 6) -> int:
    count = 0
    for seed in seeds:
        model = random_model(seed, features)
        rng = np.random.default_rng(seed)
        count += sum(agree(model, random_routes(model, rng)) for _ in range(tries))
    return count


@pytest.mark.parametrize("feature", FEATURES)
def test_a_random_model_has_the_features_it_is_asked_for(feature: str) -> None:
    for seed in range(20):
        assert random_model(seed, {feature}).features == with_needs({feature})


def test_plain_models_agree() -> None:
    assert kept((), range(10)) > 5


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_agrees(feature: str) -> None:
    assert kept({feature}, range(12)) > 5


@pytest.mark.parametrize("first", FEATURES[:-1])
def test_each_pair_of_features_agrees(first: str) -> None:
    others = FEATURES[FEATURES.index(first) + 1 :]
    seed = 100 * FEATURES.index(first)
    counts = [kept({first, other}, range(seed, seed + 3), 4) for other in others]
    assert sum(counts) > len(others)


@pytest.mark.parametrize("seed", range(60))
def test_many_features_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chosen = [f for f in FEATURES if rng.random() < rng.choice([0.3, 0.6, 1.0])]
    kept(chosen, range(seed, seed + 1), 10)
