"""Solomon's VRPTW text format, which Gehring and Homberger use as well.

Convention of the 12th DIMACS implementation challenge (2022): distance and travel time are
Euclidean with one decimal, cut off; the objective is distance alone. The model works in tenths.

Source: Solomon, "Algorithms for the vehicle routing and scheduling problems with time window
constraints", Operations Research 35 (1987); Gehring and Homberger (1999).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.instances.base import Instance, InstanceError, euclidean, tenths
from solvers.builder import ModelBuilder

SCALE = 10
CONVENTION = "dimacs: distance and time floor(10 d) / 10, objective distance alone"


class SolomonFile(NamedTuple):
    """Numbers of a file; table columns: number, x, y, demand, earliest, latest start, service."""

    name: str
    n_vehicles: int
    capacity: int
    table: NDArray[np.float64]  # (1 + n, 7), row 0 is the depot


def parse(path: Path) -> SolomonFile:
    """Read the numbers of one file.

    Raises
    ------
    InstanceError : a line is missing, or customers are not numbered from 0.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line.split() for line in text.splitlines()]
    rows = [[float(x) for x in line] for line in lines if line and _is_numeric(line)]
    heads = [row for row in rows if len(row) == 2]
    stops = [row for row in rows if len(row) == 7]
    if not lines or not lines[0] or len(heads) != 1 or len(stops) < 2:
        raise InstanceError(f"{path}: no fleet line, or no line of seven numbers a customer")
    if [int(row[0]) for row in stops] != list(range(len(stops))):
        raise InstanceError(f"{path}: customers are not numbered from 0 without a gap")
    n_vehicles, capacity = (int(x) for x in heads[0])
    return SolomonFile(lines[0][0], n_vehicles, capacity, np.array(stops))


def read(path: Path, family: str) -> Instance:
    """Read one file; the fleet is the number of vehicles in the file."""
    name, n_vehicles, capacity, table = parse(path)
    demand, early, late, service = (table[:, k].astype(int) for k in (3, 4, 5, 6))
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(euclidean(table[:, 1:3], tenths))
    for i in range(1, len(table)):
        builder.add_task(
            i,
            service=SCALE * int(service[i]),
            windows=[(SCALE * int(early[i]), SCALE * int(late[i]))],
            demand=(int(demand[i]),),
        )
    for _ in range(n_vehicles):
        builder.add_vehicle(
            0, 0, shift=(SCALE * int(early[0]), SCALE * int(late[0])), capacity=(capacity,)
        )
    return Instance(name, family, len(table) - 1, CONVENTION, SCALE, builder.build())


def _is_numeric(words: list[str]) -> bool:
    try:
        [float(word) for word in words]
    except ValueError:
        return False
    return True
