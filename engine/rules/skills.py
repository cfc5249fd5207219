"""Only a worker who may serves an order (P202x).

For each skill that the service or the order asks for, the worker holds a certificate that is valid
on the plan's day; the service is on the worker's list, where there is one; and the client has not
refused the worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import Order
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.domain.workers import Certificate
    from engine.draft import Draft
    from engine.situation import Situation


class SkillsRule(Rule):
    """Only a worker who may serves an order (P202x)."""

    name: ClassVar[str] = "skills"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2020": Text(
            "worker {worker} holds no certificate for {skill}, which order {order} needs",
            "服务人员 {worker} 没有工单 {order} 所需的“{skill_zh}”证书",
        ),
        "P2021": Text(
            "worker {worker}'s certificate for {skill} was valid until {until}; order "
            "{order} is on {day}",
            "服务人员 {worker} 的“{skill_zh}”证书有效期至 {until}，而工单 {order} 的服务日为 {day}",
        ),
        "P2022": Text(
            "service {service} of order {order} is not on worker {worker}'s list",
            "工单 {order} 的服务项目 {service} 不在服务人员 {worker} 的可服务清单内",
        ),
        "P2023": Text(
            "the client of order {order} has refused worker {worker}",
            "工单 {order} 的服务对象已拒绝服务人员 {worker}",
        ),
    }

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

    def check(self, case: Case) -> Iterator[Violation]:
        """Hold every stop's order against its worker's certificates, list and refusals."""
        for visit in case.visits:
            order, worker = visit.order, visit.ride.worker
            if order is None or worker is None:
                continue
            ids = {"order": order.id, "worker": worker.id}
            for skill in sorted({*case.service(order).skills, *order.skills}):
                held = [c for c in worker.certificates if c.skill == skill]
                names = {
                    "skill": case.problem.skill_by_id[skill].name,
                    "skill_zh": case.problem.skill_by_id[skill].name_zh,
                }
                if not held:
                    yield self.broken("P2020", visit.path, **ids, **names)
                elif not any(_is_valid(c, case.problem.day) for c in held):
                    until = max(c.valid_until for c in held if c.valid_until is not None)
                    yield self.broken(
                        "P2021", visit.path, **ids, **names, until=until, day=case.problem.day
                    )
            if worker.services is not None and order.service not in worker.services:
                yield self.broken("P2022", visit.path, **ids, service=order.service)
            if worker.id in case.problem.client_by_id[order.client].refused_workers:
                yield self.broken("P2023", visit.path, **ids)

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Nobody at work that day may do it: who lacks what."""
        workers, day = situation.problem.workers, situation.problem.day
        if any(situation.welcome(w, order) and not situation.lacking(w, order) for w in workers):
            return None
        client = situation.problem.client_by_id[order.client]
        holders, expired, parts, parts_zh = {}, {}, [], []
        for skill in situation.asked(order):
            holders[skill] = sum(skill not in situation.lacking(w, order) for w in workers)
            expired[skill] = sum(
                any(c.skill == skill and not _is_valid(c, day) for c in w.certificates)
                and skill in situation.lacking(w, order)
                for w in workers
            )
            name = situation.problem.skill_by_id[skill]
            parts.append(
                f"{holders[skill]} of {len(workers)} workers hold {name.name}"
                + (f" ({expired[skill]} expired)" if expired[skill] else "")
            )
            parts_zh.append(
                f"{len(workers)} 名服务人员中 {holders[skill]} 人持有“{name.name_zh}”证书"
                + (f"（另有 {expired[skill]} 人已过期）" if expired[skill] else "")
            )
        refused = sum(w.id in client.refused_workers for w in workers)
        if refused:
            parts.append(f"the client has refused {refused}")
            parts_zh.append(f"服务对象已拒绝 {refused} 人")
        listed = sum(w.services is None or order.service in w.services for w in workers)
        if listed < len(workers):
            service = situation.problem.service_by_id[order.service]
            parts.append(f"{listed} may be given {service.name} by their lists of services")
            parts_zh.append(f"{listed} 人的服务范围允许“{service.name_zh}”")
        return Obstacle(
            "no_skill",
            {"workers": len(workers), "holders": holders, "expired": expired,
             "refused": refused, "listed": listed},
            "nobody at work that day may do it: " + "; ".join(parts or ["nobody is at work"]),
            "当日没有可承担该服务的人员：" + "；".join(parts_zh or ["无人当班"]),
        )


def _is_valid(certificate: Certificate, day: date) -> bool:
    """Up to and including its last day."""
    return certificate.valid_until is None or day <= certificate.valid_until
