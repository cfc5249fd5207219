"""Every code of the table is produced by an input that deserves it, at the right place."""

from __future__ import annotations

import builtins
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.domain.faults import TEXTS
from engine.domain.parse import read_plan, read_problem
from engine.domain.problem import FileNetwork, NamedNetwork
from engine.domain.week_texts import WEEK_TEXTS
from engine.errors import InputError
from engine.formats import native, table_files
from engine.formats.native import load_problem, loads, save
from engine.formats.table_columns import SHEETS, header_of
from engine.formats.tables import load_tables, write_template
from engine.networks import open_network
from tests.engine.test_parse import problem_data

Mutation = Callable[[dict[str, Any]], object]
Maker = Callable[[Path], object]


def order(**fields: object) -> Mutation:
    return lambda data: data["orders"][0].update(fields)


def window(start_s: object, end_s: object) -> Mutation:
    return order(windows=[{"start_s": start_s, "end_s": end_s}])


def worker(**fields: object) -> Mutation:
    return lambda data: data["workers"][0].update(fields)


def client(**fields: object) -> Mutation:
    return lambda data: data["clients"][0].update(fields)


def renamed(identity: str) -> Mutation:
    return lambda data: data["clients"][1].update(id=identity)


def top(**fields: object) -> Mutation:
    return lambda data: data.update(fields)


def shift(start_s: int, end_s: int, identity: str = "am") -> dict[str, object]:
    return {"id": identity, "start_s": start_s, "end_s": end_s}


def rest(*breaks: tuple[int, int, int]) -> Mutation:
    """One shift from 08:00 to 13:00 with breaks."""
    return worker(shifts=[{**shift(28_800, 46_800), "breaks": [
        {"early_s": a, "late_s": b, "length_s": n} for a, b, n in breaks
    ]}])


def after(data: dict[str, Any], **fields: object) -> None:
    """A second order, and the first one a minute after it."""
    data["orders"].append({**data["orders"][0], "id": "O2"})
    data["orders"][0]["after"] = {"order": "O2", "max_gap_s": 60, **fields}


def many_faults(data: dict[str, Any]) -> None:
    data["orders"] = [{} for _ in range(1_000)]


#: code, path of the fault, what to do to a problem without faults
SHAPES: list[tuple[str, str, Mutation]] = [
    ("E1003", "orders[0].client", lambda d: d["orders"][0].pop("client")),
    ("E1003", "network.kind", top(network={"nodes": 1_000})),
    ("E1004", "orders[0].servce", order(servce="bath")),
    ("E1004", "arrival_s", top(arrival_s={"car": 120, "e-bike": 30})),
    ("E1006", "arrival_s.car", top(arrival_s={"car": -1})),
    ("E1004", "orders[0].windows[0].until", order(
        windows=[{"start_s": 30_000, "end_s": 31_000, "until": 3}])),
    ("E1005", "orders", top(orders={"O1": {}})),
    ("E1005", "orders[0].optional", order(optional=1)),
    ("E1005", "orders[0].service_duration_s", order(service_duration_s=600.0)),
    ("E1005", "orders[0].windows[0].start_s", window(True, 31_000)),
    ("E1005", "clients[0]", lambda d: d["clients"].__setitem__(0, "C1")),
    ("E1006", "orders[0].windows[0].start_s", window(-1, 31_000)),
    ("E1006", "orders[0].priority", order(priority=10)),
    ("E1007", "clients[0].lon", client(lon=float("nan"))),
    ("E1007", "orders[0].service_duration_s", order(service_duration_s=float("inf"))),
    ("E1008", "format", top(format="careroute-problem/2")),
    ("E1008", "$", lambda d: (d.pop("format"), d.update(jobs=[]))),
    ("E1010", "orders[0].id", order(id="order 1")),
    ("E1010", "orders[0].load", order(load={"two words": 1})),
    ("E1011", "clients[1].id", renamed("13812345678")),
    ("E1011", "clients[1].id", renamed("110101194910010011")),
    ("E1011", "clients[1].id", renamed("王秀英")),
    ("E1012", "workers[0].mode", worker(mode="e-bike")),
    ("E1012", "orders[0].kind", order(kind="vist")),
    ("E1012", "network.kind", top(network={"kind": "osm"})),
    ("E1013", "workers[0].shifts", worker(shifts=[])),
    ("E1014", "day", top(day="2026-02-30")),
    ("E1014", "day", top(day=0)),
    ("E1020", "orders[0].prize_cents", order(optional=True)),
    ("E1021", "orders[0].prize_cents", order(prize_cents=100)),
    ("E1022", "workers[0].returns", worker(end="H1", returns=False)),
    ("E1023", "$", many_faults),
    ("E1041", "clients[0].preferred_workers[0]", client(
        preferred_workers=["W1"], refused_workers=["W1"])),
    ("E1042", "orders[0].pin.worker", lambda d: (
        client(refused_workers=["W1"])(d), order(pin={"worker": "W1"})(d))),
    ("E1042", "orders[0].pin.worker", lambda d: (
        worker(refused_clients=["C1"])(d), order(pin={"worker": "W1"})(d))),
    ("E1043", "orders[0].pin.worker", lambda d: (
        worker(gender="male")(d), order(gender="female", pin={"worker": "W1"})(d))),
    ("E1101", "orders[1].id", lambda d: d["orders"].append(dict(d["orders"][0]))),
    ("E1101", "workers[0].shifts[1].id", worker(
        shifts=[shift(28_800, 30_000), shift(30_000, 43_200)])),
    ("E1101", "places[0].id", lambda d: d["kitchens"][0].update(id="H1")),
    ("E1102", "orders[0].client", order(client="C9")),
    ("E1102", "workers[0].refused_clients[0]", worker(refused_clients=["C9"])),
    ("E1103", "orders[0].service", order(service="massage")),
    ("E1104", "orders[0].skills[0]", order(skills=["magic"])),
    ("E1104", "workers[0].certificates[0].skill", worker(certificates=[{"skill": "magic"}])),
    ("E1105", "workers[0].start", worker(start="C1")),
    ("E1106", "workers[0].vehicle", worker(vehicle="truck")),
    ("E1107", "clients[0].refused_workers[0]", client(refused_workers=["W9"])),
    ("E1107", "clients[0].preferred_workers[0]", client(preferred_workers=["W9"])),
    ("E1107", "orders[0].pin.worker", order(pin={"worker": "W9"})),
    ("E1108", "orders[1].kitchen", lambda d: d["orders"].append(meal(kitchen="H1"))),
    ("E1109", "orders[1].diet", lambda d: d["orders"].append(meal(diet="vegan"))),
    ("E1110", "orders[0].service", order(service="meal")),
    ("E1201", "orders[0].windows[0].end_s", window(36_000, 35_999)),
    ("E1202", "orders[0].windows", window(43_201, 50_000)),
    ("E1203", "workers[0].shifts[0].end_s", worker(shifts=[shift(28_800, 28_800)])),
    ("E1204", "workers[0].shifts[1]", worker(
        shifts=[shift(28_800, 36_001), shift(36_000, 43_200, "late")])),
    ("E1205", "orders[0].windows[0].start_s", window(1_764_000_000, 31_000)),
    ("E1205", "orders[0].windows[0].end_s", window(0, 30_600_000)),
    ("E1205", "orders[0].service_duration_s", order(service_duration_s=3_600_000)),
    ("E1206", "orders[0].windows", window(510, 600)),
    ("E1206", "orders[0].windows", window(8, 10)),
    ("E1206", "orders[0].service_duration_s", order(service_duration_s=60)),
    ("E1206", "workers[0].shifts[0].end_s", worker(shifts=[shift(480, 720)])),
    ("E1207", "day", top(day="0206-03-01")),
    ("E1207", "workers[0].certificates[0].valid_until", worker(
        certificates=[{"skill": "bathing", "valid_until": "0207-01-01"}])),
    ("E1208", "orders[0].windows[1]", order(windows=[
        {"start_s": 30_000, "end_s": 33_000}, {"start_s": 32_999, "end_s": 36_000}])),
    ("E1209", "orders[0].windows[0].start_s", window("08:30", 36_000)),
    ("E1221", "orders[0].pin.start_s", order(pin={"start_s": 36_001})),
    ("E1222", "orders[0].pin.start_s", order(windows=[], pin={"start_s": 43_201})),
    ("E1222", "orders[0].pin.start_s", order(
        windows=[], pin={"start_s": 43_201, "worker": "W1"})),
    ("E1301", "orders[0].load.boxes", order(load={"boxes": -1})),
    ("E1301", "orders[1].portions", lambda d: d["orders"].append(meal(portions=-1))),
    ("E1302", "orders[0].load.crates", order(load={"crates": 1})),
    ("E1401", "clients[0].lon", client(lon=200.0)),
    ("E1402", "clients[0].lat", client(lon=30.6, lat=114.3)),
    ("E1402", "clients[0].lat", client(lon=43.8, lat=87.6)),  # west China: a latitude in range
    ("E1404", "clients[0].lon", client(lon=12_723_000.0)),
    ("E1407", "clients[0].lat", client(lon=0, lat=0)),
    ("E1060", "orders[0].team", order(team=[{}])),
    ("E1060", "orders[0].team", order(team=[{}, {}, {}, {}])),
    ("E1061", "orders[0].team[1].id", order(team=[{"id": "a"}, {"id": "a"}])),
    ("E1061", "orders[0].team[1].id", order(team=[{"id": "2"}, {}])),
    ("E1062", "orders[0].after.different_worker", lambda d: after(
        d, same_worker=True, different_worker=True)),
    ("E1063", "services[0].team", top(services=[{
        "id": "soup", "kind": "meal", "name": "soup", "name_zh": "汤", "service_duration_s": 60,
        "team": [{}, {}]}])),
    ("E1064", "orders[0].pin.worker", order(team=[{}, {}], pin={"worker": "W1"})),
    ("E1104", "orders[0].team[0].skills[0]", order(team=[{"skills": ["magic"]}, {}])),
    ("E1130", "orders[0].after.order", order(after={"order": "O9", "max_gap_s": 60})),
    ("E1131", "orders[0].after.order", order(after={"order": "O1", "max_gap_s": 60})),
    ("E1230", "orders[0].after.max_gap_s", lambda d: after(d, min_gap_s=61)),
    ("E1231", "workers[0].shifts[0].breaks[0].late_s", rest((40_000, 39_000, 600))),
    ("E1232", "workers[0].shifts[0].breaks[0]", rest((46_201, 46_201, 600))),
    ("E1233", "workers[0].shifts[0].breaks[1]", rest((39_000, 40_000, 600), (36_000, 39_599, 600))),
    ("E1234", "workers[0].shifts[1]", worker(
        min_rest_s=3_601, shifts=[shift(28_800, 43_200), shift(46_800, 61_200, "pm")])),
    ("E1235", "workers[0].regular_s", worker(overtime_per_hour_cents=100)),
    ("E1236", "workers[0].regular_s", lambda d: (
        d.update(fair_load_cents_per_hour=100), d["workers"][0].update(regular_s=3_600))),
    ("E1410", "clients[1].compound", lambda d: (
        d["clients"][0].update(compound="garden"),
        d["clients"][1].update(compound="garden", lat=d["clients"][0]["lat"] + 0.1))),
]


def meal(**fields: object) -> dict[str, object]:
    return {"id": "M1", "kind": "meal", "client": "C1", **fields}


def folder_with(change: Callable[[Path], object]) -> Maker:
    """Read the template as CSV after something was done to its folder."""
    def make(tmp_path: Path) -> object:
        write_template(tmp_path / "day")
        change(tmp_path / "day")
        return load_tables(tmp_path / "day")
    return make


def cell(sheet: str, name: str, line: int, text: str) -> Maker:
    """Read the template after one cell of a line (2 is the first below the header) was changed."""
    def change(folder: Path) -> None:
        columns = [c.name for c in next(s for s in SHEETS if s.name == sheet).columns]
        grid = table_files.read_grids(folder)[sheet]
        grid[line - 1][columns.index(name)] = text
        table_files.write_grids({sheet: grid}, folder)
    return folder_with(change)


def replaced(sheet: str, old: str, new: str) -> Maker:
    def change(folder: Path) -> None:
        file = folder / f"{sheet}.csv"
        text = file.read_text("utf-8-sig")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8-sig")
    return folder_with(change)


def file_of(content: bytes, name: str = "problem.json", load: Any = load_problem) -> Maker:
    def make(tmp_path: Path) -> object:
        (tmp_path / name).write_bytes(content)
        return load(tmp_path / name)
    return make


def tables_of_a_meal_period(tmp_path: Path) -> object:
    for name in ("settings", "batches", "clients", "couriers", "diets", "points"):
        (tmp_path / f"{name}.csv").write_text("id\n")
    return load_tables(tmp_path)


def without_openpyxl(tmp_path: Path) -> object:
    real = builtins.__import__
    with pytest.MonkeyPatch.context() as patch:
        def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
            if name == "openpyxl":
                raise ImportError(name)
            return real(name, *args, **kwargs)
        patch.setattr(builtins, "__import__", refuse)
        return write_template(tmp_path / "template.xlsx")


def too_large(tmp_path: Path) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "MAX_BYTES", 10)
        return file_of(b"{} " * 10)(tmp_path)


def too_many_lines(tmp_path: Path) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_files, "MAX_LINES", 10)
        return folder_with(lambda folder: None)(tmp_path)


def too_far_from_a_road(tmp_path: Path) -> object:
    import geodata
    from engine.travel import build_travel

    data = problem_data()
    data["places"][0]["lon"] += 5
    return build_travel(read_problem(data), geodata.synthetic_city(300))


def offer_beside_a_broken_plan(_: Path) -> object:
    from engine.offers import Ask, PlannedDay, find_offers
    from tests import care_builders as care

    day = care.problem(clients=[care.client("c")], workers=[care.worker("w")])
    made = care.plan(day).plan.model_copy(update={"problem": "another"})
    ask = Ask(client="c", service="check_in")
    return find_offers([PlannedDay(day, made, care.line_travel(day))], ask)


def named_network(folder: Path, name: str) -> object:
    return open_network(NamedNetwork(kind="named", name=name), named_folder=folder)


def file_network_of_a_request() -> object:
    return open_network(FileNetwork(kind="file", path="/etc/passwd"), folder=None)


HEADER = {s.name: ",".join(header_of(c) for c in s.columns) for s in SHEETS}
FILES: list[tuple[str, str, Maker]] = [
    ("E1001", "$", file_of(b'{"format": "careroute-problem/1",\n "id": }')),
    ("E1002", "$", file_of(b"")),
    ("E1009", "$", file_of(b"[" * 100_000)),
    ("E1015", "$", lambda tmp: load_problem(tmp / "nothing.json")),
    ("E1016", "$", load_problem),
    ("E1017", "$", lambda tmp: save(read_problem(problem_data()), tmp)),
    ("E1018", "$", too_large),
    ("E1019", "$", file_of('{"id": "\u738b"}'.encode("gb18030"))),
    ("E1024", "$", file_of(b"PK\x03\x04 of plan.xlsx", "plan.json")),
    ("E1051", "days[0].plan", offer_beside_a_broken_plan),
    ("E1403", "places[0]", too_far_from_a_road),
    ("E1405", "network.name", lambda tmp: named_network(tmp, "nowhere")),
    ("E1406", "network.kind", lambda _: file_network_of_a_request()),
    ("E1501", "$", file_of(b"PK\x03\x04 not really", "day.xlsx", load_tables)),
    ("E1502", "orders", folder_with(lambda f: (f / "orders.csv").unlink())),
    ("E1502", "vehicle", folder_with(lambda f: (f / "vehicles.csv").rename(f / "vehicle.csv"))),
    ("E1503", "orders!E1", replaced("orders", "windows 服务窗口", "windws")),
    ("E1504", "orders!A1", replaced("orders", "client 服务对象", "note")),
    ("E1505", "orders!D1", replaced("orders", "service 服务项目", "client")),
    ("E1506", "batches!C2", cell("batches", "ready", 2, "half past ten")),
    ("E1507", "orders!F2", cell("orders", "service_duration_min", 2, "an hour")),
    ("E1508", "orders!J2", cell("orders", "optional", 2, "perhaps")),
    ("E1509", "orders!E2", cell("orders", "windows", 2, "08:30")),
    ("E1510", "vehicles!C2", cell("vehicles", "capacity", 2, "40 portions")),
    ("E1517", "orders!V2", cell("orders", "team", 2, "a=b=c")),
    ("E1518", "orders!W2", cell("orders", "after", 2, "two hours after O1")),
    ("E1519", "$", tables_of_a_meal_period),
    ("E1511", "$", without_openpyxl),
    ("E1512", "orders!A1", folder_with(lambda f: (f / "orders.csv").write_text(""))),
    ("E1513", "orders.csv", folder_with(lambda f: (f / "orders.csv").write_bytes(b"\xff\xff,1"))),
    ("E1514", "orders!C2", cell("orders", "client", 2, "#N/A")),
    ("E1515", "guide", too_many_lines),
    ("E1516", "settings!A3", replaced("settings", "day 日期", "daay")),
]


@pytest.mark.parametrize(("code", "path", "change"), SHAPES)
def test_a_broken_problem_is_told_by_code_and_path(
    code: str, path: str, change: Mutation
) -> None:
    data = problem_data()
    change(data)
    with pytest.raises(InputError) as caught:
        read_problem(data)
    assert (code, path) in [(f.code, f.path) for f in caught.value.faults]
    if code != "E1023":
        # One mistake is one fault: nothing that only follows from it is told beside it.
        assert [(f.code, f.path) for f in caught.value.faults] == [(code, path)]


@pytest.mark.parametrize(("code", "path", "make"), FILES)
def test_a_broken_file_is_told_by_code_and_place(
    code: str, path: str, make: Maker, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        make(tmp_path)
    assert (code, path) in [(f.code, f.path) for f in caught.value.faults]


def test_every_code_of_the_table_is_produced() -> None:
    # Those of weeks are produced in test_weeks_parse.
    assert {code for code, _, _ in [*SHAPES, *FILES]} == set(TEXTS) - set(WEEK_TEXTS)


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_a_text_speaks_both_languages_with_the_same_placeholders(code: str) -> None:
    text = TEXTS[code]
    assert re.fullmatch(r"E1[0-57]\d\d", code)
    for part in text:
        assert part
        assert part.strip() == part
        assert not part.endswith((".", "。"))
    han = re.compile(r"[\u4e00-\u9fff]")
    assert not han.search(text.message)
    assert not han.search(text.hint)
    assert han.search(text.message_zh)
    assert han.search(text.hint_zh) or text.hint_zh == "{remedy}"
    for en, zh in ((text.message, text.message_zh), (text.hint, text.hint_zh)):
        assert set(re.findall(r"\{(\w+)\}", en)) == set(re.findall(r"\{(\w+)\}", zh))


@pytest.mark.parametrize(("code", "path", "change"), SHAPES)
def test_placeholders_are_filled_and_no_library_speaks(
    code: str, path: str, change: Mutation
) -> None:
    data = problem_data()
    change(data)
    with pytest.raises(InputError) as caught:
        read_problem(data)
    told = json.dumps([f.as_dict() for f in caught.value.faults], ensure_ascii=False)
    assert not re.search(r"\{\w+\}|pydantic|Words\(|Input should|13812345678|王秀英|19491001", told)


def test_a_plan_is_read_the_same_way() -> None:
    with pytest.raises(InputError) as caught:
        read_plan({"format": "careroute-plan/1", "routes": [{"worker": 3}, 7], "unserved": {}})
    found = {(f.code, f.path) for f in caught.value.faults}
    assert {("E1005", "routes[0].worker"), ("E1003", "routes[0].shift"), ("E1005", "routes[1]"),
            ("E1005", "unserved"), ("E1003", "totals")} <= found


def test_not_a_number_in_json_text_is_told_with_its_path() -> None:
    text = json.dumps(problem_data()).replace("30.58", "NaN", 1)
    with pytest.raises(InputError) as caught:
        read_problem(loads(text.encode()))
    assert [(f.code, f.path) for f in caught.value.faults] == [("E1007", "clients[0].lat")]
