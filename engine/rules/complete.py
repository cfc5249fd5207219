"""Every order is on the plan exactly once, on a route or among the unserved with a reason (P201x).

An order that cannot be served is reported, never silently dropped; nothing is served that was not
ordered, and nobody is sent who does not exist; a shift has at most one route.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.rules.base import Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case


class CompleteRule(Rule):
    """Every order is on the plan exactly once (P201x)."""

    name: ClassVar[str] = "complete"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2010": Text(
            "order {order} is neither on a route nor among the unserved",
            "工单 {order} 既未安排，也未列入未服务清单",
        ),
        "P2011": Text(
            "order {order} is served {times} times, first at {first}",
            "工单 {order} 被服务 {times} 次，首次位于 {first}",
        ),
        "P2012": Text(
            "order {order} is among the unserved, and also at {other}",
            "工单 {order} 已列入未服务清单，同时又出现在 {other}",
        ),
        "P2013": Text(
            "there is no order {order}",
            "不存在工单 {order}",
        ),
        "P2014": Text(
            "order {order} is for client {client}, not for {stated}",
            "工单 {order} 的服务对象是 {client}，而不是 {stated}",
        ),
        "P2015": Text(
            "order {order} is unserved and no reason is told in {language}",
            "工单 {order} 未服务，但缺少{language_zh}说明",
        ),
        "P2016": Text(
            "there is no worker {worker}",
            "不存在服务人员 {worker}",
        ),
        "P2017": Text(
            "worker {worker} has no shift {shift}",
            "服务人员 {worker} 没有班次 {shift}",
        ),
        "P2018": Text(
            "worker {worker} has a second route in shift {shift}; the first is {first}",
            "服务人员 {worker} 在班次 {shift} 中有第二条路线，第一条为 {first}",
        ),
        "P2019": Text(
            "there is no place {place} to start from or end at",
            "不存在可作起点或终点的地点 {place}",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Look for every order, and for whatever is on the plan and not in the problem."""
        listed: dict[str, list[str]] = {}
        for i, absent in enumerate(case.plan.unserved):
            path = f"unserved[{i}]"
            listed.setdefault(absent.order, []).append(path)
            if absent.order not in case.problem.order_by_id:
                yield self.broken("P2013", path, order=absent.order)
            if not absent.message.strip():
                yield self.broken(
                    "P2015", path, order=absent.order, language="English", language_zh="英文"
                )
            if not absent.message_zh.strip():
                yield self.broken(
                    "P2015", path, order=absent.order, language="Chinese", language_zh="中文"
                )
        for order in case.problem.orders:
            here = case.served.get(order.id, ())
            stops = [visit.path for visit in here]
            # Of a team every member comes once; whether all come is read by the rule of teams.
            if len(stops) > len({visit.stop.member for visit in here}):
                yield self.broken(
                    "P2011", stops[1], order=order.id, times=len(stops), first=stops[0]
                )
            places = [*stops[:1], *listed.get(order.id, ())]
            if not places:
                yield self.broken("P2010", "unserved", order=order.id)
            for path in places[1:]:
                yield self.broken("P2012", path, order=order.id, other=places[0])
        for visit in case.visits:
            if visit.order is None:
                yield self.broken("P2013", visit.path, order=visit.stop.order)
            elif visit.stop.client != visit.order.client:
                yield self.broken(
                    "P2014", visit.path,
                    order=visit.order.id, client=visit.order.client, stated=visit.stop.client,
                )
        yield from self._check_routes(case)

    def _check_routes(self, case: Case) -> Iterator[Violation]:
        first: dict[tuple[str, str], str] = {}
        for ride in case.rides:
            worker, shift = ride.route.worker, ride.route.shift
            if ride.worker is None:
                yield self.broken("P2016", ride.path, worker=worker)
            elif ride.shift is None:
                yield self.broken("P2017", ride.path, worker=worker, shift=shift)
            earlier = first.setdefault((worker, shift), ride.path)
            if earlier != ride.path:
                yield self.broken("P2018", ride.path, worker=worker, shift=shift, first=earlier)
            for t, trip in enumerate(ride.route.trips):
                for place in (trip.start, trip.end):
                    if place is not None and place not in case.problem.facility_by_id:
                        yield self.broken("P2019", f"{ride.path}.trips[{t}]", place=place)

    # -- how it is told when it stands in the way ------------------------------------------------
