"""Readers of public instances: known facts, and published solutions measured by our evaluation."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.instances import (
    READERS,
    REFUSED,
    Instance,
    InstanceError,
    best_known_table,
    family_files,
    read_instance,
    shared_folder,
    solomon,
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
        "TINY1", 2, 10, solomon.CONVENTION,
    )
    assert model.seconds[0].tolist() == [[0, 14, 50], [14, 0, 36], [50, 36, 0]]
    assert (model.window_early[0], model.window_late[0], model.task_service[0]) == (100, 200, 50)
    assert model.vehicle_late.tolist() == [1000, 1000]
    assert model.vehicle_capacity.tolist() == [[20], [20]]
    assert model.task_demand.tolist() == [[7], [9]]


def test_hierarchical_text_rounds_times_up_and_measures_in_doubles(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, "tiny1.txt", SOLOMON), "solomon_hier")
    model = instance.model
    assert instance.fewest_vehicles
    assert model.seconds[0].tolist() == [
        [0, 14143, 50000], [14143, 0, 36056], [50000, 36056, 0],  # sqrt(2), 5, sqrt(13)
    ]
    # One vehicle more costs more than any plan is long.
    assert (model.vehicle_fixed > 2 * (14143 + 50000)).all()
    assert instance.exact is not None
    assert instance.exact([[0, 1], []]) == (math.sqrt(2) + math.sqrt(13) + 5, 1, (), ())
    assert instance.exact([[0], []]).unserved == (1,)


@pytest.mark.parametrize(
    ("routes", "fault"),
    [
        ([[1, 0]], "task 0: "),  # 5 + 6 + sqrt(13) is fine, but see the window below
        ([[0, 0], [1]], "task 0: visited 2 times"),
        ([[0], [1], [0]], "3 vehicles used of 2"),
        ([[0, 7]], "7 is not a task"),
    ],
)
def test_an_exact_measure_finds_what_is_broken(
    tmp_path: Path, routes: list[list[int]], fault: str
) -> None:
    text = SOLOMON.replace("10         20 ", "10         14 ")
    instance = read_instance(written(tmp_path, "tiny1.txt", text), "solomon_hier")
    assert instance.exact is not None
    assert any(fault in found for found in instance.exact(routes).violations)


def test_an_exact_measure_finds_overload_and_a_late_return(tmp_path: Path) -> None:
    text = SOLOMON.replace("  2         20", "  2         15").replace(" 100 ", "  24 ")
    instance = read_instance(written(tmp_path, "tiny1.txt", text), "solomon_hier")
    assert instance.exact is not None
    overload, late = instance.exact([[0, 1], []]).violations
    assert overload == "route 0: load 16 above 15"
    # 10 + 5, sqrt(13), 6, 5 later: 29.605551.
    assert late == "route 0: 5.605551 late at the depot"


PAIRS = """2\t10\t1
0\t0\t0\t0\t0\t100\t0\t0\t0
1\t3\t4\t6\t0\t90\t2\t0\t3
2\t0\t2\t5\t0\t90\t2\t0\t4
3\t0\t4\t-6\t0\t90\t2\t1\t0
4\t0\t5\t-5\t0\t90\t2\t2\t0
"""


def test_li_and_lims_text_becomes_pairs(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, "p.txt", PAIRS), "lilim_pdptw_hier")
    pairs = instance.model.pairs
    assert (pairs.pickup.tolist(), pairs.delivery.tolist()) == ([0, 1], [2, 3])
    assert pairs.load.ravel().tolist() == [6, 5]
    assert not instance.model.task_demand.any()
    assert instance.exact is not None
    assert instance.exact([[0, 2, 1, 3], []]) == (5 + 3 + 2 + 3 + 5, 1, (), ())
    faults = {
        "load 11 above 10": [[1, 0, 2, 3]],
        "task 2: delivered without its pickup 0 before": [[2, 0]],
        "task 1: its delivery 3 does not follow": [[1], [3]],
    }
    for fault, routes in faults.items():
        assert any(fault in found for found in instance.exact(routes).violations), fault


@pytest.mark.parametrize(
    ("old", "new"), [("\t1\t0\n4", "\t2\t0\n4"), ("-6", "-7"), ("\t0\t3\n", "\t0\t4\n"),
                     ("\t0\t4\n3", "\n3"), ("4\t0\t5", "5\t0\t5")],
)
def test_pairs_that_do_not_match_are_refused(tmp_path: Path, old: str, new: str) -> None:
    assert old in PAIRS
    path = written(tmp_path, "bad.txt", PAIRS.replace(old, new, 1))
    with pytest.raises(InstanceError, match=r"bad\.txt"):
        read_instance(path, "lilim_pdptw_hier")


DOUBLE: dict[str, Any] = {
    "central_offices": [{"id": "d"}],
    "distances": [[0, 10, 20.5], [10, 0, 8], [20, 8, 0]],
    "caregivers": [{"id": "c1", "abilities": ["a", "b"]}, {"id": "c2", "abilities": ["b"]}],
    "patients": [
        {
            "id": "p1", "time_window": [5, 12], "synchronization": {"type": "simultaneous"},
            "required_caregivers": [
                {"service": "a", "duration": 3}, {"service": "b", "duration": 4},
            ],
        },
        {
            "id": "p2", "time_window": [0, 30],
            "synchronization": {"type": "sequential", "distance": [2, 6]},
            "required_caregivers": [
                {"service": "b", "duration": 1}, {"service": "a", "duration": 1.5},
            ],
        },
    ],
}


def double(folder: Path, **changed: object) -> Instance:
    path = written(folder, "double.json", json.dumps(DOUBLE | changed))
    return read_instance(path, "hhcrsp_mankowska")


def test_double_services_become_links(tmp_path: Path) -> None:
    instance = double(tmp_path)
    model = instance.model
    assert (instance.n, model.n_tasks, instance.scale) == (2, 4, 3000)
    assert model.links.least.tolist() == [0, 2000]
    assert model.links.most.tolist() == [0, 6000]
    assert model.task_soft_late.tolist() == [12000, 12000, 30000, 30000]
    assert model.features == {"links", "soft windows", "worst lateness"}
    assert instance.exact is not None
    # Together at 10. The second leaves at 14 and starts at 22, the first at 24 (13 + 8 = 21).
    good = instance.exact([[0, 3], [1, 2]])
    assert good == (2 * (10 + 8 + 20) / 3, 2, (), ())
    # By way of p2: both at p1 late, first p2 at 20.5, then 24.5 (gap at most 6), 34, 22 late each.
    late = instance.exact([[3, 0], [2, 1]])
    assert late.violations == ()
    assert late.cost == pytest.approx((2 * (20.5 + 8 + 10) + 2 * 20 + 20) / 3)


@pytest.mark.parametrize(
    ("routes", "fault"),
    [
        ([[0, 3], [1]], "tasks 2 and 3: one without the other"),
        ([[0, 2, 3], [1]], "tasks 2 and 3: the same caregiver"),
        ([[1], [0]], "task 0: caregiver 1 may not serve it"),
        ([[0, 1], []], "circle"),
        ([[0, 3], [2, 1]], "circle"),
        ([[3, 0], [1, 2]], "circle"),
        ([[0, 0], [1]], "task 0: visited twice"),
        ([[0], [1], [2]], "caregiver 2: no such visit or caregiver"),
    ],
)
def test_double_services_that_are_broken_are_found(
    tmp_path: Path, routes: list[list[int]], fault: str
) -> None:
    instance = double(tmp_path)
    assert instance.exact is not None
    assert any(fault in found for found in instance.exact(routes).violations)


@pytest.mark.parametrize(
    "changed",
    [
        {"central_offices": []},
        {"distances": [[0, 1], [1, 0]]},
        {"distances": [[0, 10.12345, 20], [10, 0, 8], [20, 8, 0]]},
        {"patients": "none"},
        {"caregivers": [{"id": "c1"}]},
        {"patients": [DOUBLE["patients"][0] | {"required_caregivers": []}, DOUBLE["patients"][1]]},
        {"patients": [DOUBLE["patients"][0] | {"synchronization": {"type": "odd"}}] * 2},
        {"patients": [DOUBLE["patients"][0] | {"time_window": [5.00001, 9]}] * 2},
    ],
)
def test_malformed_json_is_named(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match=r"double\.json"):
        double(tmp_path, **changed)


DEPOTS = "\n".join([
    "NAME : Depots", "DIMENSION : 4", "VEHICLES : 2", "CAPACITY : 5",
    "VEHICLES_MAX_DURATION : 7.5", "SERVICE_TIME : 2", "NODE_COORD_SECTION", "1 0 0", "2 3 4",
    "3 0 2", "4 9 9", "DEMAND_SECTION", "1 0", "2 0", "3 2", "4 1", "TIME_WINDOW_SECTION",
    "1 0 90", "2 5 80", "3 0 70", "4 1 60", "RELEASE_TIME_SECTION", "1 0", "2 0", "3 4", "4 0",
    "VEHICLES_DEPOT_SECTION", "1 1", "2 2", "VEHICLES_RELOAD_DEPOT_SECTION", "1 1", "2 1 2",
    "DEPOT_SECTION", "1", "2", "-1", "EOF", "",
])


def test_several_depots_and_a_longest_duration_are_read(tmp_path: Path) -> None:
    model = read_instance(written(tmp_path, "d.vrp", DEPOTS), "mdvrptw").model
    assert model.vehicle_start.tolist() == model.vehicle_end.tolist() == [0, 1]
    assert model.vehicle_max_duty.tolist() == [7500, 7500]
    assert model.vehicle_early.tolist() == [0, 5000]
    assert model.vehicle_late.tolist() == [90000, 80000]
    assert model.seconds[0, 0].tolist() == [0, 5000, 2000, 12728]
    assert model.task_location.tolist() == [2, 3]
    assert model.task_service.tolist() == [2000, 2000]


def test_reload_depots_and_release_times_are_read(tmp_path: Path) -> None:
    model = read_instance(written(tmp_path, "t.vrp", DEPOTS), "mtvrptwr").model
    assert model.reloads.location.tolist() == [0, 1]
    assert model.reloads.option_ptr.tolist() == [0, 1, 3]
    assert model.reloads.option.tolist() == [0, 0, 1]
    assert model.task_release.tolist() == [40, 0]
    path = written(tmp_path, "t.sol", "Route #1: 0 2 1 0 3 0\nRoute #2:\nCost: 12\n")
    assert read_solution(path, 2) == ([[0, -1, 1], []], 12.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n1\n2\n-1", "\n1\n3\n-1"), ("\n1 1\n2 2", "\n1 1"), ("_DURATION : 7.5", "_X : 1"),
     ("1 0 90", "1 0"), ("\n1 1\n2 2", "\n1 9\n2 2")],
)
def test_malformed_depots_are_named(tmp_path: Path, old: str, new: str) -> None:
    assert old in DEPOTS
    with pytest.raises(InstanceError, match=r"bad\.vrp"):
        read_instance(written(tmp_path, "bad.vrp", DEPOTS.replace(old, new)), "mdvrptw")


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

    @pytest.mark.parametrize("family", ["pcvrptw", "mdvrptw", "mtvrptwr"])
    def test_published_routes_cost_the_best_known_value(self, family: str) -> None:
        table = best_known_table(DATA / "bks.csv")
        files = family_files(family, table, DATA)
        assert len(files) >= 14
        for path in files:
            instance = read_instance(path, family, table)
            model = instance.model
            routes, stated = read_solution(
                path.with_suffix(".sol"), len({*model.vehicle_start.tolist()})
            )
            routes += [[]] * (model.n_vehicles - len(routes))
            figures = evaluate(model, routes)
            assert figures.violations == (), path
            assert figures.cost == stated == instance.best_known, path

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
