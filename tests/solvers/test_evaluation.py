"""The one ruler: against numbers worked out by hand, and against a second, naive computation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.figures import Evaluation
from solvers.model import OPEN, UNREACHABLE, RoutingModel

#       home  shop  Ann  Bo
SECONDS = [[0, 10, 20, 30], [11, 0, 12, 13], [21, 14, 0, 15], [31, 16, 17, 0]]
METRES = np.array(SECONDS) * 10


def day(n_dimensions: int = 1, **vehicle: object) -> ModelBuilder:
    builder = ModelBuilder(n_dimensions)
    builder.add_matrix(SECONDS, METRES)
    builder.add_vehicle(**({"start": 0, "end": 0} | vehicle))  # type: ignore[arg-type]
    return builder


def test_a_route_worked_out_by_hand() -> None:
    builder = day(
        shift=(100, 400), capacity=(5,), fixed_cost=1000, price_per_second=2, price_per_metre=3,
        service_permille=1500,
    )
    builder.add_task(2, service=9, demand=(2,), windows=[(0, 500)])
    builder.add_task(3, service=7, demand=(1,), windows=[(0, 120), (200, 300)])
    builder.add_task(1, prize=77)
    figures = evaluate(builder.build(), [[0, 1]])
    (route,) = figures.routes
    # Leave 100, Ann 120, 9 * 1.5 = 13.5 -> 14, leave 134, Bo 149 waits to 200, 10.5 -> 11, home.
    assert route.leave == 100
    assert route.arrival == (120, 149)
    assert route.start == (120, 200)
    assert route.departure == (134, 211)
    assert route.end == 242
    assert route.seconds == 20 + 15 + 31 == 66
    assert route.metres == 660
    assert route.load == (3,)
    assert route.cost == 1000 + 2 * 66 + 3 * 660
    assert (figures.travel_cost, figures.fixed_cost, figures.prize_lost) == (2112, 1000, 77)
    assert figures.cost == 3189
    assert figures.unassigned == (2,)
    assert figures.n_used == 1
    assert figures.violations == ()


def test_an_unused_vehicle_costs_nothing_even_with_no_way_home() -> None:
    builder = ModelBuilder(2)
    builder.add_matrix([[0, UNREACHABLE], [5, 0]])
    builder.add_vehicle(0, 1, shift=(7, 8), fixed_cost=100)
    figures = evaluate(builder.build(), [[]])
    assert figures.cost == figures.n_used == 0
    assert figures.routes[0].load == (0, 0)
    assert figures.routes[0].leave == figures.routes[0].end == 7
    assert figures.violations == ()


@pytest.mark.parametrize(
    ("start", "end", "seconds", "at_end"),
    [(0, 0, 20 + 21, 146), (OPEN, 0, 21, 126), (0, OPEN, 20, 125), (OPEN, OPEN, 0, 105)],
)
def test_open_sides_travel_nothing(start: int, end: int, seconds: int, at_end: int) -> None:
    builder = day(start=start, end=end, shift=(100, 300))
    builder.add_task(2, service=5)
    (route,) = evaluate(builder.build(), [[0]]).routes
    assert (route.seconds, route.metres, route.end) == (seconds, 10 * seconds, at_end)


def violations(builder: ModelBuilder, routes: list[list[int]]) -> tuple[str, ...]:
    return evaluate(builder.build(), routes).violations


@pytest.mark.parametrize(("late", "broken"), [(20, False), (19, True)])
def test_the_last_second_of_a_window_is_inside(late: int, broken: bool) -> None:
    builder = day()
    builder.add_task(2, windows=[(0, 5), (7, late)])
    said = violations(builder, [[0]])
    assert bool(said) == broken
    if broken:
        assert said == ("task 0: 1 after its last window on vehicle 0",)
        assert evaluate(builder.build(), [[0]]).routes[0].start == (20,)


@pytest.mark.parametrize(("late", "broken"), [(50, False), (49, True)])
def test_being_home_at_the_end_of_the_shift_is_in_time(late: int, broken: bool) -> None:
    builder = day(shift=(0, late))
    builder.add_task(2, service=9)
    assert violations(builder, [[0]]) == (
        ("vehicle 0: ends 1 after its shift",) if broken else ()
    )


@pytest.mark.parametrize(("late", "broken"), [(29, False), (28, True)])
def test_an_open_route_ends_with_its_last_service(late: int, broken: bool) -> None:
    builder = day(end=OPEN, shift=(0, late))
    builder.add_task(2, service=9)
    assert bool(violations(builder, [[0]])) == broken


@pytest.mark.parametrize(("capacity", "broken"), [((3, 9), False), ((2, 9), True), ((3, 8), True)])
def test_a_full_vehicle_is_not_overloaded(capacity: tuple[int, int], broken: bool) -> None:
    builder = day(2, capacity=capacity)
    builder.add_task(1, demand=(1, 4))
    builder.add_task(2, demand=(2, 5))
    assert bool(violations(builder, [[0, 1]])) == broken


def test_loads_beyond_int32_do_not_wrap() -> None:
    builder = day(capacity=(2**31 - 1,))
    for _ in range(3):
        builder.add_task(1, demand=(2**31 - 1,))
    assert "load 6442450941" in violations(builder, [[0, 1, 2]])[0]


def test_a_vehicle_that_may_not_serve_is_named() -> None:
    builder = day(skills={"a"})
    builder.add_task(1, skills={"b"})
    builder.add_task(2, skills={"a"})
    assert violations(builder, [[0, 1]]) == ("task 0: vehicle 0 may not serve it",)


def test_a_way_that_does_not_exist_is_named() -> None:
    matrix = [row.copy() for row in SECONDS]
    matrix[2][0] = UNREACHABLE
    builder = ModelBuilder()
    builder.add_matrix(matrix)
    builder.add_vehicle(0, 0)
    builder.add_task(2)
    assert "vehicle 0: no way from location 2 to 0" in violations(builder, [[0]])


def test_repeated_strange_and_surplus_visits_are_named() -> None:
    builder = day()
    builder.add_task(1)
    builder.add_task(2)
    said = violations(builder, [[0, 0, 9, -1], [1]])
    assert said == (
        "2 routes for 1 vehicles", "vehicle 0: [9, -1] are not tasks", "task 0: visited 2 times",
    )
    figures = evaluate(builder.build(), [])
    assert figures.unassigned == (0, 1)
    assert figures.violations == ("0 routes for 1 vehicles",)


def test_numpy_routes_are_measured_like_lists() -> None:
    model, routes = random_case(np.random.default_rng(1))
    arrays = [np.array(route, dtype=np.int32) for route in routes]
    assert evaluate(model, arrays) == evaluate(model, routes)


def test_random_plans_agree_with_a_naive_computation() -> None:
    clean = 0
    for seed in range(150):
        model, routes = random_case(np.random.default_rng(seed))
        figures = evaluate(model, routes)
        cost, late, over, forbidden = naive(model, routes)
        assert figures.cost == cost
        assert (sum("after" in text for text in figures.violations) > 0) == late
        assert (sum("load" in text for text in figures.violations) > 0) == over
        assert (sum("may not" in text for text in figures.violations) > 0) == forbidden
        assert_timetable(model, routes, figures)
        clean += not figures.violations
    assert 10 < clean < 140  # both kinds were seen


def random_case(rng: np.random.Generator) -> tuple[RoutingModel, list[list[int]]]:
    builder = ModelBuilder(2)
    for _ in range(2):
        builder.add_matrix(rng.integers(0, 90, (5, 5)), rng.integers(0, 900, (5, 5)))
    for _ in range(3):
        builder.add_vehicle(
            int(rng.integers(-1, 5)), int(rng.integers(-1, 5)),
            shift=(int(rng.integers(60)), int(rng.integers(400, 900))),
            capacity=rng.integers(5, 14, 2).tolist(), skills=set(rng.integers(0, 3, 4).tolist()),
            profile=int(rng.integers(2)), fixed_cost=int(rng.integers(99)),
            price_per_second=int(rng.integers(4)), price_per_metre=int(rng.integers(3)),
            service_permille=int(rng.integers(500, 2000)),
        )
    for _ in range(7):
        early = int(rng.integers(200))
        builder.add_task(
            int(rng.integers(5)), service=int(rng.integers(40)),
            windows=[(early, early + 200), (early + 300, early + 500)],
            demand=rng.integers(0, 4, 2).tolist(), skills=set(rng.integers(0, 3, 1).tolist()),
            prize=int(rng.integers(500)),
        )
    order = rng.permutation(7).tolist()
    cuts = sorted(rng.integers(0, 7, 3).tolist())
    routes = [order[: cuts[0]], order[cuts[0] : cuts[1]], order[cuts[1] : cuts[2]]]
    return builder.build(), routes


def naive(model: RoutingModel, routes: list[list[int]]) -> tuple[int, bool, bool, bool]:
    """Cost and kinds of violations, second by second and without the evaluation's code."""
    cost, late, over, forbidden = 0, False, False, False
    for i in range(model.n_tasks):
        if not any(i in route for route in routes):
            cost += int(model.task_prize[i])
    for v, route in enumerate(routes):
        if not route:
            continue
        stops = [int(model.vehicle_start[v]), *(int(model.task_location[i]) for i in route),
                 int(model.vehicle_end[v])]
        pairs = list(itertools.pairwise(stops))
        profile = model.vehicle_profile[v]
        legs = [0 if OPEN in pair else int(model.seconds[profile][pair]) for pair in pairs]
        ways = [0 if OPEN in pair else int(model.metres[profile][pair]) for pair in pairs]
        cost += int(model.vehicle_fixed[v]) + sum(legs) * int(model.vehicle_price_second[v])
        cost += sum(ways) * int(model.vehicle_price_metre[v])
        clock = int(model.vehicle_early[v])
        for i, leg in zip(route, legs, strict=False):
            clock += leg
            windows = range(model.window_ptr[i], model.window_ptr[i + 1])
            inside = {
                s for w in windows
                for s in range(model.window_early[w], model.window_late[w] + 1) if s >= clock
            }
            late |= not inside
            clock = min(inside, default=clock)
            clock += int(np.floor(model.task_service[i] * model.vehicle_permille[v] / 1000 + 0.5))
            forbidden |= not model.compatible[model.task_type[i]][model.vehicle_type[v]]
        late |= clock + legs[-1] > model.vehicle_late[v]
        for d in range(model.n_dimensions):
            over |= sum(int(model.task_demand[i, d]) for i in route) > model.vehicle_capacity[v, d]
    return cost, bool(late), bool(over), bool(forbidden)


def assert_timetable(model: RoutingModel, routes: list[list[int]], figures: Evaluation) -> None:
    for v, (route, told) in enumerate(zip(routes, figures.routes, strict=True)):
        assert len(told.arrival) == len(told.start) == len(told.departure) == len(route)
        assert told.leave == model.vehicle_early[v]
        for arrival, start, departure in zip(
            told.arrival, told.start, told.departure, strict=True
        ):
            assert arrival <= start <= departure <= told.end
