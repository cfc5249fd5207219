"""Seeded days of any size whose travel is a function: towns, windows, skills, shifts.

Nobody knows good solutions of them; they are for speed, memory and comparisons between versions.
"""

from __future__ import annotations

import numpy as np

from solvers.builder import ModelBuilder
from solvers.large import LargeModel
from solvers.model import Int32

_HOUR = 3600
_TOWN = 500  # tasks of a town, on average
_SPREAD_M = 1500.0
_DETOUR, _SPEED = 1.3, 8.0  # road over straight line; metres a second
_TASKS_PER_VEHICLE = 8


def large_day(n: int, seed: int = 1) -> LargeModel:
    """Make a day of ``n`` visits: windows of two hours, four skills, shifts of four to eight hours.

    A vehicle starts and ends at home, anywhere in the towns, and there is one for every eight
    visits. The seed and the size fix everything.
    """
    rng = np.random.default_rng([seed, n])
    n_towns = max(1, n // _TOWN)
    side = 9000.0 * np.sqrt(n_towns)
    towns = rng.random((n_towns, 2)) * side
    n_vehicles = max(2, n // _TASKS_PER_VEHICLE)
    of_town = rng.integers(n_towns, size=n + n_vehicles)
    positions = (towns[of_town] + rng.normal(0, _SPREAD_M, (n + n_vehicles, 2))).astype(np.int32)

    def travel(profile: int, origins: Int32, destinations: Int32) -> tuple[Int32, Int32]:
        a, b = positions[origins].astype(np.float32), positions[destinations].astype(np.float32)
        x, y = a[:, 0, None] - b[:, 0], a[:, 1, None] - b[:, 1]
        metres = _DETOUR * np.sqrt(x * x + y * y)
        return (metres / _SPEED).astype(np.int32), metres.astype(np.int32)

    longest = int(_DETOUR * 2 * (side + 12 * _SPREAD_M))
    builder = ModelBuilder()
    builder.add_profile(n + n_vehicles, int(longest / _SPEED), longest)
    opens = rng.integers(7 * _HOUR, 17 * _HOUR, n)
    service = rng.integers(10, 45, n) * 60
    needs = rng.random((n, 4)) < 0.12
    for i in range(n):
        builder.add_task(
            i, service=int(service[i]), windows=[(int(opens[i]), int(opens[i]) + 2 * _HOUR)],
            skills=np.flatnonzero(needs[i]).tolist(),
        )
    begins = rng.choice([7, 8, 11, 14], n_vehicles) * _HOUR
    lasts = rng.choice([4, 6, 8], n_vehicles) * _HOUR
    has = rng.random((n_vehicles, 4)) < 0.6
    for v in range(n_vehicles):
        builder.add_vehicle(
            n + v, n + v, shift=(int(begins[v]), int(begins[v] + lasts[v])), fixed_cost=1800,
            skills=np.flatnonzero(has[v]).tolist(),
        )
    return builder.build_large(travel, positions)
