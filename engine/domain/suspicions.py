"""What a wrong value was probably meant as: another unit, swapped coordinates, a clock time.

Pure guesses about single values; each returns the fault that tells the guess, or None.
"""

from __future__ import annotations

import re
from typing import TypeGuard

from engine.domain.base import DAY_S, HORIZON_S
from engine.domain.faults import Words, fault
from engine.errors import Fault

#: Moments from the plan's midnight; every other field ending in ``_s`` is a length of time.
MOMENTS = frozenset({"start_s", "end_s", "received_s", "ready_s", "early_s", "late_s"})

MINUTES = Words("minutes", "分钟数")
HOURS = Words("hours", "小时数")
_MILLISECONDS = Words("milliseconds", "毫秒数")
_EPOCH = Words("a Unix time", " Unix 时间戳")
_FROM_MIDNIGHT = Words(
    "count from the plan's midnight: 08:30 in the morning is 30600",
    "请从计划日零点起计：上午 08:30 为 30600",
)

_CLOCK = re.compile(r"(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?", re.ASCII)
#: Unix times of 2001 to 2286, in seconds and in milliseconds.
_EPOCH_S = range(10**9, 10**10)
_EPOCH_MS = range(10**12, 10**13)
#: Nothing on earth has a degree beyond 180, and a projected metre is seldom below a thousand.
_PROJECTED = 1_000
#: Where the service is used: a point there is more likely than one in the Arctic sea.
_CHINA_LON, _CHINA_LAT = (73.0, 136.0), (18.0, 54.0)

#: A time of day no later than this many seconds is a count of minutes (1440 are a day) or hours.
DAY_MINUTES = 1_440
DAY_HOURS = 48


def clock_seconds(text: str) -> int | None:
    """Seconds of a clock time such as 08:30, up to 48:00; None: not one."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = 3_600 * hours + 60 * minutes + seconds
    return total if minutes < 60 and seconds < 60 and total <= HORIZON_S else None


def clock_text(field: str, path: str, value: object) -> Fault | None:
    """Recognise "08:30" where seconds belong."""
    if not (isinstance(value, str) and field.endswith("_s")):
        return None
    seconds = clock_seconds(value)
    return None if seconds is None else fault("E1209", path, field=field, seconds=seconds)


def too_long(field: str, path: str, value: int) -> Fault | None:
    """Recognise Unix times and milliseconds where a number of seconds is above its limit."""
    if not field.endswith("_s"):
        return None
    if field in MOMENTS and (value in _EPOCH_S or value in _EPOCH_MS):
        return fault("E1205", path, field=field, unit=_EPOCH, remedy=_FROM_MIDNIGHT)
    limit = HORIZON_S if field in MOMENTS else DAY_S
    if value % 1_000 == 0 and limit < value <= 1_000 * limit:
        remedy = Words(
            f"divide by 1000 and write {value // 1_000}", f"请除以 1000，写作 {value // 1_000}"
        )
        return fault("E1205", path, field=field, unit=_MILLISECONDS, remedy=remedy)
    return None


def too_early(field: str, path: str, latest: int) -> Fault | None:
    """Recognise a time of day in minutes or hours by its latest moment.

    Nobody's visit or shift is over by 00:24 at night; a shift over midnight counts on from 86,400.
    """
    if not 0 < latest <= DAY_MINUTES:
        return None
    hours = latest <= DAY_HOURS
    unit, factor = (HOURS, 3_600) if hours else (MINUTES, 60)
    return fault("E1206", path, field=field, unit=unit, factor=factor)


def too_short(field: str, path: str, value: int, usual_s: int) -> Fault | None:
    """Recognise a service length in minutes.

    Read as minutes it lies between half and twice what the catalogue says; as seconds it would be
    a thirtieth of that at most.
    """
    if usual_s <= 2 * 60 * value <= 4 * usual_s:
        return fault("E1206", path, field=field, unit=MINUTES, factor=60)
    return None


def bad_point(field: str, path: str, lon: object, lat: object) -> Fault | None:
    """Recognise projected metres, and longitude in the place of latitude.

    Parameters
    ----------
    field : ``lon`` or ``lat``, the one that is out of range.
    path : of that field.
    lon, lat : as they were given.
    """
    value = lon if field == "lon" else lat
    if _is_number(value) and abs(value) >= _PROJECTED:
        return fault("E1404", path, field=field)
    if _is_number(lon) and _is_number(lat) and abs(lon) <= 90 < abs(lat) <= 180:
        return fault("E1402", path)
    return None


def odd_point(path: str, lon: float, lat: float) -> Fault | None:
    """Recognise a point that is on the globe and yet cannot be meant.

    North of 73 degrees nobody is cared for at home; a pair that lies there, and in China once it is
    swapped, was swapped. (West China's longitudes do not exceed the range of a latitude.)
    """
    if lon == 0 and lat == 0:
        return fault("E1407", path)
    in_china = _CHINA_LON[0] <= lat <= _CHINA_LON[1] and _CHINA_LAT[0] <= lon <= _CHINA_LAT[1]
    return fault("E1402", path) if in_china else None


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
