"""Undo by journal, the lists that follow the routes, and keeping the incumbent.

The first change of a row in an iteration copies it to the journal; a rejected iteration puts the
rows back. Nothing else is ever copied, so an iteration costs what it touches, whatever the size of
the instance.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.rich_rows import (
    CARRIED,
    CHOICE_BATCH,
    DAYS_WIDTH,
    DUTY,
    FIRST_SLOT,
    GROUP,
    HAS_TRIPS,
    HEAD,
    IN_GROUP,
    LAST_CLOCK,
    LATENESS,
    N_CARRIED,
    N_FREE,
    N_RELOADS,
    N_SPARE,
    N_TASKS,
    OLD_STAMP_DAYS,
    OLD_STAMP_TIMES,
    OPTION,
    PRICE_WORST,
    SERVED,
    TIMES_WIDTH,
    WORKER,
)
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
    LOAD,
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
def open_journal(state, rich):
    """Begin an iteration: everything that changes from here on can be undone."""
    counters = state.counters
    counters[CLOCK] += 1
    if rich is not None:
        counters[CLOCK] = rich.counters[LAST_CLOCK] = rich.counters[LAST_CLOCK] + 1
    counters[N_STOPS_SAVED] = 0
    counters[N_VEHICLES_SAVED] = 0


@inlined
def open_savepoint(state, rich):
    """Journal from here on anew; returns the stamp to go back to."""
    clock = state.counters[CLOCK]
    rich.counters[LAST_CLOCK] += 1
    state.counters[CLOCK] = rich.counters[LAST_CLOCK]
    return clock


@inlined
def save_stop(state, rich, x):
    """Journal the row of stop ``x``, unless this iteration did so already."""
    counters = state.counters
    x = np.uint64(x)
    if state.stop_marks[x, STAMP] != counters[CLOCK]:
        k = np.uint64(counters[N_STOPS_SAVED])
        if rich is not None:
            for column in range(TIMES_WIDTH):
                rich.saved_times[k, column] = rich.times[x, column]
            rich.saved_times[k, OLD_STAMP_TIMES] = state.stop_marks[x, STAMP]
        state.stop_marks[x, STAMP] = counters[CLOCK]
        state.saved_stops[k, SAVED] = x
        for column in range(STOP_WIDTH):
            state.saved_stops[k, column] = state.stops[x, column]
        counters[N_STOPS_SAVED] += 1


@inlined
def save_vehicle(state, rich, v):
    """Journal the row of vehicle ``v``, unless this iteration did so already."""
    counters = state.counters
    if state.vehicle_marks[v, STAMP] != counters[CLOCK]:
        k = counters[N_VEHICLES_SAVED]
        if rich is not None:
            for column in range(DAYS_WIDTH):
                rich.saved_days[k, column] = rich.days[v, column]
            rich.saved_days[k, OLD_STAMP_DAYS] = state.vehicle_marks[v, STAMP]
        state.vehicle_marks[v, STAMP] = counters[CLOCK]
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
def count_served(rich, i, change):
    """Note that task ``i`` is served (``change`` 1) or absent again (-1), for its group's sake."""
    g = rich.tasks[i, GROUP]
    if g >= 0:
        before = rich.served[g, SERVED]
        rich.served[g, SERVED] = before + change
        spare = rich.served[g, IN_GROUP] - max(before, before + change)
        # While any of a group is served, the others that are absent are not missed.
        if before == 0:
            rich.counters[N_SPARE] += spare
        elif before + change == 0:
            rich.counters[N_SPARE] -= spare
        else:
            rich.counters[N_SPARE] -= change


@inlined
def set_worst(rich, i, lateness):
    """Put the lateness of task ``i`` into the heap of the greatest."""
    k = len(rich.worst) // 2 + i
    rich.worst[k] = lateness
    while k > 1:
        k //= 2
        greater = max(rich.worst[2 * k], rich.worst[2 * k + 1])
        if rich.worst[k] == greater:
            return
        rich.worst[k] = greater


@inlined
def list_slot(state, rich, r):
    """Put slot ``r``, which is in no route, on the stack of its option."""
    option = np.int64(rich.tasks[r, OPTION])
    k = np.int64(rich.choices[option, FIRST_SLOT]) + rich.choices[option, N_FREE]
    rich.slots[k] = r
    state.stop_marks[r, ABSENT_PLACE] = k
    rich.choices[option, N_FREE] += 1
    rich.counters[N_RELOADS] -= 1


@inlined
def unlist_slot(state, rich, r):
    """Take slot ``r`` off the stack of its option; the top takes its place."""
    option = np.int64(rich.tasks[r, OPTION])
    rich.choices[option, N_FREE] -= 1
    top = rich.slots[np.int64(rich.choices[option, FIRST_SLOT]) + rich.choices[option, N_FREE]]
    place = state.stop_marks[r, ABSENT_PLACE]
    rich.slots[place] = top
    state.stop_marks[top, ABSENT_PLACE] = place
    rich.counters[N_RELOADS] += 1


@inlined
def count_load(problem, rich, i, head, sign):
    """Load task ``i`` for the trip of ``head``, or unload it (``sign`` -1)."""
    rich.carried[head, N_CARRIED] += sign
    batch = np.int64(-1)
    if head < len(rich.tasks):
        batch = np.int64(rich.choices[rich.tasks[head, OPTION], CHOICE_BATCH])
    for d in range(problem.tasks.shape[1] - LOAD):
        load = sign * np.int64(problem.tasks[i, LOAD + d])
        rich.carried[head, CARRIED + d] += load
        if batch >= 0:
            rich.portions[batch, d] -= load


@part
def roll_back(problem, state, rich, n_stops, n_vehicles):
    """Put back the rows that were journalled after the first so many, the newest first.

    A row may be journalled several times in an iteration, under the stamp of each savepoint.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    n = len(state.prize)
    k = np.uint64(counters[N_STOPS_SAVED])
    while k > np.uint64(n_stops):
        k -= np.uint64(1)
        x = np.uint64(state.saved_stops[k, SAVED])
        if x < np.uint64(n):
            i = np.int64(x)
            before = state.saved_stops[k, ROUTE] == ABSENT
            now = stops[x, ROUTE] == ABSENT
            if i >= rich.counters[N_TASKS]:
                if now and not before:
                    unlist_slot(state, rich, i)
                elif before and not now:
                    list_slot(state, rich, i)
            else:
                if now and not before:
                    unlist_absent(state, i)
                    count_served(rich, i, 1)
                elif before and not now:
                    list_absent(state, i)
                    count_served(rich, i, -1)
                if rich.counters[HAS_TRIPS] == 1:
                    if not now:
                        count_load(problem, rich, i, np.int64(rich.times[x, HEAD]), -1)
                    if not before:
                        count_load(problem, rich, i, np.int64(rich.saved_times[k, HEAD]), 1)
            lateness = rich.saved_times[k, LATENESS]
            if rich.counters[PRICE_WORST] > 0 and lateness != rich.times[x, LATENESS]:
                set_worst(rich, i, lateness)
        for column in range(STOP_WIDTH):
            stops[x, column] = state.saved_stops[k, column]
        for column in range(TIMES_WIDTH):
            rich.times[x, column] = rich.saved_times[k, column]
        state.stop_marks[x, STAMP] = rich.saved_times[k, OLD_STAMP_TIMES]
    counters[N_STOPS_SAVED] = n_stops
    m = np.int64(counters[N_VEHICLES_SAVED])
    while m > n_vehicles:
        m -= 1
        v = np.int64(state.saved_vehicles[m, NUMBER])
        before = state.saved_vehicles[m, COUNT] == 0
        now = vehicles[v, COUNT] == 0
        if now and not before:
            unlist_empty(state, v)
        elif before and not now:
            list_empty(state, v)
        rich.worker_duty[rich.shifts[v, WORKER]] += (
            np.int64(rich.saved_days[m, DUTY]) - rich.days[v, DUTY]
        )
        for column in range(vehicles.shape[1]):
            vehicles[v, column] = state.saved_vehicles[m, column]
        for column in range(DAYS_WIDTH):
            rich.days[v, column] = rich.saved_days[m, column]
        state.vehicle_marks[v, STAMP] = rich.saved_days[m, OLD_STAMP_DAYS]
    counters[N_VEHICLES_SAVED] = n_vehicles


@inlined
def undo(problem, state, rich):
    """Put back every row of the journal, and the two lists that follow from the rows.

    The lists may come back in another order; the caller puts back ``counters[TOTAL]``.
    """
    if rich is not None:
        roll_back(problem, state, rich, 0, 0)
        return
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
