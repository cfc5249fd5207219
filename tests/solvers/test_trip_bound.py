"""The bound on trips: never above the best that enumeration finds."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest

from solvers.errors import ModelError
from solvers.trip_bound import bound_trips


def best_trips(
    way: np.ndarray, out: np.ndarray, back: np.ndarray, demand: tuple[int, ...], capacity: int,
    trip: int, visit: int,
) -> int:
    """Cost of the cheapest trips, by enumeration; a stop may be visited by several."""
    n = len(demand)

    @cache
    def tour(stops: tuple[int, ...]) -> int:
        return min(
            int(out[p[0]] + sum(way[a, b] for a, b in itertools.pairwise(p)) + back[p[-1]])
            for p in itertools.permutations(stops)
        ) + trip + visit * len(stops)

    @cache
    def rest(left: tuple[int, ...]) -> int:
        if not any(left):
            return 0
        first = next(i for i in range(n) if left[i])
        found = []
        for given in itertools.product(*(range(x + 1) for x in left)):
            if given[first] and sum(given) <= capacity:
                stops = tuple(i for i in range(n) if given[i])
                after = tuple(x - y for x, y in zip(left, given, strict=True))
                found.append(tour(stops) + rest(after))
        return min(found)

    return rest(demand)


@pytest.mark.parametrize("seed", range(20))
def test_no_trips_cost_less_than_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    way = rng.integers(0, 60, (n, n))
    if seed % 2:  # a plane, where shortcuts do not help
        xy = rng.integers(0, 60, (n, 2))
        way = np.abs(xy[:, None] - xy[None]).sum(axis=2)
    out, back = rng.integers(0, 90, (2, n))
    demand = tuple(int(x) for x in rng.integers(1, 4, n))
    capacity, trip, visit = (int(rng.integers(1, 6)), *rng.integers(0, 30, 2).tolist())
    best = best_trips(way, out, back, demand, capacity, trip, visit)
    bound = bound_trips(
        way, np.minimum(out, back), demand, capacity, trip=trip, visit=visit
    )
    assert bound <= best


def test_the_bound_is_met_where_every_trip_is_full() -> None:
    # Two buildings of a full box each, far from each other: two trips, and nothing to save.
    way = np.array([[0, 900], [900, 0]])
    bound = bound_trips(way, [100, 300], [20, 20], 20, trip=180, visit=45)
    assert bound == pytest.approx(2 * 180 + 90 + 800, rel=1e-5)


def test_neighbours_share_a_trip_in_the_bound_too() -> None:
    # Ten units each, a step apart: one trip goes to both.
    way = np.array([[0, 5], [5, 0]])
    bound = bound_trips(way, [100, 100], [10, 10], 20, trip=180, visit=45)
    assert bound == pytest.approx(180 + 90 + 205, rel=1e-5)


def test_a_bound_over_more_stops_than_are_sorted_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(3)
    xy = rng.random((40, 2)) * 1_000
    way = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    given = way, np.linalg.norm(xy - 500, axis=1), rng.integers(1, 6, 40), 10
    whole = bound_trips(*given, trip=50, visit=10)
    monkeypatch.setattr("solvers.trip_bound._NEAREST", 3)
    assert bound_trips(*given, trip=50, visit=10) == whole


def test_wrong_figures_are_refused() -> None:
    for way, end, demand in (
        ([[0.0]], [1.0, 2.0], [1]), ([[0.0]], [1.0], [0]), ([[0.0]], [-1.0], [1]),
    ):
        with pytest.raises(ModelError):
            bound_trips(way, end, demand, 1)
    assert bound_trips(np.zeros((0, 0)), [], [], 1) == 0
