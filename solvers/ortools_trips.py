"""Loads and trips as dimensions of OR-Tools' routing model: reloads, batches, freshness."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvers.model import NO_LIMIT, TIME_MAX, RoutingModel
from solvers.ortools_encoding import Encoding, limited

_LEAVING = frozenset({"release", "freshness", "max trip", "batches"})


def add_loads(encoding: Encoding) -> None:
    """Add what is on board in every dimension that can bind."""
    model = encoding.model
    for d in range(model.n_dimensions):
        demand = model.task_demand[encoding.tasks, d].astype(np.int64)
        net = _net_pickups(model, d)[encoding.tasks]
        capacity = model.vehicle_capacity[:, d].astype(np.int64)
        first = np.minimum(capacity, model.vehicle_first_load[:, d])
        batches = limited(model.batches.portions[:, d]) and len(encoding.options)
        most = int(demand.sum() + np.maximum(net, 0).sum())
        if most <= first.min() and not batches:
            continue
        capacity, first = np.minimum(capacity, most), np.minimum(first, most)
        if net.any() or len(encoding.options):
            _add_trip_load(encoding, d, demand, net, capacity, first)
        else:
            callback = encoding.register_unary(demand.tolist())
            encoding.routing.AddDimensionWithVehicleCapacity(
                callback, 0, first.tolist(), True, f"load{d}"
            )


def _net_pickups(model: RoutingModel, d: int) -> Any:
    """Return what comes on board at each task, (n,): pickups, and pairs until delivered."""
    net = model.task_pickup[:, d].astype(np.int64)
    np.add.at(net, model.pairs.pickup, model.pairs.load[:, d])
    np.subtract.at(net, model.pairs.delivery, model.pairs.load[:, d])
    return net


def _add_trip_load(
    encoding: Encoding, d: int, demand: Any, net: Any, capacity: Any, first: Any
) -> None:
    """Two dimensions: what is still to be given out, and all that is on board.

    Both begin a trip with the sum of its demands, because nothing is left at a trip's end: so every
    value is known as soon as the route is, which sums over trips (portions) rely on. At a reload
    they are set anew: ``- most + slack`` reaches any value.
    """
    model, routing, solver = encoding.model, encoding.routing, encoding.solver
    most = int(capacity.max())

    def dimension(name: str, change: Any) -> Any:
        by_visit = [*change.tolist(), *[-most] * len(encoding.options)]
        callback = encoding.register_unary(by_visit)
        routing.AddDimensionWithVehicleCapacity(
            callback, 2 * most, capacity.tolist(), False, f"{name}{d}"
        )
        added = routing.GetDimensionOrDie(f"{name}{d}")
        for node in range(len(encoding.tasks)):
            added.SlackVar(encoding.index(node)).SetValue(0)
        for v in range(model.n_vehicles):
            added.SlackVar(routing.Start(v)).SetValue(0)
        return added

    left = dimension("left", -demand)
    for v in range(model.n_vehicles):
        left.CumulVar(routing.Start(v)).SetMax(int(first[v]))
        left.CumulVar(routing.End(v)).SetValue(0)
    reloads = [encoding.index(node) for node in encoding.reload_nodes]
    for index in reloads:
        left.CumulVar(index).SetValue(0)
    loaded = [left.SlackVar(index) - most for index in reloads]
    for b, portions in enumerate(model.batches.portions[:, d].tolist()):
        of_batch = [
            load * routing.ActiveVar(index)
            for load, index, k in zip(loaded, reloads, encoding.options, strict=True)
            if model.reloads.batch[k] == b
        ]
        if portions < NO_LIMIT and of_batch:
            solver.Add(solver.Sum(of_batch) <= portions)
    if not net.any():
        return
    board = dimension("board", net - demand)
    for v in range(model.n_vehicles):
        index = routing.Start(v)
        solver.Add(board.CumulVar(index) == left.CumulVar(index))
    for index, load in zip(reloads, loaded, strict=True):
        solver.Add(board.CumulVar(index) + board.SlackVar(index) - most == load)


def add_trip_count(encoding: Encoding) -> Any:
    """Limit the trips; return the dimension that numbers them where pairs need to know."""
    model, routing = encoding.model, encoding.routing
    if not encoding.options:
        return None
    m, n = len(encoding.tasks), encoding.n_nodes
    if limited(model.vehicle_max_trips):
        begins = np.zeros((n, n), dtype=np.int64)
        begins[m:, :m] = 1  # from a reload or a start to a task
        most = np.minimum(model.vehicle_max_trips, m).tolist()
        routing.AddDimensionWithVehicleCapacity(
            encoding.register(begins), 0, most, True, "trips with tasks"
        )
    if not len(model.pairs.pickup):
        return None
    callback = encoding.register_unary([*[0] * m, *[1] * len(encoding.options)])
    routing.AddDimension(callback, 0, len(encoding.options), True, "trips")
    return routing.GetDimensionOrDie("trips")


def add_leaving(encoding: Encoding, time: Any) -> None:
    """When the trip of a task left: a dimension that keeps its value from reload to reload.

    Release, freshness, the ready time of a batch and the longest trip are limits on it.
    """
    model, routing, solver = encoding.model, encoding.routing, encoding.solver
    if not model.features & _LEAVING:
        return
    horizon = encoding.horizon
    routing.AddDimension(encoding.register_unary([]), horizon, horizon, False, "left at")
    leaving = routing.GetDimensionOrDie("left at")
    # Constraints of more than two variables are only sure to hold where all of them have values.
    for index in [*encoding.index_of.values(), *map(encoding.index, encoding.reload_nodes)]:
        routing.AddVariableMinimizedByFinalizer(time.CumulVar(index))
    for i, index in encoding.index_of.items():
        leaving.SlackVar(index).SetValue(0)
        if model.task_release[i] > 0:
            leaving.CumulVar(index).SetMin(int(model.task_release[i]))
        if model.task_freshness[i] < TIME_MAX:
            solver.Add(
                time.CumulVar(index) - leaving.CumulVar(index) <= int(model.task_freshness[i])
            )
    longest = np.minimum(model.vehicle_max_trip, horizon).tolist()
    for v in range(model.n_vehicles):
        start, end = routing.Start(v), routing.End(v)
        leaving.SlackVar(start).SetValue(0)
        solver.Add(leaving.CumulVar(start) == time.CumulVar(start))
        if longest[v] < horizon:
            solver.Add(time.CumulVar(end) - leaving.CumulVar(end) <= longest[v])
    for node in encoding.reload_nodes:
        index, k = encoding.index(node), encoding.options[node - len(encoding.tasks)]
        loaded = time.CumulVar(index) + int(model.reloads.seconds[k])
        left = leaving.CumulVar(index) + leaving.SlackVar(index)
        solver.Add(left >= loaded)
        solver.Add(left <= loaded + time.SlackVar(index))
        for variable in (leaving.CumulVar(index), leaving.SlackVar(index)):
            routing.AddVariableMinimizedByFinalizer(variable)
        batch = int(model.reloads.batch[k])
        if batch >= 0:
            solver.Add(left >= int(model.batches.ready[batch]))
        if min(longest) < horizon:
            limit = solver.Element([horizon, *longest], routing.VehicleVar(index) + 1)
            solver.Add(time.CumulVar(index) - leaving.CumulVar(index) - limit <= 0)
