"""The model builder beyond the plain fields: what it sets, refuses, and tells apart."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.errors import ModelError, Unsupported
from solvers.model import (
    NO_LIMIT,
    OTHER_WORKER,
    TIME_MAX,
    RoutingModel,
    connected,
    detour_bound,
    units_of,
)
from solvers.solve import BACKENDS, SolveParams, solve

SQUARE = [[0, 10, 20], [10, 0, 15], [20, 15, 0]]


def small(n_tasks: int = 4, **vehicle: Any) -> ModelBuilder:
    made = ModelBuilder(1)
    made.add_matrix(SQUARE)
    for _ in range(n_tasks):
        made.add_task(1, demand=(1,), prize=5)
    made.add_vehicle(0, 0, **({"capacity": (9,), "worker": "ann", "shift": (0, 500)} | vehicle))
    made.add_vehicle(0, 0, capacity=(9,), worker="bo", shift=(0, 500))
    return made


def faults(made: ModelBuilder) -> tuple[str, ...]:
    with pytest.raises(ModelError) as caught:
        made.build()
    return caught.value.faults


def flat(model: RoutingModel) -> dict[str, list[Any]]:
    """Every array of a model by its name, and the scalars."""
    found = {}
    for name, value in model._asdict().items():
        inner = value._asdict() if isinstance(value, tuple) else {"": value}
        found |= {f"{name}.{k}".rstrip("."): np.asarray(x).tolist() for k, x in inner.items()}
    return found


def with_task(**fields: Any) -> ModelBuilder:
    made = small()
    made.add_task(**({"location": 1} | fields))
    return made


def with_vehicle(**fields: Any) -> ModelBuilder:
    made = small()
    made.add_matrix(SQUARE, np.array(SQUARE) * 2)
    made.add_reload(1, seconds=3)
    made.add_vehicle(**({"start": 0, "end": 0} | fields))
    return made


def changed(how: str, *args: Any, **fields: Any) -> ModelBuilder:
    made = small()
    made.add_batch(3, (2,))
    made.add_reload(1)
    getattr(made, how)(*args, **fields)
    return made


def worst(price: int) -> ModelBuilder:
    made = small()
    made.price_worst = price
    return made


#: An argument, the model with it, the model without, and the fields that it alone changes.
ARGUMENTS: list[tuple[ModelBuilder, ModelBuilder, str]] = [
    (with_task(location=2), with_task(), "task_location"),
    (with_task(service=7), with_task(), "task_service"),
    (with_task(windows=[(3, 9)]), with_task(), "window_early window_late"),
    (with_task(pin_start=9), with_task(windows=[(9, 9)]), ""),
    (with_task(windows=[(3, 9), (20, 30)]), with_task(windows=[(3, 9)]),
     "window_ptr window_early window_late"),
    (with_task(demand=(3,)), with_task(), "task_demand"),
    (with_task(pickup=(3,)), with_task(), "task_pickup"),
    (with_task(refused=[1]), with_task(),
     "task_type vehicle_type vehicle_class compatible"),
    (with_task(prize=8), with_task(prize=9), "task_prize"),
    (with_task(prize=1), with_task(), "task_prize task_required"),
    (with_task(soft_late=50), with_task(), "task_soft_late"),
    (with_task(late_price=5), with_task(), "task_late_price"),
    (with_task(release=5), with_task(), "task_release"),
    (with_task(freshness=5), with_task(), "task_freshness"),
    (with_vehicle(start=1), with_vehicle(), "vehicle_start"),
    (with_vehicle(end=1), with_vehicle(), "vehicle_end"),
    (with_vehicle(shift=(1, 9)), with_vehicle(), "vehicle_early vehicle_late"),
    (with_vehicle(capacity=(4,)), with_vehicle(), "vehicle_capacity vehicle_first_load"),
    (with_vehicle(first_load=(4,)), with_vehicle(), "vehicle_first_load"),
    (with_vehicle(profile=1), with_vehicle(), "vehicle_profile"),
    (with_vehicle(fixed_cost=1), with_vehicle(), "vehicle_fixed"),
    (with_vehicle(price_per_second=7), with_vehicle(), "vehicle_price_second"),
    (with_vehicle(price_per_metre=7), with_vehicle(), "vehicle_price_metre"),
    (with_vehicle(service_permille=7), with_vehicle(), "vehicle_permille"),
    (with_vehicle(worker="bo"), with_vehicle(worker="cy"), "vehicle_worker worker_max_duty"),
    (with_vehicle(price_per_duty_second=7), with_vehicle(), "vehicle_price_duty"),
    (with_vehicle(regular_duty=7), with_vehicle(), "vehicle_regular_duty"),
    (with_vehicle(overtime_price=7), with_vehicle(), "vehicle_overtime_price"),
    (with_vehicle(max_duty=7), with_vehicle(), "vehicle_max_duty"),
    (with_vehicle(max_travel=7), with_vehicle(), "vehicle_max_travel"),
    (with_vehicle(max_tasks=7), with_vehicle(), "vehicle_max_tasks"),
    (with_vehicle(max_trips=7), with_vehicle(), "vehicle_max_trips"),
    (with_vehicle(max_trip=7), with_vehicle(), "vehicle_max_trip"),
    (with_vehicle(breaks=[(1, 2, 3)]), with_vehicle(),
     "breaks.ptr breaks.early breaks.late breaks.length"),
    (with_vehicle(reloads=[0]), with_vehicle(), "reloads.option_ptr reloads.option"),
    (changed("add_task", 1, affinity={"bo": -4}, prize=1), changed("add_task", 1, prize=1),
     "affinities.ptr affinities.worker affinities.cost vehicle_class"),
    (changed("add_task", 1, affinity={"bo": -4, "ann": 2}, prize=1),
     changed("add_task", 1, affinity={"bo": -4}, prize=1),
     "affinities.ptr affinities.worker affinities.cost"),
    (changed("add_pair", 0, 3, load=(2,), ride=30), changed("add_batch"),
     "pairs.pickup pairs.delivery pairs.load pairs.ride batches.ready batches.portions"),
    (changed("add_link", 0, 3, least=1, most=9, worker="other"), changed("add_link", 1, 2),
     "links.first links.second links.least links.most links.worker"),
    (changed("add_group", [0, 3]), small(),
     "task_group batches.ready batches.portions reloads.location reloads.seconds reloads.batch"),
    (changed("add_reload", 2, seconds=5, batch=0), changed("set_setup", 1, 0),
     "reloads.location reloads.seconds reloads.batch"),
    (changed("set_setup", 1, 60), changed("set_setup", 1, 0), "setup"),
    (changed("limit_worker", "bo", 60), changed("set_setup", 1, 0),
     "worker_max_duty vehicle_class"),
    (worst(5), worst(0), "price_worst"),
]


@pytest.mark.parametrize("case", range(len(ARGUMENTS)))
def test_an_argument_sets_its_fields_and_no_others(case: int) -> None:
    with_it, without, fields = ARGUMENTS[case]
    one, other = flat(with_it.build()), flat(without.build())
    differ = {name for name in one if one[name] != other[name]}
    derived = {"task_prize", "vehicle_class", "task_type"}  # of required tasks; of all vehicles
    assert set(fields.split()) <= differ <= set(fields.split()) | derived


def test_every_field_of_the_model_is_set_by_an_argument() -> None:
    named = {name for _, _, fields in ARGUMENTS for name in fields.split()}
    # The matrices have tests of their own; vehicle_class and the rest are above.
    assert set(flat(small().build())) - named == {"seconds", "metres"}


def test_worker_words_and_constants_are_the_same() -> None:
    for worker in ("other", OTHER_WORKER):
        model = changed("add_link", 0, 1, worker=worker).build()
        assert model.links.worker.tolist() == [OTHER_WORKER]


def test_no_limit_is_the_named_constant() -> None:
    model = small().build()
    assert set(model.vehicle_max_duty.tolist()) == set(model.task_freshness.tolist()) == {TIME_MAX}
    assert set(model.vehicle_max_tasks.tolist()) == {NO_LIMIT}
    assert changed("add_batch").build().batches.portions.tolist() == [[2], [NO_LIMIT]]


TASK_RANGES = {
    "soft_late": (0, TIME_MAX), "late_price": (0, NO_LIMIT), "release": (0, TIME_MAX),
    "freshness": (0, TIME_MAX), "pin_start": (0, TIME_MAX),
}
VEHICLE_RANGES = {
    "price_per_duty_second": (0, NO_LIMIT), "regular_duty": (0, TIME_MAX),
    "overtime_price": (0, NO_LIMIT), "max_duty": (0, TIME_MAX), "max_travel": (0, TIME_MAX),
    "max_tasks": (1, NO_LIMIT), "max_trips": (1, NO_LIMIT), "max_trip": (0, TIME_MAX),
}


@pytest.mark.parametrize("name", TASK_RANGES)
def test_task_numbers_are_accepted_up_to_their_limit(name: str) -> None:
    least, most = TASK_RANGES[name]
    for value in (least, most):
        with_task(**{name: value}).build()
    for value in (least - 1, most + 1):
        (fault,) = faults(with_task(**{name: value}))
        assert fault.startswith("task 4: ")


@pytest.mark.parametrize("name", VEHICLE_RANGES)
def test_vehicle_numbers_are_accepted_up_to_their_limit(name: str) -> None:
    least, most = VEHICLE_RANGES[name]
    for value in (least, most):
        with_vehicle(**{name: value}).build()
    for value in (least - 1, most + 1):
        (fault,) = faults(with_vehicle(**{name: value}))
        assert fault.startswith("vehicle 2: ")


FAULTS = [
    (lambda m: m.add_task(1, pickup=(-1,)), "task 4: pickup"),
    (lambda m: m.add_task(1, pickup=(1, 1)), "task 4: pickup"),
    (lambda m: m.add_task(1, affinity={"cy": 1}), "task 4: affinity to worker 'cy'"),
    (lambda m: m.add_task(1, affinity={"bo": 2**31}), "task 4: affinity"),
    (lambda m: m.add_vehicle(0, 0, first_load=(1, 1)), "vehicle 2: first_load"),
    (lambda m: m.add_vehicle(0, 0, first_load=(-1,)), "vehicle 2: first_load"),
    (lambda m: m.add_vehicle(0, 0, breaks=[(5, 4, 1)]), "vehicle 2: break"),
    (lambda m: m.add_vehicle(0, 0, breaks=[(5, 5, -1)]), "vehicle 2: break"),
    (lambda m: m.add_vehicle(0, 0, reloads=[0]), "vehicle 2: reload 0"),
    (lambda m: m.limit_worker("cy", 5), "worker 'cy'"),
    (lambda m: m.limit_worker("bo", -5), "worker 'bo'"),
    (lambda m: m.add_pair(0, 4), "pair 0: task 4"),
    (lambda m: m.add_pair(0, 0), "task 0: in 2 pairs"),
    (lambda m: (m.add_pair(0, 1), m.add_pair(2, 0)), "task 0: in 2 pairs"),
    (lambda m: m.add_pair(0, 1, load=(1, 2)), "pair 0: load"),
    (lambda m: m.add_pair(0, 1, ride=-1), "pair 0: ride"),
    (lambda m: m.add_link(-1, 0), "link 0: task -1"),
    (lambda m: m.add_link(1, 1), "link 0: task 1"),
    (lambda m: m.add_link(0, 1, least=1, most=0), "link 0: 1 to 0"),
    (lambda m: m.add_link(0, 1, worker="them"), "link 0: worker"),
    (lambda m: m.add_link(0, 1, worker=3), "link 0: worker"),
    (lambda m: m.add_group([0, 9]), "group 0: task 9"),
    (lambda m: m.add_group([0]), "group 0: fewer than two"),
    (lambda m: (m.add_pair(0, 1), m.add_group([0, 1])), "group 0: fewer than two"),
    (lambda m: (m.add_group([0, 1]), m.add_group([1, 2])), "group 1: tasks [1]"),
    (lambda m: (m.add_link(0, 3), m.add_group([0, 1]), m.add_group([3, 2])), "group 1: tasks"),
    (lambda m: m.add_batch(-1), "batch 0: ready"),
    (lambda m: m.add_batch(0, (1, 1)), "batch 0: portions"),
    (lambda m: m.add_reload(3), "reload 0: location"),
    (lambda m: m.add_reload(0, seconds=-1), "reload 0: seconds"),
    (lambda m: m.add_reload(0, batch=0), "reload 0: batch 0"),
    (lambda m: m.set_setup(3, 1), "setup: location 3"),
    (lambda m: m.set_setup(0, -1), "setup: -1"),
    (lambda m: setattr(m, "price_worst", -1), "price_worst"),
]


@pytest.mark.parametrize("case", range(len(FAULTS)))
def test_what_is_wrong_is_told_in_one_fault(case: int) -> None:
    spoil, said = FAULTS[case]
    made = small()
    spoil(made)  # type: ignore[no-untyped-call]
    (fault,) = faults(made)
    assert fault.startswith(said)


def test_connected_numbers_components_by_first_appearance() -> None:
    assert connected(6, [(5, 1), (1, 3), (2, 0)]).tolist() == [0, 1, 0, 1, 2, 1]


def test_a_group_takes_in_all_that_is_tied_to_its_tasks_at_the_greatest_prize_of_a_unit() -> None:
    made = small(6)
    made.add_pair(0, 1)
    made.add_link(1, 2)
    made.add_group([3, 2])
    model = made.build()
    assert units_of(model).tolist() == [0, 0, 0, 1, 2, 3]
    assert model.task_group.tolist() == [0, 0, 0, 0, -1, -1]
    assert model.task_prize.tolist() == [15, 15, 15, 15, 5, 5]
    assert "groups of tied tasks" in model.features


def test_a_group_with_a_required_task_is_required() -> None:
    made = small(3)
    made.add_task(1)
    made.add_group([0, 3])
    model = made.build()
    assert model.task_required.tolist() == [True, False, False, True]
    assert model.task_prize[0] == model.task_prize[3] > detour_bound(model)
    assert model.features == {"groups"}


def test_a_required_task_outweighs_duty_overtime_lateness_and_affinity() -> None:
    made = small(
        0, price_per_duty_second=3, regular_duty=100, overtime_price=2, max_duty=400,
        price_per_second=0,
    )
    made.add_task(1, soft_late=100, late_price=7, windows=[(0, 300)], affinity={"ann": 50})
    made.add_task(1, soft_late=100, windows=[(0, 900)], prize=5, affinity={"bo": -50})
    made.price_worst = 11
    model = made.build()
    travel, duty, late, by_worst, liking = 40, 400 * 3 + 300 * 2, 200 * 7, 400 * 11, 100
    assert detour_bound(model) == travel + duty + late + by_worst + liking
    assert model.task_prize[0] > detour_bound(model)


def classes(made: ModelBuilder) -> list[int]:
    return made.build().vehicle_class.tolist()


def fleet() -> ModelBuilder:
    made = ModelBuilder()
    made.add_matrix(SQUARE)
    for worker in ("ann", "bo", "cy", "cy", None):
        made.add_vehicle(0, 0, worker=worker)
    return made


def test_workers_tell_vehicles_apart_only_where_something_is_by_worker() -> None:
    assert classes(fleet()) == [0, 0, 0, 0, 0]
    liked = fleet()
    liked.add_task(1, affinity={"bo": 3})
    assert classes(liked) == [0, 1, 0, 0, 0]
    limited = fleet()
    limited.limit_worker("ann", 50)
    limited.limit_worker("bo", 50)
    limited.limit_worker("cy", 50)
    assert classes(limited) == [0, 0, 1, 1, 2]  # cy's two days share one limit
    by_worker = [0, 0, 1, 1, 0]
    for worker, expected in (("any", [0] * 5), ("same", by_worker), ("other", by_worker)):
        linked = fleet()
        linked.add_task(1)
        linked.add_task(1)
        linked.add_link(0, 1, worker=worker)
        assert classes(linked) == expected


@pytest.mark.parametrize("backend", ["search", "ortools"])
def test_a_backend_refuses_by_name_what_it_does_not_support(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small()
    made.set_setup(1, 5)
    made.add_group([0, 1])
    model = made.build()
    assert model.features == {"setup", "groups"}
    monkeypatch.setattr(importlib.import_module(BACKENDS[backend]), "SUPPORTED", frozenset())
    with pytest.raises(Unsupported, match=f"{backend} does not support: groups, setup"):
        solve(model, SolveParams(backend=backend, time_limit_s=0.1))
