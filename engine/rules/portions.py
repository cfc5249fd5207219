"""Meals come from a batch that is ready, fits the diet and has portions left (P207x).

A trip with meals begins at a kitchen or meal point, loads there for its loading time after its batches are ready,
and all trips together take no more portions of a batch than it has. An order that names a kitchen gets its meal there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import MealOrder, Order
from engine.domain.places import Batch, LoadingPlace
from engine.rules.base import Rule
from engine.rules.priority import tier_of
from solvers.model import OPEN, service_time

if TYPE_CHECKING:
    from engine.compile import Draft, TaskDraft, VehicleDraft


class PortionsRule(Rule):
    """Meals come from a batch that is ready, fits the diet and has portions left (P207x)."""

    name: ClassVar[str] = "portions"

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Take every meal from one batch beforehand, the most important meals first.

        A meal goes to the kitchen that its order names, else to the nearest place from which a
        courier can bring it in time; there to the freshest batch that is ready when its window
        opens. It then needs a trip that can have loaded that batch, so no two trips can ever take
        the same portion. The price of deciding beforehand: the search cannot swap batches.
        """
        problem = draft.problem
        places = (*problem.kitchens, *problem.meal_points)
        left = {(p.id, b.id): b.portions for p in places for b in p.batches}
        crews = {p.id: [v for v in draft.vehicles if v.place == p.id] for p in places}
        meals = draft.meals()
        for task in sorted(meals, key=lambda t: (t.order.optional, tier_of(t.order, t.client))):
            options = [
                (place, batch)
                for place in places
                for batch in place.batches
                if _offers(place, batch, task.order, left[place.id, batch.id])
            ]
            if not options:
                task.blocked = "no_portions"
                continue
            ranked = [
                (rank, k)
                for k, (place, batch) in enumerate(options)
                if (rank := _rank(draft, crews[place.id], task, place, batch)) is not None
            ]
            if not ranked:  # nobody loads there in time: takes no portion, and no trip has this
                task.tokens.add(("batch", "out of reach"))
                continue
            place, batch = options[min(ranked)[1]]
            left[place.id, batch.id] -= portions_of(task.order)
            draft.batch_of[task.order.id] = place, batch
            task.tokens.add(draft.batch_token(place, batch))
        for place in places:
            for vehicle in crews[place.id]:
                if any(draft.qualified(vehicle, t) and draft.carries(vehicle, t) for t in meals):
                    vehicle.early += place.loading_s  # whoever carries meals loads first
                    draft.stock(vehicle)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------


def portions_of(order: Order) -> int:
    """Portions an order takes from its batch."""
    return order.portions if isinstance(order, MealOrder) else 0


def _offers(place: LoadingPlace, batch: Batch, order: Order, left: int) -> bool:
    if not isinstance(order, MealOrder) or left < order.portions:
        return False
    if order.kitchen is not None and order.kitchen != place.id:
        return False
    return order.diet is None or batch.diets is None or order.diet in batch.diets


def _rank(
    draft: Draft, crew: list[VehicleDraft], task: TaskDraft, place: LoadingPlace, batch: Batch
) -> tuple[int, ...] | None:
    """How well a batch suits a meal, least first; None: nobody can bring it in time.

    Nearest first; then ready for the opening of the window; then, for a meal without a diet, from
    a batch that is not kept for diets; then fresh.
    """
    order = task.order
    assert isinstance(order, MealOrder)
    best: tuple[int, ...] | None = None
    for vehicle in crew:
        if not (draft.qualified(vehicle, task) and draft.carries(vehicle, task)):
            continue
        seconds = draft.seconds(vehicle)
        go = int(seconds[vehicle.start, task.location])
        back = 0 if vehicle.end == OPEN else int(seconds[task.location, vehicle.end])
        arrival = max(vehicle.early, batch.ready_s) + place.loading_s + go
        start = next((max(a, arrival) for a, b in task.windows if arrival <= b), None)
        if start is None or go > order.max_onboard_s:
            continue
        if start + int(service_time(task.service, vehicle.permille)) + back > vehicle.late:
            continue
        late = max(0, batch.ready_s + place.loading_s + go - task.windows[0][0])
        special = int(order.diet is None and batch.diets is not None)
        rank = (go, late, special, -batch.ready_s)
        best = rank if best is None else min(best, rank)
    return best
