"""What a reader makes of the habits and the faults of OpenStreetMap data."""

from __future__ import annotations

import numpy as np
import pytest

from geodata import CLOSED, ROAD_CLASSES, NetworkError, read_network, travel_block
from geodata.osm_pass import collect
from geodata.pbf import OtherForm, collect_pbf
from tests.geodata.osm_text import node_at, read_text

STREET = {"highway": "residential"}
ONEWAY = {"highway": "residential", "oneway": "yes"}
LINE = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (300, 0), 5: (100, 100), 6: (200, 100)}


def open_to(network, profile):
    """Directed edges as pairs of places in hundreds of metres."""
    x = np.rint((network.node_lon - 114.0) * 111_195.0 * np.cos(np.radians(30.0)) / 100).astype(int)
    y = np.rint((network.node_lat - 30.0) * 111_195.0 / 100).astype(int)
    goes = network.time_ms[profile] != CLOSED
    return {
        ((int(x[a]), int(y[a])), (int(x[b]), int(y[b])))
        for a, b in zip(network.tail[goes], network.head[goes], strict=True)
    }


@pytest.mark.parametrize("key", ["manhattan_pbf", "liechtenstein", "helsinki"])
def test_both_readers_find_the_same_in_a_pbf_file(file_of, key):
    own, osmium = collect_pbf(file_of(key)), collect(file_of(key))
    for name in ("ids", "refs", "size", "lon", "lat", "name"):
        assert np.array_equal(
            getattr(own, name), getattr(osmium, name), equal_nan=name in ("lon", "lat")
        ), name
    for name in ("names", "barriers", "restrictions", "skipped", "n_tagged"):
        assert getattr(own, name) == getattr(osmium, name), name
    rules = [[found.rules[k] for k in found.rule] for found in (own, osmium)]
    assert rules[0] == rules[1]


def test_a_pbf_file_of_another_form_is_left_to_osmium(tmp_path):
    import osmium

    for kind in ("pbf,pbf_dense_nodes=false", "pbf,pbf_compression=none", "pbf"):
        path = tmp_path / "a.osm.pbf"
        with osmium.SimpleWriter(osmium.io.File(str(path), kind), overwrite=True) as writer:
            for ref, (x, y) in LINE.items():
                writer.add_node(osmium.osm.mutable.Node(id=ref, location=(114 + x / 1e5, y / 1e5)))
            writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2, 3, 4], tags=STREET))
        assert read_network(path).counts["nodes"] == 4
        if "false" in kind:
            with pytest.raises(OtherForm):
                collect_pbf(path)
        else:
            assert len(collect_pbf(path).refs) == 4


def test_a_damaged_pbf_file_is_an_error_and_never_a_crash(tmp_path, file_of):
    data = file_of("helsinki").read_bytes()
    rng = np.random.default_rng(1)
    path = tmp_path / "a.osm.pbf"
    for keep in rng.integers(100, len(data), 12).tolist():
        path.write_bytes(data[:keep])
        with pytest.raises(NetworkError) as caught:
            read_network(path)
        assert caught.value.code in {"E3005", "E3006"}


def test_damage_inside_a_block_is_noticed_or_harmless(monkeypatch, file_of):
    import geodata.pbf

    rng = np.random.default_rng(2)
    whole = list(geodata.pbf._blocks(file_of("helsinki")))
    n_noticed = 0
    for _ in range(40):
        blocks = [bytearray(block) for block in whole]
        for place in rng.integers(0, len(blocks[-1]), 3).tolist():
            blocks[-1][place] = int(rng.integers(256))
        monkeypatch.setattr(geodata.pbf, "_blocks", lambda _, b=blocks: map(bytes, b))
        try:
            collect_pbf(file_of("helsinki"))
        except OtherForm:
            n_noticed += 1
    assert n_noticed > 0


def test_a_bollard_stops_cars_and_a_gate_says_whom(tmp_path):
    way = [(1, [1, 2, 3, 4], STREET), (2, [2, 5], STREET), (3, [3, 6], STREET)]
    network = read_text(tmp_path, LINE, way, node_tags={3: {"barrier": "bollard"}})
    assert ((1, 0), (2, 0)) not in open_to(network, "car")
    assert ((1, 0), (2, 0)) in open_to(network, "ebike")
    gate = {3: {"barrier": "gate", "access": "no", "foot": "yes"}}
    network = read_text(tmp_path, LINE, way, node_tags=gate)
    assert ((1, 0), (2, 0)) not in open_to(network, "ebike")
    assert ((1, 0), (2, 0)) in open_to(network, "walk")


def test_access_tags_open_and_close_for_whom_they_name(tmp_path):
    ways = [
        (1, [1, 2], STREET), (2, [2, 3], {**STREET, "access": "private"}),
        (3, [3, 4], STREET), (4, [2, 5], STREET), (5, [5, 6], {**STREET, "motor_vehicle": "no"}),
        (6, [6, 3], STREET),
    ]  # fmt: skip
    network = read_text(tmp_path, LINE, ways)
    link = ((1, 0), (2, 0))
    assert all(link not in open_to(network, profile) for profile in network.profiles)
    assert ((1, 0), (2, 0)) not in open_to(network, "car")
    assert not network.routable["car"][node_at(network, 300, 0)]
    assert network.routable["ebike"][node_at(network, 300, 0)]


def ferry(tmp_path, **tags):
    ways = [(1, [1, 2], STREET), (2, [2, 3], {"route": "ferry", **tags}), (3, [3, 4], STREET)]
    return read_text(tmp_path, LINE, ways)


def test_a_ferry_takes_as_long_as_its_timetable_says(tmp_path):
    network = ferry(tmp_path, duration="00:10")
    ends = [node_at(network, 0, 0), node_at(network, 300, 0)]
    found = travel_block(network, ends[:1], ends[1:], "walk")
    assert found.seconds[0, 0] == 600 + 144
    assert ROAD_CLASSES[network.road_class.max()] == "ferry"


def test_a_ferry_without_timetable_has_a_speed_and_is_closed_to_cars_by_default(tmp_path):
    network = ferry(tmp_path)
    ends = [node_at(network, 0, 0), node_at(network, 300, 0)]
    assert travel_block(network, ends[:1], ends[1:], "walk").seconds[0, 0] == 36 + 144
    assert not network.routable["car"][ends].all()
    assert ferry(tmp_path, motor_vehicle="yes").routable["car"].all()


def test_a_roundabout_is_one_way(tmp_path):
    places = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (-100, 0), 6: (200, 0),
              7: (200, 100), 8: (-100, 100)}  # fmt: skip
    ring = {"highway": "residential", "junction": "roundabout"}
    ways = [(1, [1, 2, 3, 4, 1], ring), (2, [1, 5], STREET), (3, [2, 6], STREET),
            (4, [3, 7], STREET), (5, [4, 8], STREET)]  # fmt: skip
    network = read_text(tmp_path, places, ways)
    assert ((0, 0), (1, 0)) in open_to(network, "car")
    assert ((1, 0), (0, 0)) not in open_to(network, "car")
    assert ((1, 0), (0, 0)) in open_to(network, "walk")


def test_the_halves_of_a_dual_carriageway_stay_apart(tmp_path):
    places = {1: (0, 0), 2: (500, 0), 3: (500, 20), 4: (0, 20), 5: (-100, 0), 6: (600, 0)}
    ways = [(1, [1, 2], ONEWAY), (2, [3, 4], ONEWAY), (3, [4, 1], STREET), (4, [2, 3], STREET),
            (5, [5, 1], STREET), (6, [2, 6], STREET)]  # fmt: skip
    network = read_text(tmp_path, places, ways)
    there, back = node_at(network, -100, 0), node_at(network, 600, 0)
    metres = travel_block(network, [there, back], [there, back], "car").metres
    assert (metres[0, 1], metres[1, 0]) == (700, 740)


@pytest.mark.parametrize(
    ("along", "dropped"),
    [([2], 0), ([2, 2], 0), ([2, 2, 3], 0), ([2, 3, 2], 0), ([2, 3, 3, 3], 0), ([], 0)],
)
def test_degenerate_ways_change_nothing(tmp_path, along, dropped):
    ways = [(1, [1, 2, 3, 4], STREET), (2, [2, 5], STREET), (3, [3, 6], STREET)]
    plain = read_text(tmp_path, LINE, ways)
    network = read_text(tmp_path, LINE, [*ways, (9, along, STREET)])
    assert network.fingerprint == plain.fingerprint
    assert network.counts["loops_dropped"] == dropped


def test_two_nodes_at_one_place_are_a_street_of_the_smallest_length(tmp_path):
    places = {1: (0, 0), 2: (100, 0), 3: (100, 0), 4: (200, 0), 5: (100, 100), 6: (100, -100)}
    ways = [(1, [1, 2, 3, 4], STREET), (2, [2, 5], STREET), (3, [3, 6], STREET)]
    network = read_text(tmp_path, places, ways)
    assert network.length_dm.min() == 1
    assert min(time.min() for time in network.time_ms.values()) >= 1


def test_a_way_written_twice_counts_once(tmp_path):
    ways = [(1, [1, 2, 3, 4], STREET), (2, [2, 5], STREET), (3, [3, 6], STREET)]
    plain = read_text(tmp_path, LINE, ways)
    for again in ([1, 2, 3, 4], [4, 3, 2, 1], [2, 3]):
        network = read_text(tmp_path, LINE, [*ways, (9, again, STREET)])
        assert network.fingerprint == plain.fingerprint


def test_a_loop_at_the_end_of_a_street_is_kept(tmp_path):
    ways = [(1, [1, 2], STREET), (2, [2, 5, 6, 3, 2], STREET)]
    network = read_text(tmp_path, LINE, ways)
    assert network.length_dm.sum() == pytest.approx(2 * (1000 + 4000), abs=8)


def test_a_way_is_cut_where_a_node_is_missing(tmp_path):
    way = [(1, [1, 2, 99, 3, 4], STREET)]
    with pytest.raises(NetworkError) as caught:  # two parts of equal size, 100 m apart
        read_text(tmp_path, {1: LINE[1], 99: (150, 0)}, [(1, [1, 98], STREET)])
    assert caught.value.code == "E3008"
    network = read_text(tmp_path, LINE, way)
    assert network.counts["dangling_references"] == 1
    assert network.counts["pieces_dangling"] == 2
    assert network.n_nodes == 2


@pytest.mark.parametrize("key", ["monaco", pytest.param("liechtenstein", marks=pytest.mark.long)])
def test_the_same_network_by_osmnx_gives_the_same_times(file_of, key, tmp_path):
    """osmnx reads the file, its own simplification and ours: random pairs within 1 %."""
    osmnx = pytest.importorskip("osmnx")
    from geodata import from_osmnx, snap
    from geodata.tags import NODE_KEYS, WAY_KEYS

    wanted = osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node
    osmnx.settings.useful_tags_way = [*dict.fromkeys([*wanted[0], *WAY_KEYS])]
    osmnx.settings.useful_tags_node = [*dict.fromkeys([*wanted[1], *NODE_KEYS])]
    try:
        source = unpacked(file_of(key), tmp_path)
        graph = osmnx.graph_from_xml(source, simplify=False, retain_all=True)
    finally:
        osmnx.settings.useful_tags_way, osmnx.settings.useful_tags_node = wanted
    theirs, ours = from_osmnx(graph, key), read_network(file_of(key))
    places = np.random.default_rng(4).choice(np.flatnonzero(ours.routable["car"]), 40)
    lon, lat = ours.node_lon[places], ours.node_lat[places]
    other = snap(theirs, lon, lat, "car")
    there = other.distance_m < 1.0
    assert there.sum() > 25
    a = travel_block(ours, places[there], places[there], "car").seconds
    b = travel_block(theirs, other.node[there], other.node[there], "car").seconds
    assert (np.abs(a - b) <= np.maximum(1, 0.01 * a)).all()


def unpacked(path, folder):
    """Path of the streets of a packed file as plain XML; osmnx reads no other."""
    import gzip

    out = folder / "streets.osm"
    if path.name.endswith(".pbf"):
        import osmium

        with osmium.BackReferenceWriter(str(out), ref_src=str(path)) as writer:
            for way in osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(
                osmium.filter.KeyFilter("highway")
            ):
                writer.add(way)
    else:
        out.write_bytes(gzip.decompress(path.read_bytes()))
    return out
