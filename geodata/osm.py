"""Between networks and osmnx: place downloads, saved graphs, and graphs in memory.

The only module that imports osmnx, and only inside its functions: it takes seconds and 190 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError

import numpy as np
from numpy.typing import NDArray

from geodata.build import build_network
from geodata.coordinates import distance_m
from geodata.errors import NetworkError
from geodata.network import NO_NAME, Network
from geodata.profiles import CLOSED, PROFILES, ROAD_CLASSES
from geodata.raw import RawStreets
from geodata.tags import NODE_KEYS, WAY_KEYS, WayRule, barrier_stops, read_way

if TYPE_CHECKING:
    import networkx as nx

_CRS: Final = "epsg:4326"
_PROFILE: Final = "careroute_profile"  # graph attribute: whose travel times the edges carry
_ORDER: Final = {profile: row for row, profile in enumerate(PROFILES)}


def download_network(place: str, largest_part: bool = False) -> Network:
    """Streets of a place, downloaded from OpenStreetMap by osmnx.

    Parameters
    ----------
    place : as OpenStreetMap writes it, such as ``"Monaco"`` or ``"静安区, 上海市, 中国"``.
    largest_part : as in ``read_network``.

    Raises
    ------
    NetworkError : ``E3501`` no answer, ``E3502`` no such place, ``E3503`` no osmnx, ``E3203``.
    """
    osmnx = _import_osmnx()
    import requests

    wanted = osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node
    # osmnx keeps a few tags only; access, cycleways and barriers would be lost.
    osmnx.settings.useful_tags_way = [*dict.fromkeys([*wanted[0], *WAY_KEYS])]
    osmnx.settings.useful_tags_node = [*dict.fromkeys([*wanted[1], *NODE_KEYS])]
    try:
        graph = osmnx.graph_from_place(place, network_type="all", simplify=False)
    except (requests.RequestException, osmnx._errors.ResponseStatusCodeError, OSError) as error:
        raise NetworkError("E3501", place=place, detail=type(error).__name__) from error
    except (osmnx._errors.InsufficientResponseError, ValueError, TypeError) as error:
        raise NetworkError("E3502", place=place, detail=_one_line(error)) from error
    finally:
        osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node = wanted
    return from_osmnx(graph, place, largest_part)


def from_osmnx(G: nx.MultiDiGraph, name: str, largest_part: bool = False) -> Network:
    """Network of a graph that osmnx built, simplified or not.

    Parameters
    ----------
    G : ``x`` and ``y`` on nodes; on edges ``highway``, and if there are any ``length``, ``oneway``,
        ``reversed``, ``maxspeed``, access tags, ``geometry``, ``travel_time``; on nodes ``barrier``
        and access tags. Turn restrictions are none: osmnx does not read them.
    name : for people.
    largest_part : as in ``read_network``.

    Raises
    ------
    NetworkError : ``E3504`` it is no such graph, ``E3202`` and ``E3203`` its streets.

    Notes
    -----
    ``travel_time`` counts for the car, or for the profile that ``to_networkx`` wrote it for. People
    walk against one-ways, so the missing direction is added for them.
    """
    counts = {"edges_read": G.number_of_edges()}
    return build_network(_read_graph(G), name, counts, largest_part=largest_part)


def read_graphml(
    path: Path, on_progress: Callable[[str, float], None]
) -> tuple[RawStreets, dict[str, int]]:
    """Streets of a graph that ``osmnx.save_graphml`` wrote.

    Raises
    ------
    NetworkError : ``E3009`` it is something else, ``E3503`` no osmnx.
    """
    with path.open("rb") as stream:
        if b"<graphml" not in stream.read(2048):
            raise NetworkError("E3009", path=path, detail="it does not start with <graphml>")
    osmnx = _import_osmnx()
    import networkx as nx

    on_progress("reading", 0.0)
    try:
        graph = osmnx.load_graphml(path)
        streets = _read_graph(graph)
    except NetworkError as error:
        raise NetworkError("E3009", path=path, detail=error.facts.get("detail", "")) from error
    except (ParseError, nx.NetworkXException, *_BAD_GRAPH) as error:
        raise NetworkError("E3009", path=path, detail=_one_line(error)) from error
    return streets, {"edges_read": graph.number_of_edges()}


_BAD_GRAPH: Final = (KeyError, ValueError, TypeError, AttributeError, IndexError)


def to_networkx(network: Network, profile: str, geometry: bool = True) -> nx.MultiDiGraph:
    """Graph of one profile that osmnx's functions accept.

    Nodes are the network's indexes with ``x`` and ``y``; edges have ``osmid`` (the edge's index),
    ``length`` (m), ``travel_time`` (s), ``speed_kph``, ``highway``, ``oneway``, ``reversed``, ``name``
    where there is one, and a shapely ``geometry`` where the edge bends.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile.
    """  # noqa: E501
    import networkx as nx

    network.require_profile(profile)
    time = network.time_ms[profile]
    graph = nx.MultiDiGraph(crs=_CRS, name=network.name, simplified=True, **{_PROFILE: profile})
    for node in np.flatnonzero(network.routable[profile]).tolist():
        graph.add_node(
            node, x=float(network.node_lon[node]), y=float(network.node_lat[node]), street_count=0
        )
    edges = np.flatnonzero(time != CLOSED)
    tails, heads = network.tail[edges].tolist(), network.head[edges].tolist()
    there = set(zip(tails, heads, strict=True))
    for edge, tail, head in zip(edges.tolist(), tails, heads, strict=True):
        metres, seconds = int(network.length_dm[edge]) / 10.0, int(time[edge]) / 1000.0
        about: dict[str, Any] = {
            "osmid": edge,
            "length": metres,
            "travel_time": seconds,
            "speed_kph": metres / seconds * 3.6,
            "highway": ROAD_CLASSES[network.road_class[edge]],
            "oneway": (head, tail) not in there,
            "reversed": False,
        }
        if network.street_name[edge] != NO_NAME:
            about["name"] = network.street_names[network.street_name[edge]]
        first, last = int(network.geom_ptr[edge]), int(network.geom_ptr[edge + 1])
        if geometry and last - first > 2:
            from shapely import LineString  # type: ignore[import-untyped,unused-ignore]

            points = [network.geom_lon[first:last], network.geom_lat[first:last]]
            about["geometry"] = LineString(np.column_stack(points))
        graph.add_edge(tail, head, **about)
    return graph


def _read_graph(graph: nx.MultiDiGraph) -> RawStreets:
    if not hasattr(graph, "edges") or not graph.is_directed() or not graph.number_of_edges():
        raise NetworkError("E3504", detail="it is not directed or has no edges")
    if "crs" in graph.graph and str(graph.graph["crs"]).lower() != _CRS:
        graph = _import_osmnx().project_graph(graph, to_crs=_CRS)
    index = {node: place for place, node in enumerate(graph.nodes)}
    try:
        lon = np.array([float(about["x"]) for _, about in graph.nodes(data=True)])
        lat = np.array([float(about["y"]) for _, about in graph.nodes(data=True)])
    except (KeyError, TypeError, ValueError) as error:
        raise NetworkError("E3504", detail="a node lacks x or y") from error
    if not any("highway" in about for *_, about in graph.edges(data=True)):
        raise NetworkError("E3504", detail="no edge has a highway tag")
    timed = _ORDER.get(str(graph.graph.get(_PROFILE)), 0)
    stops = {
        index[node]: barrier_stops({key: str(about[key]) for key in NODE_KEYS if about.get(key)})
        for node, about in graph.nodes(data=True)
        if isinstance(about.get("barrier"), str)
    }
    names: dict[str, int] = {}
    pieces = list(_pieces(graph, index, lon, lat, timed, names))
    inner = [piece[-1] for piece in pieces]
    points = np.concatenate(inner) if inner else np.empty((0, 2))
    speed = np.array([p[3] for p in pieces], np.float64).reshape(-1, len(PROFILES))
    for k, piece in enumerate(pieces):
        if piece[1] in stops:  # nobody whom a barrier stops arrives there
            speed[k, list(stops[piece[1]])] = 0.0
    return RawStreets(
        lon=lon,
        lat=lat,
        tail=np.array([p[0] for p in pieces], np.int32),
        head=np.array([p[1] for p in pieces], np.int32),
        length=np.array([p[2] for p in pieces], np.float64),
        speed=speed.T.copy(),
        road_class=np.array([p[4] for p in pieces], np.uint8),
        street_name=np.array([p[5] for p in pieces], np.int32),
        street_names=tuple(names),
        geom_ptr=np.concatenate([[0], np.cumsum([len(p) for p in inner], dtype=np.int64)]),
        geom_lon=points[:, 0].copy(),
        geom_lat=points[:, 1].copy(),
    )


def _pieces(
    graph: nx.MultiDiGraph,
    index: Mapping[Any, int],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    timed: int,
    names: dict[str, int],
) -> Iterator[tuple[int, int, float, tuple[float, ...], int, int, NDArray[np.float64]]]:
    """Tail, head, metres, speeds, class, name and inner points of every piece."""
    rules: dict[tuple[tuple[str, str], ...], WayRule | None] = {}
    for u, v, about in graph.edges(data=True):
        tags = {key: _one_value(key, about[key]) for key in WAY_KEYS if about.get(key) is not None}
        oneway = tags.get("oneway", "no").lower() in ("true", "yes", "1")
        tags["oneway"] = "yes" if oneway else "no"
        key = tuple(tags.items())
        if key not in rules:
            rules[key] = read_way(tags)
        rule = rules[key]
        if rule is None:
            continue
        tail, head = index[u], index[v]
        inner = _inner_points(about.get("geometry"))
        length = float(about["length"]) if "length" in about else -1.0
        if not length >= 0.0:
            x = np.concatenate([[lon[tail]], inner[:, 0], [lon[head]]])
            y = np.concatenate([[lat[tail]], inner[:, 1], [lat[head]]])
            length = float(distance_m(x[:-1], y[:-1], x[1:], y[1:]).sum())
        backwards = str(about.get("reversed", False)).lower() == "true" and not oneway
        speed = list(rule.backward if backwards else rule.forward)
        seconds = float(about.get("travel_time") or 0.0)
        if seconds > 0.0 and speed[timed] > 0.0:
            speed[timed] = length / seconds * 3.6
        name = NO_NAME
        if about.get("name"):
            name = names.setdefault(_one_value("name", about["name"]), len(names))
        yield tail, head, length, tuple(speed), rule.road_class, name, inner
        if oneway and any(rule.backward):
            yield head, tail, length, rule.backward, rule.road_class, name, inner[::-1]


def _one_value(key: str, value: object) -> str:
    """One text for what osmnx may have made a list of when it merged edges."""
    if isinstance(value, (list, tuple, set)):
        texts = [str(part) for part in value]
        return ";".join(texts) if key.startswith("maxspeed") else texts[0]
    return str(value)


def _inner_points(line: Any) -> NDArray[np.float64]:
    if line is None:
        return np.empty((0, 2))
    return np.asarray(line.coords, np.float64)[1:-1, :2]


def _import_osmnx() -> Any:
    try:
        import osmnx
    except ImportError as error:
        raise NetworkError("E3503", detail=_one_line(error)) from error
    return osmnx


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
