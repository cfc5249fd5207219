"""Models of linked visits with soft ends: which they are, and their arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.model import (
    ANY_WORKER,
    OPEN,
    OTHER_WORKER,
    TIME_MAX,
    UNREACHABLE,
    RoutingModel,
    service_time,
)
from solvers.search.kernels import link_rows as cols

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: What a model may have.
KNOWN = frozenset({"links", "setup", "soft windows", "worst lateness"})
#: Above so many tasks the search for any rich model is used: the arrays are quadratic.
_MOST_TASKS = 1000
#: Neighbours of a task.
_NEAR = 12
#: What waiting and lateness count between neighbours, in seconds of travel.
_WAITING, _LATENESS = 0.2, 1.0


def is_linked(model: RoutingModel) -> bool:
    """Whether a model has links or soft ends, and nothing that the fast kernels do not know.

    Every task has to be served, and is in one link at most; no window or shift can be missed by a
    plan without circles; no way is shorter by way of another visit; vehicles differ in places,
    skills and fixed prices alone. Then a plan exists, and the least starts decide.
    """
    n, v = model.n_tasks, model.n_vehicles
    if not (
        model.features & {"links", "soft windows"} and model.features <= KNOWN
        and model.task_required.all()
        and 0 < n <= _MOST_TASKS and len(model.window_early) == n
        and not (model.task_demand.any() or model.task_group.max(initial=-1) >= 0)
        and all(_is_one(x) for x in (
            model.vehicle_profile, model.vehicle_price_second, model.vehicle_price_metre,
            model.vehicle_permille,
        ))
    ):
        return False
    first, second, worker = model.links.first, model.links.second, model.links.worker
    tied = np.concatenate([first, second])
    if len(np.unique(tied)) < len(tied) or not np.isin(worker, [ANY_WORKER, OTHER_WORKER]).all():
        return False
    time, cost, place = _matrices(model)
    if max(time.max(), cost.max()) >= UNREACHABLE or not _may_leave_out(model, time, place):
        return False
    # A start is at the end of a chain that meets each stop once.
    gaps = np.maximum(np.maximum(model.links.least, -model.links.most.astype(np.int64)), 0)
    latest = (
        max(int(model.window_early.max()), int(model.vehicle_early.max())) + int(gaps.sum())
        + int(_service(model).sum()) + (n + v) * int(time.max())
    )
    if latest > min(int(model.window_late.min()), int(model.vehicle_late.min()), TIME_MAX - 1):
        return False
    workers = able_workers(model)
    alone = workers.sum(axis=1)[model.task_type]
    either = workers[model.task_type[first]] | workers[model.task_type[second]]
    return bool(alone.min() > 0 and (either.sum(axis=1) > 1).all())


def _is_one(values: Int32) -> bool:
    return bool((values == values[:1]).all()) and len(values) > 0


def able_workers(model: RoutingModel) -> NDArray[np.bool_]:
    """Return which workers have a vehicle that may serve a type of tasks, (types, workers)."""
    able = np.zeros((len(model.compatible), int(model.vehicle_worker.max()) + 1), dtype=np.bool_)
    for worker, kind in zip(model.vehicle_worker, model.vehicle_type, strict=True):
        able[:, worker] |= model.compatible[:, kind]
    return able


def _service(model: RoutingModel) -> Int32:
    return service_time(model.task_service, model.vehicle_permille[:1])


def _matrices(model: RoutingModel) -> tuple[Int64, Int64, Int32]:
    """Seconds and costs between places, and the place of each stop, (n + 2v + 1,).

    Places of tasks are locations. A start has a place for each location and fixed price, and so
    have ends: between the two, a way costs nothing, for then the vehicle is not used.
    """
    n, v = model.n_tasks, model.n_vehicles
    of_task, tasks = np.unique(model.task_location, return_inverse=True)
    starts = np.stack([model.vehicle_start.astype(np.int64), model.vehicle_fixed], axis=1)
    of_start, begins = np.unique(starts, axis=0, return_inverse=True)
    of_end, ends = np.unique(model.vehicle_end, return_inverse=True)
    at = np.concatenate([of_task, of_start[:, 0], of_end]).astype(np.int64)
    from_start, from_end = len(of_task), len(of_task) + len(of_start)
    profile = model.vehicle_profile[0]
    known = np.ix_(np.maximum(at, 0), np.maximum(at, 0))
    is_open = (at == OPEN)[:, None] | (at == OPEN)[None, :]
    seconds = np.where(is_open, 0, model.seconds[profile][known]).astype(np.int64)
    metres = np.where(is_open, 0, model.metres[profile][known]).astype(np.int64)
    cost = seconds * model.vehicle_price_second[0] + metres * model.vehicle_price_metre[0]
    setup = np.where(at == OPEN, 0, model.setup[np.maximum(at, 0)]).astype(np.int64)
    seconds += np.where((at[:, None] == at[None, :]) | is_open, 0, setup[None, :])
    cost[from_start:from_end] += of_start[:, 1][:, None]
    # Nobody goes to a start or on from an end, and from a start to an end only who stays at home.
    for table in (seconds, cost):
        table[:, from_start:from_end] = table[from_end:] = 0
    cost[from_start:from_end, from_end:] = 0
    place = np.zeros(n + 2 * v + 1, dtype=np.int32)
    place[:n] = tasks
    place[n : n + 2 * v : 2] = from_start + begins.reshape(-1)
    place[n + 1 : n + 2 * v : 2] = from_end + ends
    return seconds, cost, place


def _may_leave_out(model: RoutingModel, time: Int64, place: Int32) -> bool:
    """Whether no way between two places takes longer than by way of a visit."""
    n = model.n_tasks
    service = np.full(len(time), TIME_MAX, dtype=np.int64)
    np.minimum.at(service, place[:n], _service(model).astype(np.int64))
    tasks = np.unique(place[:n])
    others = np.unique(place[n:-1][::2])
    rows = np.concatenate([tasks, others])
    direct = time[np.ix_(rows, tasks)]
    return all(
        bool((direct <= time[rows, c][:, None] + service[c] + time[c, tasks][None, :]).all())
        for c in tasks
    )


def build_nodes(model: RoutingModel) -> cols.Nodes:
    """Make what never changes."""
    n, v = model.n_tasks, model.n_vehicles
    time, cost, place = _matrices(model)
    nodes = np.zeros((n + 2 * v + 1, cols.NODE_WIDTH), dtype=np.int32)
    nodes[:, cols.PLACE], nodes[:, cols.MATE], nodes[:, cols.LATE] = place, -1, TIME_MAX
    nodes[:n, cols.EARLY] = model.window_early
    nodes[n : n + 2 * v : 2, cols.EARLY] = model.vehicle_early
    nodes[:n, cols.LATE], nodes[:n, cols.PRICE] = model.task_soft_late, model.task_late_price
    nodes[:n, cols.SERVICE], nodes[:n, cols.TYPE] = _service(model), model.task_type
    links = model.links
    nodes[links.first, cols.MATE], nodes[links.second, cols.MATE] = links.second, links.first
    # A gap that cannot hold anything back is as good as none.
    nodes[links.first, cols.GAP] = np.maximum(links.least, -TIME_MAX // 2)
    nodes[links.second, cols.GAP] = np.maximum(-links.most, -TIME_MAX // 2)
    for tasks in (links.first, links.second):
        nodes[tasks, cols.OTHER] = links.worker == OTHER_WORKER
    able = model.compatible[:, model.vehicle_type]
    time32, cost32 = (np.ascontiguousarray(x, dtype=np.int32) for x in (time, cost))
    time_to, cost_to = (np.ascontiguousarray(x.T) for x in (time32, cost32))
    if np.array_equal(time32, cost32):  # fewer lines to keep in the caches
        cost32, cost_to = time32, time_to
    return cols.Nodes(
        nodes=nodes, time=time32, cost=cost32, time_to=time_to, cost_to=cost_to,
        near=_find_near(nodes[:n], time, able), able=np.ascontiguousarray(able, dtype=np.uint8),
        able_ptr=np.concatenate([[0], np.cumsum(able.sum(axis=1))]).astype(np.int32),
        able_vehicle=np.nonzero(able)[1].astype(np.int32), worker=model.vehicle_worker.copy(),
    )


def _find_near(nodes: Int32, time: Int64, able: NDArray[np.bool_]) -> Int32:
    """List the tasks that are good neighbours of each, the best first, (n, _NEAR)."""
    n = len(nodes)
    kind = nodes[:, cols.TYPE]
    way = time[np.ix_(nodes[:, cols.PLACE], nodes[:, cols.PLACE])]
    early, late = nodes[:, cols.EARLY].astype(np.int64), nodes[:, cols.LATE].astype(np.int64)
    done = way + nodes[:, cols.SERVICE][:, None]
    waiting = np.maximum(early[None, :] - late[:, None] - done, 0)
    lateness = np.maximum(early[:, None] + done - late[None, :], 0)
    apart = way + _WAITING * waiting + _LATENESS * lateness
    apart = np.minimum(apart, apart.T)
    shared = (able.astype(np.float32) @ able.astype(np.float32).T) > 0
    apart[~shared[np.ix_(kind, kind)]] = np.inf
    np.fill_diagonal(apart, np.inf)
    tied = np.flatnonzero(nodes[:, cols.MATE] >= 0)
    apart[tied, nodes[tied, cols.MATE]] = np.inf
    near = np.full((n, _NEAR), -1, dtype=np.int32)
    order = np.argsort(apart, axis=1, kind="stable")[:, :_NEAR]
    found = np.take_along_axis(apart, order, axis=1) < np.inf
    near[:, : order.shape[1]] = np.where(found, order, -1)
    return near


def build_plan(model: RoutingModel, seed: int) -> cols.Plan:
    """Make a plan with every task absent and every vehicle at home."""
    n, v = model.n_tasks, model.n_vehicles
    size = n + 2 * v + 1
    stops = np.zeros((size, cols.STOP_WIDTH), dtype=np.int32)
    starts = np.arange(n, n + 2 * v, 2)
    stops[:n, cols.ROUTE] = -1
    stops[starts, cols.NEXT], stops[starts + 1, cols.PREV] = starts + 1, starts
    stops[starts, cols.ROUTE] = stops[starts + 1, cols.ROUTE] = np.arange(v)
    stops[starts, cols.START] = model.vehicle_early
    stops[-1, cols.START] = cols.NEVER
    # Spread the seed over the bits (splitmix64's odd constant); zero would stay zero.
    luck = ((seed + 1) * 0x9E3779B97F4A7C15) % (1 << 64) or 1
    counters = np.zeros(cols.N_COUNTERS, dtype=np.int64)
    counters[cols.PRICE_WORST] = model.price_worst
    def empty(*shape: int) -> Int32:
        return np.zeros(shape, dtype=np.int32)

    return cols.Plan(
        stops=stops, saved=empty(size, cols.STOP_WIDTH + 1), best=empty(size),
        queue=empty(2 * (cols.CAP * n + cols.CAP_MORE), 2), seen=empty(n), ties=empty(8),
        top=empty(cols.TOP + 1), work=np.zeros(8, dtype=np.int64), counters=counters,
        heat=np.ones(2), rng=np.array([luck], dtype=np.uint64),
    )
