"""Fewest vehicles first, then exact distance: Solomon, Gehring and Homberger, Li and Lim.

Distance and travel time are Euclidean in double precision. The search works in units of 1/10,000
with travel times rounded up, so that a route in time in integers is in time in doubles (the other
way round nearly always: a route of 100 visits loses 0.01). A vehicle costs more than any difference
in distance. What counts is measured by :class:`Routes`, from the numbers of the file.

Source: Li and Lim, "A metaheuristic for the pickup and delivery problem with time windows", ICTAI
(2001), for the second format; its lines end with the task's pickup (0: is one) and delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.instances.base import Exact, Instance, InstanceError, euclidean
from benchmarks.instances.solomon import SolomonFile, parse
from solvers.builder import ModelBuilder

SCALE = 10_000
CONVENTION = (
    "fewest vehicles, then Euclidean distance in double precision; search in 1/10,000, times up"
)
#: Sums of a route in doubles are this exact; a lateness below is rounding and not a fault.
TOLERANCE = 1e-7


class Routes:
    """Measures routes over one depot in double precision.

    Parameters
    ----------
    table : shape (1 + n, 7): number, x, y, demand, earliest and latest start, service; row 0 is
        the depot, task ``i`` is row ``i + 1``.
    capacity, n_vehicles : of the fleet.
    pairs : (pickup, delivery) task indexes.
    """

    def __init__(
        self, table: NDArray[np.float64], capacity: int, n_vehicles: int,
        pairs: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.table, self.capacity, self.n_vehicles = table, capacity, n_vehicles
        self.delivery = dict(pairs)
        self.pickup = {delivery: pickup for pickup, delivery in pairs}

    def __call__(self, routes: Sequence[Sequence[int]]) -> Exact:
        """Measure one list of task indexes a vehicle."""
        faults: list[str] = []
        used = [[int(i) for i in route] for route in routes if len(route)]
        if len(used) > self.n_vehicles:
            faults.append(f"{len(used)} vehicles used of {self.n_vehicles}")
        n = len(self.table) - 1
        seen = np.zeros(n, dtype=np.int64)
        for route in used:
            faults += [f"{i} is not a task" for i in route if not 0 <= i < n]
            route[:] = [i for i in route if 0 <= i < n]
            np.add.at(seen, route, 1)
        distance = sum(self._route(r, route, faults) for r, route in enumerate(used))
        faults += [f"task {i}: visited {seen[i]} times" for i in np.flatnonzero(seen > 1)]
        return Exact(
            float(distance), len(used), tuple(np.flatnonzero(seen == 0).tolist()), tuple(faults)
        )

    def _route(self, r: int, route: list[int], faults: list[str]) -> float:
        depot = self.table[0]
        here, clock, distance = depot, float(depot[4]), 0.0
        demands = [self.table[i + 1, 3] for i in route]
        # Deliveries are on board from the depot on, paired loads from their pickup on.
        load = 0.0 if self.delivery else float(sum(demands))
        most = load
        for position, i in enumerate(route):
            stop = self.table[i + 1]
            step = float(np.hypot(*(stop[1:3] - here[1:3])))
            distance += step
            clock = max(clock + step, float(stop[4]))
            if clock > stop[5] + TOLERANCE:
                faults.append(f"task {i}: {clock - stop[5]:.6f} late")
            clock += float(stop[6])
            load += float(stop[3]) if self.delivery else 0.0
            most = max(most, load)
            if i in self.pickup and self.pickup[i] not in route[:position]:
                faults.append(f"task {i}: delivered without its pickup {self.pickup[i]} before")
            if i in self.delivery and self.delivery[i] not in route[position:]:
                faults.append(f"task {i}: its delivery {self.delivery[i]} does not follow")
            here = stop
        if most > self.capacity:
            faults.append(f"route {r}: load {most:g} above {self.capacity}")
        step = float(np.hypot(*(depot[1:3] - here[1:3])))
        if clock + step > depot[5] + TOLERANCE:
            faults.append(f"route {r}: {clock + step - depot[5]:.6f} late at the depot")
        return distance + step


def read_solomon(path: Path, family: str) -> Instance:
    """Read the text of Solomon, Gehring and Homberger under the hierarchical objective."""
    file = parse(path)
    builder = _builder(file)
    for i in range(1, len(file.table)):
        _add_task(builder, file.table, i, (int(file.table[i, 3]),))
    return _instance(file, family, builder, Routes(file.table, file.capacity, file.n_vehicles))


def read_pairs(path: Path, family: str) -> Instance:
    """Read the text of Li and Lim: a fleet line, and lines of nine numbers from the depot on."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [[float(word) for word in line.split()] for line in lines if line.strip()]
    if len(rows) < 2 or len(rows[0]) not in (2, 3) or {len(row) for row in rows[1:]} != {9}:
        raise InstanceError(f"{path}: no fleet line, or no line of nine numbers a task")
    table = np.array(rows[1:])
    if table[:, 0].tolist() != list(range(len(table))):
        raise InstanceError(f"{path}: tasks are not numbered from 0 without a gap")
    pairs = [(int(row[0]) - 1, int(row[8]) - 1) for row in table[1:] if row[7] == 0]
    named = sorted(i for pair in pairs for i in pair)
    if named != list(range(len(table) - 1)):
        raise InstanceError(f"{path}: not every task is in one pair")
    for pickup, delivery in pairs:
        load = table[pickup + 1, 3]
        if table[delivery + 1, 7] != pickup + 1 or table[delivery + 1, 3] != -load or load < 0:
            raise InstanceError(f"{path}: tasks {pickup + 1} and {delivery + 1} do not match")
    file = SolomonFile(path.stem, int(rows[0][0]), int(rows[0][1]), table[:, :7])
    builder = _builder(file)
    for i in range(1, len(table)):
        _add_task(builder, table, i, ())
    for pickup, delivery in pairs:
        builder.add_pair(pickup, delivery, load=(int(table[pickup + 1, 3]),))
    exact = Routes(file.table, file.capacity, file.n_vehicles, pairs)
    return _instance(file, family, builder, exact)


def _builder(file: SolomonFile) -> ModelBuilder:
    """Matrix and fleet.

    By the triangle inequality no plan is longer than one that serves each task on its own, so a
    vehicle that costs more than all of that outweighs any difference in distance.
    """
    matrix = euclidean(file.table[:, 1:3], lambda distance: np.ceil(SCALE * distance))
    alone = int(matrix[0].sum(dtype=np.int64) + matrix[:, 0].sum(dtype=np.int64))
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(matrix)
    early, late = (int(SCALE * x) for x in file.table[0, 4:6])
    for _ in range(file.n_vehicles):
        builder.add_vehicle(
            0, 0, shift=(early, late), capacity=(file.capacity,), fixed_cost=alone + 1
        )
    return builder


def _add_task(
    builder: ModelBuilder, table: NDArray[np.float64], i: int, demand: tuple[int, ...]
) -> None:
    early, late, service = (int(SCALE * x) for x in table[i, 4:7])
    builder.add_task(i, service=service, windows=[(early, late)], demand=demand)


def _instance(
    file: SolomonFile, family: str, builder: ModelBuilder, exact: Routes
) -> Instance:
    return Instance(
        file.name, family, builder.n_tasks, CONVENTION, SCALE, builder.build(), exact=exact,
        fewest_vehicles=True,
    )
