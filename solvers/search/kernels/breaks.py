"""Timing routes with breaks or trips, alone and in rounds with the routes they are linked to.

The rules are those of ``solvers.model``: a route timed alone ends as early as it can, and among
the ways to place its breaks the first break comes as late as that allows, then the second. Routes
that links tie together are timed in rounds from nothing, since places of breaks may change. What
holds back the leaving of a trip is known from its tasks, or raised from round to round.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined
from solvers.search.kernels.journal import save_stop, save_vehicle
from solvers.search.kernels.rich_rows import (
    ARRIVAL,
    BOUND,
    BREAK_EARLY,
    BREAK_LATE,
    BREAK_LENGTH,
    BREAK_SIDE,
    BREAK_STOP,
    CHOICE_READY,
    COMPONENT,
    EARLY_LEAVE,
    EDGE_FROM,
    END,
    FIRST_BREAK,
    FRESHNESS,
    HAS_TRIPS,
    HEADS,
    IN_COMPONENT,
    LONGEST_TRIP,
    N_BREAKS,
    N_EDGES,
    N_HEADS,
    N_TASKS,
    OPTION,
    OTHER,
    RELEASED,
    START,
    TO_TIME,
)
from solvers.search.kernels.rows import (
    ABSENT,
    COUNT,
    DEPART,
    LATEST,
    NEVER,
    NEXT,
    PREV,
    ROUTE,
    TIME,
)
from solvers.search.kernels.starts import forget_heads, move_start, out_of
from solvers.search.kernels.timing import earliest_start, latest_start, service_of

#: Where a break is taken: before the leg from a stop (at the start: before leaving), on arrival at
#: a stop and before its service, or after the route's end.
BEFORE_LEG, ON_ARRIVAL, AFTER_END = range(3)
#: Rounds after which linked routes are given up.
_MOST_ROUNDS = 400


@inlined
def after_break(rich, b, clock):
    """End of break ``b`` for somebody free from ``clock`` on; ``NEVER`` if it is too late."""
    start = max(clock, np.int64(rich.breaks[b, BREAK_EARLY]))
    if start > rich.breaks[b, BREAK_LATE]:
        return np.int64(NEVER)
    return start + rich.breaks[b, BREAK_LENGTH]


@inlined
def before_break(rich, b, bound):
    """Latest time to be free for break ``b`` so that it ends by ``bound``; ``-NEVER`` if none."""
    start = min(bound - rich.breaks[b, BREAK_LENGTH], np.int64(rich.breaks[b, BREAK_LATE]))
    if start < rich.breaks[b, BREAK_EARLY]:
        return np.int64(-NEVER)
    return start


@inlined
def start_from(problem, rich, x, arrival):
    """Earliest start of task ``x`` at or after ``arrival`` and its bound; loading has none."""
    if x >= rich.counters[N_TASKS]:
        return max(arrival, np.int64(0))
    return earliest_start(problem, x, max(arrival, np.int64(rich.marks[x, BOUND])))


@inlined
def leave_from(rich, x, clock):
    """When a trip leaves its head ``x`` if ready by ``clock``; that if ``x`` is none."""
    if x >= rich.counters[N_TASKS]:
        return max(clock, np.int64(rich.marks[x, BOUND]))
    return clock


@inlined
def earliest_end(problem, state, rich, v):
    """Earliest end of the route of ``v``, and so over all places for its breaks; or ``NEVER``."""
    stops, ready = state.stops, rich.labels
    n = len(problem.tasks)
    first, n_breaks = np.int64(rich.shifts[v, FIRST_BREAK]), np.int64(rich.shifts[v, N_BREAKS])
    x = np.int64(n + 2 * v)
    # ready[k]: earliest time to set off on the next leg with k breaks taken.
    ready[0] = rich.marks[x, BOUND]
    clock = np.int64(-NEVER)
    for k in range(n_breaks):
        if clock < NEVER:
            clock = after_break(rich, first + k, clock)
        ready[k + 1] = max(clock, np.int64(rich.marks[x, BOUND]))
    while True:
        time = np.int64(stops[x, TIME])
        x = np.int64(stops[x, NEXT])
        for k in range(n_breaks + 1):
            if ready[k] < NEVER:
                ready[k] += time
        if x >= n:
            break
        for k in range(n_breaks):
            if ready[k] < NEVER:
                ready[k + 1] = min(ready[k + 1], after_break(rich, first + k, ready[k]))
        service = service_of(problem, state, x, v)
        for k in range(n_breaks + 1):
            if ready[k] < NEVER:
                start = start_from(problem, rich, x, ready[k])
                ready[k] = start + service if start < NEVER else np.int64(NEVER)
        for k in range(n_breaks):
            if ready[k] < NEVER:
                ready[k + 1] = min(ready[k + 1], after_break(rich, first + k, ready[k]))
        for k in range(n_breaks + 1):
            if ready[k] < NEVER:
                ready[k] = leave_from(rich, x, ready[k])
    best = np.int64(NEVER)
    for k in range(n_breaks + 1):
        clock = ready[k]
        for b in range(first + k, first + n_breaks):
            if clock < NEVER:
                clock = after_break(rich, b, clock)
        if clock < NEVER:
            best = min(best, ready[k])
    return best


@inlined
def latest_times(problem, state, rich, v, end):
    """Latest times at which the route of ``v`` can still end by ``end``, with k breaks taken.

    Labels from (3 j + row) (breaks + 1) + k on, for the j-th stop, 1 being the first task. Row 0:
    arrival; 1: arrival if no break is taken there any more; 2: setting off, or taking a break.
    """
    stops, labels = state.stops, rich.labels
    n = len(problem.tasks)
    first, n_breaks = np.int64(rich.shifts[v, FIRST_BREAK]), np.int64(rich.shifts[v, N_BREAKS])
    width = n_breaks + 1
    x = np.int64(n + 2 * v + 1)
    at = 3 * (np.int64(state.vehicles[v, COUNT]) + 1) * width
    bound = np.int64(NEVER)
    for k in range(n_breaks, -1, -1):
        # The breaks that are left are taken after the end: it must not be too late for them.
        if k < n_breaks and bound > -NEVER:
            bound = before_break(rich, first + k, bound)
        labels[at + k] = min(end, bound)
    while True:
        x = np.int64(stops[x, PREV])
        time = np.int64(stops[x, TIME])
        come = at
        at -= 3 * width
        for k in range(n_breaks, -1, -1):
            best = max(labels[come + k] - time, np.int64(-NEVER))
            if best < leave_from(rich, x, np.int64(-NEVER)):
                best = np.int64(-NEVER)
            if k < n_breaks and labels[at + 2 * width + k + 1] > -NEVER:
                best = max(best, before_break(rich, first + k, labels[at + 2 * width + k + 1]))
            labels[at + 2 * width + k] = best
        if x >= n:
            return
        service = service_of(problem, state, x, v)
        lowest = np.int64(-NEVER)
        if x < rich.counters[N_TASKS]:
            lowest = start_from(problem, rich, x, lowest)
        for k in range(n_breaks, -1, -1):
            best = latest_start(problem, x, labels[at + 2 * width + k] - service)
            if best < lowest:
                best = np.int64(-NEVER)
            labels[at + width + k] = best
            if k < n_breaks and labels[at + k + 1] > -NEVER:
                best = max(best, before_break(rich, first + k, labels[at + k + 1]))
            labels[at + k] = best


@inlined
def place_break(rich, b, x, side, clock):
    """Take break ``b`` at stop ``x``; returns when it ends."""
    rich.break_at[b, BREAK_STOP] = x
    rich.break_at[b, BREAK_SIDE] = side
    return after_break(rich, b, clock)


@inlined
def time_vehicle(problem, state, rich, v):
    """Time the route of ``v`` alone, with the bounds of its starts; returns whether it fits."""
    stops, labels = state.stops, rich.labels
    n = len(problem.tasks)
    x = np.int64(n + 2 * v)
    final = x + 1
    clock = np.int64(rich.marks[x, BOUND])
    if stops[x, DEPART] != clock:
        save_stop(state, rich, x)
        stops[x, DEPART] = clock
    if state.vehicles[v, COUNT] == 0:
        return True
    first, n_breaks = np.int64(rich.shifts[v, FIRST_BREAK]), np.int64(rich.shifts[v, N_BREAKS])
    width = n_breaks + 1
    come, k = 3 * width, np.int64(0)  # labels of the next stop's arrival, breaks taken
    if n_breaks > 0:
        end = earliest_end(problem, state, rich, v)
        if end > stops[final, LATEST]:
            return False
        latest_times(problem, state, rich, v, end)
        before = np.int64(-NEVER)
        while k < n_breaks and max(clock, before) + stops[x, TIME] > labels[come + k]:
            before = place_break(rich, first + k, x, BEFORE_LEG, before)
            k += 1
        clock = max(clock, before)
    through = np.int64(0)  # what the trip takes up to here if it never waits
    longest = np.int64(rich.shifts[v, LONGEST_TRIP])
    while True:
        clock += stops[x, TIME]
        through += stops[x, TIME]
        p, x = x, np.int64(stops[x, NEXT])
        if x >= rich.counters[N_TASKS] and p < rich.counters[N_TASKS] and through > longest:
            return False
        if x >= n:
            break
        arrival = clock
        while k < n_breaks and clock > labels[come + width + k]:
            clock = place_break(rich, first + k, x, ON_ARRIVAL, clock)
            k += 1
        start = start_from(problem, rich, x, clock)
        if start > stops[final, LATEST]:
            return False
        is_slot = x >= rich.counters[N_TASKS]
        if not is_slot and through > rich.tasks[x, FRESHNESS]:
            return False
        if start != rich.times[x, START]:
            move_start(problem, state, rich, x, v, start)
        service = service_of(problem, state, x, v)
        clock = start + service
        through += service
        come += 3 * width
        while k < n_breaks and leave_from(rich, x, clock) + stops[x, TIME] > labels[come + k]:
            clock = place_break(rich, first + k, x, BEFORE_LEG, clock)
            k += 1
        if is_slot:
            clock, through = leave_from(rich, x, clock), np.int64(0)
            if stops[x, DEPART] != clock or rich.times[x, ARRIVAL] != arrival:
                save_stop(state, rich, x)
                stops[x, DEPART], rich.times[x, ARRIVAL] = clock, arrival
    while k < n_breaks:
        place_break(rich, first + k, x, AFTER_END, clock)
        k += 1
    if rich.days[v, END] != clock:
        save_vehicle(state, rich, v)
        rich.days[v, END] = clock
    return clock <= stops[final, LATEST]


@inlined
def join_component(problem, state, rich, v, size):
    """Add ``v`` and all that links tie to its route to the component list; returns its length."""
    stops = state.stops
    n = len(problem.tasks)
    k = size
    rich.routes[size, COMPONENT] = v
    rich.routes[v, IN_COMPONENT] = 1
    size += 1
    while k < size:
        u = np.int64(rich.routes[k, COMPONENT])
        head = n + 2 * u
        rich.marks[head, BOUND] = rich.shifts[u, EARLY_LEAVE]
        x = np.int64(stops[head, NEXT])
        k += 1
        while x < n:
            rich.marks[x, BOUND] = 0
            if x >= rich.counters[N_TASKS]:
                head = x
                rich.marks[x, BOUND] = rich.choices[rich.tasks[x, OPTION], CHOICE_READY]
            rich.marks[head, BOUND] = max(rich.marks[head, BOUND], rich.tasks[x, RELEASED])
            edge = np.int64(rich.tasks[x, EDGE_FROM])
            for e in range(edge, edge + rich.tasks[x, N_EDGES]):
                u = np.int64(stops[rich.edges[e, OTHER], ROUTE])
                if u != ABSENT and rich.routes[u, IN_COMPONENT] == 0:
                    rich.routes[u, IN_COMPONENT] = 1
                    rich.routes[size, COMPONENT] = u
                    size += 1
            x = np.int64(stops[x, NEXT])
    return size


@inlined
def raise_bounds(problem, state, rich, v):
    """Raise bounds by what was found in the route of ``v``; routes concerned are to be timed.

    That is by links, and of leaving by freshness and the longest trip.
    """
    stops = state.stops
    n = len(problem.tasks)
    any_rose = False
    head, p = n + 2 * v, n + 2 * v
    x = np.int64(stops[head, NEXT])
    while rich.counters[HAS_TRIPS] == 1:
        bound, to = np.int64(0), head
        if x < rich.counters[N_TASKS]:
            bound = np.int64(rich.times[x, START]) - rich.tasks[x, FRESHNESS]
        else:
            if p < rich.counters[N_TASKS]:  # no trip without tasks
                bound = np.int64(rich.days[v, END] if x >= n else rich.times[x, ARRIVAL])
                bound -= rich.shifts[v, LONGEST_TRIP]
            head = x
        if bound > rich.marks[to, BOUND]:
            rich.marks[to, BOUND] = bound
            rich.routes[v, IN_COMPONENT] = TO_TIME
            any_rose = True
        if x >= n:
            break
        p, x = x, np.int64(stops[x, NEXT])
    x = np.int64(stops[n + 2 * v, NEXT])
    while x < n:
        edge = np.int64(rich.tasks[x, EDGE_FROM])
        for e in range(edge, edge + rich.tasks[x, N_EDGES]):
            y = np.int64(rich.edges[e, OTHER])
            if stops[y, ROUTE] == ABSENT:
                continue
            bound = np.int64(rich.times[x, START]) + out_of(problem, state, rich, e)
            if bound > rich.marks[y, BOUND]:
                rich.marks[y, BOUND] = bound
                rich.routes[stops[y, ROUTE], IN_COMPONENT] = TO_TIME
                any_rose = True
        x = np.int64(stops[x, NEXT])
    return any_rose


@inlined
def time_components(problem, state, rich):
    """Time the routes of the heads and all that links tie to them, from nothing and in rounds.

    Returns whether everything is kept; no head is left.
    """
    size, fits = np.int64(0), True
    for h in range(rich.counters[N_HEADS]):
        v = np.int64(state.stops[rich.lists[h, HEADS], ROUTE])
        if not fits or v == ABSENT or rich.routes[v, IN_COMPONENT] != 0:
            continue
        begin = size
        size = join_component(problem, state, rich, v, begin)
        for k in range(begin, size):
            rich.routes[rich.routes[k, COMPONENT], IN_COMPONENT] = TO_TIME
        rounds, again = 0, True
        while fits and again:
            for k in range(begin, size):
                u = np.int64(rich.routes[k, COMPONENT])
                if fits and rich.routes[u, IN_COMPONENT] == TO_TIME:
                    rich.routes[u, IN_COMPONENT] = 1
                    fits = time_vehicle(problem, state, rich, u)
            again = False
            rounds += 1
            fits = fits and rounds < _MOST_ROUNDS
            if fits:
                for k in range(begin, size):
                    u = np.int64(rich.routes[k, COMPONENT])
                    again |= raise_bounds(problem, state, rich, u)
    for k in range(size):
        rich.routes[rich.routes[k, COMPONENT], IN_COMPONENT] = 0
    forget_heads(rich)
    return fits
