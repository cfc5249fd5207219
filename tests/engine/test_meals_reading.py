"""Meal periods as JSON and tables: read back as they were, and every fault by its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from engine.domain.meal_programme import MealProgramme
from engine.domain.meal_reading import meal_warnings, parse_meals
from engine.domain.meals import MealsProblem
from engine.domain.programme_reading import read_programme
from engine.errors import InputError
from engine.formats.meal_tables import read_meal_tables, write_meal_tables
from engine.formats.tables import write_template
from engine.meals.scenario import make_meals, make_programme


@pytest.fixture(scope="module")
def problem() -> MealsProblem:
    return make_meals(60, 1, 2, 4, seed=2, nodes=400)[0]


@pytest.fixture
def data(problem: MealsProblem) -> dict[str, Any]:
    return problem.model_dump(mode="json")


def faults(data: object) -> set[tuple[str, str]]:
    problem, found = parse_meals(data)
    assert (problem is None) == bool(found)
    return {(f.code, f.path) for f in found}


def test_json_is_read_back_as_it_was(problem: MealsProblem, data: dict[str, Any]) -> None:
    assert read_programme(data) == MealProgramme(problem)
    assert meal_warnings(problem) == []


@pytest.mark.parametrize(("change", "expected"), [
    (lambda d: d["clients"][3].update(diet="vegan"), ("E1802", "clients[3].diet")),
    (lambda d: d["diets"].append({"id": "vegan"}) or d["clients"][3].update(diet="vegan"),
     ("E1801", "clients[3].diet")),
    (lambda d: d["clients"][5].update(id=d["clients"][2]["id"]), ("E1101", "clients[5].id")),
    (lambda d: d["points"][1].update(kitchens=[]), ("E1803", "points[1].kitchens")),
    (lambda d: d["points"][1].update(kitchens=["K77"]), ("E1802", "points[1].kitchens[0]")),
    (lambda d: d.update(vans=[]), ("E1804", "points[0]")),
    (lambda d: d["clients"][0].update(lon=None), ("E1805", "clients[0].lon")),
    (lambda d: d["clients"][0].update(at="P777"), ("E1802", "clients[0].at")),
    (lambda d: d["clients"][0].update(portions=99), ("E1807", "clients[0].portions")),
    (lambda d: d["clients"][0].update(subsidy_cents=99_999), ("E1808", "clients[0].subsidy_cents")),
    (lambda d: d["couriers"][0].update(end_s=0), ("E1806", "couriers[0].end_s")),
    (lambda d: d["couriers"][0].update(place="P"), ("E1802", "couriers[0].place")),
    (lambda d: d["vans"][0].update(kitchen="P001"), ("E1802", "vans[0].kitchen")),
    (lambda d: d.update(end_s=d["start_s"]), ("E1806", "end_s")),
    (lambda d: d["clients"][0].update(color=1), ("E1004", "clients[0].color")),
    (lambda d: d["kitchens"][0]["batches"][0]["diets"].update(vegan=1),
     ("E1802", "kitchens[0].batches[0].diets")),
    (lambda d: d.update(format="careroute-problem/1"), ("E1008", "format")),
    (lambda d: d["network"].update(kind="moon"), ("E1012", "network.kind")),
    (lambda d: d.pop("format"), ("E1003", "format")),
    (lambda d: d["kitchens"][0].update(batches=[]), ("E1013", "kitchens[0].batches")),
])
def test_each_fault_is_told_with_its_path(
    data: dict[str, Any], change: Any, expected: tuple[str, str]
) -> None:
    change(data)
    assert expected in faults(data)


def test_a_broken_entry_hides_nothing_and_spoils_no_reference(data: dict[str, Any]) -> None:
    data["points"][0]["seats"] = "many"  # couriers and clients still name this point
    data["clients"][9]["diet"] = "vegan"
    assert faults(data) == {("E1005", "points[0].seats"), ("E1802", "clients[9].diet")}


def test_too_few_portions_and_seats_are_warned_of(problem: MealsProblem) -> None:
    few = tuple(
        k.model_copy(update={"batches": k.batches[:2]}) for k in problem.kitchens
    )
    crowded = tuple(p.model_copy(update={"seats": 1}) for p in problem.points)
    found = meal_warnings(problem.changed(kitchens=few, points=crowded))
    assert {f.code for f in found} == {"W1801", "W1802", "W1803"}
    cooked = sum(b.portions for b in few[0].batches)
    short = next(f for f in found if f.code == "W1802")
    assert f"{60 - cooked} are short" in short.message
    assert f"缺 {60 - cooked} 份" in short.message_zh


@pytest.mark.parametrize("name", ["meals.xlsx", "folder"])
def test_tables_are_read_back_as_they_were(
    problem: MealsProblem, tmp_path: Path, name: str
) -> None:
    write_meal_tables(problem, tmp_path / name)
    assert read_meal_tables(tmp_path / name)[0] == MealProgramme(problem)


def test_bad_tables_are_named_line_by_line(problem: MealsProblem, tmp_path: Path) -> None:
    path = tmp_path / "meals.xlsx"
    write_meal_tables(problem, path)
    book = load_workbook(path)
    clients = book["clients"]
    header = {cell.value.split()[0]: cell.column for cell in clients[1]}
    clients.cell(4, header["diet"]).value = "vegan"
    clients.cell(7, header["id"]).value = clients.cell(5, header["id"]).value
    points = book["points"]
    points.cell(2, [c.value.split()[0] for c in points[1]].index("kitchens") + 1).value = "none"
    book["batches"].cell(2, 1).value = "K9"
    book["couriers"].cell(2, [c.value.split()[0] for c in book["couriers"][1]].index("start") + 1
                          ).value = "soon"
    book.save(path)
    with pytest.raises(InputError) as caught:
        read_meal_tables(path)
    found = {(f.code, f.path) for f in caught.value.faults}
    assert found == {
        ("E1802", "clients!B4"), ("E1101", "clients!A7"), ("E1803", "points!L2"),
        ("E1802", "batches!A2"), ("E1506", "couriers!F2"),
    }
    twice = next(f for f in caught.value.faults if f.code == "E1101")
    assert "clients!A5" in twice.message


@pytest.fixture(scope="module")
def lunch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "lunch.xlsx"
    write_meal_tables(make_programme(make_meals(20, 1, 2, 3, seed=1, nodes=400)[0]), path)
    return path


def told(lunch: Path, change: Any) -> list[tuple[str, str, str]]:
    book = load_workbook(lunch)
    change(book)
    path = lunch.with_name("changed.xlsx")
    book.save(path)
    try:
        read_meal_tables(path)
    except InputError as error:
        return [(f.code, f.path, f.message) for f in error.faults]
    return []


def test_lines_of_blanks_are_no_lines(lunch: Path) -> None:
    assert told(lunch, lambda book: book["couriers"].append(["  ", None, "\u3000"])) == []


def test_a_missing_field_is_called_as_its_column(lunch: Path) -> None:
    def change(book: Any) -> None:
        book["couriers"].append(["C900", None, None, None, "P001", None, "13:00"])
        for row in book["settings"].iter_rows(min_row=2):
            if row[0].value.split()[0] == "end":
                row[1].value = None

    line = load_workbook(lunch)["couriers"].max_row + 1
    found = told(lunch, change)
    assert ("E1003", f"couriers!F{line}", "the field start is missing") in found
    assert [m for code, _, m in found if code == "E1003"][-1] == "the field end is missing"


def test_a_programme_without_kitchens_is_told_in_few_words(lunch: Path) -> None:
    found = told(lunch, lambda book: book["kitchens"].delete_rows(2))
    assert "the list kitchens is empty" in {m for _, _, m in found}
    assert not [c for c, *_ in found if c in ("E1108", "E1801")]


def test_a_day_of_the_week_that_is_none_is_repeated_whole(lunch: Path) -> None:
    def change(book: Any) -> None:
        book["standing"].cell(2, 2).value = "someday"

    assert [(c, p) for c, p, m in told(lunch, change) if '"someday"' in m] == [
        ("E1012", "standing!B2")
    ]


def test_tables_of_a_day_name_the_command_that_plans_them(tmp_path: Path) -> None:
    write_template(tmp_path / "day.xlsx")
    with pytest.raises(InputError) as caught:
        read_meal_tables(tmp_path / "day.xlsx")
    assert [(f.code, "careroute plan" in f.hint_zh) for f in caught.value.faults] == [
        ("E1519", True)
    ]
