"""Who does the work: caregivers, volunteers, couriers, with their certificates and shifts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.domain.base import (
    DAY_S,
    LAX,
    Cents,
    Day,
    Duration,
    Entity,
    Gender,
    Id,
    Load,
    Mode,
    Moment,
)

Role = Literal[
    "caregiver", "volunteer", "courier", "nurse", "family_doctor", "social_worker", "technician"
]


WeekSeconds = Annotated[int, Field(ge=0, le=7 * DAY_S)]
MonthSeconds = Annotated[int, Field(ge=0, le=31 * DAY_S)]


class Vehicle(Entity):
    """What a worker drives or pushes. A load dimension that is not named has capacity 0."""

    id: Id
    mode: Mode
    capacity: dict[Id, Load] = Field(default_factory=dict)
    cost_per_km_cents: Cents = 0


class Certificate(Entity):
    """A skill a worker holds, valid up to and including a day; None: it does not expire."""

    skill: Id
    valid_until: Day | None = None


class Break(Entity):
    """A pause that begins between two moments; a shift without visits needs none."""

    early_s: Moment
    late_s: Moment
    length_s: Duration = Field(ge=60)


class Shift(Entity):
    """Leaves the start no earlier and is back at the end no later; ``breaks`` in their order."""

    id: Id
    start_s: Moment
    end_s: Moment
    breaks: Annotated[tuple[Break, ...], LAX] = ()


class Worker(Entity):
    """One person. ``services`` None: every service the skills allow (a volunteer's list is short).

    ``start`` and ``end`` name a centre, kitchen, meal point or place. ``end`` None: back to the
    start; ``returns`` False: free where the last visit ends. ``vehicle`` None: moves by ``mode``,
    carrying nothing. A shift that serves nobody costs nothing. ``gender`` and ``languages`` count
    where somebody asks: who states none is not sent there. ``refused_clients`` are never visited.
    carrying nothing. A shift that serves nobody costs nothing.

    Duty is from leaving the start to the end of the shift's route, waiting and breaks included.
    ``min_rest_s`` lies between two shifts, ``max_daily_s`` bounds the duty of all of them; of each
    shift ``max_driving_s`` bounds the travel, ``max_visits`` the stops, and duty beyond
    ``regular_s`` costs ``overtime_per_hour_cents``. ``max_weekly_s`` and ``max_monthly_s`` bound
    the day's duty with what was worked in the week and month before it (a volunteer's hours are
    capped so). ``previous_end_s``: when the last shift of the day before ended, from that day's
    midnight; ``min_daily_rest_s`` later the worker may begin, whatever the shift says.
    ``provider`` is the organisation that employs the worker, for the purchaser's report.
    """

    id: Id
    role: Role = "caregiver"
    start: Id
    end: Id | None = None
    returns: bool = True
    mode: Mode = "ebike"
    vehicle: Id | None = None
    certificates: Annotated[tuple[Certificate, ...], LAX] = ()
    services: Annotated[tuple[Id, ...], LAX] | None = None
    shifts: Annotated[tuple[Shift, ...], LAX] = Field(min_length=1)
    service_time_factor: float = Field(default=1.0, gt=0.1, lt=10)
    cost_per_shift_cents: Cents = 5_000
    cost_per_travel_hour_cents: Cents = 3_000
    gender: Gender | None = None
    languages: Annotated[tuple[Id, ...], LAX] = ()
    refused_clients: Annotated[tuple[Id, ...], LAX] = ()
    min_rest_s: Duration = 0
    max_daily_s: Duration | None = None
    max_driving_s: Duration | None = None
    max_visits: int | None = Field(default=None, ge=1, le=1_000)
    regular_s: Duration | None = None
    overtime_per_hour_cents: Cents = 0
    provider: Id | None = None
    max_weekly_s: WeekSeconds | None = None
    used_weekly_s: WeekSeconds = 0
    max_monthly_s: MonthSeconds | None = None
    used_monthly_s: MonthSeconds = 0
    previous_end_s: Moment | None = None
    min_daily_rest_s: Duration = 0

    @property
    def duty_left_s(self) -> int | None:
        """Most seconds on duty that day, in all shifts; None: not limited."""
        limits = (
            (self.max_daily_s, 0), (self.max_weekly_s, self.used_weekly_s),
            (self.max_monthly_s, self.used_monthly_s),
        )
        return min((max(0, most - used) for most, used in limits if most is not None), default=None)

    @property
    def rested_s(self) -> int:
        """When the rest since the day before is over, from the day's start; 0: no matter."""
        if self.previous_end_s is None:
            return 0
        return max(0, self.previous_end_s - DAY_S + self.min_daily_rest_s)

    @property
    def at_work(self) -> tuple[Shift, ...]:
        """The shifts as they can be worked, each from the end of the rest; breaks before it fall.

        One that is over before is left with no length.
        """
        rested = self.rested_s
        return tuple(
            s if rested <= s.start_s else s.model_copy(update={
                "start_s": min(rested, s.end_s),
                "breaks": tuple(b for b in s.breaks if b.late_s >= rested),
            })
            for s in self.shifts
        )
