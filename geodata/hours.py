"""Conditions by the hour, as OpenStreetMap writes them: weekdays and times, and nothing else.

Reference: the wiki pages Conditional_restrictions and Key:opening_hours. What holds on holidays, in seasons, by weight
or for residents cannot be known here and is not read.
"""  # noqa: E501

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_EVERY_DAY: Final = 127
_DAY: Final = 86_400
_RULE: Final = re.compile(r"(?:(?P<days>[A-Z][a-z](?:[-,][A-Z][a-z])*)\s+)?(?P<times>\d.*)")
_SPAN: Final = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")

Hours = tuple[tuple[int, int, int], ...]
"""Weekdays (bit 0 is Monday), and from when to when on them, in seconds, the end not included."""


def read_condition(text: str) -> tuple[str, Hours] | None:
    """Value and hours of ``no_left_turn @ (Mo-Fr 07:00-09:00,16:00-18:00; Sa 10:00-12:00)``.

    Returns
    -------
    None where there is more than one value, or a condition that is not weekdays and times alone.
    """
    value, at, condition = (part.strip() for part in text.partition("@"))
    if condition.startswith("(") and condition.endswith(")"):
        condition = condition[1:-1]
    if not at or not value or set("@()") & set(condition):
        return None
    hours: list[tuple[int, int, int]] = []
    seen = 0
    for rule in condition.split(";"):
        found = _RULE.fullmatch(rule.strip())
        days = None if found is None else _read_days(found["days"])
        if found is None or days is None or days & seen:  # a later rule would replace an earlier
            return None
        seen |= days
        for span in found["times"].split(","):
            times = _SPAN.fullmatch(span.strip())
            if times is None:
                return None
            a, b, c, d = map(int, times.groups())
            start, end = a * 3600 + b * 60, c * 3600 + d * 60
            if max(b, d) > 59 or start >= _DAY or end > _DAY or start == end:
                return None
            hours.append((days, start, end))
    return value, tuple(sorted(hours))


def _read_days(text: str | None) -> int | None:
    """Bits of ``Mo-Fr,Su``; every day where none is named."""
    if text is None:
        return _EVERY_DAY
    days = 0
    for part in text.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in _DAYS or last not in _DAYS:
            return None
        k, end = _DAYS.index(first), _DAYS.index(last)
        days |= 1 << k
        while k != end:
            k = (k + 1) % 7
            days |= 1 << k
    return days


def holding(hours: NDArray[np.int32], departure: int, weekday: int) -> tuple[int, ...]:
    """Numbers of the conditions that hold.

    Parameters
    ----------
    hours : rows of number, weekdays, start and end, shape (t, 4).
    departure : seconds since midnight of ``weekday``, 0 is Monday; may lie on a later day.
    """
    second, today = departure % _DAY, (weekday + departure // _DAY) % 7
    found = set()
    for number, days, start, end in hours.tolist():
        is_today, was_yesterday = days >> today & 1, days >> (today - 1) % 7 & 1
        if start < end:
            holds = is_today and start <= second < end
        else:  # over midnight
            holds = (is_today and second >= start) or (was_yesterday and second < end)
        if holds:
            found.add(number)
    return tuple(sorted(found))
