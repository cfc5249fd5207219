"""The timetable and the costs of a plan, worked out from its visits alone.

This is the ruler of care plans: what the search found, what another backend found and what a
person typed in are timed and priced here, from the problem and the measured ways, without a look
at the routing model. Pure and deterministic.

Where routes depend on each other, or have breaks, set-up or limits of duty, ``engine.timetable``
tells the times; all else is as follows.

Timetable. Service starts as early as the order of the visits allows. Then every trip leaves as
late as keeps every start: nobody waits at the first door for a window to open, and food stays in
the kitchen. A trip whose meals would still be too long on board, because it waits for a window
further on, leaves later by just as much as its hottest promise needs.

Costs. A used shift costs ``cost_per_shift_cents`` once, however many trips; travel costs the
worker's ``cost_per_travel_hour_cents`` by the second and the vehicle's ``cost_per_km_cents`` by the
metre, and duty beyond the regular one ``overtime_per_hour_cents`` by the second. All are added
exactly and rounded to whole cents once a route, half up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from engine.domain.orders import MealOrder, MemberOrder, Order
from engine.domain.plan import Pause, Route, Stop, Totals, Trip
from engine.domain.problem import Problem
from engine.domain.workers import Shift, Worker
from engine.faces import count_faces
from engine.timetable import (
    RouteTimes,
    loading_of,
    needs_joint_times,
    shift_of,
    time_jointly,
)
from engine.travel import Travel
from engine.visits import (
    RouteVisits,
    TripVisits,
    demand_of,
    mode_of,
    nominal_duration,
    permille_of,
    start_windows,
)
from solvers.model import service_time

#: Each pass ends the wait for at least one more window; a trip with more is timed as it stands.
_MAX_PASSES = 50


class Timetable(NamedTuple):
    """Routes with times and costs, in the order in which they were given, and their totals."""

    routes: tuple[Route, ...]
    totals: Totals


class _Timing(NamedTuple):
    travel: list[int]
    metres: list[int]
    arrival: list[int]
    start: list[int]
    departure: list[int]


def evaluate(problem: Problem, travel: Travel, visits: Sequence[RouteVisits]) -> Timetable:
    """Time and price a plan.

    Parameters
    ----------
    problem, travel : what was asked, and the ways between its points.
    visits : the routes; ids must exist. An order that is late, doubled or not allowed is timed like
        any other: finding that is the checker's work.
    """
    visits = [v for v in visits if v.trips]
    if needs_joint_times(problem, travel):
        times = time_jointly(problem, travel, visits)
        routes = tuple(
            _write_route(problem, travel, v, t) for v, t in zip(visits, times, strict=True)
        )
    else:
        routes = tuple(evaluate_route(problem, travel, v) for v in visits)
    return Timetable(routes, total(problem, routes))


def evaluate_route(
    problem: Problem, travel: Travel, visits: RouteVisits, pins: Mapping[str, int] | None = None
) -> Route:
    """Time and price one worker's shift; an order past its last window starts on arrival.

    ``pins``: visit -> start, for visits whose start other routes hold.
    """
    worker = problem.worker_by_id[visits.worker]
    if pins or needs_joint_times(problem, travel):
        (times,) = time_jointly(problem, travel, [visits], pins)
        return _write_route(problem, travel, visits, times)
    shift = shift_of(worker, visits.shift)
    clock = shift.start_s
    trips: list[Trip] = []
    for k, trip in enumerate(visits.trips):
        last = k == len(visits.trips) - 1
        trips.append(_time_trip(problem, travel, worker, trip, clock, last))
        clock = trips[-1].end_s
    return _price_route(problem, worker, shift, tuple(trips))


def total(problem: Problem, routes: Iterable[Route]) -> Totals:
    """Figures of a plan; orders that appear on no route are unserved."""
    routes = tuple(routes)
    served = {s.order for r in routes for t in r.trips for s in t.stops}
    absent = [o for o in problem.orders if o.id not in served]
    faces = count_faces(problem, (
        (problem.order_by_id[s.order], r.worker) for r in routes for t in r.trips for s in t.stops
    ))
    return Totals(
        orders=len(problem.orders),
        served=len(problem.orders) - len(absent),
        unserved=len(absent),
        routes=len(routes),
        workers=len({r.worker for r in routes}),
        travel_s=sum(r.travel_s for r in routes),
        distance_m=sum(r.distance_m for r in routes),
        service_s=sum(r.service_s for r in routes),
        wait_s=sum(r.wait_s for r in routes),
        cost_cents=sum(r.cost_cents for r in routes),
        prize_lost_cents=sum(o.prize_cents or 0 for o in absent if o.optional),
        new_face_visits=faces.new,
        preferred_visits=faces.preferred,
        new_face_cents=faces.new_cents,
        preferred_bonus_cents=faces.preferred_cents,
    )


def _write_route(
    problem: Problem, travel: Travel, visits: RouteVisits, times: RouteTimes
) -> Route:
    """Make the route of times that were found for it."""
    worker = problem.worker_by_id[visits.worker]
    mode = mode_of(problem, worker)
    trips = []
    for t, (trip, when) in enumerate(zip(visits.trips, times.trips, strict=True)):
        orders = [problem.visit_by_id[i] for i in trip.orders]
        timing = _Timing([], [], [], [], [])
        at = travel.place(worker.start)
        for order, stop in zip(orders, when.stops, strict=True):
            to = travel.client(order.client)
            leg = travel.leg(mode, at, to)
            timing.travel.append(leg.seconds)
            timing.metres.append(leg.metres)
            timing.arrival.append(stop.arrival)
            timing.start.append(stop.start)
            timing.departure.append(stop.departure)
            at = to
        last = t == len(visits.trips) - 1
        found = _write_trip(problem, travel, worker, trip, when.leave, timing, last)
        stops = tuple(
            s if not w.setup else s.model_copy(update={"setup_s": w.setup})
            for s, w in zip(found.stops, when.stops, strict=True)
        )
        trips.append(found.model_copy(update={"stops": stops, "end_s": when.end}))
    shift = shift_of(worker, visits.shift)
    return _price_route(problem, worker, shift, tuple(trips), times.breaks)


def _time_trip(
    problem: Problem, travel: Travel, worker: Worker, visits: TripVisits, clock: int, last: bool
) -> Trip:
    orders = [problem.visit_by_id[i] for i in visits.orders]
    # At once, or for a trip with meals when all its batches have been loaded.
    ready, loading = loading_of(problem, worker, orders, visits.batches)
    leave = max(clock, ready) + loading
    leave, timing = _choose_leave(problem, travel, worker, orders, leave)
    return _write_trip(problem, travel, worker, visits, leave, timing, last)


def _write_trip(
    problem: Problem,
    travel: Travel,
    worker: Worker,
    visits: TripVisits,
    leave: int,
    timing: _Timing,
    last: bool,
) -> Trip:
    orders = [problem.visit_by_id[i] for i in visits.orders]
    stops = tuple(
        Stop(
            order=order.id,
            client=order.client,
            travel_s=timing.travel[k],
            distance_m=timing.metres[k],
            arrival_s=timing.arrival[k],
            start_s=timing.start[k],
            departure_s=timing.departure[k],
            batch=visits.batches[k],
            member=order.member if isinstance(order, MemberOrder) else None,
        )
        for k, order in enumerate(orders)
    )
    # Between two trips a worker is back to load; after the last one wherever the day ends.
    end = worker.start if not last else _end_of(worker)
    seconds = metres = 0
    if end is not None:
        origin = travel.client(orders[-1].client) if orders else travel.place(worker.start)
        leg = travel.leg(mode_of(problem, worker), origin, travel.place(end))
        seconds, metres = leg.seconds, leg.metres
    load: dict[str, int] = {}
    for order in orders:
        for dimension, amount in demand_of(order).items():
            load[dimension] = load.get(dimension, 0) + amount
    return Trip(
        start=worker.start,
        leave_s=leave,
        stops=stops,
        end=end,
        end_travel_s=seconds,
        end_distance_m=metres,
        end_s=(stops[-1].departure_s if stops else leave) + seconds,
        load={d: load[d] for d in sorted(load) if load[d]},
    )


def _end_of(worker: Worker) -> str | None:
    return (worker.end or worker.start) if worker.returns else None


def _choose_leave(
    problem: Problem, travel: Travel, worker: Worker, orders: Sequence[Order], leave: int
) -> tuple[int, _Timing]:
    """Leave as late as keeps every start; later still where food would be too long on board.

    Leaving later never lengthens the time on board, and shortens it until nothing waits: a meal
    that travels too long even then is past help and is left to the checker.
    """
    unhurried = _propagate(problem, travel, worker, orders, leave)
    timing = unhurried
    if not orders:
        return leave, timing
    early = leave
    for _ in range(_MAX_PASSES):
        leave += timing.start[0] - timing.arrival[0]
        need = leave
        on_the_way = 0  # seconds from leaving to the door if nothing waits
        for k, order in enumerate(orders):
            on_the_way += timing.travel[k]
            if isinstance(order, MealOrder) and on_the_way <= order.max_onboard_s:
                need = max(need, timing.start[k] - order.max_onboard_s)
            on_the_way += timing.departure[k] - timing.start[k]
        if need == leave:
            break
        leave = need
        timing = _propagate(problem, travel, worker, orders, leave)
    final = _propagate(problem, travel, worker, orders, leave)
    if _n_late(orders, final) > _n_late(orders, unhurried):
        # The hot meal would cost another client the window: a broken promise either way.
        leave = early + unhurried.start[0] - unhurried.arrival[0]
        final = _propagate(problem, travel, worker, orders, leave)
    return leave, final


def _n_late(orders: Sequence[Order], timing: _Timing) -> int:
    return sum(
        1
        for order, start in zip(orders, timing.start, strict=True)
        if not any(a <= start <= b for a, b in start_windows(order))
    )


def _propagate(
    problem: Problem, travel: Travel, worker: Worker, orders: Sequence[Order], leave: int
) -> _Timing:
    mode, permille = mode_of(problem, worker), permille_of(worker)
    timing = _Timing([], [], [], [], [])
    at, clock = travel.place(worker.start), leave
    for order in orders:
        to = travel.client(order.client)
        leg = travel.leg(mode, at, to)
        clock += leg.seconds
        timing.travel.append(leg.seconds)
        timing.metres.append(leg.metres)
        timing.arrival.append(clock)
        for early, late in start_windows(order):
            if clock <= late:
                clock = max(clock, early)
                break
        timing.start.append(clock)
        clock += int(service_time(nominal_duration(problem, order), permille))
        timing.departure.append(clock)
        at = to
    return timing


def _price_route(
    problem: Problem,
    worker: Worker,
    shift: Shift,
    trips: tuple[Trip, ...],
    breaks: tuple[Pause, ...] = (),
) -> Route:
    stops = [s for t in trips for s in t.stops]
    seconds = sum(s.travel_s for s in stops) + sum(t.end_travel_s for t in trips)
    metres = sum(s.distance_m for s in stops) + sum(t.end_distance_m for t in trips)
    per_km = problem.vehicle_by_id[worker.vehicle].cost_per_km_cents if worker.vehicle else 0
    overtime = 0
    if worker.regular_s is not None and trips:
        overtime = max(0, trips[-1].end_s - trips[0].leave_s - worker.regular_s)
    # In 3,600,000ths of a cent, so that the one rounding is the only one.
    exact = seconds * worker.cost_per_travel_hour_cents * 1_000 + metres * per_km * 3_600
    exact += overtime * worker.overtime_per_hour_cents * 1_000
    return Route(
        worker=worker.id,
        shift=shift.id,
        mode=mode_of(problem, worker),
        trips=trips,
        travel_s=seconds,
        distance_m=metres,
        service_s=sum(s.departure_s - s.start_s for s in stops),
        wait_s=sum(_wait(s, breaks) for s in stops),
        cost_cents=worker.cost_per_shift_cents + (exact + 1_800_000) // 3_600_000,
        breaks=breaks,
        overtime_s=overtime,
    )


def _wait(stop: Stop, breaks: Sequence[Pause]) -> int:
    """Seconds at the door in which nothing happens."""
    paused = sum(
        max(0, min(b.end_s, stop.start_s) - max(b.start_s, stop.arrival_s)) for b in breaks
    )
    return stop.start_s - stop.arrival_s - stop.setup_s - paused
