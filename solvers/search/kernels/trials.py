"""Insertion into a rich model: positions by a lower bound of their cost, then tried for good.

What an insertion costs and whether it is possible may depend on the whole timetable. So the scan
keeps the positions with the least cost as far as it can be known at once, and these are carried
out in turn, timed, priced and undone, until the next bound is no better than the best price found.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.insertion import blinks, insertion_cost
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import open_savepoint, roll_back
from solvers.search.kernels.pairs import place_pair
from solvers.search.kernels.pricing import price_of_duty, price_routes
from solvers.search.kernels.rich_rows import (
    AFFINITY,
    BUSY,
    C_BEFORE,
    C_COST,
    C_OPTION,
    C_VEHICLE,
    CHOICE_LOADING,
    CHOICE_PLACE,
    CHOICE_READY,
    DUE,
    DUTY,
    DUTY_MATTERS,
    EDGE_FROM,
    GROUP,
    GROUP_FROM,
    GROUP_SIZE,
    HAS_TRIPS,
    IS_LOADING,
    IS_PICKUP,
    IS_TIMED,
    LATE_PRICE,
    MATE,
    MAX_DUTY,
    N_CANDIDATES,
    N_EDGES,
    N_FOUND,
    N_OPTIONS,
    N_TASKS,
    N_TIMED,
    OPTIONS_FROM,
    OTHER,
    PRICE_WORST,
    RELEASE,
    RELEASED,
    SERVED,
    SOFT_LATE,
    TARGET,
    TRIP,
    UNIT_FROM,
    UNIT_SIZE,
    WATCHED,
    WHO,
    WORKER,
)
from solvers.search.kernels.rng import draw_below
from solvers.search.kernels.routes import carry_backward, head_of, put
from solvers.search.kernels.rows import (
    ABSENT,
    BLINK,
    CLOCK,
    COST,
    COST_ROW,
    COUNT,
    DEPART,
    EMPTY_LIST,
    FROM,
    LATEST,
    LOCATION,
    MAY_OPEN,
    N_EMPTY,
    N_STOPS_SAVED,
    N_VEHICLES_SAVED,
    NEXT,
    PREV,
    ROUTE,
    TIME,
    TIME_ROW,
    TOTAL,
)
from solvers.search.kernels.suitable import (
    SAME_WORKER,
    bind_start,
    has_room,
    may_drive,
    may_reload,
    may_serve,
)
from solvers.search.kernels.timetable import retime
from solvers.search.kernels.timing import earliest_start, service_of

#: Routes that are looked through when no neighbour's route can take a task.
_FALLBACK_ROUTES = 4
#: Routes in which a new trip is looked for.
_RELOAD_ROUTES = 16
#: Which vehicles :func:`scan_vehicles` looks at.
EMPTY, OF_LINKS, TO_RELOAD, ANY = range(4)


@inlined
def keep_candidate(rich, cost, p, v, option, bound):
    """Put a position on the list of candidates, unless it is there; returns the bound to beat."""
    candidates, counters = rich.candidates, rich.counters
    size = np.int64(counters[N_FOUND])
    for k in range(size):
        if candidates[k, C_BEFORE] == p and candidates[k, C_OPTION] == option:
            return bound
    at = size if size < N_CANDIDATES else size - 1
    while at > 0 and candidates[at - 1, C_COST] > cost:
        for column in range(C_OPTION + 1):
            candidates[at, column] = candidates[at - 1, column]
        at -= 1
    candidates[at, C_COST], candidates[at, C_BEFORE], candidates[at, C_VEHICLE] = cost, p, v
    candidates[at, C_OPTION] = option
    size = min(size + 1, np.int64(N_CANDIDATES))
    counters[N_FOUND] = size
    if size == N_CANDIDATES:
        return min(bound, candidates[size - 1, C_COST])
    return bound


@inlined
def consider(problem, state, rich, i, p, v, option, bound):
    """Keep the position of task ``i`` after ``p`` of ``v`` if it may cost less than ``bound``.

    Where ``option`` is not -1, in a new trip of that reload option. Returns the bound that the next
    position has to beat.
    """
    stops, tasks, times = state.stops, problem.tasks, rich.tasks
    q = np.uint64(stops[p, NEXT])
    is_new = state.vehicles[v, COUNT] == 0
    place = np.uint64(tasks[i, LOCATION])
    costs, seconds = np.uint64(state.vehicles[v, COST_ROW]), np.uint64(state.vehicles[v, TIME_ROW])
    before, via = np.uint64(problem.places[p]), np.int64(0)
    cost = np.int64(problem.cost_to[costs + place, np.uint64(problem.places[q])]) - stops[p, COST]
    if option >= 0:
        reload = np.uint64(rich.choices[option, CHOICE_PLACE])
        cost += problem.cost_from[costs + reload, before]
        via = np.int64(problem.time_from[seconds + reload, before])
        before = reload
    cost += problem.cost_from[costs + place, before]
    if is_new:
        cost += problem.fixed[v]
    if times[i, AFFINITY] >= 0:
        cost += rich.affinity[times[i, AFFINITY], rich.shifts[v, WORKER]]
    if cost >= bound:
        return bound
    row = seconds + place
    come = np.int64(problem.time_from[row, before])
    go = np.int64(problem.time_to[row, np.uint64(problem.places[q])])
    clock = np.int64(stops[p, DEPART])
    if option >= 0:
        if not may_reload(problem, rich, np.int64(i), np.int64(v), option):
            return bound
        via += rich.choices[option, CHOICE_LOADING]
        clock = max(clock + via, np.int64(rich.choices[option, CHOICE_READY]))
    clock = max(clock, np.int64(times[i, RELEASED]))
    start = earliest_start(problem, i, max(clock + come, rich.counters[RELEASE]))
    service = service_of(problem, state, i, v)
    if start > rich.counters[DUE] or start + service + go > stops[q, LATEST]:
        return bound
    if start > times[i, SOFT_LATE]:
        cost += (start - times[i, SOFT_LATE]) * times[i, LATE_PRICE]
    if rich.shifts[v, DUTY_MATTERS] == 1:
        # A duty is no shorter than what there is to do.
        busy = np.int64(rich.days[v, BUSY]) + via + come + service + go
        if not is_new:
            busy -= stops[p, TIME]
        if busy > rich.shifts[v, MAX_DUTY]:
            return bound
        duty = np.int64(rich.days[v, DUTY])
        if busy > duty:
            cost += price_of_duty(rich, v, busy) - price_of_duty(rich, v, duty)
    if cost >= bound or blinks(state):
        return bound
    bound = keep_candidate(rich, cost, np.int64(p), np.int64(v), np.int64(option), bound)
    if rich.shifts[v, WATCHED] == 0 and rich.days[v, N_TIMED] == 0 and (
        times[i, IS_TIMED] == 0 or (times[i, N_EDGES] == 0 and rich.counters[PRICE_WORST] == 0)
    ):
        # The cost is exact, so nothing dearer is of use.
        return min(bound, cost)
    return bound


@inlined
def scan_near(problem, guide, state, rich, i, bound):
    """Look at the places beside the neighbours of task ``i``."""
    stops, near = state.stops, guide.near
    for k in range(near.shape[1]):
        o = np.int64(near[i, k])
        if o < 0:
            break
        v = np.int64(stops[o, ROUTE])
        if v == ABSENT or not may_serve(problem, state, rich, i, v):
            continue
        if not has_room(problem, state, rich, i, v, head_of(rich, o)):
            continue
        p = np.uint64(o)
        for _ in range(2):
            bound = consider(
                problem, state, rich, np.uint64(i), p, np.uint64(v), np.int64(-1), bound)
            p = np.uint64(stops[o, PREV])
    return bound


@inlined
def scan_places(problem, state, rich, i, v, joins, opens, bound):
    """Look at all places in the route of ``v``: in its trips if ``joins``, new ones if ``opens``.

    Vehicle ``v`` has to be one that may serve task ``i``.
    """
    stops, n = state.stops, len(problem.tasks)
    opens = opens and may_drive(rich, v)
    first, last = np.int64(-1), np.int64(0)  # the options, after "none"
    if opens:
        last += rich.shifts[v, N_OPTIONS]
    p, fits = np.int64(n + 2 * v), False
    while p != n + 2 * v + 1:
        if p >= rich.counters[N_TASKS]:
            fits = joins and has_room(problem, state, rich, i, v, p)
        q = np.int64(stops[p, NEXT])
        for a in range(first if fits else first + 1, last if q >= rich.counters[N_TASKS] else 0):
            option = np.int64(a)
            if a >= 0:
                option = np.int64(rich.options[rich.shifts[v, OPTIONS_FROM] + a])
            bound = consider(
                problem, state, rich, np.uint64(i), np.uint64(p), np.uint64(v), option, bound)
        p = q
    return bound


@inlined
def scan_vehicles(problem, guide, state, rich, i, turn, bound):
    """Look at all places of vehicles of one kind.

    That is, by turn: of workers that links ask for; one empty vehicle of each class that can serve
    task ``i``; a few for new trips; a few drawn, where all else failed.
    """
    stops, vehicles = state.stops, state.vehicles
    n_vehicles, has_trips = len(vehicles), rich.counters[HAS_TRIPS] == 1
    n_all, first, wanted = np.int64(n_vehicles), np.int64(0), np.int64(_FALLBACK_ROUTES)
    if turn == OF_LINKS:
        first, n_all = np.int64(rich.tasks[i, EDGE_FROM]), np.int64(rich.tasks[i, N_EDGES])
    elif turn == EMPTY:
        first, n_all = np.int64(guide.alone_ptr[i]), np.int64(0)
        if state.counters[MAY_OPEN] == 1:
            n_all = guide.alone_ptr[i + 1] - first
            if has_trips:
                first, n_all = np.int64(0), np.int64(len(state.classes))
    else:
        if turn == TO_RELOAD:
            wanted = np.int64(_RELOAD_ROUTES)
            if len(rich.slots) == 0:
                n_all = np.int64(0)
        if n_all > wanted or turn == ANY:
            first = draw_below(state.rng, n_vehicles)
    for k in range(n_all):
        v = first + k
        if turn == OF_LINKS:
            v = np.int64(stops[rich.edges[first + k, OTHER], ROUTE])
            if v == ABSENT or rich.edges[first + k, WHO] != SAME_WORKER:
                continue
        elif turn == EMPTY:
            c = v
            if not has_trips:
                c = np.int64(guide.alone_class[v])
            if state.classes[c, N_EMPTY] == 0:
                continue
            top = state.classes[c, FROM] + state.classes[c, N_EMPTY] - 1
            v = np.int64(state.vehicle_marks[top, EMPTY_LIST])
            p = np.int64(len(guide.near) + 2 * v)
            # The classes stand in order of this cost; the others can only add to it.
            if not has_trips and (
                problem.fixed[v] + insertion_cost(problem, state, i, p, p + 1, v) >= bound
            ):
                break
        elif v >= n_vehicles:
            v -= n_vehicles
        if (vehicles[v, COUNT] == 0) != (turn == EMPTY):
            continue
        if not may_serve(problem, state, rich, i, v):
            continue
        if turn >= TO_RELOAD:
            if wanted == 0:
                break
            wanted -= 1
        bound = scan_places(
            problem, state, rich, i, v, turn != TO_RELOAD, has_trips and turn != ANY, bound)
    return bound


@inlined
def find_candidates(problem, guide, state, rich, i, bound, is_fallback):
    """Fill the list of candidates: positions that may cost less than ``bound``, the best first."""
    counters = rich.counters
    counters[N_FOUND] = 0
    if counters[IS_LOADING] == 1:
        v = np.int64(rich.marks[i, TARGET])
        last = np.int64(state.stops[len(guide.near) + 2 * v + 1, PREV])
        head, option = head_of(rich, last), np.int64(-1)
        fits = has_room(problem, state, rich, i, v, head)
        if rich.marks[i, TRIP] > 0 and rich.marks[head, TRIP] != rich.marks[i, TRIP]:
            option = np.int64(rich.marks[i, TRIP] - 1) % len(rich.choices)
            fits = may_drive(rich, v) and may_reload(problem, rich, i, v, option)
        if fits and may_serve(problem, state, rich, i, v):
            keep_candidate(rich, np.int64(0), last, v, option, bound)
        return
    turn = ANY
    if not is_fallback:
        bound = scan_near(problem, guide, state, rich, i, bound)
        turn = EMPTY
    while turn <= ANY:
        bound = scan_vehicles(problem, guide, state, rich, i, turn, bound)
        turn += 1
        if turn == ANY:
            return


@part
def place_task(problem, guide, state, rich, i, ceiling):
    """Insert the absent task ``i`` where it adds the least to the cost, if less than ``ceiling``.

    The prize that is won does not count. Returns whether it was inserted.
    """
    counters, candidates = state.counters, rich.candidates
    if len(state.saved_stops) - counters[N_STOPS_SAVED] < 2 * len(state.stops):
        return False  # the journal might not hold it
    bind_start(problem, state, rich, i)
    clock, before = counters[CLOCK], counters[TOTAL]
    n_stops, n_vehicles = counters[N_STOPS_SAVED], counters[N_VEHICLES_SAVED]
    best_cost, best_p, best_v, best_option = ceiling, np.int64(-1), np.int64(-1), np.int64(-1)
    for attempt in range(2):
        find_candidates(problem, guide, state, rich, i, ceiling, attempt == 1)
        n_found = np.int64(rich.counters[N_FOUND])
        k = np.int64(0)
        while k <= n_found:
            # The turn after the last carries out the best one again.
            again = k == n_found or candidates[k, C_COST] >= best_cost
            if again:
                if best_p < 0:
                    break
                p, v, option = best_p, best_v, best_option
            else:
                p, v = np.int64(candidates[k, C_BEFORE]), np.int64(candidates[k, C_VEHICLE])
                option = np.int64(candidates[k, C_OPTION])
            k += 1
            open_savepoint(state, rich)
            put(problem, state, rich, i, p, v, option)
            fits = retime(problem, state, rich)
            fits = price_routes(problem, state, rich) and fits
            cost = counters[TOTAL] - before + state.prize[i]
            better = fits and cost < best_cost
            if better:
                best_cost, best_p, best_v, best_option = cost, p, v, option
            if again or (better and (k == n_found or candidates[k, C_COST] >= cost)):
                counters[CLOCK] = clock
                # A slot before it is new as well.
                carry_backward(problem, state, rich, v, i, np.int64(1 if option < 0 else 2))
                return True
            roll_back(problem, state, rich, n_stops, n_vehicles)
            counters[TOTAL], counters[CLOCK] = before, clock
        if n_found > 0 and attempt == 0 and rich.counters[IS_LOADING] == 1:
            break
    return False


@part
def place(problem, guide, state, rich, i, limit):
    """Insert what ``i`` stands for on the work list: a unit, or the cheapest one of its group.

    It costs less than ``limit`` and than the prizes that it wins; otherwise nothing is inserted.
    One function, since each level of calls takes seconds to compile.
    """
    counters, members = state.counters, rich.members
    is_loading = rich.counters[IS_LOADING] == 1
    group, n_units = np.int64(rich.tasks[i, GROUP_FROM]), np.int64(rich.tasks[i, GROUP_SIZE])
    if is_loading:
        n_units = np.int64(0)
    before, clock = counters[TOTAL], counters[CLOCK]
    n_stops, n_vehicles = counters[N_STOPS_SAVED], counters[N_VEHICLES_SAVED]
    rng, blink = state.rng[0], counters[BLINK]
    best, best_cost = np.int64(-1), limit
    if n_units == 0:
        best = np.int64(i)
    # The units of a group are tried in turn and undone; in the last turn the best one is inserted.
    for turn in range(n_units + 1):
        is_last = turn == n_units
        j, ceiling = best, limit
        if not is_last:
            j, ceiling = np.int64(members[group + turn]), best_cost
        if j < 0 or state.stops[j, ROUTE] != ABSENT:
            continue
        g = rich.tasks[j, GROUP]
        if g >= 0 and rich.served[g, SERVED] > 0 and not is_loading:
            continue
        first, size = np.int64(rich.tasks[j, UNIT_FROM]), np.int64(rich.tasks[j, UNIT_SIZE])
        prizes = np.int64(0)
        for k in range(first, first + size):
            prizes += state.prize[members[k]]
        left = min(ceiling, prizes)
        shift = np.int64(0)
        if n_units > 0:  # each with the same luck, so that the best one can be had again
            state.rng[0], counters[BLINK] = rng, blink
        if is_loading:
            # Routes from outside are taken as they are, even if leaving a task out were cheaper.
            size, left = np.int64(1), limit
        elif size > 1:
            shift = draw_below(state.rng, size)
        if n_units > 0 or size > 1:
            open_savepoint(state, rich)
        done = True
        for k in range(size):
            x = j
            if size > 1:
                x = np.int64(members[first + (k + shift) % size])
            if not done or state.stops[x, ROUTE] != ABSENT:
                continue  # in vain, or with its mate
            now = counters[TOTAL] - state.prize[x]
            mate = np.int64(rich.tasks[x, MATE])
            if mate >= 0 and not is_loading:
                now -= state.prize[mate]
                pickup = x if rich.tasks[x, IS_PICKUP] == 1 else mate
                done = place_pair(problem, guide, state, rich, pickup, x + mate - pickup, left)
            else:
                done = place_task(problem, guide, state, rich, x, left)
            left -= counters[TOTAL] - now
        if done and not is_last:
            best, best_cost = j, counters[TOTAL] - before + prizes
        if (size > 1 and not done) or not is_last:
            roll_back(problem, state, rich, n_stops, n_vehicles)
            counters[TOTAL] = before
        counters[CLOCK] = clock
