"""Undo for multi-trip routes: the journal of stops and slots, and the stacks of slots."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import list_absent, save_stop, save_vehicle, unlist_absent
from solvers.search.kernels.rows import (
    ABSENT,
    CLASS,
    CLOCK,
    COUNT,
    EMPTY_LIST,
    EMPTY_PLACE,
    FROM,
    LEFT,
    N_EMPTY,
    N_STOPS_SAVED,
    N_USED,
    N_VEHICLES_SAVED,
    NUMBER,
    ROUTE,
    SAVED,
    STAMP,
    STOP_WIDTH,
    TIME,
)
from solvers.search.kernels.trip_rows import ACTIVE, BATCH, N_TRIPS, OWNER, ROW_WIDTH


@inlined
def keep_stop(state, trips, x):
    """Journal the rows of stop ``x``, unless this iteration did so already."""
    if state.stop_marks[x, STAMP] != state.counters[CLOCK]:
        k = state.counters[N_STOPS_SAVED]
        for column in range(4):
            trips.saved_legs[k, column] = trips.legs[x, column]
        save_stop(state, None, x)


@inlined
def keep_slot(state, trips, s):
    """Journal the rows of slot ``s``, unless this iteration did so already."""
    if state.vehicle_marks[s, STAMP] != state.counters[CLOCK]:
        k = state.counters[N_VEHICLES_SAVED]
        for column in range(ROW_WIDTH):
            trips.saved_rows[k, column] = trips.rows[s, column]
        save_vehicle(state, None, s)


@inlined
def stack_slot(state, s):
    """Put slot ``s`` on its stack: an unused vehicle, or a trip that is not linked."""
    c = state.vehicles[s, CLASS]
    k = np.int64(state.classes[c, FROM]) + state.classes[c, N_EMPTY]
    state.vehicle_marks[k, EMPTY_LIST] = s
    state.vehicle_marks[s, EMPTY_PLACE] = k
    state.classes[c, N_EMPTY] += 1


@inlined
def unstack_slot(state, s):
    """Take slot ``s`` off its stack; the top takes its place."""
    c = state.vehicles[s, CLASS]
    k = np.int64(state.classes[c, FROM]) + state.classes[c, N_EMPTY] - 1
    place = state.vehicle_marks[s, EMPTY_PLACE]
    top = state.vehicle_marks[k, EMPTY_LIST]
    state.vehicle_marks[place, EMPTY_LIST] = top
    state.vehicle_marks[top, EMPTY_PLACE] = place
    state.classes[c, N_EMPTY] -= 1


@part
def undo_trips(state, trips):
    """Put back every row of the journal, and the lists and sums that follow from the rows.

    The lists may come back in another order; the caller puts back ``counters[TOTAL]``.
    """
    stops, vehicles, counters, rows = state.stops, state.vehicles, state.counters, trips.rows
    n, n_vehicles = len(state.prize), len(trips.shifts)
    for k in range(np.uint64(counters[N_STOPS_SAVED])):
        x = np.uint64(state.saved_stops[k, SAVED])
        if x < np.uint64(n):
            before = state.saved_stops[k, ROUTE] == ABSENT
            now = stops[x, ROUTE] == ABSENT
            if now and not before:
                unlist_absent(state, np.int64(x))
            elif before and not now:
                list_absent(state, np.int64(x))
        elif (x - np.uint64(n)) & np.uint64(1):
            trips.places[x] = state.saved_stops[k, TIME]
        for column in range(STOP_WIDTH):
            stops[x, column] = state.saved_stops[k, column]
        for column in range(4):
            trips.legs[x, column] = trips.saved_legs[k, column]
    for k in range(counters[N_VEHICLES_SAVED]):
        s = np.int64(state.saved_vehicles[k, NUMBER])
        batch = np.int64(rows[s, BATCH])
        if batch >= 0:
            for d in range(vehicles.shape[1] - LEFT):
                load = np.int64(0)
                if vehicles[s, COUNT] > 0:
                    load += np.int64(trips.capacity[rows[s, OWNER], d]) - vehicles[s, LEFT + d]
                if state.saved_vehicles[k, COUNT] > 0:
                    owner = trips.saved_rows[k, OWNER]
                    load -= np.int64(trips.capacity[owner, d]) - state.saved_vehicles[k, LEFT + d]
                trips.portions[batch, d] += load
        before, now = np.int64(trips.saved_rows[k, ACTIVE]), np.int64(rows[s, ACTIVE])
        if now > 0 and before == 0:
            stack_slot(state, s)
        elif before > 0 and now == 0:
            unstack_slot(state, s)
        if s < n_vehicles:
            trips.counters[N_TRIPS] += before - now
            counters[N_USED] += np.int64(before > 0) - np.int64(now > 0)
        for column in range(vehicles.shape[1]):
            vehicles[s, column] = state.saved_vehicles[k, column]
        for column in range(ROW_WIDTH):
            rows[s, column] = trips.saved_rows[k, column]
