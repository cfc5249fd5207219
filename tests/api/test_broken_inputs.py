"""Every broken input through both doors: code, path, hint; never the value or a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from typer.testing import CliRunner

from api import service
from api.cli import app
from api.examples import PROBLEM
from engine.errors import InputError

#: What nobody may read again: a broken value holds it wherever it can.
SECRET = "王秀英 13800138000"


class Broken(NamedTuple):
    name: str
    code: str
    path: str
    spoil: Callable[[dict[str, Any]], object]


def put(value: object, *steps: str | int) -> Callable[[dict[str, Any]], object]:
    def spoil(problem: dict[str, Any]) -> None:
        at: Any = problem
        for step in steps[:-1]:
            at = at[step]
        at[steps[-1]] = value

    return spoil


CASES = [
    Broken("unknown skill", "E1104", "workers[0].certificates[0].skill",
           put("bathig", "workers", 0, "certificates", 0, "skill")),
    Broken("window after shift", "E1202", "orders[0]",
           put([{"start_s": 80000, "end_s": 81000}], "orders", 0, "windows")),
    Broken("negative load", "E1301", "orders[0].load.kg", put({"kg": -3}, "orders", 0, "load")),
    Broken("two orders with one id", "E1101", "orders[1].id", put("O1", "orders", 1, "id")),
    Broken("point in the sea", "E1403", "clients[0]", put(123.9, "clients", 0, "lon")),
    Broken("NaN", "E1007", "clients[0].lat", put(float("nan"), "clients", 0, "lat")),
    Broken("metres for degrees", "E1404", "clients[0].lon", put(12723311.0, "clients", 0, "lon")),
    Broken("minutes for seconds", "E1206", "orders[0].service_duration_s",
           put(60, "orders", 0, "service_duration_s")),
    Broken("mistyped key", "E1004", "orders[0].windws", put([], "orders", 0, "windws")),
    Broken("a name for an id", "E1011", "clients[0].id", put(SECRET, "clients", 0, "id")),
    Broken("text for a number", "E1005", "clients[1].lon", put(SECRET, "clients", 1, "lon")),
    Broken("a name for a key", "E1004", "clients[0]", put(1, "clients", 0, SECRET)),
    Broken("another format", "E1008", "format", put(SECRET, "format")),
]

BODIES = {
    "empty": (b"", "E1002"),
    "blank": (b" \n", "E1002"),
    "cut off": (b'{"problem": {"id": ', "E1001"),
    "broken UTF-8": (b'{"problem": "\xff\xfe"}', "E1019"),
    "no object": (b"[1, 2]", "E1005"),
    "too deep": (b"[" * 5000 + b"]" * 5000, "E1009"),
    "a giant number": (b'{"problem": ' + b"9" * 5000 + b"}", "E1001"),
}


def spoiled(case: Broken) -> dict[str, Any]:
    problem = copy.deepcopy(PROBLEM)
    case.spoil(problem)
    return problem


def assert_told(found: list[dict[str, str]], code: str, path: str, answer: str) -> None:
    hits = [f for f in found if f["code"] == code and f["path"].startswith(path)]
    assert hits, found
    assert all(hits[0][k] for k in ("message", "hint", "message_zh", "hint_zh"))
    for secret in (SECRET, "王秀英", "13800138000", "Traceback"):
        assert secret not in answer


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_http_tells_code_path_and_hint(client: httpx.Client, case: Broken) -> None:
    body = json.dumps({"problem": spoiled(case)}).encode()
    answer = client.post("/v1/plans", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert_told(answer.json()["faults"], case.code, f"problem.{case.path}", answer.text)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_command_line_tells_code_path_and_hint(tmp_path: Path, case: Broken) -> None:
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(spoiled(case)))
    done = CliRunner().invoke(app, ["plan", str(file), "--json", "-o", str(tmp_path / "p.json")])
    assert done.exit_code == 2
    assert_told(json.loads(done.stdout)["faults"], case.code, case.path, done.output)
    assert not (tmp_path / "p.json").exists()


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("address", ["/v1/plans", "/v1/plans/check"])
def test_http_tells_what_cannot_be_read_at_all(
    client: httpx.Client, name: str, address: str
) -> None:
    body, code = BODIES[name]
    answer = client.post(address, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["faults"][0]["code"]) == (422, code)


@pytest.mark.parametrize("name", BODIES)
def test_the_command_line_tells_what_cannot_be_read_at_all(tmp_path: Path, name: str) -> None:
    body, code = BODIES[name]
    file = tmp_path / "problem.json"
    file.write_bytes(body)
    for arguments in (["plan", str(file)], ["check", str(file), str(file)]):
        done = CliRunner().invoke(app, [*arguments, "--lang", "en"])
        assert done.exit_code == 2
        assert code in done.stderr
        assert "Traceback" not in done.output


def test_faults_of_all_parts_of_a_request_are_told_together(client: httpx.Client) -> None:
    problem = copy.deepcopy(PROBLEM)
    problem["orders"][0]["client"] = "C9"
    problem["workers"][1]["certificates"][0]["skill"] = "meal"
    answer = client.post(
        "/v1/plans?seed=2",
        json={"problem": problem, "params": {"seed": False, "second": 1}, "extra": 1},
    )
    assert answer.status_code == 422
    told = {(f["code"], f["path"]) for f in answer.json()["faults"]}
    assert told == {
        ("E1102", "problem.orders[0].client"),
        ("E1104", "problem.workers[1].certificates[0].skill"),
        ("E1005", "params.seed"),
        ("E1004", "params.second"),
        ("E1004", "$"),
        ("E1004", "query.seed"),
    }


def test_the_command_line_tells_every_fault_in_the_language_asked_for(tmp_path: Path) -> None:
    problem = copy.deepcopy(PROBLEM)
    problem["orders"][0]["client"] = "C9"
    problem["orders"][1]["client"] = "C8"
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(problem))
    for lang, word in (("en", "there is no client"), ("zh", "服务对象")):
        done = CliRunner().invoke(app, ["plan", str(file), "--lang", lang])
        assert done.exit_code == 2
        assert done.stdout == ""
        assert done.stderr.count("E1102") == 2
        assert word in done.stderr
    done = CliRunner(env={"LC_ALL": "zh_CN.UTF-8"}).invoke(app, ["plan", str(file)])
    assert "服务对象" in done.stderr


@pytest.mark.parametrize(
    "body",
    [{"seed": False}, {"seconds": "5"}, {"seconds": 0}, {"iterations": 1.5}, {"backend": "magic"},
     {"seed": -1}, {"seed": 2**63}, [], None],
)
def test_parameters_are_read_strictly(client: httpx.Client, body: object) -> None:
    answer = client.post("/v1/plans", json={"problem": PROBLEM, "params": body})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["path"].startswith("params")


def test_a_seed_that_is_no_number_is_a_usage_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["plan", "x.json", "--seed", "false"])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


@pytest.mark.parametrize("arguments", [["plan", "{}"], ["check", "{}", "{}"], ["graph", "{}"]])
def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path, arguments: list[str]) -> None:
    missing = str(tmp_path / "none.json")
    done = CliRunner().invoke(app, [a.format(missing) for a in arguments])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_file_of_fifty_megabytes_of_nothing_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "problem.json"
    file.write_bytes(b" " * 50 * 2**20)
    done = CliRunner().invoke(app, ["plan", str(file)])
    assert done.exit_code == 2
    assert "E1002" in done.stderr


def test_points_off_the_roads_are_told_beside_all_other_faults(tmp_path: Path) -> None:
    data = copy.deepcopy(PROBLEM)
    data["clients"][0]["lon"] += 5
    data["orders"][0]["windw"] = []
    source = tmp_path / "problem.json"
    source.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        service.read_problem(source)
    assert {f.code for f in caught.value.faults} == {"E1004", "E1403"}
    # What cannot be read of a point is told once, and not as a point far away too.
    data["clients"][0]["lon"] = "far"
    source.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        service.read_problem(source)
    assert {f.code for f in caught.value.faults} == {"E1004", "E1005"}
