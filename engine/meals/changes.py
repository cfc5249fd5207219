"""When the day goes otherwise: each disruption is a change of the input, and a plan tells who pays.

A closed kitchen, a late batch, absent couriers: the changed problem is planned like any other, near
the plan before, and whoever eats later than was told, or not at all, is named.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from engine.domain.base import HORIZON_S
from engine.domain.meal_plan import EXPECTED, MealPlan
from engine.domain.meals import MealsProblem
from engine.meals.former import TOLERANCE_S


class Later(NamedTuple):
    """A client who eats later than was told; ``after_s`` None: not at all, for this reason."""

    client: str
    before_s: int
    after_s: int | None
    reason: str | None


class Rota(NamedTuple):
    """How much of yesterday a courier finds again, among the doors of both days.

    ``kept``: doors with the same courier; ``followed``: those of them that come right after the
    same door as before, or first in a trip as before. ``moved``: clients with another courier.
    """

    doors: int
    kept: int
    followed: int
    moved: tuple[str, ...]
    moved_cents: int


def compare_rotas(before: MealPlan, after: MealPlan, move_client_cents: int) -> Rota:
    """Count the doors that keep their courier and their place in the order."""
    told, now = before.couriers(), after.couriers()
    both = [c for c in now if c in told]
    moved = tuple(sorted(c for c in both if now[c] != told[c]))
    earlier, later = _doors_before(before, {*both}), _doors_before(after, {*both})
    gone = {*moved}
    followed = sum(earlier[c] == later[c] for c in both if c not in gone)
    return Rota(len(both), len(both) - len(moved), followed, moved,
                len(moved) * move_client_cents)


def _doors_before(plan: MealPlan, of: Collection[str]) -> dict[str, str]:
    """Find the door before each door of a trip, passing over the others; "": the place."""
    found = {}
    for route in plan.routes:
        for trip in route.trips:
            last = ""
            for drop in trip.drops:
                if drop.client in of:
                    found[drop.client], last = last, drop.client
    return found


def close_kitchen(problem: MealsProblem, kitchen: str, at_s: int) -> MealsProblem:
    """Cook nothing there that would be ready from a moment on; a ``KeyError`` if there is none."""
    problem.kitchen_by_id[kitchen]
    return problem.changed(kitchens=tuple(
        k.model_copy(update={"closed_from_s": at_s}) if k.id == kitchen else k
        for k in problem.kitchens
    ))


def delay_batch(problem: MealsProblem, kitchen: str, batch: str, by_s: int) -> MealsProblem:
    """Let a batch be ready later; a ``KeyError`` if there is none."""
    if batch not in {b.id for b in problem.kitchen_by_id[kitchen].batches}:
        raise KeyError(batch)
    return problem.changed(kitchens=tuple(
        k.model_copy(update={"batches": tuple(
            b.model_copy(update={"ready_s": min(HORIZON_S, b.ready_s + by_s)})
            if b.id == batch else b for b in k.batches
        )}) if k.id == kitchen else k for k in problem.kitchens
    ))


def miss_couriers(problem: MealsProblem, absent: Collection[str]) -> MealsProblem:
    """Do without some couriers; a ``KeyError`` where one is not known."""
    for name in absent:
        problem.courier_by_id[name]
    return problem.changed(couriers=tuple(
        c.model_copy(update={"absent": True}) if c.id in absent else c for c in problem.couriers
    ))


def who_eats_later(before: MealPlan, after: MealPlan) -> list[Later]:
    """List everybody who eats at least five minutes later than in the plan before, or not at all.

    Who rests, ordered too late or has no order that day is not listed: it is not the plan's doing.
    """
    told, now = before.times(), after.times()
    reasons = {w.client: w.reason for w in after.without}
    found = []
    for client, moment in told.items():
        new = now.get(client)
        if new is None:
            reason = reasons.get(client)  # whoever has an order and no meal has one
            if reason is not None and reason not in EXPECTED:
                found.append(Later(client, moment, None, reason))
        elif new - moment >= TOLERANCE_S:
            found.append(Later(client, moment, new, None))
    return sorted(found, key=lambda x: (x.after_s is not None, x.before_s - (x.after_s or 0), x[0]))
