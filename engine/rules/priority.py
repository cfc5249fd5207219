"""Who comes first: alarms, then guaranteed clients, then care level (P209x).

An order of a more important tier outweighs many of a less important one; an order's own
``priority`` overrides the client's; optional orders are worth their prize and no more. What is lost
by leaving optional orders out is told with the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import EmergencyOrder, Order
from engine.domain.places import Client
from engine.rules.base import Rule, Text, Violation

if TYPE_CHECKING:
    from engine.check import Case
    from engine.compile import Draft


class PriorityRule(Rule):
    """Who comes first: alarms, then guaranteed clients, then care level (P209x)."""

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


def tier_of(order: Order, client: Client) -> int:
    """Rank an order, 0 first, on the scale of its own ``priority``.

    Alarms 0, guaranteed clients 1, then care level 3 (severe) to 0 (able): 2 to 5.
    """
    if order.priority is not None:
        return order.priority
    if isinstance(order, EmergencyOrder):
        return 0
    return 1 if client.guaranteed else 5 - client.care_level
