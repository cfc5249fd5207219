"""Dijkstra that goes no further than a limit, and what is on one street needs no search at all."""

from __future__ import annotations

from geodata.kernels.dijkstra import DM_BITS, DM_MASK, FAR
from geodata.kernels.heap import drop_first, push
from geodata.kernels.jit import kernel, lean_kernel


@lean_kernel
def search_within(ptr, heads, weights, starts, offsets, limit, weight, via, keys, items, met):
    """Weights of all nodes within a limit of a place.

    Parameters
    ----------
    ptr, heads, weights : arcs, as in ``Graph``.
    starts, offsets : nodes where the place enters the graph, and the weight to them, shape (s,).
    limit : nodes of at most this weight are settled, int64.
    weight : shape (n,), int64, FAR everywhere. Overwritten at the nodes met: final where it is at
        most ``limit``. The caller makes it FAR again, so that a small search stays a small cost.
    via : arc that a node is reached by, -1 at a start, shape (n,), int32. Overwritten where met.
    keys, items : heap, shape (k + s,), int64 and int32. Overwritten.
    met : shape (n,), int32. Overwritten: the nodes met, in no order.

    Returns
    -------
    n_met : int.
    """
    size = 0
    n_met = 0
    n_starts = len(starts)
    node = -1
    key = 0
    while True:
        # The first rounds relax the starts, the others the arcs of the nearest node.
        if n_starts > 0:
            n_starts -= 1
            first = n_starts
            last = n_starts + 1
        else:
            if size == 0:
                break
            key = keys[0]
            node = items[0]
            size -= 1
            drop_first(keys, items, size)
            if key != weight[node]:
                continue
            first = ptr[node]
            last = ptr[node + 1]
        for k in range(first, last):
            if node < 0:
                head = starts[k]
                candidate = offsets[k]
            else:
                head = heads[k]
                candidate = key + weights[k]
            if candidate > limit or candidate >= weight[head]:
                continue
            if weight[head] == FAR:
                met[n_met] = head
                n_met += 1
            weight[head] = candidate
            via[head] = k if node >= 0 else -1
            push(keys, items, size, candidate, head)
            size += 1
    return n_met


@kernel
def trace_arcs(ptr, via, node, arcs):
    """Arcs from a start to a node after ``search_within``; returns their number.

    Parameters
    ----------
    ptr : rows of arcs, as in ``Graph``.
    via : as ``search_within`` left it.
    node : reached.
    arcs : shape (n,), int32. Overwritten from its end: the way is ``arcs[len(arcs) - count:]``.
    """
    count = 0
    while via[node] >= 0:
        arc = via[node]
        count += 1
        arcs[len(arcs) - count] = arc
        low = 0  # the row of the arc is that of its tail
        high = len(ptr) - 1
        while high - low > 1:
            middle = (low + high) // 2
            if ptr[middle] <= arc:
                low = middle
            else:
                high = middle
        node = low
    return count


@kernel
def go_ahead(
    rows, row_ptr, columns, column_ptr, passed, leave, reached, enter, detour, seconds, metres,
):  # fmt: skip
    """Pairs of points on one street of which one is ahead of the other: straight there.

    Unless it is faster to go back, around and in from the other end, which ``detour`` knows. No other
    way can be: it would drive all that lies between the two, or more.

    Parameters
    ----------
    rows, row_ptr, columns, column_ptr : points by street: street ``g`` has the rows
        ``rows[row_ptr[g]:row_ptr[g + 1]]``, and columns likewise, int32.
    passed : weight from the start of the street to each row's point, in both directions, FAR where it
        may not go, shape (r, 2), int64.
    leave : weight from there to the end of the street, shape (r, 2), int64; also from a corner on.
    reached, enter : as ``passed``, for each column's point; ``enter`` also at a corner, shape (c, 2).
    detour : weight from the end of each direction of street ``g`` back to its start, where that is
        less than the street is long the other way; else FAR, shape (g, 2), int64.
    seconds, metres : shape (r, c). Overwritten at pairs with one ahead of the other.
    """  # noqa: E501
    for g in range(len(row_ptr) - 1):
        for i in range(row_ptr[g], row_ptr[g + 1]):
            r = rows[i]
            for j in range(column_ptr[g], column_ptr[g + 1]):
                c = columns[j]
                best = FAR
                for way in range(2):
                    if passed[r, way] <= reached[c, way] and reached[c, way] < FAR:
                        best = min(best, reached[c, way] - passed[r, way])
                if best == FAR:
                    continue
                for way in range(2):
                    if leave[r, way] < FAR and enter[c, way] < FAR and detour[g, way] < FAR:
                        best = min(best, leave[r, way] + detour[g, way] + enter[c, way])
                seconds[r, c] = ((best >> DM_BITS) + 500) // 1000
                metres[r, c] = ((best & DM_MASK) + 5) // 10
