"""Van lanes: the plan is lawful, near its bound, and never below what enumeration finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.errors import ModelError
from solvers.lanes import plan_cost, plan_lanes


def cheapest(supply: list[int], demand: list[int], price: np.ndarray, trip: np.ndarray,
             van: int) -> int:
    columns = [
        [c for c in itertools.product(range(want + 1), repeat=len(supply)) if sum(c) == want]
        for want in demand
    ]
    plans = (np.array(c, np.int64).T for c in itertools.product(*columns))
    return min(
        plan_cost(x, price, trip, van) for x in plans if (x.sum(axis=1) <= supply).all()
    )


@settings(max_examples=40, deadline=None)
@given(
    demand=st.lists(st.integers(0, 5), min_size=2, max_size=3), van=st.integers(1, 4),
    seed=st.integers(0, 10**6), improve=st.booleans(),
)
def test_the_bound_is_below_and_the_plan_above_the_best(
    demand: list[int], van: int, seed: int, improve: bool
) -> None:
    rng = np.random.default_rng(seed)
    price, trip = rng.integers(0, 5, (2, len(demand))), rng.integers(0, 20, (2, len(demand)))
    supply = [sum(demand) // 2 + 1, sum(demand) // 2 + 1]
    plan = plan_lanes(supply, demand, price, trip, van, seconds=600.0 if improve else 0.0)
    best = cheapest(supply, demand, price, trip, van)
    assert plan.bound <= best <= plan.cost
    assert plan.units.sum(axis=0).tolist() == demand
    assert (plan.units.sum(axis=1) <= supply).all()
    assert (plan.units <= van * plan.trips).all()
    assert plan.cost == int((plan.units * price + plan.trips * trip).sum())
    if improve:
        assert plan.cost == best  # the program is tiny: it is solved to its end


def test_a_city_of_lanes_is_within_ten_percent_of_its_bound() -> None:
    rng = np.random.default_rng(3)
    demand = rng.multinomial(20_000, rng.dirichlet(np.full(80, 8.0)))
    apart = rng.uniform(0, 10_000, (10, 1, 2)) - rng.uniform(0, 10_000, (1, 80, 2))
    trip = 1_500 + (np.hypot(*apart.transpose(2, 0, 1)) * 0.3).astype(int)
    plan = plan_lanes(np.full(10, 2_200), demand, np.full((10, 80), 5), trip, 120)
    again = plan_lanes(np.full(10, 2_200), demand, np.full((10, 80), 5), trip, 120)
    assert plan.gap < 0.10
    assert (plan.units == again.units).all()


def test_what_cannot_be_is_refused() -> None:
    one = np.ones((1, 1), int)
    with pytest.raises(ModelError, match="supply"):
        plan_lanes([1], [2], one, one, 1)
    with pytest.raises(ModelError, match="room"):
        plan_lanes([1], [1], one, one, 0)
    with pytest.raises(ModelError, match="shapes"):
        plan_lanes([1], [1], one, np.ones((2, 1)), 1)
    assert plan_lanes([1], [0], one, one, 1).cost == 0
