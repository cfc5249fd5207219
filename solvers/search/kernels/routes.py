"""Changing a route: insert a task, remove a segment, and carry the times forward and backward.

The times obey  depart(q) = earliest(depart(p) + time(p, q)) + service(q)  and
latest(p) = latest_start(latest(q) - time(p, q) - service(p)); after a change both are carried on
until a value stays as it was, since then all that follow do.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined
from solvers.search.kernels.journal import (
    list_absent,
    list_empty,
    save_stop,
    save_vehicle,
    unlist_absent,
    unlist_empty,
)
from solvers.search.kernels.rows import (
    ABSENT,
    COST,
    COST_IN,
    COST_ROW,
    COUNT,
    DEPART,
    LATEST,
    LEFT,
    LOAD,
    N_WORK,
    NEXT,
    NO_WAY,
    PREV,
    ROUTE,
    TIME,
    TIME_ROW,
    TIMED,
    TOTAL,
    WORK,
)
from solvers.search.kernels.timing import earliest_start, latest_start, service_of


@inlined
def set_arc(problem, state, v, p, q):
    """Make ``q`` follow ``p`` in the route of vehicle ``v``; both rows must be journalled.

    Returns the cost of the arc; the arc of an empty vehicle is free.
    """
    stops, vehicles = state.stops, state.vehicles
    stops[p, NEXT] = q
    stops[q, PREV] = p
    a, b = np.uint64(problem.places[p]), np.uint64(problem.places[q])
    cost = np.int64(0)
    if vehicles[v, COUNT] > 0:
        cost = np.int64(problem.cost_to[np.uint64(vehicles[v, COST_ROW]) + a, b])
    stops[p, COST] = cost
    stops[q, COST_IN] = cost
    if problem.traits[TIMED] != 0:
        stops[p, TIME] = problem.time_to[np.uint64(vehicles[v, TIME_ROW]) + a, b]
    return cost


@inlined
def carry_forward(problem, state, v, x, force):
    """Recompute DEPART from stop ``x`` on, at least for the first ``force`` stops."""
    if problem.traits[TIMED] == 0:
        return
    stops = state.stops
    n = np.uint64(len(problem.tasks))
    x = np.uint64(x)
    while x < n:
        p = np.uint64(stops[x, PREV])
        arrival = np.int64(stops[p, DEPART]) + stops[p, TIME]
        depart = earliest_start(problem, x, arrival) + service_of(problem, state, x, v)
        if depart == stops[x, DEPART] and force <= 0:
            return
        save_stop(state, x)
        stops[x, DEPART] = depart
        force -= 1
        x = np.uint64(stops[x, NEXT])


@inlined
def carry_backward(problem, state, v, x, force):
    """Recompute LATEST from stop ``x`` back, at least for the first ``force`` stops."""
    if problem.traits[TIMED] == 0:
        return
    stops = state.stops
    n = np.uint64(len(problem.tasks))
    x = np.uint64(x)
    while x < n:
        q = np.uint64(stops[x, NEXT])
        bound = np.int64(stops[q, LATEST]) - stops[x, TIME] - service_of(problem, state, x, v)
        latest = latest_start(problem, x, bound)
        if latest == stops[x, LATEST] and force <= 0:
            return
        save_stop(state, x)
        stops[x, LATEST] = latest
        force -= 1
        x = np.uint64(stops[x, PREV])


@inlined
def insert_task(problem, state, i, p, v):
    """Insert the absent task ``i`` after stop ``p`` of vehicle ``v``; it must fit."""
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    q = np.int64(stops[p, NEXT])
    save_stop(state, p)
    save_stop(state, i)
    save_stop(state, q)
    save_vehicle(state, v)
    if vehicles[v, COUNT] == 0:
        unlist_empty(state, v)
        counters[TOTAL] += problem.fixed[v]
    unlist_absent(state, i)
    counters[TOTAL] -= state.prize[i] + stops[p, COST]
    vehicles[v, COUNT] += 1
    for d in range(vehicles.shape[1] - LEFT):
        vehicles[v, LEFT + d] -= problem.tasks[i, LOAD + d]
    stops[i, ROUTE] = v
    counters[TOTAL] += set_arc(problem, state, v, p, i)
    counters[TOTAL] += set_arc(problem, state, v, i, q)
    carry_forward(problem, state, v, i, np.int64(1))
    carry_backward(problem, state, v, i, np.int64(1))


@inlined
def remove_segment(problem, state, v, first, last):
    """Remove the tasks from ``first`` to ``last`` of vehicle ``v`` and put them on the work list.

    Where travel breaks the triangle inequality, or there is no way at all, what remains may be
    impossible: then neighbours of the segment go too, until it is possible or the route is empty.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    n = len(problem.tasks)
    time_row = np.int64(vehicles[v, TIME_ROW])
    p, q = np.int64(stops[first, PREV]), np.int64(stops[last, NEXT])
    while problem.traits[TIMED] != 0 and (p < n or q < n):
        time = np.int64(problem.time_to[time_row + problem.places[p], problem.places[q]])
        if stops[p, DEPART] + time <= stops[q, LATEST]:
            break
        if q < n:
            q = np.int64(stops[q, NEXT])
        else:
            p = np.int64(stops[p, PREV])

    save_stop(state, p)
    save_stop(state, q)
    save_vehicle(state, v)
    counters[TOTAL] -= stops[p, COST]
    x = np.int64(stops[p, NEXT])
    while x != q:
        save_stop(state, x)
        counters[TOTAL] += state.prize[x] - stops[x, COST]
        stops[x, ROUTE] = ABSENT
        stops[x, COST] = stops[x, COST_IN] = -NO_WAY
        list_absent(state, x)
        state.lists[counters[N_WORK], WORK] = x
        counters[N_WORK] += 1
        vehicles[v, COUNT] -= 1
        for d in range(vehicles.shape[1] - LEFT):
            vehicles[v, LEFT + d] += problem.tasks[x, LOAD + d]
        x = np.int64(stops[x, NEXT])
    counters[TOTAL] += set_arc(problem, state, v, p, q)
    if vehicles[v, COUNT] == 0:
        list_empty(state, v)
        counters[TOTAL] -= problem.fixed[v]
    carry_forward(problem, state, v, q, np.int64(0))
    carry_backward(problem, state, v, p, np.int64(0))
