"""One leg for a driver: its line, encoded for a phone where wanted, and the streets along it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.edge_matrix import Long, Parts, entries, entry_weights, parts_of
from geodata.edge_snapping import SnappedPoints, street_lines
from geodata.errors import NetworkError
from geodata.graph import profile_graph
from geodata.kernels.bounded import search_within
from geodata.kernels.dijkstra import DM_BITS, DM_MASK, FAR
from geodata.many_to_many import Places, places_at
from geodata.network import NO_NAME, Network
from geodata.profiles import TurnCosts
from geodata.turns import TurnGraph, ends_at, starts_at, turn_graph

_FIRST_LIMIT_MS: Final = 600_000


class Step(NamedTuple):
    """A stretch of a route along streets of one name.

    Attributes
    ----------
    name : of the streets, empty where they have none.
    metres, seconds : of this stretch; the steps of a route add up to its own figures.
    lon, lat : where it begins, WGS-84 degrees.
    """

    name: str
    metres: int
    seconds: int
    lon: float
    lat: float


class Route(NamedTuple):
    """The fastest way from one place to another.

    Attributes
    ----------
    lon, lat : points of the line, WGS-84 degrees, shape (p,), float64; both ends are exactly the
        places, and a route from a place to itself is that one point.
    seconds, metres : as ``travel_matrix`` gives them, the time of turns included where they count.
    edges : driven one after the other, the first and last in part, shape (e,), int32.
    steps : streets along the way.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    seconds: int
    metres: int
    edges: NDArray[np.int32]
    steps: tuple[Step, ...]

    def geojson(self) -> dict[str, Any]:
        """Geometry as GeoJSON: a ``LineString``, or a ``Point`` where the route is one."""
        points = np.column_stack([self.lon, self.lat]).round(7).tolist()
        if len(points) == 1:
            return {"type": "Point", "coordinates": points[0]}
        return {"type": "LineString", "coordinates": points}

    def polyline(self, precision: int = 5) -> str:
        """Encode the line in Google's polyline format; Valhalla and some others use precision 6."""
        return encode_polyline(self.lon, self.lat, precision)


def route(
    network: Network,
    origin: SnappedPoints | int,
    destination: SnappedPoints | int,
    profile: str,
    turns: bool | TurnCosts = False,
) -> Route:
    """Fastest way between two places, with its line and its streets.

    Parameters
    ----------
    origin, destination : one point along a street each (``points.take([k])``), or a node each.
    turns : as in ``travel_matrix``.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3401`` nodes, ``E3402`` no way, ``E3406`` points,
        ``E3408`` not one place of the same kind at either end.
    """  # noqa: E501
    network.require_profile(profile)
    is_point = isinstance(origin, SnappedPoints)
    if is_point != isinstance(destination, SnappedPoints):
        raise NetworkError("E3408", detail="a node and a point")
    costs = None if isinstance(turns, bool) else turns
    streets = turn_graph(network, profile, costs) if turns is not False else None
    graph = profile_graph(network, profile)
    if isinstance(origin, SnappedPoints) and isinstance(destination, SnappedPoints):
        if origin.n_points != 1 or destination.n_points != 1:
            raise NetworkError("E3408", detail=f"{origin.n_points} and {destination.n_points}")
        return _between_points(network, origin, destination, profile, streets)
    nodes = network.require_nodes([origin, destination])
    here, there = nodes[:1], nodes[1:]
    if here[0] == there[0]:
        return Route(network.node_lon[here], network.node_lat[here], 0, 0, nodes[:0], ())
    if streets is None:
        ends = places_at(here), places_at(there)
    else:
        ends = starts_at(streets, here), ends_at(streets, there)
    found = _search(network, *ends, profile, streets)
    if found is None:
        raise NetworkError("E3402", source=int(here[0]), target=int(there[0]), profile=profile)
    first, _, edges, weights = found
    if streets is not None:
        edges.insert(0, int(graph.edge[ends[0].node[first]]))
        weights.insert(0, int(ends[0].offset[first]))
    return _drive(network, edges, weights, (0.0, 1.0))


def encode_polyline(lon: ArrayLike, lat: ArrayLike, precision: int = 5) -> str:
    """Encode a line in Google's encoded polyline format, latitude first, as the format wants it."""
    places = np.column_stack([np.asarray(lat, np.float64), np.asarray(lon, np.float64)])
    units = np.floor(places * 10.0**precision + 0.5).astype(np.int64)
    text = []
    for change in np.diff(units, axis=0, prepend=0).ravel().tolist():
        value = ~(change << 1) if change < 0 else change << 1
        while value >= 0x20:
            text.append(chr((0x20 | (value & 0x1F)) + 63))
            value >>= 5
        text.append(chr(value + 63))
    return "".join(text)


def _between_points(
    network: Network,
    origin: SnappedPoints,
    destination: SnappedPoints,
    profile: str,
    streets: TurnGraph | None,
) -> Route:
    here, there = parts_of(network, origin, profile), parts_of(network, destination, profile)
    leave = entry_weights(here, streets, is_start=True)[0]
    enter = entry_weights(there, streets, is_start=False)[0]
    starts = entries(network, here, profile, streets, is_start=True)
    stops = entries(network, there, profile, streets, is_start=False)
    found = _search(network, starts, stops, profile, streets)
    edges: list[int] = []
    weights: list[int] = []
    total = FAR
    share = np.array([here.share[0], 1.0 - here.share[0]])
    end_share = np.array([there.share[0], 1.0 - there.share[0]])
    span = (0.0, 1.0)
    if found is not None:
        first, last, edges, weights = found
        out = int(np.flatnonzero(leave < FAR)[first])
        if starts.offset[first] > 0 or streets is not None:
            edges.insert(0, int(here.edge[0, out]))
            weights.insert(0, int(starts.offset[first]))
            span = (float(share[out]), 1.0)
        into = _way_of(network, there, enter, profile, streets, last)
        if stops.offset[last] > 0:
            edges.append(int(there.edge[0, into]))
            weights.append(int(stops.offset[last]))
            span = (span[0], float(end_share[into]))
        total = sum(weights)
    if here.street[0] == there.street[0]:
        for way in range(2):
            ahead = int(there.passed[0, way] - here.passed[0, way])
            if there.passed[0, way] < FAR and 0 <= ahead <= total and here.passed[0, way] < FAR:
                total, edges, weights = ahead, [int(here.edge[0, way])], [ahead]
                span = (float(share[way]), max(float(share[way]), float(end_share[way])))
    if total >= FAR:
        source, target = int(network.head[origin.edge[0]]), int(network.tail[destination.edge[0]])
        raise NetworkError("E3402", source=source, target=target, profile=profile)
    drawn = _drive(network, edges, weights, span)
    if total == 0:
        return drawn._replace(lon=origin.lon[:1], lat=origin.lat[:1])
    ends = [(points.lon[:1], points.lat[:1]) for points in (origin, destination)]
    return drawn._replace(
        lon=np.concatenate([ends[0][0], drawn.lon[1:-1], ends[1][0]]),
        lat=np.concatenate([ends[0][1], drawn.lat[1:-1], ends[1][1]]),
    )


def _way_of(
    network: Network,
    parts: Parts,
    weight: Long,
    profile: str,
    streets: TurnGraph | None,
    entry: int,
) -> int:
    """Direction of the street in which a path arrives by one of a point's entries."""
    ways = np.flatnonzero(weight < FAR)
    if streets is None:
        return int(ways[entry])
    only = parts._replace(passed=np.where(np.arange(2) == ways[0], parts.passed, FAR))
    n_first = len(entries(network, only, profile, streets, is_start=False).node)
    return int(ways[0] if entry < n_first else ways[-1])


def _search(
    network: Network, starts: Places, stops: Places, profile: str, streets: TurnGraph | None
) -> tuple[int, int, list[int], list[int]] | None:
    """Entries that the fastest path uses, the edges between them and their weights, if any.

    The limit grows until the path lies within it, so near places cost little.
    """
    graph = profile_graph(network, profile)
    ptr, heads, costs = graph[:3] if streets is None else streets[:3]
    n, k = len(ptr) - 1, len(heads) + len(starts.node) + 1
    weight, via, met = np.full(n, FAR, np.int64), np.empty(n, np.int32), np.empty(n, np.int32)
    keys, items = np.empty(k, np.int64), np.empty(k, np.int32)
    limit = _FIRST_LIMIT_MS << DM_BITS
    while True:
        n_met = search_within(
            ptr, heads, costs, starts.node, starts.offset, limit, weight, via, keys, items, met
        )
        reached = weight[stops.node] + stops.offset
        last = int(np.argmin(reached)) if len(reached) else 0
        if len(reached) and reached[last] <= limit:
            break
        if limit >= FAR // 8:
            return None
        weight[met[:n_met]] = FAR
        limit *= 8
    node = int(stops.node[last])
    edges: list[int] = []
    weights: list[int] = []
    while via[node] >= 0:
        arc = int(via[node])
        edges.append(int(graph.edge[arc] if streets is None else streets.edge[heads[arc]]))
        weights.append(int(costs[arc]))
        node = int(np.searchsorted(ptr, arc, side="right")) - 1
    offset = np.where(starts.node == node, starts.offset, FAR)
    return int(np.argmin(offset)), last, edges[::-1], weights[::-1]


def _drive(
    network: Network, edges: list[int], weights: list[int], span: tuple[float, float]
) -> Route:
    """Line and steps along edges, from one fraction of the first to one of the last."""
    lines = street_lines(network)
    lon: list[float] = []
    lat: list[float] = []
    where = np.zeros(len(edges), np.intp)  # the drawn point at which each edge begins
    for k, edge in enumerate(edges):
        row = slice(int(network.geom_ptr[edge]), int(network.geom_ptr[edge + 1]))
        way = lines.along[row] - lines.along[row.start]
        a = span[0] * way[-1] if k == 0 else 0.0
        b = span[1] * way[-1] if k == len(edges) - 1 else way[-1]
        stops = np.concatenate([[a], way[(way > a) & (way < b)], [b]])
        x, y = (np.interp(stops, way, v[row]) for v in (network.geom_lon, network.geom_lat))
        if k:
            x, y = x[1:], y[1:]
        where[k] = max(len(lon) - 1, 0)
        lon.extend(x.tolist())
        lat.extend(y.tolist())
    total = np.append(0, np.cumsum(np.array(weights, np.int64)))
    seconds, metres = ((total >> DM_BITS) + 500) // 1000, ((total & DM_MASK) + 5) // 10
    name = network.street_name[np.array(edges, np.intp)]
    begins = np.flatnonzero(np.diff(name, prepend=-2) != 0).tolist()
    steps = []
    for first, end in pairwise([*begins, len(edges)]):
        label = "" if name[first] == NO_NAME else network.street_names[name[first]]
        took, long = int(seconds[end] - seconds[first]), int(metres[end] - metres[first])
        steps.append(Step(label, long, took, lon[where[first]], lat[where[first]]))
    return Route(
        np.array(lon), np.array(lat), int(seconds[-1]), int(metres[-1]),
        np.array(edges, np.int32), tuple(steps),
    )  # fmt: skip
