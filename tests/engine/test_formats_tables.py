"""Problems as workbooks and folders of CSV files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import geodata
from engine.domain.faults import fault
from engine.domain.parse import read_problem
from engine.domain.points import points_of
from engine.domain.problem import Problem
from engine.errors import InputError
from engine.formats.native import loads
from engine.formats.table_cells import (
    CLOCK,
    DAY,
    MINUTES,
    PAIRS,
    SHIFTS,
    TEXT,
    WINDOWS,
    YES_NO,
    YUAN,
    BadCell,
    Kind,
    clean,
)
from engine.formats.table_columns import SHEETS, find_column, header_of
from engine.formats.table_template import example_problem
from engine.formats.tables import load_tables, read_tables, write_tables, write_template
from engine.travel import snap_faults

EVERYTHING = {
    "format": "careroute-problem/1", "id": "all", "day": "2026-03-02",
    "coordinate_system": "gcj02", "max_snap_m": 700, "arrival_s": {"car": 120, "walk": 0},
    "network": {"kind": "file", "path": "../streets of town.osm.pbf"},
    "continuity": {"new_face_cents": 150, "preferred_bonus_cents": 99},
    "skills": [{"id": "acupuncture", "name": "=1+1", "name_zh": "针灸，（中医）"}],
    "services": [{
        "id": "needles", "kind": "visit", "name": "@needles", "name_zh": "针灸",
        "service_duration_s": 1_850, "skills": ["acupuncture", "nursing"], "same_gender": True,
        "credits_per_hour": 1.5,
        "team": [{"id": "hands", "skills": ["acupuncture"]}, {}],
    }],
    "clients": [{
        "id": "C1", "lon": 114.3, "lat": 30.58, "coordinate_system": "bd09", "care_level": 3,
        "guaranteed": True, "district": "d-1", "refused_workers": ["W1"],
        "preferred_workers": ["W2"], "known_workers": ["W2", "gone"], "gender": "male",
        "languages": ["yue", "zh"], "arrival_s": 61, "compound": "garden",
        "living": "empty_nest",
    }, {"id": "1002", "lon": -0.1, "lat": 51.5}],
    "centres": [{"id": "Z", "lon": 114.3, "lat": 30.6, "level": "county", "services": ["bath"],
                 "seats": 5, "beds": 7}],
    "kitchens": [{
        "id": "K", "lon": 114.3, "lat": 30.6, "loading_s": 90,
        "batches": [{"id": "b1", "ready_s": 36_001, "portions": 3, "diets": []},
                    {"id": "b2", "ready_s": 90_000, "portions": 3}],
    }],
    "meal_points": [{"id": "P", "lon": 114.3, "lat": 30.6, "seats": 9}],
    "places": [{"id": "H", "lon": 114.3, "lat": 30.6}],
    "vehicles": [{"id": "V", "mode": "car", "capacity": {"portions": 4, "b": 0},
                  "cost_per_km_cents": 123}],
    "workers": [{
        "id": "W1", "role": "nurse", "start": "H", "end": "Z", "mode": "walk", "vehicle": "V",
        "certificates": [{"skill": "nursing", "valid_until": "2027-01-31"}, {"skill": "escort"}],
        "services": [], "shifts": [{
            "id": "n:1", "start_s": 72_000, "end_s": 100_000, "breaks": [
                {"early_s": 80_000, "late_s": 81_000, "length_s": 100},
                {"early_s": 90_000, "late_s": 90_000, "length_s": 1_800},
            ]}],
        "service_time_factor": 1.25, "cost_per_shift_cents": 1, "cost_per_travel_hour_cents": 0,
        "gender": "female", "languages": ["zh"], "refused_clients": ["1002"],
        "min_rest_s": 61, "max_daily_s": 30_001, "max_driving_s": 7_200, "max_visits": 9,
        "regular_s": 3_600, "overtime_per_hour_cents": 1_234, "provider": "north",
        "max_weekly_s": 144_000, "used_weekly_s": 61, "max_monthly_s": 500_000,
        "used_monthly_s": 100_001, "previous_end_s": 90_000, "min_daily_rest_s": 39_600,
    }, {"id": "W2", "start": "H", "returns": False, "services": ["bath", "needles"],
        "shifts": [{"id": "a", "start_s": 28_800, "end_s": 43_200}]}],
    "orders": [
        {"id": "O1", "kind": "visit", "client": "C1", "service": "needles", "skills": ["escort"],
         "windows": [{"start_s": 30_600, "end_s": 30_617}, {"start_s": 80_000, "end_s": 90_000}],
         "service_duration_s": 100, "load": {"b": 2}, "priority": 0, "channel": "tv",
         "waiting_days": 12, "payer": "city",
         "gender": "male", "pin": {"worker": "W2", "start_s": 30_600}, "team": [],
         "after": {"order": "O2", "min_gap_s": 100, "max_gap_s": 7_201, "same_worker": True}},
        {"id": "O4", "kind": "visit", "client": "C1", "service": "bath", "team": [
            {"id": "x", "skills": ["escort", "nursing"], "roles": ["nurse", "courier"],
             "service_duration_s": 100},
            {}, {"roles": ["volunteer"]}]},
        {"id": "O2", "kind": "meal", "client": "1002", "portions": 2, "diet": "soft",
         "kitchen": "P", "max_onboard_s": 2_401, "optional": True, "prize_cents": 1_999},
        {"id": "O3", "kind": "emergency", "client": "C1", "received_s": 0, "response_s": 60},
    ],
    "entitlements": [
        {"id": "e1", "client": "C1", "payer": "city", "services": ["needles", "bath"], "visits": 8,
         "service_s": 36_001, "used_visits": 3, "used_service_s": 7_201},
        {"id": "e2", "visits": 0, "services": []},
    ],
}


def places_of(error: InputError) -> list[tuple[str, str]]:
    return [(f.code, f.path) for f in error.faults]


@pytest.mark.parametrize("name", ["day.xlsx", "day"])
@pytest.mark.parametrize("make", [example_problem, lambda: read_problem(EVERYTHING)])
def test_a_problem_survives_tables(name: str, make: Callable[[], Problem], tmp_path: Path) -> None:
    problem = make()
    write_tables(problem, tmp_path / name)
    assert load_tables(tmp_path / name) == problem


def test_every_field_of_every_entity_has_a_column(tmp_path: Path) -> None:
    # A field that tables lack would be lost without a word: EVERYTHING sets all of them.
    problem = read_problem(EVERYTHING)
    for group in ("skills", "services", "clients", "centres", "kitchens", "vehicles", "workers",
                  "entitlements"):
        model = type(getattr(problem, group)[0])
        given = {key for entry in EVERYTHING[group] for key in entry}  # type: ignore[union-attr]
        assert given == set(model.model_fields) - ({"coordinate_system"} - given)
    given = {key for order in EVERYTHING["orders"] for key in order}  # type: ignore[union-attr]
    assert given == {name for order in problem.orders for name in type(order).model_fields}


@pytest.mark.parametrize("name", ["template.xlsx", "template"])
def test_the_template_is_a_day_without_faults(name: str, tmp_path: Path) -> None:
    write_template(tmp_path / name)
    assert load_tables(tmp_path / name) == example_problem()


def test_the_template_lies_in_the_default_city() -> None:
    problem = example_problem()
    assert problem.network.kind == "synthetic"
    assert snap_faults(points_of(problem), geodata.synthetic_city()) == []


def test_the_template_explains_itself(tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["guide", *(sheet.name for sheet in SHEETS)]
    for sheet in SHEETS[1:]:
        page = book[sheet.name]
        assert [cell.value for cell in page[1]] == [header_of(c) for c in sheet.columns]
        assert all(cell.comment for cell in page[1])
        lists = page.data_validations.dataValidation
        assert len(lists) == sum(bool(c.choices) for c in sheet.columns)
        # Spreadsheets refuse to open a file with a longer list.
        assert all(len(entry.formula1) <= 255 for entry in lists)
    guide = "".join(str(cell.value) for row in book["guide"] for cell in row)
    assert "Write no names" in guide
    assert "请勿填写姓名" in guide


def test_text_never_becomes_a_formula(tmp_path: Path) -> None:
    write_tables(read_problem(EVERYTHING), tmp_path / "day.xlsx")
    page = openpyxl.load_workbook(tmp_path / "day.xlsx")["skills"]
    assert (page["B2"].value, page["B2"].data_type) == ("=1+1", "s")
    write_tables(read_problem(EVERYTHING), tmp_path / "day")
    assert ",'=1+1," in (tmp_path / "day" / "skills.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv_is_read_as_spreadsheets_save_it(
    encoding: str, delimiter: str, tmp_path: Path
) -> None:
    write_tables(example_problem(), tmp_path)
    for file in tmp_path.glob("*.csv"):
        text = file.read_text("utf-8-sig")
        if delimiter != ",":
            text = text.replace(",", delimiter)  # the example has no comma in a cell
        file.write_bytes(text.encode(encoding))
    assert load_tables(tmp_path) == example_problem()


def test_a_planner_may_write_chinese_throughout(tmp_path: Path) -> None:
    sheets = {
        "设置": "计划编号,日期\n",
        "地点": "类别,编号,经度,纬度,兜底保障\n老人,L1,114.3,30.6,是\n驿站,Z1,114.31,30.61,否\n",
        "人员": "人员编号,岗位,出发地点,持证技能,班次\nR1,护理员,Z1,助浴=2027/6/30；急救,"
                "08：00－12：00；13:00至17:00\n",
        "工单": "工单编号,类型,服务对象,服务项目,服务窗口,服务时长（分钟）,可选\n"
                "G1,上门,L1,助浴,08:30～10:00，14:00-15:00,45,否\n",
    }
    sheets["设置"] = "设置项,值\n计划编号,D1\n日期,2026年3月2日\n"
    for name, text in sheets.items():
        (tmp_path / f"{name}.csv").write_text(text, "gb18030")
    problem = load_tables(tmp_path)
    assert problem.day == date(2026, 3, 2)
    assert problem.clients[0].guaranteed
    assert [c.skill for c in problem.workers[0].certificates] == ["bathing", "first_aid"]
    assert [s.id for s in problem.workers[0].shifts] == ["s1", "s2"]
    order = problem.orders[0]
    assert (order.service, order.service_duration_s) == ("bath", 2_700)
    assert [w.start_s for w in order.windows] == [30_600, 50_400]


def test_faults_name_the_cells_all_at_once(tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    orders = book["orders"]
    orders["C5"], orders["D4"], orders["E3"] = "C99", "bathe", "half past eight"
    orders["A8"] = "O01"
    orders.insert_rows(2)  # empty lines shift what follows
    book["places"]["C3"], book["places"]["D3"] = 30.6, 114.3
    book["workers"]["J3"] = "12:00-08:00"
    book["batches"]["C2"] = None
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError) as caught:
        load_tables(tmp_path / "t.xlsx")
    assert places_of(caught.value) == [
        ("E1003", "batches!C2"), ("E1101", "orders!A9"), ("E1102", "orders!C6"),
        ("E1103", "orders!D5"), ("E1509", "orders!E4"), ("E1402", "places!D3"),
        ("E1203", "workers!J3"),
    ]
    twice = next(f for f in caught.value.faults if f.code == "E1101")
    assert "first at orders!A3" in twice.message


def test_a_formula_that_was_never_calculated_is_told_and_not_taken_for_empty(
    tmp_path: Path,
) -> None:
    write_template(tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    book["orders"]["F2"] = "=30*2"
    book["orders"]["A40"] = "=A2"  # a line with nothing else in it
    book.save(tmp_path / "t.xlsx")  # openpyxl writes the formula and no result
    with pytest.raises(InputError) as caught:
        load_tables(tmp_path / "t.xlsx")
    told = [f.path for f in caught.value.faults if f.code == "E1514"]
    assert told == ["orders!A40", "orders!F2"]


def test_what_is_found_later_names_its_cell_too(tmp_path: Path) -> None:
    write_template(tmp_path / "t")
    _, cells = read_tables(tmp_path / "t")
    late = fault("E1403", "kitchens[0]", distance_m=900, mode="car", limit_m=500)
    assert cells.translate(late).path == "places!A15"


def test_a_column_filled_down_to_lines_it_does_not_concern_is_no_fault(tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    places, orders = book["places"], book["orders"]
    for row in range(2, places.max_row + 1):
        if places.cell(row, 7).value is None:
            places.cell(row, 7).value = "no"  # guaranteed, which only clients can be
    for row in range(2, orders.max_row + 1):
        if orders.cell(row, 2).value != "meal":
            orders.cell(row, 13).value = 0  # portions
    book.save(tmp_path / "t.xlsx")
    assert load_tables(tmp_path / "t.xlsx") == example_problem()


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (CLOCK, "08:30", 30_600), (CLOCK, time(8, 30), 30_600),
        (CLOCK, timedelta(hours=25), 90_000),
        (CLOCK, datetime(1899, 12, 31, 1), 90_000), (CLOCK, "48:00", 172_800),
        (MINUTES, 30, 1_800), (MINUTES, "1.5", 90), (YUAN, 12.5, 1_250), (YUAN, "0.29", 29),
        (TEXT, 1001.0, "1001"), (TEXT, 1001, "1001"), (YES_NO, True, True), (YES_NO, "否", False),
        (DAY, datetime(2026, 3, 2), "2026-03-02"), (DAY, "2026/3/2", "2026-03-02"),
        (PAIRS, "portions＝40；boxes=2", {"portions": 40, "boxes": 2}),
        (WINDOWS, "8:30-10:00;", [{"start_s": 30_600, "end_s": 36_000}]),
        (SHIFTS, "am=08:00-12:00", [{"id": "am", "start_s": 28_800, "end_s": 43_200}]),
    ],
)
def test_a_cell_means_what_a_planner_means(kind: Kind, cell: object, value: object) -> None:
    assert kind.read(clean(cell)) == value


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        (CLOCK, "48:01"), (CLOCK, "8.5"), (CLOCK, 8.5), (CLOCK, "08:60"), (MINUTES, "nan"),
        (MINUTES, "30 min"), (MINUTES, True), (YUAN, "0.295"), (YUAN, "1e400"), (YES_NO, "maybe"),
        (PAIRS, "portions"), (PAIRS, "a=1; a=2"), (PAIRS, "a=1.5"), (WINDOWS, "08:30"),
        (WINDOWS, "08:30-10:00-11:00"), (SHIFTS, "am=08:00"),
    ],
)
def test_a_cell_that_could_mean_anything_is_refused(kind: Kind, cell: object) -> None:
    with pytest.raises(BadCell):
        kind.read(clean(cell))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda s: s.name)
def test_headers_are_found_in_english_in_chinese_and_in_both(sheet: Any) -> None:
    for column in sheet.columns:
        for header in (column.name, column.zh, header_of(column), f" {column.name.upper()} *"):
            assert find_column(sheet, header) is column


def test_bytes_that_are_no_workbook_are_told_as_such(tmp_path: Path) -> None:
    write_template(tmp_path / "good.xlsx")
    good = (tmp_path / "good.xlsx").read_bytes()
    middle = len(good) // 2
    spoilt = good[: middle // 2] + b"\xff" * middle + good[middle + middle // 2 :]
    files = {
        "spoilt.xlsx": spoilt, "half.xlsx": good[:middle], "head.xlsx": b"PK\x03\x04",
        "old.xls": b"\xd0\xcf\x11\xe0", "single.csv": b"a,b",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError) as caught:
            load_tables(tmp_path / name)
        assert places_of(caught.value) == [("E1501", "$")]


def test_the_example_day_is_the_file_that_is_shipped() -> None:
    from importlib import resources

    text = resources.files("engine.formats").joinpath("example_day.json").read_bytes()
    assert read_problem(loads(text)) == example_problem()
