"""Meal periods by the command line and over HTTP."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from api.cli import app
from api.examples import MEAL_REQUEST
from engine.formats.meal_tables import read_meal_tables

runner = CliRunner()


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meals")
    assert runner.invoke(app, ["meals", "template", str(folder / "lunch.xlsx")]).exit_code == 0
    done = runner.invoke(app, [
        "meals", "plan", str(folder / "lunch.xlsx"), "-o", str(folder / "out"), "--effort", "20",
        "--lang", "zh",
    ])
    assert done.exit_code == 0, done.output
    assert "按时" in done.output
    return folder


def sheet_rows(book: bytes, name: str) -> list[tuple[Any, ...]]:
    """Rows of a sheet under its header."""
    return list(load_workbook(io.BytesIO(book))[name].iter_rows(min_row=2, values_only=True))


def test_a_plan_of_tables_is_written_and_holds(planned: Path) -> None:
    done = runner.invoke(app, [
        "meals", "check", str(planned / "lunch.xlsx"), str(planned / "out" / "plan.json"),
    ])
    assert done.exit_code == 0, done.output
    made = json.loads((planned / "out" / "plan.json").read_bytes())
    made["routes"][0]["trips"][0]["drops"][0]["start_s"] -= 3_000
    (planned / "bad.json").write_text(json.dumps(made))
    done = runner.invoke(app, [
        "meals", "check", str(planned / "lunch.xlsx"), str(planned / "bad.json"), "--json",
    ])
    assert done.exit_code == 1
    assert "M2308" in {v["code"] for v in json.loads(done.output)["violations"]}


def test_the_sheets_tell_every_door_once_and_add_up(planned: Path) -> None:
    problem = read_meal_tables(planned / "lunch.xlsx")[0].register
    book = load_workbook(planned / "out" / "meals.xlsx", read_only=True)
    rows = {s.title.split()[0]: list(s.iter_rows(values_only=True))[1:] for s in book.worksheets}
    doors = [r[4] for r in rows["doors"]]
    seats = [r[2] for r in rows["seats"]]
    without = [r[0] for r in rows["without"]]
    assert sorted([*doors, *seats, *without]) == sorted(c.id for c in problem.clients)
    assert sum(r[-1] for r in rows["loading"]) == sum(r[-1] for r in rows["doors"])
    assert sum(r[4] for r in rows["kitchens"]) == sum(r[-1] for r in rows["vans"])
    assert sum(r[1] for r in rows["payers"]) == len(doors) + len(seats)
    page = (planned / "out" / "meals.html").read_text(encoding="utf-8")
    assert all(client in page for client in doors)
    assert "装餐清单" in page
    assert "<script" not in page


def test_every_sheet_prints_one_page_wide_under_its_header(planned: Path) -> None:
    for sheet in load_workbook(planned / "out" / "meals.xlsx").worksheets:
        setup = sheet.page_setup
        assert (setup.orientation, setup.paperSize, setup.fitToHeight) == ("landscape", 9, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$1:$1"
        widths = {k: d.width for k, d in sheet.column_dimensions.items()}
        for cell in (c for row in sheet.iter_rows(min_row=2) for c in row if c.value is not None):
            wide = sum(1 + (x > "\u2e7f") for x in str(cell.value))
            assert wide <= widths[cell.column_letter] or cell.alignment.wrap_text
            if isinstance(cell.value, int):  # not against the text of the next column
                assert cell.alignment.indent


def test_the_pages_to_print_tell_all_that_the_sheets_do(planned: Path) -> None:
    page = (planned / "out" / "meals.html").read_text(encoding="utf-8")
    book = (planned / "out" / "meals.xlsx").read_bytes()
    pages = {p[: p.index("</h2>")]: p for p in page.split("<h2>")[1:]}
    first = next(iter(pages.values()))
    seated = sheet_rows(book, "seats 座位")
    assert {point for point, *_ in seated} == {h.split()[0] for h in pages if "seats 座位" in h}
    for point, time, client, *_ in seated:
        (sheet,) = [p for h, p in pages.items() if h.startswith(f"{point} · seats")]
        assert f"<td>{time}</td><td>{client}</td>" in sheet
    for client, *_, why in sheet_rows(book, "without 未供餐"):
        assert f"<td>{client}</td>" in first
        assert f"<td>{why}</td>" in first
    assert "payers 付款方" in first


def test_a_change_of_the_day_tells_who_eats_later(planned: Path) -> None:
    book = load_workbook(planned / "lunch.xlsx")
    sheet = book["kitchens"]
    header = [c.value.split()[0] for c in sheet[1]]
    sheet.cell(2, header.index("closed_from") + 1).value = "10:00"
    book.save(planned / "closed.xlsx")
    done = runner.invoke(app, [
        "meals", "plan", str(planned / "closed.xlsx"), "-o", str(planned / "out2"), "--effort",
        "20", "--previous", str(planned / "out" / "plan.json"), "--json",
    ])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert {w["code"] for w in told["warnings"]} >= {"W1802"}
    assert told["later"]
    assert 0 < told["rota"]["kept"] <= told["rota"]["doors"]
    assert {x["reason"] for x in told["later"] if x["after_s"] is None} == {"shortage"}
    rows = sheet_rows((planned / "out2" / "meals.xlsx").read_bytes(), "later 推迟用餐")
    assert [r[0] for r in rows] == [x["client"] for x in told["later"]]
    assert {r[5] for r in rows if r[2] is None} == {"该餐型制作份数不足"}
    page = (planned / "out2" / "meals.html").read_text(encoding="utf-8")
    assert "later 推迟用餐" in page
    assert "later 推迟用餐" not in (planned / "out" / "meals.html").read_text(encoding="utf-8")


def test_bad_tables_are_told_by_line(planned: Path) -> None:
    book = load_workbook(planned / "lunch.xlsx")
    book["clients"].cell(3, 2).value = "vegan"
    book.save(planned / "bad.xlsx")
    done = runner.invoke(app, ["meals", "plan", str(planned / "bad.xlsx"), "--json"])
    assert done.exit_code == 2
    assert [(f["code"], f["path"]) for f in json.loads(done.output)["faults"]] == [
        ("E1802", "clients!B3")
    ]


def test_the_example_of_a_meal_request_runs(client: httpx.Client) -> None:
    answer = client.post("/v1/meals", json=MEAL_REQUEST)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["plan"]["totals"]["served"] == len(MEAL_REQUEST["problem"]["clients"])
    assert document["warnings"] == []
    again = client.post("/v1/meals", json=MEAL_REQUEST)
    assert again.content == answer.content
    near = client.post("/v1/meals", json={**MEAL_REQUEST, "previous": document["plan"]}).json()
    assert near["rota"]["kept"] == near["rota"]["doors"] > 0
    assert near["later"] == []
    sheet = client.post("/v1/meals", params={"format": "xlsx"}, json=MEAL_REQUEST)
    assert "doors 送餐顺序" in load_workbook(io.BytesIO(sheet.content)).sheetnames
    page = client.post("/v1/meals", headers={"Accept": "text/html"}, json=MEAL_REQUEST)
    assert page.headers["Content-Security-Policy"].startswith("sandbox;")


def test_standing_orders_are_planned_of_a_day(client: httpx.Client, tmp_path: Path) -> None:
    problem: dict[str, Any] = MEAL_REQUEST["problem"]
    ids = [c["id"] for c in problem["clients"]]
    call = {"received_day": "2026-11-23", "received_s": 61_200}
    week = {
        **problem, "day": "2026-11-24", "order_deadline_s": 57_600, "order_deadline_days": 1,
        "standing": [{"client": c, "weekdays": ["mon", "tue"]} for c in ids],
        "changes": [{"client": ids[0], "kind": "cancel", "day": "2026-11-23",
                     "received_day": "2026-11-20", "received_s": 0},
                    {"client": ids[1], "kind": "cancel", "day": "2026-11-24", **call}],
    }
    params = {**MEAL_REQUEST["params"], "day": "2026-11-23"}
    answer = client.post("/v1/meals", json={"problem": week, "params": params})
    assert answer.status_code == 200, answer.text
    assert answer.json()["plan"]["without"] == [{"client": ids[0], "reason": "suspended"}]
    (tmp_path / "week.json").write_text(json.dumps(week))
    told, plans = [], []
    for more in ([], ["--date", "2026-11-23"]):
        done = runner.invoke(app, ["meals", "plan", str(tmp_path / "week.json"), "-o",
                                   str(tmp_path / "out"), "--effort", "20", "--json", *more])
        assert done.exit_code == 0, done.output
        told.append([(w["code"], w["path"]) for w in json.loads(done.output)["warnings"]])
        plans.append(json.loads((tmp_path / "out" / "plan.json").read_bytes()))
    assert told == [[("W1804", "changes[1]")], []]
    sheet = sheet_rows((tmp_path / "out" / "meals.xlsx").read_bytes(), "late changes 逾期变更")
    assert sheet == []  # of the last run, whose day had nothing late
    answer_late = client.post("/v1/meals", params={"format": "xlsx"}, json={
        "problem": week, "params": MEAL_REQUEST["params"]})
    late = sheet_rows(answer_late.content, "late changes 逾期变更")
    assert late == [(ids[1], "cancel 取消", None, None, None, "2026-11-23 17:00",
                     "2026-11-23 16:00", "no day 不再生效")]
    assert plans[0]["totals"]["served"] == len(ids)
    assert plans[1] == answer.json()["plan"]
    (tmp_path / "day.json").write_text(json.dumps(problem))
    done = runner.invoke(app, ["meals", "plan", str(tmp_path / "day.json"), "--json", "--date",
                               "2026-11-23"])
    assert (done.exit_code, json.loads(done.output)["faults"][0]["code"]) == (2, "E1817")


@pytest.mark.parametrize(("change", "code", "path"), [
    ({"params": {"effort": 0}}, "E1006", "params.effort"),
    ({"problem": {"format": "x"}}, "E1008", "problem.format"),
    ({"other": 1}, "E1004", "$"), ({"previous": {"seed": 1}}, "E1003", "previous.problem"),
])
def test_a_fault_of_a_request_names_its_place(
    client: httpx.Client, change: dict[str, object], code: str, path: str
) -> None:
    answer = client.post("/v1/meals", json={**MEAL_REQUEST, **change})
    assert answer.status_code == 422
    assert (code, path) in {(f["code"], f["path"]) for f in answer.json()["faults"]}


def test_too_many_clients_are_refused_with_the_limit(client: httpx.Client) -> None:
    problem = MEAL_REQUEST["problem"]
    many = [{**problem["clients"][0], "id": f"X{i}"} for i in range(51)]
    answer = client.post("/v1/meals", json={"problem": {**problem, "clients": many}})
    assert (answer.status_code, answer.json()["faults"][0]["code"]) == (422, "E1606")


def test_a_lunch_that_was_filled_in_is_not_written_over(tmp_path: Path) -> None:
    filled = tmp_path / "lunch.xlsx"
    filled.write_bytes(b"an hour of typing")
    done = runner.invoke(app, ["meals", "template", str(filled), "--json"])
    assert done.exit_code == 2
    assert [f["code"] for f in json.loads(done.output)["faults"]] == ["E1616"]
    assert filled.read_bytes() == b"an hour of typing"
    assert runner.invoke(app, ["meals", "template", str(filled), "--force"]).exit_code == 0
    assert read_meal_tables(filled)


def test_a_plan_of_another_kind_is_told_in_one_word(tmp_path: Path) -> None:
    lunch, other = tmp_path / "lunch.xlsx", tmp_path / "plan.json"
    assert runner.invoke(app, ["meals", "template", str(lunch)]).exit_code == 0
    other.write_text('{"format": "careroute-plan/1", "routes": [], "unserved": []}')
    for args in (["check", str(lunch), str(other)], ["plan", str(lunch), "--previous", str(other)]):
        done = runner.invoke(app, ["meals", *args, "--json"])
        assert done.exit_code == 2
        told = [(f["code"], f["path"]) for f in json.loads(done.output)["faults"]]
        assert told == [("E1008", "format")]


def test_a_folder_that_cannot_be_is_told_before_the_planning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.meals.plan", lambda *_, **__: pytest.fail("planned first"))
    lunch = tmp_path / "lunch.xlsx"
    assert runner.invoke(app, ["meals", "template", str(lunch)]).exit_code == 0
    done = runner.invoke(app, ["meals", "plan", str(lunch), "-o", str(lunch), "--json"])
    assert done.exit_code == 2
    (found,) = json.loads(done.output)["faults"]
    assert found["code"] == "E1017"
    assert "a folder is needed" in found["message"]
    assert "文件夹" in found["message_zh"]
