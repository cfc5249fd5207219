"""What is settled stays: orders pinned to a worker, to a time, or to both."""

from __future__ import annotations

import pytest

from engine.errors import PlanRejected
from tests.care_builders import (
    client,
    hour,
    plan,
    problem,
    reasons,
    served_by,
    stops,
    visit,
    window,
    without,
    worker,
)


def day_of(*orders, **kw):
    return problem(
        clients=[client("c", 5), client("d", 6)],
        workers=[worker("cheap", cost_per_shift_cents=0),
                 worker("dear", cost_per_shift_cents=50_000, **kw)],
        orders=list(orders),
    )


def test_a_pinned_worker_comes_whatever_it_costs(backend):
    day = day_of(visit("o", "c", pin={"worker": "dear"}))
    assert served_by(plan(day, backend=backend).plan) == {"o": "dear"}
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("pins"))
    assert {v.code for v in rejected.value.violations} == {"P2320"}


def test_a_pinned_time_is_kept_to_the_second(backend):
    # Alone it would be served first: nothing else has to be early.
    day = day_of(
        visit("o", "c", windows=[window(9, 12)], pin={"start_s": hour(11) + 7}),
        visit("p", "d", windows=[window(8.5, 16)], service_duration_s=7_200),
    )
    assert stops(plan(day, backend=backend).plan)["o"].start_s == hour(11) + 7
    tight = problem(
        clients=[client("c", 5), client("d", 6)], workers=[worker("w")],
        orders=[visit("o", "c", pin={"start_s": hour(8.1)}),
                visit("p", "d", windows=[window(8.1, 8.2)], service_duration_s=7_200)],
    )
    assert set(stops(plan(tight, backend=backend).plan)) != {"o", "p"}
    with pytest.raises(PlanRejected) as rejected:
        plan(tight, backend=backend, rules=without("pins"))
    assert {v.code for v in rejected.value.violations} == {"P2321"}


def test_worker_and_time_together(backend):
    day = day_of(visit("o", "c", pin={"worker": "dear", "start_s": hour(15)}))
    result = plan(day, backend=backend).plan
    assert served_by(result) == {"o": "dear"}
    assert stops(result)["o"].start_s == hour(15)


def test_a_pin_that_nobody_can_keep_is_told_and_what_taking_it_back_would_do(backend):
    day = day_of(visit("o", "c", "bath", pin={"worker": "cheap"}), )
    day = day.model_copy(update={"workers": (
        day.workers[0], worker("dear", "bathing", cost_per_shift_cents=50_000),
    )})
    result = plan(day, backend=backend).plan
    assert reasons(result) == {"o": "pinned"}
    (told,) = result.unserved
    assert told.numbers == {"pinned_worker": "cheap", "pinned_s": None}
    assert told.change is not None
    assert told.change["kind"] == "unpin"
    assert told.change["worker"] == "dear"


def test_two_orders_pinned_to_the_same_worker_and_time_leave_one_with_a_reason(backend):
    pin = {"worker": "dear", "start_s": hour(10)}
    result = plan(day_of(visit("o", "c", pin=pin), visit("p", "d", pin=pin)), backend=backend).plan
    assert len(stops(result)) == 1
    (told,) = result.unserved
    assert told.reason == "outweighed"
    assert told.change is not None
    assert told.change["kind"] == "unpin"
