"""Who sits down when: diners of a point take its seats in turns once their food is there."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from engine.domain.meals import ServingPoint
from engine.meals.bulk import NEVER, Bulk
from engine.meals.former import NEW, Former
from engine.meals.tables import Tables


class Seats(NamedTuple):
    """Moment by index of a due client who eats at a point; who is missing finds no seat."""

    start: dict[int, int]


def seat(tables: Tables, bulk: Bulk, former: Former) -> Seats:
    """Give every diner the first seat that is free: by rank, then by whose food is there first.

    A client of several portions brings company, and takes as many seats. Those who were told a time
    (``former``) sit down in that order, where as many of every rank find a seat so.
    """
    problem = tables.problem
    start: dict[int, int] = {}
    for p, point in enumerate(tables.places):
        if not isinstance(point, ServingPoint):
            continue
        close = min(problem.end_s, point.closes_s)
        waiting = []
        for i in np.flatnonzero(tables.eats_at == p).tolist():
            food = int(bulk.ready[i])
            if food != NEVER:
                early, late = tables.window[i].tolist()
                waiting.append((int(tables.tier[i]), max(food, early, point.opens_s), late, i))
        waiting.sort()
        seated = _take_turns(tables, waiting, point.seats, close)
        if any(former.told[w[3]] != NEW for w in waiting):
            order = sorted(waiting, key=lambda w: (max(w[1], int(former.told[w[3]])), w))
            told = _take_turns(tables, order, point.seats, close)
            if _by_rank(tables, told) >= _by_rank(tables, seated):
                seated = told
        start |= seated
    return Seats(start)


def _by_rank(tables: Tables, seated: Iterable[int]) -> list[int]:
    """Diners of each rank, the first rank first."""
    ranks = [int(tables.tier[i]) for i in seated]
    return [ranks.count(t) for t in range(int(tables.tier.max(initial=0)) + 1)]


def _take_turns(
    tables: Tables, order: Sequence[tuple[int, int, int, int]], seats: int, close: int
) -> dict[int, int]:
    """Seat diners (rank, earliest, latest, index) in this order; when each does who finds one."""
    start = {}
    free = [0] * seats
    for _, early, late, i in order:
        n = int(tables.portions[i])
        if n > len(free):
            continue
        taken = [heapq.heappop(free) for _ in range(n)]
        moment = max(early, taken[-1])
        fits = moment <= min(late, close)
        for seat_free in taken:
            heapq.heappush(free, moment + tables.problem.eating_s if fits else seat_free)
        if fits:
            start[i] = moment
    return start
