"""The smallest single change that would let in a team, or orders that follow each other.

What is tied is served all or none, so a change is tried by placing every part at once: for a start
of the first part the others have theirs, or a short span of it; workers are matched to the members
of a team; and route after route, with those starts fixed, is read by the checker.

The changes are those of :mod:`engine.changes` for a part that has no place; where every part has
one, but not all at one time, wider windows and longer shifts in steps of ``STEPS_MIN``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.change_kinds import Change, tell_shift, tell_window
from engine.changes import KINDS, room_around, skill_changes, smallest_change
from engine.domain.base import HORIZON_S
from engine.domain.orders import Order, VisitOrder, visit_id
from engine.domain.ties import Tie, links_of
from engine.explain_tied import match_parts
from engine.gaps import Approach, Flags, Ints, Place, put_in
from engine.visits import RouteVisits, start_windows

if TYPE_CHECKING:
    from engine.situation import Situation

__all__ = ["fit_together", "smallest_tied_change"]

#: Minutes by which windows and shifts are widened, one after the other.
STEPS_MIN = (15, 30, 60, 120)
#: Starts of the first part that are looked at, spread over the day where there are more.
_MOST_SEEN = 200
#: Starts of the first part that are tried in earnest, the earliest first.
_MOST_STARTS = 3
#: Places of a part that are read by the checker at one start, the cheapest first.
_MOST_PLACES = 6
#: Changes that are tried; each one costs a look at the whole plan.
_MOST_CHANGES = 24


class _Part(NamedTuple):
    """What one worker does, and the span of its start from that of the first part."""

    visit: Order
    least: int
    most: int


def smallest_tied_change(order: Order, situation: Situation) -> Change | None:
    """Find the first change under which all that is tied to the order fits; None: no single one."""
    parts = _parts(order, situation)
    if order.optional or not parts or situation.short_of(order):
        return None
    found = sorted(_candidates(parts, situation), key=lambda c: (
        KINDS.index(c.data["kind"]), c.data.get("minutes", 0)
    ))
    for change in found[:_MOST_CHANGES]:
        if fit_together(order, situation.under(change.data)):
            return change
    return None


def fit_together(order: Order, situation: Situation) -> bool:
    """Whether everything that is tied to an order fits into the plan at once."""
    parts = _parts(order, situation)
    if not parts:
        return False
    places = [situation.beside(part.visit) for part in parts]
    tried = 0
    starts = _starts(parts, places)
    for start in starts[:: 1 + len(starts) // _MOST_SEEN]:
        workers = _workers(parts, places, start)
        if workers is None:
            continue
        if _place(parts, situation.under(), start, workers):
            return True
        tried += 1
        if tried == _MOST_STARTS:
            break
    return False


def _parts(order: Order, situation: Situation) -> list[_Part]:
    """Order the parts so that each one's span follows from one before it; none with meals."""
    problem = situation.problem
    group = problem.tied[order.id]
    visits = [v for o in problem.orders if o.id in group for v in problem.visits_of[o.id]]
    if not all(isinstance(v, VisitOrder) for v in visits):
        return []
    visit_of = {visit_id(v): v for v in visits}
    span = {visit_id(visits[0]): (0, 0)}
    ties = _ties(situation, group)
    for _ in visits:
        for tie in ties:
            if tie.first in span and tie.second not in span:
                least, most = span[tie.first]
                span[tie.second] = least + tie.least, most + tie.most
            elif tie.second in span and tie.first not in span:
                least, most = span[tie.second]
                span[tie.first] = least - tie.most, most - tie.least
    return [_Part(visit_of[key], *bounds) for key, bounds in span.items()]


def _ties(situation: Situation, group: frozenset[str]) -> list[Tie]:
    visits = situation.problem.visit_by_id
    return [t for t in links_of(situation.problem) if visits[t.first].id in group]


def _candidates(parts: Sequence[_Part], situation: Situation) -> Iterator[Change]:
    lacking = [p.visit for p in parts if situation.find_place(p.visit) is None]
    for visit in lacking:
        change = smallest_change(visit, situation)
        if change is not None:
            yield change
        yield from skill_changes(visit, situation)
    for visit in () if lacking else (part.visit for part in parts):
        here = situation.beside(visit)
        if not len(here.gap):
            continue
        rows = here.gaps.column("row")[here.gap]
        for minutes in STEPS_MIN:
            for i, window in enumerate(visit.windows):
                early = max(0, window.start_s - 60 * minutes)
                late = min(HORIZON_S, window.end_s + 60 * minutes)
                yield tell_window(visit, here, 0, minutes, i, window.start_s, late)
                yield tell_window(visit, here, 0, minutes, i, early, window.end_s)
            for m in np.unique(rows, return_index=True)[1].tolist():
                row = situation.row_of(here, m)
                before, after = room_around(row.worker, row.shift)
                if minutes <= after:
                    yield tell_shift(visit, here, m, 0, minutes)
                if minutes <= before:
                    yield tell_shift(visit, here, m, minutes, 0)


def _open(part: _Part, here: Approach, start: int) -> tuple[Ints, Flags]:
    """Say when the part would start in each gap, and where it can, if the first starts then."""
    first, last = start + part.least, start + part.most
    begin = np.full(len(here.gap), HORIZON_S + 1, dtype=np.int64)
    for early, late in start_windows(part.visit):
        at = np.maximum(here.arrive, max(early, first))
        good = at <= np.minimum(here.latest, min(late, last))
        begin = np.where(good, np.minimum(begin, at), begin)
    return begin, (begin <= HORIZON_S) & here.passable & here.carries()


def _starts(parts: Sequence[_Part], places: Sequence[Approach]) -> list[int]:
    """List starts of the first part with which some part starts as early as it can somewhere."""
    found = set[int]()
    for part, here in zip(parts, places, strict=True):
        for early, _ in start_windows(part.visit):
            at = np.unique(np.maximum(here.arrive[here.passable], early))
            found.update((at - part.least).tolist())
            found.update((at - part.most).tolist())
    return sorted(s for s in found if s >= 0)


def _workers(
    parts: Sequence[_Part], places: Sequence[Approach], start: int
) -> dict[str, str] | None:
    """Match workers to the members of teams: part -> worker; None: somebody has nobody."""
    could: dict[str, set[str]] = {}
    for part, here in zip(parts, places, strict=True):
        _, good = _open(part, here, start)
        rows = np.unique(here.gaps.column("row")[here.gap[good]])
        if not len(rows):
            return None
        could[visit_id(part.visit)] = {here.gaps.rows[int(r)].worker.id for r in rows}
    chosen: dict[str, str] = {}
    for order in {p.visit.id for p in parts}:
        team = [visit_id(p.visit) for p in parts if p.visit.id == order]
        if len(team) < 2:
            continue
        matched = match_parts({key: could[key] for key in team})
        if len(matched) < len(team):
            return None
        chosen |= {key: worker for worker, key in matched.items()}
    return chosen


def _place(
    parts: Sequence[_Part], situation: Situation, start: int, workers: dict[str, str]
) -> bool:
    """Place part after part, each read by the checker; the situation is used up."""
    starts: dict[str, int] = {}
    who: dict[str, str] = {}
    ties = _ties(situation, situation.problem.tied[parts[0].visit.id])
    for part in parts:
        key = visit_id(part.visit)
        here = situation.beside(part.visit)
        begin, good = _open(part, here, start)
        entries = np.flatnonzero(good)
        names = {m: situation.row_of(here, m).worker.id for m in entries.tolist()}
        mine = [
            m for m in entries[np.argsort(here.cost[entries], kind="stable")].tolist()
            if workers.get(key, names[m]) == names[m]
            and _keep(ties, {**starts, key: int(begin[m])}, {**who, key: names[m]})
        ]
        for m in mine[:_MOST_PLACES]:
            row, gap = situation.row_of(here, m), here.gaps.at(int(here.gap[m]))
            starts[key], who[key] = int(begin[m]), names[m]
            situation.pins[key] = starts[key]
            trips = put_in(gap, row, key, None)
            route = situation.verify(row, trips)
            if route is not None:
                visits = RouteVisits(row.worker.id, row.shift.id, trips)
                situation.take(Place(gap.row, gap, visits, route, 0))
                break
        else:
            return False
    return True


def _keep(ties: Sequence[Tie], starts: dict[str, int], who: dict[str, str]) -> bool:
    """Whether the parts placed so far stand to each other as they are to."""
    for tie in ties:
        if tie.first not in starts or tie.second not in starts:
            continue
        same = who[tie.first] == who[tie.second]
        if not tie.least <= starts[tie.second] - starts[tie.first] <= tie.most:
            return False
        if (tie.worker == "same" and not same) or (tie.worker == "other" and same):
            return False
    return True
