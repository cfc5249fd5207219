"""One worker's shift while it runs: what is behind, what is fixed, what can still change.

A line has stops that are fixed (done, under way, or told to the client), then an anchor: where and
when the worker is free again; and trips that can still change, timed from the anchor on. Seen from
the anchor the rest of a shift is an ordinary shift of an ordinary problem, so it is timed, priced
and checked by the same code as a plan. A worker who loads meals is free only at the loading place:
a trip that is loading or under way is fixed as a whole, so hot food is never left waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.domain.base import HORIZON_S
from engine.domain.plan import Route, Stop, Trip
from engine.domain.workers import Shift, Worker
from engine.visits import TripVisits

#: After every moment of a day.
NEVER = 4 * HORIZON_S
#: So long after its planned end a visit that nobody reported as done is taken to last longer.
GRACE_S = 60


@dataclass(eq=False)
class Line:
    """A worker's shift.

    Parameters
    ----------
    index : of the line among all.
    worker, shift : as the problem has them.
    mode : how the worker travels.
    whole_trips : what is fixed is fixed by the trip.
    place, at : id and location of the anchor.
    free : when the worker can leave the anchor.
    end_s : when the shift is over.
    is_on : whether the worker is at work, or will be.
    trips : closed trips behind.
    stops, left : fixed stops of the open trip, and when the worker leaves for each.
    leave_from : id of the place where the open trip began.
    rest, route : what can still change, and its timetable; None where there is nothing.
    tracked : order that was reported as begun and not as ended.
    seen : lon, lat and moment of the last reported position.
    stand : when the worker left to wait at the anchor for what may come; None: does not.
    """

    index: int
    worker: Worker
    shift: Shift
    mode: str
    whole_trips: bool
    place: str
    at: int
    free: int
    end_s: int
    is_on: bool = True
    trips: list[Trip] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    leave_from: str = ""
    rest: tuple[TripVisits, ...] = ()
    route: Route | None = None
    tracked: str | None = None
    seen: tuple[float, float, int] | None = None
    stand: int | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything is behind or fixed."""
        return bool(self.trips or self.stops)

    @property
    def orders(self) -> list[str]:
        """Orders that can still change, in visiting order."""
        return [i for trip in self.rest for i in trip.orders]

    @property
    def end_place(self) -> str | None:
        """Where the shift ends; None: with the last visit."""
        worker = self.worker
        return (worker.end or worker.start) if worker.returns else None

    def as_worker(self, now: int) -> Worker:
        """Make the worker as seen from the anchor: a shift that begins there, no earlier than now.

        What the used shift costs is spent already where it has begun.
        """
        start = min(max(self.free, now), HORIZON_S)
        shift = Shift.model_construct(id=self.shift.id, start_s=start, end_s=self.end_s)
        cost = 0 if self.has_begun else self.worker.cost_per_shift_cents
        return self.worker.model_copy(update={
            "start": self.place, "end": self.end_place, "shifts": (shift,),
            "cost_per_shift_cents": cost,
        })

    def without(self, order: str) -> tuple[TripVisits, ...]:
        """Give the trips of the rest without an order; a trip that would be empty is left out."""
        return drop(self.rest, {order})

    def stop_of(self, order: str) -> int | None:
        """Index of an order among the fixed stops of the open trip."""
        return next((k for k, s in enumerate(self.stops) if s.order == order), None)

    def due(self, notice_s: int, loading_s: int) -> int:
        """When the next thing becomes fixed or must be looked at again."""
        moments = [NEVER]
        k = self.stop_of(self.tracked) if self.tracked is not None else None
        if k is not None:
            moments.append(self.stops[k].departure_s + GRACE_S)
        if self.route is not None and self.route.trips:
            trip = self.route.trips[0]
            if trip.stops:
                loading = loading_s if self.whole_trips else 0
                moments += [trip.leave_s - loading, trip.stops[0].start_s - notice_s]
        elif self.stops and self.end_place is not None:
            moments.append(self.free)
        return min(moments)


def drop(trips: tuple[TripVisits, ...], orders: set[str]) -> tuple[TripVisits, ...]:
    """Give trips without some orders; a trip that would be empty is left out."""
    kept = []
    for trip in trips:
        pairs = [
            (o, b) for o, b in zip(trip.orders, trip.batches, strict=True) if o not in orders
        ]
        if pairs:
            kept.append(TripVisits(tuple(o for o, _ in pairs), tuple(b for _, b in pairs)))
    return tuple(kept)
