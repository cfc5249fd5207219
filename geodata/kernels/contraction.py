"""A customizable contraction hierarchy: its shape from an order of the nodes, and a metric on it.

Contracting nodes in an order, and joining what is left of a node's neighbours each time, gives the same arcs whatever
the weights (Dibbelt, Strasser and Wagner, Customizable contraction hierarchies, 2016). Nodes are named by their rank
here: their place in the order. Every arc leads up, from the lower to the higher rank, and has two weights, of the way
up and of the way down; all upper ends of a node are its ancestors in the elimination tree.
"""  # noqa: E501

from __future__ import annotations

import numpy as np

from geodata.kernels.jit import lean_kernel

NO_PARENT = -1
UP = 0
DOWN = 1


@lean_kernel
def elimination_tree(ptr, adj, rank, node, parent, ancestor):
    """Parent of each rank: the lowest of the nodes above it when it is contracted.

    Parameters
    ----------
    ptr, adj : neighbours of each node, symmetric, shape (n + 1,) and (k,), int32.
    rank, node : rank of a node and node of a rank, shape (n,), int32.
    parent : shape (n,), int32. Overwritten; ``NO_PARENT`` at a root.
    ancestor : scratch, shape (n,), int32.

    Notes
    -----
    Liu, The role of elimination trees in sparse factorization (1990), algorithm 4.2.
    """
    for r in range(len(node)):
        parent[r] = NO_PARENT
        ancestor[r] = NO_PARENT
        v = node[r]
        for k in range(ptr[v], ptr[v + 1]):
            low = rank[adj[k]]
            while low < r and low != NO_PARENT:
                after = ancestor[low]
                ancestor[low] = r
                if after == NO_PARENT:
                    parent[low] = r
                    break
                if after == r:
                    break
                low = after


@lean_kernel
def postorder(parent, first_child, sibling, place):
    """Find new ranks that make each subtree of the elimination tree one range.

    The arcs stay the same. ``place`` is overwritten: new rank of each old one, shape (n,), int32;
    ``first_child`` and ``sibling`` are scratch of that shape.
    """
    n = len(parent)
    for r in range(n):
        first_child[r] = -1
    roots = -1
    for r in range(n - 1, -1, -1):  # children come out in rising order
        if parent[r] == NO_PARENT:
            sibling[r] = roots
            roots = r
        else:
            sibling[r] = first_child[parent[r]]
            first_child[parent[r]] = r
    n_done = 0
    r = roots
    while r != -1:
        while first_child[r] != -1:
            child = first_child[r]
            first_child[r] = -1
            r = child
        place[r] = n_done
        n_done += 1
        if sibling[r] != -1:
            r = sibling[r]
        elif parent[r] != NO_PARENT:
            r = parent[r]
        else:
            r = -1


@lean_kernel
def fill_arcs(ptr, adj, rank, node, parent, mark, count, head, lower_ptr, lower):
    """Arcs of the hierarchy; run twice.

    Parameters
    ----------
    ptr, adj, rank, node, parent : as in ``elimination_tree``; ranks in post-order.
    mark : scratch, shape (n,), int32.
    count : shape (n,), int32. First run: zeros become the numbers of arcs up from each rank. Second
        run: where the arcs of each rank start becomes where they end.
    head : empty in the first run; then overwritten: the upper end of each arc, rising within a
        rank, shape (a,), int32.
    lower_ptr, lower : overwritten in the second run: arcs into each rank from below, shape (n + 1,)
        and (a,), int32.
    """
    writes = len(head) > 0
    n_lower = 0
    for r in range(len(node)):
        mark[r] = -1
    for r in range(len(node)):
        mark[r] = r
        v = node[r]
        for k in range(ptr[v], ptr[v + 1]):
            low = rank[adj[k]]
            while low < r and mark[low] != r:
                mark[low] = r
                if writes:
                    head[count[low]] = r
                    lower[n_lower] = count[low]
                    n_lower += 1
                count[low] += 1
                low = parent[low]
        if writes:
            lower_ptr[r + 1] = n_lower


@lean_kernel
def find_arcs(ptr, heads, rank, up_ptr, up_head, slot):
    """Arc and direction of each edge of the graph.

    ``slot`` is overwritten, shape (k,), int32: twice the arc, plus ``DOWN`` where the edge goes
    down; -1 for an edge from a node to itself.
    """
    for v in range(len(rank)):
        for k in range(ptr[v], ptr[v + 1]):
            low = rank[v]
            high = rank[heads[k]]
            if low == high:
                slot[k] = -1
                continue
            direction = UP
            if low > high:
                low, high = high, low
                direction = DOWN
            i = up_ptr[low]
            j = up_ptr[low + 1]
            while i < j:
                middle = (i + j) >> 1
                if up_head[middle] < high:
                    i = middle + 1
                else:
                    j = middle
            slot[k] = 2 * i + direction


@lean_kernel
def customise(up_ptr, up_head, arc_tail, lower_ptr, lower, slot, edge_weight, at, weight, other):
    """Weights of the arcs for one metric, and which arcs are needed at all.

    Parameters
    ----------
    up_ptr, up_head : arcs up from each rank, shape (n + 1,) and (a,), int32.
    arc_tail : lower end of each arc, shape (a,), int32.
    lower_ptr, lower : arcs into each rank from below, shape (n + 1,) and (a,), int32.
    slot : as ``find_arcs`` gives it, shape (k,).
    edge_weight : weight of each edge of the graph, above 0, shape (k,), int64, below 2**53.
    at : scratch, shape (n,), int32.
    weight : shape (a, 2), float64. Overwritten: shortest way between the ends of the arc, up and
        down, over lower nodes alone; infinite where there is none.
    other : shape (a, 2), float64. Overwritten: shortest way over a common neighbour above the lower
        end, so that an arc with ``other <= weight`` is not needed in any shortest path.

    Notes
    -----
    Dibbelt, Strasser and Wagner (2016), sections 6 and 8. An arc that is as long as its detour is
    dropped too: all weights are above 0, so the arcs of the detour are shorter, and by induction over
    the weight the shortest of the tied ways always stays.
    """  # noqa: E501
    n = len(at)
    for a in range(len(up_head)):
        weight[a, UP] = np.inf
        weight[a, DOWN] = np.inf
        other[a, UP] = np.inf
        other[a, DOWN] = np.inf
    for k in range(len(slot)):
        if slot[k] >= 0:
            a = slot[k] >> 1
            weight[a, slot[k] & 1] = min(weight[a, slot[k] & 1], float(edge_weight[k]))
    for x in range(n):
        for a in range(up_ptr[x], up_ptr[x + 1]):
            at[up_head[a]] = a
        for i in range(lower_ptr[x], lower_ptr[x + 1]):
            a = lower[i]
            up = weight[a, UP]
            down = weight[a, DOWN]
            for b in range(a + 1, up_ptr[arc_tail[a] + 1]):
                c = at[up_head[b]]
                weight[c, UP] = min(weight[c, UP], down + weight[b, UP])
                weight[c, DOWN] = min(weight[c, DOWN], weight[b, DOWN] + up)
    for x in range(n - 1, -1, -1):
        for a in range(up_ptr[x], up_ptr[x + 1]):
            at[up_head[a]] = a
        for i in range(lower_ptr[x], lower_ptr[x + 1]):
            a = lower[i]
            up = weight[a, UP]
            down = weight[a, DOWN]
            best_up = other[a, UP]
            best_down = other[a, DOWN]
            for b in range(a + 1, up_ptr[arc_tail[a] + 1]):
                c = at[up_head[b]]
                rise = min(weight[c, UP], other[c, UP])
                fall = min(weight[c, DOWN], other[c, DOWN])
                best_up = min(best_up, weight[b, UP] + fall)
                best_down = min(best_down, rise + weight[b, DOWN])
                other[b, UP] = min(other[b, UP], up + rise)
                other[b, DOWN] = min(other[b, DOWN], fall + down)
            other[a, UP] = best_up
            other[a, DOWN] = best_down


@lean_kernel
def keep_needed(up_ptr, up_head, weight, other, direction, ptr, head, cost):
    """Arcs of one direction that shortest paths need, in compressed rows; returns their number.

    Parameters
    ----------
    up_ptr, up_head, weight, other : as in ``customise``.
    direction : ``UP`` or ``DOWN``.
    ptr : shape (n + 1,), int32. Overwritten.
    head, cost : shape (a,), int32 and float64. Overwritten at the beginning: the upper end's rank,
        and the weight.
    """
    count = 0
    ptr[0] = 0
    for r in range(len(up_ptr) - 1):
        for a in range(up_ptr[r], up_ptr[r + 1]):
            if weight[a, direction] < other[a, direction]:
                head[count] = up_head[a]
                cost[count] = weight[a, direction]
                count += 1
        ptr[r + 1] = count
    return count


@lean_kernel
def measure_depth(parent, depth):
    """Count steps from the root; ``depth`` is overwritten, shape (n,), int32."""
    for r in range(len(parent) - 1, -1, -1):
        depth[r] = 0 if parent[r] == NO_PARENT else depth[parent[r]] + 1
