"""Service starts inside one of the order's windows and lasts as long as planned (P203x).

Windows are closed at both ends; an order without windows may start at any time. The planned length is the
order's own or the catalogue's, times the worker's service-time factor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.evaluate import nominal_duration
from engine.rules.base import Rule

if TYPE_CHECKING:
    from engine.compile import Draft


class WindowsRule(Rule):
    """Service starts inside one of the order's windows and lasts as long as planned (P203x)."""

    name: ClassVar[str] = "windows"

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Windows as ordered, or any time of the day; the length at the door."""
        for task in draft.tasks:
            if task.order.windows:
                task.windows = tuple(sorted((w.start_s, w.end_s) for w in task.order.windows))
            task.service = nominal_duration(draft.problem, task.order)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
