"""Limits and prices of the time on duty in models that have nothing else beyond a plain one.

A route that leaves at t ends at max(E, t + B): E is the earliest end, B all travel and service. So
its least duty is max(B, E - L), where L is the latest it may leave, and the rows tell all of these.
With a task more, E and L follow by going on from its place until the times of a stop stay as they
were. Each task must have a single window. Savelsbergh, The vehicle routing problem with time
windows: minimizing route duration (1992).

``State.duties`` is None in all other models, and then these functions compile to nothing.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined
from solvers.search.kernels.rows import (
    BUSY_TIME,
    COUNT,
    DEPART,
    DUTY_PRICE,
    EARLY,
    LATE,
    LATEST,
    LOCATION,
    MOST_DUTY,
    NEVER,
    NEXT,
    OVER_PRICE,
    PREV,
    REGULAR_DUTY,
    TIME,
    TIME_ROW,
    TOTAL,
)
from solvers.search.kernels.timing import service_of

#: Rise of the price where the limit would be broken.
TOO_LONG = np.int64(NEVER) << 20


@inlined
def price_of(duties, v, duty):
    """Price of so many seconds on duty of vehicle ``v``, with overtime."""
    over = max(np.int64(duty) - duties[v, REGULAR_DUTY], np.int64(0))
    return np.int64(duty) * duties[v, DUTY_PRICE] + over * duties[v, OVER_PRICE]


@inlined
def price_now(problem, state, duties, v):
    """Price of the duty of vehicle ``v`` as it is."""
    if duties is None or state.vehicles[v, COUNT] == 0:
        return np.int64(0)
    stops, start = state.stops, len(problem.tasks) + 2 * v
    first, last = stops[start, NEXT], stops[start + 1, PREV]
    leave = np.int64(stops[first, LATEST]) - stops[start, TIME]
    duty = np.int64(stops[last, DEPART]) + stops[last, TIME] - leave
    return price_of(duties, v, max(duty, np.int64(state.vehicles[v, BUSY_TIME])))


@inlined
def reprice(problem, state, duties, v, before):
    """Note that the route of ``v`` changed; ``before`` is what its duty cost until then."""
    if duties is not None:
        stops = state.stops
        n = len(problem.tasks)
        busy = np.int64(0)
        if state.vehicles[v, COUNT] > 0:
            busy += stops[n + 2 * v, TIME]
            x = np.int64(stops[n + 2 * v, NEXT])
            while x < n:
                busy += service_of(problem, state, x, v) + stops[x, TIME]
                x = np.int64(stops[x, NEXT])
        state.vehicles[v, BUSY_TIME] = busy
        state.counters[TOTAL] += price_now(problem, state, duties, v) - before


@inlined
def duty_along(problem, state, v, p, q):
    """Duty of ``v`` if stop ``q``, and what follows there, came after its stop ``p``.

    The route ends where ``v`` ends. Windows must be kept.
    """
    stops, tasks = state.stops, problem.tasks
    n = len(tasks)
    end = np.int64(n + 2 * v + 1)
    row = np.int64(state.vehicles[v, TIME_ROW])
    x = end - 1
    depart, busy, leave = np.int64(stops[x, DEPART]), np.int64(0), np.int64(NEVER)
    while x != end:
        y = np.int64(q) if x == p else np.int64(stops[x, NEXT])
        y = end if y >= n else y
        time = np.int64(problem.time_to[row + problem.places[x], problem.places[y]])
        busy += time
        depart += time
        if y == end:
            leave = min(leave, stops[end, LATEST] - busy)
        else:
            leave = min(leave, tasks[y, LATE] - busy)
            service = service_of(problem, state, y, v)
            busy += service
            depart = max(depart, np.int64(tasks[y, EARLY])) + service
        x = y
    return max(busy, depart - leave)


@inlined
def keeps_limit(problem, state, duties, v, p, q):
    """Whether the duty of :func:`duty_along` is not too long."""
    if duties is None:
        return True
    return duty_along(problem, state, v, np.int64(p), np.int64(q)) <= duties[v, MOST_DUTY]


@inlined
def rise_with(problem, state, duties, i, p, q, v):
    """By how much task ``i`` between ``p`` and ``q`` raises the price of the duty of ``v``.

    ``TOO_LONG`` if the limit would be broken; windows must be kept.
    """
    if duties is None:
        return np.int64(0)
    stops, tasks = state.stops, problem.tasks
    n = np.uint64(len(tasks))
    v = np.uint64(v)
    row = np.uint64(state.vehicles[v, TIME_ROW] + tasks[i, LOCATION])
    come = np.int64(problem.time_from[row, np.uint64(problem.places[p])])
    go = np.int64(problem.time_to[row, np.uint64(problem.places[q])])
    service = service_of(problem, state, i, v)
    start = n + v + v
    busy = np.int64(state.vehicles[v, BUSY_TIME]) + come + service + go
    if state.vehicles[v, COUNT] > 0:
        busy -= stops[p, TIME]
    if busy > duties[v, MOST_DUTY]:
        return TOO_LONG

    last = np.uint64(stops[start + np.uint64(1), PREV])
    ends = np.int64(stops[last, DEPART]) + stops[last, TIME]
    arrival = max(np.int64(stops[p, DEPART]) + come, np.int64(tasks[i, EARLY])) + service + go
    x = np.uint64(q)
    while x < n:
        depart = max(arrival, np.int64(tasks[x, EARLY])) + service_of(problem, state, x, v)
        if depart == stops[x, DEPART]:
            break
        arrival = depart + stops[x, TIME]
        x = np.uint64(stops[x, NEXT])
    if x >= n:
        ends = arrival

    first = np.uint64(stops[start, NEXT])
    leave = np.int64(stops[first, LATEST]) - stops[start, TIME]
    bound = min(np.int64(tasks[i, LATE]), np.int64(stops[q, LATEST]) - go - service) - come
    x = np.uint64(p)
    while x < n:
        latest = min(bound - service_of(problem, state, x, v), np.int64(tasks[x, LATE]))
        if latest == stops[x, LATEST]:
            break
        x = np.uint64(stops[x, PREV])
        bound = latest - stops[x, TIME]
    if x >= n:
        leave = bound
    duty = max(busy, ends - leave)
    if duty > duties[v, MOST_DUTY]:
        return TOO_LONG
    return price_of(duties, v, duty) - price_now(problem, state, duties, v)


@inlined
def rise_of_exchange(problem, state, duties, p, x, v, q, y, w):
    """By how much an exchange of tails raises the prices of duty, or ``TOO_LONG``.

    Stop ``y`` of ``w`` is to follow ``p`` of ``v``, and ``x`` to follow ``q``.
    """
    if duties is None:
        return np.int64(0)
    n = len(problem.tasks)
    first, second = duty_along(problem, state, v, p, y), np.int64(0)
    if first > duties[v, MOST_DUTY]:
        return TOO_LONG
    if q < n or x < n:
        second = duty_along(problem, state, w, q, x)
        if second > duties[w, MOST_DUTY]:
            return TOO_LONG
    return (
        price_of(duties, v, first) - price_now(problem, state, duties, v)
        + price_of(duties, w, second) - price_now(problem, state, duties, w)
    )
