"""Programmes that come one after another share their days: which these are, and when they may be.

How long after each other they start on a day, and by whom, is the day's matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.domain.weeks import Programme
from engine.weeks.calendar import Calendar


def groups_of(programmes: Sequence[Programme]) -> list[tuple[int, ...]]:
    """Numbers of programmes that share their days, each group in order; most are alone."""
    number = {p.id: k for k, p in enumerate(programmes)}
    group_of = list(range(len(programmes)))  # the least number that a programme is tied to

    def root(k: int) -> int:
        while group_of[k] != k:
            k = group_of[k]
        return k

    for k, programme in enumerate(programmes):
        if programme.after is not None:
            a, b = sorted((root(k), root(number[programme.after.order])))
            group_of[b] = a
    groups: dict[int, list[int]] = {}
    for k in range(len(programmes)):
        groups.setdefault(root(k), []).append(k)
    return [tuple(group) for group in groups.values()]


def merge(calendars: Sequence[Calendar]) -> Calendar:
    """Make one calendar that keeps to all of several with the same slots."""
    first = calendars[0]
    if len(calendars) == 1:
        return first
    idle, passed = [0], 0
    for d in range(len(first.free)):
        # A day counts for the greatest gap unless it counts for none of them.
        passed += all(c.idle[d + 1] > c.idle[d] for c in calendars)
        idle.append(passed)
    most = [c.most for c in calendars if c.most is not None]
    before = [c.before for c in calendars if c.before is not None]
    return first._replace(
        free=tuple(all(c.free[d] for c in calendars) for d in range(len(first.free))),
        idle=tuple(idle),
        least=max(c.least for c in calendars),
        most=min(most) if most else None,
        before=max(before) if before else None,
    )


def merged(
    own: Sequence[Calendar], groups: Sequence[Sequence[int]]
) -> list[Calendar]:
    """Give every programme the calendar that it shares with those it is tied to."""
    shared: Mapping[int, Calendar] = {
        p: calendar
        for group in groups
        for calendar in [merge([own[p] for p in group])]
        for p in group
    }
    return [shared[p] for p in range(len(own))]
