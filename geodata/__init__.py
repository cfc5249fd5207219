"""Roads: street networks, snapping, travel times and distances, paths, coordinates.

Importing this package imports nothing heavy: each public name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from geodata.arrival import add_arrival
    from geodata.build import build_network
    from geodata.coordinates import distance_m, from_wgs84, to_wgs84
    from geodata.edge_snapping import SnappedPoints, snap_to_edges
    from geodata.errors import NetworkError
    from geodata.isochrones import Reach, reach
    from geodata.matrix import UNREACHABLE, TravelMatrix, travel_block, travel_matrix
    from geodata.network import Network
    from geodata.osm import download_network, from_osmnx, to_networkx
    from geodata.outline import reach_polygon
    from geodata.paths import Path, path_geometry, travel_path
    from geodata.periods import SpeedPeriods, SpeedRule, read_speeds
    from geodata.profiles import CLOSED, PROFILES, ROAD_CLASSES, TurnCosts
    from geodata.read import read_network
    from geodata.routes import Route, Step, leg_geometries, route
    from geodata.sample import sample_points
    from geodata.snapping import Snapped, snap
    from geodata.synthetic import synthetic_city
    from geodata.turns import turn_graph
    from geodata.warm import warm_up

__all__ = [
    "CLOSED",
    "PROFILES",
    "ROAD_CLASSES",
    "UNREACHABLE",
    "Network",
    "NetworkError",
    "Path",
    "Reach",
    "Route",
    "Snapped",
    "SnappedPoints",
    "SpeedPeriods",
    "SpeedRule",
    "Step",
    "TravelMatrix",
    "TurnCosts",
    "add_arrival",
    "build_network",
    "distance_m",
    "download_network",
    "from_osmnx",
    "from_wgs84",
    "leg_geometries",
    "path_geometry",
    "reach",
    "reach_polygon",
    "read_network",
    "read_speeds",
    "route",
    "sample_points",
    "snap",
    "snap_to_edges",
    "synthetic_city",
    "to_networkx",
    "to_wgs84",
    "travel_block",
    "travel_matrix",
    "travel_path",
    "turn_graph",
    "warm_up",
]

_HOME: Final = {
    "CLOSED": "profiles",
    "PROFILES": "profiles",
    "ROAD_CLASSES": "profiles",
    "UNREACHABLE": "matrix",
    "Network": "network",
    "NetworkError": "errors",
    "Path": "paths",
    "Reach": "isochrones",
    "Route": "routes",
    "Step": "routes",
    "Snapped": "snapping",
    "SnappedPoints": "edge_snapping",
    "SpeedPeriods": "periods",
    "SpeedRule": "periods",
    "TravelMatrix": "matrix",
    "TurnCosts": "profiles",
    "add_arrival": "arrival",
    "build_network": "build",
    "distance_m": "coordinates",
    "download_network": "osm",
    "from_osmnx": "osm",
    "from_wgs84": "coordinates",
    "leg_geometries": "routes",
    "path_geometry": "paths",
    "reach": "isochrones",
    "reach_polygon": "outline",
    "read_network": "read",
    "read_speeds": "periods",
    "route": "routes",
    "sample_points": "sample",
    "snap": "snapping",
    "snap_to_edges": "edge_snapping",
    "synthetic_city": "synthetic",
    "to_networkx": "osm",
    "to_wgs84": "coordinates",
    "travel_block": "matrix",
    "travel_matrix": "matrix",
    "travel_path": "paths",
    "turn_graph": "turns",
    "warm_up": "warm",
}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'geodata' has no attribute {name!r}")
    value = getattr(import_module(f"geodata.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
