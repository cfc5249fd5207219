"""Shortest paths on a profile's graph: one weight that carries the time and the length of the same path.

``weight = time_ms * 2**24 + length_dm`` in int64: one addition and one comparison serve both figures, ties in time are
decided by length, and the length stays exact below 2**24 dm (1,677 km) on one path.
"""  # noqa: E501

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.kernels.heap import drop_first, push
from geodata.kernels.jit import kernel, lean_kernel

DM_BITS = 24
DM_MASK = (1 << DM_BITS) - 1
FAR = 1 << 62  # above every path; two of them still fit into int64
UNREACHABLE = 1_000_000_000  # seconds and metres of a pair that no path joins
NO_EDGE = -1


class Graph(NamedTuple):
    """The streets open to one profile, in compressed rows.

    Attributes
    ----------
    ptr : edges of node ``i`` are ``ptr[i]:ptr[i + 1]``, shape (n + 1,), int32.
    head : where an edge leads, shape (k,), int32.
    weight : time and length of an edge in one number, shape (k,), int64.
    edge : the edge's index in the network, shape (k,), int32.
    """

    ptr: NDArray[np.int32]
    head: NDArray[np.int32]
    weight: NDArray[np.int64]
    edge: NDArray[np.int32]


@lean_kernel
def search(graph, source, is_target, n_targets, weight, via, tail, keys, items):
    """Weights from one source until every target is settled.

    Parameters
    ----------
    graph : Graph.
    source : node.
    is_target : marks of the nodes that matter, shape (n,), bool.
    n_targets : how many are marked.
    weight : shape (n,), int64. Overwritten: the weight from the source; FAR when not reached.
        Final for the targets, an upper bound for nodes that were not settled.
    via, tail : shape (n,), int32. Overwritten: network edge and node that a node is reached from.
    keys, items : heap, shape (k + 1,), int64 and int32. Overwritten.

    Returns
    -------
    n_left : targets that cannot be reached.
    """
    ptr = graph.ptr
    heads = graph.head
    weights = graph.weight
    edges = graph.edge
    weight[:] = FAR
    weight[source] = 0
    via[source] = NO_EDGE
    tail[source] = source
    keys[0] = 0
    items[0] = source
    size = 1
    n_left = n_targets
    while size > 0:
        key = keys[0]
        node = items[0]
        size -= 1
        drop_first(keys, items, size)
        if key != weight[node]:
            continue  # a shorter way was found after this entry was pushed
        if is_target[node]:
            n_left -= 1
            if n_left == 0:
                break
        for k in range(ptr[node], ptr[node + 1]):
            head = heads[k]
            candidate = key + weights[k]
            if candidate < weight[head]:
                weight[head] = candidate
                via[head] = edges[k]
                tail[head] = node
                push(keys, items, size, candidate, head)
                size += 1
    return n_left


@lean_kernel
def block_rows(
    graph, sources, targets, is_target, row_ptr, row, column, first, last,
    weight, via, tail, keys, items, found, seconds, metres,
):  # fmt: skip
    """Rows of a block for the unique sources ``first:last``.

    Parameters
    ----------
    graph : Graph.
    sources, targets : unique nodes, shape (a,) and (b,), int32; the targets and no other node are
        marked in ``is_target``, shape (n,), bool.
    row_ptr, row : rows of each source, shape (a + 1,) and (r,), int32.
    column : target of each column, shape (c,), int32.
    weight, via, tail, keys, items : scratch of ``search``.
    found : scratch, shape (b, 2), int32.
    seconds, metres : shape (r, c), int32. Overwritten in the rows of these sources.
    """
    for u in range(first, last):
        search(graph, sources[u], is_target, len(targets), weight, via, tail, keys, items)
        for v in range(len(targets)):
            w = weight[targets[v]]
            if w >= FAR:
                found[v, 0] = UNREACHABLE
                found[v, 1] = UNREACHABLE
            else:
                found[v, 0] = ((w >> DM_BITS) + 500) // 1000
                found[v, 1] = ((w & DM_MASK) + 5) // 10
        for k in range(row_ptr[u], row_ptr[u + 1]):
            r = row[k]
            for j in range(len(column)):
                seconds[r, j] = found[column[j], 0]
                metres[r, j] = found[column[j], 1]


@kernel
def trace_back(source, target, via, tail, edges):
    """Edges from source to target after ``search``; returns their number.

    ``edges`` is overwritten from its end: the path is ``edges[len(edges) - count:]``. A count that
    exceeds the buffer is returned without writing past it, so the caller can enlarge it.
    """
    count = 0
    node = target
    while node != source:
        if count < len(edges):
            edges[len(edges) - 1 - count] = via[node]
        count += 1
        node = tail[node]
    return count
