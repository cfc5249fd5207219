"""Times of linked routes: the least starts that obey routes and links, kept exact by differences.

A task starts after the one before it and no earlier than its window; of a link, each task ``x``
says ``start[mate] >= start[x] + GAP[x]``, with the least gap for the first and minus the greatest
for the second. The two are solved together: with ``r`` what the routes allow, the starts are
``max(r, r_mate + GAP[mate])`` and the mirror of it. Without that two that start together would hold
each other up when times fall.

A change is made in two halves. First whatever goes is taken out, and times fall (:func:`fall`);
then it is put in elsewhere, and times rise (:func:`rise`). Taking out raises nothing: the model
has no way where leaving out a visit costs time.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.link_rows import (
    ARC_COST,
    ARCS,
    CAP,
    CAP_MORE,
    CLOCK,
    EARLY,
    GAP,
    LATE,
    LATENESS,
    LATENESS_COST,
    MATE,
    N_QUEUE,
    N_RETIMED,
    N_SAVED,
    NEVER,
    NEXT,
    PLACE,
    PREV,
    PRICE,
    PRICE_WORST,
    ROUTE,
    SEEN_CLOCK,
    SERVICE,
    STAMP,
    START,
    STOP_WIDTH,
)

#: No cost reaches this.
NO_BOUND = 1 << 60


@inlined
def save(plan, x):
    """Copy the row of a stop to the journal at its first change."""
    stops, counters = plan.stops, plan.counters
    if stops[x, STAMP] != counters[CLOCK]:
        k = counters[N_SAVED]
        for column in range(STOP_WIDTH):
            plan.saved[k, column] = stops[x, column]
        plan.saved[k, STOP_WIDTH] = x
        stops[x, STAMP] = counters[CLOCK]
        counters[N_SAVED] = k + 1


@inlined
def undo_changes(plan):
    """Put back all rows of the journal."""
    stops, saved = plan.stops, plan.saved
    for k in range(plan.counters[N_SAVED]):
        x = np.int64(saved[k, STOP_WIDTH])
        for column in range(STOP_WIDTH):
            stops[x, column] = saved[k, column]


@inlined
def push(plan, x):
    """Put a stop on the queue, with its present start."""
    plan.queue[plan.counters[N_QUEUE], 0] = x
    plan.queue[plan.counters[N_QUEUE], 1] = plan.stops[x, START]
    plan.counters[N_QUEUE] += 1


@inlined
def leg(nodes, p, q):
    """Seconds from the start at ``p`` until ``q`` can start."""
    return nodes.nodes[p, SERVICE] + nodes.time[nodes.nodes[p, PLACE], nodes.nodes[q, PLACE]]


@inlined
def arc(nodes, p, q):
    """Cost of the way."""
    return np.int64(nodes.cost[nodes.nodes[p, PLACE], nodes.nodes[q, PLACE]])


@inlined
def ready(nodes, plan, x):
    """Earliest start that window and route allow."""
    p = np.int64(plan.stops[x, PREV])
    return max(np.int64(nodes.nodes[x, EARLY]), plan.stops[p, START] + leg(nodes, p, x))


@inlined
def set_start(nodes, plan, x, start):
    """Set the start of a task; returns its lateness."""
    save(plan, x)
    late = max(start - nodes.nodes[x, LATE], 0)
    price = nodes.nodes[x, PRICE]
    plan.counters[LATENESS_COST] += price * (late - plan.stops[x, LATENESS])
    plan.stops[x, START] = start
    plan.stops[x, LATENESS] = late
    return late


@inlined
def is_tight(nodes, plan, p, q):
    """Whether ``q`` could start earlier if ``p`` did, as far as the two know."""
    return plan.stops[q, START] == plan.stops[p, START] + leg(nodes, p, q)


@inlined
def unlink(nodes, plan, x):
    """Take a task off its route; what may fall now is put on the queue."""
    stops, counters = plan.stops, plan.counters
    n = len(nodes.near)
    p, q, m = np.int64(stops[x, PREV]), np.int64(stops[x, NEXT]), np.int64(nodes.nodes[x, MATE])
    if q < n and is_tight(nodes, plan, x, q):
        push(plan, q)
    if m >= 0 and stops[m, ROUTE] >= 0 and (
        stops[m, START] == stops[x, START] + nodes.nodes[x, GAP]
    ):
        push(plan, m)
    save(plan, p)
    save(plan, q)
    save(plan, x)
    direct = arc(nodes, p, q)
    counters[ARCS] += direct - stops[p, ARC_COST] - stops[x, ARC_COST]
    counters[LATENESS_COST] -= np.int64(nodes.nodes[x, PRICE]) * stops[x, LATENESS]
    stops[p, NEXT], stops[p, ARC_COST] = q, direct
    stops[q, PREV] = p
    stops[x, ROUTE] = -1
    stops[x, LATENESS] = 0


@inlined
def link(nodes, plan, x, p):
    """Put a task on the route after stop ``p``, and on the queue."""
    stops = plan.stops
    q = np.int64(stops[p, NEXT])
    save(plan, p)
    save(plan, q)
    save(plan, x)
    there, on = arc(nodes, p, x), arc(nodes, x, q)
    plan.counters[ARCS] += there + on - stops[p, ARC_COST]
    stops[p, ARC_COST], stops[x, ARC_COST] = there, on
    stops[p, NEXT] = stops[q, PREV] = x
    stops[x, PREV], stops[x, NEXT], stops[x, ROUTE] = p, q, stops[p, ROUTE]
    stops[x, START] = NEVER
    push(plan, x)


@part
def is_circle(nodes, plan, x):
    """Whether a task and its mate, through tasks without slack, lead back to themselves."""
    stops, queue, counters = plan.stops, plan.queue, plan.counters
    n = len(nodes.near)
    m = np.int64(nodes.nodes[x, MATE])
    counters[SEEN_CLOCK] += 1
    queue[0, 0], queue[1, 0] = x, m
    size = 2
    while size > 0:
        size -= 1
        z = np.int64(queue[size, 0])
        for side in range(2):
            if side == 0:
                y = np.int64(stops[z, NEXT])
                if y >= n or not is_tight(nodes, plan, z, y):
                    continue
                if y in (x, m):
                    return True
            else:
                y = np.int64(nodes.nodes[z, MATE])
                if y < 0 or stops[y, ROUTE] < 0 or (
                    stops[y, START] != stops[z, START] + nodes.nodes[z, GAP]
                ):
                    continue
            if plan.seen[y] != counters[SEEN_CLOCK] and y != x and y != m:
                plan.seen[y] = counters[SEEN_CLOCK]
                queue[size, 0] = y
                size += 1
    return False


@inlined
def fall(nodes, plan):
    """Let the tasks on the queue start earlier, and all that follows from it.

    Returns
    -------
    is_exact : False if visits hold each other up in a circle, so that all has to be timed anew.

    Notes
    -----
    Starts only fall to what the constraints allow, so that they end at a solution; at the least one
    unless a circle of constraints without slack supports itself. Such a circle is found where a
    start that has lost a support does not fall, since its mate still supports it: a tie, and rarely
    a circle. Circles with little slack are slow; the cap ends that.
    """
    stops, queue, rows = plan.stops, plan.queue, nodes.nodes
    n = len(nodes.near)
    steps = CAP * n + CAP_MORE
    n_ties = 0
    while plan.counters[N_QUEUE] > 0:
        plan.counters[N_QUEUE] -= 1
        x = np.int64(queue[plan.counters[N_QUEUE], 0])
        # Whether it has lost a support that it had, and has not been looked at since.
        is_new = queue[plan.counters[N_QUEUE], 1] == stops[x, START]
        while x < n and stops[x, ROUTE] >= 0:
            steps -= 1
            if steps < 0:
                plan.counters[N_QUEUE] = 0
                return False
            new = ready(nodes, plan, x)
            m = np.int64(rows[x, MATE])
            if m >= 0 and stops[m, ROUTE] >= 0:
                other = ready(nodes, plan, m)
                old = np.int64(stops[m, START])
                falls = max(other, new + rows[x, GAP])
                if falls < old:
                    y = np.int64(stops[m, NEXT])
                    if y < n and is_tight(nodes, plan, m, y):
                        push(plan, y)
                    set_start(nodes, plan, m, falls)
                    if y == x:  # it stands behind its mate: what was ready is out of date
                        continue
                new = max(new, other + rows[m, GAP])
                if is_new and other > rows[m, EARLY] and (
                    new >= stops[x, START]
                    or (falls >= old and old == stops[x, START] + rows[x, GAP])
                ):
                    if n_ties == len(plan.ties):
                        plan.counters[N_QUEUE] = 0
                        return False
                    plan.ties[n_ties] = x
                    n_ties += 1
            if new >= stops[x, START]:
                break
            y = np.int64(stops[x, NEXT])
            follows = is_tight(nodes, plan, x, y)
            set_start(nodes, plan, x, new)
            if not follows:
                break
            x = y
            is_new = True
    for k in range(n_ties):
        x = np.int64(plan.ties[k])
        if stops[nodes.nodes[x, MATE], ROUTE] >= 0 and is_circle(nodes, plan, x):
            return False
    return True


@inlined
def rise(nodes, plan, worst, bound):
    """Let the tasks on the queue start as late as they must, and all that follows from it.

    Parameters
    ----------
    worst : greatest lateness so far.
    bound : of the whole cost. As starts only rise, it is never passed back.

    Returns
    -------
    worst : greatest lateness now; -1 if the cost reaches the bound or visits wait in a circle.
    """
    stops, queue, rows, counters = plan.stops, plan.queue, nodes.nodes, plan.counters
    n = len(nodes.near)
    steps = CAP * n + CAP_MORE
    while counters[N_QUEUE] > 0:
        counters[N_QUEUE] -= 1
        x = np.int64(queue[counters[N_QUEUE], 0])
        while x < n:
            new = ready(nodes, plan, x)
            m = np.int64(rows[x, MATE])
            if m >= 0 and stops[m, ROUTE] >= 0:
                other = ready(nodes, plan, m)
                rises = max(other, new + rows[x, GAP])
                if rises > stops[m, START]:
                    worst = max(worst, np.int64(set_start(nodes, plan, m, rises)))
                    steps -= 1
                    push(plan, np.int64(stops[m, NEXT]))
                new = max(new, other + rows[m, GAP])
            if new <= stops[x, START]:
                break
            worst = max(worst, np.int64(set_start(nodes, plan, x, new)))
            steps -= 1
            x = np.int64(stops[x, NEXT])
            cost = counters[ARCS] + counters[LATENESS_COST] + counters[PRICE_WORST] * worst
            if cost >= bound or steps < 0:
                counters[N_QUEUE] = 0
                return np.int64(-1)
        if steps < 0:
            counters[N_QUEUE] = 0
            return np.int64(-1)
    return worst


@part
def time_anew(nodes, plan):
    """Time all routes from nothing; returns the greatest lateness, or -1 for a circle."""
    stops, counters = plan.stops, plan.counters
    n = len(nodes.near)
    counters[N_RETIMED] += 1
    counters[N_QUEUE] = 0
    for x in range(n):
        if stops[x, ROUTE] >= 0:
            save(plan, x)
            stops[x, START] = NEVER
            stops[x, LATENESS] = 0
    counters[LATENESS_COST] = 0
    worst = np.int64(0)
    for x in range(n):
        if stops[x, ROUTE] >= 0 and stops[x, PREV] >= n:
            push(plan, x)
            worst = rise(nodes, plan, worst, NO_BOUND)
            if worst < 0:
                break
    return worst
