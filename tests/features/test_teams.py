"""A team is at the home together, every member another worker; what follows an order is in time."""

from __future__ import annotations

import pytest

from engine.change_kinds import apply_change
from engine.day import plan_day
from engine.domain.orders import VisitOrder
from engine.domain.plan import Previous
from engine.domain.teams import After, TeamMember
from engine.errors import PlanRejected
from tests.care_builders import (
    client,
    courier,
    hour,
    kitchen,
    limits,
    line_travel,
    meal,
    plan,
    problem,
    reasons,
    served,
    visit,
    window,
    without,
    worker,
)


def members(plan, order):
    """Member -> (worker, start) of an order's team."""
    return {
        s.member: (r.worker, s.start_s)
        for r in plan.routes for t in r.trips for s in t.stops if s.order == order
    }


def home_bed_round(**kw):
    return visit("round", "c", "bed_round_team", **kw)


DOCTOR = worker("dr", "medical", role="family_doctor")
NURSE = worker("nu", "nursing", role="nurse", shift=(10, 12))
CARER = worker("ca", "personal_care", role="caregiver")


def test_three_people_of_three_roles_start_at_the_same_second(backend):
    day = problem(
        clients=[client("c", 10), client("d", -20)],
        workers=[DOCTOR, NURSE, CARER],
        orders=[home_bed_round(), visit("o", "d", "personal_care", windows=[window(8, 8.5)])],
    )
    result = plan(day, backend=backend).plan
    team = members(result, "round")
    assert {m: who for m, (who, _) in team.items()} == {
        "doctor": "dr", "nurse": "nu", "caregiver": "ca"
    }
    assert len({start for _, start in team.values()}) == 1
    assert team["nurse"][1] >= hour(10) + 600  # the last who can be there sets the time
    assert result.totals.served == 2


def test_without_the_rule_one_worker_does_it_all_and_the_plan_is_rejected(backend):
    day = problem(
        clients=[client("c", 10)], workers=[worker("a", "bathing", "personal_care")],
        orders=[visit("o", "c", "bath_two")],
    )
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("teams"))
    assert {v.rule for v in rejected.value.violations} == {"teams"}


def test_one_worker_is_never_two_members(backend):
    both = ("bathing", "personal_care")
    day = problem(
        clients=[client("c", 10)], workers=[worker("a", *both)],
        orders=[visit("o", "c", "bath_two")],
    )
    result = plan(day, backend=backend).plan
    (absent,) = result.unserved
    assert absent.reason == "no_worker_in_window"
    assert absent.numbers["member"] == "helper"
    assert "2 different workers" in absent.message
    again = problem(
        clients=[client("c", 10)], workers=[worker("a", *both), worker("b", *both)],
        orders=[visit("o", "c", "bath_two")],
    )
    team = members(plan(again, backend=backend).plan, "o")
    assert {who for who, _ in team.values()} == {"a", "b"}


def test_who_is_missing_is_told_and_why(backend):
    day = problem(
        clients=[client("c", 10)], workers=[DOCTOR, CARER], orders=[home_bed_round()]
    )
    (absent,) = plan(day, backend=backend).plan.unserved
    assert absent.reason == "no_skill"
    assert absent.numbers["member"] == "nurse"
    assert "member nurse of the team is missing" in absent.message
    assert "nurse" in absent.message_zh
    late = problem(
        clients=[client("c", 10)], workers=[DOCTOR, NURSE, CARER],
        orders=[home_bed_round(windows=[window(8, 9)])],
    )
    (absent,) = plan(late, backend=backend).plan.unserved
    assert (absent.reason, absent.numbers["member"]) == ("no_worker_in_window", "nurse")


def test_an_order_has_a_team_of_its_own_or_none(backend):
    pair = (TeamMember(roles=("volunteer",)), TeamMember(service_duration_s=600))
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("v", role="volunteer"), worker("w"), worker("b", "bathing")],
        orders=[
            VisitOrder(id="o", kind="visit", client="c", service="check_in", team=pair),
            VisitOrder(id="alone", kind="visit", client="c", service="bath_two", team=()),
        ],
    )
    result = plan(day, backend=backend).plan
    team = members(result, "o")
    assert team["1"][0] == "v"
    assert set(members(result, "alone")) == {None}
    stops = {s.member: s for r in result.routes for t in r.trips for s in t.stops}
    assert stops["2"].departure_s - stops["2"].start_s == 600
    assert stops["1"].departure_s - stops["1"].start_s == 1_200


@pytest.mark.parametrize(("most", "fits"), [(7_200, True), (7_199, False)])
def test_the_nurse_comes_again_two_hours_after_the_injection(backend, most, fits):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("n", "nursing", role="nurse")],
        orders=[
            visit("injection", "c", "medical", windows=[window(8, 9)]),
            visit("look", "c", windows=[window(11, 12)], after=After(
                order="injection", min_gap_s=3_600, max_gap_s=most, same_worker=True)),
        ],
    )
    result = plan(day, backend=backend).plan
    starts = {s.order: s.start_s for r in result.routes for t in r.trips for s in t.stops}
    if fits:
        assert starts == {"injection": hour(9), "look": hour(11)}
    else:
        assert reasons(result) == dict.fromkeys(("injection", "look"), "no_worker_in_window")
        assert "apart" in result.unserved[0].message
        with pytest.raises(PlanRejected) as rejected:
            plan(day, backend=backend, rules=without("teams"))
        assert {v.rule for v in rejected.value.violations} == {"teams"}


@pytest.mark.parametrize("who", ["same_worker", "different_worker"])
def test_the_same_or_another_worker_follows(backend, who):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("a"), worker("b")],
        orders=[
            visit("one", "c"),
            visit("two", "c", after=After(order="one", max_gap_s=7_200, **{who: True})),
        ],
    )
    result = plan(day, backend=backend).plan
    workers = [r.worker for r in result.routes for t in r.trips for s in t.stops]
    assert len(workers) == 2
    assert len(set(workers)) == (1 if who == "same_worker" else 2)


def test_both_are_served_or_neither_and_the_reason_names_the_other(backend):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("w")],
        orders=[
            visit("injection", "c", "medical"),
            visit("look", "c", after=After(order="injection", max_gap_s=7_200)),
        ],
    )
    result = plan(day, backend=backend).plan
    assert reasons(result) == {"injection": "no_skill", "look": "no_skill"}
    assert "together with order injection" in result.unserved[1].message


def test_a_courier_with_trips_to_make_can_be_one_of_a_team(backend):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 10), client("d", 5)],
        workers=[courier("k", shift=(10, 17)), worker("w")],
        orders=[
            meal("lunch", "d", windows=[window(11, 12)]),
            VisitOrder(
                id="lift", kind="visit", client="c", service="check_in",
                windows=(window(14, 15),),
                team=(TeamMember(roles=("courier",)), TeamMember(roles=("caregiver",))),
            ),
        ],
    )
    result = plan(day, backend=backend).plan
    assert served(result) == {"lunch", "lift"}
    assert {who for who, _ in members(result, "lift").values()} == {"k", "w"}


def test_a_team_of_a_former_plan_stays_as_it_was(backend):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("a", "bathing"), worker("b", "personal_care"), worker("z", "bathing")],
        orders=[visit("o", "c", "bath_two"), visit("x", "c", windows=[window(15, 16)])],
    )
    first = plan(day, backend=backend).plan
    previous = Previous(plan=first, move_client_cents=9_000, move_minute_cents=10)
    again = plan_day(day, limits(backend), travel=line_travel(day), previous=previous).plan
    assert members(again, "o") == members(first, "o")
    assert again.changes.worker == again.changes.time == again.changes.new == ()


def change_of(day):
    """The change told for the first unserved order, and what is served under it."""
    result = plan(day, backend="ortools").plan
    change = result.unserved[0].change
    assert change is not None, result.unserved
    assert result.unserved[0].change_text_zh
    assert {str(u.change) for u in result.unserved} == {str(change)}
    return change, served(plan(apply_change(day, change), backend="ortools").plan)


def test_the_certificate_that_a_team_lacks_is_proposed():
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("a", "bathing"), worker("b"), worker("z", shift=(8, 8.2))],
        orders=[visit("o", "c", "bath_two")],
    )
    change, then = change_of(day)
    assert (change["kind"], change["skill"]) == ("add_skill", "personal_care")
    assert change["worker"] in ("b", "a")
    assert then == {"o"}


def test_a_longer_shift_brings_a_team_together():
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("a", "bathing", shift=(8, 12)),
                 worker("b", "personal_care", shift=(11, 17))],
        orders=[visit("o", "c", "bath_two")],
    )
    # Both are there from 11:10; an hour at the door and the way back last until 12:20.
    change, then = change_of(day)
    assert (change["kind"], change["minutes"]) == ("extend_shift", 30)
    assert then == {"o"}


def test_a_wider_window_lets_one_order_follow_the_other():
    def of(late_h):
        return problem(
            clients=[client("c", 10)],
            workers=[worker("n", "nursing", role="nurse")],
            orders=[
                visit("injection", "c", "medical", windows=[window(8, 9)]),
                visit("look", "c", windows=[window(late_h, 13)], after=After(
                    order="injection", min_gap_s=3_600, max_gap_s=7_200)),
            ],
        )

    change, then = change_of(of(11.5))
    assert (change["kind"], change["minutes"]) == ("widen_window", 30)
    assert then == {"injection", "look"}
    absent = plan(of(12.5), backend="ortools").plan.unserved  # by more than is ever proposed
    assert all(u.change is None or u.change["minutes"] > 60 for u in absent)
