"""Everything within some minutes of a place: corners, and streets cut where the time is up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.chains import ranges
from geodata.edge_matrix import Long, Parts, entries, parts_of
from geodata.edge_snapping import SnappedPoints
from geodata.errors import NetworkError
from geodata.graph import n_workers, profile_graph
from geodata.kernels.bounded import search_within
from geodata.kernels.dijkstra import DM_BITS, DM_MASK, FAR
from geodata.many_to_many import Places, places_at
from geodata.network import Network
from geodata.profiles import TurnCosts
from geodata.turns import TurnGraph, starts_at, turn_graph

Int = NDArray[np.int32]
_LONGEST: Final = 24 * 60.0


class Reach(NamedTuple):
    """What lies within a limit of one place.

    Attributes
    ----------
    nodes : reached, shape (k,), int32, by rising seconds.
    seconds : to each of them, shape (k,), int32, rounded half up.
    edges : reached at least in part, shape (e,), int32; an edge that is left at a point and later entered
        from its tail stands there twice.
    start, end : the part of each that is reached, as fractions of its length, shape (e,), float64.
    """  # noqa: E501

    nodes: Int
    seconds: Int
    edges: Int
    start: NDArray[np.float64]
    end: NDArray[np.float64]


class _Starts(NamedTuple):
    """Where searches begin: in the graph, and on which edges before they reach it."""

    places: Places
    ptr: Int  # own edges of each place
    edge: Int
    passed: Long  # weight from the edge's tail to the place
    node: Int  # corner that the place is, -1 along a street


class _Ground(NamedTuple):
    """What all searches share."""

    network: Network
    profile: str
    streets: TurnGraph | None
    weight: Long  # of each network edge, FAR where closed
    starts: _Starts
    limit_ms: int


def reach(
    network: Network,
    where: SnappedPoints | ArrayLike,
    minutes: float,
    profile: str,
    turns: bool | TurnCosts = False,
) -> list[Reach]:
    """Everything within a time of each of some places.

    Parameters
    ----------
    where : points along streets from ``snap_to_edges``, or nodes, shape (k,).
    minutes : above 0, up to a day.
    turns : as in ``travel_matrix``.

    Returns
    -------
    reaches : one per place.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3401`` nodes, ``E3406`` points, ``E3407`` minutes.

    Notes
    -----
    A Dijkstra from each place that goes no further than the limit; on all cores.
    """  # noqa: E501
    if not 0.0 < minutes <= _LONGEST:
        raise NetworkError("E3407", name="minutes", value=minutes, low=0, high=int(_LONGEST))
    graph = profile_graph(network, profile)
    costs = None if isinstance(turns, bool) else turns
    streets = turn_graph(network, profile, costs) if turns is not False else None
    weight = np.full(network.n_edges, FAR, np.int64)
    weight[graph.edge] = graph.weight
    starts = _starts(network, where, profile, streets)
    ground = _Ground(network, profile, streets, weight, starts, round(minutes * 60_000))
    k = len(starts.places.ptr) - 1
    workers = max(1, min(n_workers(), k))
    if workers == 1:
        return _some(ground, range(k))
    shares = [range(first, k, workers) for first in range(workers)]
    found: list[Reach | None] = [None] * k
    with ThreadPoolExecutor(workers) as pool:
        for share, part in zip(shares, pool.map(lambda s: _some(ground, s), shares), strict=True):
            for place, one in zip(share, part, strict=True):
                found[place] = one
    return [one for one in found if one is not None]


def _starts(
    network: Network, where: SnappedPoints | ArrayLike, profile: str, streets: TurnGraph | None
) -> _Starts:
    if isinstance(where, SnappedPoints):
        parts: Parts = parts_of(network, where, profile)
        is_open = parts.passed < FAR
        ptr = np.append(0, np.cumsum(is_open.sum(axis=1))).astype(np.int32)
        places = entries(network, parts, profile, streets, is_start=True)
        nowhere = np.full(len(parts.street), -1, np.int32)
        return _Starts(places, ptr, parts.edge[is_open], parts.passed[is_open], nowhere)
    nodes = network.require_nodes(where)
    if streets is None:
        none = np.zeros(len(nodes) + 1, np.int32)
        return _Starts(places_at(nodes), none, nodes[:0], np.empty(0, np.int64), nodes)
    graph, places = profile_graph(network, profile), starts_at(streets, nodes)
    edge = graph.edge[places.node]
    return _Starts(places, places.ptr, edge, np.zeros(len(edge), np.int64), nodes)


def _some(ground: _Ground, which: range) -> list[Reach]:
    """One after the other in the same buffers."""
    graph = profile_graph(ground.network, ground.profile)
    arcs = (graph if ground.streets is None else ground.streets)[:3]
    n, k = len(arcs[0]) - 1, len(arcs[1]) + len(ground.starts.places.node)
    weight, via, met = np.full(n, FAR, np.int64), np.empty(n, np.int32), np.empty(n, np.int32)
    keys, items = np.empty(k + 1, np.int64), np.empty(k + 1, np.int32)
    places, limit = ground.starts.places, (ground.limit_ms << DM_BITS) + DM_MASK
    found = []
    for place in which:
        row = slice(places.ptr[place], places.ptr[place + 1])
        n_met = search_within(
            *arcs, places.node[row], places.offset[row], limit, weight, via, keys, items, met
        )
        seen = met[:n_met]
        found.append(_cut(ground, place, seen, weight[seen]))
        weight[seen] = FAR
    return found


def _cut(ground: _Ground, place: int, seen: Int, weight: Long) -> Reach:
    """Nodes and parts of edges after a search that met graph nodes ``seen`` at these weights."""
    network, streets, starts = ground.network, ground.streets, ground.starts
    node, ms = seen, weight >> DM_BITS
    graph = profile_graph(network, ground.profile)
    ptr = graph.ptr if streets is None else streets.ptr
    size = ptr[seen + 1] - ptr[seen]
    arc = ranges(ptr[seen], size)
    entered = np.repeat(ms, size)
    if streets is None:
        edge = graph.edge[arc]
    else:
        edge = streets.edge[streets.head[arc]]
        entered = entered + ((streets.weight[arc] - ground.weight[edge]) >> DM_BITS)
        node = network.head[streets.edge[seen]]
        order = np.lexsort((ms, node))
        node, ms = node[order], ms[order]
        is_first = np.diff(node, prepend=-1) != 0
        node, ms = node[is_first], ms[is_first]
        order = np.lexsort((entered, edge))  # an edge is entered by its earliest turn
        edge, entered = edge[order], entered[order]
        is_first = np.diff(edge, prepend=-1) != 0
        edge, entered = edge[is_first], entered[is_first]
        corner = starts.node[place]
        if corner >= 0:
            other = node != corner
            node, ms = np.append(node[other], corner), np.append(ms[other], 0)
    row = slice(starts.ptr[place], starts.ptr[place + 1])
    own, passed = starts.edge[row], starts.passed[row]
    whole = (ground.weight[own] >> DM_BITS).astype(np.float64)
    begin = (passed >> DM_BITS) / whole
    edges = np.concatenate([own, edge])
    start = np.concatenate([begin, np.zeros(len(edge))])
    left = np.concatenate([np.full(len(own), ground.limit_ms), ground.limit_ms - entered])
    end = np.minimum(1.0, start + left / (ground.weight[edges] >> DM_BITS))
    keep = end > start
    order = np.lexsort((node, ms))
    seconds = ((ms[order] + 500) // 1000).astype(np.int32)
    return Reach(node[order].astype(np.int32), seconds, edges[keep], start[keep], end[keep])
