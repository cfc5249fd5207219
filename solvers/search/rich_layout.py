"""From what a rich model has beyond a plain one to the arrays of ``kernels/rich_rows.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Unsupported
from solvers.model import OPEN, TIME_MAX, RoutingModel, units_of
from solvers.search.kernels import rich_rows as cols
from solvers.search.kernels import rows
from solvers.search.layout import DUTIES, Matrices
from solvers.search.slot_layout import TRIP_FEATURES, build_choices, trip_keys

if TYPE_CHECKING:
    from solvers.search.run import Search

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: Features that the kernels know in a plain model: set-up is travel, a first load a capacity.
PLAIN = frozenset({"setup", "first load"})


def is_rich(model: RoutingModel) -> bool:
    """Whether a model needs the kernels of rich ones.

    If nothing but duty has a limit or a price, and each task has one window, the plain ones do.
    """
    beyond = model.features - PLAIN
    several = len(model.window_early) > model.n_tasks
    return bool(beyond if several else beyond - DUTIES)


#: Room for stops whose times may fall; a route that needs more is taken for impossible.
_QUEUE = 8192


def build_rich(
    model: RoutingModel, matrices: Matrices, state: rows.State, n_tasks: int
) -> cols.Rich:
    """Make the arrays for a state in which everything is absent; adapts the state's prizes.

    The model is with slots, ``n_tasks`` counts the tasks without them.
    """
    n, v = model.n_tasks, model.n_vehicles
    n_stops = n + 2 * v
    tasks, members, group = _tasks(model)
    edges = _edges(model, tasks)
    pickups = _pickups(model)
    affinity = _affinity(model, tasks, state)
    _count_groups_once(model, tasks, state)
    has_trips = bool(model.features & TRIP_FEATURES)
    shifts = _shifts(model, has_trips)
    choices, slots = build_choices(model, matrices, state, tasks, n_tasks)
    breaks = np.stack([model.breaks.early, model.breaks.late, model.breaks.length], axis=1)
    most_breaks = int(np.diff(model.breaks.ptr).max(initial=0))

    setup = np.zeros(n_stops, dtype=np.int32)
    setup[:n] = model.setup[model.task_location]
    setup[n + 1 :: 2] = np.where(model.vehicle_end == OPEN, 0, model.setup[model.vehicle_end])
    served = np.zeros((max(int(group.max(initial=-1)) + 1, 1), 2), dtype=np.int32)
    np.add.at(served[:, cols.IN_GROUP], group[group >= 0], 1)
    marks = np.zeros((n_stops, cols.N_MARKS), dtype=np.int32)
    counters = np.zeros(cols.N_RICH_COUNTERS, dtype=np.int64)
    counters[cols.PRICE_WORST] = model.price_worst
    counters[cols.IN_ROUNDS] = most_breaks > 0 or has_trips
    counters[cols.HAS_PICKUPS] = pickups.any()
    counters[cols.OPEN_PLACE] = matrices.open_place
    counters[cols.HAS_TRIPS], counters[cols.N_TASKS] = has_trips, n_tasks
    leaves = 1 << max(n - 1, 1).bit_length()
    length = cols.journal_length(n_stops)
    return cols.Rich(
        tasks=tasks, members=members, edges=edges, affinity=affinity, shifts=shifts,
        breaks=np.ascontiguousarray(breaks, dtype=np.int32),
        pickups=pickups, capacity=model.vehicle_capacity.copy(),
        first_load=model.vehicle_first_load.copy(), setup=setup,
        worker_limit=model.worker_max_duty.astype(np.int64),
        options=model.reloads.option.copy(),
        times=np.zeros((n_stops, cols.TIMES_WIDTH), dtype=np.int32),
        saved_times=np.zeros((length, cols.TIMES_WIDTH + 1), dtype=np.int32),
        days=np.zeros((v, cols.DAYS_WIDTH), dtype=np.int32),
        saved_days=np.zeros((length, cols.DAYS_WIDTH + 1), dtype=np.int32),
        marks=marks,
        lists=np.zeros((n_stops, 3), dtype=np.int32),
        routes=np.zeros((v, 4), dtype=np.int32),
        break_at=np.zeros((len(breaks), 2), dtype=np.int32),
        labels=np.zeros(3 * (n + 2) * (most_breaks + 1), dtype=np.int64),
        aboard=np.zeros((n + 2, model.n_dimensions), dtype=np.int64),
        queue=np.zeros(_QUEUE, dtype=np.int32),
        worst=np.zeros(2 * leaves, dtype=np.int32),
        served=served,
        worker_duty=np.zeros(len(model.worker_max_duty), dtype=np.int64),
        choices=choices, slots=slots,
        carried=np.zeros((n_stops, cols.CARRIED + model.n_dimensions), dtype=np.int64),
        portions=model.batches.portions.astype(np.int64),
        candidates=np.zeros((cols.N_CANDIDATES, cols.CANDIDATE_WIDTH), dtype=np.int64),
        counters=counters,
    )


def _tasks(model: RoutingModel) -> tuple[Int32, Int32, Int32]:
    """Make the rows of the tasks, the members of units and groups, and the group of each task."""
    n = model.n_tasks
    tasks = np.zeros((n, cols.N_TASK_COLUMNS), dtype=np.int32)
    tasks[:, cols.RELEASED], tasks[:, cols.FRESHNESS] = model.task_release, model.task_freshness
    tasks[:, cols.SOFT_LATE] = model.task_soft_late
    tasks[:, cols.LATE_PRICE] = model.task_late_price
    tasks[:, cols.AFFINITY] = -1
    unit, group = units_of(model), model.task_group
    tasks[:, cols.GROUP] = group
    order = np.argsort(unit, kind="stable").astype(np.int32)
    first = np.searchsorted(unit[order], unit).astype(np.int32)
    tasks[:, cols.UNIT_FROM] = first
    tasks[:, cols.UNIT_SIZE] = np.bincount(unit)[unit]
    leader = order[first]
    tasks[:, cols.LEADER] = leader
    pickup, delivery, _, ride = model.pairs
    tasks[:, cols.MATE] = -1
    tasks[pickup, cols.MATE], tasks[delivery, cols.MATE] = delivery, pickup
    tasks[pickup, cols.IS_PICKUP] = 1
    tasks[pickup, cols.RIDE] = tasks[delivery, cols.RIDE] = ride
    members = [order]
    size = len(order)
    for g in range(int(group.max(initial=-1)) + 1):
        here = group == g
        leaders = np.unique(leader[here])
        tasks[here, cols.GROUP_FROM] = size
        tasks[here, cols.GROUP_SIZE] = len(leaders)
        tasks[here, cols.LEADER] = leaders[0]
        members.append(leaders.astype(np.int32))
        size += len(leaders)
    return tasks, np.concatenate(members), group


def _edges(model: RoutingModel, tasks: Int32) -> Int32:
    """Make the rows of links and ride limits, from either side, and point the tasks to them."""
    limited = model.pairs.ride < TIME_MAX
    n_rides = int(np.count_nonzero(limited))
    rides = (
        model.pairs.pickup[limited], model.pairs.delivery[limited],
        np.full(n_rides, cols.FREE), model.pairs.ride[limited], np.full(n_rides, cols.OF_RIDE),
    )
    first, second, least, most, who = (
        np.concatenate(both) for both in zip(model.links, rides, strict=True)
    )
    ends = np.concatenate([first, second])
    order = np.argsort(ends, kind="stable")
    edges = np.stack([
        np.concatenate([second, first]), np.concatenate([least, -most]),
        np.concatenate([-most, least]), np.concatenate([who, who]),
    ], axis=1)
    tasks[:, cols.N_EDGES] = np.bincount(ends, minlength=len(tasks))
    tasks[:, cols.EDGE_FROM] = np.searchsorted(ends[order], np.arange(len(tasks)))
    soft = tasks[:, cols.SOFT_LATE] < TIME_MAX
    tasks[:, cols.IS_TIMED] = soft | (tasks[:, cols.N_EDGES] > 0)
    return np.ascontiguousarray(edges[order], dtype=np.int32)


def _pickups(model: RoutingModel) -> Int32:
    """Make what each task adds to what is on board, but for its demand."""
    pickups = model.task_pickup.copy()
    pickups[model.pairs.pickup] += model.pairs.load
    pickups[model.pairs.delivery] -= model.pairs.load
    return pickups


def _affinity(model: RoutingModel, tasks: Int32, state: rows.State) -> Int32:
    """Make a row for each task that has affinities, by worker.

    The least cost of a task becomes 0 and its prize greater by as much, so that whatever is added
    to a route costs something; the total stays what it is. Not so in groups, whose tasks share a
    prize.
    """
    ptr, worker, cost = model.affinities
    liked = np.flatnonzero(np.diff(ptr) > 0)
    affinity = np.zeros((len(liked), len(model.worker_max_duty)), dtype=np.int64)
    for row, i in enumerate(liked):
        at = slice(ptr[i], ptr[i + 1])
        affinity[row, worker[at]] = cost[at]
    tasks[liked, cols.AFFINITY] = np.arange(len(liked))
    least = np.minimum(affinity.min(axis=1, initial=0), 0)
    least[model.task_group[liked] >= 0] = 0
    state.prize[liked] -= least
    affinity -= least[:, None]
    if affinity.max(initial=0) > np.iinfo(np.int32).max:
        raise Unsupported("search: affinities differ by more than an int32 holds")
    return np.ascontiguousarray(affinity, dtype=np.int32)


def _count_groups_once(model: RoutingModel, tasks: Int32, state: rows.State) -> None:
    """Leave the prize of a unit of a group to its leader, and count it once a group."""
    group = model.task_group
    grouped = np.flatnonzero(group >= 0)
    if not len(grouped):
        return
    leaders = np.unique(tasks[grouped, cols.UNIT_FROM], return_index=True)[1]
    others = np.delete(grouped, leaders)
    state.prize[others] = 0
    total = int(model.task_prize[group < 0].sum())
    total += int(model.task_prize[grouped[np.unique(group[grouped], return_index=True)[1]]].sum())
    state.counters[[rows.TOTAL, rows.BEST_TOTAL]] = total


def _shifts(model: RoutingModel, has_trips: bool) -> Int32:
    shifts = np.zeros((model.n_vehicles, cols.N_SHIFT_COLUMNS), dtype=np.int32)
    shifts[:, cols.WORKER] = model.vehicle_worker
    shifts[:, cols.MAX_TASKS] = model.vehicle_max_tasks
    shifts[:, cols.MAX_TRAVEL] = model.vehicle_max_travel
    shifts[:, cols.MAX_DUTY] = model.vehicle_max_duty
    shifts[:, cols.REGULAR] = model.vehicle_regular_duty
    shifts[:, cols.PRICE_DUTY] = model.vehicle_price_duty
    shifts[:, cols.PRICE_OVER] = model.vehicle_overtime_price
    shifts[:, cols.FIRST_BREAK] = model.breaks.ptr[:-1]
    shifts[:, cols.N_BREAKS] = np.diff(model.breaks.ptr)
    over = (model.vehicle_regular_duty < TIME_MAX) & (model.vehicle_overtime_price > 0)
    limited = model.worker_max_duty[model.vehicle_worker] < TIME_MAX
    duty = (model.vehicle_price_duty > 0) | over | (model.vehicle_max_duty < TIME_MAX) | limited
    shifts[:, cols.DUTY_MATTERS] = duty
    timed = duty | (shifts[:, cols.N_BREAKS] > 0) | (model.vehicle_max_travel < TIME_MAX)
    loaded = bool(model.task_pickup.any() or model.pairs.load.any())
    if has_trips:
        timed[:] = True
    shifts[:, cols.EARLY_LEAVE] = model.vehicle_early
    shifts[:, cols.MOST_TRIPS] = model.vehicle_max_trips
    shifts[:, cols.LONGEST_TRIP] = model.vehicle_max_trip
    shifts[:, cols.OPTIONS_FROM] = model.reloads.option_ptr[:-1]
    shifts[:, cols.N_OPTIONS] = np.diff(model.reloads.option_ptr)
    shifts[:, cols.WATCHED] = np.where(timed, cols.WATCHED_TIMES, loaded * cols.WATCHED_LOADS)
    return shifts


def load_rich(search: Search, routes: list[list[int]]) -> None:
    """Fill the empty vehicles with the given visits as far as they are possible.

    Each task goes to the end of its route, with the timetable of all, and takes the reload before
    it along. Units that are not complete, in the routes or because one of them does not fit, stay
    absent, as do second alternatives.
    """
    model = search.model
    unit, group = units_of(model), model.task_group
    size = np.bincount(unit)
    wanted: dict[int, int] = {}  # task -> vehicle, in the order of the routes
    for v, route in enumerate(routes):
        for i in route:
            if i >= 0:
                wanted.setdefault(i, v)
    trip = trip_keys(model, routes)
    found = np.bincount(unit[list(wanted)], minlength=len(size)) if wanted else np.zeros_like(size)
    refused = set(np.flatnonzero(found < size).tolist())
    chosen: dict[int, int] = {}  # group -> unit
    for i in wanted:
        u, g = int(unit[i]), int(group[i])
        if u not in refused and g >= 0 and chosen.setdefault(g, u) != u:
            refused.add(u)
    place = {i: x for x, i in enumerate(wanted)}
    for p, d in zip(model.pairs.pickup.tolist(), model.pairs.delivery.tolist(), strict=True):
        if p in wanted and d in wanted and (
            wanted[p] != wanted[d] or place[p] > place[d] or trip[p] != trip[d]
        ):
            refused.add(int(unit[p]))
    while True:
        target = {i: v for i, v in wanted.items() if int(unit[i]) not in refused}
        order = np.array(list(target), dtype=np.int32)
        rich, state = search.rich, search.state
        assert rich is not None
        iterations = int(state.counters[rows.ITERATIONS])
        rich.marks[order, cols.TARGET] = list(target.values())
        rich.marks[order, cols.TRIP] = [trip[i] for i in target]
        rich.counters[cols.IS_LOADING] = 1
        state.lists[: len(order), rows.WORK] = order
        if len(order):
            search.step(1, len(order))
        rich.counters[cols.IS_LOADING] = 0
        state.counters[rows.ITERATIONS] = iterations
        absent = order[state.stops[order, rows.ROUTE] == rows.ABSENT]
        torn = {int(u) for u in unit[absent] if size[u] > 1}
        if not torn:
            return
        refused |= torn
        search.reset()
        search.counters[rows.ITERATIONS] = iterations
