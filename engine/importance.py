"""Who comes first: alarms, then guaranteed clients, then care level, then waiting."""

from __future__ import annotations

from engine.domain.orders import MAX_WAITING_DAYS, EmergencyOrder, Order
from engine.domain.places import Client

#: Ranks of one tier, by days of waiting.
RANKS_A_TIER = MAX_WAITING_DAYS + 1


def rank_of(order: Order, client: Client) -> int:
    """Rank a required order, 0 first: by tier, then by days of waiting."""
    return RANKS_A_TIER * (tier_of(order, client) + 1) - 1 - order.waiting_days


def tier_of(order: Order, client: Client) -> int:
    """Rank an order, 0 first, on the scale of its own ``priority``.

    Alarms 0, guaranteed clients 1, then care level 3 (severe) to 0 (able): 2 to 5.
    """
    if order.priority is not None:
        return order.priority
    if isinstance(order, EmergencyOrder):
        return 0
    return 1 if client.guaranteed else 5 - client.care_level
