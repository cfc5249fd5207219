"""Small changes: a day planned with a former plan in hand leaves it only where that is worth it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.check import check_plan
from engine.day import DayResult, plan_day
from engine.domain.plan import Plan, Previous
from engine.domain.problem import Problem
from engine.rules import RULES
from solvers.solve import solve
from tests.care_builders import (
    client,
    hour,
    limits,
    line_travel,
    plan,
    problem,
    served,
    served_by,
    stops,
    visit,
    window,
    without,
    worker,
)


def replan(
    day: Problem, former: Plan, backend: str, worker_cents: int = 0, minute_cents: int = 0,
    rules: Any = RULES,
) -> DayResult:
    previous = Previous(
        plan=former, move_client_cents=worker_cents, move_minute_cents=minute_cents
    )
    return plan_day(day, limits(backend), travel=line_travel(day), rules=rules, previous=previous)


def pinned_to_far(day: Problem) -> Plan:
    """Make a plan in which the dear worker serves, as somebody had settled it."""
    settled = Problem.model_validate({**day.model_dump(), "orders": [
        {**o.model_dump(), "pin": {"worker": "far"}} for o in day.orders
    ]})
    return plan(settled).plan


@pytest.mark.parametrize(("prices", "near"), [((0, 0), False), ((1, 0), True), ((0, 1), True)])
def test_a_price_makes_the_search_stay_near(prices, near, monkeypatch):
    asked = []

    def watch(model: Any, params: Any) -> Any:
        asked.append(params)
        return solve(model, params)

    monkeypatch.setattr("engine.day.solve", watch)
    day = home_and_far()
    replan(day, pinned_to_far(day), "ortools", *prices)
    assert [p.near for p in asked] == [False, near]
    assert asked[1].initial is not None


def home_and_far(**order: Any) -> Problem:
    """One visit; ``far`` costs 1,000 cents of travel more than ``near``, who lives next door."""
    return problem(
        clients=[client("c", 10)],
        workers=[worker("near", start="next", cost_per_shift_cents=100),
                 worker("far", cost_per_shift_cents=100)],
        places=[{"id": "next", "lon": 0.010, "lat": 0.0}],
        orders=[visit("o", "c", **order)],
    )


@pytest.mark.parametrize(("cents", "who"), [(0, "near"), (999, "near"), (1_001, "far")])
def test_a_client_keeps_the_worker_up_to_the_price_of_a_move(backend, cents, who):
    day = home_and_far()
    result = replan(day, pinned_to_far(day), backend, cents).plan
    assert served_by(result) == {"o": who}
    assert result.changes is not None
    assert [m.to_worker for m in result.changes.worker] == (["near"] if who == "near" else [])
    assert result.changes.moved_cents == (cents if who == "near" else 0)


def test_without_the_rule_nobody_is_kept(backend):
    day = home_and_far()
    off = replan(day, pinned_to_far(day), backend, 5_000, rules=without("changes")).plan
    assert served_by(off) == {"o": "near"}
    assert off.changes is not None
    assert off.changes.moved_cents == 5_000  # told all the same


def two_in_turn(**kw: Any) -> Problem:
    """Two visits at one door for one worker: which goes first is all the same to the costs."""
    return problem(
        clients=[client("c", 10)], workers=[worker("w")],
        orders=[visit("a", "c", service_duration_s=3_600, windows=[window(8, 15)], **kw),
                visit("b", "c", service_duration_s=3_600, windows=[window(8, 15)])],
    )


@pytest.mark.parametrize("first", ["a", "b"])
def test_turns_are_kept_where_a_minute_has_a_price(backend, first):
    day = two_in_turn()
    settled = Problem.model_validate({**day.model_dump(), "orders": [
        {**o.model_dump(), "pin": {"start_s": hour(9 if o.id == first else 13)}}
        for o in day.orders
    ]})
    former = plan(settled).plan
    result = replan(day, former, backend, minute_cents=10).plan
    assert result.changes is not None
    # Nobody is hurried either: both wait for the time that they had.
    assert {o: s.start_s for o, s in stops(result).items()} == {
        first: hour(9), {"a": "b", "b": "a"}[first]: hour(13)
    }
    assert (result.changes.time, result.changes.moved_s) == ((), 0)
    off = replan(day, former, backend, minute_cents=10, rules=without("changes")).plan
    assert off.changes is not None
    assert off.changes.moved_s > 0


def test_who_comes_first_is_not_bought_by_staying(backend):
    day = problem(
        clients=[client("c", 1), client("vip", 30, guaranteed=True)], workers=[worker("w")],
        orders=[visit("old", "c", windows=[window(9, 9)])],
    )
    former = plan(day).plan
    later = Problem.model_validate({**day.model_dump(), "orders": [
        *(o.model_dump() for o in day.orders),
        visit("new", "vip", windows=[window(9, 9)]).model_dump(),
    ]})
    result = replan(later, former, backend, 100_000, 10_000).plan
    assert served(result) == {"new"}
    assert result.changes is not None
    assert (result.changes.new, result.changes.gone) == (("new",), ("old",))


def test_a_cancelled_order_moves_nobody_else(backend):
    day = problem(
        clients=[client(f"c{k}", 3 * k) for k in range(6)],
        workers=[worker("w"), worker("v")],
        orders=[visit(f"o{k}", f"c{k}", windows=[window(8, 12)], service_duration_s=2_400)
                for k in range(6)],
    )
    former = plan(day).plan
    rest = Problem.model_validate({**day.model_dump(), "orders": [
        o.model_dump() for o in day.orders if o.id != "o2"
    ]})
    result = replan(rest, former, backend, 5_000, 1_000)
    changes = result.plan.changes
    assert changes is not None
    assert (changes.new, changes.gone, changes.worker, changes.time) == ((), ("o2",), (), ())
    assert result.report["changes"] == {
        "new": 0, "gone": 1, "worker": 0, "time": 0, "moved_minutes": 0, "moved_cents": 0,
    }


@pytest.mark.parametrize(("code", "update"), [
    ("P2330", {"worker": [{"to_worker": "far"}]}),
    ("P2330", {"worker": [{"to_s": 1}]}),
    ("P2331", {"new": ["o"], "gone": ["o"]}),
    ("P2331", {"worker": [{"from_worker": "near"}]}),
    ("P2332", {"moved_s": 1}),
    ("P2332", {"moved_cents": 1}),
])
def test_what_a_plan_says_about_the_former_one_is_checked(code, update):
    day = home_and_far()
    travel = line_travel(day)
    result = replan(day, pinned_to_far(day), "search", 700, 10).plan
    assert check_plan(day, result, travel) == []
    data = result.model_dump()
    for name, value in update.items():
        if name == "worker":
            data["changes"][name][0].update(value[0])
        else:
            data["changes"][name] = value
    found = {v.code for v in check_plan(day, Plan.model_validate(data), travel)}
    assert code in found
    assert all(c.startswith("P233") for c in found)


@pytest.mark.parametrize(("free_s", "cents"), [(0, 600), (300, 300), (599, 1), (600, 0)])
def test_minutes_that_nobody_minds_are_free(free_s, cents):
    """The only way there has become ten minutes longer: whoever waits, waits for ten minutes."""
    def of(x):
        return problem(
            clients=[client("c", x)], workers=[worker("w", shift=(8, 12))], orders=[visit("o", "c")]
        )

    former = plan(of(10), backend="ortools").plan
    day = of(20)
    previous = Previous(plan=former, move_minute_cents=60, move_free_s=free_s)
    result = plan_day(day, limits("ortools"), travel=line_travel(day), previous=previous)
    changes = result.plan.changes
    assert changes is not None
    assert (changes.moved_s, changes.moved_cents) == (600, cents)
