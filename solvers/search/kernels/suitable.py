"""Who may serve a task, and when its links let it start."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined
from solvers.search.kernels.rich_rows import (
    DUE,
    EDGE_FROM,
    MAX_TASKS,
    N_EDGES,
    OTHER,
    RELEASE,
    START,
    WHO,
    WORKER,
)
from solvers.search.kernels.rows import (
    ABSENT,
    COUNT,
    KIND,
    LATEST,
    LEFT,
    LOAD,
    NEVER,
    ROUTE,
    VEHICLE_KIND,
)
from solvers.search.kernels.starts import in_of, out_of

#: Rules of links, as in the model.
SAME_WORKER, OTHER_WORKER = 1, 2


@inlined
def may_serve(problem, state, rich, i, v):
    """Whether vehicle ``v`` may serve task ``i`` beside what it does, but for its times."""
    tasks, vehicles = problem.tasks, state.vehicles
    if problem.compatible[tasks[i, KIND], vehicles[v, VEHICLE_KIND]] == 0:
        return False
    for d in range(tasks.shape[1] - LOAD):
        if tasks[i, d + LOAD] > vehicles[v, d + LEFT]:
            return False
    if vehicles[v, COUNT] >= rich.shifts[v, MAX_TASKS]:
        return False
    edge = np.int64(rich.tasks[i, EDGE_FROM])
    for e in range(edge, edge + rich.tasks[i, N_EDGES]):
        who = rich.edges[e, WHO]
        u = np.int64(state.stops[rich.edges[e, OTHER], ROUTE])
        if who != 0 and u != ABSENT:
            same = rich.shifts[u, WORKER] == rich.shifts[v, WORKER]
            if (who == SAME_WORKER and not same) or (who == OTHER_WORKER and same):
                return False
    return True


@inlined
def bind_start(problem, state, rich, i):
    """Find between which times the links of task ``i`` let it start."""
    release, due = np.int64(-NEVER), np.int64(NEVER - 1)
    edge = np.int64(rich.tasks[i, EDGE_FROM])
    for e in range(edge, edge + rich.tasks[i, N_EDGES]):
        y = np.int64(rich.edges[e, OTHER])
        if state.stops[y, ROUTE] != ABSENT:
            start = np.int64(rich.times[y, START])
            release = max(release, start + in_of(problem, state, rich, i, e))
            due = min(due, np.int64(state.stops[y, LATEST]) - out_of(problem, state, rich, e))
    rich.counters[RELEASE], rich.counters[DUE] = release, due


