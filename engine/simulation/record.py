"""What truly happened on one simulated day, and the figures that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.domain.orders import EmergencyOrder
from engine.domain.plan import Previous
from engine.domain.problem import Problem
from engine.visits import start_windows

#: An alarm to which nobody comes counts as answered after so long, where a figure needs a number.
NEVER_S = 7_200
#: Figures of a day: name, and whether more is better (None: it depends).
FIGURES: dict[str, bool | None] = {
    "within": True, "response_p50_s": False, "response_p90_s": False, "response_mean_s": False,
    "nobody_came": False, "on_time": True, "late_min": False, "moved": False, "moved_min": False,
    "told": False, "interrupted": False, "unserved": False, "overtime_min": False,
    "travel_min": False,
}


@dataclass
class Record:
    """What happened.

    Parameters
    ----------
    alarms : those that rang.
    begun : order -> who was at the door, and when service began (or nobody opened).
    told : order -> worker and start that its client was told last.
    calls : how often clients were told of another worker or time.
    moved : orders whose client was told so.
    broken_off : orders whose visit was broken off for an alarm.
    ended_s : (worker, shift) -> when work was truly over, the way home included; end of the shift.
    travel_s : spent on ways, of all.
    refused : events that the day refused: none in a sound simulation.
    """

    alarms: list[EmergencyOrder] = field(default_factory=list)
    begun: dict[str, tuple[str, int]] = field(default_factory=dict)
    told: dict[str, tuple[str, int]] = field(default_factory=dict)
    calls: int = 0
    moved: set[str] = field(default_factory=set)
    broken_off: list[str] = field(default_factory=list)
    ended_s: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    travel_s: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def responses(self) -> list[int]:
        """Seconds from each alarm to somebody's arrival, in their order; ``NEVER_S``: nobody."""
        return [
            min(self.begun[a.id][1] - a.received_s, NEVER_S) if a.id in self.begun else NEVER_S
            for a in self.alarms
        ]


def figures_of(
    problem: Problem, record: Record, former: Previous, response_s: int
) -> dict[str, float]:
    """Add up a day.

    Parameters
    ----------
    problem, former : what the day began with.
    response_s : the standard for alarms.

    Returns
    -------
    figures : a number for each of ``FIGURES``.
    """
    response = np.array(record.responses or [0])
    late, on_time, due, unserved = 0, 0, 0, 0
    for order in problem.orders:
        if isinstance(order, EmergencyOrder):
            continue
        if order.id not in record.begun:
            unserved += not order.optional
            due += not order.optional
            continue
        due += 1
        start = record.begun[order.id][1]
        windows = start_windows(order)
        is_kept = any(a <= start <= b for a, b in windows)
        on_time += is_kept
        if not is_kept:
            late += min((start - b for _, b in windows if start > b), default=0)
    moved_s = sum(
        abs(record.told[i][1] - former.stops[i].start_s) for i in record.moved if i in record.told
    )
    overtime = sum(max(0, ended - end) for ended, end in record.ended_s.values())
    n = len(record.alarms)
    return {
        "within": float((response <= response_s).mean()) if n else 1.0,
        "response_p50_s": float(np.percentile(response, 50)),
        "response_p90_s": float(np.percentile(response, 90)),
        "response_mean_s": float(response.mean()),
        "nobody_came": float(sum(a.id not in record.begun for a in record.alarms)),
        "on_time": on_time / due if due else 1.0,
        "late_min": late / 60,
        "moved": float(len(record.moved)),
        "moved_min": moved_s / 60,
        "told": float(record.calls),
        "interrupted": float(len(record.broken_off)),
        "unserved": float(unserved),
        "overtime_min": overtime / 60,
        "travel_min": record.travel_s / 60,
    }


def first_told(former: Previous) -> Mapping[str, tuple[str, int]]:
    """List what clients were told in the morning: order -> worker and start."""
    return {i: (s.worker, s.start_s) for i, s in former.stops.items()}
