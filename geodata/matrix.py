"""Seconds and metres between many places, both along the same fastest path."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.edge_matrix import block_of_points
from geodata.edge_snapping import SnappedPoints
from geodata.errors import NetworkError
from geodata.graph import make_scratch, n_workers, profile_graph
from geodata.hierarchy import profile_metric
from geodata.kernels.dijkstra import UNREACHABLE, Graph, block_rows
from geodata.many_to_many import Lines, fill_block, one_each, places_at
from geodata.network import Network
from geodata.profiles import TurnCosts
from geodata.turns import ends_at, junction_graph, starts_at, turn_graph, turn_metric

__all__ = ["UNREACHABLE", "TravelMatrix", "travel_block", "travel_matrix"]

_BLOCK = 16  # sources per call: some 20 ms at 16,000 nodes, so progress moves and cores stay even
#: Up to so many sources a Dijkstra each is taken to be as fast as a sweep for 64.
_FEW = 2
#: Dijkstras that cost about as much as making a hierarchy (estimates, no measured crossover):
#: before a profile has seen more sources than that, it may never be worth it.
_MANY = 100


class TravelMatrix(NamedTuple):
    """From row to column; ``UNREACHABLE`` in both where no path leads.

    Attributes
    ----------
    seconds : shape (l, l), int32, rounded half up once per path.
    metres : shape (l, l), int32, length of that same path, rounded half up.
    """

    seconds: NDArray[np.int32]
    metres: NDArray[np.int32]


def travel_matrix(
    network: Network,
    nodes: ArrayLike | SnappedPoints,
    profile: str,
    out: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None,
    on_progress: Callable[[str, float], None] | None = None,
    turns: bool | TurnCosts = False,
) -> TravelMatrix:
    """Travel times and distances between nodes of a network.

    Parameters
    ----------
    network : streets.
    nodes : node of each location, shape (l,), or points along streets from ``snap_to_edges``; the
        same place may stand there often and is worked out once.
    profile : one of ``network.profiles``.
    out : seconds and metres to write into, shape (l, l), int32: touching fresh memory costs more
        than the computation for large matrices.
    on_progress : called with ``"matrix"`` and the share of the rows that is done.
    turns : whether turn restrictions and the cost of turns count, the profile's own or those given,
        see ``geodata.turns``. A pair may then be ``UNREACHABLE``.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3401`` nodes, ``E3404`` buffers, ``E3406``
        points of another network or profile.

    Notes
    -----
    On a contraction hierarchy (``geodata.many_to_many``), which is made once per network and
    profile, or by Dijkstra where that is faster; on all cores. Between two equally fast paths the
    shorter one counts. The diagonal is 0.
    """
    network.require_profile(profile)
    tell = None if on_progress is None else partial(on_progress, "matrix")
    if isinstance(nodes, SnappedPoints):
        seconds, metres = _buffers(out, nodes.n_points)
        block_of_points(network, nodes, nodes, profile, turns, seconds, metres, tell)
        return TravelMatrix(seconds, metres)
    places = network.require_nodes(nodes)
    seconds, metres = _buffers(out, len(places))
    if len(places) == 0:
        return TravelMatrix(seconds, metres)
    unique, inverse = np.unique(places, return_inverse=True)
    member = np.argsort(inverse, kind="stable").astype(np.int32)
    member_ptr = np.zeros(len(unique) + 1, np.int32)
    np.cumsum(np.bincount(inverse), out=member_ptr[1:])
    lines = Lines(member_ptr, member, inverse.astype(np.int32))
    _fill(network, profile, turns, unique, unique, lines, seconds, metres, tell)
    return TravelMatrix(seconds, metres)


def travel_block(
    network: Network,
    origins: ArrayLike | SnappedPoints,
    destinations: ArrayLike | SnappedPoints,
    profile: str,
    turns: bool | TurnCosts = False,
) -> TravelMatrix:
    """Travel times and distances from some nodes to others: the same figures as in a matrix.

    Parameters
    ----------
    network : streets.
    origins, destinations : nodes, shape (a,) and (b,), or points along streets from
        ``snap_to_edges``; each is worked out once.
    profile : one of ``network.profiles``.
    turns : as in ``travel_matrix``.

    Returns
    -------
    block : seconds and metres of shape (a, b).

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3401`` nodes, ``E3406`` points.

    Notes
    -----
    As ``travel_matrix``: zones of a large city are worked out one by one on the same hierarchy.
    """
    network.require_profile(profile)
    if isinstance(origins, SnappedPoints) or isinstance(destinations, SnappedPoints):
        shape = [
            w.n_points if isinstance(w, SnappedPoints) else len(network.require_nodes(w))
            for w in (origins, destinations)
        ]
        found = TravelMatrix(np.empty(shape, np.int32), np.empty(shape, np.int32))
        block_of_points(network, origins, destinations, profile, turns, *found)
        return found
    sources, row = np.unique(network.require_nodes(origins), return_inverse=True)
    targets, column = np.unique(network.require_nodes(destinations), return_inverse=True)
    member = np.argsort(row, kind="stable").astype(np.int32)
    member_ptr = np.zeros(len(sources) + 1, np.int32)
    np.cumsum(np.bincount(row, minlength=len(sources)), out=member_ptr[1:])
    seconds = np.empty((len(row), len(column)), np.int32)
    metres = np.empty_like(seconds)
    lines = Lines(member_ptr, member, column.astype(np.int32))
    _fill(network, profile, turns, sources, targets, lines, seconds, metres, None)
    return TravelMatrix(seconds, metres)


def _fill(
    network: Network,
    profile: str,
    turns: bool | TurnCosts,
    sources: NDArray[np.int32],
    targets: NDArray[np.int32],
    lines: Lines,
    seconds: NDArray[np.int32],
    metres: NDArray[np.int32],
    on_progress: Callable[[float], None] | None,
) -> None:
    """Fill the rows and columns of unique sources and targets, whichever way is faster."""
    if len(sources) == 0 or len(targets) == 0:
        return
    costs = None if isinstance(turns, bool) else turns
    obeys = turns is not False
    searched = network.keep(f"searched.{profile}.{obeys}", lambda: [0])
    is_done = False
    if len(sources) > _FEW and searched[0] + len(sources) > _MANY:
        if obeys:
            streets = turn_graph(network, profile, costs)
            metric = turn_metric(network, profile, costs)
            ends = starts_at(streets, sources), ends_at(streets, targets)
        else:
            metric = profile_metric(network, profile)
            ends = places_at(sources), places_at(targets)
        is_done = fill_block(metric, *ends, seconds, metres, lines, on_progress)
    if not is_done:
        searched[0] += len(sources)
        graph, n = profile_graph(network, profile), network.n_nodes
        starts, stops = sources, targets
        if obeys:
            graph = junction_graph(network, profile, costs)
            first = np.int32(len(graph.ptr) - 1 - 2 * n)
            starts, stops = first + sources, first + np.int32(n) + targets
        search_block(graph, starts, stops, seconds, metres, lines, on_progress)
    if obeys:
        _clear_same(sources, targets, lines, seconds, metres)


def _clear_same(
    sources: NDArray[np.int32],
    targets: NDArray[np.int32],
    lines: Lines,
    seconds: NDArray[np.int32],
    metres: NDArray[np.int32],
) -> None:
    """From a node to itself nobody drives; a search over edges finds the shortest way around."""
    order = np.argsort(lines.column, kind="stable")
    ptr = np.searchsorted(lines.column[order], np.arange(len(targets) + 1))
    _, row, column = np.intersect1d(sources, targets, assume_unique=True, return_indices=True)
    for k, t in zip(row.tolist(), column.tolist(), strict=True):
        rows = lines.row[lines.row_ptr[k] : lines.row_ptr[k + 1], None]
        columns = order[ptr[t] : ptr[t + 1]]
        seconds[rows, columns] = metres[rows, columns] = 0


def search_block(
    graph: Graph,
    sources: NDArray[np.int32],
    targets: NDArray[np.int32],
    seconds: NDArray[np.int32],
    metres: NDArray[np.int32],
    lines: Lines | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> None:
    """Fill what ``fill_block`` fills, by one Dijkstra a source: for few of them.

    Each ends when it has met all targets, so close ones cost little however large the network.
    """
    if len(sources) == 0 or len(targets) == 0:
        return
    lines = lines or one_each(len(sources), len(targets))
    is_target = np.zeros(len(graph.ptr) - 1, np.bool_)
    is_target[targets] = True

    def fill(first: int) -> int:
        last = min(first + _BLOCK, len(sources))
        block_rows(
            graph, sources, targets, is_target, *lines, first, last, *make_scratch(graph),
            np.empty((len(targets), 2), np.int32), seconds, metres,
        )  # fmt: skip
        return last - first

    done = 0
    with ThreadPoolExecutor(min(n_workers(), -(-len(sources) // _BLOCK))) as pool:
        blocks = [pool.submit(fill, k) for k in range(0, len(sources), _BLOCK)]
        for block in as_completed(blocks):
            done += block.result()
            if on_progress is not None:
                on_progress(done / len(sources))


def _buffers(
    out: tuple[NDArray[np.int32], NDArray[np.int32]] | None, n: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    if out is None:
        return np.empty((n, n), np.int32), np.empty((n, n), np.int32)
    for buffer in out:
        fits = buffer.shape == (n, n) and buffer.dtype == np.int32
        if not fits or not buffer.flags.c_contiguous or not buffer.flags.writeable:
            detail = f"shape {buffer.shape}, {buffer.dtype}"
            raise NetworkError("E3404", detail=detail, n=n)
    return out[0], out[1]
