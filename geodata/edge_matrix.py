"""Travel between points along streets: part of an edge at either end, and straight along where both are on one.

A point is a place of ``geodata.many_to_many`` with an entry for each direction that is open: a path leaves it with the
rest of the edge and reaches it with the first part. With turns the entries are edges: the own one to leave, those before
it to arrive. Parts of an edge take the fraction of its time and length, each rounded once to a millisecond and a
decimetre, so that the two parts are the whole.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.chains import ranges
from geodata.edge_snapping import SnappedPoints, reverse_edges
from geodata.errors import NetworkError
from geodata.graph import profile_graph
from geodata.hierarchy import Metric, profile_metric
from geodata.kernels.bounded import go_ahead, search_within
from geodata.kernels.dijkstra import DM_BITS, DM_MASK, FAR
from geodata.kernels.grid import NO_EDGE
from geodata.many_to_many import Lines, Places, fill_block, places_at
from geodata.network import Network
from geodata.profiles import CLOSED, TurnCosts
from geodata.turns import TurnGraph, ends_at, starts_at, turn_graph, turn_metric

Int = NDArray[np.int32]
Long = NDArray[np.int64]


class Parts(NamedTuple):
    """Points along streets as weights, column 0 in the direction of ``street``, column 1 against it.

    Attributes
    ----------
    street : the direction of lower index, shape (k,), int32.
    edge : edge of each direction, -1 where there is none, shape (k, 2), int32.
    whole : weight of the whole edge, FAR where closed to the profile or the point, shape (k, 2), int64.
    passed : weight from its tail to the point, FAR likewise, shape (k, 2), int64.
    share : how far along ``street``, shape (k,), float64.
    """  # noqa: E501

    street: Int
    edge: Int
    whole: Long
    passed: Long
    share: NDArray[np.float64]


def parts_of(network: Network, points: SnappedPoints, profile: str) -> Parts:
    """Weights of the parts of edges at points.

    Raises
    ------
    NetworkError : ``E3406``, points that are not on streets open to the profile.
    """
    edge, fraction = np.asarray(points.edge, np.int32), np.asarray(points.fraction, np.float64)
    other, reverse = np.asarray(points.reverse, np.int32), reverse_edges(network)
    time = network.time_ms[profile]
    is_edge = (edge >= 0) & (edge < network.n_edges)
    safe = np.where(is_edge, edge, 0)
    fits = is_edge & (time[safe] != CLOSED) & (fraction >= 0.0) & (fraction <= 1.0)
    fits &= (other == NO_EDGE) | ((other == reverse[safe]) & (time[other] != CLOSED))
    if not fits.all():
        raise NetworkError(
            "E3406", n_bad=int((~fits).sum()), n=len(fits), first=int(np.argmin(fits)),
            profile=profile,
        )  # fmt: skip
    against = reverse[edge]
    swaps = (against != NO_EDGE) & (against < edge)
    street = np.where(swaps, against, edge)
    share = np.where(swaps, 1.0 - fraction, fraction)
    both = np.column_stack([street, np.where(swaps, edge, against)]).astype(np.int32)
    is_open = np.column_stack([~swaps | (other != NO_EDGE), swaps | (other != NO_EDGE)])
    ms, dm = time[both].astype(np.int64), network.length_dm[both].astype(np.int64)
    part_ms, part_dm = (np.floor(share[:, None] * w + 0.5).astype(np.int64) for w in (ms, dm))
    passed, whole = (part_ms << DM_BITS) + part_dm, (ms << DM_BITS) + dm
    passed[:, 1] = whole[:, 1] - passed[:, 1]
    whole, passed = np.where(is_open, whole, FAR), np.where(is_open, passed, FAR)
    return Parts(street, both, whole, passed, share)


def block_of_points(
    network: Network,
    origins: SnappedPoints | ArrayLike,
    destinations: SnappedPoints | ArrayLike,
    profile: str,
    turns: bool | TurnCosts,
    seconds: Int,
    metres: Int,
    on_progress: Callable[[float], None] | None = None,
) -> None:
    """Fill a block of which rows, columns or both are points along streets.

    Parameters
    ----------
    origins, destinations : a and b points, or nodes.
    seconds, metres : shape (a, b), int32. Overwritten.

    Raises
    ------
    NetworkError : as ``travel_matrix``, and ``E3406``.
    """
    costs = None if isinstance(turns, bool) else turns
    streets = turn_graph(network, profile, costs) if turns is not False else None
    metric: Metric
    if streets is None:
        metric = profile_metric(network, profile)
    else:
        metric = turn_metric(network, profile, costs)
    sources, row, parts = _places(network, origins, profile, streets, is_start=True)
    targets, column, other_parts = _places(network, destinations, profile, streets, is_start=False)
    if len(row) == 0 or len(column) == 0:
        return
    n_sources = len(sources.ptr) - 1
    order = np.argsort(row, kind="stable").astype(np.int32)
    row_ptr = np.zeros(n_sources + 1, np.int32)
    np.cumsum(np.bincount(row, minlength=n_sources), out=row_ptr[1:])
    lines = Lines(row_ptr, order, column.astype(np.int32))
    fill_block(metric, sources, targets, seconds, metres, lines, on_progress)
    if parts is not None and other_parts is not None:
        _same_street(network, parts, other_parts, profile, streets, seconds, metres)
    elif parts is None and other_parts is not None and streets is not None:
        _from_corners(network, network.require_nodes(origins), other_parts, seconds, metres)


def entries(
    network: Network, parts: Parts, profile: str, streets: TurnGraph | None, *, is_start: bool
) -> Places:
    """Where paths enter the graph from points, or leave it to them."""
    weight = entry_weights(parts, streets, is_start=is_start)
    is_entry = weight < FAR
    offset = weight[is_entry]
    if streets is None:
        tail, head = network.tail[parts.street], network.head[parts.street]
        node = np.column_stack([head, tail] if is_start else [tail, head])
        return Places(_row_ptr(is_entry.sum(axis=1)), node[is_entry], offset)
    own = _place(network, profile_graph(network, profile).edge)[parts.edge[is_entry]]
    if is_start:
        return Places(_row_ptr(is_entry.sum(axis=1)), own, offset)
    ptr, tail, extra = _arcs_into(network, profile, streets)
    size = ptr[own + 1] - ptr[own]
    arc = ranges(ptr[own], size)
    point, _ = np.nonzero(is_entry)
    per_point = np.bincount(point, weights=size, minlength=len(parts.street))
    return Places(_row_ptr(per_point), tail[arc], np.repeat(offset, size) + extra[arc])


def entry_weights(parts: Parts, streets: TurnGraph | None, *, is_start: bool) -> Long:
    """Weight between points and the ends of their street, FAR where no path may, shape (k, 2).

    Without turns a point on a corner is that corner, whichever directions of its street are open.
    """
    is_open = parts.passed < FAR
    weight = np.where(is_open, parts.whole - parts.passed if is_start else parts.passed, FAR)
    if streets is None:
        at_tail, at_head = is_open & (parts.passed == 0), is_open & (parts.passed == parts.whole)
        weight[at_tail[:, 0] | at_head[:, 1], int(is_start)] = 0
        weight[at_head[:, 0] | at_tail[:, 1], int(not is_start)] = 0
    return weight


def _row_ptr(size: NDArray[Any]) -> Int:
    return np.append(0, np.cumsum(size)).astype(np.int32)


def _place(network: Network, edges: Int) -> Int:
    """Place of each network edge among the profile's, -1 where it is none of them."""
    place = np.full(network.n_edges, NO_EDGE, np.int32)
    place[edges] = np.arange(len(edges), dtype=np.int32)
    return place


def _arcs_into(network: Network, profile: str, streets: TurnGraph) -> tuple[Int, Int, Long]:
    """List the turns into each of the profile's edges: rows, nodes before them, cost of the turn.

    A turn into an edge within a banned sequence is a turn into that edge.
    """
    graph = profile_graph(network, profile)
    into = _place(network, graph.edge)[streets.edge[streets.head]]
    order = np.argsort(into, kind="stable")
    ptr = _row_ptr(np.bincount(into, minlength=len(graph.edge)))
    tail = np.repeat(np.arange(len(streets.edge), dtype=np.int32), np.diff(streets.ptr))
    return ptr, tail[order], (streets.weight - graph.weight[into])[order]


def _places(
    network: Network,
    where: SnappedPoints | ArrayLike,
    profile: str,
    streets: TurnGraph | None,
    *,
    is_start: bool,
) -> tuple[Places, NDArray[np.intp], Parts | None]:
    """Different places, which of them stands where, and the parts of edges of points."""
    if not isinstance(where, SnappedPoints):
        nodes, inverse = np.unique(network.require_nodes(where), return_inverse=True)
        if streets is None:
            return places_at(nodes), inverse, None
        at = starts_at(streets, nodes) if is_start else ends_at(streets, nodes)
        return at, inverse, None
    parts = parts_of(network, where, profile)
    key = np.column_stack([parts.street, parts.passed])
    _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
    once = Parts._make(column[first] for column in parts)
    places = entries(network, once, profile, streets, is_start=is_start)
    return places, inverse.reshape(-1), parts


def _same_street(
    network: Network,
    origins: Parts,
    destinations: Parts,
    profile: str,
    streets: TurnGraph | None,
    seconds: Int,
    metres: Int,
) -> None:
    """Put in the pairs on one street with one ahead of the other."""
    shared = np.intersect1d(origins.street, destinations.street).astype(np.int32)
    if len(shared) == 0:
        return
    rows, row_ptr = _by_street(origins.street, shared)
    columns, column_ptr = _by_street(destinations.street, shared)
    low, high = np.full(len(shared), np.inf), np.full(len(shared), -np.inf)
    for parts, which, ptr in ((origins, rows, row_ptr), (destinations, columns, column_ptr)):
        share = parts.share[which]
        low = np.minimum(low, np.minimum.reduceat(share, ptr[:-1]))
        high = np.maximum(high, np.maximum.reduceat(share, ptr[:-1]))
    detour = np.full((len(shared), 2), FAR, np.int64)
    _find_detours(network, shared, np.flatnonzero(low < high), profile, streets, detour)
    go_ahead(
        rows, row_ptr, columns, column_ptr, origins.passed,
        entry_weights(origins, streets, is_start=True), destinations.passed,
        entry_weights(destinations, streets, is_start=False), detour, seconds, metres,
    )  # fmt: skip


def _from_corners(
    network: Network, nodes: Int, destinations: Parts, seconds: Int, metres: Int
) -> None:
    """Put in the first street of a path that is its last one too: no turn leads into it."""
    column, way = np.nonzero(destinations.passed < FAR)
    tail = network.tail[destinations.edge[column, way]]
    order = np.argsort(nodes, kind="stable")
    first = np.searchsorted(nodes[order], tail, "left")
    size = np.searchsorted(nodes[order], tail, "right") - first
    row = order[ranges(first, size)]
    column, passed = np.repeat(column, size), np.repeat(destinations.passed[column, way], size)
    s, m = ((passed >> DM_BITS) + 500) // 1000, ((passed & DM_MASK) + 5) // 10
    for k in range(len(row)):
        r, c = row[k], column[k]
        if (s[k], m[k]) < (seconds[r, c], metres[r, c]):
            seconds[r, c], metres[r, c] = s[k], m[k]


def _by_street(street: Int, shared: Int) -> tuple[Int, Int]:
    """Points on each of the shared streets, which are sorted."""
    order = np.argsort(street, kind="stable")
    first = np.searchsorted(street[order], shared, "left")
    size = np.searchsorted(street[order], shared, "right") - first
    return order[ranges(first, size)].astype(np.int32), _row_ptr(size)


def _find_detours(
    network: Network,
    street: Int,
    which: NDArray[np.intp],
    profile: str,
    streets: TurnGraph | None,
    detour: Long,
) -> None:
    """Ways from the end of a direction to its start, where shorter than the other direction is."""
    graph = profile_graph(network, profile)
    ptr, heads, weights = graph[:3] if streets is None else streets[:3]
    place, reverse = _place(network, graph.edge), reverse_edges(network)
    n = len(ptr) - 1
    weight, via, met = np.full(n, FAR, np.int64), np.empty(n, np.int32), np.empty(n, np.int32)
    keys, items = np.empty(len(heads) + 1, np.int64), np.empty(len(heads) + 1, np.int32)
    into = None if streets is None else _arcs_into(network, profile, streets)
    for g in which.tolist():
        edges = int(street[g]), int(reverse[street[g]])
        for way in range(2):
            edge, other = edges[way], edges[1 - way]
            if other == NO_EDGE or place[other] == NO_EDGE:
                continue  # nobody goes ahead in that direction
            limit = graph.weight[place[other]]
            if into is None:
                start, ends = int(network.tail[other]), np.array([network.head[other]])
                extra = np.zeros(1, np.int64)
            elif edge == NO_EDGE or place[edge] == NO_EDGE:
                continue
            else:
                start = int(place[edge])
                row = slice(into[0][start], into[0][start + 1])
                ends, extra = into[1][row], into[2][row]
            n_met = search_within(
                ptr, heads, weights, np.array([start], np.int32), np.zeros(1, np.int64), limit,
                weight, via, keys, items, met,
            )  # fmt: skip
            detour[g, way] = min(int((weight[ends] + extra).min(initial=FAR)), FAR)
            weight[met[:n_met]] = FAR
