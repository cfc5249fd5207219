"""The independent checker: a finished plan, read against the promises by somebody who trusts none.

Nothing here, and nothing that is imported here, has a part in making plans: what is carried, how
long a visit lasts, what a route costs is worked out again from the words of the promise. A plan's
own figures are claims. Each check reads one claim against the problem, or against claims that
another check reads, so one lie is told as one broken promise and not as ten: the ways are compared
with the street network, times with the ways, sums with their parts, costs with the sums.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.case import Case
from engine.domain.plan import Plan
from engine.domain.problem import Problem
from engine.rules import RULES, Rule, Violation
from engine.rules.base import Text
from engine.travel import Travel

__all__ = ["CODES", "check_plan", "rules_broken"]

#: P2xxx -> how it is told; each code belongs to one rule, and stands in the rule's file.
CODES: dict[str, Text] = {code: text for rule in RULES for code, text in rule.texts.items()}
#: Promises that one route can be held against without the rest of the plan.
_OF_A_ROUTE = tuple(
    r for r in RULES
    if r.name not in (
        "complete", "teams", "priority", "continuity", "changes", "figures", "entitlements",
    )
)


def check_plan(
    problem: Problem, plan: Plan, travel: Travel, rules: Sequence[Rule] = RULES
) -> list[Violation]:
    """Read a plan against the promises.

    Parameters
    ----------
    problem : what was asked.
    plan : the answer; nothing that it states is taken for true.
    travel : the ways between the problem's points.
    rules : the promises to read it against; all of them unless a test leaves one out.

    Returns
    -------
    violations : in the order of the rules, then of the plan, but first that the plan is about
        another problem or network: most of the others come of it. Empty: every promise is kept.
    """
    case = Case(problem, plan, travel)
    found = [violation for rule in rules for violation in rule.check(case)]
    return sorted(found, key=lambda v: v.code not in ("P2000", "P2001"))


def rules_broken(problem: Problem, plan: Plan, travel: Travel) -> set[str]:
    """Name the rules that a plan of one route breaks; those that ask for all routes are not read.

    Parameters
    ----------
    problem, plan, travel : as in :func:`check_plan`; the problem is what the route sees of it.
    """
    return {v.rule for v in check_plan(problem, plan, travel, _OF_A_ROUTE)}
