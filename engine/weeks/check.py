"""The independent checker of weeks: the calendar of visits read against what was promised.

Written from the promises alone: it looks at the weeks as given, and at who visits whom when in the
plans, and has no part in how they were made. Every day's plan goes through the checker of days too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from engine.check import check_plan
from engine.domain.plan import Stop
from engine.domain.problem import Problem
from engine.domain.weeks import OVER_DAYS, WEEKDAYS, Programme, Weeks
from engine.rules.base import Text, Violation
from engine.travel import Travel
from engine.weeks.days import cut_travel
from engine.weeks.horizon import WeeksPlan

#: code -> (rule, how it is told).
CODES: dict[str, tuple[str, Text]] = {
    "P2500": ("weeks", Text(
        "the plan was made for other weeks: fingerprint {stated}, not {own}",
        "该计划不是为此周期所做：指纹为 {stated}，应为 {own}",
    )),
    "P2501": ("weeks", Text(
        "there is no programme {programme}", "不存在服务计划 {programme}",
    )),
    "P2502": ("weeks", Text(
        "{day} is not a day of the horizon, or comes twice", "{day} 不在周期内，或重复出现",
    )),
    "P2503": ("weeks", Text(
        "the order of programme {programme} differs from it in {field}",
        "服务计划 {programme} 的工单与计划的 {field} 不一致",
    )),
    "P2510": ("frequency", Text(
        "programme {programme} has {found} visits from {first} to {last}, told ones that are not "
        "served included; {due} are due",
        "服务计划 {programme} 在 {first} 至 {last} 有 {found} 次（含已说明未服务的），"
        "应为 {due} 次",
    )),
    "P2511": ("frequency", Text(
        "a visit of programme {programme} is missing and no reason is told",
        "服务计划 {programme} 缺少一次服务，且未说明原因",
    )),
    "P2520": ("spacing", Text(
        "programme {programme}: {gap} days from {day} to {later}; at least {least}",
        "服务计划 {programme}：{day} 至 {later} 间隔 {gap} 天，至少应为 {least} 天",
    )),
    "P2521": ("spacing", Text(
        "programme {programme}: {gap} days that count from {day} to {later}; at most {most}",
        "服务计划 {programme}：{day} 至 {later} 间隔 {gap} 个计数日，最多 {most} 天",
    )),
    "P2530": ("weekdays", Text(
        "programme {programme} is visited on {day}, a {weekday}, which it does not allow",
        "服务计划 {programme} 在 {day}（{weekday}）有服务，不在其可选星期内",
    )),
    "P2531": ("weekdays", Text(
        "programme {programme} is visited on the holiday {day}",
        "服务计划 {programme} 在节假日 {day} 有服务",
    )),
    "P2540": ("absences", Text(
        "client {client} is away on {day}, when programme {programme} is visited",
        "服务对象 {client} 在 {day} 不在家，而服务计划 {programme} 当日有服务",
    )),
    "P2541": ("absences", Text(
        "worker {worker} is not at work on {day} from {start_s} s to {end_s} s",
        "服务人员 {worker} 在 {day} 的 {start_s} 秒至 {end_s} 秒不在岗",
    )),
    "P2542": ("rest", Text(
        "worker {worker} ends at {end} on {day} and leaves at {leave} on {later}: {found} s of "
        "rest, {least} s are agreed",
        "服务人员 {worker} 于 {day} {end} 结束，{later} {leave} 出发：休息 {found} 秒，"
        "约定至少 {least} 秒",
    )),
    "P2543": ("hours", Text(
        "worker {worker} is on duty for {found} s in the week from {first}; {limit} s are agreed",
        "服务人员 {worker} 在 {first} 起的一周内值勤 {found} 秒，约定上限为 {limit} 秒",
    )),
    "P2544": ("hours", Text(
        "worker {worker} is on duty for {found} s in {month}; {limit} s are agreed",
        "服务人员 {worker} 在 {month} 值勤 {found} 秒，约定上限为 {limit} 秒",
    )),
    "P2550": ("entitlements", Text(
        "entitlement {entry} covers {limit} {unit} in {month}; {used} are planned or used",
        "额度 {entry} 在 {month} 为 {limit} {unit_zh}，已使用或已安排 {used}",
    )),
    "P2560": ("windows", Text(
        "programme {programme} starts at {start} s on {day}, in none of its windows",
        "服务计划 {programme} 在 {day} 的开始时间 {start} 秒不在其任何时间窗内",
    )),
    "P2570": ("sequences", Text(
        "programme {programme} comes after {other}; on {day} only one of them is visited",
        "服务计划 {programme} 须安排在 {other} 之后，而 {day} 只安排了其中一项",
    )),
}


class _Visit(NamedTuple):
    path: str
    day: date
    worker: str
    programme: Programme
    stop: Stop


def check_weeks(weeks: Weeks, plan: WeeksPlan, travel: Travel) -> list[Violation]:
    """Read plans over weeks against the promises; empty: every one is kept.

    Parameters
    ----------
    weeks : what was asked.
    plan : the answer; nothing that it states is taken for true.
    travel : the ways between all points of the weeks.
    """
    found: list[Violation] = []
    if plan.weeks_fingerprint != weeks.fingerprint:
        found.append(_broken(
            "P2500", "weeks_fingerprint", stated=plan.weeks_fingerprint, own=weeks.fingerprint
        ))
    visits: list[_Visit] = []
    told: dict[str, list[tuple[date, date]]] = {}
    seen = set[date]()
    for k, made in enumerate(plan.days):
        base = f"days[{k}]"
        if made.day not in weeks.dates or made.day in seen or made.problem.day != made.day:
            found.append(_broken("P2502", base, day=made.day))
        seen.add(made.day)
        for violation in check_plan(made.problem, made.plan, cut_travel(travel, made.problem)):
            found.append(violation._replace(path=f"{base}.plan.{violation.path}"))
        found += _check_problem(weeks, made.problem, made.day, base)
        for unserved in made.plan.unserved:
            told.setdefault(unserved.order, []).append((made.day, made.day))
        for r, route in enumerate(made.plan.routes):
            for t, trip in enumerate(route.trips):
                for s, stop in enumerate(trip.stops):
                    programme = weeks.programme_by_id.get(stop.order)
                    if programme is not None:
                        path = f"{base}.plan.routes[{r}].trips[{t}].stops[{s}]"
                        visits.append(_Visit(path, made.day, route.worker, programme, stop))
    for k, absent in enumerate(plan.missing):
        told.setdefault(absent.programme, []).append((absent.first_day, absent.last_day))
        if absent.programme not in weeks.programme_by_id:
            found.append(_broken("P2501", f"missing[{k}]", programme=absent.programme))
        if not absent.message.strip() or not absent.message_zh.strip():
            found.append(_broken("P2511", f"missing[{k}]", programme=absent.programme))
    for visit in visits:
        found += _check_visit(weeks, visit)
    # Members of a team who come on the same day make one visit; the day's checker counts them.
    visits = list({(v.programme.id, v.day): v for v in visits}.values())
    of_programme: dict[str, list[_Visit]] = {}
    for visit in sorted(visits, key=lambda v: v.day):
        of_programme.setdefault(visit.programme.id, []).append(visit)
    for p, programme in enumerate(weeks.programmes):
        own = of_programme.get(programme.id, [])
        found += _check_dates(weeks, programme, f"programmes[{p}]", own, told)
        if programme.after is not None:
            other = programme.after.order
            days = {v.day for v in own} ^ {v.day for v in of_programme.get(other, ())}
            for day in sorted(days):
                found.append(_broken(
                    "P2570", f"programmes[{p}]", programme=programme.id, other=other, day=day
                ))
    return [*found, *_check_entitlements(weeks, visits), *_check_duties(weeks, plan)]


def _broken(code: str, path: str, **params: object) -> Violation:
    rule, text = CODES[code]
    return Violation(code, rule, path, text.en.format(**params), text.zh.format(**params))


def _check_problem(
    weeks: Weeks, problem: Problem, day: date, base: str
) -> Iterator[Violation]:
    """Whether a day's orders are those of the programmes, and its shifts those that are worked."""
    for i, order in enumerate(problem.orders):
        path = f"{base}.problem.orders[{i}]"
        programme = weeks.programme_by_id.get(order.id)
        if programme is None:
            yield _broken("P2501", path, programme=order.id)
            continue
        for name in type(order).model_fields:
            if name != "windows" and getattr(order, name) != getattr(programme, name):
                yield _broken("P2503", path, programme=programme.id, field=name)
    for i, client in enumerate(problem.clients):
        own = weeks.client_by_id.get(client.id)
        # Whom a client knows grows from day to day.
        if own is None or own != client.model_copy(update={"known_workers": own.known_workers}):
            yield _broken("P2503", f"{base}.problem.clients[{i}]", programme="-", field="client")
    for i, worker in enumerate(problem.workers):
        known = weeks.worker_by_id.get(worker.id)
        for j, shift in enumerate(worker.shifts):
            worked = known is not None and any(
                # Rest may cut a shift short; it never makes it longer.
                s.start_s <= shift.start_s and shift.end_s <= s.end_s
                and (s.id, s.breaks) == (shift.id, shift.breaks)
                and (s.weekdays is None or WEEKDAYS[day.weekday()] in s.weekdays)
                for s in known.shifts
            )
            off = any(
                a.worker == worker.id and a.from_day <= day <= a.until_day for a in weeks.absences
            )
            if not worked or off:
                yield _broken(
                    "P2541", f"{base}.problem.workers[{i}].shifts[{j}]", worker=worker.id, day=day,
                    start_s=shift.start_s, end_s=shift.end_s,
                )
        if known is not None and (any(
            getattr(known, name) != getattr(worker, name)
            for name in type(worker).model_fields
            if name not in ("shifts", "max_daily_s", *OVER_DAYS)
        ) or (
            known.max_daily_s is not None
            and (worker.max_daily_s is None or worker.max_daily_s > known.max_daily_s)
        )):
            yield _broken("P2503", f"{base}.problem.workers[{i}]", programme="-", field="worker")


def _check_visit(weeks: Weeks, visit: _Visit) -> Iterator[Violation]:
    programme, day = visit.programme, visit.day
    weekday = WEEKDAYS[day.weekday()]
    ids = {"programme": programme.id, "day": day}
    if programme.weekdays is not None and weekday not in programme.weekdays:
        yield _broken("P2530", visit.path, **ids, weekday=weekday)
    if day in weeks.holidays and not programme.on_holidays:
        yield _broken("P2531", visit.path, **ids)
    if _is_away(weeks, programme.client, day):
        yield _broken("P2540", visit.path, **ids, client=programme.client)
    windows = programme.windows
    if windows and not any(w.start_s <= visit.stop.start_s <= w.end_s for w in windows):
        yield _broken("P2560", visit.path, **ids, start=visit.stop.start_s)


def _is_away(weeks: Weeks, client: str, day: date) -> bool:
    return weeks.is_away("client", client, day)


def _check_dates(
    weeks: Weeks,
    programme: Programme,
    path: str,
    visits: list[_Visit],
    told: dict[str, list[tuple[date, date]]],
) -> Iterator[Violation]:
    """How often, and how far apart."""
    days = [v.day for v in visits]
    told_here = told.get(programme.id, [])
    for block in weeks.blocks(programme):
        first, last = weeks.dates[block.first], weeks.dates[block.last]
        found = sum(first <= d <= last for d in days)
        found += sum(first <= a and b <= last for a, b in told_here)
        if found != block.visits:
            yield _broken(
                "P2510", path, programme=programme.id, found=found, due=block.visits,
                first=first, last=last,
            )
    before = [] if programme.last_visit is None else [programme.last_visit]
    dated = [*before, *days]
    for day, later in pairwise(dated):
        gap = (later - day).days
        ids = {"programme": programme.id, "day": day, "later": later}
        if gap < programme.min_gap_days:
            yield _broken("P2520", path, **ids, gap=gap, least=programme.min_gap_days)
        between = [day + timedelta(days=k) for k in range(1, gap)]
        idle = sum(
            d >= weeks.first_day and (
                _is_away(weeks, programme.client, d)
                or (d in weeks.holidays and not programme.on_holidays)
            )
            for d in between
        )
        # A visit in between that is told as not served is a result, not a broken gap.
        excused = any(a < later and b > day for a, b in told_here)
        most = programme.max_gap_days
        if most is not None and gap - idle > most and not excused:
            yield _broken("P2521", path, **ids, gap=gap - idle, most=most)


def _check_duties(weeks: Weeks, plan: WeeksPlan) -> Iterator[Violation]:
    """Rest from each route of a worker to the next one, and hours of a week and of a month."""
    spans: dict[str, list[tuple[datetime, datetime, date]]] = {}
    before = weeks.first_day - timedelta(days=1)
    for made in plan.days:
        midnight = datetime.combine(made.day, time())
        for route in made.plan.routes:
            if route.trips:
                spans.setdefault(route.worker, []).append((
                    midnight + timedelta(seconds=route.trips[0].leave_s),
                    midnight + timedelta(seconds=route.trips[-1].end_s),
                    made.day,
                ))
    for w, worker in enumerate(weeks.workers):
        path, own = f"workers[{w}]", sorted(spans.get(worker.id, ()))
        if worker.previous_end_s is not None:
            ended = datetime.combine(before, time()) + timedelta(seconds=worker.previous_end_s)
            own = [(ended, ended, before), *own]
        for (_, end, of), (leave, _, on) in pairwise(own):
            rest = round((leave - end).total_seconds())
            least = worker.min_rest_s
            if of != on:
                least = max(least, worker.min_daily_rest_s)
            if rest < least:
                yield _broken(
                    "P2542", path, worker=worker.id, day=end.date(), end=f"{end:%H:%M}",
                    leave=f"{leave:%H:%M}", later=leave.date(), found=rest,
                    least=least,
                )
        weekly = {weeks.first_day: worker.used_weekly_s}
        monthly = {f"{weeks.first_day:%Y-%m}": worker.used_monthly_s}
        for made in plan.days:  # a shift counts on the day that it belongs to
            seconds = sum(
                r.trips[-1].end_s - r.trips[0].leave_s
                for r in made.plan.routes if r.worker == worker.id and r.trips
            )
            first = made.day - timedelta(days=(made.day - weeks.first_day).days % 7)
            weekly[first] = weekly.get(first, 0) + seconds
            month = f"{made.day:%Y-%m}"
            monthly[month] = monthly.get(month, 0) + seconds
        ids = {"worker": worker.id}
        for first, found in weekly.items():
            used = worker.used_weekly_s if first == weeks.first_day else 0
            limit = worker.max_weekly_s
            if limit is not None and found > limit and found > used:
                yield _broken(
                    "P2543", path, **ids, first=first, found=found, limit=limit
                )
        for month, found in monthly.items():
            used = worker.used_monthly_s if month == f"{weeks.first_day:%Y-%m}" else 0
            limit = worker.max_monthly_s
            if limit is not None and found > limit and found > used:
                yield _broken("P2544", path, **ids, month=month, found=found, limit=limit)


def _check_entitlements(weeks: Weeks, visits: list[_Visit]) -> Iterator[Violation]:
    first_month = f"{weeks.first_day:%Y-%m}"
    for k, entry in enumerate(weeks.entitlements):
        used: dict[str, list[int]] = {first_month: [entry.used_visits, entry.used_service_s]}
        for visit in visits:
            programme = visit.programme
            if entry.client not in (None, programme.client):
                continue
            if entry.payer not in (None, programme.payer):
                continue
            if entry.services is not None and programme.service not in entry.services:
                continue
            spent = used.setdefault(f"{visit.day:%Y-%m}", [0, 0])
            spent[0] += 1
            spent[1] += (
                programme.service_duration_s
                if programme.service_duration_s is not None
                else weeks.base.service_by_id[programme.service].service_duration_s
            )
        for month, (times, seconds) in sorted(used.items()):
            for limit, amount, before, unit, unit_zh in (
                (entry.visits, times, entry.used_visits, "visits", "次"),
                (entry.service_s, seconds, entry.used_service_s, "s", "秒"),
            ):
                own = amount - (before if month == first_month else 0)
                if limit is not None and amount > limit and own:
                    yield _broken(
                        "P2550", f"entitlements[{k}]", entry=entry.id, limit=limit, used=amount,
                        unit=unit, unit_zh=unit_zh, month=month,
                    )
