"""Routes from outside into the state: keep what is feasible, leave the rest absent."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.insertion import may_take
from solvers.search.kernels.jit import kernel
from solvers.search.kernels.journal import open_journal, save_stop, unlist_absent, unlist_empty
from solvers.search.kernels.routes import carry_backward, carry_forward, set_arc
from solvers.search.kernels.rows import (
    ABSENT,
    COUNT,
    DEPART,
    LATEST,
    LEFT,
    LOAD,
    NEXT,
    NO_WAY,
    PREV,
    ROUTE,
    TIME_ROW,
    TOTAL,
)
from solvers.search.kernels.timing import earliest_start, service_of


@kernel
def load_routes(problem, state, visit_ptr, visits):
    """Fill the empty vehicles of ``state`` with the given routes, in order.

    A visit is dropped if its task is elsewhere already, does not suit the vehicle or comes too
    late; then last visits are dropped until the vehicle ends in time. Dropped tasks are absent.

    Parameters
    ----------
    problem, state : see ``rows``; no vehicle of the state may be used. Overwritten.
    visit_ptr, visits : CSR by vehicle, int32; all visits are task indexes.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    n = len(problem.tasks)
    open_journal(state, None)
    for v in range(len(vehicles)):
        start, end = np.int64(n + 2 * v), np.int64(n + 2 * v + 1)
        save_stop(state, None, start)
        save_stop(state, None, end)
        time_row = np.int64(vehicles[v, TIME_ROW])
        p = start
        for k in range(visit_ptr[v], visit_ptr[v + 1]):
            i = np.int64(visits[k])
            if stops[i, ROUTE] != ABSENT or not may_take(problem, state, i, v):
                continue
            time = problem.time_to[time_row + problem.places[p], problem.places[i]]
            begin = earliest_start(problem, i, np.int64(stops[p, DEPART]) + time)
            depart = begin + service_of(problem, state, i, v)
            if depart > stops[end, LATEST]:
                continue
            save_stop(state, None, i)
            stops[i, DEPART], stops[i, ROUTE], stops[i, PREV], stops[p, NEXT] = depart, v, p, i
            vehicles[v, COUNT] += 1
            for d in range(vehicles.shape[1] - LEFT):
                vehicles[v, LEFT + d] -= problem.tasks[i, LOAD + d]
            p = i
        while p != start:
            time = problem.time_to[time_row + problem.places[p], problem.places[end]]
            if time < NO_WAY and np.int64(stops[p, DEPART]) + time <= stops[end, LATEST]:
                break
            stops[p, ROUTE] = ABSENT
            vehicles[v, COUNT] -= 1
            for d in range(vehicles.shape[1] - LEFT):
                vehicles[v, LEFT + d] += problem.tasks[p, LOAD + d]
            p = np.int64(stops[p, PREV])
        last = p
        stops[last, NEXT] = end
        if last == start:
            set_arc(problem, state, v, start, end)
            continue
        unlist_empty(state, v)
        counters[TOTAL] += problem.fixed[v]
        x = start
        while x != end:
            if x != start:
                unlist_absent(state, x)
                counters[TOTAL] -= state.prize[x]
            following = np.int64(stops[x, NEXT])
            counters[TOTAL] += set_arc(problem, state, v, x, following)
            x = following
        count = np.int64(vehicles[v, COUNT])
        carry_forward(problem, state, None, v, np.int64(stops[start, NEXT]), count)
        carry_backward(problem, state, None, v, np.int64(last), count)
