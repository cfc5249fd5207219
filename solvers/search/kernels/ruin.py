"""Ruin: remove strings of adjacent tasks from routes that pass near a seed.

Source: Christiaens and Vanden Berghe, Slack Induction by String Removals for Vehicle Routing
Problems (2020), section 5.2, algorithm 2. Absent tasks that are met near the seed are tried again.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.chains import remove_from_trip
from solvers.search.kernels.jit import inlined
from solvers.search.kernels.pair_insertion import forget_version, remove_other_ends
from solvers.search.kernels.rich_rows import (
    HAS_TRIPS,
    LEAVING,
    MATES,
    N_CARRIED,
    N_MATES,
    N_RELOADS,
    WORKED,
)
from solvers.search.kernels.rng import draw_below, draw_unit
from solvers.search.kernels.routes import add_work, head_of, n_tasks_of, remove_segment
from solvers.search.kernels.rows import (
    ABSENT,
    ABSENT_LIST,
    CENTRE,
    CLOCK,
    COUNT,
    ITERATIONS,
    N_ABSENT,
    N_USED,
    N_WORK,
    NEXT,
    OPENING,
    PREV,
    ROUTE,
    SCARCE,
    STAMP,
    WORK,
)
from solvers.search.kernels.trip_rows import LONGEST, MEAN, N_TRIPS, WHOLE

#: Tasks to remove in an iteration, on average.
MEAN_REMOVED = 10.0
#: Longest string. With the mean above, 4 mean / (1 + longest) - 1 must not fall below 2.
LONGEST_STRING = 10.0
#: How often a string is split, and how often one more task in the middle of it stays.
SPLIT_RATE, STAY_RATE = 0.5, 0.01
#: Iterations whose seeds lie around the same task.
SAME_CENTRE = 64
#: Strings in a thousand that are whole trips, in rich models.
WHOLE_TRIPS = 250
#: Absent tasks that are tried again: near the seed, and drawn from all.
_ABSENT_NEAR, _ABSENT_DRAWN = 10, 2
#: Those near the seed where prizes are scarce, and if a vehicle may be opened besides.
_SCARCE_NEAR, _OPENING_NEAR = 20, 60


@inlined
def n_in_trip(state, rich, i, v):
    """Count the tasks of the trip of task ``i``, whose route is ``v``."""
    if rich is not None and rich.counters[HAS_TRIPS] == 1:
        return np.int64(rich.carried[head_of(rich, i), N_CARRIED])
    return np.int64(state.vehicles[v, COUNT])


@inlined
def remove_string(problem, state, rich, trips, pairs, i, v, length):
    """Remove about ``length`` adjacent tasks of vehicle ``v``, drawn so that ``i`` is among them.

    Half the time some tasks in the middle of a longer string stay where they are.
    """
    stops = state.stops
    n = n_tasks_of(problem, rich)
    count = n_in_trip(state, rich, i, v)
    stay = 0
    if 2 <= length < count and draw_unit(state.rng) <= SPLIT_RATE:
        stay = 1
        while length + stay < count and draw_unit(state.rng) <= STAY_RATE:
            stay += 1
    span = length + stay

    # The string may begin up to span - 1 tasks before i, as far as there are enough after it.
    first, before = np.int64(i), np.int64(0)
    while before < span - 1 and stops[first, PREV] < n:
        first = np.int64(stops[first, PREV])
        before += 1
    last, after = np.int64(i), np.int64(0)
    while after < span - 1 and stops[last, NEXT] < n:
        last = np.int64(stops[last, NEXT])
        after += 1
    lowest = max(np.int64(0), span - 1 - after)
    for _ in range(before - lowest - draw_below(state.rng, before - lowest + 1)):
        first = np.int64(stops[first, NEXT])

    head = length
    if stay > 0:
        head = 1 + draw_below(state.rng, length - 1)
    part = head
    for _ in range(2):
        last = first
        for _ in range(part - 1):
            last = np.int64(stops[last, NEXT])
        following = np.int64(stops[last, NEXT])
        for _ in range(stay):
            following = np.int64(stops[following, NEXT])
        if trips is None:
            remove_segment(problem, state, rich, v, first, last)
            if pairs is not None:
                forget_version(state, v)
        else:
            remove_from_trip(problem, state, trips, v, first, last)
        # The segment may have had to grow into what was to stay or to go next.
        if stay == 0 or stops[following, ROUTE] == ABSENT:
            return
        first, part, stay = following, length - head, 0


@inlined
def remove_mates(problem, state, rich):
    """Remove all that cannot stay, since others of their unit have left."""
    while rich.counters[N_MATES] > 0:
        rich.counters[N_MATES] -= 1
        i = np.int64(rich.lists[rich.counters[N_MATES], MATES])
        rich.marks[i, LEAVING] = 0
        if state.stops[i, ROUTE] != ABSENT:
            remove_segment(problem, state, rich, np.int64(state.stops[i, ROUTE]), i, i)


@inlined
def is_whole(state, rich, trips, i, v):
    """Whether no string was taken out of the trip of task ``i``, in route ``v``, until now."""
    if rich is not None and rich.counters[HAS_TRIPS] == 1:
        return rich.marks[head_of(rich, i), WORKED] != state.counters[CLOCK]
    if trips is None:
        return state.vehicle_marks[v, STAMP] != state.counters[CLOCK]
    # A trip is also journalled when another one of its chain changes.
    return trips.ruined[v] != state.counters[CLOCK]


@inlined
def ruin(problem, guide, state, rich, trips, pairs):
    """Fill the work list: tasks removed around a random seed, and absent ones to try again."""
    stops, vehicles, counters, rng = state.stops, state.vehicles, state.counters, state.rng
    n = n_tasks_of(problem, rich)
    counters[N_WORK] = 0
    n_absent_before = counters[N_ABSENT]
    for _ in range(min(np.int64(_ABSENT_DRAWN), n_absent_before)):
        i = np.int64(state.lists[draw_below(rng, n_absent_before), ABSENT_LIST])
        if rich is not None:
            add_work(state, rich, i)
        elif counters[N_WORK] == 0 or state.lists[0, WORK] != i:
            state.lists[counters[N_WORK], WORK] = i
            counters[N_WORK] += 1
    n_drawn = counters[N_WORK]

    longest, n_strings = 1.0, 1
    n_routes, mean, most_adjacent = counters[N_USED], MEAN_REMOVED, LONGEST_STRING
    if trips is not None:
        n_routes = trips.counters[N_TRIPS]
        mean = np.float64(trips.counters[MEAN])
        most_adjacent = np.float64(trips.counters[LONGEST])
    if rich is not None:
        n_routes += rich.counters[N_RELOADS]
    if n_routes > 0:
        longest = min(most_adjacent, (n - n_absent_before) / n_routes)
        most = 4.0 * mean / (1.0 + longest) - 1.0
        n_strings = int(1.0 + draw_unit(rng) * most)

    # Seeds of a while lie close together, so that the rows of the matrix that they need stay in the
    # cache.
    if counters[ITERATIONS] % SAME_CENTRE == 0:
        counters[CENTRE] = draw_below(rng, n)
    seed = np.int64(counters[CENTRE])
    k = draw_below(rng, guide.around.shape[1])
    if guide.around[seed, k] >= 0:
        seed = np.int64(guide.around[seed, k])
    absent_left = np.int64(_ABSENT_NEAR)
    if problem.traits[SCARCE] != 0:
        absent_left = np.int64(_OPENING_NEAR if counters[OPENING] == 1 else _SCARCE_NEAR)
    i = seed
    for k in range(-1, guide.around.shape[1]):
        if k >= 0:
            i = np.int64(guide.around[seed, k])
            if i < 0:
                break
        v = np.int64(stops[i, ROUTE])
        if v == ABSENT:
            # Absent since before, not removed by this very ruin: those have its stamp.
            if absent_left > 0 and state.stop_marks[i, STAMP] != counters[CLOCK]:
                drawn = False
                for j in range(n_drawn):
                    drawn = drawn or state.lists[j, WORK] == i
                if rich is not None:
                    add_work(state, rich, i)
                    absent_left -= 1
                elif not drawn:
                    state.lists[counters[N_WORK], WORK] = i
                    counters[N_WORK] += 1
                    absent_left -= 1
        elif n_strings > 0 and is_whole(state, rich, trips, i, v):
            count = n_in_trip(state, rich, i, v)
            most = min(longest, np.float64(count))
            length = min(np.int64(1.0 + draw_unit(rng) * most), count)
            if rich is not None and rich.counters[HAS_TRIPS] == 1:
                if draw_below(rng, 1000) < WHOLE_TRIPS:
                    length = count
                rich.marks[head_of(rich, i), WORKED] = counters[CLOCK]
            if trips is not None:
                if draw_below(rng, 1000) < trips.counters[WHOLE]:
                    length = np.int64(vehicles[v, COUNT])
                trips.ruined[v] = counters[CLOCK]
            remove_string(problem, state, rich, trips, pairs, i, v, length)
            n_strings -= 1
        if n_strings == 0 and (absent_left == 0 or counters[N_ABSENT] == counters[N_WORK]):
            break
    if rich is not None:
        remove_mates(problem, state, rich)
    if pairs is not None:
        remove_other_ends(problem, state, pairs)
