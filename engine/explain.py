"""Why an order is not on the plan, in plain words, and the smallest change that would let it in.

The rules are asked one after the other how they stand in the order's way (``rule.explain``); of
their answers the one that binds first is told, in the order of ``engine.domain.plan.Reason``. The
first five reasons hold whatever else is on the plan: not even with all shifts empty could the order
be served (and, for meals, the portions that are left are what the plan leaves). ``outweighed`` is
said only of orders that would be served if others made room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

from engine.changes import smallest_change
from engine.domain.orders import Order
from engine.domain.plan import Plan, Reason, Unserved
from engine.domain.problem import Problem
from engine.evaluate import RouteVisits
from engine.rules import RULES, Rule
from engine.rules.base import Obstacle
from engine.situation import Situation
from engine.travel import Travel

__all__ = ["Insertion", "explain", "insertable"]

_REASONS: tuple[str, ...] = get_args(Reason)


class Insertion(NamedTuple):
    """An order that can simply be added: ``visits`` replaces what the shift visited before."""

    order: str
    visits: RouteVisits


def explain(
    problem: Problem,
    plan: Plan,
    travel: Travel,
    blocked: Mapping[str, Reason],
    rules: Sequence[Rule] = RULES,
) -> tuple[Unserved, ...]:
    """Tell for every order that is on no route why, and what would let it in.

    Parameters
    ----------
    problem, travel : what was asked, and the ways between its points.
    plan : its routes are read, its unserved orders are not.
    blocked : orders that were kept out of the search, and why. What the finished plan shows goes
        first; this is told where the rules find nothing.

    Returns
    -------
    unserved : one an absent order, in the problem's order.

    Notes
    -----
    An order that :func:`insertable` would add is told as what it is, missed by the search; plan a
    day so that it never comes to that.
    """
    situation = Situation(problem, plan, travel)
    return tuple(
        _explain_order(order, situation, rules, blocked.get(order.id))
        for order in situation.absent
    )


def insertable(problem: Problem, plan: Plan, travel: Travel) -> list[Insertion]:
    """Find absent orders that fit into the plan as it stands, breaking nothing.

    The most important first, each where it costs least; later ones are fitted beside earlier ones,
    so all of them can be added in the order of the list, and none is left that would still fit.
    Optional orders are added where that costs less than their prize.
    """
    situation = Situation(problem, plan, travel)
    found = []
    for order in sorted(situation.absent, key=situation.rank):
        place = situation.find_place(order)
        if place is not None:
            found.append(Insertion(order.id, place.visits))
            situation.take(place)
    return found


def _explain_order(
    order: Order, situation: Situation, rules: Sequence[Rule], blocked: Reason | None
) -> Unserved:
    told = [o for rule in rules if (o := rule.explain(order, situation)) is not None]
    if told:
        obstacle = min(told, key=lambda o: _REASONS.index(o.reason))
    else:  # only where rules were left out
        obstacle = Obstacle(
            blocked or "outweighed", {}, "no rule stands in the way", "没有规则阻碍该工单"
        )
    change = smallest_change(order, situation)
    return Unserved(
        order=order.id,
        reason=obstacle.reason,
        message=obstacle.message,
        message_zh=obstacle.message_zh,
        numbers=obstacle.numbers,
        change=dict(change.data) if change else None,
        change_text=change.text if change else None,
        change_text_zh=change.text_zh if change else None,
    )
