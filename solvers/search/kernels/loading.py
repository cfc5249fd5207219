"""Routes from outside into the state: keep what is feasible, leave the rest absent."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.chains import (
    chain_fits,
    place_in_trip,
    remove_from_trip,
    slot_after,
)
from solvers.search.kernels.duty import keeps_limit, reprice
from solvers.search.kernels.insertion import may_take
from solvers.search.kernels.jit import inlined, kernel
from solvers.search.kernels.journal import open_journal, save_stop, unlist_absent, unlist_empty
from solvers.search.kernels.routes import carry_backward, carry_forward, set_arc
from solvers.search.kernels.rows import (
    ABSENT,
    COUNT,
    DEPART,
    LATEST,
    LEFT,
    LOAD,
    N_WORK,
    NEXT,
    NO_WAY,
    PREV,
    ROUTE,
    TIME_ROW,
    TOTAL,
)
from solvers.search.kernels.timing import earliest_start, service_of
from solvers.search.kernels.trip_insertion import (
    fits_as_trip,
    fits_in_trip,
    has_room,
    may_drive,
    may_reload,
)
from solvers.search.kernels.trip_rows import IS_BROKEN, OWNER


@kernel
def load_routes(problem, state, visit_ptr, visits):
    """Fill the empty vehicles of ``state`` with the given routes, in order.

    A visit is dropped if its task is elsewhere already, does not suit the vehicle or comes too
    late; then last visits are dropped until the vehicle ends in time. Dropped tasks are absent.

    Parameters
    ----------
    problem, state : see ``rows``; no vehicle of the state may be used. Overwritten.
    visit_ptr, visits : CSR by vehicle, int32; all visits are task indexes.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    n = len(problem.tasks)
    open_journal(state, None)
    for v in range(len(vehicles)):
        start, end = np.int64(n + 2 * v), np.int64(n + 2 * v + 1)
        save_stop(state, None, start)
        save_stop(state, None, end)
        time_row = np.int64(vehicles[v, TIME_ROW])
        p = start
        for k in range(visit_ptr[v], visit_ptr[v + 1]):
            i = np.int64(visits[k])
            if stops[i, ROUTE] != ABSENT or not may_take(problem, state, i, v):
                continue
            time = problem.time_to[time_row + problem.places[p], problem.places[i]]
            begin = earliest_start(problem, i, np.int64(stops[p, DEPART]) + time)
            depart = begin + service_of(problem, state, i, v)
            if depart > stops[end, LATEST]:
                continue
            save_stop(state, None, i)
            stops[i, DEPART], stops[i, ROUTE], stops[i, PREV], stops[p, NEXT] = depart, v, p, i
            vehicles[v, COUNT] += 1
            for d in range(vehicles.shape[1] - LEFT):
                vehicles[v, LEFT + d] -= problem.tasks[i, LOAD + d]
            p = i
        while p != start:
            time = problem.time_to[time_row + problem.places[p], problem.places[end]]
            in_time = time < NO_WAY and np.int64(stops[p, DEPART]) + time <= stops[end, LATEST]
            if in_time and keeps_limit(problem, state, state.duties, v, p, end):
                break
            stops[p, ROUTE] = ABSENT
            vehicles[v, COUNT] -= 1
            for d in range(vehicles.shape[1] - LEFT):
                vehicles[v, LEFT + d] += problem.tasks[p, LOAD + d]
            p = np.int64(stops[p, PREV])
        last = p
        stops[last, NEXT] = end
        if last == start:
            set_arc(problem, state, v, start, end)
            continue
        unlist_empty(state, v)
        counters[TOTAL] += problem.fixed[v]
        x = start
        while x != end:
            if x != start:
                unlist_absent(state, x)
                counters[TOTAL] -= state.prize[x]
            following = np.int64(stops[x, NEXT])
            counters[TOTAL] += set_arc(problem, state, v, x, following)
            x = following
        count = np.int64(vehicles[v, COUNT])
        carry_forward(problem, state, None, v, np.int64(stops[start, NEXT]), count)
        carry_backward(problem, state, None, v, np.int64(last), count)
        reprice(problem, state, state.duties, v, np.int64(0))


@inlined
def append_visits(problem, state, trips, visit_ptr, visits, v, is_tested):
    """Append visits to the chain of vehicle ``v``, tested for times one by one or not at all."""
    n = len(problem.tasks)
    s, option = np.int64(v), np.int64(-1)
    for k in range(visit_ptr[v], visit_ptr[v + 1]):
        i = np.int64(visits[k])
        if i < 0:
            option = -1 - i
            continue
        if state.stops[i, ROUTE] != ABSENT:
            continue
        end = np.int64(n + 2 * s + 1)
        p = np.int64(state.stops[end, PREV])
        if option >= 0:
            fits = may_reload(problem, state, trips, i, s, option)
            if is_tested:
                fits = fits and fits_as_trip(problem, state, trips, i, s, option)
        else:
            fits = has_room(problem, state, trips, i, s)
            if s == v and state.vehicles[v, COUNT] == 0:
                fits = fits and may_drive(problem, state, trips, i, np.int64(v))
            if is_tested:
                fits = fits and fits_in_trip(problem, state, trips, i, p, end, s)
        if fits:
            open_journal(state, None)
            place_in_trip(problem, state, trips, i, p, s, option)
            if option >= 0:
                s = slot_after(state, s)
                option = np.int64(-1)


@kernel
def load_trips(problem, state, trips, visit_ptr, visits):
    """Fill the empty vehicles of ``state`` with the given multi-trip routes, in order.

    A visit is dropped if its task is elsewhere already or there is no room for it, and a reload if
    no task is left behind it. If a route is impossible all the same, its visits go one by one to
    the end of what fits. Dropped tasks are absent.

    Parameters
    ----------
    problem, state, trips : see ``rows`` and ``trip_rows``; no vehicle may be used. Overwritten.
    visit_ptr, visits : CSR by vehicle, int32; tasks and reloads, as in ``solvers.model``.
    """
    for v in range(len(trips.shifts)):
        for attempt in range(2):
            append_visits(problem, state, trips, visit_ptr, visits, np.int64(v), attempt == 1)
            if attempt == 1 or chain_fits(trips, state, np.int64(v)):
                break
            for k in range(visit_ptr[v], visit_ptr[v + 1]):
                i = np.int64(visits[k])
                if i >= 0 and state.stops[i, ROUTE] != ABSENT:
                    s = np.int64(state.stops[i, ROUTE])
                    if trips.rows[s, OWNER] == v:
                        open_journal(state, None)
                        state.counters[N_WORK] = 0
                        remove_from_trip(problem, state, trips, s, i, i)
    trips.counters[IS_BROKEN] = 0
