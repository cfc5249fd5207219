"""Below what no set of trips can go that brings every stop its units: a bound by capacity routes.

A trip leaves an end, visits stops, leaves some units at each, at most ``capacity`` in all, and
comes back to an end. It costs ``trip``, ``visit`` for every stop on it, and its ways. Stops may be
visited by several trips. The bound is that of Christofides, Mingozzi and Toth (1981, State-space
relaxation procedures for the computation of bounds to routing problems, Networks 11), with ways
made symmetric by taking the shorter direction, which costs no plan more than before.

Proof. Let ``R`` be any trip, ``a_i`` the units that it leaves at stop ``i``, ``q = sum a_i`` and
``c(R)`` its cost. For any prices ``p_i`` of a unit let ``b_i`` be the least
``(c(R) - sum_j p_j a_j) / q`` of all trips with ``a_i > 0``. Then for every trip

    sum_i (p_i + b_i) a_i  <=  sum_i p_i a_i + sum_i a_i (c(R) - sum_j p_j a_j) / q  =  c(R).

Summed over the trips of a plan, which leave ``demand_i`` units at each stop, the left side is
``sum_i demand_i (p_i + b_i)``, the right side the plan's cost: that sum is the bound, whatever the
prices are. ``b_i`` is taken over more than the trips: walks that may return to a stop, though not
at once after one other stop (2-cycles), which only lowers it. Good prices are found by steps
towards the stops that the walks leave short (subgradient); the best bound of all steps is returned.
"""

from __future__ import annotations

import math
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvers.errors import ModelError
from solvers.search.kernels.jit import kernel

__all__ = ["bound_trips"]

Float64 = NDArray[np.float64]

#: Stops whose nearest are sorted; what lies farther is looked at only where the nearest do not do.
_NEAREST = 400
#: The best plan is thought to be so much above the best bound: it sets the length of a step.
ABOVE = 1.03
#: Steps without a better bound after which they are halved.
PATIENCE = 4
#: Ways are kept in single precision.
PRECISION = 1e-6


def bound_trips(
    way: ArrayLike,
    end: ArrayLike,
    demand: ArrayLike,
    capacity: int,
    *,
    trip: float = 0.0,
    visit: float = 0.0,
    steps: int = 40,
) -> float:
    """Cost below which no trips bring every stop its units.

    Parameters
    ----------
    way : between stops, (n, n), not negative; need not be symmetric.
    end : way from the nearest end to each stop, or back, whichever is less, (n,).
    demand : units, (n,), at least 1.
    capacity : most units of a trip.
    trip, visit : cost of a trip, and of each stop on it.
    steps : evaluations of prices.

    Raises
    ------
    ModelError : wrong shapes, or figures that are too small.

    Notes
    -----
    A step takes about ``capacity * n * (near + demand + capacity)`` operations, ``near`` being the
    neighbours that are near enough to matter.
    """
    walks = Walks(way, end, demand, capacity)
    if min(trip, visit) < 0:
        raise ModelError(["a stop wants a unit, a trip holds one, and no cost is negative"])
    if not walks.n:
        return 0.0
    wanted = walks.demand
    best, step, stuck = -math.inf, 1.0, 0
    price = walks.first_price(trip, visit)
    start = price
    for _ in range(steps):
        walks.price(price, trip, visit)
        share = walks.share
        value = float(((price + share) * wanted).sum())
        if value > best + 1e-9 * abs(value):
            best, start, stuck = value, price + share, 0
        else:
            stuck += 1
            if stuck >= PATIENCE:
                step, stuck, price = step / 2, 0, start
                continue
        covered = np.zeros(walks.n)
        walks.trace(np.ones(walks.n, np.bool_), covered)
        short = wanted - covered
        norm = float((short * short).sum())
        if norm < 1e-9:
            break
        price = price + share + step * (ABOVE * max(best, value) - value + 1.0) / norm * short
    return max(0.0, best * (1 - PRECISION))


class Walks:
    """The cheapest walks by every stop, where a unit at a stop pays a price.

    Parameters
    ----------
    way, end, demand, capacity : see :func:`bound_trips`.

    Attributes
    ----------
    share : least cost a unit of the walks by each stop, (n,).
    units : what that walk leaves in all, (n,).

    Raises
    ------
    ModelError : wrong shapes, or figures that are too small.
    """

    def __init__(
        self, way: ArrayLike, end: ArrayLike, demand: ArrayLike, capacity: int
    ) -> None:
        ways, ends = (np.asarray(x, np.float64) for x in (way, end))
        self.demand = np.asarray(demand, np.int64)
        self.n, self.capacity, self.ends = len(self.demand), capacity, ends
        n = self.n
        if ways.shape != (n, n) or ends.shape != (n,):
            raise ModelError([f"way and end: shapes {ways.shape} and {ends.shape} for {n} stops"])
        if n and (capacity < 1 or self.demand.min() < 1 or min(ways.min(), ends.min()) < 0):
            raise ModelError(["a stop wants a unit, a trip holds one, and no cost is negative"])
        # A detour over other stops may be shorter where ways are not: walks are costed by arcs, so
        # the bound holds for any ways.
        self.ways = np.minimum(ways, ways.T).astype(np.float32)
        np.fill_diagonal(self.ways, np.inf)
        near = min(max(n - 1, 0), _NEAREST)
        self.order = np.argsort(self.ways, axis=1, kind="stable")[:, :near].astype(np.int32)
        self.share, self.units = np.empty(n), np.empty(n, np.int64)
        self._made = self._arrays()

    def _arrays(self) -> tuple[Any, ...]:
        shape = (max(self.capacity, 0) + 1, self.n, 2)
        arrive, leave = np.empty(shape), np.empty(shape)
        come, before, take, slot = (np.empty(shape, np.int32) for _ in range(4))
        return arrive, come, leave, before, take, slot, np.empty((self.n, 6), np.int32)

    def twin(self) -> Walks:
        """Make walks of the same stops that remember for themselves what they did."""
        other = copy(self)
        other.share, other.units = np.empty(self.n), np.empty(self.n, np.int64)
        other._made = self._arrays()
        return other

    def first_price(self, trip: float, visit: float) -> Float64:
        """Price a unit at its part of a full trip to its stop."""
        whole = np.minimum(self.demand, self.capacity)
        return (trip + 2.0 * self.ends) / self.capacity + visit / whole

    def price(self, price: Float64, trip: float, visit: float) -> None:
        """Find ``share`` and ``units``."""
        walk = self._made[-1]
        _price_trips(
            self.ways, self.order, self.ends, np.minimum(self.demand, self.capacity), price, trip,
            visit, *self._made[:-1], self.share, walk,
        )
        self.units[:] = walk[:, 0]

    def trace(self, which: NDArray[np.bool_], covered: Float64) -> None:
        """Add what the walks by ``which`` stops leave at each, for all units that these want."""
        _, come, _, before, take, slot, walk = self._made
        _trace(come, before, take, slot, walk, self.demand, which, covered)


@kernel
def _price_trips(
    way: Any, order: Any, end: Any, demand: Any, price: Any, trip: float, visit: float,
    arrive: Any, come: Any, leave: Any, before: Any, take: Any, slot: Any, share: Any, walk: Any,
) -> None:
    """Work out the least cost a unit of every stop, and the walks that have it.

    Parameters
    ----------
    way, order : (n, n) float32, and the nearest of each stop, nearest first, (n, near) int32.
    end, demand, price : of stops, (n,).
    trip, visit : of a trip, of a stop on it.
    arrive, come : the two cheapest ways, by different stops before, of standing at a stop with so
        many units left elsewhere, (capacity + 1, n, 2); the stop before, n: an end, -1: no way.
    leave, before, take, slot : the same having left units there too: cost, stop before, units left
        there, and which of the two ways of arriving.
    share : overwritten: least cost a unit, (n,).
    walk : overwritten, (n, 6): of those walks, the units in all, those left here, and units and
        slots of the two halves that meet here.
    """
    n, near = order.shape
    most = arrive.shape[0] - 1
    inf = np.inf
    for i in range(n):
        arrive[0, i, 0], come[0, i, 0] = end[i] + visit, n
        arrive[0, i, 1], come[0, i, 1] = inf, -1
    for q in range(1, most):
        low = inf
        for j in range(n):
            c0, c1, b0, b1, m0, m1, s0, s1 = inf, inf, -1, -1, 0, 0, 0, 0
            for m in range(1, min(demand[j], q) + 1):
                for s in range(2):
                    b = come[q - m, j, s]
                    if b < 0:
                        continue
                    c = arrive[q - m, j, s] - m * price[j]
                    if b == b0:
                        if c < c0:
                            c0, m0, s0 = c, m, s
                    elif c < c0:
                        c1, b1, m1, s1 = c0, b0, m0, s0
                        c0, b0, m0, s0 = c, b, m, s
                    elif c < c1:
                        c1, b1, m1, s1 = c, b, m, s
            leave[q, j, 0], before[q, j, 0], take[q, j, 0], slot[q, j, 0] = c0, b0, m0, s0
            leave[q, j, 1], before[q, j, 1], take[q, j, 1], slot[q, j, 1] = c1, b1, m1, s1
            low = min(low, c0)
        for i in range(n):
            a0, a1, j0, j1 = inf, inf, -1, -1
            done = False
            for k in range(near):
                j = order[i, k]
                d = way[i, j]
                if low + d >= a1:
                    done = True
                    break
                c = d + (leave[q, j, 1] if before[q, j, 0] == i else leave[q, j, 0])
                if c < a0:
                    a1, j1 = a0, j0
                    a0, j0 = c, j
                elif c < a1:
                    a1, j1 = c, j
            if not done and near < n - 1:
                a0, a1, j0, j1 = inf, inf, -1, -1
                for j in range(n):
                    if j == i:
                        continue
                    d = way[i, j]
                    c = d + (leave[q, j, 1] if before[q, j, 0] == i else leave[q, j, 0])
                    if c < a0:
                        a1, j1 = a0, j0
                        a0, j0 = c, j
                    elif c < a1:
                        a1, j1 = c, j
            arrive[q, i, 0], come[q, i, 0] = a0 + visit, j0
            arrive[q, i, 1], come[q, i, 1] = a1 + visit, j1
    for i in range(n):
        least, total, here = inf, 1, 0
        qa, sa, qb, sb = 0, 0, 0, 0
        for q1 in range(most):
            for q2 in range(q1, most - q1):
                # The cheapest two halves that do not come from the same stop.
                c, s1, s2 = inf, 0, 0
                for x in range(2):
                    for y in range(2):
                        jx, jy = come[q1, i, x], come[q2, i, y]
                        if jx < 0 or jy < 0 or (jx == jy and jx < n):
                            continue
                        both = arrive[q1, i, x] + arrive[q2, i, y]
                        if both < c:
                            c, s1, s2 = both, x, y
                if c == inf:
                    continue
                for m in range(1, min(demand[i], most - q1 - q2) + 1):
                    units = q1 + q2 + m
                    each = (trip + c - visit - m * price[i]) / units
                    if each < least:
                        least, total, here = each, units, m
                        qa, sa, qb, sb = q1, s1, q2, s2
        share[i] = least
        walk[i, 0], walk[i, 1], walk[i, 2], walk[i, 3] = total, here, qa, sa
        walk[i, 4], walk[i, 5] = qb, sb


@kernel
def _trace(
    come: Any, before: Any, take: Any, slot: Any, walk: Any, demand: Any, which: Any, covered: Any,
) -> None:
    """Add up what walks leave at each stop; arguments as above, ``which`` stops' walks, (n,)."""
    n = len(demand)
    for i in range(n):
        if not which[i]:
            continue
        weight = demand[i] / walk[i, 0]
        covered[i] += weight * walk[i, 1]
        for side in range(2):
            q, s, at = walk[i, 2 + 2 * side], walk[i, 3 + 2 * side], i
            j = come[q, at, s]
            while j < n:
                t = 1 if before[q, j, 0] == at else 0
                units = take[q, j, t]
                covered[j] += weight * units
                s, q, at = slot[q, j, t], q - units, j
                j = come[q, at, s]
