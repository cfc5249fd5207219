"""What is paid for in a month, as a part of a problem of one day or of weeks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.domain.base import LAX, Entity, Id
from engine.domain.orders import BaseOrder, EmergencyOrder


class Entitlement(Entity):
    """What is paid for in a calendar month: so many visits, so much service, or both.

    It covers the orders of ``client`` (None: all clients together) that ``payer`` pays (None:
    whoever does) for ``services`` (None: any); alarms never count. A team is one visit of its
    order's length. What was used up before the day, or in the first month before the horizon,
    counts.
    """

    id: Id
    client: Id | None = None
    payer: Id | None = None
    services: Annotated[tuple[Id, ...], LAX] | None = None
    visits: int | None = Field(default=None, ge=0, le=10**6)
    service_s: int | None = Field(default=None, ge=0, le=10**9)
    used_visits: int = Field(default=0, ge=0, le=10**6)
    used_service_s: int = Field(default=0, ge=0, le=10**9)

    def covers(self, order: BaseOrder) -> bool:
        """Whether the order counts."""
        return (
            not isinstance(order, EmergencyOrder)
            and self.client in (None, order.client)
            and self.payer in (None, order.payer)
            and (self.services is None or service_of(order) in self.services)
        )


def service_of(order: BaseOrder) -> str:
    """Service that is ordered: every kind of order has one."""
    return getattr(order, "service", "")
