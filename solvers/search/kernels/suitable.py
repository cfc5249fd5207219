"""Who may serve a task, and when its links let it start."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined
from solvers.search.kernels.rich_rows import (
    CARRIED,
    CHOICE_BATCH,
    DUE,
    EDGE_FROM,
    HAS_TRIPS,
    MAX_TASKS,
    MOST_TRIPS,
    N_CARRIED,
    N_EDGES,
    N_FREE,
    OPTION,
    OTHER,
    RELEASE,
    RELOADS,
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
    """Whether vehicle ``v`` may serve task ``i`` beside what it does, but for times and loads."""
    tasks, vehicles = problem.tasks, state.vehicles
    if problem.compatible[tasks[i, KIND], vehicles[v, VEHICLE_KIND]] == 0:
        return False
    if vehicles[v, COUNT] - rich.days[v, RELOADS] >= rich.shifts[v, MAX_TASKS]:
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
def has_room(problem, state, rich, i, v, head):
    """Whether the trip of ``head`` of vehicle ``v`` has room, and its batch portions, for ``i``."""
    tasks = problem.tasks
    if rich.counters[HAS_TRIPS] == 0:
        for d in range(tasks.shape[1] - LOAD):
            if tasks[i, d + LOAD] > state.vehicles[v, d + LEFT]:
                return False
        return True
    is_slot = head < len(tasks)
    if not is_slot and rich.carried[head, N_CARRIED] == 0 and not may_drive(rich, v):
        return False
    batch = np.int64(-1)
    if is_slot:
        batch = np.int64(rich.choices[rich.tasks[head, OPTION], CHOICE_BATCH])
    for d in range(tasks.shape[1] - LOAD):
        most = np.int64(rich.capacity[v, d] if is_slot else rich.first_load[v, d])
        if tasks[i, d + LOAD] > most - rich.carried[head, CARRIED + d]:
            return False
        if batch >= 0 and tasks[i, d + LOAD] > rich.portions[batch, d]:
            return False
    return True


@inlined
def may_drive(rich, v):
    """Whether vehicle ``v`` may make one more trip."""
    n_trips = rich.days[v, RELOADS] + np.int64(
        rich.carried[len(rich.tasks) + 2 * v, N_CARRIED] > 0
    )
    return n_trips < rich.shifts[v, MOST_TRIPS]


@inlined
def may_reload(problem, rich, i, v, option):
    """Whether there are a slot, room and portions for task ``i`` in a trip of a reload option."""
    if rich.choices[option, N_FREE] == 0:
        return False
    batch = np.int64(rich.choices[option, CHOICE_BATCH])
    for d in range(problem.tasks.shape[1] - LOAD):
        load = problem.tasks[i, d + LOAD]
        if load > rich.capacity[v, d] or (batch >= 0 and load > rich.portions[batch, d]):
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


