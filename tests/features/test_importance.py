"""Where two rules fight, the stated order decides: promises, then who comes first, then money."""

from __future__ import annotations

import pytest

from engine.day import plan_day
from engine.domain.entitlements import Entitlement
from engine.domain.plan import Previous
from engine.domain.problem import Continuity
from tests.care_builders import (
    client,
    hour,
    limits,
    line_travel,
    plan,
    problem,
    reasons,
    served,
    visit,
    window,
    worker,
)

NINE = [window(9, 9)]


def guaranteed(workers, entitlements=(), **order):
    """The only order of the day, for a guaranteed client who has waited for a year."""
    return problem(
        clients=[client("vip", 10, guaranteed=True, gender="female")], workers=workers,
        orders=[visit("o", "vip", windows=NINE, waiting_days=365, **order)],
        entitlements=list(entitlements),
    )


PROMISES = {
    "entitlement": guaranteed([worker("w")], [Entitlement(id="e", visits=0)]),
    "rest": guaranteed([worker("w", previous_end_s=hour(23), min_daily_rest_s=hour(11))]),
    "weekly hours": guaranteed([worker("w", max_weekly_s=hour(40), used_weekly_s=hour(39.5))]),
    "gender": guaranteed([worker("w", "bathing", gender="male")], service="bath"),
    "shift": guaranteed([worker("w", shift=(8, 9.4))]),
    "refusal": guaranteed([worker("w", refused_clients=("vip",))]),
    "driving": guaranteed([worker("w", max_driving_s=60)]),
}
REASONS = {"entitlement": "entitlement", "gender": "no_match", "refusal": "no_match"}


@pytest.mark.parametrize("name", PROMISES)
def test_no_importance_breaks_a_promise(name):
    result = plan(PROMISES[name], backend="ortools").plan
    assert reasons(result) == {"o": REASONS.get(name, "no_worker_in_window")}


def test_what_is_paid_for_goes_to_who_comes_first_before_who_is_near(backend):
    day = problem(
        clients=[client("near", 1), client("far", 60, guaranteed=True)], workers=[worker("w")],
        orders=[visit("near", "near"), visit("far", "far")],
        entitlements=[Entitlement(id="e", visits=1)],
    )
    assert served(plan(day, backend=backend).plan) == {"far"}


def test_a_longer_wait_comes_before_a_face_that_is_liked(backend):
    day = problem(
        clients=[client("liked", 1, preferred_workers=("w",)), client("patient", 40)],
        workers=[worker("w")],
        orders=[visit("liked", "liked", windows=NINE),
                visit("patient", "patient", windows=NINE, waiting_days=1)],
        continuity=Continuity(new_face_cents=100_000, preferred_bonus_cents=100_000),
    )
    assert served(plan(day, backend=backend).plan) == {"patient"}


def test_a_longer_wait_is_not_bought_by_staying_with_a_former_plan():
    def of(*orders):
        return problem(
            clients=[client("c", 1), client("d", 40)], workers=[worker("w")], orders=list(orders)
        )

    old = visit("old", "c", windows=NINE)
    former = plan(of(old), backend="ortools").plan
    day = of(old, visit("new", "d", windows=NINE, waiting_days=3))
    previous = Previous(plan=former, move_client_cents=100_000, move_minute_cents=10_000)
    result = plan_day(day, limits("ortools"), travel=line_travel(day), previous=previous).plan
    assert served(result) == {"new"}


def test_overtime_at_any_price_comes_after_the_hours_of_the_week(backend):
    # One could stay longer for money, and the other not at all.
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("paid", regular_s=600, overtime_per_hour_cents=1_000_000),
                 worker("spent", max_weekly_s=hour(40), used_weekly_s=hour(40))],
        orders=[visit("o", "c")],
    )
    (route,) = plan(day, backend=backend).plan.routes
    assert route.worker == "paid"
    assert route.overtime_s > 0
