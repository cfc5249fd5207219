"""What a rule is: one promise, kept in one file.

A rule knows three things, each for itself: what it adds to the routing model (``compile``), what a
broken promise looks like in a finished plan (``check``, written from the promise and never from the
compile code beside it), and how it is told to a person when it stands in an order's way
(``explain``). ``compile.py``, ``check.py`` and ``explain.py`` only walk ``RULES``; leaving a rule
out of that list switches it off, which is how its test proves that it matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from engine.case import Case
    from engine.domain.orders import Order
    from engine.domain.plan import Reason
    from engine.draft import Draft
    from engine.situation import Situation


class Text(NamedTuple):
    """How something is told, with ``{placeholders}``, in English and Chinese."""

    en: str
    zh: str


class Violation(NamedTuple):
    """A broken promise in a plan: which, where, and the numbers, in both languages."""

    code: str  # P2xxx
    rule: str
    path: str  # into the plan: routes[3].trips[0].stops[2]
    message: str
    message_zh: str


class Obstacle(NamedTuple):
    """How a rule stands in an order's way: the reason, its numbers, the words for a dispatcher."""

    reason: Reason
    numbers: dict[str, Any]
    message: str
    message_zh: str


class Rule:
    """One promise. Subclasses override what applies to them."""

    name: ClassVar[str]
    #: P2xxx -> what is told when a plan breaks the promise that way.
    texts: ClassVar[Mapping[str, Text]] = {}

    def compile(self, draft: Draft) -> None:
        """Add what the rule means to the draft of the routing model."""

    def check(self, case: Case) -> Iterable[Violation]:
        """Read a finished plan against the promise, trusting nothing that the plan claims."""
        return ()

    def broken(self, code: str, path: str, **params: object) -> Violation:
        """Make a violation of this rule; ``params`` fill the placeholders of its texts."""
        text = self.texts[code]
        return Violation(
            code, self.name, path, text.en.format(**params), text.zh.format(**params)
        )

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """How the rule stands in the way of an unserved order; None: it does not."""
        return None
