"""Single paths: which nodes, how long, and the line to draw."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.chains import ranges
from geodata.errors import NetworkError
from geodata.graph import Scratch, make_scratch, profile_graph
from geodata.kernels.dijkstra import DM_BITS, search, trace_back
from geodata.network import Network
from geodata.profiles import TurnCosts
from geodata.routes import Line
from geodata.turns import junction_graph


class Path(NamedTuple):
    """The fastest path between two nodes.

    Attributes
    ----------
    nodes : from source to target, shape (k,), int32; a single node when they are the same.
    seconds, metres : as in ``travel_matrix``.
    edges : from each of the nodes to the next, shape (k - 1,), int32.
    """

    nodes: NDArray[np.int32]
    seconds: int
    metres: int
    edges: NDArray[np.int32]


def travel_path(
    network: Network, source: int, target: int, profile: str, turns: bool | TurnCosts = False
) -> Path:
    """Fastest path from one node to another; the same one whose figures ``travel_matrix`` gives.

    Parameters
    ----------
    turns : as in ``travel_matrix``.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3401`` nodes, ``E3402`` no path.
    """
    network.require_nodes([source, target])
    if turns is not False and source != target:
        costs = None if isinstance(turns, bool) else turns
        return _path_with_turns(network, source, target, profile, costs)
    graph = profile_graph(network, profile)
    scratch, is_target = make_scratch(graph), np.zeros(network.n_nodes, np.bool_)
    is_target[target] = True
    if search(graph, source, is_target, 1, *scratch):
        raise NetworkError("E3402", source=source, target=target, profile=profile)
    edges = _trace(scratch, source, target)
    time = int(network.time_ms[profile][edges].sum(dtype=np.int64))
    return _path(network, source, edges, time)


def _path_with_turns(
    network: Network, source: int, target: int, profile: str, costs: TurnCosts | None
) -> Path:
    graph = junction_graph(network, profile, costs)
    scratch = make_scratch(graph)
    first = len(graph.ptr) - 1 - 2 * network.n_nodes
    start, end = first + source, first + network.n_nodes + target
    is_target = np.zeros(len(graph.ptr) - 1, np.bool_)
    is_target[end] = True
    if search(graph, start, is_target, 1, *scratch):
        raise NetworkError("E3402", source=source, target=target, profile=profile)
    edges = _trace(scratch, start, end)[:-1]  # the last arc only leads to the end
    return _path(network, source, edges, int(scratch.weight[end]) >> DM_BITS)


def _path(network: Network, source: int, edges: NDArray[np.int32], time_ms: int) -> Path:
    length = int(network.length_dm[edges].sum(dtype=np.int64))
    nodes = np.concatenate([np.array([source], np.int32), network.head[edges]])
    return Path(nodes, (time_ms + 500) // 1000, (length + 5) // 10, edges)


def path_geometry(network: Network, nodes: ArrayLike, profile: str) -> Line:
    """Line along the streets through ``nodes``, each joined to the next by one edge.

    Parameters
    ----------
    nodes : as in ``Path.nodes``, shape (k,).

    Returns
    -------
    lon, lat : shape (p,), float64; the node itself when there is only one.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3401`` nodes, ``E3403`` two of them are not
        neighbours for this profile.
    """
    graph = profile_graph(network, profile)
    stops = network.require_nodes(nodes)
    edges = np.empty(max(len(stops) - 1, 0), np.int32)
    for k in range(len(edges)):
        tail, head = int(stops[k]), int(stops[k + 1])
        row = slice(int(graph.ptr[tail]), int(graph.ptr[tail + 1]))
        fits = np.flatnonzero(graph.head[row] == head)
        if len(fits) == 0:
            raise NetworkError("E3403", source=tail, target=head, profile=profile)
        edges[k] = graph.edge[row][fits[np.argmin(graph.weight[row][fits])]]
    return _line(network, edges, stops[:1])


def _trace(scratch: Scratch, source: int, target: int) -> NDArray[np.int32]:
    """Edges of the arcs from source to target after a search."""
    buffer = np.empty(256, np.int32)
    count = trace_back(source, target, scratch.via, scratch.tail, buffer)
    if count > len(buffer):
        buffer = np.empty(count, np.int32)
        trace_back(source, target, scratch.via, scratch.tail, buffer)
    return buffer[len(buffer) - count :]


def _line(network: Network, edges: NDArray[np.int32], start: NDArray[np.int32]) -> Line:
    """Points of consecutive edges, the shared ends once; ``start`` is the node of an empty path."""
    if len(edges) == 0:
        return network.node_lon[start], network.node_lat[start]
    first = network.geom_ptr[edges] + 1  # an edge starts where the one before it ended
    first[0] -= 1
    points = ranges(first, network.geom_ptr[edges + 1] - first)
    return network.geom_lon[points], network.geom_lat[points]
