"""The bound on whole days: never above the best that enumeration finds, nor below that on trips."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from solvers.day_bound import bound_days
from solvers.errors import ModelError
from solvers.trip_bound import bound_trips


def all_trips(left: tuple[int, ...], capacity: int) -> Iterator[list[tuple[int, ...]]]:
    """All ways to deal units to trips; a trip is what it leaves at each stop."""
    if not any(left):
        yield []
        return
    first = next(i for i, n in enumerate(left) if n)
    for given in itertools.product(*(range(n + 1) for n in left)):
        if given[first] and sum(given) <= capacity:
            after = tuple(a - b for a, b in zip(left, given, strict=True))
            for rest in all_trips(after, capacity):
                yield [given, *rest]


def cheapest_days(
    way: np.ndarray, out: np.ndarray, back: np.ndarray, demand: tuple[int, ...], capacity: int,
    times: list[int], prices: list[int], trip: int, visit: int, unit: int,
) -> float:
    """Price of the cheapest days; infinite where there are not enough carriers."""
    best = math.inf
    for trips in all_trips(demand, capacity):
        seconds = [
            min(
                int(out[p[0]] + sum(way[a, b] for a, b in itertools.pairwise(p)) + back[p[-1]])
                for p in itertools.permutations([i for i, n in enumerate(given) if n])
            ) + trip + sum(visit + unit * n for n in given if n)
            for given in trips
        ]
        for who in itertools.product(range(len(times)), repeat=len(trips)):
            used = [sum(s for s, w in zip(seconds, who, strict=True) if w == c)
                    for c in range(len(times))]
            if all(u <= t for u, t in zip(used, times, strict=True)):
                best = min(best, sum(prices[c] for c in set(who)))
    return best


@pytest.mark.parametrize("seed", range(24))
def test_no_days_cost_less_than_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    way = rng.integers(0, 60, (n, n))
    out, back = rng.integers(0, 90, (2, n))
    demand = tuple(int(x) for x in rng.integers(1, 3, n))
    capacity, trip, visit, unit = (int(rng.integers(1, 4)), *rng.integers(0, 30, 3).tolist())
    times = [int(rng.integers(200, 500))] * 3
    prices = [60, 60, 60]
    if seed % 3 == 0:  # carriers that differ
        times, prices = rng.integers(200, 500, 3).tolist(), rng.integers(20, 90, 3).tolist()
    best = cheapest_days(way, out, back, demand, capacity, times, prices, trip, visit, unit)
    bound = bound_days(
        way, np.minimum(out, back), demand, capacity, times, prices,
        trip=trip, visit=visit, unit=unit,
    )
    assert 0 < bound <= best


def test_a_day_holds_whole_trips() -> None:
    # Forty stops of one full box each, 400 s a trip, and days of 1,500 s: three trips, not 3.75.
    n = 40
    given = np.full((n, n), 5_000.0), np.full(n, 100.0), [4] * n, 4
    summed = bound_trips(*given, trip=100, visit=100)
    assert summed == pytest.approx(n * 400, rel=1e-5)
    days = bound_days(*given, [1_500] * 30, [1.0] * 30, trip=100, visit=100)
    assert math.ceil(summed / 1_500) == 11
    # The last day may be of shorter trips, so that 14 whole days are not all that is proven.
    assert 12 <= days <= 14


def test_days_are_never_fewer_than_the_sum_of_trips() -> None:
    rng = np.random.default_rng(5)
    xy = rng.random((60, 2)) * 1_000
    way = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    given = way, np.linalg.norm(xy - 500, axis=1), rng.integers(1, 6, 60), 10
    summed = bound_trips(*given, trip=50, visit=10, steps=14)
    times, prices = np.linspace(3_000, 3_600, 40), np.ones(40)
    assert bound_days(*given, times, prices, trip=50, visit=10) >= summed / 3_600


def test_wrong_figures_are_refused() -> None:
    one = [[0.0]], [1.0], [1], 1
    for times, prices, unit in (([1.0], [1.0, 2.0], 0), ([1.0], [-1.0], 0), ([1.0], [1.0], -1)):
        with pytest.raises(ModelError):
            bound_days(*one, times, prices, unit=unit)
    assert bound_days(*one, [], []) == 0
    assert bound_days(np.zeros((0, 0)), [], [], 1, [1.0], [1.0]) == 0
