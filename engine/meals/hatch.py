"""Couriers take turns at a point's hatch: trips that would be loaded together wait for each other.

The routing of a place knows no queue. Here its trips are timed anew: whoever can begin to load
first does, at one of the point's hatches; who would be brought a meal too late by that is taken
out, and is left to be offered to a neighbour.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.domain.meals import MealCourier, ServingPoint
from engine.meals.tables import Tables

#: Leaving later because of the freshness of what would wait at a door settles in so many steps.
_SETTLE = 4


class Run(NamedTuple):
    """A timed trip."""

    leave: int
    clients: tuple[int, ...]
    starts: tuple[int, ...]
    back: int


class Order(NamedTuple):
    """What a place's trips are held to: by index of a due client."""

    release: Mapping[int, int]
    late: Mapping[int, int]


def stagger(tables: Tables, place: int, turn: int) -> int:
    """Seconds by which the courier of a turn loads after the first, where hatches are few."""
    hatches = hatches_of(tables, place)
    return 0 if hatches is None else turn // hatches * tables.loading(place)


def hatches_of(tables: Tables, place: int) -> int | None:
    """Couriers that may load at the same time; None: any number."""
    entry = tables.places[place]
    return entry.hatches if isinstance(entry, ServingPoint) else None


def queue(
    tables: Tables, place: int, routes: Sequence[tuple[MealCourier, Sequence[Sequence[int]]]],
    order: Order, hatches: int,
) -> tuple[list[list[Run]], list[int]]:
    """Time the trips of a place's couriers at its hatches.

    Parameters
    ----------
    routes : couriers with their trips, each the clients in the order of the doors.

    Returns
    -------
    runs : of each courier.
    out : clients who would be brought a meal too late.
    """
    load = tables.loading(place)
    free = [courier.start_s for courier, _ in routes]
    todo = [list(trips) for _, trips in routes]
    runs: list[list[Run]] = [[] for _ in routes]
    out: list[int] = []
    open_at = [0] * hatches

    def begin(k: int) -> tuple[int, int]:
        food = max(order.release[i] for i in todo[k][0])
        return max(free[k], food - load), k

    while any(todo):
        first, k = min(begin(k) for k in range(len(todo)) if todo[k])
        trip = todo[k].pop(0)
        courier = routes[k][0]
        who = list(trip)
        made = None
        while who:
            made = _time(tables, place, courier, who, max(first, open_at[0]) + load)
            bad = _misses(tables, courier, made, order)
            if not bad:
                break
            who = [i for i in who if i not in bad]
        out += [i for i in trip if i not in who]
        if who and made is not None:
            heapq.heapreplace(open_at, made.leave)
            free[k] = made.back
            runs[k].append(made)
    return runs, sorted(out)


def _time(
    tables: Tables, place: int, courier: MealCourier, who: Sequence[int], leave: int
) -> Run:
    """Time a trip that leaves at a moment, or later where its food would wait at a door."""
    problem = tables.problem
    at = [int(tables.place_at[place]), *(int(tables.home_at[i]) for i in who)]
    seconds = tables.travel.block(courier.mode, at, at)[0]
    fresh = [problem.diet_by_id[tables.clients[i].diet].freshness_s for i in who]
    starts: list[int] = []
    moment = leave
    for _ in range(_SETTLE):
        moment, starts = leave, []
        for k, i in enumerate(who):
            moment += int(seconds[k, k + 1]) + (problem.building_s if at[k] != at[k + 1] else 0)
            starts.append(max(moment, int(tables.window[i, 0])))
            moment = starts[-1] + problem.door_s
        over = max(s - leave - f for s, f in zip(starts, fresh, strict=True))
        if over <= 0:
            break
        leave += over
    return Run(leave, tuple(who), tuple(starts), moment + int(seconds[len(who), 0]))


def _misses(tables: Tables, courier: MealCourier, run: Run, order: Order) -> set[int]:
    """Who would be too late, or not fresh; the last door where the courier would be back late."""
    problem = tables.problem
    bad = {
        i for i, start in zip(run.clients, run.starts, strict=True)
        if start > int(tables.window[i, 1]) + order.late[i]
        or start - run.leave > problem.diet_by_id[tables.clients[i].diet].freshness_s
    }
    if not bad and run.back > courier.end_s:
        bad = {run.clients[-1]}
    return bad
