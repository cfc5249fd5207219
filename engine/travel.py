"""From the points of a problem to seconds and metres between them, one matrix a mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.faults import fault
from engine.domain.points import Points, points_of
from engine.domain.problem import Problem
from engine.errors import Fault, InputError

if TYPE_CHECKING:
    from geodata import Network


class Leg(NamedTuple):
    """Travel from one location to another; ``reachable`` False: there is no way."""

    seconds: int
    metres: int
    reachable: bool


@dataclass(frozen=True)
class Travel:
    """Unique points of a problem on a network, and the ways between them.

    Parameters
    ----------
    network : the street network.
    location : ("client" | "place", id) -> location index.
    lon, lat : WGS-84 of each location, shape (L,).
    nodes : mode -> road node of each location, shape (L,), int32.
    seconds, metres : mode -> matrix, shape (L, L), int32; ``geodata.UNREACHABLE`` where no way.
    """

    network: Network
    location: dict[tuple[str, str], int]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    nodes: dict[str, NDArray[np.int32]]
    seconds: dict[str, NDArray[np.int32]]
    metres: dict[str, NDArray[np.int32]]

    def client(self, client_id: str) -> int:
        """Location index of a client's home."""
        return self.location["client", client_id]

    def place(self, place_id: str) -> int:
        """Location index of a centre, kitchen, meal point or place."""
        return self.location["place", place_id]

    def leg(self, mode: str, origin: int, destination: int) -> Leg:
        """Travel between two locations."""
        seconds = int(self.seconds[mode][origin, destination])
        metres = int(self.metres[mode][origin, destination])
        return Leg(seconds, metres, seconds < geodata.UNREACHABLE)


def snap_faults(points: Points, network: Network) -> list[Fault]:
    """Faults of the points that lie too far from the roads; empty when all can be used.

    A point is refused only where none of the problem's modes can use a road near it.
    """
    return _snap(points, network)[3]


def build_travel(
    problem: Problem,
    network: Network,
    on_progress: Callable[[float], None] | None = None,
) -> Travel:
    """Snap every client and facility, and measure the ways between all of them.

    Raises
    ------
    InputError : ``E1403``, points too far from a road, all of them.
    """
    location, lon, lat, faults, nodes = _snap(points_of(problem), network)
    if faults:
        raise InputError(faults)
    seconds, metres = {}, {}
    for i, mode in enumerate(nodes):
        matrix = geodata.travel_matrix(network, nodes[mode], mode)
        seconds[mode], metres[mode] = matrix.seconds, matrix.metres
        if on_progress:
            on_progress((i + 1) / len(nodes))
    return Travel(network, location, lon, lat, nodes, seconds, metres)


def _snap(given: Points, network: Network) -> tuple[
    dict[tuple[str, str], int],
    NDArray[np.float64],
    NDArray[np.float64],
    list[Fault],
    dict[str, NDArray[np.int32]],
]:
    points: list[tuple[float, float]] = []
    for _, _, entry in given.points:
        system = entry.coordinate_system or given.coordinate_system
        lon, lat = geodata.to_wgs84(entry.lon, entry.lat, system)
        points.append((float(lon), float(lat)))
    unique: dict[tuple[float, float], int] = {}
    location = {
        p.key: unique.setdefault(at, len(unique))
        for p, at in zip(given.points, points, strict=True)
    }
    xy = np.array(list(unique), dtype=np.float64).reshape(-1, 2)
    lon_all, lat_all = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    nodes: dict[str, NDArray[np.int32]] = {}
    nearest = np.full(len(unique), np.inf)
    for mode in given.modes:
        snapped = geodata.snap(network, lon_all, lat_all, mode)
        nodes[mode] = snapped.node
        nearest = np.minimum(nearest, snapped.distance_m)
    faults = [
        fault("E1403", p.path, distance_m=round(float(nearest[location[p.key]])),
              mode="/".join(nodes), limit_m=given.max_snap_m)
        for p in given.points
        if nodes and nearest[location[p.key]] > given.max_snap_m
    ]
    return location, lon_all, lat_all, faults, nodes
