"""A worker leaves the start no earlier than the shift begins and is at the end no later than it ends (P204x).

Routes begin where the worker begins and end where the worker ends, or anywhere for a worker who does not return;
no leg is travelled faster than the road allows, and no leg lacks a way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.evaluate import permille_of
from engine.rules.base import Rule

if TYPE_CHECKING:
    from engine.compile import Draft


class ShiftsRule(Rule):
    """A worker leaves the start no earlier than the shift begins and is at the end no later than it ends (P204x)."""

    name: ClassVar[str] = "shifts"

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """When a vehicle leaves and is back, where its route ends, and how fast its worker is."""
        for vehicle in draft.vehicles:
            worker = vehicle.worker
            vehicle.early, vehicle.late = vehicle.shift.start_s, vehicle.shift.end_s
            if worker.returns:
                vehicle.end = draft.travel.place(worker.end or worker.start)
            vehicle.permille = permille_of(worker)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
