"""What an assignment under capacities is given and gives back, and what shortage is priced at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: In a cost matrix: this batch may not serve this group.
FORBIDDEN = -1
#: A capacity that does not bind.
UNLIMITED = 2**31 - 1


class Demand(NamedTuple):
    """Groups of equal units, (g,) each."""

    kind: Int32  # column of Supply.by_kind
    tier: Int32  # 0 is served first
    units: Int64


class Supply(NamedTuple):
    """Batches, (b,) each but the last two."""

    maker: Int32  # row of `maker_units`
    units: Int64  # in all
    by_kind: Int64  # (b, kinds); UNLIMITED: only `units` counts
    maker_units: Int64  # (makers,)


class Caps(NamedTuple):
    """A capacity that does not nest: at most ``limit`` units over some (batch, kind) pairs."""

    pairs: NDArray[np.bool_]  # (b, kinds)
    limit: int


class Assignment(NamedTuple):
    """Units by group and batch, what is short, and how good it is."""

    units: Int64  # (g, b)
    shortage: Int64  # (g,)
    cost: int  # of the units served, without the prices of shortage
    bound: int  # no assignment with this little shortage in every tier is cheaper
    optimal: bool
    solver: str


def slice_price(cost: Int64) -> int:
    """More than any rerouting can save: the longest path alternates between groups and batches."""
    g, b = cost.shape
    most = int(cost.max(initial=0))
    return int(2 * min(g, b) + 3) * most + 1


def step_between_tiers(cost: Int64, spread: int) -> int:
    """Tell what a unit of a tier is worth above one of the next: more than all slices."""
    return slice_price(cost) * (spread + 1)


def shortage_slices(demand: Demand, cost: Int64, spread: int) -> tuple[Int32, Int64, Int64]:
    """Cut every group into slices of rising price.

    Returns
    -------
    group, units, price : one entry a slice; a group of few units has few slices.
    """
    ranks = np.unique(demand.tier, return_inverse=True)[1].reshape(-1)
    worth = (int(ranks.max(initial=0)) + 1 - ranks) * step_between_tiers(cost, spread)
    edges = demand.units[:, None] * np.arange(spread + 1) // spread
    units = np.diff(edges, axis=1)
    # The price of a slice goes with the share that is given up, the same in large and small groups.
    price = worth[:, None] + slice_price(cost) * np.arange(spread)
    group, which = np.nonzero(units)
    return group.astype(np.int32), units[group, which], price[group, which]
