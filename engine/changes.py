"""The smallest single change that would let an unserved order in, tried on the finished plan.

Changes are looked for kind by kind, in the order in which a dispatcher can grant them, and within a
kind by amount:

    widen_window   minutes that the order's own window (or an alarm's response time) gives
    extend_shift   minutes that one worker comes earlier or stays longer
    add_portions   portions that one batch lacks
    add_capacity   units that one vehicle lacks in one dimension
    add_skill      one certificate for one worker
    raise_entitlement   visits or seconds a month, of an order that is beyond what is paid for
    raise_prize    cents by which an optional order is worth too little
    make_required  the same for an optional order without a prize

More than ``LONG_MINUTES`` of a window or a shift is told only where nothing else helps. Two changes
of the same kind and amount differ by what the order then costs. Another client's promise is never
touched, and nobody is asked to take back a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.change_kinds import (
    Change,
    extension,
    tell_capacity,
    tell_entitlement,
    tell_portions,
    tell_prize,
    tell_response,
    tell_shift,
    tell_skill,
    tell_unpin,
    tell_window,
    who,
)
from engine.domain.base import HORIZON_S
from engine.domain.orders import EmergencyOrder, MealOrder, Order
from engine.domain.plan import Route
from engine.domain.workers import Shift, Worker
from engine.gaps import Approach, approach
from engine.visits import nominal_duration, start_windows

if TYPE_CHECKING:
    from engine.situation import Situation

__all__ = ["KINDS", "room_around", "skill_changes", "smallest_change"]

KINDS = (
    "raise_entitlement", "unpin", "widen_window", "extend_shift", "add_portions", "add_capacity",
    "add_skill", "raise_prize", "make_required",
)
LONG_MINUTES = 120
#: Extensions beyond this are another shift.
_LONGEST_EXTENSION_S = 4 * 3_600
#: Of the places with the least amount, so many are timed to the minute.
_MOST_TIMED = 12
#: Of the candidates with the least amount, so many are read by the checker.
_MOST_TRIED = 40


class _Candidate(NamedTuple):
    amount: int  # minutes or units
    cost: float
    entry: int  # of the approach
    make: Callable[[], Change]  # only what is tried is put into words


def smallest_change(order: Order, situation: Situation) -> Change | None:
    """Find the smallest change under which the order fits into the plan; None: no single one does.

    Every answer was tried: the order inserted under the change, and the route read by the checker.
    """
    found = situation.short_of(order)
    if found:
        room = situation.find_place(order)
        if room is None or len(found) > 1:  # more than one thing is in the way
            return None
        ((entry, used),) = found
        seconds = nominal_duration(situation.problem, order)
        return tell_entitlement(order, room, entry, used, seconds)
    if order.optional and (place := situation.find_place(order, whatever_it_costs=True)):
        return tell_prize(order, place.added_cents)
    search: tuple[Callable[[Order, Situation], Change | None], ...] = (
        _unpin, _widen_window, _extend_shift, _add_portions, _add_capacity, _add_skill,
    )
    long: Change | None = None
    for find in search:
        change = find(order, situation)
        if change is not None:
            if change.data.get("minutes", 0) <= LONG_MINUTES:
                return change
            long = long or change
    return long


# -- kind by kind ---------------------------------------------------------------------------------


def _unpin(order: Order, situation: Situation) -> Change | None:
    if order.pin is None:
        return None
    free = order.model_copy(update={"pin": None})
    here = approach(
        situation.problem, situation.travel, situation.gaps, free, situation.able(free),
        situation.in_stock(free),
    )
    found = [
        _Candidate(0, float(here.cost[m]), int(m), partial(tell_unpin, order, here, int(m)))
        for m in np.flatnonzero(here.fits(start_windows(free)) & here.carries())
    ]
    return _first_that_fits(free, situation, here, found)


def _widen_window(order: Order, situation: Situation) -> Change | None:
    here = situation.beside(order)
    open_ = here.passable & here.hot & here.carries()
    found: list[_Candidate] = []
    for i, (early, late) in enumerate((w.start_s, w.end_s) for w in order.windows):
        bounds = [(w.start_s, w.end_s) for k, w in enumerate(order.windows) if k != i]
        first, last = 0, HORIZON_S
        if isinstance(order, EmergencyOrder):
            first, last = order.received_s, order.received_s + order.response_s
        # Windows of one order may touch and must not overlap.
        least = max((b for _, b in bounds if b <= early), default=0)
        most = min((a for a, _ in bounds if a >= late), default=HORIZON_S)
        start = np.maximum(here.arrive, max(early, first))
        for m in np.flatnonzero(open_ & (start > late) & (start <= np.minimum(here.latest, last))):
            minutes = _minutes(int(start[m]) - late)
            end = min(late + 60 * minutes, most)
            found.append(_Candidate(minutes, float(here.cost[m]), int(m), partial(
                tell_window, order, here, int(m), minutes, i, early, end
            )))
        start = np.minimum(here.latest, late)
        for m in np.flatnonzero(
            open_ & (start < early) & (start >= np.maximum(here.arrive, first))
        ):
            minutes = _minutes(early - int(start[m]))
            opens = max(early - 60 * minutes, least)
            found.append(_Candidate(minutes, float(here.cost[m]), int(m), partial(
                tell_window, order, here, int(m), minutes, i, opens, late
            )))
    if isinstance(order, EmergencyOrder):
        due = order.received_s + order.response_s
        for early, late in [(w.start_s, w.end_s) for w in order.windows] or [(0, HORIZON_S)]:
            start = np.maximum(here.arrive, max(early, order.received_s))
            for m in np.flatnonzero(
                open_ & (start > due) & (start <= np.minimum(here.latest, late))
            ):
                minutes = _minutes(int(start[m]) - due)
                found.append(_Candidate(minutes, float(here.cost[m]), int(m), partial(
                    tell_response, order, here, int(m), minutes
                )))
    return _first_that_fits(order, situation, here, found)


def _extend_shift(order: Order, situation: Situation) -> Change | None:
    here = situation.beside(order)
    open_ = here.passable & here.hot & here.carries()
    most = _LONGEST_EXTENSION_S
    promising: list[tuple[int, float, int, bool]] = []  # least minutes, cost, entry, later
    for early, late in start_windows(order):
        start = np.maximum(here.arrive, early)
        stay = start - here.latest
        good = open_ & (start <= np.minimum(late, here.latest_free)) & (stay > 0) & (stay <= most)
        promising += [
            (_minutes(int(stay[m])), float(here.cost[m]), int(m), True)
            for m in np.flatnonzero(good)
        ]
        bound = np.minimum(late, here.latest)
        come = here.arrive - bound
        good = open_ & (bound >= early) & (come > 0) & (come <= most)
        good &= here.arrive_free <= bound  # elsewhere a window further up holds the worker up
        promising += [
            (_minutes(int(come[m])), float(here.cost[m]), int(m), False)
            for m in np.flatnonzero(good)
        ]
    best: _Candidate | None = None
    for least, cost, m, later in sorted(promising)[:_MOST_TIMED]:
        if best is not None and least > best.amount:
            break
        time = _minutes_later if later else _minutes_earlier
        minutes = time(order, situation, here, m, least)
        if minutes is not None and (best is None or (minutes, cost) < best[:2]):
            around = (0, minutes) if later else (minutes, 0)
            best = _Candidate(minutes, cost, m, partial(tell_shift, order, here, m, *around))
    return None if best is None else _first_that_fits(order, situation, here, [best])


def _add_portions(order: Order, situation: Situation) -> Change | None:
    if not isinstance(order, MealOrder):
        return None
    options = [
        (p, b) for p, b in situation.batches(order) if situation.left(p, b) < order.portions
    ]
    here = approach(
        situation.problem, situation.travel, situation.gaps, order, situation.able(order), options
    )
    found = []
    for m in np.flatnonzero(here.fits(start_windows(order)) & here.carries()):
        lack = order.portions - situation.left(*options[int(here.option[m])])
        found.append(_Candidate(lack, float(here.cost[m]), int(m), partial(
            tell_portions, order, here, int(m), lack
        )))
    return _first_that_fits(order, situation, here, found)


def _add_capacity(order: Order, situation: Situation) -> Change | None:
    here = situation.beside(order)
    short = here.lack > 0
    found = []
    for m in np.flatnonzero(here.fits(start_windows(order)) & (short.sum(axis=1) == 1)):
        worker = who(here, int(m))[0]
        if worker.vehicle is not None:
            units = int(here.lack[m].max())
            found.append(_Candidate(units, float(here.cost[m]), int(m), partial(
                tell_capacity, order, here, int(m), worker.vehicle
            )))
    return _first_that_fits(order, situation, here, found)


def _add_skill(order: Order, situation: Situation) -> Change | None:
    here, found = _with_a_skill_more(order, situation)
    return _first_that_fits(order, situation, here, found)


def skill_changes(order: Order, situation: Situation) -> list[Change]:
    """Give, for each worker who lacks one certificate, this one; the cheapest first, untried."""
    here, found = _with_a_skill_more(order, situation)
    best: dict[str, Change] = {}
    for candidate in sorted(found, key=lambda c: c[:3]):
        worker = situation.row_of(here, candidate.entry).worker.id
        if worker not in best:
            best[worker] = candidate.make()
    return list(best.values())


def _with_a_skill_more(
    order: Order, situation: Situation
) -> tuple[Approach, list[_Candidate]]:
    missing = {
        w.id: lacking[0]
        for w in situation.problem.workers
        if situation.welcome(w, order) and len(lacking := situation.lacking(w, order)) == 1
    }
    rows = np.array([r.worker.id in missing for r in situation.rows], dtype=np.bool_)
    here = approach(
        situation.problem, situation.travel, situation.gaps, order, rows,
        situation.in_stock(order),
    )
    found = []
    for m in np.flatnonzero(here.fits(start_windows(order)) & here.carries()):
        worker = who(here, int(m))[0]
        skill = situation.problem.skill_by_id[missing[worker.id]]
        found.append(_Candidate(1, float(here.cost[m]), int(m), partial(
            tell_skill, order, here, int(m), skill
        )))
    return here, found


# -- what they share ------------------------------------------------------------------------------


def _first_that_fits(
    order: Order, situation: Situation, here: Approach, found: Iterable[_Candidate]
) -> Change | None:
    for candidate in sorted(found, key=lambda c: c[:3])[:_MOST_TRIED]:
        change = candidate.make()
        places = situation.read(order, here, [candidate.entry], change.data)
        if any(situation.pays(order, place) for place in places):
            return change
    return None


def room_around(worker: Worker, shift: Shift) -> tuple[int, int]:
    """Minutes that the shift can grow before and after, leaving the rest to the worker's others."""
    others = [s for s in worker.shifts if s.id != shift.id]
    rest = worker.min_rest_s
    floor = max((s.end_s + rest for s in others if s.end_s <= shift.start_s), default=0)
    floor = min(max(floor, worker.rested_s), shift.start_s)
    ceiling = min((s.start_s - rest for s in others if s.start_s >= shift.end_s), default=HORIZON_S)
    most = _LONGEST_EXTENSION_S // 60
    return (
        min((shift.start_s - floor) // 60, most), min((ceiling - shift.end_s) // 60, most)
    )


def _minutes_later(
    order: Order, situation: Situation, here: Approach, m: int, least: int
) -> int | None:
    """Time the shift with all the room there is: how much of it is used is what is needed."""
    worker, shift = who(here, m)
    room = room_around(worker, shift)[1]
    if room < least:
        return None
    route = _route_if(order, situation, here, m, extension(order, worker, shift, 0, room))
    return None if route is None else _minutes(max(t.end_s for t in route.trips) - shift.end_s)


def _minutes_earlier(
    order: Order, situation: Situation, here: Approach, m: int, least: int
) -> int | None:
    """Try the least, then halve between too little and enough: coming earlier never hurts."""
    worker, shift = who(here, m)

    def is_enough(minutes: int) -> bool:
        change = extension(order, worker, shift, minutes, 0)
        return _route_if(order, situation, here, m, change) is not None

    low, high = least, room_around(worker, shift)[0]
    if low > high:
        return None
    if is_enough(low):
        return low
    if not is_enough(high):
        return None
    while high - low > 1:  # low is too little, high is enough
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _route_if(
    order: Order, situation: Situation, here: Approach, m: int, change: Mapping[str, Any]
) -> Route | None:
    places = situation.read(order, here, [m], change)
    return next((place.route for place in places), None)


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)
