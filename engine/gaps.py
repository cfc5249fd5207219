"""Where an order could still go in a finished plan: every gap between two stops, as arrays.

A gap lies between two neighbouring stops of a trip (or its start, or its end), or between two trips
of somebody who loads meals and could make one more. Each gap knows when one can leave what comes
before it at the earliest, and when one must be at what comes after it at the latest so that all
that follows keeps its windows and its shift. For one order all gaps of a plan are then weighed in
a few array operations. Where meals wait on board the arrays are too hopeful: whatever they let
through is read by the checker before anybody is told of it (``engine.explain``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.base import HORIZON_S
from engine.domain.orders import MealOrder, Order
from engine.domain.places import Batch, LoadingPlace
from engine.domain.plan import Route
from engine.domain.problem import Problem
from engine.domain.workers import Shift, Worker
from engine.importance import RANKS_A_TIER
from engine.importance import rank_of as rank_of_required
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

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
#: Where nothing comes after: the worker is free where the last visit ends.
NOWHERE = -1
#: Rank of optional orders; tiers of required ones end at 9.
OPTIONAL = 10 * RANKS_A_TIER
#: A moment that no shift and no window reaches.
NEVER = 4 * HORIZON_S


class Row(NamedTuple):
    """One worker's shift with the trips that the plan has for it; none where it is unused."""

    worker: Worker
    shift: Shift
    trips: tuple[TripVisits, ...]


class Gap(NamedTuple):
    """One place to go; times are seconds of the day, bounds closed."""

    row: int
    trip: int
    position: int  # before this stop of the trip
    dropped: int  # so many stops from there on give way
    rank: int  # of the most important order that gives way; NEVER: none does; -1: one may not
    fresh: int  # 1: a new trip, before `trip`
    before: int  # location
    after: int  # location or NOWHERE
    ready: int  # leaves `before` no earlier
    ready_free: int  # the same if the shift had no beginning
    clock: int  # is at the start of the trip no earlier, before loading
    on_the_way: int  # seconds from leaving the trip's start to leaving `before`, if nothing waits
    latest: int  # is at `after` no later; at NOWHERE: is done no later
    latest_free: int  # the same if the shift had no end


class Place(NamedTuple):
    """Where an order goes, read by the checker: the shift, its trips with it, and the price."""

    row: int
    gap: Gap
    visits: RouteVisits
    route: Route
    added_cents: int


class Miss(NamedTuple):
    """The place where an order nearly fits, and by how many minutes it does not.

    ``side`` "after": service could start at ``moment``, after the window; "before": it would have
    to start by ``moment``, before the window; "within": the way there and on takes too long.
    """

    worker: str
    shift: str
    side: Literal["after", "before", "within"]
    moment: int
    minutes: int

    def numbers(self) -> dict[str, Any]:
        """Say it as figures."""
        return {
            "nearest": self.worker, "nearest_shift": self.shift, "nearest_side": self.side,
            "nearest_s": self.moment, "nearest_miss_minutes": self.minutes,
        }


class Gaps(NamedTuple):
    """The ``g`` gaps of a plan."""

    table: Ints  # (fields of Gap, g)
    room: Ints  # (g, d) what the trip can still carry
    rows: tuple[Row, ...]
    dimensions: tuple[str, ...]

    def column(self, name: str) -> Ints:
        """One field of all gaps, shape (g,)."""
        column: Ints = self.table[Gap._fields.index(name)]
        return column

    def at(self, g: int) -> Gap:
        """One gap."""
        return Gap(*(int(x) for x in self.table[:, g]))


class Approach(NamedTuple):
    """How one order meets ``m`` gaps; one entry a gap, for a meal one a gap and batch."""

    gap: Ints  # (m,) of `gaps`
    option: Ints  # (m,) of `options`; unused where there are none
    arrive: Ints  # (m,) at the door, at the earliest
    arrive_free: Ints  # (m,) the same if the shift had no beginning
    latest: Ints  # (m,) start of service that lets all that follows be kept
    latest_free: Ints  # (m,) the same if the shift had no end
    passable: Flags  # (m,) there is a way there and on
    hot: Flags  # (m,) a meal is hot at the door if nothing waits
    lack: Ints  # (m, d) what the trip cannot carry of the order
    cost: NDArray[np.float64]  # (m,) cents that the order adds
    options: tuple[tuple[LoadingPlace, Batch], ...]
    gaps: Gaps

    def carries(self) -> Flags:
        """Everything fits on board."""
        return np.asarray(~(self.lack > 0).any(axis=1), dtype=np.bool_)

    def fits(self, windows: Iterable[tuple[int, int]]) -> Flags:
        """Service can start inside a window, in time for all that follows, hot; loads aside."""
        return self.in_time(windows) & self.hot

    def in_time(self, windows: Iterable[tuple[int, int]]) -> Flags:
        """Service can start inside a window, in time for all that follows."""
        inside = np.zeros(len(self.gap), dtype=np.bool_)
        for early, late in windows:
            inside |= np.maximum(self.arrive, early) <= np.minimum(self.latest, late)
        return inside & self.passable


def make_rows(
    problem: Problem, trips_of: Mapping[tuple[str, str], Sequence[TripVisits]]
) -> tuple[Row, ...]:
    """One row a shift, in the problem's order."""
    return tuple(
        Row(worker, shift, tuple(trips_of.get((worker.id, shift.id), ())))
        for worker in problem.workers
        for shift in worker.at_work
    )


def dimensions_of(problem: Problem) -> tuple[str, ...]:
    """Every load dimension that a vehicle or an order names, sorted."""
    named = {d for v in problem.vehicles for d in v.capacity}
    return tuple(sorted(named.union(*(demand_of(o) for o in problem.orders))))


def find_gaps(
    problem: Problem,
    travel: Travel,
    rows: Sequence[Row],
    most_dropped: int = 0,
    known: Mapping[int, Gaps] | None = None,
    pins: Mapping[str, int] | None = None,
) -> Gaps:
    """Lay out the gaps of all rows.

    Parameters
    ----------
    rows : the shifts with their trips.
    most_dropped : 0 gives the gaps as they are; above 0 also every place that would be free if up
        to so many neighbouring stops gave way.
    known : index of a row -> all gaps of an earlier call, for rows that did not change since.
    pins : visit -> the start it keeps, for what is tied to other rows; it does not give way.
    """
    before = next(iter(known.values()), None) if known else None
    dimensions = before.dimensions if before else dimensions_of(problem)
    tables, rooms = [np.zeros((len(Gap._fields), 0), dtype=np.int64)], []
    for r, row in enumerate(rows):
        old = (known or {}).get(r)
        if old is not None:
            mine = old.column("row") == r
            tables.append(old.table[:, mine])
            rooms.append(old.room[mine])
            continue
        vehicle = row.worker.vehicle
        held = problem.vehicle_by_id[vehicle].capacity if vehicle else {}
        found = list(_gaps_of_row(
            problem, travel, r, row, held, most_dropped, pins or {}
        ))
        tables.append(np.array([g for g, _ in found], dtype=np.int64).T)
        rooms.append(np.array(
            [[left.get(d, 0) for d in dimensions] for _, left in found], dtype=np.int64
        ).reshape(len(found), len(dimensions)))
    room = np.concatenate(rooms) if rooms else np.zeros((0, len(dimensions)), dtype=np.int64)
    return Gaps(np.concatenate(tables, axis=1), room, tuple(rows), dimensions)


def approach(
    problem: Problem,
    travel: Travel,
    gaps: Gaps,
    order: Order,
    rows: Flags,
    options: Sequence[tuple[LoadingPlace, Batch]] = (),
) -> Approach:
    """Weigh every gap of some rows for one order.

    Parameters
    ----------
    rows : the rows to look at, shape (number of rows,).
    options : batches that a meal may be taken from; each is weighed in the rows that load there.
    """
    row_of = gaps.column("row")
    wanted = rows[row_of] if len(row_of) else np.zeros(0, dtype=np.bool_)
    if isinstance(order, MealOrder):
        starts = np.array([row.worker.start for row in gaps.rows], dtype=object)
        parts = [
            np.flatnonzero(wanted & (starts == place.id)[row_of]) for place, _ in options
        ]
    else:
        parts = [np.flatnonzero(wanted & (gaps.column("fresh") == 0))]
    gap = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    option = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    row = row_of[gap]
    before, after, fresh = (gaps.column(n)[gap] for n in ("before", "after", "fresh"))
    ready, ready_free = gaps.column("ready")[gap], gaps.column("ready_free")[gap]
    on_the_way = gaps.column("on_the_way")[gap]
    hot = np.ones(len(gap), dtype=np.bool_)

    modes = np.array([mode_of(problem, r.worker) for r in gaps.rows], dtype=object)[row]
    home = travel.client(order.client)
    there, on, direct, more = (np.zeros(len(gap), dtype=np.int64) for _ in range(4))
    for mode, seconds in travel.ready_seconds.items():
        metres = travel.metres[mode]
        mine = np.flatnonzero(modes == mode)
        b, a = before[mine], after[mine]
        used = np.array([bool(r.trips) for r in gaps.rows], dtype=np.bool_)[row[mine]]
        straight = (a != NOWHERE) & used & (fresh[mine] == 0)  # what is not travelled any more
        there[mine] = seconds[b, home]
        on[mine] = np.where(a == NOWHERE, 0, seconds[home, a])
        direct[mine] = np.where(straight, seconds[b, a], 0)
        more[mine] = (
            metres[b, home]
            + np.where(a == NOWHERE, 0, metres[home, a])
            - np.where(straight, metres[b, a], 0)
        )
    passable = (there < geodata.UNREACHABLE) & (on < geodata.UNREACHABLE)
    if isinstance(order, MealOrder):
        loaded = np.array([b.ready_s for _, b in options] or [0], dtype=np.int64)[option]
        loading = np.array([p.loading_s for p, _ in options] or [0], dtype=np.int64)[option]
        leave = np.maximum(gaps.column("clock")[gap], loaded) + loading
        ready = np.maximum(ready, leave + on_the_way)
        ready_free = np.maximum(ready_free, loaded + loading + on_the_way)
        hot = on_the_way + there <= order.max_onboard_s
    service = _service_times(problem, gaps.rows, order)[row]
    demand = demand_of(order)
    cost = np.array(
        [_prices(problem, r) for r in gaps.rows], dtype=np.float64
    ).reshape(-1, 3)[row]
    return Approach(
        gap=gap,
        option=option,
        arrive=ready + there,
        arrive_free=ready_free + there,
        latest=gaps.column("latest")[gap] - on - service,
        latest_free=gaps.column("latest_free")[gap] - on - service,
        passable=passable,
        hot=hot,
        lack=np.array([demand.get(d, 0) for d in gaps.dimensions]) - gaps.room[gap],
        cost=cost[:, 0] + cost[:, 1] * (there + on - direct) + cost[:, 2] * more,
        options=tuple(options),
        gaps=gaps,
    )


def rank_of(problem: Problem, order: Order) -> int:
    """Rank an order, 0 first; optional orders come after all that are required."""
    if order.optional:
        return OPTIONAL
    return rank_of_required(order, problem.client_by_id[order.client])


def put_in(gap: Gap, row: Row, order: str, batch: str | None) -> tuple[TripVisits, ...]:
    """Trips of the row with the order in the gap, in place of the stops that give way."""
    trips = list(row.trips)
    if gap.fresh or not trips:
        trips.insert(gap.trip, TripVisits((order,), (batch,)))
        return tuple(trips)
    old, p, q = trips[gap.trip], gap.position, gap.position + gap.dropped
    trips[gap.trip] = TripVisits(
        (*old.orders[:p], order, *old.orders[q:]), (*old.batches[:p], batch, *old.batches[q:])
    )
    return tuple(trips)


def _service_times(problem: Problem, rows: Sequence[Row], order: Order) -> Ints:
    permille = np.array([permille_of(r.worker) for r in rows], dtype=np.int64)
    return service_time(nominal_duration(problem, order), permille).astype(np.int64)


def _prices(problem: Problem, row: Row) -> tuple[float, float, float]:
    worker = row.worker
    fixed = 0 if row.trips else worker.cost_per_shift_cents
    per_km = problem.vehicle_by_id[worker.vehicle].cost_per_km_cents if worker.vehicle else 0
    return fixed, worker.cost_per_travel_hour_cents / 3_600, per_km / 1_000


class _Trip:
    """One trip of a row: earliest departures forward, latest arrivals backward."""

    def __init__(
        self,
        problem: Problem,
        travel: Travel,
        row: Row,
        visits: TripVisits,
        pins: Mapping[str, int],
    ) -> None:
        permille = permille_of(row.worker)
        orders = [problem.visit_by_id[i] for i in visits.orders]
        self.seconds = travel.ready_seconds[mode_of(problem, row.worker)]
        self.at = [travel.client(o.client) for o in orders]
        self.windows = [
            ((pins[i], pins[i]),) if i in pins else start_windows(o)
            for i, o in zip(visits.orders, orders, strict=True)
        ]
        nominal = [nominal_duration(problem, o) for o in orders]
        self.service = service_time(nominal, permille).tolist()
        self.demand = [demand_of(o) for o in orders]
        self.ranks = [
            -1 if i in pins else rank_of(problem, o)
            for i, o in zip(visits.orders, orders, strict=True)
        ]
        self.batch_ready, self.loading = 0, 0
        place = problem.loading_place_by_id.get(row.worker.start)
        if place is not None and any(isinstance(o, MealOrder) for o in orders):
            self.loading = place.loading_s
            taken = [b.ready_s for b in place.batches if b.id in visits.batches]
            self.batch_ready = max(taken, default=0)

    def leg(self, origin: int, destination: int) -> int:
        return 0 if destination == NOWHERE else int(self.seconds[origin, destination])

    def forward(self, clock: int, start: int, end: int) -> tuple[list[int], list[int], int]:
        """Give the earliest departures, the seconds on the way, and when the trip can be over."""
        ready, on_the_way = [max(clock, self.batch_ready) + self.loading], [0]
        at = start
        for to, windows, service in zip(self.at, self.windows, self.service, strict=True):
            moment = ready[-1] + self.leg(at, to)
            moment = next((max(moment, a) for a, b in windows if moment <= b), moment)
            ready.append(moment + service)
            on_the_way.append(on_the_way[-1] + self.leg(at, to) + service)
            at = to
        return ready, on_the_way, ready[-1] + self.leg(at, end)

    def backward(self, bound: int, start: int, end: int) -> tuple[list[int], int]:
        """Give the latest arrival at every stop and the end, and at the start before loading."""
        late, to = [bound], end
        for at, windows, service in zip(
            self.at[::-1], self.windows[::-1], self.service[::-1], strict=True
        ):
            moment = late[-1] - self.leg(at, to) - service
            # The last moment inside a window; before all of them nothing can be kept.
            late.append(max((min(b, moment) for a, b in windows if a <= moment), default=-NEVER))
            to = at
        return late[::-1], late[-1] - self.leg(start, to) - self.loading


def _gaps_of_row(
    problem: Problem,
    travel: Travel,
    r: int,
    row: Row,
    held: Mapping[str, int],
    most_dropped: int,
    pins: Mapping[str, int],
) -> Iterable[tuple[Gap, Mapping[str, int]]]:
    worker, shift = row.worker, row.shift
    start = travel.place(worker.start)
    end = travel.place(worker.end or worker.start) if worker.returns else NOWHERE
    trips = [_Trip(problem, travel, row, t, pins) for t in row.trips or (TripVisits((), ()),)]
    last = len(trips) - 1
    clock, clock_free, clocks, forwards = shift.start_s, -NEVER, [], []
    for k, trip in enumerate(trips):
        clocks.append(clock)
        to = end if k == last else start
        ready, on_the_way, clock = trip.forward(clock, start, to)
        ready_free, _, clock_free = trip.forward(clock_free, start, to)
        forwards.append((ready, ready_free, on_the_way))
    bound, bound_free = shift.end_s, NEVER
    backwards = []
    for k in range(last, -1, -1):
        to = end if k == last else start
        late, bound = trips[k].backward(bound, start, to)
        late_free, bound_free = trips[k].backward(bound_free, start, to)
        backwards.append((late, late_free, bound, bound_free))
    backwards.reverse()

    for k, trip in enumerate(trips):
        ready, ready_free, on_the_way = forwards[k]
        late, late_free, by, by_free = backwards[k]
        n = len(trip.at)
        load: dict[str, int] = {}
        for demand in trip.demand:
            for d, amount in demand.items():
                load[d] = load.get(d, 0) + amount
        for p in range(n + 1):
            free = {d: held.get(d, 0) - load.get(d, 0) for d in {*held, *load}}
            before = start if p == 0 else trip.at[p - 1]
            for drop in range(min(most_dropped, n - p) + 1):
                q = p + drop
                if drop:
                    free = dict(free)
                    for d, amount in trip.demand[q - 1].items():
                        free[d] += amount
                after = trip.at[q] if q < n else end if k == last else start
                yield Gap(
                    r, k, p, drop, min(trip.ranks[p:q], default=NEVER), 0, before, after,
                    ready[p], ready_free[p], clocks[k], on_the_way[p], late[q], late_free[q],
                ), free
        if row.trips and worker.start in problem.loading_place_by_id:
            yield Gap(
                r, k, 0, 0, NEVER, 1, start, start, clocks[k], -NEVER, clocks[k], 0, by, by_free
            ), held
    if row.trips and end == start and worker.start in problem.loading_place_by_id:
        yield Gap(
            r, last + 1, 0, 0, NEVER, 1, start, end, clock, clock_free, clock, 0,
            shift.end_s, NEVER,
        ), held
