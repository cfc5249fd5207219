"""Who comes to whom: a main worker and a stand-in for every programme over the horizon.

An assignment with capacities, improved one programme at a time: each goes to the worker for whom
visits, ways, new faces and crowded hours cost least beside all others. A client's programmes share
faces where skills allow, so a client gets few; clients of a worker lie together, because the way
counts from the nearest whom the worker visits on the same day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.weeks.calendar import Days, pointers
from engine.weeks.kernels import rows
from engine.weeks.kernels.carers import assign_once, choose, give
from engine.weeks.staff import Bools, Ints, Staff

_PASSES = 5


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
        for worker in (self.main[p], self.stand_in[p] if self.stand_in else None):
            if worker is not None and self.staff.can(p, worker, day):
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
    n, n_workers = len(weeks.programmes), len(weeks.workers)
    if not n or not n_workers:
        return Carers(staff, [None] * n, [None] * n)
    facts, book = staff.facts, _empty_book(staff)
    given = [[d for d in row if d is not None] for row in days]
    day_ptr = pointers([len(row) for row in given])
    flat = np.array([d for row in given for d in row], dtype=np.int32)
    main = np.full(n, -1, dtype=np.int32)
    for p, worker in enumerate(start or ()):
        if worker is not None and given[p]:
            main[p] = worker
            give(facts, book, p, worker, flat[day_ptr[p] : day_ptr[p + 1]], 1)
    scratch = (
        np.zeros(n_workers, dtype=np.uint8), np.zeros(n_workers, dtype=np.int64),
        np.zeros(n_workers, dtype=np.int64),
    )
    face = weeks.continuity.new_face_cents
    turns = _turns(staff, given, seed)
    for _ in range(_PASSES):
        moved = assign_once(facts, book, day_ptr, flat, turns, face, main, *scratch)
        if moved * 50 <= n:
            break
    mains: list[int | None] = [None if w < 0 else int(w) for w in main]
    stand_ins: list[int | None] = [None] * n
    for p in turns.tolist():
        own, worker = flat[day_ptr[p] : day_ptr[p + 1]], mains[p]
        if worker is None or not (off := own[~staff.able[staff.may[p], worker, own]]).size:
            continue
        # Somebody for all days on which the main worker is off.
        if (found := int(choose(facts, book, p, off, face, *scratch))) >= 0:
            stand_ins[p] = found
            give(facts, book, p, found, off, 1)
    return Carers(staff, mains, stand_ins)


def _turns(staff: Staff, days: Sequence[Sequence[int]], seed: int) -> Ints:
    """Put those first with few who may come, then those with many visits: others fit around."""
    drawn = np.random.default_rng(seed).random(len(days))
    ever: Bools = np.any(staff.able, axis=2)
    few = [
        int(ever[kind].sum()) - int(ever[kind][refused].sum())
        for kind, refused in zip(staff.may, staff.refused, strict=True)
    ]
    return np.array(
        sorted(range(len(days)), key=lambda p: (few[p], -len(days[p]), drawn[p])), dtype=np.int32
    )


def _empty_book(staff: Staff) -> rows.Book:
    weeks = staff.weeks
    faces = np.zeros((len(weeks.clients), len(weeks.workers)), dtype=np.int32)
    number = {w.id: i for i, w in enumerate(weeks.workers)}
    for known in weeks.history:
        faces[staff.client_number[known.client], number[known.worker]] += 1
    return rows.Book(
        load=np.zeros(staff.hours.shape, dtype=np.int64),
        load_in=np.zeros(staff.slots.shape, dtype=np.int64),
        server=np.full((len(weeks.programmes), weeks.days), -1, dtype=np.int32),
        faces=faces,
    )
