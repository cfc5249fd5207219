"""Promises of teams, breaks, duty and arrival, each broken by one change of a plan made by hand.

Two workers start at C. N sees b, then both are at a together; N rests before going home, while E
goes on to b, which is to be looked after again by somebody else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from engine.check import check_plan
from engine.rules import RULES
from tests.engine.test_check_world import STREET, World, measure

PROBLEM: dict[str, Any] = {
    "id": "by-hand", "day": "2026-11-23",
    "clients": [
        {"id": c, "lon": STREET["client", c] / 1e5, "lat": 0.0, "arrival_s": 50 * (c == "a")}
        for c in "ab"
    ],
    "centres": [{"id": "C", "lon": 0.0, "lat": 0.0}],
    "vehicles": [],
    "workers": [
        {"id": "N", "role": "nurse", "start": "C", "max_daily_s": 3_523, "max_driving_s": 243,
         "max_visits": 2, "shifts": [{
             "id": "am", "start_s": 28_800, "end_s": 43_200,
             "breaks": [{"early_s": 31_000, "late_s": 31_600, "length_s": 1_800}]}]},
        {"id": "E", "start": "C", "regular_s": 1_500, "overtime_per_hour_cents": 7_200,
         "shifts": [{"id": "am", "start_s": 28_800, "end_s": 43_200}]},
    ],
    "orders": [
        {"kind": "visit", "id": "one", "client": "b", "service": "check_in",
         "service_duration_s": 600},
        {"kind": "visit", "id": "two", "client": "a", "service": "check_in",
         "service_duration_s": 600,
         "team": [{"id": "lead"}, {"id": "aid", "roles": ["caregiver"]}]},
        {"kind": "visit", "id": "then", "client": "b", "service": "check_in",
         "service_duration_s": 600, "after": {
             "order": "one", "min_gap_s": 1_660, "max_gap_s": 1_660, "different_worker": True}},
        {"kind": "visit", "id": "left", "client": "b", "service": "check_in"},
    ],
}


def stop(
    order: str, client: str, way: tuple[int, int], arrival: int, start: int, **more: Any
) -> dict[str, Any]:
    return {"order": order, "client": client, "travel_s": way[0], "distance_m": way[1],
            "arrival_s": arrival, "start_s": start, "departure_s": start + 600, **more}


PLAN: dict[str, Any] = {
    "problem": "by-hand", "problem_fingerprint": "", "network_fingerprint": "by-hand",
    "routes": [
        {"worker": "N", "shift": "am", "mode": "ebike", "trips": [{
            "start": "C", "leave_s": 30_000, "end": "C", "end_travel_s": 123,
            "end_distance_m": 600, "end_s": 33_523, "stops": [
                stop("one", "b", (40, 200), 30_040, 30_040),
                stop("two", "a", (80, 400), 30_720, 31_000, setup_s=50, member="lead"),
            ]}], "breaks": [{"start_s": 31_600, "end_s": 33_400}]},
        {"worker": "E", "shift": "am", "mode": "ebike", "overtime_s": 18, "trips": [{
            "start": "C", "leave_s": 30_825, "end": "C", "end_travel_s": 43,
            "end_distance_m": 200, "end_s": 32_343, "stops": [
                stop("two", "a", (120, 600), 30_945, 31_000, setup_s=50, member="aid"),
                stop("then", "b", (83, 400), 31_683, 31_700),
            ]}]},
    ],
    "unserved": [{"order": "left", "reason": "outweighed", "message": "told",
                  "message_zh": "已说明"}],
    "run": {"backend": "hand", "status": "complete", "seed": 0, "iterations": 0, "elapsed_s": 0.0},
}

Change = Callable[[World], Any]


class Case(NamedTuple):
    """A promise, a change that breaks it, and one that only just keeps it."""

    code: str
    breaks: Change
    keeps: Change = lambda _: None


def make_world() -> World:
    return World(copy.deepcopy(PROBLEM), copy.deepcopy(PLAN), measure())


def of_worker(worker: str, **fields: Any) -> Change:
    return lambda w: w.worker(worker).update(fields)


def of_stop(worker: str, k: int, **fields: Any) -> Change:
    return lambda w: w.trip(worker)["stops"][k].update(fields)


def of_route(worker: str, **fields: Any) -> Change:
    return lambda w: w.route(worker).update(fields)


def of_after(**fields: Any) -> Change:
    return lambda w: w.order("then")["after"].update(fields)


def rests(early: int, late: int, start: int, end: int) -> Change:
    def go(world: World) -> None:
        pause = {"early_s": early, "late_s": late, "length_s": 1_800}
        world.worker("N")["shifts"][0]["breaks"] = [pause]
        world.route("N")["breaks"] = [{"start_s": start, "end_s": end}]
    return go


def rests_again(start: int) -> Change:
    def go(world: World) -> None:
        world.worker("N")["shifts"][0]["breaks"].append(
            {"early_s": 33_000, "late_s": 34_000, "length_s": 60}
        )
        world.route("N")["breaks"].append({"start_s": start, "end_s": start + 100})
        world.trip("N")["end_s"] = 33_700
        world.worker("N")["max_daily_s"] = None
    return go


def gets_in(seconds: int) -> Change:
    def go(world: World) -> None:
        world.problem["clients"][0]["arrival_s"] = seconds
        of_stop("N", 1, setup_s=seconds)(world)
        of_stop("E", 0, setup_s=seconds)(world)
    return go


def paid_for(**limits: int) -> Change:
    return lambda w: w.problem.update(entitlements=[{"id": "e", **limits}])


def third_member(world: World) -> None:
    world.order("two")["team"].append({"id": "third"})


def one_worker(world: World) -> None:
    """Let N do E's route as well, in another shift at the same time."""
    world.worker("N").update(max_daily_s=None, max_driving_s=None)
    world.worker("N")["shifts"].append({"id": "too", "start_s": 28_800, "end_s": 43_200})
    world.route("E").update(worker="N", shift="too", overtime_s=0)


CARE_BREACHES = [
    Case("P2200", of_stop("N", 1, member=None)),
    Case("P2201", third_member),
    Case("P2202", of_stop("E", 0, start_s=30_999, departure_s=31_599)),
    Case("P2203", one_worker),
    Case("P2204", of_worker("E", role="courier")),
    Case("P2205", of_after(max_gap_s=1_659, min_gap_s=0), of_after(max_gap_s=1_660, min_gap_s=0)),
    Case("P2205", of_after(min_gap_s=1_661, max_gap_s=9_000), of_after(max_gap_s=9_000)),
    Case("P2206", of_after(order="left")),
    Case("P2207", of_after(same_worker=True, different_worker=False),
         of_after(different_worker=False)),
    Case("P2208", one_worker),
    Case("P2209", of_stop("N", 0, member="lead")),
    Case("P2210", of_route("N", breaks=[])),
    Case("P2211", rests(31_000, 31_599, 31_600, 33_400), rests(31_600, 31_600, 31_600, 33_400)),
    Case("P2212", rests(31_000, 31_600, 31_600, 33_399)),
    Case("P2213", rests(31_000, 31_600, 31_599, 33_399)),
    Case("P2214", lambda w: w.trip("N").update(end_s=33_522)),
    Case("P2215", rests_again(33_399), rests_again(33_400)),
    Case("P2220", of_worker("N", max_daily_s=3_522)),
    Case("P2221", of_worker("N", max_driving_s=242)),
    Case("P2222", of_worker("N", max_visits=1)),
    Case("P2223", of_route("E", overtime_s=17)),
    Case("P2224", of_worker("N", max_weekly_s=10_000, used_weekly_s=6_478),
         of_worker("N", max_weekly_s=10_000, used_weekly_s=6_477)),
    Case("P2225", of_worker("N", max_monthly_s=10_000, used_monthly_s=6_478),
         of_worker("N", max_monthly_s=10_000, used_monthly_s=6_477)),
    Case("P2240", paid_for(visits=4, used_visits=2), paid_for(visits=5, used_visits=2)),
    Case("P2241", paid_for(service_s=1_799), paid_for(service_s=1_800)),
    Case("P2250", of_worker("N", previous_end_s=80_000, min_daily_rest_s=36_401),
         of_worker("N", previous_end_s=80_000, min_daily_rest_s=36_400)),
    Case("P2230", gets_in(56), gets_in(55)),
    Case("P2231", of_stop("N", 1, setup_s=49)),
]


def found(change: Change, **options: Any) -> set[tuple[str, str]]:
    world = make_world()
    change(world)
    world.add_up()
    problem, plan = world.read_problem(), world.read_plan()
    return {(v.code, v.rule) for v in check_plan(problem, plan, world.travel, **options)}


def test_the_plan_keeps_every_promise() -> None:
    assert found(lambda _: None) == set()


@pytest.mark.parametrize("case", CARE_BREACHES, ids=lambda c: c.code)
def test_a_broken_promise_is_told_by_its_rule_alone(case: Case) -> None:
    (rule,) = (rule for rule in RULES if case.code in rule.texts)
    told = found(case.breaks)
    assert case.code in {code for code, _ in told}
    assert {name for _, name in told} == {rule.name}
    assert found(case.keeps) == set()
    assert found(case.breaks, rules=[r for r in RULES if r is not rule]) == set()
