"""Turning stretches of routes around: 2-opt within a route, and its counterpart between two routes.

Only where direction makes no difference: no times, costs that are symmetric, routes that end where
they begin. Ruin and recreate and the exchange of tails never turn a stretch.

Take stops ``a`` and ``b``, followed by ``x`` and ``z``: the new arcs are ``a - b`` and ``x - z``.
In one route the stretch from ``x`` to ``b`` is turned (Croes, A method for solving
traveling-salesman problems, 1958). Of two routes, the first goes on from ``a`` backward along what
led to ``b``, and the second begins with what followed ``a``, backward.
"""

from __future__ import annotations

import math

import numpy as np

from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import (
    keep_incumbent,
    mark_dirty,
    open_journal,
    save_stop,
    save_vehicle,
)
from solvers.search.kernels.rng import draw_below, draw_unit
from solvers.search.kernels.routes import set_arc
from solvers.search.kernels.rows import (
    ABSENT,
    BEST_TOTAL,
    COST,
    COST_ROW,
    COUNT,
    LEFT,
    LOAD,
    NEXT,
    PREV,
    ROUTE,
    TEMPERATURE,
    TOTAL,
    VEHICLE_KIND,
)
from solvers.search.kernels.tails import FAR, arc_cost

#: Neighbours that are tried.
_N_TRIED = 30


@inlined
def may_turn(problem, state, a, b):
    """Whether turning at stops ``a`` and ``b`` keeps loads, and what is known of the vehicles."""
    stops, vehicles = state.stops, state.vehicles
    n = len(problem.tasks)
    v, w = np.int64(stops[a, ROUTE]), np.int64(stops[b, ROUTE])
    if v == w:
        return True
    end_v, end_w = np.int64(n + 2 * v + 1), np.int64(n + 2 * w + 1)
    place = problem.places[end_v]
    if (
        vehicles[v, COST_ROW] != vehicles[w, COST_ROW]
        or vehicles[v, VEHICLE_KIND] != vehicles[w, VEHICLE_KIND]
        or problem.places[end_w] != place
        or problem.places[end_v - 1] != place
        or problem.places[end_w - 1] != place
    ):
        return False
    for d in range(vehicles.shape[1] - LEFT):
        moved = np.int64(0)  # from v to w
        y = np.int64(stops[a, NEXT])
        while y < n:
            moved += problem.tasks[y, LOAD + d]
            y = np.int64(stops[y, NEXT])
        y = np.int64(b)
        while y < n:
            moved -= problem.tasks[y, LOAD + d]
            y = np.int64(stops[y, PREV])
        if vehicles[v, LEFT + d] + moved < 0 or vehicles[w, LEFT + d] - moved < 0:
            return False
    return True


@inlined
def find_turn(problem, guide, state, p, limit):
    """Find the best turn that makes task ``p`` and a neighbour adjacent and adds less than limit.

    Returns
    -------
    (a, b) : stops to turn at; ``a`` is -1 if nothing is good enough.
    """
    stops, near = state.stops, guide.near
    n = len(near)
    row = np.int64(state.vehicles[np.int64(stops[p, ROUTE]), COST_ROW])
    best, best_a, best_b = np.int64(limit), np.int64(-1), np.int64(-1)
    after, before = np.int64(stops[p, NEXT]), np.int64(stops[p, PREV])
    for k in range(min(np.int64(_N_TRIED), np.int64(guide.n_near[p]))):
        y = np.int64(near[p, k])
        if stops[y, ROUTE] == ABSENT:
            continue
        arc = np.int64(guide.near_cost[p, k])
        if y != after and arc - stops[p, COST] - stops[y, COST] < best:
            z = np.int64(stops[y, NEXT])
            delta = (arc_cost(problem, row, p, y) + arc_cost(problem, row, after, z)
                     - stops[p, COST] - stops[y, COST])
            if delta < best and z != p and (after < n or z < n) and may_turn(problem, state, p, y):
                best, best_a, best_b = delta, p, y
        q = np.int64(stops[y, PREV])
        if y != before and arc - stops[before, COST] - stops[q, COST] < best:
            delta = (arc_cost(problem, row, p, y) + arc_cost(problem, row, before, q)
                     - stops[before, COST] - stops[q, COST])
            if delta < best and q != p and (before < n or q < n) and may_turn(
                    problem, state, before, q):
                best, best_a, best_b = delta, before, q
    return best_a, best_b


@inlined
def reverse(problem, state, v, a, b):
    """Turn the stretch of ``v`` after stop ``a`` that ends with ``b``."""
    stops, counters = state.stops, state.counters
    z = np.int64(stops[b, NEXT])
    save_stop(state, None, a)
    save_stop(state, None, z)
    counters[TOTAL] -= stops[a, COST]
    here, y = np.int64(a), np.int64(b)
    while y != a:
        following = np.int64(stops[y, PREV])
        save_stop(state, None, y)
        counters[TOTAL] -= stops[y, COST]
        counters[TOTAL] += set_arc(problem, state, v, here, y)
        here, y = y, following
    counters[TOTAL] += set_arc(problem, state, v, here, z)


@inlined
def hand_over(problem, state, y, v, w):
    """Make task ``y`` of vehicle ``w`` count as one of ``v``; nothing is linked yet."""
    vehicles = state.vehicles
    save_stop(state, None, y)
    state.counters[TOTAL] -= state.stops[y, COST]
    state.stops[y, ROUTE] = v
    vehicles[v, COUNT] += 1
    vehicles[w, COUNT] -= 1
    for d in range(vehicles.shape[1] - LEFT):
        vehicles[v, LEFT + d] -= problem.tasks[y, LOAD + d]
        vehicles[w, LEFT + d] += problem.tasks[y, LOAD + d]


@inlined
def cross(problem, state, v, a, w, b):
    """Join what led to ``a`` with what led to ``b``, and what followed them."""
    stops, counters = state.stops, state.counters
    n = np.int64(len(problem.tasks))
    start_w, end_v = n + 2 * w, n + 2 * v + 1
    x, z = np.int64(stops[a, NEXT]), np.int64(stops[b, NEXT])
    save_vehicle(state, None, v)
    save_vehicle(state, None, w)
    save_stop(state, None, a)
    save_stop(state, None, z)
    save_stop(state, None, start_w)
    save_stop(state, None, end_v)
    counters[TOTAL] -= np.int64(stops[a, COST]) + stops[start_w, COST]
    here, y = np.int64(a), np.int64(b)
    while y < n:
        following = np.int64(stops[y, PREV])
        hand_over(problem, state, y, v, w)
        counters[TOTAL] += set_arc(problem, state, v, here, y)
        here, y = y, following
    # The stretch after a still leads to the end of v.
    last = here
    here, y = z, x
    while y < n:
        following = np.int64(stops[y, NEXT])
        hand_over(problem, state, y, w, v)
        counters[TOTAL] += set_arc(problem, state, w, y, here)
        here, y = y, following
    counters[TOTAL] += set_arc(problem, state, w, start_w, here)
    counters[TOTAL] += set_arc(problem, state, v, last, end_v)


@inlined
def turn(problem, state, a, b):
    """Turn at stops ``a`` and ``b``, which must be feasible."""
    stops = state.stops
    v, w = np.int64(stops[a, ROUTE]), np.int64(stops[b, ROUTE])
    if v != w:
        cross(problem, state, v, a, w, b)
        return
    n = len(problem.tasks)
    y = np.int64(stops[a, NEXT])
    while y < n and y != b:
        y = np.int64(stops[y, NEXT])
    if y == b:
        reverse(problem, state, v, a, b)
    else:
        reverse(problem, state, v, b, a)


@part
def try_turn(problem, guide, state):
    """Make the best turn at a random task, if annealing accepts it."""
    counters = state.counters
    p = np.int64(draw_below(state.rng, len(guide.near)))
    if state.stops[p, ROUTE] == ABSENT:
        return
    threshold = -state.heat[TEMPERATURE] * math.log(draw_unit(state.rng))
    limit = np.int64(math.ceil(min(max(threshold, -FAR), FAR)))
    a, b = find_turn(problem, guide, state, p, limit)
    if a >= 0:
        open_journal(state, None)
        turn(problem, state, a, b)
        mark_dirty(state)
        if counters[TOTAL] < counters[BEST_TOTAL]:
            keep_incumbent(state)
