"""Many-to-many searches on a contraction hierarchy: up from many sources at once, then one sweep down.

The sweep meets only the nodes that a target can be reached from (Delling, Goldberg and Werneck, Faster batched shortest
paths in road networks, 2011), in pre-order of the elimination tree. All that a node needs are weights of its
ancestors, and these are the ones last met at their depths: so weights are kept by depth, a few hundred rows that stay
in the cache however large the network. A row holds ``LANES`` sources side by side.

Weights are float64 here, exact below 2**53, because every processor has a minimum of several float64 at once; of
int64 few have.
"""  # noqa: E501

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.kernels.dijkstra import DM_BITS, UNREACHABLE
from geodata.kernels.jit import inlined, lean_kernel

LANES = 64
STEP = 8  # lanes that are worked on together: one line of the cache
CHUNK = 512  # targets written together: long runs into one row are what memory is fast at
LIMIT = 2.0**53  # of exact weights
_TO_MS = 2.0**-DM_BITS
_FROM_MS = 2.0**DM_BITS


class Upward(NamedTuple):
    """What searches from the sources need; ranks throughout.

    Attributes
    ----------
    parent : in the elimination tree, shape (n,), int32.
    ptr, head, cost : needed arcs up, shape (n + 1,) int32, (a,) int32, (a,) float64.
    """

    parent: NDArray[np.int32]
    ptr: NDArray[np.int32]
    head: NDArray[np.int32]
    cost: NDArray[np.float64]


class Downward(NamedTuple):
    """What the sweep to one set of targets needs.

    Attributes
    ----------
    rank, depth : of the nodes it meets, falling ranks, shape (m,), int32.
    ptr, above, cost : arcs down to each from its ancestors, given by their depths, shape (m + 1,)
        int32, (b,) int32, (b,) float64.
    entry_ptr : entries of targets at each, shape (m + 1,), int32.
    target, offset, is_first : target of an entry, weight from its node to the target, and whether
        no entry of the same target comes before, shape (e,), int32, float64, bool.
    empty : targets without entries, shape (z,), int32.
    """

    rank: NDArray[np.int32]
    depth: NDArray[np.int32]
    ptr: NDArray[np.int32]
    above: NDArray[np.int32]
    cost: NDArray[np.float64]
    entry_ptr: NDArray[np.int32]
    target: NDArray[np.int32]
    offset: NDArray[np.float64]
    is_first: NDArray[np.bool_]
    empty: NDArray[np.int32]


class Sources(NamedTuple):
    """Where searches start.

    Attributes
    ----------
    order : sources as they lie side by side, near ones together, shape (s,), int32.
    ptr : entries of each source, shape (s + 1,), int32.
    rank, offset : node and weight from the source to it, shape (e,), int32 and float64.
    """

    order: NDArray[np.int32]
    ptr: NDArray[np.int32]
    rank: NDArray[np.int32]
    offset: NDArray[np.float64]


@lean_kernel
def select_nodes(
    ptr, head, cost, depth, entry_rank, entry_target, is_needed, is_met,
    rank, depths, out_ptr, above, out_cost, entry_ptr, is_first,
):  # fmt: skip
    """Nodes that the sweep to some targets has to meet, and its arcs.

    Parameters
    ----------
    ptr, head, cost : needed arcs down, listed at their lower ends, shape (n + 1,) and (a,).
    depth : shape (n,), int32.
    entry_rank, entry_target : entries of the targets, by falling rank, shape (e,), int32.
    is_needed : shape (n,), bool, False. Overwritten.
    is_met : a mark per target, False. Overwritten.
    rank, depths, out_ptr, above, out_cost, entry_ptr, is_first : ``Downward``, overwritten at their
        beginnings; shape (n,), (n,), (n + 1,), (a,), (a,), (n + 1,) and (e,).

    Returns
    -------
    n_nodes, n_arcs : how many were written.
    """
    n = len(depth)
    for e in range(len(entry_rank)):
        is_needed[entry_rank[e]] = True
        is_first[e] = not is_met[entry_target[e]]
        is_met[entry_target[e]] = True
    for r in range(n):
        if is_needed[r]:
            for a in range(ptr[r], ptr[r + 1]):
                is_needed[head[a]] = True
    n_nodes = 0
    n_arcs = 0
    n_entries = 0
    out_ptr[0] = 0
    entry_ptr[0] = 0
    for r in range(n - 1, -1, -1):
        if not is_needed[r]:
            continue
        rank[n_nodes] = r
        depths[n_nodes] = depth[r]
        for a in range(ptr[r], ptr[r + 1]):
            above[n_arcs] = depth[head[a]]
            out_cost[n_arcs] = cost[a]
            n_arcs += 1
        while n_entries < len(entry_rank) and entry_rank[n_entries] == r:
            n_entries += 1
        n_nodes += 1
        out_ptr[n_nodes] = n_arcs
        entry_ptr[n_nodes] = n_entries
    return n_nodes, n_arcs


@inlined
def search_up(upward, sources, first, n_lanes, slot, met, start, span, risen):
    """Weights from the sources ``first:first + n_lanes`` of the order to nodes above them.

    Parameters
    ----------
    upward : Upward.
    sources : Sources.
    slot : row of a node in ``risen``, shape (n,), int32, all -1. Overwritten.
    met, start : shape (n,), int32. Overwritten: the node of each row, and where each climb starts.
    span : shape (n, 2), int32. Overwritten: lanes of a row that are not all infinite.
    risen : shape (n, LANES), float64. Overwritten: weights.

    Returns
    -------
    n_met : rows in use.

    Notes
    -----
    A climb ends at the first node that an earlier one has met. Hence every node below a node of some
    climb is in the same one, before it, or in a later one: backwards over the climbs is bottom up.
    """  # noqa: E501
    parent = upward.parent
    ptr = upward.ptr
    head = upward.head
    cost = upward.cost
    n_met = np.uint64(0)
    n_climbs = 0
    for lane in range(n_lanes):
        source = sources.order[first + lane]
        for e in range(sources.ptr[source], sources.ptr[source + 1]):
            r = sources.rank[e]
            if slot[r] < 0:
                start[n_climbs] = n_met
                n_climbs += 1
            while r >= 0 and slot[r] < 0:
                slot[r] = n_met
                met[n_met] = r
                span[n_met, 0] = LANES
                span[n_met, 1] = 0
                for k in range(LANES):
                    risen[n_met, k] = np.inf
                n_met += np.uint64(1)
                r = parent[r]
            row = slot[sources.rank[e]]
            risen[row, lane] = min(risen[row, lane], sources.offset[e])
            span[row, 0] = min(span[row, 0], lane // STEP * STEP)
            span[row, 1] = max(span[row, 1], lane // STEP * STEP + STEP)
    last = np.int64(n_met)
    for climb in range(n_climbs - 1, -1, -1):
        for i in range(start[climb], last):
            lo = span[i, 0]
            hi = span[i, 1]
            if lo >= hi:
                continue
            row = np.uint64(i)
            r = met[i]
            for a in range(ptr[r], ptr[r + 1]):
                high = np.uint64(slot[head[a]])
                w = cost[a]
                for lane in range(np.uint64(lo), np.uint64(hi)):
                    way = risen[row, lane] + w
                    old = risen[high, lane]
                    least = way if way < old else old
                    risen[high, lane] = least if least < np.inf else np.inf  # see sweep_down
                if lo < span[high, 0]:
                    span[high, 0] = lo
                if hi > span[high, 1]:
                    span[high, 1] = hi
        last = start[climb]
    return np.int64(n_met)


@inlined
def sweep_down(downward, slot, risen, rows, tile):
    """Weights of all targets, from what the searches up have left.

    Parameters
    ----------
    downward : Downward.
    slot, risen : as ``search_up`` leaves them.
    rows : scratch, shape (greatest depth + 1, LANES), float64.
    tile : shape (t, LANES), float64. Overwritten: weights, infinite where no path leads.
    """
    rank = downward.rank
    depth = downward.depth
    ptr = downward.ptr
    above = downward.above
    cost = downward.cost
    entry_ptr = downward.entry_ptr
    for z in range(len(downward.empty)):
        for k in range(LANES):
            tile[downward.empty[z], k] = np.inf
    for i in range(len(rank)):
        own = np.uint64(depth[i])
        row = slot[rank[i]]
        a = np.uint64(ptr[i])
        end = np.uint64(ptr[i + 1])
        is_odd = (end - a) & np.uint64(1)
        if row >= 0:
            up = np.uint64(row)
            if is_odd:
                u = np.uint64(above[a])
                w = cost[a]
                for k in range(LANES):
                    way = rows[u, k] + w
                    old = risen[up, k]
                    rows[own, k] = way if way < old else old
            else:
                for k in range(LANES):
                    rows[own, k] = risen[up, k]
        elif is_odd:
            u = np.uint64(above[a])
            w = cost[a]
            for k in range(LANES):
                rows[own, k] = rows[u, k] + w
        else:
            for k in range(LANES):
                rows[own, k] = np.inf
        # Two at a time, the old weight first: storing either the old value of a place or a new one
        # is compiled to a masked store, and reading after it costs five times as much.
        for b in range(a + is_odd, end, np.uint64(2)):
            u = np.uint64(above[b])
            w = cost[b]
            u2 = np.uint64(above[b + np.uint64(1)])
            w2 = cost[b + np.uint64(1)]
            for k in range(LANES):
                way = rows[u, k] + w
                way2 = rows[u2, k] + w2
                old = rows[own, k]
                least = way if way < old else old
                rows[own, k] = way2 if way2 < least else least
        for e in range(entry_ptr[i], entry_ptr[i + 1]):
            t = np.uint64(downward.target[e])
            w = downward.offset[e]
            if downward.is_first[e]:
                for k in range(LANES):
                    tile[t, k] = rows[own, k] + w
            else:
                for k in range(LANES):
                    way = rows[own, k] + w
                    old = tile[t, k]
                    tile[t, k] = way if way < old else old


@lean_kernel
def fill_tile(upward, downward, sources, first, n_lanes, slot, met, start, span, risen, rows, tile):
    """Weights from the sources ``first:first + n_lanes`` of the order to all targets.

    Parameters
    ----------
    upward : Upward.
    downward : Downward.
    sources : Sources.
    slot, met, start, span, risen, rows : scratch of ``search_up`` and ``sweep_down``; ``slot`` is
        all -1, and again so afterwards.
    tile : shape (t, LANES), float64. Overwritten: weights, infinite where no path leads and in
        lanes without a source.
    """
    n_met = search_up(upward, sources, first, n_lanes, slot, met, start, span, risen)
    sweep_down(downward, slot, risen, rows, tile)
    for i in range(n_met):
        slot[met[i]] = -1


@lean_kernel
def write_rows(
    tile, column, order, row_ptr, row, first, n_lanes, chunk_s, chunk_m, seconds, metres
):
    """Seconds and metres of a tile, rounded half up, into the rows of its sources.

    Parameters
    ----------
    tile : as ``fill_tile`` leaves it.
    column : target of each column, shape (c,), int32.
    order, first, n_lanes : sources of the tile are ``order[first:first + n_lanes]``.
    row_ptr, row : rows of each source, shape (s + 1,) and (r,), int32.
    chunk_s, chunk_m : scratch, shape (CHUNK, LANES), int32.
    seconds, metres : shape (r, c), int32. Overwritten in these rows.

    Returns
    -------
    n_inexact : weights that reached ``LIMIT``, above which float64 rounds.

    Notes
    -----
    The doubles next to 1/1000 and 1/10 lie above them, so a product cut off to an integer is the
    quotient cut off, for all integers that occur.
    """
    n_columns = np.uint64(len(column))
    n_inexact = 0
    for begin in range(np.uint64(0), n_columns, np.uint64(CHUNK)):
        size = min(np.uint64(CHUNK), n_columns - begin)
        for c in range(size):
            t = np.uint64(column[begin + c])
            for k in range(LANES):
                w = tile[t, k]
                is_there = w < LIMIT
                exact = w if is_there else 0.0
                ms = float(np.int32(exact * _TO_MS))
                dm = exact - ms * _FROM_MS
                s = np.int32((ms + 500.0) * 0.001)
                m = np.int32((dm + 5.0) * 0.1)
                chunk_s[c, k] = s if is_there else UNREACHABLE
                chunk_m[c, k] = m if is_there else UNREACHABLE
                n_inexact += (not is_there) & (w < np.inf)
        for lane in range(n_lanes):
            source = order[first + lane]
            for i in range(row_ptr[source], row_ptr[source + 1]):
                r = np.uint64(row[i])
                for c in range(size):
                    seconds[r, begin + c] = chunk_s[c, lane]
                for c in range(size):
                    metres[r, begin + c] = chunk_m[c, lane]
    return n_inexact


@lean_kernel
def fill_rows(
    upward, downward, sources, begin, end, slot, met, start, span, risen, rows, tile,
    column, row_ptr, row, chunk_s, chunk_m, seconds, metres,
):  # fmt: skip
    """Rows of a block for the sources ``begin:end`` of the order; returns the inexact weights.

    Parameters are those of ``fill_tile`` and ``write_rows``.
    """
    n_inexact = 0
    for first in range(begin, end, LANES):
        n_lanes = min(LANES, end - first)
        fill_tile(
            upward, downward, sources, first, n_lanes, slot, met, start, span, risen, rows, tile
        )
        n_inexact += write_rows(
            tile, column, sources.order, row_ptr, row, first, n_lanes, chunk_s, chunk_m,
            seconds, metres,
        )  # fmt: skip
    return n_inexact
