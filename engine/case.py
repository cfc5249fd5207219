"""A finished plan laid beside its problem, for the checker and the checks of the rules.

Nothing here has a part in making plans: ids are looked up, ways are those of the street network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from engine.domain.orders import Order
from engine.domain.plan import Plan, Route, Stop, Trip
from engine.domain.problem import Problem
from engine.domain.services import Service
from engine.domain.workers import Shift, Worker
from engine.travel import Leg, Travel


class Ride(NamedTuple):
    """A route of the plan beside the worker and shift it names; None: there is no such."""

    path: str
    route: Route
    worker: Worker | None
    shift: Shift | None


class Visit(NamedTuple):
    """A stop of the plan beside the order it names; None: there is no such order."""

    path: str
    ride: Ride
    trip: Trip
    stop: Stop
    order: Order | None


class Hop(NamedTuple):
    """One leg of a route: what the plan states, and the way that the network has.

    ``way`` None: where from or where to is not known, which another check tells. ``ready`` is the
    start of service, ``setup`` what is spent at the door before it.
    """

    path: str
    seconds: int
    metres: int
    depart: int
    arrive: int
    way: Leg | None
    ready: int
    setup: int = 0


@dataclass(frozen=True)
class Case:
    """A problem and a plan for it, laid side by side for reading."""

    problem: Problem
    plan: Plan
    travel: Travel

    @cached_property
    def rides(self) -> tuple[Ride, ...]:
        """Every route of the plan."""
        rides = []
        for r, route in enumerate(self.plan.routes):
            worker = self.problem.worker_by_id.get(route.worker)
            shifts = worker.shifts if worker else ()
            shift = next((s for s in shifts if s.id == route.shift), None)
            rides.append(Ride(f"routes[{r}]", route, worker, shift))
        return tuple(rides)

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """Every stop of the plan."""
        return tuple(
            Visit(
                f"{ride.path}.trips[{t}].stops[{k}]",
                ride,
                trip,
                stop,
                self._order(stop),
            )
            for ride in self.rides
            for t, trip in enumerate(ride.route.trips)
            for k, stop in enumerate(trip.stops)
        )

    @cached_property
    def served(self) -> dict[str, list[Visit]]:
        """Order id -> the stops that name it."""
        served: dict[str, list[Visit]] = {}
        for visit in self.visits:
            served.setdefault(visit.stop.order, []).append(visit)
        return served

    def _order(self, stop: Stop) -> Order | None:
        # Of a team, what the member does; a stop that names no member is read as the whole order.
        visit = self.problem.visit_by_id.get(stop.visit)
        return visit if visit is not None else self.problem.order_by_id.get(stop.order)

    def hops(self, ride: Ride) -> Iterator[Hop]:
        """Legs of a route: to every stop, and from the last stop of each trip to the trip's end."""
        for t, trip in enumerate(ride.route.trips):
            path = f"{ride.path}.trips[{t}]"
            at, depart = self._place(trip.start), trip.leave_s
            for k, stop in enumerate(trip.stops):
                to = self._home(stop)
                way = self._way(ride, at, to)
                yield Hop(
                    f"{path}.stops[{k}]",
                    stop.travel_s, stop.distance_m, depart, stop.arrival_s, way,
                    stop.start_s, stop.setup_s,
                )
                at, depart = to, stop.departure_s
            if trip.end is None:  # ends with its last service: nothing is travelled
                way = Leg(0, 0, True)
            else:
                way = self._way(ride, at, self._place(trip.end))
            yield Hop(
                f"{path}.end",
                trip.end_travel_s, trip.end_distance_m, depart, trip.end_s, way, trip.end_s,
            )

    def service(self, order: Order) -> Service:
        """Row of the catalogue that the order names."""
        return self.problem.service_by_id[order.service]

    def mode(self, worker: Worker) -> str:
        """How the worker moves: by the vehicle, or as the worker says where there is none."""
        return self.problem.vehicle_by_id[worker.vehicle].mode if worker.vehicle else worker.mode

    def _way(self, ride: Ride, at: int | None, to: int | None) -> Leg | None:
        if ride.worker is None or at is None or to is None:
            return None
        return self.travel.leg(self.mode(ride.worker), at, to)

    def _place(self, place: str) -> int | None:
        return self.travel.location.get(("place", place))

    def _home(self, stop: Stop) -> int | None:
        # The order says whose home it is; the plan only claims to know.
        order = self.problem.order_by_id.get(stop.order)
        return self.travel.location.get(("client", order.client if order else stop.client))
