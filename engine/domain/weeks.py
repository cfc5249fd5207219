"""One to four weeks of a care centre: who is to be visited how often, and who is there when.

A *programme* is a service that a client gets again and again. The horizon is cut into blocks, from
its first day on: a week each for ``visits_per_week``, ``every_weeks`` weeks each, or the whole for
``visits``; every block has its number of visits, a last block that is shorter its share of them.
On which days they fall, at what hour and by whom is what planning finds out.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from engine.domain.base import (
    DAY_S,
    LAX,
    Cents,
    CoordinateSystem,
    Day,
    Duration,
    Entity,
    Id,
    Mode,
)
from engine.domain.entitlements import Entitlement
from engine.domain.orders import VisitOrder
from engine.domain.places import Centre, Client, Place
from engine.domain.problem import Continuity, NetworkRef, Problem, SyntheticNetwork
from engine.domain.services import Service, Skill
from engine.domain.workers import Shift, Vehicle, Worker

WEEKS_FORMAT: Final = "careroute-weeks/1"
MIN_DAYS, MAX_DAYS = 7, 28

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


#: What bounds a worker over days: no day of a horizon sees it, the whole does.
OVER_DAYS = (
    "max_weekly_s", "used_weekly_s", "max_monthly_s", "used_monthly_s", "previous_end_s",
    "min_daily_rest_s",
)


class WeeklyShift(Shift):
    """A shift that is worked every week; ``weekdays`` None: on every day of it."""

    weekdays: Annotated[tuple[Weekday, ...], LAX] | None = Field(default=None, min_length=1)

    def is_on(self, day: date) -> bool:
        """Whether it is worked on such a weekday."""
        return self.weekdays is None or WEEKDAYS[day.weekday()] in self.weekdays


class WeeklyWorker(Worker):
    """A worker as in a problem of one day; every shift may say on which weekdays it is worked.

    ``min_rest_s`` lies between the shifts of different days too, and so does ``min_daily_rest_s``:
    the longer of both counts. ``previous_end_s`` is when the last shift before the horizon ended,
    from midnight of the day before ``first_day``. ``max_weekly_s`` bounds the duty in each seven
    days from the first day of the horizon on, ``max_monthly_s`` that in a calendar month;
    ``used_weekly_s`` of the first seven days, ``used_monthly_s`` of the first month, are gone
    already.
    """

    shifts: Annotated[tuple[WeeklyShift, ...], LAX] = Field(min_length=1)

    @property
    def night_rest_s(self) -> int:
        """Least seconds from the last route of a day to the first one of a later day."""
        return max(self.min_rest_s, self.min_daily_rest_s)

    @property
    def free_from_s(self) -> int:
        """When the rest since the day before the horizon is over, from the first day's start."""
        if self.previous_end_s is None:
            return 0
        return max(0, self.previous_end_s - DAY_S + self.night_rest_s)


class Programme(VisitOrder):
    """Visits of one service to one client: an order, and how often. At most one a day.

    Exactly one of ``visits_per_week``, ``every_weeks`` (one visit in so many weeks) and ``visits``
    (in the whole horizon). From one visit to the next at least ``min_gap_days`` and at most
    ``max_gap_days`` pass, 1 being the next day; days on which the client is away or that are
    holidays do not count for the most. ``weekdays`` None: any. ``last_visit`` was before the
    horizon: the gap to the first one counts from it. A programme that comes ``after`` another one
    is due as often, and on the same days.
    """

    kind: Literal["visit"] = "visit"
    visits_per_week: int | None = Field(default=None, ge=1, le=7)
    every_weeks: int | None = Field(default=None, ge=1, le=4)
    visits: int | None = Field(default=None, ge=1, le=MAX_DAYS)
    min_gap_days: int = Field(default=1, ge=1, le=MAX_DAYS)
    max_gap_days: int | None = Field(default=None, ge=1, le=2 * MAX_DAYS)
    weekdays: Annotated[tuple[Weekday, ...], LAX] | None = Field(default=None, min_length=1)
    on_holidays: bool = False
    last_visit: Day | None = None

    @property
    def is_weekly(self) -> bool:
        """Whether there is a visit every week."""
        return self.visits_per_week is not None or self.every_weeks == 1


class Absence(Entity):
    """A worker is not at work, or a client not at home, from a day to a day, both included."""

    worker: Id | None = None
    client: Id | None = None
    from_day: Day
    until_day: Day


class Familiar(Entity):
    """A worker whom a client knows from ``visits`` before, as ``known_workers`` are."""

    client: Id
    worker: Id
    visits: int = Field(default=1, ge=1, le=10_000)


class WeeksContinuity(Continuity):
    """What familiar faces and a regular hour are worth.

    ``new_face_cents`` is the price of a worker who is new to a client; whom a client prefers is
    known. The usual hour of a
    programme is that of its first visit: a visit starts within ``hour_band_s`` of it if that can be
    had, and pays ``hour_moved_cents`` for each hour that it is further away.
    """

    new_face_cents: int = Field(default=3_000, ge=0, le=100_000)
    hour_moved_cents: Cents = 500
    hour_band_s: Duration = 5_400


class Block(NamedTuple):
    """Days ``first`` to ``last`` of the horizon (counted from 0) with so many visits."""

    first: int
    last: int
    visits: int


class Weeks(Entity):
    """What to plan over the horizon; ``engine.domain.weeks_parse`` makes it, finding all faults.

    ``days`` count from ``first_day``. On ``holidays`` nobody is visited but by programmes that say
    ``on_holidays``. All else is as in a problem of one day.
    """

    format: Literal["careroute-weeks/1"] = WEEKS_FORMAT
    id: Id
    first_day: Day
    days: int = Field(default=MAX_DAYS, ge=MIN_DAYS, le=MAX_DAYS)
    coordinate_system: CoordinateSystem = "wgs84"
    network: NetworkRef = Field(default_factory=SyntheticNetwork)
    max_snap_m: int = Field(default=500, ge=1, le=20_000)
    skills: Annotated[tuple[Skill, ...], LAX] = ()
    services: Annotated[tuple[Service, ...], LAX] = ()
    clients: Annotated[tuple[Client, ...], LAX] = ()
    centres: Annotated[tuple[Centre, ...], LAX] = ()
    places: Annotated[tuple[Place, ...], LAX] = ()
    vehicles: Annotated[tuple[Vehicle, ...], LAX] = ()
    workers: Annotated[tuple[WeeklyWorker, ...], LAX] = ()
    programmes: Annotated[tuple[Programme, ...], LAX] = ()
    holidays: Annotated[tuple[Day, ...], LAX] = ()
    absences: Annotated[tuple[Absence, ...], LAX] = ()
    entitlements: Annotated[tuple[Entitlement, ...], LAX] = ()
    history: Annotated[tuple[Familiar, ...], LAX] = ()
    fair_load_cents_per_hour: Cents = 0
    continuity: WeeksContinuity = Field(default_factory=WeeksContinuity)
    arrival_s: dict[Mode, Annotated[int, Field(ge=0, le=3_600)]] = Field(default_factory=dict)

    @cached_property
    def base(self) -> Problem:
        """The first day with everybody and everything, and no order: for points and catalogues."""
        # What a month pays for is dealt out over the days: no day sees it again.
        apart = {"format", "continuity", "entitlements"}
        mine = set(Problem.model_fields) & set(Weeks.model_fields) - apart
        own = {name: getattr(self, name) for name in mine}
        prices = {name: getattr(self.continuity, name) for name in Continuity.model_fields}
        workers = tuple(
            Worker(**{
                name: getattr(w, name) for name in Worker.model_fields if name != "shifts"
            }, shifts=tuple(plain_shift(s) for s in w.shifts))
            for w in self.workers
        )
        return Problem(**{**own, "workers": workers, "day": self.first_day,
                          "continuity": Continuity(**prices)})

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The days of the horizon."""
        return tuple(self.first_day + timedelta(days=k) for k in range(self.days))

    @cached_property
    def programme_by_id(self) -> dict[str, Programme]:
        """Programmes by id."""
        return {p.id: p for p in self.programmes}

    @cached_property
    def worker_by_id(self) -> dict[str, WeeklyWorker]:
        """Workers by id."""
        return {w.id: w for w in self.workers}

    @cached_property
    def client_by_id(self) -> dict[str, Client]:
        """Clients by id."""
        return {c.id: c for c in self.clients}

    @cached_property
    def holiday_set(self) -> frozenset[date]:
        """Holidays, wherever they lie."""
        return frozenset(self.holidays)

    @cached_property
    def absent_days(self) -> dict[tuple[str, str], list[tuple[date, date]]]:
        """("worker" | "client", id) -> first and last day of every absence."""
        away: dict[tuple[str, str], list[tuple[date, date]]] = {}
        for a in self.absences:
            key = ("worker", a.worker) if a.worker is not None else ("client", a.client or "")
            away.setdefault(key, []).append((a.from_day, a.until_day))
        return away

    def is_away(self, kind: Literal["worker", "client"], id: str, day: date) -> bool:
        """Whether an absence says that somebody is not there."""
        return any(a <= day <= b for a, b in self.absent_days.get((kind, id), ()))

    def shifts_on(self, worker: WeeklyWorker, day: date) -> tuple[WeeklyShift, ...]:
        """Shifts that a worker is there for on a day."""
        if self.is_away("worker", worker.id, day):
            return ()
        return tuple(s for s in worker.shifts if s.is_on(day))

    def duration(self, programme: Programme) -> int:
        """Planned seconds of a visit: the programme's or the catalogue's."""
        if programme.service_duration_s is not None:
            return programme.service_duration_s
        return self.base.service_by_id[programme.service].service_duration_s

    def blocks(self, programme: Programme) -> tuple[Block, ...]:
        """Cut the horizon up for a programme: how many visits are due between which days."""
        return blocks_of(programme, self.days)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the content but defaults: a plan names what it was made for."""
        content = self.model_dump_json(exclude_defaults=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def blocks_of(programme: Programme, days: int) -> tuple[Block, ...]:
    """Blocks of a programme in a horizon of so many days; those without a visit are left out."""
    if programme.visits is not None:
        return (Block(0, days - 1, programme.visits),)
    weeks, visits = programme.every_weeks or 1, programme.visits_per_week or 1
    length = 7 * weeks
    blocks = []
    for first in range(0, days, length):
        size = min(length, days - first)
        due = (2 * visits * size + length) // (2 * length)  # its share, half a visit counts as one
        if due:
            blocks.append(Block(first, first + size - 1, due))
    return tuple(blocks)


def plain_shift(shift: WeeklyShift) -> Shift:
    """Leave out the weekdays of a shift: what is worked on one day."""
    return Shift(**{name: getattr(shift, name) for name in Shift.model_fields})
