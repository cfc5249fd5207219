"""The ruler: timetable and costs of visits, worked out by hand beside it."""

from __future__ import annotations

import pytest

from engine.domain.orders import MealOrder
from engine.domain.workers import Vehicle
from engine.evaluate import evaluate, evaluate_route
from engine.visits import RouteVisits, TripVisits, start_windows
from tests.care_builders import (
    alarm,
    batch,
    client,
    courier,
    hour,
    kitchen,
    line_travel,
    meal,
    problem,
    visit,
    window,
    worker,
)


def route_of(day, *trips, who="w"):
    visits = RouteVisits(who, "day", tuple(
        TripVisits(trip, tuple(
            "lunch" if isinstance(day.order_by_id[o], MealOrder) else None for o in trip
        ))
        for trip in trips
    ))
    return evaluate_route(day, line_travel(day), visits)


def test_a_route_by_hand():
    day = problem(
        vehicles=(Vehicle(id="e", mode="ebike", cost_per_km_cents=7),),
        clients=[client("a", 10), client("b", 25)],
        workers=[worker("w", vehicle="e", service_time_factor=1.5, cost_per_travel_hour_cents=100)],
        orders=[
            visit("a", "a", windows=[window(9, 10)]),
            visit("b", "b", "errands", windows=[window(8, 9), window(11, 12)]),
        ],
    )
    route = route_of(day, ("a", "b"))
    (trip,) = route.trips
    first, second = trip.stops
    assert trip.leave_s == hour(9) - 600
    assert (first.arrival_s, first.start_s, first.departure_s) == (
        hour(9), hour(9), hour(9) + 1_800,
    )
    assert (second.travel_s, second.distance_m) == (900, 4_500)
    assert (second.arrival_s, second.start_s) == (hour(9.75), hour(11))
    assert second.departure_s == hour(12)
    assert (trip.end, trip.end_s) == ("base", hour(12) + 1_500)
    assert (route.travel_s, route.distance_m) == (3_000, 15_000)
    assert (route.service_s, route.wait_s) == (5_400, 4_500)
    # 5,000 + 100 * 3,000 / 3,600 + 7 * 15 = 5,188.33
    assert route.cost_cents == 5_188


@pytest.mark.parametrize(("seconds", "cents"), [(1_799, 0), (1_800, 1)])
def test_cents_are_rounded_half_up_once_a_route(seconds, cents):
    day = problem(
        clients=[client("c", seconds / 60)],
        workers=[worker("w", returns=False, cost_per_shift_cents=0, cost_per_travel_hour_cents=1)],
        orders=[visit("o", "c")],
    )
    assert route_of(day, ("o",)).cost_cents == cents


def test_leaving_later_moves_no_start():
    day = problem(
        clients=[client("a", 10), client("b", 12)],
        workers=[worker("w")],
        orders=[visit("a", "a"), visit("b", "b", windows=[window(11, 12)])],
    )
    (trip,) = route_of(day, ("a", "b")).trips
    # The first client is served at once, so the wait before the second stays.
    assert trip.leave_s == hour(8)
    assert trip.stops[1].start_s - trip.stops[1].arrival_s == hour(11) - hour(8) - 1_920


def test_a_meal_that_would_wait_too_long_on_board_leaves_later():
    day = problem(
        kitchens=[kitchen()],
        clients=[client("a", 10), client("b", 12)],
        workers=[courier("w")],
        orders=[meal("a", "a"), meal("b", "b", windows=[window(12, 13)])],
    )
    (trip,) = route_of(day, ("a", "b")).trips
    assert trip.stops[1].start_s - trip.leave_s == 3_600
    assert trip.stops[1].start_s == hour(12)
    assert trip.load == {"portions": 2}


def test_a_later_leaving_that_breaks_another_window_is_not_taken():
    day = problem(
        kitchens=[kitchen()],
        clients=[client("a", 10), client("b", 12)],
        workers=[courier("w")],
        orders=[
            meal("a", "a", windows=[window(8, 9)]), meal("b", "b", windows=[window(12, 13)]),
        ],
    )
    (trip,) = route_of(day, ("a", "b")).trips
    assert trip.stops[0].start_s <= hour(9)  # the checker will find the cold meal


def test_a_second_trip_loads_before_it_leaves_and_waits_for_its_batch():
    day = problem(
        kitchens=[kitchen(batches=[batch(ready_h=9)], loading_s=300)],
        clients=[client("c", 10)],
        workers=[courier("w")],
        orders=[meal("m", "c"), meal("n", "c"), visit("v", "c")],
    )
    one, two, three = route_of(day, ("m",), ("n",), ("v",)).trips
    assert one.leave_s == hour(9) + 300
    assert two.leave_s == one.end_s + 300
    assert three.leave_s == two.end_s  # nothing to load


def test_totals_add_up_and_absent_prizes_are_lost():
    day = problem(
        clients=[client("c", 10)],
        workers=[worker("w"), worker("x")],
        orders=[visit("o", "c"), visit("p", "c", optional=True, prize_cents=700), visit("q", "c")],
    )
    visits = [
        RouteVisits(who, "day", (TripVisits((order,), (None,)),))
        for who, order in (("w", "o"), ("x", "q"))
    ]
    totals = evaluate(day, line_travel(day), visits).totals
    assert (totals.orders, totals.served, totals.unserved) == (3, 2, 1)
    assert (totals.routes, totals.workers, totals.travel_s) == (2, 2, 2_400)
    assert totals.cost_cents == 2 * (5_000 + 1_000)
    assert totals.prize_lost_cents == 700


def test_the_window_of_an_alarm_is_what_its_own_windows_leave():
    assert start_windows(alarm("a", "c", 10)) == ((hour(10), hour(10.25)),)
    assert start_windows(alarm("a", "c", 10, windows=(window(0, 10.1), window(10.2, 24)))) == (
        (hour(10), hour(10.1)), (hour(10.2), hour(10.25)),
    )
    assert start_windows(alarm("a", "c", 10, windows=(window(11, 12),))) == ()
