"""Speed of the road engine: snapping, one path, and the matrix of 1,000 locations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

geodata = pytest.importorskip("geodata")

N = 1000


@pytest.fixture(scope="module")
def network() -> Any:
    geodata.warm_up()
    return geodata.synthetic_city(6000, seed=1)


@pytest.fixture(scope="module")
def points(network: Any) -> Any:
    return geodata.sample_points(network, N, seed=1)


@pytest.fixture(scope="module")
def nodes(network: Any, points: Any) -> Any:
    return geodata.snap(network, *points, "car").node


def test_snap_points(benchmark: Any, network: Any, points: Any) -> None:
    snapped = benchmark(geodata.snap, network, *points, "car")
    assert len(snapped.node) == N


def test_travel_matrix(benchmark: Any, network: Any, nodes: Any) -> None:
    benchmark.pedantic(
        geodata.travel_matrix, args=(network, nodes, "car"), rounds=3, warmup_rounds=1
    )


def test_travel_path(benchmark: Any, network: Any, nodes: Any) -> None:
    rng = np.random.default_rng(1)
    source, target = (int(node) for node in rng.choice(nodes, 2, replace=False))
    benchmark(geodata.travel_path, network, source, target, "car")


def test_synthetic_city(benchmark: Any) -> None:
    benchmark.pedantic(geodata.synthetic_city, args=(6000, 1), rounds=3, warmup_rounds=1)
