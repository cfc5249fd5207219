"""A meal programme (供餐计划): who eats on which weekdays, and what was changed since.

The clients of its ``register`` say who is known, where they live and what they usually eat. A
standing order says when a meal is due; a change, received at a moment, lasts from a day on or is of
one date. ``engine.meals.programme`` makes the meal period of a date of them. Days are of the city's
calendar, moments seconds from their midnight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from engine.domain.base import DAY_S, LAX, Cents, Day, Entity, Id, Moment
from engine.domain.meals import MealClient, MealsProblem
from engine.domain.weeks import WEEKDAYS, Weekday
from engine.domain.words import clock

#: In ``at``: at the client's own door, whatever the register says.
HOME: Final = "home"
Portions = Annotated[int, Field(ge=1, le=1_000)]


class StandingOrder(Entity):
    """Meals that are due without being asked for again, on some weekdays (None: every day).

    What is None is as in the register: diet, portions, ``at`` (a point or ``home``), who pays what.
    """

    client: Id
    weekdays: Annotated[tuple[Weekday, ...], LAX] | None = Field(default=None, min_length=1)
    from_day: Day | None = None
    until_day: Day | None = None
    diet: Id | None = None
    portions: Portions | None = None
    at: Id | None = None
    payer: Id | None = None
    price_cents: Cents | None = None
    subsidy_cents: Cents | None = None

    def covers(self, day: date) -> bool:
        """Whether a meal is due on a day."""
        if not is_between(day, self.from_day, self.until_day):
            return False
        return self.weekdays is None or WEEKDAYS[day.weekday()] in self.weekdays

    def terms(self, client: MealClient) -> MealClient:
        """Make the client eat as ordered here."""
        names = ("diet", "portions", "payer", "price_cents", "subsidy_cents")
        own = {n: getattr(self, n) for n in names if getattr(self, n) is not None}
        return client.model_copy(update=own | place_of(self.at))


class MealChange(Entity):
    """What somebody asked for: of one ``day``, or from ``from_day`` on (to ``until_day``).

    suspend: no meals; restart: meals again as ordered; cancel: no meal on that one day; order: a
    meal on that one day, ordered or not; change: another diet, other portions, another place, which
    restart and order may bring along.
    """

    client: Id
    kind: Literal["suspend", "restart", "cancel", "order", "change"]
    day: Day | None = None
    from_day: Day | None = None
    until_day: Day | None = None
    diet: Id | None = None
    portions: Portions | None = None
    at: Id | None = None
    received_day: Day
    received_s: Moment

    @property
    def received(self) -> int:
        """When it was received, in seconds on a line of all days."""
        return instant(self.received_day, self.received_s)

    @property
    def first(self) -> date:
        """The first day that it is of."""
        found = self.day or self.from_day
        assert found is not None  # parsing refuses a change of no day
        return found

    @property
    def last(self) -> date | None:
        """The last day that it is of; None: it lasts."""
        return self.day or self.until_day

    def covers(self, day: date) -> bool:
        """Whether it is of a day."""
        return is_between(day, self.first, self.last)

    def says(self) -> dict[str, object]:
        """List what it says: ``meal`` (on or off), diet, portions, ``at``."""
        said: dict[str, object] = {
            n: getattr(self, n) for n in ("diet", "portions", "at") if getattr(self, n) is not None
        }
        if self.kind != "change":
            said["meal"] = self.kind in ("restart", "order")
        return said

    @property
    def rank(self) -> tuple[bool, int, int]:
        """What goes before what: one day before lasting, then later received, then later begun."""
        return self.day is not None, self.received, self.first.toordinal()


class ProgrammeHead(Entity):
    """What a programme adds to the head: orders of a day are closed so many days before it."""

    order_deadline_days: Annotated[int, Field(ge=0, le=14)] = 0


@dataclass(frozen=True)
class MealProgramme:
    """A register with standing orders and changes; without any, a meal period of one day.

    The orders of a day are closed at the register's ``order_deadline_s``, so many days before.
    """

    register: MealsProblem
    standing: tuple[StandingOrder, ...] = ()
    changes: tuple[MealChange, ...] = ()
    order_deadline_days: int = 0

    def closes(self, day: date) -> int | None:
        """When the orders of a day are closed, on the line of ``instant``; None: never."""
        at = self.register.order_deadline_s
        return None if at is None else instant(day, at) - self.order_deadline_days * DAY_S


def instant(day: date, second: int) -> int:
    """Put a moment of a day on one line of seconds with all other days."""
    return day.toordinal() * DAY_S + second


def moment_text(moment: int) -> str:
    """Write a moment on the line of ``instant``."""
    day, second = divmod(moment, DAY_S)
    return f"{date.fromordinal(day)} {clock(second)}"


def is_between(day: date, first: date | None, last: date | None) -> bool:
    """Whether a day lies between two, both included; None: no end."""
    return (first is None or first <= day) and (last is None or day <= last)


def place_of(at: str | None) -> dict[str, str | None]:
    """Write a place as the field of a client has it; nothing where none is said."""
    return {} if at is None else {"at": None if at == HOME else at}
