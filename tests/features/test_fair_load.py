"""Work is shared where it is worth something, and the report says how evenly it came out."""

from __future__ import annotations

import pytest

from tests.care_builders import client, plan, problem, visit, without, worker


def day(cents):
    return problem(
        clients=[client("c", 1)],
        workers=[
            worker("a", shift=(8, 16)), worker("b", shift=(8, 16), cost_per_shift_cents=6_000)
        ],
        orders=[visit(f"o{k}", "c", service_duration_s=3_600) for k in range(4)],
        fair_load_cents_per_hour=cents,
    )


def test_a_price_of_fairness_spreads_the_hours_and_is_no_cost_of_the_plan(backend):
    alone = plan(day(0), backend=backend)
    shared = plan(day(20_000), backend=backend)
    (spread,) = alone.report["fairness"]
    (even,) = shared.report["fairness"]
    assert spread["role"] == even["role"] == "caregiver"
    assert spread["visits"]["min"] == 0
    assert (even["visits"]["min"], even["visits"]["max"]) == (2, 2)
    assert even["hours"]["std"] < spread["hours"]["std"]
    assert even["hours"]["mean"] == pytest.approx(2 + 2 / 60, abs=0.01)
    assert shared.plan.totals.cost_cents == sum(r.cost_cents for r in shared.plan.routes)
    assert all(r.overtime_s == 0 for r in shared.plan.routes)


def test_without_the_rule_nothing_is_shared(backend):
    unshared = plan(day(20_000), backend=backend, rules=without("fair_load"))
    assert unshared.plan.totals.workers == 1
