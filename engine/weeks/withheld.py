"""Who could have served an unserved visit, but for rest and hours agreed over days."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.weeks import Programme, WeeklyWorker, Weeks
from engine.weeks.horizon import DayPlan, Withheld, WithheldReason
from engine.weeks.limits import LEAST_SHIFT_S, Limits, periods
from engine.weeks.staff import Staff, is_within

_TEXTS: dict[WithheldReason, tuple[str, str]] = {
    "rest": (
        "the rest before or after other shifts keeps from {programme} on {day}: {names}",
        "因与其他班次之间的休息时间，以下人员在 {day} 不能承担服务计划 {programme}：{names}",
    ),
    "weekly_hours": (
        "hours agreed for a week are used up for {programme} on {day}: {names}",
        "以下人员本周约定工时已用完，在 {day} 不能承担服务计划 {programme}：{names}",
    ),
    "monthly_hours": (
        "hours agreed for a month are used up for {programme} on {day}: {names}",
        "以下人员本月约定工时已用完，在 {day} 不能承担服务计划 {programme}：{names}",
    ),
}


def withheld_of(staff: Staff, days: Sequence[DayPlan]) -> tuple[Withheld, ...]:
    """Tell for every unserved visit whom rest or agreed hours keep from it."""
    weeks = staff.weeks
    limits = Limits(weeks)
    if not limits.bound:
        return ()
    number = {w.id: k for k, w in enumerate(weeks.workers)}
    programmes = {p.id: k for k, p in enumerate(weeks.programmes)}
    places = {day: k for k, day in enumerate(weeks.dates)}
    for made in days:
        limits.put(places[made.day], made.plan)
    found: list[Withheld] = []
    for made in days:
        d = places[made.day]
        for unserved in made.plan.unserved:
            p = programmes[unserved.order]
            kept: dict[WithheldReason, list[str]] = {}
            for worker in limits.bound:
                if staff.can(p, number[worker.id], d):
                    reason = _reason(
                        weeks, limits, worker, weeks.programmes[p], d, int(staff.load[p])
                    )
                    if reason is not None:
                        kept.setdefault(reason, []).append(worker.id)
            for reason, names in kept.items():
                told = {
                    "programme": unserved.order, "day": made.day, "names": ", ".join(names),
                }
                en, zh = _TEXTS[reason]
                found.append(Withheld(
                    programme=unserved.order, day=made.day, reason=reason, workers=tuple(names),
                    message=en.format(**told), message_zh=zh.format(**told),
                ))
    return tuple(found)


def _reason(
    weeks: Weeks, limits: Limits, worker: WeeklyWorker, programme: Programme, day: int, seconds: int
) -> WithheldReason | None:
    """Which of the agreed limits leaves a worker no time for a visit on a day, if one does."""
    shifts = weeks.shifts_on(worker, weeks.dates[day])
    rested = limits.allowed(worker, day)._replace(duty=None).shifts(shifts)
    windows, duration = programme.windows, weeks.duration(programme)
    if not any(is_within(windows, duration, shift) for shift in rested):
        return "rest"
    for period in periods(weeks, worker, day):
        if period.limit - limits.used(worker, period.days) < max(seconds, LEAST_SHIFT_S):
            return period.reason
    return None
