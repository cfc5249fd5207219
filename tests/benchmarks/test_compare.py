"""The comparison: what it writes, what it refuses, and how each engine's answer is measured."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import peers
from benchmarks.compare import main, markdown
from benchmarks.instances import best_known_table, family_of, read_instance, shared_folder
from benchmarks.peers import PEERS, Outcome
from benchmarks.run_one import empty_row, make_row, run
from solvers.builder import ModelBuilder
from solvers.errors import Unsupported
from solvers.evaluation import evaluate
from solvers.model import OPEN, RoutingModel

FIELDS = {
    "solver", "instance", "family", "n", "seconds", "cost", "best_known", "gap_percent",
    "vehicles", "unserved", "memory_mb", "iterations",
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
        assert 0 < row["seconds"] < 2
        assert row["memory_mb"] > 10
        assert row["iterations"] > 0
    assert text.read_text(encoding="utf-8").count("| C101 |") == 2


def test_the_family_in_the_table_is_run_when_no_files_are_named(tiny: Path, table: Path) -> None:
    out = tiny.parent / "out.json"
    asked = ["--family", "solomon_dimacs", "--best", str(table), "--seconds", "0.2"]
    assert main([*asked, "--solvers", "ortools", "--json", str(out)]) == 0
    (row,) = json.loads(out.read_text(encoding="utf-8"))
    # Depot - (1, 1) - (3, 4) and back: 1.4 + 3.6 + 5.0.
    assert (row["cost"], row["gap_percent"], row["vehicles"]) == (10.0, 0.0, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--family", "nonsense", "--files", "TINY"], "unknown family"),
        (["--family", "mtvrptwr", "--files", "TINY"], "several trips"),
        (["--family", "solomon_dimacs", "--files", "missing.txt"], "missing.txt: no such file"),
        (["--family", "uchoa_x", "--files", "TINY"], "tiny1.txt"),
        (["--family", "solomon_dimacs", "--files", "TINY", "--solvers", "cplex"], "cplex"),
        (["--family", "solomon_dimacs", "--files", "TINY", "--seconds", "0"], "--seconds"),
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


def test_the_markdown_table_has_a_line_a_row_and_the_mean_gaps() -> None:
    rows = [
        empty_row("a", "I", "care", 5) | {"cost": 12345, "gap_percent": 1.0},
        empty_row("a", "J", "care", 5) | {"cost": 1.5, "gap_percent": 2.0},
        empty_row("b", "I", "care", 5) | {"note": "odd | note"},
    ]
    lines = markdown(rows).splitlines()
    assert len(lines) == 7
    assert "12,345" in lines[2]
    assert "odd / note" in lines[4]
    assert lines[-1] == "Mean gap: a 1.50 % on 2 of 2."


def rich(open_end: bool = False) -> RoutingModel:
    """Four visits on a line; one needs a skill that only the dearer vehicle has."""
    builder = ModelBuilder(1)
    builder.add_matrix([[abs(i - j) * 10 for j in range(5)] for i in range(5)])
    builder.add_vehicle(0, 0, capacity=(3,), shift=(0, 900), fixed_cost=20)
    builder.add_vehicle(4, OPEN if open_end else 4, capacity=(3,), skills={"a"}, fixed_cost=35)
    for location, skills in ((1, ()), (2, ()), (3, ("a",)), (4, ())):
        builder.add_task(location, demand=(1,), skills=skills, service=5, windows=[(0, 500)])
    return builder.build()


@pytest.mark.parametrize("solver", ["pyvrp", "vroom"])
def test_a_peer_finds_the_optimum_of_a_small_rich_model(solver: str) -> None:
    if importlib.util.find_spec(solver) is None:
        pytest.skip(f"{solver} is not installed")
    outcome = PEERS[solver](rich(), 0.3, 1)
    figures = evaluate(rich(), outcome.routes)
    assert figures.violations == ()
    # Skilled vehicle: 4, 3 and back, 20 + 35; the other: 1, 2 and back, 40 + 20. Or 4, 3, 2: 75.
    assert figures.cost == 115


def test_pyvrp_says_what_it_cannot_express() -> None:
    if importlib.util.find_spec("pyvrp") is None:
        pytest.skip("pyvrp is not installed")
    with pytest.raises(Unsupported, match="open routes"):
        peers.run_pyvrp(rich(open_end=True), 0.1, 1)


def test_vroom_does_not_weigh_prizes_and_says_so() -> None:
    if importlib.util.find_spec("vroom") is None:
        pytest.skip("vroom is not installed")
    builder = ModelBuilder()
    builder.add_matrix([[0, 10], [10, 0]])
    builder.add_vehicle(0, 0)
    builder.add_task(1, prize=5)
    with pytest.raises(Unsupported, match="prize"):
        peers.run_vroom(builder.build(), 0.1, 1)


@needs_shared
@pytest.mark.parametrize(("path", "family"), [
    ("solomon/R101.txt", "solomon_dimacs"),
    ("homberger/1000/C1_10_1.txt", "homberger_dimacs"),
    ("pcvrptw/C1_10_1.vrp", "pcvrptw"),
    ("uchoa_x/X-n106-k14.vrp", "uchoa_x"),
    ("belgium/Leuven1.vrp", "belgium"),
    ("care/care1000-8.npz", "care"),
])
def test_a_file_tells_its_family_where_none_is_named(path: str, family: str) -> None:
    folder = shared_folder() / "instances"
    assert family_of(folder / path, best_known_table(BEST)) == family
    if family != "belgium":  # without the table, plain CVRP files read alike
        assert family_of(folder / path, {}) == family
