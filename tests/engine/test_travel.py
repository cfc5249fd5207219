"""From points to ways: a point is never moved further than the problem allows."""

import numpy as np
import pytest

import geodata
from engine.check import check_plan
from engine.day import DayParams, plan_day
from engine.domain.parse import read_problem
from engine.travel import build_travel, road_travel
from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.search import decompose, selection
from solvers.solve import SolveParams, solve

LIMIT = 500


@pytest.fixture(scope="module")
def network():
    return geodata.synthetic_city(300)


def day(network, mode):
    lon, lat = geodata.sample_points(network, 2, 1)
    at = [{"lon": float(x), "lat": float(y)} for x, y in zip(lon, lat, strict=True)]
    shift = {"id": "am", "start_s": 28_800, "end_s": 43_200}
    return read_problem({
        "id": "two-modes", "day": "2026-11-23", "max_snap_m": LIMIT,
        "clients": [{"id": "c", **at[0]}],
        "centres": [{"id": "s", **at[1]}],
        "workers": [
            {"id": "drives", "start": "s", "mode": "car", "services": [], "shifts": [shift]},
            {"id": "serves", "start": "s", "mode": mode, "shifts": [shift]},
        ],
        "orders": [{"kind": "visit", "id": "o", "client": "c", "service": "check_in"}],
    })


@pytest.fixture
def no_ebike_at_the_client(network, monkeypatch):
    """The client lives by a car road; the nearest road for e-bikes is across the river."""
    true_snap = geodata.snap_to_edges

    def make(distance_m):
        def snap(streets, lon, lat, profile):
            found = true_snap(streets, lon, lat, profile)
            if profile == "ebike":
                found.distance_m[0] = distance_m
            return found

        monkeypatch.setattr(geodata, "snap_to_edges", snap)

    return make


@pytest.mark.parametrize(("distance_m", "reached"), [(LIMIT, True), (LIMIT + 1, False)])
def test_a_mode_has_no_way_to_a_point_that_is_too_far_from_its_roads(
    network, no_ebike_at_the_client, distance_m, reached
):
    no_ebike_at_the_client(distance_m)
    problem = day(network, "ebike")
    travel = build_travel(problem, network)
    home, centre = travel.client("c"), travel.place("s")
    for a, b in ((home, centre), (centre, home)):
        assert travel.leg("ebike", a, b).reachable is reached
        assert travel.leg("car", a, b).reachable
    assert np.diagonal(travel.seconds["ebike"]).tolist() == [0, 0]


@pytest.mark.parametrize(("mode", "reasons"), [("car", []), ("ebike", ["no_worker_in_window"])])
def test_nobody_is_sent_where_their_mode_has_no_road(
    network, no_ebike_at_the_client, mode, reasons
):
    no_ebike_at_the_client(3_600)
    params = DayParams(seconds=None, iterations=500)
    plan = plan_day(day(network, mode), params, network=network).plan
    assert [u.reason for u in plan.unserved] == reasons


def test_two_doors_in_one_street_are_as_far_apart_as_they_are(network):
    """Not through the corners at either end of it."""
    edge = int(np.argmax(np.where(network.time_ms["car"] < geodata.CLOSED, network.length_dm, 0)))
    first, last = network.geom_ptr[edge], network.geom_ptr[edge + 1] - 1
    ends = np.array([[v[first], v[last]] for v in (network.geom_lon, network.geom_lat)])
    lon, lat = (ends @ [[0.7, 0.4], [0.3, 0.6]]).tolist()
    problem = day(network, "car")
    client = problem.clients[0].model_copy(update={"lon": lon[0], "lat": lat[0]})
    centre = problem.centres[0].model_copy(update={"lon": lon[1], "lat": lat[1]})
    problem = problem.model_copy(update={"clients": (client,), "centres": (centre,)})
    leg = build_travel(problem, network).leg("car", 0, 1)
    apart = geodata.distance_m(lon[0], lat[0], lon[1], lat[1])
    assert 0 < leg.metres <= apart * 1.1 + 1
    assert leg.metres < network.length_dm[edge] / 20


def test_parking_is_paid_at_every_other_address_and_not_at_the_same(network):
    usual = day(network, "ebike")
    again = usual.clients[0].model_copy(update={"id": "upstairs"})
    usual = usual.model_copy(update={"clients": (*usual.clients, again)})
    parks = usual.model_copy(update={"arrival_s": {"car": 120, "walk": 9}})
    drives, also = build_travel(usual, network), build_travel(parks, network)
    home, above, centre = also.client("c"), also.client("upstairs"), also.place("s")
    for a, b in ((home, centre), (centre, home), (above, centre)):
        assert also.leg("car", a, b).seconds == drives.leg("car", a, b).seconds + 120
        assert also.leg("car", a, b).metres == drives.leg("car", a, b).metres
        assert also.leg("ebike", a, b) == drives.leg("ebike", a, b)
    assert also.leg("car", home, above).seconds == 0


def test_a_plan_whose_legs_hold_parking_is_clean(network):
    problem = day(network, "ebike").model_copy(update={"arrival_s": {"ebike": 600}})
    params = DayParams(seconds=None, iterations=300)
    usual = plan_day(day(network, "ebike"), params, network=network)
    parked = plan_day(problem, params, network=network)
    assert check_plan(problem, parked.plan, parked.travel) == []
    assert {v.code for v in check_plan(problem, usual.plan, parked.travel)} >= {"P2000"}
    (there,), (before,) = ([s for r in p.plan.routes for t in r.trips for s in t.stops]
                           for p in (parked, usual))  # fmt: skip
    assert there.travel_s == before.travel_s + 600
    assert parked.plan.totals.travel_s == usual.plan.totals.travel_s + 1200


def test_roads_are_asked_part_by_part_for_a_large_model(network, monkeypatch):
    """The search gets a function instead of matrices, and the plan is worth what matrices say."""
    for name, value in {"LARGE": 50, "_ZONE": 30, "_HALO": 30}.items():
        monkeypatch.setattr(decompose, name, value)
    monkeypatch.setattr(selection, "PART", 40)
    lon, lat = geodata.sample_points(network, 121, 1)
    points = {mode: geodata.snap_to_edges(network, lon, lat, mode) for mode in ("car", "walk")}
    blocks = []

    def told(profile, origins, destinations):
        blocks.append((len(origins), len(destinations)))
        return roads(profile, origins, destinations)

    roads = road_travel(network, points, ["car", "walk"])
    large, dense = ModelBuilder(1), ModelBuilder(1)
    for mode in ("car", "walk"):
        matrix = geodata.travel_matrix(network, points[mode], mode)
        dense.add_matrix(matrix.seconds, matrix.metres)
        large.add_profile(121, 20_000, 20_000)
    for builder in (large, dense):
        for i in range(120):
            builder.add_task(i, service=600, windows=[(8 * 3600, 16 * 3600)], demand=(1,))
        for v in range(24):
            builder.add_vehicle(
                120, 120, shift=(8 * 3600, 16 * 3600), capacity=(12,), profile=v % 2,
                price_per_metre=v % 2, fixed_cost=900,
            )
    x, y = (lon - lon[0]) * 80_000, (lat - lat[0]) * 111_000
    model = large.build_large(told, np.stack([x, y], axis=1).astype(np.int32))
    result = solve(model, SolveParams(time_limit_s=None, max_iterations=3000))
    assert max(a * b for a, b in blocks) < 121 * 121
    here = evaluate(model, result.routes)
    there = evaluate(dense.build(), result.routes)
    assert here.violations == there.violations == ()
    assert here.unassigned == ()
    assert here.routes == there.routes
