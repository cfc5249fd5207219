"""Where to insert a task: the cheapest feasible position, each one tested in constant time."""

from __future__ import annotations

import math

import numpy as np

from solvers.search.kernels.duty import TOO_LONG, rise_with
from solvers.search.kernels.jit import inlined
from solvers.search.kernels.rng import draw_below, draw_unit
from solvers.search.kernels.rows import (
    BLINK,
    BLOCK,
    COST,
    COST_IN,
    COST_ROW,
    COUNT,
    DEPART,
    DETOUR,
    EARLY,
    EMPTY_LIST,
    FROM,
    GLANCE,
    KIND,
    LATE,
    LATEST,
    LEAST_SERVICE,
    LEFT,
    LOAD,
    LOCATION,
    MAY_OPEN,
    N_EMPTY,
    N_WINDOWS,
    NEXT,
    OPENING,
    PERMILLE,
    PREV,
    ROUTE,
    SCARCE,
    SERVICE,
    TIME_ROW,
    TIMED,
    VEHICLE_KIND,
)
from solvers.search.kernels.timing import earliest_start

#: Share of improving positions that are overlooked (Christiaens and Vanden Berghe 2020,
#: section 5.3).
BLINK_RATE = 0.01
_LOG_SEEN = math.log(1.0 - BLINK_RATE)
#: Routes that are looked through when no neighbour's route can take a task.
_FALLBACK_ROUTES = 4


@inlined
def blinks(state):
    """Whether to overlook this improving position; counts down instead of drawing each time."""
    state.counters[BLINK] -= 1
    if state.counters[BLINK] > 0:
        return False
    state.counters[BLINK] = 1 + np.int64(math.log(draw_unit(state.rng)) / _LOG_SEEN)
    return True


@inlined
def may_take(problem, state, i, v):
    """Whether vehicle ``v`` may serve task ``i`` and has the capacity left."""
    tasks, vehicles = problem.tasks, state.vehicles
    if problem.compatible[tasks[i, KIND], vehicles[v, VEHICLE_KIND]] == 0:
        return False
    for d in range(np.uint64(tasks.shape[1] - LOAD)):
        if tasks[i, d + np.uint64(LOAD)] > vehicles[v, d + np.uint64(LEFT)]:
            return False
    return True


@inlined
def insertion_cost(problem, state, i, p, q, v):
    """Travel cost that task ``i`` adds between the neighbouring stops ``p`` and ``q`` of ``v``."""
    stops = state.stops
    row = np.uint64(state.vehicles[v, COST_ROW] + problem.tasks[i, LOCATION])
    return (
        np.int64(problem.cost_from[row, np.uint64(problem.places[p])])
        + problem.cost_to[row, np.uint64(problem.places[q])]
        - stops[p, COST]
    )


@inlined
def fits_in_time(problem, state, i, p, q, v):
    """Whether task ``i`` between the adjacent stops ``p`` and ``q`` of ``v`` keeps all windows."""
    if problem.traits[TIMED] == 0:
        return True
    stops, tasks = state.stops, problem.tasks
    row = np.uint64(state.vehicles[v, TIME_ROW] + tasks[i, LOCATION])
    start = np.int64(stops[p, DEPART]) + problem.time_from[row, np.uint64(problem.places[p])]
    if start > tasks[i, LATE]:
        return False
    if tasks[i, N_WINDOWS] == 1:
        start = max(start, np.int64(tasks[i, EARLY]))
    else:
        start = earliest_start(problem, i, start)
    nominal = np.int64(tasks[i, SERVICE])
    permille = np.int64(state.vehicles[v, PERMILLE])
    if permille != 1000:
        nominal = (nominal * permille + 500) // 1000
    arrival = start + nominal + problem.time_to[row, np.uint64(problem.places[q])]
    return arrival <= stops[q, LATEST]


@inlined
def find_position(problem, guide, state, i, limit):
    """Cheapest feasible position of the absent task ``i`` that costs less than leaving it out.

    Positions that cost ``limit`` or more are of no use either.

    Looked at are the places after and before each neighbour in ``guide.near``, the cheapest empty
    vehicle, and, if nothing was found, all places of a few other routes.

    Returns
    -------
    (p, v) : insert after stop ``p`` of vehicle ``v``; ``p`` is -1 if there is no such position.
    """
    stops, vehicles, near, tasks = state.stops, state.vehicles, guide.near, problem.tasks
    i = np.uint64(i)
    best_cost = min(state.prize[i], limit)
    best_p, best_v = np.uint64(0), np.uint64(0)
    found = False

    # Nearly all time of a search is spent in this loop. Indexes are unsigned, since numba tests
    # signed ones for being negative. A pass without branches, which would be mispredicted, keeps
    # the few positions beside neighbours that may be cheap and in time: one beside o costs at least
    # the arc to o less the arc it replaces, and twice that where a detour never pays. It goes by
    # blocks, so that what the first ones find dismisses most of the others.
    kind = np.uint64(tasks[i, KIND])
    n_loads = np.uint64(tasks.shape[1] - LOAD)
    detour = problem.traits[DETOUR]
    late, ready = np.int64(tasks[i, LATE]), np.int64(tasks[i, EARLY]) + tasks[i, LEAST_SERVICE]
    timed = problem.traits[TIMED] != 0
    # The last column is the last load, or without loads BUSY_TIME, never below 0.
    last_load = np.uint64(vehicles.shape[1] - 1)
    load = np.int64(-1)
    if n_loads > np.uint64(0):
        load = np.int64(tasks[i, np.uint64(tasks.shape[1] - 1)])
    seen, spots = state.seen, state.spots
    state.counters[GLANCE] += 1
    glance = state.counters[GLANCE]
    n_near = np.uint64(guide.n_near[i])
    first = np.uint64(0)
    while first < n_near:
        last = min(first + np.uint64(BLOCK), n_near)
        n_spots = np.uint64(0)
        k = first
        if not timed:
            while k < last:
                o = np.uint64(near[i, k])
                arc = np.int64(guide.near_cost[i, k])
                seen[o] = glance
                # Without times, loads are what dismisses most: many routes are full. An absent o
                # is never cheap, whatever stands for its vehicle.
                v = np.uint64(max(stops[o, ROUTE], np.int32(0)))
                has_room = vehicles[v, last_load] >= load
                spots[n_spots] = o
                cheap = detour * (arc - stops[o, COST]) < best_cost
                n_spots += np.uint64(cheap & has_room)
                p = np.uint64(np.uint32(stops[o, PREV]))
                spots[n_spots] = p
                cheap = detour * (arc - stops[o, COST_IN]) < best_cost
                n_spots += np.uint64(cheap & has_room & (seen[p] != glance))
                k += np.uint64(1)
        while k < last:
            o = np.uint64(near[i, k])
            arc, time = np.int64(guide.near_cost[i, k]), np.int64(guide.near_time[i, k])
            seen[o] = glance
            spots[n_spots] = o
            cheap = detour * (arc - stops[o, COST]) < best_cost
            n_spots += np.uint64(cheap & (stops[o, DEPART] + time <= late))
            # The place before o is that after the stop before it, which had its turn if seen.
            p = np.uint64(np.uint32(stops[o, PREV]))
            spots[n_spots] = p
            cheap = detour * (arc - stops[o, COST_IN]) < best_cost
            n_spots += np.uint64(cheap & (ready + time <= stops[o, LATEST]) & (seen[p] != glance))
            k += np.uint64(1)
        first = last
        k = np.uint64(0)
        while k < n_spots:
            p = np.uint64(spots[k])
            k += np.uint64(1)
            if stops[p, ROUTE] < 0:  # absent, yet it looks cheap to a prize above NO_WAY
                continue
            v = np.uint64(stops[p, ROUTE])
            # `may_take` written out: calling it here is slower.
            if problem.compatible[kind, np.uint64(vehicles[v, VEHICLE_KIND])] == 0:
                continue
            too_much = False
            for d in range(n_loads):
                if tasks[i, d + np.uint64(LOAD)] > vehicles[v, d + np.uint64(LEFT)]:
                    too_much = True
                    break
            if too_much:
                continue
            q = np.uint64(stops[p, NEXT])
            cost = insertion_cost(problem, state, i, p, q, v)
            if cost < best_cost and fits_in_time(problem, state, i, p, q, v):
                rise = rise_with(problem, state, state.duties, i, p, q, v)
                if rise != TOO_LONG and cost + rise < best_cost and not blinks(state):
                    best_cost, best_p, best_v, found = cost + rise, p, v, True

    if state.counters[MAY_OPEN] == 1:
        if state.counters[OPENING] == 1 and not found:
            best_cost = np.int64(limit)
        # The classes stand in order of cost, so the first one with an empty vehicle is the best.
        for a in range(guide.alone_ptr[i], guide.alone_ptr[i + np.uint64(1)]):
            c = guide.alone_class[a]
            if state.classes[c, N_EMPTY] == 0:
                continue
            top = state.classes[c, FROM] + state.classes[c, N_EMPTY] - 1
            v = np.uint64(state.vehicle_marks[top, EMPTY_LIST])
            p = np.uint64(len(near)) + v + v
            q = p + np.uint64(1)
            cost = problem.fixed[v] + insertion_cost(problem, state, i, p, q, v)
            if cost >= best_cost:
                break
            rise = rise_with(problem, state, state.duties, i, p, q, v)
            if rise == TOO_LONG or cost + rise >= best_cost:
                continue
            if not blinks(state):
                best_cost, best_p, best_v, found = cost + rise, p, v, True
                state.counters[OPENING] = 0
                if state.duties is None:
                    break

    # Where most tasks are left out anyway, more neighbours are looked at instead.
    if not found and problem.traits[SCARCE] == 0:
        n_vehicles = len(vehicles)
        v = np.uint64(draw_below(state.rng, n_vehicles))
        routes_left = _FALLBACK_ROUTES
        for _ in range(n_vehicles):
            if vehicles[v, COUNT] > 0 and may_take(problem, state, i, v):
                p = np.uint64(len(near)) + v + v
                while p != np.uint64(len(near)) + v + v + np.uint64(1):
                    q = np.uint64(stops[p, NEXT])
                    cost = insertion_cost(problem, state, i, p, q, v)
                    if cost < best_cost and fits_in_time(problem, state, i, p, q, v):
                        rise = rise_with(problem, state, state.duties, i, p, q, v)
                        if rise != TOO_LONG and cost + rise < best_cost:
                            best_cost, best_p, best_v, found = cost + rise, p, v, True
                    p = q
                routes_left -= 1
                if routes_left == 0:
                    break
            v = v + np.uint64(1) if v + np.uint64(1) < np.uint64(n_vehicles) else np.uint64(0)

    if found:
        return np.int64(best_p), np.int64(best_v)
    return np.int64(-1), np.int64(-1)
