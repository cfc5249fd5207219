"""From the points of a problem to seconds and metres between them, one matrix a mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.base import Located
from engine.domain.faults import fault
from engine.domain.places import Client
from engine.domain.points import Points, points_of
from engine.domain.problem import Problem
from engine.errors import Fault, InputError

if TYPE_CHECKING:
    from geodata import Network, SnappedPoints


#: Walking between two doors of a compound, 4.5 km/h in a straight line, and what it takes at least.
WALK_M_PER_S = 1.25
WALK_LEAST_S = 60


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
    setup : seconds spent at each location on arrival from another one, shape (L,); None: none
        anywhere.
    """

    network: Network
    location: dict[tuple[str, str], int]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    points: dict[str, SnappedPoints]
    seconds: dict[str, NDArray[np.int32]]
    metres: dict[str, NDArray[np.int32]]
    setup: NDArray[np.int32] | None = None

    @cached_property
    def ready_seconds(self) -> dict[str, NDArray[np.int32]]:
        """Seconds from one location to being ready at the next: travel, and the set-up there."""
        if self.setup is None:
            return self.seconds
        setup = np.broadcast_to(self.setup, (len(self.setup),) * 2).copy()
        np.fill_diagonal(setup, 0)
        return {mode: seconds + setup for mode, seconds in self.seconds.items()}

    def setup_s(self, origin: int, destination: int) -> int:
        """Look up what is spent at a location on arrival from another one."""
        if self.setup is None or origin == destination:
            return 0
        return int(self.setup[destination])

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
    walk_compounds(problem, snapped.location, snapped.lon, snapped.lat, seconds, metres)
    return Travel(network, *snapped, seconds, metres, setup_of(problem, snapped.location))


def setup_of(
    problem: Problem, location: Mapping[tuple[str, str], int]
) -> NDArray[np.int32] | None:
    """Give each location the ``arrival_s`` of its clients; None where nobody has any."""
    if not any(client.arrival_s for client in problem.clients):
        return None
    setup = np.zeros(max(location.values()) + 1, dtype=np.int32)
    for client in problem.clients:
        setup[location["client", client.id]] = client.arrival_s
    return setup


def walk_compounds(
    problem: Problem,
    location: Mapping[tuple[str, str], int],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    seconds: Mapping[str, NDArray[np.int32]],
    metres: Mapping[str, NDArray[np.int32]],
) -> None:
    """Let the doors of a compound be reached from each other on foot; overwrites the matrices.

    In a straight line at ``WALK_M_PER_S``, ``WALK_LEAST_S`` at least, whatever the mode. The
    vehicle stands meanwhile, so these ways have no metres but for those who walk anyway. The way
    back to the vehicle from the last door is not counted.
    """
    compounds: dict[str, set[int]] = {}
    for client in problem.clients:
        if client.compound is not None:
            compounds.setdefault(client.compound, set()).add(location["client", client.id])
    for doors in compounds.values():
        for a, b in permutations(sorted(doors), 2):
            far = float(geodata.distance_m(lon[a], lat[a], lon[b], lat[b]))
            walk = max(WALK_LEAST_S, ceil(far / WALK_M_PER_S))
            for mode in seconds:
                seconds[mode][a, b] = walk
                metres[mode][a, b] = round(far) if mode == "walk" else 0


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


def arrival_of(entry: Located) -> int:
    """Tell two doors at the same point apart where arriving takes longer at one of them."""
    return entry.arrival_s if isinstance(entry, Client) else 0


class _OnRoads(NamedTuple):
    """Unique points, and where each mode finds them on the roads; fields as in ``Travel``."""

    location: dict[tuple[str, str], int]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    by_mode: dict[str, SnappedPoints]


def _snap(given: Points, network: Network) -> _OnRoads:
    unique: dict[tuple[float, float, str, int], int] = {}
    location = {
        key: unique.setdefault(
            (
                at.lon, at.lat, at.coordinate_system or given.coordinate_system, arrival_of(at),
            ),
            len(unique),
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
