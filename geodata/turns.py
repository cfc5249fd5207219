"""Travel that knows turns: restrictions, no turning back in the middle of a street, and what a turn costs.

A node of the turn graph is a directed edge of the network, an arc is a permitted turn into the next edge. Its weight is
the time and length of the edge that is entered plus the seconds of the turn (``Profile.turn_costs``). So a path from
junction to junction costs its first edge, which is the offset of its start, and then its arcs.

What a profile may do
- sequences that OpenStreetMap bans for it (``Network.ban_edge``) are closed, over one node or over whole streets;
- back along the same street only where nothing else is open;
- a turn costs where at least three streets meet: more than 45 degrees to the right, to the left, and for going
  straight on or left over a main road (tertiary or higher) that is of higher rank than both streets.

Traffic is taken to keep right; where it keeps left, give ``TurnCosts`` with ``right`` and ``left`` exchanged.
"""  # noqa: E501

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.chains import ranges
from geodata.graph import profile_graph
from geodata.hierarchy import Metric, Topology, build_metric, build_topology
from geodata.kernels.dijkstra import NO_EDGE, Graph
from geodata.kernels.turns import Streets, find_turns
from geodata.many_to_many import Places
from geodata.network import Network
from geodata.profiles import PROFILES, TurnCosts
from geodata.restrictions import Bans

Int = NDArray[np.int32]
_LINKED: Final = 10  # road classes below this index come in pairs: the road and its link


class TurnGraph(NamedTuple):
    """A profile's edges as nodes, its permitted turns as arcs.

    Attributes
    ----------
    ptr, head, weight : arcs in compressed rows, shape (k + 1,), (a,) and (a,); ``weight`` as in
        ``Graph``: milliseconds times 2**24 plus decimetres.
    edge : network edge that each node stands for, shape (k,), int32. A street inside a banned
        sequence over whole streets stands there again for those who are within the sequence.
    lon, lat : degrees of the middle between both ends, for an order by place, shape (k,).
    start_ptr : a path from network node ``i`` starts at one of ``start_ptr[i]:start_ptr[i + 1]``,
        shape (n + 1,), int32.
    start_weight : offset there, the weight of that first edge, shape (s,), int64.
    end_ptr, end : a path to network node ``i`` ends at one of ``end[end_ptr[i]:end_ptr[i + 1]]``,
        with offset 0, int32.
    """

    ptr: Int
    head: Int
    weight: NDArray[np.int64]
    edge: Int
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    start_ptr: Int
    start_weight: NDArray[np.int64]
    end_ptr: Int
    end: Int


def turn_graph(network: Network, profile: str, costs: TurnCosts | None = None) -> TurnGraph:
    """Turn graph of a profile, made once and kept with the network.

    Parameters
    ----------
    costs : seconds per turn; by default the profile's own.

    Raises
    ------
    NetworkError : ``E3201`` unknown profile, ``E3202`` no streets for it.
    """
    network.require_profile(profile)
    chosen = PROFILES[profile].turn_costs if costs is None else costs
    return network.keep(
        f"turns.{profile}.{tuple(chosen)}", lambda: _make_turn_graph(network, profile, chosen)
    )


def junction_graph(network: Network, profile: str, costs: TurnCosts | None = None) -> Graph:
    """Turn graph with one node more per junction to start from, and one to end at.

    For searches from junction to junction with the plain kernels. With ``k`` nodes in the turn
    graph and ``n`` in the network, ``k + i`` is the start at network node ``i`` and ``k + n + i``
    the end there. ``edge`` is the network edge that an arc enters, ``NO_EDGE`` into an end.
    """
    chosen = PROFILES[network.require_profile(profile)].turn_costs if costs is None else costs

    def make() -> Graph:
        turns = turn_graph(network, profile, chosen)
        k, n = len(turns.edge), network.n_nodes
        starts = np.arange(int(turns.start_ptr[-1]), dtype=np.int32)
        tail = np.concatenate(
            [
                np.repeat(np.arange(k), np.diff(turns.ptr)),
                k + np.repeat(np.arange(n), np.diff(turns.start_ptr)),
                turns.end,
            ]
        )
        ends = k + n + np.repeat(np.arange(n), np.diff(turns.end_ptr))
        head = np.concatenate([turns.head, starts, ends]).astype(np.int32)
        weight = np.concatenate([turns.weight, turns.start_weight, np.zeros(len(ends), np.int64)])
        edge = np.append(turns.edge, np.full(2 * n, NO_EDGE, np.int32))[head]
        order = np.argsort(tail, kind="stable")
        return Graph(_offsets(tail, k + 2 * n), head[order], weight[order], edge[order])

    return network.keep(f"junctions.{profile}.{tuple(chosen)}", make)


def turn_metric(network: Network, profile: str, costs: TurnCosts | None = None) -> Metric:
    """Hierarchy of a profile's turn graph, made when it is first needed and kept with the network.

    Networks of other hours and other costs of turns share its topology where the arcs are the same.
    """
    chosen = PROFILES[network.require_profile(profile)].turn_costs if costs is None else costs
    turns = turn_graph(network, profile, chosen)
    banned = np.flatnonzero(network.ban_when == 0).tolist() if len(network.ban_hours) else ""

    def topology() -> Topology:
        shrink = np.cos(np.radians(network.node_lat.mean()))
        return build_topology(turns.ptr, turns.head, turns.lon * shrink, turns.lat)

    key = f"topology.turns.{profile}.{banned}"
    return network.keep(
        f"turn metric.{profile}.{tuple(chosen)}",
        lambda: build_metric(network.keep(key, topology), turns.weight),
    )


def starts_at(turns: TurnGraph, nodes: Int) -> Places:
    """Places from which searches on the turn graph leave network nodes, shape (p,), int32."""
    size = turns.start_ptr[nodes + 1] - turns.start_ptr[nodes]
    entry = ranges(turns.start_ptr[nodes], size).astype(np.int32)
    return Places(_row_ptr(size), entry, turns.start_weight[entry])


def ends_at(turns: TurnGraph, nodes: Int) -> Places:
    """Places at which searches on the turn graph reach network nodes, shape (p,), int32."""
    size = turns.end_ptr[nodes + 1] - turns.end_ptr[nodes]
    entry = turns.end[ranges(turns.end_ptr[nodes], size)]
    return Places(_row_ptr(size), entry, np.zeros(len(entry), np.int64))


def _row_ptr(size: Int) -> Int:
    return np.append(0, np.cumsum(size)).astype(np.int32)


def _make_turn_graph(network: Network, profile: str, costs: TurnCosts) -> TurnGraph:
    graph = profile_graph(network, profile)
    k, n = len(graph.edge), network.n_nodes
    place = np.full(network.n_edges, -1, np.int32)
    place[graph.edge] = np.arange(k, dtype=np.int32)
    pairs, longer = _bans_for(network, profile, place)
    streets = _streets(network, graph, pairs)
    cost_ms = np.rint(np.array(costs, np.float64) * 1000.0).astype(np.int64)
    ptr, nothing = np.empty(k + 1, np.int32), np.empty(0, np.int32)
    count = find_turns(streets, cost_ms, ptr, nothing, np.empty(0, np.int64))
    head, weight = np.empty(count, np.int32), np.empty(count, np.int64)
    find_turns(streets, cost_ms, ptr, head, weight)
    base = np.arange(k, dtype=np.int32)
    if longer:
        ptr, head, weight, base = _follow_sequences(ptr, head, weight, longer)
    edge = graph.edge[base]
    last = network.head[edge]
    tail = network.tail[edge]
    end = np.argsort(last, kind="stable").astype(np.int32)
    return TurnGraph(
        ptr, head, weight, edge,
        (network.node_lon[tail] + network.node_lon[last]) / 2.0,
        (network.node_lat[tail] + network.node_lat[last]) / 2.0,
        graph.ptr, graph.weight, _offsets(last, n), end,
    )  # fmt: skip


def _bans_for(
    network: Network, profile: str, place: Int
) -> tuple[list[tuple[int, int]], set[tuple[int, ...]]]:
    """Banned pairs and longer sequences of a profile's edges, by their place among them."""
    bit = 1 << list(PROFILES).index(profile)
    pairs: list[tuple[int, int]] = []
    longer: set[tuple[int, ...]] = set()
    columns = network.ban_ptr, network.ban_edge, network.ban_profiles, network.ban_when
    for edges, when, who in Bans(*columns, network.ban_hours).sequences():
        row = tuple(place[list(edges)].tolist())
        if when or not who & bit or -1 in row:
            continue
        if len(row) == 2:
            pairs.append((row[0], row[1]))
        else:
            longer.add(row)
    return sorted(pairs), longer


def _streets(network: Network, graph: Graph, pairs: list[tuple[int, int]]) -> Streets:
    edge, n = graph.edge, network.n_nodes
    tail, head = network.tail[edge], network.head[edge]
    first, last = network.geom_ptr[edge], network.geom_ptr[edge + 1] - 1
    road_class = network.road_class[edge].astype(np.int64)
    rank = np.where(road_class < _LINKED, road_class // 2, road_class - _LINKED // 2)
    top = np.full(n, 255, np.int64)
    np.minimum.at(top, tail, rank)
    np.minimum.at(top, head, rank)
    touching = np.unique(np.concatenate([tail * np.int64(n) + head, head * np.int64(n) + tail]))
    banned = np.array(pairs, np.int32).reshape(-1, 2)
    return Streets(
        graph.ptr, tail, head, graph.weight, network.length_dm[edge],
        _bearing(network, last - 1), _bearing(network, first), rank.astype(np.uint8),
        _offsets(banned[:, 0], len(edge)), np.ascontiguousarray(banned[:, 1]),
        np.bincount(touching // n, minlength=n).astype(np.int32), top.astype(np.uint8),
    )  # fmt: skip


def _bearing(network: Network, point: NDArray[np.integer]) -> NDArray[np.float64]:
    """Degrees clockwise from north, from each of the drawn points to the one after it."""
    lon, lat = network.geom_lon, network.geom_lat
    east = (lon[point + 1] - lon[point]) * np.cos(np.radians(lat[point]))
    return np.asarray(np.degrees(np.arctan2(east, lat[point + 1] - lat[point])))


def _follow_sequences(
    ptr: Int, head: Int, weight: NDArray[np.int64], banned: set[tuple[int, ...]]
) -> tuple[Int, Int, NDArray[np.int64], Int]:
    """Close sequences of three and more edges, by nodes that remember how one came.

    The nodes are the states of an automaton that reads edges (Aho and Corasick 1975): a copy of an
    edge for every way of being within a banned sequence. A copy goes on like its edge, except that
    the arc that would complete the sequence is missing.
    """
    k = len(ptr) - 1
    states = sorted({row[:size] for row in banned for size in range(2, len(row))})
    number = {state: k + place for place, state in enumerate(states)}

    def follow(came: tuple[int, ...], onward: int) -> int | None:
        row = (*came, onward)
        tails = [row[cut:] for cut in range(len(row) - 1)]
        if any(tail in banned for tail in tails):
            return None
        return next((number[tail] for tail in tails if tail in number), onward)

    head = head.copy()
    for g in sorted({state[0] for state in states}):
        for arc in range(int(ptr[g]), int(ptr[g + 1])):
            onward = follow((g,), int(head[arc]))
            assert onward is not None  # a single edge completes no sequence of three
            head[arc] = onward
    base = np.append(np.arange(k), [state[-1] for state in states]).astype(np.int32)
    sizes, heads, weights = [], [], []
    for state in states:
        arcs = range(int(ptr[state[-1]]), int(ptr[state[-1] + 1]))
        steps = [(follow(state, int(base[head[arc]])), weight[arc]) for arc in arcs]
        kept = [(onward, w) for onward, w in steps if onward is not None]
        sizes.append(len(kept))
        heads += [onward for onward, _ in kept]
        weights += [w for _, w in kept]
    return (
        np.append(ptr, ptr[-1] + np.cumsum(sizes)).astype(np.int32),
        np.append(head, heads).astype(np.int32),
        np.append(weight, weights).astype(np.int64),
        base,
    )


def _offsets(sorted_or_not: NDArray[np.integer], n: int) -> Int:
    ptr = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(sorted_or_not, minlength=n), out=ptr[1:])
    return ptr
