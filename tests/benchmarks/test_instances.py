"""Readers of public instances: known facts, and published solutions measured by our evaluation."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks.instances import (
    READERS,
    REFUSED,
    InstanceError,
    best_known_table,
    family_files,
    read_instance,
    shared_folder,
)
from benchmarks.instances.base import euclidean, round_half_up, tenths
from benchmarks.instances.generate import rich_day
from benchmarks.instances.vrplib import read_solution
from solvers.evaluation import evaluate

DATA = shared_folder() / "instances"
shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no public instances in {DATA}"),
]

SOLOMON = """TINY1

VEHICLE
NUMBER     CAPACITY
  2         20

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0          0          0          0        100          0
    1      1          1          7         10         20          5
    2      3          4          9          0         90          6
"""

CVRP = "\n".join([
    "NAME : \tTiny\t", "TYPE : \tCVRP", "DIMENSION : \t4", "EDGE_WEIGHT_TYPE : \tEUC_2D",
    "CAPACITY : \t5", "NODE_COORD_SECTION", "1\t0\t0", "2\t1\t1", "3\t0\t2", "4\t9\t9",
    "DEMAND_SECTION", "1\t0", "2\t3", "3\t2", "4\t1", "DEPOT_SECTION", "1", "-1", "EOF", "",
])


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rounding_rules_of_the_families() -> None:
    distance = np.array([1.49, 1.5, 2.96])
    assert round_half_up(distance).tolist() == [1, 2, 3]
    assert tenths(distance).tolist() == [14, 15, 29]


def test_a_matrix_by_blocks_is_the_same_matrix() -> None:
    xy = np.random.default_rng(1).integers(0, 99, (1203, 2)).astype(float)
    whole = np.floor(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) + 0.5)
    assert (euclidean(xy, round_half_up) == whole).all()


def test_solomon_text_becomes_tenths(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, "tiny1.txt", SOLOMON), "solomon_dimacs")
    model = instance.model
    assert (instance.name, instance.n, instance.scale, instance.convention) == (
        "TINY1", 2, 10, "dimacs",
    )
    assert model.seconds[0].tolist() == [[0, 14, 50], [14, 0, 36], [50, 36, 0]]
    assert (model.window_early[0], model.window_late[0], model.task_service[0]) == (100, 200, 50)
    assert model.vehicle_late.tolist() == [1000, 1000]
    assert model.vehicle_capacity.tolist() == [[20], [20]]
    assert model.task_demand.tolist() == [[7], [9]]


def test_vrplib_text_with_tabs_is_read(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, "t.vrp", CVRP), "belgium")
    model = instance.model
    assert (instance.name, instance.n, instance.scale) == ("Tiny", 3, 1)
    assert model.seconds[0, 0].tolist() == [0, 1, 2, 13]
    assert model.task_demand.ravel().tolist() == [3, 2, 1]
    assert (model.vehicle_capacity == 5).all()


@pytest.mark.parametrize("family", sorted(REFUSED))
def test_a_family_that_cannot_be_read_is_refused_by_name_and_reason(family: str) -> None:
    with pytest.raises(InstanceError, match=f"{family}: .+"):
        read_instance(Path("anything"), family)


def test_an_unknown_family_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InstanceError, match=r"'solomons'.*solomon_dimacs"):
        read_instance(Path("anything"), "solomons")


@pytest.mark.parametrize("family", sorted(READERS))
@pytest.mark.parametrize(
    "text", ["", "hello\n", SOLOMON.replace("    2  ", "    7  "), CVRP.replace("3\t2\n", ""),
             CVRP.replace("DEMAND_SECTION", "DEMANDS"), CVRP.replace("\n1\n-1", "\n1\n2\n-1")],
)
def test_a_malformed_file_is_named_in_the_message(tmp_path: Path, family: str, text: str) -> None:
    with pytest.raises(InstanceError, match="bad"):
        read_instance(written(tmp_path, "bad.txt", text), family)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(InstanceError, match="nowhere"):
        read_instance(Path("nowhere.txt"), "care")


@pytest.mark.parametrize(
    "text", ["name,cost\na,1\n", "name,family,n,cost,vehicles,path\na,b,c,d,e,f\n"]
)
def test_a_table_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InstanceError, match="best-known"):
        best_known_table(written(tmp_path, "bks.csv", text))


def test_a_care_day_without_an_array_says_which(tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", travel_s=np.zeros((2, 2)))
    with pytest.raises(InstanceError, match="window_s"):
        read_instance(tmp_path / "bad.npz", "care")


def test_generated_days_are_the_same_for_a_seed_and_use_every_feature() -> None:
    model, again, other = rich_day(300), rich_day(300), rich_day(300, seed=2)
    arrays = [k for k, x in model._asdict().items() if isinstance(x, np.ndarray)]
    assert all((getattr(model, k) == getattr(again, k)).all() for k in arrays)
    assert (model.task_service != other.task_service).any()
    assert (np.diff(model.window_ptr) == 2).any()
    assert not model.compatible.all()
    assert (model.vehicle_end == -1).any()
    assert len(set(model.vehicle_permille.tolist())) > 1
    assert 0 < model.task_required.sum() < model.n_tasks


class TestWithPublicInstances:
    pytestmark = shared

    @pytest.mark.parametrize(
        ("family", "name", "n", "capacity", "vehicles", "best"),
        [
            ("solomon_dimacs", "solomon/C101.txt", 100, 200, 25, 827.3),
            ("homberger_dimacs", "homberger/200/c1_2_1.txt", 200, 200, 50, 2698.6),
            ("uchoa_x", "uchoa_x/X-n106-k14.vrp", 105, 600, None, 26362),
            ("care", "care/care1000-7.npz", 1000, None, 120, 579113),
        ],
    )
    def test_known_facts(
        self, family: str, name: str, n: int, capacity: int | None, vehicles: int | None,
        best: float,
    ) -> None:
        instance = read_instance(DATA / name, family, best_known_table(DATA / "bks.csv"))
        assert instance.n == instance.model.n_tasks == n
        assert instance.best_known == best
        if capacity:
            assert set(instance.model.vehicle_capacity.ravel().tolist()) == {capacity}
        if vehicles:
            assert instance.model.n_vehicles == vehicles

    def test_a_route_of_the_known_optimum_measures_as_the_file_says(self) -> None:
        # C101: one route of the optimal solution, 50.80 long in exact distance.
        route = (20, 24, 25, 27, 29, 30, 28, 26, 23, 22, 21)
        lines = (DATA / "solomon/C101.txt").read_text(encoding="utf-8").split("TIME\n")[-1]
        xy = {int(w[0]): (int(w[1]), int(w[2])) for w in map(str.split, lines.splitlines()) if w}
        legs = [math.dist(xy[a], xy[b]) for a, b in itertools.pairwise((0, *route, 0))]
        assert round(sum(legs), 2) == 50.80
        model = read_instance(DATA / "solomon/C101.txt", "solomon_dimacs").model
        figures = evaluate(model, [[c - 1 for c in route], *[[]] * 24])
        assert figures.violations == ()
        assert figures.travel_cost == sum(math.floor(10 * leg) for leg in legs)

    @pytest.mark.parametrize("name", ["C1_10_1", "R2_10_4", "RC1_10_8"])
    def test_published_routes_cost_the_best_known_value(self, name: str) -> None:
        path = DATA / "pcvrptw" / f"{name}.vrp"
        instance = read_instance(path, "pcvrptw", best_known_table(DATA / "bks.csv"))
        routes, stated = read_solution(path.with_suffix(".sol"))
        routes += [[]] * (instance.model.n_vehicles - len(routes))
        figures = evaluate(instance.model, routes)
        assert figures.violations == ()
        assert figures.cost == stated == instance.best_known

    def test_explicit_durations_are_those_of_the_file(self) -> None:
        table = best_known_table(DATA / "bks.csv")
        for path in family_files("euro_neurips", table, DATA):
            instance = read_instance(path, "euro_neurips", table)
            lines = path.read_text(encoding="utf-8").splitlines()
            first = lines[lines.index("EDGE_WEIGHT_SECTION") + 1].split()
            assert instance.model.seconds[0, 0].tolist() == [int(x) for x in first]
            assert instance.best_vehicles is not None
            assert instance.model.n_vehicles >= instance.best_vehicles

    def test_every_fleet_offered_is_as_large_as_the_best_known_one(self) -> None:
        table = best_known_table(DATA / "bks.csv")
        for path in family_files("uchoa_x", table, DATA)[::7]:
            instance = read_instance(path, "uchoa_x", table)
            assert instance.best_vehicles is not None
            assert instance.model.n_vehicles >= instance.best_vehicles

    def test_a_day_without_best_known_value_is_listed_and_has_none(self) -> None:
        table = best_known_table(DATA / "bks.csv")
        files = family_files("care", table, DATA)
        assert [f.stem for f in files] == ["care1000-7", "care1000-8", "care1000-9"]
        assert read_instance(files[1], "care", table).best_known is None
