"""A worker's breaks are taken: each in its window, in full, and not on the way or at work (P221x).

A shift with visits has all its breaks, in their order. A break lies before the first leaving, after
the last arrival, or between two stops: there the time is long enough for the way, the set-up and
the break, and service is not interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import Order
from engine.domain.words import clock
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case, Ride
    from engine.draft import Draft
    from engine.situation import Situation


class BreaksRule(Rule):
    """A worker's breaks are taken, each in its window and in full (P221x)."""

    name: ClassVar[str] = "breaks"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2210": Text(
            "worker {worker} has {asked} breaks in shift {shift}; the route has {found}",
            "服务人员 {worker} 在班次 {shift} 应有 {asked} 次休息，路线中为 {found} 次",
        ),
        "P2211": Text(
            "the break starts at {start}; it is to start between {early} and {late}",
            "休息于 {start} 开始，应在 {early} 至 {late} 之间开始",
        ),
        "P2212": Text(
            "the break from {start} to {end} is shorter than {minutes} min",
            "{start} 至 {end} 的休息短于 {minutes} 分钟",
        ),
        "P2213": Text(
            "the break from {start} to {end} falls into service of order {order}",
            "{start} 至 {end} 的休息与工单 {order} 的服务时间重叠",
        ),
        "P2214": Text(
            "between {depart} and {start} there are {room} s; the way, getting in or loading, and "
            "the breaks take {needed}",
            "{depart} 至 {start} 之间只有 {room} 秒，而行程、准备或装载及休息共需 {needed} 秒",
        ),
        "P2215": Text(
            "the break that starts at {start} begins before the one before it ends at {end}",
            "{start} 开始的休息早于上一次休息的结束时刻 {end}",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Give every vehicle that stands for a shift the shift's breaks."""
        for vehicle in draft.vehicles:
            vehicle.breaks = tuple(
                (b.early_s, b.late_s, b.length_s) for b in vehicle.shift.breaks
            )

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Hold every break against the shift, and against what the worker does meanwhile."""
        for ride in case.rides:
            if ride.shift is None or not ride.route.trips:
                continue
            # Whose rest lasts longer than a break could begin has rested enough.
            rested = ride.worker.rested_s if ride.worker is not None else 0
            asked = [b for b in ride.shift.breaks if b.late_s >= rested]
            found = ride.route.breaks
            if len(asked) != len(found):
                yield self.broken(
                    "P2210", f"{ride.path}.breaks", worker=ride.route.worker,
                    shift=ride.shift.id, asked=len(asked), found=len(found),
                )
            free = 0
            for k, (promised, taken) in enumerate(zip(asked, found, strict=False)):
                path = f"{ride.path}.breaks[{k}]"
                told = {"start": clock(taken.start_s), "end": clock(taken.end_s)}
                if not promised.early_s <= taken.start_s <= promised.late_s:
                    yield self.broken(
                        "P2211", path, start=told["start"],
                        early=clock(promised.early_s), late=clock(promised.late_s),
                    )
                if taken.end_s - taken.start_s < promised.length_s:
                    yield self.broken("P2212", path, **told, minutes=promised.length_s // 60)
                if taken.start_s < free:
                    yield self.broken("P2215", path, start=told["start"], end=clock(free))
                free = taken.end_s
            if found:
                yield from self._check_room(case, ride)

    def _check_room(self, case: Case, ride: Ride) -> Iterator[Violation]:
        breaks = ride.route.breaks
        stops = [stop for trip in ride.route.trips for stop in trip.stops]
        for k, pause in enumerate(breaks):
            for stop in stops:
                if pause.start_s < stop.departure_s and stop.start_s < pause.end_s:
                    yield self.broken(
                        "P2213", f"{ride.path}.breaks[{k}]", order=stop.order,
                        start=clock(pause.start_s), end=clock(pause.end_s),
                    )
        for hop in case.hops(ride):
            if hop.way is not None:
                needed = hop.way.seconds + hop.setup
                yield from self._check_gap(ride, hop.path, hop.depart, hop.ready, needed)
        for t, (before, trip) in enumerate(pairwise(ride.route.trips), start=1):
            place = case.problem.loading_place_by_id.get(trip.start)
            loaded = any(stop.batch is not None for stop in trip.stops)
            loading = place.loading_s if place is not None and loaded else 0
            path = f"{ride.path}.trips[{t}].leave_s"
            yield from self._check_gap(ride, path, before.end_s, trip.leave_s, loading)

    def _check_gap(
        self, ride: Ride, path: str, depart: int, start: int, busy: int
    ) -> Iterator[Violation]:
        """Tell a time in which what is done, and the breaks, do not both fit."""
        paused = sum(
            max(0, min(b.end_s, start) - max(b.start_s, depart)) for b in ride.route.breaks
        )
        if paused and start - depart < busy + paused:
            yield self.broken(
                "P2214", path, depart=clock(depart), start=clock(start),
                room=start - depart, needed=busy + paused,
            )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """By itself the order would fit, but not beside anybody's breaks."""
        from engine.alone import obstacle_alone

        return obstacle_alone(
            situation, self.name, order,
            "nobody who may do it could keep the breaks of the shift",
            "可承担者均无法保证班次内的休息",
        )
