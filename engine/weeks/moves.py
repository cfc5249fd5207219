"""Another day for visits that found no place on theirs, within all that binds their dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.weeks.spread import Spread
from engine.weeks.staff import Staff


class Move(NamedTuple):
    """A visit of a programme that may go from a day to another one."""

    programme: int
    slot: int
    day: int
    to: int


def find_moves(
    found: Spread,
    staff: Staff,
    due: Sequence[Sequence[int]],
    unserved: Mapping[int, Sequence[int]],
) -> list[Move]:
    """Find a day for each unserved visit: the one whose people have most hours left.

    At most one visit of a programme moves, so that the gaps hold whichever moves come to nothing.
    What a move needs of an entitlement is set aside.

    Parameters
    ----------
    due : programmes of each day.
    unserved : day -> programmes that are not served on it.
    """
    load = np.zeros(staff.weeks.days, dtype=np.int64)
    for d, programmes in enumerate(due):
        load[d] = staff.load[list(programmes)].sum()
    group_of = {p: group for group in staff.groups for p in group}
    moves: list[Move] = []
    tried = set[int]()
    for day in sorted(unserved):
        for p in unserved[day]:
            if p in tried or day not in found.days[p]:
                continue
            group = group_of[p]  # they share their days, so they go together
            tried.update(group)
            slot = found.days[p].index(day)
            month = found.calendars[p].month
            who = [staff.who(q) for q in group]
            best: tuple[float, int] | None = None
            for to in _allowed(found, p, slot):
                if not found.budget.has_room(group, month[to]):
                    continue
                hours = min(int(staff.hours[w[:, to], to].sum()) for w in who)
                if hours:
                    best = min(best or (np.inf, 0), (load[to] / hours, to))
            if best is not None:
                to = best[1]
                for q in group:
                    found.budget.take(q, month[to])
                    load[to] += staff.load[q]
                    moves.append(Move(q, slot, day, to))
    return moves


def _allowed(found: Spread, p: int, slot: int) -> list[int]:
    """Other days that a visit may go to while all others of its programme stay."""
    calendar, days = found.calendars[p], found.days[p]
    given = calendar.slots[slot]
    allowed = []
    for to in range(given.first, given.last + 1):
        if to in days or not calendar.free[to]:
            continue
        changed = [to if k == slot else d for k, d in enumerate(days)]
        kept = [d for d in changed if d is not None]
        excused, hole, last = [], False, -1
        for d, due in zip(changed, calendar.slots, strict=True):
            if d is None:
                hole = hole or due.last > last
            else:
                excused.append(hole and d > due.first)
                hole, last = False, d
        if calendar.fits(kept, excused):
            allowed.append(to)
    return allowed
