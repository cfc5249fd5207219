"""Where everybody is at a moment, as arrays: what an alarm asks of a thousand workers at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from engine.domain.orders import Order
from engine.gaps import Flags, Ints
from engine.live.line import NEVER, Line
from engine.travel import Travel

#: Kinds of what a worker does next. Only a visit, the way home and the way to where somebody is to
#: stand by can be left for an alarm.
VISIT, MEALS, HOME, ALARM, STAND = range(5)
#: Where somebody is. In the order of ``STATES``.
IDLE, ON_THE_WAY, AT_WORK, ON_MEALS, AT_ALARM, LATER = range(6)
STATES = ("idle", "on_the_way", "at_work", "meals", "alarm", "off_shift")
_FIELDS = ("left", "arrive", "start", "depart", "at", "kind", "rank")


class Act(NamedTuple):
    """One thing that a worker does: a visit, a trip with meals, the way home."""

    left: int
    arrive: int
    start: int
    depart: int
    at: int  # location where it ends
    kind: int
    rank: int
    order: str


class Whereabouts(NamedTuple):
    """Of every line at a moment, shape (lines,) each.

    Attributes
    ----------
    state : index into ``STATES``.
    act : index of the act under way or next, -1 where there is none.
    at, ready : location and moment from which the worker can go elsewhere.
    breaks : a running visit that may be broken off; the worker could go ``now``.
    """

    state: Ints
    act: Ints
    at: Ints
    ready: Ints
    breaks: Flags


class Timeline:
    """What every line has before it, from the moment at which it was last settled."""

    def __init__(self, n: int) -> None:
        self.acts: list[list[Act]] = [[] for _ in range(n)]
        self._table = np.full((len(_FIELDS), n, 16), NEVER, dtype=np.int64)
        self._count = np.zeros(n, dtype=np.int64)
        self._at = np.zeros(n, dtype=np.int64)
        self._free = np.zeros(n, dtype=np.int64)
        self._tracked = np.zeros(n, dtype=np.bool_)
        self._alarm = np.full(n, -1, dtype=np.int64)  # the last alarm among the acts
        self.begins = np.zeros(n, dtype=np.int64)
        self.ends = np.zeros(n, dtype=np.int64)
        self.shift_ends = np.zeros(n, dtype=np.int64)  # without overtime
        self.is_on = np.zeros(n, dtype=np.bool_)
        self.home = np.zeros(n, dtype=np.int64)  # location, -1 where the shift ends anywhere

    def put(
        self,
        line: Line,
        now: int,
        travel: Travel,
        orders: Mapping[str, Order],
        rank: Callable[[Order], int],
        loading_s: int,
    ) -> None:
        """Set what one line has before it; ``loading_s``: of each of its trips with meals."""
        i = line.index
        acts, at, free, tracked = _acts_of(line, now, travel, orders, rank, loading_s)
        self.acts[i] = acts
        while len(acts) > self._table.shape[2]:
            self._table = np.concatenate(
                [self._table, np.full_like(self._table, NEVER)], axis=2
            )
        self._table[:, i, len(acts) :] = NEVER
        if acts:
            self._table[:, i, : len(acts)] = np.array([a[:7] for a in acts], dtype=np.int64).T
        self._count[i], self._at[i], self._free[i] = len(acts), at, free
        self._tracked[i] = tracked
        self._alarm[i] = max((k for k, a in enumerate(acts) if a.kind == ALARM), default=-1)
        self.begins[i], self.ends[i] = line.shift.start_s, line.end_s
        self.shift_ends[i] = line.shift.end_s
        self.is_on[i] = line.is_on
        end = line.end_place
        self.home[i] = -1 if end is None else travel.place(end)

    def whereabouts(self, now: int, overrun_s: int, interrupt_rank: int | None) -> Whereabouts:
        """Tell where everybody is, and from where and when they could go elsewhere."""
        table, n = self._table, len(self._count)
        lines = np.arange(n)
        act = (table[3] <= now).sum(axis=1)  # done: departed by now
        act = np.where(self._tracked, 0, np.minimum(act, self._count))
        act = np.maximum(act, self._alarm)  # alarms are brought to their end first
        is_done = act >= self._count
        k = np.minimum(act, table.shape[2] - 1)
        left, arrive, start, depart, at, kind, rank = table[:, lines, k]
        before = np.maximum(k - 1, 0)
        was_at = np.where(act > 0, table[4, lines, before], self._at)
        was_free = np.where(act > 0, table[3, lines, before], self._free)
        waits = is_done | ((now < left) & ~self._tracked & (kind != ALARM))
        serves = ~waits & ((now >= start) | self._tracked)
        goes = ~waits & ~serves
        meals, urgent = ~waits & (kind == MEALS), ~waits & (kind == ALARM)
        ends = np.where(self._tracked & (depart <= now), now + overrun_s, depart)
        state = np.select(
            [waits, meals, urgent, serves], [IDLE, ON_MEALS, AT_ALARM, AT_WORK], ON_THE_WAY
        )
        state = np.where(waits & (self.begins > now), LATER, state)
        busy = meals | urgent | serves
        ready = np.where(waits, np.maximum(was_free, now), np.where(busy, ends, arrive))
        ready = np.where(goes, np.maximum(ready, now), ready)
        breaks = serves & (kind == VISIT)
        breaks &= rank >= interrupt_rank if interrupt_rank is not None else False
        return Whereabouts(
            state, np.where(is_done, -1, act), np.where(waits, was_at, at), ready, breaks
        )


def _acts_of(
    line: Line,
    now: int,
    travel: Travel,
    orders: Mapping[str, Order],
    rank: Callable[[Order], int],
    loading_s: int,
) -> tuple[list[Act], int, int, bool]:
    """List what is not over, where and when it begins, and whether the first is tracked."""
    at, free = travel.place(line.worker.start), line.shift.start_s
    acts: list[Act] = []
    for trip in line.trips[-1:]:
        if trip.end_s <= now:
            at = travel.place(trip.end) if trip.end else travel.client(trip.stops[-1].client)
            free = trip.end_s
        elif line.whole_trips:
            acts.append(_meals(trip.leave_s - loading_s, trip.end_s, line.at))
        else:
            last = trip.stops[-1]
            at, free = travel.client(last.client), last.departure_s
            home = travel.place(trip.end or line.worker.start)
            acts.append(Act(free, trip.end_s, trip.end_s, trip.end_s, home, HOME, 0, ""))
    tracked = False
    for left, stop in zip(line.left, line.stops, strict=True):
        order = orders[stop.order]
        if stop.departure_s <= now and stop.order != line.tracked:
            at, free = travel.client(stop.client), stop.departure_s
            acts.clear()
            continue
        if stop.order == line.tracked:
            acts.clear()
            tracked = True
        kind = ALARM if order.kind == "emergency" else VISIT
        acts.append(Act(
            left, stop.arrival_s, stop.start_s, stop.departure_s, travel.client(stop.client),
            kind, rank(order), stop.order,
        ))
    if line.stand is not None and not acts:
        if line.free > now:
            there = line.free
            acts.append(Act(line.stand, there, there, there, line.at, STAND, 0, ""))
        else:
            at, free = line.at, line.free
    for trip in line.route.trips if line.route else ():
        if line.whole_trips:
            end = travel.place(trip.end) if trip.end else travel.client(trip.stops[-1].client)
            acts.append(_meals(trip.leave_s - loading_s, trip.end_s, end))
            continue
        left = trip.leave_s
        for stop in trip.stops:
            acts.append(Act(
                left, stop.arrival_s, stop.start_s, stop.departure_s, travel.client(stop.client),
                VISIT, rank(orders[stop.order]), stop.order,
            ))
            left = stop.departure_s
    ends_at_home = line.end_place is not None and not line.whole_trips
    if acts and ends_at_home and acts[-1].kind not in (HOME, STAND):
        last_act, home = acts[-1], travel.place(line.end_place or line.worker.start)
        there = last_act.depart + travel.leg(line.mode, last_act.at, home).seconds
        acts.append(Act(last_act.depart, there, there, there, home, HOME, 0, ""))
    return acts, at, free, tracked


def _meals(begin: int, end: int, at: int) -> Act:
    return Act(begin, begin, begin, end, at, MEALS, 0, "")
