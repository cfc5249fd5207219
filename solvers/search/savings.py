"""A start by savings, for equal vehicles from one place whose tasks can be served at any time.

Measured on the Belgian instances: a third to a half of the gap that greedy insertion leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.model import OPEN
from solvers.search.kernels.rows import LOCATION, NO_WAY
from solvers.search.kernels.savings import join_routes, list_savings, read_routes

if TYPE_CHECKING:
    from solvers.search.run import Search


def suits(search: Search) -> bool:
    """Whether savings know all that matters: equal vehicles, and windows as wide as shifts."""
    model = search.model
    return (
        not model.features
        and int(model.vehicle_class.max()) == 0
        and len(model.window_early) == model.n_tasks
        and int(model.window_early.max(initial=0)) <= int(model.vehicle_early[0])
        and int(model.window_late.min(initial=int(model.vehicle_late[0]))) >= model.vehicle_late[0]
        and bool(model.compatible.all())
    )


def savings_routes(search: Search, n_tasks: int) -> list[list[int]]:
    """Join the first so many tasks along their neighbour lists.

    Returns
    -------
    routes : at most one a vehicle, those with the most tasks; what is left over is in none.
    """
    model, problem, matrices = search.model, search.problem, search.matrices
    near = search.guide.near[:n_tasks]
    start, end = (
        matrices.open_place if x == OPEN else int(matrices.place[x])
        for x in (int(model.vehicle_start[0]), int(model.vehicle_end[0]))
    )
    cost_row, time_row = int(matrices.cost_row[0]), int(matrices.time_row[0])
    first, second = np.empty((2, 2 * near.size), dtype=np.int32)
    saved = np.empty(2 * near.size, dtype=np.int64)
    size = list_savings(problem, near, cost_row, start, end, first, second, saved)
    order = np.argsort(-saved[:size], kind="stable")
    symmetric = int(problem.cost_to is problem.cost_from and problem.time_to is problem.time_from)

    at = problem.tasks[:n_tasks, LOCATION]
    out = problem.time_to[time_row + start, at].astype(np.int64)
    back = problem.time_from[time_row + end, at].astype(np.int64)
    time = out + back + model.task_service[:n_tasks].astype(np.int64)
    link = np.full((n_tasks, 2), -1, dtype=np.int32)
    ptr, visits = np.zeros(n_tasks + 1, dtype=np.int32), np.empty(n_tasks, dtype=np.int32)
    join_routes(
        problem, first[:size], second[:size], order, time_row, start, end, symmetric,
        model.vehicle_capacity[0].astype(np.int64),
        int(model.vehicle_late[0]) - int(model.vehicle_early[0]),
        np.arange(n_tasks, dtype=np.int32), link,
        model.task_demand[:n_tasks].astype(np.int64), time,
    )
    n_routes = read_routes(link, symmetric, np.zeros(n_tasks, dtype=np.uint8), ptr, visits)
    ways = (out < NO_WAY) & (back < NO_WAY)
    routes = [visits[ptr[r] : ptr[r + 1]] for r in range(n_routes)]
    routes = sorted((r for r in routes if ways[r].all()), key=len, reverse=True)
    return [r.tolist() for r in routes[: model.n_vehicles]]
