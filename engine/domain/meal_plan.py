"""A plan of a meal period: the bulk, the trips, who sits where, and who goes without."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from engine.domain.base import LAX, Entity, Id

MEAL_PLAN_FORMAT: Final = "careroute-meal-plan/1"
Whole = Annotated[int, Field(ge=0)]
#: suspended: the order rests; too_late: ordered after the deadline; shortage: not enough is
#: cooked; bulk: no van brings it in time; courier: no courier has the time or the room; handover:
#: the point hands no more over to couriers; seats: no seat is free in time.
Reason = Literal["suspended", "too_late", "shortage", "bulk", "courier", "handover", "seats"]
#: Reasons that are decisions of the client, not failures of the plan.
EXPECTED: Final = frozenset({"suspended", "too_late"})


class Lot(Entity):
    """Portions of one diet of one batch."""

    kitchen: Id
    batch: Id
    diet: Id
    portions: Whole


class VanStop(Entity):
    """What a van unloads at a point; couriers and diners may have it from ``ready_s`` on."""

    point: Id
    arrival_s: Whole
    ready_s: Whole
    lots: Annotated[tuple[Lot, ...], LAX]


class VanTrip(Entity):
    """A run of a van from its kitchen and back; it stands in a bay from ``loading_s`` on."""

    van: Id
    kitchen: Id
    loading_s: Whole
    leave_s: Whole
    back_s: Whole
    distance_m: Whole
    stops: Annotated[tuple[VanStop, ...], LAX]


class Drop(Entity):
    """A meal at a door; ``start_s`` is when it is handed over."""

    client: Id
    start_s: Whole
    kitchen: Id
    batch: Id


class CourierTrip(Entity):
    """A run of a courier: loading begins, leaves, doors in their order."""

    loading_s: Whole
    leave_s: Whole
    drops: Annotated[tuple[Drop, ...], LAX]


class CourierRoute(Entity):
    """A courier's trips; ``back_s`` is when the last one ends at the place again."""

    courier: Id
    place: Id
    trips: Annotated[tuple[CourierTrip, ...], LAX]
    back_s: Whole
    distance_m: Whole
    travel_s: Whole


class Sitting(Entity):
    """A diner at a point: sits down at ``start_s``."""

    client: Id
    point: Id
    start_s: Whole
    kitchen: Id
    batch: Id


class Without(Entity):
    """Somebody who gets no meal in this plan, and why."""

    client: Id
    reason: Reason


class MealTotals(Entity):
    """Figures of the whole; ``bound_cents`` is below the cost of every plan that serves as many."""

    clients: Whole
    due: Whole
    served: Whole
    on_time: Whole
    portions: Whole
    van_trips: Whole
    couriers: Whole
    trips: Whole
    distance_m: Whole
    cooking_cents: Whole
    van_cents: Whole
    courier_cents: Whole
    cost_cents: Whole
    bound_cents: Whole


class MealPlan(Entity):
    """What is done in a meal period, from the kitchens to every door."""

    format: Literal["careroute-meal-plan/1"] = MEAL_PLAN_FORMAT
    problem: Id
    fingerprint: str
    seed: int
    turns: Whole
    van_trips: Annotated[tuple[VanTrip, ...], LAX]
    routes: Annotated[tuple[CourierRoute, ...], LAX]
    sittings: Annotated[tuple[Sitting, ...], LAX]
    without: Annotated[tuple[Without, ...], LAX]
    totals: MealTotals

    def couriers(self) -> dict[str, str]:
        """Who brings each client a meal."""
        return {
            d.client: r.courier for r in self.routes for t in r.trips for d in t.drops
        }

    def times(self) -> dict[str, int]:
        """When each client who is served begins to eat."""
        found = {s.client: s.start_s for s in self.sittings}
        for route in self.routes:
            for trip in route.trips:
                found |= {d.client: d.start_s for d in trip.drops}
        return found
