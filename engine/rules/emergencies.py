"""Somebody with the skill is at an alarm within its response time of being received (P208x).

Service starts between the moment it was received and that moment plus the response time, both
included. That nobody sets out before it was received is not promised in a day plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import EmergencyOrder, Order
from engine.domain.words import clock
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft
    from engine.situation import Situation


class EmergenciesRule(Rule):
    """Somebody with the skill is at an alarm within its response time (P208x)."""

    name: ClassVar[str] = "emergencies"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2080": Text(
            "help for alarm {order} starts at {start}, before it was received at {received}",
            "紧急工单 {order} 于 {start} 开始处置，早于接报时刻 {received}",
        ),
        "P2081": Text(
            "help for alarm {order} starts at {start}, {seconds} s later than its response "
            "time allows",
            "紧急工单 {order} 于 {start} 开始处置，超出响应时限 {seconds} 秒",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Open the window of an alarm when it is received, close it when its response is due."""
        from engine.visits import start_windows

        for task in draft.tasks:
            if isinstance(task.order, EmergencyOrder):
                task.windows = start_windows(task.order)
                if not task.windows:  # the order's own windows miss the response time
                    task.blocked = "no_worker_in_window"

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Hold the start of help against the moment of the alarm."""
        for visit in case.visits:
            order, start = visit.order, visit.stop.start_s
            if order is None or order.kind != "emergency":
                continue
            if start < order.received_s:
                yield self.broken(
                    "P2080", visit.path,
                    order=order.id, start=clock(start), received=clock(order.received_s),
                )
            late = start - order.received_s - order.response_s
            if late > 0:
                yield self.broken(
                    "P2081", visit.path, order=order.id, start=clock(start), seconds=late
                )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Nobody with the skill could be there in time, not even with the shift all free."""
        if not isinstance(order, EmergencyOrder):
            return None
        windows = situation.windows(order)
        here = situation.alone(order)
        if here.in_time(windows).any():
            return None
        due = order.received_s + order.response_s
        span = windows or [(order.received_s, due)]
        numbers = situation.on_shift(order, span)
        told = (
            f"help is due by {clock(due)}; {numbers['may']} may give it, {numbers['on_shift']} of "
            "them on shift then"
        )
        told_zh = (
            f"须于 {clock(due)} 前到达；可处置者 {numbers['may']} 人，"
            f"其中 {numbers['on_shift']} 人届时当班"
        )
        if not windows:
            return Obstacle(
                "no_worker_in_window", numbers,
                f"{told}; its own windows lie outside of its response time",
                f"{told_zh}；该工单自身的时间窗不在响应时限内",
            )
        near = situation.nearest(here, windows)
        if near is None:
            return Obstacle(
                "no_worker_in_window", numbers,
                f"{told}; none of them has a way there", f"{told_zh}；均无法到达",
            )
        numbers |= near.numbers()
        if near.side == "after":
            text = f"could be there at {clock(near.moment)}, {near.minutes} min late"
            text_zh = f"最早 {clock(near.moment)} 到达，迟 {near.minutes} 分钟"
        else:
            text = f"would be off shift {near.minutes} min too early"
            text_zh = f"班次早结束 {near.minutes} 分钟"
        return Obstacle(
            "no_worker_in_window", numbers,
            f"{told}; the nearest, {near.worker}, {text}",
            f"{told_zh}；最近的 {near.worker} {text_zh}",
        )
