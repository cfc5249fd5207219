"""Nobody works longer, drives longer or visits more than agreed; overtime is paid (P222x).

Duty of a shift is from leaving the start to the end of the route, waiting and breaks included;
``max_daily_s`` bounds the sum over a worker's shifts, ``max_weekly_s`` and ``max_monthly_s`` bound
it with what the worker has worked in the week and month before the day. Of each shift
``max_driving_s`` bounds the travel and ``max_visits`` the stops. Duty beyond ``regular_s`` costs
what the worker asks for overtime: a price, so it gives way to every order that must be served (the
figures' rule reads it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import Order
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft
    from engine.situation import Situation


class DutyRule(Rule):
    """Nobody works longer, drives longer or visits more than agreed (P222x)."""

    name: ClassVar[str] = "duty"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2220": Text(
            "worker {worker} is on duty for {found} s that day; {limit} s are agreed",
            "服务人员 {worker} 当日值勤 {found} 秒，上限为 {limit} 秒",
        ),
        "P2221": Text(
            "worker {worker} is on the way for {found} s in shift {shift}; {limit} s are agreed",
            "服务人员 {worker} 在班次 {shift} 中路途 {found} 秒，上限为 {limit} 秒",
        ),
        "P2222": Text(
            "worker {worker} makes {found} visits in shift {shift}; {limit} are agreed",
            "服务人员 {worker} 在班次 {shift} 中服务 {found} 次，上限为 {limit} 次",
        ),
        "P2223": Text(
            "overtime is stated as {stated} s; duty beyond the regular time is {found} s",
            "标称加班 {stated} 秒，而超出正常工时的值勤为 {found} 秒",
        ),
        "P2224": Text(
            "worker {worker} is on duty for {found} s that day and {before} s in the week before; "
            "{limit} s a week are agreed",
            "服务人员 {worker} 当日值勤 {found} 秒、本周此前 {before} 秒，每周上限为 {limit} 秒",
        ),
        "P2225": Text(
            "worker {worker} is on duty for {found} s that day and {before} s in the month before; "
            "{limit} s a month are agreed",
            "服务人员 {worker} 当日值勤 {found} 秒、本月此前 {before} 秒，每月上限为 {limit} 秒",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Limits of the vehicle and of the worker; a price a second beyond regular duty."""
        for vehicle in draft.vehicles:
            worker = vehicle.worker
            vehicle.max_travel, vehicle.max_tasks = worker.max_driving_s, worker.max_visits
            if worker.regular_s is not None:
                vehicle.regular = worker.regular_s
                price = draft.money(worker.overtime_per_hour_cents)
                vehicle.overtime_price = (price + 1_800) // 3_600
            if worker.duty_left_s is not None:
                draft.max_duty[worker.id] = worker.duty_left_s

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Add up every shift, and every worker's shifts."""
        duty: dict[str, int] = {}
        for ride in case.rides:
            worker, route = ride.worker, ride.route
            if worker is None or not route.trips:
                continue
            told = {"worker": worker.id, "shift": route.shift}
            stops = [stop for trip in route.trips for stop in trip.stops]
            on_duty = route.trips[-1].end_s - route.trips[0].leave_s
            duty[worker.id] = duty.get(worker.id, 0) + on_duty
            driving = sum(s.travel_s for s in stops) + sum(t.end_travel_s for t in route.trips)
            if worker.max_driving_s is not None and driving > worker.max_driving_s:
                yield self.broken(
                    "P2221", ride.path, **told, found=driving, limit=worker.max_driving_s
                )
            if worker.max_visits is not None and len(stops) > worker.max_visits:
                yield self.broken(
                    "P2222", ride.path, **told, found=len(stops), limit=worker.max_visits
                )
            over = 0 if worker.regular_s is None else max(0, on_duty - worker.regular_s)
            if route.overtime_s != over:
                yield self.broken(
                    "P2223", f"{ride.path}.overtime_s", stated=route.overtime_s, found=over
                )
        for name, seconds in duty.items():
            person = case.problem.worker_by_id[name]
            for code, limit, before in (
                ("P2220", person.max_daily_s, 0),
                ("P2224", person.max_weekly_s, person.used_weekly_s),
                ("P2225", person.max_monthly_s, person.used_monthly_s),
            ):
                if limit is not None and before + seconds > limit:
                    yield self.broken(
                        code, "routes", worker=name, found=seconds, limit=limit, before=before
                    )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """By itself the order would fit, but it is too far or too long for everybody."""
        from engine.alone import obstacle_alone

        return obstacle_alone(
            situation, self.name, order,
            "it asks more duty or travel of everybody who may do it than agreed",
            "对所有可承担者而言，所需值勤或路途时间均超过约定上限",
        )
