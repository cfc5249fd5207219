"""Small changes: beside a former plan, whoever keeps worker and time is worth something (P233x).

A plan made with a former one in hand says what changed: what is new, what is gone, who gets another
worker, who another time. Every change has a price, weighed against travel, and after who comes
first; it stands apart from the plan's cost.

A later start is priced to the second, beyond what nobody minds (``move_free_s``). An earlier one is
not seen by the search; but where nothing speaks against it a visit waits for its former time
(``engine.previous.hold``), and whatever is left of it is stated with the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.words import clock
from engine.rules.base import Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft


class ChangesRule(Rule):
    """Small changes: what a plan says about a former one is true (P233x)."""

    name: ClassVar[str] = "changes"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2330": Text(
            "order {order} is said to be served now by {stated}; it is by {found}",
            "工单 {order} 标称现由 {stated} 服务，而实际为 {found}",
        ),
        "P2331": Text(
            "order {order} is said to be among the {list}, which it is not",
            "工单 {order} 标称属于“{list_zh}”，而实际并非如此",
        ),
        "P2332": Text(
            "the changes state {stated}; their list adds up to {found}",
            "变更标称 {stated}，而按清单合计为 {found}",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Let it cost less that the same worker comes, and more that anybody comes later."""
        previous = draft.previous
        if previous is None:
            return
        for task in draft.tasks:
            before = previous.visits.get(task.key)
            if before is None:
                continue
            task.add_cost(before.worker, -draft.money(previous.move_client_cents))
            if previous.move_minute_cents:
                task.soft_late = before.start_s + previous.move_free_s
                task.late_price = draft.money(previous.move_minute_cents) // 60

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Hold the list of changes against the stops, and its sums against the list."""
        told = case.plan.changes
        if told is None:
            return
        for name in ("worker", "time"):
            for i, moved in enumerate(getattr(told, name)):
                path = f"changes.{name}[{i}]"
                # A team is told by the member that comes first by name.
                here = case.served.get(moved.order, ())
                visit = min(here, key=lambda v: v.stop.member or "", default=None)
                found = (visit.ride.route.worker, visit.stop.start_s) if visit else ("-", 0)
                if found != (moved.to_worker, moved.to_s):
                    yield self.broken(
                        "P2330", path, order=moved.order,
                        stated=f"{moved.to_worker} {clock(moved.to_s)}",
                        found=f"{found[0]} {clock(found[1])}",
                    )
                if (moved.from_worker == moved.to_worker) != (name == "time"):
                    zh = "换人" if name == "worker" else "改时"
                    yield self.broken("P2331", path, order=moved.order, list=name, list_zh=zh)
        for name, zh, wanted in (("new", "新增", True), ("gone", "取消", False)):
            for i, order in enumerate(getattr(told, name)):
                if (order in case.served) is not wanted:
                    yield self.broken(
                        "P2331", f"changes.{name}[{i}]", order=order, list=name, list_zh=zh
                    )
        every = [abs(m.to_s - m.from_s) for m in (*told.worker, *told.time)]
        priced = sum(max(0, s - told.move_free_s) for s in every)
        cents = told.move_client_cents * len(told.worker)
        cents += (2 * told.move_minute_cents * priced + 60) // 120
        for name, stated, total in (
            ("moved_s", told.moved_s, sum(every)), ("moved_cents", told.moved_cents, cents)
        ):
            if stated != total:
                yield self.broken("P2332", f"changes.{name}", stated=stated, found=total)
