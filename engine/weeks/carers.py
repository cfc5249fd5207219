"""Who comes to whom: a main worker and a stand-in for every programme over the horizon.

An assignment with capacities, improved one programme at a time: each goes to the worker for whom
visits, ways, new faces and crowded hours cost least beside all others. A client's programmes share
faces where skills allow, so a client gets few; clients of a worker lie together, because the way
counts from the nearest whom the worker visits on the same day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.weeks.calendar import Days
from engine.weeks.staff import Floats, Staff

_PASSES = 5
#: A day or a part of it is full at this share of its hours; cents a second above that.
_FULL_DAY, _FULL_SLOT, _OVERLOAD_CENTS = 0.85, 0.9, 4.0


@dataclass
class Carers:
    """Workers of programmes by number; None: nobody who may is there on any of its days.

    Attributes
    ----------
    main : of each programme.
    stand_in : for days on which the main worker is not there; None: not needed, or nobody.
    """

    staff: Staff
    main: list[int | None]
    stand_in: list[int | None] = field(default_factory=list)

    def expected(self, p: int, day: int) -> int | None:
        """Who should come on a day: the main worker, or the stand-in if that one is off."""
        who = self.staff.who(p)
        for worker in (self.main[p], self.stand_in[p] if self.stand_in else None):
            if worker is not None and who[worker, day]:
                return worker
        return None


def assign(
    staff: Staff, days: Sequence[Days], seed: int = 1, start: Sequence[int | None] | None = None
) -> Carers:
    """Choose a main worker for every programme, and stand-ins.

    Parameters
    ----------
    staff : the horizon and who is there.
    days : days of every programme's visits.
    seed : of the order in which programmes are taken.
    start : workers to start from; None: nobody.
    """
    weeks = staff.weeks
    n = len(weeks.programmes)
    book = _Book(staff, days)
    main: list[int | None] = [None] * n
    for p, worker in enumerate(start or ()):
        if worker is not None and book.days[p].size:
            main[p] = worker
            book.give(p, worker, 1)
    drawn = np.random.default_rng(seed).random(n)
    # Those with few who may come first, then those with many visits: the others fit around them.
    few = [int(staff.who(p).any(axis=1).sum()) for p in range(n)]
    turns = sorted(range(n), key=lambda p: (few[p], -len(book.days[p]), drawn[p]))
    for _ in range(_PASSES):
        moved = 0
        for p in turns:
            before = main[p]
            if before is not None:
                book.give(p, before, -1)
            chosen = book.choose(p)
            if chosen is not None:
                book.give(p, chosen, 1)
            moved += chosen != before
            main[p] = chosen
        if moved * 50 <= n:
            break
    return Carers(staff, main, _stand_ins(book, main, turns))


def _stand_ins(
    book: _Book, main: Sequence[int | None], turns: Sequence[int]
) -> list[int | None]:
    """Find somebody for the days on which the main worker is off, one for all of them."""
    found: list[int | None] = [None] * len(main)
    for p in turns:
        worker = main[p]
        if worker is None:
            continue
        off = book.days[p][~book.staff.who(p)[worker, book.days[p]]]
        if off.size:
            found[p] = book.choose(p, off)
            chosen = found[p]
            if chosen is not None:
                book.give(p, chosen, 1, off)
    return found


class _Book:
    """Hours, faces and clients that workers have been given."""

    def __init__(self, staff: Staff, days: Sequence[Days]) -> None:
        weeks = staff.weeks
        n_workers, n_days = staff.hours.shape
        self.staff = staff
        self.days = [np.array([d for d in row if d is not None], dtype=np.int64) for row in days]
        self._client = [staff.client_number[p.client] for p in weeks.programmes]
        self._hours = np.zeros((n_workers, n_days))
        self._slots = np.zeros(staff.slots.shape)
        self._visits = np.zeros((n_workers, n_days, len(weeks.clients)), dtype=np.int16)
        self._faces: list[Counter[int]] = [Counter() for _ in weeks.clients]
        number = {w.id: i for i, w in enumerate(weeks.workers)}
        for known in weeks.history:
            self._faces[staff.client_number[known.client]][number[known.worker]] += 1
        self._per_second = np.array(
            [w.cost_per_travel_hour_cents / 3_600 for w in weeks.workers]
        )
        self._shift_cost = np.array([float(w.cost_per_shift_cents) for w in weeks.workers])
        self._new_face = float(weeks.continuity.new_face_cents)

    def give(self, p: int, worker: int, times: int, days: NDArray[np.int64] | None = None) -> None:
        """Give visits of a programme to a worker; -1 takes them back."""
        days = self.days[p] if days is None else days
        there = days[self.staff.who(p)[worker, days]]
        load = times * self.staff.load[p]
        self._hours[worker, there] += load
        self._slots[worker, there] += load * self.staff.share[p]
        client = self._client[p]
        self._visits[worker, there, client] += times
        faces = self._faces[client]
        faces[worker] += times
        if not faces[worker]:
            del faces[worker]

    def choose(self, p: int, days: NDArray[np.int64] | None = None) -> int | None:
        """Find the worker who costs least for the visits of a programme on some of its days."""
        days = self.days[p] if days is None else days
        who = self.staff.who(p)[:, days]  # (workers, visits)
        rows = np.flatnonzero(who.any(axis=1))
        if not len(rows):
            return None
        who = who[rows]
        client = self._client[p]
        cost = self._new_face * (~who).sum(axis=1).astype(np.float64)
        unknown = np.ones(len(self._shift_cost), dtype=np.bool_)
        unknown[list(self._faces[client])] = False
        cost += self._new_face * unknown[rows]
        cost += 2 * len(days) * self._per_second[rows] * self._ways(client, days, rows)
        cost += self._crowding(p, days, rows, who)
        idle = who & (self._hours[np.ix_(rows, days)] <= 0)
        cost += self._shift_cost[rows] * idle.sum(axis=1)
        return int(rows[cost.argmin()])

    def _ways(
        self, client: int, days: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> Floats:
        """Seconds to a client from the nearest other one of the same day, mean over the days."""
        there = self._visits[np.ix_(rows, days, self.staff.near[client])] > 0
        start = np.broadcast_to(self.staff.from_start[rows, client][:, None], there.shape[:2])
        ways: Floats = self.staff.nearest(client, there, start).mean(axis=1)
        return ways

    def _crowding(
        self, p: int, days: NDArray[np.int64], rows: NDArray[np.int64], who: NDArray[np.bool_]
    ) -> Floats:
        """Cents for seconds beyond what workers' days, and parts of days, hold."""
        load, share = self.staff.load[p], self.staff.share[p]
        block = np.ix_(rows, days)
        room = _FULL_DAY * self.staff.hours[block] - self._hours[block]
        parts = np.ix_(rows, days, np.flatnonzero(share))
        free = _FULL_SLOT * self.staff.slots[parts] - self._slots[parts]
        # A visit can go to any part of its window, so the parts together have to hold it.
        tight = np.minimum(room, np.maximum(free, 0.0).sum(axis=2))
        over = np.maximum(load - np.maximum(tight, 0.0), 0.0)
        cents: Floats = (over * who).sum(axis=1) * _OVERLOAD_CENTS
        return cents
