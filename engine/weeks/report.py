"""The figures of weeks: who was visited, by how many faces, at what cost, and what faces cost.

:func:`report_weeks` gives plain data for JSON; :func:`weeks_text` puts it into words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from statistics import mean
from typing import Any, Literal

from engine.domain.weeks import Weeks
from engine.weeks.faces import Faces, faces_of, moved_seconds, seen_in
from engine.weeks.horizon import WeeksPlan
from engine.weeks.limits import spans_of

Language = Literal["en", "zh"]


def report_weeks(
    weeks: Weeks, plan: WeeksPlan, without: WeeksPlan | None = None, *, continuity: bool = True
) -> dict[str, Any]:
    """Add up plans over weeks.

    Parameters
    ----------
    without : the same days planned without continuity, to compare with.
    continuity : whether the plan was made with it.

    Returns
    -------
    report : ``totals``; ``faces``, for clients with weekly programmes and for all: mean and how
        many clients see how many; ``unserved_by_reason``; ``days`` and ``workers``, a row each;
        ``time_bank``, a row a volunteer and month: hours credited, on duty, left of those agreed;
        ``missing``, visits without a day; ``withheld``, who could have served an unserved one;
        ``without`` and ``price``, where there is something to compare with: its totals and faces,
        and what a face fewer costs.
    """
    report: dict[str, Any] = {
        "weeks": weeks.id,
        "first_day": weeks.first_day.isoformat(),
        "days_planned": len(plan.days),
        "continuity": continuity,
        "totals": _totals(weeks, plan),
        "faces": _faces(weeks, plan),
        "hours": _hours(weeks, plan),
        "unserved_by_reason": dict(sorted(Counter([
            *(m.reason for m in plan.missing),
            *(u.reason for d in plan.days for u in d.plan.unserved),
        ]).items())),
        "days": [
            {
                "day": d.day.isoformat(), "visits": d.plan.totals.orders,
                "served": d.plan.totals.served, "workers": d.plan.totals.workers,
                "travel_s": d.plan.totals.travel_s, "cost_cents": d.plan.totals.cost_cents,
            }
            for d in plan.days
        ],
        "workers": _workers(weeks, plan),
        "time_bank": _time_bank(weeks, plan),
        "missing": [m.model_dump(mode="json") for m in plan.missing],
        "withheld": [w.model_dump(mode="json") for w in plan.withheld],
        "unserved": [
            {
                "programme": u.order, "day": d.day.isoformat(), "reason": u.reason,
                "message": u.message, "message_zh": u.message_zh,
            }
            for d in plan.days for u in d.plan.unserved
        ],
        "carers": [c.model_dump() for c in plan.carers],
    }
    if without is not None:
        other: dict[str, Any] = {
            "totals": _totals(weeks, without), "faces": _faces(weeks, without),
            "hours": _hours(weeks, without),
        }
        cents = report["totals"]["cost_cents"] - other["totals"]["cost_cents"]
        fewer = other["faces"]["all"]["faces"] - report["faces"]["all"]["faces"]
        report["without"] = other
        report["price"] = {
            "cost_cents": cents,
            "share": round(cents / max(1, other["totals"]["cost_cents"]), 4),
            "faces_fewer": fewer,
            "cents_a_face": round(cents / fewer) if fewer > 0 else None,
        }
    return report


def _totals(weeks: Weeks, plan: WeeksPlan) -> dict[str, int]:
    totals = [d.plan.totals for d in plan.days]
    planned, served = sum(t.orders for t in totals), sum(t.served for t in totals)
    return {
        "clients": len({p.client for p in weeks.programmes}),
        "programmes": len(weeks.programmes),
        "visits": planned + len(plan.missing),
        "served": served,
        "unserved": planned - served,
        "without_day": len(plan.missing),
        "routes": sum(t.routes for t in totals),
        "workers": len({r.worker for d in plan.days for r in d.plan.routes}),
        "travel_s": sum(t.travel_s for t in totals),
        "distance_m": sum(t.distance_m for t in totals),
        "service_s": sum(t.service_s for t in totals),
        "wait_s": sum(t.wait_s for t in totals),
        "cost_cents": sum(t.cost_cents for t in totals),
    }


def _faces(weeks: Weeks, plan: WeeksPlan) -> dict[str, dict[str, Any]]:
    wanted = {
        "weekly": {p.id for p in weeks.programmes if p.is_weekly},
        "all": {p.id for p in weeks.programmes},
    }
    figures = {}
    for name, programmes in wanted.items():
        faces = faces_of(weeks, (d.plan for d in plan.days), programmes)
        counts = [len(workers) for workers in faces.values()]
        figures[name] = {
            "clients": len(counts),
            "faces": sum(counts),
            "mean": round(mean(counts), 4) if counts else 0.0,
            "most": max(counts, default=0),
            "distribution": {str(k): n for k, n in sorted(Counter(counts).items())},
        }
    return figures


def _hours(weeks: Weeks, plan: WeeksPlan) -> dict[str, Any]:
    """How regular hours are: against the first visit of the programme."""
    band = weeks.continuity.hour_band_s
    faces = Faces(weeks)
    for k, d in enumerate(plan.days):
        faces.put(k, seen_in(d.plan))
    first: dict[str, int] = {}
    away, later = [], 0
    for _, seen in sorted(faces.days.items()):
        for programme, visit in seen.items():
            usual = first.setdefault(programme, visit.start)
            away.append(abs(visit.start - usual))
            later += moved_seconds(usual, visit.start, band) > 0
    return {
        "mean_from_usual_s": round(mean(away)) if away else 0,
        "outside_band": later,
        "band_s": band,
    }


def _workers(weeks: Weeks, plan: WeeksPlan) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {
        w.id: {
            "worker": w.id, "role": w.role, "days": 0, "visits": 0, "clients": 0,
            "at_work_s": 0, "service_s": 0, "travel_s": 0, "wait_s": 0, "cost_cents": 0,
        }
        for w in weeks.workers
    }
    clients: dict[str, set[str]] = {}
    days: dict[str, set[str]] = {}
    for d in plan.days:
        for route in d.plan.routes:
            row = rows[route.worker]
            shift = next(
                s for s in d.problem.worker_by_id[route.worker].shifts if s.id == route.shift
            )
            stops = [s for t in route.trips for s in t.stops]
            days.setdefault(route.worker, set()).add(d.day.isoformat())
            clients.setdefault(route.worker, set()).update(s.client for s in stops)
            row["visits"] += len(stops)
            row["at_work_s"] += shift.end_s - shift.start_s
            for name in ("service_s", "travel_s", "wait_s", "cost_cents"):
                row[name] += getattr(route, name)
    for worker, row in rows.items():
        row["days"], row["clients"] = len(days.get(worker, ())), len(clients.get(worker, ()))
    return list(rows.values())


def _time_bank(weeks: Weeks, plan: WeeksPlan) -> list[dict[str, Any]]:
    """Seconds of service are credited; those agreed for a month bound the duty."""
    volunteers = {w.id: w for w in weeks.workers if w.role == "volunteer"}
    months = list(dict.fromkeys(f"{day:%Y-%m}" for day in weeks.dates))
    credit: Counter[tuple[str, str]] = Counter()
    duty: Counter[tuple[str, str]] = Counter()
    for d in plan.days:
        for worker, span in spans_of(d.plan).items():
            duty[worker, f"{d.day:%Y-%m}"] += span.duty
        for route in d.plan.routes:
            credit[route.worker, f"{d.day:%Y-%m}"] += route.service_s
    rows = []
    for id, volunteer in volunteers.items():
        for month in months:
            used = volunteer.used_monthly_s if month == months[0] else 0
            most = volunteer.max_monthly_s
            rows.append({
                "worker": id, "month": month, "credit_s": credit[id, month],
                "duty_s": duty[id, month],
                "left_s": None if most is None else max(0, most - used - duty[id, month]),
            })
    return rows


_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Plan from {first_day}, {days_planned} days", "{first_day} 起 {days_planned} 天计划"),
    "served": (
        "served {served} of {visits} visits for {clients} clients; {without_day} without a day",
        "已安排 {served} / {visits} 次服务，服务对象 {clients} 人；{without_day} 次无可用日期",
    ),
    "people": (
        "{workers} workers, {routes} shifts, service {service} h, travel {travel} h, {km} km",
        "{workers} 名人员，{routes} 个班次，服务 {service} 小时，路途 {travel} 小时，{km} 公里",
    ),
    "cost": ("cost {cost} yuan", "费用 {cost} 元"),
    "weekly": (
        "faces a client, weekly services: {mean} on average, {most} at most",
        "每周服务的每位对象见到的服务人员：平均 {mean} 人，最多 {most} 人",
    ),
    "all": (
        "faces a client, all services: {mean} on average, {most} at most",
        "全部服务的每位对象见到的服务人员：平均 {mean} 人，最多 {most} 人",
    ),
    "hours": (
        "hour of a visit: {minutes} min from the usual one on average, {outside_band} outside",
        "服务时间：平均偏离惯常时间 {minutes} 分钟，超出范围 {outside_band} 次",
    ),
    "time_bank": (
        "volunteers: {people} people, {hours} h for the time bank",
        "志愿者：{people} 人，计入时间银行 {hours} 小时",
    ),
    "price": (
        "without continuity: {mean} faces and {cost} yuan; it costs {more} yuan ({share})",
        "不考虑熟人服务时：平均 {mean} 人，费用 {cost} 元；连续性代价 {more} 元（{share}）",
    ),
    "unserved": ("Not served, by reason", "未安排原因"),
}
_REASONS_ZH = {
    "client_away": "服务对象不在家", "holiday": "节假日", "spacing": "间隔要求",
    "entitlement": "额度用完", "sequence": "与同日服务不能兼顾",
    "unreachable": "道路不通", "no_skill": "无人具备资质",
    "no_worker_in_window": "时间窗内无可用人员", "no_capacity": "运力不足",
    "outweighed": "让位于其他工单", "no_portions": "餐食份数不足",
}


def weeks_text(report: dict[str, Any], language: Language = "en") -> str:
    """Put a report into words: lines with ``rich`` markup, without client or worker ids."""
    zh = language == "zh"

    def word(key: str, **values: object) -> str:
        return _WORDS[key][zh].format(**values)

    totals, faces = report["totals"], report["faces"]
    lines = [
        f"[bold]{word('title', **report)}[/bold]",
        word("served", **totals),
        word("people", workers=totals["workers"], routes=totals["routes"],
             service=f"{totals['service_s'] / 3600:,.1f}",
             travel=f"{totals['travel_s'] / 3600:,.1f}", km=f"{totals['distance_m'] / 1000:,.1f}"),
        word("cost", cost=f"{totals['cost_cents'] / 100:,.2f}"),
        *(word(name, mean=f"{faces[name]['mean']:.2f}", most=faces[name]["most"])
          for name in ("weekly", "all")),
        word("hours", minutes=round(report["hours"]["mean_from_usual_s"] / 60), **report["hours"]),
    ]
    bank = report["time_bank"]
    if credit := sum(row["credit_s"] for row in bank):
        people = len({row["worker"] for row in bank if row["credit_s"]})
        lines.append(word("time_bank", people=people, hours=f"{credit / 3600:,.1f}"))
    if "price" in report:
        other, price = report["without"], report["price"]
        lines.append(word(
            "price", mean=f"{other['faces']['weekly']['mean']:.2f}",
            cost=f"{other['totals']['cost_cents'] / 100:,.2f}",
            more=f"{price['cost_cents'] / 100:,.2f}", share=f"{price['share']:.1%}",
        ))
    reasons: Iterable[tuple[str, int]] = report["unserved_by_reason"].items()
    rows = [
        f"  {_REASONS_ZH.get(name, name) if zh else name.replace('_', ' ')}  {n}"
        for name, n in reasons
    ]
    if rows:
        lines += [f"[bold]{word('unserved')}[/bold]", *rows]
    return "\n".join(lines)
