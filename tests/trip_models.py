"""Small random models with multi-trip routes, and nothing else that is rich."""

from __future__ import annotations

import numpy as np

from solvers.builder import ModelBuilder
from solvers.model import OPEN, UNREACHABLE, RoutingModel


def trip_model(
    seed: int, n_tasks: int = 14, n_vehicles: int = 3, is_metric: bool = True, alike: bool = False
) -> RoutingModel:
    """A model with reloads, batches, releases and freshness; some of them missing, by the seed.

    ``alike``: the vehicles differ in nothing, and all is at one depot.
    """
    rng = np.random.default_rng(seed)
    n_loads = int(rng.integers(1, 3))
    builder = ModelBuilder(n_dimensions=n_loads)
    n_locations = n_tasks + 3
    xy = rng.integers(0, 30, (n_locations, 2))
    seconds = np.ceil(np.linalg.norm(xy[:, None] - xy[None], axis=2)).astype(int)
    if not is_metric:
        seconds = rng.integers(1, 30, (n_locations, n_locations))
        seconds[rng.random(seconds.shape) < 0.05] = UNREACHABLE
        np.fill_diagonal(seconds, 0)
    builder.add_matrix(seconds, 2 * np.minimum(seconds, 1000))
    uses = rng.random(7) < 0.7
    if uses[0]:
        builder.set_setup(n_tasks, 3)
    batches = []
    if uses[1]:
        for _ in range(3):
            batches.append(builder.add_batch(
                ready=int(rng.integers(0, 150)),
                portions=[int(rng.integers(6, 20)) for _ in range(n_loads)],
            ))
    options = []
    for k in range(3):
        batch = batches[k] if batches and k < 2 else None
        options.append(builder.add_reload(
            n_tasks + (0 if alike else k), seconds=int(rng.integers(0, 8)), batch=batch
        ))
    depot = n_tasks
    for v in range(1 if alike else n_vehicles):
        capacity = [int(rng.integers(6, 14)) for _ in range(n_loads)]
        more = {}
        if uses[2]:
            more["first_load"] = [int(rng.integers(0, c + 1)) for c in capacity]
        if uses[3]:
            more["max_trip"] = int(rng.integers(60, 150))
        if uses[4]:
            more["max_trips"] = int(rng.integers(1, 5))
        chosen = [o for o in options if rng.random() < 0.7]
        end = OPEN if rng.random() < 0.2 else depot + int(rng.integers(3))
        start = depot + int(rng.integers(3))
        fields = dict(
            shift=(int(rng.integers(0, 50)), 400), capacity=tuple(capacity),
            fixed_cost=int(rng.integers(0, 100)), reloads=options if alike else chosen,
            service_permille=int(rng.choice([1000, 1300])), price_per_metre=int(v == 0), **more,
        )
        for _ in range(n_vehicles if alike else 1):
            builder.add_vehicle(*((depot, depot) if alike else (start, end)), **fields)
    for i in range(n_tasks):
        early = int(rng.integers(0, 300))
        more = {}
        if uses[5] and rng.random() < 0.7:
            more["release"] = int(rng.integers(0, 200))
        if uses[6] and rng.random() < 0.7:
            more["freshness"] = int(rng.integers(25, 100))
        builder.add_task(
            i, service=int(rng.integers(0, 10)),
            windows=[(early, early + int(rng.integers(20, 150)))],
            demand=tuple(int(rng.integers(0, 5)) for _ in range(n_loads)),
            prize=int(rng.integers(60, 400)), **more,
        )
    return builder.build()
