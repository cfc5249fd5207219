"""What the rules write to, on the way from care to routing: ids become indexes, cents model money.

A :class:`Draft` begins as lax as can be: every worker may serve every order, at any hour, carrying
anything. Each rule then adds what it means (``rule.compile(draft)``). :meth:`Draft.to_model`
numbers what is left.

Units. Time, length and load are those of the domain. Money inside the model is cents times
``MONEY_PER_CENT``, so that a price per second is a whole number that is exact to better than 0.1 %
for any wage above one yuan an hour; a price per metre is then the vehicle's cents per kilometre,
exactly. Model money never leaves the model: a plan's cents come from ``engine.evaluate``.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.base import HORIZON_S
from engine.domain.orders import MealOrder, Order, visit_id
from engine.domain.places import Batch, Client, LoadingPlace
from engine.domain.plan import Previous, Reason
from engine.domain.problem import Problem
from engine.domain.ties import Tie
from engine.domain.workers import Shift, Worker
from engine.travel import Leg, Travel
from engine.visits import mode_of
from solvers.builder import ModelBuilder
from solvers.model import OPEN, TIME_MAX, UNREACHABLE, RoutingModel

#: Model money in a cent.
MONEY_PER_CENT = 1_000
#: Amounts beyond these make no further difference to the search: a fixed cost or prize of 11
#: billion yuan, and a leg of 2,600 yuan, which leaves room for arc costs in int32.
_MONEY_MAX = 1 << 50
_LEG_MAX = 1 << 28


@dataclass(eq=False)
class TaskDraft:
    """One order, or one member's part of a team's, on its way into the model.

    ``skills`` says who is qualified, ``tokens`` which trips are right (batch, length); a vehicle
    needs all of both. ``affinity``: extra price of being served by a worker; nothing for others.
    ``prize`` None: required. ``blocked``: known here to be unservable, and why.
    """

    order: Order
    client: Client
    location: int
    service: int = 0
    windows: tuple[tuple[int, int], ...] = ((0, HORIZON_S),)
    demand: dict[str, int] = field(default_factory=dict)
    skills: set[Hashable] = field(default_factory=set)
    tokens: set[Hashable] = field(default_factory=set)
    refused: frozenset[str] = frozenset()  # worker ids
    allowed: frozenset[str] | None = None  # worker ids; None: anybody
    affinity: dict[str, int] = field(default_factory=dict)  # worker id -> model money
    soft_late: int | None = None  # a later start costs ...
    late_price: int = 0  # ... model money a second
    tier: int = 0
    weight: int = 0  # within the tier
    prize: int | None = None  # model money
    release: int = 0  # its trip leaves no earlier
    freshness: int | None = None  # most seconds on board
    blocked: Reason | None = None

    def add_cost(self, worker: str, money: int) -> None:
        """Let the order cost more (or less, below 0) where the worker serves it."""
        self.affinity[worker] = self.affinity.get(worker, 0) + money

    @property
    def key(self) -> str:
        """Name of what is done, as ``engine.domain.orders.visit_id`` has it."""
        return visit_id(self.order)


@dataclass(eq=False)
class VehicleDraft:
    """One trip of a worker's shift; most shifts are one trip. ``early``: leaves, after loading.

    ``reload_s``: the vehicle is the whole shift, and loads at its start again for so long, as often
    as it likes. ``overtime_price`` is paid for duty beyond ``regular``.
    """

    worker: Worker
    shift: Shift
    trip: int
    mode: str
    place: str  # id of the start
    start: int
    end: int = OPEN
    early: int = 0
    late: int = TIME_MAX
    capacity: dict[str, int] = field(default_factory=dict)
    skills: set[Hashable] = field(default_factory=set)
    tokens: set[Hashable] = field(default_factory=set)
    permille: int = 1_000
    fixed: int = 0  # model money, as the two prices
    price_per_second: int = 0
    price_per_metre: int = 0
    breaks: tuple[tuple[int, int, int], ...] = ()  # early, late, length
    reload_s: int | None = None
    regular: int | None = None
    overtime_price: int = 0  # per second
    max_travel: int | None = None
    max_tasks: int | None = None


class TripKey(NamedTuple):
    """Whom a vehicle of the model stands for; ``trip`` counts the slots of a shift from 0."""

    worker: str
    shift: str
    trip: int


class Compiled(NamedTuple):
    """A model, and the way back from its indexes to ids."""

    model: RoutingModel
    tasks: tuple[str, ...]  # visit id of each task
    vehicles: tuple[TripKey, ...]
    blocked: dict[str, Reason]  # orders that are not in the model
    batches: dict[str, str]  # meal order -> batch of the place where its trip starts
    modes: tuple[str, ...]  # mode of each profile


@dataclass
class Draft:
    """What the rules write to; see the module's docstring.

    Parameters
    ----------
    problem, travel : as given.
    tasks : one an order, or a member of its team, in the problem's order.
    vehicles : one a worker's shift, in the problem's order, until a rule cuts a shift into trips.
    dimensions : load dimensions that count.
    batch_of : meal order -> (place, batch) that it is taken from.
    previous : a former plan that is not to be left without need.
    ties : visits that are served together or in a certain distance, all or none.
    max_duty : worker -> seconds on duty in all shifts.
    """

    problem: Problem
    travel: Travel
    tasks: list[TaskDraft]
    vehicles: list[VehicleDraft]
    dimensions: tuple[str, ...] = ()
    batch_of: dict[str, tuple[LoadingPlace, Batch]] = field(default_factory=dict)
    previous: Previous | None = None
    ties: list[Tie] = field(default_factory=list)
    max_duty: dict[str, int] = field(default_factory=dict)
    with_setup: bool = False

    @classmethod
    def of(cls, problem: Problem, travel: Travel, previous: Previous | None = None) -> Draft:
        """Make the draft that no rule has touched."""
        tasks = [
            TaskDraft(visit, client, travel.client(client.id))
            for visit in problem.visit_by_id.values()
            for client in [problem.client_by_id[visit.client]]
        ]
        vehicles = [
            _draft_vehicle(problem, travel, worker, shift)
            for worker in problem.workers
            for shift in worker.shifts
        ]
        return cls(problem, travel, tasks, vehicles, previous=previous)

    @staticmethod
    def money(cents: int) -> int:
        """Convert to model money; a prize beyond all costs is as good as any other such."""
        return min(cents * MONEY_PER_CENT, _MONEY_MAX)

    @staticmethod
    def batch_token(place: LoadingPlace, batch: Batch) -> Hashable:
        """Name what a trip must have on offer for a meal that is taken from the batch."""
        return ("batch", place.id, batch.id)

    def meals(self) -> list[TaskDraft]:
        """Tasks that are meals and not blocked."""
        return [t for t in self.tasks if isinstance(t.order, MealOrder) and t.blocked is None]

    def qualified(self, vehicle: VehicleDraft, task: TaskDraft) -> bool:
        """Whether the worker may serve the order, whatever the trip."""
        name = vehicle.worker.id
        return (
            task.skills <= vehicle.skills
            and name not in task.refused
            and (task.allowed is None or name in task.allowed)
        )

    def carries(self, vehicle: VehicleDraft, task: TaskDraft) -> bool:
        """Whether the vehicle is large enough for the order alone."""
        return all(task.demand.get(d, 0) <= vehicle.capacity.get(d, 0) for d in self.dimensions)

    def stock(self, vehicle: VehicleDraft) -> None:
        """Let a trip take from the batches that are ready when its loading begins."""
        place = self.problem.loading_place_by_id.get(vehicle.place)
        if place is None or not self.batch_of:
            return
        vehicle.tokens |= {
            self.batch_token(place, batch)
            for batch in place.batches
            if batch.ready_s + place.loading_s <= vehicle.early
        }

    def seconds(self, vehicle: VehicleDraft) -> NDArray[np.int32]:
        """Look up the travel times of the vehicle's mode, shape (L, L)."""
        return self.travel.seconds[vehicle.mode]

    def to_model(self) -> Compiled:
        """Turn ids into indexes and build the arrays; blocked orders stay outside.

        Raises
        ------
        solvers.errors.ModelError : a rule wrote nonsense, a defect of ours.
        """
        builder = ModelBuilder(len(self.dimensions))
        modes = tuple(self.travel.seconds)
        profile = {mode: self._add_matrix(builder, mode) for mode in modes}
        longest = {mode: _longest_leg(self.travel, mode) for mode in modes}
        if not modes:  # a problem without workers still has a model
            n = max(1, len(self.travel.lon))
            builder.add_matrix(np.zeros((n, n), dtype=np.int32))
        if self.with_setup and self.travel.setup is not None:
            for location in np.flatnonzero(self.travel.setup):
                builder.set_setup(int(location), int(self.travel.setup[location]))
        trips_of: dict[str, list[int]] = {}
        for i, v in enumerate(self.vehicles):
            again = [] if v.reload_s is None else [builder.add_reload(v.start, seconds=v.reload_s)]
            trips_of.setdefault(v.worker.id, []).append(i)
            builder.add_vehicle(
                v.start, v.end,
                shift=(v.early, v.late),
                capacity=[v.capacity.get(d, 0) for d in self.dimensions],
                skills=v.skills | v.tokens,
                profile=profile[v.mode],
                fixed_cost=v.fixed,
                price_per_second=min(v.price_per_second, _LEG_MAX // longest[v.mode].seconds),
                price_per_metre=min(v.price_per_metre, _LEG_MAX // longest[v.mode].metres),
                service_permille=v.permille,
                worker=v.worker.id,
                regular_duty=v.regular,
                overtime_price=v.overtime_price,
                max_travel=v.max_travel,
                max_tasks=v.max_tasks,
                breaks=v.breaks,
                reloads=again,
            )
        for worker, most in self.max_duty.items():
            if worker in trips_of:
                builder.limit_worker(worker, most)
        blocked = self._blocked()
        tasks = [t for t in self.tasks if t.order.id not in blocked]
        index: dict[str, int] = {}
        for t in tasks:
            index[t.key] = builder.add_task(
                t.location,
                service=t.service,
                windows=t.windows,
                demand=[t.demand.get(d, 0) for d in self.dimensions],
                skills=t.skills | t.tokens,
                refused=[i for w in sorted(t.refused) for i in trips_of.get(w, ())],
                allowed=None if t.allowed is None else [
                    i for w in sorted(t.allowed) for i in trips_of.get(w, ())
                ],
                affinity={w: cost for w, cost in t.affinity.items() if cost and w in trips_of},
                prize=t.prize,
                tier=t.tier,
                weight=t.weight,
                soft_late=t.soft_late,
                late_price=t.late_price,
                release=t.release,
                freshness=t.freshness,
            )
        for tie in self.ties:
            if tie.first in index and tie.second in index:
                builder.add_link(
                    index[tie.first], index[tie.second],
                    least=tie.least, most=tie.most, worker=tie.worker,
                )
        return Compiled(
            model=builder.build(),
            tasks=tuple(t.key for t in tasks),
            vehicles=tuple(TripKey(v.worker.id, v.shift.id, v.trip) for v in self.vehicles),
            blocked=blocked,
            batches={order: batch.id for order, (_, batch) in self.batch_of.items()},
            modes=modes,
        )

    def _blocked(self) -> dict[str, Reason]:
        """Orders that cannot be in the model, with all that are tied to them."""
        blocked: dict[str, Reason] = {}
        for t in self.tasks:
            if t.blocked is not None:
                tied = self.problem.tied if self.ties else {}
                whole = tied.get(t.order.id, frozenset({t.order.id}))
                blocked |= dict.fromkeys(whole - blocked.keys(), t.blocked)
        return blocked

    def _add_matrix(self, builder: ModelBuilder, mode: str) -> int:
        seconds, metres = self.travel.seconds[mode], self.travel.metres[mode]
        if geodata.UNREACHABLE != UNREACHABLE:  # the two rooms do not know each other
            no_way = seconds >= geodata.UNREACHABLE
            seconds = np.where(no_way, UNREACHABLE, seconds)
            metres = np.where(no_way, UNREACHABLE, metres)
        return builder.add_matrix(seconds, metres)


def _draft_vehicle(
    problem: Problem, travel: Travel, worker: Worker, shift: Shift
) -> VehicleDraft:
    per_km = problem.vehicle_by_id[worker.vehicle].cost_per_km_cents if worker.vehicle else 0
    return VehicleDraft(
        worker=worker,
        shift=shift,
        trip=0,
        mode=mode_of(problem, worker),
        place=worker.start,
        start=travel.place(worker.start),
        fixed=Draft.money(worker.cost_per_shift_cents),
        price_per_second=(worker.cost_per_travel_hour_cents * MONEY_PER_CENT + 1_800) // 3_600,
        price_per_metre=per_km * MONEY_PER_CENT // 1_000,
    )


def _longest_leg(travel: Travel, mode: str) -> Leg:
    """Bounds on every leg that is a way; at least 1."""
    ways = [m[m < geodata.UNREACHABLE] for m in (travel.seconds[mode], travel.metres[mode])]
    seconds, metres = (int(w.max(initial=1)) for w in ways)
    return Leg(seconds, metres, True)
