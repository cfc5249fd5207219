"""Somebody with the skill is at an alarm within its response time."""

from __future__ import annotations

import pytest

from engine.errors import PlanRejected
from tests.care_builders import (
    alarm,
    client,
    hour,
    plan,
    problem,
    reasons,
    served,
    served_by,
    stops,
    visit,
    window,
    without,
    worker,
)


@pytest.mark.parametrize(("response_s", "fits"), [(900, True), (899, False)])
def test_the_response_time_is_kept_to_the_second(backend, response_s, fits):
    # The shift begins when the alarm is received: 15 minutes of way are all there is.
    day = problem(
        clients=[client("c", 15)],
        workers=[worker("w", "first_aid", shift=(10, 17))],
        orders=[alarm("a", "c", 10, response_s=response_s)],
    )
    result = plan(day, backend=backend).plan
    assert ("a" in served(result)) is fits
    if not fits:
        assert reasons(result) == {"a": "no_worker_in_window"}
        with pytest.raises(PlanRejected) as rejected:
            plan(day, backend=backend, rules=without("emergencies"))
        assert {v.rule for v in rejected.value.violations} == {"emergencies"}


def test_an_alarm_goes_before_a_visit_at_the_same_time(backend):
    day = problem(
        clients=[client("a", 5), client("c", 5, guaranteed=True, care_level=3)],
        workers=[worker("w", "first_aid", "bathing")],
        orders=[
            alarm("alarm", "a", 10),
            visit("bath", "c", "bath", windows=[window(9.8, 10.2)]),
        ],
    )
    assert served(plan(day, backend=backend).plan) == {"alarm"}


def test_only_who_has_first_aid_answers(backend):
    day = problem(
        clients=[client("c", 5)],
        workers=[worker("near", cost_per_shift_cents=0), worker("medic", "first_aid")],
        orders=[alarm("a", "c", 10)],
    )
    result = plan(day, backend=backend).plan
    assert served_by(result) == {"a": "medic"}
    assert hour(10) <= stops(result)["a"].start_s <= hour(10) + 900


def test_an_alarm_whose_own_window_misses_the_response_is_told(backend):
    day = problem(
        clients=[client("c", 5)],
        workers=[worker("w", "first_aid")],
        orders=[alarm("a", "c", 10, windows=(window(12, 13),))],
    )
    result = plan(day, backend=backend).plan
    assert reasons(result) == {"a": "no_worker_in_window"}
