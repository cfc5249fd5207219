"""Why a visit that is due has no day: the first of a few rules without which it would have one."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.weeks import Programme, Weeks
from engine.weeks.calendar import best_days, calendar_of
from engine.weeks.horizon import Missing, MissingReason
from engine.weeks.sequences import groups_of, merge
from engine.weeks.spread import Spread

_TEXTS: dict[MissingReason, tuple[str, str]] = {
    "client_away": (
        "the client is away on the days on which {programme} could be",
        "服务计划 {programme} 可安排的日子里服务对象均不在家",
    ),
    "holiday": (
        "holidays leave no day for {programme} that its weekdays and gaps allow",
        "因节假日，服务计划 {programme} 没有符合星期和间隔要求的日子",
    ),
    "spacing": (
        "no day keeps the gaps of {programme} ({gaps} days) and its weekdays",
        "没有日子同时符合服务计划 {programme} 的间隔（{gaps} 天）和星期要求",
    ),
    "sequence": (
        "no day suits {programme} and the programmes that share its days",
        "没有日子同时适合服务计划 {programme} 及与其同日安排的服务计划",
    ),
    "entitlement": (
        "what is paid for is used up: {entries}",
        "可用额度已用完：{entries}",
    ),
}


def missing_of(weeks: Weeks, found: Spread) -> tuple[Missing, ...]:
    """Tell every visit that was left out of the calendar, and why."""
    missing = []
    group_of = {p: group for group in groups_of(weeks.programmes) for p in group}
    for p, days in enumerate(found.days):
        if None not in days:
            continue
        programme = weeks.programmes[p]
        together = [weeks.programmes[q] for q in group_of[p]]
        reason = _reason(weeks, programme, together, days.count(None))
        names = [weeks.entitlements[k].id for k in found.budget.covering[p]]
        most = programme.max_gap_days
        params = {
            "programme": programme.id,
            "gaps": f"{programme.min_gap_days}-{most}" if most else f">= {programme.min_gap_days}",
            "entries": ", ".join(names) or "-",
        }
        en, zh = _TEXTS[reason]
        for slot, day in zip(found.calendars[p].slots, days, strict=True):
            if day is None:
                missing.append(Missing(
                    programme=programme.id,
                    first_day=weeks.dates[slot.first],
                    last_day=weeks.dates[slot.last],
                    reason=reason,
                    message=en.format(**params),
                    message_zh=zh.format(**params),
                ))
    return tuple(missing)


def _reason(
    weeks: Weeks, programme: Programme, together: Sequence[Programme], n_missing: int
) -> MissingReason:
    """Leave out one rule after the other, entitlements first, until fewer visits are missing."""
    flat = [0] * weeks.days

    def absent(programmes: Sequence[Programme], **parts: bool) -> int:
        calendar = merge([calendar_of(weeks, p, **parts) for p in programmes])
        return best_days(calendar, flat)[1].count(None)

    if absent(together) < n_missing:
        return "entitlement"
    if absent(together, absences=False) < n_missing:
        return "client_away"
    if absent(together, holidays=False) < n_missing:
        return "holiday"
    if len(together) > 1 and absent([programme]) < n_missing:
        return "sequence"
    return "spacing"
