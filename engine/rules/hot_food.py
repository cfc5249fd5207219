"""From leaving the kitchen or point to the door, a meal is on board at most its stated time (P206x).

The clock runs from the trip's leaving to the start of service at the door; waiting with food counts.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class HotFoodRule(Rule):
    """From leaving the kitchen or point to the door, a meal is on board at most its stated time (P206x)."""

    name: ClassVar[str] = "hot_food"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
