"""Where things of a meal period are, and the ways between them, asked for block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.faults import fault
from engine.domain.meals import MealsProblem
from engine.errors import InputError

if TYPE_CHECKING:
    from geodata import Network

Int32 = NDArray[np.int32]

#: Vans drive; couriers travel as their row says.
VAN_MODE = "car"


@dataclass(frozen=True)
class MealTravel:
    """Unique points on a network: doors of one building share a location.

    Parameters
    ----------
    network : the streets.
    lon, lat : WGS-84 of each location, shape (L,).
    place : location of each kitchen and meal point, by id.
    home : location of each client who is brought a meal, by id.
    nodes, off : mode -> road node of each location, and whether it lies too far off, shape (L,).
    """

    network: Network
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    place: dict[str, int]
    home: dict[str, int]
    nodes: dict[str, Int32]
    off: dict[str, NDArray[np.bool_]]

    def block(self, mode: str, origins: Any, destinations: Any) -> tuple[Int32, Int32]:
        """Seconds and metres from some locations to others, shape (a, b)."""
        a, b = np.asarray(origins, np.int32), np.asarray(destinations, np.int32)
        at, off = self.nodes[mode], self.off[mode]
        found = geodata.travel_block(self.network, at[a], at[b], mode)
        no_way = (off[a][:, None] | off[b][None, :]) & (a[:, None] != b[None, :])
        for values in found:
            values[no_way] = geodata.UNREACHABLE
            values[a[:, None] == b[None, :]] = 0
        return found.seconds, found.metres


def build_meal_travel(problem: MealsProblem, network: Network) -> MealTravel:
    """Find every kitchen, point and home on the roads.

    Raises
    ------
    InputError : ``E1403``, all that lie too far from a road.
    """
    unique: dict[tuple[float, float], int] = {}

    def locate(entry: Any) -> int:
        system = entry.coordinate_system or problem.coordinate_system
        lon, lat = geodata.to_wgs84(entry.lon, entry.lat, system)
        return unique.setdefault((float(lon), float(lat)), len(unique))

    named: list[tuple[str, int]] = []
    place, home = {}, {}
    for group in ("kitchens", "points"):
        for i, entry in enumerate(getattr(problem, group)):
            place[entry.id] = locate(entry)
            named.append((f"{group}[{i}]", place[entry.id]))
    for i, client in enumerate(problem.clients):
        if client.at is None and client.lon is not None:
            home[client.id] = locate(client)
            named.append((f"clients[{i}]", home[client.id]))
    xy = np.array(list(unique), dtype=np.float64).reshape(-1, 2)
    lon, lat = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    modes = sorted({VAN_MODE, *(c.mode for c in problem.couriers)})
    snapped = {mode: geodata.snap(network, lon, lat, mode) for mode in modes}
    distance = {mode: found.distance_m for mode, found in snapped.items()}
    nearest = np.min(list(distance.values()), axis=0)
    faults = [
        fault("E1403", path, distance_m=round(float(nearest[at])), mode="/".join(modes),
              limit_m=problem.max_snap_m)
        for path, at in named if nearest[at] > problem.max_snap_m
    ]
    if faults:
        raise InputError(faults)
    return MealTravel(
        network, lon, lat, place, home,
        {mode: found.node for mode, found in snapped.items()},
        {mode: distance[mode] > problem.max_snap_m for mode in modes},
    )
