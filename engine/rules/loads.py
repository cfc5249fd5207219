"""No trip carries more than the vehicle holds, in any dimension (P205x).

A dimension that the vehicle does not name has capacity 0. A meal counts its portions in ``portions``.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class LoadsRule(Rule):
    """No trip carries more than the vehicle holds, in any dimension (P205x)."""

    name: ClassVar[str] = "loads"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
