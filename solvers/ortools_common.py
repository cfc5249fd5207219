"""What the OR-Tools backends share: prizes that stay exact, checked starts, results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solvers.errors import SolverError
from solvers.model import RoutingModel
from solvers.solve import Result

#: Objective totals stay below this: guided local search multiplies and adds penalties on top of
#: the cost, partly in float64, which is exact to 2**53.
_OBJECTIVE_MAX = 1 << 52


def compressed_prizes(model: RoutingModel) -> RoutingModel:
    """Model whose prizes are compressed where their sum is too large for a sum in float64.

    Prizes up to the greatest detour stay as they are, so the choice between serving and leaving
    out is not touched; above it they shrink by a power law, which keeps their order.
    """
    prize = model.task_prize
    room = _OBJECTIVE_MAX // max(len(prize), 1)
    top = int(prize.max(initial=0))
    if top <= room:
        return model
    required = prize[model.task_required]
    floor = max(1, min(int(required.min()) if len(required) else top, room // 2))
    exponent = np.log(room / floor) / np.log(top / floor)
    squeezed = floor * (np.maximum(prize, floor) / floor) ** exponent
    return model._replace(task_prize=np.where(prize <= floor, prize, squeezed.astype(np.int64)))


def check_initial(model: RoutingModel, initial: Sequence[Sequence[int]] | None) -> None:
    """Refuse routes to start from that are no routes.

    Raises
    ------
    SolverError : not one a vehicle, a visit that is neither task nor reload, a task twice.
    """
    if initial is None:
        return
    if len(initial) != model.n_vehicles:
        raise SolverError(f"initial: {len(initial)} routes for {model.n_vehicles} vehicles")
    flat = [int(i) for route in initial for i in route]
    tasks = [i for i in flat if i >= 0]
    known = -len(model.reloads.location) <= min(flat, default=0)
    if not known or len(set(tasks)) != len(tasks) or max(flat, default=-1) >= model.n_tasks:
        raise SolverError("initial: a visit is no task, or is made twice")


def result_of(
    model: RoutingModel, routes: Sequence[Sequence[int]], status: str, iterations: int,
    elapsed_s: float,
) -> Result:
    """Make the result of a run from its routes."""
    absent = np.ones(model.n_tasks, dtype=np.bool_)
    arrays = tuple(np.array(route, dtype=np.int32) for route in routes)
    for route in arrays:
        absent[route[route >= 0]] = False
    unassigned = np.flatnonzero(absent).astype(np.int32)
    return Result(arrays, unassigned, status, iterations, elapsed_s)


def affinity(model: RoutingModel, v: int, i: int) -> int:
    """Return what it costs that the worker of vehicle ``v`` serves task ``i``."""
    of_task = slice(model.affinities.ptr[i], model.affinities.ptr[i + 1])
    workers = model.affinities.worker[of_task]
    k = int(np.searchsorted(workers, model.vehicle_worker[v]))
    if k < len(workers) and workers[k] == model.vehicle_worker[v]:
        return int(model.affinities.cost[of_task][k])
    return 0
