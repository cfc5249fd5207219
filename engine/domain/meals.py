"""A meal period: who cooks what by when, who eats where, and who carries it.

A central kitchen (中央厨房) cooks batches; vans carry them in bulk to meal points (助餐点); diners
eat there, and couriers load again and again to bring the rest to homes. Units as everywhere:
seconds from the plan's midnight, metres, cents.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field

from engine.domain.base import (
    HORIZON_S,
    LAX,
    Cents,
    CoordinateSystem,
    Day,
    Duration,
    Entity,
    Id,
    Load,
    Located,
    Mode,
    Moment,
)
from engine.domain.problem import NetworkRef, SyntheticNetwork

MEALS_FORMAT: Final = "careroute-meals/1"
#: Guaranteed clients go before everybody, whatever their priority.
GUARANTEED_TIER: Final = 0


class Diet(Entity):
    """A kind of meal (餐型): ``freshness_s`` from leaving the point or kitchen to the door."""

    id: Id
    name: str = ""
    name_zh: str = ""
    freshness_s: Annotated[int, Field(ge=60, le=HORIZON_S)] = 3_600


class CookedBatch(Entity):
    """Portions that may be loaded from a moment on.

    ``diets``: the most of each; one that is not named is not cooked. Empty: any diet, any mix.
    """

    id: Id
    ready_s: Moment
    portions: Load
    diets: dict[Id, Load] = Field(default_factory=dict)


class CentralKitchen(Located):
    """Where is cooked.

    ``bays``: vans that load at the same time, ``loading_s`` each; couriers who start here fill a
    box in ``courier_loading_s``.
    ``closed_from_s``: batches that are ready later are not cooked at all.
    """

    batches: Annotated[tuple[CookedBatch, ...], LAX] = ()
    bays: int = Field(default=2, ge=1, le=1_000)
    loading_s: Duration = 600
    courier_loading_s: Duration = 180
    closed_from_s: Moment | None = None
    cost_per_portion_cents: Cents = 0


class ServingPoint(Located):
    """A meal point: diners eat on its ``seats``, couriers load at its hatch.

    ``handover`` is how many portions it can give to couriers in the period, to ``hatches`` of them
    at the same time, ``loading_s`` each (None: to any number); ``kitchens`` which ones may feed
    it, None: any. A van that arrives unloads for ``unloading_s``.
    """

    seats: int = Field(default=0, ge=0, le=10**6)
    handover: Load = 10**6
    hatches: int | None = Field(default=None, ge=1, le=1_000)
    opens_s: Moment = 0
    closes_s: Moment = HORIZON_S
    loading_s: Duration = 180
    unloading_s: Duration = 300
    kitchens: Annotated[tuple[Id, ...], LAX] | None = None


class MealClient(Entity):
    """Somebody who ordered: eats ``at`` a point, or (``at`` None) at home, where the point is due.

    ``suspended``: no meal on this day. ``ordered_s``: when the order came; after the problem's
    deadline it is too late to cook for. A change of an order that stood before is one of a
    programme (``engine.domain.meal_programme``): too late, it leaves the order. A client's own
    ``start_s`` and ``end_s`` narrow the period. What a portion costs is ``price_cents``, of which
    ``payer`` pays ``subsidy_cents``.
    """

    id: Id
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    coordinate_system: CoordinateSystem | None = None
    diet: Id
    portions: Annotated[int, Field(ge=1, le=1_000)] = 1
    at: Id | None = None
    guaranteed: bool = False
    priority: int = Field(default=1, ge=1, le=9)
    payer: Id | None = None
    price_cents: Cents = 0
    subsidy_cents: Cents = 0
    suspended: bool = False
    ordered_s: Moment = 0
    start_s: Moment | None = None
    end_s: Moment | None = None

    @property
    def tier(self) -> int:
        """Place in the order of who is served: 0 first."""
        return GUARANTEED_TIER if self.guaranteed else self.priority


class MealCourier(Entity):
    """Brings meals to homes, in several trips from one ``place`` (a point or a kitchen).

    ``capacity``: portions in the box. The shift runs from the first loading to being back.
    """

    id: Id
    kind: Literal["employed", "volunteer", "third_party"] = "employed"
    mode: Mode = "ebike"
    capacity: Annotated[int, Field(ge=1, le=10_000)] = 20
    place: Id
    start_s: Moment
    end_s: Moment
    max_trips: Annotated[int, Field(ge=1, le=100)] | None = None
    cost_per_shift_cents: Cents = 0
    cost_per_drop_cents: Cents = 0
    cost_per_km_cents: Cents = 0
    absent: bool = False


class Van(Entity):
    """Carries bulk from its kitchen, several trips if need be, and comes back."""

    id: Id
    kitchen: Id
    capacity: Annotated[int, Field(ge=1, le=100_000)] = 300
    start_s: Moment = 0
    end_s: Moment = HORIZON_S
    cost_per_trip_cents: Cents = 0
    cost_per_km_cents: Cents = 0


class MealsProblem(Entity):
    """One meal period of one day; ``engine.meals.reading`` makes it, finding all faults.

    Doors are opened, and diners sit down, between ``start_s`` and ``end_s``. What the couriers
    cannot do by then they do up to ``late_s`` later: late is better than none, and is counted.
    A diner keeps a seat for ``eating_s``. Each door takes ``door_s``, and each building ``building_s``
    once more, however many doors it has. Orders that came after ``order_deadline_s`` are not cooked.
    """  # noqa: E501

    format: Literal["careroute-meals/1"] = MEALS_FORMAT
    id: Id
    day: Day
    coordinate_system: CoordinateSystem = "wgs84"
    network: NetworkRef = Field(default_factory=SyntheticNetwork)
    max_snap_m: int = Field(default=500, ge=1, le=20_000)
    start_s: Moment
    end_s: Moment
    late_s: Duration = 3_600
    eating_s: Annotated[int, Field(ge=60, le=86_400)] = 1_800
    door_s: Duration = 60
    building_s: Duration = 60
    order_deadline_s: Moment | None = None
    diets: Annotated[tuple[Diet, ...], LAX] = ()
    kitchens: Annotated[tuple[CentralKitchen, ...], LAX] = ()
    points: Annotated[tuple[ServingPoint, ...], LAX] = ()
    clients: Annotated[tuple[MealClient, ...], LAX] = ()
    couriers: Annotated[tuple[MealCourier, ...], LAX] = ()
    vans: Annotated[tuple[Van, ...], LAX] = ()

    @cached_property
    def diet_by_id(self) -> dict[str, Diet]:
        """Diets by id."""
        return {d.id: d for d in self.diets}

    @cached_property
    def kitchen_by_id(self) -> dict[str, CentralKitchen]:
        """Kitchens by id."""
        return {k.id: k for k in self.kitchens}

    @cached_property
    def point_by_id(self) -> dict[str, ServingPoint]:
        """Meal points by id."""
        return {p.id: p for p in self.points}

    @cached_property
    def client_by_id(self) -> dict[str, MealClient]:
        """Clients by id."""
        return {c.id: c for c in self.clients}

    @cached_property
    def courier_by_id(self) -> dict[str, MealCourier]:
        """Couriers by id."""
        return {c.id: c for c in self.couriers}

    @cached_property
    def van_by_id(self) -> dict[str, Van]:
        """Vans by id."""
        return {v.id: v for v in self.vans}

    def is_due(self, client: MealClient) -> bool:
        """Whether a client is cooked for: not suspended, and ordered in time."""
        deadline = self.order_deadline_s
        return not client.suspended and (deadline is None or client.ordered_s <= deadline)

    def window(self, client: MealClient) -> tuple[int, int]:
        """When a client may begin to eat."""
        early = self.start_s if client.start_s is None else max(self.start_s, client.start_s)
        late = self.end_s if client.end_s is None else min(self.end_s, client.end_s)
        return early, late

    def changed(self, **fields: object) -> MealsProblem:
        """Copy with other fields; what was worked out from the old ones is left behind.

        The fields are taken as they are: whoever gives them has them checked.
        """
        own = {name: getattr(self, name) for name in MealsProblem.model_fields}
        return MealsProblem.model_construct(**{**own, **fields})

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the content: a plan names the problem it was made for."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
