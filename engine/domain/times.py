"""The second gate, times: windows, shifts, dates, and how they fit each other.

A window that no shift touches is a fault of the input, not a result: nobody could be promised it.
A window that only the wrong people work in is a result with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import combinations, pairwise
from typing import Any

from engine.domain.faults import fault
from engine.domain.orders import BaseOrder
from engine.domain.reading import Ledger, Reading
from engine.domain.services import SERVICES
from engine.domain.suspicions import DAY_MINUTES, too_early, too_short
from engine.domain.words import clock, shown

#: Certificates of people at work today are younger, and plans are not made for the past century.
_FIRST_YEAR = 1990
#: A plan for a later day is a typing mistake; certificates may say 9999 for "does not expire".
_LAST_PLAN_YEAR = 2100
_MAX_SHIFTS_TOLD = 4

Interval = tuple[int, int]


def check_times(reading: Reading, ledger: Ledger) -> None:
    """Tell windows, shifts and dates that contradict themselves or each other."""
    _check_day(reading, ledger)
    working, in_seconds = _check_shifts(reading, ledger)
    if not reading.groups["workers"].complete("shifts"):
        working = []
    usual = {s.id: s.service_duration_s for s in SERVICES}
    usual |= {s.id: s.service_duration_s for _, _, s in reading.walk("services")}
    for _, i, order in reading.walk("orders"):
        if order.windows:
            _check_windows(i, order, working, in_seconds, ledger)
        if order.service_duration_s and order.__class__ is not BaseOrder:
            found = too_short(
                "service_duration_s", f"orders[{i}].service_duration_s",
                order.service_duration_s, usual.get(order.service, 0),
            )
            if found:
                ledger.add_unless_broken(found)


def _check_day(reading: Reading, ledger: Ledger) -> None:
    day = reading.raw.get("day")
    text = day.isoformat() if isinstance(day, date) else day
    if isinstance(text, str) and not f"{_FIRST_YEAR}" <= text[:4] <= f"{_LAST_PLAN_YEAR}":
        ledger.add_unless_broken(fault("E1207", "day", field="day"))


def _check_shifts(reading: Reading, ledger: Ledger) -> tuple[list[Interval], bool]:
    """Check every worker's shifts.

    Returns
    -------
    working : when anybody is at work, merged and sorted.
    in_seconds : False where shifts look as if they were given in another unit.
    """
    intervals: list[Interval] = []
    in_seconds = True
    for _, i, worker in reading.walk("workers"):
        for j, certificate in enumerate(worker.certificates):
            until = certificate.valid_until
            if until is not None and until.year < _FIRST_YEAR:
                path = f"workers[{i}].certificates[{j}].valid_until"
                ledger.add_unless_broken(fault("E1207", path, field="valid_until"))
        own = []
        for j, shift in enumerate(worker.shifts):
            path = f"workers[{i}].shifts[{j}].end_s"
            found = too_early("end_s", path, shift.end_s)
            if found:
                in_seconds = False
            elif shift.end_s <= shift.start_s:
                found = fault("E1203", path, start=clock(shift.start_s), end=clock(shift.end_s))
            else:
                own.append((shift.start_s, shift.end_s, j))
            if found:
                ledger.add_unless_broken(found)
        _check_overlaps(i, worker, sorted(own), ledger)
        intervals += [(start, end) for start, end, _ in own]
    return merge(intervals), in_seconds


def _check_overlaps(
    i: int, worker: Any, shifts: list[tuple[int, int, int]], ledger: Ledger
) -> None:
    for (_, end, a), (start, later_end, b) in combinations(shifts, 2):
        if start < end and _share_a_day(worker.shifts[a], worker.shifts[b]):  # may touch
            ledger.add_unless_broken(fault(
                "E1204", f"workers[{i}].shifts[{b}]", start=clock(start), end=clock(later_end),
                other=shown(worker.shifts[a].id),
            ))


def _share_a_day(one: Any, other: Any) -> bool:
    days, others = getattr(one, "weekdays", None), getattr(other, "weekdays", None)
    return not (days and others) or not set(days).isdisjoint(others)


def _check_windows(
    i: int, order: Any, working: list[Interval], in_seconds: bool, ledger: Ledger
) -> None:
    windows = [(w.start_s, w.end_s) for w in order.windows]
    if len(windows) == 1 and in_seconds:  # nearly every order: nothing to tell, quickly
        start, end = windows[0]
        if start <= end and (not working or touches(windows[0], working)):
            return
    path = f"orders[{i}].windows"
    reversed_ = [j for j, (start, end) in enumerate(windows) if end < start]
    for j in reversed_:
        start, end = windows[j]
        ledger.add_unless_broken(
            fault("E1201", f"{path}[{j}].end_s", start=clock(start), end=clock(end))
        )
    if reversed_:
        return
    if len(windows) > 1:
        order_of_start = sorted(range(len(windows)), key=windows.__getitem__)
        for a, b in pairwise(order_of_start):
            if windows[b][0] < windows[a][1]:
                start, end = windows[b]
                ledger.add_unless_broken(
                    fault("E1208", f"{path}[{b}]", start=clock(start), end=clock(end))
                )
    outside = working and not any(touches(window, working) for window in windows)
    if not outside and in_seconds:
        return
    latest = max(end for _, end in windows)
    guess = too_early("end_s", path, latest) if latest <= DAY_MINUTES else None
    if guess:
        ledger.add_unless_broken(guess)
    elif outside:
        told = ", ".join(f"{clock(a)}-{clock(b)}" for a, b in working[:_MAX_SHIFTS_TOLD])
        more = ", ..." if len(working) > _MAX_SHIFTS_TOLD else ""
        ledger.add_unless_broken(fault("E1202", path, shifts=told + more))


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Join intervals that overlap or touch, sorted."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def touches(window: Interval, working: list[Interval]) -> bool:
    """Whether a closed window has a moment in common with one of a few merged intervals."""
    return any(window[0] <= end and start <= window[1] for start, end in working)
