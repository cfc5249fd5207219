"""Synthetic home-care days: skills, windows, several depots, prizes, asymmetric travel.

One ``.npz`` a day: tasks are locations 0..n-1, depots follow. Cost is travel seconds, plus
``worker_fixed`` for each worker used, plus the prizes of the visits left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.instances.base import Instance, InstanceError
from solvers.builder import ModelBuilder

CONVENTION = "travel seconds, fixed price of used workers and prizes of visits left out"
_FIELDS = (
    "travel_s", "window_s", "service_s", "skills", "prize", "load", "worker_start", "worker_end",
    "worker_shift_s", "worker_skills", "worker_capacity", "worker_fixed",
)


def read(path: Path, family: str) -> Instance:
    """Read one day; skills are bit masks, and a worker must have all bits of a visit."""
    with np.load(path, allow_pickle=False) as data:
        missing = [name for name in _FIELDS if name not in data]
        if missing:
            raise InstanceError(f"{path}: no array {', '.join(missing)}")
        day = {name: data[name] for name in _FIELDS}
    builder = ModelBuilder(n_dimensions=day["load"].shape[1])
    builder.add_matrix(day["travel_s"].astype(np.int32))
    for i in range(len(day["prize"])):
        early, late = day["window_s"][i].tolist()
        builder.add_task(
            i, service=int(day["service_s"][i]), windows=[(early, late)],
            demand=day["load"][i].tolist(), skills=_bits(day["skills"][i]),
            prize=int(day["prize"][i]),
        )
    for v in range(len(day["worker_start"])):
        early, late = day["worker_shift_s"][v].tolist()
        builder.add_vehicle(
            int(day["worker_start"][v]), int(day["worker_end"][v]), shift=(early, late),
            capacity=day["worker_capacity"][v].tolist(), skills=_bits(day["worker_skills"][v]),
            fixed_cost=int(day["worker_fixed"][v]),
        )
    return Instance(path.stem, family, builder.n_tasks, CONVENTION, 1, builder.build())


def _bits(mask: int) -> list[int]:
    return [k for k in range(32) if int(mask) >> k & 1]
