"""A planning problem: one day of a care centre, validated as a whole."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field

from engine.domain.base import LAX, Cents, CoordinateSystem, Day, Entity, Id, Located, Mode
from engine.domain.entitlements import Entitlement
from engine.domain.orders import Order, VisitOrder, member_orders, visit_id
from engine.domain.places import Centre, Client, Kitchen, LoadingPlace, MealPoint, Place
from engine.domain.services import SERVICES, SKILLS, Service, Skill
from engine.domain.workers import Vehicle, Worker

PROBLEM_FORMAT: Final = "careroute-problem/1"


class SyntheticNetwork(Entity):
    """The embedded default: a seeded city that needs no file and no network."""

    kind: Literal["synthetic"] = "synthetic"
    nodes: int = Field(default=6_000, ge=300, le=400_000)
    seed: int = Field(default=1, ge=0, le=2**31)


class FileNetwork(Entity):
    """A network file; a relative path counts from the problem's own folder. Command line only."""

    kind: Literal["file"]
    path: str


class NamedNetwork(Entity):
    """A network that the service holds, as ``GET /v1/networks`` lists them."""

    kind: Literal["named"]
    name: Id


class Continuity(Entity):
    """What faces are worth, beside the cost of the plan.

    ``new_face_cents`` for a visit by somebody whom the client does not know,
    ``preferred_bonus_cents`` for one by somebody whom the client prefers. Both count visits (no
    meals, no alarms) to clients of whom it is known whom they know or prefer.
    """

    new_face_cents: int = Field(default=0, ge=0, le=100_000)
    preferred_bonus_cents: int = Field(default=0, ge=0, le=100_000)


NetworkRef = Annotated[SyntheticNetwork | FileNetwork | NamedNetwork, Field(discriminator="kind")]


class Problem(Entity):
    """Orders, people and places of one day; ``engine.domain.parse`` makes it, finding all faults.

    ``services`` and ``skills`` add to the catalogue or override a row of it by id.
    ``max_snap_m`` is how far from a road a point may lie; farther is a fault, never moved silently.
    ``arrival_s`` is by mode what every leg takes besides driving, to park or to lock; none between
    two orders at one address. It counts as travel time.
    ``fair_load_cents_per_hour`` is what the search pays for an hour of duty above a shift's even
    share of the work; it is no cost of the plan.
    """

    format: Literal["careroute-problem/1"] = PROBLEM_FORMAT
    id: Id
    day: Day
    coordinate_system: CoordinateSystem = "wgs84"
    network: NetworkRef = Field(default_factory=SyntheticNetwork)
    max_snap_m: int = Field(default=500, ge=1, le=20_000)
    continuity: Continuity = Field(default_factory=Continuity)
    arrival_s: dict[Mode, Annotated[int, Field(ge=0, le=3_600)]] = Field(default_factory=dict)
    fair_load_cents_per_hour: Cents = 0
    skills: Annotated[tuple[Skill, ...], LAX] = ()
    services: Annotated[tuple[Service, ...], LAX] = ()
    clients: Annotated[tuple[Client, ...], LAX] = ()
    centres: Annotated[tuple[Centre, ...], LAX] = ()
    kitchens: Annotated[tuple[Kitchen, ...], LAX] = ()
    meal_points: Annotated[tuple[MealPoint, ...], LAX] = ()
    places: Annotated[tuple[Place, ...], LAX] = ()
    vehicles: Annotated[tuple[Vehicle, ...], LAX] = ()
    workers: Annotated[tuple[Worker, ...], LAX] = ()
    orders: Annotated[tuple[Order, ...], LAX] = ()
    entitlements: Annotated[tuple[Entitlement, ...], LAX] = ()

    @cached_property
    def service_by_id(self) -> dict[str, Service]:
        """Catalogue with the problem's own rows over it."""
        return {s.id: s for s in (*SERVICES, *self.services)}

    @cached_property
    def skill_by_id(self) -> dict[str, Skill]:
        """Known skills with the problem's own rows over them."""
        return {s.id: s for s in (*SKILLS, *self.skills)}

    @cached_property
    def client_by_id(self) -> dict[str, Client]:
        """Clients by id."""
        return {c.id: c for c in self.clients}

    @cached_property
    def worker_by_id(self) -> dict[str, Worker]:
        """Workers by id."""
        return {w.id: w for w in self.workers}

    @cached_property
    def vehicle_by_id(self) -> dict[str, Vehicle]:
        """Vehicles by id."""
        return {v.id: v for v in self.vehicles}

    @cached_property
    def order_by_id(self) -> dict[str, Order]:
        """Orders by id."""
        return {o.id: o for o in self.orders}

    @cached_property
    def visits_of(self) -> dict[str, tuple[Order, ...]]:
        """What is done for each order: the order itself, or one entry a member of its team."""
        return {o.id: self._visits(o) for o in self.orders}

    def _visits(self, order: Order) -> tuple[Order, ...]:
        if not isinstance(order, VisitOrder):
            return (order,)
        team = self.service_by_id[order.service].team if order.team is None else order.team
        return member_orders(order, team) if team else (order,)

    @cached_property
    def visit_by_id(self) -> dict[str, Order]:
        """What one person does for an order, by ``visit_id``, in the problem's order."""
        return {visit_id(v): v for visits in self.visits_of.values() for v in visits}

    @cached_property
    def tied(self) -> dict[str, frozenset[str]]:
        """Orders that are served all or none, by the id of each; nothing for other orders."""
        groups: dict[str, set[str]] = {}
        for order in self.orders:
            if len(self.visits_of[order.id]) > 1:
                groups.setdefault(order.id, {order.id})
            if isinstance(order, VisitOrder) and order.after is not None:
                first = order.after.order
                both = groups.get(order.id, {order.id}) | groups.get(first, {first})
                groups |= dict.fromkeys(both, both)
        return {i: frozenset(group) for i, group in groups.items()}

    @cached_property
    def loading_place_by_id(self) -> dict[str, LoadingPlace]:
        """Kitchens and meal points by id."""
        return {p.id: p for p in (*self.kitchens, *self.meal_points)}

    @cached_property
    def facility_by_id(self) -> dict[str, Located]:
        """Everywhere a worker may start or end: centres, kitchens, meal points, places."""
        every = (*self.centres, *self.kitchens, *self.meal_points, *self.places)
        return {p.id: p for p in every}

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the content: a plan names the problem it was made for.

        What is at its default is left out, so that a field which is new changes no old problem.
        """
        content = self.model_dump_json(exclude_defaults=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]
