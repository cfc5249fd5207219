"""OR-Tools backend: our routing model put into ``pywrapcp.RoutingModel``, with guided local search.

How the fields are expressed
----------------------------
- task -> a node of its own in a disjunction whose penalty is the prize; a task that no vehicle can
  take is left out of the search altogether, which is the same and cheaper
- windows -> range of the time cumul, gaps between several windows by ``RemoveInterval``
- shifts, OPEN ends -> ranges of the first and last cumul; a dummy node with zero arcs
- loads -> one dimension each, with a capacity a vehicle
- prices, profiles, service-time factors -> one transit matrix a distinct combination, shared by all
  vehicles that have it
- skills, refused and allowed vehicles -> domain of the vehicle variable
- no way between two locations -> a transit beyond the horizon, for the profiles concerned

A dimension that cannot bind (loads below every capacity, windows that no route can miss) is not
built: the search would pay for it at every move.

What OR-Tools cannot promise
----------------------------
- ``seed`` has no effect: first solution and guided local search draw no random numbers. The same
  model and ``max_iterations`` give the same result; under a time limit the result depends on the
  speed of the machine.
- An iteration is a solution that the local search accepted and propagated, the only unit in which
  OR-Tools lets a run be limited; very many moves may be tried between two of them.
- Local search is single-threaded. Its time limit is wall clock and is looked at between moves, so
  a large instance can overrun it by the length of one sweep.
- Before the first solution there is no incumbent: a run that ends there leaves every task out, or
  returns ``initial``.

``time_limit_s`` starts when the model is built and closed; first solution and local search count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from solvers.errors import SolverError, Unsupported, refuse_unsupported
from solvers.evaluation import evaluate
from solvers.model import OPEN, UNREACHABLE, Int64, RoutingModel, service_time
from solvers.ortools_monitor import Monitor
from solvers.solve import Result, SolveParams

#: ``RoutingModel.features`` that are expressed here; any other one is refused.
SUPPORTED: frozenset[str] = frozenset()
#: Nodes above which the transit matrices (int64, one a class) no longer fit a usual machine.
MAX_NODES = 12_000
#: Objective totals stay below this: guided local search multiplies and adds penalties on top of
#: the cost, partly in float64, which is exact to 2**53.
_OBJECTIVE_MAX = 1 << 52
#: Matrix entries up to which transit callbacks read lists of Python ints.
_LIST_ENTRIES = 4_000_000
#: Tasks from which accepted moves are only checked now and then: at 500 and 1,000 tasks that gave
#: 6 and 8 % lower cost in 20 s, at 400 the same, at 200 more.
_LARGE = 500


def warm_up() -> None:
    """Nothing to compile; the import above has loaded the library."""


def solve(model: RoutingModel, params: SolveParams) -> Result:
    """Solve with OR-Tools' routing library; see the module's docstring for what it promises.

    Raises
    ------
    Unsupported : the model has a feature that is not in ``SUPPORTED``, or more nodes than the
        transit matrices can be held for.
    SolverError : ``initial`` is not one list of distinct tasks a vehicle.
    """
    refuse_unsupported("ortools", model.features, SUPPORTED)
    initial = None if params.initial is None else _trim_initial(model, params.initial)
    tasks = _servable_tasks(model)
    if not len(tasks):
        return _result(model, [[]] * model.n_vehicles, "complete", 0, 0.0)
    # OR-Tools counts unchecked moves towards a solution limit, so a run that is counted checks all.
    check_all = params.max_iterations is not None or len(tasks) < _LARGE
    built = _build(model, tasks, check_period=1 if check_all else 10)
    settings = _search_parameters(params)
    built.routing.CloseModelWithParameters(settings)

    manager = built.manager
    monitor = Monitor(
        model, built.routing,
        lambda routing: _read_routes(manager, routing, tasks, lambda var: var.Value()), params,
    )
    built.routing.AddAtSolutionCallback(monitor.at_solution)
    counted_alone = params.time_limit_s is None
    if params.should_stop or params.stall_iterations is not None or counted_alone:
        # Held in a name: the search keeps no reference of its own to the Python object.
        limit = built.routing.solver().CustomLimit(monitor.at_limit)
        built.routing.AddSearchMonitor(limit)
    started = time.perf_counter()
    monitor.started = started
    if initial is None:
        solution = built.routing.SolveWithParameters(settings)
    else:
        solution = _solve_from(built, initial, settings)
    elapsed = time.perf_counter() - started
    if monitor.error is not None:
        raise monitor.error
    routes = initial or [[] for _ in range(model.n_vehicles)]
    if solution:
        routes = _read_routes(manager, built.routing, tasks, solution.Value)
    return _result(model, routes, monitor.status(elapsed), monitor.n_solutions, elapsed)


class _Built(NamedTuple):
    """An OR-Tools model and how to read it; node ``k`` is task ``tasks[k]``."""

    manager: Any
    routing: Any
    tasks: NDArray[np.int64]  # (m,) task index by node


def _read_routes(
    manager: Any, routing: Any, tasks: NDArray[np.int64], value: Callable[[Any], int]
) -> list[list[int]]:
    """Task indexes in visiting order, one list a vehicle; ``value`` reads a variable."""
    routes = []
    for v in range(routing.vehicles()):
        route = []
        index = value(routing.NextVar(routing.Start(v)))
        while not routing.IsEnd(index):
            route.append(int(tasks[manager.IndexToNode(index)]))
            index = value(routing.NextVar(index))
        routes.append(route)
    return routes


def _servable_tasks(model: RoutingModel) -> NDArray[np.int64]:
    """Tasks for which a compatible vehicle exists whose shift meets the first window."""
    latest = np.full(model.compatible.shape[1], -1, dtype=np.int64)
    np.maximum.at(latest, model.vehicle_type, model.vehicle_late)
    if not model.n_tasks or not model.n_vehicles:
        return np.zeros(0, dtype=np.int64)
    last_end = np.where(model.compatible, latest, -1).max(axis=1)  # by task type
    first_early = model.window_early[model.window_ptr[:-1]]
    return np.flatnonzero(last_end[model.task_type] >= first_early)


def _build(model: RoutingModel, tasks: NDArray[np.int64], check_period: int) -> _Built:
    places = np.unique(np.concatenate([model.vehicle_start, model.vehicle_end]))
    n_nodes = len(tasks) + len(places)
    if n_nodes > MAX_NODES:
        raise Unsupported(f"ortools: {n_nodes} nodes; dense matrices are held for {MAX_NODES}")
    starts = (len(tasks) + np.searchsorted(places, model.vehicle_start)).tolist()
    ends = (len(tasks) + np.searchsorted(places, model.vehicle_end)).tolist()
    manager = pywrapcp.RoutingIndexManager(n_nodes, model.n_vehicles, starts, ends)
    settings = pywrapcp.DefaultRoutingModelParameters()
    # Most of a run goes into propagating accepted moves, which the filters have checked already:
    # no zlib on the trail makes that cheaper, a check period makes it rarer. A small model may
    # hold its best solution between two checks, and can afford every check.
    settings.solver_parameters.compress_trail = settings.solver_parameters.NO_COMPRESSION
    settings.solver_parameters.check_solution_period = check_period
    built = _Built(manager, pywrapcp.RoutingModel(manager, settings), tasks)
    _add_costs(model, built, places)
    if _time_binds(model):
        _add_time(model, built, places)
    for d in range(model.n_dimensions):
        _add_load(model, built, len(places), d)
    _add_compatibility(model, built)
    for node, penalty in enumerate(_penalties(model)[tasks].tolist()):
        built.routing.AddDisjunction([manager.NodeToIndex(node)], penalty)
    return built


def _node_matrix(
    matrix: NDArray[Any], tasks_at: NDArray[Any], places: NDArray[Any]
) -> NDArray[np.int64]:
    """Matrix over nodes from one over locations; 0 beside OPEN and between places.

    An arc from a start straight to an end is an unused vehicle: it takes no time and costs nothing.
    """
    at = np.concatenate([tasks_at, places])
    nodes = matrix[np.ix_(np.maximum(at, 0), np.maximum(at, 0))].astype(np.int64)
    nodes[at == OPEN, :] = 0
    nodes[:, at == OPEN] = 0
    nodes[len(tasks_at):, len(tasks_at):] = 0
    np.fill_diagonal(nodes, 0)
    return nodes


def _register(built: _Built, matrix: NDArray[np.int64]) -> int:
    """Register a node matrix as a transit callback; returns OR-Tools' number for it.

    ``RegisterTransitMatrix`` would be the obvious call, but OR-Tools copies the whole matrix with
    every copy of that callback: on 1,000 tasks most of the run went into memmove and a Python
    callback gave ten times as many solutions (ortools 9.15).
    """
    manager = built.manager
    node_at = [manager.IndexToNode(i) for i in range(manager.GetNumberOfIndices())]
    # Lists are read fastest; from a few million entries on their int objects cost too much memory.
    rows = matrix.tolist() if matrix.size <= _LIST_ENTRIES else [memoryview(r) for r in matrix]
    row_at = [rows[node] for node in node_at]
    return int(built.routing.RegisterTransitCallback(lambda i, j: row_at[i][node_at[j]]))


def _add_costs(model: RoutingModel, built: _Built, places: NDArray[Any]) -> None:
    callbacks: dict[tuple[int, int, int], int] = {}
    tasks_at = model.task_location[built.tasks]
    for v in range(model.n_vehicles):
        profile, by_second, by_metre = key = (
            int(model.vehicle_profile[v]),
            int(model.vehicle_price_second[v]),
            int(model.vehicle_price_metre[v]),
        )
        if key not in callbacks:
            seconds = _node_matrix(model.seconds[profile], tasks_at, places)
            cost = by_second * seconds
            if by_metre:
                cost += by_metre * _node_matrix(model.metres[profile], tasks_at, places)
            # The time dimension forbids these arcs; the cost only tells the first solution so.
            no_way = seconds >= UNREACHABLE
            if no_way.any():
                cost[no_way] = 2 * int(cost[~no_way].max(initial=0)) + 1
            callbacks[key] = _register(built, cost)
        built.routing.SetArcCostEvaluatorOfVehicle(callbacks[key], v)
        built.routing.SetFixedCostOfVehicle(int(model.vehicle_fixed[v]), v)


def _time_binds(model: RoutingModel) -> bool:
    """Whether some route could miss a window or a shift, or meet an arc that is no way."""
    used = model.seconds[np.unique(model.vehicle_profile)]
    if (used >= UNREACHABLE).any() or (np.diff(model.window_ptr) > 1).any():
        return True
    if model.window_early.max() > model.vehicle_early.min():
        return True
    slowest = int(model.vehicle_permille.max())
    longest = (
        int(model.vehicle_early.max())
        + (model.n_tasks + 1) * int(used.max(initial=0))
        + int(service_time(model.task_service, slowest).sum(dtype=np.int64))
    )
    return longest > min(int(model.window_late.min()), int(model.vehicle_late.min()))


def _add_time(model: RoutingModel, built: _Built, places: NDArray[Any]) -> None:
    manager, routing, tasks = built.manager, built.routing, built.tasks
    horizon = int(model.vehicle_late.max())
    callbacks: dict[tuple[int, int], int] = {}
    by_vehicle = []
    for v in range(model.n_vehicles):
        profile, permille = key = int(model.vehicle_profile[v]), int(model.vehicle_permille[v])
        if key not in callbacks:
            transit = _node_matrix(model.seconds[profile], model.task_location[tasks], places)
            transit[transit >= UNREACHABLE] = horizon + 1
            # Cumul is start of service, so service is spent on the way out of a task.
            transit[: len(tasks)] += service_time(model.task_service[tasks], permille)[:, None]
            callbacks[key] = _register(built, transit)
        by_vehicle.append(callbacks[key])
    routing.AddDimensionWithVehicleTransits(by_vehicle, horizon, horizon, False, "time")
    dimension = routing.GetDimensionOrDie("time")
    for node, i in enumerate(tasks.tolist()):
        cumul = dimension.CumulVar(manager.NodeToIndex(node))
        first, last = int(model.window_ptr[i]), int(model.window_ptr[i + 1]) - 1
        late = min(int(model.window_late[last]), horizon)
        cumul.SetRange(int(model.window_early[first]), late)
        for w in range(first, last):
            if model.window_late[w] < late:
                cumul.RemoveInterval(
                    int(model.window_late[w]) + 1, int(model.window_early[w + 1]) - 1
                )
    for v in range(model.n_vehicles):
        early, late = int(model.vehicle_early[v]), int(model.vehicle_late[v])
        # Waiting is free, so leaving at once loses nothing and spares the search a choice.
        dimension.CumulVar(routing.Start(v)).SetValue(early)
        dimension.CumulVar(routing.End(v)).SetRange(early, late)


def _add_load(model: RoutingModel, built: _Built, n_places: int, d: int) -> None:
    demand = model.task_demand[built.tasks, d].astype(np.int64)
    capacity = model.vehicle_capacity[:, d].astype(np.int64)
    if demand.sum() <= capacity.min():
        return
    values = [*demand.tolist(), *[0] * n_places]
    callback = built.routing.RegisterUnaryTransitVector(values)
    built.routing.AddDimensionWithVehicleCapacity(callback, 0, capacity.tolist(), True, f"load{d}")


def _add_compatibility(model: RoutingModel, built: _Built) -> None:
    allowed = model.compatible[:, model.vehicle_type]  # (task types, vehicles)
    restricted = [not row.all() for row in allowed]
    vehicles = [np.flatnonzero(row).tolist() for row in allowed]
    for node, i in enumerate(built.tasks.tolist()):
        kind = int(model.task_type[i])
        if restricted[kind]:
            index = built.manager.NodeToIndex(node)
            # SetAllowedVehiclesForIndex takes no Python list in ortools 9.15; -1 is "absent".
            built.routing.VehicleVar(index).SetValues([-1, *vehicles[kind]])


def _penalties(model: RoutingModel) -> Int64:
    """Prizes, compressed where their sum is too large for an objective exact in float64.

    Prizes up to the greatest detour stay as they are, so the choice between serving and leaving
    out is not touched; above it they shrink by a power law, which keeps their order.
    """
    prize = model.task_prize
    room = _OBJECTIVE_MAX // max(len(prize), 1)
    top = int(prize.max(initial=0))
    if top <= room:
        return prize
    required = prize[model.task_required]
    floor = max(1, min(int(required.min()) if len(required) else top, room // 2))
    exponent = np.log(room / floor) / np.log(top / floor)
    squeezed = floor * (np.maximum(prize, floor) / floor) ** exponent
    return np.where(prize <= floor, prize, squeezed.astype(np.int64))


def _search_parameters(params: SolveParams) -> Any:
    settings = pywrapcp.DefaultRoutingSearchParameters()
    settings.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    settings.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    if params.time_limit_s is not None:
        settings.time_limit.FromNanoseconds(max(1, int(params.time_limit_s * 1e9)))
    if params.max_iterations is not None:
        settings.solution_limit = max(1, params.max_iterations)
    return settings


def _solve_from(built: _Built, initial: Sequence[Sequence[int]], settings: Any) -> Any:
    node_of = {int(i): node for node, i in enumerate(built.tasks)}
    to_index = built.manager.NodeToIndex
    indexes = [[to_index(node_of[i]) for i in route] for route in initial]
    assignment = built.routing.ReadAssignmentFromRoutes(indexes, True)
    if not assignment:
        # Never seen on routes that the evaluation accepts; searching beats giving up.
        return built.routing.SolveWithParameters(settings)
    return built.routing.SolveFromAssignmentWithParameters(assignment, settings)


def _trim_initial(model: RoutingModel, initial: Sequence[Sequence[int]]) -> list[list[int]]:
    """Routes to start from, without the visits that would break a rule; OR-Tools takes no other."""
    flat = [int(i) for route in initial for i in route]
    if len(initial) != model.n_vehicles:
        raise SolverError(f"initial: {len(initial)} routes for {model.n_vehicles} vehicles")
    if len(set(flat)) != len(flat) or not all(0 <= i < model.n_tasks for i in flat):
        raise SolverError("initial: a visit is no task, or is made twice")
    trimmed = [[int(i) for i in route] for route in initial]
    if not evaluate(model, trimmed).violations:
        return trimmed
    for v, route in enumerate(trimmed):
        alone = _one_vehicle(model, v)
        if evaluate(alone, [route]).violations:
            kept: list[int] = []
            for i in route:
                if not evaluate(alone, [[*kept, i]]).violations:
                    kept.append(i)
            trimmed[v] = kept
    return trimmed


def _one_vehicle(model: RoutingModel, v: int) -> RoutingModel:
    fields = [name for name in model._fields if name.startswith("vehicle_")]
    return model._replace(**{name: getattr(model, name)[v : v + 1] for name in fields})


def _result(
    model: RoutingModel, routes: Sequence[Sequence[int]], status: str, n_solutions: int,
    elapsed_s: float,
) -> Result:
    absent = np.ones(model.n_tasks, dtype=np.bool_)
    arrays = tuple(np.array(route, dtype=np.int32) for route in routes)
    for route in arrays:
        absent[route] = False
    unassigned = np.flatnonzero(absent).astype(np.int32)
    return Result(arrays, unassigned, status, n_solutions, elapsed_s)
