"""The one ruler: what a set of routes costs and what it breaks, whoever made it.

A model without features takes the short way below. The timetable of the others is made in
``solvers.timetable``, and what else they ask for is measured in ``solvers.evaluation_rich``.

Plain Python on purpose: every backend, every peer engine in the benchmarks and every plan made by
hand is measured here, so it has to be readable before it is quick (100,000 tasks in about 1.5 s).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from solvers.large import LargeModel, look_up_arcs
from solvers.model import OPEN, UNREACHABLE, RoutingModel, service_time
from solvers.timetable import BreakTaken


class RouteEvaluation(NamedTuple):
    """Timetable and figures of one route; times are absolute, a wait is ``start - arrival``.

    Tuples go by visit. At a reload ``start`` is the beginning of loading and ``departure`` the
    leaving. The figures with a default are of a used vehicle in a model with features.
    """

    arrival: tuple[int, ...]  # ready to begin: set-up is over
    start: tuple[int, ...]  # of service
    departure: tuple[int, ...]
    leave: int  # from the start location, as early as the timetable allows
    end: int  # at the end location, or after the last service of an open route
    seconds: int  # of travel
    metres: int
    load: tuple[int, ...]  # the most on board
    cost: int  # fixed and travel; 0 for an unused vehicle
    breaks: tuple[BreakTaken, ...] = ()
    duty: int = 0  # seconds from `on_duty` to `end`
    on_duty: int = 0  # latest leaving that keeps the end, see Duty in `solvers.model`
    latest: tuple[int, ...] = ()  # starts with that leaving
    lateness: int = 0  # seconds after soft ends, all visits


class Evaluation(NamedTuple):
    """Figures of a whole solution; it is feasible when ``violations`` is empty.

    ``unassigned`` names every absent task, also one whose alternative is served.
    """

    routes: tuple[RouteEvaluation, ...]
    unassigned: tuple[int, ...]
    travel_cost: int
    fixed_cost: int
    prize_lost: int
    n_used: int
    violations: tuple[str, ...]
    duty_cost: int = 0
    overtime_cost: int = 0
    lateness_cost: int = 0
    worst_cost: int = 0  # of the greatest lateness
    affinity_cost: int = 0  # negative where bonuses prevail

    @property
    def cost(self) -> int:
        """All costs and lost prizes together."""
        return (
            self.travel_cost + self.fixed_cost + self.duty_cost + self.overtime_cost
            + self.lateness_cost + self.worst_cost + self.affinity_cost + self.prize_lost
        )


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
        from solvers.evaluation_rich import evaluate_rich

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
