"""What the day answers to an event."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import Field

from engine.domain.base import Entity
from engine.errors import Fault


class LivePolicy(Entity):
    """What a city lets the running day do.

    ``notice_s``: a visit that begins within it has been told to the client, so its place in the
    worker's day is kept. ``interrupt_rank``: a running visit of this importance or less (0 comes
    first, 5 is an able client, 10 optional) may be broken off for an alarm; None: none may.
    ``standard_s``: every district is to be reached within it. ``late_s``: older events are refused;
    ``future_s``: how far a device's clock may run ahead. ``max_delay_s``: a client who cannot be
    served in the window is served so much later at most, and told. ``moved_client_cents``: what it
    must save to move a client, and ``move_minute_cents`` for every minute in the background.
    ``overrun_s``: a visit that was reported as begun and is past its planned end is taken to last
    so much longer. ``unsure_s``: who is at work now, at a visit or an alarm, and may be kept
    there, goes to an alarm only where that is so much sooner. ``alarm_overtime_s``: so much longer
    than the shift somebody works for an alarm, where nobody else is in time. ``give_way_orders``:
    in one event others give way to so many orders without a gap at most, for that takes time.
    """

    notice_s: int = Field(default=1_800, ge=0, le=86_400)
    interrupt_rank: int | None = Field(default=5, ge=1, le=10)
    standard_s: int = Field(default=900, ge=60, le=86_400)
    late_s: int = Field(default=7_200, ge=0, le=172_800)
    future_s: int = Field(default=120, ge=0, le=86_400)
    max_delay_s: int = Field(default=3_600, ge=0, le=86_400)
    moved_client_cents: int = Field(default=500, ge=0, le=10**9)
    move_minute_cents: int = Field(default=20, ge=0, le=10_000)
    overrun_s: int = Field(default=300, ge=30, le=7_200)
    unsure_s: int = Field(default=180, ge=0, le=7_200)
    alarm_overtime_s: int = Field(default=3_600, ge=0, le=14_400)
    give_way_orders: int = Field(default=3, ge=0, le=100)


@dataclass(frozen=True)
class Delay:
    """An order that is served later than was planned; ``broken``: later than its window allows."""

    order: str
    client: str
    by_s: int
    broken: bool


@dataclass(frozen=True)
class Responder:
    """Who could go to an alarm, and what that costs others.

    ``now``: idle, on_the_way (to another client, or home), at_work (free after that visit),
    interrupted (breaks it off), meals (after the trip), off_shift (the shift begins later).
    """

    worker: str
    shift: str
    arrival_s: int
    in_time: bool
    now: str
    delays: tuple[Delay, ...] = ()
    interrupts: str | None = None


@dataclass(frozen=True)
class Move:
    """Who should wait where, so that a district is covered again."""

    worker: str
    district: str
    arrival_s: int


@dataclass(frozen=True)
class Cover:
    """Districts that somebody free reaches within the standard, or not.

    ``lost``: covered until this alarm took its responder; ``open``: not covered before either.
    """

    kept: bool
    lost: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True)
class AlarmAnswer:
    """Who goes to an alarm. ``ambulance``: hand over, for nobody of ours is there in time."""

    order: str
    due_s: int
    sent: Responder | None
    others: tuple[Responder, ...]
    ambulance: bool
    cover: Cover


@dataclass(frozen=True)
class Moved:
    """What an event did to one order: who serves it and when, before and after; None: nobody."""

    order: str
    client: str
    worker: str | None
    start_s: int | None
    was_worker: str | None
    was_start_s: int | None


@dataclass(frozen=True)
class Outcome:
    """What came of an event: ``repeated`` and ``superseded`` change nothing, nor does ``refused``.

    ``notes``: how contradictions were settled, or why the event was refused. ``moved``: every order
    whose worker or start changed. ``delayed``: promises that could not be kept in time, to be told.
    ``unserved``: orders that nobody can serve any more. ``is_first``: an alarm as it is answered at
    once, before it is worked out what it moves.
    """

    event: str
    status: Literal["applied", "repeated", "superseded", "refused"]
    notes: tuple[Fault, ...] = ()
    moved: tuple[Moved, ...] = ()
    delayed: tuple[Delay, ...] = ()
    unserved: tuple[str, ...] = ()
    alarm: AlarmAnswer | None = None
    details: dict[str, Any] = field(default_factory=dict)
    is_first: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
