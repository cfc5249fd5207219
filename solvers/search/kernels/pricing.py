"""What a timed route of a rich model costs and whether it keeps the limits: duty, travel, loads."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.breaks import AFTER_END, BEFORE_LEG, ON_ARRIVAL
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import save_vehicle
from solvers.search.kernels.rich_rows import (
    BREAK_LATE,
    BREAK_LENGTH,
    BREAK_SIDE,
    BREAK_STOP,
    DUTY,
    DUTY_MATTERS,
    END,
    FIRST_BREAK,
    HAS_PICKUPS,
    MAX_DUTY,
    MAX_TASKS,
    MAX_TRAVEL,
    N_BREAKS,
    N_EDGES,
    N_TOUCHED,
    PRICE_DUTY,
    PRICE_OVER,
    REGULAR,
    SOFT_LATE,
    START,
    TOUCHED,
    TOUCHED_LIST,
    TRAVEL,
    WORKER,
)
from solvers.search.kernels.rows import (
    COUNT,
    DEPART,
    LEFT,
    LOAD,
    NEXT,
    PREV,
    TIME,
    TOTAL,
)
from solvers.search.kernels.timing import latest_start, service_of


@inlined
def price_of_duty(rich, v, duty):
    """Price of so many seconds on duty, with overtime."""
    over = max(np.int64(duty) - rich.shifts[v, REGULAR], np.int64(0))
    return np.int64(duty) * rich.shifts[v, PRICE_DUTY] + over * rich.shifts[v, PRICE_OVER]


@inlined
def duty_of(problem, state, rich, v):
    """Seconds from leaving as late as the timetable allows to the end of the route of ``v``."""
    stops = state.stops
    n = len(problem.tasks)
    if state.vehicles[v, COUNT] == 0:
        return np.int64(0)
    first = np.int64(rich.shifts[v, FIRST_BREAK])
    b = first + rich.shifts[v, N_BREAKS] - 1
    x = np.int64(stops[n + 2 * v + 1, PREV])
    end = np.int64(stops[x, DEPART]) + stops[x, TIME]
    if b >= first:
        end = np.int64(rich.days[v, END])
    while b >= first and rich.break_at[b, BREAK_SIDE] == AFTER_END:
        b -= 1
    bound = end
    while True:
        bound -= stops[x, TIME]
        if x >= n:
            return end - bound
        while (b >= first and rich.break_at[b, BREAK_STOP] == x
               and rich.break_at[b, BREAK_SIDE] == BEFORE_LEG):
            bound = min(bound - rich.breaks[b, BREAK_LENGTH], np.int64(rich.breaks[b, BREAK_LATE]))
            b -= 1
        start = np.int64(rich.times[x, START])
        if rich.tasks[x, N_EDGES] > 0:
            bound = start
        else:
            bound -= service_of(problem, state, x, v)
            soft = max(np.int64(rich.tasks[x, SOFT_LATE]), start)
            bound = latest_start(problem, x, min(bound, soft))
        while (b >= first and rich.break_at[b, BREAK_STOP] == x
               and rich.break_at[b, BREAK_SIDE] == ON_ARRIVAL):
            bound = min(bound - rich.breaks[b, BREAK_LENGTH], np.int64(rich.breaks[b, BREAK_LATE]))
            b -= 1
        x = np.int64(stops[x, PREV])


@inlined
def holds_loads(problem, state, rich, v):
    """Whether what is on board of ``v`` fits at all times."""
    stops, tasks = state.stops, problem.tasks
    n = len(tasks)
    for d in range(state.vehicles.shape[1] - LEFT):
        capacity = np.int64(rich.capacity[v, d])
        load = np.int64(rich.first_load[v, d]) - state.vehicles[v, LEFT + d]
        x = np.int64(stops[n + 2 * v, NEXT])
        while x < n:  # what is on board at the start fits: LEFT is never negative
            load += np.int64(rich.pickups[x, d]) - tasks[x, LOAD + d]
            if load > capacity:
                return False
            x = np.int64(stops[x, NEXT])
    return True


@part
def price_routes(problem, state, rich):
    """Price the touched vehicles; returns whether all their limits are kept. None stays touched."""
    fits = True
    n_touched = rich.counters[N_TOUCHED]
    for k in range(n_touched):
        v = np.int64(rich.routes[k, TOUCHED_LIST])
        if fits and rich.shifts[v, DUTY_MATTERS] == 1:
            duty, before = duty_of(problem, state, rich, v), np.int64(rich.days[v, DUTY])
            if duty != before:
                save_vehicle(state, rich, v)
                rich.days[v, DUTY] = duty
                rich.worker_duty[rich.shifts[v, WORKER]] += duty - before
                state.counters[TOTAL] += price_of_duty(rich, v, duty) - price_of_duty(
                    rich, v, before
                )
            fits = duty <= rich.shifts[v, MAX_DUTY]
        fits = fits and rich.days[v, TRAVEL] <= rich.shifts[v, MAX_TRAVEL]
        fits = fits and state.vehicles[v, COUNT] <= rich.shifts[v, MAX_TASKS]
        if fits and rich.counters[HAS_PICKUPS] == 1:
            fits = holds_loads(problem, state, rich, v)
    for k in range(n_touched):
        v = np.int64(rich.routes[k, TOUCHED_LIST])
        rich.routes[v, TOUCHED] = 0
        w = rich.shifts[v, WORKER]
        # A day may have grown before another one of the same worker shrank.
        fits = fits and rich.worker_duty[w] <= rich.worker_limit[w]
    rich.counters[N_TOUCHED] = 0
    return fits
