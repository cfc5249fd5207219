"""Seconds and metres between many places, both along the same fastest path."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.errors import NetworkError
from geodata.graph import make_scratch, n_workers, profile_graph
from geodata.kernels.dijkstra import UNREACHABLE, block_rows, matrix_rows
from geodata.network import Network

__all__ = ["UNREACHABLE", "TravelMatrix", "travel_block", "travel_matrix"]

_BLOCK = 16  # sources per call: some 20 ms at 16,000 nodes, so progress moves and cores stay even


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
    nodes: ArrayLike,
    profile: str,
    out: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None,
    on_progress: Callable[[str, float], None] | None = None,
) -> TravelMatrix:
    """Travel times and distances between nodes of a network.

    Parameters
    ----------
    network : streets.
    nodes : node of each location, shape (l,); the same node may stand there often and is worked out
        once.
    profile : ``car``, ``ebike`` or ``walk``.
    out : seconds and metres to write into, shape (l, l), int32: touching fresh memory costs more
        than the computation for large matrices.
    on_progress : called with ``"matrix"`` and the share of the rows that is done.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3401`` nodes, ``E3404`` buffers.

    Notes
    -----
    One Dijkstra per unique node, O(u (n + k) log n), on all cores. Between two equally fast paths
    the shorter one counts. The diagonal is 0.
    """
    graph = profile_graph(network, profile)
    places = network.require_nodes(nodes)
    n_locations = len(places)
    seconds, metres = _buffers(out, n_locations)
    if n_locations == 0:
        return TravelMatrix(seconds, metres)
    unique, inverse = np.unique(places, return_inverse=True)
    inverse = inverse.astype(np.int32)
    member = np.argsort(inverse, kind="stable").astype(np.int32)
    member_ptr = np.zeros(len(unique) + 1, np.int32)
    np.cumsum(np.bincount(inverse), out=member_ptr[1:])
    is_target = np.zeros(network.n_nodes, np.bool_)
    is_target[unique] = True

    def fill(first: int) -> int:
        scratch = make_scratch(graph)
        column = np.empty((len(unique), 2), np.int32)
        last = min(first + _BLOCK, len(unique))
        matrix_rows(
            graph, unique, is_target, member_ptr, member, inverse, first, last,
            *scratch, column, seconds, metres,
        )  # fmt: skip
        return last - first

    workers = min(n_workers(), -(-len(unique) // _BLOCK))
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        blocks = [pool.submit(fill, k) for k in range(0, len(unique), _BLOCK)]
        for block in as_completed(blocks):
            done += block.result()
            if on_progress is not None:
                on_progress("matrix", done / len(unique))
    return TravelMatrix(seconds, metres)


def travel_block(
    network: Network, origins: ArrayLike, destinations: ArrayLike, profile: str
) -> TravelMatrix:
    """Travel times and distances from some nodes to others: the same figures as in a matrix.

    Parameters
    ----------
    network : streets.
    origins, destinations : nodes, shape (a,) and (b,); each is worked out once.
    profile : ``car``, ``ebike`` or ``walk``.

    Returns
    -------
    block : seconds and metres of shape (a, b).

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3401`` nodes.

    Notes
    -----
    One Dijkstra per unique origin, which ends when it has met all destinations: close ones cost
    little however large the network. On all cores.
    """
    graph = profile_graph(network, profile)
    sources, row = np.unique(network.require_nodes(origins), return_inverse=True)
    targets, column = np.unique(network.require_nodes(destinations), return_inverse=True)
    is_target = np.zeros(network.n_nodes, np.bool_)
    is_target[targets] = True
    seconds = np.empty((len(sources), len(targets)), np.int32)
    metres = np.empty_like(seconds)

    def fill(first: int) -> None:
        last = min(first + _BLOCK, len(sources))
        block_rows(
            graph, sources, targets, is_target, first, last, *make_scratch(graph), seconds, metres
        )

    with ThreadPoolExecutor(max(1, min(n_workers(), -(-len(sources) // _BLOCK)))) as pool:
        for _ in pool.map(fill, range(0, len(sources), _BLOCK)):
            pass
    whole = np.ix_(row.reshape(-1), column.reshape(-1))
    return TravelMatrix(seconds[whole], metres[whole])


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
