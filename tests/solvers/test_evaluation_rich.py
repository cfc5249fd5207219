"""The one ruler beyond the plain fields: timetables worked out by hand, and faults in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.figures import RouteEvaluation
from solvers.model import OPEN
from solvers.timetable import BreakTaken

#       home  shop  Ann  Bo
SECONDS = [[0, 10, 20, 30], [10, 0, 12, 13], [20, 12, 0, 15], [30, 13, 15, 0]]


def day(n_vehicles: int = 1, **vehicle: Any) -> ModelBuilder:
    builder = ModelBuilder(1)
    builder.add_matrix(SECONDS)
    for v in range(n_vehicles):
        builder.add_vehicle(**(
            {"start": 0, "end": 0, "shift": (0, 500), "capacity": (9,), "worker": v} | vehicle
        ))
    return builder


def route(builder: ModelBuilder, visits: list[int]) -> RouteEvaluation:
    figures = evaluate(builder.build(), [visits])
    assert figures.violations == ()
    return figures.routes[0]


def faults(builder: ModelBuilder, *routes: list[int]) -> tuple[str, ...]:
    return evaluate(builder.build(), routes).violations


@pytest.mark.parametrize(
    ("window", "taken", "starts", "end"),
    [
        # Waiting for Bo until 100 holds the break; it stands as late in the order as that allows.
        ((20, 80), BreakTaken(40, 70, 1, True), (20, 100), 135),
        ((20, 39), BreakTaken(25, 55, 1, False), (20, 100), 135),
        # Nothing else but before leaving, at once.
        ((0, 0), BreakTaken(0, 30, 0, False), (50, 100), 135),
        # Before the last leg, or at home.
        ((130, 130), BreakTaken(130, 160, 2, False), (20, 100), 190),
        ((130, 140), BreakTaken(135, 165, 2, True), (20, 100), 135),
    ],
)
def test_a_break_stands_where_the_route_ends_earliest_and_late_among_these(
    window: tuple[int, int], taken: BreakTaken, starts: tuple[int, ...], end: int
) -> None:
    builder = day(breaks=[(*window, 30)])
    builder.add_task(2, service=5)
    builder.add_task(3, service=5, windows=[(100, 110)])
    told = route(builder, [0, 1])
    assert (told.start, told.end) == (starts, end)
    assert told.breaks == (taken,)


def test_a_break_that_fits_nowhere_is_named_and_the_rest_is_timed() -> None:
    builder = day(breaks=[(5, 5, 30), (10, 34, 5)])
    builder.add_task(2, service=5)
    figures = evaluate(builder.build(), [[0]])
    assert figures.violations == ("vehicle 0: no room for break 1",)
    assert figures.routes[0].start == (55,)


def test_a_break_that_makes_a_task_late_is_taken_and_the_task_named() -> None:
    builder = day(breaks=[(1, 5, 30)])
    builder.add_task(2, windows=[(0, 50)])
    assert faults(builder, [0]) == ("task 0: 1 after its last window on vehicle 0",)


def test_duty_begins_when_the_vehicle_has_to_leave() -> None:
    builder = day(price_per_duty_second=2, regular_duty=50, overtime_price=3, price_per_second=0)
    builder.add_task(2, service=5, windows=[(0, 60), (70, 75)])
    builder.add_task(3, service=5, windows=[(100, 110)])
    figures = evaluate(builder.build(), [[0, 1]])
    (told,) = figures.routes
    assert (told.start, told.end) == ((20, 100), 135)
    # Ann as late as 75 (100 - 15 - 5 = 80 is outside), so from 55 to 135.
    assert (told.latest, told.on_duty, told.duty) == ((75, 100), 55, 80)
    assert (figures.duty_cost, figures.overtime_cost) == (160, 90)


def test_a_soft_end_holds_the_start_in_duty_and_lateness_costs() -> None:
    builder = day(price_per_second=0)
    builder.add_task(2, service=5, soft_late=40, late_price=9)
    builder.add_task(3, service=5, windows=[(100, 110)], soft_late=90, late_price=2)
    builder.price_worst = 100
    figures = evaluate(builder.build(), [[0, 1]])
    assert figures.routes[0].latest == (40, 100)
    assert figures.routes[0].lateness == 10
    assert (figures.lateness_cost, figures.worst_cost, figures.cost) == (20, 1000, 1020)


def test_trips_load_wait_for_their_batch_and_keep_food_fresh() -> None:
    builder = day(reloads=[0], first_load=(0,), price_per_duty_second=1)
    builder.add_batch(40, (3,))
    builder.add_reload(1, seconds=6, batch=0)
    builder.add_task(2, service=5, demand=(2,))
    builder.add_task(3, service=5, demand=(1,), windows=[(200, 300)], freshness=50)
    builder.add_task(2, service=5, pickup=(2,))
    model = builder.build()
    told = evaluate(model, [[-1, 0, 2, -1, 1]])
    assert told.violations == ()
    # Shop at 10, loaded 16, ready 40, Ann 52 and 57, shop 74, loaded 80, leave 150 for Bo at 200.
    assert told.routes[0].arrival == (10, 52, 57, 74, 163)
    assert told.routes[0].start == (10, 52, 57, 74, 200)
    assert told.routes[0].departure == (40, 57, 62, 150, 205)
    assert told.routes[0].load == (2,)
    assert told.routes[0].latest == (141, 159, 164, 181, 200)
    assert faults(builder, [0, 1]) == ("vehicle 0: first load 3 above 0 in 0",)
    assert faults(builder, [-1, 1, 0]) == ()
    looser = builder.build()
    hurried = looser._replace(task_freshness=np.array([2**30, 12, 2**30], dtype=np.int32))
    assert evaluate(hurried, [[-1, 0, 2, -1, 1]]).violations == (
        "task 1: 120 on board of vehicle 0, above 12",
    )


def test_linked_tasks_wait_for_each_other_and_say_so_when_they_cannot() -> None:
    builder = day(2)
    builder.add_task(2, service=5)
    builder.add_task(2, service=5, windows=[(70, 90)])
    builder.add_task(3, service=5, windows=[(80, 200)])
    builder.add_link(0, 1, least=0, most=10, worker="other")
    figures = evaluate(builder.build(), [[0, 2], [1]])
    assert figures.violations == ()
    assert [r.start for r in figures.routes] == [(60, 80), (70,)]
    assert faults(builder, [0, 1], [2]) == ("link 0: tasks 0 and 1 are served by one worker",)


CASES: list[tuple[str, Any, list[int], str]] = [
    ("max_duty", {"max_duty": 44}, [0], "vehicle 0: duty 45 above 44"),
    ("max_travel", {"max_travel": 39}, [0], "vehicle 0: travel 40 above 39"),
    ("max_tasks", {"max_tasks": 1}, [0, 1], "vehicle 0: tasks 2 above 1"),
    ("max_trips", {"max_trips": 1}, [0, -1, 1], "vehicle 0: trips 2 above 1"),
    ("max_trip", {"max_trip": 44}, [0], "vehicle 0: trip 0 lasts 45, above 44"),
    ("first", {"first_load": (1,)}, [0], "vehicle 0: first load 2 above 1 in 0"),
    ("strange", {}, [0, -3], "vehicle 0: [-3] are not tasks"),
    ("option", {}, [-2, 0], "vehicle 0: may not use reload 1"),
    ("twice", {}, [-1, -1, 0], "vehicle 0: reload 0 directly after another"),
    ("last", {}, [0, -1], "vehicle 0: no task after reload 0"),
    ("alone", {}, [-1], "vehicle 0: no task after reload 0"),
]


@pytest.mark.parametrize(("name", "fields", "visits", "said"), CASES)
def test_broken_limits_are_named(
    name: str, fields: dict[str, Any], visits: list[int], said: str
) -> None:
    builder = day(reloads=[0], **fields)
    builder.add_reload(1)
    builder.add_reload(1)
    builder.add_task(2, service=5, demand=(2,))
    builder.add_task(3, service=5)
    assert faults(builder, visits) == (said,), name
    if len(fields) == 1:
        ((field, limit),) = fields.items()
        more = (limit[0] + 1,) if field == "first_load" else limit + 1
        looser = day(reloads=[0], **{field: more})
        looser.add_reload(1)
        looser.add_task(2, service=5, demand=(2,))
        looser.add_task(3, service=5)
        assert faults(looser, visits) == ()


def test_ties_that_are_broken_are_named() -> None:
    builder = day(2, reloads=[0])
    builder.add_batch(0, (1,))
    builder.add_reload(1, batch=0)
    for _ in range(6):
        builder.add_task(2, service=5, demand=(1,), prize=7)
    builder.add_pair(0, 1, load=(7,), ride=3)
    builder.add_link(2, 3, worker="same")
    builder.add_group([4, 5])
    builder.limit_worker(1, 30)
    assert faults(builder, [0, 1], []) == ()
    assert faults(builder, [1, 0], []) == ("pair 0: task 0 is not before 1 in one trip",)
    assert faults(builder, [0, -1, 1], []) == ("pair 0: task 0 is not before 1 in one trip",)
    assert faults(builder, [0], []) == (
        "tasks [1]: absent, though what they are tied to is served",
    )
    assert faults(builder, [0, 4, 1], []) == ("pair 0: 5 from task 0 to 1, above 3",)
    assert faults(builder, [4], [5]) == (
        "worker 1: duty 45 above 30", "group 0: 2 alternatives are served",
    )
    assert faults(builder, [2, 4, 3], []) == (
        "link 0: 10 from the start of task 2 to that of 3, not 0 to 0",
    )
    assert faults(builder, [-1, 0, 1], []) == ("batch 0: 2 of 1 portions taken in 0",)
    # Two absent singles of the pair, two of the link, and the group once.
    assert evaluate(builder.build(), [[], []]).prize_lost == 5 * 7
    assert evaluate(builder.build(), [[4], []]).prize_lost == 4 * 7


def test_an_open_start_needs_no_set_up_and_a_shared_place_only_one() -> None:
    builder = day(start=OPEN, end=OPEN)
    builder.set_setup(2, 4)
    builder.set_setup(3, 4)
    for location in (2, 3, 3, 2):
        builder.add_task(location, service=1)
    told = route(builder, [0, 1, 2, 3])
    assert told.start == (0, 20, 21, 41)
    assert told.seconds == 30
