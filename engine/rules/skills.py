"""Only a worker who may serves an order (P202x).

For each skill that the service or the order asks for, the worker holds a certificate that is valid on the
plan's day; the service is on the worker's list, where there is one; and the client has not refused the worker.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class SkillsRule(Rule):
    """Only a worker who may serves an order (P202x)."""

    name: ClassVar[str] = "skills"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
