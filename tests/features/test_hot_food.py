"""A meal is at the door within its time on board, counted from leaving the kitchen."""

from __future__ import annotations

import pytest

from engine.errors import PlanRejected
from tests.care_builders import (
    batch,
    centre,
    client,
    courier,
    hour,
    kitchen,
    meal,
    plan,
    problem,
    served,
    stops,
    visit,
    window,
    without,
)

LUNCH = [window(11, 13)]


def onboard(plan):
    """Order -> seconds from leaving to the door."""
    return {
        s.order: s.start_s - t.leave_s for r in plan.routes for t in r.trips for s in t.stops
    }


def test_meals_that_do_not_fit_into_one_hot_trip_go_on_several(backend):
    # 20 doors at five minutes each: more than an hour on one tour, and a box that would hold them.
    day = problem(
        kitchens=[kitchen()],
        clients=[client(f"c{i}", 2 + i) for i in range(15)],
        workers=[courier("k", shift=(10, 14))],
        orders=[
            meal(f"m{i}", f"c{i}", windows=LUNCH, service_duration_s=270) for i in range(15)
        ],
    )
    result = plan(day, backend=backend).plan
    assert len(served(result)) == 15
    assert len(result.routes) == 1
    assert len(result.routes[0].trips) > 1
    assert max(onboard(result).values()) <= hour(1)
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("hot_food"))
    assert {v.rule for v in rejected.value.violations} == {"hot_food"}


def test_several_trips_of_a_shift_pay_its_fixed_cost_once(backend):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 10)],
        workers=[courier("k", shift=(10, 19))],
        orders=[
            meal("lunch", "c", windows=[window(11, 12)]),
            meal("dinner", "c", windows=[window(17, 18)]),
        ],
    )
    result = plan(day, backend=backend).plan
    (route,) = result.routes
    assert len(route.trips) == 2
    assert route.cost_cents == 5_000 + 40 * 60 * 3_000 // 3_600
    # The courier loads before the second trip too.
    assert route.trips[1].leave_s >= route.trips[0].end_s + 300


@pytest.mark.parametrize(("minutes", "fits"), [(30, True), (29, False)])
def test_a_meal_may_have_less_time_on_board_than_an_hour(backend, minutes, fits):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 30)],
        workers=[courier("k", shift=(10, 14))],
        orders=[meal("m", "c", windows=LUNCH, max_onboard_s=minutes * 60)],
    )
    assert ("m" in served(plan(day, backend=backend).plan)) is fits


def test_food_waits_in_the_kitchen_and_not_at_the_door(backend):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 10)],
        workers=[courier("k", shift=(8, 14))],
        orders=[meal("m", "c", windows=[window(12, 13)])],
    )
    result = plan(day, backend=backend).plan
    assert onboard(result) == {"m": 600}
    assert stops(result)["m"].arrival_s >= hour(12)


def test_a_courier_does_other_orders_between_the_meals(backend):
    day = problem(
        kitchens=[kitchen()],
        clients=[client("c", 10)],
        workers=[courier("k", shift=(8, 19))],
        orders=[
            meal("lunch", "c", windows=[window(11, 12)]),
            visit("shop", "c", "errands", windows=[window(14, 15)], service_duration_s=hour(2)),
            meal("dinner", "c", windows=[window(17.5, 18)]),
        ],
    )
    assert served(plan(day, backend=backend).plan) == {"lunch", "shop", "dinner"}


def test_after_the_last_trip_a_courier_goes_home(backend):
    day = problem(
        centres=(centre("home", 20),),
        kitchens=[kitchen(batches=[batch(ready_h=10)])],
        clients=[client("c", 10), client("d", 12)],
        workers=[courier("k", shift=(10, 19), end="home")],
        orders=[
            meal("lunch", "c", windows=[window(11, 12)]),
            meal("dinner", "d", windows=[window(17, 18)]),
        ],
    )
    (route,) = plan(day, backend=backend).plan.routes
    assert [t.end for t in route.trips] == ["kitchen", "home"]
    assert route.travel_s == (10 + 10 + 20) * 60


def test_trips_are_cut_so_that_meals_of_a_former_plan_can_stay():
    """Otherwise meals that nobody touched move only because others came or went."""
    from engine.compile import compile_problem
    from engine.domain.plan import Previous
    from tests.care_builders import line_travel

    def of(*names):
        return problem(
            kitchens=[kitchen()], clients=[client(f"c{k}", 2 + k) for k in range(10)],
            workers=[courier("k", shift=(10, 15))],
            orders=[
                meal(f"m{k}", f"c{k}", windows=[window(10.5 + 0.3 * k, 11.2 + 0.3 * k)])
                for k in names
            ],
        )

    former = plan(of(0, 2, 4, 6, 8), backend="ortools").plan
    day = of(1, 2, 3, 4, 5, 7, 8, 9)
    before = {o: s for o, s in stops(former).items() if o in ("m2", "m4", "m8")}

    def kept(previous):
        model = compile_problem(day, line_travel(day), previous=previous).model
        slots = list(zip(model.vehicle_early.tolist(), model.vehicle_late.tolist(), strict=True))
        way = {o: 60 * (2 + int(o[1:])) for o in before}
        return [
            any(a + way[o] <= s.start_s and s.departure_s + way[o] <= b for a, b in slots)
            for o, s in before.items()
        ]

    assert all(kept(Previous(plan=former)))
    assert not all(kept(None))
