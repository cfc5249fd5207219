"""What a problem may say, at its boundaries, and what it is told when it may not."""

from __future__ import annotations

import copy
import gc
import json
import time
from typing import Any

import pytest

from engine.domain.parse import parse_problem, read_problem
from engine.domain.reading import FILLERS, GROUPS, MAX_FAULTS, ORDER_KINDS
from engine.errors import InputError

_PROBLEM: dict[str, Any] = {
    "format": "careroute-problem/1",
    "id": "day-1",
    "day": "2026-03-02",
    "clients": [
        {"id": "C1", "lon": 114.30, "lat": 30.58}, {"id": "C2", "lon": 114.31, "lat": 30.59},
    ],
    "kitchens": [{
        "id": "K1", "lon": 114.3, "lat": 30.6,
        "batches": [{"id": "B1", "ready_s": 36_000, "portions": 10, "diets": ["soft"]}],
    }],
    "places": [{"id": "H1", "lon": 114.29, "lat": 30.57}],
    "vehicles": [{"id": "V1", "mode": "ebike", "capacity": {"boxes": 2}}],
    "workers": [{
        "id": "W1", "start": "H1", "certificates": [{"skill": "bathing"}],
        "shifts": [{"id": "am", "start_s": 28_800, "end_s": 43_200}],
    }],
    "orders": [{
        "id": "O1", "kind": "visit", "client": "C1", "service": "bath",
        "windows": [{"start_s": 30_600, "end_s": 36_000}],
    }],
}


def problem_data() -> dict[str, Any]:
    """A problem without faults, to be broken."""
    return copy.deepcopy(_PROBLEM)


def codes(data: object) -> list[tuple[str, str]]:
    problem, faults = parse_problem(data)
    assert (problem is None) == bool(faults)
    return [(f.code, f.path) for f in faults]


def with_order(**fields: object) -> dict[str, Any]:
    data = problem_data()
    data["orders"][0].update(fields)
    return data


def test_a_problem_without_faults_is_read_as_it_stands() -> None:
    problem = read_problem(problem_data())
    assert problem.orders[0].windows[0].start_s == 30_600
    assert problem.kitchens[0].batches[0].diets == ("soft",)


def test_a_problem_survives_json() -> None:
    problem = read_problem(problem_data())
    assert read_problem(json.loads(problem.model_dump_json())) == problem


@pytest.mark.parametrize("data", [None, 7, "text", [], True])
def test_what_is_no_object_is_one_fault(data: object) -> None:
    assert codes(data) == [("E1005", "$")]


def test_all_faults_come_at_once_shape_and_meaning_alike() -> None:
    data = problem_data()
    data["orders"] += [
        {"id": "O1", "kind": "visit", "client": "C9", "service": "bath", "servce": 1},
        {"id": "O3", "kind": "visit", "client": "C1", "service": "bathe", "load": {"boxes": -1}},
        {"id": "O4", "kind": "visit", "client": "C2", "service": "bath", "skills": ["magic"],
         "windows": [{"start_s": 50_000, "end_s": 60_000}]},
    ]
    data["clients"][1]["lat"] = float("nan")
    data["workers"][0]["vehicle"] = "V7"
    assert codes(data) == [
        ("E1007", "clients[1].lat"),
        ("E1102", "orders[1].client"),
        ("E1101", "orders[1].id"),
        ("E1004", "orders[1].servce"),
        ("E1301", "orders[2].load.boxes"),
        ("E1103", "orders[2].service"),
        ("E1104", "orders[3].skills[0]"),
        ("E1202", "orders[3].windows"),
        ("E1106", "workers[0].vehicle"),
    ]


def test_what_a_broken_entity_is_called_is_not_unknown() -> None:
    data = problem_data()
    data["clients"][0]["lon"] = "east"
    data["vehicles"][0]["capacity"] = 3
    data["workers"][0] |= {"vehicle": "V1"}
    data["orders"][0]["load"] = {"crates": 1}  # nobody can tell whether a vehicle has it
    assert codes(data) == [("E1005", "clients[0].lon"), ("E1005", "vehicles[0].capacity")]


def test_a_list_that_cannot_be_read_makes_no_reference_unknown() -> None:
    data = problem_data()
    data["clients"] = "C1"
    assert codes(data) == [("E1005", "clients")]


def test_unreadable_shifts_put_no_window_outside_of_them() -> None:
    data = with_order(windows=[{"start_s": 80_000, "end_s": 81_000}])
    data["workers"][0]["shifts"] = [{"id": "am", "start_s": "08:00", "end_s": 43_200}]
    assert codes(data) == [("E1209", "workers[0].shifts[0].start_s")]


@pytest.mark.parametrize(("end_s", "fault"), [(28_799, True), (28_800, False)])
def test_a_window_has_to_touch_a_shift(end_s: int, fault: bool) -> None:
    found = codes(with_order(windows=[{"start_s": 28_000, "end_s": end_s}]))
    assert found == ([("E1202", "orders[0].windows")] if fault else [])


@pytest.mark.parametrize(("start_s", "fault"), [(43_200, False), (43_201, True)])
def test_a_window_after_the_shift_is_a_fault(start_s: int, fault: bool) -> None:
    found = codes(with_order(windows=[{"start_s": start_s, "end_s": 50_000}]))
    assert found == ([("E1202", "orders[0].windows")] if fault else [])


def test_one_window_within_a_shift_is_enough() -> None:
    windows = [{"start_s": 30_000, "end_s": 31_000}, {"start_s": 80_000, "end_s": 81_000}]
    assert codes(with_order(windows=windows)) == []


def test_without_workers_an_order_is_unserved_and_no_fault() -> None:
    assert codes({**problem_data(), "workers": []}) == []


@pytest.mark.parametrize(("end_s", "fault"), [(1_440, True), (1_441, False)])
def test_a_shift_over_by_24_past_midnight_is_in_minutes(end_s: int, fault: bool) -> None:
    data = problem_data()
    data["orders"] = []
    data["workers"][0]["shifts"] = [{"id": "s", "start_s": 0, "end_s": end_s}]
    assert codes(data) == ([("E1206", "workers[0].shifts[0].end_s")] if fault else [])


@pytest.mark.parametrize(
    ("seconds", "fault"), [(29, False), (30, True), (120, True), (121, False), (0, False)]
)
def test_a_bath_of_30_to_120_seconds_is_in_minutes(seconds: int, fault: bool) -> None:
    found = codes(with_order(service_duration_s=seconds))
    assert found == ([("E1206", "orders[0].service_duration_s")] if fault else [])


@pytest.mark.parametrize(("start_s", "fault"), [(35_999, True), (36_000, False)])
def test_shifts_of_a_worker_may_touch_but_not_overlap(start_s: int, fault: bool) -> None:
    data = problem_data()
    data["workers"][0]["shifts"] = [
        {"id": "late", "start_s": start_s, "end_s": 43_200},
        {"id": "early", "start_s": 28_800, "end_s": 36_000},
    ]
    assert codes(data) == ([("E1204", "workers[0].shifts[0]")] if fault else [])


@pytest.mark.parametrize(("end_s", "fault"), [(30_599, True), (30_600, False)])
def test_a_window_may_be_a_moment(end_s: int, fault: bool) -> None:
    found = codes(with_order(windows=[{"start_s": 30_600, "end_s": end_s}]))
    assert found == ([("E1201", "orders[0].windows[0].end_s")] if fault else [])


@pytest.mark.parametrize(("boxes", "fault"), [(-1, True), (0, False)])
def test_a_load_may_be_nothing_but_not_less(boxes: int, fault: bool) -> None:
    assert codes(with_order(load={"boxes": boxes})) == (
        [("E1301", "orders[0].load.boxes")] if fault else []
    )


@pytest.mark.parametrize(("lat", "fault"), [(90.0, False), (90.001, True)])
def test_latitude_ends_at_the_pole(lat: float, fault: bool) -> None:
    data = problem_data()
    data["clients"][0] |= {"lon": 114.3, "lat": lat}
    assert codes(data) == ([("E1401", "clients[0].lat")] if fault else [])


@pytest.mark.parametrize(
    "identity", ["C-0017", "20260302000100012", "202603020001000123", "O.1:a_b"]
)
def test_serial_numbers_are_no_personal_data(identity: str) -> None:
    assert codes(with_order(id=identity)) == []


def test_an_expired_certificate_is_data() -> None:
    data = problem_data()
    data["workers"][0]["certificates"] = [{"skill": "bathing", "valid_until": "2020-01-01"}]
    assert codes(data) == []


def test_a_mistyped_key_comes_with_the_right_one() -> None:
    _, (found,) = parse_problem(with_order(service_duration=60))
    assert 'did you mean "service_duration_s"?' in found.hint
    assert "是否应为“service_duration_s”？" in found.hint_zh


def test_a_value_that_might_be_personal_is_not_repeated() -> None:
    data = with_order(**{"王秀英 13812345678": "x", "client": "王秀英"})
    data["orders"][0]["kind"] = "上门 王秀英"
    _, faults = parse_problem(data)
    assert faults
    assert "王秀英" not in repr(faults)
    assert "13812345678" not in repr(faults)


def test_faults_stop_where_nobody_reads_on() -> None:
    data = problem_data()
    data["orders"] = [{} for _ in range(50_000)]
    begin = time.process_time()
    _, faults = parse_problem(data)
    assert len(faults) == MAX_FAULTS + 1
    assert time.process_time() - begin < 4


def test_a_city_of_orders_is_read_in_seconds() -> None:
    data = problem_data()
    order = data["orders"][0]
    data["orders"] = [{**order, "id": f"O{i}"} for i in range(100_000)]
    begin = time.process_time()
    problem = read_problem(data)
    assert len(problem.orders) == 100_000
    assert time.process_time() - begin < 12  # about 2 s; room for a busy machine
    assert gc.isenabled()


def test_the_lists_that_are_read_are_all_lists_of_a_problem() -> None:
    from engine.domain.problem import Problem

    scalars = {
        "format", "id", "day", "coordinate_system", "network", "max_snap_m", "continuity",
        "arrival_s", "fair_load_cents_per_hour",
    }  # fmt: skip
    assert set(GROUPS) == set(Problem.model_fields) - scalars


def test_every_required_field_has_a_filler() -> None:
    models = {*GROUPS.values(), *ORDER_KINDS.values()}
    required = {n for m in models for n, f in m.model_fields.items() if f.is_required()}
    assert required <= set(FILLERS) | {"id"}


def test_an_error_says_how_much_more_there_is() -> None:
    with pytest.raises(InputError, match=r"E1003 .* \(and 1 more\)"):
        read_problem({"format": "careroute-problem/1"})
