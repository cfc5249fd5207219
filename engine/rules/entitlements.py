"""No more is planned than is paid for in the month (P224x).

An entitlement is so many visits or so much service a month, for a client, a payer, services, or
all of them; what was used of it before the day is an input. Where the day asks for more, it goes to
those who come first (``engine.rules.priority``), among equals to those whom a former plan served;
the rest is told as beyond it. Alarms never count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import EmergencyOrder, Order
from engine.importance import rank_of
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.domain.entitlements import Entitlement
    from engine.draft import Draft, TaskDraft
    from engine.situation import Situation


class EntitlementsRule(Rule):
    """No more is planned than is paid for in the month (P224x)."""

    name: ClassVar[str] = "entitlements"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2240": Text(
            "entitlement {entry} is for {limit} visits a month; {used} were used before and "
            "{planned} are planned",
            "额度 {entry} 每月 {limit} 次，此前已用 {used} 次，本日又安排 {planned} 次",
        ),
        "P2241": Text(
            "entitlement {entry} is for {limit} s of service a month; {used} were used before and "
            "{planned} are planned",
            "额度 {entry} 每月服务 {limit} 秒，此前已用 {used} 秒，本日又安排 {planned} 秒",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Keep out of the search what is beyond an entitlement, the least important first.

        Deciding beforehand has a price: where somebody who comes first cannot be served for other
        reasons, who comes next is only added to the finished plan.
        """
        from engine.entitlements import budget_of

        problem = draft.problem
        if not problem.entitlements:
            return
        budget = budget_of(problem)
        number = {o.id: p for p, o in enumerate(problem.orders)}
        parts: dict[str, list[TaskDraft]] = {}
        for task in draft.tasks:
            parts.setdefault(task.order.id, []).append(task)
        groups = {problem.tied.get(o.id, frozenset({o.id})) for o in problem.orders}

        def turn(group: frozenset[str]) -> tuple[tuple[bool, int, int, bool, int], ...]:
            return min(
                (
                    o.optional, rank_of(o, problem.client_by_id[o.client]), -(o.prize_cents or 0),
                    draft.previous is None or o.id not in draft.previous.stops, number[o.id],
                )
                for o in (problem.order_by_id[i] for i in group)
            ),

        for group in sorted(groups, key=turn):
            orders = [number[i] for i in group]
            tasks = [task for i in group for task in parts[i]]
            if not any(budget.covering[p] for p in orders) or not all(
                task.blocked is None and any(draft.qualified(v, task) for v in draft.vehicles)
                for task in tasks
            ):
                continue  # nothing to count, or nobody may: that is told by other rules
            if budget.short_of(orders):
                for task in tasks:
                    task.blocked = "entitlement"
                continue
            for p in orders:
                budget.take(p)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Add up what is served of every entitlement, beside what was used before."""
        for k, entry in enumerate(case.problem.entitlements):
            visits = seconds = 0
            for order in case.problem.orders:
                if order.id in case.served and _counts(entry, order):
                    visits += 1
                    own = order.service_duration_s
                    seconds += case.service(order).service_duration_s if own is None else own
            for code, limit, used, planned in (
                ("P2240", entry.visits, entry.used_visits, visits),
                ("P2241", entry.service_s, entry.used_service_s, seconds),
            ):
                if limit is not None and visits and used + planned > limit:
                    yield self.broken(
                        code, f"entitlements[{k}]", entry=entry.id, limit=limit, used=used,
                        planned=planned,
                    )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Tell what is used up, by days before it or by who comes first."""
        found = situation.short_of(order)
        if not found:
            return None
        entry, (visits, seconds) = found[0]
        numbers = {
            "entitlement": entry.id, "payer": entry.payer, "used_visits": visits,
            "used_service_s": seconds, "visits": entry.visits, "service_s": entry.service_s,
        }
        told, told_zh = [], []
        if entry.visits is not None:
            told.append(f"{visits} of {entry.visits} visits")
            told_zh.append(f"{entry.visits} 次中已用 {visits} 次")
        if entry.service_s is not None:
            told.append(f"{seconds // 60} of {entry.service_s // 60} min of service")
            told_zh.append(f"{entry.service_s // 60} 分钟中已用 {seconds // 60} 分钟")
        return Obstacle(
            "entitlement", numbers,
            f"it is beyond entitlement {entry.id} of the month: {', '.join(told)} are used or "
            "planned, for those who come first",
            f"超出本月额度 {entry.id}：{'，'.join(told_zh)}（含本日优先安排的工单）",
        )


def _counts(entry: Entitlement, order: Order) -> bool:
    if isinstance(order, EmergencyOrder):
        return False
    wanted = ((entry.client, order.client), (entry.payer, order.payer))
    return all(asked is None or asked == own for asked, own in wanted) and (
        entry.services is None or order.service in entry.services
    )
