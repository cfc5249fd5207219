"""Speeds by the hour of the day: factors that a user gives, turned into a few networks with their own times.

A day is cut where a factor changes; hours with equal factors share one network. Whoever asks names the departure, and
the speeds of that moment hold for the whole trip. So travel is not first in, first out at a border between two
periods: leaving a minute later, with the faster speeds, may arrive earlier. Periods of an hour or more and trips of some
minutes make that rare; nothing here waits for a faster hour.
"""  # noqa: E501

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.errors import NetworkError
from geodata.files import check_file
from geodata.profiles import CLASS_INDEX, CLOSED, PROFILES, ROAD_CLASSES

if TYPE_CHECKING:
    from geodata.network import Network

DAY: Final = 86_400
ANY: Final = "*"
COLUMNS: Final = ("profile", "road_class", "from", "to", "factor")
_SMALLEST, _LARGEST = 0.05, 5.0


class SpeedRule(NamedTuple):
    """One line of a user's table: for whom, where, when, and how much faster than usual.

    Attributes
    ----------
    profile : a profile's name, or ``*`` for all.
    road_class : one of ``ROAD_CLASSES``, or ``*`` for all.
    start, end : seconds since midnight, the end not included; a rule whose end comes before its
        start runs over midnight.
    factor : times the usual speed: 0.5 is half as fast, so twice as long.
    """

    profile: str
    road_class: str
    start: int
    end: int
    factor: float


class SpeedPeriods(NamedTuple):
    """Networks by departure.

    Attributes
    ----------
    starts : seconds since midnight at which a period begins, the first is 0, shape (p,), int32.
    which : index into ``networks`` of each period, shape (p,), int32.
    networks : one per distinct set of factors; the same streets with other times.
    """

    starts: NDArray[np.int32]
    which: NDArray[np.int32]
    networks: tuple[Network, ...]

    def at(self, departure: int, weekday: int = 0) -> Network:
        """Network whose times and turn restrictions hold for a departure; see ``Network.at``."""
        period = int(np.searchsorted(self.starts, departure % DAY, side="right")) - 1
        return self.networks[int(self.which[period])].at(departure, weekday)


def read_speeds(path: str | os.PathLike[str]) -> tuple[SpeedRule, ...]:
    """Read speed factors from a CSV file: ``profile,road_class,from,to,factor``.

    ``from`` and ``to`` are ``HH:MM``, up to ``24:00``; ``*`` stands for every profile or class. Of two
    lines that meet, the later one counts. UTF-8, or GB 18030 as Chinese spreadsheets write it.

    Raises
    ------
    NetworkError : ``E3001`` to ``E3010`` the file, ``E3701`` columns, ``E3702`` a value, with its
        line and column.
    """  # noqa: E501
    source = check_file(path)
    data = source.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise NetworkError(
            "E3701", path=source, missing=", ".join(missing), columns=",".join(COLUMNS)
        )
    rules = []
    for row in reader:
        cells = {column: (row[names[column]] or "").strip() for column in COLUMNS}
        if any(cells.values()) and not cells["profile"].startswith("#"):
            rules.append(_read_rule(cells, str(source), reader.line_num))
    return tuple(rules)


def speed_periods(network: Network, rules: Iterable[SpeedRule]) -> SpeedPeriods:
    """Networks by departure under a table of speed factors; see ``Network.with_speeds``.

    An edge takes the factor of its road class, which is that of its longest piece; its time is
    divided by it and rounded to a millisecond, at least 1.

    Raises
    ------
    NetworkError : ``E3702``, a rule names no profile or class, or no time or factor that can be.
    """
    table = list(rules)
    for place, rule in enumerate(table, 1):
        _check(rule, "SpeedRule", place)
    cuts = {0, *(second % DAY for rule in table for second in (rule.start, rule.end))}
    starts: list[int] = []
    which: list[int] = []
    known: dict[bytes, int] = {}
    networks: list[Network] = []
    for start in sorted(cuts):
        factor = _factors(table, start)
        index = known.setdefault(factor.tobytes(), len(networks))
        if index == len(networks):
            networks.append(_with_factors(network, factor))
        if not which or which[-1] != index:
            starts.append(start)
            which.append(index)
    return SpeedPeriods(np.array(starts, np.int32), np.array(which, np.int32), tuple(networks))


def _factors(table: Sequence[SpeedRule], second: int) -> NDArray[np.float64]:
    """Factor per profile and road class at a second of the day, in the order of the tables."""
    factor = np.ones((len(PROFILES), len(ROAD_CLASSES)))
    profiles = list(PROFILES)
    for rule in table:
        start, end = rule.start, rule.end
        holds = start <= second < end if start < end else second >= start or second < end
        if holds:
            rows = slice(None) if rule.profile == ANY else profiles.index(rule.profile)
            columns = slice(None) if rule.road_class == ANY else CLASS_INDEX[rule.road_class]
            factor[rows, columns] = rule.factor
    return factor


def _with_factors(network: Network, factor: NDArray[np.float64]) -> Network:
    if (factor == 1.0).all():
        return network
    time_ms = {}
    for row, profile in enumerate(PROFILES):
        if profile not in network.time_ms:
            continue
        usual = network.time_ms[profile]
        slowed = np.rint(usual / factor[row][network.road_class])
        slowed = np.clip(slowed, 1, CLOSED - 1).astype(np.int32)
        time_ms[profile] = np.where(usual == CLOSED, np.int32(CLOSED), slowed)
    return network.with_times(time_ms)


def _read_rule(cells: dict[str, str], path: str, line: int) -> SpeedRule:
    def refuse(column: str, expected: str) -> NetworkError:
        return NetworkError(
            "E3702", path=path, line=line, column=column, value=cells[column], expected=expected
        )

    seconds = []
    for column in ("from", "to"):
        hours, colon, minutes = cells[column].partition(":")
        whole = hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()
        if not colon or not whole or int(minutes) > 59 or int(hours) * 60 + int(minutes) > 1440:
            raise refuse(column, "00:00-24:00")
        seconds.append(int(hours) * 3600 + int(minutes) * 60)
    try:
        factor = float(cells["factor"])
    except ValueError:
        raise refuse("factor", f"{_SMALLEST}-{_LARGEST}") from None
    rule = SpeedRule(cells["profile"], cells["road_class"], seconds[0], seconds[1], factor)
    _check(rule, path, line)
    return rule


def _check(rule: SpeedRule, path: str, line: int) -> None:
    faults: list[tuple[str, object, str]] = []
    if rule.profile not in (*PROFILES, ANY):
        faults.append(("profile", rule.profile, ", ".join((*PROFILES, ANY))))
    if rule.road_class not in (*ROAD_CLASSES, ANY):
        faults.append(("road_class", rule.road_class, ", ".join((*ROAD_CLASSES, ANY))))
    if not 0 <= rule.start < DAY:
        faults.append(("from", rule.start, f"0 <= from < {DAY} s"))
    if not 0 <= rule.end <= DAY or rule.end == rule.start:
        faults.append(("to", rule.end, f"0 <= to <= {DAY} s, to != from"))
    if not _SMALLEST <= rule.factor <= _LARGEST:  # NaN is refused, too
        faults.append(("factor", rule.factor, f"{_SMALLEST}-{_LARGEST}"))
    for column, value, expected in faults:
        raise NetworkError(
            "E3702", path=path, line=line, column=column, value=value, expected=expected
        )
