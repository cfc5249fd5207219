from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from geodata import (
    CLOSED,
    NetworkError,
    download_network,
    from_osmnx,
    read_network,
    synthetic_city,
    to_networkx,
    travel_matrix,
)


@pytest.fixture(scope="module")
def small():
    return synthetic_city(400, seed=2)


@pytest.mark.parametrize("profile", ["car", "ebike", "walk"])
def test_networkx_finds_the_same_times(small, profile):
    graph = to_networkx(small, profile)
    nodes = np.flatnonzero(small.routable[profile])[::60].tolist()
    seconds, _ = travel_matrix(small, nodes, profile)
    for i, source in enumerate(nodes):
        found = nx.single_source_dijkstra_path_length(graph, source, weight="travel_time")
        expected = [np.floor(found[target] + 0.5 + 1e-9) for target in nodes]
        assert seconds[i].tolist() == expected


def test_there_and_back_keeps_streets_and_times(small):
    back = from_osmnx(to_networkx(small, "car"), "back")
    assert back.counts["edges_read"] == (small.time_ms["car"] != CLOSED).sum()
    total = small.time_ms["car"][small.time_ms["car"] != CLOSED].sum(dtype=np.int64)
    again = back.time_ms["car"][back.time_ms["car"] != CLOSED].sum(dtype=np.int64)
    assert again == pytest.approx(total, rel=2e-3)
    assert back.routable["car"].sum() == pytest.approx(small.routable["car"].sum(), rel=0.08)


def test_walkers_get_back_the_direction_that_a_driving_graph_lacks():
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node, (x, y) in enumerate([(0, 0), (0.001, 0), (0.001, 0.001)]):
        graph.add_node(node, x=x, y=y)
    for u, v in ((0, 1), (1, 2), (2, 0)):
        graph.add_edge(u, v, highway=["residential", "service"], oneway=True, reversed=False)
    network = from_osmnx(graph, "ring")
    assert (network.time_ms["car"] != CLOSED).sum() == 3
    assert (network.time_ms["walk"] != CLOSED).sum() == 6
    assert network.length_dm.min() == pytest.approx(1112, abs=2)


def test_a_graph_that_osmnx_saved_is_read(small, tmp_path):
    osmnx = pytest.importorskip("osmnx")
    path = tmp_path / "town.graphml"
    osmnx.save_graphml(to_networkx(small, "car"), path)
    network = read_network(path)
    assert network.name == "town"
    assert network.fingerprint == from_osmnx(to_networkx(small, "car"), "town").fingerprint


@pytest.mark.parametrize(
    "text",
    ["no xml at all", "<?xml version='1.0'?><graphml><graph>", "<graphml></graphml>"],
)
def test_what_is_no_saved_graph_is_refused(tmp_path, text):
    path = tmp_path / "a.graphml"
    path.write_text(text)
    with pytest.raises(NetworkError) as caught:
        read_network(path)
    assert caught.value.code == "E3009"


@pytest.mark.parametrize("lack", ["x", "highway", "edges"])
def test_a_graph_of_something_else_is_refused(lack):
    graph = nx.MultiDiGraph()
    graph.add_node(0, **({} if lack == "x" else {"x": 0.0, "y": 0.0}))
    graph.add_node(1, x=1.0, y=0.0)
    if lack != "edges":
        graph.add_edge(0, 1, **({} if lack == "highway" else {"highway": "primary"}))
    with pytest.raises(NetworkError) as caught:
        from_osmnx(graph, "a")
    assert caught.value.code == "E3504"


@pytest.mark.parametrize("trouble", ["offline", "unknown", "fine"])
def test_a_place_is_downloaded_or_the_reason_is_given(monkeypatch, small, trouble):
    osmnx = pytest.importorskip("osmnx")
    import requests

    def download(place, **options):
        assert "cycleway:left" in osmnx.settings.useful_tags_way
        if trouble == "offline":
            raise requests.ConnectionError("no route to host")
        if trouble == "unknown":
            raise osmnx._errors.InsufficientResponseError("nothing found")
        return to_networkx(small, "car")

    monkeypatch.setattr(osmnx, "graph_from_place", download)
    before = list(osmnx.settings.useful_tags_way)
    if trouble == "fine":
        assert download_network("Somewhere").name == "Somewhere"
    else:
        with pytest.raises(NetworkError) as caught:
            download_network("Somewhere")
        assert caught.value.code == {"offline": "E3501", "unknown": "E3502"}[trouble]
    assert list(osmnx.settings.useful_tags_way) == before
