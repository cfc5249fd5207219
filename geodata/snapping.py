"""From a point to the nearest place on the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.coordinates import EARTH_RADIUS, check_points, distance_m
from geodata.network import Network

if TYPE_CHECKING:
    from scipy.spatial import cKDTree


class Snapped(NamedTuple):
    """Where points meet the streets.

    Attributes
    ----------
    node : shape (k,), int32, routable for the profile asked for.
    distance_m : metres in a straight line, shape (k,), float64. The caller says how far is too far.
    """

    node: NDArray[np.int32]
    distance_m: NDArray[np.float64]


class _Index(NamedTuple):
    tree: cKDTree
    node: NDArray[np.int32]
    metres_per_degree: tuple[float, float]


def snap(network: Network, lon: ArrayLike, lat: ArrayLike, profile: str) -> Snapped:
    """Nearest routable node to each point.

    Parameters
    ----------
    lon, lat : WGS-84 degrees, shape (k,).
    profile : ``car``, ``ebike`` or ``walk``.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3302`` a point is not on earth.

    Notes
    -----
    Nearness is measured on a plane of local metres, true to 0.1 % within 100 km; the distance
    returned is the great-circle one.
    """
    network.require_profile(profile)
    x, y = check_points(lon, lat)
    index = network.keep(f"snap.{profile}", lambda: _build_index(network, profile))
    east, north = index.metres_per_degree
    if len(x) == 0:
        return Snapped(np.empty(0, np.int32), np.empty(0))
    _, place = index.tree.query(np.column_stack([x * east, y * north]))
    node = index.node[place]
    return Snapped(node, distance_m(x, y, network.node_lon[node], network.node_lat[node]))


def local_metres(network: Network) -> tuple[float, float]:
    """Metres per degree of longitude and latitude in the middle of a network."""
    middle = float((network.node_lat.min() + network.node_lat.max()) / 2.0)
    north = EARTH_RADIUS * np.pi / 180.0
    return north * float(np.cos(np.radians(middle))), north


def _build_index(network: Network, profile: str) -> _Index:
    from scipy.spatial import cKDTree

    node = np.flatnonzero(network.routable[profile]).astype(np.int32)
    east, north = local_metres(network)
    places = np.column_stack([network.node_lon[node] * east, network.node_lat[node] * north])
    return _Index(cKDTree(places), node, (east, north))
