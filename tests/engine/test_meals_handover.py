"""A point hands over so many portions, at so many hatches, and has so many seats."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from engine.domain.meal_plan import MealPlan
from engine.domain.meals import MealsProblem
from engine.meals.check import check_meals
from engine.meals.plan import MealParams, plan_meals
from engine.meals.scenario import make_meals
from engine.meals.travel import MealTravel, build_meal_travel

FAST = MealParams(effort=20, van_iterations=200)


@pytest.fixture(scope="module")
def given() -> tuple[MealsProblem, MealTravel]:
    problem, network = make_meals(100, 1, 2, 6, seed=4, nodes=500, box=8)
    return problem, build_meal_travel(problem, network)


def planned(given: tuple[MealsProblem, MealTravel], **limits: int) -> tuple[MealsProblem, MealPlan]:
    """A checked plan with other limits at every point."""
    problem = given[0].changed(points=tuple(
        p.model_copy(update=limits) for p in given[0].points
    ))
    plan = plan_meals(problem, given[1], FAST)
    assert check_meals(problem, plan, given[1]) == []
    return problem, plan


def reasons(plan: MealPlan) -> Counter[str]:
    return Counter(w.reason for w in plan.without)


def test_no_more_is_handed_over_than_a_point_can(given: tuple[MealsProblem, MealTravel]) -> None:
    problem, plan = planned(given, handover=20)
    carried = [c for c in problem.clients if c.id in plan.couriers()]
    assert 30 <= sum(c.portions for c in carried) <= 40  # both points, close to what they may
    assert reasons(plan)["handover"] == 60 - len(carried)
    without = {w.client for w in plan.without}
    lost = [c.tier for c in problem.clients if c.id in without]
    assert min(lost) >= max(c.tier for c in carried) - 1  # the first ranks came first
    assert not reasons(planned(given, handover=60)[1])["handover"]


def test_couriers_take_turns_at_the_hatch(given: tuple[MealsProblem, MealTravel]) -> None:
    problem, plan = planned(given, hatches=1, loading_s=240)
    loads = sorted((r.place, t.loading_s, t.leave_s) for r in plan.routes for t in r.trips)
    for (place, _, leave), (other, begin, _) in pairwise(loads):
        assert place != other or begin >= leave
    assert plan.totals.served >= 0.9 * plan.totals.due
    # The same plan without turns would have had two at once: one more is refused.
    free, crowded = planned(given, loading_s=240)
    narrow = free.changed(points=tuple(p.model_copy(update={"hatches": 1}) for p in free.points))
    claims = crowded.model_copy(update={"fingerprint": narrow.fingerprint})
    assert "M2316" in {v.code for v in check_meals(narrow, claims, given[1])}
    wide = free.changed(points=tuple(p.model_copy(update={"hatches": 6}) for p in free.points))
    claims = crowded.model_copy(update={"fingerprint": wide.fingerprint})
    assert check_meals(wide, claims, given[1]) == []
    assert problem.points[0].hatches == 1


def test_seats_are_taken_in_turns_and_who_finds_none_is_told(
    given: tuple[MealsProblem, MealTravel]
) -> None:
    problem, plan = planned(given, seats=2)
    # Two seats at two points, four turns of half an hour until the last may begin.
    assert len(plan.sittings) == 16
    assert reasons(plan)["seats"] == 24
    turns = {(s.start_s - problem.start_s) // problem.eating_s for s in plan.sittings}
    assert turns == {0, 1, 2, 3}
    assert not reasons(planned(given, seats=40)[1])["seats"]
