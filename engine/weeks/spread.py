"""Which visit is on which day: loads in balance with the hours of those who can serve them.

Programmes are placed one after the other, each on the days that are cheapest for all of its visits
together (``calendar.best_days`` is exact), again and again until none moves. A day's price is what
the programme adds to the crowding of all who could serve it, and of its district; where a main
worker is known already, of that worker, who may be off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.domain.base import HORIZON_S
from engine.domain.orders import VisitOrder
from engine.domain.places import Client
from engine.domain.weeks import Entitlement, Weeks
from engine.rules.priority import tier_of
from engine.weeks.calendar import Calendar, Days, best_days, calendar_of
from engine.weeks.staff import Floats, Staff

#: A group of people is well used at this share of its hours; above it each second weighs more.
_FULL, _STEEP = 0.75, 30.0
#: What a second counts of the way from the main worker's nearest client of the same day.
_WAY = 6.0
#: What a day without the main worker costs, in seconds, as prices of days are.
_MAIN_OFF = 7_200.0
#: What a day is worth on which nobody at all could serve a visit.
_NOBODY = 1e6
_PASSES = 4


@dataclass
class Spread:
    """The days of every programme's visits, and what they use.

    Attributes
    ----------
    days : for each programme one day a visit that is due; None: left out.
    """

    staff: Staff
    days: list[Days]
    calendars: list[Calendar]
    budget: Budget
    moved: list[int] = field(default_factory=list)  # programmes that moved, a pass


@dataclass
class Budget:
    """What entitlements are used for: no visit is placed that they do not cover."""

    weeks: Weeks
    covering: list[list[int]] = field(init=False)
    used: dict[tuple[int, int], list[int]] = field(init=False)  # (entry, month): visits, seconds

    def __post_init__(self) -> None:
        entries = self.weeks.entitlements
        self.covering = [
            [k for k, entry in enumerate(entries) if entry.covers(p)] for p in self.weeks.programmes
        ]
        self.used = {(k, 0): [e.used_visits, e.used_service_s] for k, e in enumerate(entries)}

    def limits(self, p: int, months: int) -> list[int] | None:
        """Most visits of a programme in each month beside all others; None: no entry covers it."""
        if not self.covering[p]:
            return None
        seconds = self.weeks.duration(self.weeks.programmes[p])
        return [
            max(0, min(self._left(k, month, seconds) for k in self.covering[p]))
            for month in range(months)
        ]

    def take(self, p: int, month: int, times: int = 1) -> None:
        """Count visits of a programme; -1 gives one back."""
        seconds = self.weeks.duration(self.weeks.programmes[p])
        for k in self.covering[p]:
            used = self.used.setdefault((k, month), [0, 0])
            used[0] += times
            used[1] += times * seconds

    def _left(self, k: int, month: int, seconds: int) -> int:
        entry: Entitlement = self.weeks.entitlements[k]
        visits, spent = self.used.get((k, month), (0, 0))
        left = HORIZON_S if entry.visits is None else entry.visits - visits
        if entry.service_s is not None:
            left = min(left, (entry.service_s - spent) // max(1, seconds))
        return left


def spread(
    staff: Staff,
    seed: int = 1,
    *,
    mains: Sequence[int | None] | None = None,
    start: Sequence[Days] | None = None,
    switched_off: Mapping[str, bool] | None = None,
) -> Spread:
    """Choose the days of all visits.

    Parameters
    ----------
    staff : the horizon and who is there.
    seed : of the order in which programmes are placed.
    mains : main worker of each programme, by number; None: nobody is known yet.
    start : days to start from; None: none.
    switched_off : parts of ``calendar_of`` (False: not obeyed), and ``entitlements``; for tests.
    """
    weeks = staff.weeks
    parts = dict(switched_off or {})
    paid = parts.pop("entitlements", True)
    calendars = [calendar_of(weeks, p, **parts) for p in weeks.programmes]
    budget = Budget(weeks)
    crowd = _Crowd(staff, mains)
    days: list[Days] = [()] * len(calendars)
    result = Spread(staff, days, calendars, budget)
    months = 1 + max((c.month[-1] for c in calendars), default=0)

    def settle(p: int, chosen: Days, times: int) -> None:
        for d in chosen:
            if d is not None:
                crowd.add(p, d, times)
                budget.take(p, calendars[p].month[d], times)

    for p, chosen in enumerate(start or ()):
        days[p] = chosen
        settle(p, chosen, 1)
    turns = _turns(weeks, seed)
    for _ in range(_PASSES):
        moved = 0
        for p in turns:
            settle(p, days[p], -1)
            limits = budget.limits(p, months) if paid else None
            _, chosen = best_days(calendars[p], crowd.prices(p).tolist(), limits)
            moved += chosen != days[p]
            days[p] = chosen
            settle(p, chosen, 1)
        result.moved.append(moved)
        if moved * 50 <= len(turns):
            break
    return result


def _turns(weeks: Weeks, seed: int) -> list[int]:
    """Put important programmes first: where an entitlement is short, they have it."""
    drawn = np.random.default_rng(seed).random(len(weeks.programmes))

    def turn(p: int) -> tuple[bool, int, float]:
        programme = weeks.programmes[p]
        client: Client = weeks.client_by_id[programme.client]
        order: VisitOrder = programme
        return programme.optional, tier_of(order, client), float(drawn[p])

    return sorted(range(len(weeks.programmes)), key=turn)


class _Crowd:
    """How crowded days are, for every group that a programme's visit counts in."""

    def __init__(self, staff: Staff, mains: Sequence[int | None] | None) -> None:
        weeks = staff.weeks
        self._staff, self._mains = staff, mains
        n_kinds, days = len(staff.able), weeks.days
        # Who could ever serve a kind; a visit is a load for every group that contains its own.
        groups = [frozenset(np.flatnonzero(a.any(axis=1)).tolist()) for a in staff.able]
        unique = list(dict.fromkeys(groups))
        self._of_kind = [
            [g for g, group in enumerate(unique) if groups[k] <= group] for k in range(n_kinds)
        ]
        districts = {
            d: i for i, d in enumerate(dict.fromkeys(
                weeks.client_by_id[p.client].district or "" for p in weeks.programmes
            ))
        }
        self._district = [
            len(unique) + districts[weeks.client_by_id[p.client].district or ""]
            for p in weeks.programmes
        ]
        self._first_worker = len(unique) + len(districts)
        hours = [staff.hours[sorted(g)].sum(axis=0) for g in unique]
        due = np.zeros(len(districts))
        for p, programme in enumerate(weeks.programmes):
            due[self._district[p] - len(unique)] += staff.load[p] * sum(
                b.visits for b in weeks.blocks(programme)
            )
        everybody = staff.hours.sum(axis=0) if len(staff.hours) else np.zeros(days)
        hours += [everybody * (part / max(1.0, due.sum())) for part in due]
        own = list(staff.hours) if mains is not None else []
        self._hours: Floats = np.array([*hours, *own]).reshape(-1, days)
        self._load: Floats = np.zeros_like(self._hours)
        self._nobody = [~a.any(axis=0) for a in staff.able]
        self._client = [staff.client_number[p.client] for p in weeks.programmes]
        # Whom main workers visit on which day, (workers, days, clients).
        shape = (len(own), days, len(weeks.clients))
        self._visits = np.zeros(shape, dtype=np.int16)

    def cells(self, p: int) -> list[int]:
        """Rows that a visit of a programme counts in."""
        rows = [*self._of_kind[self._staff.may[p]], self._district[p]]
        main = self._main(p)
        return rows if main is None else [*rows, self._first_worker + main]

    def _main(self, p: int) -> int | None:
        return self._mains[p] if self._mains is not None else None

    def add(self, p: int, day: int, times: int) -> None:
        """Count a visit; -1 takes it away."""
        self._load[self.cells(p), day] += times * self._staff.load[p]
        main = self._main(p)
        if main is not None:
            self._visits[main, day, self._client[p]] += times

    def prices(self, p: int) -> Floats:
        """Price a visit on each day by what it adds to the crowding, (days,)."""
        rows = self.cells(p)
        load, hours = self._load[rows], np.maximum(self._hours[rows], 1.0)
        added = _crowding(load + self._staff.load[p], hours) - _crowding(load, hours)
        price: Floats = added.sum(axis=0)
        price = price + _NOBODY * self._nobody[self._staff.may[p]]
        main = self._main(p)
        if main is not None:
            client = self._client[p]
            there = self._visits[main][:, self._staff.near[client]] > 0
            start = np.full(len(price), float(self._staff.from_start[main, client]))
            price = price + _WAY * self._staff.nearest(client, there, start)
            price = price + _MAIN_OFF * ~self._staff.who(p)[main]
        return np.minimum(price, 10 * _NOBODY)


def _crowding(load: Floats, hours: Floats) -> Floats:
    over = np.maximum(load / hours - _FULL, 0.0)
    crowding: Floats = load * load / hours + _STEEP * hours * over * over
    return crowding
