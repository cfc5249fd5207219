"""Meals come from a batch that is ready, fits the diet and has portions left (P207x).

A trip with meals begins at a kitchen or meal point, loads there for its loading time after its batches are ready,
and all trips together take no more portions of a batch than it has. An order that names a kitchen gets its meal there.
"""

from __future__ import annotations

from typing import ClassVar

from engine.rules.base import Rule


class PortionsRule(Rule):
    """Meals come from a batch that is ready, fits the diet and has portions left (P207x)."""

    name: ClassVar[str] = "portions"

    # -- what it adds to the routing model ------------------------------------------------------

    # -- what a broken promise looks like, read from the promise alone --------------------------

    # -- how it is told when it stands in the way ------------------------------------------------
