"""Routes before they are timed: whom each worker visits, and what worker and visit ask for.

The words of the domain are read here once, for all that makes plans; the checker reads them anew.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.domain.base import HORIZON_S, Mode
from engine.domain.orders import EmergencyOrder, MealOrder, Order
from engine.domain.problem import Problem
from engine.domain.workers import Worker

#: The plan's load dimension in which meals count.
PORTIONS = "portions"


class TripVisits(NamedTuple):
    """Visits of a trip in order; ``batches`` names the batch of each meal, else None.

    ``orders`` are visit ids (``engine.domain.orders.visit_id``): in a team, order and member.
    """

    orders: tuple[str, ...]
    batches: tuple[str | None, ...]


class RouteVisits(NamedTuple):
    """What one worker visits in one shift; no trip is empty."""

    worker: str
    shift: str
    trips: tuple[TripVisits, ...]


def mode_of(problem: Problem, worker: Worker) -> Mode:
    """Say how a worker moves: as the vehicle does, or as the worker says."""
    return problem.vehicle_by_id[worker.vehicle].mode if worker.vehicle else worker.mode


def permille_of(worker: Worker) -> int:
    """Service-time factor in thousandths, the precision in which it is kept."""
    return round(worker.service_time_factor * 1_000)


def nominal_duration(problem: Problem, order: Order) -> int:
    """Look up the planned length, for a worker with factor 1: the order's or the catalogue's."""
    if order.service_duration_s is not None:
        return order.service_duration_s
    return problem.service_by_id[order.service].service_duration_s


def start_windows(order: Order) -> tuple[tuple[int, int], ...]:
    """List the intervals in which service may start; none for an alarm that has none left."""
    windows = sorted((w.start_s, w.end_s) for w in order.windows) or [(0, HORIZON_S)]
    if order.pin is not None and order.pin.start_s is not None:
        at = order.pin.start_s
        windows = [(at, at) for a, b in windows if a <= at <= b][:1]
    if isinstance(order, EmergencyOrder):
        first, last = order.received_s, order.received_s + order.response_s
        windows = [(max(a, first), min(b, last)) for a, b in windows]
    return tuple((a, b) for a, b in windows if a <= b)


def demand_of(order: Order) -> dict[str, int]:
    """Sum up what an order puts on board; a meal's portions come on top of its other load."""
    demand = dict(order.load)
    if isinstance(order, MealOrder):
        demand[PORTIONS] = demand.get(PORTIONS, 0) + order.portions
    return demand
