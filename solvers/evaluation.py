"""The one ruler: what a set of routes costs and what it breaks, whoever made it.

Plain Python on purpose: every backend, every peer engine in the benchmarks and every plan made by
hand is measured here, so it has to be readable before it is quick (100,000 tasks in about 0.5 s).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from solvers.model import OPEN, UNREACHABLE, RoutingModel, service_time


class RouteEvaluation(NamedTuple):
    """Timetable and figures of one route; times are absolute, a wait is ``start - arrival``."""

    arrival: tuple[int, ...]
    start: tuple[int, ...]  # of service
    departure: tuple[int, ...]
    leave: int  # from the start location, as early as the shift allows
    end: int  # at the end location, or after the last service of an open route
    seconds: int  # of travel
    metres: int
    load: tuple[int, ...]
    cost: int  # fixed and travel; 0 for an unused vehicle


class Evaluation(NamedTuple):
    """Figures of a whole solution; it is feasible when ``violations`` is empty."""

    routes: tuple[RouteEvaluation, ...]
    unassigned: tuple[int, ...]
    travel_cost: int
    fixed_cost: int
    prize_lost: int
    n_used: int
    violations: tuple[str, ...]

    @property
    def cost(self) -> int:
        """Travel, fixed and lost prizes together."""
        return self.travel_cost + self.fixed_cost + self.prize_lost


def evaluate(model: RoutingModel, routes: Sequence[Sequence[int]]) -> Evaluation:
    """Measure routes: one sequence of task indexes a vehicle, in visiting order.

    A task whose windows are all over is started on arrival and reported as a violation, so that
    broken routes can be measured too.
    """
    violations: list[str] = []
    if len(routes) != model.n_vehicles:
        violations.append(f"{len(routes)} routes for {model.n_vehicles} vehicles")
    seen = np.zeros(model.n_tasks, dtype=np.int64)
    evaluated = []
    fixed = 0
    for v, route in enumerate(routes[: model.n_vehicles]):
        bad = [int(i) for i in route if not 0 <= i < model.n_tasks]
        if bad:
            violations.append(f"vehicle {v}: {bad} are not tasks")
        visits = [int(i) for i in route if 0 <= i < model.n_tasks]
        np.add.at(seen, visits, 1)
        evaluated.append(_evaluate_route(model, v, visits, violations))
        fixed += int(model.vehicle_fixed[v]) if visits else 0
    for i in np.flatnonzero(seen > 1):
        violations.append(f"task {int(i)}: visited {int(seen[i])} times")
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
    sec = model.seconds[model.vehicle_profile[v]]
    met = model.metres[model.vehicle_profile[v]]
    permille = int(model.vehicle_permille[v])
    at = int(model.vehicle_start[v])
    seconds = metres = 0
    arrival, start, departure = [], [], []

    def travel(to: int) -> None:
        nonlocal at, clock, seconds, metres
        if at != OPEN and to != OPEN:
            if sec[at, to] >= UNREACHABLE:
                violations.append(f"vehicle {v}: no way from location {at} to {to}")
            clock += int(sec[at, to])
            seconds += int(sec[at, to])
            metres += int(met[at, to])
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
