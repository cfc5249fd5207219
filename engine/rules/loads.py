"""No trip carries more than the vehicle holds, in any dimension (P205x).

A dimension that the vehicle does not name has capacity 0. A meal counts its portions in ``portions``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.evaluate import demand_of
from engine.rules.base import Rule

if TYPE_CHECKING:
    from engine.compile import Draft


class LoadsRule(Rule):
    """No trip carries more than the vehicle holds, in any dimension (P205x)."""

    name: ClassVar[str] = "loads"

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Dimensions are those that some order needs; without a vehicle every capacity is 0."""
        for task in draft.tasks:
            task.demand = demand_of(task.order)
        used = {d for task in draft.tasks for d, amount in task.demand.items() if amount}
        draft.dimensions = tuple(sorted(used))
        for vehicle in draft.vehicles:
            if vehicle.worker.vehicle is not None:
                vehicle.capacity = draft.problem.vehicle_by_id[vehicle.worker.vehicle].capacity

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
