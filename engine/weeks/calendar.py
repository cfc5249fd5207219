"""When a programme's visits may be: days, gaps, entitlements; and the cheapest such days."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.domain.weeks import WEEKDAYS, Programme, Weeks

#: What leaving a visit out costs: more than any day of any visit.
_LEFT_OUT = 1e9
#: What a day away from an even spacing costs, squared, in the seconds that days are priced in.
_UNEVEN = 300.0

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


#: Where a programme stands after some slots: day of its last visit, whether one was left out since,
#: and the visits in the month of the last one, where these are limited.
_State = tuple[int | None, bool, int]
#: Cost of the cheapest way to a state, the state before it, and the day that was chosen.
_Layer = dict[_State, tuple[float, _State | None, int | None]]


def best_days(
    calendar: Calendar, prices: Sequence[float], limits: Sequence[int] | None = None
) -> tuple[float, Days]:
    """Find the cheapest days of all visits, exactly, by dynamic programming over the slots.

    Parameters
    ----------
    prices : of a visit on each day.
    limits : most visits in each calendar month; None: not limited.

    Returns
    -------
    cost : prices, and what uneven spacing costs; without the price of leaving visits out.
    days : one a slot.
    """
    layer: _Layer = {(calendar.before, calendar.before is None, 0): (0.0, None, None)}
    layers = [layer]
    for slot in calendar.slots:
        layers.append(layer := _next_layer(calendar, slot, layer, prices, limits))
    if not calendar.slots:
        return 0.0, ()
    at: _State | None = min(layer, key=lambda s: layer[s][0])
    assert at is not None
    total = layer[at][0]
    chosen: list[int | None] = []
    for layer in reversed(layers[1:]):
        assert at is not None
        _, at, day = layer[at]
        chosen.append(day)
    chosen.reverse()
    return total - _LEFT_OUT * chosen.count(None), tuple(chosen)


def _next_layer(
    calendar: Calendar,
    slot: Slot,
    layer: _Layer,
    prices: Sequence[float],
    limits: Sequence[int] | None,
) -> _Layer:
    days = [d for d in range(slot.first, slot.last + 1) if calendar.free[d]]
    least, most, month = calendar.least, calendar.most, calendar.month
    later: _Layer = {}
    for state, (cost, _, _) in layer.items():
        last, excused, visits = state
        left_out = (last, True, visits)
        if left_out not in later or cost + _LEFT_OUT < later[left_out][0]:
            later[left_out] = (cost + _LEFT_OUT, state, None)
        for d in days:
            price = cost + prices[d]
            if last is not None:
                gap = d - last
                if gap < least:
                    continue
                if not excused:
                    if most is not None and calendar.gap_counts(last, d) > most:
                        continue
                    price += _UNEVEN * (gap - slot.ideal) ** 2
            count = 0
            if limits is not None:
                same = last is not None and last >= 0 and month[last] == month[d]
                count = visits + 1 if same else 1
                if count > limits[month[d]]:
                    continue
            known = later.get((d, False, count))
            if known is None or price < known[0]:
                later[d, False, count] = (price, state, d)
    return later
