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
    ABSENT_LIST,
    ABSENT_PLACE,
    BEST_ABSENT,
    BEST_ITERATION,
    BEST_NEXT,
    BEST_TOTAL,
    BEST_USED,
    CLASS,
    CLOCK,
    COUNT,
    DIRTY,
    DIRTY_LIST,
    EMPTY_LIST,
    EMPTY_PLACE,
    FROM,
    ITERATIONS,
    N_ABSENT,
    N_DIRTY,
    N_EMPTY,
    N_STOPS_SAVED,
    N_USED,
    N_VEHICLES_SAVED,
    NEXT,
    NUMBER,
    ROUTE,
    SAVED,
    STAMP,
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
    if state.stop_marks[x, STAMP] != counters[CLOCK]:
        state.stop_marks[x, STAMP] = counters[CLOCK]
        k = np.uint64(counters[N_STOPS_SAVED])
        state.saved_stops[k, SAVED] = x
        for column in range(STOP_WIDTH):
            state.saved_stops[k, column] = state.stops[x, column]
        counters[N_STOPS_SAVED] += 1


@inlined
def save_vehicle(state, v):
    """Journal the row of vehicle ``v``, unless this iteration did so already."""
    counters = state.counters
    if state.vehicle_marks[v, STAMP] != counters[CLOCK]:
        state.vehicle_marks[v, STAMP] = counters[CLOCK]
        k = counters[N_VEHICLES_SAVED]
        for column in range(state.vehicles.shape[1]):
            state.saved_vehicles[k, column] = state.vehicles[v, column]
        counters[N_VEHICLES_SAVED] += 1


@inlined
def list_absent(state, i):
    """Put task ``i`` on the list of absent tasks."""
    k = state.counters[N_ABSENT]
    state.lists[k, ABSENT_LIST] = i
    state.stop_marks[i, ABSENT_PLACE] = k
    state.counters[N_ABSENT] = k + 1


@inlined
def unlist_absent(state, i):
    """Take task ``i`` off the list of absent tasks; the last one takes its place."""
    k = state.counters[N_ABSENT] - 1
    place = state.stop_marks[i, ABSENT_PLACE]
    last = state.lists[k, ABSENT_LIST]
    state.lists[place, ABSENT_LIST] = last
    state.stop_marks[last, ABSENT_PLACE] = place
    state.counters[N_ABSENT] = k


@inlined
def list_empty(state, v):
    """Put vehicle ``v`` on its class's stack of empty vehicles."""
    c = state.vehicles[v, CLASS]
    k = np.int64(state.classes[c, FROM]) + state.classes[c, N_EMPTY]
    state.vehicle_marks[k, EMPTY_LIST] = v
    state.vehicle_marks[v, EMPTY_PLACE] = k
    state.classes[c, N_EMPTY] += 1
    state.counters[N_USED] -= 1


@inlined
def unlist_empty(state, v):
    """Take vehicle ``v`` off its class's stack of empty vehicles; the top takes its place."""
    c = state.vehicles[v, CLASS]
    k = np.int64(state.classes[c, FROM]) + state.classes[c, N_EMPTY] - 1
    place = state.vehicle_marks[v, EMPTY_PLACE]
    top = state.vehicle_marks[k, EMPTY_LIST]
    state.vehicle_marks[place, EMPTY_LIST] = top
    state.vehicle_marks[top, EMPTY_PLACE] = place
    state.classes[c, N_EMPTY] -= 1
    state.counters[N_USED] += 1


@inlined
def undo(state):
    """Put back every row of the journal, and the two lists that follow from the rows.

    The lists may come back in another order; the caller puts back ``counters[TOTAL]``.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    n = len(state.prize)
    for k in range(np.uint64(counters[N_STOPS_SAVED])):
        x = np.uint64(state.saved_stops[k, SAVED])
        if x < np.uint64(n):
            before = state.saved_stops[k, ROUTE] == ABSENT
            now = stops[x, ROUTE] == ABSENT
            if now and not before:
                unlist_absent(state, np.int64(x))
            elif before and not now:
                list_absent(state, np.int64(x))
        for column in range(STOP_WIDTH):
            stops[x, column] = state.saved_stops[k, column]
    for k in range(counters[N_VEHICLES_SAVED]):
        v = np.int64(state.saved_vehicles[k, NUMBER])
        before = state.saved_vehicles[k, COUNT] == 0
        now = vehicles[v, COUNT] == 0
        if now and not before:
            unlist_empty(state, v)
        elif before and not now:
            list_empty(state, v)
        for column in range(vehicles.shape[1]):
            vehicles[v, column] = state.saved_vehicles[k, column]


@inlined
def mark_dirty(state):
    """Note which stops an accepted iteration changed, for the next time the incumbent is kept."""
    counters = state.counters
    for k in range(np.uint64(counters[N_STOPS_SAVED])):
        x = np.uint64(state.saved_stops[k, SAVED])
        if state.stop_marks[x, DIRTY] == 0:
            state.stop_marks[x, DIRTY] = 1
            state.lists[np.uint64(counters[N_DIRTY]), DIRTY_LIST] = x
            counters[N_DIRTY] += 1


@inlined
def keep_incumbent(state):
    """Make the current solution the incumbent; costs what changed since the last time."""
    counters = state.counters
    for k in range(np.uint64(counters[N_DIRTY])):
        x = np.uint64(state.lists[k, DIRTY_LIST])
        state.stop_marks[x, DIRTY] = 0
        state.stop_marks[x, BEST_NEXT] = state.stops[x, NEXT]
    counters[N_DIRTY] = 0
    counters[BEST_TOTAL] = counters[TOTAL]
    counters[BEST_ITERATION] = counters[ITERATIONS]
    counters[BEST_ABSENT] = counters[N_ABSENT]
    counters[BEST_USED] = counters[N_USED]
