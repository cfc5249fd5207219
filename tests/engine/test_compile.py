"""The routing model that a care problem becomes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain.workers import Vehicle
from engine.draft import MONEY_PER_CENT
from engine.rules import RULES
from solvers.evaluation import evaluate
from solvers.model import OPEN
from tests.care_builders import (
    alarm,
    batch,
    client,
    compiled,
    courier,
    hour,
    kitchen,
    meal,
    problem,
    visit,
    window,
    worker,
)


def test_without_rules_every_worker_may_serve_every_order_at_any_time():
    day = problem(
        clients=[client("c", refused_workers=("w",))],
        workers=[worker("w")],
        orders=[visit("o", "c", "bath", windows=[window(9, 10)], load={"kg": 99})],
    )
    model = compiled(day, rules=()).model
    assert model.compatible.all()
    assert model.n_dimensions == 0
    assert model.vehicle_end.tolist() == [OPEN]
    assert evaluate(model, [[0]]).violations == ()


@pytest.mark.parametrize("without", [None, *(r.name for r in RULES)])
def test_each_rule_can_be_left_out(without):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 5)],
        workers=[worker("w", "first_aid"), courier("k")],
        orders=[visit("v", "c"), meal("m", "c"), alarm("a", "c", 10)],
    )
    made = compiled(day, rules=tuple(r for r in RULES if r.name != without))
    assert made.tasks == ("v", "m", "a")


def test_an_empty_problem_has_an_empty_model():
    assert compiled(problem()).model.n_tasks == 0
    assert compiled(problem(clients=[client("c")], orders=[visit("o", "c")])).model.n_vehicles == 0


def test_money_in_the_model_is_thousandths_of_a_cent():
    ebike = Vehicle(id="e", mode="ebike", cost_per_km_cents=12)
    day = problem(
        vehicles=(ebike,),
        workers=[worker("w", vehicle="e", cost_per_travel_hour_cents=3_600)],
    )
    model = compiled(day).model
    assert model.vehicle_fixed.tolist() == [5_000 * MONEY_PER_CENT]
    assert model.vehicle_price_second.tolist() == [MONEY_PER_CENT]  # a cent a second
    assert model.vehicle_price_metre.tolist() == [12]  # 12 cents are 12,000 in 1,000 metres


def test_absurd_wages_stay_within_what_arc_costs_can_hold():
    day = problem(
        clients=[client("c", 60)],
        workers=[worker("w", cost_per_travel_hour_cents=10**11, cost_per_shift_cents=10**11)],
        orders=[visit("o", "c")],
    )
    model = compiled(day).model
    assert int(model.vehicle_price_second[0]) * int(model.seconds.max()) < 2**30


def test_tiers_follow_alarm_guaranteed_care_level_and_an_own_priority():
    clients = [client(f"l{k}", care_level=k) for k in range(4)]
    day = problem(
        clients=[*clients, client("g", guaranteed=True)],
        workers=[worker("w", "first_aid")],
        orders=[
            *(visit(f"o{k}", f"l{k}") for k in range(4)), visit("g", "g"), alarm("a", "l0", 9),
            visit("own", "l0", priority=9),
        ],
    )
    made = compiled(day)
    prize = dict(zip(made.tasks, made.model.task_prize.tolist(), strict=True))
    order = sorted(prize, key=lambda o: -prize[o])
    assert order == ["a", "g", "o3", "o2", "o1", "o0", "own"]
    assert made.model.task_required.all()


def test_a_blocked_order_stays_outside_the_model():
    day = problem(
        kitchens=[kitchen(batches=[batch(portions=1)])],
        clients=[client("c")],
        workers=[courier("k")],
        orders=[meal("big", "c", portions=2), meal("m", "c")],
    )
    made = compiled(day)
    assert made.tasks == ("m",)
    assert made.blocked == {"big": "no_portions"}
    assert made.batches == {"m": "lunch"}


def lunch_model(n=12, couriers=3, **kw):
    day = problem(
        kitchens=[kitchen(**kw)],
        clients=[client(f"c{i}", 1 + i) for i in range(n)],
        workers=[courier(f"k{i}", shift=(10, 15)) for i in range(couriers)],
        orders=[
            meal(f"m{i}", f"c{i}", windows=[window(11, 13)], max_onboard_s=(3_600, 1_800)[i % 2])
            for i in range(n)
        ],
    )
    return compiled(day)


def test_trips_of_a_shift_do_not_overlap_and_leave_time_to_load():
    made = lunch_model(loading_s=420)
    model = made.model
    for k, (a, b) in enumerate(zip(made.vehicles, made.vehicles[1:], strict=False)):
        if a.worker == b.worker:
            assert model.vehicle_early[k + 1] - model.vehicle_late[k] >= 420
    assert model.vehicle_early.min() >= hour(10) + 420
    assert model.vehicle_late.max() <= hour(15)


def test_no_route_of_the_model_can_let_a_meal_get_cold():
    """Random routes that the model allows, without the checker: each door is reached in time."""
    made = lunch_model()
    model, limit = made.model, [(3_600, 1_800)[int(o[1:]) % 2] for o in made.tasks]
    rng = np.random.default_rng(1)
    allowed = 0
    for _ in range(3_000):
        v = int(rng.integers(model.n_vehicles))
        route = rng.permutation(model.n_tasks)[: int(rng.integers(1, 9))].tolist()
        routes = [route if k == v else [] for k in range(model.n_vehicles)]
        measured = evaluate(model, routes)
        if measured.violations:
            continue
        allowed += 1
        starts = measured.routes[v].start
        assert all(s - int(model.vehicle_early[v]) <= limit[i] for s, i in zip(starts, route,
                                                                              strict=True))
    assert allowed > 100


def test_the_fixed_cost_of_a_shift_is_shared_by_its_trips():
    made = lunch_model(couriers=1)
    fixed = made.model.vehicle_fixed
    assert len(fixed) > 1
    assert abs(int(fixed.sum()) - 5_000 * MONEY_PER_CENT) < len(fixed)


def test_a_courier_without_meals_to_bring_keeps_one_whole_shift():
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c")],
        workers=[courier("k", shift=(10, 19))],
        orders=[visit("o", "c")],
    )
    model = compiled(day).model
    assert (model.vehicle_early.tolist(), model.vehicle_late.tolist()) == ([hour(10)], [hour(19)])
