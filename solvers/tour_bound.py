"""Below what no round can go that visits every stop: the bound of Held and Karp by 1-trees.

Held and Karp (1970, The traveling-salesman problem and minimum spanning trees, Operations Research
18): a round leaves one stop by two ways, and without that stop it still holds all others together;
so it costs no less than a least spanning tree of the others and the two least ways to that stop.
That holds too when every stop has a price that is added to each of its ways and twice taken off
again, which changes no round; good prices are found by steps towards two ways at every stop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvers.errors import ModelError

__all__ = ["bound_round"]

Float64 = NDArray[np.float64]

#: Steps are halved after so many without a better bound.
_PATIENCE = 5
#: The best round is thought to be so much above the best bound: it sets the length of a step.
_ABOVE = 1.05


def bound_round(way: ArrayLike, *, steps: int = 100) -> float:
    """Length below which nobody can visit all stops and come back.

    Parameters
    ----------
    way : between stops, (n, n), not negative; need not be symmetric, and shorter ways over other
        stops may be taken: the shorter direction and the shortest ways count.
    steps : evaluations of prices.

    Returns
    -------
    0.0 for no stop or one.

    Raises
    ------
    ModelError : the ways are not square, or one is negative.

    Notes
    -----
    Rounds that come by a stop more than once, and several rounds that share a stop and together
    visit all, are no shorter: over the shortest ways they can be cut short to one round that visits
    each once. A step is of order n * n.
    """
    ways = np.asarray(way, np.float64)
    if ways.ndim != 2 or ways.shape[0] != ways.shape[1] or (ways.size and ways.min() < 0):
        raise ModelError([f"ways of shape {ways.shape}: square and not negative is needed"])
    n = len(ways)
    if n < 2:
        return 0.0
    ways = np.minimum(ways, ways.T)
    for k in range(n):  # Floyd and Warshall
        np.minimum(ways, ways[:, k, None] + ways[k], out=ways)
    if n == 2:
        return float(2 * ways[0, 1])
    price, best, start = np.zeros(n), 0.0, np.zeros(n)
    step, stuck = 1.0, 0
    for _ in range(steps):
        cost, degree = _one_tree(ways + price[:, None] + price)
        value = cost - 2.0 * float(price.sum())
        if value > best:
            best, start, stuck = value, price, 0
        else:
            stuck += 1
            if stuck >= _PATIENCE:
                step, stuck, price = step / 2, 0, start
                continue
        wrong = degree - 2.0
        norm = float(wrong @ wrong)
        if norm == 0:  # the tree is a round, and the shortest
            break
        price = price + step * (_ABOVE * best - value + 1e-9) / norm * wrong
    return best * (1 - 1e-12)


def _one_tree(ways: Float64) -> tuple[float, Float64]:
    """Cost of a least 1-tree around the first stop, and the ways at each stop, (n,)."""
    n = len(ways)
    degree = np.zeros(n)
    two = np.argpartition(ways[0, 1:], 1)[:2] + 1
    cost = float(ways[0, two].sum())
    degree[0], degree[two] = 2.0, 1.0
    nearest, parent = ways[1].copy(), np.ones(n, np.int64)
    nearest[:2] = np.inf
    for _ in range(n - 2):  # Prim
        j = int(np.argmin(nearest))
        cost += float(nearest[j])
        degree[j] += 1.0
        degree[parent[j]] += 1.0
        closer = (ways[j] < nearest) & np.isfinite(nearest)
        nearest[closer], parent[closer] = ways[j, closer], j
        nearest[j] = np.inf
    return cost, degree
