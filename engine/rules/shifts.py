"""A worker leaves no earlier than the shift begins and is at the end before it is over (P204x).

Routes begin where the worker begins and end where the worker ends, or with the last visit for a
worker who does not return; a trip begins where and after the one before it ended. No leg is
travelled faster than the road allows, no leg lacks a way, and each is stated as it is.
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
    from engine.domain.workers import Shift, Worker
    from engine.draft import Draft
    from engine.situation import Situation


class ShiftsRule(Rule):
    """A worker's day keeps to the shift, the roads and the clock (P204x)."""

    name: ClassVar[str] = "shifts"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2040": Text(
            "worker {worker} leaves at {leave}, before shift {shift} begins at {limit}",
            "服务人员 {worker} 于 {leave} 出发，早于班次 {shift} 的开始时刻 {limit}",
        ),
        "P2041": Text(
            "worker {worker} is done at {end}, after shift {shift} ends at {limit}",
            "服务人员 {worker} 于 {end} 才结束，晚于班次 {shift} 的结束时刻 {limit}",
        ),
        "P2042": Text(
            "the route is travelled by {stated}; worker {worker} moves by {mode}",
            "路线的出行方式为 {stated}，而服务人员 {worker} 的出行方式为 {mode}",
        ),
        "P2043": Text(
            "the route begins at {stated}; worker {worker} begins at {place}",
            "路线起点为 {stated}，而服务人员 {worker} 的起点为 {place}",
        ),
        "P2044": Text(
            "the route ends at {stated}; worker {worker} ends at {place}",
            "路线终点为 {stated}，而服务人员 {worker} 的终点为 {place}",
        ),
        "P2045": Text(
            "the trip begins at {stated}; the one before it ended at {place}",
            "该趟起点为 {stated}，而上一趟终点为 {place}",
        ),
        "P2046": Text(
            "the trip leaves at {leave}, before the one before it ended at {end}",
            "该趟于 {leave} 出发，早于上一趟的结束时刻 {end}",
        ),
        "P2047": Text(
            "the leg is stated as {stated_s} s and {stated_m} m; the road takes {seconds} "
            "s and {metres} m",
            "该路段标称 {stated_s} 秒、{stated_m} 米，而实际道路需 {seconds} 秒、{metres} 米",
        ),
        "P2048": Text(
            "there is no way here by {mode}",
            "以 {mode} 方式无路可达此处",
        ),
        "P2049": Text(
            "arrival is at {arrive}; leaving at {depart} and {seconds} s of travel allow "
            "{earliest}",
            "到达时刻为 {arrive}；{depart} 出发、行程 {seconds} 秒，最早 {earliest} 才能到达",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """When a vehicle leaves and is back, where its route ends, and how fast its worker is."""
        from engine.visits import permille_of

        for vehicle in draft.vehicles:
            worker = vehicle.worker
            vehicle.early, vehicle.late = vehicle.shift.start_s, vehicle.shift.end_s
            if worker.returns:
                vehicle.end = draft.travel.place(worker.end or worker.start)
            vehicle.permille = permille_of(worker)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Follow every worker through the shift, from the start over each leg to the end."""
        for ride in case.rides:
            worker, trips = ride.worker, ride.route.trips
            if worker is None or not trips:
                continue
            if ride.route.mode != case.mode(worker):
                yield self.broken(
                    "P2042", f"{ride.path}.mode",
                    stated=ride.route.mode, worker=worker.id, mode=case.mode(worker),
                )
            if ride.shift is not None:
                yield from self._check_bounds(ride, worker.id, ride.shift)
            yield from self._check_places(ride, worker)
            yield from self._check_legs(case, ride, worker)

    def _check_bounds(self, ride: Ride, worker: str, shift: Shift) -> Iterator[Violation]:
        leave = ride.route.trips[0].leave_s
        if leave < shift.start_s:
            yield self.broken(
                "P2040", f"{ride.path}.trips[0].leave_s",
                worker=worker, shift=shift.id, leave=clock(leave), limit=clock(shift.start_s),
            )
        end = max(trip.end_s for trip in ride.route.trips)
        if end > shift.end_s:
            yield self.broken(
                "P2041", ride.path,
                worker=worker, shift=shift.id, end=clock(end), limit=clock(shift.end_s),
            )

    def _check_places(self, ride: Ride, worker: Worker) -> Iterator[Violation]:
        trips = ride.route.trips
        if trips[0].start != worker.start:
            yield self.broken(
                "P2043", f"{ride.path}.trips[0].start",
                stated=trips[0].start, worker=worker.id, place=worker.start,
            )
        end = (worker.end or worker.start) if worker.returns else None
        if trips[-1].end != end:
            yield self.broken(
                "P2044", f"{ride.path}.trips[{len(trips) - 1}].end",
                stated=trips[-1].end or "-", worker=worker.id, place=end or "-",
            )
        for t, (before, trip) in enumerate(pairwise(trips), start=1):
            path = f"{ride.path}.trips[{t}]"
            if trip.start != before.end:
                yield self.broken(
                    "P2045", f"{path}.start", stated=trip.start, place=before.end or "-"
                )
            if trip.leave_s < before.end_s:
                yield self.broken(
                    "P2046", f"{path}.leave_s",
                    leave=clock(trip.leave_s), end=clock(before.end_s),
                )

    def _check_legs(self, case: Case, ride: Ride, worker: Worker) -> Iterator[Violation]:
        for hop in case.hops(ride):
            if hop.way is None:
                continue
            if not hop.way.reachable:
                yield self.broken("P2048", hop.path, mode=case.mode(worker))
                continue
            if (hop.seconds, hop.metres) != (hop.way.seconds, hop.way.metres):
                yield self.broken(
                    "P2047", hop.path,
                    stated_s=hop.seconds, stated_m=hop.metres,
                    seconds=hop.way.seconds, metres=hop.way.metres,
                )
            earliest = hop.depart + hop.way.seconds
            if hop.arrive < earliest:
                yield self.broken(
                    "P2049", hop.path,
                    arrive=clock(hop.arrive), depart=clock(hop.depart),
                    seconds=hop.way.seconds, earliest=clock(earliest),
                )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """There is no way between the client and anybody's start, or none on to the end."""
        problem, travel = situation.problem, situation.travel
        home = travel.client(order.client)
        starts = set()
        for worker in problem.workers:
            vehicle = problem.vehicle_by_id[worker.vehicle] if worker.vehicle else None
            mode = vehicle.mode if vehicle else worker.mode
            end = travel.place(worker.end or worker.start) if worker.returns else home
            starts.add((mode, travel.place(worker.start), end))
        if not starts or any(
            travel.leg(mode, start, home).reachable and travel.leg(mode, home, end).reachable
            for mode, start, end in starts
        ):
            return None
        modes = sorted({mode for mode, _, _ in starts})
        n = len({start for _, start, _ in starts})
        return Obstacle(
            "unreachable",
            {"starts": n, "modes": modes},
            f"no way leads from any of the {n} starting points to the client and on "
            f"({', '.join(modes)})",
            f"从全部 {n} 个出发地均无路可达并返回（{'、'.join(modes)}）",
        )
