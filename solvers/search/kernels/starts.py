"""Moving the start of a service, and noting what follows from it, in a rich model."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined
from solvers.search.kernels.journal import save_stop, set_worst
from solvers.search.kernels.rich_rows import (
    FREE,
    HEADS,
    IN,
    LATE_PRICE,
    LATENESS,
    N_HEADS,
    N_TOUCHED,
    OF_RIDE,
    OTHER,
    OUT,
    PRICE_WORST,
    QUEUED,
    SOFT_LATE,
    START,
    TOUCHED,
    TOUCHED_LIST,
    WHO,
)
from solvers.search.kernels.rows import (
    DEPART,
    ROUTE,
    TOTAL,
)
from solvers.search.kernels.timing import service_of


@inlined
def touch(rich, v):
    """Note that the timetable or the visits of vehicle ``v`` changed."""
    if rich.routes[v, TOUCHED] == 0:
        rich.routes[v, TOUCHED] = 1
        rich.routes[rich.counters[N_TOUCHED], TOUCHED_LIST] = v
        rich.counters[N_TOUCHED] += 1


@inlined
def out_of(problem, state, rich, e):
    """Seconds from the start of the task of edge ``e`` to the earliest of the other, placed one."""
    out = np.int64(rich.edges[e, OUT])
    if rich.edges[e, WHO] == OF_RIDE and out != FREE:
        y = np.int64(rich.edges[e, OTHER])  # the pickup
        out -= service_of(problem, state, y, np.int64(state.stops[y, ROUTE]))
    return out


@inlined
def in_of(problem, state, rich, x, e):
    """Seconds from the start of the other task of edge ``e`` to the earliest of its task ``x``."""
    least = np.int64(rich.edges[e, IN])
    if rich.edges[e, WHO] == OF_RIDE and least != FREE:  # x is the pickup
        least -= service_of(problem, state, x, np.int64(state.stops[x, ROUTE]))
    return least


@inlined
def add_head(rich, x):
    """Note that the start at stop ``x`` may rise."""
    if rich.marks[x, QUEUED] == 0:
        rich.marks[x, QUEUED] = 1
        rich.lists[rich.counters[N_HEADS], HEADS] = x
        rich.counters[N_HEADS] += 1


@inlined
def set_lateness(state, rich, i, lateness):
    """Make task ``i`` so late, and pay for it; its row must be journalled."""
    before = np.int64(rich.times[i, LATENESS])
    if before != lateness:
        state.counters[TOTAL] += (lateness - before) * rich.tasks[i, LATE_PRICE]
        rich.times[i, LATENESS] = lateness
        price = rich.counters[PRICE_WORST]
        if price > 0:
            worst = np.int64(rich.worst[1])
            set_worst(rich, i, lateness)
            state.counters[TOTAL] += price * (rich.worst[1] - worst)


@inlined
def move_start(problem, state, rich, i, v, start):
    """Let the service of task ``i`` of vehicle ``v`` begin at ``start``."""
    save_stop(state, rich, i)
    rich.times[i, START] = start
    state.stops[i, DEPART] = start + service_of(problem, state, i, v)
    late = start - np.int64(rich.tasks[i, SOFT_LATE])
    if late > 0 or rich.times[i, LATENESS] > 0:
        set_lateness(state, rich, i, max(late, np.int64(0)))
    touch(rich, v)


@inlined
def forget_heads(rich):
    """Empty the list of heads."""
    for k in range(rich.counters[N_HEADS]):
        rich.marks[rich.lists[k, HEADS], QUEUED] = 0
    rich.counters[N_HEADS] = 0
