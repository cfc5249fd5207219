"""Annealing with small moves over linked routes; each is made, timed exactly, and undone or kept.

A move takes a few visits out, or cuts two tails off, and puts them elsewhere. The cost that would
still be accepted is drawn first; once visits are out, costs only rise: most moves end early.
"""

from __future__ import annotations

import math

import numpy as np

from solvers.search.kernels.jit import inlined, kernel
from solvers.search.kernels.link_rows import (
    ARC_COST,
    ARCS,
    BEST_ITERATION,
    BEST_TOTAL,
    CLOCK,
    COOLING,
    EARLY,
    FLOOR,
    GAP,
    ITERATIONS,
    LATE,
    LATENESS,
    LATENESS_COST,
    MATE,
    N_ACCEPTED,
    N_QUEUE,
    N_SAVED,
    N_TOP,
    NEXT,
    NODE_WIDTH,
    OTHER,
    PLACE,
    PREV,
    PRICE,
    PRICE_WORST,
    ROUTE,
    SERVICE,
    STALL,
    STAMP,
    START,
    STOP_WIDTH,
    TEMPERATURE,
    TOP,
    TOTAL,
    TYPE,
    WORST,
)
from solvers.search.kernels.link_timing import (
    NO_BOUND,
    arc,
    fall,
    is_tight,
    leg,
    link,
    push,
    ready,
    rise,
    save,
    time_anew,
    undo_changes,
    unlink,
)
from solvers.search.kernels.rng import draw, draw_below, draw_unit

#: Why :func:`anneal_links` came back.
DONE, STALLED = range(2)
#: Of 128 moves, up to which number: one visit, a client's both, two neighbours, a string, tails.
_ONE, _BOTH, _TWO, _STRING, _TAILS = 60, 92, 116, 124, 128
#: Price of pushing those behind later, as a share of what lateness costs.
_PUSH = 0.2
#: One search for a gap in so many is blind to half of the gaps. The best gap alone is not enough
#: where a single worker is able: other orders of an overfull day would never be tried.
_BLIND = 8
#: Routes in which the best gap is looked for.
_TRIES = 2


@inlined
def may_serve(nodes, plan, x, v):
    """Whether a vehicle may serve a task, also beside its mate where that is on a route."""
    rows = nodes.nodes
    if nodes.able[rows[x, TYPE], v] == 0:
        return False
    m = np.int64(rows[x, MATE])
    if m < 0 or rows[x, OTHER] == 0:
        return True
    w = np.int64(plan.stops[m, ROUTE])
    return w < 0 or nodes.worker[w] != nodes.worker[v]


@inlined
def find_gap(nodes, plan, x, v, worst, bound, avoid, least):
    """Find the stop after which a task costs least, by what it and the next visit would.

    Parameters
    ----------
    worst : greatest lateness of the plan without the task.
    bound : of the whole cost.
    avoid : a stop that is no answer, or -1.
    least : what the answer has to cost less than.

    Returns
    -------
    stop : -1 if every one costs too much.
    cost : of the answer, a guess; else ``least``.
    """
    stops, rows, counters = plan.stops, nodes.nodes, plan.counters
    n = len(nodes.near)
    found = np.int64(-1)
    early = np.int64(rows[x, EARLY])
    m = np.int64(rows[x, MATE])
    is_tied = m >= 0 and stops[m, ROUTE] >= 0
    if is_tied:
        early = max(early, ready(nodes, plan, m) + rows[m, GAP])
    base = counters[ARCS] + counters[LATENESS_COST] - bound
    most = -base - counters[PRICE_WORST] * worst
    here, price = np.int64(rows[x, PLACE]), np.int64(rows[x, PRICE])
    q = n + 2 * v
    at = np.int64(rows[q, PLACE])
    blind = np.uint64(0)
    if draw_below(plan.rng, _BLIND) == 0:
        blind = draw(plan.rng)
    while True:
        p, before = q, at
        blind = blind >> np.uint64(1) | (blind & np.uint64(1)) << np.uint64(63)
        q = np.int64(stops[p, NEXT])
        at = np.int64(rows[q, PLACE])
        cost = (
            np.int64(nodes.cost_to[here, before]) + nodes.cost[here, at] - stops[p, ARC_COST]
        )
        if cost < most and p != avoid and not blind >> np.uint64(63):
            start = max(
                early, stops[p, START] + rows[p, SERVICE] + nodes.time_to[here, before]
            )
            late = max(start - rows[x, LATE], np.int64(0))
            cost += price * late
            now = max(worst, late)
            if is_tied:
                pushed = start + rows[x, GAP]
                if pushed > stops[m, START]:
                    more = max(pushed - rows[m, LATE], 0) - stops[m, LATENESS]
                    cost += rows[m, PRICE] * more
                    now = max(now, stops[m, LATENESS] + more)
            guess = np.int64(0)
            if q < n:
                pushed = start + rows[x, SERVICE] + nodes.time[here, at]
                delay = pushed - stops[q, START]
                if delay > 0:
                    more = max(pushed - rows[q, LATE], 0) - stops[q, LATENESS]
                    cost += rows[q, PRICE] * more
                    now = max(now, stops[q, LATENESS] + more)
                    guess = np.int64(_PUSH * delay)
            cost += counters[PRICE_WORST] * now
            if base + cost < 0 and cost + guess < least:
                found, least = p, cost + guess
        if q >= n:
            return found, least


@inlined
def worst_left(plan, n):
    """Greatest lateness, after starts in the journal have fallen and visits were taken out."""
    stops, saved, counters, top = plan.stops, plan.saved, plan.counters, plan.top
    if counters[PRICE_WORST] == 0 or (counters[N_TOP] == 0 and counters[FLOOR] == 0):
        return np.int64(0)
    worst = np.int64(-1)
    for k in range(counters[N_TOP]):
        x = np.int64(top[k])
        if stops[x, STAMP] != counters[CLOCK]:
            worst = np.int64(stops[x, LATENESS])
            break
    if worst < 0:
        worst = np.int64(0)
        if counters[FLOOR] > 0:
            for y in range(n):
                worst = max(worst, np.int64(stops[y, LATENESS]))
            return worst
    for k in range(counters[N_SAVED]):
        worst = max(worst, np.int64(stops[saved[k, STOP_WIDTH], LATENESS]))
    return worst


@inlined
def put_on_top(plan, x):
    """Put a task among the latest ones, if it is one."""
    stops, counters, top = plan.stops, plan.counters, plan.top
    late = stops[x, LATENESS]
    if late <= counters[FLOOR]:
        return
    k = counters[N_TOP]
    while k > 0 and stops[top[k - 1], LATENESS] < late:
        top[k] = top[k - 1]
        k -= 1
    top[k] = x
    if counters[N_TOP] == TOP:
        counters[FLOOR] = stops[top[TOP], LATENESS]
    else:
        counters[N_TOP] += 1


@inlined
def renew_top(plan, n):
    """Bring the list of the latest up to date with what the journal tells has changed."""
    stops, saved, counters, top = plan.stops, plan.saved, plan.counters, plan.top
    kept = 0
    for k in range(counters[N_TOP]):
        if stops[top[k], STAMP] != counters[CLOCK]:
            top[kept] = top[k]
            kept += 1
    counters[N_TOP] = kept
    for k in range(counters[N_SAVED]):
        x = np.int64(saved[k, STOP_WIDTH])
        if x < n:
            put_on_top(plan, x)
    if counters[N_TOP] < 2 and counters[FLOOR] > 0:
        counters[N_TOP] = counters[FLOOR] = 0
        for y in range(n):
            put_on_top(plan, np.int64(y))


@inlined
def may_drive(nodes, plan, x, y, v, w):
    """Whether vehicle ``w`` may serve ``x`` and all behind it, of ``v``, if that gets ``y`` on."""
    rows, stops = nodes.nodes, plan.stops
    n = len(nodes.near)
    while x < n:
        if nodes.able[rows[x, TYPE], w] == 0:
            return False
        m = np.int64(rows[x, MATE])
        if m >= 0 and rows[x, OTHER] != 0:
            u = np.int64(stops[m, ROUTE])
            if u == w:
                z = y
                while z < n and z != m:
                    z = np.int64(stops[z, NEXT])
                if z != m:
                    return False
                u = v
            if nodes.worker[u] == nodes.worker[w]:
                return False
        x = np.int64(stops[x, NEXT])
    return True


@inlined
def cut_tails(nodes, plan, x, y):
    """Cut off what follows ``x`` and what ``y`` begins, on two routes, if they can be exchanged.

    Returns
    -------
    is_cut : nothing has changed otherwise.
    """
    stops = plan.stops
    n = len(nodes.near)
    v, w = np.int64(stops[x, ROUTE]), np.int64(stops[y, ROUTE])
    q, p = np.int64(stops[x, NEXT]), np.int64(stops[y, PREV])
    if v == w or not may_drive(nodes, plan, q, y, v, w) or not may_drive(nodes, plan, y, q, w, v):
        return False
    for side in range(2):
        a, b = (x, q) if side == 0 else (p, y)
        save(plan, a)
        save(plan, b)
        plan.counters[ARCS] -= stops[a, ARC_COST]
        if b < n:
            if is_tight(nodes, plan, a, b):
                push(plan, b)
            stops[b, PREV] = n + 2 * len(nodes.worker)
    return True


@inlined
def join_tails(nodes, plan, x, q, p, y):
    """Let ``y`` with its tail follow ``x``, and ``q`` with its tail ``p``."""
    stops, counters = plan.stops, plan.counters
    n = len(nodes.near)
    for side in range(2):
        last, z = (x, y) if side == 0 else (p, q)
        v = np.int64(stops[last, ROUTE])
        if z < n:
            stops[last, NEXT], stops[z, PREV] = z, last
            stops[last, ARC_COST] = arc(nodes, last, z)
            counters[ARCS] += stops[last, ARC_COST]
            push(plan, z)
            while z < n:
                save(plan, z)
                stops[z, ROUTE] = v
                last = z
                z = np.int64(stops[z, NEXT])
            counters[ARCS] -= stops[last, ARC_COST]
        z = n + 2 * v + 1
        save(plan, z)
        stops[last, NEXT], stops[z, PREV] = z, last
        stops[last, ARC_COST] = arc(nodes, last, z)
        counters[ARCS] += stops[last, ARC_COST]


@inlined
def draw_route(nodes, plan, x):
    """Draw a vehicle for a task: that of a neighbour or any that is able; -1 if it may not."""
    v = np.int64(-1)
    if draw(plan.rng) & np.uint64(1 << 40):
        y = np.int64(nodes.near[x, draw_below(plan.rng, nodes.near.shape[1])])
        if y >= 0:
            v = np.int64(plan.stops[y, ROUTE])
    if v < 0:
        kind = nodes.nodes[x, TYPE]
        first = np.int64(nodes.able_ptr[kind])
        v = np.int64(nodes.able_vehicle[
            first + draw_below(plan.rng, nodes.able_ptr[kind + 1] - first)
        ])
    return v if may_serve(nodes, plan, x, v) else np.int64(-1)


@inlined
def choose(nodes, plan, x):
    """List the tasks that a move around ``x`` takes out; returns how many, and the kind of move."""
    stops, work = plan.stops, plan.work
    n = len(nodes.near)
    kind = draw_below(plan.rng, 128)
    work[0] = x
    if kind < _ONE:
        return 1, kind
    if kind < _BOTH:
        work[1] = nodes.nodes[x, MATE]
        return (2 if work[1] >= 0 else 1), kind
    if kind >= _STRING or kind < _TWO:
        work[1] = nodes.near[x, draw_below(plan.rng, nodes.near.shape[1])]
        if kind >= _STRING:
            return (0 if work[1] >= 0 else 1), kind
        return (2 if work[1] >= 0 else 1), kind
    length = 2 + draw_below(plan.rng, 2)
    size = 1
    while size < length and stops[work[size - 1], NEXT] < n:
        work[size] = stops[work[size - 1], NEXT]
        size += 1
    return size, kind


@kernel
def anneal_links(nodes, plan, n_iterations):
    """Run iterations of simulated annealing, each a move; all tasks are on routes.

    Parameters
    ----------
    nodes, plan : see ``link_rows``; the plan is overwritten.
    n_iterations : how many at most.

    Returns
    -------
    status : ``DONE`` or ``STALLED``.
    """
    stops, counters, heat, work = plan.stops, plan.counters, plan.heat, plan.work
    n = len(nodes.near)
    # Always true. It tells the compiler how long the rows are: shifts instead of multiplications.
    if not (stops.shape[1] == STOP_WIDTH and plan.saved.shape[1] == STOP_WIDTH + 1
            and nodes.nodes.shape[1] == NODE_WIDTH):
        return DONE
    for _ in range(n_iterations):
        counters[CLOCK] += 1
        counters[ITERATIONS] += 1
        counters[N_SAVED] = 0
        threshold = -heat[TEMPERATURE] * math.log(draw_unit(plan.rng))
        heat[TEMPERATURE] *= heat[COOLING]
        arcs, lateness = counters[ARCS], counters[LATENESS_COST]
        bound = counters[TOTAL] + np.int64(math.ceil(min(threshold, 1e15)))
        size, kind = choose(nodes, plan, draw_below(plan.rng, n))
        x = work[0]
        v, w, avoid = np.int64(-1), np.int64(-1), np.int64(-1)
        y, p, q = np.int64(-1), np.int64(-1), np.int64(-1)
        is_possible = True
        if size == 0:
            y = work[1]
            q, p = np.int64(stops[x, NEXT]), np.int64(stops[y, PREV])
            is_possible = cut_tails(nodes, plan, x, y)
        else:
            if size == 1:
                avoid = np.int64(stops[x, PREV])
            elif _BOTH <= kind < _TWO and kind & 1:
                v, w = np.int64(stops[work[1], ROUTE]), np.int64(stops[x, ROUTE])
            for k in range(size):
                unlink(nodes, plan, work[k])
        if is_possible:
            worst = worst_left(plan, n) if fall(nodes, plan) else time_anew(nodes, plan)
            is_possible = worst >= 0  # or else timing took too long
            for k in range(max(size, 1) if is_possible else 0):
                if size == 0:
                    join_tails(nodes, plan, x, q, p, y)
                else:
                    x = work[k]
                    if k > 0 and _TWO <= kind < _STRING and may_serve(
                        nodes, plan, x, np.int64(stops[work[k - 1], ROUTE])
                    ):
                        p = work[k - 1]
                    else:
                        p, least = np.int64(-1), np.int64(NO_BOUND)
                        for _ in range(_TRIES if w < 0 else 1):
                            if w < 0:
                                route = draw_route(nodes, plan, x)
                            else:
                                route = v if k == 0 else w
                                if not may_serve(nodes, plan, x, route):
                                    route = np.int64(-1)
                            if route >= 0:
                                gap, least = find_gap(
                                    nodes, plan, x, route, worst, bound, avoid, least
                                )
                                p = gap if gap >= 0 else p
                    if p < 0:
                        is_possible = False
                        break
                    link(nodes, plan, x, p)
                worst = rise(nodes, plan, worst, bound)
                if worst < 0:
                    is_possible = False
                    break
            if is_possible:
                total = counters[ARCS] + counters[LATENESS_COST] + counters[PRICE_WORST] * worst
                is_possible = total < bound
        if is_possible:
            counters[TOTAL], counters[WORST] = total, worst
            counters[N_ACCEPTED] += 1
            if counters[PRICE_WORST] > 0:
                renew_top(plan, n)
            if total < counters[BEST_TOTAL]:
                counters[BEST_TOTAL] = total
                counters[BEST_ITERATION] = counters[ITERATIONS]
                for z in range(len(stops)):
                    plan.best[z] = stops[z, NEXT]
        else:
            undo_changes(plan)
            counters[ARCS], counters[LATENESS_COST] = arcs, lateness
            counters[N_QUEUE] = 0
        if 0 < counters[STALL] <= counters[ITERATIONS] - counters[BEST_ITERATION]:
            return STALLED
    return DONE


@kernel
def start_links(nodes, plan, order):
    """Time the routes in ``plan``, and put the absent tasks at the ends of routes, in an order.

    Parameters
    ----------
    order : task indexes, those of a link next to each other and both absent or both on routes.

    Returns
    -------
    is_started : False if visits on the routes wait for each other in a circle.
    """
    stops, counters = plan.stops, plan.counters
    n = len(nodes.near)
    counters[CLOCK] += 1
    counters[N_SAVED] = 0
    worst = time_anew(nodes, plan)
    if worst < 0:
        return False
    for x in order:
        found, least = np.int64(-1), np.int64(NO_BOUND)
        m = np.int64(nodes.nodes[x, MATE])
        beside = np.int64(plan.stops[m, ROUTE]) if m >= 0 else np.int64(-1)
        for v in range(len(nodes.worker)):
            # Two workers cannot wait for each other in a circle at the ends of their routes.
            is_free = beside < 0 or nodes.worker[beside] != nodes.worker[v]
            if is_free and may_serve(nodes, plan, np.int64(x), v):
                p = np.int64(stops[n + 2 * v + 1, PREV])
                start = max(nodes.nodes[x, EARLY], stops[p, START] + leg(nodes, p, x))
                cost = start - nodes.nodes[x, EARLY] + nodes.time[
                    nodes.nodes[p, PLACE], nodes.nodes[x, PLACE]
                ]
                if cost < least:
                    found, least = p, cost
        link(nodes, plan, np.int64(x), found)
        worst = rise(nodes, plan, worst, NO_BOUND)
    counters[WORST] = worst
    counters[TOTAL] = counters[ARCS] + counters[LATENESS_COST] + counters[PRICE_WORST] * worst
    counters[N_TOP] = counters[FLOOR] = 0
    for x in range(n):
        put_on_top(plan, np.int64(x))
    return True
