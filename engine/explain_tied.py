"""Why a team, or orders that follow each other, are not on the plan: the part that is missing.

What is tied is served all or none, so the reason of one part is that of all. The parts are asked
one by one, the order's own first; where each could be served by itself, what they need together is
looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from engine.domain.orders import MemberOrder, Order, visit_id
from engine.domain.plan import Reason
from engine.domain.ties import Tie, links_of
from engine.domain.words import clock
from engine.rules.base import Obstacle, Rule
from engine.situation import Situation

__all__ = ["binding", "explain_tied", "match_parts"]

_REASONS: tuple[str, ...] = get_args(Reason)


def binding(obstacle: Obstacle) -> int:
    """Place of an obstacle among several: the least binds first."""
    return _REASONS.index(obstacle.reason)


def explain_tied(order: Order, situation: Situation, rules: Sequence[Rule]) -> Obstacle:
    """Tell how a tied order is kept out; see the module's docstring."""
    problem = situation.problem
    group = problem.tied[order.id]
    others = [o.id for o in problem.orders if o.id in group and o.id != order.id]
    for name in (order.id, *others):
        for visit in problem.visits_of[name]:
            # Who comes first says nothing of one part: the parts cannot be inserted one by one.
            told = [
                o for rule in rules if rule.name != "priority"
                and (o := rule.explain(visit, situation)) is not None
            ]
            if told:
                return _of_a_part(order, visit, min(told, key=binding))
    found = _too_few(order, situation, (order.id, *others)) or _apart(order, situation)
    if found is not None:
        return found
    parts = sum(len(problem.visits_of[i]) for i in (order.id, *others))
    also = f" (with {', '.join(others)})" if others else ""
    also_zh = f"（含 {'、'.join(others)}）" if others else ""
    return Obstacle(
        "outweighed", {"parts": parts, "tied_to": others},
        f"each of its {parts} parts{also} would fit by itself, but not all at the times that they "
        "need beside the other orders",
        f"其 {parts} 个部分{also_zh}可分别安排，但无法与其他工单一起按所需时间同时满足",
    )


def _of_a_part(order: Order, visit: Order, obstacle: Obstacle) -> Obstacle:
    numbers: dict[str, Any] = dict(obstacle.numbers)
    text, text_zh = obstacle.message, obstacle.message_zh
    if isinstance(visit, MemberOrder):
        numbers["member"] = visit.member
        text = f"member {visit.member} of the team is missing: {text}"
        text_zh = f"缺少团队成员 {visit.member}：{text_zh}"
    if visit.id != order.id:
        numbers["tied_to"] = visit.id
        text = f"it is served together with order {visit.id} or not at all; there {text}"
        text_zh = f"该工单与工单 {visit.id} 同时服务或均不服务；后者{text_zh}"
    return Obstacle(obstacle.reason, numbers, text, text_zh)


def _too_few(order: Order, situation: Situation, names: Sequence[str]) -> Obstacle | None:
    """Tell that a team has more members than workers who could come for them."""
    for name in names:
        visits = situation.problem.visits_of[name]
        if len(visits) < 2:
            continue
        could: dict[str, set[str]] = {}
        for visit in visits:
            here = situation.alone(visit)
            rows = here.gaps.column("row")[here.gap[here.fits(situation.windows(visit))]]
            could[visit_id(visit)] = {here.gaps.rows[int(r)].worker.id for r in np.unique(rows)}
        matched = match_parts(could)
        lacking = [
            v.member for v in visits
            if isinstance(v, MemberOrder) and visit_id(v) not in matched.values()
        ]
        if lacking:
            who = sorted(set().union(*could.values()))
            return Obstacle(
                "no_worker_in_window",
                {"members": len(visits), "workers": who, "member": lacking[0]},
                f"its {len(visits)} members need {len(visits)} different workers; of "
                f"{', '.join(who)}, who could come, nobody is left for {', '.join(lacking)}",
                f"{len(visits)} 名成员须为不同人员；可到场者 {'、'.join(who)} 中，"
                f"已无人可担任 {'、'.join(lacking)}",
            )
    return None


def match_parts(could: Mapping[str, set[str]]) -> dict[str, str]:
    """Give as many parts as possible a worker of their own: worker -> part (augmenting paths)."""
    part_of: dict[str, str] = {}

    def place(part: str, tried: set[str]) -> bool:
        for worker in sorted(could[part] - tried):
            tried.add(worker)
            if worker not in part_of or place(part_of[worker], tried):
                part_of[worker] = part
                return True
        return False

    for part in could:
        place(part, set())
    return part_of


def _apart(order: Order, situation: Situation) -> Obstacle | None:
    """Tell that the windows of two orders leave no starts as far apart as one asks for."""
    group = situation.problem.tied[order.id]
    for tie in links_of(situation.problem):
        first = situation.problem.visit_by_id[tie.first]
        second = situation.problem.visit_by_id[tie.second]
        if tie.kind != "after" or first.id not in group:
            continue
        if not _can_follow(tie, situation.windows(first), situation.windows(second)):
            gaps = f"{clock(tie.least)}-{clock(tie.most)}"
            return Obstacle(
                "no_worker_in_window",
                {"first": first.id, "second": second.id, "least_s": tie.least, "most_s": tie.most},
                f"the windows of {first.id} and {second.id} leave no two starts {gaps} apart",
                f"工单 {first.id} 与 {second.id} 的时间窗无法满足相隔 {gaps} 开始",
            )
    return None


def _can_follow(
    tie: Tie, first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]
) -> bool:
    return any(
        max(a + tie.least, c) <= min(b + tie.most, d) for a, b in first for c, d in second
    )
