"""Seeded rich days for speed measurements: every feature of the routing model at once.

Not for quality comparisons: nobody knows a good solution of them. Orders share buildings, as they
do in a city, so the matrix is over locations and not over orders.
"""

from __future__ import annotations

import numpy as np

from solvers.builder import ModelBuilder
from solvers.model import OPEN, RoutingModel

_HOUR = 3600
_MAX_LOCATIONS = 2500
_DEPOTS = 3
_ORDERS_PER_VEHICLE = 10


def rich_day(n: int, seed: int = 1) -> RoutingModel:
    """Make a day of ``n`` orders: skills, two windows, loads, two profiles, open ends, prizes.

    Parameters
    ----------
    n : orders; there is a vehicle for every ten of them, and at least two.
    seed : the same seed gives the same model.
    """
    rng = np.random.default_rng(seed)
    n_locations = min(n, _MAX_LOCATIONS) + _DEPOTS
    xy = rng.normal(0, 4000, (n_locations, 2))
    metres = np.abs(xy[:, None] - xy[None]).sum(axis=2)
    one_way = rng.uniform(0.95, 1.15, metres.shape)  # asymmetric, as streets are

    builder = ModelBuilder(n_dimensions=2)
    for speed in (8.0, 5.0):  # metres a second: car, e-bike
        builder.add_matrix((metres * one_way / speed).astype(np.int32), metres.astype(np.int32))
    n_vehicles = max(2, n // _ORDERS_PER_VEHICLE)
    for v in range(n_vehicles):
        depot = n_locations - 1 - v % _DEPOTS
        early = int(rng.choice([7, 8, 10])) * _HOUR
        builder.add_vehicle(
            depot,
            OPEN if v % 5 == 0 else depot,
            shift=(early, early + 9 * _HOUR),
            capacity=(8, 4) if v % 2 else (5, 2),
            skills=_skills(rng, 0.6),
            profile=v % 2,
            fixed_cost=1800,
            price_per_metre=v % 2,
            service_permille=int(rng.choice([900, 1000, 1100])),
        )
    for i in range(n):
        opening = int(rng.integers(7 * _HOUR, 15 * _HOUR))
        windows = [(opening, opening + 2 * _HOUR)]
        if i % 4 == 0:
            windows.append((opening + 3 * _HOUR, opening + 4 * _HOUR))
        builder.add_task(
            int(rng.integers(n_locations - _DEPOTS)),
            service=int(rng.integers(5, 45)) * 60,
            windows=windows,
            demand=(int(rng.integers(0, 2)), int(i % 9 == 0)),
            skills=_skills(rng, 0.15),
            refused=[int(rng.integers(n_vehicles))] if i % 50 == 0 else (),
            prize=None if i % 10 == 0 else int(rng.integers(20_000, 90_000)),
            tier=int(rng.integers(3)),
        )
    return builder.build()


def _skills(rng: np.random.Generator, chance: float) -> list[int]:
    return np.flatnonzero(rng.random(4) < chance).tolist()
