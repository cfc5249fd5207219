"""The home-care command: its checker, its tables and what it writes."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import home_care
from benchmarks.home_care_check import check, main, read_solution
from benchmarks.instances import InstanceError, read_instance, shared_folder
from solvers.evaluation import evaluate
from solvers.solve import SolveParams, solve

DATA = shared_folder() / "instances" / "hhcrsp"
needs_shared = pytest.mark.skipif(not DATA.is_dir(), reason=f"no home-care instances in {DATA}")

#: p1 needs a and b together, p2 needs b and then a 2 to 6 later, p3 needs a.
TINY: dict[str, Any] = {
    "distances": [[0, 10, 20, 5], [10, 0, 8, 9], [20, 8, 0, 9], [5, 9, 9, 0]],
    "central_offices": [{"id": "d"}],
    "caregivers": [
        {"id": "c1", "abilities": ["a", "b"]}, {"id": "c2", "abilities": ["b", "a"]},
        {"id": "c3", "abilities": ["a"]},
    ],
    "patients": [
        {
            "id": "p1", "time_window": [0, 12], "synchronization": {"type": "simultaneous"},
            "required_caregivers": [
                {"service": "a", "duration": 3}, {"service": "b", "duration": 4},
            ],
        },
        {
            "id": "p2", "time_window": [20.5, 30],
            "synchronization": {"type": "sequential", "distance": [2, 6]},
            "required_caregivers": [
                {"service": "b", "duration": 1}, {"service": "a", "duration": 1.5},
            ],
        },
        {
            "id": "p3", "time_window": [100, 101],
            "required_caregivers": [{"service": "a", "duration": 1}],
        },
    ],
}
GOOD: dict[str, list[tuple[str, int]]] = {
    "c1": [("p1", 0), ("p2", 1)], "c2": [("p1", 1), ("p2", 0)], "c3": [("p3", 0)],
}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(TINY), encoding="utf-8")
    return path


def test_a_good_answer_costs_what_the_rule_says() -> None:
    verdict = check(TINY, GOOD)
    assert verdict.faults == ()
    assert verdict.starts == {(0, 0): 10, (0, 1): 10, (1, 0): 22, (1, 1): 24, (2, 0): 100}
    assert verdict.cost == (2 * (10 + 8 + 20) + 2 * 5) / 3
    # By way of p2: 20.5 and 22.5, so p1 at 32, by the later of 29.5 and 32; 20 late each.
    late = check(TINY, GOOD | {"c1": [("p2", 1), ("p1", 0)], "c2": [("p2", 0), ("p1", 1)]})
    assert late.faults == ()
    assert late.starts[0, 0] == late.starts[0, 1] == 32
    assert (late.total_lateness, late.greatest_lateness) == (40, 20)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"c3": []}, "p3: service 0 is not given"),
        ({"c3": [("p3", 0), ("p3", 0)]}, "p3: service 0 is given twice"),
        ({"c3": [("p3", 0), ("p1", 1)], "c2": [("p2", 0)]}, "c3: is not able to b at p1"),
        ({"c1": [("p1", 0), ("p1", 1), ("p2", 1)], "c2": [("p2", 0)]}, "one caregiver for both"),
        ({"c1": [("p2", 1), ("p1", 0)]}, "circle"),
        ({"c3": [("p3", 1)]}, "no service 1 at p3"),
        ({"c3": [("p9", 0)]}, "no service 0 at p9"),
        ({"c9": [("p3", 0)]}, "no caregiver c9"),
    ],
)
def test_every_rule_that_is_broken_is_told(
    changed: dict[str, list[tuple[str, int]]], fault: str
) -> None:
    assert any(fault in told for told in check(TINY, GOOD | changed).faults)


def test_the_checker_tells_a_gap_that_cannot_be_kept() -> None:
    # One after the other at p2 by one caregiver, the gap at most 6, with a service of 7.
    data = copy.deepcopy(TINY)
    data["patients"][1]["required_caregivers"][0]["duration"] = 7
    routes = GOOD | {"c1": [("p1", 0), ("p2", 0), ("p2", 1)], "c2": [("p1", 1)]}
    assert any("circle" in fault for fault in check(data, routes).faults)


def test_the_command_writes_rows_tables_and_solutions(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    optimum = min(
        check(TINY, GOOD).cost, check(TINY, GOOD | {"c1": [*GOOD["c1"], ("p3", 0)], "c3": []}).cost
    )
    best = tmp_path / "BKS_tiny.csv"
    best.write_text(f"instance,patients,bks\nTiny.json,3,{optimum:.3f}\n", encoding="utf-8")
    out, folder = tmp_path / "out.json", tmp_path / "solutions"
    code = home_care.main([
        "--files", str(tiny), "--best", str(best), "--seconds", "0.2", "--cpu", "--seeds", "1,2",
        "--json", str(out), "--solutions", str(folder),
    ])
    assert code == 0
    rows = json.loads(out.read_text())
    assert [row["seed"] for row in rows] == [1, 2]
    for row in rows:
        assert row["legal"]
        assert row["cost"] == pytest.approx(optimum, abs=0.001)
        assert row["note"].startswith("matched")
        assert abs(row["gap_percent"]) < 0.01
    told = capsys.readouterr().out
    assert "0 beaten, 2 matched, 0 above, of 2 with a value; 0 infeasible." in told
    assert "about 10 patients: mean gap" in told
    saved = folder / "tiny.json"
    verdict = check(TINY, read_solution(saved))
    assert verdict.faults == ()
    assert verdict.cost == pytest.approx(optimum)
    assert main([str(tiny), str(saved)]) == 0
    broken = json.loads(saved.read_text())
    broken["routes"]["c1"] = []
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    assert main([str(tiny), str(tmp_path / "broken.json")]) == 1


def test_cpu_seconds_are_counted(tiny: Path) -> None:
    row, _ = home_care.run_file(tiny, 0.2, 1, {}, by_cpu=True)
    assert row["iterations"] != 0
    assert 0.05 < row["seconds"] < 2


def test_an_infeasible_answer_has_no_gap_and_is_told(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = home_care.check

    def stricter(data: dict[str, Any], routes: Any) -> Any:
        return real(data, routes)._replace(faults=("p1: by hand",))

    monkeypatch.setattr(home_care, "check", stricter)
    assert home_care.main(["--files", str(tiny), "--seconds", "0.05"]) == 1
    told = capsys.readouterr().out
    assert "infeasible: p1: by hand" in told
    assert "1 infeasible." in told


@pytest.mark.parametrize(
    ("header", "row", "value"),
    [
        ("name,family,n,cost", "Tiny,f,3,1.5", 1.5),
        ("instance,patients,bks,uniud_sa_cost", "tiny,3,2.5,9", 2.5),
        ("instance,best_published_cost_uniud,recomputed_cost", "tiny.json,3.5,9", 3.5),
    ],
)
def test_every_form_of_table_is_read(
    tmp_path: Path, header: str, row: str, value: float
) -> None:
    path = tmp_path / "best.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    assert home_care.best_values([path]) == {"tiny": value}


def test_faults_of_files_end_in_words(tmp_path: Path, tiny: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(InstanceError, match="not a table"):
        home_care.best_values([empty])
    with pytest.raises(InstanceError, match="no such table"):
        home_care.best_values([tmp_path / "none.csv"])
    assert home_care.main(["--files", str(tmp_path / "none.json")]) == 2
    assert home_care.main(["--files", str(tiny), "--seconds", "0"]) == 2
    assert home_care.main(["--files", str(tiny), "--seeds", "one"]) == 2


def test_words_change_where_costs_are_as_printed() -> None:
    words = {0.9: "beaten", 0.9951: "matched", 1.0049: "matched", 1.0051: "above"}
    for cost, word in words.items():
        assert home_care.against_best({"cost": cost, "best_known": 1.0}) == word
    assert [home_care.size_class(n) for n in (3, 44, 87, 88, 149, 150, 356)] == [
        10, 50, 75, 100, 100, 200, 300
    ]


@needs_shared
@pytest.mark.shared
def test_checker_and_evaluation_agree_on_the_literature() -> None:
    files = [*sorted(DATA.glob("mankowska/*_25_*.json")), *sorted(DATA.glob("italian/*.json"))[:2]]
    assert files
    for path in files:
        family = "hhcrsp_italian" if "instance_" in path.name else "hhcrsp_mankowska"
        model = read_instance(path, family).model
        row, solution = home_care.run_file(path, 0.1, 1, {})
        assert row["legal"], row
        result = solve(model, SolveParams(time_limit_s=None, max_iterations=3000))
        data = json.loads(path.read_text())
        needs = [(p["id"], k) for p in data["patients"] for k in range(
            len(p["required_caregivers"])
        )]
        routes = {
            caregiver["id"]: [needs[i] for i in route]
            for caregiver, route in zip(data["caregivers"], result.routes, strict=True)
        }
        verdict = check(data, routes)
        assert verdict.faults == ()
        assert verdict.cost == pytest.approx(evaluate(model, result.routes).cost / 3000, abs=1e-5)
        assert check(data, solution["routes"]).cost == pytest.approx(solution["cost"], abs=1e-4)


@needs_shared
@pytest.mark.shared
def test_the_solutions_that_are_kept_obey_the_rule_and_cost_what_they_say() -> None:
    folder = Path(home_care.__file__).parent / "solutions" / "hhcrsp"
    files = sorted(folder.glob("*.json"))
    assert files
    for path in files:
        (instance,) = DATA.glob(f"*/{path.stem}.json")
        verdict = check(json.loads(instance.read_text()), read_solution(path))
        assert verdict.faults == ()
        assert verdict.cost == pytest.approx(json.loads(path.read_text())["cost"], abs=1e-4)
