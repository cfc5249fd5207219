"""Nobody begins before the rest since the day before is over (P225x).

A worker whose last shift of the day before ended late has ``min_daily_rest_s`` before leaving the
start, whatever the shift says; what is left of the shift is worked, with the breaks that still lie
in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.base import DAY_S
from engine.domain.orders import Order
from engine.domain.words import clock
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft
    from engine.gaps import Approach
    from engine.situation import Situation


class RestRule(Rule):
    """Nobody begins before the rest since the day before is over (P225x)."""

    name: ClassVar[str] = "rest"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2250": Text(
            "worker {worker} leaves at {leave}; the last shift of the day before ended at {end}, "
            "and {minutes} min of rest are agreed",
            "服务人员 {worker} 于 {leave} 出发，而前一日最后班次于 {end} 结束，"
            "约定休息 {minutes} 分钟",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Let shifts begin when the rest is over."""
        for vehicle in draft.vehicles:
            if vehicle.worker.rested_s > vehicle.shift.start_s:
                own = {s.id: s for s in vehicle.worker.at_work}
                vehicle.shift = own[vehicle.shift.id]

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Hold the first leaving of every shift against the end of the day before."""
        for ride in case.rides:
            worker = ride.worker
            if worker is None or worker.previous_end_s is None or not ride.route.trips:
                continue
            leave = ride.route.trips[0].leave_s
            # Both count from a midnight, the end from the one a day earlier.
            if leave + DAY_S - worker.previous_end_s < worker.min_daily_rest_s:
                yield self.broken(
                    "P2250", f"{ride.path}.trips[0].leave_s", worker=worker.id,
                    leave=clock(leave), end=clock(worker.previous_end_s),
                    minutes=worker.min_daily_rest_s // 60,
                )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Somebody could be there in time if it were not for the rest."""
        resting = [w for w in situation.problem.workers if any(
            w.rested_s > s.start_s for s in w.shifts
        )]
        windows = situation.windows(order)
        if not resting or situation.alone(order).in_time(windows).any():
            return None
        here = _if_rested(order, situation)
        rows = here.gaps.column("row")[here.gap[here.in_time(windows)]]
        there = {here.gaps.rows[int(r)].worker.id for r in rows}
        who = next((w for w in resting if w.id in there), None)
        if who is None:
            return None
        numbers = situation.on_shift(order, windows)
        return Obstacle(
            "no_worker_in_window", {**numbers, "worker": who.id, "rested_s": who.rested_s},
            f"{who.id} would be there in time, but rests until {clock(who.rested_s)} after the "
            "day before",
            f"{who.id} 本可及时到达，但须在前一日之后休息至 {clock(who.rested_s)}",
        )


def _if_rested(order: Order, situation: Situation) -> Approach:
    """Try the order by itself as if nobody had worked the day before."""
    from engine.change_kinds import with_parts
    from engine.gaps import approach, find_gaps, make_rows

    workers = tuple(
        w.model_copy(update={"previous_end_s": None}) for w in situation.problem.workers
    )
    day = with_parts(situation.problem, workers=workers)
    free = find_gaps(day, situation.travel, make_rows(day, {}))
    return approach(
        day, situation.travel, free, order, situation.able(order), situation.in_stock(order)
    )
