"""Adapters of other engines: features in their own terms, and refusals by name."""

from __future__ import annotations

import pytest

from benchmarks.instances import READERS, Instance, best_known_table, family_files, shared_folder
from benchmarks.peers import PEERS
from benchmarks.peers.pyvrp_peer import run_pyvrp
from benchmarks.peers.vroom_peer import run_vroom
from solvers.builder import ModelBuilder
from solvers.errors import Unsupported
from solvers.evaluation import evaluate
from solvers.model import OPEN

DATA = shared_folder() / "instances"
LINE = [[abs(i - j) * 10 for j in range(5)] for i in range(5)]


def instance_of(builder: ModelBuilder, **fields: bool) -> Instance:
    model = builder.build()
    return Instance("made", "made", model.n_tasks, "", 1, model, **fields)  # type: ignore[arg-type]


def rich(open_end: bool = False) -> Instance:
    """Four visits on a line; one needs a skill that only the dearer vehicle has."""
    builder = ModelBuilder(1)
    builder.add_matrix(LINE)
    builder.add_vehicle(0, 0, capacity=(3,), shift=(0, 900), fixed_cost=20)
    builder.add_vehicle(4, OPEN if open_end else 4, capacity=(3,), skills={"a"}, fixed_cost=35)
    for location, skills in ((1, ()), (2, ()), (3, ("a",)), (4, ())):
        builder.add_task(location, demand=(1,), skills=skills, service=5, windows=[(0, 500)])
    return instance_of(builder)


@pytest.mark.parametrize("solver", ["pyvrp", "vroom"])
def test_a_peer_finds_the_optimum_of_a_small_rich_model(solver: str) -> None:
    pytest.importorskip(solver)
    outcome = PEERS[solver](rich(), 0.3, 1)
    figures = evaluate(rich().model, outcome.routes)
    assert figures.violations == ()
    # Skilled vehicle: 4, 3 and back, 20 + 35; the other: 1, 2 and back, 40 + 20. Or 4, 3, 2: 75.
    assert figures.cost == 115


@pytest.mark.parametrize("solver", ["pyvrp", "vroom"])
def test_pairs_are_shipments(solver: str) -> None:
    pytest.importorskip(solver)
    builder = ModelBuilder(1)
    builder.add_matrix(LINE)
    builder.add_vehicle(0, 0, capacity=(2,))
    for location in (3, 1, 2, 4, 2):
        builder.add_task(location, demand=(int(location == 4),), service=1)
    builder.add_pair(0, 1, load=(1,))  # from 3 to 1
    builder.add_pair(2, 4, load=(2,))  # fills the vehicle
    (route,) = PEERS[solver](instance_of(builder), 0.3, 1).routes
    assert sorted(route) == [0, 1, 2, 3, 4]
    assert route.index(0) < route.index(1)
    # Both tasks of the second pair at one place, nothing else on board in between.
    assert route.index(4) == route.index(2) + 1
    assert not route.index(0) < route.index(2) < route.index(1)


def trips() -> ModelBuilder:
    """Room for one load at a time; the second is released late."""
    builder = ModelBuilder(1)
    builder.add_matrix(LINE)
    builder.add_reload(0)
    builder.add_vehicle(0, 0, capacity=(1,), reloads=[0], shift=(0, 200))
    builder.add_task(1, demand=(1,))
    builder.add_task(2, demand=(1,), release=60)
    return builder


def test_pyvrp_comes_back_for_the_next_load() -> None:
    pytest.importorskip("pyvrp")
    (route,) = run_pyvrp(instance_of(trips()), 0.3, 1).routes
    assert route in ([0, -1, 1], [1, -1, 0])


def test_pyvrp_keeps_a_route_short_enough() -> None:
    pytest.importorskip("pyvrp")
    builder = ModelBuilder()
    builder.add_matrix(LINE)
    for _ in range(2):
        builder.add_vehicle(0, 0, max_duty=60, fixed_cost=500)
    builder.add_task(1)
    builder.add_task(2, windows=[(100, 200)])  # 70 with it, had the vehicle to wait from the start
    builder.add_task(3)
    outcome = run_pyvrp(instance_of(builder), 0.3, 1)
    assert sorted(map(len, outcome.routes)) == [0, 3]
    builder = ModelBuilder()
    builder.add_matrix(LINE)
    for _ in range(2):
        builder.add_vehicle(0, 0, max_duty=60, fixed_cost=500)
    builder.add_task(1, windows=[(20, 20)])
    builder.add_task(2, windows=[(90, 90)])  # 10 until 110: too long for one
    outcome = run_pyvrp(instance_of(builder), 0.3, 1)
    assert sorted(map(len, outcome.routes)) == [1, 1]


def test_pyvrp_uses_its_own_fleet_minimisation_where_vehicles_come_first() -> None:
    pytest.importorskip("pyvrp")
    builder = ModelBuilder(1)
    builder.add_matrix([[0, 10, 10, 10], [10, 0, 90, 90], [10, 90, 0, 90], [10, 90, 90, 0]])
    for _ in range(3):
        builder.add_vehicle(0, 0, capacity=(3,))
    for location in (1, 2, 3):
        builder.add_task(location, demand=(1,))
    plain = run_pyvrp(instance_of(builder), 0.3, 1)
    assert sum(1 for route in plain.routes if route) == 3
    few = run_pyvrp(instance_of(builder, fewest_vehicles=True), 0.3, 1)
    assert sum(1 for route in few.routes if route) == 1


def test_vroom_takes_breaks_and_keeps_limits() -> None:
    pytest.importorskip("vroom")
    builder = ModelBuilder()
    builder.add_matrix(LINE)
    builder.add_vehicle(0, 0, max_tasks=1, breaks=[(0, 500, 30)], shift=(0, 100))
    builder.add_vehicle(0, 0, max_travel=40, shift=(0, 100))
    for location in (1, 2, 4):
        builder.add_task(location)
    instance = instance_of(builder)
    first, second = run_vroom(instance, 0.3, 1).routes
    # 80 to location 4 and back: too far for the second, too long with a break for the first.
    assert sorted(first + second) in ([0, 1], [0, 1, 2])
    assert 2 not in first + second
    assert len(first) <= 1


@pytest.mark.parametrize("solver", ["pyvrp", "vroom"])
def test_what_a_peer_cannot_express_is_told_by_name(solver: str) -> None:
    pytest.importorskip(solver)
    builder = trips()
    builder.add_vehicle(0, 0, capacity=(1,))
    builder.add_link(0, 1)
    with pytest.raises(Unsupported, match=f"{solver}: links"):
        PEERS[solver](instance_of(builder), 0.1, 1)


def test_pyvrp_says_that_it_has_no_open_routes() -> None:
    pytest.importorskip("pyvrp")
    with pytest.raises(Unsupported, match="open routes"):
        run_pyvrp(rich(open_end=True), 0.1, 1)


def test_vroom_does_not_weigh_prizes_and_says_so() -> None:
    pytest.importorskip("vroom")
    builder = ModelBuilder()
    builder.add_matrix([[0, 10], [10, 0]])
    builder.add_vehicle(0, 0)
    builder.add_task(1, prize=5)
    with pytest.raises(Unsupported, match="prize"):
        run_vroom(instance_of(builder), 0.1, 1)


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no public instances in {DATA}")
@pytest.mark.parametrize("family", ["mdvrptw", "mtvrptwr", "pcvrptw"])
def test_our_model_says_the_same_as_pyvrps_own_reader(family: str) -> None:
    pyvrp = pytest.importorskip("pyvrp")
    far = 1_000_000_000
    for path in family_files(family, best_known_table(DATA / "bks.csv"), DATA)[::6]:
        instance = READERS[family](path, family)
        model = instance.model
        assert instance.native is not None
        data = pyvrp.read(instance.native.path, instance.native.rounding)
        assert (data.distance_matrix(0) == model.seconds[0]).all()
        for i, client in enumerate(data.clients()):
            assert client.location == model.task_location[i]
            assert client.service_duration == model.task_service[i]
            assert client.release_time == model.task_release[i]
            assert (client.tw_early, min(client.tw_late, far)) == (
                model.window_early[i], model.window_late[i]
            )
            assert client.required == model.task_required[i]
            assert client.required or client.prize == model.task_prize[i]
        assert data.num_vehicles == model.n_vehicles
        for kind in data.vehicle_types():
            for v in map(int, kind.name.split(",")):
                assert (kind.start_depot, kind.end_depot) == (
                    model.vehicle_start[v], model.vehicle_end[v]
                )
                assert min(kind.shift_duration, far) == model.vehicle_max_duty[v]
                assert (kind.tw_early, min(kind.tw_late, far)) == (
                    model.vehicle_early[v], model.vehicle_late[v]
                )


