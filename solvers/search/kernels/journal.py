"""Undo by journal, the lists that follow the routes, and keeping the incumbent.

The first change of a row in an iteration copies it to the journal; a rejected iteration puts the
rows back. Nothing else is ever copied, so an iteration costs what it touches, whatever the size of
the instance.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined
from solvers.search.kernels.rows import (
    ABSENT,
    BEST_ABSENT,
    BEST_ITERATION,
    BEST_TOTAL,
    BEST_USED,
    CLASS,
    CLOCK,
    COUNT,
    ITERATIONS,
    N_ABSENT,
    N_DIRTY,
    N_STOPS_SAVED,
    N_USED,
    N_VEHICLES_SAVED,
    NEXT,
    ROUTE,
    STOP_WIDTH,
    TOTAL,
)


@inlined
def open_journal(state):
    """Begin an iteration: everything that changes from here on can be undone."""
    counters = state.counters
    counters[CLOCK] += 1
    counters[N_STOPS_SAVED] = 0
    counters[N_VEHICLES_SAVED] = 0


@inlined
def save_stop(state, x):
    """Journal the row of stop ``x``, unless this iteration did so already."""
    counters = state.counters
    x = np.uint64(x)
    if state.stop_stamp[x] != counters[CLOCK]:
        state.stop_stamp[x] = counters[CLOCK]
        k = np.uint64(counters[N_STOPS_SAVED])
        state.saved_stop[k] = x
        for column in range(STOP_WIDTH):
            state.saved_stop_row[k, column] = state.stops[x, column]
        counters[N_STOPS_SAVED] += 1


@inlined
def save_vehicle(state, v):
    """Journal the row of vehicle ``v``, unless this iteration did so already."""
    counters = state.counters
    if state.vehicle_stamp[v] != counters[CLOCK]:
        state.vehicle_stamp[v] = counters[CLOCK]
        k = counters[N_VEHICLES_SAVED]
        state.saved_vehicle[k] = v
        for column in range(state.vehicles.shape[1]):
            state.saved_vehicle_row[k, column] = state.vehicles[v, column]
        counters[N_VEHICLES_SAVED] += 1


@inlined
def list_absent(state, i):
    """Put task ``i`` on the list of absent tasks."""
    k = state.counters[N_ABSENT]
    state.absent[k] = i
    state.absent_place[i] = k
    state.counters[N_ABSENT] = k + 1


@inlined
def unlist_absent(state, i):
    """Take task ``i`` off the list of absent tasks; the last one takes its place."""
    k = state.counters[N_ABSENT] - 1
    place = state.absent_place[i]
    last = state.absent[k]
    state.absent[place] = last
    state.absent_place[last] = place
    state.counters[N_ABSENT] = k


@inlined
def list_empty(problem, state, v):
    """Put vehicle ``v`` on its class's stack of empty vehicles."""
    c = state.vehicles[v, CLASS]
    k = problem.class_from[c] + state.n_empty[c]
    state.empty[k] = v
    state.empty_place[v] = k
    state.n_empty[c] += 1
    state.counters[N_USED] -= 1


@inlined
def unlist_empty(problem, state, v):
    """Take vehicle ``v`` off its class's stack of empty vehicles; the top takes its place."""
    c = state.vehicles[v, CLASS]
    k = problem.class_from[c] + state.n_empty[c] - 1
    place = state.empty_place[v]
    top = state.empty[k]
    state.empty[place] = top
    state.empty_place[top] = place
    state.n_empty[c] -= 1
    state.counters[N_USED] += 1


@inlined
def undo(problem, state):
    """Put back every row of the journal, and the two lists that follow from the rows.

    The lists may come back in another order; the caller puts back ``counters[TOTAL]``.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    n = len(state.absent)
    for k in range(np.uint64(counters[N_STOPS_SAVED])):
        x = np.uint64(state.saved_stop[k])
        if x < np.uint64(n):
            before = state.saved_stop_row[k, ROUTE] == ABSENT
            now = stops[x, ROUTE] == ABSENT
            if now and not before:
                unlist_absent(state, np.int64(x))
            elif before and not now:
                list_absent(state, np.int64(x))
        for column in range(STOP_WIDTH):
            stops[x, column] = state.saved_stop_row[k, column]
    for k in range(counters[N_VEHICLES_SAVED]):
        v = np.int64(state.saved_vehicle[k])
        before = state.saved_vehicle_row[k, COUNT] == 0
        now = vehicles[v, COUNT] == 0
        if now and not before:
            unlist_empty(problem, state, v)
        elif before and not now:
            list_empty(problem, state, v)
        for column in range(vehicles.shape[1]):
            vehicles[v, column] = state.saved_vehicle_row[k, column]


@inlined
def mark_dirty(state):
    """Note which stops an accepted iteration changed, for the next time the incumbent is kept."""
    counters = state.counters
    for k in range(np.uint64(counters[N_STOPS_SAVED])):
        x = np.uint64(state.saved_stop[k])
        if state.is_dirty[x] == 0:
            state.is_dirty[x] = 1
            state.dirty[np.uint64(counters[N_DIRTY])] = x
            counters[N_DIRTY] += 1


@inlined
def keep_incumbent(state):
    """Make the current solution the incumbent; costs what changed since the last time."""
    counters = state.counters
    for k in range(np.uint64(counters[N_DIRTY])):
        x = np.uint64(state.dirty[k])
        state.is_dirty[x] = 0
        state.best_next[x] = state.stops[x, NEXT]
    counters[N_DIRTY] = 0
    counters[BEST_TOTAL] = counters[TOTAL]
    counters[BEST_ITERATION] = counters[ITERATIONS]
    counters[BEST_ABSENT] = counters[N_ABSENT]
    counters[BEST_USED] = counters[N_USED]
