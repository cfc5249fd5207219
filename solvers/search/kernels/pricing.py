"""What a timed route of a rich model costs and whether it keeps the limits: duty, travel, loads."""

from __future__ import annotations

import numpy as np

from solvers.model import TIME_MAX
from solvers.search.kernels.breaks import AFTER_END, BEFORE_LEG, ON_ARRIVAL
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.journal import save_vehicle
from solvers.search.kernels.rich_rows import (
    BREAK_LATE,
    BREAK_LENGTH,
    BREAK_SIDE,
    BREAK_STOP,
    CARRIED,
    DUTY,
    DUTY_MATTERS,
    END,
    FIRST_BREAK,
    FRESHNESS,
    HAS_PICKUPS,
    HAS_TRIPS,
    MAX_DUTY,
    MAX_TASKS,
    MAX_TRAVEL,
    MOST_TRIPS,
    N_BREAKS,
    N_CARRIED,
    N_EDGES,
    N_TASKS,
    N_TOUCHED,
    PRICE_DUTY,
    PRICE_OVER,
    REGULAR,
    RELOADS,
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
        if rich.tasks[x, N_EDGES] > 0 or rich.tasks[x, FRESHNESS] < TIME_MAX:
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
def first_load_of(state, rich, v, d):
    """Return the demand of all tasks of the first trip of ``v``."""
    if rich.counters[HAS_TRIPS] == 1:
        return rich.carried[len(rich.tasks) + 2 * v, CARRIED + d]
    return np.int64(rich.first_load[v, d]) - state.vehicles[v, LEFT + d]


@inlined
def holds_loads(problem, state, rich, v):
    """Whether what is on board of ``v`` fits at all times.

    What is on board when a trip leaves fits: nothing is inserted where it would not.
    """
    stops, tasks = state.stops, problem.tasks
    n = len(tasks)
    for d in range(state.vehicles.shape[1] - LEFT):
        capacity = np.int64(rich.capacity[v, d])
        load = first_load_of(state, rich, v, d)
        x = np.int64(stops[n + 2 * v, NEXT])
        while x < n:
            load += np.int64(rich.pickups[x, d]) - tasks[x, LOAD + d]
            if x >= rich.counters[N_TASKS]:
                load = rich.carried[x, CARRIED + d]
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
        n_reloads = np.int64(rich.days[v, RELOADS])
        fits = fits and state.vehicles[v, COUNT] - n_reloads <= rich.shifts[v, MAX_TASKS]
        fits = fits and n_reloads + np.int64(
            rich.carried[len(problem.tasks) + 2 * v, N_CARRIED] > 0
        ) <= rich.shifts[v, MOST_TRIPS]
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
