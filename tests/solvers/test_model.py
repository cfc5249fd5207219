"""The model builder: what it refuses, what it merges, numbers and shares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.errors import ModelError
from solvers.model import OPEN, TIME_MAX, UNREACHABLE, RoutingModel, detour_bound, service_time

SQUARE = [[0, 10, 20], [10, 0, 15], [20, 15, 0]]


def builder(n_dimensions: int = 1) -> ModelBuilder:
    made = ModelBuilder(n_dimensions)
    made.add_matrix(SQUARE, np.array(SQUARE) * 3)
    return made


def plain() -> ModelBuilder:
    made = builder()
    made.add_task(1, service=5, windows=[(0, 100)], demand=(1,))
    made.add_vehicle(0, 0, shift=(0, 500), capacity=(2,))
    return made


def faults(made: ModelBuilder) -> tuple[str, ...]:
    with pytest.raises(ModelError) as caught:
        made.build()
    return caught.value.faults


@pytest.mark.parametrize("entry", [2.7, float("nan")])
def test_a_matrix_is_not_rounded_unasked(entry: float) -> None:
    for matrices in ([[[0, entry], [1, 0]]], [[[0, 1], [1, 0]], [[0, entry], [1, 0]]]):
        with pytest.raises(ModelError, match="no whole number"):
            ModelBuilder().add_matrix(*matrices)
    made = ModelBuilder()
    made.add_matrix([[0.0, 3.0], [float("inf"), 0.0]])  # whole, and no way back
    made.add_vehicle(0, 0)
    assert made.build().seconds.tolist() == [[[0, 3], [UNREACHABLE, 0]]]


def test_a_plain_model_has_arrays_of_the_stated_shapes_and_types() -> None:
    model = plain().build()
    assert (model.n_tasks, model.n_vehicles, model.n_dimensions) == (1, 1, 1)
    assert model.seconds.shape == model.metres.shape == (1, 3, 3)
    wide = {"task_prize", "vehicle_fixed"}
    flags = {"task_required", "compatible"}
    arrays = {k: x for k, x in model._asdict().items() if isinstance(x, np.ndarray)}
    groups = {k: x for k, x in model._asdict().items() if isinstance(x, tuple)}
    assert arrays.keys() | groups.keys() | {"price_worst"} == set(model._fields)
    for group in groups.values():
        arrays |= group._asdict()
    for name, array in arrays.items():
        kind = np.int64 if name in wide else np.bool_ if name in flags else np.int32
        assert array.dtype == kind, name
        assert array.flags.c_contiguous, name


def test_no_matrix_is_a_fault_of_its_own() -> None:
    assert faults(ModelBuilder()) == ("no matrix: add_matrix must be called at least once",)


@pytest.mark.parametrize(
    ("seconds", "metres", "said"),
    [
        ([[0, 1, 2], [1, 0, 2]], None, "square"),
        ([[0, 1], [1, 0]], None, "square"),
        ([1, 2, 3], None, "square"),
        ([[0, 1], [1, 0], [2, 2]], None, "shape (3, 2), expected a square like that of"),
        (SQUARE, [[0, 1], [1, 0]], "metres"),
        ([[0, -1, 2], [1, 0, 2], [2, 2, 0]], None, "negative"),
        (SQUARE, [[0, -1, 2], [1, 0, 2], [2, 2, 0]], "negative"),
    ],
)
def test_a_matrix_must_be_square_matching_and_not_negative(
    seconds: list[list[int]], metres: list[list[int]] | None, said: str
) -> None:
    made = plain()
    made.add_matrix(seconds, metres)
    (fault,) = faults(made)
    assert fault.startswith("matrix 1")
    assert said in fault


@pytest.mark.parametrize("huge", [UNREACHABLE, 2**32 + 5, 2**31, float("inf")])
def test_a_huge_matrix_entry_means_no_way_and_never_wraps(huge: float) -> None:
    made = plain()
    made.add_matrix([[0, huge, 2], [1, 0, 2], [2, 2, 0]])
    assert made.build().seconds[1, 0].tolist() == [0, UNREACHABLE, 2]


def test_a_hugely_negative_matrix_entry_is_a_fault() -> None:
    made = plain()
    made.add_matrix([[0, -(2**32) + 7, 2], [1, 0, 2], [2, 2, 0]])
    assert "negative" in faults(made)[0]


TASK_PAIRS = [
    ("location", {"location": 2}, {"location": 3}),
    ("location", {"location": 0}, {"location": -1}),
    ("service", {"service": TIME_MAX}, {"service": TIME_MAX + 1}),
    ("service", {"service": 0}, {"service": -1}),
    ("window", {"windows": [(7, 7)]}, {"windows": [(8, 7)]}),
    ("window", {"windows": [(0, 1)]}, {"windows": [(-1, 1)]}),
    ("window", {"windows": [(0, TIME_MAX)]}, {"windows": [(0, TIME_MAX + 1)]}),
    ("window", {"windows": [(0, 1)]}, {"windows": []}),
    ("demand", {"demand": (0,)}, {"demand": (-1,)}),
    ("demand", {"demand": ()}, {"demand": (1, 1)}),
    ("prize", {"prize": 0}, {"prize": -1}),
    ("prize", {"prize": (1 << 59) - 1}, {"prize": 1 << 59}),  # a half each, of two tasks
    ("demand", {"demand": (2**31 - 1,)}, {"demand": (2**31,)}),
    ("vehicle", {"refused": [0]}, {"refused": [1]}),
    ("vehicle", {"allowed": [0]}, {"allowed": [-1]}),
]


@pytest.mark.parametrize(("word", "last_accepted", "first_refused"), TASK_PAIRS)
def test_task_fields_are_accepted_up_to_their_limit(
    word: str, last_accepted: dict[str, object], first_refused: dict[str, object]
) -> None:
    for fields, accepted in ((last_accepted, True), (first_refused, False)):
        made = plain()
        made.add_task(**({"location": 1} | fields))  # type: ignore[arg-type]
        if accepted:
            made.build()
        else:
            (fault,) = faults(made)
            assert fault.startswith("task 1")
            assert word in fault


VEHICLE_PAIRS = [
    ("start", {"start": OPEN}, {"start": -2}),
    ("start", {"start": 2}, {"start": 3}),
    ("end", {"end": OPEN}, {"end": 3}),
    ("shift", {"shift": (9, 9)}, {"shift": (9, 8)}),
    ("shift", {"shift": (0, TIME_MAX)}, {"shift": (0, TIME_MAX + 1)}),
    ("shift", {"shift": (0, 1)}, {"shift": (-1, 1)}),
    ("capacity", {"capacity": (0,)}, {"capacity": (-1,)}),
    ("capacity", {"capacity": ()}, {"capacity": (1, 1)}),
    ("capacity", {"capacity": (2**31 - 1,)}, {"capacity": (2**31,)}),
    ("fixed", {"fixed_cost": 1 << 60}, {"fixed_cost": (1 << 60) + 1}),
    ("price_second", {"price_per_second": 2**31 - 1}, {"price_per_second": 2**31}),
    ("price_metre", {"price_per_metre": 2**31 - 1}, {"price_per_metre": 2**31}),
    ("factor", {"service_permille": 2**31 - 1}, {"service_permille": 2**31}),
    ("profile", {"profile": 0}, {"profile": 1}),
    ("profile", {"profile": 0}, {"profile": -1}),
    ("fixed", {"fixed_cost": 0}, {"fixed_cost": -1}),
    ("price_second", {"price_per_second": 0}, {"price_per_second": -1}),
    ("price_metre", {"price_per_metre": 0}, {"price_per_metre": -1}),
    ("factor", {"service_permille": 1}, {"service_permille": 0}),
]


@pytest.mark.parametrize(("word", "last_accepted", "first_refused"), VEHICLE_PAIRS)
def test_vehicle_fields_are_accepted_up_to_their_limit(
    word: str, last_accepted: dict[str, object], first_refused: dict[str, object]
) -> None:
    for fields, accepted in ((last_accepted, True), (first_refused, False)):
        made = plain()
        made.add_vehicle(**({"start": 0, "end": 0} | fields))  # type: ignore[arg-type]
        if accepted:
            made.build()
        else:
            (fault,) = faults(made)
            assert fault.startswith("vehicle 1")
            assert word in fault


def test_all_faults_are_told_together() -> None:
    made = plain()
    made.add_task(9, service=-1, windows=[])
    made.add_vehicle(9, 0, profile=4)
    assert len(faults(made)) == 5
    with pytest.raises(ModelError, match=r"location 9.*service -1.*no time window.*start 9.*4"):
        made.build()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([(5, 9), (0, 3)], [(0, 3), (5, 9)]),  # one second between: two windows
        ([(4, 9), (0, 3)], [(0, 9)]),  # adjacent in whole seconds
        ([(0, 5), (5, 9)], [(0, 9)]),
        ([(0, 9), (2, 3)], [(0, 9)]),
        ([(0, 9), (2, 3), (10, 11), (13, 13)], [(0, 11), (13, 13)]),
        ([(3, 3), (3, 3)], [(3, 3)]),
    ],
)
def test_windows_are_sorted_and_merged(
    given: list[tuple[int, int]], kept: list[tuple[int, int]]
) -> None:
    made = plain()
    made.add_task(1, windows=given)
    model = made.build()
    low, high = model.window_ptr[1:3]
    early, late = model.window_early[low:high].tolist(), model.window_late[low:high].tolist()
    assert list(zip(early, late, strict=True)) == kept
    assert model.window_ptr[-1] == len(model.window_early) == len(model.window_late)


def test_merged_windows_allow_exactly_the_same_seconds() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        given = [tuple(sorted(rng.integers(0, 30, 2).tolist())) for _ in range(rng.integers(1, 6))]
        made = plain()
        made.add_task(1, windows=given)
        model = made.build()
        low, high = model.window_ptr[1:3]
        early, late = model.window_early[low:high], model.window_late[low:high]
        for second in range(32):
            merged = bool(((early <= second) & (second <= late)).any())
            assert merged == any(a <= second <= b for a, b in given)
        assert (early[1:] > late[:-1] + 1).all()


def compatibility(made: ModelBuilder) -> list[list[bool]]:
    model = made.build()
    return model.compatible[np.ix_(model.task_type, model.vehicle_type)].tolist()


def test_a_vehicle_needs_every_skill_and_may_have_more() -> None:
    made = builder()
    made.add_vehicle(0, 0, skills={"a", "b"})
    made.add_vehicle(0, 0, skills={"a"})
    made.add_vehicle(0, 0)
    for skills in ({"a", "b"}, {"a"}, set(), {"c"}):
        made.add_task(1, skills=skills)
    assert compatibility(made) == [
        [True, False, False], [True, True, False], [True, True, True], [False, False, False],
    ]


def test_refused_and_allowed_vehicles_come_on_top_of_skills() -> None:
    made = builder()
    for skills in ({"a"}, {"a"}, set()):
        made.add_vehicle(0, 0, skills=skills)
    made.add_task(1, refused={0})
    made.add_task(1, allowed={0, 2})
    made.add_task(1, allowed={0, 1}, refused={1}, skills={"a"})
    made.add_task(1, allowed=set())
    assert compatibility(made) == [
        [False, True, True], [True, False, True], [True, False, False], [False, False, False],
    ]


def test_vehicles_nobody_names_share_one_column() -> None:
    made = builder()
    for _ in range(50):
        made.add_vehicle(0, 0, skills={"a"})
    for _ in range(30):
        made.add_task(1, skills={"a"})
    made.add_task(1, refused={7})
    model = made.build()
    assert model.compatible.shape == (2, 2)
    assert np.flatnonzero(model.vehicle_type != model.vehicle_type[0]).tolist() == [7]


def test_equal_vehicles_share_a_class_and_any_difference_makes_another() -> None:
    base = {"start": 0, "end": 0, "shift": (0, 50), "capacity": (1,), "fixed_cost": 5}
    differences = [
        {}, {}, {"start": 1}, {"end": OPEN}, {"shift": (0, 51)}, {"capacity": (2,)},
        {"fixed_cost": 6}, {"price_per_second": 2}, {"price_per_metre": 1}, {"profile": 1},
        {"service_permille": 999}, {"skills": {"a"}},
    ]
    made = builder()
    made.add_matrix(SQUARE)
    for difference in differences:
        made.add_vehicle(**(base | difference))  # type: ignore[arg-type]
    classes = made.build().vehicle_class.tolist()
    assert classes[0] == classes[1]
    assert len(set(classes)) == len(differences) - 1


def test_a_vehicle_that_a_task_names_is_in_a_class_of_its_own() -> None:
    made = builder()
    for _ in range(3):
        made.add_vehicle(0, 0)
    made.add_task(1, refused={1})
    classes = made.build().vehicle_class.tolist()
    assert classes[0] == classes[2] != classes[1]


def test_an_empty_capacity_is_unbounded() -> None:
    made = plain()
    made.add_vehicle(0, 0)
    assert made.build().vehicle_capacity.tolist() == [[2], [2**31 - 1]]


def tiers(*values: int | None, n_more: int = 0) -> RoutingModel:
    made = builder()
    made.add_vehicle(0, 0, fixed_cost=100, price_per_second=3, price_per_metre=2)
    for value in values:
        made.add_task(1, **({"prize": 77} if value is None else {"tier": value}))
    for _ in range(n_more):
        made.add_task(1, prize=0)
    return made.build()


def test_a_given_prize_is_kept_and_none_is_required() -> None:
    model = tiers(None, 0)
    assert model.task_prize[0] == 77
    assert model.task_required.tolist() == [False, True]


def test_a_required_task_outweighs_any_detour_and_any_given_prize() -> None:
    model = tiers(None, 0)
    # Two longest arcs of 20 s and 60 m at 3 and 2, and a vehicle.
    assert detour_bound(model) == 2 * (20 * 3 + 60 * 2) + 100 == 460
    assert model.task_prize[1] > 460
    made = builder()
    made.add_vehicle(0, 0)
    made.add_task(1, prize=10**12)
    made.add_task(1)
    assert made.build().task_prize[1] > 10**12


def test_an_earlier_tier_outweighs_all_tasks_of_later_ones_together() -> None:
    model = tiers(2, 2, 2, 1, 1, 0)
    prize = model.task_prize
    assert prize[0] == prize[1] == prize[2]
    assert prize[3] > prize[:3].sum()
    assert prize[5] > prize[:5].sum()


def test_only_the_order_of_tiers_matters() -> None:
    assert tiers(0, 1, 2).task_prize.tolist() == tiers(0, 5, 1000).task_prize.tolist()


@pytest.mark.parametrize(("n_tiers", "n"), [(3, 10), (8, 500), (40, 2000)])
def test_many_tiers_keep_their_order_and_fit_in_int64(n_tiers: int, n: int) -> None:
    made = builder()
    made.add_vehicle(0, 0, fixed_cost=10**6)
    for i in range(n):
        made.add_task(1, tier=i % n_tiers)
    prize = made.build().task_prize
    assert sum(int(p) for p in prize) <= 1 << 60
    assert (np.diff(prize[:n_tiers]) <= 0).all()
    assert prize.min() > detour_bound(made.build())


@pytest.mark.parametrize("n_tiers", [2, 5, 12, 20])
def test_each_tier_is_strictly_more_important_than_the_next(n_tiers: int) -> None:
    made = builder()
    made.add_vehicle(0, 0, fixed_cost=10**6)
    for i in range(1000):
        made.add_task(1, tier=i % n_tiers)
    prize = made.build().task_prize
    assert (np.diff(prize[:n_tiers]) < 0).all()


def test_unreachable_arcs_and_unused_profiles_do_not_raise_the_detour_bound() -> None:
    made = ModelBuilder()
    made.add_matrix([[0, UNREACHABLE], [7, 0]], [[0, UNREACHABLE], [7, 0]])
    made.add_matrix([[0, 1000], [1000, 0]])
    made.add_vehicle(0, 0)
    assert detour_bound(made.build()) == 14


@pytest.mark.parametrize(
    ("service", "permille", "expected"),
    [(10, 1000, 10), (10, 1049, 10), (10, 1050, 11), (1, 500, 1), (1, 499, 0), (0, 5000, 0)],
)
def test_service_time_is_rounded_half_up(service: int, permille: int, expected: int) -> None:
    assert int(service_time(service, permille)) == expected


def test_service_time_does_not_wrap() -> None:
    assert int(service_time(np.int32(1_000_000_000), np.int32(2000))) == 2_000_000_000


@pytest.mark.parametrize("counts", [(0, 0), (1, 0), (0, 1)])
def test_a_model_may_have_no_tasks_or_no_vehicles(counts: tuple[int, int]) -> None:
    made = builder(n_dimensions=2)
    add_task: Callable[[], int] = lambda: made.add_task(1)  # noqa: E731
    add_vehicle: Callable[[], int] = lambda: made.add_vehicle(0, 0)  # noqa: E731
    for count, add in zip(counts, (add_task, add_vehicle), strict=True):
        for _ in range(count):
            add()
    model = made.build()
    assert (model.n_tasks, model.n_vehicles) == counts
    assert model.task_demand.shape == (counts[0], 2)
    assert model.vehicle_capacity.shape == (counts[1], 2)
    assert (made.n_tasks, made.n_vehicles) == counts
