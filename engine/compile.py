"""From care to routing: every rule adds what it means to a draft, and the draft becomes a model.

A rule that is left out of the list is switched off, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.plan import Previous
from engine.domain.problem import Problem
from engine.draft import Compiled, Draft
from engine.rules import RULES, Rule
from engine.travel import Travel


def compile_problem(
    problem: Problem,
    travel: Travel,
    rules: Sequence[Rule] = RULES,
    previous: Previous | None = None,
) -> Compiled:
    """Turn a care problem into a routing model under the given rules; ``previous``: former plan."""
    draft = Draft.of(problem, travel, previous)
    for rule in rules:
        rule.compile(draft)
    return draft.to_model()
