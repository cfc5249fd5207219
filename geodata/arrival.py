"""Parking and locking: seconds that every trip costs at its end, whatever its path."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.edge_snapping import SnappedPoints
from geodata.kernels.dijkstra import UNREACHABLE
from geodata.profiles import PROFILES


def add_arrival(
    seconds: NDArray[np.int32],
    where: ArrayLike | SnappedPoints,
    profile: str,
    arrival_s: int | None = None,
) -> None:
    """Add the time to park or lock to a matrix, in place.

    Travel times hold none of it, and nothing else in this room adds it; so call this once, or leave
    it to service times that contain it.

    Parameters
    ----------
    seconds : travel times between all of the locations, shape (l, l). Changed: every pair of
        different places that reach each other gets the time of its end.
    where : node or point of each location, shape (l,); between two locations at one node, or at the
        same place along a street, nobody parks anew.
    arrival_s : seconds; by default the profile's ``arrival_s``.
    """
    cost = PROFILES[profile].arrival_s if arrival_s is None else arrival_s
    if isinstance(where, SnappedPoints):
        places = np.column_stack([where.lon, where.lat])
        _, at = np.unique(places, axis=0, return_inverse=True)
        at = at.reshape(-1)
    else:
        at = np.asarray(where)
    moves = (at[:, None] != at[None, :]) & (seconds < UNREACHABLE)
    np.add(seconds, np.int32(cost), out=seconds, where=moves)
