"""Service starts inside one of the order's windows and lasts as long as planned (P203x).

Windows are closed at both ends; an order without windows may start at any time. The planned length is the
order's own or the catalogue's, times the worker's service-time factor.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class WindowsRule(Rule):
    """Service starts inside one of the order's windows and lasts as long as planned (P203x)."""

    name: ClassVar[str] = "windows"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
