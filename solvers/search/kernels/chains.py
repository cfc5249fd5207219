"""Chains of trips: their times, and opening, closing and changing a trip.

Source of the times: a trip that leaves at ``t`` reaches a stop at ``max(E, t + T)``, see
``trip_rows``; "at most F after leaving" is then T <= F and t >= E - F, one more release, and to
obey it never delays the end of the trip.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import list_absent, unlist_absent
from solvers.search.kernels.rows import (
    ABSENT,
    COST,
    COST_IN,
    COST_ROW,
    COUNT,
    DEPART,
    EARLY,
    EMPTY_LIST,
    FROM,
    LATE,
    LATEST,
    LEFT,
    LOAD,
    N_EMPTY,
    N_USED,
    N_WORK,
    NEXT,
    NO_WAY,
    PREV,
    ROUTE,
    TIME,
    TIME_ROW,
    TOTAL,
    VEHICLE_KIND,
    WORK,
)
from solvers.search.kernels.timing import service_of
from solvers.search.kernels.trip_journal import keep_slot, keep_stop, stack_slot, unstack_slot
from solvers.search.kernels.trip_rows import (
    ACTIVE,
    ARRIVE,
    BASE,
    BATCH,
    CHOICE_PLACE,
    E_END,
    FRESHNESS,
    HELD_BEFORE,
    HELD_FROM,
    HOLD,
    IS_BROKEN,
    L_END,
    L_LEAVE,
    LAST_ARRIVAL,
    LEAVE,
    LOADING,
    LONGEST_TRIP,
    N_TRIPS,
    OWNER,
    READY,
    RELEASE,
    RELEASED,
    SOUND,
    SPARE,
    STACK,
    T_END,
    THROUGH,
)

#: Left at minus infinity; and a limit that nobody meets.
_EVER, _NEVER = np.int64(-NO_WAY), np.int64(NO_WAY)


@inlined
def slot_after(state, s):
    """Return the next slot of the chain, or -1."""
    x = np.int64(state.stops[len(state.prize) + 2 * s + 1, NEXT])
    return np.int64(-1) if x < 0 else np.int64(state.stops[x, ROUTE])


@inlined
def slot_before(state, s):
    """Return the slot before in the chain, or -1."""
    x = np.int64(state.stops[len(state.prize) + 2 * s, PREV])
    return np.int64(-1) if x < 0 else np.int64(state.stops[x, ROUTE])


@inlined
def join(problem, state, trips, s, p, q):
    """Make ``q`` follow ``p`` in slot ``s``; both must be journalled. Returns the arc's cost."""
    stops, vehicles = state.stops, state.vehicles
    stops[p, NEXT] = q
    stops[q, PREV] = p
    a, b = np.uint64(trips.places[p]), np.uint64(trips.places[q])
    cost = np.int64(0)
    if trips.rows[trips.rows[s, OWNER], ACTIVE] > 0:
        cost = np.int64(problem.cost_to[np.uint64(vehicles[s, COST_ROW]) + a, b])
    stops[p, COST] = cost
    stops[q, COST_IN] = cost
    stops[p, TIME] = problem.time_to[np.uint64(vehicles[s, TIME_ROW]) + a, b]
    return cost


@inlined
def time_trip(problem, state, trips, s):
    """Recompute what the stops of slot ``s`` know of their trip alone, and its row from that."""
    stops, legs, rows, tasks = state.stops, trips.legs, trips.rows, problem.tasks
    n = len(tasks)
    x = np.int64(n + 2 * s)
    early, through, held = _EVER, np.int64(0), _EVER
    released, sound = np.int64(rows[s, READY]), True
    longest = np.int64(trips.shifts[rows[s, OWNER], LONGEST_TRIP])
    while True:
        time = np.int64(stops[x, TIME])
        early = min(early + time, _NEVER)
        through = min(through + time, _NEVER)
        x = np.int64(stops[x, NEXT])
        if x >= n:
            break
        early = max(early, np.int64(tasks[x, EARLY]))
        fresh = np.int64(trips.tasks[x, FRESHNESS])
        if early > tasks[x, LATE] or through > fresh:
            sound = False
        held = max(held, early - fresh)
        released = max(released, np.int64(trips.tasks[x, RELEASE]))
        service = service_of(problem, state, x, s)
        early += service
        through += service
        if (stops[x, DEPART] != early or legs[x, THROUGH] != through
                or legs[x, HELD_BEFORE] != held):
            keep_stop(state, trips, x)
            stops[x, DEPART], legs[x, THROUGH], legs[x, HELD_BEFORE] = early, through, held
    keep_slot(state, trips, s)
    rows[s, E_END], rows[s, T_END], rows[s, RELEASED] = early, through, released
    spare, after = -longest, _EVER
    if state.vehicles[s, COUNT] > 0:
        after = early - longest
        if through > longest:
            sound = False
    rows[s, SOUND] = sound
    rows[s, HOLD] = max(released, max(held, after))
    latest = _NEVER
    while True:
        if stops[x, LATEST] != latest or legs[x, HELD_FROM] != after or legs[x, SPARE] != spare:
            keep_stop(state, trips, x)
            stops[x, LATEST], legs[x, HELD_FROM], legs[x, SPARE] = latest, after, spare
        x = np.int64(stops[x, PREV])
        time = np.int64(stops[x, TIME])
        if x >= n:
            leave = max(latest - time, _EVER)
            if stops[x, LATEST] != leave:
                keep_stop(state, trips, x)
                stops[x, LATEST] = leave
            return
        service = service_of(problem, state, x, s)
        leg = time + service
        latest = min(max(latest - leg, _EVER), np.int64(tasks[x, LATE]))
        fresh = np.int64(trips.tasks[x, FRESHNESS])
        spare = min(max(spare + leg, -fresh), _NEVER)
        after = max(after, np.int64(stops[x, DEPART]) - service - fresh)


@inlined
def time_chain(state, trips, first, last):
    """Carry leaving and arrival on from slot ``first``, and the latest ones back from ``last``.

    Both reach at least the other of the two, which may be the same.
    """
    rows = trips.rows
    n = len(state.prize)
    s, force = np.int64(first), True
    while s >= 0:
        p = slot_before(state, s)
        base = np.int64(rows[s, BASE])
        if p >= 0:
            base = np.int64(rows[p, ARRIVE]) + rows[s, LOADING]
        leave = max(base, np.int64(rows[s, HOLD]))
        arrive = min(max(np.int64(rows[s, E_END]), leave + rows[s, T_END]), _NEVER)
        same = rows[s, BASE] == base and rows[s, LEAVE] == leave and rows[s, ARRIVE] == arrive
        if same and not force:
            break
        if not same:
            keep_slot(state, trips, s)
            rows[s, BASE], rows[s, LEAVE], rows[s, ARRIVE] = base, leave, arrive
        if s == last:
            force = False
        s = slot_after(state, s)
    s, force = np.int64(last), True
    while s >= 0:
        q = slot_after(state, s)
        l_end = np.int64(trips.shifts[rows[s, OWNER], LAST_ARRIVAL])
        if q >= 0:
            l_end = np.int64(rows[q, L_LEAVE]) - rows[q, LOADING]
        latest = min(np.int64(state.stops[n + 2 * s, LATEST]), l_end - rows[s, T_END])
        latest = max(latest, _EVER)
        same = rows[s, L_END] == l_end and rows[s, L_LEAVE] == latest
        if same and not force:
            break
        if not same:
            keep_slot(state, trips, s)
            rows[s, L_END], rows[s, L_LEAVE] = l_end, latest
        if s == first:
            force = False
        s = slot_before(state, s)


@inlined
def chain_fits(trips, state, s):
    """Whether the chain of slot ``s`` is possible; needed only where travel is no metric."""
    rows = trips.rows
    k = np.int64(rows[s, OWNER])
    if rows[k, ACTIVE] == 0:
        return True
    while k >= 0:
        if (rows[k, SOUND] == 0 or rows[k, LEAVE] > rows[k, L_LEAVE]
                or rows[k, ARRIVE] > rows[k, L_END]):
            return False
        k = slot_after(state, k)
    return True


@inlined
def set_end(trips, state, s, place):
    """Move the end of slot ``s``, which must be journalled, to another place."""
    x = len(state.prize) + 2 * s + 1
    trips.places[x] = place
    state.stops[x, TIME] = place


@inlined
def enter_trip(problem, state, trips, v):
    """Count one more trip with tasks of vehicle ``v``; an unused one starts to cost."""
    keep_slot(state, trips, v)
    trips.rows[v, ACTIVE] += 1
    trips.counters[N_TRIPS] += 1
    if trips.rows[v, ACTIVE] == 1:
        unstack_slot(state, v)
        state.counters[N_USED] += 1
        x = np.int64(len(state.prize) + 2 * v)
        keep_stop(state, trips, x)
        keep_stop(state, trips, x + 1)
        state.counters[TOTAL] += problem.fixed[v] + join(problem, state, trips, v, x, x + 1)


@inlined
def leave_trip(problem, state, trips, v):
    """Count one trip with tasks less of vehicle ``v``; without any it costs nothing."""
    stops = state.stops
    keep_slot(state, trips, v)
    trips.rows[v, ACTIVE] -= 1
    trips.counters[N_TRIPS] -= 1
    if trips.rows[v, ACTIVE] == 0:
        stack_slot(state, v)
        state.counters[N_USED] -= 1
        x = np.int64(len(state.prize) + 2 * v)
        keep_stop(state, trips, x)
        keep_stop(state, trips, x + 1)
        state.counters[TOTAL] -= problem.fixed[v] + stops[x, COST]
        stops[x, COST] = stops[x + 1, COST_IN] = 0


@inlined
def open_trip(problem, state, trips, k, option):
    """Link a new trip of a reload option after slot ``k``; returns its slot.

    It has no task yet: times are made when it gets one. There must be a slot left.
    """
    stops, vehicles, rows = state.stops, state.vehicles, trips.rows
    n, n_loads = len(problem.tasks), state.vehicles.shape[1] - LEFT
    v = np.int64(rows[k, OWNER])
    enter_trip(problem, state, trips, v)
    c = np.int64(trips.choices[option, STACK])
    top = np.int64(state.classes[c, FROM]) + state.classes[c, N_EMPTY] - 1
    s = np.int64(state.vehicle_marks[top, EMPTY_LIST])
    unstack_slot(state, s)
    keep_slot(state, trips, s)
    rows[s, OWNER], rows[s, ACTIVE] = v, 1
    vehicles[s, COUNT] = 0
    for column in (VEHICLE_KIND, COST_ROW, TIME_ROW, 5):
        vehicles[s, column] = vehicles[v, column]
    for d in range(n_loads):
        vehicles[s, LEFT + d] = trips.capacity[v, d]
    end, start, last = np.int64(n + 2 * k + 1), np.int64(n + 2 * s), np.int64(n + 2 * s + 1)
    following = np.int64(stops[end, NEXT])
    keep_stop(state, trips, end)
    keep_stop(state, trips, start)
    keep_stop(state, trips, last)
    set_end(trips, state, s, trips.places[end])
    set_end(trips, state, k, trips.choices[option, CHOICE_PLACE])
    stops[end, NEXT], stops[start, PREV], stops[last, NEXT] = start, end, following
    if following >= 0:
        keep_stop(state, trips, following)
        stops[following, PREV] = last
    p = np.int64(stops[end, PREV])
    keep_stop(state, trips, p)
    state.counters[TOTAL] -= stops[p, COST]
    state.counters[TOTAL] += join(problem, state, trips, k, p, end)
    state.counters[TOTAL] += join(problem, state, trips, s, start, last)
    return s


@inlined
def close_trip(problem, state, trips, s):
    """Unlink slot ``s``, which has no task left; returns the slot before it."""
    stops, rows = state.stops, trips.rows
    n = len(problem.tasks)
    v, k = np.int64(rows[s, OWNER]), slot_before(state, s)
    end, start, last = np.int64(n + 2 * k + 1), np.int64(n + 2 * s), np.int64(n + 2 * s + 1)
    following, p = np.int64(stops[last, NEXT]), np.int64(stops[end, PREV])
    keep_stop(state, trips, end)
    keep_stop(state, trips, start)
    keep_stop(state, trips, last)
    keep_stop(state, trips, p)
    keep_slot(state, trips, s)
    state.counters[TOTAL] -= np.int64(stops[start, COST]) + stops[p, COST]
    set_end(trips, state, k, trips.places[last])
    stops[end, NEXT], stops[start, PREV], stops[last, NEXT] = following, -1, -1
    if following >= 0:
        keep_stop(state, trips, following)
        stops[following, PREV] = end
    state.counters[TOTAL] += join(problem, state, trips, k, p, end)
    rows[s, OWNER], rows[s, ACTIVE] = -1, 0
    stack_slot(state, s)
    leave_trip(problem, state, trips, v)
    return k


@part
def insert_in_trip(problem, state, trips, i, p, s):
    """Insert the absent task ``i`` after stop ``p`` of slot ``s``; it must fit."""
    stops, vehicles, rows, counters = state.stops, state.vehicles, trips.rows, state.counters
    v = np.int64(rows[s, OWNER])
    if s == v and vehicles[s, COUNT] == 0:
        enter_trip(problem, state, trips, v)
    q = np.int64(stops[p, NEXT])
    keep_stop(state, trips, p)
    keep_stop(state, trips, i)
    keep_stop(state, trips, q)
    keep_slot(state, trips, s)
    unlist_absent(state, i)
    counters[TOTAL] -= state.prize[i] + stops[p, COST]
    vehicles[s, COUNT] += 1
    batch = np.int64(rows[s, BATCH])
    for d in range(vehicles.shape[1] - LEFT):
        vehicles[s, LEFT + d] -= problem.tasks[i, LOAD + d]
        if batch >= 0:
            trips.portions[batch, d] -= problem.tasks[i, LOAD + d]
    stops[i, ROUTE] = s
    counters[TOTAL] += join(problem, state, trips, s, p, i)
    counters[TOTAL] += join(problem, state, trips, s, i, q)
    time_trip(problem, state, trips, s)


@part
def place_in_trip(problem, state, trips, i, p, s, option):
    """Insert task ``i`` after stop ``p`` of slot ``s``, or alone in a new trip after that slot.

    ``option`` is the reload option of the new trip, or -1.
    """
    if option < 0:
        insert_in_trip(problem, state, trips, i, p, s)
        time_chain(state, trips, s, s)
        return
    new = open_trip(problem, state, trips, s, option)
    insert_in_trip(problem, state, trips, i, np.int64(len(problem.tasks) + 2 * new), new)
    time_trip(problem, state, trips, s)
    time_chain(state, trips, s, new)


@part
def remove_from_trip(problem, state, trips, s, first, last):
    """Remove the tasks from ``first`` to ``last`` of slot ``s`` and put them on the work list.

    A trip that has no task left is closed.

    Where travel is no metric, what remains may be impossible; that is noted in ``IS_BROKEN``.
    """
    stops, vehicles, rows, counters = state.stops, state.vehicles, trips.rows, state.counters
    p, q = np.int64(stops[first, PREV]), np.int64(stops[last, NEXT])
    keep_stop(state, trips, p)
    keep_stop(state, trips, q)
    keep_slot(state, trips, s)
    counters[TOTAL] -= stops[p, COST]
    batch = np.int64(rows[s, BATCH])
    x = np.int64(first)
    while x != q:
        keep_stop(state, trips, x)
        counters[TOTAL] += state.prize[x] - stops[x, COST]
        stops[x, ROUTE] = ABSENT
        stops[x, COST] = stops[x, COST_IN] = -NO_WAY
        list_absent(state, x)
        state.lists[counters[N_WORK], WORK] = x
        counters[N_WORK] += 1
        vehicles[s, COUNT] -= 1
        for d in range(vehicles.shape[1] - LEFT):
            vehicles[s, LEFT + d] += problem.tasks[x, LOAD + d]
            if batch >= 0:
                trips.portions[batch, d] += problem.tasks[x, LOAD + d]
        x = np.int64(stops[x, NEXT])
    counters[TOTAL] += join(problem, state, trips, s, p, q)
    v, timed = np.int64(rows[s, OWNER]), np.int64(s)
    if vehicles[s, COUNT] == 0:
        if s == v:
            leave_trip(problem, state, trips, v)
        else:
            timed = close_trip(problem, state, trips, timed)
    time_trip(problem, state, trips, timed)
    time_chain(state, trips, timed, timed)
    if not chain_fits(trips, state, timed):
        trips.counters[IS_BROKEN] = 1
