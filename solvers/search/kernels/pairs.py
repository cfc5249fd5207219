"""Inserting a pickup with its delivery: both places are looked for together.

A route is read once for what the delivery costs in each gap; then each gap for the pickup is
followed forward with the time of departure and the load that it would cause, and every gap for the
delivery is tested in constant time against the latest arrival at the stop after it. In a model of
hard windows alone cost and times are exact and the best place is taken; otherwise the cheapest ones
are tried for good, as in ``trials``. Gaps are overlooked where a detour makes a route shorter.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.insertion import blinks
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import open_savepoint, roll_back
from solvers.search.kernels.pricing import first_load_of, price_routes
from solvers.search.kernels.rich_rows import (
    AFFINITY,
    C_BEFORE,
    C_COST,
    C_OPTION,
    C_SECOND,
    C_VEHICLE,
    CANDIDATE_WIDTH,
    CARRIED,
    CHOICE_BATCH,
    CHOICE_PLACE,
    COMPONENT,
    DUE,
    DUE_SECOND,
    HAS_TRIPS,
    IS_TIMED,
    LATE_PRICE,
    MAX_TASKS,
    N_CANDIDATES,
    N_EDGES,
    N_FOUND,
    N_FREE,
    N_OPTIONS,
    N_TASKS,
    N_TIMED,
    OPTION,
    OPTIONS_FROM,
    PRICE_WORST,
    RELEASE,
    RELEASE_SECOND,
    RELOADS,
    RIDE,
    SOFT_LATE,
    UNIT_SIZE,
    WATCHED,
    WATCHED_TIMES,
    WORKER,
)
from solvers.search.kernels.rng import draw_below
from solvers.search.kernels.routes import carry_backward, put
from solvers.search.kernels.rows import (
    ABSENT,
    CLOCK,
    COST,
    COST_ROW,
    COUNT,
    DEPART,
    EARLY,
    EMPTY_LIST,
    FROM,
    GLANCE,
    LATE,
    LATEST,
    LEFT,
    LOAD,
    LOCATION,
    MAY_OPEN,
    N_EMPTY,
    N_STOPS_SAVED,
    N_VEHICLES_SAVED,
    NEXT,
    ROUTE,
    TIME,
    TIME_ROW,
    TOTAL,
)
from solvers.search.kernels.suitable import bind_start, has_room, may_drive, may_serve
from solvers.search.kernels.timetable import retime
from solvers.search.kernels.timing import earliest_start, service_of

#: Routes that are looked through when no neighbour's route can take a pair.
_FALLBACK_ROUTES = 4
#: Costs more than anything.
_FAR = 1 << 60


@inlined
def keep_pair(rich, cost, p, s, v, option, bound):
    """Put two positions on the list of candidates; returns the bound that others have to beat."""
    candidates = rich.candidates
    size = np.int64(rich.counters[N_FOUND])
    k = min(size, np.int64(N_CANDIDATES - 1))
    while k > 0 and candidates[k - 1, C_COST] > cost:
        for column in range(CANDIDATE_WIDTH):
            candidates[k, column] = candidates[k - 1, column]
        k -= 1
    candidates[k, C_COST], candidates[k, C_BEFORE], candidates[k, C_VEHICLE] = cost, p, v
    candidates[k, C_SECOND], candidates[k, C_OPTION] = s, option
    size = min(size + 1, np.int64(N_CANDIDATES))
    rich.counters[N_FOUND] = size
    if size == N_CANDIDATES:
        return min(bound, candidates[size - 1, C_COST])
    return bound


@inlined
def is_settled(problem, rich, i, j, v):
    """Whether what the pair ``i``, ``j`` costs in the route of ``v`` is known without a trial."""
    tasks = rich.tasks
    timed = tasks[i, IS_TIMED] + tasks[j, IS_TIMED] > 0
    if rich.shifts[v, WATCHED] >= WATCHED_TIMES or rich.days[v, N_TIMED] > 0 or (
        timed and (tasks[i, N_EDGES] + tasks[j, N_EDGES] > 0 or rich.counters[PRICE_WORST] > 0)
    ):
        return False
    for d in range(problem.tasks.shape[1] - LOAD):
        if (problem.tasks[i, LOAD + d] > 0 or problem.tasks[j, LOAD + d] > 0
                or rich.pickups[i, d] + rich.pickups[j, d] != 0):
            return False
    return tasks[i, UNIT_SIZE] == 2


@inlined
def lateness_price(rich, i, start):
    """Price of starting task ``i`` at ``start``, after its soft end."""
    late = start - np.int64(rich.tasks[i, SOFT_LATE])
    if late <= 0:
        return np.int64(0)
    return late * rich.tasks[i, LATE_PRICE]


@inlined
def holds_pair(problem, rich, i, j, v, k):
    """Whether the pair fits on board of ``v`` after the ``k``-th stop, if between its ends."""
    for d in range(np.uint64(problem.tasks.shape[1] - LOAD)):
        more = np.int64(rich.pickups[i, d]) + problem.tasks[j, np.uint64(LOAD) + d]
        if rich.aboard[k, d] + more > rich.capacity[v, d]:
            return False
    return True


@inlined
def read_route(problem, state, rich, j, v):
    """List the stops of ``v``, what is on board after each, and the cost of ``j`` after each.

    ``rich.labels`` takes in three parts of n + 2: the stops; the cost of the delivery in the gap
    after each, ``_FAR`` where it comes too late; and the least of these from there on. Returns
    the number of gaps that a delivery can be in.
    """
    stops, tasks, labels = state.stops, problem.tasks, rich.labels
    n = np.uint64(len(tasks))
    part_size = n + np.uint64(2)
    n_loads = np.uint64(tasks.shape[1] - LOAD)
    place = np.uint64(tasks[j, LOCATION])
    cost_row = np.uint64(state.vehicles[v, COST_ROW]) + place
    time_row = np.uint64(state.vehicles[v, TIME_ROW]) + place
    late = np.int64(tasks[j, LATE])
    ready = np.int64(tasks[j, EARLY]) + service_of(problem, state, j, v)
    x = n + np.uint64(v) + np.uint64(v)
    for d in range(n_loads):
        rich.aboard[0, d] = first_load_of(state, rich, np.int64(v), np.int64(d))
    k = np.uint64(0)
    while True:
        depart = np.int64(stops[x, DEPART])
        if depart > late:
            break
        y = np.uint64(stops[x, NEXT])
        labels[k] = x
        labels[part_size + k] = _FAR
        if ready <= stops[y, LATEST]:
            start = depart + problem.time_from[time_row, np.uint64(problem.places[x])]
            go = np.int64(problem.time_to[time_row, np.uint64(problem.places[y])])
            if start <= late and max(start, np.int64(tasks[j, EARLY])) + go <= stops[y, LATEST]:
                labels[part_size + k] = (
                    np.int64(problem.cost_from[cost_row, np.uint64(problem.places[x])])
                    + problem.cost_to[cost_row, np.uint64(problem.places[y])] - stops[x, COST]
                )
        k += np.uint64(1)
        if y >= n:
            break
        for d in range(n_loads):
            rich.aboard[k, d] = (
                rich.aboard[k - np.uint64(1), d] + rich.pickups[y, d]
                - tasks[y, np.uint64(LOAD) + d]
            )
            if y >= rich.counters[N_TASKS]:
                rich.aboard[k, d] = rich.carried[y, CARRIED + np.int64(d)]
        x = y
    least, m = np.int64(_FAR), k
    labels[part_size + part_size + m] = least
    while m > np.uint64(0):
        m -= np.uint64(1)
        least = min(least, labels[part_size + m])
        labels[part_size + part_size + m] = least
    return k


@inlined
def has_room_for_both(problem, state, rich, i, j, v, head):
    """Whether the trip of ``head`` of vehicle ``v`` has room, and its batch portions, for a pair.

    As far as demands tell; what they take on board is another matter.
    """
    tasks = problem.tasks
    if not has_room(problem, state, rich, i, v, head):
        return False
    is_slot, batch = head < len(tasks), np.int64(-1)
    if is_slot:
        batch = np.int64(rich.choices[rich.tasks[head, OPTION], CHOICE_BATCH])
    for d in range(tasks.shape[1] - LOAD):
        both = np.int64(tasks[i, LOAD + d]) + tasks[j, LOAD + d]
        left = np.int64(state.vehicles[v, LEFT + d])
        if rich.counters[HAS_TRIPS] == 1:
            left = np.int64(rich.capacity[v, d] if is_slot else rich.first_load[v, d])
            left -= rich.carried[head, CARRIED + d]
        if both > left or (batch >= 0 and both > rich.portions[batch, d]):
            return False
    return True


@inlined
def consider_trips(problem, state, rich, i, j, v, x, y, base, bound):
    """Keep new trips of pickup ``i`` and delivery ``j`` between ``x`` and ``y`` below ``bound``.

    Returns the bound that others have to beat.
    """
    tasks, choices = problem.tasks, rich.choices
    costs = np.uint64(state.vehicles[v, COST_ROW])
    at_i, at_j = np.uint64(tasks[i, LOCATION]), np.uint64(tasks[j, LOCATION])
    last = (
        base - np.int64(state.stops[x, COST]) + problem.cost_to[costs + at_i, at_j]
        + problem.cost_to[costs + at_j, np.uint64(problem.places[y])]
    )
    first = np.int64(rich.shifts[v, OPTIONS_FROM])
    for a in range(first, first + rich.shifts[v, N_OPTIONS]):
        option = np.int64(rich.options[a])
        reload = np.uint64(choices[option, CHOICE_PLACE])
        cost = (
            last + problem.cost_to[costs + np.uint64(problem.places[x]), reload]
            + problem.cost_to[costs + reload, at_i]
        )
        if cost >= bound or rich.choices[option, N_FREE] == 0:
            continue
        batch, fits = np.int64(choices[option, CHOICE_BATCH]), True
        for d in range(tasks.shape[1] - LOAD):
            both = np.int64(tasks[i, LOAD + d]) + tasks[j, LOAD + d]
            if both > rich.capacity[v, d] or (batch >= 0 and both > rich.portions[batch, d]):
                fits = False
        if fits and not blinks(state):
            bound = keep_pair(
                rich, cost, np.int64(x), np.int64(i), np.int64(v), option, bound)
    return bound


@inlined
def consider_route(problem, state, rich, i, j, v, bound):
    """Keep the places of pickup ``i`` and delivery ``j`` in the route of ``v`` below ``bound``.

    Returns the bound that the next route has to beat.
    """
    stops, tasks, labels, counters = state.stops, problem.tasks, rich.labels, rich.counters
    n = np.uint64(len(tasks))
    cost_part, least_part = n + np.uint64(2), n + n + np.uint64(4)
    i, j, v = np.uint64(i), np.uint64(j), np.uint64(v)
    base = np.int64(0)
    if state.vehicles[v, COUNT] == 0:
        base += problem.fixed[v]
    if rich.tasks[i, AFFINITY] >= 0:
        base += rich.affinity[rich.tasks[i, AFFINITY], rich.shifts[v, WORKER]]
    if rich.tasks[j, AFFINITY] >= 0:
        base += rich.affinity[rich.tasks[j, AFFINITY], rich.shifts[v, WORKER]]
    n_tasks = state.vehicles[v, COUNT] - rich.days[v, RELOADS]
    if base >= bound or n_tasks + 2 > rich.shifts[v, MAX_TASKS]:
        return bound
    for end in range(2):
        if not may_serve(problem, state, rich, i if end == 0 else j, v):
            return bound
    opens = rich.shifts[v, N_OPTIONS] > 0 and may_drive(rich, np.int64(v))
    settled = is_settled(problem, rich, i, j, v)
    n_gaps = read_route(problem, state, rich, j, v)
    place_i, place_j = np.uint64(tasks[i, LOCATION]), np.uint64(tasks[j, LOCATION])
    costs, times = np.uint64(state.vehicles[v, COST_ROW]), np.uint64(state.vehicles[v, TIME_ROW])
    service_i, service_j = service_of(problem, state, i, v), service_of(problem, state, j, v)
    early_i, late_i = np.int64(tasks[i, EARLY]), np.int64(tasks[i, LATE])
    late_j, ride = np.int64(tasks[j, LATE]), np.int64(rich.tasks[i, RIDE])
    cost_ij = np.int64(problem.cost_to[costs + place_i, place_j])
    time_ij = np.int64(problem.time_to[times + place_i, place_j])
    fits = False
    for k in range(n_gaps):
        x = np.uint64(labels[k])
        y = np.uint64(stops[x, NEXT])
        if stops[x, DEPART] > late_i:
            break
        if x >= rich.counters[N_TASKS]:
            fits = has_room_for_both(
                problem, state, rich, np.int64(i), np.int64(j), np.int64(v), np.int64(x))
        if y >= rich.counters[N_TASKS] and opens:
            bound = consider_trips(problem, state, rich, i, j, v, x, y, base, bound)
        if not fits or early_i + service_i > stops[y, LATEST]:
            continue
        at_x, at_y = np.uint64(problem.places[x]), np.uint64(problem.places[y])
        come = problem.cost_from[costs + place_i, at_x] - np.int64(stops[x, COST]) + base
        cost_i = come + problem.cost_to[costs + place_i, at_y]
        cost = come + cost_ij + problem.cost_to[costs + place_j, at_y]
        if cost >= bound and cost_i + labels[least_part + k + np.uint64(1)] >= bound:
            continue
        arrival = np.int64(stops[x, DEPART]) + problem.time_from[times + place_i, at_x]
        start = earliest_start(problem, i, max(arrival, counters[RELEASE]))
        if start > min(late_i, counters[DUE]) or not holds_pair(problem, rich, i, j, v, k):
            continue
        price_i = lateness_price(rich, i, start)
        cost_i += price_i
        depart = start + service_i
        # The delivery right behind the pickup.
        if cost + price_i < bound and time_ij <= ride:
            begin = earliest_start(problem, j, max(depart + time_ij, counters[RELEASE_SECOND]))
            if begin <= counters[DUE_SECOND] and (
                begin + service_j + problem.time_to[times + place_j, at_y] <= stops[y, LATEST]
            ):
                cost += price_i + lateness_price(rich, j, begin)
                if cost < bound and not blinks(state):
                    bound = keep_pair(
                        rich, cost, np.int64(x), np.int64(i), np.int64(v), np.int64(-1), bound)
                    if settled:
                        bound = min(bound, cost)
        # The delivery after a later stop.
        time = np.int64(problem.time_to[times + place_i, at_y])
        clock, aboard = depart + time, time
        m = k + np.uint64(1)
        while m < n_gaps:
            if cost_i + labels[least_part + m] >= bound:
                break
            z = np.uint64(labels[m])
            if z >= rich.counters[N_TASKS]:
                break  # another trip
            if clock > stops[z, LATEST] or not holds_pair(problem, rich, i, j, v, m):
                break
            service = service_of(problem, state, z, v)
            clock = earliest_start(problem, z, clock) + service
            aboard += service
            if clock > late_j or aboard > ride:
                break
            cost = cost_i + labels[cost_part + m]
            if cost < bound:
                w = np.uint64(stops[z, NEXT])
                come_time = np.int64(
                    problem.time_from[times + place_j, np.uint64(problem.places[z])]
                )
                begin = earliest_start(problem, j, max(clock + come_time, counters[RELEASE_SECOND]))
                leave = begin + service_j
                leave += problem.time_to[times + place_j, np.uint64(problem.places[w])]
                if (begin <= counters[DUE_SECOND] and leave <= stops[w, LATEST]
                        and aboard + come_time <= ride):
                    cost += lateness_price(rich, j, begin)
                    if cost < bound and not blinks(state):
                        bound = keep_pair(
                            rich, cost, np.int64(x), np.int64(z), np.int64(v), np.int64(-1), bound)
                        if settled:
                            bound = min(bound, cost)
            clock += stops[z, TIME]
            aboard += stops[z, TIME]
            m += np.uint64(1)
    return bound


@inlined
def list_routes(problem, guide, state, rich, i, j, is_fallback):
    """List vehicles worth a look for the pair in ``COMPONENT`` of the routes; returns how many.

    They are the routes of neighbours of either end and an empty vehicle a class; or else a few
    drawn at random.
    """
    stops, seen, counters, routes = state.stops, state.seen, state.counters, rich.routes
    n = np.uint64(len(problem.tasks))
    size = np.int64(0)
    if is_fallback:
        n_vehicles = len(state.vehicles)
        v = draw_below(state.rng, n_vehicles)
        for _ in range(n_vehicles):
            v = v + 1 if v + 1 < n_vehicles else np.int64(0)
            if (size < _FALLBACK_ROUTES and state.vehicles[v, COUNT] > 0
                    and seen[n + np.uint64(v) + np.uint64(v)] != counters[GLANCE]):
                routes[size, COMPONENT] = v
                size += 1
        return size
    counters[GLANCE] += 1
    for turn in range(2):
        e = np.uint64(i) if turn == 0 else np.uint64(j)
        for k in range(np.uint64(guide.n_near[e])):
            v = np.int64(stops[np.uint64(guide.near[e, k]), ROUTE])
            if v == ABSENT:
                continue
            start = n + np.uint64(v) + np.uint64(v)
            if seen[start] == counters[GLANCE]:
                continue
            seen[start] = counters[GLANCE]
            routes[size, COMPONENT] = v
            size += 1
    if counters[MAY_OPEN] == 1:
        has_trips = rich.counters[HAS_TRIPS] == 1
        first, last = np.int64(guide.alone_ptr[i]), np.int64(guide.alone_ptr[i + 1])
        if has_trips:
            first, last = np.int64(0), np.int64(len(state.classes))
        for k in range(first, last):
            c = np.int64(k)
            if not has_trips:
                c = np.int64(guide.alone_class[k])
            if state.classes[c, N_EMPTY] > 0:
                top = state.classes[c, FROM] + state.classes[c, N_EMPTY] - 1
                routes[size, COMPONENT] = state.vehicle_marks[top, EMPTY_LIST]
                size += 1
    return size


@part
def place_pair(problem, guide, state, rich, i, j, ceiling):
    """Insert pickup ``i`` and delivery ``j`` where they add the least, if less than ``ceiling``.

    The prizes that are won do not count. Returns whether they were inserted.
    """
    counters, candidates = state.counters, rich.candidates
    if len(state.saved_stops) - counters[N_STOPS_SAVED] < 2 * len(state.stops):
        return False  # the journal might not hold it
    bind_start(problem, state, rich, j)
    rich.counters[RELEASE_SECOND], rich.counters[DUE_SECOND] = (
        rich.counters[RELEASE], rich.counters[DUE]
    )
    bind_start(problem, state, rich, i)
    clock, before = counters[CLOCK], counters[TOTAL]
    n_stops, n_vehicles = counters[N_STOPS_SAVED], counters[N_VEHICLES_SAVED]
    prizes = state.prize[i] + state.prize[j]
    best_cost, best_p, best_s, best_v = ceiling, np.int64(-1), np.int64(-1), np.int64(-1)
    best_option = np.int64(-1)
    for attempt in range(2):
        rich.counters[N_FOUND] = 0
        bound = ceiling
        n_routes = list_routes(problem, guide, state, rich, i, j, attempt == 1)
        for r in range(n_routes):
            v = np.int64(rich.routes[r, COMPONENT])
            bound = consider_route(problem, state, rich, i, j, v, bound)
        n_found = np.int64(rich.counters[N_FOUND])
        k = np.int64(0)
        while k <= n_found:
            # The turn after the last carries out the best one again.
            again = k == n_found or candidates[k, C_COST] >= best_cost
            if again:
                if best_p < 0:
                    break
                p, s, v, option = best_p, best_s, best_v, best_option
            else:
                p, s = np.int64(candidates[k, C_BEFORE]), np.int64(candidates[k, C_SECOND])
                v, option = np.int64(candidates[k, C_VEHICLE]), np.int64(candidates[k, C_OPTION])
            k += 1
            open_savepoint(state, rich)
            put(problem, state, rich, i, p, v, option)
            put(problem, state, rich, j, s, v, np.int64(-1))
            fits = retime(problem, state, rich)
            fits = price_routes(problem, state, rich) and fits
            cost = counters[TOTAL] - before + prizes
            better = fits and cost < best_cost
            if better:
                best_cost, best_p, best_s, best_v, best_option = cost, p, s, v, option
            if again or (better and (k == n_found or candidates[k, C_COST] >= cost)):
                counters[CLOCK] = clock
                force = np.int64(1 if option < 0 else 3)  # a slot before them is new as well
                for end in range(2):
                    carry_backward(problem, state, rich, v, j if end == 0 else i, force)
                return True
            roll_back(problem, state, rich, n_stops, n_vehicles)
            counters[TOTAL], counters[CLOCK] = before, clock
    return False
