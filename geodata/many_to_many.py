"""Seconds and metres between many places on a contraction hierarchy: the primitive under matrices.

A place is a short list of entries: graph nodes, each with the weight between the place and the
node. A node itself is one entry of weight 0; a point along an edge enters at both ends. Weights are
``time_ms * 2**24 + length_dm``, so one path decides both figures and ties in time go to the shorter
way. The graph may be any: nodes may be street corners, or edges with turns between them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.graph import n_workers
from geodata.hierarchy import Int32s, Metric
from geodata.kernels.dijkstra import DM_BITS, DM_MASK, UNREACHABLE
from geodata.kernels.spread import spread
from geodata.kernels.sweep import CHUNK, LANES, LIMIT, Downward, Sources, fill_rows, select_nodes

_TASKS = 8  # per thread, so that progress moves and both end together


class Places(NamedTuple):
    """Where searches start or end.

    Attributes
    ----------
    ptr : entries of each place, shape (p + 1,), int32; a place without entries reaches nothing.
    node : graph node of an entry, shape (e,), int32.
    offset : weight from the place to the node at a source, from the node to the place at a target;
        at least 0, shape (e,), int64.
    """

    ptr: Int32s
    node: Int32s
    offset: NDArray[np.int64]


class Lines(NamedTuple):
    """Where a block's rows or columns come from, when places stand there more than once.

    Attributes
    ----------
    row_ptr, row : rows of each source, shape (s + 1,) and (r,), int32; each row once.
    column : target of each column, shape (c,), int32.
    """

    row_ptr: Int32s
    row: Int32s
    column: Int32s


class Scratch(NamedTuple):
    """What one thread overwrites; most of it is never touched and costs no memory."""

    slot: Int32s
    met: Int32s
    start: Int32s
    span: Int32s
    risen: NDArray[np.float64]
    rows: NDArray[np.float64]
    tile: NDArray[np.float64]


def places_at(nodes: Int32s) -> Places:
    """Places that are nodes of the graph, shape (p,), int32."""
    n = len(nodes)
    return Places(np.arange(n + 1, dtype=np.int32), nodes, np.zeros(n, np.int64))


def one_each(n_sources: int, n_targets: int) -> Lines:
    """One row of each source and one column of each target, in their order."""
    each = np.arange(n_sources + 1, dtype=np.int32)
    return Lines(each, each[:-1], np.arange(n_targets, dtype=np.int32))


def fill_block(
    metric: Metric,
    sources: Places,
    targets: Places,
    seconds: Int32s,
    metres: Int32s,
    lines: Lines | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> bool:
    """Travel times and distances from each source to each target.

    Parameters
    ----------
    metric : hierarchy of the graph that the places stand on.
    sources, targets : s and t places.
    seconds, metres : shape (r, c), int32, C order. Overwritten: rounded half up once per path;
        ``UNREACHABLE`` in both where no path leads. Touching fresh memory takes longer than the
        computation, so keep buffers.
    lines : rows and columns; by default one of each source and target, in their order.
    on_progress : called with the share of the sources that is done.

    Returns
    -------
    is_exact : whether all weights were below 2**53 (149 hours), where float64 carries them exactly.
        Larger ones are given as ``UNREACHABLE``.

    Notes
    -----
    On all cores; one source or one target is one pass over all nodes instead. A search up from each source, O(its ancestors), and a sweep over the nodes that targets
    are reached from for each 64 sources.
    """  # noqa: E501
    n_sources, n_targets = len(sources.ptr) - 1, len(targets.ptr) - 1
    lines = lines or one_each(n_sources, n_targets)
    if n_sources == 0 or len(lines.column) == 0:
        return True
    if min(n_sources, n_targets) == 1:
        return _fill_line(metric, sources, targets, seconds, metres, lines)
    downward, lined_up = aim(metric, targets), line_up(metric, sources)
    n_batches = -(-n_sources // LANES)
    workers = min(n_workers(), n_batches)
    spare: SimpleQueue[Scratch] = SimpleQueue()
    for _ in range(workers):
        spare.put(make_scratch(metric, n_targets))

    def fill(begin: int, end: int) -> tuple[int, int]:
        scratch = spare.get()
        chunks = np.empty((2, CHUNK, LANES), np.int32)
        n_inexact = fill_rows(
            metric.upward, downward, lined_up, begin, end, *scratch,
            lines.column, lines.row_ptr, lines.row, *chunks, seconds, metres,
        )  # fmt: skip
        spare.put(scratch)
        return end - begin, n_inexact

    step = LANES * max(1, n_batches // (workers * _TASKS))
    done, n_inexact = 0, 0
    with ThreadPoolExecutor(workers) as pool:
        tasks = [
            pool.submit(fill, first, min(first + step, n_sources))
            for first in range(0, n_sources, step)
        ]
        for task in as_completed(tasks):
            size, bad = task.result()
            done += size
            n_inexact += bad
            if on_progress is not None:
                on_progress(done / n_sources)
    return n_inexact == 0


def _fill_line(
    metric: Metric,
    sources: Places,
    targets: Places,
    seconds: Int32s,
    metres: Int32s,
    lines: Lines,
) -> bool:
    """Fill a block that has one source or one target: from it to all nodes, then to the others."""
    up = (metric.upward.ptr, metric.upward.head, metric.upward.cost)
    down = (metric.down_ptr, metric.down_head, metric.down_cost)
    is_row = len(sources.ptr) == 2
    one, others = (sources, targets) if is_row else (targets, sources)
    rank = metric.topology.rank
    weight = np.empty(len(rank))
    spread(
        metric.topology.parent, *((*up, *down) if is_row else (*down, *up)), rank[one.node],
        one.offset.astype(np.float64), weight,
    )  # fmt: skip
    least = np.full(len(others.ptr) - 1, np.inf)
    some = np.flatnonzero(np.diff(others.ptr))
    if len(some):
        ways = weight[rank[others.node]] + others.offset
        least[some] = np.minimum.reduceat(ways, others.ptr[some])
    there = least < LIMIT
    whole = np.where(there, least, 0.0).astype(np.int64)
    found = np.empty((2, len(least)), np.int32)
    found[0] = np.where(there, ((whole >> DM_BITS) + 500) // 1000, UNREACHABLE)
    found[1] = np.where(there, ((whole & DM_MASK) + 5) // 10, UNREACHABLE)
    if is_row:
        seconds[lines.row], metres[lines.row] = found[0][lines.column], found[1][lines.column]
    else:
        source_of_row = np.empty(len(lines.row), np.int32)
        source_of_row[lines.row] = np.repeat(np.arange(len(least)), np.diff(lines.row_ptr))
        seconds[:] = found[0][source_of_row, None]
        metres[:] = found[1][source_of_row, None]
    return not bool(np.any(~there & (least < np.inf)))


def aim(metric: Metric, targets: Places) -> Downward:
    """Gather what sweeps to some targets need: once, for all threads."""
    topology = metric.topology
    n, n_arcs, n_entries = len(topology.rank), len(metric.down_head), len(targets.node)
    entry_rank = topology.rank[targets.node]
    order = np.argsort(-entry_rank, kind="stable")
    size = np.diff(targets.ptr)
    target = np.repeat(np.arange(len(size), dtype=np.int32), size)[order]
    rank, depth, above = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n_arcs, np.int32)
    ptr, entry_ptr = np.empty((2, n + 1), np.int32)
    cost, is_first = np.empty(n_arcs), np.empty(n_entries, np.bool_)
    n_met, n_used = select_nodes(
        metric.down_ptr, metric.down_head, metric.down_cost, topology.depth, entry_rank[order],
        target, np.zeros(n, np.bool_), np.zeros(len(size), np.bool_),
        rank, depth, ptr, above, cost, entry_ptr, is_first,
    )  # fmt: skip
    return Downward(
        rank[:n_met], depth[:n_met], ptr[: n_met + 1], above[:n_used], cost[:n_used],
        entry_ptr[: n_met + 1], target, targets.offset[order].astype(np.float64), is_first,
        np.flatnonzero(size == 0).astype(np.int32),
    )  # fmt: skip


def line_up(metric: Metric, sources: Places) -> Sources:
    """Order sources so that near ones are searched together."""
    rank = metric.topology.rank[sources.node]
    first = np.full(len(sources.ptr) - 1, -1, np.int32)
    some = np.flatnonzero(np.diff(sources.ptr))
    first[some] = rank[sources.ptr[some]]
    order = np.argsort(first, kind="stable").astype(np.int32)
    return Sources(order, sources.ptr, rank, sources.offset.astype(np.float64))


def make_scratch(metric: Metric, n_targets: int) -> Scratch:
    """Buffers of one thread, for sweeps to that many targets."""
    n = len(metric.topology.rank)
    height = int(metric.topology.depth.max(initial=0)) + 1
    return Scratch(
        np.full(n, -1, np.int32), np.empty(n, np.int32), np.empty(n, np.int32),
        np.empty((n, 2), np.int32), np.empty((n, LANES)), np.empty((height, LANES)),
        np.empty((n_targets, LANES)),
    )  # fmt: skip
