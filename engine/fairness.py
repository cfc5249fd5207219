"""Who was served and who was not: by district, care level and payer; and what volunteers earned.

For those who answer for a city's care: the same figures for every group, so that nobody is left
behind unseen. Counted are orders; a team is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean
from typing import Any, NamedTuple

from engine.domain.orders import Order
from engine.domain.plan import Plan
from engine.domain.problem import Problem

__all__ = ["report_access", "report_credits"]


class _Served(NamedTuple):
    """One order: its group, how much service it got of how much, and how long it was waited for."""

    district: str | None
    care_level: int
    payer: str | None
    is_served: bool
    asked_s: int
    served_s: int
    waiting_days: int


def report_access(problem: Problem, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Add up who was served.

    Returns
    -------
    access : ``groups``, a row for every district, care level and payer that are found together;
        ``by_district``, ``by_care_level`` and ``by_payer``, a row a value. A row has ``orders``,
        ``served``, ``unserved``, seconds of service asked and planned, and the mean days of
        waiting of those served and those not, None where there are none. A district or payer that
        is not stated is None.
    """
    planned: dict[str, int] = {}
    for route in plan.routes:
        for stop in (s for t in route.trips for s in t.stops):
            planned[stop.order] = planned.get(stop.order, 0) + stop.departure_s - stop.start_s
    entries = [_entry(problem, order, planned) for order in problem.orders]

    def rows(*names: str) -> list[dict[str, Any]]:
        return list(_rows(entries, names))

    return {
        "groups": rows("district", "care_level", "payer"),
        "by_district": rows("district"),
        "by_care_level": rows("care_level"),
        "by_payer": rows("payer"),
    }


def _entry(problem: Problem, order: Order, planned: dict[str, int]) -> _Served:
    client = problem.client_by_id[order.client]
    asked = 0
    for visit in problem.visits_of[order.id]:
        own = visit.service_duration_s
        service = problem.service_by_id[visit.service]
        asked += service.service_duration_s if own is None else own
    return _Served(
        client.district, client.care_level, order.payer, order.id in planned, asked,
        planned.get(order.id, 0), order.waiting_days,
    )


def _rows(entries: Iterable[_Served], names: tuple[str, ...]) -> Iterable[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[_Served]] = {}
    for entry in entries:
        groups.setdefault(tuple(getattr(entry, name) for name in names), []).append(entry)
    for group in sorted(groups, key=_in_order):
        mine = groups[group]
        served = [e for e in mine if e.is_served]
        absent = [e for e in mine if not e.is_served]
        yield {
            **dict(zip(names, group, strict=True)),
            "orders": len(mine),
            "served": len(served),
            "unserved": len(absent),
            "asked_s": sum(e.asked_s for e in mine),
            "served_s": sum(e.served_s for e in mine),
            "waiting_days_served": _mean(served),
            "waiting_days_unserved": _mean(absent),
        }


def _in_order(group: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """Sort what is not stated to the end."""
    return [(value is None, "" if value is None else value) for value in group]


def _mean(entries: list[_Served]) -> float | None:
    return round(fmean(e.waiting_days for e in entries), 1) if entries else None


def report_credits(problem: Problem, plan: Plan) -> list[dict[str, Any]]:
    """Add up what every volunteer on the plan earned: hours of service, as services count."""
    rows: dict[str, dict[str, Any]] = {}
    for route in plan.routes:
        if problem.worker_by_id[route.worker].role != "volunteer":
            continue
        row = rows.setdefault(
            route.worker, {"worker": route.worker, "visits": 0, "service_s": 0, "credits": 0.0}
        )
        for stop in (s for t in route.trips for s in t.stops):
            seconds = stop.departure_s - stop.start_s
            service = problem.service_by_id[problem.order_by_id[stop.order].service]
            row["visits"] += 1
            row["service_s"] += seconds
            row["credits"] += seconds / 3_600 * service.credits_per_hour
    return [{**row, "credits": round(row["credits"], 2)} for _, row in sorted(rows.items())]
