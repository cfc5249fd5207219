"""What can happen on a running day, as one family told apart by ``kind``.

Every event has an id, which makes repeating it harmless, and the moment at which it happened. Times
are seconds from the day's start, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from engine.domain.base import LAX, Entity, Id, Mode, Moment
from engine.domain.faults import fault
from engine.domain.orders import EmergencyOrder, MealOrder, VisitOrder
from engine.domain.places import Client
from engine.domain.reading import MAX_FAULTS, ORDER_KINDS
from engine.domain.shapes import bad_choice, not_an_object, read_entity
from engine.errors import Fault, InputError

__all__ = ["EVENT_KINDS", "Event", "event_data", "parse_event", "read_events"]

_LON = Field(ge=-180, le=180, description="degrees east, WGS-84")
_LAT = Field(ge=-90, le=90, description="degrees north, WGS-84")
PlannedOrder = Annotated[VisitOrder | MealOrder, Field(discriminator="kind")]


class BaseEvent(Entity):
    """What all events share. ``time_s``: when it happened, not when it was told."""

    id: Id
    time_s: Moment


class Clock(BaseEvent):
    """Nothing has happened; time has passed."""

    kind: Literal["clock"]


class OrderIn(BaseEvent):
    """A new order; ``client`` where the client is not in the problem."""

    kind: Literal["order_in"]
    order: PlannedOrder
    client: Client | None = None


class OrderCancelled(BaseEvent):
    """An order is not wanted any more."""

    kind: Literal["order_cancelled"]
    order: Id


class OrderChanged(BaseEvent):
    """An order that was given before, as it is wanted now; same id, same client, same kind."""

    kind: Literal["order_changed"]
    order: PlannedOrder


class Alarm(BaseEvent):
    """Somebody needs help now; ``client`` where the client is not in the problem.

    ``life_threatening``: an ambulance is needed whoever of ours goes.
    """

    kind: Literal["alarm"]
    order: EmergencyOrder
    client: Client | None = None
    life_threatening: bool = False


class WorkerOn(BaseEvent):
    """A worker is at work, from where the shift begins; ``until_s`` sets the shift's end anew."""

    kind: Literal["worker_on"]
    worker: Id
    until_s: Moment | None = None


class WorkerOff(BaseEvent):
    """A worker goes home, falls ill or does not come: all that is not begun is for others."""

    kind: Literal["worker_off"]
    worker: Id


class WorkerLate(BaseEvent):
    """A worker will not set out, or not set out to the next visit, before ``until_s``."""

    kind: Literal["worker_late"]
    worker: Id
    until_s: Moment


class WorkerPosition(BaseEvent):
    """Where a worker is, as a phone reports it."""

    kind: Literal["worker_position"]
    worker: Id
    lon: float = _LON
    lat: float = _LAT


class StandBy(BaseEvent):
    """Somebody who is free goes to wait in the middle of a district, as the cover asks for."""

    kind: Literal["stand_by"]
    worker: Id
    district: Id


class VisitStarted(BaseEvent):
    """Service has begun at the door; whoever is there does it, whatever was planned."""

    kind: Literal["visit_started"]
    order: Id
    worker: Id


class VisitFinished(BaseEvent):
    """Service is done; ``score`` is the client's word on it, where there is one."""

    kind: Literal["visit_finished"]
    order: Id
    worker: Id
    score: int | None = Field(default=None, ge=1, le=5)


class Evaluated(BaseEvent):
    """A client's word on a visit that is done, as a call-back or an app brings it later."""

    kind: Literal["evaluated"]
    order: Id
    score: int = Field(ge=1, le=5)


class VisitFailed(BaseEvent):
    """Nobody at home, or refused: the worker goes on at once."""

    kind: Literal["visit_failed"]
    order: Id
    worker: Id
    reason: Literal["not_at_home", "refused", "unsafe", "other"] = "other"


class RoadClosed(BaseEvent):
    """No way through the streets within ``radius_m`` of a point, for ``modes`` or for all.

    Where there is a way around it is taken; who lives there is reached from the nearest street that
    is open. A place to which no way leads any more is cut off: its orders wait, and are told so.
    ``road_slow`` with factor 1 opens the streets again.
    """

    kind: Literal["road_closed"]
    lon: float = _LON
    lat: float = _LAT
    radius_m: int = Field(ge=5, le=5_000)
    modes: Annotated[tuple[Mode, ...], LAX] = ()


class RoadSlow(BaseEvent):
    """Travel there takes ``factor`` times as long as on other days; 1: as usual again."""

    kind: Literal["road_slow"]
    lon: float = _LON
    lat: float = _LAT
    radius_m: int = Field(ge=5, le=100_000)
    factor: float = Field(ge=1.0, le=20.0)
    modes: Annotated[tuple[Mode, ...], LAX] = ()


class KitchenLate(BaseEvent):
    """A batch is ready at another time than was said."""

    kind: Literal["kitchen_late"]
    place: Id
    batch: Id
    ready_s: Moment


class Redirection(Entity):
    """The visits that a shift still has before it, trip by trip, with the batch of each meal."""

    worker: Id
    shift: Id
    trips: Annotated[tuple[Annotated[tuple[Id, ...], LAX], ...], LAX]
    batches: Annotated[tuple[Annotated[tuple[Id | None, ...], LAX], ...], LAX]


class Redirected(BaseEvent):
    """What a search in the background has found better: trips of some shifts, told as an event.

    ``shifts``: (worker, shift) -> orders of its trips. It is refused where the day has gone on so
    that it does not fit any more; then nothing is changed.
    """

    kind: Literal["redirected"]
    shifts: Annotated[tuple[Redirection, ...], LAX]


Event = Annotated[
    Clock | OrderIn | OrderCancelled | OrderChanged | Alarm | WorkerOn | WorkerOff | WorkerLate
    | WorkerPosition | StandBy | VisitStarted | VisitFinished | VisitFailed | Evaluated | RoadClosed
    | RoadSlow | KitchenLate | Redirected,
    Field(discriminator="kind"),
]
EVENT_KINDS: dict[str, type[BaseEvent]] = {
    kind.model_fields["kind"].annotation.__args__[0]: kind  # type: ignore[union-attr]
    for kind in (
        Clock, OrderIn, OrderCancelled, OrderChanged, Alarm, WorkerOn, WorkerOff, WorkerLate,
        WorkerPosition, StandBy, VisitStarted, VisitFinished, VisitFailed, Evaluated, RoadClosed,
        RoadSlow, KitchenLate, Redirected,
    )
}

#: Stands in for an order that cannot be read, so that the rest of its event is.
_FILLER = VisitOrder(id="unread", client="unread", kind="visit", service="unread")


def parse_event(data: object, path: str) -> tuple[Any, list[Fault]]:
    """Make an event of parsed JSON; None beside all faults where there are any."""
    if not isinstance(data, dict):
        return None, [not_an_object(path, data)]
    kind = data.get("kind")
    if kind is None:
        return None, [fault("E1003", f"{path}.kind", field="kind")]
    model = EVENT_KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return None, [bad_choice(f"{path}.kind", "kind", kind, list(EVENT_KINDS))]
    faults: list[Fault] = []
    if model in (OrderIn, OrderChanged) and isinstance(data.get("order"), dict):
        data, faults = _with_order(data, f"{path}.order")
    event, found = read_entity(model, data, path)
    return (None, [*faults, *found]) if faults or found else (event, [])


def _with_order(data: dict[str, Any], path: str) -> tuple[dict[str, Any], list[Fault]]:
    """Read the order by its own kind first, so that its faults have paths that a person knows."""
    raw = data["order"]
    kind = raw.get("kind")
    if kind not in ("visit", "meal"):
        missing = fault("E1003", f"{path}.kind", field="kind")
        wrong = bad_choice(f"{path}.kind", "kind", kind, ["visit", "meal"])
        return {**data, "order": _FILLER}, [missing if kind is None else wrong]
    order, faults = read_entity(ORDER_KINDS[kind], raw, path)
    return {**data, "order": order or _FILLER}, faults


def read_events(items: Iterable[object], path: str = "events") -> list[Any]:
    """Make events of parsed JSON.

    Raises
    ------
    InputError : with the faults of all of them, up to ``MAX_FAULTS``.
    """
    events, faults = [], []
    for i, item in enumerate(items):
        event, found = parse_event(item, f"{path}[{i}]")
        faults += found
        if event is not None:
            events.append(event)
        if len(faults) >= MAX_FAULTS:
            break
    if faults:
        raise InputError(faults[:MAX_FAULTS])
    return events


def event_data(event: Any) -> dict[str, Any]:
    """Make plain data of an event, which :func:`parse_event` reads back as an equal event."""
    data: dict[str, Any] = event.model_dump(mode="json", exclude_defaults=True)
    return data
