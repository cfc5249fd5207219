"""Client and worker suit each other: gender, language, and no refusal by the worker (P230x).

Where an order asks for a gender, or its service for the client's own, the worker's is stated and is
that one. A visitor speaks one of the client's languages, where the client has any; meals and alarms
are not kept from anybody by a language. Nobody is sent to a client whom they refuse; a client's own
refusals are with the skills.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import Order
from engine.rules.base import Obstacle, Rule, Text, Violation
from engine.suitability import asked_gender, asked_languages, suits

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft
    from engine.situation import Situation

_GENDERS_ZH = {"female": "女", "male": "男"}


class MatchRule(Rule):
    """Client and worker suit each other (P230x)."""

    name: ClassVar[str] = "match"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2300": Text(
            "order {order} asks for a {gender} worker, which {worker} is not stated to be",
            "工单 {order} 要求{gender_zh}性服务人员，而 {worker} 未登记为该性别",
        ),
        "P2301": Text(
            "worker {worker} speaks none of the languages of the client of order {order}",
            "服务人员 {worker} 不会工单 {order} 服务对象的任何一种语言",
        ),
        "P2302": Text(
            "worker {worker} has refused the client of order {order}",
            "服务人员 {worker} 已拒绝工单 {order} 的服务对象",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Gender and language become what a vehicle must have, refusals a list of workers."""
        spoken = set()
        shunned: dict[str, set[str]] = {}
        for worker in draft.problem.workers:
            for client in worker.refused_clients:
                shunned.setdefault(client, set()).add(worker.id)
        for task in draft.tasks:
            gender = asked_gender(draft.problem, task.order)
            if gender is not None:
                task.skills.add(("gender", gender))
            languages = asked_languages(draft.problem, task.order)
            if languages:
                task.skills.add(("language", languages))
                spoken.add(languages)
            task.refused |= frozenset(shunned.get(task.client.id, ()))
        for vehicle in draft.vehicles:
            worker = vehicle.worker
            vehicle.skills.add(("gender", worker.gender))
            vehicle.skills |= {
                ("language", asked) for asked in spoken if asked.intersection(worker.languages)
            }

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Hold every stop's worker against what the order and its client ask for."""
        for visit in case.visits:
            order, worker = visit.order, visit.ride.worker
            if order is None or worker is None:
                continue
            ids = {"order": order.id, "worker": worker.id}
            client = case.problem.client_by_id[order.client]
            wanted = {order.gender} - {None}
            if not wanted and case.service(order).same_gender:
                wanted = {client.gender} - {None}
            if wanted and worker.gender not in wanted:
                (gender,) = wanted
                yield self.broken(
                    "P2300", visit.path, **ids, gender=gender, gender_zh=_GENDERS_ZH[str(gender)]
                )
            if order.kind == "visit" and client.languages and not (
                {*client.languages} & {*worker.languages}
            ):
                yield self.broken("P2301", visit.path, **ids)
            if client.id in worker.refused_clients:
                yield self.broken("P2302", visit.path, **ids)

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Of those who may do it nobody suits the client: how many for which reason."""
        problem = situation.problem
        may = [
            w for w in problem.workers
            if situation.welcome(w, order) and not situation.lacking(w, order)
        ]
        if not may or any(suits(problem, w, order) for w in may):
            return None
        gender, languages = asked_gender(problem, order), asked_languages(problem, order)
        other = sum(gender is not None and w.gender != gender for w in may)
        mute = sum(bool(languages) and not languages.intersection(w.languages) for w in may)
        refusing = sum(order.client in w.refused_clients for w in may)
        parts, parts_zh = [], []
        if other:
            parts.append(f"{other} are not stated to be {gender}")
            parts_zh.append(f"{other} 人未登记为{_GENDERS_ZH[str(gender)]}性")
        if mute:
            parts.append(f"{mute} speak none of the client's languages")
            parts_zh.append(f"{mute} 人不会服务对象的语言")
        if refusing:
            parts.append(f"{refusing} have refused the client")
            parts_zh.append(f"{refusing} 人已拒绝该服务对象")
        return Obstacle(
            "no_match",
            {"may": len(may), "gender": other, "language": mute, "refusing": refusing},
            f"{len(may)} may do it, and none of them suits the client: " + "; ".join(parts),
            f"可承担者 {len(may)} 人，但均不符合服务对象的要求：" + "；".join(parts_zh),
        )
