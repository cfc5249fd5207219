"""Roads of a running day: what is added or changed gives what a fresh measuring would give."""

from __future__ import annotations

import numpy as np
import pytest

import geodata
from engine.domain.places import Client
from engine.domain.problem import SyntheticNetwork
from engine.errors import InputError
from engine.live.events import OrderIn, RoadSlow, WorkerPosition
from engine.live.roads import CLOSED, LiveRoads
from engine.scenario import demo_problem
from engine.travel import build_travel
from tests.care_builders import hour, visit
from tests.live_builders import Teller, start_day


@pytest.fixture(scope="module")
def town():
    network = geodata.synthetic_city(400, seed=2)
    problem = demo_problem(SyntheticNetwork(nodes=400, seed=2), network, 40, 16, seed=4)
    return problem, build_travel(problem, network)


def roads_of(town):
    problem, travel = town
    arrival = {str(m): s for m, s in problem.arrival_s.items()}
    return LiveRoads(travel, problem.max_snap_m, arrival)


def test_a_new_client_has_the_ways_that_a_whole_measuring_gives(town):
    problem, _ = town
    roads = roads_of(town)
    old = problem.clients[3]
    new = Client(id="new", lon=old.lon + 0.004, lat=old.lat + 0.002)
    for k in range(70):  # more than there is room for at first
        roads.add(("client", f"new{k}"), new.lon + k * 1e-5, new.lat, "wgs84")
    clients = tuple(
        new.model_copy(update={"id": f"new{k}", "lon": new.lon + k * 1e-5}) for k in range(70)
    )
    more = problem.model_copy(update={"clients": (*problem.clients, *clients)})
    whole = build_travel(type(problem).model_validate(more.model_dump()), roads.travel.network)
    found = roads.travel
    for mode in whole.seconds:
        for key, at in whole.location.items():
            for other in ("new0", "new69"):
                to, here = whole.client(other), found.client(other)
                mine = found.location[key]
                assert found.seconds[mode][mine, here] == whole.seconds[mode][at, to], (key, other)
                assert found.metres[mode][here, mine] == whole.metres[mode][to, at]


def test_a_point_off_the_roads_is_refused(town):
    roads = roads_of(town)
    with pytest.raises(InputError, match="E1403"):
        roads.add(("client", "sea"), 0.0, 0.0, "wgs84")


def test_slow_streets_slow_the_ways_and_usual_ones_restore_them(town):
    problem, travel = town
    roads = roads_of(town)
    home = problem.clients[0]
    assert roads.change(home.lon, home.lat, 50_000, 2.0, ()) == travel.network.n_edges
    for mode in travel.seconds:
        usual, slow = travel.seconds[mode].astype(int), roads.travel.seconds[mode].astype(int)
        arrival = problem.arrival_s.get(mode, 0)
        ways = (usual > arrival) & (usual < geodata.UNREACHABLE)
        assert np.abs((slow - arrival) - 2 * (usual - arrival))[ways].max() <= 2
    roads.change(home.lon, home.lat, 50_000, 1.0, ())
    for mode in travel.seconds:
        np.testing.assert_array_equal(roads.travel.seconds[mode], travel.seconds[mode])
    assert roads.change(home.lon + 5, home.lat, 100, 2.0, ()) == 0


def test_nobody_goes_through_closed_streets_and_the_way_around_is_taken(town):
    problem, travel = town
    roads = roads_of(town)
    home = problem.clients[0]
    here = travel.client(home.id)
    assert roads.change(home.lon, home.lat, 700, CLOSED, ()) > 0
    assert roads.any_closed
    network = roads.travel.network
    for mode, usual in travel.seconds.items():
        now = roads.travel.seconds[mode]
        closed = (network.time_ms[mode] == geodata.CLOSED) & (
            travel.network.time_ms[mode] != geodata.CLOSED
        )
        assert closed.any()
        assert not closed[roads.travel.points[mode].edge].any()
        far = roads.travel.points[mode].distance_m[here] > problem.max_snap_m
        others = np.delete(now[here], here)
        assert (others >= geodata.UNREACHABLE).all() == far
        # Points that kept their place have no way that is shorter than it was.
        kept = roads.travel.points[mode].edge == travel.points[mode].edge
        assert (now >= usual)[np.ix_(kept, kept)].all()
        assert (now > usual)[np.ix_(kept, kept)].any()
    roads.change(home.lon, home.lat, 700, 1.0, ())
    assert not roads.any_closed
    for mode in travel.seconds:
        np.testing.assert_array_equal(roads.travel.seconds[mode], travel.seconds[mode])


def test_a_journal_that_is_done_again_gives_the_same_ways(town):
    problem, _ = town
    roads, again = roads_of(town), roads_of(town)
    a, b = problem.clients[0], problem.clients[7]
    roads.change(a.lon, a.lat, 400, CLOSED, ())
    roads.add(("client", "n0"), a.lon, a.lat, "wgs84", 60)
    roads.change(b.lon, b.lat, 900, 2.5, ("ebike",))
    roads.add(("client", "n1"), b.lon, b.lat, "wgs84")
    roads.change(a.lon, a.lat, 100, 1.0, ("ebike",))
    again.redo(roads.journal)
    assert again.journal == roads.journal
    for mode in roads.modes:
        np.testing.assert_array_equal(again.travel.seconds[mode], roads.travel.seconds[mode])
        np.testing.assert_array_equal(again.travel.metres[mode], roads.travel.metres[mode])
    assert again.travel.location == roads.travel.location
    assert again.travel.setup is not None
    assert again.travel.setup[-2:].tolist() == [60, 0]


def test_a_place_that_is_cut_off_is_told_and_served_when_the_road_opens(town):
    problem, travel = town
    home = problem.clients[3]
    far = [c for c in problem.clients if geodata.distance_m(c.lon, c.lat, home.lon, home.lat) > 600]
    alone = type(problem).model_validate(problem.model_copy(update={
        "orders": (visit("cut", home.id), visit("free", far[0].id)), "max_snap_m": 100,
    }).model_dump())
    teller = Teller(start_day(alone, travel=build_travel(alone, travel.network), notice_s=0))
    where = {"lon": home.lon, "lat": home.lat, "radius_m": 400}
    for order in ("cut", "free"):
        teller.send("order_changed", 8.0, order=alone.order_by_id[order])
        assert teller.day.board.start_of(order)[0] is not None
    out = teller.send("road_closed", 8.1, **where)
    assert out.unserved == ("cut",)
    (told,) = teller.day.plan().unserved
    assert (told.order, told.reason) == ("cut", "unreachable")
    assert "closed roads" in told.message
    assert teller.day.board.start_of("free")[0] is not None
    lost = teller.alarm("A", home.id, 8.2).alarm
    assert lost.sent is None
    assert lost.ambulance
    again = teller.send("road_slow", 8.3, **where, factor=1.0)
    assert "cut" in {m.order for m in again.moved}
    assert teller.day.board.start_of("cut")[0] is not None


def test_only_the_modes_that_are_named_are_slower(town):
    problem, travel = town
    modes = sorted(travel.seconds)
    assert len(modes) > 1
    roads = roads_of(town)
    home = problem.clients[0]
    roads.change(home.lon, home.lat, 50_000, 3.0, modes[:1])
    assert (roads.travel.seconds[modes[0]] > travel.seconds[modes[0]]).any()
    np.testing.assert_array_equal(roads.travel.seconds[modes[1]], travel.seconds[modes[1]])


def test_positions_are_as_far_as_points_there_would_be(town):
    problem, travel = town
    roads = roads_of(town)
    where = [(c.lon, c.lat) for c in problem.clients[:8]]
    to = travel.client(problem.clients[9].id)
    for mode in travel.seconds:
        found = roads.seconds_from(mode, where, to)
        whole = travel.seconds[mode][[travel.client(c.id) for c in problem.clients[:8]], to]
        np.testing.assert_array_equal(found, whole)


def test_a_new_client_of_a_new_order_is_served_and_slow_roads_keep_promises(town):
    problem, travel = town
    teller = Teller(start_day(problem, travel=travel))
    day = teller.day
    home = problem.clients[5]
    new = Client(id="new", lon=home.lon, lat=home.lat)
    out = day.apply(OrderIn(
        id="n", time_s=hour(8), kind="order_in", order=visit("on", "new"), client=new
    ))
    assert out.status == "applied"
    assert day.board.start_of("on")[0] is not None
    assert not day.check()
    out = day.apply(RoadSlow(
        id="r", time_s=hour(8), kind="road_slow", lon=home.lon, lat=home.lat, radius_m=3_000,
        factor=2.0,
    ))
    assert out.details["streets"] > 0
    assert not day.check()


def test_a_reported_position_lets_a_worker_turn_round(town):
    """On the way, far from the door: with a fresh position at the alarm's home it counts."""
    problem, travel = town
    able = {c.skill for w in problem.workers for c in w.certificates}
    assert "first_aid" in able
    worker = next(
        w for w in problem.workers if any(c.skill == "first_aid" for c in w.certificates)
        and w.services is None
    )
    far = max(problem.clients, key=lambda c: int(
        travel.seconds[worker.mode if not worker.vehicle else "car"][
            travel.place(worker.start), travel.client(c.id)]
    ))
    order = visit("far", far.id, windows=())
    alone = type(problem).model_validate(problem.model_copy(update={
        "orders": (order,), "workers": (worker,),
    }).model_dump())
    homes = build_travel(alone, travel.network)
    arrivals = []
    for told in (False, True):
        teller = Teller(start_day(alone, {worker.id: [["far"]]}, travel=homes, notice_s=0))
        stop = next(teller.day.board.stops_of(teller.day.board.lines[0]))
        middle = stop.arrival_s - stop.travel_s // 2
        start = alone.facility_by_id[worker.start]
        if told:
            teller.day.apply(WorkerPosition(
                id="p", time_s=middle - 10, kind="worker_position", worker=worker.id,
                lon=start.lon, lat=start.lat,
            ))
        near = min(alone.clients, key=lambda c: int(
            homes.seconds[teller.day.board.lines[0].mode][
                homes.place(worker.start), homes.client(c.id)]
        ))
        answer = teller.alarm("A", near.id, middle / 3_600).alarm
        assert answer.sent.now == "on_the_way"
        arrivals.append(answer.sent.arrival_s)
        if told:
            mode = teller.day.board.lines[0].mode
            way = int(homes.seconds[mode][homes.place(worker.start), homes.client(near.id)])
            assert answer.sent.arrival_s == middle + way
    assert arrivals[1] < arrivals[0]
