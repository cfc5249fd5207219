"""What is settled stays: an order pinned to a worker, a time, or both, is served so (P232x)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import Order
from engine.domain.words import clock
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft
    from engine.situation import Situation


class PinsRule(Rule):
    """What is settled stays: who serves an order, and when (P232x)."""

    name: ClassVar[str] = "pins"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2320": Text(
            "order {order} is served by {worker}; it is pinned to {pinned}",
            "工单 {order} 由 {worker} 服务，而已指定由 {pinned} 服务",
        ),
        "P2321": Text(
            "service of order {order} starts at {start}; it is pinned to {pinned}",
            "工单 {order} 于 {start} 开始服务，而已指定于 {pinned} 开始",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Allow one worker alone, and one moment alone."""
        for task in draft.tasks:
            pin = task.order.pin
            if pin is None:
                continue
            if pin.worker is not None:
                task.allowed = frozenset({pin.worker})
            if pin.start_s is not None:
                task.windows = ((pin.start_s, pin.start_s),)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Hold who comes, and when, against the pin."""
        for visit in case.visits:
            order = visit.order
            if order is None or order.pin is None:
                continue
            worker, start = visit.ride.route.worker, visit.stop.start_s
            if order.pin.worker is not None and order.pin.worker != worker:
                yield self.broken(
                    "P2320", visit.path, order=order.id, worker=worker, pinned=order.pin.worker
                )
            if order.pin.start_s is not None and order.pin.start_s != start:
                yield self.broken(
                    "P2321", visit.path,
                    order=order.id, start=clock(start), pinned=clock(order.pin.start_s),
                )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """With all shifts free it could be served, but not as it is pinned."""
        if order.pin is None or situation.could_alone(order):
            return None
        if not situation.could_alone(order.model_copy(update={"pin": None})):
            return None
        who, start = order.pin.worker, order.pin.start_s
        parts, parts_zh = [], []
        if who is not None:
            parts.append(f"to {who}")
            parts_zh.append(f"由 {who} 服务")
        if start is not None:
            parts.append(f"to {clock(start)}")
            parts_zh.append(f"于 {clock(start)} 开始")
        return Obstacle(
            "pinned",
            {"pinned_worker": who, "pinned_s": start},
            f"it is pinned {' and '.join(parts)}, and cannot be served so even on a free day; "
            "without the pin it could",
            f"已指定{'、'.join(parts_zh)}，即使当日全部空闲也无法做到；取消指定则可以服务",
        )
