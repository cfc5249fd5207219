"""Somebody with the skill is at an alarm within its response time of being received (P208x).

Nobody sets out for it before it was received is not promised in a day plan; that service starts between received and
received plus response is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.domain.orders import EmergencyOrder
from engine.evaluate import start_windows
from engine.rules.base import Rule

if TYPE_CHECKING:
    from engine.compile import Draft


class EmergenciesRule(Rule):
    """Somebody with the skill is at an alarm within its response time of being received (P208x)."""

    name: ClassVar[str] = "emergencies"

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Open the window of an alarm when it is received, close it when its response is due."""
        for task in draft.tasks:
            if isinstance(task.order, EmergencyOrder):
                task.windows = start_windows(task.order)
                if not task.windows:  # the order's own windows miss the response time
                    task.blocked = "no_worker_in_window"

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
