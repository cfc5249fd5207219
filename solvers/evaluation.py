"""The one ruler: what a set of routes costs and what it breaks, whoever made it.

A model without features takes the short way below. The timetable of the others is made in
``solvers.timetable``, and what else they ask for is measured in ``solvers.evaluation_rich``.

Plain Python on purpose: every backend, every peer engine in the benchmarks and every plan made by
hand is measured here, so it has to be readable before it is quick (100,000 tasks in about 1.5 s).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solvers.evaluation_rich import evaluate_rich
from solvers.figures import Evaluation, RouteEvaluation
from solvers.large import LargeModel, look_up_arcs
from solvers.model import OPEN, UNREACHABLE, RoutingModel, service_time


def evaluate(
    model: RoutingModel | LargeModel, routes: Sequence[Sequence[int]]
) -> Evaluation:
    """Measure routes: one sequence of visits a vehicle, as ``solvers.model`` defines them.

    A task whose windows are all over is started on arrival and reported as a violation, so that
    broken routes can be measured too. Travel of a large model is asked for route by route.
    """
    if isinstance(model, LargeModel):
        model = look_up_arcs(model, routes)
    violations: list[str] = []
    if len(routes) != model.n_vehicles:
        violations.append(f"{len(routes)} routes for {model.n_vehicles} vehicles")
    first = -len(model.reloads.location)
    seen = np.zeros(model.n_tasks, dtype=np.int64)
    cleaned = []
    for v, route in enumerate(routes[: model.n_vehicles]):
        bad = [int(i) for i in route if not first <= i < model.n_tasks]
        if bad:
            violations.append(f"vehicle {v}: {bad} are not tasks")
        cleaned.append([int(i) for i in route if first <= i < model.n_tasks])
        np.add.at(seen, [i for i in cleaned[-1] if i >= 0], 1)
    for i in np.flatnonzero(seen > 1):
        violations.append(f"task {int(i)}: visited {int(seen[i])} times")
    if model.features:
        return evaluate_rich(model, cleaned, seen == 0, violations)
    evaluated = [
        _evaluate_route(model, v, visits, violations) for v, visits in enumerate(cleaned)
    ]
    fixed = sum(int(model.vehicle_fixed[v]) for v, visits in enumerate(cleaned) if visits)
    absent = np.flatnonzero(seen == 0)
    return Evaluation(
        routes=tuple(evaluated),
        unassigned=tuple(int(i) for i in absent),
        travel_cost=sum(r.cost for r in evaluated) - fixed,
        fixed_cost=fixed,
        prize_lost=int(model.task_prize[absent].sum()),
        n_used=sum(1 for r in evaluated if r.start),
        violations=tuple(violations),
    )


def _evaluate_route(
    model: RoutingModel, v: int, visits: list[int], violations: list[str]
) -> RouteEvaluation:
    leave = clock = int(model.vehicle_early[v])
    if not visits:
        return RouteEvaluation((), (), (), leave, leave, 0, 0, (0,) * model.n_dimensions, 0)
    profile = int(model.vehicle_profile[v])
    permille = int(model.vehicle_permille[v])
    at = int(model.vehicle_start[v])
    seconds = metres = 0
    arrival, start, departure = [], [], []

    def travel(to: int) -> None:
        nonlocal at, clock, seconds, metres
        if at != OPEN and to != OPEN:
            leg = int(model.seconds[profile, at, to])
            if leg >= UNREACHABLE:
                violations.append(f"vehicle {v}: no way from location {at} to {to}")
            clock += leg
            seconds += leg
            metres += int(model.metres[profile, at, to])
        at = to

    for i in visits:
        travel(int(model.task_location[i]))
        arrival.append(clock)
        for w in range(model.window_ptr[i], model.window_ptr[i + 1]):
            if clock <= model.window_late[w]:
                clock = max(clock, int(model.window_early[w]))
                break
        else:
            late = clock - int(model.window_late[model.window_ptr[i + 1] - 1])
            violations.append(f"task {i}: {late} after its last window on vehicle {v}")
        start.append(clock)
        clock += int(service_time(model.task_service[i], permille))
        departure.append(clock)
        if not model.compatible[model.task_type[i], model.vehicle_type[v]]:
            violations.append(f"task {i}: vehicle {v} may not serve it")
    travel(int(model.vehicle_end[v]))
    if clock > model.vehicle_late[v]:
        violations.append(f"vehicle {v}: ends {clock - int(model.vehicle_late[v])} after its shift")
    load = model.task_demand[visits].sum(axis=0, dtype=np.int64)
    for d in np.flatnonzero(load > model.vehicle_capacity[v]):
        capacity = model.vehicle_capacity[v, d]
        violations.append(f"vehicle {v}: load {load[d]} above {capacity} in {d}")
    cost = (
        int(model.vehicle_fixed[v])
        + seconds * int(model.vehicle_price_second[v])
        + metres * int(model.vehicle_price_metre[v])
    )
    return RouteEvaluation(
        tuple(arrival), tuple(start), tuple(departure), leave, clock, seconds, metres,
        tuple(int(x) for x in load), cost,
    )
