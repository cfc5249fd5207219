"""Time, duty, travel, counts, pairs, links and breaks as dimensions of OR-Tools' routing model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp

from solvers.model import (
    ANY_WORKER,
    OPEN,
    SAME_WORKER,
    TIME_MAX,
    UNREACHABLE,
    RoutingModel,
    service_time,
)
from solvers.ortools_encoding import Encoding, limited

#: Features that need a time dimension, and a start that is not simply the shift's.
_FREE_START = frozenset({
    "duty", "overtime", "max duty", "worker duty", "release", "freshness", "max trip", "breaks",
    "batches",
})
_TIMED = _FREE_START | {"links", "pairs", "reloads", "soft windows", "worst lateness"}


def add_time(encoding: Encoding, *, whole_links: bool) -> Any:
    """Add the time dimension and what hangs on it; None where no route could miss a window.

    ``whole_links``: linked tasks are served all or none; without, the repair sees to it.
    """
    model = encoding.model
    features = model.features
    if not (features & _TIMED or _time_binds(model)):
        return None
    dimension = _time_dimension(encoding)
    _add_windows(encoding, dimension)
    routing = encoding.routing
    for v in range(model.n_vehicles):
        early, late = int(model.vehicle_early[v]), int(model.vehicle_late[v])
        start, end = dimension.CumulVar(routing.Start(v)), dimension.CumulVar(routing.End(v))
        if features & _FREE_START:
            start.SetRange(early, late)
        else:
            # Waiting is free, so leaving at once loses nothing and spares the search a choice.
            start.SetValue(early)
        end.SetRange(early, late)
    _add_duty(encoding, dimension)
    _add_soft_windows(encoding, dimension)
    _add_links(encoding, dimension, whole=whole_links)
    _add_breaks(encoding, dimension)
    return dimension


def _time_binds(model: RoutingModel) -> bool:
    """Whether some route could miss a window or a shift, or meet an arc that is no way."""
    used = model.seconds[np.unique(model.vehicle_profile)]
    if (used >= UNREACHABLE).any() or (np.diff(model.window_ptr) > 1).any():
        return True
    if model.window_early.max() > model.vehicle_early.min():
        return True
    slowest = int(model.vehicle_permille.max())
    leg = int(used.max(initial=0)) + int(model.setup.max(initial=0))
    longest = (
        int(model.vehicle_early.max())
        + (model.n_tasks + 1) * leg
        + int(service_time(model.task_service, slowest).sum(dtype=np.int64))
    )
    return longest > min(int(model.window_late.min()), int(model.vehicle_late.min()))


def _time_dimension(encoding: Encoding) -> Any:
    model, tasks, horizon = encoding.model, encoding.tasks, encoding.horizon
    loading = model.reloads.seconds[encoding.options].astype(np.int64)
    callbacks: dict[tuple[int, int], int] = {}
    by_vehicle = []
    for v in range(model.n_vehicles):
        profile, permille = key = int(model.vehicle_profile[v]), int(model.vehicle_permille[v])
        if key not in callbacks:
            transit = encoding.node_matrix(model.seconds[profile])
            transit[transit >= UNREACHABLE] = horizon + 1
            at = encoding.at
            elsewhere = (at[:, None] != at[None, :]) & (at[:, None] != OPEN) & (at[None, :] != OPEN)
            elsewhere[encoding.n_visits :, encoding.n_visits :] = False
            transit += elsewhere * model.setup[np.maximum(at, 0)][None, :].astype(np.int64)
            # Cumul is start of service, so service is spent on the way out of a task.
            transit[: len(tasks)] += service_time(model.task_service[tasks], permille)[:, None]
            transit[len(tasks) : encoding.n_visits] += loading[:, None]
            callbacks[key] = encoding.register(transit)
        by_vehicle.append(callbacks[key])
    encoding.routing.AddDimensionWithVehicleTransits(by_vehicle, horizon, horizon, False, "time")
    return encoding.routing.GetDimensionOrDie("time")


def _add_windows(encoding: Encoding, dimension: Any) -> None:
    model, horizon = encoding.model, encoding.horizon
    for i, index in encoding.index_of.items():
        cumul = dimension.CumulVar(index)
        first, last = int(model.window_ptr[i]), int(model.window_ptr[i + 1]) - 1
        while last > first and model.window_early[last] > horizon:
            last -= 1
        late = min(int(model.window_late[last]), horizon)
        cumul.SetRange(int(model.window_early[first]), late)
        for w in range(first, last):
            cumul.RemoveInterval(int(model.window_late[w]) + 1, int(model.window_early[w + 1]) - 1)


def _add_duty(encoding: Encoding, dimension: Any) -> None:
    model, routing, solver = encoding.model, encoding.routing, encoding.solver
    for v in range(model.n_vehicles):
        start, end = dimension.CumulVar(routing.Start(v)), dimension.CumulVar(routing.End(v))
        if model.vehicle_price_duty[v]:
            dimension.SetSpanCostCoefficientForVehicle(int(model.vehicle_price_duty[v]), v)
        if model.vehicle_overtime_price[v] and model.vehicle_regular_duty[v] < TIME_MAX:
            bound = pywrapcp.BoundCost(
                int(model.vehicle_regular_duty[v]), int(model.vehicle_overtime_price[v])
            )
            dimension.SetSoftSpanUpperBoundForVehicle(bound, v)
        if model.vehicle_max_duty[v] < TIME_MAX:
            dimension.SetSpanUpperBoundForVehicle(int(model.vehicle_max_duty[v]), v)
        if model.features & _FREE_START:
            # As the model's timetable: end as early as possible, then leave as late as possible.
            routing.AddVariableMinimizedByFinalizer(end)
            routing.AddVariableMaximizedByFinalizer(start)
    for w in np.flatnonzero(model.worker_max_duty < TIME_MAX).tolist():
        days = np.flatnonzero(model.vehicle_worker == w).tolist()
        if days:
            spans = [
                dimension.CumulVar(routing.End(v)) - dimension.CumulVar(routing.Start(v))
                for v in days
            ]
            solver.Add(solver.Sum(spans) <= int(model.worker_max_duty[w]))


def _add_soft_windows(encoding: Encoding, dimension: Any) -> None:
    model, routing, solver = encoding.model, encoding.routing, encoding.solver
    horizon = encoding.horizon
    soft = {
        i: int(model.task_soft_late[i]) for i in encoding.index_of
        if model.task_soft_late[i] < horizon
    }
    for i, late in soft.items():
        price = int(model.task_late_price[i])
        if price:
            dimension.SetCumulVarSoftUpperBound(encoding.index_of[i], late, price)
    if not model.price_worst or not soft:
        return
    # A dimension that a late task pushes up; its greatest value over all vehicles is what costs.
    nothing = encoding.register_unary([])
    routing.AddDimension(nothing, horizon, horizon, True, "worst lateness")
    worst = routing.GetDimensionOrDie("worst lateness")
    worst.SetGlobalSpanCostCoefficient(model.price_worst)
    for i, late in soft.items():
        index = encoding.index_of[i]
        # Nothing is asked of a task that is left out.
        solver.Add(
            worst.CumulVar(index) - dimension.CumulVar(index) - horizon * routing.ActiveVar(index)
            >= -late - horizon
        )


def _add_links(encoding: Encoding, dimension: Any, *, whole: bool) -> None:
    """Tie the starts and workers of linked tasks that are both served."""
    model, routing, solver = encoding.model, encoding.routing, encoding.solver
    workers = [-1, *model.vehicle_worker.tolist()]
    for i, j, least, most, who in zip(*(x.tolist() for x in model.links), strict=True):
        if i not in encoding.index_of or j not in encoding.index_of:
            continue
        first, second = encoding.index_of[i], encoding.index_of[j]
        gap = dimension.CumulVar(second) - dimension.CumulVar(first)
        both = routing.ActiveVar(first) + routing.ActiveVar(second)
        if whole:
            solver.Add(routing.ActiveVar(first) == routing.ActiveVar(second))
        wide = 2 * encoding.horizon + abs(least) + abs(most)
        solver.Add(gap - wide * both >= least - 2 * wide)
        if most < TIME_MAX:
            solver.Add(gap + wide * both <= most + 2 * wide)
        if who == ANY_WORKER:
            continue
        of_first, of_second = (
            solver.Element(workers, routing.VehicleVar(k) + 1) for k in (first, second)
        )
        if who == SAME_WORKER:
            differs = solver.IsDifferentVar(of_first, of_second)
            solver.Add(differs + both <= 2)
        else:
            equal = solver.IsEqualVar(of_first, of_second)
            solver.Add(equal + both <= 2)


def _add_breaks(encoding: Encoding, dimension: Any) -> None:
    """Make breaks intervals; OR-Tools may put one into a leg, the evaluation beside it."""
    model, routing, solver = encoding.model, encoding.routing, encoding.solver
    for v in range(model.n_vehicles):
        breaks = range(model.breaks.ptr[v], model.breaks.ptr[v + 1])
        if not len(breaks):
            continue
        intervals = [
            solver.FixedDurationIntervalVar(
                int(model.breaks.early[b]), int(model.breaks.late[b]), int(model.breaks.length[b]),
                False, f"break {b}",
            )
            for b in breaks
        ]
        for before, after in pairwise(intervals):
            solver.Add(after.StartExpr() >= before.EndExpr())
        service = service_time(model.task_service[encoding.tasks], int(model.vehicle_permille[v]))
        visit = [0] * routing.Size()
        for node, seconds in enumerate(service.tolist()):
            visit[encoding.index(node)] = seconds
        for node in encoding.reload_nodes:
            option = encoding.options[node - len(encoding.tasks)]
            visit[encoding.index(node)] = int(model.reloads.seconds[option])
        dimension.SetBreakIntervalsOfVehicle(intervals, v, visit)


def add_limits(encoding: Encoding) -> None:
    """Most seconds of travel and most tasks of a vehicle."""
    model, routing = encoding.model, encoding.routing
    if (model.vehicle_max_travel < TIME_MAX).any():
        callbacks: dict[int, int] = {}
        most = np.minimum(model.vehicle_max_travel, encoding.horizon).tolist()
        for profile in np.unique(model.vehicle_profile).tolist():
            seconds = encoding.node_matrix(model.seconds[profile])
            seconds[seconds >= UNREACHABLE] = encoding.horizon + 1
            callbacks[profile] = encoding.register(seconds)
        routing.AddDimensionWithVehicleTransitAndCapacity(
            [callbacks[p] for p in model.vehicle_profile.tolist()], 0, most, True, "travel"
        )
    if limited(model.vehicle_max_tasks):
        one = encoding.register_unary([1] * len(encoding.tasks))
        most = np.minimum(model.vehicle_max_tasks, len(encoding.tasks)).tolist()
        routing.AddDimensionWithVehicleCapacity(one, 0, most, True, "tasks")


def add_pairs(encoding: Encoding, time: Any, trips: Any) -> None:
    """Pickups before their deliveries, on one vehicle and in one trip, within the ride limit."""
    model, routing, solver = encoding.model, encoding.routing, encoding.solver
    pairs = model.pairs
    for p, q, ride in zip(
        pairs.pickup.tolist(), pairs.delivery.tolist(), pairs.ride.tolist(), strict=True
    ):
        if p not in encoding.index_of:
            continue
        first, second = encoding.index_of[p], encoding.index_of[q]
        routing.AddPickupAndDelivery(first, second)
        solver.Add(routing.VehicleVar(first) == routing.VehicleVar(second))
        wide = 2 * encoding.horizon
        active = routing.ActiveVar(first)
        begin, end = time.CumulVar(first), time.CumulVar(second)
        solver.Add(end - begin - wide * active >= -wide)
        if ride < TIME_MAX:
            factors = model.vehicle_permille
            services = service_time(model.task_service[p], factors).tolist()
            service = solver.Element([0, *services], routing.VehicleVar(first) + 1)
            solver.Add(end - begin - service + wide * active <= ride + wide)
        if trips is not None:
            solver.Add(trips.CumulVar(first) == trips.CumulVar(second))
