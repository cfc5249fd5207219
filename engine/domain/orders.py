"""Orders: visits, meals and emergencies as one family, told apart by ``kind``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.domain.base import (
    DAY_S,
    LAX,
    Cents,
    Duration,
    Entity,
    Gender,
    Id,
    Load,
    Moment,
    Window,
)
from engine.domain.teams import After, TeamMember
from engine.domain.workers import Role

Channel = Literal["plan", "hotline", "button", "device", "app", "tv"]
#: From leaving the kitchen or point to the door, where nothing else is said.
HOT_FOOD_S = 3_600
#: Whoever waits longer than ten years comes no earlier for it.
MAX_WAITING_DAYS = 3_650


class Pin(Entity):
    """What is settled already: the worker, the start of service, or both."""

    worker: Id | None = None
    start_s: Moment | None = None


class BaseOrder(Entity):
    """What all orders share.

    ``windows`` empty: any time of the day. ``service_duration_s`` None: the catalogue's.
    ``priority`` None: by the client (guaranteed first, then care level); 0 is the most important.
    ``optional`` orders are served only where that costs less than ``prize_cents``. ``gender`` asks
    for a worker of this gender, whatever the service says. ``pin`` holds whoever serves to it.
    ``waiting_days``: for so long the client has waited for it; among equals who waited longer comes
    first. ``payer`` is who pays (a fund, a programme, the client), for entitlements, the figures of
    who was served and the purchaser's report.
    """

    id: Id
    client: Id
    windows: Annotated[tuple[Window, ...], LAX] = ()
    service_duration_s: Duration | None = None
    skills: Annotated[tuple[Id, ...], LAX] = Field(default=(), description="beyond the service's")
    load: dict[Id, Load] = Field(default_factory=dict)
    priority: int | None = Field(default=None, ge=0, le=9)
    optional: bool = False
    prize_cents: Cents | None = None
    channel: Channel = "plan"
    gender: Gender | None = None
    pin: Pin | None = None
    waiting_days: int = Field(default=0, ge=0, le=MAX_WAITING_DAYS)
    payer: Id | None = None


class VisitOrder(BaseOrder):
    """A visit at the client's home.

    ``team`` None: as the service has it; empty: one person. ``after``: a while after another order.
    """

    kind: Literal["visit"]
    service: Id
    team: Annotated[tuple[TeamMember, ...], LAX] | None = None
    after: After | None = None


class MemberOrder(VisitOrder):
    """What one member of a team does for an order; made of the order, never read from a file.

    ``id`` is the order's; ``skills`` and ``service_duration_s`` are the member's.
    """

    member: Id
    roles: Annotated[tuple[Role, ...], LAX] = ()


class MealOrder(BaseOrder):
    """Portions to a door. ``kitchen`` None: the nearest kitchen or point that has the diet left."""

    kind: Literal["meal"]
    service: Id = "meal"
    portions: int = Field(default=1, ge=1, le=1000)
    diet: Id | None = None
    kitchen: Id | None = Field(default=None, description="a kitchen or a meal point")
    max_onboard_s: Duration = Field(default=HOT_FOOD_S, ge=60)


class EmergencyOrder(BaseOrder):
    """An alarm: somebody with the skill is there within ``response_s`` of ``received_s``."""

    kind: Literal["emergency"]
    service: Id = "urgent"
    received_s: Moment
    response_s: int = Field(default=900, ge=60, le=DAY_S)


Order = Annotated[VisitOrder | MealOrder | EmergencyOrder, Field(discriminator="kind")]


def visit_id(order: Order) -> str:
    """Name what one person does for an order: the order's id, with the member's in a team."""
    return f"{order.id}#{order.member}" if isinstance(order, MemberOrder) else order.id


def member_id(team: tuple[TeamMember, ...], k: int) -> str:
    """Id of the ``k``-th member of a team, which may be its number."""
    return team[k].id or str(k + 1)


def member_orders(order: VisitOrder, team: tuple[TeamMember, ...]) -> tuple[MemberOrder, ...]:
    """Make what each member of a team does for an order, in the order of the team."""
    shared = {name: getattr(order, name) for name in VisitOrder.model_fields}
    return tuple(
        MemberOrder.model_construct(**shared | {
            "team": (),
            "member": member_id(team, k),
            "roles": member.roles,
            "skills": (*order.skills, *member.skills),
            "service_duration_s": (
                order.service_duration_s if member.service_duration_s is None
                else member.service_duration_s
            ),
        })
        for k, member in enumerate(team)
    )
