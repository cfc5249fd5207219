"""The comparison: what it writes, what it refuses, and how each engine's answer is measured."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks.compare import main
from benchmarks.instances import best_known_table, family_of, read_instance, shared_folder
from benchmarks.peers import PEERS, Outcome
from benchmarks.report import markdown
from benchmarks.run_one import empty_row, make_row, run
from solvers.errors import Unsupported

FIELDS = {
    "solver", "instance", "family", "n", "seed", "convention", "seconds", "cost", "best_known",
    "gap_percent", "vehicles", "best_vehicles", "unserved", "legal", "memory_mb", "iterations",
}
SOLOMON = shared_folder() / "instances" / "solomon" / "C101.txt"
BEST = shared_folder() / "instances" / "bks.csv"
needs_shared = pytest.mark.skipif(not BEST.is_file(), reason=f"no best-known values in {BEST}")

TINY = """TINY1

VEHICLE
NUMBER     CAPACITY
  2         20

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0          0          0          0        100          0
    1      1          1          7         10         20          5
    2      3          4          9          0         90          6
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny1.txt"
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "bks.csv"
    path.write_text(
        "name,family,n,cost,vehicles,convention,source,path\n"
        "Tiny1,solomon_dimacs,2,10.0,1,dimacs,by hand,tiny1.txt\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.shared
@needs_shared
def test_a_comparison_writes_one_row_a_run(tmp_path: Path) -> None:
    out, text = tmp_path / "out.json", tmp_path / "out.md"
    code = main([
        "--family", "solomon_dimacs", "--files", str(SOLOMON), "--best", str(BEST),
        "--seconds", "1", "--solvers", "careroute,ortools", "--seed", "3",
        "--json", str(out), "--markdown", str(text),
    ])
    assert code == 0
    rows = json.loads(out.read_text(encoding="utf-8"))
    assert [row["solver"] for row in rows] == ["careroute", "ortools"]
    for row in rows:
        assert set(row) - {"note"} == FIELDS
        assert (row["instance"], row["n"], row["best_known"]) == ("C101", 100, 827.3)
        assert row["unserved"] == 0
        assert row["cost"] >= 827.3
        assert row["gap_percent"] == pytest.approx(100 * (row["cost"] / 827.3 - 1), abs=0.001)
        assert 0 < row["seconds"] < 10
        assert row["memory_mb"] > 10
        assert row["iterations"] > 0
    assert text.read_text(encoding="utf-8").count("| C101 |") == 2


def test_the_family_in_the_table_is_run_when_no_files_are_named(tiny: Path, table: Path) -> None:
    out = tiny.parent / "out.json"
    asked = ["--family", "solomon_dimacs", "--best", str(table), "--seconds", "0.5"]
    assert main([*asked, "--solvers", "ortools", "--json", str(out)]) == 0
    (row,) = json.loads(out.read_text(encoding="utf-8"))
    # Depot - (1, 1) - (3, 4) and back: 1.4 + 3.6 + 5.0.
    assert (row["cost"], row["gap_percent"], row["vehicles"]) == (10.0, 0.0, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--family", "nonsense", "--files", "TINY"], "unknown family"),
        (["--family", "pmed", "--files", "TINY"], "no routes"),
        (["--family", "solomon_dimacs", "--files", "missing.txt"], "missing.txt: no such file"),
        (["--family", "uchoa_x", "--files", "TINY"], "tiny1.txt"),
        (["--family", "solomon_dimacs", "--files", "TINY", "--solvers", "cplex"], "cplex"),
        (["--family", "solomon_dimacs", "--files", "TINY", "--seconds", "0"], "--seconds"),
        (["--family", "solomon_dimacs", "--files", "TINY", "--seeds", "1,x"], "--seeds: 1,x"),
        (["--family", "solomon_dimacs", "--files", "TINY", "--best", "no.csv"], "no.csv"),
        (["--family", "solomon_dimacs", "--files", "TINY", "--core", "4096"], "--core"),
    ],
)
def test_a_wrong_call_ends_with_2_and_one_clear_line(
    tiny: Path, table: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [str(tiny) if word == "TINY" else word for word in arguments]
    best = [] if "--best" in asked else ["--best", str(table)]
    assert main([*asked, *best]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("compare: ")
    assert error.count("\n") == 1


def spec(solver: str, file: Path) -> dict[str, Any]:
    return {
        "solver": solver, "file": str(file), "family": "solomon_dimacs", "seconds": 0.3,
        "seed": 1, "core": None, "best": None,
    }


def test_an_engine_that_is_not_installed_or_cannot_gets_a_note(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(*_: object) -> Outcome:
        raise ModuleNotFoundError("No module named 'pyvrp'", name="pyvrp")

    def unable(*_: object) -> Outcome:
        raise Unsupported("vroom: service-time factors")

    monkeypatch.setitem(PEERS, "pyvrp", absent)
    monkeypatch.setitem(PEERS, "vroom", unable)
    for solver, note in (("pyvrp", "not installed: pyvrp"), ("vroom", "service-time factors")):
        row = run(spec(solver, tiny))
        assert note in row["note"]
        assert row["cost"] is None
        assert row["n"] == 2


def test_broken_and_incomplete_answers_have_no_gap_and_say_so(tiny: Path) -> None:
    instance = read_instance(tiny, "solomon_dimacs")._replace(best_known=10.0)
    twice = make_row("x", instance, Outcome([[0, 1], [0]], 1.0, 1.0), 1.0)
    assert twice["note"] == "infeasible: task 0: visited 2 times"
    assert twice["gap_percent"] is None
    part = make_row("x", instance, Outcome([[1], []], 1.0, 1.0), 1.0)
    assert part["note"] == "1 required tasks left out"
    assert (part["cost"], part["gap_percent"], part["unserved"]) == (10.0, None, 1)


@pytest.mark.parametrize(
    ("cpu", "wall", "note"),
    [
        (1.0, 1.0, None), (0.4, 0.4, "stopped by itself"), (0.5, 1.0, "shared"),
        (3.0, 3.0, "overran"),
    ],
)
def test_time_that_was_not_used_as_given_is_noted(
    tiny: Path, cpu: float, wall: float, note: str | None
) -> None:
    instance = read_instance(tiny, "solomon_dimacs")
    row = make_row("x", instance, Outcome([[0, 1], []], cpu, wall), 1.0)
    assert (note or "") in row.get("note", "")
    assert ("note" in row) == (note is not None)


def test_the_markdown_table_has_a_line_a_row_and_a_summary_a_family() -> None:
    rows = [
        empty_row("a", "I", "care", 5) | {"cost": 12345, "gap_percent": 1.0, "legal": True},
        empty_row("a", "J", "care", 5) | {"cost": 1.5, "gap_percent": 2.0, "legal": True},
        empty_row("b", "I", "care", 5) | {"note": "odd | note", "convention": "pay by the hour"},
    ]
    lines = markdown(rows).splitlines()
    assert "12,345" in lines[2]
    assert "odd / note" in lines[4]
    assert lines[5:] == [
        "", "care: pay by the hour.", "", "care, gap: a mean 1.50 %, worst 2.00 %, 2 of 2.",
    ]
    assert "spread" not in lines[0]
    assert "best known" not in lines[0]


def test_several_seeds_show_the_median_run_and_the_spread() -> None:
    runs = [
        empty_row("a", "I", "care", 5) | {"cost": cost, "legal": legal, "seed": seed}
        for seed, (cost, legal) in enumerate([(110, True), (90, False), (100, True)])
    ]
    (line,) = markdown(runs).splitlines()[2:3]
    # Legal answers rank before others: 100, 110, then 90, which is not in the spread.
    assert line.startswith("| I | a | 110 | - | 10.00 |")
    assert "legal in 2 of 3 runs" in line


def test_runs_with_other_vehicles_are_not_in_the_spread_and_are_told() -> None:
    runs = [
        empty_row("a", "I", "x", 5) | {
            "cost": cost, "vehicles": vehicles, "best_vehicles": 3, "legal": True,
        }
        for cost, vehicles in ((90.0, 4), (110.0, 3), (100.0, 3))
    ]
    (line,) = markdown(runs).splitlines()[2:3]
    assert line.startswith("| I | a | 110.0 | - | 10.00 | 3 | 3 |")
    assert "2 of 3 runs with 3 vehicles" in line


def test_each_seed_is_a_run(tiny: Path, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tiny.parent / "out.json"
    asked = ["--family", "solomon_dimacs", "--best", str(table), "--seconds", "0.1"]
    assert main([*asked, "--solvers", "ortools", "--seeds", "4,7", "--json", str(out)]) == 0
    rows = json.loads(out.read_text(encoding="utf-8"))
    assert [row["seed"] for row in rows] == [4, 7]
    text = capsys.readouterr().out
    assert text.count("TINY1") == 1 + text.count("TINY1 ortools:")
    assert "solomon_dimacs: dimacs: distance and time" in text


def test_where_vehicles_come_first_a_gap_needs_as_many_as_the_best_known(tiny: Path) -> None:
    instance = read_instance(tiny, "solomon_hier")._replace(best_known=9.0, best_vehicles=1)
    together = make_row("x", instance, Outcome([[0, 1], []], 1.0, 1.0), 1.0)
    # Depot - (1, 1) - (3, 4) and back: sqrt(2) + sqrt(13) + 5, waiting is free.
    exact = math.sqrt(2) + math.sqrt(13) + 5
    assert together["cost"] == round(exact, 3)
    assert together["gap_percent"] == pytest.approx(100 * (exact / 9 - 1), abs=0.001)
    apart = make_row("x", instance, Outcome([[0], [1]], 1.0, 1.0), 1.0)
    assert (apart["vehicles"], apart["best_vehicles"], apart["gap_percent"]) == (2, 1, None)
    assert apart["note"] == "1 vehicles more than best known"
    rows = [together, apart | {"instance": "other"}]
    text = markdown(rows)
    assert "solomon_hier, same vehicles: x 1 of 2." in text
    assert "gap, where vehicles are equal: x mean" in text


@needs_shared
@pytest.mark.parametrize(("path", "family"), [
    ("solomon/R101.txt", "solomon_dimacs"),
    ("homberger/1000/C1_10_1.txt", "homberger_dimacs"),
    ("pcvrptw/C1_10_1.vrp", "pcvrptw"),
    ("uchoa_x/X-n106-k14.vrp", "uchoa_x"),
    ("belgium/Leuven1.vrp", "belgium"),
    ("care/care1000-8.npz", "care"),
    ("euro_neurips/final/ORTEC-VRPTW-ASYM-b89e3f52-d1-n220-k17.txt", "euro_neurips"),
    ("mdvrptw/PR11A.vrp", "mdvrptw"),
    ("mtvrptwr/C201R0.25.vrp", "mtvrptwr"),
    ("lilim_pdptw/200/LRC1_2_3.txt", "lilim_pdptw_hier"),
    ("hhcrsp/mankowska/InstanzCPLEX_HCSRP_10_1.json", "hhcrsp_mankowska"),
    (
        "hhcrsp/italian/instance_003-rome-r19-p44-s4-sim22.3-seq22.9.json",
        "hhcrsp_italian",
    ),
])
def test_a_file_tells_its_family_where_none_is_named(path: str, family: str) -> None:
    folder = shared_folder() / "instances"
    assert family_of(folder / path, best_known_table(BEST)) == family
    if family != "belgium":  # without the table, plain CVRP files read alike
        assert family_of(folder / path, {}) == family


def test_what_cannot_be_written_is_told_before_the_first_run(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("benchmarks.compare.run_in_process", lambda _: pytest.fail("it ran"))
    for name in ("", "file/out.json"):
        with pytest.raises(SystemExit):
            main(["--files", str(tiny), "--json", str(tmp_path / name)])
        assert "argument --json" in capsys.readouterr().err


def test_a_folder_of_the_answer_is_made(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = empty_row("careroute", "tiny1", "solomon_dimacs", None)
    monkeypatch.setattr("benchmarks.compare.run_in_process", lambda _: row)
    out = tmp_path / "new" / "results" / "out.json"
    assert main(["--files", str(tiny), "--solvers", "careroute", "--json", str(out)]) == 0
    assert len(json.loads(out.read_text())) == 1


def test_a_folder_in_place_of_a_file_is_called_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--files", str(tmp_path)]) == 2
    assert "folder" in capsys.readouterr().err


def test_the_family_of_a_file_does_not_hang_on_the_case_of_its_name(
    tiny: Path, tmp_path: Path
) -> None:
    loud = tiny.rename(tmp_path / "TINY1.TXT")
    assert family_of(loud, {}) == "solomon_dimacs"


@pytest.mark.parametrize("words", [
    ["meals", "--kitchens", "0"], ["meals", "--effort", "-1"], ["scale", "--sizes", "10,0"],
    ["scale", "--sizes", "many"],
])
def test_sizes_that_are_none_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, *given = words
    monkeypatch.setattr("sys.argv", [name, *given])
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"benchmarks.{name}").main()
    assert ended.value.code == 2
    assert given[0] in capsys.readouterr().err
