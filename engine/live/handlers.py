"""What each kind of event means for the board.

A handler looks first and refuses (``Refused``) before it changes anything; then it lets the clock
run to the event and makes its change. Mending what the change broke is the day's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from engine.domain.faults import fault
from engine.domain.orders import Order
from engine.domain.places import Client
from engine.domain.words import clock
from engine.errors import Fault, InputError
from engine.live import events, visits
from engine.live.answers import Outcome
from engine.live.board import Board
from engine.live.line import Line
from engine.live.refusals import Refused, note
from engine.live.repair import place_all, retry
from engine.live.roads import CLOSED
from engine.live.state import DayState
from engine.visits import TripVisits, demand_of

Status = Literal["applied", "superseded"]
Answer = tuple[Status, dict[str, Any]]
APPLIED: Answer = ("applied", {})


# -- orders ------------------------------------------------------------------------------------


def order_in(day: DayState, event: events.OrderIn, notes: list[Fault]) -> Answer:
    """Take a new order and place it at once."""
    board = day.board
    _check_order(board, event.order, is_new=True)
    _take_client(board, event.order.client, event.client)
    board.advance(event.time_s)
    board.note([event.order.id])
    board.orders[event.order.id] = event.order
    board.waiting[event.order.id] = "new"
    place_all(board, [event.order.id])
    return APPLIED


def order_changed(day: DayState, event: events.OrderChanged, notes: list[Fault]) -> Answer:
    """Take an order back and place it as it is wanted now; where it is, if that still fits."""
    board, order = day.board, event.order
    before = _open_order(board, order.id)
    _check_order(board, order, is_new=False)
    if (order.client, order.kind) != (before.client, before.kind):
        raise Refused("E1918", "order")
    board.advance(event.time_s)
    board.note([order.id])
    visits.take_off(board, order.id)
    board.promised.pop(order.id, None)
    board.delays.pop(order.id, None)
    board.orders[order.id] = order
    board.waiting[order.id] = "changed"
    place_all(board, [order.id])
    return APPLIED


def order_cancelled(day: DayState, event: events.OrderCancelled, notes: list[Fault]) -> Answer:
    """Take an order off the day; who served it is free for another."""
    board = day.board
    _open_order(board, event.order)
    board.advance(event.time_s)
    board.note([event.order])
    freed = _line_of(board, event.order)
    visits.take_off(board, event.order)
    board.closed[event.order] = "cancelled"
    board.waiting.pop(event.order, None)
    retry(board, freed)
    return APPLIED


def alarm(day: DayState, event: events.Alarm, notes: list[Fault]) -> Answer:
    """Answer first, from where everybody is; then make the plan true."""
    board, order = day.board, event.order
    _check_order(board, order, is_new=True)
    if order.received_s > event.time_s + board.policy.future_s:
        raise Refused(
            "E1902", "order.received_s", time=clock(order.received_s), now=clock(event.time_s)
        )
    _take_client(board, order.client, event.client)
    now = max(board.clock, event.time_s)
    board.orders[order.id] = order
    answer, chosen = day.dispatcher.answer(
        order, now, life_threatening=event.life_threatening
    )
    day.alarms[order.id] = answer
    if day.on_answer is not None:
        day.on_answer(
            Outcome(event.id, "applied", tuple(notes), alarm=answer, is_first=True)
        )
    board.touched.setdefault(order.id, (None, None))
    board.advance(event.time_s)
    if chosen is None:
        board.waiting[order.id] = board.why_nobody(order)
    else:
        day.dispatcher.send(order, chosen)
        by = answer.sent.arrival_s - answer.due_s if answer.sent else 0
        if by > 0:
            board.delays[order.id] = by
    return APPLIED


# -- workers -----------------------------------------------------------------------------------


def worker_on(day: DayState, event: events.WorkerOn, notes: list[Fault]) -> Answer:
    """Bring a worker back, or lengthen or shorten the shift."""
    board = day.board
    line = _line_at(board, event.worker, max(event.time_s, board.clock), event.until_s)
    if line.is_on and event.until_s in (None, line.end_s):
        notes.append(note("N1906", "worker", worker=event.worker, state="on"))
        board.advance(event.time_s)
        return APPLIED
    board.advance(event.time_s)
    line.is_on = True
    line.end_s = event.until_s if event.until_s is not None else line.end_s
    board.settle(line)
    retry(board, [line])
    return APPLIED


def worker_off(day: DayState, event: events.WorkerOff, notes: list[Fault]) -> Answer:
    """Free all that a worker has not begun; of what was told, too: nobody else will come."""
    board = day.board
    lines = _lines(board, event.worker)
    if not any(ln.is_on for ln in lines):
        notes.append(note("N1906", "worker", worker=event.worker, state="off"))
        board.advance(event.time_s)
        return APPLIED
    board.advance(event.time_s)
    freed: list[str] = []
    for line in lines:
        if line.is_on and line.end_s > board.clock:
            freed += visits.stop_work(board, line)
    place_all(board, freed)
    return APPLIED


def worker_late(day: DayState, event: events.WorkerLate, notes: list[Fault]) -> Answer:
    """Hold a worker where he or she is until later; what becomes too late is for others."""
    board = day.board
    now = max(event.time_s, board.clock)
    line = _line_at(board, event.worker, now, None)
    board.advance(event.time_s)
    visits.hold(board, line, event.until_s)
    return APPLIED


def worker_position(day: DayState, event: events.WorkerPosition, notes: list[Fault]) -> Answer:
    """Remember where a worker is, for the next alarm."""
    board = day.board
    lines = _lines(board, event.worker)
    if not board.roads.has_streets:
        raise Refused("E1928", "lon")
    if any(ln.seen is not None and ln.seen[2] > event.time_s for ln in lines):
        notes.append(note("N1902", "time_s"))
        board.advance(event.time_s)
        return "superseded", {}
    board.advance(event.time_s)
    for line in lines:
        line.seen = (event.lon, event.lat, event.time_s)
    return APPLIED


def stand_by(day: DayState, event: events.StandBy, notes: list[Fault]) -> Answer:
    """Let somebody who is free wait in a district; what is planned is kept, or nobody goes."""
    board = day.board
    _lines(board, event.worker)
    at = day.dispatcher.districts.middle(event.district)
    if at is None:
        raise Refused("E1939", "district", id=event.district)
    line = _line_at(board, event.worker, max(event.time_s, board.clock), None)
    board.advance(event.time_s)
    if not visits.stand_by(board, line, at):
        notes.append(note("N1917", "worker", worker=event.worker))
        return "superseded", {}
    return "applied", {"arrival_s": line.free}


# -- visits ------------------------------------------------------------------------------------


def visit_started(day: DayState, event: events.VisitStarted, notes: list[Fault]) -> Answer:
    """Service has begun: times follow the fact, whoever does it."""
    board = day.board
    _open_order(board, event.order, may_run=True)
    _lines(board, event.worker)
    begun = board.actual.get(event.order)
    if begun is not None and begun[0] is not None:
        raise Refused("E1923", "order", id=event.order)
    line = _line_at(board, event.worker, event.time_s, None)
    board.advance(event.time_s)
    index = board.line_of.get(event.order)
    if index is not None and board.lines[index].worker.id != event.worker:
        planned = board.lines[index].worker.id
        notes.append(note(
            "N1904", "worker", worker=event.worker, id=event.order, planned=planned
        ))
    elif index is not None:
        line = board.lines[index]
    if line.tracked not in (None, event.order):
        notes.append(note("N1907", "order", worker=event.worker, id=line.tracked))
    visits.start(board, line, event.order, event.time_s)
    return APPLIED


def visit_finished(day: DayState, event: events.VisitFinished, notes: list[Fault]) -> Answer:
    """Service is done: the worker goes on, earlier or later than planned."""
    board = day.board
    line, start = _running(board, event.order, event.worker)
    if start is not None and event.time_s < start:
        raise Refused(
            "E1921", "time_s", id=event.order, time=clock(event.time_s), start=clock(start)
        )
    board.advance(event.time_s)
    if start is None:
        planned = board.start_of(event.order)[1]
        start = min(event.time_s, planned) if planned is not None else event.time_s
        notes.append(note("N1903", "order", id=event.order, start=clock(start)))
        visits.start(board, line, event.order, start)
    visits.finish(board, line, event.order, event.time_s)
    board.actual[event.order] = [start, event.time_s, event.score]
    board.closed[event.order] = "finished"
    return APPLIED


def visit_failed(day: DayState, event: events.VisitFailed, notes: list[Fault]) -> Answer:
    """Nobody at home: the worker goes on at once, and is free for another."""
    board = day.board
    line, start = _running(board, event.order, event.worker)
    board.advance(event.time_s)
    visits.fail(board, line, event.order, max(event.time_s, start or 0))
    board.closed[event.order] = "failed"
    board.failed[event.order] = event.reason
    retry(board, [line])
    return "applied", {"reason": event.reason}


def evaluated(day: DayState, event: events.Evaluated, notes: list[Fault]) -> Answer:
    """Write down what a client says of a visit; what was said last holds."""
    board = day.board
    if event.order not in board.orders:
        raise Refused("E1911", "order", id=event.order)
    found = board.actual.get(event.order)
    if board.closed.get(event.order) != "finished" or found is None:
        raise Refused("E1929", "order", id=event.order)
    if event.time_s < (found[1] or 0):
        raise Refused(
            "E1921", "time_s", id=event.order, time=clock(event.time_s), start=clock(found[1] or 0)
        )
    board.advance(event.time_s)
    board.actual[event.order] = [found[0], found[1], event.score]
    return APPLIED


# -- roads and kitchens ------------------------------------------------------------------------


def road_closed(day: DayState, event: events.RoadClosed, notes: list[Fault]) -> Answer:
    """Close streets, and time every line anew; tell which places are cut off."""
    return _change_roads(day, event, CLOSED)


def road_slow(day: DayState, event: events.RoadSlow, notes: list[Fault]) -> Answer:
    """Slow streets down, or give them their speed back, and time every line anew."""
    return _change_roads(day, event, event.factor)


def _change_roads(
    day: DayState, event: events.RoadClosed | events.RoadSlow, factor: float
) -> Answer:
    board = day.board
    if not board.roads.has_streets:
        raise Refused("E1928", "lon")
    n = board.roads.change(event.lon, event.lat, event.radius_m, factor, event.modes)
    if n == 0:
        raise Refused("E1926", "radius_m", radius=event.radius_m)
    board.advance(event.time_s)
    for line in board.lines:
        visits.turn_back(board, line)
        board.settle(line)
    board.fresh += [i for i, why in board.waiting.items() if why == "cut_off"]  # may be open again
    return "applied", {"streets": n}


def kitchen_late(day: DayState, event: events.KitchenLate, notes: list[Fault]) -> Answer:
    """Move the moment at which a batch is ready; trips that wait for it are timed anew."""
    board = day.board
    place = board.loading.get(event.place)
    if place is None or all(b.id != event.batch for b in place.batches):
        raise Refused("E1915", "batch", id=event.place, batch=event.batch)
    board.advance(event.time_s)
    board.loading[place.id] = place.model_copy(update={"batches": tuple(
        b.model_copy(update={"ready_s": event.ready_s}) if b.id == event.batch else b
        for b in place.batches
    )})
    for line in board.lines:
        if line.worker.start == place.id and line.rest:
            board.settle(line)
    return APPLIED


# -- what a search has found -------------------------------------------------------------------


def redirected(day: DayState, event: events.Redirected, notes: list[Fault]) -> Answer:
    """Take over trips that a search has found, where all of them still fit; else nothing."""
    board = day.board
    board.advance(event.time_s)
    lines: list[Line] = []
    had: set[str] = set()
    taken: list[str] = []
    for shift in event.shifts:
        lines_of = board.by_worker.get(shift.worker, [])
        line = next((ln for ln in lines_of if ln.shift.id == shift.shift), None)
        if line is None or not line.is_on or any(
            len(o) != len(b) or not o for o, b in zip(shift.trips, shift.batches, strict=True)
        ):
            return _does_not_fit(notes, shift.worker, shift.shift)
        lines.append(line)
        taken += [i for t in shift.trips for i in t]
        had |= set(line.orders)
    if len(set(taken)) != len(taken) or not had <= set(taken) <= had | set(board.waiting):
        return _does_not_fit(notes, event.shifts[0].worker, event.shifts[0].shift)
    old = [ln.rest for ln in lines]
    waiting = dict(board.waiting)
    board.note(taken)
    for line in lines:
        board.set_rest(line, ())
    for line, shift in zip(lines, event.shifts, strict=True):
        board.set_rest(line, [
            TripVisits(o, b) for o, b in zip(shift.trips, shift.batches, strict=True)
        ])
    wrong = next((ln for ln in lines if ln.rest and board.verify_fresh(ln) is None), None)
    if wrong is not None:
        for line in lines:
            board.set_rest(line, ())
        for line, rest in zip(lines, old, strict=True):
            board.set_rest(line, rest)
        board.waiting = waiting
        return _does_not_fit(notes, wrong.worker.id, wrong.shift.id)
    for line in lines:
        board.settle(line)
    retry(board, lines)
    return APPLIED


def _does_not_fit(notes: list[Fault], worker: str, shift: str) -> Answer:
    notes.append(note("E1927", "shifts", worker=worker, shift=shift))
    return "superseded", {}


def clock_runs(day: DayState, event: events.Clock, notes: list[Fault]) -> Answer:
    """Let time pass: what is due becomes fixed, and who is overdue is looked after."""
    day.board.advance(event.time_s)
    return APPLIED


HANDLERS: dict[type, Callable[[DayState, Any, list[Fault]], Answer]] = {
    events.Clock: clock_runs,
    events.OrderIn: order_in,
    events.OrderChanged: order_changed,
    events.OrderCancelled: order_cancelled,
    events.Alarm: alarm,
    events.WorkerOn: worker_on,
    events.WorkerOff: worker_off,
    events.WorkerLate: worker_late,
    events.WorkerPosition: worker_position,
    events.StandBy: stand_by,
    events.VisitStarted: visit_started,
    events.VisitFinished: visit_finished,
    events.VisitFailed: visit_failed,
    events.Evaluated: evaluated,
    events.RoadClosed: road_closed,
    events.RoadSlow: road_slow,
    events.KitchenLate: kitchen_late,
    events.Redirected: redirected,
}


# -- looking before changing -------------------------------------------------------------------


def _check_order(board: Board, order: Order, *, is_new: bool) -> None:
    if is_new and order.id in board.orders:
        raise Refused("E1914", "order.id", id=order.id)
    service = board.problem.service_by_id.get(order.service)
    if service is None or service.kind != order.kind:
        raise Refused("E1916", "order.service", id=order.service)
    faults = [
        fault("E1104", f"order.skills[{j}]", id=skill, suggestion="", known="-")
        for j, skill in enumerate(order.skills) if skill not in board.problem.skill_by_id
    ]
    faults += [
        fault("E1302", f"order.load.{name}", id=name, suggestion="")
        for name in demand_of(order) if name not in board.table.dimensions
    ]
    if order.optional and order.prize_cents is None:
        faults.append(fault("E1020", "order.prize_cents"))
    if any(w.end_s < w.start_s for w in order.windows):
        faults.append(fault("E1201", "order.windows", start="-", end="-"))
    if faults:
        raise InputError(faults)


def _take_client(board: Board, name: str, sent: Client | None) -> None:
    """Find the client of a new order, or take in the one that was sent with it."""
    if sent is not None and sent.id != name:
        raise Refused("E1917", "client", sent=sent.id, id=name)
    if name in board.clients:
        return
    if sent is None:
        raise Refused("E1913", "order.client", id=name)
    if not board.roads.has_streets:
        raise Refused("E1928", "client")
    system = sent.coordinate_system or board.problem.coordinate_system
    board.roads.add(("client", sent.id), sent.lon, sent.lat, system, sent.arrival_s)
    board.clients[sent.id] = sent


def _open_order(board: Board, order_id: str, *, may_run: bool = False) -> Order:
    order = board.orders.get(order_id)
    if order is None:
        raise Refused("E1911", "order", id=order_id)
    if order_id in board.closed:
        raise Refused("E1922", "order", id=order_id, state=board.closed[order_id])
    if not may_run and order_id in board.actual:
        raise Refused("E1923", "order", id=order_id)
    return order


def _line_of(board: Board, order: str) -> list[Line]:
    index = board.line_of.get(order)
    return [] if index is None else [board.lines[index]]


def _lines(board: Board, worker: str) -> list[Line]:
    lines = board.by_worker.get(worker)
    if not lines:
        raise Refused("E1912", "worker", id=worker)
    return lines


def _line_at(board: Board, worker: str, now: int, until: int | None) -> Line:
    """Find the shift of a worker that runs, or the next one, or the last one."""
    lines = sorted(_lines(board, worker), key=lambda ln: ln.shift.start_s)
    for line in lines:
        if now <= (line.end_s if until is None else max(until, line.end_s)):
            return line
    if until is None and now > lines[-1].end_s + board.policy.late_s:
        raise Refused("E1925", "worker", worker=worker, time=clock(now))
    return lines[-1]


def _running(board: Board, order_id: str, worker: str) -> tuple[Line, int | None]:
    """Find the line that serves an order, and when it was reported to have begun."""
    _open_order(board, order_id, may_run=True)
    _lines(board, worker)
    index = board.line_of.get(order_id)
    if index is None:
        raise Refused("E1911", "order", id=order_id)
    line = board.lines[index]
    if line.worker.id != worker:
        raise Refused("E1924", "worker", id=order_id, found=worker, told=line.worker.id)
    begun = board.actual.get(order_id)
    return line, begun[0] if begun is not None else None
