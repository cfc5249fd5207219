"""Weeks through both doors: the command line and HTTP."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.examples import WEEKS_REQUEST


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["weeks", *map(str, arguments)])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "weeks.json"
    path.write_text(json.dumps(WEEKS_REQUEST["weeks"]))
    return path


def test_weeks_are_planned_written_and_found_clean(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("plan", source, "-o", out, "--iterations", 100, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "served 2 of 2 visits" in done.stdout
    assert "without continuity" in done.stdout
    names = {p.name for p in out.iterdir()}
    assert {"report.json", "weeks-plan.json", "calendar.xlsx", "calendar.html"} <= names
    assert {f"2026-11-{d}.plan.json" for d in range(23, 30)} <= names
    assert run("check", source, out / "weeks-plan.json").exit_code == 0
    given = json.loads(source.read_text())
    given["programmes"][0] |= {"weekdays": ["sun", "sat"], "min_gap_days": 1}
    source.write_text(json.dumps(given))
    broken = run("check", source, out / "weeks-plan.json", "--json")
    assert broken.exit_code == 1
    assert "P2530" in {v["code"] for v in json.loads(broken.stdout)["violations"]}


def test_without_continuity_nothing_is_compared(source: Path, tmp_path: Path) -> None:
    done = run("plan", source, "-o", tmp_path / "o", "--iterations", 50, "--no-continuity",
               "--json")
    report = json.loads(done.stdout)["report"]
    assert report["continuity"] is False
    assert "without" not in report
    assert report["carers"] == []


def test_faults_of_weeks_end_with_2_and_are_listed(source: Path, tmp_path: Path) -> None:
    given = json.loads(source.read_text())
    given["programmes"][0]["every_weeks"] = 1
    given["absences"] = [{"client": "nobody", "from_day": "2026-11-24", "until_day": "2026-11-24"}]
    source.write_text(json.dumps(given))
    done = run("plan", source, "-o", tmp_path / "o", "--json")
    assert done.exit_code == 2
    assert [f["code"] for f in json.loads(done.stdout)["faults"]] == ["E1102", "E1701"]


def test_a_demo_of_weeks_can_be_planned(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    done = run("demo", "-o", path, "--clients", 12, "--workers", 15, "--weeks", 1, "--nodes", 600)
    assert done.exit_code == 0, done.output
    done = run("plan", path, "-o", tmp_path / "o", "--iterations", 20, "--no-compare", "--json")
    assert done.exit_code == 0, done.output
    totals = json.loads(done.stdout)["report"]["totals"]
    assert totals["served"] + totals["unserved"] + totals["without_day"] == totals["visits"]
    assert totals["served"] > 0


def test_the_example_of_weeks_runs_over_http(client: httpx.Client) -> None:
    answer = client.post("/v1/weeks", json=WEEKS_REQUEST)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["report"]["totals"]["served"] == 2
    assert len(document["plan"]["days"]) == 7


def test_faults_and_limits_of_weeks_are_problems(client: httpx.Client) -> None:
    request = copy.deepcopy(WEEKS_REQUEST)
    request["weeks"]["programmes"][0]["client"] = "nobody"
    request["params"]["speed"] = 1
    answer = client.post("/v1/weeks", json=request)
    assert answer.status_code == 422
    assert {(f["code"], f["path"]) for f in answer.json()["faults"]} == {
        ("E1102", "weeks.programmes[0].client"), ("E1004", "params.speed"),
    }
    request = copy.deepcopy(WEEKS_REQUEST)
    request["params"] = {"seconds": 1_000}
    answer = client.post("/v1/weeks", json=request)
    assert answer.json()["faults"][0]["code"] == "E1606"


def test_what_clients_are_owed_becomes_programmes(source: Path, tmp_path: Path) -> None:
    told = run("policy", "--lang", "zh")
    assert told.exit_code == 0
    assert "家庭病床巡诊" in told.stdout
    given = json.loads(source.read_text())
    given["clients"][0].update(care_level=3, living="alone")
    source.write_text(json.dumps(given))
    out = tmp_path / "owed.json"
    done = run("policy", source, "-o", out, "--json")
    assert done.exit_code == 0, done.output
    added = json.loads(done.stdout)["added"]
    assert added >= 4
    assert len(json.loads(out.read_text())["programmes"]) == len(given["programmes"]) + added
    again = run("policy", out, "-o", out, "--json")  # what was written is read, and is whole
    assert json.loads(again.stdout)["added"] == 0
    table = tmp_path / "table.json"
    table.write_text('[{"care_levels": [3], "service": "bth", "every_weeks": 1}]')
    broken = run("policy", source, "--table", table, "--json")
    assert broken.exit_code == 2
    assert "E1103" in broken.stdout
