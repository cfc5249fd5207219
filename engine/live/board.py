"""The board of a running day: every line, every order, and where an order could go right now.

All that the day knows lives here; what an event means is told in ``engine.live.handlers``, who goes
to an alarm in ``engine.live.alarm``. Nothing here reads a clock or draws a number: the same calls
in the same order leave the same board.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from engine.change_kinds import with_parts
from engine.check import check_plan
from engine.domain.orders import MealOrder, Order
from engine.domain.places import Client, LoadingPlace
from engine.domain.plan import Plan, Route, Stop
from engine.domain.problem import Problem
from engine.evaluate import evaluate_route
from engine.gaps import Flags, dimensions_of, find_gaps
from engine.gaps import Row as GapRow
from engine.importance import tier_of
from engine.live.answers import Delay, LivePolicy, Moved
from engine.live.gaptable import GapTable
from engine.live.line import NEVER, Line
from engine.live.roads import LiveRoads
from engine.live.timeline import Timeline
from engine.rules import RULES
from engine.suitability import asked_gender, asked_languages, suits
from engine.travel import Travel
from engine.visits import RouteVisits, TripVisits, mode_of, start_windows

#: Promises that the rest of one shift can be held against without the rest of the plan.
OF_A_LINE = tuple(
    r for r in RULES if r.name not in ("complete", "priority", "continuity", "figures")
)


class Board:
    """The state of the day.

    Parameters
    ----------
    problem, plan : what the day began with.
    travel : the ways between the problem's points.
    policy : what the city lets the day do.
    fix : called when a line is settled, to fix what is due on it.
    mend : called while the clock runs, when a line cannot keep its promises any more.
    """

    def __init__(
        self, problem: Problem, plan: Plan, travel: Travel, policy: LivePolicy,
        fix: Callable[[Board, Line], None], mend: Callable[[Board], None],
    ) -> None:
        self.problem, self.policy = problem, policy
        self.fix: Callable[[Line], None] = lambda line: fix(self, line)
        self.mend: Callable[[], None] = lambda: mend(self)
        self.base_plan = plan
        arrival = {str(mode): seconds for mode, seconds in problem.arrival_s.items()}
        self.roads = LiveRoads(travel, problem.max_snap_m, arrival, problem)
        self.orders: dict[str, Order] = dict(problem.order_by_id)
        self.clients: dict[str, Client] = dict(problem.client_by_id)
        self.loading: dict[str, LoadingPlace] = dict(problem.loading_place_by_id)
        self.closed: dict[str, str] = {}  # order -> finished, failed, cancelled
        self.waiting: dict[str, str] = {}  # order on no line -> why
        self.actual: dict[str, list[int | None]] = {}  # order -> start, end, score
        self.failed: dict[str, str] = {}  # order -> why it failed
        self.delays: dict[str, int] = {}  # order -> seconds after its promise
        self.line_of: dict[str, int] = {}
        self.taken: Counter[tuple[str, str]] = Counter()
        self.clock = 0
        self.touched: dict[str, tuple[str | None, int | None]] = {}
        self._shunned = {c for w in problem.workers for c in w.refused_clients}
        self._able: dict[tuple[object, ...], Flags] = {}
        self._due: list[tuple[int, int]] = []
        self._due_of: dict[int, int] = {}
        self.last_part: tuple[object, Problem] | None = None
        self.broken: set[int] = set()  # lines with a stop that is late now
        self.fresh: list[str] = []  # orders that came up and are to be placed
        self.changed: set[int] = set()  # lines that were settled since somebody asked
        self.promised: dict[str, Order] = {}  # as it was before its window was widened
        trips: dict[tuple[str, str], tuple[TripVisits, ...]] = {
            (r.worker, r.shift): tuple(
                TripVisits(tuple(s.order for s in t.stops), tuple(s.batch for s in t.stops))
                for t in r.trips if t.stops
            )
            for r in plan.routes
        }
        self.lines: list[Line] = []
        self.by_worker: dict[str, list[Line]] = {}
        for worker in problem.workers:
            for shift in worker.at_work:
                rest = trips.get((worker.id, shift.id), ())
                line = Line(
                    len(self.lines), worker, shift, mode_of(problem, worker),
                    worker.start in self.loading or len(rest) > 1,
                    worker.start, travel.place(worker.start), shift.start_s, shift.end_s,
                    rest=rest,
                )
                self.lines.append(line)
                self.by_worker.setdefault(worker.id, []).append(line)
        self.table = GapTable(
            [GapRow(ln.worker, ln.shift, ln.rest) for ln in self.lines], dimensions_of(problem)
        )
        self.timeline = Timeline(len(self.lines))
        for line in self.lines:
            for order in line.orders:
                self.line_of[order] = line.index
            self._take(line, 1)
        for line in self.lines:
            self.settle(line)
        for order in self.orders:
            if order not in self.line_of:
                self.waiting[order] = "unplanned"
        self.touched.clear()

    # -- looking -------------------------------------------------------------------------------

    @property
    def travel(self) -> Travel:
        """The ways, as they are now."""
        return self.roads.travel

    def rank(self, order: Order) -> int:
        """Rank an order, 0 first, as ``engine.rules.priority`` does; optional ones come last."""
        return 10 if order.optional else tier_of(order, self.clients[order.client])

    def start_of(self, order: str) -> tuple[str | None, int | None]:
        """Who serves an order, and when; None where nobody."""
        index = self.line_of.get(order)
        if index is None:
            return None, None
        line = self.lines[index]
        for stop in self.stops_of(line):
            if stop.order == order:
                return line.worker.id, stop.start_s
        return line.worker.id, None

    def stops_of(self, line: Line) -> Iterator[Stop]:
        """Every stop of a line, behind, fixed and open."""
        for trip in line.trips:
            yield from trip.stops
        yield from line.stops
        for trip in line.route.trips if line.route else ():
            yield from trip.stops

    def loading_s(self, line: Line) -> int:
        """Seconds that a trip of the line spends loading."""
        place = self.loading.get(line.worker.start)
        return place.loading_s if place else 0

    def able(self, order: Order) -> Flags:
        """Which lines belong to somebody who may serve the order, shape (lines,)."""
        problem, client = self.problem_of(order), self.clients[order.client]
        only = order.pin.worker if order.pin else None
        key = (
            order.service, order.skills, only, client.refused_workers,
            asked_gender(problem, order), asked_languages(problem, order),
            order.client if order.client in self._shunned else None,
        )
        if key not in self._able:
            flags = self._trained(order)
            if key[2:] != (None, (), None, frozenset(), None):  # most orders ask for no more
                flags = flags.copy()
                for k in np.flatnonzero(flags).tolist():
                    worker = self.lines[k].worker
                    flags[k] = (
                        only in (None, worker.id)
                        and worker.id not in client.refused_workers
                        and suits(problem, worker, order)
                    )
            self._able[key] = flags
        return self._able[key]

    def _trained(self, order: Order) -> Flags:
        """Lines of those with the skills for an order, whose list has its service."""
        key = (order.service, order.skills)
        if key not in self._able:
            asked = {*self.problem.service_by_id[order.service].skills, *order.skills}
            day = self.problem.day
            self._able[key] = np.array([
                asked <= {
                    c.skill for c in ln.worker.certificates
                    if c.valid_until is None or c.valid_until >= day
                }
                and (ln.worker.services is None or order.service in ln.worker.services)
                for ln in self.lines
            ], dtype=np.bool_)
        return self._able[key]

    def problem_of(self, order: Order) -> Problem:
        """Cut the problem down to one order and its client, for rules that ask about them."""
        client = self.clients[order.client]
        if self.problem.client_by_id.get(client.id) is client:
            return self.problem
        return with_parts(self.problem, clients=(client,), orders=(order,))

    # -- a line, timed and checked -------------------------------------------------------------

    def part(self, line: Line, trips: Sequence[TripVisits]) -> Problem:
        """Cut the problem down to what the rest of a line sees."""
        orders = tuple(self.orders[i] for t in trips for i in t.orders)
        clients = {o.client: self.clients[o.client] for o in orders}
        place = self.loading.get(line.worker.start) if line.whole_trips else None
        if place is not None:
            own = self.portions(line)
            place = place.model_copy(update={"batches": tuple(
                b.model_copy(update={"portions": max(
                    0, b.portions - self.taken[place.id, b.id] + own[b.id]
                )})
                for b in place.batches
            )})
        vehicle = line.worker.vehicle
        return with_parts(
            self.problem, orders=orders, clients=tuple(clients.values()),
            workers=(line.as_worker(self.clock),),
            vehicles=(self.problem.vehicle_by_id[vehicle],) if vehicle else (),
            kitchens=(place,) if place else (), meal_points=(),
        )

    def timed(self, line: Line, trips: Sequence[TripVisits]) -> Route | None:
        """Time the rest of a line with these trips; None where there are none."""
        if not trips:
            return None
        visits = RouteVisits(line.worker.id, line.shift.id, tuple(trips))
        return evaluate_route(self._known_part(line, trips), self.travel, visits)

    def verify(self, line: Line, trips: Sequence[TripVisits]) -> Route | None:
        """Time the rest of a line with these trips and have it checked; None: a broken promise."""
        route = self.timed(line, trips)
        if route is None:
            return None
        alone = self.base_plan.model_copy(update={"routes": (route,), "unserved": ()})
        broken = check_plan(self._known_part(line, trips), alone, self.travel, OF_A_LINE)
        return None if broken else route

    def verify_fresh(self, line: Line) -> Route | None:
        """Verify a line's own rest, whatever was known about it."""
        self.last_part = None
        return self.verify(line, line.rest)

    def is_late(self, line: Line, route: Route) -> bool:
        """Whether a stop begins after its last window, or the shift ends after it should."""
        if any(t.end_s > line.end_s for t in route.trips):
            return True
        return any(
            not any(a <= s.start_s <= b for a, b in start_windows(self.orders[s.order]))
            for t in route.trips for s in t.stops
        )

    def _known_part(self, line: Line, trips: Sequence[TripVisits]) -> Problem:
        key = (line.index, line.free, line.at, self.clock, tuple(trips))
        if self.last_part is None or self.last_part[0] != key:
            self.last_part = (key, self.part(line, trips))
        return self.last_part[1]

    # -- changing a line -----------------------------------------------------------------------

    def note(self, orders: Iterable[str]) -> None:
        """Remember who served some orders and when before an event changed that."""
        for order in orders:
            if order not in self.touched:
                self.touched[order] = self.start_of(order)

    def set_rest(self, line: Line, trips: Sequence[TripVisits]) -> None:
        """Give a line other trips before it; its orders are its own from then on."""
        self.note(line.orders)
        self.note(i for t in trips for i in t.orders)
        for order in line.orders:
            if self.line_of.get(order) == line.index:
                del self.line_of[order]
        self._take(line, -1)
        line.rest = tuple(trips)
        self._take(line, 1)
        for order in line.orders:
            self.line_of[order] = line.index
            self.waiting.pop(order, None)

    def settle(self, line: Line, *, as_timed: bool = False) -> None:
        """Time the rest of a line anew, fix what is due, and lay out its gaps.

        ``as_timed``: nothing has happened to the line but that time has passed.
        """
        self.last_part = None
        if not as_timed:
            line.route = self.timed(line, line.rest)
        self.fix(line)
        if line.route is not None and (
            self.is_late(line, line.route)
            or (line.whole_trips and self.verify(line, line.rest) is None)
        ):
            self.broken.add(line.index)
        self.timeline.put(
            line, self.clock, self.travel, self.orders, self.rank, self.loading_s(line)
        )
        worker = line.as_worker(self.clock)
        row = GapRow(worker, worker.shifts[0], line.rest)
        gaps = None
        if line.is_on and line.free < line.end_s:
            gaps = find_gaps(self._known_part(line, line.rest), self.travel, (row,))
        self.table.put(line.index, row, gaps)
        self.changed.add(line.index)
        due = line.due(self.policy.notice_s, self.loading_s(line))
        if due <= self.clock:  # all that was due has been fixed but a way home that is cut off
            due = NEVER
        self._due_of[line.index] = due
        if due < NEVER:
            heapq.heappush(self._due, (due, line.index))

    def advance(self, now: int) -> None:
        """Let the clock run: what has become fixed is fixed, in the order of time."""
        while self._due and self._due[0][0] <= now:
            due, index = heapq.heappop(self._due)
            if self._due_of[index] == due:
                self.clock = max(self.clock, due)
                self._due_of[index] = NEVER
                self.settle(self.lines[index], as_timed=True)
                if self.broken:
                    self.mend()
        self.clock = max(self.clock, now)

    def anchor(self, line: Line, at: int, free: int) -> None:
        """Say where and when the worker is free again."""
        line.at, line.free, line.stand = at, free, None
        line.place = self.name_anchor(line)

    def name_anchor(self, line: Line) -> str:
        """Make the anchor a place of its own."""
        name = f"live-{line.index}"
        self.roads.alias(("place", name), line.at)
        return name

    def loosen(self, line: Line, k: int) -> tuple[TripVisits, ...]:
        """Take the fixed stops from the ``k``-th on back into what can change.

        The anchor goes to the stop before, or to where the open trip began; the caller says when
        the worker is free there. Returns the trips as they are then.
        """
        loose = line.stops[k:]
        if line.stand is not None and not loose:
            return line.rest
        self.note(s.order for s in loose)
        self.note(line.orders)
        del line.stops[k:], line.left[k:]
        if line.tracked in {s.order for s in loose}:
            line.tracked = None
        if k:
            before = line.stops[-1]
            self.anchor(line, self.travel.client(before.client), before.departure_s)
        elif line.trips:
            last = line.trips[-1]
            line.place = last.end or line.place
            line.at, line.free = self.travel.place(line.place), last.end_s
        else:
            line.place = line.worker.start
            line.at, line.free = self.travel.place(line.place), line.shift.start_s
        if not loose:
            return line.rest
        orders = tuple(s.order for s in loose)
        rest = line.rest or (TripVisits((), ()),)
        first = TripVisits((*orders, *rest[0].orders), (None,) * len(orders) + rest[0].batches)
        return (first, *rest[1:])

    # -- where an order could go ---------------------------------------------------------------

    def why_nobody(self, order: Order) -> str:
        """Tell why nobody serves an order: closed roads between it and all who may, or time."""
        if self.roads.any_closed:
            to = self.travel.client(order.client)
            able = [self.lines[k] for k in np.flatnonzero(self.able(order)).tolist()]
            if able and not any(self.travel.leg(ln.mode, ln.at, to).reachable for ln in able):
                return "cut_off"
        return "no_worker_in_window"

    # -- what came of it -----------------------------------------------------------------------

    def collect(self) -> tuple[tuple[Moved, ...], tuple[Delay, ...], tuple[str, ...]]:
        """Tell what has changed for whom since the last call, and forget it."""
        moved, delayed, unserved = [], [], []
        for order, (worker, start) in self.touched.items():
            if order in self.closed or order not in self.orders:
                continue
            now_worker, now_start = self.start_of(order)
            client = self.orders[order].client
            if (worker, start) != (now_worker, now_start):
                moved.append(Moved(order, client, now_worker, now_start, worker, start))
            if now_worker is None and worker is not None:
                unserved.append(order)
            by = self.delays.get(order, 0)
            if by and now_start is not None and now_start != start:
                delayed.append(Delay(order, client, by, broken=True))
        self.touched.clear()
        return tuple(moved), tuple(delayed), tuple(unserved)

    def _take(self, line: Line, sign: int) -> None:
        for batch, n in self.portions(line).items():
            self.taken[line.worker.start, batch] += sign * n

    def give_back(self, line: Line, stop: Stop) -> None:
        """Count the portions of a stop that is not fixed any more as not taken."""
        order = self.orders[stop.order]
        if stop.batch is not None and isinstance(order, MealOrder):
            self.taken[line.worker.start, stop.batch] -= order.portions

    def portions(self, line: Line) -> Counter[str]:
        """Count the portions that the rest of a line takes of each batch."""
        taken: Counter[str] = Counter()
        if not line.whole_trips:
            return taken
        for trip in line.rest:
            for order_id, batch in zip(trip.orders, trip.batches, strict=True):
                order = self.orders[order_id]
                if batch is not None and isinstance(order, MealOrder):
                    taken[batch] += order.portions
        return taken
