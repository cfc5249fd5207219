"""Somebody with the skill is at an alarm within its response time of being received (P208x).

Nobody sets out for it before it was received is not promised in a day plan; that service starts between received and
received plus response is.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class EmergenciesRule(Rule):
    """Somebody with the skill is at an alarm within its response time of being received (P208x)."""

    name: ClassVar[str] = "emergencies"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
