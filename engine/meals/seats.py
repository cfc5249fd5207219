"""Who sits down when: diners of a point take its seats in turns once their food is there."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from engine.domain.meals import ServingPoint
from engine.meals.bulk import NEVER, Bulk
from engine.meals.tables import Tables


class Seats(NamedTuple):
    """Moment by index of a due client who eats at a point; who is missing finds no seat."""

    start: dict[int, int]


def seat(tables: Tables, bulk: Bulk) -> Seats:
    """Give every diner the first seat that is free: by rank, then by whose food is there first.

    A client of several portions brings company, and takes as many seats.
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
        free = [0] * point.seats
        for _, early, late, i in sorted(waiting):
            n = int(tables.portions[i])
            if n > len(free):
                continue
            taken = [heapq.heappop(free) for _ in range(n)]
            moment = max(early, taken[-1])
            fits = moment <= min(late, close)
            for seat_free in taken:
                heapq.heappush(free, moment + problem.eating_s if fits else seat_free)
            if fits:
                start[i] = moment
    return Seats(start)
