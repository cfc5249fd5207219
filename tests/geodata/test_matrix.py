from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata import (
    CLOSED,
    UNREACHABLE,
    Network,
    NetworkError,
    travel_block,
    travel_matrix,
    travel_path,
)
from geodata.build import build_network
from geodata.sketch import Sketch

PROFILES = ["car", "ebike", "walk"]


def some_nodes(network: Network, profile: str, n: int, seed: int = 1) -> np.ndarray:
    places = np.flatnonzero(network.routable[profile])
    return np.random.default_rng(seed).choice(places, min(n, len(places)), replace=False)


def scipy_times(network: Network, profile: str, sources: np.ndarray) -> np.ndarray:
    """Milliseconds from each source to every node, by scipy; of parallel edges the fastest."""
    time = network.time_ms[profile]
    goes = np.flatnonzero(time != CLOSED)
    order = goes[np.lexsort((time[goes], network.head[goes], network.tail[goes]))]
    pair = network.tail[order].astype(np.int64) * network.n_nodes + network.head[order]
    _, first = np.unique(pair, return_index=True)
    edge = order[first]
    shape = (network.n_nodes, network.n_nodes)
    entries = (time[edge].astype(float), (network.tail[edge], network.head[edge]))
    return dijkstra(csr_array(entries, shape=shape), indices=sources)


def half_up(value: np.ndarray | float, unit: int) -> np.ndarray:
    return np.floor(np.asarray(value) / unit + 0.5)


@pytest.mark.parametrize("profile", PROFILES)
def test_times_equal_those_of_scipy(any_network: Network, profile: str):
    nodes = some_nodes(any_network, profile, 25)
    seconds = travel_matrix(any_network, nodes, profile).seconds
    expected = half_up(scipy_times(any_network, profile, nodes)[:, nodes], 1000)
    assert np.array_equal(seconds, expected)


@pytest.mark.parametrize("profile", PROFILES)
def test_metres_are_those_of_that_same_path(any_network: Network, profile: str):
    nodes = some_nodes(any_network, profile, 8, seed=2)
    seconds, metres = travel_matrix(any_network, nodes, profile)
    time, length = any_network.time_ms[profile], any_network.length_dm
    for i, source in enumerate(nodes):
        for j, target in enumerate(nodes):
            path = travel_path(any_network, int(source), int(target), profile).nodes
            ms = dm = 0
            for tail, head in pairwise(path):
                row = np.arange(any_network.head_ptr[tail], any_network.head_ptr[tail + 1])
                row = row[(any_network.head[row] == head) & (time[row] != CLOSED)]
                edge = min(row, key=lambda e: (time[e], length[e]))
                ms, dm = ms + int(time[edge]), dm + int(length[edge])
            assert seconds[i, j] == half_up(ms, 1000)
            assert metres[i, j] == half_up(dm, 10)


def test_no_path_is_shorter_than_the_straight_line(city: Network):
    from geodata import distance_m

    nodes = some_nodes(city, "walk", 60)
    metres = travel_matrix(city, nodes, "walk").metres
    lon, lat = city.node_lon[nodes], city.node_lat[nodes]
    straight = distance_m(lon[:, None], lat[:, None], lon[None, :], lat[None, :])
    assert (metres >= np.floor(straight * 0.999)).all()


def test_a_place_that_stands_there_twice_has_equal_rows_and_columns(city: Network):
    a, b, c = some_nodes(city, "car", 3).tolist()
    seconds, metres = travel_matrix(city, [c, a, b, a, c], "car")
    once = travel_matrix(city, [a, b, c], "car")
    index = [2, 0, 1, 0, 2]
    assert np.array_equal(seconds, once.seconds[np.ix_(index, index)])
    assert np.array_equal(metres, once.metres[np.ix_(index, index)])
    assert seconds[1, 3] == 0
    assert (np.diag(metres) == 0).all()


def test_the_callers_buffers_are_filled(city: Network):
    nodes = some_nodes(city, "ebike", 40)
    out = np.full((40, 40), -1, np.int32), np.full((40, 40), -1, np.int32)
    found = travel_matrix(city, nodes, "ebike", out=out)
    assert found.seconds is out[0]
    assert np.array_equal(out[1], travel_matrix(city, nodes, "ebike").metres)


@pytest.mark.parametrize("bad", ["shape", "dtype", "order", "read-only"])
def test_buffers_that_do_not_fit_are_refused(city: Network, bad: str):
    good = np.empty((3, 3), np.int32)
    wrong = {
        "shape": np.empty((3, 4), np.int32),
        "dtype": np.empty((3, 3), np.int64),
        "order": np.asfortranarray(np.empty((3, 3), np.int32)),
        "read-only": np.empty((3, 3), np.int32),
    }[bad]
    wrong.flags.writeable = bad != "read-only"
    with pytest.raises(NetworkError) as caught:
        travel_matrix(city, [0, 1, 2], "car", out=(good, wrong))
    assert caught.value.code == "E3404"


def test_progress_ends_at_the_whole(city: Network):
    told: list[float] = []
    travel_matrix(city, some_nodes(city, "car", 50), "car", on_progress=lambda _, x: told.append(x))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_no_places_give_an_empty_matrix(city: Network):
    assert travel_matrix(city, [], "car").seconds.shape == (0, 0)


@pytest.mark.parametrize(("offset", "fits"), [(-1, True), (0, False)])
def test_the_last_node_and_the_one_behind_it(city: Network, offset: int, fits: bool):
    nodes = [0, city.n_nodes + offset]
    if fits:
        travel_matrix(city, nodes, "walk")
        return
    with pytest.raises(NetworkError) as caught:
        travel_matrix(city, nodes, "walk")
    assert caught.value.code == "E3401"


def test_profiles_that_do_not_exist_are_refused(city: Network):
    with pytest.raises(NetworkError) as caught:
        travel_matrix(city, [0], "horse")
    assert caught.value.code == "E3201"
    assert "ebike" in caught.value.hint


def diamond(extra: float) -> Network:
    """Two ways from west to east, equally long in time; ``extra`` metres lengthen the upper one."""
    sketch = Sketch()
    for x, y in ((0, 0), (500, 300), (500, -300), (1000, 0), (500, 300 + extra), (-200, 0)):
        sketch.add_node(x, y)
    sketch.add_chain([5, 0, 2, 3], "residential")
    sketch.add_chain([0, 1, 3], "residential")
    sketch.add_chain([1, 4], "footway")
    return build_network(sketch.to_raw((114.0, 30.0)), "diamond")


def test_what_a_profile_cannot_reach_is_unreachable_in_both():
    network = diamond(100.0)
    island = np.flatnonzero(~network.routable["car"])
    assert len(island) == 1
    nodes = [int(island[0]), int(np.flatnonzero(network.routable["car"])[0])]
    seconds, metres = travel_matrix(network, nodes, "car")
    assert seconds.tolist() == [[0, UNREACHABLE], [UNREACHABLE, 0]]
    assert metres.tolist() == seconds.tolist()


def test_between_equally_fast_ways_the_shorter_one_counts():
    network = diamond(100.0)
    # Every street takes a minute, so both ways round the diamond take two.
    time = {profile: np.full_like(ms, 60_000) for profile, ms in network.time_ms.items()}
    sides = [k for k in range(network.n_edges) if network.length_dm[k] > 5000]
    length = network.length_dm.copy()
    longer = sides[:2]
    length[longer] += 500
    fixed = replace(network, time_ms=time, length_dm=length)
    nodes = np.arange(fixed.n_nodes)
    found = travel_matrix(fixed, nodes, "walk")
    for source in nodes:
        for target in nodes:
            ways = [
                (60 * len(way), sum(int(length[e]) for e in way))
                for way in simple_ways(fixed, int(source), int(target))
            ]
            seconds, decimetres = min(ways)
            assert found.seconds[source, target] == seconds
            assert found.metres[source, target] == half_up(decimetres, 10)


def simple_ways(network: Network, source: int, target: int, seen: tuple[int, ...] = ()) -> list:
    """Every way without a repeated node, as lists of edges: the slow and certain answer."""
    if source == target:
        return [[]]
    ways = []
    for edge in range(network.head_ptr[source], network.head_ptr[source + 1]):
        head = int(network.head[edge])
        if head not in seen:
            rest = simple_ways(network, head, target, (*seen, source))
            ways += [[edge, *way] for way in rest]
    return ways


@pytest.mark.parametrize("profile", PROFILES)
def test_a_block_is_a_piece_of_the_matrix(city: Network, profile: str) -> None:
    nodes = some_nodes(city, profile, 40)
    whole = travel_matrix(city, nodes, profile)
    a, b = np.array([3, 0, 3, 17, 39]), np.array([5, 3, 5, 21])
    block = travel_block(city, nodes[a], nodes[b], profile)
    assert np.array_equal(block.seconds, whole.seconds[np.ix_(a, b)])
    assert np.array_equal(block.metres, whole.metres[np.ix_(a, b)])
    assert travel_block(city, [], nodes[b], profile).seconds.shape == (0, 4)
