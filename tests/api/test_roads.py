"""Reach and routes through both doors: the same question has the same answer."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.examples import REACH_REQUEST, ROUTE_REQUEST
from engine.roads import ReachRequest, RouteRequest
from tests.api.test_cli import run
from tests.api.test_http import JSON, problem_of
from tests.geodata.test_routes import decode

POINT = "114.2431,30.5904"
ELSEWHERE = "114.3189,30.6363"


def rings(feature: dict[str, Any]) -> list[list[list[float]]]:
    return [ring for polygon in feature["geometry"]["coordinates"] for ring in polygon]


def encloses(ring: list[list[float]], x: float, y: float) -> bool:
    inside = False
    for (ax, ay), (bx, by) in pairwise(ring):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside


def test_the_examples_run_and_both_doors_agree(client: httpx.Client, tmp_path: Path) -> None:
    answer = client.post("/v1/reach", json=REACH_REQUEST)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    file = tmp_path / "new" / "reach.geojson"
    done = run("reach", "--point", POINT, "--minutes", 15, "--profile", "walk", "-o", file)
    assert done.exit_code == 0, done.output
    assert json.loads(file.read_text()) == answer.json()
    (area,) = answer.json()["features"]
    assert encloses(rings(area)[0], 114.2431, 30.5904)
    assert not encloses(rings(area)[0], 114.3189, 30.6363)

    answer = client.post("/v1/routes", json=ROUTE_REQUEST)
    assert answer.status_code == 200, answer.text
    file = tmp_path / "leg.geojson"
    ends = ("--from", POINT, "--to", ELSEWHERE)
    done = run("route", *ends, "--profile", "ebike", "-o", file, "--lang", "en")
    assert done.exit_code == 0, done.output
    leg = json.loads(file.read_text())
    assert leg == answer.json()
    figures = leg["properties"]
    assert sum(s["distance_m"] for s in figures["steps"]) == figures["distance_m"] > 8_000
    assert sum(s["duration_s"] for s in figures["steps"]) == figures["duration_s"]
    assert all(s["name"] in done.stdout for s in figures["steps"])
    line = decode(figures["polyline"], 5)[:, ::-1]
    assert abs(line - leg["geometry"]["coordinates"]).max() < 2e-5


def test_an_hour_reaches_more_and_many_points_are_many_areas(client: httpx.Client) -> None:
    points = [{"lon": 114.2431, "lat": 30.5904}, {"lon": 114.3189, "lat": 30.6363}]
    km = []
    for minutes in (5, 20.5):
        request = REACH_REQUEST | {"points": points, "minutes": minutes}
        areas = client.post("/v1/reach", json=request).json()["features"]
        assert [len(area["properties"]) > 5 for area in areas] == [True, True]
        km.append([area["properties"]["streets_km"] for area in areas])
    assert km[0][0] < km[1][0]
    assert km[0][1] < km[1][1]


def test_coordinates_of_another_system_are_told_apart(client: httpx.Client) -> None:
    there = client.post("/v1/reach", json=REACH_REQUEST | {"coordinate_system": "gcj02"})
    here = client.post("/v1/reach", json=REACH_REQUEST)
    a, b = (answer.json()["features"][0]["properties"] for answer in (there, here))
    assert abs(a["lon"] - b["lon"]) > 0.001


@pytest.mark.parametrize(
    ("address", "change", "found"),
    [
        ("reach", {"minutes": 0}, {"E1006 minutes"}),
        ("reach", {"points": []}, {"E1013 points"}),
        ("reach", {"points": [{"lon": 0, "lat": 0}]}, {"E1403 points[0]"}),
        ("reach", {"points": [{"lon": 200, "lat": 0}, {"lat": 1}], "minute": 3},
         {"E1401 points[0].lon", "E1003 points[1].lon", "E1004 minute"}),
        ("reach", {"profile": "e-bike"}, {"E1012 profile"}),
        ("reach", {"network": {"kind": "file", "path": "/etc/passwd"}}, {"E1406 network.kind"}),
        ("reach", {"network": {"kind": "named", "name": "nowhere"}}, {"E1405 network.name"}),
        ("reach", {"network": {"kind": "synthetic", "nodes": 60_000}}, {"E1606 network"}),
        ("reach", {"network": {"nodes": 60}, "minutes": -1},
         {"E1003 network.kind", "E1006 minutes"}),
        ("routes", {"origin": {"lon": 0, "lat": 0}, "destination": {"lon": 1, "lat": 1}},
         {"E1403 origin", "E1403 destination"}),
        ("routes", {"polyline_precision": 7}, {"E1006 polyline_precision"}),
    ],
)  # fmt: skip
def test_every_fault_of_a_question_is_told_with_its_place(
    client: httpx.Client, address: str, change: dict[str, Any], found: set[str]
) -> None:
    base = REACH_REQUEST if address == "reach" else ROUTE_REQUEST
    faults = problem_of(client.post(f"/v1/{address}", json=base | change), 422)["faults"]
    assert {f"{f['code']} {f['path']}" for f in faults} == found


def test_what_is_no_question_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/routes", content=b"[]", headers=JSON)
    assert problem_of(answer, 422)["faults"][0]["code"] == "E1005"
    answer = client.post("/v1/reach", content=b"x", headers={"Content-Type": "text/csv"})
    assert problem_of(answer, 415)["faults"][0]["code"] == "E1602"


def test_the_description_shows_both_with_their_models(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for address, model in (("/v1/reach", ReachRequest), ("/v1/routes", RouteRequest)):
        post = document["paths"][address]["post"]
        assert set(post["responses"]) == {"200", "400", "413", "415", "422", "500", "503"}
        body = post["requestBody"]["content"]["application/json"]
        assert body["schema"]["$ref"].endswith(model.__name__)
        for example in body["examples"].values():
            assert client.post(address, json=example["value"]).status_code == 200
    assert "POST /v1/reach" in client.get("/docs").text


@pytest.mark.parametrize("point", ["114.2431", "114.2431,30.59,3", "here,there", ""])
def test_what_is_no_point_is_told_in_both_languages(point: str) -> None:
    for lang, word in (("en", "longitude first"), ("zh", "经度在前")):
        done = run("reach", "--point", point, "--minutes", 5, "--lang", lang)
        assert done.exit_code == 2
        assert "E1617  points[0]" in done.stderr
        assert word in done.stderr


def test_a_point_off_the_streets_is_told_with_its_distance(tmp_path: Path) -> None:
    arguments = ("route", "--from", "-73.9,40.7", "--to", ELSEWHERE, "-o", tmp_path / "leg.geojson")
    done = run(*arguments, "--json")
    assert done.exit_code == 2
    (told,) = json.loads(done.stdout)["faults"]
    assert (told["code"], told["path"]) == ("E1403", "origin")
    assert "12" in told["message"]
    assert not (tmp_path / "leg.geojson").exists()
