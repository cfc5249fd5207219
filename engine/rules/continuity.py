"""Few faces: a visit by somebody new has a price, one by somebody preferred a bonus (P231x).

Nobody is kept away: what faces are worth is weighed against the way there, and after who comes
first. It stands apart from the cost of the plan, which is what is paid for shifts and travel. Every
visit counts, of clients of whom it is known whom they know or prefer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import VisitOrder
from engine.rules.base import Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft


class ContinuityRule(Rule):
    """Few faces: new ones have a price, preferred ones a bonus (P231x)."""

    name: ClassVar[str] = "continuity"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2310": Text(
            "the plan states {stated}; its visits by new and preferred faces come to {found}",
            "计划标称 {stated}，而按新面孔和首选人员上门计算应为 {found}",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Give tasks a cost by worker.

        An order that must be served pays the price of a new face whoever comes, less a bonus for
        those it knows: the difference is the same, and the list is short. An optional order, which
        may also stay away, pays in full.
        """
        new = draft.money(draft.problem.continuity.new_face_cents)
        bonus = draft.money(draft.problem.continuity.preferred_bonus_cents)
        if not new and not bonus:
            return
        for task in draft.tasks:
            client = task.client
            known = {*client.known_workers, *client.preferred_workers}
            if not known or not isinstance(task.order, VisitOrder):
                continue
            if task.order.optional:
                for worker in draft.problem.workers:
                    task.add_cost(worker.id, new)
            for name in known:
                task.add_cost(name, -new)
            for name in {*client.preferred_workers}:
                task.add_cost(name, -bonus)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Count the faces once more, and what they are worth."""
        strange = liked = 0
        for visit in case.visits:
            order, worker = visit.order, visit.ride.route.worker
            if order is None or order.kind != "visit":
                continue
            client = case.problem.client_by_id[order.client]
            if not client.known_workers and not client.preferred_workers:
                continue
            liked += worker in client.preferred_workers
            strange += worker not in (*client.known_workers, *client.preferred_workers)
        prices = case.problem.continuity
        found = {
            "new_face_visits": strange,
            "preferred_visits": liked,
            "new_face_cents": strange * prices.new_face_cents,
            "preferred_bonus_cents": liked * prices.preferred_bonus_cents,
        }
        for name, value in found.items():
            stated = getattr(case.plan.totals, name)
            if stated != value:
                yield self.broken("P2310", f"totals.{name}", stated=stated, found=value)
