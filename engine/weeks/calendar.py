"""When a programme's visits may be: days, gaps, entitlements; and the cheapest such days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.weeks import WEEKDAYS, Programme, Weeks
from engine.weeks.kernels import rows
from engine.weeks.kernels.calendar import cheapest_days

#: Days of a programme's visits, one a slot; None: left out.
Days = tuple[int | None, ...]


class Slot(NamedTuple):
    """One visit that is due in days ``first`` to ``last``, ``ideal`` days after the one before."""

    first: int
    last: int
    ideal: int


class Calendar(NamedTuple):
    """What a programme's dates have to obey; days count from the first of the horizon.

    Attributes
    ----------
    slots : visits in order of time.
    free : for each day, whether a visit is allowed on it.
    idle : idle[d] counts the days before d that do not count for the greatest gap.
    least, most : days from one visit to the next; None: no greatest.
    before : day of the last visit before the horizon, negative; None: not known.
    month : for each day, the number of its calendar month from the first day's.
    """

    slots: tuple[Slot, ...]
    free: tuple[bool, ...]
    idle: tuple[int, ...]
    least: int
    most: int | None
    before: int | None
    month: tuple[int, ...]

    def gap_counts(self, day: int, later: int) -> int:
        """Days from one visit to a later one, without those that do not count."""
        return later - day - (self.idle[later] - self.idle[max(0, day + 1)])

    def fits(self, days: Sequence[int], later_is_excused: Sequence[bool] = ()) -> bool:
        """Whether days in order of time keep the gaps; a gap over a visit left out may be wider."""
        known = [] if self.before is None else [self.before]
        excused = list(later_is_excused)[0 if known else 1 :]
        for k, (day, later) in enumerate(pairwise([*known, *days])):
            if later - day < self.least:
                return False
            wide = self.most is not None and self.gap_counts(day, later) > self.most
            if wide and not (k < len(excused) and excused[k]):
                return False
        return True


def calendar_of(
    weeks: Weeks,
    programme: Programme,
    *,
    absences: bool = True,
    holidays: bool = True,
    weekdays: bool = True,
    spacing: bool = True,
) -> Calendar:
    """Make the calendar of a programme; what is switched off is not obeyed."""
    free, idle, passed = [], [0], 0
    for day in weeks.dates:
        away = absences and weeks.is_away("client", programme.client, day)
        shut = holidays and not programme.on_holidays and day in weeks.holiday_set
        wanted = not weekdays or programme.weekdays is None or (
            WEEKDAYS[day.weekday()] in programme.weekdays
        )
        passed += away or shut
        idle.append(passed)
        free.append(wanted and not away and not shut)
    slots = []
    for block in weeks.blocks(programme):
        size = block.last - block.first + 1
        starts = [k * size // block.visits for k in range(block.visits + 1)]
        gaps = [starts[0] + size - starts[-2], *(b - a for a, b in pairwise(starts[:-1]))]
        slots += [Slot(block.first, block.last, gap) for gap in gaps]
    months = [12 * day.year + day.month for day in weeks.dates]
    last = programme.last_visit
    return Calendar(
        tuple(slots), tuple(free), tuple(idle),
        programme.min_gap_days if spacing else 1,
        programme.max_gap_days if spacing else None,
        None if last is None or not spacing else (last - weeks.first_day).days,
        tuple(m - months[0] for m in months),
    )


def best_days(
    calendar: Calendar, prices: Sequence[int], limits: Sequence[int] | None = None
) -> tuple[int, Days]:
    """Find the cheapest days of all visits, exactly.

    Parameters
    ----------
    prices : of a visit on each day, seconds.
    limits : most visits in each calendar month; None: not limited.

    Returns
    -------
    cost : prices, and what uneven spacing costs; without the price of leaving visits out.
    days : one a slot.
    """
    packed = pack([calendar], [(0,)])
    scratch = Scratch.of(packed)
    cost = cheapest_days(
        packed, 0, np.array(prices, dtype=np.int64),
        np.array([] if limits is None else limits, dtype=np.int64), limits is not None,
        scratch.cost, scratch.parent, scratch.chosen,
    )
    return int(cost), unpack(scratch.chosen[: len(calendar.slots)])


def pack(calendars: Sequence[Calendar], members: Sequence[Sequence[int]]) -> rows.Calendars:
    """Make arrays of calendars, each that of some programmes which share their days."""
    sizes = [len(c.slots) for c in calendars]
    return rows.Calendars(
        rows=np.array([
            (c.least, rows.NO_MOST if c.most is None else c.most,
             rows.NOT_KNOWN if c.before is None else c.before) for c in calendars
        ], dtype=np.int32).reshape(-1, 3),
        slot_ptr=pointers(sizes),
        slots=np.array([s for c in calendars for s in c.slots], dtype=np.int32).reshape(-1, 3),
        free=np.array([c.free for c in calendars], dtype=np.uint8),
        idle=np.array([c.idle for c in calendars], dtype=np.int32),
        month=np.array(calendars[0].month if calendars else [], dtype=np.int32),
        member_ptr=pointers([len(m) for m in members]),
        member=np.array([p for m in members for p in m], dtype=np.int32),
    )


def unpack(chosen: Iterable[int]) -> Days:
    """Make days of what a kernel has chosen."""
    return tuple(None if d < 0 else int(d) for d in chosen)


def pointers(sizes: Sequence[int]) -> NDArray[np.int32]:
    """Where each of several lists begins and ends that are put behind each other."""
    ends: NDArray[np.int32] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return ends


class Scratch(NamedTuple):
    """What ``cheapest_days`` overwrites."""

    cost: NDArray[np.int64]
    parent: NDArray[np.int32]
    chosen: NDArray[np.int32]

    @classmethod
    def of(cls, calendars: rows.Calendars) -> Scratch:
        """Make room for the turn with most slots."""
        most = int(np.diff(calendars.slot_ptr).max(initial=0))
        n_states = (len(calendars.month) + 1) * 2 * (most + 1)
        return cls(
            np.zeros((2, n_states), dtype=np.int64),
            np.zeros((most, n_states, 2), dtype=np.int32),
            np.zeros(most, dtype=np.int32),
        )
