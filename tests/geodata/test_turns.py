from __future__ import annotations

import heapq
from dataclasses import replace

import numpy as np
import pytest

from geodata import (
    CLOSED,
    UNREACHABLE,
    Network,
    NetworkError,
    SpeedRule,
    travel_block,
    travel_matrix,
    travel_path,
)
from geodata.hours import read_condition
from geodata.profiles import PROFILES, TurnCosts
from geodata.turns import turn_graph, turn_metric
from tests.geodata.osm_text import node_at, read_text

FREE = TurnCosts(0, 0, 0, 0)
STREET = {"highway": "residential"}

# A crossing at 1 whose four arms are dead ends: whoever may not turn goes to the next end and back.
#
#        3
#        |
#   4 -- 1 -- 2
#        |
#        5
PLACES = {1: (0, 0), 2: (200, 0), 3: (0, 200), 4: (-200, 0), 5: (0, -200)}
ARMS = [(10, [1, 2], STREET), (11, [1, 3], STREET), (12, [1, 4], STREET), (13, [1, 5], STREET)]


def turn_block(network: Network, origins, destinations, profile, costs=None):
    return travel_block(network, origins, destinations, profile, True if costs is None else costs)


def rule(kind: str, start: int, end: int, via: int = 1, what: str = "node", **tags: str):
    members = [("from", "way", start), ("via", what, via), ("to", "way", end)]
    return (90, members, {"type": "restriction", "restriction": kind, **tags})


def metres(network: Network, start, end, profile="car", costs=FREE) -> int:
    places = [node_at(network, *PLACES[start]), node_at(network, *PLACES[end])]
    return int(turn_block(network, places[:1], places[1:], profile, costs)[1][0, 0])


def naive_seconds(network: Network, source: int, target: int, profile: str, memory: int) -> int:
    """Dijkstra over the last edges driven, with the restrictions looked up edge by edge."""
    bit = 1 << list(PROFILES).index(profile)
    ends = network.ban_ptr.tolist()
    bans = {
        tuple(network.ban_edge[ends[b] : ends[b + 1]].tolist())
        for b in range(len(network.ban_profiles))
        if network.ban_profiles[b] & bit
    }
    time, tail, head = network.time_ms[profile], network.tail, network.head
    leaving: dict[int, list[int]] = {}
    for edge in np.flatnonzero(time != CLOSED).tolist():
        leaving.setdefault(int(tail[edge]), []).append(edge)

    def onward(came: tuple[int, ...]) -> list[int]:
        found = []
        for edge in leaving.get(int(head[came[-1]]), []):
            row = (*came, edge)
            if not any(row[k:] in bans for k in range(len(row) - 1)):
                found.append(edge)
        ahead = [e for e in found if head[e] != tail[came[-1]]]
        direct = [e for e in leaving.get(int(head[came[-1]]), []) if head[e] != tail[came[-1]]]
        pairs = [e for e in direct if (came[-1], e) not in bans]
        return ahead if pairs else found

    queue = [(int(time[e]), (e,)) for e in leaving.get(source, [])]
    heapq.heapify(queue)
    seen = set()
    while queue:
        ms, came = heapq.heappop(queue)
        if head[came[-1]] == target:
            return (ms + 500) // 1000
        if came in seen:
            continue
        seen.add(came)
        for edge in onward(came):
            heapq.heappush(queue, (ms + int(time[edge]), (*came, edge)[-memory:]))
    return UNREACHABLE


def test_without_a_restriction_one_turns_left(tmp_path):
    assert metres(read_text(tmp_path, PLACES, ARMS), 5, 4) == 400


@pytest.mark.parametrize(
    ("kind", "start", "end", "allowed"),
    [
        ("no_left_turn", 13, 12, False),
        ("only_straight_on", 13, 11, False),
        ("only_left_turn", 13, 12, True),
        ("no_right_turn", 13, 10, True),
    ],
)
def test_a_restriction_over_a_node_is_obeyed(tmp_path, kind, start, end, allowed):
    network = read_text(tmp_path, PLACES, ARMS, [rule(kind, start, end)])
    assert network.counts["restrictions_used"] == 1
    assert metres(network, 5, 4) == (400 if allowed else 800)
    turn = [turn_edge(network, 5, 1), turn_edge(network, 1, 4)]
    graph = turn_graph(network, "car", FREE)
    here = [g for g in range(len(graph.edge)) if graph.edge[g] == turn[0]]
    after = {int(graph.edge[h]) for g in here for h in graph.head[graph.ptr[g] : graph.ptr[g + 1]]}
    assert (turn[1] in after) == allowed


def turn_edge(network: Network, start: int, end: int) -> int:
    a, b = node_at(network, *PLACES[start]), node_at(network, *PLACES[end])
    return int(np.flatnonzero((network.tail == a) & (network.head == b))[0])


def test_with_turns_off_the_restriction_does_not_count(tmp_path):
    banned = read_text(tmp_path, PLACES, ARMS, [rule("no_left_turn", 13, 12)])
    free = read_text(tmp_path, PLACES, ARMS)
    assert metres(free, 5, 4) == 400
    assert metres(banned, 5, 4) == 200 + 400 + 200, "to the end in the east, back, straight on"
    nodes = np.arange(banned.n_nodes)
    plain = travel_block(banned, nodes, nodes, "car")
    assert np.array_equal(plain.metres, travel_block(free, nodes, nodes, "car").metres)
    assert np.array_equal(plain.seconds, turn_block(free, nodes, nodes, "car", FREE)[0])


@pytest.mark.parametrize(
    ("tags", "who"),
    [
        ({}, {"car", "ebike"}),
        ({"except": "bicycle"}, {"car"}),
        ({"except": "psv;bicycle"}, {"car"}),
        ({"except": "motorcar"}, {"ebike"}),
    ],
)
def test_walkers_ignore_it_and_an_exception_frees_whom_it_names(tmp_path, tags, who):
    network = read_text(tmp_path, PLACES, ARMS, [rule("no_left_turn", 13, 12, **tags)])
    assert {p for p in network.profiles if metres(network, 5, 4, p) > 400} == who


def test_a_rule_for_one_kind_of_vehicle_is_for_it_alone(tmp_path):
    found = rule("no_left_turn", 13, 12)
    found[2]["restriction:motorcar"] = found[2].pop("restriction")
    network = read_text(tmp_path, PLACES, ARMS, [found])
    assert {p for p in network.profiles if metres(network, 5, 4, p) > 400} == {"car"}


@pytest.mark.parametrize(
    ("tags", "members", "why"),
    [
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00; PH off)"}, None, "conditional"),
        ({"restriction:conditional": "no_left_turn @ (weight>7.5)"}, None, "conditional"),
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00); no_u_turn @ (Su 08:00-09:00)"},
         None, "conditional"),
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00)",
          "restriction:motorcar:conditional": "none @ (08:00-09:00)"}, None, "conditional"),
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00)",
          "restriction:bicycle": "only_straight_on"}, None, "conditional"),
        ({"restriction": "no_left_turn", "hour_on": "7", "hour_off": "9"}, None, "conditional"),
        ({"restriction:hgv": "no_left_turn"}, None, "other_vehicles"),
        ({"restriction": "give_way"}, None, "unknown"),
        ({"restriction": "no_left_turn"}, [("from", "way", 13), ("to", "way", 12)], "incomplete"),
        ({"restriction": "no_left_turn"}, [("via", "node", 1), ("to", "way", 12)], "incomplete"),
        ({"restriction": "no_left_turn"},
         [("from", "way", 99), ("via", "node", 1), ("to", "way", 12)], "unmatched"),
        ({"restriction": "no_left_turn"},
         [("from", "way", 13), ("via", "node", 3), ("to", "way", 12)], "unmatched"),
    ],
)  # fmt: skip
def test_what_cannot_be_obeyed_is_counted(tmp_path, tags, members, why):
    relation = rule("", 13, 12)
    relation = (90, members or relation[1], {"type": "restriction", **tags})
    network = read_text(tmp_path, PLACES, ARMS, [relation])
    assert network.counts[f"restrictions_{why}"] == 1
    assert network.counts["bans"] == 0


def test_a_restriction_at_a_bend_keeps_the_bend(tmp_path):
    ways = [(10, [4, 1], STREET), (11, [1, 2], STREET)]
    assert read_text(tmp_path, PLACES, ways).n_nodes == 2
    network = read_text(tmp_path, PLACES, ways, [rule("no_straight_on", 10, 11)])
    assert (network.n_nodes, network.counts["bans"]) == (3, 1)
    assert metres(network, 2, 4) == 400, "the other direction is free"
    places = [node_at(network, *PLACES[4]), node_at(network, *PLACES[2])]
    assert turn_block(network, places[:1], places[1:], "car")[0][0, 0] == UNREACHABLE
    with pytest.raises(NetworkError) as caught:
        travel_path(network, *places, "car", turns=True)
    assert caught.value.code == "E3402"


def dual_carriageway(tmp_path, relations=()):
    """Two one-way halves, 20 m apart, joined by a short link in the middle."""
    places = {
        1: (-300, 0), 2: (0, 0), 3: (300, 0), 4: (300, 20), 5: (0, 20), 6: (-300, 20),
        7: (0, 300),
    }  # fmt: skip
    oneway = {"highway": "primary", "oneway": "yes"}
    ways = [
        (20, [1, 2], oneway), (21, [2, 3], oneway), (22, [3, 4], {"highway": "primary"}),
        (23, [4, 5], oneway), (24, [5, 6], oneway), (25, [2, 5], STREET),
        (26, [6, 1], {"highway": "primary"}), (27, [5, 7], STREET),
    ]  # fmt: skip
    network = read_text(tmp_path, places, ways, relations)
    return network, {ref: node_at(network, *place) for ref, place in places.items()
                     if ref in (2, 5, 7)}  # fmt: skip


@pytest.mark.parametrize("twice", [False, True])
def test_a_restriction_over_a_way_is_obeyed_and_only_in_its_sequence(tmp_path, twice):
    free, at = dual_carriageway(tmp_path)
    no_u_turn = rule("no_u_turn", 20, 24, via=25, what="way")
    only_on = (91, [("from", "way", 20), ("via", "way", 25), ("to", "way", 27)],
               {"type": "restriction", "restriction": "only_straight_on"})  # fmt: skip
    network, at = dual_carriageway(tmp_path, [no_u_turn, only_on] if twice else [no_u_turn])
    assert network.counts["restrictions_used"] == 1 + twice
    assert np.diff(network.ban_ptr).max() == 3
    came = int(np.flatnonzero(network.head == at[2])[0])
    west = int(network.tail[came])  # the bends at 6 and 1 have one junction left, or none
    nodes = np.arange(network.n_nodes)
    for name, profile in (("car", "car"), ("ebike", "ebike"), ("walk", "walk")):
        with_turns = turn_block(network, nodes, nodes, profile, FREE)[0]
        without = turn_block(free, nodes, nodes, profile, FREE)[0]
        assert (with_turns >= without).all()
        for i in nodes.tolist():
            for j in nodes.tolist():
                if i != j:
                    expected = naive_seconds(network, i, j, profile, 3)
                    assert with_turns[i, j] == expected, (name, i, j, west)
    graph = turn_graph(network, "car", FREE)
    assert len(graph.edge) == (network.time_ms["car"] != CLOSED).sum() + 1, "one street twice"
    # The link itself stays open: from the first half to the side street, and from 2 to the west.
    assert metres_between(network, at[2], at[7]) == 300


def metres_between(network: Network, a: int, b: int) -> int:
    return int(turn_block(network, [a], [b], "car", FREE)[1][0, 0])


@pytest.mark.parametrize("profile", ["car", "ebike"])
def test_times_with_restrictions_equal_a_plain_search(network_of, profile):
    network = network_of("helsinki")
    rng = np.random.default_rng(3)
    nodes = rng.choice(np.flatnonzero(network.routable[profile]), 6)
    found = turn_block(network, nodes, nodes, profile, FREE)[0]
    expected = [[0 if i == j else naive_seconds(network, i, j, profile, 3) for j in nodes.tolist()]
                for i in nodes.tolist()]  # fmt: skip
    assert found.tolist() == expected


@pytest.mark.parametrize("key", ["helsinki", "monaco", "synthetic"])
def test_with_free_turns_and_no_restrictions_times_are_those_of_the_streets(network_of, key):
    network = network_of(key)
    rng = np.random.default_rng(5)
    for profile in ("walk", "bus"):  # who obeys none
        nodes = rng.choice(np.flatnonzero(network.routable[profile]), 12)
        plain = travel_block(network, nodes, nodes, profile)
        seconds, metres_found = turn_block(network, nodes, nodes, profile)
        assert np.array_equal(seconds, plain.seconds)
        assert np.array_equal(metres_found, plain.metres)


COSTS = TurnCosts(right=3, left=6, u_turn=20, across=5)


@pytest.mark.parametrize(
    ("start", "end", "cost"), [(5, 3, 0), (5, 2, 3), (2, 5, 6), (3, 5, 0), (2, 4, 0)]
)
def test_a_turn_costs_by_its_angle(tmp_path, start, end, cost):
    network = read_text(tmp_path, PLACES, ARMS)
    places = [node_at(network, *PLACES[start]), node_at(network, *PLACES[end])]
    dear = turn_block(network, places[:1], places[1:], "car", COSTS)[0][0, 0]
    free = turn_block(network, places[:1], places[1:], "car", FREE)[0][0, 0]
    assert dear - free == cost


def test_a_main_road_costs_to_go_across_but_not_along(tmp_path):
    main = {"highway": "secondary"}
    arms = [(10, [2, 1, 4], main), (11, [3, 1, 5], STREET)]
    network = read_text(tmp_path, PLACES, arms)

    def cost(start, end):
        places = [node_at(network, *PLACES[start]), node_at(network, *PLACES[end])]
        both = [turn_block(network, places[:1], places[1:], "car", c)[0] for c in (COSTS, FREE)]
        return int(both[0][0, 0] - both[1][0, 0])

    assert (cost(5, 3), cost(4, 2), cost(5, 4)) == (5, 0, 6)


def test_one_turns_back_only_where_nothing_else_is_open(tmp_path):
    network = read_text(tmp_path, PLACES, ARMS)
    graph = turn_graph(network, "car", COSTS)
    for g in range(len(graph.edge)):
        after = graph.edge[graph.head[graph.ptr[g] : graph.ptr[g + 1]]]
        back = network.head[after] == network.tail[graph.edge[g]]
        dead_end = np.count_nonzero(network.tail == network.head[graph.edge[g]]) == 1
        assert back.any() == dead_end
        assert len(after) == (1 if dead_end else 3)


def test_a_path_with_turns_is_the_one_that_the_times_are_of(network_of):
    network = network_of("helsinki")
    nodes = np.random.default_rng(7).choice(np.flatnonzero(network.routable["ebike"]), 8)
    seconds, metres_found = turn_block(network, nodes, nodes, "ebike")
    for i, source in enumerate(nodes.tolist()):
        for j, target in enumerate(nodes.tolist()):
            path = travel_path(network, source, target, "ebike", turns=True)
            assert (path.seconds, path.metres) == (seconds[i, j], metres_found[i, j])
            assert path.nodes.tolist() == [source, *network.head[path.edges].tolist()]
            assert np.array_equal(network.tail[path.edges[1:]], network.head[path.edges[:-1]])


# Real places: file, OSM relation, the street one comes from, one street that is closed there, and
# whether that turn would be the fastest way from the one street's start to the other's end.
PLACES_ON_EARTH = [
    ("helsinki", 54365, "Kaivokatu", "Keskuskatu", True),
    ("helsinki", 57348, "Siltasaarenkatu", "Pitkänsillanranta", True),
    ("helsinki", 55024, "Unioninkatu", None, True),
    ("liechtenstein", 2366291, None, "Im Schwibboga", False),
    ("liechtenstein", 5217202, "Im Schwibboga", "Im Schwibboga", False),
]


@pytest.mark.parametrize(("key", "relation", "start", "end", "fastest"), PLACES_ON_EARTH)
def test_a_real_restriction_is_obeyed_at_its_place(
    network_of, file_of, key, relation, start, end, fastest
):
    network = network_of(key)
    members, ways, places = surroundings(file_of(key), relation)
    via = places[members["via"]]
    edges = {}
    for role in ("from", "to"):
        row = ways[members[role]]
        k = row.index(members["via"])
        beside = places[row[k - 1] if k else row[1]]
        first, last = network.geom_ptr[:-1], network.geom_ptr[1:]
        ends = (last - 2, last - 1) if role == "from" else (first + 1, first)
        lies = np.hypot(network.geom_lon[ends[1]] - via[0], network.geom_lat[ends[1]] - via[1])
        lies += np.hypot(
            network.geom_lon[ends[0]] - beside[0], network.geom_lat[ends[0]] - beside[1]
        )
        edges[role] = int(lies.argmin())
        assert lies[edges[role]] < 1e-9
        name = network.street_name[edges[role]]
        wanted = start if role == "from" else end
        assert (network.street_names[name] if name >= 0 else None) == wanted
    a, b = int(network.tail[edges["from"]]), int(network.head[edges["to"]])
    turn = [edges["from"], edges["to"]]
    free = travel_path(network, a, b, "car")
    obeyed = travel_path(network, a, b, "car", turns=True)
    assert (free.edges.tolist() == turn) == fastest
    assert obeyed.seconds - free.seconds >= (30 if fastest else 0)
    assert turn not in [obeyed.edges[k : k + 2].tolist() for k in range(len(obeyed.edges))]
    unruled = replace(network, ban_ptr=np.zeros(1, np.int32), ban_edge=np.empty(0, np.int32),
                      ban_profiles=np.empty(0, np.uint8),
                      ban_when=np.empty(0, np.int32))  # fmt: skip
    for streets, allowed in ((network, False), (unruled, True)):
        graph = turn_graph(streets, "car")
        after = [
            graph.edge[graph.head[graph.ptr[g] : graph.ptr[g + 1]]].tolist()
            for g in np.flatnonzero(graph.edge == turn[0]).tolist()
        ]
        assert [turn[1] in row for row in after] == [allowed]


def surroundings(path, relation):
    """Members of a relation by role, nodes of its ways, and places of these nodes."""
    import osmium

    members, ways, places = {}, {}, {}
    for item in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        if item.id == relation:
            members = {member.role: member.ref for member in item.members}
    for item in osmium.FileProcessor(str(path)).with_locations():
        if item.is_way() and item.id in members.values():
            ways[item.id] = [node.ref for node in item.nodes]
            for node in item.nodes:
                if node.location.valid():
                    places[node.ref] = (node.location.lon, node.location.lat)
    return members, ways, places


@pytest.mark.parametrize("key", ["helsinki", "liechtenstein", "synthetic"])
def test_a_large_matrix_on_the_hierarchy_equals_one_search_after_another(
    network_of, key, monkeypatch
):
    network = network_of(key)
    for profile in ("car", "ebike", "walk"):
        places = np.random.default_rng(8).choice(np.flatnonzero(network.routable[profile]), 150)
        places[:6] = places[6]
        many = travel_matrix(network, places, profile, turns=True)
        few = places[::29]
        with monkeypatch.context() as patch:
            patch.setattr("geodata.matrix._MANY", 10**9)
            some = travel_block(network, few, places, profile, turns=True)
        assert np.array_equal(many.seconds[::29], some.seconds)
        assert np.array_equal(many.metres[::29], some.metres)
        assert not many.seconds[places[:, None] == places].any()
        assert not many.metres[places[:, None] == places].any()
        plain = travel_matrix(network, places, profile)
        assert (many.seconds >= plain.seconds).all()
        assert (many.seconds > plain.seconds).any() == (profile != "walk")


def test_an_hour_s_network_keeps_its_restrictions_and_the_shape_of_the_hierarchy(network_of):
    network = network_of("helsinki")
    slow = network.with_speeds([SpeedRule("car", "*", 0, 86_400, 0.5)]).at(0)
    places = np.flatnonzero(network.routable["car"])
    places = places[np.arange(120) % len(places)]
    costs = TurnCosts(0, 0, 0, 0)
    usual, late = (travel_matrix(n, places, "car", turns=costs) for n in (network, slow))
    assert np.array_equal(usual.seconds < UNREACHABLE, late.seconds < UNREACHABLE)
    there = usual.seconds < UNREACHABLE
    assert np.abs(late.seconds - 2 * usual.seconds)[there].max() <= 1
    shapes = [turn_metric(n, "car", costs).topology for n in (network, slow)]
    assert shapes[0] is shapes[1]


BY_THE_HOUR = "no_left_turn @ (Mo-Fr 07:00-09:00,16:00-18:00; Su 22:00-06:00)"


def timed(text: str, key: str = "restriction:conditional", **tags: str):
    found = rule("", 13, 12, **tags)
    del found[2]["restriction"]
    found[2][key] = text
    return found


def test_a_rule_by_the_hour_holds_for_who_asks_for_such_an_hour(tmp_path):
    network = read_text(tmp_path, PLACES, ARMS, [timed(BY_THE_HOUR)])
    assert network.counts["restrictions_by_the_hour"] == 1
    assert metres(network, 5, 4) == 400, "no hour is known"
    for hour, weekday, is_banned in (
        (7 * 3600 - 1, 0, False), (7 * 3600, 0, True), (9 * 3600 - 1, 4, True),
        (9 * 3600, 4, False), (17 * 3600, 2, True), (8 * 3600, 5, False), (23 * 3600, 6, True),
        (5 * 3600, 0, True), (6 * 3600, 0, False), (23 * 3600, 0, False), (32 * 3600, 6, True),
    ):  # fmt: skip
        then = network.at(hour, weekday)
        assert metres(then, 5, 4) == (800 if is_banned else 400), (hour, weekday)
        assert (then.fingerprint != network.fingerprint) == is_banned
    assert metres(network, 5, 4) == 400, "asking for an hour changes nothing here"


def test_hours_of_turns_and_of_speeds_go_together(tmp_path):
    network = read_text(tmp_path, PLACES, ARMS, [timed(BY_THE_HOUR)])
    speeds = network.with_speeds([SpeedRule("*", "*", 8 * 3600, 12 * 3600, 0.5)])
    places = [node_at(network, *PLACES[k]) for k in (5, 4)]
    found = [
        travel_matrix(speeds.at(hour * 3600), places, "car", turns=FREE) for hour in (7, 8, 9, 12)
    ]
    assert [int(m.metres[0, 1]) for m in found] == [800, 800, 400, 400]
    first, *others = (int(m.seconds[0, 1]) for m in found)
    assert others == pytest.approx([2 * first, first, first / 2], abs=1)
    assert speeds.at(8 * 3600) is speeds.at(8 * 3600 + 60), "made once"
    assert [int(travel_matrix(speeds.at(8 * 3600, 5), places, "car", turns=FREE)[1][0, 1])] == [400]


def test_a_rule_by_the_hour_is_for_whom_it_names_and_is_kept(tmp_path):
    found = timed("no_left_turn @ 07:00-09:00", "restriction:motorcar:conditional")
    network = read_text(tmp_path, PLACES, ARMS, [found, rule("no_right_turn", 11, 12)])
    network.save(tmp_path / "kept.npz")
    for one in (network, Network.load(tmp_path / "kept.npz")):
        then = one.at(8 * 3600, 6)
        assert {p for p in one.profiles if metres(then, 5, 4, p) > 400} == {"car"}
        assert metres(one, 5, 4) == 400
        assert metres(one, 3, 4) == metres(then, 3, 4) == 800, "holds at any hour"
    freed = read_text(tmp_path, PLACES, ARMS, [timed(BY_THE_HOUR, **{"except": "motorcar"})])
    assert metres(freed.at(8 * 3600), 5, 4) == 400
    assert metres(freed.at(8 * 3600), 5, 4, "ebike") == 800


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("no_u_turn @ (Mo-Fr 07:00-09:00)", ((31, 25_200, 32_400),)),
        ("no_u_turn @ Sa,Su 7:30-24:00", ((96, 27_000, 86_400),)),
        ("no_u_turn @ (Sa-Mo 00:00-01:00)", ((97, 0, 3_600),)),
        ("no_u_turn @ (07:00-09:00, 16:00-18:00)", ((127, 25_200, 32_400), (127, 57_600, 64_800))),
        ("no_u_turn", None),
        ("no_u_turn @ ()", None),
        ("no_u_turn @ (Mo-Fr)", None),
        ("no_u_turn @ (Mo-Fr 07:00-09:00; Fr 10:00-11:00)", None),
        ("no_u_turn @ (Mo-Xx 07:00-09:00)", None),
        ("no_u_turn @ (07:00-07:00)", None),
        ("no_u_turn @ (07:60-08:00)", None),
        ("no_u_turn @ (24:00-25:00)", None),
        ("no_u_turn @ (sunrise-sunset)", None),
        ("no_u_turn @ (Mo-Fr 07:00-09:00 AND length>5)", None),
    ],
)
def test_a_condition_is_weekdays_and_times_or_it_is_not_read(text, hours):
    found = read_condition(text)
    assert found == (None if hours is None else ("no_u_turn", hours))
