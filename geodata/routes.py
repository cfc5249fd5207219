"""One leg for a driver: its line, encoded for a phone where wanted, and the streets along it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.chains import ranges
from geodata.coordinates import distance_m
from geodata.edge_matrix import Long, Parts, entries, entry_weights, parts_of
from geodata.edge_snapping import SnappedPoints, street_lines
from geodata.errors import NetworkError
from geodata.graph import n_workers, profile_graph
from geodata.kernels.bounded import search_within, trace_arcs
from geodata.kernels.dijkstra import DM_BITS, DM_MASK, FAR, Graph
from geodata.many_to_many import Places, places_at
from geodata.network import NO_NAME, Network
from geodata.profiles import TurnCosts
from geodata.turns import TurnGraph, ends_at, starts_at, turn_graph

Line = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Longitudes and latitudes along the streets, WGS-84 degrees."""

_DETOUR: Final = 1.5  # a first search goes as far as a way so much longer than the straight line
_LEAST_MS: Final = 60_000  # and a minute at least, at the profile's usual pace
_WIDER: Final = 4
_LEGS_A_TASK: Final = 32  # searches that share one set of buffers


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
    if isinstance(origin, SnappedPoints) != isinstance(destination, SnappedPoints):
        raise NetworkError("E3408", detail="a node and a point")
    for place in (origin, destination):
        if isinstance(place, SnappedPoints) and place.n_points != 1:
            raise NetworkError("E3408", detail=f"{place.n_points} points")
    legs = _Legs(network, origin, destination, profile, turns)
    return _drive(network, next(legs.find(range(1))))


def leg_geometries(
    network: Network,
    origins: SnappedPoints | ArrayLike,
    destinations: SnappedPoints | ArrayLike,
    profile: str,
) -> list[Line]:
    """Lines along the fastest ways of many legs, for maps.

    Parameters
    ----------
    origins, destinations : points along streets from ``snap_to_edges``, or nodes, shape (k,) each.

    Returns
    -------
    lines : one per leg, in their order; a leg from a place to itself is that one point.

    Raises
    ------
    NetworkError : as ``route``; ``E3408`` also where not every leg has both its ends.

    Notes
    -----
    One search a leg, hardly further than the leg is long; on all cores.
    """
    network.require_profile(profile)
    n, n_ends = (
        p.n_points if isinstance(p, SnappedPoints) else np.size(p) for p in (origins, destinations)
    )
    if isinstance(origins, SnappedPoints) != isinstance(destinations, SnappedPoints):
        raise NetworkError("E3408", detail="nodes and points")
    if n != n_ends:
        raise NetworkError("E3408", detail=f"{n} and {n_ends} places")
    if n == 0:
        return []
    legs = _Legs(network, origins, destinations, profile, False)

    def draw(first: int) -> list[Line]:
        some = range(first, min(first + _LEGS_A_TASK, n))
        return [_line(network, leg) for leg in legs.find(some)]

    with ThreadPoolExecutor(n_workers()) as pool:
        parts = pool.map(draw, range(0, n, _LEGS_A_TASK))
        return [line for part in parts for line in part]


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


class _Leg(NamedTuple):
    """The edges that a leg goes along.

    Attributes
    ----------
    edges, weights : driven one after the other, and what each costs with the turn into it.
    span : where on the first and last of them the leg begins and ends, 0 to 1.
    ends : longitude and latitude of both places, shape (2, 2).
    """

    edges: list[int]
    weights: list[int]
    span: tuple[float, float]
    ends: NDArray[np.float64]


class _Legs:
    """Many legs of a profile: what can be prepared for all of them at once."""

    def __init__(
        self,
        network: Network,
        origins: SnappedPoints | ArrayLike,
        destinations: SnappedPoints | ArrayLike,
        profile: str,
        turns: bool | TurnCosts,
    ) -> None:
        costs = None if isinstance(turns, bool) else turns
        self._network, self._profile = network, profile
        self._graph = profile_graph(network, profile)
        self._streets = turn_graph(network, profile, costs) if turns is not False else None
        self._parts: tuple[Parts, Parts] | None = None
        if isinstance(origins, SnappedPoints) and isinstance(destinations, SnappedPoints):
            self._put_points(origins, destinations)
            at = origins, destinations
            self._ends = np.array([[p.lon, p.lat] for p in at]).transpose(2, 0, 1)
        else:
            self._nodes = tuple(network.require_nodes(np.ravel(p)) for p in (origins, destinations))
            here, there = self._nodes
            if self._streets is None:
                self._starts, self._stops = places_at(here), places_at(there)
            else:
                self._starts = starts_at(self._streets, here)
                self._stops = ends_at(self._streets, there)
            places = [[network.node_lon[n], network.node_lat[n]] for n in self._nodes]
            self._ends = np.array(places).transpose(2, 0, 1)
        (lon, lat), (other_lon, other_lat) = self._ends.transpose(1, 2, 0)
        weight = self._graph.weight
        pace = (weight >> DM_BITS).sum() / max((weight & DM_MASK).sum(), 1) * 10.0  # ms a metre
        straight = distance_m(lon, lat, other_lon, other_lat)
        self._limit_ms = (straight * pace * _DETOUR).astype(np.int64) + _LEAST_MS

    def _put_points(self, origins: SnappedPoints, destinations: SnappedPoints) -> None:
        network, profile, streets = self._network, self._profile, self._streets
        here, there = parts_of(network, origins, profile), parts_of(network, destinations, profile)
        self._parts = here, there
        self._leave = entry_weights(here, streets, is_start=True)
        self._enter = entry_weights(there, streets, is_start=False)
        self._starts = entries(network, here, profile, streets, is_start=True)
        self._stops = entries(network, there, profile, streets, is_start=False)
        # Which entries of a point belong to the first of its directions.
        second = np.cumsum(self._enter < FAR, axis=1) > 1
        first = there._replace(passed=np.where(second, FAR, there.passed))
        if streets is not None:
            self._n_first = np.diff(entries(network, first, profile, streets, is_start=False).ptr)

    def find(self, which: range) -> Iterator[_Leg]:
        """Fastest ways, one after the other in the same buffers.

        Raises
        ------
        NetworkError : ``E3402``, no way.
        """
        graph = self._graph if self._streets is None else self._streets
        buffers = _Buffers.of(graph.ptr, graph.head, self._starts)
        for k in which:
            yield self._find_nodes(k, buffers) if self._parts is None else self._find(k, buffers)

    def _find_nodes(self, k: int, buffers: _Buffers) -> _Leg:
        here, there = int(self._nodes[0][k]), int(self._nodes[1][k])
        if here == there:
            return _Leg([], [], (0.0, 1.0), self._ends[k])
        found = self._search(k, buffers)
        if found is None:
            raise NetworkError("E3402", source=here, target=there, profile=self._profile)
        first, _, edges, weights = found
        if self._streets is not None:
            start = int(self._starts.ptr[k]) + first
            edges.insert(0, int(self._graph.edge[self._starts.node[start]]))
            weights.insert(0, int(self._starts.offset[start]))
        return _Leg(edges, weights, (0.0, 1.0), self._ends[k])

    def _find(self, k: int, buffers: _Buffers) -> _Leg:
        assert self._parts is not None
        here, there = self._parts
        starts, stops = self._starts, self._stops
        edges: list[int] = []
        weights: list[int] = []
        total = FAR
        share = (float(here.share[k]), 1.0 - float(here.share[k]))
        end_share = (float(there.share[k]), 1.0 - float(there.share[k]))
        span = (0.0, 1.0)
        found = self._search(k, buffers)
        if found is not None:
            first, last, edges, weights = found
            offset = int(starts.offset[starts.ptr[k] + first])
            end_offset = int(stops.offset[stops.ptr[k] + last])
            if offset > 0 or self._streets is not None:
                out = int(np.flatnonzero(self._leave[k] < FAR)[first])
                edges.insert(0, int(here.edge[k, out]))
                weights.insert(0, offset)
                span = (share[out], 1.0)
            if end_offset > 0:
                into = self._way_in(k, last)
                edges.append(int(there.edge[k, into]))
                weights.append(end_offset)
                span = (span[0], end_share[into])
            total = sum(weights)
        if here.street[k] == there.street[k]:
            for way in range(2):
                passed, reached = int(here.passed[k, way]), int(there.passed[k, way])
                if max(passed, reached) < FAR and 0 <= reached - passed <= total:
                    total = reached - passed
                    edges, weights = [int(here.edge[k, way])], [total]
                    span = (share[way], max(share[way], end_share[way]))
        if total >= FAR:
            ends = [int(self._network.tail[p.street[k]]) for p in (here, there)]
            raise NetworkError("E3402", source=ends[0], target=ends[1], profile=self._profile)
        return _Leg(edges, weights, span, self._ends[k] if total > 0 else self._ends[k, :1])

    def _way_in(self, k: int, entry: int) -> int:
        """Direction of the street in which a way arrives by one of a point's entries."""
        ways = np.flatnonzero(self._enter[k] < FAR)
        if self._streets is None:
            return int(ways[entry])
        return int(ways[0] if entry < self._n_first[k] else ways[-1])

    def _search(self, k: int, buffers: _Buffers) -> tuple[int, int, list[int], list[int]] | None:
        """Entries that the fastest way uses, the edges between them and their weights, if any.

        The limit grows until the way lies within it, so near places cost little.
        """
        graph: Graph | TurnGraph = self._graph if self._streets is None else self._streets
        weight, via, met = buffers.weight, buffers.via, buffers.met
        row = slice(self._starts.ptr[k], self._starts.ptr[k + 1])
        start, offset = self._starts.node[row], self._starts.offset[row]
        row = slice(self._stops.ptr[k], self._stops.ptr[k + 1])
        stop, rest = self._stops.node[row], self._stops.offset[row]
        limit = int(self._limit_ms[k]) << DM_BITS
        while len(stop):
            n_met = search_within(
                graph.ptr, graph.head, graph.weight, start, offset, limit, weight, via,
                buffers.keys, buffers.items, met,
            )  # fmt: skip
            reached = weight[stop] + rest
            weight[met[:n_met]] = FAR
            last = int(np.argmin(reached))
            if reached[last] <= limit:
                break
            if limit >= FAR // (2 * _WIDER):
                return None
            limit *= _WIDER
        else:
            return None
        node = int(stop[last])
        count = trace_arcs(graph.ptr, via, node, buffers.arcs)
        arcs = buffers.arcs[len(buffers.arcs) - count :]
        if count:
            node = int(np.searchsorted(graph.ptr, arcs[0], side="right")) - 1
        edge = graph.edge[arcs if self._streets is None else graph.head[arcs]]
        first = int(np.argmin(np.where(start == node, offset, FAR)))
        return first, last, edge.tolist(), graph.weight[arcs].tolist()


class _Buffers(NamedTuple):
    """What one search after the other overwrites."""

    weight: Long
    via: NDArray[np.int32]
    met: NDArray[np.int32]
    keys: Long
    items: NDArray[np.int32]
    arcs: NDArray[np.int32]

    @classmethod
    def of(cls, ptr: NDArray[np.int32], head: NDArray[np.int32], starts: Places) -> _Buffers:
        n, k = len(ptr) - 1, len(head) + int(np.diff(starts.ptr).max()) + 1
        return cls(
            np.full(n, FAR, np.int64), np.empty(n, np.int32), np.empty(n, np.int32),
            np.empty(k, np.int64), np.empty(k, np.int32), np.empty(n, np.int32),
        )  # fmt: skip


def _line(network: Network, leg: _Leg) -> Line:
    """Both places, and the drawn points between them."""
    edges = np.array(leg.edges, np.intp)
    if len(edges) == 0 or len(leg.ends) == 1:
        return leg.ends[:1, 0], leg.ends[:1, 1]
    along = street_lines(network).along
    first, end = network.geom_ptr[edges] + 1, network.geom_ptr[edges + 1].astype(np.int64)
    end[-1] -= 1
    inner = ranges(first, end - first)
    keep = np.ones(len(inner), np.bool_)
    for k, is_between in ((0, np.greater), (-1, np.less)):
        begin, stop = along[first[k] - 1], along[network.geom_ptr[edges[k] + 1] - 1]
        size = int(end[k] - first[k])
        part = slice(0, size) if k == 0 else slice(len(inner) - size, None)
        keep[part] &= is_between(along[inner[part]], begin + leg.span[k] * (stop - begin))
    inner = inner[keep]
    ends = leg.ends
    lon = np.concatenate([ends[:1, 0], network.geom_lon[inner], ends[1:, 0]])
    return lon, np.concatenate([ends[:1, 1], network.geom_lat[inner], ends[1:, 1]])


def _drive(network: Network, leg: _Leg) -> Route:
    """Line, figures and steps of a leg."""
    lon, lat = _line(network, leg)
    edges = np.array(leg.edges, np.int32)
    total = np.append(0, np.cumsum(np.array(leg.weights, np.int64)))
    seconds, metres = ((total >> DM_BITS) + 500) // 1000, ((total & DM_MASK) + 5) // 10
    name = network.street_name[edges]
    begins = np.flatnonzero(np.diff(name, prepend=-2) != 0).tolist()
    steps = []
    for first, end in pairwise([*begins, len(edges)]):
        label = "" if name[first] == NO_NAME else network.street_names[name[first]]
        took, long = int(seconds[end] - seconds[first]), int(metres[end] - metres[first])
        begin = network.geom_ptr[edges[first]]
        x, y = (network.geom_lon[begin], network.geom_lat[begin]) if first else leg.ends[0]
        steps.append(Step(label, long, took, float(x), float(y)))
    return Route(lon, lat, int(seconds[-1]), int(metres[-1]), edges, tuple(steps))
