"""What ties visits to each other, as pairs: the members of a team, and one order after another."""

from __future__ import annotations

from itertools import combinations
from typing import Literal, NamedTuple

from engine.domain.orders import VisitOrder, visit_id
from engine.domain.problem import Problem


class Tie(NamedTuple):
    """The second visit starts ``least`` to ``most`` seconds after the first; both or neither."""

    first: str  # visit ids
    second: str
    least: int
    most: int
    worker: Literal["any", "same", "other"]
    kind: Literal["team", "after"]


def links_of(problem: Problem) -> list[Tie]:
    """List every tie of a problem; what a tie names may be missing in a part of a problem."""
    ties = []
    for order in problem.orders:
        if order.id not in problem.tied:
            continue
        keys = [visit_id(v) for v in problem.visits_of[order.id]]
        ties += [Tie(a, b, 0, 0, "other", "team") for a, b in combinations(keys, 2)]
        after = order.after if isinstance(order, VisitOrder) else None
        if after is None or after.order not in problem.visits_of:
            continue
        first = visit_id(problem.visits_of[after.order][0])
        worker: Literal["any", "same", "other"] = (
            "same" if after.same_worker else "other" if after.different_worker else "any"
        )
        ties.append(Tie(first, keys[0], after.min_gap_s, after.max_gap_s, worker, "after"))
    return ties
