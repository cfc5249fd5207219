"""What is not yet history, as a problem and a plan of its own: for the checker and for the search.

Every line becomes a worker who begins at the anchor: where and when the worker is free. What is
fixed or behind is no part of it. A worker with two shifts before them becomes two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.check import check_plan
from engine.domain.orders import Order
from engine.domain.places import Place
from engine.domain.plan import Plan, Reason, Route, Run, Trip, Unserved
from engine.domain.problem import Problem
from engine.evaluate import total
from engine.live.board import Board
from engine.live.line import Line
from engine.rules import Violation

_LIVE = Run(backend="live", status="complete", seed=0, iterations=0, elapsed_s=0.0)
_WHY: dict[str, tuple[Reason, str, str]] = {
    "unplanned": ("outweighed", "the day began without it", "当日开始时即未安排"),
    "interrupted": (
        "outweighed", "it was broken off for an alarm and nobody can end it",
        "因紧急工单中断，无人可继续完成",
    ),
    "cut_off": (
        "unreachable", "closed roads cut it off from everybody who may do it",
        "道路封闭，可承担者均无法到达",
    ),
}
_NOBODY: tuple[Reason, str, str] = (
    "no_worker_in_window", "nobody who may do it can be there in time as the day goes now",
    "按当前情况，可承担者均无法按时到达",
)


class Rest(NamedTuple):
    """The rest of a day; ``lines`` tells whom each of the problem's workers stands for."""

    problem: Problem
    plan: Plan
    lines: dict[str, Line]  # worker id in the problem -> line


def rest_of(
    board: Board, only: Sequence[Line] | None = None, absent_ids: Sequence[str] | None = None
) -> Rest:
    """Cut off what is behind, fixed or over.

    Parameters
    ----------
    only : lines to look at, with something before them; None: all.
    absent_ids : orders that nobody serves; None: all.
    """
    open_lines = list(only) if only is not None else [
        ln for ln in board.lines if ln.rest or (ln.is_on and max(ln.free, board.clock) < ln.end_s)
    ]
    n_of: dict[str, int] = {}
    for line in open_lines:
        n_of[line.worker.id] = n_of.get(line.worker.id, 0) + 1
    names = {
        ln.index: ln.worker.id if n_of[ln.worker.id] == 1 else f"{ln.worker.id}.{ln.shift.id}"
        for ln in open_lines
    }
    by_worker: dict[str, list[str]] = {}
    for line in open_lines:
        by_worker.setdefault(line.worker.id, []).append(names[line.index])
    workers, routes = [], []
    for line in open_lines:
        name = names[line.index]
        workers.append(line.as_worker(board.clock).model_copy(update={"id": name}))
        if line.route is not None:
            routes.append(line.route.model_copy(update={"worker": name}))
    orders: list[Order] = [
        _for_worker(board.orders[i], names[ln.index]) for ln in open_lines for i in ln.orders
    ]
    absent = [
        board.orders[i] for i in sorted(board.waiting if absent_ids is None else absent_ids)
    ]
    needed = {o.client for o in (*orders, *absent)}
    clients = tuple(
        c.model_copy(update={"refused_workers": tuple(
            n for w in c.refused_workers for n in by_worker.get(w, ())
        )})
        for c in board.clients.values() if c.id in needed
    )
    problem = _problem(board, open_lines, orders=(*orders, *absent), clients=clients,
                       workers=tuple(workers))
    plan = Plan(
        problem=problem.id, problem_fingerprint=problem.fingerprint,
        network_fingerprint=board.travel.network.fingerprint, routes=tuple(routes),
        unserved=tuple(_unserved(board, o.id) for o in absent),
        totals=total(problem, routes), run=_LIVE,
    )
    return Rest(problem, plan, {names[ln.index]: ln for ln in open_lines})


def _for_worker(order: Order, name: str) -> Order:
    """Let a pin name the worker as the rest of the day does."""
    if order.pin is None or order.pin.worker in (None, name):
        return order
    return order.model_copy(update={"pin": order.pin.model_copy(update={"worker": name})})


def check_rest(board: Board) -> list[Violation]:
    """Read what is not yet history against every promise, by the independent checker."""
    rest = rest_of(board)
    return check_plan(rest.problem, rest.plan, board.travel)


def whole_plan(board: Board) -> Plan:
    """Give the day as it went and as it will go: every stop with its true or planned times."""
    routes = tuple(r for r in (_whole_route(board, ln) for ln in board.lines) if r is not None)
    orders = tuple(o for i, o in board.orders.items() if board.closed.get(i) != "cancelled")
    problem = _problem(
        board, board.lines, orders=orders, clients=tuple(board.clients.values()),
        workers=board.problem.workers,
    )
    return Plan(
        problem=problem.id, problem_fingerprint=problem.fingerprint,
        network_fingerprint=board.travel.network.fingerprint, routes=routes,
        unserved=tuple(_unserved(board, i) for i in sorted(board.waiting)),
        totals=total(problem, routes), run=_LIVE,
    )


def _problem(board: Board, lines: list[Line], **parts: object) -> Problem:
    from engine.change_kinds import with_parts

    base = board.problem
    places = list(base.places)
    travel = board.travel
    for line in lines:
        if line.place not in base.facility_by_id:
            places.append(Place(
                id=line.place, lon=float(travel.lon[line.at]), lat=float(travel.lat[line.at]),
                coordinate_system="wgs84",
            ))
    used = board.taken
    own: dict[tuple[str, str], int] = {}
    if "workers" in parts and lines is not board.lines:  # portions that are gone are gone
        for line in lines:
            for batch, n in board.portions(line).items():
                key = (line.worker.start, batch)
                own[key] = own.get(key, 0) + n
        held = {
            p.id: p.model_copy(update={"batches": tuple(
                b.model_copy(update={"portions": max(
                    0, b.portions - used[p.id, b.id] + own.get((p.id, b.id), 0)
                )})
                for b in p.batches
            )})
            for p in board.loading.values()
        }
    else:
        held = dict(board.loading)
    return with_parts(
        base, places=tuple(places),
        kitchens=tuple(held[p.id] for p in base.kitchens),
        meal_points=tuple(held[p.id] for p in base.meal_points), **parts,
    )


def _unserved(board: Board, order: str) -> Unserved:
    reason, told, told_zh = _WHY.get(board.waiting[order], _NOBODY)
    return Unserved(order=order, reason=reason, message=told, message_zh=told_zh)


def _whole_route(board: Board, line: Line) -> Route | None:
    trips = list(line.trips)
    later = list(line.route.trips) if line.route else []
    if line.stops:
        open_ = Trip(
            start=line.leave_from or line.worker.start, leave_s=line.left[0],
            stops=tuple(line.stops), end=None, end_travel_s=0, end_distance_m=0,
            end_s=line.stops[-1].departure_s,
        )
        if later and not line.whole_trips:  # what follows belongs to the same trip
            first = later.pop(0)
            open_ = first.model_copy(update={
                "start": open_.start, "leave_s": open_.leave_s,
                "stops": (*open_.stops, *first.stops),
            })
        trips.append(open_)
    trips += later
    stops = [s for t in trips for s in t.stops]
    if not stops:
        return None
    seconds = sum(s.travel_s for s in stops) + sum(t.end_travel_s for t in trips)
    metres = sum(s.distance_m for s in stops) + sum(t.end_distance_m for t in trips)
    worker = line.worker
    per_km = 0
    if worker.vehicle:
        per_km = board.problem.vehicle_by_id[worker.vehicle].cost_per_km_cents
    exact = seconds * worker.cost_per_travel_hour_cents * 1_000 + metres * per_km * 3_600
    return Route(
        worker=worker.id, shift=line.shift.id, mode=line.mode, trips=tuple(trips),  # type: ignore[arg-type]
        travel_s=seconds, distance_m=metres,
        service_s=sum(s.departure_s - s.start_s for s in stops),
        wait_s=sum(s.start_s - s.arrival_s for s in stops),
        cost_cents=worker.cost_per_shift_cents + (exact + 1_800_000) // 3_600_000,
    )
