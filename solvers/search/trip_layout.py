"""From what multi-trip routes have beyond plain ones to the arrays of ``kernels/trip_rows.py``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from solvers.model import OPEN, RoutingModel
from solvers.search.kernels import rows
from solvers.search.kernels import trip_rows as cols
from solvers.search.layout import Int32, Matrices

#: Features of models that the trip kernels solve on their own, with ``rich_layout.PLAIN``.
TRIPS = frozenset({
    "release", "freshness", "reloads", "batches", "max trip", "max trips", "first load", "setup",
})
#: Slots of a reload option: so many a vehicle, and so many more.
_SLOTS_A_VEHICLE, _SLOTS_MORE = 8, 32
#: Neighbours tried when a task is inserted.
_N_NEAR = 100
#: Strings in a thousand that are whole trips; 250 were worse on six instances of 100 and 200 tasks.
_WHOLE = 50
#: Tasks to remove in an iteration on average, and longest string.
_MEAN_REMOVED, _LONGEST_STRING = 10, 10
#: How often in an iteration trips are moved, and their tails exchanged.
_MOVES, _TAILS = 1, 1


def needs_trips(model: RoutingModel) -> bool:
    """Whether the trip kernels are right for a model: trips, and nothing else that is rich."""
    one_window = len(model.window_early) == model.n_tasks
    features = model.features
    return one_window and features <= TRIPS and bool(features - {"setup", "first load"})


def n_slots(model: RoutingModel) -> int:
    """Slots of a model: the first trips of its vehicles, and those of its reload options."""
    return model.n_vehicles + len(model.reloads.location) * _slots_of_option(model)


def _slots_of_option(model: RoutingModel) -> int:
    return min(model.n_tasks, _SLOTS_A_VEHICLE * model.n_vehicles + _SLOTS_MORE)


def leading_options(model: RoutingModel) -> Int32:
    """Reload option of each vehicle that does for its first load as well, or -1.

    That is one without loading time or batch where the vehicle starts. Every trip then follows a
    reload, so that a new one can be put before all others.
    """
    reloads, leading = model.reloads, np.full(model.n_vehicles, -1, dtype=np.int32)
    roomy = (model.vehicle_capacity >= model.vehicle_first_load).all(axis=1)
    for v in np.flatnonzero(roomy).tolist():
        at, profile = int(model.vehicle_start[v]), int(model.vehicle_profile[v])
        for k in reloads.option[reloads.option_ptr[v] : reloads.option_ptr[v + 1]].tolist():
            idle = reloads.seconds[k] == 0 and reloads.batch[k] < 0
            if idle and reloads.location[k] == at and model.seconds[profile, at, at] == 0 \
                    and model.metres[profile, at, at] == 0:
                leading[v] = k
    return leading


def widen_state(model: RoutingModel, state: rows.State) -> rows.State:
    """Make the state of a model one of its slots, all of them empty."""
    n, n_vehicles = model.n_tasks, model.n_vehicles
    m, total = _slots_of_option(model), n_slots(model)
    more = total - n_vehicles

    def longer(array: np.ndarray, size: int) -> np.ndarray:
        added = np.zeros((size - len(array), *array.shape[1:]), dtype=array.dtype)
        return np.concatenate([array, added])

    leads = leading_options(model) >= 0
    state.vehicles[leads, rows.LEFT :] = 0

    n_stops = n + 2 * total
    stops = longer(state.stops, n_stops)
    starts = n + 2 * np.arange(total)
    stops[starts, rows.ROUTE] = stops[starts + 1, rows.ROUTE] = np.arange(total)
    stops[starts, rows.NEXT], stops[starts + 1, rows.PREV] = starts + 1, starts
    stops[starts, rows.PREV] = stops[starts + 1, rows.NEXT] = -1
    stops[starts, rows.DEPART] = -rows.NO_WAY
    marks = longer(state.stop_marks, n_stops)
    marks[:, rows.BEST_NEXT] = stops[:, rows.NEXT]

    first = int(model.vehicle_class.max()) + 1
    vehicles = longer(state.vehicles, total)
    vehicles[n_vehicles:, rows.CLASS] = first + np.arange(more) // max(m, 1)
    vehicles[:, rows.NUMBER] = np.arange(total)
    vehicle_marks = longer(state.vehicle_marks, total)
    # The top of a stack is its last slot.
    stacked = np.arange(n_vehicles, total).reshape(-1, max(m, 1))[:, ::-1].reshape(-1)
    vehicle_marks[n_vehicles:, rows.EMPTY_LIST] = stacked
    vehicle_marks[stacked, rows.EMPTY_PLACE] = np.arange(n_vehicles, total)
    added = np.array([(n_vehicles + k * m, m) for k in range(len(model.reloads.location))])
    classes = np.concatenate([state.classes, added.reshape(-1, 2)]).astype(np.int32)
    return state._replace(
        stops=stops, stop_marks=marks, vehicles=vehicles, vehicle_marks=vehicle_marks,
        classes=np.ascontiguousarray(classes),
        saved_stops=np.zeros((n_stops, rows.STOP_WIDTH + 1), dtype=np.int32),
        lists=longer(state.lists, n_stops),
        saved_vehicles=np.zeros((total, vehicles.shape[1]), dtype=np.int32),
        seen=np.zeros(n_stops, dtype=np.int64),
    )


def build_trips(
    model: RoutingModel, problem: rows.Problem, matrices: Matrices, state: rows.State
) -> cols.Trips:
    """Make the arrays of the slots for a widened state in which everything is absent."""
    n, n_vehicles = model.n_tasks, model.n_vehicles
    reloads, batches = model.reloads, model.batches
    total = len(state.vehicles)
    vehicle, slot = np.arange(n_vehicles), np.arange(n_vehicles, total)
    first = int(model.vehicle_class.max()) + 1

    tasks = np.zeros((n, 3), dtype=np.int32)
    tasks[:, cols.RELEASE], tasks[:, cols.FRESHNESS] = model.task_release, model.task_freshness
    tasks[:, cols.LEAST_ALONE] = _least_alone(model, problem, matrices)
    shifts = np.zeros((n_vehicles, 6), dtype=np.int32)
    shifts[:, cols.LAST_ARRIVAL] = model.vehicle_late
    home = np.where(
        model.vehicle_end == OPEN, matrices.open_place, matrices.place[model.vehicle_end]
    )
    shifts[:, cols.HOME] = home
    shifts[:, cols.MOST_TRIPS] = model.vehicle_max_trips
    shifts[:, cols.LONGEST_TRIP] = model.vehicle_max_trip
    shifts[:, cols.OPTIONS_FROM] = reloads.option_ptr[:-1]
    shifts[:, cols.N_OPTIONS] = np.diff(reloads.option_ptr)
    choices = np.zeros((len(reloads.location), 5), dtype=np.int32)
    choices[:, cols.CHOICE_PLACE] = matrices.place[reloads.location]
    choices[:, cols.CHOICE_LOADING] = reloads.seconds
    choices[:, cols.CHOICE_BATCH] = reloads.batch
    choices[:, cols.CHOICE_READY] = -rows.NO_WAY
    loads = reloads.batch >= 0
    choices[loads, cols.CHOICE_READY] = batches.ready[reloads.batch[loads]]
    choices[:, cols.STACK] = first + np.arange(len(choices))

    table = np.zeros((total, cols.ROW_WIDTH), dtype=np.int32)
    option = state.vehicles[slot, rows.CLASS] - first
    table[:, [cols.BATCH, cols.OPTION]] = -1
    table[:, cols.READY] = -rows.NO_WAY
    table[slot, cols.OPTION] = option
    table[slot, cols.LOADING] = choices[option, cols.CHOICE_LOADING]
    table[slot, cols.BATCH] = choices[option, cols.CHOICE_BATCH]
    table[slot, cols.READY] = choices[option, cols.CHOICE_READY]
    table[vehicle, cols.OWNER], table[slot, cols.OWNER] = vehicle, -1
    table[vehicle, cols.BASE] = table[vehicle, cols.LEAVE] = model.vehicle_early
    table[:, cols.HOLD] = table[:, cols.E_END] = table[:, cols.RELEASED] = -rows.NO_WAY
    table[:, cols.SOUND] = 1

    n_stops = len(state.stops)
    places = np.zeros(n_stops, dtype=np.int32)
    places[: n + 2 * n_vehicles] = problem.places
    places[n + 2 * slot] = choices[option, cols.CHOICE_PLACE]
    starts, ends = n + 2 * vehicle, n + 2 * vehicle + 1
    state.stops[ends, rows.TIME] = home
    time = problem.time_to[matrices.time_row + places[starts], home]
    state.stops[starts, rows.TIME] = time
    state.stops[starts, rows.LATEST] = np.maximum(rows.NO_WAY - time, -rows.NO_WAY)
    state.stops[ends, rows.LATEST] = rows.NO_WAY
    table[vehicle, cols.T_END] = time
    table[vehicle, cols.ARRIVE] = np.minimum(
        model.vehicle_early.astype(np.int64) + time, rows.NO_WAY
    )
    table[vehicle, cols.L_END] = model.vehicle_late
    table[vehicle, cols.L_LEAVE] = model.vehicle_late - time
    legs = np.zeros((n_stops, 4), dtype=np.int32)
    legs[n:, cols.HELD_BEFORE] = legs[n:, cols.HELD_FROM] = -rows.NO_WAY
    legs[ends, cols.SPARE] = -model.vehicle_max_trip
    return cols.Trips(
        tasks=tasks, shifts=shifts, options=reloads.option.copy(), choices=choices,
        capacity=model.vehicle_capacity.copy(),
        first_load=state.vehicles[:n_vehicles, rows.LEFT :].copy(),
        places=places, legs=legs, saved_legs=np.zeros_like(legs),
        rows=table, saved_rows=np.zeros_like(table),
        ruined=np.zeros(total, dtype=np.int32),
        portions=batches.portions.astype(np.int64),
        counters=np.array(
            [0, 0, _WHOLE, _MEAN_REMOVED, _LONGEST_STRING, _MOVES, _TAILS], dtype=np.int64
        ),
    )


def _least_alone(
    model: RoutingModel, problem: rows.Problem, matrices: Matrices
) -> NDArray[np.int64]:
    """Bound from below what a trip of its own costs a task, where no detour pays.

    A trip that begins at one place and ends at another replaces the way between the two.
    """
    n = model.n_tasks
    tasks_at = problem.places[:n]
    ends = np.unique(np.concatenate([
        problem.places[n::2], problem.places[n + 1 :: 2], matrices.place[model.reloads.location]
    ]))
    least = np.full(n, rows.NO_WAY, dtype=np.int64)
    for block in np.unique(matrices.cost_row).tolist():
        cost = problem.cost_to[block : block + problem.cost_to.shape[1]].astype(np.int64)
        out, back = cost[np.ix_(ends, tasks_at)], cost[np.ix_(tasks_at, ends)]
        for k, end in enumerate(ends.tolist()):
            between = np.where(ends == end, 0, cost[end, ends])
            least = np.minimum(least, out[k] + (back - between).min(axis=1))
    return least


def guide_trips(
    model: RoutingModel, problem: rows.Problem, guide: rows.Guide, matrices: Matrices
) -> rows.Guide:
    """Let the order of insertion and the neighbours know that trips begin at reload places too."""
    at = problem.tasks[:, rows.LOCATION]
    n = model.n_tasks
    places = np.unique(np.concatenate([
        problem.places[n::2], matrices.place[model.reloads.location]
    ]))
    cost = problem.cost_to[places][:, at].astype(np.int64) + problem.cost_from[places][:, at]
    far = cost.min(axis=0)
    guide.order_keys[:, rows.BY_FAR], guide.order_keys[:, rows.BY_CLOSE] = -far, far
    room = np.maximum(model.vehicle_capacity, model.vehicle_first_load)
    types = np.unique(model.vehicle_type)
    able = np.zeros(n, dtype=np.bool_)
    for t in types.tolist():
        most = room[model.vehicle_type == t].max(axis=0)
        able |= model.compatible[model.task_type, t] & (model.task_demand <= most).all(axis=1)
    # Nobody asks which classes can serve a task alone, but whether there is one.
    ptr = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(able, out=ptr[1:])
    wider = min(_N_NEAR, max(n - 1, 1))
    near = np.full((n, wider), -1, dtype=np.int32)
    return guide._replace(
        alone_ptr=ptr, alone_class=np.zeros(int(ptr[-1]), dtype=np.int32),
        near=near, near_cost=np.full_like(near, rows.NO_WAY),
        near_time=np.full_like(near, rows.NO_WAY),
    )


def released_windows(
    model: RoutingModel, problem: rows.Problem
) -> tuple[rows.Problem, Int32 | None]:
    """Windows that open no earlier than a trip can be there; the releases if there are any."""
    if not model.task_release.any():
        return problem, None
    tasks = problem.tasks.copy()
    places = np.unique(problem.places[model.n_tasks :: 2])
    way = problem.time_to[places][:, tasks[:, rows.LOCATION]].min(axis=0)
    early = np.maximum(tasks[:, rows.EARLY], model.task_release.astype(np.int64) + way)
    tasks[:, rows.EARLY] = np.minimum(early, tasks[:, rows.LATE])
    return problem._replace(tasks=tasks), model.task_release.copy()


def routes_of(
    model: RoutingModel, following: Sequence[int], trips: cols.Trips
) -> list[list[int]]:
    """Visits of each vehicle, with reload marks, from the column NEXT of all stops."""
    n = model.n_tasks
    option = trips.rows[:, cols.OPTION].tolist()
    leading = leading_options(model).tolist()
    routes: list[list[int]] = []
    for v in range(model.n_vehicles):
        route: list[int] = []
        x = following[n + 2 * v]
        while x >= 0:
            if x < n:
                route.append(x)
            elif (x - n) % 2 == 0:
                route.append(-1 - option[(x - n) // 2])
            x = following[x]
        if route and leading[v] >= 0 and route[0] == -1 - leading[v]:
            route = route[1:]
        routes.append(route)
    return routes

