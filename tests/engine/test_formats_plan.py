"""Plans as workbooks and as GeoJSON."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import geodata
from engine.domain.parse import read_problem
from engine.domain.plan import Plan, Route, Run, Stop, Totals, Trip, Unserved
from engine.domain.problem import Problem
from engine.errors import InputError
from engine.formats.plan_geojson import plan_geojson
from engine.formats.plan_xlsx import plan_xlsx, sheet_names, write_plan_xlsx
from engine.travel import Travel, build_travel
from tests.engine.test_parse import problem_data


def small_problem() -> Problem:
    data = problem_data()
    # Two homes, a kitchen and a start on the smallest city, wherever its streets are.
    lon, lat = geodata.sample_points(geodata.synthetic_city(300), 4, 3)
    points = [*data["clients"], *data["kitchens"], *data["places"]]
    for point, x, y in zip(points, lon.tolist(), lat.tolist(), strict=True):
        point |= {"lon": x, "lat": y}
    data["network"] = {"kind": "synthetic", "nodes": 300}
    data["orders"] += [
        {"id": "M1", "kind": "meal", "client": "C2", "diet": "soft", "portions": 2},
        {"id": "E1", "kind": "emergency", "client": "C2", "received_s": 30_000},
    ]
    data["services"] = [{"id": "bath", "kind": "visit", "name": "=HYPERLINK(1)", "name_zh": "助浴",
                         "service_duration_s": 3_600}]
    return read_problem(data)


def _stop(order: str, client: str, start_s: int, **more: Any) -> Stop:
    return Stop(order=order, client=client, travel_s=330, distance_m=1_234, arrival_s=start_s - 60,
                start_s=start_s, departure_s=start_s + 600, **more)


def small_plan() -> Plan:
    trips = (
        Trip(start="H1", leave_s=30_000, stops=(_stop("O1", "C1", 30_600),), end="K1",
             end_travel_s=60, end_distance_m=300, end_s=31_260),
        Trip(start="K1", leave_s=37_000, stops=(_stop("M1", "C2", 38_000, batch="B1"),), end=None,
             end_travel_s=0, end_distance_m=0, end_s=38_600, load={"portions": 2}),
    )
    route = Route(worker="W1", shift="am", mode="ebike", trips=trips, travel_s=720,
                  distance_m=2_768, service_s=1_200, wait_s=120, cost_cents=5_600)
    return Plan(
        problem="day-1", problem_fingerprint="p", network_fingerprint="n", routes=(route,),
        unserved=(Unserved(order="E1", reason="no_skill", message="nobody has first aid",
                           message_zh="无人具备急救技能", numbers={"skills": ["first_aid"]}),),
        totals=Totals(orders=3, served=2, unserved=1, routes=1, workers=1, travel_s=720,
                      distance_m=2_768, service_s=1_200, wait_s=120, cost_cents=5_600,
                      prize_lost_cents=0),
        run=Run(backend="search", status="complete", seed=1, iterations=10, elapsed_s=0.1),
    )


@pytest.fixture(scope="module")
def travel() -> Travel:
    return build_travel(small_problem(), geodata.synthetic_city(300))


def book() -> Any:
    return openpyxl.load_workbook(io.BytesIO(plan_xlsx(small_problem(), small_plan())))


def test_a_worker_finds_the_day_in_order_on_a_sheet_of_their_own() -> None:
    lines = list(book()["W1"].iter_rows(values_only=True))
    assert [line[1] for line in lines] == [
        "order 工单", "from 出发：H1", "O1", "to 返回：K1", "from 出发：K1", "M1", "end 结束",
    ]
    assert lines[2][:10] == (
        1, "O1", "C1", "=HYPERLINK(1)", "助浴", "08:29", "08:30", "08:40", 5.5, 1.23,
    )
    assert "promised 承诺：08:30-10:00" in lines[2][10]
    assert "batch 批次：B1" in lines[5][10]
    assert "portions=2" in lines[4][10]


def test_no_text_of_a_plan_is_a_formula() -> None:
    assert all(
        cell.data_type != "f" for page in book().worksheets for row in page for cell in row
    )


def test_who_is_not_served_stands_there_with_the_reason_in_both_languages() -> None:
    line = list(book()["unserved 未服务"].iter_rows(values_only=True))[1]
    assert line[:7] == ("E1", "C2", "urgent help", "助急", "no_skill", "nobody has first aid",
                        "无人具备急救技能")


def test_the_summary_comes_first_and_counts() -> None:
    page = book().worksheets[0]
    figures = {row[0]: row[2] for row in page.iter_rows(values_only=True)}
    assert (figures["orders"], figures["served"], figures["cost, yuan"]) == (3, 2, 56)


def test_sheet_names_are_short_allowed_and_unique_whatever_the_case() -> None:
    ids = ["w:1", "w_1", "W_1", "x" * 40, "x" * 50, "history", "summary"]
    names = sheet_names(ids, taken=("Summary",))
    assert len({name.casefold() for name in names.values()}) == len(ids)
    assert all(len(name) <= 31 and ":" not in name for name in names.values())
    assert "history" not in names.values()


def test_a_workbook_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E1017"):
        write_plan_xlsx(small_problem(), small_plan(), tmp_path / "no" / "plan.xlsx")


def test_routes_are_lines_along_streets_and_stops_are_homes(travel: Travel) -> None:
    collection = plan_geojson(small_problem(), small_plan(), travel)
    kinds = [f["properties"]["kind"] for f in collection["features"]]
    assert kinds == ["trip", "trip", "stop", "stop", "unserved"]
    trip, _, stop, _, unserved = collection["features"]
    client = small_problem().clients[0]
    assert stop["geometry"]["coordinates"] == pytest.approx([client.lon, client.lat], abs=1e-6)
    assert unserved["properties"]["reason"] == "no_skill"
    line = trip["geometry"]["coordinates"]
    # It begins and ends where its start and end meet a street, and passes the client's between.
    streets = travel.points["ebike"]
    at = [travel.place("H1"), travel.client("C1"), travel.place("K1")]
    expected = [[streets.lon[k], streets.lat[k]] for k in at]
    for position, place in zip((line[0], line[-1]), expected[::2], strict=True):
        assert position == pytest.approx(place, abs=1e-6)
    assert any(position == pytest.approx(expected[1], abs=1e-6) for position in line)
    assert all(a != b for a, b in pairwise(line))


def test_geojson_is_as_the_standard_wants_it(travel: Travel) -> None:
    text = json.dumps(plan_geojson(small_problem(), small_plan(), travel), allow_nan=False)
    for feature in json.loads(text)["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        geometry = feature["geometry"]
        if geometry["type"] == "LineString":
            assert len(geometry["coordinates"]) >= 2
        else:
            assert geometry["type"] == "Point"
            lon, lat = geometry["coordinates"]
            assert abs(lon) <= 180
            assert abs(lat) <= 90


def test_a_trip_that_goes_nowhere_is_still_a_line(travel: Travel) -> None:
    plan = small_plan()
    route = plan.routes[0]
    trip = route.trips[0].model_copy(update={"stops": (), "end": "H1"})
    still = plan.model_copy(update={"routes": (route.model_copy(update={"trips": (trip,)}),)})
    first = plan_geojson(small_problem(), still, travel)["features"][0]
    assert len(first["geometry"]["coordinates"]) == 2
