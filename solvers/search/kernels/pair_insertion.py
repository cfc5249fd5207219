"""Inserting pickup-and-delivery pairs into a model that is plain otherwise.

A route is read once for what the delivery costs in each gap and until when it can be there; then
each gap for the pickup is followed forward with the clock that it would cause, until something is
late, on board too much, or no gap behind can be cheap enough. Cost and times are exact. What was
found is remembered by the visits of the route: an iteration changes a few routes, and often brings
them back as they were, so most answers are known already.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.insertion import blinks, find_position
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.pair_rows import (
    AFTER,
    AT_START,
    BY,
    CLOSES_AT,
    CONTENT,
    DEPARTS,
    DROP_AFTER,
    DROP_BY,
    DROP_COST,
    FAR,
    HOLDS,
    KEY,
    LEADER,
    LEAST_DROP,
    LEAVE_BY,
    MATE,
    N_MISSED,
    NEW_VERSION,
    NUMBERED,
    OPENS_AT,
    PAIR_LOAD,
    PRICE,
    STAYS,
    STOP,
    TO_NEXT,
    TURN,
    UNKNOWN,
    UNNUMBERED,
)
from solvers.search.kernels.routes import insert_task, remove_segment
from solvers.search.kernels.rows import (
    ABSENT,
    CLASS,
    COST,
    COST_ROW,
    COUNT,
    DEPART,
    EARLY,
    EMPTY_LIST,
    FROM,
    KIND,
    LATE,
    LATEST,
    LEFT,
    LOAD,
    LOCATION,
    MAY_OPEN,
    N_EMPTY,
    N_WORK,
    NEXT,
    ROUTE,
    TIME,
    TIME_ROW,
    VEHICLE_KIND,
    VERSION,
    WORK,
)
from solvers.search.kernels.timing import earliest_start, latest_start, service_of


@inlined
def forget_version(state, v):
    """Note that the visits of vehicle ``v`` changed; its row must be journalled."""
    state.vehicles[v, VERSION] = UNNUMBERED


@inlined
def version_of(problem, state, pairs, v):
    """Return the number of what vehicle ``v`` visits; the same for the same visits by its class."""
    vehicles, stops, contents = state.vehicles, state.stops, pairs.contents
    if vehicles[v, VERSION] != UNNUMBERED:
        return vehicles[v, VERSION]
    n = np.uint64(len(problem.tasks))
    # The class is spread over all bits before the first visit comes: two small numbers have the
    # same exclusive or as others.
    mixed = (np.uint64(vehicles[v, CLASS]) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(31)
    x = np.uint64(stops[n + np.uint64(v) + np.uint64(v), NEXT])
    while x < n:
        # As in splitmix64: a product mixes upwards, the shift brings the high bits down again.
        mixed = (mixed ^ (x + np.uint64(1))) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        x = np.uint64(stops[x, NEXT])
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    row = (mixed >> np.uint64(32)) & np.uint64(len(contents) - 1)
    if contents[row, CONTENT] != np.int64(mixed):
        contents[row, CONTENT] = np.int64(mixed)
        contents[row, NUMBERED] = pairs.counters[NEW_VERSION]
        pairs.counters[NEW_VERSION] += 1
    vehicles[v, VERSION] = contents[row, NUMBERED]
    return vehicles[v, VERSION]


@inlined
def read_route(problem, state, pairs, i, j, v):
    """Fill ``pairs.gaps`` with the route of ``v`` as the pair ``i``, ``j`` sees it.

    Returns the number of gaps that the delivery can be in.
    """
    stops, tasks, gaps, aboard = state.stops, problem.tasks, pairs.gaps, pairs.aboard
    n = np.uint64(len(tasks))
    n_loads = np.uint64(tasks.shape[1] - LOAD)
    place = np.uint64(tasks[j, LOCATION])
    cost_row = np.uint64(state.vehicles[v, COST_ROW]) + place
    time_row = np.uint64(state.vehicles[v, TIME_ROW]) + place
    late, service = np.int64(tasks[j, LATE]), service_of(problem, state, j, v)
    x = n + np.uint64(v) + np.uint64(v)
    for d in range(n_loads):
        aboard[0, d] = pairs.tasks[i, np.uint64(PAIR_LOAD) + d]
    opens, closes, stays = np.int64(0), np.int64(FAR), np.int64(0)
    k = np.uint64(0)
    while True:
        depart = np.int64(stops[x, DEPART])
        if depart > late:
            break
        holds = np.int64(1)
        for d in range(n_loads):
            if aboard[k, d] > pairs.capacity[v, d]:
                holds = np.int64(0)
        y = np.uint64(stops[x, NEXT])
        at_x, at_y = np.uint64(problem.places[x]), np.uint64(problem.places[y])
        by = np.int64(stops[y, LATEST])
        gaps[k, STOP], gaps[k, DEPARTS], gaps[k, TO_NEXT] = x, depart, stops[x, TIME]
        gaps[k, BY], gaps[k, OPENS_AT], gaps[k, CLOSES_AT] = by, opens, closes
        gaps[k, STAYS], gaps[k, HOLDS] = stays, holds
        drop_by = latest_start(problem, j, by - service - problem.time_to[time_row, at_y])
        leave_by = drop_by - problem.time_from[time_row, at_x]
        gaps[k, DROP_BY], gaps[k, LEAVE_BY] = drop_by, leave_by
        cost = np.int64(FAR)
        if depart <= leave_by:
            cost = (np.int64(problem.cost_from[cost_row, at_x]) + problem.cost_to[cost_row, at_y]
                    - stops[x, COST])
        gaps[k, DROP_COST] = cost
        k += np.uint64(1)
        if y >= n:
            break
        for d in range(n_loads):
            aboard[k, d] = aboard[k - np.uint64(1), d] + pairs.tasks[y, np.uint64(PAIR_LOAD) + d]
        opens, closes = np.int64(tasks[y, EARLY]), np.int64(stops[y, LATEST])
        stays = service_of(problem, state, y, v)
        x = y
    least, m = np.int64(FAR), k
    gaps[m, LEAST_DROP] = least
    while m > np.uint64(0):
        m -= np.uint64(1)
        least = min(least, gaps[m, DROP_COST])
        gaps[m, LEAST_DROP] = least
    return k


@inlined
def best_in_route(problem, state, pairs, i, j, v, ceiling):
    """Cheapest places of pickup ``i`` and delivery ``j`` in the route of ``v``, below ``ceiling``.

    What the vehicle itself costs does not count.

    Returns
    -------
    (cost, p, s) : the stops before them; without any, ``UNKNOWN`` and either ``ceiling`` or ``FAR``
        if they fit nowhere whatever the cost.
    """
    stops, tasks, gaps = state.stops, problem.tasks, pairs.gaps
    i, j, v = np.uint64(i), np.uint64(j), np.uint64(v)
    best, best_p, best_s = ceiling, np.int64(UNKNOWN), np.int64(UNKNOWN)
    n_gaps = read_route(problem, state, pairs, i, j, v)
    place_i, place_j = np.uint64(tasks[i, LOCATION]), np.uint64(tasks[j, LOCATION])
    costs, times = np.uint64(state.vehicles[v, COST_ROW]), np.uint64(state.vehicles[v, TIME_ROW])
    service = service_of(problem, state, i, v)
    late, ready = np.int64(tasks[i, LATE]), np.int64(tasks[i, EARLY]) + service
    cost_ij = np.int64(problem.cost_to[costs + place_i, place_j])
    time_ij = np.int64(problem.time_to[times + place_i, place_j])
    is_cut = False
    several = problem.windows.shape[0] > tasks.shape[0]
    for k in range(n_gaps):
        if gaps[k, DEPARTS] > late:
            break
        if gaps[k, HOLDS] == 0 or ready > gaps[k, BY]:
            continue
        x = np.uint64(gaps[k, STOP])
        y = np.uint64(stops[x, NEXT])
        at_x, at_y = np.uint64(problem.places[x]), np.uint64(problem.places[y])
        come = np.int64(problem.cost_from[costs + place_i, at_x]) - stops[x, COST]
        cost_i = come + problem.cost_to[costs + place_i, at_y]
        together = come + cost_ij + problem.cost_to[costs + place_j, at_y]
        if together >= best and cost_i + gaps[k + np.uint64(1), LEAST_DROP] >= best:
            is_cut = True
            continue
        arrival = gaps[k, DEPARTS] + problem.time_from[times + place_i, at_x]
        start = earliest_start(problem, i, arrival)
        if start > late:
            continue
        depart = start + service
        if together < best and depart + time_ij <= gaps[k, DROP_BY]:
            best, best_p, best_s = together, np.int64(x), np.int64(i)
        is_cut = is_cut or together >= best
        clock = depart + problem.time_to[times + place_i, at_y]
        m = k + np.uint64(1)
        while m < n_gaps:
            if clock > gaps[m, CLOSES_AT] or gaps[m, HOLDS] == 0:
                break
            if cost_i + gaps[m, LEAST_DROP] >= best:
                is_cut = True
                break
            if several:
                z = np.uint64(gaps[m, STOP])
                clock = earliest_start(problem, z, clock)
            clock = max(clock, gaps[m, OPENS_AT]) + gaps[m, STAYS]
            if clock <= gaps[m, LEAVE_BY]:
                cost = cost_i + gaps[m, DROP_COST]
                if cost < best:
                    best, best_p, best_s = cost, np.int64(x), gaps[m, STOP]
                is_cut = True
            clock += gaps[m, TO_NEXT]
            m += np.uint64(1)
    if best_p == UNKNOWN and not is_cut:
        best = np.int64(FAR)
    return best, best_p, best_s


@inlined
def may_carry(problem, state, i, j, v):
    """Whether vehicle ``v`` may serve both tasks, but for times and what is on board."""
    tasks, vehicles = problem.tasks, state.vehicles
    allowed, kind = problem.compatible, vehicles[v, VEHICLE_KIND]
    if allowed[tasks[i, KIND], kind] == 0 or allowed[tasks[j, KIND], kind] == 0:
        return False
    for d in range(np.uint64(tasks.shape[1] - LOAD)):
        e = np.uint64(LOAD) + d
        if np.int64(tasks[i, e]) + tasks[j, e] > vehicles[v, np.uint64(LEFT) + d]:
            return False
    return True


@inlined
def memo_row(pairs, i, version):
    """Key of pickup ``i`` in a route of that version, and its row of the memo."""
    key = (np.int64(i) << np.int64(32)) | (np.int64(version) & np.int64(0xFFFFFFFF))
    # Fibonacci hashing: the high bits of a product are well mixed.
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    return key, (mixed >> np.uint64(40)) & np.uint64(len(pairs.memo) - 1)


@inlined
def find_pair_position(problem, guide, state, pairs, i, j, limit):
    """Cheapest places of an absent pair over all routes and empty vehicles, below ``limit``.

    Returns
    -------
    (p, s, v) : insert the pickup after stop ``p`` of ``v``, then the delivery after ``s``; ``p`` is
        -1 if there is no such place.
    """
    vehicles, memo, counters = state.vehicles, pairs.memo, pairs.counters
    n = np.int64(len(problem.tasks))
    n_vehicles = np.int64(len(vehicles))
    best, best_p, best_s, best_v = limit, np.int64(-1), np.int64(-1), np.int64(-1)
    first_class = np.int64(guide.alone_ptr[i])
    last_class = np.int64(guide.alone_ptr[np.int64(i) + 1])
    if state.counters[MAY_OPEN] == 0:
        last_class = first_class
    # First what is known, which makes most of the rest not worth finding out.
    counters[N_MISSED] = 0
    for turn in range(n_vehicles + last_class - first_class):
        v = np.int64(turn)
        if v >= n_vehicles:
            c = guide.alone_class[first_class + v - n_vehicles]
            if state.classes[c, N_EMPTY] == 0:
                continue
            top = state.classes[c, FROM] + state.classes[c, N_EMPTY] - 1
            v = np.int64(state.vehicle_marks[top, EMPTY_LIST])
        elif vehicles[v, COUNT] == 0:
            continue
        key, row = memo_row(pairs, i, version_of(problem, state, pairs, v))
        base = np.int64(0)
        if vehicles[v, COUNT] == 0:
            base = problem.fixed[v]
        if memo[row, KEY] == key and (
            memo[row, AFTER] != UNKNOWN or base + memo[row, PRICE] >= best
        ):
            cost = base + memo[row, PRICE]
            if cost < best and not blinks(state):
                best, best_v = cost, v
                best_p, best_s = memo[row, AFTER], memo[row, DROP_AFTER]
        elif base < best:
            pairs.missed[counters[N_MISSED]] = v
            counters[N_MISSED] += 1
    for k in range(counters[N_MISSED]):
        v = np.int64(pairs.missed[k])
        base = np.int64(0)
        if vehicles[v, COUNT] == 0:
            base = problem.fixed[v]
        key, row = memo_row(pairs, i, version_of(problem, state, pairs, v))
        if base >= best or (memo[row, KEY] == key and base + memo[row, PRICE] >= best):
            continue
        cost, p, s = np.int64(FAR), np.int64(UNKNOWN), np.int64(UNKNOWN)
        if may_carry(problem, state, i, j, v):
            cost, p, s = best_in_route(problem, state, pairs, i, j, v, best - base)
        if p >= n:
            p = np.int64(AT_START)
        memo[row, KEY], memo[row, PRICE] = key, cost
        memo[row, AFTER], memo[row, DROP_AFTER] = p, s
        if p != UNKNOWN and base + cost < best and not blinks(state):
            best, best_p, best_s, best_v = base + cost, p, s, v
    if best_v >= 0 and best_p == AT_START:
        best_p = n + 2 * best_v
    return best_p, best_s, best_v


@part
def place_pair_or_task(problem, guide, state, pairs, i, limit):
    """Insert what ``i`` stands for on the work list if it adds less than ``limit`` and its prizes.

    What the prizes win does not count. Returns whether it was inserted.
    """
    j = np.int64(pairs.tasks[i, MATE])
    if j < 0:
        p, v = find_position(problem, guide, state, i, limit)
        s = p
    else:
        limit = min(limit, state.prize[i] + state.prize[j])
        p, s, v = find_pair_position(problem, guide, state, pairs, i, j, limit)
    if p < 0:
        return False
    for end in range(2 if j >= 0 else 1):  # one call, as each is compiled anew
        insert_task(problem, state, None, i if end == 0 else j, p if end == 0 else s, v)
    forget_version(state, v)
    return True


@inlined
def remove_other_ends(problem, state, pairs):
    """Remove the mates of what is on the work list, and leave one task a pair on it."""
    lists, counters = state.lists, state.counters
    pairs.counters[TURN] += 1
    turn = pairs.counters[TURN]
    k, size = np.int64(0), np.int64(0)
    while k < counters[N_WORK]:
        i = np.int64(lists[k, WORK])
        mate = np.int64(pairs.tasks[i, MATE])
        if mate >= 0 and state.stops[mate, ROUTE] != ABSENT:
            v = np.int64(state.stops[mate, ROUTE])
            remove_segment(problem, state, None, v, mate, mate)
            forget_version(state, v)
        i = np.int64(pairs.tasks[i, LEADER])
        if pairs.marks[i] != turn:
            pairs.marks[i] = turn
            lists[size, WORK] = i
            size += 1
        k += 1
    counters[N_WORK] = size
