"""Only a worker who may serves an order (P202x).

For each skill that the service or the order asks for, the worker holds a certificate that is valid on the
plan's day; the service is on the worker's list, where there is one; and the client has not refused the worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.rules.base import Rule

if TYPE_CHECKING:
    from engine.compile import Draft


class SkillsRule(Rule):
    """Only a worker who may serves an order (P202x)."""

    name: ClassVar[str] = "skills"

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Skills and services become what a vehicle must have, refusals a list of workers."""
        problem = draft.problem
        for task in draft.tasks:
            order = task.order
            asked = (*problem.service_by_id[order.service].skills, *order.skills)
            task.skills |= {("skill", s) for s in asked} | {("service", order.service)}
            task.refused |= frozenset(task.client.refused_workers)
        for vehicle in draft.vehicles:
            worker = vehicle.worker
            listed = problem.service_by_id if worker.services is None else worker.services
            vehicle.skills |= {("service", s) for s in listed}
            vehicle.skills |= {
                ("skill", c.skill)
                for c in worker.certificates
                if c.valid_until is None or c.valid_until >= problem.day
            }

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
