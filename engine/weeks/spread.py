"""Which visit is on which day: loads in balance with the hours of those who can serve them.

Programmes are placed one after the other, each on the days that are cheapest for all of its visits
together (``calendar.best_days`` is exact), again and again until none moves. A day's price is what
the programme adds to the crowding of all who could serve it, and of its district; where a main
worker is known already, of that worker, who may be off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine import entitlements
from engine.domain.orders import VisitOrder
from engine.domain.places import Client
from engine.domain.weeks import Weeks
from engine.importance import rank_of
from engine.weeks.calendar import Calendar, Days, Scratch, calendar_of, pack, pointers, unpack
from engine.weeks.kernels import rows
from engine.weeks.kernels.spread import spread_once
from engine.weeks.sequences import merged
from engine.weeks.staff import Staff

_PASSES = 4


@dataclass
class Spread:
    """The days of every programme's visits, and what they use.

    Attributes
    ----------
    days : for each programme one day a visit that is due; None: left out.
    calendars : of each programme; those that share their days have one between them.
    """

    staff: Staff
    days: list[Days]
    calendars: list[Calendar]
    budget: Budget
    moved: list[int] = field(default_factory=list)  # groups of programmes that moved, a pass


class Budget(entitlements.Budget):
    """What entitlements are used for, over the months of a horizon."""

    def __init__(self, weeks: Weeks, months: int) -> None:
        orders = [(p, weeks.duration(p)) for p in weeks.programmes]
        super().__init__(weeks.entitlements, orders, months)

    def packed(self, groups: Sequence[Sequence[int]]) -> rows.Budgets:
        """For the kernels: what one visit of each programme of a group uses."""
        cover: list[tuple[int, int, int]] = []
        sizes = []
        for group in groups:
            uses: dict[int, list[int]] = {}
            for p in group:
                length = self.seconds[p]
                for k in self.covering[p]:
                    used = uses.setdefault(k, [0, 0])
                    used[0] += 1
                    used[1] += length
            cover += [(k, visits, seconds) for k, (visits, seconds) in sorted(uses.items())]
            sizes.append(len(uses))
        return rows.Budgets(
            pointers(sizes), np.array(cover, dtype=np.int64).reshape(-1, 3), self.limit, self.used
        )


def spread(
    staff: Staff,
    seed: int = 1,
    *,
    mains: Sequence[int | None] | None = None,
    start: Spread | None = None,
    switched_off: Mapping[str, bool] | None = None,
) -> Spread:
    """Choose the days of all visits.

    Parameters
    ----------
    staff : the horizon and who is there.
    seed : of the order in which programmes are placed.
    mains : main worker of each programme, by number; None: nobody is known yet.
    start : days to start from; None: none.
    switched_off : parts of ``calendar_of`` (False: not obeyed), and ``entitlements``; for tests.
    """
    weeks, groups = staff.weeks, staff.groups
    parts = dict(switched_off or {})
    paid = parts.pop("entitlements", True)
    calendars = start.calendars if start else merged(
        [calendar_of(weeks, p, **parts) for p in weeks.programmes], groups
    )
    months = 1 + max((c.month[-1] for c in calendars), default=0)
    budget = Budget(weeks, months)
    result = Spread(staff, [()] * len(calendars), calendars, budget)
    if not groups:
        return result
    packed = pack([calendars[group[0]] for group in groups], groups)
    budgets = budget.packed(groups)
    crowd = _crowd(staff, mains)
    scratch = Scratch.of(packed)
    days = np.full(len(packed.slots), -1, dtype=np.int32)
    if start is not None:
        for t, group in enumerate(groups):
            own = days[packed.slot_ptr[t] : packed.slot_ptr[t + 1]]
            own[:] = [-1 if d is None else d for d in start.days[group[0]]]
    turns = _turns(weeks, groups, seed)
    prices, limits = np.zeros(weeks.days, dtype=np.int64), np.zeros(months, dtype=np.int64)
    for k in range(_PASSES):
        moved = int(spread_once(
            staff.facts, packed, budgets, crowd, turns, k == 0, paid, days, prices, limits, *scratch
        ))
        result.moved.append(moved)
        if moved * 50 <= len(turns):
            break
    for t, group in enumerate(groups):
        chosen = unpack(days[packed.slot_ptr[t] : packed.slot_ptr[t + 1]])
        for p in group:
            result.days[p] = chosen
    return result


def _turns(weeks: Weeks, groups: Sequence[Sequence[int]], seed: int) -> NDArray[np.int32]:
    """Put important programmes first: where an entitlement is short, they have it."""
    drawn = np.random.default_rng(seed).random(len(weeks.programmes))

    def turn(p: int) -> tuple[bool, int, float]:
        programme = weeks.programmes[p]
        client: Client = weeks.client_by_id[programme.client]
        order: VisitOrder = programme
        return programme.optional, rank_of(order, client), float(drawn[p])

    firsts = [min(turn(p) for p in group) for group in groups]
    return np.array(sorted(range(len(groups)), key=firsts.__getitem__), dtype=np.int32)


def _crowd(staff: Staff, mains: Sequence[int | None] | None) -> rows.Crowd:
    """How crowded days are, before any visit: hours of groups, districts and main workers."""
    weeks = staff.weeks
    groups, of_kind = staff.unions
    n_districts = int(staff.district.max(initial=len(groups) - 1)) + 1 - len(groups)
    everybody = staff.hours.sum(axis=0, dtype=np.int64)
    due = np.zeros(n_districts, dtype=np.int64)
    for p, programme in enumerate(weeks.programmes):
        visits = sum(b.visits for b in weeks.blocks(programme))
        due[staff.district[p] - len(groups)] += int(staff.load[p]) * visits
    own = staff.hours if mains is not None else staff.hours[:0]
    hours = np.concatenate([
        groups.astype(np.int64) @ staff.hours,
        # A district has its share of all hours.
        everybody[None, :] * due[:, None] // max(1, int(due.sum())),
        own.astype(np.int64),
    ])
    return rows.Crowd(
        kind_ptr=pointers([len(g) for g in of_kind]),
        kind_rows=np.concatenate([np.zeros(0, dtype=np.int32), *of_kind]).astype(np.int32),
        first_worker=len(groups) + n_districts,
        hours=hours,
        load=np.zeros_like(hours),
        main=np.array(
            [-1 if w is None else w for w in mains or [None] * len(weeks.programmes)],
            dtype=np.int32,
        ),
        on=np.zeros((len(weeks.programmes), weeks.days), dtype=np.uint8),
    )
