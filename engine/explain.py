"""Why an order is not on the plan, in plain words, and the smallest change that would let it in.

The rules are asked one after the other how they stand in the order's way (``rule.explain``); of
their answers the one that binds first is told, in the order of ``engine.domain.plan.Reason``. The
reasons but the last hold whatever else is on the plan: not even with all shifts empty could the
order be served (but what is left of portions and of entitlements is what the plan leaves).
``outweighed`` is said only of orders that would be served if others made room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from engine.change_kinds import Change
from engine.changes import smallest_change
from engine.changes_tied import smallest_tied_change
from engine.check import rules_broken
from engine.domain.orders import Order
from engine.domain.plan import Plan, Previous, Reason, Unserved
from engine.domain.problem import Problem
from engine.explain_tied import binding, explain_tied
from engine.rules import RULES, Rule
from engine.rules.base import Obstacle
from engine.situation import Situation
from engine.travel import Travel
from engine.visits import RouteVisits

__all__ = ["Insertion", "explain", "insertable"]

#: Teams and sequences for which a change is looked for: every try moves several workers.
_MOST_TIED = 20


class Insertion(NamedTuple):
    """An order that can be added: ``visits`` replaces what the shift visited before.

    ``instead_of`` : less important orders that it takes the place of.
    """

    order: str
    visits: RouteVisits
    instead_of: tuple[str, ...] = ()


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
    situation = Situation(problem, plan, travel, rules_broken)
    changes: dict[frozenset[str], Change | None] = {}  # of what is tied: one for all of it
    for order in situation.absent:
        group = problem.tied.get(order.id)
        if group is not None and group not in changes and len(changes) < _MOST_TIED:
            changes[group] = smallest_tied_change(order, situation)
    return tuple(
        _explain_order(
            order, situation, rules, blocked.get(order.id),
            changes.get(problem.tied.get(order.id, frozenset())),
        )
        for order in situation.absent
    )


def insertable(
    problem: Problem,
    plan: Plan,
    travel: Travel,
    *,
    people_first: bool = False,
    entitled: bool = True,
    previous: Previous | None = None,
) -> list[Insertion]:
    """Find absent orders that fit into the plan, breaking nothing.

    The most important first, each where it costs least; optional orders where that costs less than
    their prize. Each insertion is fitted beside those before it, so all can be made in the order of
    the list (``visits`` of a shift replaces what the list said of it before), and then none is left
    that would still fit.

    Parameters
    ----------
    people_first : a required order that fits only in place of less important ones takes their
        place, the fewest of them, and they are tried again after it: who comes first does not
        depend on how long the search had.
    entitled : nothing is added that is beyond what the month pays for.
    previous : a former plan that is not to be left without need.
    """
    situation = Situation(problem, plan, travel, rules_broken, previous)
    place_in_problem = {o.id: k for k, o in enumerate(problem.orders)}

    def turn(order: Order) -> tuple[int, int, int]:
        return situation.rank(order), -(order.prize_cents or 0), place_in_problem[order.id]

    # What is tied to others needs several places at once: that is for the search alone.
    waiting = [turn(order) for order in situation.absent if order.id not in problem.tied]
    heapify(waiting)
    found = []
    while waiting:
        order = problem.orders[heappop(waiting)[-1]]
        if entitled and situation.short_of(order):
            continue
        place = situation.find_place(order)
        displaced: list[Order] = []
        if place is None and people_first and not order.optional:
            crowd = situation.in_the_way(order, less_important=True)
            if crowd is not None:
                place, displaced = crowd
        if place is not None:
            instead = tuple(o.id for o in displaced)
            found.append(Insertion(order.id, place.visits, instead))
            situation.take(place)
            for other in displaced:  # they come after the order, so this ends
                heappush(waiting, turn(other))
    return found


def _explain_order(
    order: Order,
    situation: Situation,
    rules: Sequence[Rule],
    blocked: Reason | None,
    tied_change: Change | None,
) -> Unserved:
    if order.id in situation.problem.tied:
        return _tell(order, explain_tied(order, situation, rules), tied_change)
    told = [o for rule in rules if (o := rule.explain(order, situation)) is not None]
    if told:
        obstacle = min(told, key=binding)
    else:  # only where rules were left out
        obstacle = Obstacle(
            blocked or "outweighed", {}, "no rule stands in the way", "没有规则阻碍该工单"
        )
    return _tell(order, obstacle, smallest_change(order, situation))


def _tell(order: Order, obstacle: Obstacle, change: Change | None) -> Unserved:
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
