"""Who comes to whom: visits by faces that are new, known or preferred, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.domain.orders import Order, VisitOrder
from engine.domain.problem import Problem


class Faces(NamedTuple):
    """Visits of clients who know somebody: by whom, and what that is worth."""

    visits: int
    new: int
    preferred: int
    new_cents: int
    preferred_cents: int


def knows_anybody(problem: Problem, order: Order) -> bool:
    """Whether the order is a visit to a client of whom it is known whom they know or prefer."""
    client = problem.client_by_id[order.client]
    return isinstance(order, VisitOrder) and bool(client.known_workers or client.preferred_workers)


def face_cents(problem: Problem, order: Order, worker: str) -> int:
    """Price what the worker's face is worth to the order's client, beside the plan's cost."""
    faces = count_faces(problem, [(order, worker)])
    return faces.new_cents - faces.preferred_cents


def count_faces(problem: Problem, served: Iterable[tuple[Order, str]]) -> Faces:
    """Count visits by their faces; ``served`` are orders, each with its worker's id."""
    visits = new = preferred = 0
    for order, worker in served:
        client = problem.client_by_id[order.client]
        if not knows_anybody(problem, order):
            continue
        visits += 1
        if worker in client.preferred_workers:
            preferred += 1
        elif worker not in client.known_workers:
            new += 1
    prices = problem.continuity
    return Faces(
        visits, new, preferred,
        new * prices.new_face_cents, preferred * prices.preferred_bonus_cents,
    )
