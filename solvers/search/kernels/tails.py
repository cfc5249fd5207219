"""Tail exchange: two routes swap what follows after a place in each; also splits and joins routes.

Ruin and recreate moves a few tasks at a time, each to where it is cheapest by itself. So it hardly
ever opens a vehicle for a stretch of many tasks, nor joins two routes, nor exchanges long tails.
Known as 2-opt*: Potvin and Rousseau, An exchange heuristic for routeing problems with time windows
(1995).
"""

from __future__ import annotations

import math

import numpy as np

from solvers.search.kernels.duty import TOO_LONG, price_now, reprice, rise_of_exchange
from solvers.search.kernels.jit import inlined
from solvers.search.kernels.journal import (
    keep_incumbent,
    list_empty,
    mark_dirty,
    open_journal,
    save_stop,
    save_vehicle,
    unlist_empty,
)
from solvers.search.kernels.rng import draw_below, draw_unit
from solvers.search.kernels.routes import carry_backward, carry_forward, set_arc
from solvers.search.kernels.rows import (
    ABSENT,
    BEST_TOTAL,
    COST,
    COST_IN,
    COST_ROW,
    COUNT,
    DEPART,
    EMPTY_LIST,
    FROM,
    KIND,
    LATEST,
    LEFT,
    LOAD,
    MAY_OPEN,
    N_EMPTY,
    NEXT,
    NO_WAY,
    PERMILLE,
    PREV,
    ROUTE,
    TEMPERATURE,
    TIME_ROW,
    TIMED,
    TOTAL,
    VEHICLE_KIND,
)
from solvers.search.kernels.timing import earliest_start, service_of

#: Neighbours that are tried as successors.
_N_TRIED = 30
#: Nothing costs as much; four times this fits int64.
FAR = float(1 << 61)


@inlined
def alike(state, v, w):
    """Whether a stretch of a route costs and takes the same on both vehicles."""
    vehicles = state.vehicles
    return (
        vehicles[v, COST_ROW] == vehicles[w, COST_ROW]
        and vehicles[v, TIME_ROW] == vehicles[w, TIME_ROW]
        and vehicles[v, PERMILLE] == vehicles[w, PERMILLE]
    )


@inlined
def arc_cost(problem, cost_row, p, q):
    """Cost of the arc from stop ``p`` to stop ``q``."""
    return np.int64(problem.cost_to[np.uint64(cost_row + problem.places[p]),
                                    np.uint64(problem.places[q])])


@inlined
def tail_fits(problem, state, p, x, end, v, own):
    """Whether the tail from stop ``x`` to ``end`` can follow stop ``p`` of vehicle ``v`` in time.

    ``own`` is the end stop of ``v``; vehicles have the same matrix and service factor.
    """
    if problem.traits[TIMED] == 0:
        return True
    stops = state.stops
    row = np.int64(state.vehicles[v, TIME_ROW])
    n = len(problem.tasks)
    if x >= n:
        arrival = np.int64(stops[p, DEPART]) + problem.time_to[
            row + problem.places[p], problem.places[own]]
        return arrival <= stops[own, LATEST]
    arrival = np.int64(stops[p, DEPART]) + problem.time_to[
        row + problem.places[p], problem.places[x]]
    if problem.places[own] == problem.places[end] and stops[own, LATEST] == stops[end, LATEST]:
        return arrival <= stops[x, LATEST]
    # The tail gets another end, so that LATEST is of no use beyond the windows.
    while x < n:
        depart = earliest_start(problem, x, arrival) + service_of(problem, state, x, v)
        y = np.int64(stops[x, NEXT])
        y = own if y >= n else y
        arrival = depart + problem.time_to[row + problem.places[x], problem.places[y]]
        if arrival >= NO_WAY:
            return False
        x = y
    return arrival <= stops[own, LATEST]


@inlined
def tail_suits(problem, state, x, y, v, w):
    """Whether vehicle ``v`` may have the tail from ``x`` on instead of its own one from ``y`` on.

    Compares skills and loads; ``w`` is the vehicle that has the tail now.
    """
    stops, tasks, vehicles = state.stops, problem.tasks, state.vehicles
    n = len(tasks)
    if vehicles[v, VEHICLE_KIND] != vehicles[w, VEHICLE_KIND]:
        k = x
        while k < n:
            if problem.compatible[tasks[k, KIND], vehicles[v, VEHICLE_KIND]] == 0:
                return False
            k = np.int64(stops[k, NEXT])
    for d in range(vehicles.shape[1] - LEFT):
        left = np.int64(vehicles[v, LEFT + d])
        k = x
        while k < n:
            left -= tasks[k, LOAD + d]
            k = np.int64(stops[k, NEXT])
        k = y
        while left < 0 and k < n:
            left += tasks[k, LOAD + d]
            k = np.int64(stops[k, NEXT])
        if left < 0:
            return False
    return True


@inlined
def give_tail(problem, state, x, v, w):
    """Make vehicle ``w``'s tasks from ``x`` on count as those of ``v``; nothing is linked yet."""
    stops, vehicles = state.stops, state.vehicles
    n = len(problem.tasks)
    last = np.int64(-1)
    while x < n:
        save_stop(state, None, x)
        stops[x, ROUTE] = v
        vehicles[v, COUNT] += 1
        vehicles[w, COUNT] -= 1
        for d in range(vehicles.shape[1] - LEFT):
            vehicles[v, LEFT + d] -= problem.tasks[x, LOAD + d]
            vehicles[w, LEFT + d] += problem.tasks[x, LOAD + d]
        last = x
        x = np.int64(stops[x, NEXT])
    return last


@inlined
def swap_tails(problem, state, p, v, y, w):
    """Exchange what follows task ``p`` of ``v`` for what begins with stop ``y`` of ``w``.

    The exchange must be feasible.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    n = len(problem.tasks)
    x, q = np.int64(stops[p, NEXT]), np.int64(stops[y, PREV])
    end_v, end_w = np.int64(n + 2 * v + 1), np.int64(n + 2 * w + 1)
    save_vehicle(state, None, v)
    save_vehicle(state, None, w)
    save_stop(state, None, p)
    save_stop(state, None, q)
    save_stop(state, None, end_v)
    save_stop(state, None, end_w)
    price_v = price_now(problem, state, state.duties, v)
    price_w = price_now(problem, state, state.duties, w)
    if vehicles[w, COUNT] == 0:
        unlist_empty(state, w)
        counters[TOTAL] += problem.fixed[w]
    counters[TOTAL] -= np.int64(stops[p, COST]) + stops[q, COST]
    if x < n:
        counters[TOTAL] -= stops[end_v, COST_IN]
    if y < n:
        counters[TOTAL] -= stops[end_w, COST_IN]
    last_x = give_tail(problem, state, x, w, v)
    # The tail given away still ends at the end of v; what comes back ends at that of w.
    last_y = give_tail(problem, state, y, v, w)
    counters[TOTAL] += set_arc(problem, state, v, p, y if y < n else end_v)
    counters[TOTAL] += set_arc(problem, state, w, q, x if x < n else end_w)
    if y < n:
        counters[TOTAL] += set_arc(problem, state, v, last_y, end_v)
    if x < n:
        counters[TOTAL] += set_arc(problem, state, w, last_x, end_w)
    if vehicles[v, COUNT] == 0:
        list_empty(state, v)
        counters[TOTAL] -= problem.fixed[v]
    if vehicles[w, COUNT] == 0:
        list_empty(state, w)
        counters[TOTAL] -= problem.fixed[w]
    carry_forward(problem, state, None, v, np.int64(stops[p, NEXT]), np.int64(0))
    carry_forward(problem, state, None, w, np.int64(stops[q, NEXT]), np.int64(0))
    if y < n:
        carry_backward(problem, state, None, v, last_y, np.int64(0))
    carry_backward(problem, state, None, v, p, np.int64(0))
    if x < n:
        carry_backward(problem, state, None, w, last_x, np.int64(0))
    carry_backward(problem, state, None, w, q, np.int64(0))
    reprice(problem, state, state.duties, v, price_v)
    reprice(problem, state, state.duties, w, price_w)


@inlined
def exchange_cost(problem, state, p, x, v, q, y, w):
    """Cost that :func:`swap_tails` adds; the vehicles have the same matrix.

    ``x`` follows task ``p``, ``y`` follows ``q``.
    """
    stops = state.stops
    n = len(problem.tasks)
    end_v, end_w = np.int64(n + 2 * v + 1), np.int64(n + 2 * w + 1)
    cost_row = np.int64(state.vehicles[v, COST_ROW])
    delta = arc_cost(problem, cost_row, p, y if y < n else end_v) - stops[p, COST] - stops[q, COST]
    if q >= n and x >= n:
        delta -= problem.fixed[w]
    else:
        delta += arc_cost(problem, cost_row, q, x if x < n else end_w)
        if state.vehicles[w, COUNT] == 0:
            delta += problem.fixed[w]
    if problem.places[end_v] != problem.places[end_w]:
        if x < n:
            delta += arc_cost(problem, cost_row, np.int64(stops[end_v, PREV]), end_w)
            delta -= stops[end_v, COST_IN]
        if y < n:
            delta += arc_cost(problem, cost_row, np.int64(stops[end_w, PREV]), end_v)
            delta -= stops[end_w, COST_IN]
    return delta


@inlined
def may_exchange(problem, state, p, x, v, q, y, w):
    """Whether :func:`swap_tails` keeps windows, shifts, loads and skills."""
    n = len(problem.tasks)
    end_v, end_w = np.int64(n + 2 * v + 1), np.int64(n + 2 * w + 1)
    return (
        tail_fits(problem, state, p, y, end_w, v, end_v)
        and ((q >= n and x >= n) or tail_fits(problem, state, q, x, end_v, w, end_w))
        and tail_suits(problem, state, y, x, v, w)
        and tail_suits(problem, state, x, y, w, v)
    )


@inlined
def find_exchange(problem, guide, state, p, limit):
    """Find what is best to follow task ``p``, among exchanges that add less than ``limit``.

    Tried are the neighbours of the task, and an empty vehicle for its tail.

    Returns
    -------
    (y, w) : the stop that is to follow and its vehicle; ``y`` is -1 if nothing is good enough.
    """
    stops, near = state.stops, guide.near
    n = len(near)
    v, x = np.int64(stops[p, ROUTE]), np.int64(stops[p, NEXT])
    best, best_y, best_w = limit, np.int64(-1), np.int64(-1)
    depart, cost_after = np.int64(stops[p, DEPART]), np.int64(stops[p, COST])
    timed = problem.traits[TIMED] != 0
    for k in range(min(np.int64(_N_TRIED), np.int64(guide.n_near[p]))):
        y = np.int64(near[p, k])
        w = np.int64(stops[y, ROUTE])
        if w in (v, ABSENT):
            continue
        # Quick tests. Towards another end a tail could start later than LATEST, and save more than
        # its first arc: that is not looked for. Joining two routes may save a vehicle besides.
        if timed and depart + guide.near_time[p, k] > stops[y, LATEST]:
            continue
        if x < n and guide.near_cost[p, k] - cost_after - stops[y, COST_IN] >= best:
            continue
        q = np.int64(stops[y, PREV])
        if alike(state, v, w):
            delta = exchange_cost(problem, state, p, x, v, q, y, w)
            if delta < best and may_exchange(problem, state, p, x, v, q, y, w):
                rise = rise_of_exchange(problem, state, state.duties, p, x, v, q, y, w)
                if rise != TOO_LONG and delta + rise < best:
                    best, best_y, best_w = delta + rise, y, w
    if x < n and state.counters[MAY_OPEN] == 1:
        for a in range(guide.alone_ptr[x], guide.alone_ptr[x + 1]):
            c = guide.alone_class[a]
            if state.classes[c, N_EMPTY] == 0:
                continue
            top = state.classes[c, FROM] + state.classes[c, N_EMPTY] - 1
            w = np.int64(state.vehicle_marks[top, EMPTY_LIST])
            q, y = np.int64(n + 2 * w), np.int64(n + 2 * w + 1)
            if alike(state, v, w):
                delta = exchange_cost(problem, state, p, x, v, q, y, w)
                # What is dear for one task is hardly cheap for a tail that begins with it.
                if delta >= best:
                    break
                if may_exchange(problem, state, p, x, v, q, y, w):
                    rise = rise_of_exchange(problem, state, state.duties, p, x, v, q, y, w)
                    if rise != TOO_LONG and delta + rise < best:
                        best, best_y, best_w = delta + rise, y, w
                        break
    return best_y, best_w


@inlined
def exchange_tails(problem, guide, state):
    """Cut a route after a random task and make the best exchange, if annealing accepts it."""
    counters = state.counters
    p = np.int64(draw_below(state.rng, len(guide.near)))
    v = np.int64(state.stops[p, ROUTE])
    if v == ABSENT:
        return
    threshold = -state.heat[TEMPERATURE] * math.log(draw_unit(state.rng))
    limit = np.int64(math.ceil(min(max(threshold, -FAR), FAR)))
    y, w = find_exchange(problem, guide, state, p, limit)
    if y >= 0:
        open_journal(state, None)
        swap_tails(problem, state, p, v, y, w)
        mark_dirty(state)
        if counters[TOTAL] < counters[BEST_TOTAL]:
            keep_incumbent(state)
