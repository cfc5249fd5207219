"""A worker leaves the start no earlier than the shift begins and is at the end no later than it ends (P204x).

Routes begin where the worker begins and end where the worker ends, or anywhere for a worker who does not return;
no leg is travelled faster than the road allows, and no leg lacks a way.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class ShiftsRule(Rule):
    """A worker leaves the start no earlier than the shift begins and is at the end no later than it ends (P204x)."""

    name: ClassVar[str] = "shifts"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
