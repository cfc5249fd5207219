"""Work is shared: the search pays for duty above a shift's even share (no promise, a price).

``fair_load_cents_per_hour`` is paid in the search for every hour of a shift's duty above its
target, and is no cost of the plan. The target is an estimate made before the search: the service
of each order is shared evenly, by length, among the shifts that may serve it, and so is the way to
it, taken as twice the way from the nearest other address. One price above one threshold is an
approximation of fairness: it lets two shifts above the target differ. How even a plan came out is
in its report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.rules.base import Rule

if TYPE_CHECKING:
    from engine.draft import Draft


class FairLoadRule(Rule):
    """Work is shared: duty above a shift's even share is priced in the search."""

    name: ClassVar[str] = "fair_load"

    def compile(self, draft: Draft) -> None:
        """Price each second of duty beyond the target of the shift."""
        cents = draft.problem.fair_load_cents_per_hour
        if not cents:
            return
        share = _targets(draft)
        for vehicle, target in zip(draft.vehicles, share, strict=True):
            vehicle.regular = min(round(target), vehicle.shift.end_s - vehicle.shift.start_s)
            vehicle.overtime_price = (draft.money(cents) + 1_800) // 3_600


def _targets(draft: Draft) -> list[float]:
    """Even share of each vehicle, seconds."""
    from solvers.model import UNREACHABLE

    share = [0.0] * len(draft.vehicles)
    length = [v.shift.end_s - v.shift.start_s for v in draft.vehicles]
    doors = np.array(sorted({t.location for t in draft.tasks}), dtype=np.int64)
    nearest: dict[str, dict[int, int]] = {}
    for mode in {v.mode for v in draft.vehicles}:
        between = draft.travel.seconds[mode][np.ix_(doors, doors)].astype(np.int64)
        np.fill_diagonal(between, UNREACHABLE)
        least = between.min(axis=1, initial=UNREACHABLE)
        ways = np.where(least < UNREACHABLE, least, 0).tolist()
        nearest[mode] = dict(zip(doors.tolist(), ways, strict=True))
    may: dict[tuple[frozenset[object], frozenset[str]], list[int]] = {}
    for task in draft.tasks:
        key = frozenset(task.skills), task.refused
        if key not in may:
            may[key] = [k for k, v in enumerate(draft.vehicles) if draft.qualified(v, task)]
        whole = sum(length[k] for k in may[key])
        for k in may[key]:
            work = task.service + 2 * nearest[draft.vehicles[k].mode][task.location]
            share[k] += work * length[k] / whole
    return share
