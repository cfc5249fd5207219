"""Which tasks and vehicles make a part of a large plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.large import squared_distances
from solvers.model import OPEN

if TYPE_CHECKING:
    from solvers.search.decompose import Decomposition

Int32 = NDArray[np.int32]

#: Tasks of a part. Of 1,000 the gap of Antwerp1 after a million iterations is 1.22 %, of 600 it is
#: 1.09, of 400 1.07; long routes want larger parts.
PART = 600
#: Empty vehicles and absent tasks in a part, at most.
EMPTY, ABSENT = 30, 200
#: After so many parts from which ties left nothing, one may be as large as the ties want it.
_FAILS = 20


class Taken(NamedTuple):
    """What other parts have at the moment."""

    tasks: NDArray[np.bool_]  # (n,)
    vehicles: NDArray[np.bool_]  # (v,)


def select_parts(whole: Decomposition, count: int) -> list[tuple[Int32, Int32]]:
    """Tasks and vehicles of so many parts that have nothing in common; fewer if they do not fit."""
    model = whole.model
    taken = Taken(np.zeros(model.n_tasks, np.bool_), np.zeros(model.n_vehicles, np.bool_))
    parts: list[tuple[Int32, Int32]] = []
    fails = 0
    while len(parts) < count and not whole.is_over():
        most = 2 * whole.part_size if fails < _FAILS else np.inf
        tasks, vehicles = select_part(whole, whole.seed(), most, taken)
        is_free = not (taken.tasks[tasks].any() or taken.vehicles[vehicles].any())
        if is_free and len(vehicles) and len(tasks) > (whole.part_size // 4 if parts else 0):
            parts.append((tasks, vehicles))
            taken.tasks[tasks] = taken.vehicles[vehicles] = True
            fails = 0
        elif parts and fails == _FAILS:
            break
        else:
            fails += 1
    return parts


def select_part(
    whole: Decomposition, seed: int, most: float, taken: Taken | None = None
) -> tuple[Int32, Int32]:
    """Tasks and vehicles of the part around a task.

    What is tied makes it larger, up to ``most`` tasks; beyond, it is left out. It keeps off what is
    taken, unless something tied to that.
    """
    order = closest_tasks(whole, seed, 4 * whole.part_size)
    owner = whole.vehicle_of[order]
    if taken is not None:
        free = ~np.where(owner >= 0, taken.vehicles[owner], taken.tasks[order])
        order, owner = order[free], owner[free]
    near = owner[owner >= 0]
    distinct, first = np.unique(near, return_index=True)
    routes = distinct[np.argsort(first)]
    sizes = np.array([len(whole.plan.routes[v]) for v in routes], dtype=np.int64)
    routes = routes[: int(np.searchsorted(np.cumsum(sizes), whole.part_size)) + 1]
    absent = order[owner < 0][:ABSENT]
    routes, absent = close_ties(whole, routes, absent, most)
    visits = [whole.plan.routes[v] for v in routes]
    tasks = np.concatenate([r[r >= 0] for r in visits] + [absent]).astype(np.int32)
    idle = empty_vehicles(whole, seed, absent, taken)
    return tasks, np.concatenate([routes, idle]).astype(np.int32)


def closest_tasks(whole: Decomposition, seed: int, count: int) -> Int32:
    """List so many tasks, the closest to a task first."""
    at = whole.model.task_location
    if whole.large is not None:
        keys = squared_distances(whole.large.positions, int(at[seed]), at)
    else:
        keys = whole.row(int(at[seed]))[at].astype(np.float64)
    if len(keys) <= count:
        return np.argsort(keys, kind="stable").astype(np.int32)
    some = np.argpartition(keys, count)[:count]
    return some[np.argsort(keys[some], kind="stable")].astype(np.int32)


def close_ties(
    whole: Decomposition, routes: Int32, absent: Int32, most: float
) -> tuple[Int32, Int32]:
    """Take in what is tied to what is there, up to so many tasks, or else leave both out."""
    if whole.task_bond.max(initial=-1) < 0 and whole.vehicle_bond.max(initial=-1) < 0:
        return routes, absent
    while True:
        in_part = np.zeros(whole.model.n_vehicles, dtype=np.bool_)
        in_part[routes] = True
        inside = (whole.vehicle_of >= 0) & in_part[whole.vehicle_of]
        inside[absent] = True
        touched = np.unique(whole.task_bond[inside])
        members = np.isin(whole.task_bond, touched[touched >= 0])
        workers = np.unique(whole.vehicle_bond[routes])
        used = np.array([len(r) > 0 for r in whole.plan.routes])
        tied = used & np.isin(whole.vehicle_bond, workers[workers >= 0]) & ~in_part
        missing = members & ~inside
        if not missing.any() and not tied.any():
            return routes, absent
        more = np.unique(whole.vehicle_of[missing & (whole.vehicle_of >= 0)])
        more = np.union1d(more, np.flatnonzero(tied)).astype(np.int32)
        alone = np.flatnonzero(missing & (whole.vehicle_of < 0)).astype(np.int32)
        size = sum(len(whole.plan.routes[v]) for v in [*routes, *more]) + len(absent)
        if size <= most:
            routes = np.concatenate([routes, more])
            absent = np.concatenate([absent, alone])
            continue
        most = 0  # from now on it only gets smaller, so this ends
        torn = np.unique(whole.task_bond[missing])
        out = np.isin(whole.task_bond, torn) & inside
        lost = np.isin(whole.vehicle_bond[routes], whole.vehicle_bond[tied])
        lost |= np.isin(routes, whole.vehicle_of[out])
        routes, absent = routes[~lost], absent[~out[absent]]


def empty_vehicles(
    whole: Decomposition, seed: int, absent: Int32, taken: Taken | None = None
) -> Int32:
    """Choose a few empty vehicles: near ones of every class, and some for what is absent."""
    model = whole.model
    free = np.array([len(r) == 0 for r in whole.plan.routes])
    if taken is not None:
        free &= ~taken.vehicles
    held = np.unique(whole.vehicle_bond[(~free) & (whole.vehicle_bond >= 0)])
    idle = np.flatnonzero(free & ~np.isin(whole.vehicle_bond, held))
    if len(idle) <= EMPTY:
        return idle.astype(np.int32)
    home = np.where(model.vehicle_start == OPEN, model.vehicle_end, model.vehicle_start)[idle]
    at = int(model.task_location[seed])
    places = np.maximum(home, 0)
    if whole.large is not None:
        away = squared_distances(whole.large.positions, at, places)
    else:
        away = whole.row(at)[places].astype(np.float64)
    away[home == OPEN] = 0
    # The n-th nearest of its class; the first of every class, then the second of every class...
    order = np.argsort(away, kind="stable")
    classes = model.vehicle_class[idle[order]]
    by_class = np.argsort(classes, kind="stable")
    sizes = np.bincount(classes)
    rank = np.empty(len(idle), dtype=np.int64)
    rank[by_class] = np.arange(len(idle)) - (np.cumsum(sizes) - sizes)[classes[by_class]]
    chosen = idle[order[np.argsort(rank, kind="stable")[:EMPTY]]].tolist()
    for kind in np.unique(model.task_type[absent])[:EMPTY]:
        able = idle[order][model.compatible[kind, model.vehicle_type[idle[order]]]]
        chosen.extend(able[:2].tolist())
    return np.array(sorted(set(chosen)), dtype=np.int32)
