"""Meals come from a batch that is ready, fits the diet and has portions left."""

from __future__ import annotations

import pytest

from engine.errors import PlanRejected
from tests.care_builders import (
    batch,
    client,
    courier,
    hour,
    kitchen,
    meal,
    meal_point,
    plan,
    problem,
    reasons,
    served,
    served_by,
    stops,
    window,
    without,
    worker,
)

LUNCH = [window(11, 13)]


def test_no_batch_gives_more_portions_than_it_has(backend):
    day = problem(
        kitchens=[kitchen(batches=[batch(portions=3)])],
        clients=[client("a"), client("b"), client("vip", guaranteed=True)],
        workers=[courier("k")],
        orders=[meal("a", "a", portions=2), meal("b", "b"), meal("vip", "vip", portions=2)],
    )
    result = plan(day, backend=backend).plan
    assert served(result) == {"vip", "b"}  # the guaranteed client first, then what is left
    assert reasons(result) == {"a": "no_portions"}
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("portions"))
    assert "portions" in {v.rule for v in rejected.value.violations}


def test_a_diet_is_cooked_in_some_batches_only(backend):
    diets = [batch("plain", diets=("plain",)), batch("soft", portions=1, diets=("soft",))]
    day = problem(
        kitchens=[kitchen(batches=diets)],
        clients=[client("c")],
        workers=[courier("k")],
        orders=[
            meal("soft", "c", diet="soft"), meal("more", "c", diet="soft"),
            meal("salt", "c", diet="low_salt"), meal("plain", "c", diet="plain"),
        ],
    )
    result = plan(day, backend=backend).plan
    assert {o: s.batch for o, s in stops(result).items()} == {"soft": "soft", "plain": "plain"}
    assert reasons(result) == {"more": "no_portions", "salt": "no_portions"}


def test_nobody_leaves_before_the_batch_is_ready_and_loaded(backend):
    day = problem(
        kitchens=[kitchen(batches=[batch(ready_h=11.5)], loading_s=600)],
        clients=[client("c", 5)],
        workers=[courier("k", shift=(8, 14))],
        orders=[meal("m", "c", windows=LUNCH)],
    )
    (route,) = plan(day, backend=backend).plan.routes
    assert route.trips[0].leave_s >= hour(11.5) + 600


def test_a_meal_comes_from_the_kitchen_that_its_order_names(backend):
    day = problem(
        kitchens=[kitchen("here", 0), kitchen("there", 20)],
        clients=[client("c", 1)],
        workers=[courier("near", start="here"), courier("far", start="there")],
        orders=[meal("m", "c", kitchen="there")],
    )
    result = plan(day, backend=backend).plan
    assert served_by(result) == {"m": "far"}
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("portions"))
    assert {v.rule for v in rejected.value.violations} == {"portions"}


def test_without_a_named_kitchen_the_nearest_point_with_a_courier_is_taken(backend):
    day = problem(
        kitchens=[kitchen("far", 30)],
        meal_points=[meal_point("near", 9), meal_point("unmanned", 10)],
        clients=[client("c", 10)],
        workers=[courier("k", start="far"), courier("p", start="near")],
        orders=[meal("m", "c")],
    )
    assert served_by(plan(day, backend=backend).plan) == {"m": "p"}


def test_lunch_is_not_taken_from_the_batch_for_dinner(backend):
    batches = [batch("lunch", 10.5, 5), batch("dinner", 16, 5)]
    day = problem(
        kitchens=[kitchen(batches=batches)],
        clients=[client("c", 5)],
        workers=[courier("k", shift=(10, 19))],
        orders=[meal("l", "c", windows=LUNCH), meal("d", "c", windows=[window(17, 18)])],
    )
    result = stops(plan(day, backend=backend).plan)
    assert {o: s.batch for o, s in result.items()} == {"l": "lunch", "d": "dinner"}


def test_a_worker_who_does_not_start_where_meals_are_loaded_brings_none(backend):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c")],
        workers=[worker("w", "meal_delivery", vehicle="box")],
        orders=[meal("m", "c")],
    )
    result = plan(day, backend=backend).plan
    assert served(result) == set()
    assert set(reasons(result)) == {"m"}


def test_a_shift_that_is_over_before_anything_is_loaded_brings_no_meals(backend):
    def day(minutes):
        return problem(
            kitchens=[kitchen(loading_s=600)],
            clients=[client("c")],
            workers=[courier("k", shift=(11, 11 + minutes / 60))],
            orders=[meal("m", "c", service_duration_s=0)],
        )

    assert served(plan(day(10), backend=backend).plan) == {"m"}
    assert served(plan(day(9), backend=backend).plan) == set()
