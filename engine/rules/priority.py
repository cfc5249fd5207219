"""Who comes first: alarms, then guaranteed clients, then care level (P209x).

An order of a more important tier outweighs many of a less important one; an order's own ``priority`` overrides the
client's; optional orders are worth their prize and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import EmergencyOrder, Order
from engine.domain.places import Client
from engine.rules.base import Rule

if TYPE_CHECKING:
    from engine.compile import Draft


class PriorityRule(Rule):
    """Who comes first: alarms, then guaranteed clients, then care level (P209x)."""

    name: ClassVar[str] = "priority"

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Give required orders a tier and optional ones a price."""
        for task in draft.tasks:
            task.tier = tier_of(task.order, task.client)
            if task.order.optional:
                task.prize = draft.money(task.order.prize_cents or 0)

    # -- what a broken promise looks like, read from the promise alone --------------------------

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
