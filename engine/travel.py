"""From the points of a problem to seconds and metres between them, one matrix a mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.faults import fault
from engine.domain.points import Points, points_of
from engine.domain.problem import Problem
from engine.errors import Fault, InputError

if TYPE_CHECKING:
    from geodata import Network, SnappedPoints


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
    points : mode -> where each location meets the streets, L points.
    seconds, metres : mode -> matrix, shape (L, L), int32; ``geodata.UNREACHABLE`` where no way.
        Seconds hold the problem's ``arrival_s``.
    """

    network: Network
    location: dict[tuple[str, str], int]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    points: dict[str, SnappedPoints]
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

    A point is refused only where none of the problem's modes can use a road near it; a mode that
    has none there cannot reach it.
    """
    return _faults(points, _snap(points, network))


def build_travel(
    problem: Problem,
    network: Network,
    on_progress: Callable[[float], None] | None = None,
) -> Travel:
    """Snap every client and facility, and measure the ways between all of them.

    A mode without a road within ``max_snap_m`` of a point has no way to or from it: a point is
    never moved further than that.

    Raises
    ------
    InputError : ``E1403``, points too far from a road, all of them.
    """
    points = points_of(problem)
    snapped = _snap(points, network)
    faults = _faults(points, snapped)
    if faults:
        raise InputError(faults)
    seconds, metres = {}, {}
    arrival = {str(mode): cost for mode, cost in problem.arrival_s.items()}
    for i, (mode, found) in enumerate(snapped.by_mode.items()):
        matrix = geodata.travel_matrix(network, found, mode)
        if arrival.get(mode):
            geodata.add_arrival(matrix.seconds, found, mode, arrival[mode])
        off = found.distance_m > problem.max_snap_m
        for values in matrix:
            values[off, :] = geodata.UNREACHABLE
            values[:, off] = geodata.UNREACHABLE
            np.fill_diagonal(values, 0)
        seconds[mode], metres[mode] = matrix.seconds, matrix.metres
        if on_progress:
            on_progress((i + 1) / len(snapped.by_mode))
    return Travel(network, *snapped, seconds, metres)


def road_travel(
    network: Network, points: Mapping[str, SnappedPoints], modes: Sequence[str]
) -> Callable[[int, NDArray[np.int32], NDArray[np.int32]], tuple[Any, Any]]:
    """Travel between locations as a function, for models too large for one matrix.

    Parameters
    ----------
    network : the roads.
    points : where every location meets the streets, by mode.
    modes : mode of each profile of the model.

    Returns
    -------
    travel : of profile, origins and destinations; seconds and metres between these locations,
        without the time to park, which is the model's ``setup`` there.
    """

    def travel(
        profile: int, origins: NDArray[np.int32], destinations: NDArray[np.int32]
    ) -> tuple[Any, Any]:
        at = points[modes[profile]]
        return geodata.travel_block(
            network, at.take(origins), at.take(destinations), modes[profile]
        )

    return travel


class _OnRoads(NamedTuple):
    """Unique points, and where each mode finds them on the roads; fields as in ``Travel``."""

    location: dict[tuple[str, str], int]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    by_mode: dict[str, SnappedPoints]


def _snap(given: Points, network: Network) -> _OnRoads:
    unique: dict[tuple[float, float, str], int] = {}
    location = {
        key: unique.setdefault(
            (at.lon, at.lat, at.coordinate_system or given.coordinate_system), len(unique)
        )
        for _, key, at in given.points
    }
    lon_all, lat_all = np.array([at[:2] for at in unique], np.float64).reshape(-1, 2).T.copy()
    systems = np.array([at[2] for at in unique])
    for system in set(systems.tolist()):
        those = systems == system
        lon_all[those], lat_all[those] = geodata.to_wgs84(lon_all[those], lat_all[those], system)
    by_mode = {mode: geodata.snap_to_edges(network, lon_all, lat_all, mode) for mode in given.modes}
    return _OnRoads(location, lon_all, lat_all, by_mode)


def _faults(given: Points, snapped: _OnRoads) -> list[Fault]:
    if not snapped.by_mode:
        return []
    nearest = np.min([found.distance_m for found in snapped.by_mode.values()], axis=0)
    return [
        fault("E1403", p.path, distance_m=round(float(nearest[snapped.location[p.key]])),
              mode="/".join(snapped.by_mode), limit_m=given.max_snap_m)
        for p in given.points
        if nearest[snapped.location[p.key]] > given.max_snap_m
    ]
