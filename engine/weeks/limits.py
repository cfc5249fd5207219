"""What workers may still do on a day, beside all other days: rest between shifts, hours agreed.

Days are planned one after the other, some side by side. What a day may use is what the
others leave; a day that is being planned counts with all that it may use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.domain.base import DAY_S, HORIZON_S
from engine.domain.plan import Plan
from engine.domain.weeks import WeeklyShift, WeeklyWorker, Weeks
from engine.weeks.horizon import WithheldReason

#: Nobody is asked to come for less.
LEAST_SHIFT_S = 1_800
#: A day may use so much of its even share of the hours that are left while others are to come.
_EASE = 1.5


class Span(NamedTuple):
    """A worker's day: first leaving, end of the last route, and seconds on duty."""

    leave: int
    end: int
    duty: int


class Allowed(NamedTuple):
    """What a worker may do on a day: shifts within two moments, at most so long; None: no limit."""

    early: int
    late: int
    duty: int | None

    def shifts(self, shifts: Iterable[WeeklyShift]) -> tuple[WeeklyShift, ...]:
        """Cut shifts short, leaving out those of which too little is left or whose breaks go."""
        kept = []
        for shift in shifts:
            start, end = max(shift.start_s, self.early), min(shift.end_s, self.late)
            whole = shift.end_s - shift.start_s
            worth = end - start if self.duty is None else min(end - start, self.duty)
            if worth < min(LEAST_SHIFT_S, whole):
                continue
            if end - start == whole:
                kept.append(shift)
            elif not shift.breaks:
                kept.append(shift.model_copy(update={"start_s": start, "end_s": end}))
        return tuple(kept)


def spans_of(plan: Plan) -> dict[str, Span]:
    """Worker -> what a day's plan asks of them."""
    spans: dict[str, Span] = {}
    for route in plan.routes:
        if route.trips:
            leave, end = route.trips[0].leave_s, route.trips[-1].end_s
            old = spans.get(route.worker, Span(leave, end, 0))
            spans[route.worker] = Span(
                min(leave, old.leave), max(end, old.end), old.duty + end - leave
            )
    return spans


@dataclass
class Limits:
    """What all days that are planned so far, or are being planned, leave to a day.

    Attributes
    ----------
    bound : workers whose days touch each other: those of all others are free.
    rests : whether rest binds anybody from one day to the next.
    """

    weeks: Weeks
    bound: list[WeeklyWorker] = field(init=False)
    rests: bool = field(init=False)
    _made: dict[int, dict[str, Span]] = field(default_factory=dict)
    _open: dict[int, dict[str, Span]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bound = [w for w in self.weeks.workers if _touches(w)]
        self.rests = any(_rests(w) for w in self.bound)

    def turns(self) -> list[int]:
        """Put the days in the order in which they are planned first, two by two.

        Days of a pair do not see each other. A client is rarely visited on two days running, so
        neighbours miss few faces of each other; but where rest binds somebody from one day to the
        next, days of a pair lie three days apart.
        """
        days = list(range(self.weeks.days))
        return sorted(days, key=lambda d: (d // 6, d % 3, d)) if self.rests else days

    def put(self, day: int, plan: Plan) -> None:
        """Set what is planned on a day, in place of what was."""
        self._made[day] = spans_of(plan)

    def close(self) -> None:
        """Forget what days that were being planned might have used."""
        self._open.clear()

    def open(self, day: int) -> dict[str, Allowed]:
        """Tell what bound workers may do on a day, which counts as used until it is closed."""
        found: dict[str, Allowed] = {}
        spans: dict[str, Span] = {}
        for worker in self.bound:
            shifts = self.weeks.shifts_on(worker, self.weeks.dates[day])
            if not shifts:
                continue
            allowed = self.allowed(worker, day)
            found[worker.id] = allowed
            if kept := allowed.shifts(shifts):
                length = sum(s.end_s - s.start_s for s in kept)
                spans[worker.id] = Span(
                    min(s.start_s for s in kept), max(s.end_s for s in kept),
                    length if allowed.duty is None else min(length, allowed.duty),
                )
        self._open[day] = spans
        return found

    def allowed(self, worker: WeeklyWorker, day: int) -> Allowed:
        """Find what a worker may do on a day beside all others."""
        rest = worker.night_rest_s
        early, late = max(0, worker.free_from_s - day * DAY_S), HORIZON_S
        for other in range(self.weeks.days):
            span = self._span(worker.id, other)
            if span is None or other == day:
                continue
            apart = (other - day) * DAY_S
            if other < day:
                early = max(early, span.end + apart + rest)
            else:
                late = min(late, span.leave + apart - rest)
        duties = [
            self._share(worker, day, p.days, p.limit) for p in periods(self.weeks, worker, day)
        ]
        return Allowed(early, late, min(duties, default=None))

    def used(self, worker: WeeklyWorker, days: Iterable[int]) -> int:
        """Seconds on duty on some days."""
        spans = (self._span(worker.id, d) for d in days)
        return sum(span.duty for span in spans if span is not None)

    def _span(self, worker: str, day: int) -> Span | None:
        spans = self._open.get(day, self._made.get(day, {}))
        return spans.get(worker)

    def _share(self, worker: WeeklyWorker, day: int, days: range, limit: int) -> int:
        """Seconds of a limit for a day, leaving something to those that are not planned yet."""
        others = [d for d in days if d != day]
        left = limit - self.used(worker, others)
        to_come = sum(
            d not in self._made and d not in self._open
            and bool(self.weeks.shifts_on(worker, self.weeks.dates[d]))
            for d in others
        )
        return max(0, min(left, int(_EASE * left / (1 + to_come)) if to_come else left))


class Period(NamedTuple):
    """Days over which a worker's duty is bounded, and by how many seconds."""

    reason: WithheldReason
    days: range
    limit: int


def periods(weeks: Weeks, worker: WeeklyWorker, day: int) -> list[Period]:
    """Find the week and the month that a day is in, where something is agreed for them."""
    found: list[Period] = []
    if worker.max_weekly_s is not None:
        first = day // 7 * 7
        week = range(first, min(first + 7, weeks.days))
        used = worker.used_weekly_s if first == 0 else 0
        found.append(Period("weekly_hours", week, max(0, worker.max_weekly_s - used)))
    if worker.max_monthly_s is not None:
        month = weeks.dates[day].month
        days = [d for d, date in enumerate(weeks.dates) if date.month == month]
        used = worker.used_monthly_s if days[0] == 0 else 0
        found.append(Period(
            "monthly_hours", range(days[0], days[-1] + 1), max(0, worker.max_monthly_s - used)
        ))
    return found


def _touches(worker: WeeklyWorker) -> bool:
    """Whether what a worker does on one day can matter to another."""
    if worker.max_weekly_s is not None or worker.max_monthly_s is not None:
        return True
    first = min(s.start_s for s in worker.shifts)
    return _rests(worker) or worker.free_from_s > first


def _rests(worker: WeeklyWorker) -> bool:
    """Whether rest can keep a worker from the start of one day because of the day before."""
    first = min(s.start_s for s in worker.shifts)
    last = max(s.end_s for s in worker.shifts)
    return last + worker.night_rest_s > DAY_S + first


def keep_within(
    weeks: Weeks, worker: WeeklyWorker, seconds: Callable[[int], int]
) -> Mapping[int, float]:
    """Share of each day's hours that agreed hours let a worker do, where it is not all of them."""
    shares: dict[int, float] = {}
    for day in range(weeks.days):
        for period in periods(weeks, worker, day):
            there = sum(seconds(d) for d in period.days)
            if there > period.limit:
                shares[day] = min(shares.get(day, 1.0), period.limit / there)
    return shares
