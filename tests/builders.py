"""Small routing models made in one call."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from solvers.builder import ModelBuilder
from solvers.model import OPEN, UNREACHABLE, RoutingModel

#: Four places around a depot at place 0, one second a unit.
SQUARE = [
    [0, 10, 14, 10, 7],
    [10, 0, 10, 14, 8],
    [14, 10, 0, 10, 9],
    [10, 14, 10, 0, 8],
    [7, 8, 9, 8, 0],
]


def ticking() -> Callable[[], float]:
    """Make a clock that goes on by a hundredth of a second whenever somebody looks at it.

    A run by such a clock takes the same course on a quiet and on a busy machine. A step of the
    search, which should last for so long, never seems too short to it: it does not grow.
    """
    ticks = itertools.count()
    return lambda: next(ticks) / 100


def square_model(
    n_vehicles: int = 2, *, prize: int | None = None, **vehicle: object
) -> RoutingModel:
    """Four tasks of load 1 on the square; ``vehicle`` goes to ``ModelBuilder.add_vehicle``."""
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(SQUARE)
    for location in (1, 2, 3, 4):
        builder.add_task(location, service=5, demand=(1,), prize=prize)
    start, end = vehicle.pop("start", 0), vehicle.pop("end", 0)
    for _ in range(n_vehicles):
        builder.add_vehicle(start, end, capacity=(4,), **vehicle)  # type: ignore[arg-type]
    return builder.build()


def rich_model(seed: int, n_tasks: int = 8, n_vehicles: int = 4) -> RoutingModel:
    """A random model with every feature; travel breaks the triangle inequality and has gaps."""
    rng = np.random.default_rng(seed)
    n_locations = max(3, n_tasks - 1)  # some tasks share a place
    gaps = rng.random((n_locations, n_locations)) < 0.05
    builder = ModelBuilder(n_dimensions=2)
    for _ in range(2):
        seconds = rng.integers(1, 40, (n_locations, n_locations))
        np.fill_diagonal(seconds, 0)
        seconds[gaps & ~np.eye(n_locations, dtype=bool)] = UNREACHABLE
        builder.add_matrix(seconds, rng.integers(0, 90, (n_locations, n_locations)))
    skills = ["wash", "cook", "nurse"]
    for _ in range(n_tasks):
        opens = np.sort(rng.choice(300, size=2 * int(rng.integers(1, 4)), replace=False))
        builder.add_task(
            int(rng.integers(n_locations)),
            service=int(rng.integers(0, 25)),
            windows=[(int(a), int(b)) for a, b in opens.reshape(-1, 2)],
            demand=tuple(int(x) for x in rng.integers(0, 4, 2)),
            skills=[s for s in skills if rng.random() < 0.2],
            refused=[v for v in range(n_vehicles) if rng.random() < 0.05],
            prize=None if rng.random() < 0.5 else int(rng.integers(20, 900)),
            tier=int(rng.integers(2)),
        )
    last: dict[str, Any] = {}
    for v in range(n_vehicles):
        if v % 3 == 2:  # an equal one, so that classes have more than one vehicle
            builder.add_vehicle(**last)
            continue
        last = {
            "start": OPEN if rng.random() < 0.2 else int(rng.integers(n_locations)),
            "end": OPEN if rng.random() < 0.3 else int(rng.integers(n_locations)),
            "shift": (int(rng.integers(40)), int(rng.integers(200, 400))),
            "capacity": tuple(int(x) for x in rng.integers(4, 12, 2)),
            "skills": [s for s in skills if rng.random() < 0.7],
            "profile": int(rng.integers(2)),
            "fixed_cost": int(rng.integers(0, 100)),
            "price_per_second": int(rng.integers(1, 4)),
            "price_per_metre": int(rng.integers(0, 3)),
            "service_permille": int(rng.choice([1000, 1000, 1333, 850])),
        }
        builder.add_vehicle(**last)
    return builder.build()


def duty_model(
    seed: int, n_tasks: int = 8, n_vehicles: int = 4, is_priced: bool = True
) -> RoutingModel:
    """Like :func:`rich_model` with one window a task, and duty with a limit and perhaps a price."""
    model = rich_model(seed, n_tasks, n_vehicles)
    rng = np.random.default_rng(seed)
    first, last = model.window_ptr[:-1], model.window_ptr[1:] - 1
    model = model._replace(
        window_ptr=np.arange(n_tasks + 1, dtype=model.window_ptr.dtype),
        window_early=model.window_early[first], window_late=model.window_late[last],
    )
    size = n_vehicles
    most = rng.integers(60, 250, size)[model.vehicle_class].astype(np.int32)
    model = model._replace(vehicle_max_duty=most)
    if is_priced:
        model = model._replace(
            vehicle_price_duty=rng.integers(0, 3, size)[model.vehicle_class].astype(
                model.vehicle_price_duty.dtype),
            vehicle_regular_duty=(most // 2).astype(np.int32),
            vehicle_overtime_price=rng.integers(0, 4, size)[model.vehicle_class].astype(
                model.vehicle_overtime_price.dtype),
        )
    return model


def spread_model(
    seed: int, n_tasks: int, n_vehicles: int, capacity: int = 12, fixed_cost: int = 0
) -> RoutingModel:
    """Random points in a square with the depot in the middle, loads 1 to 3."""
    rng = np.random.default_rng(seed)
    points = np.vstack([[500.0, 500.0], rng.random((n_tasks, 2)) * 1000])
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)).astype(int))
    for i in range(n_tasks):
        builder.add_task(i + 1, demand=(int(rng.integers(1, 4)),))
    for _ in range(n_vehicles):
        builder.add_vehicle(0, 0, capacity=(capacity,), fixed_cost=fixed_cost)
    return builder.build()


def shift_model(
    capacity: int, shift: int, n_tasks: int = 200, n_vehicles: int = 80, **vehicle: object
) -> RoutingModel:
    """Points in a square around the depot, visits of 30 s loads 1 to 3: shifts bind or loads."""
    points = np.vstack([[50.0, 50.0], np.random.default_rng(1).random((n_tasks, 2)) * 100])
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)).astype(int))
    for i in range(n_tasks):
        builder.add_task(i + 1, service=30, demand=(1 + i % 3,))
    for _ in range(n_vehicles):
        builder.add_vehicle(0, 0, capacity=(capacity,), shift=(0, shift), **vehicle)  # type: ignore[arg-type]
    return builder.build()
