"""Where to insert a task into multi-trip routes: each position is tested in constant time.

The tests are exact where travel obeys the triangle inequality, and on the safe side elsewhere.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.chains import slot_after
from solvers.search.kernels.insertion import blinks
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.rng import draw_below
from solvers.search.kernels.rows import (
    BLOCK,
    COST,
    COST_IN,
    COST_ROW,
    COUNT,
    DEPART,
    DETOUR,
    EARLY,
    EMPTY_LIST,
    FROM,
    GLANCE,
    KIND,
    LATE,
    LATEST,
    LEAST_SERVICE,
    LEFT,
    LOAD,
    LOCATION,
    MAY_OPEN,
    N_EMPTY,
    NEXT,
    PREV,
    ROUTE,
    TIME,
    TIME_ROW,
    VEHICLE_KIND,
)
from solvers.search.kernels.timing import service_of
from solvers.search.kernels.trip_rows import (
    ACTIVE,
    BASE,
    BATCH,
    CHOICE_BATCH,
    CHOICE_LOADING,
    CHOICE_PLACE,
    CHOICE_READY,
    FRESHNESS,
    HELD_BEFORE,
    HELD_FROM,
    L_END,
    L_LEAVE,
    LEAST_ALONE,
    LONGEST_TRIP,
    MOST_TRIPS,
    N_OPTIONS,
    OPTIONS_FROM,
    OWNER,
    RELEASE,
    RELEASED,
    SPARE,
    STACK,
    T_END,
    THROUGH,
)

#: Vehicles, and classes of unused ones, in which a new trip is looked for.
_VEHICLES_TRIED, _CLASSES_TRIED = 24, 16
#: Trips that are looked through when no neighbour's trip can take a task.
_FALLBACK_TRIPS = 4


@inlined
def has_room(problem, state, trips, i, s):
    """Whether the vehicle of slot ``s`` suits task ``i`` and the trip has the room and portions."""
    tasks, vehicles = problem.tasks, state.vehicles
    i, s = np.uint64(i), np.uint64(s)
    kind = np.uint64(vehicles[s, VEHICLE_KIND])
    if problem.compatible[np.uint64(tasks[i, KIND]), kind] == 0:
        return False
    batch = np.int64(trips.rows[s, BATCH])
    for k in range(tasks.shape[1] - LOAD):
        d = np.uint64(k)
        load = np.int64(tasks[i, d + np.uint64(LOAD)])
        if load > vehicles[s, d + np.uint64(LEFT)]:
            return False
        if batch >= 0 and load > trips.portions[np.uint64(batch), d]:
            return False
    return True


@inlined
def fits_in_trip(problem, state, trips, i, p, q, s):
    """Whether task ``i`` between the adjacent stops ``p`` and ``q`` of slot ``s`` keeps all times.

    That is its own and those of the trip, and of all trips after it in the chain.
    """
    stops, tasks, legs, rows = state.stops, problem.tasks, trips.legs, trips.rows
    i, p, q, s = np.uint64(i), np.uint64(p), np.uint64(q), np.uint64(s)
    row = np.uint64(state.vehicles[s, TIME_ROW] + tasks[i, LOCATION])
    come = np.int64(problem.time_from[row, np.uint64(trips.places[p])])
    go = np.int64(problem.time_to[row, np.uint64(trips.places[q])])
    service = service_of(problem, state, i, s)
    # As if the trip had left at minus infinity: start, and earliest arrival at q.
    start = max(np.int64(stops[p, DEPART]) + come, np.int64(tasks[i, EARLY]))
    late, early_q = np.int64(tasks[i, LATE]), start + service + go
    if start > late or early_q > stops[q, LATEST]:
        return False
    # As if it never waited: from the leaving to here, to q, and from there to the end.
    through = np.int64(legs[p, THROUGH]) + come
    through_q = through + service + go
    old_q = np.int64(legs[p, THROUGH]) + stops[p, TIME]
    rest = np.int64(rows[s, T_END]) - old_q
    l_end = np.int64(rows[s, L_END])
    fresh, spare = np.int64(trips.tasks[i, FRESHNESS]), np.int64(legs[q, SPARE])
    if early_q + rest > l_end or through > fresh or through_q + spare > 0:
        return False
    leave = max(
        max(np.int64(rows[s, BASE]), np.int64(rows[s, RELEASED])),
        max(np.int64(trips.tasks[i, RELEASE]), start - fresh),
    )
    leave = max(leave, max(np.int64(legs[p, HELD_BEFORE]), np.int64(legs[q, HELD_FROM])))
    leave = max(leave, early_q + spare)
    if state.vehicles[s, COUNT] > 0 and leave > rows[s, L_LEAVE]:
        return False
    return (leave + through <= late and leave + through_q <= stops[q, LATEST]
            and leave + through_q + rest <= l_end)


@inlined
def cost_of_trip(problem, state, trips, i, k, option):
    """Cost of a new trip of an option after slot ``k`` that serves ``i``, but for its vehicle.

    ``NO_WAY`` or more if there is no way.
    """
    stops, places = state.stops, trips.places
    end = np.uint64(len(problem.tasks) + 2 * k + 1)
    p = np.uint64(stops[end, PREV])
    row = np.uint64(state.vehicles[k, COST_ROW])
    place = np.uint64(trips.choices[option, CHOICE_PLACE])
    here = np.uint64(problem.tasks[i, LOCATION])
    return (
        np.int64(problem.cost_to[row + np.uint64(places[p]), place])
        + problem.cost_to[row + place, here]
        + problem.cost_to[row + here, np.uint64(places[end])]
        - stops[p, COST]
    )


@inlined
def fits_as_trip(problem, state, trips, i, k, option):
    """Whether task ``i`` alone in a new trip of an option after slot ``k`` keeps all times."""
    stops, tasks, legs, rows, choices = (
        state.stops, problem.tasks, trips.legs, trips.rows, trips.choices
    )
    v = np.int64(rows[k, OWNER])
    end = np.int64(len(tasks) + 2 * k + 1)
    p = np.int64(stops[end, PREV])
    row = np.int64(state.vehicles[k, TIME_ROW])
    place, here = np.int64(choices[option, CHOICE_PLACE]), np.int64(tasks[i, LOCATION])
    longest = np.int64(trips.shifts[v, LONGEST_TRIP])
    # The trip before, which now ends at the place of the reload.
    time = np.int64(problem.time_to[row + trips.places[p], place])
    e_end, t_end = np.int64(stops[p, DEPART]) + time, np.int64(legs[p, THROUGH]) + time
    leave = max(np.int64(rows[k, BASE]), np.int64(rows[k, RELEASED]))
    if state.vehicles[k, COUNT] > 0:
        if t_end > longest:
            return False
        leave = max(leave, max(np.int64(legs[p, HELD_BEFORE]), e_end - longest))
    if leave > stops[len(tasks) + 2 * k, LATEST]:
        return False  # too late for its own windows
    arrive = max(e_end, leave + t_end)
    # The new trip.
    time = np.int64(problem.time_to[row + place, here])
    home = np.int64(problem.time_to[row + here, trips.places[end]])
    service = service_of(problem, state, i, k)
    early, fresh = np.int64(tasks[i, EARLY]), np.int64(trips.tasks[i, FRESHNESS])
    e_end, t_end = early + service + home, time + service + home
    if time > fresh or t_end > longest:
        return False
    leave = max(arrive + choices[option, CHOICE_LOADING], np.int64(choices[option, CHOICE_READY]))
    leave = max(leave, np.int64(trips.tasks[i, RELEASE]))
    leave = max(leave, max(early - fresh, e_end - longest))
    return leave + time <= tasks[i, LATE] and max(e_end, leave + t_end) <= rows[k, L_END]


@inlined
def has_portions(problem, state, trips, i, option):
    """Whether there is a slot and a portion left for a trip of a reload option to task ``i``."""
    c = np.int64(trips.choices[option, STACK])
    if state.classes[c, N_EMPTY] == 0:
        return False
    batch = np.int64(trips.choices[option, CHOICE_BATCH])
    if batch >= 0:
        for d in range(problem.tasks.shape[1] - LOAD):
            if problem.tasks[i, d + LOAD] > trips.portions[batch, d]:
                return False
    return True


@inlined
def may_drive(problem, state, trips, i, v):
    """Whether vehicle ``v`` may have one more trip, which serves task ``i``."""
    if problem.compatible[problem.tasks[i, KIND], state.vehicles[v, VEHICLE_KIND]] == 0:
        return False
    return trips.rows[v, ACTIVE] < trips.shifts[v, MOST_TRIPS]


@inlined
def may_reload(problem, state, trips, i, k, option):
    """Whether a trip of a reload option after slot ``k`` may take task ``i``, but for its times."""
    v = np.int64(trips.rows[k, OWNER])
    allowed, first = False, np.int64(trips.shifts[v, OPTIONS_FROM])
    for a in range(first, first + trips.shifts[v, N_OPTIONS]):
        allowed = allowed or trips.options[a] == option
    for d in range(state.vehicles.shape[1] - LEFT):
        allowed = allowed and problem.tasks[i, d + LOAD] <= trips.capacity[v, d]
    return (allowed and may_drive(problem, state, trips, i, v)
            and has_portions(problem, state, trips, i, option))


@inlined
def scan_chain(problem, state, trips, i, v, best_cost, best_p, best_s, best_option):
    """Look at all places for a trip of its own in the chain of vehicle ``v``.

    Returns the best of what is found and what is given: cost, stop before or -1, slot, option.
    """
    stops, vehicles, rows, shifts = state.stops, state.vehicles, trips.rows, trips.shifts
    n = len(problem.tasks)
    fixed = np.int64(0)
    if rows[v, ACTIVE] == 0:
        fixed += problem.fixed[v]
    if fixed >= best_cost or not may_drive(problem, state, trips, i, v):
        return best_cost, best_p, best_s, best_option
    if vehicles[v, COUNT] == 0 and has_room(problem, state, trips, i, v):
        p, q = np.int64(n + 2 * v), np.int64(n + 2 * v + 1)
        row = np.int64(vehicles[v, COST_ROW]) + problem.tasks[i, LOCATION]
        cost = (
            fixed + problem.cost_from[row, trips.places[p]] + problem.cost_to[row, trips.places[q]]
            - stops[p, COST]
        )
        if (cost < best_cost and fits_in_trip(problem, state, trips, i, p, q, v)
                and not blinks(state)):
            best_cost, best_p, best_s, best_option = cost, p, np.int64(v), np.int64(-1)
    for d in range(vehicles.shape[1] - LEFT):
        if problem.tasks[i, d + LOAD] > trips.capacity[v, d]:
            return best_cost, best_p, best_s, best_option
    first = np.int64(shifts[v, OPTIONS_FROM])
    for a in range(first, first + shifts[v, N_OPTIONS]):
        option = np.int64(trips.options[a])
        if not has_portions(problem, state, trips, i, option):
            continue
        k = np.int64(v)
        while k >= 0:
            cost = fixed + cost_of_trip(problem, state, trips, i, k, option)
            if (cost < best_cost and fits_as_trip(problem, state, trips, i, k, option)
                    and not blinks(state)):
                best_cost, best_p, best_s, best_option = cost, np.int64(n + 2 * k), k, option
            k = slot_after(state, k)
    return best_cost, best_p, best_s, best_option


@part
def scan_chains(problem, state, trips, i, best_cost, best_p, best_s):
    """Look for a trip of its own in the chains of some vehicles; result as :func:`scan_chain`.

    Unused vehicles come first: where they cost the same, their time would be lost otherwise.
    """
    best_option = np.int64(-1)
    n_classes = np.int64(len(state.classes) - len(trips.choices))
    n_vehicles = np.int64(len(trips.shifts))
    classes_left, vehicles_left = np.int64(_CLASSES_TRIED), np.int64(_VEHICLES_TRIED)
    if state.counters[MAY_OPEN] == 0:
        classes_left = np.int64(0)
    c, v = np.int64(0), np.int64(draw_below(state.rng, n_vehicles))
    if n_classes > _CLASSES_TRIED:
        c = np.int64(draw_below(state.rng, n_classes))
    for k in range(n_classes + n_vehicles):
        if k < n_classes:
            if classes_left > 0 and state.classes[c, N_EMPTY] > 0:
                classes_left -= 1
                top = np.int64(state.classes[c, FROM]) + state.classes[c, N_EMPTY] - 1
                chain = np.int64(state.vehicle_marks[top, EMPTY_LIST])
            else:
                chain = np.int64(-1)
            c = c + 1 if c + 1 < n_classes else np.int64(0)
        else:
            chain = v if trips.rows[v, ACTIVE] > 0 else np.int64(-1)
            if chain >= 0:
                vehicles_left -= 1
            v = v + 1 if v + 1 < n_vehicles else np.int64(0)
        if chain >= 0:
            best_cost, best_p, best_s, best_option = scan_chain(
                problem, state, trips, i, chain, best_cost, best_p, best_s, best_option)
        if vehicles_left == 0:
            break
    return best_cost, best_p, best_s, best_option


@part
def scan_trips(problem, state, trips, i, best_cost):
    """Look at all places of the trips of a few vehicles; result as :func:`find_trip_position`."""
    stops, vehicles = state.stops, state.vehicles
    n, n_vehicles = len(problem.tasks), len(trips.shifts)
    best_p, best_s = np.int64(-1), np.int64(-1)
    v = draw_below(state.rng, n_vehicles)
    left = np.int64(_FALLBACK_TRIPS)
    for _ in range(n_vehicles):
        if left <= 0:
            break
        s = np.int64(v)
        while s >= 0 and trips.rows[v, ACTIVE] > 0:
            if vehicles[s, COUNT] > 0 and has_room(problem, state, trips, i, s):
                left -= 1
                row = np.int64(vehicles[s, COST_ROW]) + problem.tasks[i, LOCATION]
                p = np.int64(n + 2 * s)
                while p != n + 2 * s + 1:
                    q = np.int64(stops[p, NEXT])
                    cost = (
                        np.int64(problem.cost_from[row, trips.places[p]])
                        + problem.cost_to[row, trips.places[q]] - stops[p, COST]
                    )
                    if cost < best_cost and fits_in_trip(problem, state, trips, i, p, q, s):
                        best_cost, best_p, best_s = cost, p, s
                    p = q
            s = slot_after(state, s)
        v = v + 1 if v + 1 < n_vehicles else np.int64(0)
    return best_p, best_s, np.int64(-1)


@inlined
def find_trip_position(problem, guide, state, trips, i, limit):
    """Cheapest feasible position of the absent task ``i`` that costs less than leaving it out.

    Positions that cost ``limit`` or more are of no use either. Looked at are the places after and
    before each neighbour in ``guide.near``, and new trips in the chains of some vehicles.

    Returns
    -------
    (p, s, option) : insert after stop ``p`` of slot ``s``, or, if ``option`` is not -1, in a new
        trip of that reload option after slot ``s``; ``p`` is -1 if there is no such position.
    """
    stops, vehicles, near, tasks = state.stops, state.vehicles, guide.near, problem.tasks
    best_cost = min(state.prize[i], limit)
    best_p, best_s, best_option = np.int64(-1), np.int64(-1), np.int64(-1)
    place = np.uint64(tasks[i, LOCATION])
    detour = problem.traits[DETOUR]
    state.counters[GLANCE] += 1
    glance = state.counters[GLANCE]
    # As in `insertion.find_position`: first a pass without branches over a block of neighbours.
    late, ready = np.int64(tasks[i, LATE]), np.int64(tasks[i, EARLY]) + tasks[i, LEAST_SERVICE]
    seen, spots = state.seen, state.spots
    n_near = np.uint64(guide.n_near[i])
    first = np.uint64(0)
    while first < n_near:
        last = min(first + np.uint64(BLOCK), n_near)
        n_spots = np.uint64(0)
        k = first
        while k < last:
            o = np.uint64(near[i, k])
            arc, time = np.int64(guide.near_cost[i, k]), np.int64(guide.near_time[i, k])
            seen[o] = glance
            spots[n_spots] = o
            cheap = detour * (arc - stops[o, COST]) < best_cost
            n_spots += np.uint64(cheap & (stops[o, DEPART] + time <= late))
            p = np.uint64(np.uint32(stops[o, PREV]))
            spots[n_spots] = p
            cheap = detour * (arc - stops[o, COST_IN]) < best_cost
            n_spots += np.uint64(cheap & (ready + time <= stops[o, LATEST]) & (seen[p] != glance))
            k += np.uint64(1)
        first = last
        k = np.uint64(0)
        while k < n_spots:
            p = np.uint64(spots[k])
            k += np.uint64(1)
            if stops[p, ROUTE] < 0:  # absent, yet it looks cheap to a prize above NO_WAY
                continue
            s = np.uint64(stops[p, ROUTE])
            if vehicles[s, COUNT] == 0:  # where an absent task once was
                continue
            row = np.uint64(vehicles[s, COST_ROW]) + place
            q = np.uint64(stops[p, NEXT])
            cost = (
                np.int64(problem.cost_from[row, np.uint64(trips.places[p])])
                + problem.cost_to[row, np.uint64(trips.places[q])] - stops[p, COST]
            )
            if (cost < best_cost and has_room(problem, state, trips, i, s)
                    and fits_in_trip(problem, state, trips, i, p, q, s) and not blinks(state)):
                best_cost, best_p, best_s = cost, np.int64(p), np.int64(s)

    # Where no detour pays, most tasks need not look for a trip of their own.
    if detour == 1 or best_cost > trips.tasks[i, LEAST_ALONE]:
        best_cost, best_p, best_s, best_option = scan_chains(
            problem, state, trips, i, best_cost, best_p, best_s)
    if best_p < 0 and limit > state.prize[i]:  # else the iteration is as good as rejected
        return scan_trips(problem, state, trips, i, best_cost)
    return best_p, best_s, best_option
