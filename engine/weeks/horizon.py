"""The answer over weeks: a plan for every day, and a reason for every visit that has no day."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from engine.domain.base import LAX, Day, Entity, Id
from engine.domain.plan import Plan
from engine.domain.problem import Problem

WEEKS_PLAN_FORMAT: Final = "careroute-weeks-plan/1"

#: Why a visit that is due has no day; in the order in which they are looked for.
MissingReason = Literal[
    "client_away",  # absences of the client leave no allowed day
    "holiday",  # holidays leave none
    "spacing",  # none keeps the gaps to the visits before and after
    "entitlement",  # what is paid for is used up
    "sequence",  # none suits all programmes that share their days
]
#: What keeps a worker who could serve a visit from it because of other days.
WithheldReason = Literal["rest", "weekly_hours", "monthly_hours"]


class DayPlan(Entity):
    """One day: the problem with the hours that were told to clients, and its plan.

    An order has the id of its programme.
    """

    day: Day
    problem: Problem
    plan: Plan


class Missing(Entity):
    """A visit due between two days, both included, that is on no day's list of orders."""

    programme: Id
    first_day: Day
    last_day: Day
    reason: MissingReason
    message: str
    message_zh: str


class Withheld(Entity):
    """Workers who could serve an unserved visit and may not, because of what they do otherwise."""

    programme: Id
    day: Day
    reason: WithheldReason
    workers: Annotated[tuple[Id, ...], LAX]
    message: str
    message_zh: str


class Carer(Entity):
    """Whom a programme's client was meant to see; None: nobody may, or no stand-in is needed."""

    programme: Id
    worker: Id | None
    stand_in: Id | None


class WeeksPlan(Entity):
    """The answer to weeks; nothing in it is taken for true by the checker."""

    format: Literal["careroute-weeks-plan/1"] = WEEKS_PLAN_FORMAT
    weeks: Id
    weeks_fingerprint: str
    days: Annotated[tuple[DayPlan, ...], LAX]
    missing: Annotated[tuple[Missing, ...], LAX]
    carers: Annotated[tuple[Carer, ...], LAX] = ()
    withheld: Annotated[tuple[Withheld, ...], LAX] = ()
