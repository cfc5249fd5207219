"""Whom an order asks for: the gender and the languages of its worker."""

from __future__ import annotations

from engine.domain.base import Gender
from engine.domain.orders import Order, VisitOrder
from engine.domain.problem import Problem
from engine.domain.workers import Worker


def asked_gender(problem: Problem, order: Order) -> Gender | None:
    """Gender that the worker must have; None: any."""
    if order.gender is not None:
        return order.gender
    if problem.service_by_id[order.service].same_gender:
        return problem.client_by_id[order.client].gender
    return None


def asked_languages(problem: Problem, order: Order) -> frozenset[str]:
    """Languages of which the worker must speak one; empty: any."""
    if not isinstance(order, VisitOrder):
        return frozenset()
    return frozenset(problem.client_by_id[order.client].languages)


def suits(problem: Problem, worker: Worker, order: Order) -> bool:
    """Whether a worker is of the gender and language that are asked for, and has not refused."""
    gender, languages = asked_gender(problem, order), asked_languages(problem, order)
    return (
        (gender is None or worker.gender == gender)
        and (not languages or bool(languages.intersection(worker.languages)))
        and order.client not in worker.refused_clients
    )
