"""VROOM 1.15: exploration level 5 or 1 (see ``_level``), one thread, timeout; it has no seed.

Jobs, shipments, skills, several windows, breaks, limits on travel and on the number of tasks are
its own; prizes become priorities. It may stop by itself when its searches are done, and overrun
while it builds its first routes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from benchmarks.instances.base import Instance
from benchmarks.peers.base import Outcome, clocks, refuse
from solvers.errors import Unsupported
from solvers.model import NO_LIMIT, OPEN, TIME_MAX, RoutingModel, detour_bound, service_time

_EXPRESSED = frozenset({"pickups", "pairs", "breaks", "max travel", "max tasks"})
#: VROOM keeps prices in 32 bits; where vehicles count before distance this is more than any
#: distance in the instances that are read.
_PRICE_MAX = 2**32 - 1


def run_vroom(instance: Instance, seconds: float, seed: int) -> Outcome:
    """Solve by VROOM's own binding."""
    import vroom  # type: ignore[import-untyped]

    model = instance.model
    refuse("vroom", model, _EXPRESSED, open_ends=True, several_windows=True)
    optional = model.task_prize[~model.task_required]
    if len(optional) and int(optional.min()) <= detour_bound(model):
        raise Unsupported("vroom: serves all it can, so it cannot weigh a prize against a detour")
    problem = _input(vroom, model)
    began = clocks()
    solution = problem.solve(
        exploration_level=_level(model.n_tasks, seconds), nb_threads=1,
        timeout=timedelta(seconds=seconds),
    )
    cpu, wall = clocks() - began
    routes: list[list[int]] = [[] for _ in range(model.n_vehicles)]
    for route in solution.to_dict()["routes"]:
        routes[route["vehicle"]] = [
            step["id"] for step in route["steps"] if step["type"] in ("job", "pickup", "delivery")
        ]
    return Outcome(routes, float(cpu), float(wall))


def _level(n_tasks: int, seconds: float) -> int:
    """Choose how many independent searches VROOM runs: as many as the time can feed.

    The timeout cuts the local search and not the construction heuristics before it, one for each
    search, so that on a large instance in a short time the highest level never gets to search. On
    1,000 care visits level 1 was better than 5 both in 10 s (870,859 against 1,122,934) and in
    60 s (675,999 against 733,286); on 100 customers level 5 is done in 6 s.
    """
    return 5 if seconds >= 0.1 * n_tasks else 1


def _input(vroom: Any, model: RoutingModel) -> Any:
    problem = vroom.Input()
    for p in range(model.seconds.shape[0]):
        problem.set_durations_matrix(str(p), model.seconds[p].astype(np.uint32))
        if model.vehicle_price_metre.any():
            problem.set_distances_matrix(str(p), model.metres[p].astype(np.uint32))
    # One skill a kind of task that somebody may not serve says the same as the table does.
    limited = {
        kind for kind, row in enumerate(model.compatible[:, model.vehicle_type]) if not row.all()
    }
    _add_tasks(problem, vroom, model, limited)
    for v in range(model.n_vehicles):
        problem.add_vehicle(_vehicle(vroom, model, v, limited))
    return problem


def _add_tasks(problem: Any, vroom: Any, model: RoutingModel, limited: set[int]) -> None:
    top = max(1, int(model.task_prize.max(initial=0)))
    permille = int(model.vehicle_permille.max(initial=1000))
    paired = np.concatenate([model.pairs.pickup, model.pairs.delivery])

    def stop(i: int) -> dict[str, Any]:
        windows = range(int(model.window_ptr[i]), int(model.window_ptr[i + 1]))
        return {
            "id": i, "location": int(model.task_location[i]),
            "default_service": int(service_time(model.task_service[i], permille)),
            "time_windows": [
                vroom.TimeWindow(int(model.window_early[w]), int(model.window_late[w]))
                for w in windows
            ],
        }

    def asks(*tasks: int) -> dict[str, Any]:
        prize = max(int(model.task_prize[i]) for i in tasks)
        return {
            "skills": {int(model.task_type[i]) for i in tasks} & limited,
            "priority": round(100 * prize / top),
        }

    for i in np.setdiff1d(np.arange(model.n_tasks), paired).tolist():
        problem.add_job(vroom.Job(
            **stop(i), **asks(i), delivery=vroom.Amount(model.task_demand[i].tolist()),
            pickup=vroom.Amount(model.task_pickup[i].tolist()),
        ))
    for p, d, load in zip(*(column.tolist() for column in model.pairs[:3]), strict=True):
        problem.add_shipment(
            vroom.ShipmentStep(**stop(p)), vroom.ShipmentStep(**stop(d)),
            amount=vroom.Amount(load), **asks(p, d),
        )


def _vehicle(vroom: Any, model: RoutingModel, v: int, limited: set[int]) -> Any:
    kinds = model.compatible[:, model.vehicle_type[v]]
    ends = [int(model.vehicle_start[v]), int(model.vehicle_end[v])]
    limits: dict[str, int] = {}
    if model.vehicle_max_travel[v] < TIME_MAX:
        limits["max_travel_time"] = int(model.vehicle_max_travel[v])
    if model.vehicle_max_tasks[v] < NO_LIMIT:
        limits["max_tasks"] = int(model.vehicle_max_tasks[v])
    breaks = [
        vroom.Break(
            b, [vroom.TimeWindow(int(model.breaks.early[b]), int(model.breaks.late[b]))],
            service=int(model.breaks.length[b]),
        )
        for b in range(int(model.breaks.ptr[v]), int(model.breaks.ptr[v + 1]))
    ]
    return vroom.Vehicle(
        v, *(None if place == OPEN else place for place in ends),
        profile=str(model.vehicle_profile[v]),
        capacity=model.vehicle_capacity[v].tolist(),
        skills={kind for kind in limited if kinds[kind]},
        time_window=vroom.TimeWindow(int(model.vehicle_early[v]), int(model.vehicle_late[v])),
        breaks=breaks,
        costs=vroom.VehicleCosts(
            fixed=min(int(model.vehicle_fixed[v]), _PRICE_MAX),
            per_hour=3600 * int(model.vehicle_price_second[v]),
            per_km=1000 * int(model.vehicle_price_metre[v]),
        ),
        **limits,
    )
