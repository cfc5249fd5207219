"""From the points of a problem to seconds and metres between them, one matrix a mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.base import Located
from engine.domain.faults import fault
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


def modes_of(problem: Problem) -> tuple[str, ...]:
    """Modes that the problem's workers travel by, sorted."""
    vehicles = problem.vehicle_by_id
    return tuple(sorted({
        vehicles[w.vehicle].mode if w.vehicle else w.mode for w in problem.workers
    }))


def snap_faults(problem: Problem, network: Network) -> list[Fault]:
    """Faults of the points that lie too far from the roads; empty when all can be used.

    A point is refused only where none of the problem's modes can use a road near it.
    """
    return _snap(problem, network)[3]


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
    location, lon, lat, faults, nodes = _snap(problem, network)
    if faults:
        raise InputError(faults)
    seconds, metres = {}, {}
    for i, mode in enumerate(nodes):
        matrix = geodata.travel_matrix(network, nodes[mode], mode)
        seconds[mode], metres[mode] = matrix.seconds, matrix.metres
        if on_progress:
            on_progress((i + 1) / len(nodes))
    return Travel(network, location, lon, lat, nodes, seconds, metres)


def _snap(problem: Problem, network: Network) -> tuple[
    dict[tuple[str, str], int],
    NDArray[np.float64],
    NDArray[np.float64],
    list[Fault],
    dict[str, NDArray[np.int32]],
]:
    keys: list[tuple[str, str]] = []
    paths: list[str] = []
    points: list[tuple[float, float]] = []
    for group in ("clients", "centres", "kitchens", "meal_points", "places"):
        entries: tuple[Located, ...] = getattr(problem, group)
        for i, entry in enumerate(entries):
            keys.append(("client" if group == "clients" else "place", entry.id))
            paths.append(f"{group}[{i}]")
            system = entry.coordinate_system or problem.coordinate_system
            lon, lat = geodata.to_wgs84(entry.lon, entry.lat, system)
            points.append((float(lon), float(lat)))
    unique: dict[tuple[float, float], int] = {}
    location = {
        key: unique.setdefault(point, len(unique)) for key, point in zip(keys, points, strict=True)
    }
    xy = np.array(list(unique), dtype=np.float64).reshape(-1, 2)
    lon_all, lat_all = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    nodes: dict[str, NDArray[np.int32]] = {}
    nearest = np.full(len(unique), np.inf)
    for mode in modes_of(problem):
        snapped = geodata.snap(network, lon_all, lat_all, mode)
        nodes[mode] = snapped.node
        nearest = np.minimum(nearest, snapped.distance_m)
    faults = [
        fault("E1403", path, distance_m=round(float(nearest[location[key]])), mode="/".join(nodes),
              limit_m=problem.max_snap_m)
        for path, key in zip(paths, keys, strict=True)
        if nodes and nearest[location[key]] > problem.max_snap_m
    ]
    return location, lon_all, lat_all, faults, nodes
