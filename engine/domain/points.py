"""The points of a problem, or of as much of a broken one as could be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from engine.domain.base import CoordinateSystem, Located
from engine.domain.problem import NetworkRef, Problem
from engine.domain.workers import Vehicle, Worker
from engine.errors import Fault

#: Lists of a problem whose entries lie somewhere; clients have ids of their own.
LOCATED = ("clients", "centres", "kitchens", "meal_points", "places")


class Point(NamedTuple):
    """One entry that lies somewhere: its path in the input, its key, and itself."""

    path: str
    key: tuple[str, str]  # ("client" | "place", id)
    entry: Located


class Points(NamedTuple):
    """Everything of a problem that has to do with where things are."""

    network: NetworkRef
    coordinate_system: CoordinateSystem
    max_snap_m: int
    modes: tuple[str, ...]  # that workers travel by, sorted
    points: tuple[Point, ...]


#: Tells which points lie off the roads of their network.
OffRoad = Callable[[Points], list[Fault]]


def point(group: str, i: int, entry: Located) -> Point:
    """Name the ``i``-th entry of a list of the problem."""
    kind = "client" if group == "clients" else "place"
    return Point(f"{group}[{i}]", (kind, entry.id), entry)


def modes_of(workers: Iterable[Worker], vehicles: dict[str, Vehicle]) -> tuple[str, ...]:
    """Modes that workers travel by, sorted; of a vehicle that is not known, the worker's own."""
    return tuple(sorted({
        vehicles[w.vehicle].mode if w.vehicle in vehicles else w.mode for w in workers
    }))


def points_of(problem: Problem) -> Points:
    """Points of a valid problem."""
    return Points(
        problem.network,
        problem.coordinate_system,
        problem.max_snap_m,
        modes_of(problem.workers, problem.vehicle_by_id),
        tuple(
            point(group, i, entry)
            for group in LOCATED
            for i, entry in enumerate(getattr(problem, group))
        ),
    )
