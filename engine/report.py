"""The figures of a plan: who was served, what it took, and whom it did not reach.

:func:`report_plan` gives plain data for JSON; :func:`report_text` puts the same into words for a
terminal, with ``rich`` markup, in English or Chinese.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import fmean, pstdev
from typing import Any, Literal

from engine.domain.orders import MealOrder, Order
from engine.domain.plan import Plan, Route
from engine.domain.problem import Problem
from engine.faces import count_faces, knows_anybody
from engine.fairness import report_access, report_credits

Language = Literal["en", "zh"]


def report_plan(problem: Problem, plan: Plan) -> dict[str, Any]:
    """Add up a plan.

    Returns
    -------
    report : ``totals``; ``by_kind``, ``by_service``, ``by_care_level`` and ``by_client_kind``, each
        value -> orders, served; ``unserved_by_reason``; ``workers``, one row each with the share of
        the time at work that is service, travel, wait; ``fairness``, the spread of hours on duty
        and of visits in each role; ``access``, who was served by district, level and payer
        (:func:`engine.fairness.report_access`); ``volunteers``, hours and credits for the time
        bank; ``kitchens``, portions
        taken and offered by batch; ``continuity``, visits of clients who know somebody, by new and
        preferred faces, with their money; ``changes``, how many orders are new, gone, moved to
        another worker or time beside a former plan, None without one.
    """
    served = {s.order for r in plan.routes for t in r.trips for s in t.stops}
    clients = problem.client_by_id

    def count(key: Callable[[Order], str]) -> dict[str, dict[str, int]]:
        asked = Counter(key(o) for o in problem.orders)
        done = Counter(key(o) for o in problem.orders if o.id in served)
        return {k: {"orders": asked[k], "served": done[k]} for k in sorted(asked)}

    workers = _workers(problem, plan)
    return {
        "problem": problem.id,
        "day": problem.day.isoformat(),
        "totals": plan.totals.model_dump(),
        "by_kind": count(lambda o: o.kind),
        "by_service": count(lambda o: o.service),
        "by_care_level": count(lambda o: str(clients[o.client].care_level)),
        "by_client_kind": count(
            lambda o: "guaranteed" if clients[o.client].guaranteed else "other"
        ),
        "unserved_by_reason": dict(sorted(Counter(u.reason for u in plan.unserved).items())),
        "workers": workers,
        "fairness": _fairness(workers),
        "access": report_access(problem, plan),
        "volunteers": {
            "workers": sum(1 for w in workers if w["role"] == "volunteer" and w["orders"]),
            "service_s": sum(w["service_s"] for w in workers if w["role"] == "volunteer"),
            "credits": report_credits(problem, plan),
        },
        "kitchens": _kitchens(problem, plan),
        "continuity": _continuity(problem, plan),
        "changes": _changes(plan),
        "run": plan.run.model_dump(),
    }


def _workers(problem: Problem, plan: Plan) -> list[dict[str, Any]]:
    """One row a worker, also of those who stay at home: a dispatcher looks for them first."""
    routes: dict[str, list[Route]] = {}
    for route in plan.routes:
        routes.setdefault(route.worker, []).append(route)
    rows = []
    for worker in problem.workers:
        mine = routes.get(worker.id, [])
        shift_s = sum(s.end_s - s.start_s for s in worker.shifts)
        service, travel = sum(r.service_s for r in mine), sum(r.travel_s for r in mine)
        rows.append({
            "worker": worker.id,
            "role": worker.role,
            "shifts": len(worker.shifts),
            "shifts_used": len(mine),
            "trips": sum(len(r.trips) for r in mine),
            "orders": sum(len(t.stops) for r in mine for t in r.trips),
            "shift_s": shift_s,
            "service_s": service,
            "travel_s": travel,
            "wait_s": sum(r.wait_s for r in mine),
            "break_s": sum(b.end_s - b.start_s for r in mine for b in r.breaks),
            "duty_s": sum(r.duty_s for r in mine),
            "overtime_s": sum(r.overtime_s for r in mine),
            "distance_m": sum(r.distance_m for r in mine),
            "cost_cents": sum(r.cost_cents for r in mine),
            "utilisation": round((service + travel) / shift_s, 4) if shift_s else 0.0,
        })
    return rows


def _continuity(problem: Problem, plan: Plan) -> dict[str, Any]:
    """Count faces: visits by somebody new, and how many different people each client sees."""
    pairs = [
        (problem.order_by_id[s.order], r.worker)
        for r in plan.routes for t in r.trips for s in t.stops
        if knows_anybody(problem, problem.order_by_id[s.order])
    ]
    faces = count_faces(problem, pairs)
    seen = {(order.client, worker) for order, worker in pairs}
    new = {
        (order.client, worker) for order, worker in pairs
        if count_faces(problem, [(order, worker)]).new
    }
    clients = len({client for client, _ in seen})
    return {
        "visits": faces.visits,
        "new_face_visits": faces.new,
        "new_faces": len(new),
        "preferred_visits": faces.preferred,
        "clients": clients,
        "faces_per_client": round(len(seen) / clients, 2) if clients else 0.0,
        "new_face_cents": faces.new_cents,
        "preferred_bonus_cents": faces.preferred_cents,
    }


def _changes(plan: Plan) -> dict[str, Any] | None:
    told = plan.changes
    if told is None:
        return None
    return {
        "new": len(told.new),
        "gone": len(told.gone),
        "worker": len(told.worker),
        "time": len(told.time),
        "moved_minutes": round(told.moved_s / 60),
        "moved_cents": told.moved_cents,
    }


def _fairness(workers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Spread of the work among the workers of each role, also those who stay at home."""

    def spread(values: list[float]) -> dict[str, float]:
        return {
            "min": round(min(values), 2), "max": round(max(values), 2),
            "mean": round(fmean(values), 2), "std": round(pstdev(values), 2),
        }

    roles: dict[str, list[dict[str, Any]]] = {}
    for row in workers:
        roles.setdefault(row["role"], []).append(row)
    return [
        {
            "role": role,
            "workers": len(rows),
            "hours": spread([row["duty_s"] / 3_600 for row in rows]),
            "visits": spread([row["orders"] for row in rows]),
        }
        for role, rows in sorted(roles.items())
    ]


def _kitchens(problem: Problem, plan: Plan) -> list[dict[str, Any]]:
    taken: Counter[tuple[str, str]] = Counter()
    for route in plan.routes:
        for trip in route.trips:
            for stop in trip.stops:
                order = problem.order_by_id[stop.order]
                if stop.batch is not None and isinstance(order, MealOrder):
                    taken[trip.start, stop.batch] += order.portions
    return [
        {
            "place": place.id,
            "portions": sum(b.portions for b in place.batches),
            "taken": sum(taken[place.id, b.id] for b in place.batches),
            "batches": [
                {"batch": b.id, "portions": b.portions, "taken": taken[place.id, b.id]}
                for b in place.batches
            ],
        }
        for place in problem.loading_place_by_id.values()
    ]


_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Plan of {day}", "{day} 派单计划"),
    "served": ("served {served} of {orders} orders", "已安排 {served} / {orders} 单"),
    "people": (
        "{workers} workers on {routes} shifts, {utilisation} of their time in use",
        "{workers} 名人员，{routes} 个班次，工时利用率 {utilisation}",
    ),
    "time": (
        "service {service} h, travel {travel} h, waiting {wait} h, {km} km",
        "服务 {service} 小时，路途 {travel} 小时，等候 {wait} 小时，{km} 公里",
    ),
    "cost": ("cost {cost} yuan", "费用 {cost} 元"),
    "kind": ("By kind", "按类别"),
    "service": ("By service", "按服务项目"),
    "level": ("By care level", "按能力等级"),
    "client": ("By client", "按对象"),
    "unserved": ("Not served, by reason", "未安排原因"),
    "kitchens": ("Portions by kitchen", "各厨房份数"),
    "volunteers": (
        "Volunteers: {workers} people, {hours} h, {credits} credits in the time bank",
        "志愿者：{workers} 人，{hours} 小时，计入时间银行 {credits} 积分",
    ),
    "faces": (
        "Faces: {new} of {visits} visits by somebody new, {preferred} by somebody preferred; "
        "worth {cost} yuan, apart from the cost",
        "熟面孔：{visits} 次上门中新面孔 {new} 次、首选人员 {preferred} 次；"
        "折合 {cost} 元，不计入费用",
    ),
    "changes": (
        "Changes: {new} new, {gone} gone, {worker} to another worker, {time} at another time; "
        "{minutes} min in all",
        "变更：新增 {new}、取消 {gone}、换人 {worker}、改时 {time}，共移动 {minutes} 分钟",
    ),
    "district": (
        "By district: orders served, minutes, days waited by those served; by those not",
        "按片区：已安排工单、服务分钟、已服务者与未服务者平均等候天数",
    ),
    "payer": (
        "By payer: orders served, minutes, days waited by those served; by those not",
        "按付费方：已安排工单、服务分钟、已服务者与未服务者平均等候天数",
    ),
    "fairness": ("Hours on duty by role: least, mean, most", "各岗位值勤小时：最少、平均、最多"),
    "search": (
        "{backend}: {status} after {iterations} iterations, {elapsed} s",
        "{backend}：{status}，迭代 {iterations} 次，{elapsed} 秒",
    ),
}

_VALUES_ZH: dict[str, str] = {
    "caregiver": "护理员", "volunteer": "志愿者", "courier": "送餐员", "nurse": "护士",
    "family_doctor": "家庭医生", "social_worker": "社工", "technician": "技师",
    "visit": "上门", "meal": "送餐", "emergency": "紧急",
    "guaranteed": "兜底保障对象", "other": "其他",
    "unreachable": "道路不通", "no_skill": "无人具备资质", "no_portions": "餐食份数不足",
    "entitlement": "超出本月额度",
    "no_worker_in_window": "时间窗内无可用人员", "no_capacity": "运力不足",
    "outweighed": "让位于其他工单", "pinned": "指定的人员或时刻无法实现",
    "no_match": "性别、语言不符或人员拒绝",
    "search": "搜索", "time_limit": "到达时限", "iteration_limit": "到达迭代上限",
    "stalled": "已无改进", "cancelled": "已中止", "complete": "已完成",
}


def report_text(problem: Problem, report: dict[str, Any], language: Language = "en") -> str:
    """Put a report into words: lines with ``rich`` markup, without client or worker ids."""
    zh = language == "zh"

    def word(key: str, **values: object) -> str:
        return _WORDS[key][zh].format(**values)

    def value(name: str) -> str:
        return _VALUES_ZH.get(name, name) if zh else name.replace("_", " ")

    def service(name: str) -> str:
        row = problem.service_by_id[name]
        return row.name_zh if zh else row.name

    totals = report["totals"]
    busy = [w for w in report["workers"] if w["orders"]]
    at_work = sum(w["shift_s"] for w in busy)
    in_use = sum(w["service_s"] + w["travel_s"] for w in busy)
    lines = [
        f"[bold]{word('title', day=report['day'])}[/bold]",
        word("served", served=totals["served"], orders=totals["orders"]),
        word("people", workers=totals["workers"], routes=totals["routes"],
             utilisation=f"{in_use / at_work:.0%}" if at_work else "-"),
        word("time", service=_hours(totals["service_s"]), travel=_hours(totals["travel_s"]),
             wait=_hours(totals["wait_s"]), km=f"{totals['distance_m'] / 1000:,.1f}"),
        word("cost", cost=f"{totals['cost_cents'] / 100:,.2f}"),
    ]
    sections: list[tuple[str, str, Callable[[str], str]]] = [
        ("kind", "by_kind", value),
        ("service", "by_service", service),
        ("level", "by_care_level", str),
        ("client", "by_client_kind", value),
    ]
    for title, key, name in sections:
        rows = [(name(k), f"{v['served']}/{v['orders']}") for k, v in report[key].items()]
        lines += _section(word(title), rows)
    lines += _section(
        word("unserved"), [(value(k), str(n)) for k, n in report["unserved_by_reason"].items()]
    )
    for group in ("district", "payer"):
        groups = report["access"][f"by_{group}"]
        if any(row[group] is not None for row in groups):
            lines += _section(word(group), [(row[group] or "-", _access(row)) for row in groups])
    portions = [(k["place"], f"{k['taken']}/{k['portions']}") for k in report["kitchens"]]
    lines += _section(word("kitchens"), portions)
    lines += _section(word("fairness"), [
        (value(f["role"]), "{min:.1f}  {mean:.1f}  {max:.1f}".format(**f["hours"]))
        for f in report["fairness"] if f["workers"] > 1
    ])
    volunteers = report["volunteers"]
    if volunteers["workers"]:
        lines.append(word("volunteers", workers=volunteers["workers"],
                          hours=_hours(volunteers["service_s"]),
                          credits=f"{sum(c['credits'] for c in volunteers['credits']):,.2f}"))
    faces = report["continuity"]
    if faces["visits"]:
        cents = faces["new_face_cents"] - faces["preferred_bonus_cents"]
        lines.append(word("faces", new=faces["new_face_visits"], visits=faces["visits"],
                          preferred=faces["preferred_visits"], cost=f"{cents / 100:,.2f}"))
    changes = report["changes"]
    if changes is not None:
        lines.append(word("changes", minutes=f"{changes['moved_minutes']:,}", **{
            k: changes[k] for k in ("new", "gone", "worker", "time")
        }))
    run = report["run"]
    search = word("search", backend=value(run["backend"]), status=value(run["status"]),
                  iterations=f"{run['iterations']:,}", elapsed=run["elapsed_s"])
    lines.append(f"[dim]{search}[/dim]")
    return "\n".join(lines)


def _section(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"  {name}  {figure}" for name, figure in rows]
    return [f"[bold]{title}[/bold]", *lines] if lines else []


def _access(row: dict[str, Any]) -> str:
    waited = ["-" if row[k] is None else f"{row[k]:.1f}"
              for k in ("waiting_days_served", "waiting_days_unserved")]
    return f"{row['served']}/{row['orders']}  {row['served_s'] // 60:,}  {'; '.join(waited)}"


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:,.1f}"
