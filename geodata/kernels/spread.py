"""From one place to all nodes, or from all nodes to one, on a contraction hierarchy.

Delling, Goldberg, Nowatzyk and Werneck, PHAST: hardware-accelerated shortest path trees (2011): a climb from the place
along one direction of the arcs, then one pass over all ranks from the top along the other.
"""  # noqa: E501

from __future__ import annotations

import numpy as np

from geodata.kernels.jit import lean_kernel


@lean_kernel
def spread(
    parent, first_ptr, first_head, first_cost, then_ptr, then_head, then_cost, entry, offset, weight
):
    """Weights between one place and every node.

    Parameters
    ----------
    parent : in the elimination tree, by rank, shape (n,), int32.
    first_ptr, first_head, first_cost : arcs that are climbed, given at their lower ends: those up
        for ways from the place, those down for ways to it.
    then_ptr, then_head, then_cost : the other arcs, likewise.
    entry, offset : ranks where the place enters the graph, and the weight to them, shape (e,),
        int32 and float64.
    weight : by rank, shape (n,), float64. Overwritten; infinite where no path leads.
    """
    weight[:] = np.inf
    for e in range(len(entry)):
        r = entry[e]
        weight[r] = min(weight[r], offset[e])
    for e in range(len(entry)):
        # Two entries climb to the same nodes in the end: what the second one meets is better or
        # as good as what the first one left there.
        r = entry[e]
        while r >= 0:
            here = weight[r]
            if here < np.inf:
                for a in range(first_ptr[r], first_ptr[r + 1]):
                    way = here + first_cost[a]
                    if way < weight[first_head[a]]:
                        weight[first_head[a]] = way
            r = parent[r]
    for low in range(len(parent) - 1, -1, -1):
        least = weight[low]
        for a in range(then_ptr[low], then_ptr[low + 1]):
            way = weight[then_head[a]] + then_cost[a]
            if way < least:
                least = way
        weight[low] = least
