"""Assignment under capacities: exact, proven, fair within a tier, and lawful."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.capacity import assign
from solvers.capacity_model import FORBIDDEN, UNLIMITED, Caps, Demand, Supply
from solvers.errors import ModelError


def demand(kind: list[int], tier: list[int], count: list[int]) -> Demand:
    return Demand(np.array(kind, np.int32), np.array(tier, np.int32), np.array(count, np.int64))


def supply(
    maker: list[int], units: list[int], by_kind: list[list[int]], makers: list[int]
) -> Supply:
    return Supply(
        np.array(maker, np.int32), np.array(units, np.int64), np.array(by_kind, np.int64),
        np.array(makers, np.int64),
    )


def is_lawful(d: Demand, s: Supply, cost: np.ndarray, units: np.ndarray) -> bool:
    by_kind = np.zeros_like(s.by_kind)
    for i, row in enumerate(units):
        by_kind[:, d.kind[i]] += row
    of_maker = np.bincount(s.maker, by_kind.sum(axis=1), minlength=len(s.maker_units))
    return bool(
        (units >= 0).all() and (units[cost < 0] == 0).all()
        and (units.sum(axis=1) <= d.units).all() and (by_kind <= s.by_kind).all()
        and (by_kind.sum(axis=1) <= s.units).all() and (of_maker <= s.maker_units).all()
    )


def best_by_enumeration(
    d: Demand, s: Supply, cost: np.ndarray, caps: list[Caps]
) -> tuple[list[int], int]:
    """Least shortage tier by tier, then least cost, over every assignment."""
    cells = [(i, j) for i, j in np.ndindex(*cost.shape) if cost[i, j] >= 0]
    best: tuple[list[int], int] | None = None
    for amounts in itertools.product(*(range(int(d.units[i]) + 1) for i, _ in cells)):
        units = np.zeros(cost.shape, np.int64)
        for (i, j), n in zip(cells, amounts, strict=True):
            units[i, j] = n
        if not is_lawful(d, s, cost, units):
            continue
        by_kind = np.zeros_like(s.by_kind)
        for i, row in enumerate(units):
            by_kind[:, d.kind[i]] += row
        if any((by_kind * c.pairs).sum() > c.limit for c in caps):
            continue
        short = d.units - units.sum(axis=1)
        lost = [int(short[d.tier == t].sum()) for t in np.unique(d.tier)]
        key = (lost, int((units * np.maximum(cost, 0)).sum()))
        best = key if best is None else min(best, key)
    assert best is not None
    return best


small = st.integers(0, 2)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), crossing=st.booleans())
def test_it_agrees_with_enumeration(data: st.DataObject, crossing: bool) -> None:
    d = demand(*(data.draw(st.lists(st.integers(0, top), min_size=3, max_size=3))
                 for top in (1, 1, 2)))
    numbers = data.draw(st.lists(small, min_size=7, max_size=7))
    s = supply([0, 1], numbers[:2], [numbers[2:4], numbers[4:6]], [numbers[6] + 1, 2])
    cost = np.array(data.draw(st.lists(st.integers(-1, 9), min_size=6, max_size=6))).reshape(3, 2)
    caps = [Caps(np.array([[True, False], [False, True]]), data.draw(small))] if crossing else []
    found = assign(d, s, cost, caps)
    lost = [int(found.shortage[d.tier == t].sum()) for t in np.unique(d.tier)]
    best_lost, _ = best_by_enumeration(d, s, cost, caps)
    assert is_lawful(d, s, cost, found.units)
    assert lost == best_lost
    assert found.optimal
    assert found.bound <= found.cost


def test_without_shortage_the_cost_is_the_least_there_is() -> None:
    d = demand([0, 0, 1], [0, 1, 0], [2, 1, 2])
    s = supply([0, 0, 1], [2, 2, 3], [[2, 2], [1, 2], [3, 1]], [3, 3])
    cost = np.array([[4, 1, 7], [3, FORBIDDEN, 9], [2, 2, 8]])
    found = assign(d, s, cost)
    lost, least = best_by_enumeration(d, s, cost, [])
    assert lost == [0, 0]
    assert (found.cost, found.bound, found.optimal) == (least, least, True)


def test_crossing_caps_give_the_same_plan_as_the_flow_where_they_do_not_bind() -> None:
    rng = np.random.default_rng(5)
    d = demand(list(rng.integers(0, 3, 20)), list(rng.integers(0, 3, 20)),
               list(rng.integers(0, 30, 20)))
    s = supply([0, 0, 1, 1], [40] * 4, [[20, 15, 20]] * 4, [70, 60])
    cost = rng.integers(0, 500, (20, 4))
    flow = assign(d, s, cost)
    program = assign(d, s, cost, [Caps(np.ones((4, 3), bool), UNLIMITED - 1)])
    assert flow.shortage.sum() > 0
    for t in range(3):
        assert flow.shortage[d.tier == t].sum() == program.shortage[d.tier == t].sum()
    assert flow.optimal
    assert program.optimal


def test_shortage_is_spread_over_the_groups_of_a_tier() -> None:
    d = demand([0] * 4, [0] * 4, [100] * 4)
    s = supply([0], [200], [[UNLIMITED]], [UNLIMITED])
    cost = np.array([[1], [2], [3], [4]])
    assert assign(d, s, cost).shortage.tolist() == [50] * 4
    assert assign(d, s, cost, spread=1).shortage.tolist() == [0, 0, 100, 100]


def test_an_early_tier_is_never_given_up_for_a_cheaper_later_one() -> None:
    d = demand([0, 0], [1, 0], [5, 5])
    s = supply([0], [5], [[5]], [5])
    cost = np.array([[0], [10_000]])
    assert assign(d, s, cost).shortage.tolist() == [5, 0]


def test_one_diet_may_use_a_batch_up_to_its_own_cap_only() -> None:
    d = demand([0, 1], [0, 0], [10, 10])
    s = supply([0], [20], [[UNLIMITED, 3]], [UNLIMITED])
    assert assign(d, s, np.zeros((2, 1), int)).units.ravel().tolist() == [10, 3]


@pytest.mark.parametrize(("change", "word"), [
    ({"count": [-1]}, "units"), ({"kind": [1]}, "kind"), ({"cost": [[-2]]}, "cost"),
    ({"cost": [[1, 2]]}, "shape"), ({"maker": [3]}, "maker"), ({"cost": [[2**60]]}, "large"),
])
def test_what_does_not_fit_is_named(change: dict[str, list[int]], word: str) -> None:
    given = {"kind": [0], "count": [1], "maker": [0], "cost": [[0]], **change}
    with pytest.raises(ModelError, match=word):
        assign(
            demand(given["kind"], [0], given["count"]),
            supply(given["maker"], [1], [[1]], [1]), np.array(given["cost"]),
        )


def test_nothing_to_do_is_done() -> None:
    found = assign(
        demand([], [], []), supply([0], [1], [[1]], [1]), np.zeros((0, 1), int)
    )
    assert (found.cost, found.bound, found.optimal) == (0, 0, True)
