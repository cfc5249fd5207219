"""Service starts inside one of the order's windows and lasts as long as planned (P203x).

Windows are closed at both ends; an order without windows may start at any time. The planned
length is the order's own or the catalogue's, times the worker's service-time factor; the factor
counts in thousandths, and the product is rounded half up to whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.base import HORIZON_S
from engine.domain.words import clock
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.domain.orders import Order
    from engine.draft import Draft
    from engine.situation import Situation


class WindowsRule(Rule):
    """Service starts inside one of the order's windows and lasts as planned (P203x)."""

    name: ClassVar[str] = "windows"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2030": Text(
            "service of order {order} starts at {start}, {seconds} s before its window "
            "opens at {opens}",
            "工单 {order} 于 {start} 开始服务，比时间窗开启时刻 {opens} 早 {seconds} 秒",
        ),
        "P2031": Text(
            "service of order {order} starts at {start}, {seconds} s after its window "
            "closes at {closes}",
            "工单 {order} 于 {start} 开始服务，比时间窗关闭时刻 {closes} 晚 {seconds} 秒",
        ),
        "P2032": Text(
            "service of order {order} starts at {start}, before the worker arrives at {arrival}",
            "工单 {order} 于 {start} 开始服务，而服务人员 {arrival} 才到达",
        ),
        "P2033": Text(
            "service of order {order} lasts {seconds} s; {planned} s are planned",
            "工单 {order} 的服务时长为 {seconds} 秒，计划应为 {planned} 秒",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Windows as ordered, or any time of the day; the length at the door."""
        from engine.visits import nominal_duration

        for task in draft.tasks:
            if task.order.windows:
                task.windows = tuple(sorted((w.start_s, w.end_s) for w in task.order.windows))
            task.service = nominal_duration(draft.problem, task.order)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Read the start, and the length, of every service."""
        for visit in case.visits:
            order, stop, worker = visit.order, visit.stop, visit.ride.worker
            if stop.start_s < stop.arrival_s:
                yield self.broken(
                    "P2032", visit.path,
                    order=stop.order, start=clock(stop.start_s), arrival=clock(stop.arrival_s),
                )
            if order is None:
                continue
            yield from self._check_start(visit.path, order, stop.start_s)
            if worker is None:
                continue
            nominal = order.service_duration_s
            if nominal is None:
                nominal = case.service(order).service_duration_s
            planned = (nominal * round(1_000 * worker.service_time_factor) + 500) // 1_000
            if stop.departure_s < stop.start_s + planned:
                yield self.broken(
                    "P2033", visit.path,
                    order=order.id, seconds=stop.departure_s - stop.start_s, planned=planned,
                )

    def _check_start(self, path: str, order: Order, start: int) -> Iterator[Violation]:
        if not order.windows or any(w.start_s <= start <= w.end_s for w in order.windows):
            return
        # Outside all of them: told against the window that is missed by the least.
        near = min(order.windows, key=lambda w: max(w.start_s - start, start - w.end_s))
        if start < near.start_s:
            yield self.broken(
                "P2030", path,
                order=order.id, start=clock(start), opens=clock(near.start_s),
                seconds=near.start_s - start,
            )
        else:
            yield self.broken(
                "P2031", path,
                order=order.id, start=clock(start), closes=clock(near.end_s),
                seconds=start - near.end_s,
            )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Nobody who may do it could start inside a window, not even with the shift all free."""
        if order.kind == "emergency":  # told by its own rule
            return None
        windows = [(w.start_s, w.end_s) for w in order.windows] or [(0, HORIZON_S)]
        here = situation.alone(order)
        if here.in_time(windows).any():
            return None
        near = situation.nearest(here, windows)
        numbers = situation.on_shift(order, windows)
        may, on_shift = numbers["may"], numbers["on_shift"]
        told = f"{may} may do it, {on_shift} of them on shift then"
        told_zh = f"可承担者 {may} 人，其中 {on_shift} 人届时当班"
        if near is None:
            return Obstacle(
                "no_worker_in_window", numbers,
                f"{told}; none of them has a way there", f"{told_zh}；均无法到达",
            )
        numbers |= near.numbers()
        who = f"{near.worker}, shift {near.shift},"
        who_zh = f"{near.worker}（班次 {near.shift}）"
        if near.side == "after":
            text = f"could start at {clock(near.moment)}, {near.minutes} min after it closes"
            text_zh = f"最早 {clock(near.moment)} 开始，晚于时间窗 {near.minutes} 分钟"
        elif near.side == "before":
            text = f"must start by {clock(near.moment)}, {near.minutes} min before it opens"
            text_zh = f"最迟须 {clock(near.moment)} 开始，早于时间窗 {near.minutes} 分钟"
        else:
            text = f"has {near.minutes} min too little for the way, the service and the way back"
            text_zh = f"往返及服务尚缺 {near.minutes} 分钟"
        return Obstacle(
            "no_worker_in_window", numbers,
            f"{told}; the nearest, {who} {text}", f"{told_zh}；最接近的 {who_zh}{text_zh}",
        )
