"""Changing a route: insert a task, remove a segment, and carry the times forward and backward.

The times obey  depart(q) = earliest(depart(p) + time(p, q)) + service(q)  and
latest(p) = latest_start(latest(q) - time(p, q) - service(p)); after a change both are carried on
until a value stays as it was, since then all that follow do.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.duty import keeps_limit, price_now, reprice
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import (
    count_load,
    count_served,
    list_absent,
    list_empty,
    list_slot,
    save_stop,
    save_vehicle,
    unlist_absent,
    unlist_empty,
    unlist_slot,
)
from solvers.search.kernels.rich_rows import (
    AFFINITY,
    BUSY,
    FIRST_SLOT,
    HAS_TRIPS,
    HEAD,
    IS_TIMED,
    LEADER,
    LEAVING,
    MATES,
    N_FREE,
    N_MATES,
    N_TASKS,
    N_TIMED,
    OPEN_PLACE,
    RELOADS,
    START,
    TRAVEL,
    TRIP,
    UNIT_FROM,
    UNIT_SIZE,
    WORKED,
    WORKER,
)
from solvers.search.kernels.rows import (
    ABSENT,
    CLOCK,
    COST,
    COST_IN,
    COST_ROW,
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
    TIME,
    TIME_ROW,
    TIMED,
    TOTAL,
    WORK,
)
from solvers.search.kernels.starts import add_head, move_start, set_lateness, touch
from solvers.search.kernels.timing import earliest_start, latest_start, service_of


@inlined
def n_tasks_of(problem, rich):
    """Count the tasks, without the slots of a rich model."""
    if rich is None:
        return np.int64(len(problem.tasks))
    return np.int64(rich.counters[N_TASKS])


@inlined
def set_arc(problem, state, v, p, q):
    """Make ``q`` follow ``p`` in the route of vehicle ``v``; both rows must be journalled.

    Returns the cost of the arc; the arc of an empty vehicle is free.
    """
    stops, vehicles = state.stops, state.vehicles
    stops[p, NEXT] = q
    stops[q, PREV] = p
    a, b = np.uint64(problem.places[p]), np.uint64(problem.places[q])
    cost = np.int64(0)
    if vehicles[v, COUNT] > 0:
        cost = np.int64(problem.cost_to[np.uint64(vehicles[v, COST_ROW]) + a, b])
    stops[p, COST] = cost
    stops[q, COST_IN] = cost
    if problem.traits[TIMED] != 0:
        stops[p, TIME] = problem.time_to[np.uint64(vehicles[v, TIME_ROW]) + a, b]
    return cost


@inlined
def carry_forward(problem, state, rich, v, x, force):
    """Recompute DEPART from stop ``x`` on, at least for the first ``force`` stops."""
    if problem.traits[TIMED] == 0:
        return
    stops = state.stops
    n = np.uint64(len(problem.tasks))
    x = np.uint64(x)
    while x < n:
        p = np.uint64(stops[x, PREV])
        arrival = np.int64(stops[p, DEPART]) + stops[p, TIME]
        depart = earliest_start(problem, x, arrival) + service_of(problem, state, x, v)
        if depart == stops[x, DEPART] and force <= 0:
            return
        save_stop(state, rich, x)
        stops[x, DEPART] = depart
        force -= 1
        x = np.uint64(stops[x, NEXT])


@inlined
def carry_backward(problem, state, rich, v, x, force):
    """Recompute LATEST from stop ``x`` back, at least for the first ``force`` stops."""
    if problem.traits[TIMED] == 0:
        return
    stops = state.stops
    n = np.uint64(len(problem.tasks))
    x = np.uint64(x)
    while x < n:
        q = np.uint64(stops[x, NEXT])
        bound = np.int64(stops[q, LATEST]) - stops[x, TIME] - service_of(problem, state, x, v)
        latest = latest_start(problem, x, bound)
        if latest == stops[x, LATEST] and force <= 0:
            return
        save_stop(state, rich, x)
        stops[x, LATEST] = latest
        force -= 1
        x = np.uint64(stops[x, PREV])


@inlined
def count_arc(problem, state, rich, v, p, sign):
    """Add the arc from stop ``p`` on to the travel of ``v``, or take it off (``sign`` -1)."""
    stops = state.stops
    time, place = np.int64(stops[p, TIME]), problem.places[p]
    q = np.int64(stops[p, NEXT])
    rich.days[v, BUSY] += sign * time
    if place != problem.places[q] and place != rich.counters[OPEN_PLACE]:
        time -= rich.setup[q]
    rich.days[v, TRAVEL] += sign * time


@inlined
def count_visit(problem, state, rich, i, v, sign):
    """Count the visit of task ``i`` by ``v``, or take it off (``sign`` -1); not its arcs."""
    rich.days[v, BUSY] += sign * service_of(problem, state, i, v)
    rich.days[v, N_TIMED] += sign * rich.tasks[i, IS_TIMED]
    count_served(rich, i, sign)
    if rich.tasks[i, AFFINITY] >= 0:
        state.counters[TOTAL] += sign * np.int64(
            rich.affinity[rich.tasks[i, AFFINITY], rich.shifts[v, WORKER]]
        )


@inlined
def head_of(rich, x):
    """Head of the trip that stop ``x`` of a route belongs to; of the trip before, for the end."""
    if x < rich.counters[N_TASKS]:
        return np.int64(rich.times[x, HEAD])
    return np.int64(x)


@inlined
def insert_task(problem, state, rich, i, p, v):
    """Insert the absent task ``i`` after stop ``p`` of vehicle ``v``; it must fit.

    In a rich model the timetable is left to be made by ``retime``, and LATEST to
    :func:`carry_backward`; and it may be a slot, which needs a task behind it.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    q = np.int64(stops[p, NEXT])
    save_stop(state, rich, p)
    save_stop(state, rich, i)
    save_stop(state, rich, q)
    save_vehicle(state, rich, v)
    price = price_now(problem, state, state.duties, v)
    if vehicles[v, COUNT] == 0:
        unlist_empty(state, v)
        counters[TOTAL] += problem.fixed[v]
    elif rich is not None:
        count_arc(problem, state, rich, v, p, -1)
    if rich is None or i < rich.counters[N_TASKS]:
        unlist_absent(state, i)
    else:
        unlist_slot(state, rich, i)
        rich.days[v, RELOADS] += 1
    counters[TOTAL] -= state.prize[i] + stops[p, COST]
    vehicles[v, COUNT] += 1
    for d in range(vehicles.shape[1] - LEFT):
        vehicles[v, LEFT + d] -= problem.tasks[i, LOAD + d]
    stops[i, ROUTE] = v
    counters[TOTAL] += set_arc(problem, state, v, p, i)
    counters[TOTAL] += set_arc(problem, state, v, i, q)
    if rich is None:
        carry_forward(problem, state, rich, v, i, np.int64(1))
        carry_backward(problem, state, rich, v, i, np.int64(1))
        reprice(problem, state, state.duties, v, price)
    else:
        count_arc(problem, state, rich, v, p, 1)
        count_arc(problem, state, rich, v, i, 1)
        count_visit(problem, state, rich, i, v, 1)
        if rich.counters[HAS_TRIPS] == 1 and i < rich.counters[N_TASKS]:
            head = head_of(rich, p)
            rich.times[i, HEAD] = head
            count_load(problem, rich, i, head, 1)
        bound = np.int64(stops[q, LATEST]) - stops[i, TIME] - service_of(problem, state, i, v)
        stops[i, LATEST] = max(latest_start(problem, i, bound), np.int64(-1))
        # The links may push it up from here. Heads are looked at from the last one on.
        start = earliest_start(problem, i, np.int64(stops[p, DEPART]) + stops[p, TIME])
        move_start(problem, state, rich, i, v, min(start, np.int64(NO_WAY)))
        add_head(rich, q)
        add_head(rich, i)


@part
def put(problem, state, rich, i, p, v, option):
    """Insert task ``i`` after stop ``p`` of vehicle ``v`` of a rich model.

    Where ``option`` is not -1, in a new trip of this reload option there; a slot must be free.
    """
    x, slot = np.int64(p), np.int64(-1)
    if option >= 0:
        k = np.int64(rich.choices[option, FIRST_SLOT]) + rich.choices[option, N_FREE] - 1
        slot = np.int64(rich.slots[k])
        rich.marks[slot, TRIP] = rich.marks[i, TRIP]
    for turn in range(2):  # one call, as each is compiled anew
        if turn == 1:
            insert_task(problem, state, rich, i, x, v)
        elif option >= 0:
            insert_task(problem, state, rich, slot, x, v)
            x = slot


@inlined
def add_work(state, rich, i):
    """Put task ``i`` on the work list; in a rich model what it stands for, and only once."""
    counters = state.counters
    if rich is not None:
        i = np.int64(rich.tasks[i, LEADER])
        if rich.marks[i, WORKED] == counters[CLOCK]:
            return
        rich.marks[i, WORKED] = counters[CLOCK]
    state.lists[counters[N_WORK], WORK] = i
    counters[N_WORK] += 1


@inlined
def add_mates(state, rich, i):
    """Note the tasks that are served with ``i`` or not at all."""
    if rich.tasks[i, UNIT_SIZE] > 1:
        first = np.int64(rich.tasks[i, UNIT_FROM])
        for k in range(first, first + rich.tasks[i, UNIT_SIZE]):
            mate = np.int64(rich.members[k])
            if state.stops[mate, ROUTE] != ABSENT and rich.marks[mate, LEAVING] == 0:
                rich.marks[mate, LEAVING] = 1
                rich.lists[rich.counters[N_MATES], MATES] = mate
                rich.counters[N_MATES] += 1


@inlined
def remove_segment(problem, state, rich, v, first, last):
    """Remove the tasks from ``first`` to ``last`` of vehicle ``v`` and put them on the work list.

    Where travel breaks the triangle inequality, or there is no way at all, what remains may be
    impossible: then neighbours of the segment go too, until it is possible or the route is empty.
    In a rich model the timetable is left to be made by ``retime``, and the tasks that must leave
    with those removed are noted in ``MATES``. The tasks are of one trip; with the last one goes its
    reload.
    """
    stops, vehicles, counters = state.stops, state.vehicles, state.counters
    n = n_tasks_of(problem, rich)
    time_row = np.int64(vehicles[v, TIME_ROW])
    p, q = np.int64(stops[first, PREV]), np.int64(stops[last, NEXT])
    while problem.traits[TIMED] != 0 and (p < n or q < n):
        time = np.int64(problem.time_to[time_row + problem.places[p], problem.places[q]])
        if stops[p, DEPART] + time <= stops[q, LATEST] and keeps_limit(
            problem, state, state.duties, v, p, q
        ):
            break
        if q < n:
            q = np.int64(stops[q, NEXT])
        else:
            p = np.int64(stops[p, PREV])
    if rich is not None and n <= p < len(problem.tasks) and q >= n:
        p = np.int64(stops[p, PREV])  # no trip without tasks

    save_stop(state, rich, p)
    save_stop(state, rich, q)
    save_vehicle(state, rich, v)
    price = price_now(problem, state, state.duties, v)
    counters[TOTAL] -= stops[p, COST]
    if rich is not None:
        count_arc(problem, state, rich, v, p, -1)
    x = np.int64(stops[p, NEXT])
    while x != q:
        save_stop(state, rich, x)
        if rich is not None:
            count_arc(problem, state, rich, v, x, -1)
            count_visit(problem, state, rich, x, v, -1)
            rich.times[x, START] = 0
            set_lateness(state, rich, x, np.int64(0))
            add_mates(state, rich, x)
            if rich.counters[HAS_TRIPS] == 1 and x < n:
                count_load(problem, rich, x, np.int64(rich.times[x, HEAD]), -1)
        counters[TOTAL] += state.prize[x] - stops[x, COST]
        stops[x, ROUTE] = ABSENT
        stops[x, COST] = stops[x, COST_IN] = -NO_WAY
        if rich is None or x < n:
            list_absent(state, x)
            add_work(state, rich, x)
        else:
            list_slot(state, rich, x)
            rich.days[v, RELOADS] -= 1
        vehicles[v, COUNT] -= 1
        for d in range(vehicles.shape[1] - LEFT):
            vehicles[v, LEFT + d] += problem.tasks[x, LOAD + d]
        x = np.int64(stops[x, NEXT])
    counters[TOTAL] += set_arc(problem, state, v, p, q)
    if vehicles[v, COUNT] == 0:
        list_empty(state, v)
        counters[TOTAL] -= problem.fixed[v]
    elif rich is not None:
        count_arc(problem, state, rich, v, p, 1)
    if rich is None:
        carry_forward(problem, state, rich, v, q, np.int64(0))
    else:
        add_head(rich, q)
        touch(rich, v)
    carry_backward(problem, state, rich, v, p, np.int64(0))
    reprice(problem, state, state.duties, v, price)
