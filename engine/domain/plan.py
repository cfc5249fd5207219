"""A plan: one route a worker a shift, and a reason for every order that is not on one."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field

from engine.domain.base import LAX, Cents, Duration, Entity, Id, Mode

PLAN_FORMAT: Final = "careroute-plan/1"

#: Why an order is not served; the binding reason, in the order in which they are looked for.
Reason = Literal[
    "unreachable",  # no way between the client and anybody's start
    "no_skill",  # no worker at work that day may do it
    "pinned",  # whom or when it is pinned to cannot be, and others or another time could
    "no_match",  # those who may are of another gender or language, or have refused the client
    "entitlement",  # what is paid for in the month is used up
    "no_portions",  # kitchens have no portion of the diet left
    "no_worker_in_window",  # those who may are not at work, or cannot get there, in the windows
    "no_capacity",  # those who may cannot carry it
    "outweighed",  # it would fit only in place of others, or cost more than its prize
]


class Stop(Entity):
    """Service of one order. ``travel_s`` and ``distance_m`` lead here from the stop before.

    ``batch`` is the kitchen batch (of the trip's start) that a meal was taken from, ``member`` the
    member of the team who comes. Between arrival and start lie ``setup_s`` at the address.
    """

    order: Id
    client: Id
    travel_s: int
    distance_m: int
    arrival_s: int
    start_s: int
    departure_s: int
    batch: Id | None = None
    member: Id | None = Field(default=None, exclude_if=lambda v: v is None)
    setup_s: int = Field(default=0, exclude_if=lambda v: not v)

    @property
    def visit(self) -> str:
        """Name of what is done here, as ``engine.domain.orders.visit_id`` has it."""
        return self.order if self.member is None else f"{self.order}#{self.member}"


class Trip(Entity):
    """A run between two loadings: from ``start`` over the stops to ``end`` (None: nowhere).

    ``leave_s`` is when the worker leaves, after loading; ``load`` is what is on board then.
    """

    start: Id
    leave_s: int
    stops: Annotated[tuple[Stop, ...], LAX]
    end: Id | None
    end_travel_s: int
    end_distance_m: int
    end_s: int
    load: dict[Id, int] = Field(default_factory=dict)


class Pause(Entity):
    """A break that is taken."""

    start_s: int
    end_s: int


class Route(Entity):
    """What one worker does in one shift; ``overtime_s`` is the duty beyond the regular one."""

    worker: Id
    shift: Id
    mode: Mode
    trips: Annotated[tuple[Trip, ...], LAX]
    travel_s: int
    distance_m: int
    service_s: int
    wait_s: int
    cost_cents: int
    breaks: Annotated[tuple[Pause, ...], LAX] = Field(default=(), exclude_if=lambda v: not v)
    overtime_s: int = Field(default=0, exclude_if=lambda v: not v)

    @property
    def duty_s(self) -> int:
        """Seconds from leaving the start to the end of the route."""
        return self.trips[-1].end_s - self.trips[0].leave_s if self.trips else 0


class Unserved(Entity):
    """An order that is not served: the binding reason with its numbers, and what would let it in.

    ``change`` is the smallest single change found, verified against the plan, such as ``{"kind":
    "widen_window", "worker": "W7", "shift": "am", "minutes": 12, ...}``; None: none found.
    """

    order: Id
    reason: Reason
    message: str
    message_zh: str
    numbers: dict[str, Any] = Field(default_factory=dict)
    change: dict[str, Any] | None = None
    change_text: str | None = None
    change_text_zh: str | None = None


class Totals(Entity):
    """Figures of the plan.

    ``cost_cents`` is shifts, travel and overtime; lost prizes, and what new and preferred faces are
    worth, stand apart. Faces are counted by visit, of clients who know or prefer somebody.
    """

    orders: int
    served: int
    unserved: int
    routes: int
    workers: int
    travel_s: int
    distance_m: int
    service_s: int
    wait_s: int
    cost_cents: int
    prize_lost_cents: int
    new_face_visits: int = 0
    preferred_visits: int = 0
    new_face_cents: int = 0
    preferred_bonus_cents: int = 0


class Run(Entity):
    """How the plan was made; the only part that may differ between two equal plans."""

    backend: str
    status: str
    seed: int
    iterations: int
    elapsed_s: float


class Moved(Entity):
    """An order that the former plan served as well, by somebody else or at another time."""

    order: Id
    client: Id
    from_worker: Id
    to_worker: Id
    from_s: int
    to_s: int


class Changes(Entity):
    """What a plan changes of a former one; orders are told apart by their ids.

    ``new`` are served now and were not; ``gone`` were and are not; ``worker`` have another worker;
    ``time`` the same at a start that is a minute or more away. ``moved_s`` and ``moved_cents`` add
    up the two last, at the prices that the plan was made with; beside the plan's cost. Of a move in
    time only what is beyond ``move_free_s`` has a price.
    """

    previous: str  # fingerprint of the problem that the former plan answered
    new: Annotated[tuple[Id, ...], LAX]
    gone: Annotated[tuple[Id, ...], LAX]
    worker: Annotated[tuple[Moved, ...], LAX]
    time: Annotated[tuple[Moved, ...], LAX]
    moved_s: int
    move_client_cents: int
    move_minute_cents: int
    move_free_s: int = Field(default=0, exclude_if=lambda v: not v)
    moved_cents: int


class Plan(Entity):
    """The answer to a problem; no plan leaves the engine without passing the checker."""

    format: Literal["careroute-plan/1"] = PLAN_FORMAT
    problem: Id
    problem_fingerprint: str
    network_fingerprint: str
    routes: Annotated[tuple[Route, ...], LAX]
    unserved: Annotated[tuple[Unserved, ...], LAX]
    totals: Totals
    run: Run
    changes: Changes | None = None


class FormerStop(NamedTuple):
    """Who served an order, in which shift, from when on."""

    worker: str
    shift: str
    start_s: int


class Previous(Entity):
    """A former plan, of the same or of an edited problem, and what it costs to leave it.

    ``move_client_cents`` for a visit that another worker makes, ``move_minute_cents`` for each
    minute beyond ``move_free_s`` that one starts earlier or later.
    """

    plan: Plan
    move_client_cents: Cents = Field(default=0, le=100_000)
    move_minute_cents: Cents = Field(default=0, le=10_000)
    move_free_s: Duration = Field(default=0, le=14_400)

    @property
    def is_priced(self) -> bool:
        """Whether it costs anything to leave the plan."""
        return bool(self.move_client_cents or self.move_minute_cents)

    def move_cents(self, order: str, worker: str) -> int:
        """Price of having another worker than before; nothing for what was not served before."""
        before = self.stops.get(order)
        return 0 if before is None or before.worker == worker else self.move_client_cents

    @cached_property
    def visits(self) -> dict[str, FormerStop]:
        """Visit id -> its stop: of a team every member's."""
        return {
            s.visit: FormerStop(r.worker, r.shift, s.start_s)
            for r in self.plan.routes for t in r.trips for s in t.stops
        }

    @cached_property
    def batches(self) -> dict[str, tuple[str, str]]:
        """Meal order -> where its trip began, and the batch that it was taken from."""
        return {
            s.order: (t.start, s.batch)
            for r in self.plan.routes for t in r.trips for s in t.stops if s.batch is not None
        }

    @cached_property
    def stops(self) -> dict[str, FormerStop]:
        """Order id -> its stop; of a team the member's that comes first by name."""
        least: dict[str, str] = {}
        for visit in self.visits:
            order = visit.partition("#")[0]
            least[order] = min(visit, least.get(order, visit))
        return {order: self.visits[visit] for order, visit in least.items()}
