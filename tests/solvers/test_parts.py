"""Parts of a model: every field is cut, and a part means what it meant in the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.model import OPEN, RoutingModel
from solvers.parts import _RULES, bonds, part
from tests.builders import rich_model
from tests.rich_models import FEATURES, random_model, random_routes


def leaves() -> set[str]:
    """Names of all arrays of a model, those inside its tuples too."""
    found = set()
    for name, value in rich_model(1)._asdict().items():
        inner = value._asdict() if isinstance(value, tuple) else {}
        found |= {f"{name}.{sub}" for sub in inner} or {name}
    return found


def test_every_field_of_the_model_says_how_it_is_cut() -> None:
    assert set(_RULES) == leaves()


def test_a_field_without_a_rule_makes_every_part_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(_RULES, "links.least")
    with pytest.raises(KeyError):
        part(tied_model(), [0], [0])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_a_route_is_worth_the_same_in_a_part_and_in_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = rich_model(seed, n_tasks=12, n_vehicles=6)
    vehicles = rng.permutation(6)[: int(rng.integers(1, 6))]
    tasks = rng.permutation(12)[: int(rng.integers(0, 12))]
    cut = part(model, tasks, vehicles)
    served = rng.permutation(len(tasks))[: len(tasks) // 2 + 1]
    inside = [list(map(int, x)) for x in np.array_split(served, len(vehicles))]
    whole: list[list[int]] = [[] for _ in range(6)]
    for v, route in zip(vehicles, cut.outward(inside), strict=True):
        whole[v] = route.tolist()
    assert cut.inward([whole[v] for v in vehicles]) == inside
    here, there = evaluate(cut.model, inside), evaluate(model, whole)
    assert here.routes == tuple(there.routes[v] for v in vehicles)
    assert here.travel_cost + here.fixed_cost == there.travel_cost + there.fixed_cost
    assert len(here.violations) == len(there.violations)
    absent = np.isin(tasks, there.unassigned)
    assert here.prize_lost == model.task_prize[tasks[absent]].sum()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_part_of_everything_is_the_model_but_for_its_numbers(seed: int) -> None:
    model = rich_model(seed, n_tasks=7, n_vehicles=5)
    cut = part(model, np.arange(7), np.arange(5))
    at = cut.locations
    assert np.array_equal(at[cut.model.task_location], model.task_location)
    used = np.unique(model.vehicle_profile)
    assert np.array_equal(cut.model.seconds, model.seconds[np.ix_(used, at, at)])
    assert np.array_equal(cut.model.window_early, model.window_early)
    same = cut.model.vehicle_class[:, None] == cut.model.vehicle_class
    assert np.array_equal(same, model.vehicle_class[:, None] == model.vehicle_class)
    may = cut.model.compatible[cut.model.task_type][:, cut.model.vehicle_type]
    assert np.array_equal(may, model.compatible[model.task_type][:, model.vehicle_type])
    starts = cut.model.vehicle_start
    assert np.array_equal(np.where(starts == OPEN, OPEN, at[starts]), model.vehicle_start)


@pytest.mark.parametrize("seed", range(40))
def test_all_tasks_in_another_order_are_worth_the_same_with_every_feature(seed: int) -> None:
    model = random_model(seed, FEATURES, n_tasks=10, n_vehicles=4)
    rng = np.random.default_rng(seed)
    cut = part(model, rng.permutation(10), rng.permutation(4))
    for _ in range(4):
        routes = random_routes(model, rng)
        told = evaluate(model, routes)
        here = evaluate(cut.model, cut.inward([routes[v] for v in cut.vehicles]))
        assert here._replace(routes=(), unassigned=(), violations=()) == told._replace(
            routes=(), unassigned=(), violations=()
        )
        assert here.routes == tuple(told.routes[v] for v in cut.vehicles)
        assert len(here.violations) == len(told.violations)


def tied_model() -> RoutingModel:
    """Six tasks and four vehicles with everything that ties or is listed sparsely."""
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(np.arange(64).reshape(8, 8))
    for i in range(6):
        builder.add_task(
            i, demand=(1,), prize=10 + i, windows=[(0, 10 + i), (50, 60)][: 1 + i % 2],
            affinity={"ann": i, "bo": -i} if i % 2 else None, service=i,
        )
    builder.add_pair(0, 1, load=(3,), ride=77)
    builder.add_link(1, 2, least=5, most=9, worker="other")
    builder.add_group([4, 5])
    batch = [builder.add_batch(ready=t, portions=(t + 1,)) for t in (4, 5, 6)]
    options = [builder.add_reload(7 - k, seconds=k, batch=b) for k, b in enumerate([None, *batch])]
    for v, worker in enumerate(["ann", "bo", "ann", "cy"]):
        builder.add_vehicle(
            6, 7, capacity=(9,), worker=worker, breaks=[(v, v + 5, 3)] * v,
            reloads=options[v:] if v != 1 else (),
        )
    builder.limit_worker("ann", 500)
    for location in range(8):
        builder.set_setup(location, location)
    return builder.build()


def test_what_is_tied_together_is_cut_together() -> None:
    model = tied_model()
    cut = part(model, [2, 5, 0, 1], [3, 2]).model
    assert (cut.pairs.pickup.tolist(), cut.pairs.delivery.tolist()) == ([2], [3])
    assert (cut.pairs.load.tolist(), cut.pairs.ride.tolist()) == ([[3]], [77])
    assert (cut.links.first.tolist(), cut.links.second.tolist()) == ([3], [0])
    assert (cut.links.least.tolist(), cut.links.most.tolist()) == ([5], [9])
    assert len(part(model, [1], [0]).model.pairs.pickup) == 0


def test_breaks_reloads_and_affinities_follow_their_owners() -> None:
    model = tied_model()
    cut = part(model, [5, 1, 2], [3, 2])
    here = cut.model
    assert here.breaks.ptr.tolist() == [0, 3, 5]
    assert here.breaks.early.tolist() == [3, 3, 3, 2, 2]
    assert cut.options.tolist() == [2, 3]
    assert here.reloads.option_ptr.tolist() == [0, 1, 3]
    assert here.reloads.option.tolist() == [1, 0, 1]
    assert cut.locations[here.reloads.location].tolist() == [5, 4]
    assert here.batches.ready[here.reloads.batch].tolist() == [5, 6]
    assert here.batches.portions.tolist() == [[6], [7]]
    # Of ann and bo only ann has a vehicle here.
    assert here.affinities.ptr.tolist() == [0, 1, 2, 2]
    assert here.affinities.cost.tolist() == [5, 1]
    assert np.unique(here.affinities.worker).tolist() == [here.vehicle_worker[1]]
    assert here.worker_max_duty[here.vehicle_worker[1]] == 500
    assert here.setup.tolist() == cut.locations.tolist()
    assert cut.outward([[-1, 0, -2, 1]])[0].tolist() == [-3, 5, -4, 1]
    assert cut.inward([[-3, 5, -4, 1]]) == [[-1, 0, -2, 1]]


def test_a_task_without_any_window_pointer_left_over() -> None:
    cut = part(tied_model(), [1, 0, 3], [1]).model
    assert cut.window_ptr.tolist() == [0, 2, 3, 5]
    assert cut.window_late.tolist() == [11, 60, 10, 13, 60]


def test_bonds_name_what_must_stay_together() -> None:
    tasks, vehicles = bonds(tied_model())
    assert tasks[0] == tasks[1] == tasks[2] >= 0
    assert tasks[4] == tasks[5] >= 0
    assert tasks[0] != tasks[4]
    assert tasks[3] == -1
    assert vehicles[0] == vehicles[2] >= 0
    assert vehicles[1] == vehicles[3] == -1


def test_nothing_is_bound_in_a_plain_model() -> None:
    tasks, vehicles = bonds(rich_model(3))
    assert (tasks == -1).all()
    assert (vehicles == -1).all()
