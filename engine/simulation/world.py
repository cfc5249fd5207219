"""A day as it truly goes: people who work, drive and are late, beside the day that plans for them.

Each shift is a SimPy process. It reads from the running day what comes next, does it in its own true
time, and reports it as a phone would; what the running day changes is heard at once. Nothing here
is told to the running day that a dispatcher would not know.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

import simpy

import geodata
from engine.domain.base import HORIZON_S
from engine.domain.orders import EmergencyOrder
from engine.domain.plan import Previous
from engine.live.day import LiveDay
from engine.live.events import EVENT_KINDS
from engine.live.line import Line
from engine.simulation.luck import Luck
from engine.simulation.params import SimulationParams
from engine.simulation.policies import NearestDispatcher, Policy, replan
from engine.simulation.record import Record, first_told
from engine.simulation.streets import Spot, Way, seconds_to, spot_on
from engine.visits import nominal_duration, permille_of, start_windows
from solvers.model import service_time

Steps = Generator[simpy.Event, Any, bool]
#: Whoever will be so much later than planned says so on leaving: a navigator knows.
TELL_LATE_S = 300
#: So long before the shift somebody says that they will be late.
_CALLS_BEFORE_S = 600


class Next(NamedTuple):
    """What comes next on a shift.

    ``order`` None: a way without a visit, home or to wait. ``leave``: no earlier.
    """

    order: str | None
    to: int
    leave: int
    load_at: int | None = None


@dataclass
class Person:
    """One shift as it truly goes."""

    line: Line
    here: int | Spot
    way: Way | None = None
    #: True while what the person waits for still holds; None: nothing may interrupt.
    still: Callable[[], bool] | None = None
    process: simpy.Process | None = None
    loaded: frozenset[str] = frozenset()


class World:
    """One true day under one policy.

    Parameters
    ----------
    day : fresh; all that it is told comes from here.
    former : the plan that it began with.
    luck, params : of the day.
    policy : who is sent, and what is planned anew.
    """

    def __init__(
        self, day: LiveDay, former: Previous, luck: Luck, params: SimulationParams, policy: Policy
    ) -> None:
        self.day, self.luck, self.params, self.policy = day, luck, params, policy
        if policy.nearest:
            day.dispatcher = NearestDispatcher(day.board)
        self.env = simpy.Environment()
        self.former = former
        self.record = Record(told=dict(first_told(former)))
        self.people = [Person(ln, ln.at) for ln in day.board.lines]
        self._n_events = 0

    @property
    def now(self) -> int:
        """Second of the day; SimPy's own clock may hold fractions, this one never does."""
        return int(self.env.now)

    def run(self, own_alarms: list[EmergencyOrder]) -> Record:
        """Live through the day; ``own_alarms`` ring besides those that are drawn."""
        drawn = self.luck.alarms(self.day.board.problem)
        self.record.alarms = sorted(
            [*own_alarms, *drawn], key=lambda o: (o.received_s, o.id)
        )
        for person in self.people:
            person.process = self.env.process(self._work(person))
        self.env.process(self._ring())
        for worker in self.day.board.problem.workers:
            self.env.process(self._befall(worker.id, *self.luck.fate(worker)))
        self.env.run(until=HORIZON_S)
        return self.record

    # -- what happens to people ----------------------------------------------------------------

    def _ring(self) -> Generator[simpy.Event, Any, None]:
        for alarm in self.record.alarms:
            yield self.env.timeout(max(0, alarm.received_s - self.now))
            self._report_positions(alarm)
            self._send("alarm", order=alarm)

    def _befall(
        self, worker: str, sick_at: int | None, late_by: int | None
    ) -> Generator[simpy.Event, Any, None]:
        first = min((ln.shift.start_s for ln in self.day.board.by_worker.get(worker, ())),
                    default=0)
        calls = max(0, first - _CALLS_BEFORE_S)
        if late_by is not None and (sick_at is None or calls < sick_at):
            yield self.env.timeout(calls)
            self._send("worker_late", worker=worker, until_s=min(first + late_by, HORIZON_S))
        if sick_at is not None:
            yield self.env.timeout(max(0, sick_at - self.now))
            self._send("worker_off", worker=worker)

    def _report_positions(self, alarm: EmergencyOrder) -> None:
        """Let everybody who is on the way and might go tell where they are."""
        board = self.day.board
        if not board.roads.has_streets:
            return
        able = board.able(alarm)
        for person in self.people:
            way = person.way
            if way is not None and able[person.line.index] and way.left < self.now < way.arrive:
                spot = spot_on(board.roads, person.line.mode, way, self.now)
                self._send("worker_position", worker=person.line.worker.id, lon=spot.lon,
                           lat=spot.lat)

    # -- a shift -------------------------------------------------------------------------------

    def _work(self, person: Person) -> Generator[simpy.Event, Any, None]:
        line = person.line
        while self.now < HORIZON_S:
            todo = self._next(person)
            if todo is None:
                yield from self._wait(person, HORIZON_S, lambda: self._next(person) is None)
            elif todo.leave > self.now:
                def same(todo: Next = todo) -> bool:
                    return self._next(person) == todo

                yield from self._wait(person, todo.leave, same)
            elif todo.load_at is not None and person.here == todo.load_at:
                person.still = None
                yield self.env.timeout(self.day.board.loading_s(line))
                person.loaded = self._trip_of(line, todo.order)
            elif todo.load_at is not None:
                yield from self._go(person, todo.load_at, todo.order)
            elif todo.order is None:
                if (yield from self._go(person, todo.to, None)):
                    self._over(line)
            elif (yield from self._go(person, todo.to, todo.order)):
                yield from self._visit(person, todo.order)

    def _go(self, person: Person, to: int, order: str | None) -> Steps:
        """Drive; False: called elsewhere on the way."""
        board, mode = self.day.board, person.line.mode
        if person.here == to:
            return True
        if person.way is not None:  # without streets nobody turns round on the way
            origin: int | Spot = person.way.to
            rest = person.way.arrive - self.now
        else:
            origin, rest = person.here, 0
        usual = seconds_to(board.roads, mode, origin, to)
        if usual >= geodata.UNREACHABLE:  # the plan never sends anybody there
            usual = 0
        key = person.line.worker.id if isinstance(origin, Spot) else origin
        seconds = rest + round(usual * self.luck.way_factor(key, to, self.now))
        way = Way(origin, to, self.now, self.now + seconds)
        person.way = way
        if order is not None and seconds > usual + TELL_LATE_S and (
            not isinstance(board.orders[order], EmergencyOrder)
        ):
            self._send("worker_late", worker=person.line.worker.id, until_s=way.arrive)

        def same() -> bool:
            todo = self._next(person)
            return todo is not None and todo.order == order and (
                to in (todo.to, todo.load_at)
            )

        arrived = yield from self._wait(person, way.arrive, same)
        self.record.travel_s += self.now - way.left
        if arrived:
            person.here, person.way = to, None
        elif board.roads.has_streets:
            person.here, person.way = spot_on(board.roads, mode, way, self.now), None
        return arrived

    def _visit(self, person: Person, order_id: str) -> Steps:
        """Wait for the window, serve, and tell; False: called elsewhere."""
        board, line = self.day.board, person.line
        order = board.orders[order_id]

        def same() -> bool:
            todo = self._next(person)
            return todo is not None and todo.order == order_id

        opens = min((a for a, b in start_windows(order) if b >= self.now), default=self.now)
        if not (yield from self._wait(person, opens, same)):
            return False
        told = {"order": order_id, "worker": line.worker.id}
        if not self._send("visit_started", **told):
            return False
        self.record.begun[order_id] = (line.worker.id, self.now)
        length = int(service_time(nominal_duration(board.problem, order), permille_of(line.worker)))
        length = max(1, round(length * self.luck.visit_factor(order_id)))
        kind, more = "visit_finished", {}
        if not isinstance(order, EmergencyOrder) and not self.luck.opens(order_id):
            length, kind, more = self.params.door_s, "visit_failed", {"reason": "not_at_home"}
        if (yield from self._wait(
            person, self.now + length, lambda: order_id not in board.closed
        )):
            self._send(kind, **told, **more)
            self._over(line)
            return True
        self.record.broken_off.append(order_id)
        return False

    def _wait(self, person: Person, until: int, still: Callable[[], bool]) -> Steps:
        """Let time pass; False: what the person waited for does not hold any more."""
        while self.now < until:
            person.still = still
            try:
                yield self.env.timeout(until - self.now)
            except simpy.Interrupt:
                if not still():
                    person.still = None
                    return False
            person.still = None
        return still()

    def _over(self, line: Line) -> None:
        self.record.ended_s[line.worker.id, line.shift.id] = (self.now, line.shift.end_s)

    # -- what comes next -----------------------------------------------------------------------

    def _next(self, person: Person) -> Next | None:
        """Read from the running day what a shift has to do next; None: nothing."""
        line, board = person.line, self.day.board
        if line.whole_trips:
            for trip in (*line.trips, *(line.route.trips if line.route else ())):
                for stop in trip.stops:
                    if not self._is_behind(stop.order):
                        return self._on_trip(person, stop.order, stop.client, trip.leave_s)
        for left, stop in zip(line.left, line.stops, strict=True):
            if not self._is_behind(stop.order):
                return Next(stop.order, board.travel.client(stop.client), left)
        if not line.whole_trips and line.route is not None and line.route.trips:
            trip = line.route.trips[0]
            stop = trip.stops[0]
            return Next(stop.order, board.travel.client(stop.client), trip.leave_s)
        end = line.end_place
        if line.stand is not None and self.now < line.end_s:
            if person.here != line.at:
                return Next(None, line.at, 0)
            back = 0
            if end is not None:
                back = board.travel.leg(line.mode, line.at, board.travel.place(end)).seconds
            if self.now < line.end_s - back:
                return None if end is None else Next(
                    None, board.travel.place(end), line.end_s - back
                )
        if end is None or person.here == board.travel.place(end):
            return None
        return Next(None, board.travel.place(end), 0)

    def _on_trip(self, person: Person, order: str, client: str, leave: int) -> Next:
        line, board = person.line, self.day.board
        to = board.travel.client(client)
        if order in person.loaded:
            return Next(order, to, 0)
        place = board.travel.place(line.worker.start)
        begin = leave - board.loading_s(line) if person.here == place else 0
        return Next(order, to, begin, load_at=place)

    def _trip_of(self, line: Line, order: str | None) -> frozenset[str]:
        for trip in (*line.trips, *(line.route.trips if line.route else ())):
            orders = frozenset(s.order for s in trip.stops)
            if order in orders:
                return orders
        return frozenset()

    def _is_behind(self, order: str) -> bool:
        return order in self.record.begun or order in self.day.board.closed

    # -- telling the running day ---------------------------------------------------------------

    def _send(self, kind: str, **fields: Any) -> bool:
        """Tell the running day; False: refused."""
        self._n_events += 1
        event = EVENT_KINDS[kind](  # type: ignore[call-arg]
            id=f"sim-{self._n_events}", time_s=self.now, kind=kind, **fields
        )
        outcome = self.day.apply(event)
        if outcome.status == "refused":
            self.record.refused.append(f"{kind} {outcome.notes[0].code}")
            return False
        self._note(outcome.moved)
        if self.policy.cover and outcome.alarm is not None:
            for move in outcome.alarm.cover.moves:
                self._send("stand_by", worker=move.worker, district=move.district)
        if self.policy.replan and (
            kind in ("alarm", "worker_late", "worker_off", "visit_failed")
        ):
            shifts = replan(self.day, self.params.replan_iterations, self._n_events)
            if shifts:
                self._send("redirected", shifts=shifts)
        for person in self.people:
            if (
                person.still is not None and person.process is not self.env.active_process
                and not person.still()
            ):
                assert person.process is not None
                person.still = None  # once is enough, however much happens at this moment
                person.process.interrupt()
        return True

    def _note(self, moved: tuple[Any, ...]) -> None:
        """Keep count of whom the change moves, and by how much."""
        record = self.record
        for m in moved:
            if m.order not in self.former.stops or m.worker is None or m.order in record.begun:
                continue
            worker, start = record.told[m.order]
            if m.worker != worker or abs(m.start_s - start) >= self.params.moved_s:
                record.told[m.order] = (m.worker, m.start_s)
                record.calls += 1
                record.moved.add(m.order)
