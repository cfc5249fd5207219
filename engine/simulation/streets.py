"""Where somebody is on the way, and how long it takes from there: the true ways of a simulation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import geodata
from engine.live.roads import LiveRoads


class Spot(NamedTuple):
    """A point on the way from one location to another that is no location itself."""

    lon: float
    lat: float


class Way(NamedTuple):
    """A way under way: from a location or a spot to a location, as it truly goes."""

    origin: int | Spot
    to: int
    left: int
    arrive: int

    def share(self, now: int) -> float:
        """How much of it is behind, 0..1."""
        return min(1.0, (now - self.left) / max(1, self.arrive - self.left))


def seconds_to(roads: LiveRoads, mode: str, here: int | Spot, to: int) -> int:
    """Travel time by the roads as they are, without luck."""
    if isinstance(here, Spot):
        return int(roads.seconds_from(mode, [here], to)[0])
    return int(roads.travel.seconds[mode][here, to])


def spot_on(roads: LiveRoads, mode: str, way: Way, now: int) -> Spot:
    """Find where on its way somebody is: as far along the line as the time is spent."""
    travel = roads.travel
    if isinstance(way.origin, Spot):
        begin = geodata.snap_to_edges(
            travel.network, [way.origin.lon], [way.origin.lat], mode
        )
    else:
        begin = travel.points[mode].take([way.origin])
    end = travel.points[mode].take([way.to])
    (lon, lat), = geodata.leg_geometries(travel.network, begin, end, mode)
    steps = geodata.distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    along = np.append(0.0, np.cumsum(steps))
    at = way.share(now) * along[-1]
    return Spot(float(np.interp(at, along, lon)), float(np.interp(at, along, lat)))
