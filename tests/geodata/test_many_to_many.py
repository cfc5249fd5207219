from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata import CLOSED, UNREACHABLE, Network, synthetic_city, travel_block, travel_matrix
from geodata.graph import profile_graph
from geodata.hierarchy import Metric, build_metric, build_topology, profile_metric
from geodata.kernels.dijkstra import DM_BITS
from geodata.many_to_many import Places, fill_block, places_at
from geodata.matrix import search_block
from tests.naive import naive_ways

PROFILES = ["car", "ebike", "walk"]
LANES = 64


class Case(NamedTuple):
    """A graph with places, as Python lists."""

    n: int
    edges: list[tuple[int, int, int]]
    xy: list[tuple[float, float]]
    sources: list[list[tuple[int, int]]]
    targets: list[list[tuple[int, int]]]


def weight_of(ms: int, dm: int) -> int:
    return (ms << DM_BITS) + dm


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Small graphs with loops, parallel edges, far parts, equal weights and places of any kind."""
    n = draw(st.integers(1, 24))
    node = st.integers(0, n - 1)
    size = st.tuples(st.integers(1, 4000), st.integers(0, 99)).map(lambda pair: weight_of(*pair))
    few = st.sampled_from([weight_of(1000, 10), weight_of(1000, 11), weight_of(2000, 20)])
    edges = draw(st.lists(st.tuples(node, node, st.one_of(size, few)), max_size=70))
    place = st.floats(-5, 5) if draw(st.booleans()) else st.just(0.0)
    xy = draw(st.lists(st.tuples(place, place), min_size=n, max_size=n))
    entry = st.tuples(node, st.one_of(st.just(0), size))
    places = st.lists(st.lists(entry, max_size=3), max_size=6)
    return Case(n, edges, xy, draw(places), draw(places))


def csr(n: int, edges: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ordered = sorted(edges, key=lambda edge: edge[0])
    ptr = np.searchsorted([edge[0] for edge in ordered], np.arange(n + 1)).astype(np.int32)
    head = np.array([edge[1] for edge in ordered], np.int32)
    return ptr, head, np.array([edge[2] for edge in ordered], np.int64)


def metric_of(n: int, edges: list[tuple[int, int, int]], xy: list[tuple[float, float]]) -> Metric:
    ptr, head, weight = csr(n, edges)
    x, y = np.array(xy, np.float64).reshape(-1, 2).T.copy()
    return build_metric(build_topology(ptr, head, x, y), weight)


def places_of(entries: list[list[tuple[int, int]]]) -> Places:
    ptr = np.cumsum([0, *map(len, entries)]).astype(np.int32)
    flat = [entry for place in entries for entry in place]
    return Places(
        ptr,
        np.array([node for node, _ in flat], np.int32),
        np.array([offset for _, offset in flat], np.int64),
    )


def block(metric: Metric, sources: Places, targets: Places) -> tuple[np.ndarray, np.ndarray]:
    shape = (len(sources.ptr) - 1, len(targets.ptr) - 1)
    seconds, metres = np.full((2, *shape), -1, np.int32)
    assert fill_block(metric, sources, targets, seconds, metres)
    return seconds, metres


def rounded(weight: int | None) -> tuple[int, int]:
    if weight is None:
        return UNREACHABLE, UNREACHABLE
    return ((weight >> DM_BITS) + 500) // 1000, (weight % (1 << DM_BITS) + 5) // 10


@settings(max_examples=100, deadline=None)
@given(cases())
def test_places_with_several_entries_equal_the_naive_answer(case: Case) -> None:
    seconds, metres = block(
        metric_of(case.n, case.edges, case.xy), places_of(case.sources), places_of(case.targets)
    )
    ways = naive_ways(case.n, case.edges)
    for i, source in enumerate(case.sources):
        for j, target in enumerate(case.targets):
            found = [
                a + way + b
                for u, a in source
                for v, b in target
                if (way := ways[u][v]) is not None
            ]
            assert (seconds[i, j], metres[i, j]) == rounded(min(found, default=None))


def streets(network: Network, profile: str, n: int, seed: int) -> np.ndarray:
    places = np.flatnonzero(network.routable[profile]).astype(np.int32)
    return np.random.default_rng(seed).choice(places, min(n, len(places)), replace=False)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_network_gives_what_scipy_and_dijkstra_give(
    any_network: Network, profile: str
) -> None:
    graph = profile_graph(any_network, profile)
    a, b = (np.sort(streets(any_network, profile, n, seed=n)) for n in (70, 90))
    seconds, metres = block(profile_metric(any_network, profile), places_at(a), places_at(b))
    by_dijkstra = np.empty((2, len(a), len(b)), np.int32)
    search_block(graph, a, b, *by_dijkstra)
    assert np.array_equal(seconds, by_dijkstra[0])
    assert np.array_equal(metres, by_dijkstra[1])
    # scipy adds up parallel edges, so the best of each is left; one float64 carries both figures.
    tail = np.repeat(np.arange(any_network.n_nodes), np.diff(graph.ptr))
    order = np.lexsort((graph.weight, graph.head, tail))
    _, first = np.unique(tail[order] * any_network.n_nodes + graph.head[order], return_index=True)
    edge = order[first]
    entries = graph.weight[edge].astype(float), (tail[edge], graph.head[edge])
    shape = (any_network.n_nodes, any_network.n_nodes)
    weight = dijkstra(csr_array(entries, shape=shape), indices=a[:25])[:, b].astype(np.int64)
    assert np.array_equal(seconds[:25], ((weight >> DM_BITS) + 500) // 1000)
    assert np.array_equal(metres[:25], (weight % (1 << DM_BITS) + 5) // 10)


@pytest.mark.parametrize("n_sources", [1, 7, 8, 9, LANES - 1, LANES, LANES + 1, 2 * LANES + 1])
def test_sources_that_fill_lanes_and_one_more(city: Network, n_sources: int) -> None:
    metric = profile_metric(city, "walk")
    nodes = streets(city, "walk", 2 * LANES + 1, seed=5)
    whole = block(metric, places_at(nodes), places_at(nodes))
    part = block(metric, places_at(nodes[:n_sources]), places_at(nodes))
    assert np.array_equal(part[0], whole[0][:n_sources])
    assert np.array_equal(part[1], whole[1][:n_sources])


@pytest.mark.parametrize("n_targets", [1, 511, 512, 513])
def test_targets_that_fill_a_chunk_and_one_more(city: Network, n_targets: int) -> None:
    metric = profile_metric(city, "walk")
    nodes = streets(city, "walk", 513, seed=6)
    whole = block(metric, places_at(nodes[:9]), places_at(nodes))
    part = block(metric, places_at(nodes[:9]), places_at(nodes[:n_targets]))
    assert np.array_equal(part[0], whole[0][:, :n_targets])
    assert np.array_equal(part[1], whole[1][:, :n_targets])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_graphs(n: int) -> None:
    one_way = [(0, 1, weight_of(1500, 15))] if n == 2 else []
    nodes = places_at(np.arange(n, dtype=np.int32))
    seconds, metres = block(metric_of(n, one_way, [(0.0, 0.0)] * n), nodes, nodes)
    assert seconds.tolist() == [[], [[0]], [[0, 2], [UNREACHABLE, 0]]][n]
    assert metres.tolist() == [[], [[0]], [[0, 2], [UNREACHABLE, 0]]][n]


def test_a_one_way_chain_leads_forward_only() -> None:
    n = 300
    edges = [(i, i + 1, weight_of(1000, 10)) for i in range(n - 1)]
    nodes = places_at(np.arange(n, dtype=np.int32))
    seconds, metres = block(metric_of(n, edges, [(float(i), 0.0) for i in range(n)]), nodes, nodes)
    steps = np.arange(n)[None, :] - np.arange(n)[:, None]
    assert np.array_equal(seconds, np.where(steps >= 0, steps, UNREACHABLE))
    assert np.array_equal(metres, seconds)


def test_a_grid_of_equal_streets_counts_blocks() -> None:
    side = 12
    edges = [
        (a, b, weight_of(1000, 1000))
        for x in range(side)
        for y in range(side)
        for a, b in [(side * x + y, side * x + y + 1), (side * x + y, side * (x + 1) + y)]
        if b < side * side and (b != a + 1 or y + 1 < side)
    ]
    edges += [(b, a, w) for a, b, w in edges]
    xy = [(float(x), float(y)) for x in range(side) for y in range(side)]
    nodes = places_at(np.arange(side * side, dtype=np.int32))
    seconds, metres = block(metric_of(side * side, edges, xy), nodes, nodes)
    x, y = np.divmod(np.arange(side * side), side)
    blocks = abs(x[:, None] - x[None, :]) + abs(y[:, None] - y[None, :])
    assert np.array_equal(seconds, blocks)
    assert np.array_equal(metres, 100 * blocks)


def test_another_metric_on_the_same_topology(city: Network) -> None:
    graph = profile_graph(city, "car")
    topology = profile_metric(city, "car").topology
    slower = graph._replace(weight=graph.weight * 3)
    nodes = streets(city, "car", 100, seed=7)
    expected = np.empty((2, 100, 100), np.int32)
    search_block(slower, nodes, nodes, *expected)
    found = block(build_metric(topology, slower.weight), places_at(nodes), places_at(nodes))
    assert np.array_equal(found, expected)


def test_subtrees_are_ranges_and_arcs_lead_to_ancestors(city: Network) -> None:
    topology = profile_metric(city, "walk").topology
    n = len(topology.rank)
    assert np.array_equal(np.sort(topology.rank), np.arange(n))
    first = np.arange(n)
    for r in range(n):
        if topology.parent[r] >= 0:
            assert topology.parent[r] > r
            first[topology.parent[r]] = min(first[topology.parent[r]], first[r])
    low, high = topology.arc_tail, topology.up_head
    assert (low < high).all()
    assert (first[high] <= low).all()


def test_profiles_with_the_same_streets_share_a_topology(city: Network) -> None:
    walking = city.time_ms["walk"]
    time = city.time_ms | {"ebike": np.where(walking == CLOSED, CLOSED, walking // 3 + 1)}
    same = replace(city, time_ms=time, routable=city.routable | {"ebike": city.routable["walk"]})
    walk, ebike = (profile_metric(same, profile) for profile in ("walk", "ebike"))
    assert walk.topology is ebike.topology
    assert profile_metric(same, "car").topology is not walk.topology


def test_a_hierarchy_is_made_once_searches_have_cost_as_much() -> None:
    network = synthetic_city(300, seed=8)
    nodes = streets(network, "walk", 60, seed=1)
    first = travel_matrix(network, nodes, "walk")
    assert "metric.walk" not in network._kept
    second = travel_block(network, nodes, nodes[::-1], "walk")
    assert "metric.walk" in network._kept
    assert np.array_equal(second.seconds, first.seconds[:, ::-1])
    assert np.array_equal(second.metres, first.metres[:, ::-1])


def test_many_places_that_stand_there_twice_and_progress(city: Network) -> None:
    nodes = np.random.default_rng(4).choice(streets(city, "walk", 300, seed=9), 700)
    told: list[float] = []
    seconds, metres = travel_matrix(
        city, nodes, "walk", on_progress=lambda _, share: told.append(share)
    )
    unique, index = np.unique(nodes, return_inverse=True)
    once = block(profile_metric(city, "walk"), *(places_at(unique.astype(np.int32)),) * 2)
    assert np.array_equal(seconds, once[0][np.ix_(index, index)])
    assert np.array_equal(metres, once[1][np.ix_(index, index)])
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(("ms", "is_exact"), [((1 << 29) - 1, True), (1 << 29, False)])
def test_the_longest_exact_time_and_the_next(ms: int, is_exact: bool) -> None:
    metric = metric_of(2, [(0, 1, weight_of(ms, 0))], [(0.0, 0.0)] * 2)
    nodes = places_at(np.arange(2, dtype=np.int32))
    seconds, metres = np.empty((2, 2, 2), np.int32)
    assert fill_block(metric, nodes, nodes, seconds, metres) == is_exact
    assert seconds[0, 1] == ((ms + 500) // 1000 if is_exact else UNREACHABLE)


def test_times_beyond_the_exact_ones_are_searched_for() -> None:
    network = synthetic_city(300, seed=8)
    slow = replace(network, time_ms={"walk": np.full(network.n_edges, (1 << 31) - 2, np.int32)})
    nodes = streets(network, "walk", 150, seed=1)
    found = travel_matrix(slow, nodes, "walk")
    assert "metric.walk" in slow._kept
    assert (found.seconds < UNREACHABLE).all()
    again = travel_block(slow, nodes[:2], nodes, "walk")
    assert np.array_equal(again.seconds, found.seconds[:2])
