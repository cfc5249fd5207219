"""PyVRP 0.14: iterated local search, one thread, CPU seconds, its own parameters.

Clients, depots, shipments, reload depots, release times, shift durations, overtime and prizes are
its own. Files of its own dialect (``Instance.native``) go through its own reader. Vehicles that are
equal are one vehicle type. Where vehicles count before distance, the first half of the time goes to
its ``minimise_fleet``, the rest to its search with that fleet.

It knows no skills: driving to a visit without the skill costs ``SKILL_PENALTY`` in its objective,
and such visits are taken out of its answer and count as left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.instances.base import Instance, without_empty_trips
from benchmarks.peers.base import Outcome, clocks, may_serve, refuse
from solvers.errors import Unsupported
from solvers.model import NO_LIMIT, TIME_MAX, RoutingModel, service_time

#: Chosen on the care days, 10 s, seed 3. care1000-7, -8, -9 in thousands: 695, 675, 1,256 (here);
#: 698, 1,590, 2,100 (10,000); 687, 911, 1,828 (60,000). A skill as a load dimension that the others
#: have no capacity for: 705, 1,743, 2,776. Two steps, the second with a tenfold penalty, or
#: visits required: worse. One visit left out costs up to 360, so that seeds differ by more: 754,
#: 790 and 695 for seeds 1, 2, 3 on care1000-7, one visit left out in the first two; 60 s give 634.
SKILL_PENALTY = 30_000
_EXPRESSED = frozenset({
    "pickups", "pairs", "release", "reloads", "max duty", "duty", "overtime",
})


class _Problem(NamedTuple):
    """PyVRP's data and how to read an answer to it."""

    data: Any
    vehicles_of_type: list[list[int]]
    task_of_client: NDArray[np.int64]
    depot_location: list[int]  # location in the model by depot


class _CpuTime:
    """Stop after so many CPU seconds; PyVRP's own ``MaxRuntime`` goes by the wall clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began: float | None = None

    def __call__(self, best_cost: int) -> bool:
        if self._began is None:
            self._began = time.process_time()
        return time.process_time() - self._began > self._seconds


def run_pyvrp(instance: Instance, seconds: float, seed: int) -> Outcome:
    """Solve; visits that a vehicle may not serve are taken out of the answer."""
    import pyvrp

    if not hasattr(pyvrp, "Shipment"):
        raise Unsupported("pyvrp: shipments came with 0.14")
    model = instance.model
    problem = _read(pyvrp, instance) if instance.native else _translate(pyvrp, model)
    data = problem.data
    began = clocks()
    left = seconds
    if instance.fewest_vehicles and data.num_vehicle_types == 1:
        fleet = pyvrp.minimise_fleet(data, _CpuTime(seconds / 2), seed=seed)
        data = data.replace(vehicle_types=[fleet])
        left = seconds - float((clocks() - began)[0])
    result = pyvrp.solve(data, _CpuTime(left), seed=seed, collect_stats=False, display=False)
    cpu, wall = clocks() - began

    routes: list[list[int]] = [[] for _ in range(model.n_vehicles)]
    if not result.best.is_feasible():
        note = "its answer is infeasible by its own rules"
        return Outcome(routes, float(cpu), float(wall), result.num_iterations, note)
    dropped = 0
    for route in result.best.routes():
        v = problem.vehicles_of_type[route.vehicle_type()].pop()
        visits = _visits(model, problem, route, v)
        routes[v], out = _without_unskilled(model, visits, v)
        dropped += out
    note = f"{dropped} visits without the skill taken out" if dropped else ""
    return Outcome(routes, float(cpu), float(wall), result.num_iterations, note)


def _visits(model: RoutingModel, problem: _Problem, route: Any, v: int) -> list[int]:
    """Tasks and reload options of a route of PyVRP, without the depots at both ends."""
    own = model.reloads.option[model.reloads.option_ptr[v] : model.reloads.option_ptr[v + 1]]
    option = {int(model.reloads.location[k]): int(k) for k in own}
    visits = []
    for activity in list(route.schedule())[1:-1]:
        if activity.is_client():
            visits.append(int(problem.task_of_client[activity.idx]))
        elif activity.is_pickup():
            visits.append(int(model.pairs.pickup[activity.idx]))
        elif activity.is_delivery():
            visits.append(int(model.pairs.delivery[activity.idx]))
        else:
            visits.append(-1 - option[problem.depot_location[activity.idx]])
    return visits


def _without_unskilled(
    model: RoutingModel, visits: list[int], v: int
) -> tuple[list[int], int]:
    """Take out tasks that ``v`` may not serve, the other half of their pairs and empty trips."""
    bad = {i for i in visits if i >= 0 and not may_serve(model, i, v)}
    for pickup, delivery in zip(model.pairs.pickup, model.pairs.delivery, strict=True):
        if pickup in bad or delivery in bad:
            bad |= {int(pickup), int(delivery)}
    kept = without_empty_trips([visit for visit in visits if visit not in bad])
    return kept, sum(1 for visit in visits if visit in bad)


def _read(pyvrp: Any, instance: Instance) -> _Problem:
    """Read the file by PyVRP itself; its vehicle types are named by the vehicles of the file."""
    assert instance.native is not None
    data = pyvrp.read(instance.native.path, instance.native.rounding)
    vehicles = [[int(v) for v in kind.name.split(",")] for kind in data.vehicle_types()]
    depots = [int(depot.location) for depot in data.depots()]
    return _Problem(data, vehicles, np.arange(instance.model.n_tasks), depots)


def _translate(pyvrp: Any, model: RoutingModel) -> _Problem:
    paired = np.concatenate([model.pairs.pickup, model.pairs.delivery])
    also = []
    if model.reloads.seconds.any():
        also.append("loading times")
    if model.task_release[paired].any():
        also.append("release of a paired task")
    refuse("pyvrp", model, _EXPRESSED, also=tuple(also))
    depots = np.unique(np.concatenate([
        model.vehicle_start, model.vehicle_end, model.reloads.location
    ]))
    # A location of its own for each task, so that a profile can forbid the task and not the place.
    at = np.concatenate([depots, model.task_location])
    singles = np.setdiff1d(np.arange(model.n_tasks), paired)
    clients = [
        pyvrp.Client(
            delivery=model.task_demand[i].tolist(), pickup=model.task_pickup[i].tolist(),
            release_time=int(model.task_release[i]), **_stop(model, "", i, len(depots)),
            **_prize(model, i),
        )
        for i in singles
    ]
    pairs = zip(model.pairs.pickup, model.pairs.delivery, model.pairs.load, strict=True)
    shipments = [
        pyvrp.Shipment(
            amount=load.tolist(), **_stop(model, "pickup_", p, len(depots)),
            **_stop(model, "delivery_", d, len(depots)), **_prize(model, p, d),
        )
        for p, d, load in pairs
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
            cost = _arc_cost(model, v, at) + _penalty(model, v, len(depots))
            for matrix in (cost, seconds):
                np.fill_diagonal(matrix, 0)  # never travelled, and PyVRP insists
            distances.append(cost)
            durations.append(seconds)
        types.append(_vehicle_type(
            pyvrp, model, v, len(members), profiles[key],
            lambda place: int(np.searchsorted(depots, place)),
        ))
        vehicles_of_type.append(members)
    data = pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in at], clients,
        [pyvrp.Depot(location=k) for k in range(len(depots))], types, distances, durations, [],
        shipments,
    )
    return _Problem(data, vehicles_of_type, singles, depots.tolist())


def _stop(model: RoutingModel, prefix: str, i: int, n_depots: int) -> dict[str, int]:
    window = int(model.window_ptr[i])
    service = service_time(model.task_service[i], int(model.vehicle_permille[0]))
    return {
        (f"{prefix}location"): n_depots + int(i),
        f"{prefix}service_duration": int(service),
        f"{prefix}tw_early": int(model.window_early[window]),
        f"{prefix}tw_late": int(model.window_late[window]),
    }


def _prize(model: RoutingModel, *tasks: int) -> dict[str, Any]:
    required = any(bool(model.task_required[i]) for i in tasks)
    return {
        "required": required,
        "prize": 0 if required else sum(int(model.task_prize[i]) for i in tasks),
    }


def _vehicle_type(
    pyvrp: Any, model: RoutingModel, v: int, number: int, profile: int,
    depot: Callable[[int], int],
) -> Any:
    own = model.reloads.option[model.reloads.option_ptr[v] : model.reloads.option_ptr[v + 1]]
    most, regular = int(model.vehicle_max_duty[v]), int(model.vehicle_regular_duty[v])
    regular = min(regular if model.vehicle_overtime_price[v] else most, most)
    limits = {}
    if regular < TIME_MAX:
        limits = {
            "shift_duration": regular, "max_overtime": most - regular,
            "unit_overtime_cost": int(model.vehicle_overtime_price[v]),
        }
    if len(own) and model.vehicle_max_trips[v] < NO_LIMIT:
        limits["max_reloads"] = int(model.vehicle_max_trips[v]) - 1
    return pyvrp.VehicleType(
        num_available=number,
        capacity=model.vehicle_capacity[v].tolist(),
        start_depot=depot(int(model.vehicle_start[v])),
        end_depot=depot(int(model.vehicle_end[v])),
        fixed_cost=int(model.vehicle_fixed[v]),
        tw_early=int(model.vehicle_early[v]),
        tw_late=int(model.vehicle_late[v]),
        unit_duration_cost=int(model.vehicle_price_duty[v]),
        profile=profile,
        reload_depots=sorted({depot(int(model.reloads.location[k])) for k in own}),
        **limits,
    )


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


def _penalty(model: RoutingModel, v: int, n_depots: int) -> NDArray[np.int64]:
    """Penalty row added to every arc into a task that the vehicle may not serve."""
    forbidden = ~model.compatible[model.task_type, model.vehicle_type[v]]
    return np.concatenate([np.zeros(n_depots, dtype=np.int64), SKILL_PENALTY * forbidden])
