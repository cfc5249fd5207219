"""The luck of a day: what is drawn hangs on the seed and on what it is about, and on nothing else.

So every policy meets the same luck: the same client does not open, the same way is slow at the same
hour, whoever goes (common random numbers), and no order of events changes a draw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import exp, log
from statistics import NormalDist
from typing import NamedTuple

from engine.domain.orders import EmergencyOrder
from engine.domain.problem import Problem
from engine.domain.workers import Worker
from engine.simulation.params import SimulationParams

#: Ways that are begun within the same span are as slow as each other.
_SPAN_S = 900
#: Somebody falls ill from so long before the shift on.
BEFORE_S = 1_800
_NORMAL = NormalDist()


class Fate(NamedTuple):
    """What befalls a worker; moments of the day, None: it does not."""

    sick_at: int | None
    late_by: int | None


class Luck:
    """Draws of one day.

    Parameters
    ----------
    seed : of the day.
    params : how much goes wrong.
    """

    def __init__(self, seed: int, params: SimulationParams) -> None:
        self._seed, self._params = seed, params

    def even(self, *about: object) -> float:
        """Draw evenly from the open interval (0, 1)."""
        text = "\x1f".join(map(str, (self._seed, *about)))
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return ((int.from_bytes(digest, "big") >> 11) + 0.5) / 2**53

    def way_factor(self, origin: object, to: int, now: int) -> float:
        """Draw how much longer a way takes than the roads say."""
        return self._factor(self._params.way_spread, "way", origin, to, now // _SPAN_S)

    def visit_factor(self, order: str) -> float:
        """Draw how much longer a visit takes than planned, whoever makes it."""
        return self._factor(self._params.visit_spread, "visit", order)

    def opens(self, order: str) -> bool:
        """Draw whether somebody is at home."""
        return self.even("opens", order) >= self._params.no_show

    def fate(self, worker: Worker) -> Fate:
        """Draw whether a worker falls ill or begins late."""
        params = self._params
        sick_at = late_by = None
        if worker.shifts and self.even("sick", worker.id) < params.sick:
            first = max(0, min(s.start_s for s in worker.shifts) - BEFORE_S)
            last = max(s.end_s for s in worker.shifts)
            sick_at = first + int(self.even("sick at", worker.id) * (last - first))
        if self.even("late", worker.id) < params.late:
            late_by = 1 + int(-log(self.even("late by", worker.id)) * params.late_mean_s)
        return Fate(sick_at, late_by)

    def alarms(self, problem: Problem) -> list[EmergencyOrder]:
        """Draw the alarms of the day, in the order in which they ring."""
        params = self._params
        by_district: dict[str | None, list[str]] = {}
        for client in problem.clients:
            by_district.setdefault(client.district, []).append(client.id)
        names = sorted(by_district, key=str)
        weights = [
            params.districts.get(name or "", 0.0) if params.districts else len(by_district[name])
            for name in names
        ]
        spans = [
            (max(3_600 * h, params.from_s), min(3_600 * (h + 1), params.until_s))
            for h in range(len(params.hours))
        ]
        hours = [
            w * max(0, b - a) for w, (a, b) in zip(params.hours, spans, strict=True)
        ]
        if sum(weights) <= 0 or sum(hours) <= 0:
            return []
        found = []
        for k in range(params.alarms):
            homes = by_district[names[_pick(weights, self.even("district", k))]]
            begin, end = spans[_pick(hours, self.even("hour", k))]
            found.append(EmergencyOrder(
                id=f"sim-alarm-{k + 1}", kind="emergency", channel="button",
                client=homes[int(self.even("client", k) * len(homes))],
                received_s=begin + int(self.even("second", k) * (end - begin)),
                response_s=params.response_s,
            ))
        return sorted(found, key=lambda o: (o.received_s, o.id))

    def _factor(self, spread: float, *about: object) -> float:
        """Draw from a lognormal distribution with mean 1."""
        return exp(spread * _NORMAL.inv_cdf(self.even(*about)) - spread * spread / 2)


def _pick(weights: Sequence[float], share: float) -> int:
    """Find where a share of the whole lies among weights."""
    left = share * sum(weights)
    for k, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return k
    return max(k for k, weight in enumerate(weights) if weight > 0)
