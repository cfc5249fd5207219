"""Plausible addresses: points beside streets, denser where there are more of them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geodata.errors import NetworkError
from geodata.network import Network
from geodata.profiles import ROAD_CLASSES
from geodata.snapping import local_metres

WHERE: Final = ("city", "village", "anywhere")
_LIVED_IN: Final = ("secondary", "tertiary", "unclassified", "residential", "living_street",
                    "service", "road", "pedestrian")  # fmt: skip
_LONGEST_DM: Final = 6_000  # nobody lives along the open stretch of a country road
_OFFSET: Final = (6.0, 22.0)  # metres from the middle of the street to the door
_CELL: Final = 300.0  # metres: built-up places further apart than this are different places
_LEAST_VILLAGES: Final = 0.03  # share of the nodes; fewer are stray lanes and not villages
_SHARE_OUTER: Final = 0.15  # without any village, the streets furthest out stand in for them


def sample_points(
    network: Network, n: int, seed: int, where: str = "anywhere", profile: str | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points close to streets that a profile, or every profile of the network, can use.

    Parameters
    ----------
    network : any network.
    n : how many points.
    seed : same seed, same points.
    where : ``city`` is the largest built-up area, ``village`` the smaller ones (the outskirts where
        there is none), ``anywhere`` both.
    profile : whose streets; by default those that all profiles share. Where a river can only be
        crossed by car, the shared streets all lie on one bank.

    Returns
    -------
    lon, lat : WGS-84 degrees, shape (n,), float64.

    Raises
    ------
    NetworkError : ``E3602``, unknown ``where``; ``E3201`` and ``E3202``, the profile.

    Notes
    -----
    Every street between two junctions is about as likely as any other, and streets are shorter in the
    centre: the density of points follows the density of the city.
    """  # noqa: E501
    if where not in WHERE:
        raise NetworkError("E3602", where=where)
    rng = np.random.default_rng([seed, WHERE.index(where)])
    if n == 0:
        return np.empty(0), np.empty(0)
    shared = network.profiles if profile is None else (network.require_profile(profile),)
    edges = network.keep(f"lived_in.{profile}", lambda: _lived_in(network, shared))
    if where != "anywhere":
        city = network.keep(f"in_city.{profile}", lambda: _in_city(network, edges))
        wanted = edges[city[network.tail[edges]] == (where == "city")]
        edges = wanted if len(wanted) else edges
    likely = np.sqrt(network.length_dm[edges].astype(np.float64))
    edge = rng.choice(edges, size=n, p=likely / likely.sum())
    return _beside(network, edge, rng)


def _beside(
    network: Network, edge: NDArray[np.int32], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take a point on a random straight piece of each edge, and move it to one side."""
    n = len(edge)
    first = network.geom_ptr[edge]
    n_pieces = network.geom_ptr[edge + 1] - first - 1
    k = first + (rng.random(n) * n_pieces).astype(np.int64)
    share = rng.uniform(0.05, 0.95, n)
    east, north = local_metres(network)
    dx = (network.geom_lon[k + 1] - network.geom_lon[k]) * east
    dy = (network.geom_lat[k + 1] - network.geom_lat[k]) * north
    length = np.maximum(np.hypot(dx, dy), 0.1)
    off = rng.uniform(*_OFFSET, n) * rng.choice([-1.0, 1.0], n) / length
    lon = network.geom_lon[k] + (share * dx - off * dy) / east
    lat = network.geom_lat[k] + (share * dy + off * dx) / north
    return lon, lat


def _lived_in(network: Network, shared: tuple[str, ...]) -> NDArray[np.int32]:
    """Edges of classes people live on, routable for all of ``shared``; relaxed if none is left."""
    everybody = np.logical_and.reduce([network.routable[profile] for profile in shared])
    reachable = everybody[network.tail] & everybody[network.head]
    classes = [ROAD_CLASSES.index(name) for name in _LIVED_IN]
    homely = np.isin(network.road_class, classes) & (network.length_dm <= _LONGEST_DM)
    for mask in (reachable & homely, reachable, homely):
        if mask.any():
            return np.flatnonzero(mask).astype(np.int32)
    return np.arange(network.n_edges, dtype=np.int32)


def _in_city(network: Network, edges: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each node lies in the largest built-up area: touching cells that hold streets."""
    from scipy.ndimage import label

    east, north = local_metres(network)
    column = ((network.node_lon - network.node_lon.min()) * east / _CELL).astype(np.int64)
    row = ((network.node_lat - network.node_lat.min()) * north / _CELL).astype(np.int64)
    lived = np.unique(network.tail[edges])
    count = np.zeros((int(row.max()) + 1, int(column.max()) + 1), np.int64)
    np.add.at(count, (row[lived], column[lived]), 1)
    area, _ = label(count > 0, structure=np.ones((3, 3)))
    size = np.bincount(area.ravel(), weights=count.ravel())
    size[0] = 0
    city = np.asarray(area[row, column] == np.argmax(size))
    if (~city[lived]).mean() < _LEAST_VILLAGES:
        x = (network.node_lon - np.median(network.node_lon[lived])) * east
        y = (network.node_lat - np.median(network.node_lat[lived])) * north
        away = np.hypot(x, y)
        city = np.asarray(away <= np.quantile(away[lived], 1.0 - _SHARE_OUTER))
    return city
