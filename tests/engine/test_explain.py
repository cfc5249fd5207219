"""Each reason once with its numbers; each change once, applied, planned, read by the checker."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from engine.change_kinds import apply_change
from engine.changes import KINDS
from engine.check import check_plan
from engine.domain.plan import Plan, Reason, Unserved
from engine.domain.problem import Problem
from engine.evaluate import evaluate
from engine.explain import Insertion, explain, insertable
from engine.rules import RULES
from engine.travel import Travel
from engine.visits import RouteVisits, TripVisits
from tests.engine.test_check_world import STREET, World, make_world, measure, no_way, window


def world_with(**order: Any) -> World:
    """Make the day by hand with one more order, and without those that it leaves unserved."""
    world = make_world()
    world.problem["orders"] = [o for o in world.problem["orders"] if o["id"] not in ("tap", "buy")]
    world.plan["unserved"] = []
    if order:
        world.problem["orders"].append({"kind": "visit", "id": "new", **order})
    world.add_up()
    return world


def told(world: World) -> Unserved:
    [unserved] = explain(world.read_problem(), world.read_plan(), world.travel, {})
    return unserved


def visits_of(plan: Plan) -> dict[tuple[str, str], RouteVisits]:
    return {
        (r.worker, r.shift): RouteVisits(r.worker, r.shift, tuple(
            TripVisits(tuple(s.order for s in t.stops), tuple(s.batch for s in t.stops))
            for t in r.trips
        ))
        for r in plan.routes
    }


def replan(problem: Problem, plan: Plan, travel: Travel, found: list[Insertion]) -> Plan:
    """Make the insertions, time everything anew and tell who is left; the checker must like it."""
    visits = visits_of(plan)
    for insertion in found:
        visits[insertion.visits.worker, insertion.visits.shift] = insertion.visits
    timetable = evaluate(problem, travel, list(visits.values()))
    plan = plan.model_copy(update={
        "problem_fingerprint": problem.fingerprint, "routes": timetable.routes,
        "totals": timetable.totals, "unserved": (),
    })
    plan = plan.model_copy(update={"unserved": explain(problem, plan, travel, {})})
    assert check_plan(problem, plan, travel) == []
    return plan


def served(plan: Plan) -> set[str]:
    return {s.order for r in plan.routes for t in r.trips for s in t.stops}


def is_let_in(world: World, change: dict[str, Any]) -> bool:
    """Apply a change to the problem; say whether the order then fits beside all that is planned."""
    problem, plan = world.read_problem(), world.read_plan()
    assert insertable(problem, plan, world.travel) == []
    changed = apply_change(problem, change)
    found = insertable(changed, plan, world.travel)
    if not found:
        return False
    after = replan(changed, plan, world.travel, found)
    assert served(after) == {*served(plan), "new"}
    return True


# -- reasons --------------------------------------------------------------------------------------


def unreachable() -> World:
    world = world_with(client="f", service="errands")
    world.problem["clients"].append({"id": "f", "lon": 0.5, "lat": 0.0})
    world.travel = measure({**STREET, ("client", "f"): 4_000})
    for mode in world.travel.seconds:
        for place in ("C", "K"):
            no_way(world, mode, ("place", place), ("client", "f"))
    world.add_up()
    return world


def short_of_portions() -> World:
    return world_with(kind="meal", client="e", portions=4, diet="soft", service="meal")


def too_early(**more: Any) -> World:
    return world_with(client="a", service="medical", service_duration_s=60,
                      windows=[window(31_000, 32_000)], **more)


def pinned_wrongly() -> World:
    return world_with(client="e", service="errands", pin={"worker": "V"})


def too_heavy() -> World:
    return world_with(kind="meal", client="e", diet="soft", load={"parcels": 2}, service="meal")


def crowded_out(**more: Any) -> World:
    return world_with(client="a", service="bath", windows=[window(32_400, 33_000)], **more)


def beyond_what_is_paid(**limits: int) -> World:
    world = world_with(client="e", service="errands", payer="city")
    world.problem["entitlements"] = [{"id": "e", "payer": "city", **limits}]
    return world


REASONS: list[tuple[str, World, dict[str, Any], list[str]]] = [
    ("unreachable", unreachable(), {"starts": 2, "modes": ["car", "ebike", "walk"]},
     ["no way", "无路可达"]),
    ("no_skill", world_with(client="b", service="repair"),
     {"workers": 4, "holders": {"repair": 0}, "expired": {"repair": 0}, "refused": 0, "listed": 3},
     ["0 of 4 workers hold appliance repair", "家电维修"]),
    ("pinned", pinned_wrongly(), {"pinned_worker": "V", "pinned_s": None},
     ["it is pinned to V", "已指定由 V 服务"]),
    ("no_match", world_with(client="a", service="medical", gender="male"),
     {"may": 1, "gender": 1, "language": 0, "refusing": 0},
     ["1 are not stated to be male", "1 人未登记为男性"]),
    ("entitlement", beyond_what_is_paid(visits=5, used_visits=5),
     {"entitlement": "e", "used_visits": 5, "visits": 5}, ["5 of 5 visits", "5 次中已用 5 次"]),
    ("no_portions", short_of_portions(),
     {"asked": 4, "diet": "soft", "most_left": 3, "place": "K", "batch": "b2", "batches": 2},
     ["the most is 3, in batch b2 of K", "剩余 3 份"]),
    ("no_worker_in_window", too_early(),
     {"may": 1, "on_shift": 1, "nearest": "N", "nearest_side": "after", "nearest_s": 32_120,
      "nearest_miss_minutes": 2},
     ["could start at 08:55:20, 2 min after it closes", "08:55:20"]),
    ("no_capacity", too_heavy(), {"may": 1, "lacks": {"parcels": 1}, "needs": {"parcels": 2},
                                  "vehicle": "box"},
     ["it needs 2 parcels, 1 more than it holds", "parcels 需 2，超出 1"]),
    ("outweighed", crowded_out(),
     {"importance": 5, "in_the_way": ["bath"], "in_the_way_importance": [5]},
     ["N could do it in place of bath", "替换 bath"]),
]


@pytest.mark.parametrize(("reason", "world", "numbers", "texts"), REASONS,
                         ids=[reason for reason, *_ in REASONS])
def test_each_reason_is_told_with_its_numbers(
    reason: str, world: World, numbers: dict[str, Any], texts: list[str]
) -> None:
    unserved = told(world)
    assert unserved.reason == reason
    assert {k: unserved.numbers[k] for k in numbers} == numbers
    assert texts[0] in unserved.message
    assert texts[1] in unserved.message_zh
    assert "{" not in unserved.message + unserved.message_zh


def test_no_reason_is_left_out() -> None:
    assert {reason for reason, *_ in REASONS} == set(get_args(Reason))


def test_portions_that_come_too_late_are_of_no_use() -> None:
    world = world_with(kind="meal", client="e", service="meal", windows=[window(37_000, 38_000)])
    world.problem["kitchens"][0]["batches"][1]["diets"] = None
    world.add_up()
    unserved = told(world)
    assert unserved.reason == "no_portions"  # b1 is all taken, b2 is ready at 39,600
    assert (unserved.numbers["batch"], unserved.numbers["most_left"]) == ("b1", 0)
    assert "that could be there in time" in unserved.message


def test_an_expired_certificate_and_a_refusal_are_counted() -> None:
    world = world_with(client="b", service="repair")
    world.worker("E")["certificates"].append({"skill": "repair", "valid_until": "2026-11-22"})
    world.worker("D")["certificates"].append({"skill": "repair"})
    world.problem["clients"][1]["refused_workers"] = ["D"]
    world.add_up()
    unserved = told(world)
    assert unserved.reason == "no_skill"
    assert unserved.numbers["holders"] == {"repair": 1}
    assert unserved.numbers["expired"] == {"repair": 1}
    assert unserved.numbers["refused"] == 1
    assert unserved.change is None or unserved.change["worker"] != "D"  # no refusal is taken back


def test_who_is_off_shift_too_early_is_told_so() -> None:
    unserved = told(world_with(client="a", service="bath", windows=[window(44_000, 44_600)]))
    assert unserved.reason == "no_worker_in_window"
    assert unserved.numbers["nearest_side"] == "before"
    assert unserved.numbers["nearest_miss_minutes"] == 76  # 44,000 - (43,200 - 123 - 3,600) s
    assert unserved.numbers["on_shift"] == 0


def test_an_alarm_that_nobody_reaches_in_time_is_told_with_its_due_time() -> None:
    world = world_with(kind="emergency", client="e", service="urgent", received_s=28_000,
                       response_s=600)
    unserved = told(world)
    assert unserved.reason == "no_worker_in_window"
    assert unserved.numbers["nearest"] == "E"
    assert unserved.numbers["nearest_miss_minutes"] == 9  # there at 29,100, due at 28,600
    assert "07:56:40" in unserved.message


def test_a_meal_that_would_be_cold_is_told_so() -> None:
    world = world_with(kind="meal", client="e", diet="soft", max_onboard_s=399, service="meal")
    unserved = told(world)
    assert unserved.reason == "no_worker_in_window"
    assert (unserved.numbers["ride_s"], unserved.numbers["limit_s"]) == (400, 399)
    world.order("new")["max_onboard_s"] = 400
    world.add_up()
    assert insertable(world.read_problem(), world.read_plan(), world.travel)


def test_without_the_rule_another_reason_is_told() -> None:
    world = world_with(client="b", service="repair")
    rules = [r for r in RULES if r.name != "skills"]
    [unserved] = explain(
        world.read_problem(), world.read_plan(), world.travel, {"new": "no_skill"}, rules
    )
    assert unserved.reason != "no_skill"


def test_what_compile_knew_is_told_where_no_rule_finds_anything() -> None:
    world = world_with(client="b", service="repair")
    [unserved] = explain(
        world.read_problem(), world.read_plan(), world.travel, {"new": "no_skill"}, []
    )
    assert unserved.reason == "no_skill"


def errand(**more: Any) -> World:
    """Make an optional errand 200 m behind the centre: 40 s more on E's way back, 33 cents."""
    world = world_with(client="g", service="errands", optional=True, **more)
    world.problem["clients"].append({"id": "g", "lon": -0.002, "lat": 0.0})
    world.travel = measure({**STREET, ("client", "g"): -200})
    world.add_up()
    return world


# -- changes --------------------------------------------------------------------------------------


def stays_longer() -> World:
    world = world_with(client="d", service="medical", service_duration_s=2_400)
    world.order("med")["windows"] = [window(37_000, 38_000)]
    world.add_up()
    return world


def one_batch_short() -> World:
    world = world_with(kind="meal", client="e", portions=2, diet="soft", service="meal")
    world.problem["kitchens"][0]["batches"][1]["portions"] = 2
    world.add_up()
    return world


CHANGES: list[tuple[str, World, dict[str, Any]]] = [
    ("raise_entitlement", beyond_what_is_paid(visits=5, used_visits=5), {"visits": 6}),
    ("unpin", pinned_wrongly(), {"worker": "D", "shift": "noon"}),
    ("widen_window", too_early(),
     {"direction": "later", "minutes": 2, "worker": "N", "start_s": 31_000, "end_s": 32_120}),
    ("widen_window", world_with(client="a", service="medical", service_duration_s=60,
                                windows=[window(43_100, 43_200)]),
     {"direction": "earlier", "minutes": 2, "start_s": 42_980, "end_s": 43_200}),
    ("widen_window", world_with(kind="emergency", client="e", service="urgent",
                                received_s=28_000, response_s=600),
     {"direction": "later", "minutes": 9, "worker": "E", "response_s": 1_140}),
    ("extend_shift", world_with(client="d", service="medical", service_duration_s=2_400),
     {"direction": "earlier", "minutes": 11, "worker": "N", "start_s": 31_340, "end_s": 43_200}),
    ("extend_shift", stays_longer(),
     {"direction": "later", "minutes": 16, "start_s": 32_000, "end_s": 44_160}),
    ("add_portions", one_batch_short(), {"place": "K", "batch": "b2", "portions": 1}),
    ("add_capacity", too_heavy(), {"vehicle": "box", "dimension": "parcels", "units": 1}),
    ("add_skill", world_with(client="b", service="repair"), {"worker": "E", "skill": "repair"}),
    ("raise_prize", errand(prize_cents=33),
     {"prize_cents": 34, "by_cents": 1}),
    ("make_required", errand(),
     {"cost_cents": 33}),
]


@pytest.mark.parametrize(("kind", "world", "data"), CHANGES,
                         ids=[f"{kind}-{i}" for i, (kind, *_) in enumerate(CHANGES)])
def test_each_change_is_found_and_lets_the_order_in(
    kind: str, world: World, data: dict[str, Any]
) -> None:
    unserved = told(world)
    assert unserved.change is not None
    assert unserved.change["kind"] == kind
    assert {k: unserved.change[k] for k in data} == data
    assert unserved.change_text
    assert any("\u4e00" <= c <= "\u9fff" for c in unserved.change_text_zh or "")
    assert is_let_in(world, unserved.change)


@pytest.mark.parametrize(("kind", "world", "data"), CHANGES,
                         ids=[f"{kind}-{i}" for i, (kind, *_) in enumerate(CHANGES)])
def test_one_less_does_not_let_it_in(kind: str, world: World, data: dict[str, Any]) -> None:
    less = dict(told(world).change or {})
    if "response_s" in less:
        less["response_s"] -= 60
    elif less.get("direction") == "later":
        less["end_s"] -= 60
    elif less.get("direction") == "earlier":
        less["start_s"] += 60
    elif kind in ("add_portions", "add_capacity", "raise_prize"):
        name = {"add_portions": "portions", "add_capacity": "units",
                "raise_prize": "prize_cents"}[kind]
        less[name] -= 1
    elif kind == "raise_entitlement":
        less["visits"] -= 1
    else:
        return
    assert not is_let_in(world, less)


def test_every_kind_of_change_is_tried() -> None:
    assert {kind for kind, *_ in CHANGES} == set(KINDS)


def test_the_window_is_asked_for_before_the_shift() -> None:
    # Coming earlier would do as well where the window allows it.
    world = too_early()
    unserved = told(world)
    assert unserved.change is not None
    assert unserved.change["kind"] == "widen_window"
    del world.order("new")["windows"]
    world.add_up()
    assert insertable(world.read_problem(), world.read_plan(), world.travel)


def test_windows_of_one_order_do_not_come_to_overlap() -> None:
    world = too_early()
    world.order("new")["windows"].append(window(32_125, 32_126))
    world.order("new")["service_duration_s"] = 120
    world.worker("N")["shifts"][0]["start_s"] = 31_990
    world.add_up()
    change = told(world).change or {}
    if change.get("kind") == "widen_window" and change["window"] == 0:
        assert change["end_s"] <= 32_125


def test_nobody_elses_promise_is_changed() -> None:
    for _, world, _ in CHANGES:
        change = told(world).change
        assert change is not None
        before, after = world.read_problem(), apply_change(world.read_problem(), change)
        for order in before.orders:
            if order.id != "new":
                assert after.order_by_id[order.id] == order
        assert after.clients == before.clients


# -- what simply fits -----------------------------------------------------------------------------


def without_route(worker: str) -> World:
    world = world_with()
    world.plan["routes"] = [r for r in world.plan["routes"] if r["worker"] != worker]
    world.add_up()
    return world


@pytest.mark.parametrize(("worker", "orders"), [
    ("V", {"chk"}), ("E", {"sos"}), ("N", {"bath", "med"}), ("D", {"m1", "m2", "m3"}),
])
def test_what_the_search_missed_is_inserted(worker: str, orders: set[str]) -> None:
    world = without_route(worker)
    problem, plan = world.read_problem(), world.read_plan()
    found = insertable(problem, plan, world.travel)
    assert {i.order for i in found} >= orders
    after = replan(problem, plan, world.travel, found)
    assert served(after) == {o.id for o in problem.orders}
    assert insertable(problem, after, world.travel) == []


def test_what_was_missed_is_never_said_to_be_outweighed_by_others() -> None:
    world = without_route("V")
    [unserved] = explain(world.read_problem(), world.read_plan(), world.travel, {})
    assert unserved.numbers["fits"]
    assert "nothing stands in the way" in unserved.message
    assert "in_the_way" not in unserved.numbers


def test_an_optional_order_is_inserted_where_it_costs_less_than_its_prize() -> None:
    for prize, fits in ((33, False), (34, True)):
        world = errand(prize_cents=prize)
        found = insertable(world.read_problem(), world.read_plan(), world.travel)
        assert bool(found) == fits


def test_an_insertion_takes_the_portions_that_are_left_and_no_more() -> None:
    world = world_with(kind="meal", client="e", portions=2, diet="soft", service="meal")
    world.problem["orders"].append(dict(world.order("new"), id="newer"))
    world.add_up()  # two meals of two portions, three left
    found = insertable(world.read_problem(), world.read_plan(), world.travel)
    assert [i.order for i in found] == ["new"]
    replan(world.read_problem(), world.read_plan(), world.travel, found)


def test_people_come_first_where_that_is_asked_for() -> None:
    world = crowded_out(priority=2)
    problem, plan = world.read_problem(), world.read_plan()
    assert insertable(problem, plan, world.travel) == []
    found = insertable(problem, plan, world.travel, people_first=True)
    assert (found[0].order, found[0].instead_of) == ("new", ("bath",))
    after = replan(problem, plan, world.travel, found)
    assert "new" in served(after)
    assert "bath" not in served(after)
    world.order("new")["priority"] = 5  # as important as the other: nobody is replaced
    world.add_up()
    assert not insertable(world.read_problem(), world.read_plan(), world.travel, people_first=True)


def test_explaining_twice_says_the_same() -> None:
    world = crowded_out()
    assert told(world) == told(world)
