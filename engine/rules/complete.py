"""Every order is on the plan exactly once: on one route, or among the unserved with a reason (P201x).

An order that cannot be served is reported, never silently dropped; nothing is served that was not ordered;
a shift has at most one route.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class CompleteRule(Rule):
    """Every order is on the plan exactly once: on one route, or among the unserved with a reason (P201x)."""

    name: ClassVar[str] = "complete"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
