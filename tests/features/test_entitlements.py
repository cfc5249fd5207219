"""No more is planned than the month pays for, and it goes to those who come first."""

from __future__ import annotations

import pytest

from engine.change_kinds import apply_change
from engine.check import check_plan
from engine.domain.entitlements import Entitlement
from engine.domain.plan import Previous
from engine.errors import PlanRejected
from tests.care_builders import (
    alarm,
    client,
    hour,
    line_travel,
    plan,
    problem,
    reasons,
    served,
    visit,
    window,
    without,
    worker,
)


def three(entries, **kw):
    """Three visits that one worker could all make; ``b`` is for a guaranteed client."""
    return problem(
        clients=[client("a", 1), client("b", 20, guaranteed=True), client("c", 2, care_level=3)],
        workers=[worker("w")],
        orders=[
            visit(x, x, payer="city", service_duration_s=1_800, **kw.get(x, {})) for x in "abc"
        ],
        entitlements=[Entitlement(id="e", payer="city", **entries)],
    )


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"visits": 3}, {"a", "b", "c"}),
        ({"visits": 2}, {"b", "c"}),
        ({"visits": 8, "used_visits": 7}, {"b"}),
        ({"visits": 7, "used_visits": 7}, set()),
        ({"service_s": 3_600}, {"b", "c"}),
        ({"service_s": 3_599}, {"b"}),
        ({"service_s": 9_000, "used_service_s": 5_401}, {"b"}),
    ],
)
def test_the_month_pays_for_so_much_and_those_who_come_first_have_it(backend, entries, expected):
    result = plan(three(entries), backend=backend).plan
    assert served(result) == expected
    assert reasons(result) == dict.fromkeys({"a", "b", "c"} - expected, "entitlement")
    for absent in result.unserved:
        assert absent.numbers["entitlement"] == "e"
        assert "额度 e" in absent.message_zh
    if len(expected) < 3:
        with pytest.raises(PlanRejected) as rejected:
            plan(three(entries), backend=backend, rules=without("entitlements"))
        assert {v.rule for v in rejected.value.violations} == {"entitlements"}


def test_what_would_let_it_in_was_tried():
    day = three({"visits": 2})
    result = plan(day).plan
    (absent,) = result.unserved
    assert absent.change is not None
    assert (absent.change["kind"], absent.change["visits"]) == ("raise_entitlement", 3)
    assert "3 次" in (absent.change_text_zh or "")
    assert served(plan(apply_change(day, absent.change)).plan) == {"a", "b", "c"}


def test_nobody_is_promised_by_money_what_nobody_can_do():
    day = problem(
        clients=[client("a", 1)], workers=[worker("w")],
        orders=[visit("a", "a", "medical")],
        entitlements=[Entitlement(id="e", visits=0)],
    )
    (absent,) = plan(day).plan.unserved
    assert absent.reason == "no_skill"
    assert absent.change is None


@pytest.mark.parametrize(
    "entry",
    [
        {"client": "b"}, {"payer": "other"}, {"services": ("bath",)},
    ],
)
def test_what_an_entitlement_does_not_cover_is_served(entry):
    day = problem(
        clients=[client("a", 1), client("b", 1)], workers=[worker("w")],
        orders=[visit("a", "a", payer="city"), visit("b", "b", "errands", payer="other")],
        entitlements=[Entitlement(id="e", visits=0, **entry)],
    )
    expected = {"a", "b"} if "services" in entry else {"a"}
    assert served(plan(day).plan) == expected


def test_an_alarm_is_answered_whatever_is_paid_for(backend):
    day = problem(
        clients=[client("a", 1)], workers=[worker("w", "first_aid")],
        orders=[alarm("o", "a", 9)],
        entitlements=[Entitlement(id="e", visits=0)],
    )
    assert served(plan(day, backend=backend).plan) == {"o"}


def test_what_one_who_comes_first_cannot_use_is_for_the_next(backend):
    # Only a plan shows that nobody can be with the guaranteed client in time.
    day = problem(
        clients=[client("far", 90, guaranteed=True), client("near", 1)], workers=[worker("w")],
        orders=[visit("far", "far", windows=[window(8, 8.5)]), visit("near", "near")],
        entitlements=[Entitlement(id="e", visits=1)],
    )
    result = plan(day, backend=backend).plan
    assert served(result) == {"near"}
    assert reasons(result)["far"] in ("no_worker_in_window", "entitlement")


def test_a_team_is_one_visit_and_all_of_it_or_none(backend):
    def of(visits):
        return problem(
            clients=[client("c", 1)],
            workers=[worker("x", "bathing"), worker("y", "personal_care")],
            orders=[visit("o", "c", "bath_two")],
            entitlements=[Entitlement(id="e", visits=visits)],
        )

    assert served(plan(of(1), backend=backend).plan) == {"o"}
    assert reasons(plan(of(0), backend=backend).plan) == {"o": "entitlement"}


def test_among_equals_those_of_the_former_plan_keep_it():
    from engine.day import DayParams, plan_day

    def of(*names):
        return problem(
            clients=[client("a", 1), client("b", 2)], workers=[worker("w")],
            orders=[visit(x, x) for x in names],
            entitlements=[Entitlement(id="e", visits=1)],
        )

    former = plan(of("b")).plan
    day = of("a", "b")
    assert served(plan(day).plan) == {"a"}
    again = plan_day(
        day, DayParams(seconds=None, iterations=500, stall=0), travel=line_travel(day),
        previous=Previous(plan=former),
    ).plan
    assert served(again) == {"b"}


def test_the_checker_adds_up_by_itself():
    day = three({"visits": 3, "service_s": 5_400})
    result = plan(day).plan
    for update, code in (({"visits": 2}, "P2240"), ({"service_s": 5_399}, "P2241")):
        less = day.model_copy(update={
            "entitlements": (day.entitlements[0].model_copy(update=update),)
        })
        found = check_plan(less, result, line_travel(day))
        assert code in {v.code for v in found}


def test_the_figures_tell_who_was_served_by_district_level_and_payer():
    day = problem(
        clients=[client("a", 1, district="east"), client("b", 2, district="west", care_level=2)],
        workers=[worker("w")],
        orders=[
            visit("a", "a", payer="city", waiting_days=4),
            visit("b", "b", payer="city", waiting_days=9, service_duration_s=hour(1)),
            visit("c", "b", "medical", waiting_days=20, service_duration_s=600),
        ],
    )
    access = plan(day).report["access"]
    west, = (r for r in access["by_district"] if r["district"] == "west")
    assert west == {
        "district": "west", "orders": 2, "served": 1, "unserved": 1, "asked_s": 4_200,
        "served_s": 3_600, "waiting_days_served": 9.0, "waiting_days_unserved": 20.0,
    }
    assert [(r["payer"], r["served"]) for r in access["by_payer"]] == [("city", 2), (None, 0)]
    assert [
        (r["district"], r["care_level"], r["payer"], r["served"]) for r in access["groups"]
    ] == [("east", 0, "city", 1), ("west", 2, "city", 1), ("west", 2, None, 0)]
