"""Whole routes change vehicles: to an unused one of another class, or two vehicles swap theirs.

Ruin and recreate takes some tasks out of a route, not all of a long one, so that a route hardly
ever gets another depot, shift or price; an exchange of tails leaves the first tasks where they are.
Only between vehicles for which the arcs within a route cost and take the same.
"""

from __future__ import annotations

import math

import numpy as np

from solvers.search.kernels.duty import TOO_LONG, duty_along, price_now, price_of
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
    EMPTY_LIST,
    FROM,
    MAY_OPEN,
    MOST_DUTY,
    N_EMPTY,
    NEXT,
    PREV,
    ROUTE,
    TEMPERATURE,
    TOTAL,
)
from solvers.search.kernels.tails import (
    FAR,
    alike,
    arc_cost,
    swap_tails,
    tail_fits,
    tail_suits,
)


@inlined
def other_owner(guide, state, i):
    """Draw a vehicle of another class than that of task ``i``, unused or nearby; -1 if none came.

    Nothing is lost by that but one of many tries.
    """
    stops, vehicles = state.stops, state.vehicles
    own = np.int64(vehicles[np.int64(stops[i, ROUTE]), CLASS])
    if state.counters[MAY_OPEN] == 1 and draw_below(state.rng, 2) == 0:
        c = draw_below(state.rng, len(state.classes))
        if c == own or state.classes[c, N_EMPTY] == 0:
            return np.int64(-1)
        return np.int64(state.vehicle_marks[
            state.classes[c, FROM] + state.classes[c, N_EMPTY] - 1, EMPTY_LIST])
    if guide.n_near[i] == 0:
        return np.int64(-1)
    w = np.int64(stops[guide.near[i, draw_below(state.rng, np.int64(guide.n_near[i]))], ROUTE])
    if w == ABSENT or vehicles[w, CLASS] == own:
        return np.int64(-1)
    return w


@inlined
def cost_with_ends(problem, state, v, w):
    """Return what the route of ``v`` costs more on vehicle ``w``; 0 if it is empty.

    Duty is left out.
    """
    stops = state.stops
    if state.vehicles[v, COUNT] == 0:
        return np.int64(0)
    n = len(problem.tasks)
    start_v, start_w = n + 2 * v, n + 2 * w
    row = np.int64(state.vehicles[v, COST_ROW])
    return (
        arc_cost(problem, row, start_w, np.int64(stops[start_v, NEXT]))
        + arc_cost(problem, row, np.int64(stops[start_v + 1, PREV]), start_w + 1)
        - stops[start_v, COST] - stops[start_v + 1, COST_IN] + problem.fixed[w] - problem.fixed[v]
    )


@inlined
def rise_of_swap(problem, state, duties, v, w):
    """By how much swapping the routes of ``v`` and ``w`` raises prices of duty, or ``TOO_LONG``."""
    if duties is None:
        return np.int64(0)
    rise = np.int64(0)
    for mine, theirs in ((v, w), (w, v)):
        rise -= price_now(problem, state, duties, mine)
        if state.vehicles[theirs, COUNT] > 0:
            start = np.int64(len(problem.tasks) + 2 * mine)
            first = np.int64(state.stops[len(problem.tasks) + 2 * theirs, NEXT])
            duty = duty_along(problem, state, mine, start, first)
            if duty > duties[mine, MOST_DUTY]:
                return TOO_LONG
            rise += price_of(duties, mine, duty)
    return rise


@inlined
def may_swap(problem, state, v, w):
    """Whether vehicles ``v`` and ``w`` may have each other's route: windows, loads and skills."""
    stops = state.stops
    n = len(problem.tasks)
    x, y = np.int64(stops[n + 2 * v, NEXT]), np.int64(stops[n + 2 * w, NEXT])
    return (
        (x >= n or tail_fits(problem, state, n + 2 * w, x, n + 2 * v + 1, w, n + 2 * w + 1))
        and (y >= n or tail_fits(problem, state, n + 2 * v, y, n + 2 * w + 1, v, n + 2 * v + 1))
        and tail_suits(problem, state, x, y, w, v)
        and tail_suits(problem, state, y, x, v, w)
    )


@part
def exchange_routes(problem, guide, state):
    """Swap the route of a random task with another class's vehicle, if annealing accepts it."""
    counters = state.counters
    i = np.int64(draw_below(state.rng, len(guide.near)))
    v = np.int64(state.stops[i, ROUTE])
    if v == ABSENT:
        return
    w = other_owner(guide, state, i)
    if w < 0 or not alike(state, v, w):
        return
    threshold = -state.heat[TEMPERATURE] * math.log(draw_unit(state.rng))
    limit = np.int64(math.ceil(min(max(threshold, -FAR), FAR)))
    delta = cost_with_ends(problem, state, v, w) + cost_with_ends(problem, state, w, v)
    if delta >= limit or not may_swap(problem, state, v, w):
        return
    rise = rise_of_swap(problem, state, state.duties, v, w)
    if rise == TOO_LONG or delta + rise >= limit:
        return
    n = len(problem.tasks)
    open_journal(state, None)
    swap_tails(problem, state, n + 2 * v, v, np.int64(state.stops[n + 2 * w, NEXT]), w)
    mark_dirty(state)
    if counters[TOTAL] < counters[BEST_TOTAL]:
        keep_incumbent(state)
