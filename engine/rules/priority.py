"""Who comes first: alarms, then guaranteed clients, then care level (P209x).

An order of a more important tier outweighs many of a less important one; an order's own ``priority`` overrides the
client's; optional orders are worth their prize and no more.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class PriorityRule(Rule):
    """Who comes first: alarms, then guaranteed clients, then care level (P209x)."""

    name: ClassVar[str] = "priority"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
