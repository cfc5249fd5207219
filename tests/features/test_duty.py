"""Limits of duty, travel and visits hold; overtime is paid, and yields to who must be served."""

from __future__ import annotations

import pytest

from engine.changes import room_around
from engine.domain.workers import Shift
from engine.errors import PlanRejected
from tests.care_builders import (
    client,
    courier,
    hour,
    kitchen,
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

TWO = (
    Shift(id="am", start_s=hour(8), end_s=hour(12)),
    Shift(id="pm", start_s=hour(14), end_s=hour(18)),
)


def two_long_visits(**kw):
    """40 minutes of duty in the morning and 40 in the afternoon."""
    return problem(
        clients=[client("c", 10)],
        workers=[worker("w", shifts=TWO, **kw)],
        orders=[
            visit("a", "c", windows=[window(9, 10)]), visit("b", "c", windows=[window(15, 16)])
        ],
    )


@pytest.mark.parametrize(("minutes", "n"), [(80, 2), (79, 1)])
def test_the_duty_of_a_worker_s_shifts_is_added_up(backend, minutes, n):
    day = two_long_visits(max_daily_s=60 * minutes)
    assert len(served(plan(day, backend=backend).plan)) == n
    if n == 1:
        with pytest.raises(PlanRejected) as rejected:
            plan(day, backend=backend, rules=without("duty"))
        assert {v.rule for v in rejected.value.violations} == {"duty"}


def test_a_longer_shift_is_only_proposed_where_the_rest_between_shifts_remains():
    am, pm = TWO
    assert room_around(worker("w", shifts=TWO), am) == (240, 120)
    rested = worker("w", shifts=TWO, min_rest_s=hour(1.5))
    assert room_around(rested, am) == (240, 30)
    assert room_around(rested, pm) == (30, 240)


@pytest.mark.parametrize(("minutes", "n"), [(20, 1), (19, 0)])
def test_travel_of_a_shift_is_limited(backend, minutes, n):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("w", max_driving_s=60 * minutes)],
        orders=[visit("o", "c")],
    )
    result = plan(day, backend=backend).plan
    assert len(served(result)) == n
    if not n:
        assert reasons(result) == {"o": "no_worker_in_window"}
        assert "agreed" in result.unserved[0].message


def test_visits_of_a_shift_are_limited(backend):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("w", max_visits=2)],
        orders=[visit(f"o{k}", "c") for k in range(3)],
    )
    result = plan(day, backend=backend).plan
    assert len(served(result)) == 2
    assert list(reasons(result).values()) == ["outweighed"]


def test_overtime_is_paid_by_the_second_and_a_waiting_worker_leaves_later(backend):
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("w", regular_s=1_800, overtime_per_hour_cents=3_600)],
        orders=[visit("o", "c", windows=[window(12, 13)]),],
    )
    (route,) = plan(day, backend=backend).plan.routes
    assert route.duty_s == 40 * 60
    assert route.overtime_s == 600
    assert route.cost_cents == 5_000 + 20 * 60 * 3_000 // 3_600 + 600


def test_overtime_is_avoided_where_somebody_else_has_time(backend):
    orders = [visit(f"o{k}", "c", service_duration_s=3_600) for k in range(4)]
    def of(price):
        return problem(
            clients=[client("c", 1)],
            workers=[worker(w, regular_s=hour(2.5), overtime_per_hour_cents=price) for w in "ab"],
            orders=orders,
        )
    assert plan(of(20_000), backend=backend).plan.totals.workers == 2
    assert plan(of(100), backend=backend).plan.totals.workers == 1


@pytest.mark.parametrize("guaranteed", [True, False])
def test_no_price_of_overtime_keeps_a_required_order_away_but_an_optional_one(backend, guaranteed):
    day = problem(
        clients=[client("c", 10, guaranteed=guaranteed)],
        workers=[worker("w", regular_s=600, overtime_per_hour_cents=10_000_000)],
        orders=[
            visit("must", "c"),
            visit("may", "c", optional=True, prize_cents=9_000),
        ],
    )
    result = plan(day, backend=backend).plan
    assert served(result) == {"must"}
    assert reasons(result) == {"may": "outweighed"}


def test_a_courier_s_trips_are_one_duty(backend):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 10)],
        workers=[courier("k", shift=(10, 19), max_visits=1)],
        orders=[
            meal("lunch", "c", windows=[window(11, 12)]),
            meal("dinner", "c", windows=[window(17, 18)]),
        ],
    )
    assert len(served(plan(day, backend=backend).plan)) == 1


@pytest.mark.parametrize("span", ["week", "month"])
@pytest.mark.parametrize(("minutes", "n"), [(80, 2), (79, 1), (0, 0)])
def test_what_was_worked_before_the_day_counts(backend, span, minutes, n):
    most = {"week": "max_weekly_s", "month": "max_monthly_s"}[span]
    day = two_long_visits(**{most: hour(30), f"used_{span}ly_s": hour(30) - 60 * minutes})
    result = plan(day, backend=backend).plan
    assert len(served(result)) == n
    if n < 2:
        with pytest.raises(PlanRejected) as rejected:
            plan(day, backend=backend, rules=without("duty"))
        assert {v.rule for v in rejected.value.violations} == {"duty"}
    if n == 0:
        assert "agreed" in result.unserved[0].message


def test_a_volunteer_s_hours_are_capped_and_earn_credits(backend):
    from engine.domain.services import Service

    day = problem(
        services=[Service(id="stroll", kind="visit", name="stroll", name_zh="陪伴散步",
                          service_duration_s=3_600, credits_per_hour=1.5)],
        clients=[client("c", 5)],
        workers=[worker("v", role="volunteer", services=("stroll",), cost_per_shift_cents=0,
                        max_monthly_s=hour(10), used_monthly_s=hour(7.8))],
        orders=[visit("a", "c", "stroll"), visit("b", "c", "stroll"), visit("c", "c", "stroll")],
    )
    result = plan(day, backend=backend)
    assert len(served(result.plan)) == 2
    assert list(reasons(result.plan).values()) == ["outweighed"]
    assert result.report["volunteers"]["credits"] == [
        {"worker": "v", "visits": 2, "service_s": 7_200, "credits": 3.0}
    ]
