"""Weeks in one call, on the straight road of ``care_builders``; the first day is a Monday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from engine.domain.weeks import Absence, Programme, WeeklyShift, WeeklyWorker, Weeks
from engine.domain.workers import Certificate
from engine.travel import Travel
from engine.weeks.plan import WeeksParams, WeeksResult, plan_weeks
from tests.care_builders import DAY, centre, client, hour, line_travel, window

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def day(k: int) -> date:
    """The ``k``-th day of the horizon, from 0."""
    return DAY + timedelta(days=k)


def worker(id: str, *skills: str, weekdays: Sequence[str] | None = None, **kw: Any) -> WeeklyWorker:
    shift = WeeklyShift(
        id="day", start_s=hour(8), end_s=hour(17),
        weekdays=None if weekdays is None else tuple(weekdays),  # type: ignore[arg-type]
    )
    kw.setdefault("start", "base")
    kw.setdefault("shifts", (shift,))
    return WeeklyWorker(id=id, certificates=tuple(Certificate(skill=s) for s in skills), **kw)


def programme(id: str, client: str, service: str = "check_in", **kw: Any) -> Programme:
    if not {"visits_per_week", "every_weeks", "visits"} & set(kw):
        kw["visits_per_week"] = 1
    kw.setdefault("windows", (window(8, 17),))
    return Programme(id=id, client=client, service=service, **kw)


def away(who: str, first: int, last: int, kind: str = "client") -> Absence:
    return Absence(**{kind: who}, from_day=day(first), until_day=day(last))


def weeks(**kw: Any) -> Weeks:
    kw.setdefault("centres", (centre(),))
    kw.setdefault("days", 14)
    kw.setdefault("clients", (client("c", 3),))
    kw.setdefault("workers", (worker("w"),))
    for key, value in kw.items():
        if isinstance(value, list):
            kw[key] = tuple(value)
    return Weeks(id="weeks", first_day=DAY, **kw)


def travel(given: Weeks) -> Travel:
    return line_travel(given.base)


def plan(given: Weeks, *, iterations: int = 300, **kw: Any) -> WeeksResult:
    params = WeeksParams(seconds=None, iterations=iterations, **kw)
    return plan_weeks(given, params, travel=travel(given))


def visits(result: WeeksResult) -> dict[str, dict[int, str]]:
    """Programme -> day -> worker, of all that is served."""
    found: dict[str, dict[int, str]] = {}
    for made in result.plan.days:
        for route in made.plan.routes:
            for trip in route.trips:
                for stop in trip.stops:
                    found.setdefault(stop.order, {})[(made.day - DAY).days] = route.worker
    return found


def neighbourhood(n: int = 12, **kw: Any) -> Weeks:
    """``n`` clients along the road with two visits a week, and four workers who could all do it."""
    return weeks(
        clients=[client(f"c{k}", 2 + k) for k in range(n)],
        workers=[worker(f"w{k}", weekdays=WEEKDAYS, cost_per_shift_cents=500) for k in range(4)],
        programmes=[
            programme(f"p{k}", f"c{k}", visits_per_week=2, min_gap_days=2, weekdays=WEEKDAYS,
                      windows=(window(8, 12) if k % 2 else window(12, 16),),
                      service_duration_s=3_600)
            for k in range(n)
        ],
        **kw,
    )
