"""The engines that are compared, each through its own features; all return plain routes.

An adapter gets our routing model and a time, and answers with routes over our task indexes; what
the routes cost is decided elsewhere, by ``solvers.evaluation``. A peer is used as its own users
would use it, one thread:

careroute   ``solvers.solve`` with the ``search`` backend.
ortools     ``solvers.ortools_routing``: routing library, parallel cheapest insertion, guided local
            search, with two settings (see that module) that make it faster than its defaults.
pyvrp       iterated local search, ``MaxRuntime``. It knows no skills; see ``_pyvrp_penalty``.
vroom       exploration level 5 or 1, one thread, timeout; see ``_vroom_level``. It may stop by
            itself when its searches are done, and overrun while it builds its first routes.

CPU seconds are those of the search call alone: imports, compilation and model building come before
it. A time limit is wall clock in the peers, so on a busy machine their CPU seconds fall short.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Unsupported
from solvers.model import OPEN, UNREACHABLE, RoutingModel, detour_bound, service_time
from solvers.solve import SolveParams, solve, warm_up

#: What driving to a visit without the skill costs in PyVRP's objective. The best of the forms that
#: were tried on the care family: larger values froze the search, durations misled it.
SKILL_PENALTY = 30_000


class Outcome(NamedTuple):
    """Routes of one run and what it took."""

    routes: list[list[int]]
    cpu_s: float  # of the search call
    wall_s: float
    iterations: int | None = None
    note: str = ""


def _clocks() -> NDArray[np.float64]:
    return np.array([time.process_time(), time.perf_counter()])


def _run_backend(backend: str, model: RoutingModel, seconds: float, seed: int) -> Outcome:
    warm_up(backend)
    began = time.process_time()
    result = solve(model, SolveParams(backend=backend, time_limit_s=seconds, seed=seed))
    # Model building inside the backend is not search: elapsed_s leaves it out.
    cpu = min(time.process_time() - began, result.elapsed_s)
    routes = [route.tolist() for route in result.routes]
    return Outcome(routes, cpu, result.elapsed_s, result.iterations)


def run_careroute(model: RoutingModel, seconds: float, seed: int) -> Outcome:
    """Our own search."""
    return _run_backend("search", model, seconds, seed)


def run_ortools(model: RoutingModel, seconds: float, seed: int) -> Outcome:
    """OR-Tools' routing library; it has no seed."""
    return _run_backend("ortools", model, seconds, seed)


def run_pyvrp(model: RoutingModel, seconds: float, seed: int) -> Outcome:
    """PyVRP; visits that a vehicle may not serve are taken out of its answer and count as lost."""
    import pyvrp
    from pyvrp.stop import MaxRuntime

    if not hasattr(pyvrp, "Location"):
        raise Unsupported("pyvrp: locations apart from clients came with 0.14")
    data, vehicles_of_type = _pyvrp_data(pyvrp, model)
    began = _clocks()
    result = pyvrp.solve(data, MaxRuntime(seconds), seed=seed, collect_stats=False, display=False)
    cpu, wall = _clocks() - began

    routes: list[list[int]] = [[] for _ in range(model.n_vehicles)]
    dropped = 0
    for route in result.best.routes():
        v = vehicles_of_type[route.vehicle_type()].pop()
        visits = [activity.idx for activity in route.schedule() if activity.is_client()]
        routes[v] = [i for i in visits if _may_serve(model, i, v)]
        dropped += len(visits) - len(routes[v])
    note = f"{dropped} visits without the skill taken out" if dropped else ""
    return Outcome(routes, float(cpu), float(wall), result.num_iterations, note)


def _may_serve(model: RoutingModel, i: int, v: int) -> bool:
    return bool(model.compatible[model.task_type[i], model.vehicle_type[v]])


def _pyvrp_data(pyvrp: Any, model: RoutingModel) -> tuple[Any, list[list[int]]]:
    _refuse("pyvrp", model, open_ends=True, several_windows=True, service_factor=True)
    depots = np.unique(np.concatenate([model.vehicle_start, model.vehicle_end]))
    # A location of its own for each task, so that a profile can forbid the task and not the place.
    at = np.concatenate([depots, model.task_location])
    permille = int(model.vehicle_permille[0])
    clients = [
        pyvrp.Client(
            location=len(depots) + i,
            delivery=model.task_demand[i].tolist(),
            service_duration=int(service_time(model.task_service[i], permille)),
            tw_early=int(model.window_early[i]),
            tw_late=int(model.window_late[i]),
            prize=0 if model.task_required[i] else int(model.task_prize[i]),
            required=bool(model.task_required[i]),
        )
        for i in range(model.n_tasks)
    ]
    profiles: dict[tuple[int, ...], int] = {}
    distances, durations = [], []
    types, vehicles_of_type = [], []
    for kind in range(int(model.vehicle_class.max()) + 1):
        members = np.flatnonzero(model.vehicle_class == kind).tolist()
        v = members[0]
        key = _price_key(model, v)
        if key not in profiles:
            profiles[key] = len(profiles)
            seconds = model.seconds[model.vehicle_profile[v]][np.ix_(at, at)].astype(np.int64)
            cost = _arc_cost(model, v, at) + _pyvrp_penalty(model, v, len(depots))
            for matrix in (cost, seconds):
                np.fill_diagonal(matrix, 0)  # never travelled, and PyVRP insists
            distances.append(cost)
            durations.append(seconds)
        types.append(pyvrp.VehicleType(
            num_available=len(members),
            capacity=model.vehicle_capacity[v].tolist(),
            start_depot=int(np.searchsorted(depots, model.vehicle_start[v])),
            end_depot=int(np.searchsorted(depots, model.vehicle_end[v])),
            fixed_cost=int(model.vehicle_fixed[v]),
            tw_early=int(model.vehicle_early[v]),
            tw_late=int(model.vehicle_late[v]),
            profile=profiles[key],
        ))
        vehicles_of_type.append(members)
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in at], clients,
        [pyvrp.Depot(location=k) for k in range(len(depots))], types, distances, durations,
    )
    return data, vehicles_of_type


def _price_key(model: RoutingModel, v: int) -> tuple[int, ...]:
    return (
        int(model.vehicle_profile[v]), int(model.vehicle_type[v]),
        int(model.vehicle_price_second[v]), int(model.vehicle_price_metre[v]),
    )


def _arc_cost(model: RoutingModel, v: int, at: NDArray[Any]) -> NDArray[np.int64]:
    p, grid = int(model.vehicle_profile[v]), np.ix_(at, at)
    cost: NDArray[np.int64] = (
        int(model.vehicle_price_second[v]) * model.seconds[p][grid].astype(np.int64)
        + int(model.vehicle_price_metre[v]) * model.metres[p][grid].astype(np.int64)
    )
    return cost


def _pyvrp_penalty(model: RoutingModel, v: int, n_depots: int) -> NDArray[np.int64]:
    """Penalty row added to every arc into a task that the vehicle may not serve."""
    forbidden = ~model.compatible[model.task_type, model.vehicle_type[v]]
    return np.concatenate([np.zeros(n_depots, dtype=np.int64), SKILL_PENALTY * forbidden])


def run_vroom(model: RoutingModel, seconds: float, seed: int) -> Outcome:
    """VROOM; skills are its own, prizes become priorities. It has no seed."""
    import vroom  # type: ignore[import-untyped]

    _refuse("vroom", model, service_factor=True)
    optional = model.task_prize[~model.task_required]
    if len(optional) and int(optional.min()) <= detour_bound(model):
        raise Unsupported("vroom: serves all it can, so it cannot weigh a prize against a detour")
    problem = _vroom_input(vroom, model)
    began = _clocks()
    solution = problem.solve(
        exploration_level=_vroom_level(model.n_tasks, seconds), nb_threads=1,
        timeout=timedelta(seconds=seconds),
    )
    cpu, wall = _clocks() - began
    routes: list[list[int]] = [[] for _ in range(model.n_vehicles)]
    for route in solution.to_dict()["routes"]:
        routes[route["vehicle"]] = [s["job"] for s in route["steps"] if s["type"] == "job"]
    return Outcome(routes, float(cpu), float(wall))


def _vroom_level(n_tasks: int, seconds: float) -> int:
    """Choose how many independent searches VROOM runs: as many as the time can feed.

    The timeout cuts the local search and not the construction heuristics before it, one for each
    search, so that on a large instance in a short time the highest level never gets to search. On
    1,000 care visits level 1 was better than 5 both in 10 s (870,859 against 1,122,934) and in
    60 s (675,999 against 733,286); on 100 customers level 5 is done in 6 s.
    """
    return 5 if seconds >= 0.1 * n_tasks else 1


def _vroom_input(vroom: Any, model: RoutingModel) -> Any:
    problem = vroom.Input()
    for p in range(model.seconds.shape[0]):
        problem.set_durations_matrix(str(p), model.seconds[p].astype(np.uint32))
        if model.vehicle_price_metre.any():
            problem.set_distances_matrix(str(p), model.metres[p].astype(np.uint32))
    # One skill a kind of task that somebody may not serve says the same as the table does.
    limited = [
        kind for kind, row in enumerate(model.compatible[:, model.vehicle_type]) if not row.all()
    ]
    top = max(1, int(model.task_prize.max(initial=0)))
    permille = int(model.vehicle_permille.max(initial=1000))
    for i in range(model.n_tasks):
        kind = int(model.task_type[i])
        windows = range(int(model.window_ptr[i]), int(model.window_ptr[i + 1]))
        problem.add_job(vroom.Job(
            i, int(model.task_location[i]),
            default_service=int(service_time(model.task_service[i], permille)),
            delivery=vroom.Amount(model.task_demand[i].tolist()),
            skills={kind} if kind in limited else set(),
            priority=round(100 * int(model.task_prize[i]) / top),
            time_windows=[
                vroom.TimeWindow(int(model.window_early[w]), int(model.window_late[w]))
                for w in windows
            ],
        ))
    for v in range(model.n_vehicles):
        kinds = model.compatible[:, model.vehicle_type[v]]
        ends = [int(model.vehicle_start[v]), int(model.vehicle_end[v])]
        problem.add_vehicle(vroom.Vehicle(
            v, *(None if place == OPEN else place for place in ends),
            profile=str(model.vehicle_profile[v]),
            capacity=model.vehicle_capacity[v].tolist(),
            skills={kind for kind in limited if kinds[kind]},
            time_window=vroom.TimeWindow(int(model.vehicle_early[v]), int(model.vehicle_late[v])),
            costs=vroom.VehicleCosts(
                fixed=int(model.vehicle_fixed[v]),
                per_hour=3600 * int(model.vehicle_price_second[v]),
                per_km=1000 * int(model.vehicle_price_metre[v]),
            ),
        ))
    return problem


def _refuse(
    peer: str, model: RoutingModel, *, open_ends: bool = False, several_windows: bool = False,
    service_factor: bool = False,
) -> None:
    """Raise Unsupported for features that a model uses and a peer does not have."""
    missing = []
    if open_ends and ((model.vehicle_start == OPEN) | (model.vehicle_end == OPEN)).any():
        missing.append("open routes")
    if several_windows and (np.diff(model.window_ptr) > 1).any():
        missing.append("several windows a task")
    if service_factor and len(np.unique(model.vehicle_permille)) > 1:
        missing.append("service-time factors")
    if (model.seconds >= UNREACHABLE).any():
        missing.append("arcs that do not exist")
    if missing:
        raise Unsupported(f"{peer}: {', '.join(missing)}")


PEERS: dict[str, Callable[[RoutingModel, float, int], Outcome]] = {
    "careroute": run_careroute,
    "ortools": run_ortools,
    "pyvrp": run_pyvrp,
    "vroom": run_vroom,
}
