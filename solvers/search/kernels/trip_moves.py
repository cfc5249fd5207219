"""Moving whole trips: two vehicles exchange stretches of their chains.

Trips between the same places cost the same in any vehicle alike, whichever comes before; so these
moves change no cost but whose time is spent, which is what keeps tasks from their cheapest places.
Ruin and recreate moves a trip only by taking it to pieces.
"""

from __future__ import annotations

import math

import numpy as np

from solvers.search.kernels.chains import (
    chain_fits,
    close_trip,
    enter_trip,
    join,
    leave_trip,
    slot_after,
    time_chain,
    time_trip,
)
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import keep_incumbent, mark_dirty, open_journal
from solvers.search.kernels.rng import draw_below, draw_unit
from solvers.search.kernels.rows import (
    ABSENT,
    BEST_TOTAL,
    CLASS,
    COST,
    COST_IN,
    COST_ROW,
    COUNT,
    DEPART,
    LATEST,
    LEFT,
    LOAD,
    MAY_OPEN,
    NEXT,
    PERMILLE,
    PREV,
    ROUTE,
    TEMPERATURE,
    TIME_ROW,
    TOTAL,
    VEHICLE_KIND,
)
from solvers.search.kernels.tails import FAR
from solvers.search.kernels.trip_journal import keep_slot, keep_stop, undo_trips
from solvers.search.kernels.trip_rows import (
    ACTIVE,
    ARRIVE,
    BASE,
    BATCH,
    E_END,
    HOLD,
    L_LEAVE,
    LAST_ARRIVAL,
    LOADING,
    MOST_TRIPS,
    OWNER,
    SPARE,
    T_END,
    THROUGH,
)

#: Neighbours that are tried as successors.
_N_TRIED = 30


@inlined
def count_after(state, s):
    """Count the trips after slot ``s`` in its chain."""
    count = np.int64(0)
    k = slot_after(state, s)
    while k >= 0:
        count += 1
        k = slot_after(state, k)
    return count


@inlined
def skip_trips(state, s, count):
    """Return the slot ``count`` trips after slot ``s``."""
    for _ in range(count):
        s = slot_after(state, s)
    return s


@inlined
def stretch_fits(state, trips, a, last_a, b, last_b):
    """Whether what follows ``b`` up to ``last_b`` is in time between ``a`` and after ``last_a``."""
    rows = trips.rows
    n = len(state.prize)
    time = np.int64(rows[a, ARRIVE])
    k = np.int64(b)
    while k != last_b:
        k = slot_after(state, k)
        leave = max(time + rows[k, LOADING], np.int64(rows[k, HOLD]))
        if leave > state.stops[n + 2 * k, LATEST]:
            return False
        time = max(np.int64(rows[k, E_END]), leave + rows[k, T_END])
    following = slot_after(state, last_a)
    if following < 0:
        return time <= trips.shifts[rows[a, OWNER], LAST_ARRIVAL]
    leave = max(time + rows[following, LOADING], np.int64(rows[following, HOLD]))
    return leave <= rows[following, L_LEAVE]


@inlined
def link_stretch(state, trips, p, first, last, q):
    """Put the linked starts to ends ``first`` .. ``last`` between stops ``p`` and ``q``.

    ``first`` is -1 if there are none, ``q`` if nothing follows.
    """
    stops = state.stops
    if first < 0:
        first, last = np.int64(q), np.int64(p)
    stops[p, NEXT] = first
    if first >= 0:
        stops[first, PREV] = p
    if last != p:
        stops[last, NEXT] = q
        if q >= 0:
            stops[q, PREV] = last


@part
def exchange_stretches(problem, state, trips, a, last_a, b, last_b):
    """Exchange the trips after ``a`` up to ``last_a`` for those after ``b`` up to ``last_b``.

    They are in the chains of two vehicles of a class, and all places where they meet are the same;
    it must be feasible.
    """
    stops, rows = state.stops, trips.rows
    n = len(problem.tasks)
    v, w = np.int64(rows[a, OWNER]), np.int64(rows[b, OWNER])
    end_a, end_b = np.int64(n + 2 * a + 1), np.int64(n + 2 * b + 1)
    close_a, close_b = np.int64(n + 2 * last_a + 1), np.int64(n + 2 * last_b + 1)
    q_a, q_b = np.int64(stops[close_a, NEXT]), np.int64(stops[close_b, NEXT])
    first_a, first_b = np.int64(-1), np.int64(-1)
    if last_a != a:
        first_a = np.int64(stops[end_a, NEXT])
    if last_b != b:
        first_b = np.int64(stops[end_b, NEXT])
    for x in (end_a, end_b, close_a, close_b):
        keep_stop(state, trips, x)
    for x in (q_a, q_b, first_a, first_b):
        if x >= 0:
            keep_stop(state, trips, x)
    # Who has how many trips, and what a vehicle costs that is used no more or only now.
    n_a, n_b, s = np.int64(0), np.int64(0), np.int64(a)
    while s != last_a:
        s = slot_after(state, s)
        keep_slot(state, trips, s)
        rows[s, OWNER] = w
        n_a += 1
    s = np.int64(b)
    while s != last_b:
        s = slot_after(state, s)
        keep_slot(state, trips, s)
        rows[s, OWNER] = v
        n_b += 1
    for _ in range(n_a):
        enter_trip(problem, state, trips, w)
    for _ in range(n_b):
        enter_trip(problem, state, trips, v)
        leave_trip(problem, state, trips, w)
    for _ in range(n_a):
        leave_trip(problem, state, trips, v)
    link_stretch(state, trips, end_a, first_b, close_b, q_a)
    link_stretch(state, trips, end_b, first_a, close_a, q_b)
    time_chain(state, trips, a, last_b if last_b != b else a)
    time_chain(state, trips, b, last_a if last_a != a else b)


@inlined
def settle(state, trips, is_accepted, before):
    """Keep what was journalled, or undo it; ``before`` is the total without it."""
    if not is_accepted:
        undo_trips(state, trips)
        state.counters[TOTAL] = before
        return
    mark_dirty(state)
    if state.counters[TOTAL] < state.counters[BEST_TOTAL]:
        keep_incumbent(state)


@inlined
def move_trips(problem, state, trips):
    """Exchange two random stretches of trips, if that is feasible and annealing accepts it."""
    rows, counters, places = trips.rows, state.counters, trips.places
    n, n_vehicles = len(problem.tasks), len(trips.shifts)
    v, w = draw_below(state.rng, n_vehicles), draw_below(state.rng, n_vehicles)
    if v == w or state.vehicles[v, CLASS] != state.vehicles[w, CLASS] or rows[v, ACTIVE] == 0:
        return
    if rows[w, ACTIVE] == 0 and counters[MAY_OPEN] == 0:
        return
    after_v, after_w = count_after(state, v), count_after(state, w)
    skip_v, skip_w = draw_below(state.rng, after_v + 1), draw_below(state.rng, after_w + 1)
    n_v, n_w = after_v - skip_v, after_w - skip_w
    if draw_below(state.rng, 2) == 0:  # not all to the end, but up to one or two
        n_v = min(n_v, 1 + draw_below(state.rng, 2))
        n_w = min(n_w, draw_below(state.rng, 2))
    if n_v + n_w == 0:
        return
    most = np.int64(trips.shifts[v, MOST_TRIPS])
    if rows[v, ACTIVE] - n_v + n_w > most or rows[w, ACTIVE] + n_v - n_w > most:
        return
    a, b = skip_trips(state, v, skip_v), skip_trips(state, w, skip_w)
    last_a, last_b = skip_trips(state, a, n_v), skip_trips(state, b, n_w)
    if (places[n + 2 * a + 1] != places[n + 2 * b + 1]
            or places[n + 2 * last_a + 1] != places[n + 2 * last_b + 1]):
        return
    if not (stretch_fits(state, trips, a, last_a, b, last_b)
            and stretch_fits(state, trips, b, last_b, a, last_a)):
        return
    threshold = -state.heat[TEMPERATURE] * math.log(draw_unit(state.rng))
    before = counters[TOTAL]
    open_journal(state, None)
    exchange_stretches(problem, state, trips, a, last_a, b, last_b)
    settle(state, trips, counters[TOTAL] - before <= threshold, before)


@inlined
def give_stops(problem, state, trips, x, s, w):
    """Make the tasks from ``x`` on count as those of slot ``w``, not ``s``; returns the last.

    It is -1 if there are none; nothing is linked yet.
    """
    stops, vehicles = state.stops, state.vehicles
    last = np.int64(-1)
    while x < len(problem.tasks):
        keep_stop(state, trips, x)
        stops[x, ROUTE] = w
        vehicles[w, COUNT] += 1
        vehicles[s, COUNT] -= 1
        for d in range(vehicles.shape[1] - LEFT):
            vehicles[w, LEFT + d] -= problem.tasks[x, LOAD + d]
            vehicles[s, LEFT + d] += problem.tasks[x, LOAD + d]
        last = x
        x = np.int64(stops[x, NEXT])
    return last


@part
def swap_trip_tails(problem, state, trips, p, s, y, w):
    """Exchange what follows task ``p`` of slot ``s`` for what begins with task ``y`` of ``w``.

    Returns whether that keeps all loads and times; if not, it is to be undone.
    """
    stops, vehicles, counters, rows = state.stops, state.vehicles, state.counters, trips.rows
    n = len(problem.tasks)
    x, q = np.int64(stops[p, NEXT]), np.int64(stops[y, PREV])
    end_s, end_w = np.int64(n + 2 * s + 1), np.int64(n + 2 * w + 1)
    keep_slot(state, trips, s)
    keep_slot(state, trips, w)
    for z in (p, q, end_s, end_w):
        keep_stop(state, trips, z)
    counters[TOTAL] -= np.int64(stops[p, COST]) + stops[q, COST] + stops[end_w, COST_IN]
    if x < n:
        counters[TOTAL] -= stops[end_s, COST_IN]
    last_x = give_stops(problem, state, trips, x, s, w)
    last_y = give_stops(problem, state, trips, np.int64(y), w, s)
    for d in range(vehicles.shape[1] - LEFT):
        if vehicles[s, LEFT + d] < 0 or vehicles[w, LEFT + d] < 0:
            return False
    counters[TOTAL] += join(problem, state, trips, s, p, np.int64(y))
    counters[TOTAL] += join(problem, state, trips, s, last_y, end_s)
    if x < n:
        counters[TOTAL] += join(problem, state, trips, w, q, x)
        counters[TOTAL] += join(problem, state, trips, w, last_x, end_w)
    else:
        counters[TOTAL] += join(problem, state, trips, w, q, end_w)
    time_trip(problem, state, trips, s)
    time_chain(state, trips, s, s)
    v, timed = np.int64(rows[w, OWNER]), np.int64(w)
    if vehicles[w, COUNT] == 0:
        if w == v:
            leave_trip(problem, state, trips, v)
        else:
            timed = close_trip(problem, state, trips, timed)
    time_trip(problem, state, trips, timed)
    time_chain(state, trips, timed, timed)
    return chain_fits(trips, state, np.int64(s)) and chain_fits(trips, state, timed)


@inlined
def find_trip_tail(problem, guide, state, trips, p, limit):
    """Find the task that is best to follow task ``p`` instead, with all that is behind it.

    Of the exchanges that add less than ``limit``; tried are the neighbours of the task. Loads and
    times are tested only in part. Returns -1 if nothing is good enough.
    """
    stops, vehicles, near, places, rows = (
        state.stops, state.vehicles, guide.near, trips.places, trips.rows
    )
    n = len(problem.tasks)
    s, x = np.int64(stops[p, ROUTE]), np.int64(stops[p, NEXT])
    end_s = n + 2 * s + 1
    c_row, t_row = np.int64(vehicles[s, COST_ROW]), np.int64(vehicles[s, TIME_ROW])
    through = np.int64(rows[s, BASE]) + trips.legs[p, THROUGH]
    best, best_y = limit, np.int64(-1)
    for k in range(min(np.int64(_N_TRIED), np.int64(guide.n_near[p]))):
        y = np.int64(near[p, k])
        w = np.int64(stops[y, ROUTE])
        if w in (s, ABSENT):
            continue
        q = np.int64(stops[y, PREV])
        delta = np.int64(guide.near_cost[p, k]) - stops[p, COST] - stops[q, COST]
        if delta >= best:
            continue
        delta += np.int64(problem.cost_to[c_row + places[q], places[x]])
        if delta >= best:
            continue
        time = np.int64(problem.time_to[t_row + places[p], places[y]])
        if (stops[p, DEPART] + time > stops[y, LATEST] or through + time > stops[y, LATEST]
                or trips.legs[p, THROUGH] + time + trips.legs[y, SPARE] > 0):
            continue
        end_w = n + 2 * w + 1
        if (places[end_s] != places[end_w] or rows[s, BATCH] != rows[w, BATCH]
                or vehicles[s, VEHICLE_KIND] != vehicles[w, VEHICLE_KIND]
                or vehicles[s, COST_ROW] != vehicles[w, COST_ROW]
                or vehicles[s, TIME_ROW] != vehicles[w, TIME_ROW]
                or vehicles[s, PERMILLE] != vehicles[w, PERMILLE]):
            continue
        if x < n:
            time = np.int64(problem.time_to[t_row + places[q], places[x]])
            if (stops[q, DEPART] + time > stops[x, LATEST]
                    or rows[w, BASE] + trips.legs[q, THROUGH] + time > stops[x, LATEST]):
                continue
        suits = True
        for d in range(vehicles.shape[1] - LEFT):
            balance, z = np.int64(0), x
            while z < n:
                balance += problem.tasks[z, LOAD + d]
                z = np.int64(stops[z, NEXT])
            z = y
            while z < n:
                balance -= problem.tasks[z, LOAD + d]
                z = np.int64(stops[z, NEXT])
            suits = suits and vehicles[s, LEFT + d] + balance >= 0
            suits = suits and vehicles[w, LEFT + d] - balance >= 0
        if suits:
            best, best_y = delta, y
    return best_y


@inlined
def exchange_trip_tails(problem, guide, state, trips):
    """Cut a trip after a random task and make the best exchange, if annealing accepts it."""
    counters = state.counters
    p = np.int64(draw_below(state.rng, len(guide.near)))
    s = np.int64(state.stops[p, ROUTE])
    if s == ABSENT:
        return
    threshold = -state.heat[TEMPERATURE] * math.log(draw_unit(state.rng))
    limit = np.int64(math.ceil(min(max(threshold, -FAR), FAR)))
    y = find_trip_tail(problem, guide, state, trips, p, limit)
    if y < 0:
        return
    before = counters[TOTAL]
    open_journal(state, None)
    fits = swap_trip_tails(problem, state, trips, p, s, y, np.int64(state.stops[y, ROUTE]))
    settle(state, trips, fits and counters[TOTAL] - before < limit, before)
