"""Routes that are timed together, or with pauses: the timetable of ``solvers.model``, for a plan.

Teams and orders that follow each other tie the routes of several workers; breaks, set-up at an
address and duty that is paid or limited shape a route of its own. A problem that has any of these
is timed here: its visits become a small routing model of just these routes (one vehicle a shift, a
reload between two trips), and the one definition of ``solvers.model`` says when everything starts.
Every start is the earliest that keeps all of it; then each trip leaves as late as keeps its first
start. Who has overtime or a daily limit leaves the start so late that the same end is reached with
the least duty, waiting at home rather than on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.domain.base import HORIZON_S
from engine.domain.orders import MealOrder, Order
from engine.domain.plan import Pause
from engine.domain.problem import Problem
from engine.domain.ties import links_of
from engine.domain.workers import Shift, Worker
from engine.travel import Travel
from engine.visits import RouteVisits, mode_of, nominal_duration, permille_of, start_windows
from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate as measure
from solvers.figures import RouteEvaluation
from solvers.model import OPEN, RoutingModel

__all__ = ["StopTimes", "TripTimes", "needs_joint_times", "time_jointly"]


class StopTimes(NamedTuple):
    """When a visit's worker is at the door, ready, and done; ``arrival`` is before the set-up."""

    arrival: int
    setup: int
    start: int
    departure: int


class TripTimes(NamedTuple):
    """One trip: its leaving, its stops, and the arrival at its end."""

    leave: int
    stops: tuple[StopTimes, ...]
    end: int


class RouteTimes(NamedTuple):
    """One route: its trips and its breaks."""

    trips: tuple[TripTimes, ...]
    breaks: tuple[Pause, ...]


def needs_joint_times(problem: Problem, travel: Travel) -> bool:
    """Whether anything in the problem asks for more than one route timed by itself."""
    return (
        travel.setup is not None
        or bool(problem.tied)
        or any(is_held_to_duty(w) or any(s.breaks for s in w.shifts) for w in problem.workers)
    )


def is_held_to_duty(worker: Worker) -> bool:
    """Whether it matters how long a worker is on duty."""
    return worker.duty_left_s is not None or worker.regular_s is not None


def time_jointly(
    problem: Problem,
    travel: Travel,
    routes: Sequence[RouteVisits],
    pins: Mapping[str, int] | None = None,
) -> list[RouteTimes]:
    """Time routes together.

    Parameters
    ----------
    problem, travel : as in ``engine.evaluate.evaluate``.
    routes : none of them without trips.
    pins : visit -> the one start it may have, for visits that are tied to routes not given here.
    """
    if not routes:
        return []
    model, visits = _lay(problem, travel, routes, pins or {})
    found = measure(model, visits).routes
    held = [is_held_to_duty(problem.worker_by_id[r.worker]) for r in routes]
    if any(held):
        early = model.vehicle_early.copy()
        for v, route in enumerate(found):
            if held[v]:
                early[v] = max(early[v], route.on_duty)
        found = measure(model._replace(vehicle_early=early), visits).routes
    return [
        _read(problem, travel, route, visits[v], found[v]) for v, route in enumerate(routes)
    ]


# -- to the model ----------------------------------------------------------------------------------


def _lay(
    problem: Problem, travel: Travel, routes: Sequence[RouteVisits], pins: Mapping[str, int]
) -> tuple[RoutingModel, list[list[int]]]:
    """Make the model of some routes, and their visits in it."""
    workers = [problem.worker_by_id[r.worker] for r in routes]
    modes = list(dict.fromkeys(mode_of(problem, w) for w in workers))
    local: dict[int, int] = {}  # location -> row of the small matrices

    def here(location: int) -> int:
        return local.setdefault(location, len(local))

    builder = ModelBuilder()
    visits: list[list[int]] = []
    vehicles = []
    task_of: dict[str, int] = {}
    for route, worker in zip(routes, workers, strict=True):
        start = here(travel.place(worker.start))
        end = here(travel.place(worker.end or worker.start)) if worker.returns else OPEN
        shift = shift_of(worker, route.shift)
        mine: list[int] = []
        reloads = []
        for t, trip in enumerate(route.trips):
            orders = [problem.visit_by_id[i] for i in trip.orders]
            ready, loading = loading_of(problem, worker, orders, trip.batches)
            if t:
                reloads.append(builder.add_reload(start, seconds=loading))
                mine.append(-1 - reloads[-1])
            release = max(shift.start_s, ready) + loading if loading or ready else 0
            for key, order in zip(trip.orders, orders, strict=True):
                windows = start_windows(order) or ((0, HORIZON_S),)
                task = builder.add_task(
                    here(travel.client(order.client)),
                    service=nominal_duration(problem, order),
                    windows=windows if key not in pins else [(pins[key], pins[key])],
                    release=release,
                    freshness=order.max_onboard_s if isinstance(order, MealOrder) else None,
                )
                task_of.setdefault(key, task)
                mine.append(task)
        visits.append(mine)
        vehicles.append((worker, shift, start, end, reloads))
    order_of_rows = list(local)
    for mode in modes:
        rows = travel.seconds[mode][order_of_rows][:, order_of_rows]
        builder.add_matrix(rows)
    for location, row in local.items():
        if travel.setup is not None and travel.setup[location]:
            builder.set_setup(row, int(travel.setup[location]))
    for worker, shift, start, end, reloads in vehicles:
        builder.add_vehicle(
            start, end,
            shift=(shift.start_s, shift.end_s),
            profile=modes.index(mode_of(problem, worker)),
            service_permille=permille_of(worker),
            worker=worker.id,
            breaks=[(b.early_s, b.late_s, b.length_s) for b in shift.breaks],
            reloads=reloads,
        )
    for link in links_of(problem):
        if link.first in task_of and link.second in task_of:
            builder.add_link(
                task_of[link.first], task_of[link.second], least=link.least, most=link.most,
            )
    return builder.build(), visits


def shift_of(worker: Worker, shift: str) -> Shift:
    """Find a shift of a worker, as it can be worked."""
    return next(s for s in worker.at_work if s.id == shift)


def loading_of(
    problem: Problem, worker: Worker, orders: Sequence[Order], batches: Sequence[str | None]
) -> tuple[int, int]:
    """When the last batch of a trip is ready, and how long it is loaded; 0, 0 without meals."""
    place = problem.loading_place_by_id.get(worker.start)
    if place is None or not any(isinstance(o, MealOrder) for o in orders):
        return 0, 0
    return max((b.ready_s for b in place.batches if b.id in batches), default=0), place.loading_s


# -- and back --------------------------------------------------------------------------------------


def _read(
    problem: Problem,
    travel: Travel,
    route: RouteVisits,
    visits: Sequence[int],
    found: RouteEvaluation,
) -> RouteTimes:
    trips: list[TripTimes] = []
    worker = problem.worker_by_id[route.worker]
    position, leave = 0, found.leave
    for t, trip in enumerate(route.trips):
        if t:  # the reload before it
            leave = found.departure[position]
            position += 1
        at = travel.place(worker.start)
        stops = []
        for k, key in enumerate(trip.orders):
            x = position + k
            to = travel.client(problem.visit_by_id[key].client)
            setup = travel.setup_s(at, to)
            stops.append(StopTimes(
                found.arrival[x] - setup, setup, found.start[x], found.departure[x]
            ))
            at = to
        if stops:
            # A break at the first door is taken when it is taken; what is before it can wait.
            there = [b.start for b in found.breaks if b.arrived and b.visit == position]
            spare = min([stops[0].start, *there]) - found.arrival[position]
            stops[0] = stops[0]._replace(arrival=stops[0].arrival + spare)
            leave += spare
        position += len(stops)
        end = found.end if position == len(visits) else found.arrival[position]
        trips.append(TripTimes(leave, tuple(stops), end))
    breaks = tuple(Pause(start_s=b.start, end_s=b.end) for b in found.breaks)
    return RouteTimes(tuple(trips), breaks)
