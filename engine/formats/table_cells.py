"""What stands in a cell of a table, and what it means: one ``Kind`` a way of writing.

``read`` takes what a spreadsheet or a CSV file holds and gives what native JSON would; ``write`` is
the way back. A cell whose text is in the right form but whose value is wrong passes on: the parser
tells that, once for JSON and tables alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from engine.domain.base import HORIZON_S
from engine.domain.faults import Words
from engine.domain.suspicions import clock_seconds
from engine.domain.weeks import WEEKDAYS
from engine.domain.words import clock

#: Chinese input methods type these; a clerk does not see the difference.
_HALF_WIDTH = str.maketrans("：；，、－–—−～＝（）．", ":;;;-----=().")
_EXCEL_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}
#: Day 0 of a spreadsheet: a time beyond 24:00 comes as a moment of one of its first days.
_EXCEL_EPOCH = datetime(1899, 12, 30)
_NONE = {"none", "无"}
_YES = {"yes", "y", "true", "1", "是", "对", "有"}
_NO = {"no", "n", "false", "0", "否", "不", "无"}

_WHOLE = Words("a whole number", "整数")
_NUMBER = Words("a number", "数字")
_MINUTES = Words("a number of minutes", "分钟数")
_YUAN = Words("an amount in yuan with at most two decimals", "金额（元，最多两位小数）")


class BadCell(Exception):
    """A cell that cannot be read: the code of the fault and its parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Kind(NamedTuple):
    """A way of writing a value in a cell."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def clean(value: object, *, free: bool = False) -> object:
    """Normalise a cell: trimmed, half-width punctuation, None where there is nothing.

    ``free`` text, such as the name of a service, keeps its own punctuation.

    Raises
    ------
    BadCell : ``E1514``, an error value of the spreadsheet.
    """
    if not isinstance(value, str):
        return value
    if value in _EXCEL_ERRORS:
        raise BadCell("E1514")
    return (value if free else value.translate(_HALF_WIDTH)).strip() or None


def _read_text(value: object) -> str:
    # Spreadsheets turn the id 1001 into a number, in CSV files it stays text.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _read_float(value: object, expected: Words) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError
        number = float(value)
        if not math.isfinite(number):
            raise ValueError
    except (ValueError, OverflowError):
        raise BadCell("E1507", expected=expected) from None
    return number


def _read_whole(value: object) -> int:
    number = _read_float(value, _WHOLE)
    if not number.is_integer():
        raise BadCell("E1507", expected=_WHOLE)
    return int(number)


def _read_minutes(value: object) -> int:
    return round(60 * _read_float(value, _MINUTES))


def _write_minutes(seconds: int) -> float | int:
    return seconds // 60 if seconds % 60 == 0 else seconds / 60


def _read_yuan(value: object) -> int:
    _read_float(value, _YUAN)
    try:
        cents = 100 * Decimal(str(value).strip())
    except InvalidOperation:
        raise BadCell("E1507", expected=_YUAN) from None
    if cents != int(cents):
        raise BadCell("E1507", expected=_YUAN)
    return int(cents)


def _write_yuan(cents: int) -> float | int:
    return cents // 100 if cents % 100 == 0 else float(Decimal(cents) / 100)


def _read_clock(value: object) -> int:
    seconds: float | None = None
    if isinstance(value, str):
        seconds = clock_seconds(value)
    elif isinstance(value, time):
        seconds = 3_600 * value.hour + 60 * value.minute + value.second
    elif isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, datetime):
        seconds = (value - _EXCEL_EPOCH).total_seconds()
    if seconds is None or not 0 <= seconds <= HORIZON_S:
        raise BadCell("E1506")
    return round(seconds)


def _read_yes(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = _read_text(value).casefold()
    if text not in _YES | _NO:
        raise BadCell("E1508")
    return text in _YES


def _parts(value: object) -> list[str]:
    return [part.strip() for part in re.split(r"[;,\n]", _read_text(value)) if part.strip()]


def _read_period(text: str) -> dict[str, int]:
    ends = [clock_seconds(part) for part in re.split(r"\s*(?:-|至|到)\s*", text)]
    if len(ends) != 2 or None in ends:
        raise BadCell("E1509")
    return {"start_s": ends[0] or 0, "end_s": ends[1] or 0}


def _read_windows(value: object) -> list[dict[str, int]]:
    return [_read_period(part) for part in _parts(value)]


def _write_windows(windows: list[dict[str, int]]) -> str:
    return "; ".join(f"{clock(w['start_s'])}-{clock(w['end_s'])}" for w in windows)


#: A break in a cell of shifts: when it may start, and its minutes.
_BREAK = re.compile(r"\s+(?:break|休息)\s*(\S+?)\s*/\s*([\d.]+)", re.IGNORECASE)


def _short(seconds: int) -> str:
    """Minutes as they stand inside a cell; so exact that the seconds come back."""
    return f"{seconds / 60:.7g}"


def _read_shifts(value: object) -> list[dict[str, Any]]:
    shifts = []
    for k, part in enumerate(_parts(value), start=1):
        name, equals, period = _BREAK.sub("", part).rpartition("=")
        shift = {"id": name.strip() if equals else f"s{k}", **_read_period(period.strip())}
        breaks = []
        for when, minutes in _BREAK.findall(part):
            span = _read_period(when)
            breaks.append({
                "early_s": span["start_s"], "late_s": span["end_s"],
                "length_s": _read_minutes(minutes),
            })
        shifts.append({**shift, "breaks": breaks} if breaks else shift)
    return shifts


def _write_shifts(shifts: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{s['id']}={clock(s['start_s'])}-{clock(s['end_s'])}" + "".join(
            f" break {clock(b['early_s'])}-{clock(b['late_s'])}/{_short(b['length_s'])}"
            for b in s.get("breaks", ())
        )
        for s in shifts
    )


def _read_day(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = _read_text(value)
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text, re.ASCII)
    return f"{parts[1]}-{int(parts[2]):02d}-{int(parts[3]):02d}" if parts else text


def names(aliases: Mapping[str, str]) -> Kind:
    """Make the kind of a single id or choice that may also be written in Chinese."""

    def read(value: object) -> str:
        text = _read_text(value)
        return aliases.get(text.casefold(), text)

    return Kind(read, str)


def name_list(aliases: Mapping[str, str], *, nullable: bool = False) -> Kind:
    """Make the kind of a list of ids.

    ``nullable``: an empty cell means "no restriction", so an empty list is written "none".
    """

    def read(value: object) -> list[str]:
        if nullable and _read_text(value).casefold() in _NONE:
            return []
        return [aliases.get(part.casefold(), part) for part in _parts(value)]

    def write(items: list[str]) -> str:
        return "; ".join(items) or ("none" if nullable else "")

    return Kind(read, write)


def pairs(aliases: Mapping[str, str]) -> Kind:
    """Make the kind of whole numbers by name: ``portions=40; boxes=2``."""

    def read(value: object) -> dict[str, int]:
        found: dict[str, int] = {}
        for part in _parts(value):
            name, equals, number = (piece.strip() for piece in part.partition("="))
            name = aliases.get(name.casefold(), name)
            if not equals or not re.fullmatch(r"-?\d{1,12}", number, re.ASCII) or name in found:
                raise BadCell("E1510")
            found[name] = int(number)
        return found

    return Kind(read, lambda numbers: "; ".join(f"{k}={v}" for k, v in numbers.items()))


def certificates(aliases: Mapping[str, str]) -> Kind:
    """Make the kind of skills with the last day on which each is valid: ``bathing=2027-06-30``."""

    def read(value: object) -> list[dict[str, str]]:
        entries = []
        for part in _parts(value):
            name, equals, day = (piece.strip() for piece in part.partition("="))
            entry = {"skill": aliases.get(name.casefold(), name)}
            entries.append({**entry, "valid_until": _read_day(day)} if equals else entry)
        return entries

    def write(entries: list[dict[str, str]]) -> str:
        return "; ".join(
            f"{e['skill']}={e['valid_until']}" if e.get("valid_until") else e["skill"]
            for e in entries
        )

    return Kind(read, write)


_WEEKDAY_ZH = "一二三四五六日"


def _read_weekdays(value: object) -> list[str]:
    """``mon-fri; sun``, also 周一至周五; what is no weekday passes on."""
    found: list[str] = []
    for part in _parts(value):
        ends: list[str] = []
        for text in re.split(r"\s*(?:-|至|到)\s*", part):
            zh = re.sub("^(?:星期|周|礼拜)", "", text).replace("天", "日")
            if len(zh) == 1 and zh in _WEEKDAY_ZH:
                ends.append(WEEKDAYS[_WEEKDAY_ZH.index(zh)])
            else:
                short = text.casefold()[:3]
                ends.append(short if text.isascii() and short in WEEKDAYS else text)
        if len(ends) == 2 and {*ends} <= {*WEEKDAYS}:
            week: list[str] = [*WEEKDAYS]
            first, last = map(week.index, ends)
            ends = [week[(first + k) % 7] for k in range((last - first) % 7 + 1)]
        found += [day for day in ends if day not in found]
    return found


_MEMBER = re.compile(r"(?:([^=+@/]+)=)?([^=@/]*)(?:@([^=@/]+))?(?:/([\d.]+))?")


def team(skills: Mapping[str, str], roles: Mapping[str, str]) -> Kind:
    """Make the kind of a team: ``lead=bathing@caregiver+nurse/60; helper=-``, or "none".

    Name, skills (a dash: none), roles and minutes of each member; most may be missing.
    """

    def several(text: str | None, aliases: Mapping[str, str]) -> list[str]:
        parts = (part.strip() for part in (text or "").split("+"))
        return [aliases.get(part.casefold(), part) for part in parts if part.strip("-")]

    def read(value: object) -> list[dict[str, Any]]:
        if _read_text(value).casefold() in _NONE:
            return []
        members = []
        for part in _parts(value):
            found = _MEMBER.fullmatch(part)
            if found is None:
                raise BadCell("E1517")
            name, held, of, minutes = found.groups()
            member: dict[str, Any] = {"id": name.strip()} if name else {}
            if several(held, skills):
                member["skills"] = several(held, skills)
            if several(of, roles):
                member["roles"] = several(of, roles)
            if minutes:
                member["service_duration_s"] = _read_minutes(minutes)
            members.append(member)
        return members

    def write(members: list[dict[str, Any]]) -> str:
        return "; ".join(
            (f"{m['id']}=" if m.get("id") else "")
            + ("+".join(m.get("skills", ())) or "-")
            + (f"@{'+'.join(m['roles'])}" if m.get("roles") else "")
            + (f"/{_short(m['service_duration_s'])}" if "service_duration_s" in m else "")
            for m in members
        ) or "none"

    return Kind(read, write)


_AFTER = re.compile(r"([^=\s]+)\s*=\s*([\d.]+)\s*-\s*([\d.]+)(?:\s+(\S+))?")
_WHO = {"same": "same_worker", "同一人": "same_worker", "other": "different_worker",
        "另一人": "different_worker"}


def _read_after(value: object) -> dict[str, Any]:
    """``O12=100-140 same``: order, minutes, and whether the same or another worker comes."""
    found = _AFTER.fullmatch(_read_text(value).strip())
    if found is None or (found[4] and found[4].casefold() not in _WHO):
        raise BadCell("E1518")
    after: dict[str, Any] = {
        "order": found[1], "min_gap_s": _read_minutes(found[2]),
        "max_gap_s": _read_minutes(found[3]),
    }
    return {**after, _WHO[found[4].casefold()]: True} if found[4] else after


def _write_after(after: dict[str, Any]) -> str:
    who = " same" if after.get("same_worker") else " other" if after.get("different_worker") else ""
    least = _short(after.get("min_gap_s", 0))
    return f"{after['order']}={least}-{_short(after['max_gap_s'])}{who}"


TEXT = Kind(_read_text, str)
FREE_TEXT = Kind(lambda value: _read_text(value), str)  # told apart from TEXT by identity
WHOLE = Kind(_read_whole, int)
NUMBER = Kind(lambda value: _read_float(value, _NUMBER), float)
MINUTES = Kind(_read_minutes, _write_minutes)
YUAN = Kind(_read_yuan, _write_yuan)
CLOCK = Kind(_read_clock, clock)
YES_NO = Kind(_read_yes, lambda value: "yes" if value else "no")
WINDOWS = Kind(_read_windows, _write_windows)
SHIFTS = Kind(_read_shifts, _write_shifts)
PAIRS = pairs({})
AFTER = Kind(_read_after, _write_after)
DAY = Kind(_read_day, str)
WEEKDAY_LIST = Kind(_read_weekdays, "; ".join)
