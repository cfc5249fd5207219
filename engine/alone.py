"""Which rule alone keeps everybody from an order, even with all shifts free.

The arrays of ``engine.gaps`` know neither breaks nor limits of duty. Where they find room in a free
shift and the checker finds none, one of these stands in the way.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from engine.domain.base import HORIZON_S
from engine.domain.orders import Order, visit_id
from engine.gaps import put_in
from engine.rules.base import Obstacle
from engine.timetable import needs_joint_times

if TYPE_CHECKING:
    from engine.situation import Situation

__all__ = ["obstacle_alone"]

#: Of all free shifts that look right, so many are read by the checker, the cheapest first.
_MOST_TRIED = 40


def obstacle_alone(
    situation: Situation, rule: str, order: Order, message: str, message_zh: str
) -> Obstacle | None:
    """Make the obstacle of a rule that alone keeps everybody from the order; None: it does not."""
    key = visit_id(order)
    if key not in situation.alone_faults:
        situation.alone_faults[key] = _binding_rule(situation, order)
    if situation.alone_faults[key] != rule:
        return None
    numbers = situation.on_shift(order, situation.windows(order) or [(0, HORIZON_S)])
    may, on_shift = numbers["may"], numbers["on_shift"]
    return Obstacle(
        "no_worker_in_window", {**numbers, "rule": rule},
        f"{may} may do it, {on_shift} of them on shift then; {message}",
        f"可承担者 {may} 人，其中 {on_shift} 人届时当班；{message_zh}",
    )


def _binding_rule(situation: Situation, order: Order) -> str | None:
    """Name the rule that most free shifts would break with the order; None: one breaks none."""
    problem = situation.problem
    if not needs_joint_times(problem, situation.travel) and not any(
        w.max_driving_s is not None or w.max_visits is not None for w in problem.workers
    ):
        return None
    here = situation.alone(order)
    good = np.flatnonzero(here.fits(situation.windows(order)) & here.carries())
    found: Counter[str] = Counter()
    for m in good[np.argsort(here.cost[good], kind="stable")][:_MOST_TRIED]:
        gap = here.gaps.at(int(here.gap[m]))
        batch = here.options[int(here.option[m])][1].id if here.options else None
        row = here.gaps.rows[gap.row]
        broken = situation.broken_alone(row, put_in(gap, row, visit_id(order), batch))
        if not broken:
            return None
        # Who seems in time and is not is held up by a break.
        found["breaks" if row.shift.breaks and "duty" not in broken else min(broken)] += 1
    return found.most_common(1)[0][0] if found else None
