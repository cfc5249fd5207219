"""``careroute simulate``: a small planned day in, a table in two languages and files out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.examples import PLAN, PROBLEM

pytest.importorskip("simpy")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, document in (("problem", PROBLEM), ("plan", PLAN)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    return [str(tmp_path / "problem.json"), str(tmp_path / "plan.json")]


def simulate(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


SMALL = ("--seeds", 2, "--alarms", 3, "--policy", "nearest", "--policy", "ours")


def test_a_day_is_simulated_and_told_in_both_languages(files: list[str], tmp_path: Path) -> None:
    english = simulate(*files, *SMALL, "--lang", "en", "-o", tmp_path / "a.json",
                       "-o", tmp_path / "a.html", "-o", tmp_path / "a.svg")
    assert english.exit_code == 0, english.output
    assert "2 days simulated, 3 alarms a day" in english.output
    assert "figure  nearest worker  ours" in english.output
    assert "alarms answered within 15 min, %" in english.output
    summary = json.loads((tmp_path / "a.json").read_text())
    assert (summary["days"], list(summary["policies"])) == (2, ["nearest", "ours"])
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert "nearest worker" in (tmp_path / "a.html").read_text()
    chinese = simulate(*files, *SMALL, "--lang", "zh", "-o", tmp_path / "b.html")
    assert chinese.exit_code == 0
    assert "15 分钟内到达的呼叫，%" in chinese.output
    assert "最近人员" in (tmp_path / "b.html").read_text()


def test_a_script_gets_json_and_the_same_seed_gives_the_same(files: list[str]) -> None:
    first, again = (simulate(*files, *SMALL, "--json", "--lang", "en") for _ in range(2))
    assert first.stdout == again.stdout
    assert json.loads(first.stdout)["days"] == 2
    other = simulate(*files, *SMALL, "--json", "--lang", "en", "--seed", 9)
    assert json.loads(other.stdout)["runs"] != json.loads(first.stdout)["runs"]


def test_parameters_come_from_a_file_and_options_go_before_it(
    files: list[str], tmp_path: Path
) -> None:
    given = tmp_path / "params.json"
    given.write_text(json.dumps({"alarms": 9, "no_show": 1.0, "policies": ["ours"]}))
    done = simulate(*files, "--params", given, "--alarms", 2, "--seeds", 1, "--json")
    params = json.loads(done.stdout)["params"]
    assert (params["alarms"], params["no_show"], params["policies"]) == (2, 1.0, ["ours"])


@pytest.mark.parametrize(("body", "code"), [
    ('{"no_show": 2}', "E1006"), ('{"noshow": 0.1}', "E1004"), ("[]", "E1005"),
    ('{"policies": ["best"]}', "E1012"), ('{"hours": []}', "E1013"),
])
def test_faults_of_parameters_are_told_with_their_codes(
    files: list[str], tmp_path: Path, body: str, code: str
) -> None:
    given = tmp_path / "params.json"
    given.write_text(body)
    done = simulate(*files, "--params", given, "--json")
    assert done.exit_code == 2
    assert [f["code"] for f in json.loads(done.stdout)["faults"]] == [code]


def test_a_plan_of_another_problem_is_refused(files: list[str], tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**PROBLEM, "orders": PROBLEM["orders"][:1]}))
    done = simulate(other, files[1], *SMALL, "--json")
    assert done.exit_code == 2
    assert [f["code"] for f in json.loads(done.stdout)["faults"]] == ["E1622"]
