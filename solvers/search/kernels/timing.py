"""When a task can be served: windows forward and backward, and a vehicle's service duration."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined
from solvers.search.kernels.rows import (
    CLOSES,
    EARLY,
    FIRST_WINDOW,
    LATE,
    LEAST_SERVICE,
    N_WINDOWS,
    NEVER,
    OPENS,
    PERMILLE,
    SERVICE,
)


@inlined
def earliest_start(problem, i, arrival):
    """Earliest start of service of task ``i`` at or after ``arrival``; ``NEVER`` if all is over."""
    tasks = problem.tasks
    if arrival > tasks[i, LATE]:
        return np.int64(NEVER)
    if tasks[i, N_WINDOWS] == 1:
        return max(np.int64(arrival), np.int64(tasks[i, EARLY]))
    w = np.int64(tasks[i, FIRST_WINDOW])
    while arrival > problem.windows[w, CLOSES]:
        w += 1
    return max(np.int64(arrival), np.int64(problem.windows[w, OPENS]))


@inlined
def latest_start(problem, i, bound):
    """Latest start of service of task ``i`` at or before ``bound``; ``-NEVER`` if there is none."""
    tasks = problem.tasks
    if bound < tasks[i, EARLY]:
        return np.int64(-NEVER)
    if tasks[i, N_WINDOWS] == 1:
        return min(np.int64(bound), np.int64(tasks[i, LATE]))
    w = np.int64(tasks[i, FIRST_WINDOW]) + tasks[i, N_WINDOWS] - 1
    while bound < problem.windows[w, OPENS]:
        w -= 1
    return min(np.int64(bound), np.int64(problem.windows[w, CLOSES]))


@inlined
def service_of(problem, state, i, v):
    """Service duration of task ``i`` by vehicle ``v``, rounded as in ``solvers.model``.

    Loading takes everybody as long, which a reload's LEAST_SERVICE below 0 tells.
    """
    nominal = np.int64(problem.tasks[i, SERVICE])
    permille = np.int64(state.vehicles[v, PERMILLE])
    if permille == 1000 or problem.tasks[i, LEAST_SERVICE] < 0:
        return nominal
    return (nominal * permille + 500) // 1000
