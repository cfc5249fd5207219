"""The bound on a round: never above the shortest that enumeration finds, and close to it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from solvers.errors import ModelError
from solvers.tour_bound import bound_round


def shortest(way: np.ndarray) -> float:
    """Length of the shortest closed walk through all stops, in the directions that ways have."""
    way = way.astype(float)
    for k in range(len(way)):
        way = np.minimum(way, way[:, k, None] + way[k])
    return min(
        sum(way[a, b] for a, b in itertools.pairwise((0, *order, 0)))
        for order in itertools.permutations(range(1, len(way)))
    )


@pytest.mark.parametrize("seed", range(20))
def test_no_round_is_shorter_than_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    way = rng.integers(0, 60, (n, n))
    if seed % 2:  # a plane
        xy = rng.integers(0, 60, (n, 2))
        way = np.abs(xy[:, None] - xy[None]).sum(axis=2)
    np.fill_diagonal(way, 0)
    least = shortest(way)
    bound = bound_round(way)
    assert bound <= least
    if seed % 2:
        assert bound > 0.9 * least


def test_stops_on_a_line_are_bounded_by_there_and_back() -> None:
    x = np.array([0.0, 5.0, 9.0, 30.0])
    assert bound_round(np.abs(x[:, None] - x)) == pytest.approx(60)
    assert bound_round([[0, 7], [4, 0]]) == 8
    assert bound_round([[0]]) == bound_round(np.empty((0, 0))) == 0


def test_ways_that_make_no_sense_are_refused() -> None:
    for wrong in ([[0, 1]], [[0, -1], [1, 0]]):
        with pytest.raises(ModelError):
            bound_round(wrong)
