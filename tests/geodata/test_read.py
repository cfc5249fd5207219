from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from geodata import CLOSED, Network, NetworkError, read_network
from tests.geodata.osm_text import osm_text

OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="test">
 <node id="1" lat="30.000" lon="114.000"/>
 <node id="2" lat="30.001" lon="114.000"/>
 <node id="3" lat="30.001" lon="114.001">{node}</node>
 <node id="4" lat="30.000" lon="114.001"/>
 <way id="10"><nd ref="1"/><nd ref="2"/>{gap}<nd ref="3"/><tag k="highway" v="{one}"/></way>
 <way id="11"><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="highway" v="residential"/>
  <tag k="name" v="长安街"/></way>
</osm>
"""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    return path


def small(gap: str = "", one: str = "residential", node: str = "") -> str:
    return OSM.format(gap=gap, one=one, node=node)


def code_of(path: Path, **options: object) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        read_network(path, **options)
    error = caught.value
    assert error.hint
    assert error.hint_zh
    assert error.message_zh
    return error


def test_every_map_reads_and_each_profile_is_one_part(any_network: Network):
    assert any_network.profiles == ("car", "ebike", "walk", "bus")
    assert any_network.n_nodes > 100
    everybody = np.zeros(any_network.n_nodes, bool)
    for profile in any_network.profiles:
        goes = any_network.time_ms[profile] != CLOSED
        routable = any_network.routable[profile]
        assert routable[any_network.tail[goes]].all()
        assert routable[any_network.head[goes]].all()
        everybody |= routable
    assert everybody.all()


def test_rows_are_compressed_read_only_and_without_loops(any_network: Network):
    net = any_network
    assert net.head_ptr[0] == 0
    assert net.head_ptr[-1] == net.n_edges
    assert (net.tail != net.head).all()
    assert (net.length_dm >= 1).all()
    for array in net.arrays().values():
        assert array.flags.c_contiguous
        assert not array.flags.writeable
    opened = np.stack([net.time_ms[p] != CLOSED for p in net.profiles])
    assert opened.any(axis=0).all(), "an edge is closed to everybody"


def test_no_parallel_edge_is_beaten_by_another_for_everybody(any_network: Network):
    net = any_network
    order = np.lexsort((net.head, net.tail))
    weight = np.stack([net.time_ms[p].astype(np.int64) << 24 for p in net.profiles])
    weight += net.length_dm
    same = (np.diff(net.tail[order]) == 0) & (np.diff(net.head[order]) == 0)
    for k in np.flatnonzero(same):
        a, b = weight[:, order[k]], weight[:, order[k + 1]]
        assert not (a <= b).all()
        assert not (b <= a).all()


def test_the_line_of_an_edge_runs_from_its_tail_to_its_head(any_network: Network):
    net = any_network
    first, last = net.geom_ptr[:-1], net.geom_ptr[1:] - 1
    assert np.array_equal(net.geom_lon[first], net.node_lon[net.tail])
    assert np.array_equal(net.geom_lat[last], net.node_lat[net.head])


def test_a_clipped_extract_reads_and_counts_what_it_lacks(network_of):
    xml, pbf = network_of("manhattan_xml"), network_of("manhattan_pbf")
    assert xml.counts["dangling_references"] == 3255
    assert xml.counts["ways"] == pbf.counts["ways"]
    assert xml.n_nodes == pytest.approx(16_091, rel=0.02)
    assert xml.fingerprint == pbf.fingerprint, "the same ways in two formats"


def test_a_way_is_cut_at_a_missing_node_not_bridged(tmp_path):
    gap = read_network(write(tmp_path, "gap.osm", small(gap='<nd ref="99"/>')))
    assert gap.counts["dangling_references"] == 1
    whole = read_network(write(tmp_path, "whole.osm", small()))
    assert whole.length_dm.sum() > gap.length_dm.sum()


def test_names_survive_and_the_file_names_the_network(tmp_path):
    network = read_network(write(tmp_path, "小城.osm", small()))
    assert network.name == "小城"
    assert "长安街" in network.street_names


def test_progress_is_told(tmp_path):
    told: list[tuple[str, float]] = []
    path = write(tmp_path, "a.osm", small())
    read_network(path, on_progress=lambda stage, share: told.append((stage, share)))
    assert told[-1] == ("done", 1.0)
    assert all(0.0 <= share <= 1.0 for _, share in told)


def test_a_bollard_keeps_cars_from_crossing(tmp_path):
    bollard = '<tag k="barrier" v="bollard"/>'
    network = read_network(write(tmp_path, "b.osm", small(node=bollard)))
    # The ring is a path of three streets for cars, a whole ring for everybody else.
    cars = int((network.time_ms["car"] != CLOSED).sum())
    assert cars < int((network.time_ms["walk"] != CLOSED).sum())


def test_a_missing_file(tmp_path):
    assert code_of(tmp_path / "none.osm").code == "E3001"


def test_a_folder(tmp_path):
    folder = tmp_path / "map.osm"
    folder.mkdir()
    assert code_of(folder).code == "E3002"


def test_an_unknown_suffix(tmp_path):
    assert code_of(write(tmp_path, "map.shp", b"x")).code == "E3003"


@pytest.mark.parametrize("name", ["a.osm", "a.osm.gz", "a.osm.pbf", "a.graphml", "a.npz"])
def test_an_empty_file(tmp_path, name):
    assert code_of(write(tmp_path, name, b"")).code == "E3004"


@pytest.mark.parametrize("name", ["a.osm", "a.osm.gz", "a.osm.pbf", "a.pbf"])
def test_a_text_that_calls_itself_a_map(tmp_path, name):
    assert code_of(write(tmp_path, name, "Dear reader,\nthis is no map.\n")).code == "E3006"


def test_another_kind_of_xml_in_an_osm_file(tmp_path):
    path = write(tmp_path, "a.osm", '<?xml version="1.0"?><html><body/></html>')
    assert code_of(path).code in {"E3005", "E3006", "E3007"}


def test_cut_off_xml(tmp_path):
    assert code_of(write(tmp_path, "cut.osm", small()[:-40])).code == "E3005"


def test_a_cut_off_gzip_file(tmp_path):
    data = gzip.compress(small().encode())
    assert code_of(write(tmp_path, "cut.osm.gz", data[:-12])).code == "E3005"


@pytest.mark.parametrize(
    ("key", "keep"),
    [("monaco", 0.5), ("liechtenstein", 0.5), ("liechtenstein", 0.97), ("monaco", 0.999)],
)
def test_a_cut_off_real_file(tmp_path, file_of, key, keep):
    source = file_of(key)
    data = source.read_bytes()
    path = write(tmp_path, source.name, data[: int(len(data) * keep)])
    assert code_of(path).code == "E3005"


def test_a_map_without_streets(tmp_path):
    path = write(tmp_path, "a.osm", small().replace('k="highway"', 'k="waterway"'))
    assert code_of(path).code == "E3007"


def test_streets_without_their_nodes(tmp_path):
    lines = [line for line in small().splitlines() if "<node" not in line]
    assert code_of(write(tmp_path, "a.osm", "\n".join(lines))).code == "E3008"


def test_no_streets_for_a_wanted_profile(tmp_path):
    text = small(one="footway").replace("residential", "footway")
    path = write(tmp_path, "a.osm", text)
    assert read_network(path).profiles == ("walk", "bus")
    assert code_of(path, profiles=["car"]).code == "E3202"
    assert code_of(path, profiles=["horse"]).code == "E3201"


def test_nothing_connected_for_anybody(tmp_path):
    text = small(one="motorway").replace("residential", "construction")
    assert code_of(write(tmp_path, "a.osm", text)).code == "E3202"


def two_towns(folder: Path, gap_m: float, n_second: int) -> Path:
    """A street of 40 nodes and, so far to the east of its end, another of so many."""
    nodes = {k: (k * 100.0, 0.0) for k in range(1, 41)}
    nodes |= {100 + k: (4000 + gap_m + k * 100.0, 0.0) for k in range(n_second)}
    street = {"highway": "residential"}
    ways = [(1, list(range(1, 41)), street), (2, [100 + k for k in range(n_second)], street)]
    return write(folder, "towns.osm", osm_text(nodes, ways))


def test_two_far_towns_are_refused_and_the_error_says_how_far(tmp_path):
    path = two_towns(tmp_path, 3000, 10)
    error = code_of(path)
    assert error.code == "E3203"
    assert "3.0 km" in error.message
    assert "40 and 10" in error.message
    assert "largest_part" in error.hint
    network = read_network(path, largest_part=True)
    assert network.counts["far_part_m"] == pytest.approx(3000, abs=10)
    assert network.node_lon.max() < 114.05
    assert code_of(path).code == "E3203", "what was kept for one question is no answer to another"


@pytest.mark.parametrize(("gap_m", "n_second"), [(1900, 10), (3000, 3)])
def test_a_near_or_small_second_network_is_only_counted(tmp_path, gap_m, n_second):
    network = read_network(two_towns(tmp_path, gap_m, n_second))
    assert network.counts["second_part_nodes"] == n_second
    assert "far_parts" not in network.counts
