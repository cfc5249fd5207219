"""Who comes first: alarms, then guaranteed clients, then care level, then waiting (P209x).

An order of a more important tier outweighs many of a less important one; an order's own
``priority`` overrides the client's. Of two orders of one tier the one comes first that has waited
longer, whatever its detour; it does not outweigh two. Optional orders are worth their prize and no
more. What is lost by leaving optional orders out is told with the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.domain.orders import Order
from engine.importance import tier_of
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft
    from engine.situation import Situation


class PriorityRule(Rule):
    """Who comes first: alarms, then guaranteed clients, then care level, then waiting (P209x)."""

    name: ClassVar[str] = "priority"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2090": Text(
            "lost prizes are stated as {stated} cents; the optional orders on no route add "
            "up to {lost}",
            "标称未得奖励为 {stated} 分，而未安排的可选工单合计为 {lost} 分",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Give required orders a tier and optional ones a price."""
        for task in draft.tasks:
            task.tier = tier_of(task.order, task.client)
            task.weight = task.order.waiting_days
            if task.order.optional:
                task.prize = draft.money(task.order.prize_cents or 0)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Add up the prizes of optional orders that are on no route.

        Which orders are left out is a matter of weighing, not of right or wrong: a finished plan
        can only be wrong about what it says was lost.
        """
        lost = sum(
            order.prize_cents or 0
            for order in case.problem.orders
            if order.optional and order.id not in case.served
        )
        stated = case.plan.totals.prize_lost_cents
        if stated != lost:
            yield self.broken("P2090", "totals.prize_lost_cents", stated=stated, lost=lost)

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Say what an order that would fit by itself costs, or who would have to make room."""
        here, windows = situation.alone(order), situation.windows(order)
        if not (here.fits(windows) & here.carries()).any():
            return None
        numbers: dict[str, Any] = {"importance": situation.tier(order), "optional": order.optional}
        place = situation.find_place(order, whatever_it_costs=True)
        if place is not None:
            who = {"worker": place.visits.worker, "shift": place.visits.shift}
            cost, prize = place.added_cents, order.prize_cents or 0
            numbers |= {**who, "cost_cents": cost, "fits": True}
            if situation.pays(order, place):  # engine.explain.insertable would have added it
                return Obstacle(
                    "outweighed", numbers,
                    f"it fits into shift {who['shift']} of {who['worker']} and nothing stands in "
                    "the way: the search has missed it",
                    f"可直接安排到 {who['worker']} 的班次 {who['shift']}，并无阻碍："
                    "搜索未找到该位置",
                )
            numbers["prize_cents"] = prize
            return Obstacle(
                "outweighed", numbers,
                f"it fits into shift {who['shift']} of {who['worker']} and would cost {cost} "
                f"cents; its prize is {prize}",
                f"可安排到 {who['worker']} 的班次 {who['shift']}，但将增加费用 {cost} 分，"
                f"而奖励仅 {prize} 分",
            )
        parts, parts_zh = [], []
        near = situation.nearest(situation.beside(order), windows, loads=True)
        if near is not None:
            numbers |= near.numbers()
            parts.append(f"the nearest gap, of {near.worker}, is {near.minutes} min too small")
            parts_zh.append(f"最接近的空档属于 {near.worker}，尚缺 {near.minutes} 分钟")
        crowd = situation.in_the_way(order)
        if crowd is not None:
            place, others = crowd
            tiers = [situation.tier(o) for o in others]
            numbers |= {
                "in_the_way": [o.id for o in others],
                "in_the_way_importance": tiers,
                "in_the_way_optional": [o.optional for o in others],
                "instead_worker": place.visits.worker,
                "instead_shift": place.visits.shift,
            }
            ids = ", ".join(o.id for o in others)
            told, told_zh = (", ".join(_importance(situation, o, zh) for o in others)
                             for zh in (False, True))
            own, own_zh = (_importance(situation, order, zh) for zh in (False, True))
            parts.append(
                f"{place.visits.worker} could do it in place of {ids} (importance {told}; its own "
                f"is {own}, 0 comes first)"
            )
            parts_zh.append(
                f"{place.visits.worker} 可用其替换 {ids}（重要级 {told_zh}，该工单为 {own_zh}，"
                "0 最优先）"
            )
        return Obstacle(
            "outweighed", numbers,
            "it would fit only if other orders made room: " + "; ".join(parts or ["many of them"]),
            "只有其他工单让出时间才能安排：" + "；".join(parts_zh or ["涉及多个工单"]),
        )


def _importance(situation: Situation, order: Order, zh: bool) -> str:
    """Tell the tier of an order, and for how long it was waited for."""
    days = order.waiting_days
    waited = (f"，已等候 {days} 天" if zh else f" after {days} days") if days else ""
    return f"{situation.tier(order)}{waited}"
