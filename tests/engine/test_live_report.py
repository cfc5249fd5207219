"""Plan against actual: counted from what was reported, by worker, provider, payer and service."""

from __future__ import annotations

import io
import re

import orjson
import pytest

from engine.formats.day_report import report_html, report_xlsx, write_report
from engine.live.report import report_day
from tests.care_builders import client, hour, problem, visit, window, worker
from tests.live_builders import Teller, start_day


@pytest.fixture(scope="module")
def ended():
    """Two providers; done, too short, failed, unreported, missed, cancelled."""
    made = problem(
        clients=[client(f"c{k}", 10 * k) for k in range(5)],
        workers=[worker("w1", provider="north"), worker("w2", provider="south")],
        orders=[
            visit("a", "c1", windows=(window(9, 9.5),), payer="city", service_duration_s=1_200),
            visit("b", "c2", windows=(window(11, 12),), payer="city", service_duration_s=1_200),
            visit("c", "c3", windows=(window(9, 10),), payer="own", service_duration_s=1_200),
            visit("d", "c4", windows=(window(12, 13),), payer="own", service_duration_s=1_200),
            visit("e", "c4", windows=(window(8, 8.05),), skills=(), payer="city"),
            visit("f", "c4", windows=(window(16, 17),)),
        ],
    )
    teller = Teller(start_day(made, {"w1": [["a", "b"]], "w2": [["c", "d"]]}, notice_s=0))
    teller.send("order_cancelled", 8.0, order="f")
    teller.send("visit_started", 9.75, order="a", worker="w1")  # a quarter late
    teller.send("visit_finished", 10.0, order="a", worker="w1", score=4)  # 15 of 20 min
    teller.send("visit_failed", 10.0, order="c", worker="w2", reason="not_at_home")
    teller.send("visit_started", 11.5, order="b", worker="w2")  # who is there does it
    teller.send("visit_finished", 12.0, order="b", worker="w2", score=1)
    teller.send("evaluated", 14.0, order="b", score=2)
    return teller.day


def test_figures_are_of_what_was_reported(ended):
    report = report_day(ended)
    total = report["totals"]
    states = {k: total[k] for k in ("finished", "failed", "missed", "unreported", "cancelled")}
    assert states == {"finished": 2, "failed": 1, "missed": 1, "unreported": 1, "cancelled": 1}
    assert (total["on_time"], total["timed"], total["on_time_percent"]) == (1, 3, 33.3)
    assert (total["done_ordered_min"], total["actual_min"], total["short"]) == (40, 45, 1)
    assert (total["evaluated"], total["score"], total["scores"]["2"]) == (2, 3.0, 1)
    rows = {r["order"]: r for r in report["orders"]}
    assert (rows["a"]["late_s"], rows["a"]["actual_s"]) == (900, 900)
    assert (rows["b"]["planned_worker"], rows["b"]["worker"]) == ("w1", "w2")
    assert (rows["c"]["why"], rows["e"]["why"]) == ("not_at_home", "unplanned")
    assert rows["d"]["actual_s"] is None


def test_groups_add_up_to_the_whole(ended):
    report = report_day(ended)
    assert [g["id"] for g in report["providers"]] == ["north", "south", None]
    assert {g["id"]: g["actual_min"] for g in report["providers"]} == {
        "north": 15, "south": 30, None: 0
    }
    assert {g["id"]: g["actual_min"] for g in report["payers"]} == {
        "city": 45, "own": 0, None: 0
    }
    for group in ("workers", "providers", "payers", "services"):
        for key in ("orders", "finished", "missed", "actual_min", "evaluated"):
            assert sum(g[key] for g in report[group]) == report["totals"][key]


def test_a_page_in_each_language_and_a_workbook_hold_the_figures(ended, tmp_path):
    report, made = report_day(ended), ended.board.problem
    pages = {lang: report_html(report, made, lang) for lang in ("en", "zh")}
    assert "providers" in pages["en"]
    assert not re.search("[\u4e00-\u9fff]", pages["en"])
    for word in ("服务机构", "按时率", "家中无人", "平均评分"):
        assert word in pages["zh"]
    assert "<td class=n>45" in pages["en"]  # figures stand under each other
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(report, made)))
    sheet = book["providers 服务机构"]
    header = [c.value for c in sheet[1]]
    column = header.index("actual, min 实际服务（分钟）")
    assert [[r[0].value, r[column].value] for r in sheet.iter_rows(min_row=2)] == [
        ["north", 15], ["south", 30], ["-", 0], ["all 合计", 45]
    ]
    write_report(report, made, tmp_path / "r.json", "en")
    assert orjson.loads((tmp_path / "r.json").read_bytes())["totals"]["score"] == 3.0
    assert report["clock_s"] == hour(14)
