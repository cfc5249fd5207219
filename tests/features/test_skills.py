"""Only a worker who may serves an order: certificates, expiry, a volunteer's list, refusals."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.errors import PlanRejected
from tests.care_builders import (
    DAY,
    alarm,
    client,
    plan,
    problem,
    reasons,
    served,
    served_by,
    visit,
    without,
    worker,
)

NEAR, FAR = 1, 30


def test_a_bath_goes_to_the_caregiver_who_is_certified_though_another_is_nearer(backend):
    day = problem(
        clients=[client("c", FAR)],
        workers=[worker("able"), worker("certified", "bathing", cost_per_shift_cents=20_000)],
        orders=[visit("o", "c", "bath")],
    )
    assert served_by(plan(day, backend=backend).plan) == {"o": "certified"}
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("skills"))
    assert {v.rule for v in rejected.value.violations} == {"skills"}


@pytest.mark.parametrize(("until", "may"), [(DAY, True), (DAY - timedelta(days=1), False)])
def test_a_certificate_counts_up_to_and_including_its_last_day(backend, until: date, may: bool):
    day = problem(
        clients=[client("c")],
        workers=[worker("w", "bathing", until={"bathing": until})],
        orders=[visit("o", "c", "bath")],
    )
    result = plan(day, backend=backend).plan
    assert ("o" in served(result)) is may
    if not may:
        assert reasons(result) == {"o": "no_skill"}
        with pytest.raises(PlanRejected):
            plan(day, backend=backend, rules=without("skills"))


def test_an_order_may_ask_for_more_skills_than_its_service(backend):
    day = problem(
        clients=[client("c")],
        workers=[
            worker("bather", "bathing"),
            worker("both", "bathing", "nursing", cost_per_shift_cents=20_000),
        ],
        orders=[visit("o", "c", "bath", skills=("nursing",))],
    )
    assert served_by(plan(day, backend=backend).plan) == {"o": "both"}


def test_a_volunteer_does_only_what_is_on_the_list(backend):
    day = problem(
        clients=[client("c")],
        workers=[
            worker("v", role="volunteer", services=("check_in",), cost_per_shift_cents=0),
            worker("w"),
        ],
        orders=[visit("chat", "c", "check_in"), visit("shop", "c", "errands")],
    )
    assert served_by(plan(day, backend=backend).plan)["shop"] == "w"
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("skills"))
    assert {v.rule for v in rejected.value.violations} == {"skills"}


def test_lists_of_services_are_told_by_the_name_of_the_service(backend):
    day = problem(
        clients=[client("c")],
        workers=[worker("v", role="volunteer", services=("check_in",)), worker("w")],
        orders=[visit("o", "c", "bath")],
    )
    (told,) = plan(day, backend=backend).plan.unserved
    assert "1 may be given bathing by their lists of services" in told.message
    assert "1 人的服务范围允许“助浴”" in told.message_zh


def test_a_refused_worker_never_comes(backend):
    day = problem(
        clients=[client("c", NEAR, refused_workers=("cheap",))],
        workers=[worker("cheap", cost_per_shift_cents=0), worker("other")],
        orders=[visit("o", "c")],
    )
    assert served_by(plan(day, backend=backend).plan) == {"o": "other"}
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("skills"))
    assert {v.rule for v in rejected.value.violations} == {"skills"}


def test_an_order_of_which_everybody_is_refused_is_told_and_not_dropped(backend):
    day = problem(
        clients=[client("c", refused_workers=("w",))],
        workers=[worker("w", "first_aid")],
        orders=[visit("o", "c"), alarm("a", "c", 10)],
    )
    result = plan(day, backend=backend).plan
    assert served(result) == set()
    assert set(reasons(result)) == {"o", "a"}
