"""Chains of street pieces between junctions, and their geometry.

The compiled loops stand in ``kernels/simplify.py``; here is what is decided around them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.kernels.simplify import mark_bends, trace_chains
from geodata.raw import RawStreets

Int = NDArray[np.int32]
Float = NDArray[np.float64]


class Chains(NamedTuple):
    """Pieces of each edge in travel order: ``arc[ptr[c]:ptr[c + 1]]``, indexes of raw pieces."""

    ptr: Int
    arc: Int


class _Rows(NamedTuple):
    out_ptr: Int
    tail: Int
    head: Int
    is_bend: NDArray[np.bool_]


def merge_bends(
    n: int,
    tail: Int,
    head: Int,
    length: Float,
    time: Float,
    used: NDArray[np.int64],
    kept: NDArray[np.integer],
) -> Chains:
    """Chains from junction to junction over the pieces ``used``.

    Parameters
    ----------
    n : nodes.
    tail, head, length : pieces, shape (m,).
    time : per profile, infinite where closed, shape (p, m).
    used : pieces that are open to somebody, shape (k,).
    kept : nodes that stay, whatever they look like.
    """
    order = used[np.argsort((tail[used].astype(np.int64) << 32) + head[used], kind="stable")]
    bits = (1 << np.arange(len(time), dtype=np.uint8))[:, None]
    mask = (np.isfinite(time[:, order]) * bits).sum(axis=0).astype(np.uint8)
    t, h = np.ascontiguousarray(tail[order]), np.ascontiguousarray(head[order])
    in_arc = np.argsort(h, kind="stable").astype(np.int32)
    rows = _Rows(_offsets(t, n), t, h, np.zeros(n, np.bool_))
    mark_bends(rows.out_ptr, h, _offsets(h, n), in_arc, t, mask, rows.is_bend)
    rows.is_bend[kept] = False
    chains = _trace(rows)
    while len(chains.arc) < len(t):  # a ring without any junction: one of its nodes becomes one
        free = np.ones(len(t), np.bool_)
        free[chains.arc] = False
        rows.is_bend[t[free].min()] = False
        chains = _trace(rows)
    cuts = _cuts(chains, rows, length[order])
    if cuts:
        rows.is_bend[cuts] = False
        chains = _trace(rows)
    return Chains(chains.ptr, order[chains.arc].astype(np.int32))


def chain_geometry(
    raw: RawStreets, chains: Chains, kept: NDArray[np.int64]
) -> tuple[Int, Float, Float]:
    """Points along the chains ``kept``, both ends included: offsets, longitudes, latitudes."""
    size = np.diff(chains.ptr)[kept]
    arc = chains.arc[ranges(chains.ptr[kept], size)]
    n_inner = np.diff(raw.geom_ptr)[arc]
    chain_of_arc = np.repeat(np.arange(len(kept)), size)
    # Each piece adds its inner points and its head; each chain one point more, its first tail.
    after = np.cumsum(n_inner + 1) + chain_of_arc + 1
    first_arc = np.cumsum(size) - size
    ptr = np.zeros(len(kept) + 1, np.int32)
    ptr[1:] = after[first_arc + size - 1]
    lon, lat = np.empty(int(ptr[-1])), np.empty(int(ptr[-1]))
    inner_from = ranges(raw.geom_ptr[arc], n_inner)
    inner_to = ranges(after - 1 - n_inner, n_inner)
    for out, node, inner in ((lon, raw.lon, raw.geom_lon), (lat, raw.lat, raw.geom_lat)):
        out[ptr[:-1]] = node[raw.tail[arc[first_arc]]]
        out[after - 1] = node[raw.head[arc]]
        out[inner_to] = inner[inner_from]
    return ptr, lon, lat


def _cuts(chains: Chains, rows: _Rows, length: Float) -> list[int]:
    """Bends to keep as nodes: two of every loop, one of every second way between two junctions.

    Both directions of a street choose the same nodes, because they count from the same end.
    """
    size = np.diff(chains.ptr)
    first, last = chains.arc[chains.ptr[:-1]], chains.arc[chains.ptr[1:] - 1]
    start, end = rows.tail[first], rows.head[last]
    total = np.add.reduceat(length[chains.arc], chains.ptr[:-1])
    street = np.where(size > 1, np.minimum(rows.head[first], rows.tail[last]), -1)
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((street, total, high, low))
    same = (np.diff(low[order]) == 0) & (np.diff(high[order]) == 0)
    cuts: list[int] = []
    for chain in np.flatnonzero(start == end).tolist():
        bends = _bends(chains, rows, chain)
        cuts += [bends[len(bends) // 3], bends[2 * len(bends) // 3]]
    shortest = -2  # street that stays whole in this group
    for position in np.flatnonzero(same) + 1:
        chain = int(order[position])
        if position < 2 or not same[position - 2]:
            shortest = int(street[order[position - 1]])
        if street[chain] not in (-1, shortest) and start[chain] != end[chain]:
            bends = _bends(chains, rows, chain)
            cuts.append(bends[len(bends) // 2])
    return cuts


def _bends(chains: Chains, rows: _Rows, chain: int) -> list[int]:
    """Bends of a chain, counted from the same end whichever way the chain runs."""
    arcs = chains.arc[chains.ptr[chain] : chains.ptr[chain + 1] - 1]
    bends: list[int] = rows.head[arcs].tolist()
    return bends if bends[0] <= bends[-1] else bends[::-1]


def _trace(rows: _Rows) -> Chains:
    m = len(rows.head)
    ptr, arc = np.empty(m + 1, np.int32), np.empty(m, np.int32)
    n_chains = trace_chains(rows.out_ptr, rows.head, rows.tail, rows.is_bend, ptr, arc)
    ptr = ptr[: n_chains + 1]
    return Chains(ptr, arc[: int(ptr[-1])])


def _offsets(sorted_or_not: Int, n: int) -> Int:
    ptr = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(sorted_or_not, minlength=n), out=ptr[1:])
    return ptr


def ranges(start: NDArray[np.integer], size: NDArray[np.integer]) -> NDArray[np.int64]:
    """``start[0] .. start[0] + size[0] - 1, start[1] .. `` in one array."""
    size = size.astype(np.int64)
    before = np.cumsum(size) - size
    return np.asarray(np.arange(int(size.sum())) + np.repeat(start - before, size))
