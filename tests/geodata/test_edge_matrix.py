"""Matrices between points along streets, against scipy with the points put in as nodes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata import (
    CLOSED,
    UNREACHABLE,
    Network,
    SnappedPoints,
    SpeedRule,
    snap_to_edges,
    travel_block,
    travel_matrix,
    turn_graph,
)
from geodata.edge_snapping import reverse_edges

PROFILES = ["car", "ebike", "walk"]
UNIT = 1 << 24


def crowd(network: Network, profile: str, n: int, seed: int, side: str = "both") -> SnappedPoints:
    """Points near streets, of which many share one: some anywhere, some around three of them."""
    rng = np.random.default_rng(seed)
    goes = np.flatnonzero(network.time_ms[profile] != CLOSED)
    few = rng.choice(goes, 3, replace=False)
    point = np.concatenate([rng.choice(goes, n // 2), rng.choice(few, n - n // 2)])
    first, last = network.geom_ptr[point], network.geom_ptr[point + 1] - 1
    share = np.concatenate([rng.uniform(0, 1, n - 2), [0.0, 1.0]])
    lon, lat = (
        values[first] + share * (values[last] - values[first]) + rng.normal(0, 3e-5, n)
        for values in (network.geom_lon, network.geom_lat)
    )
    lon[-1], lat[-1] = network.geom_lon[first[-1]], network.geom_lat[first[-1]]
    return snap_to_edges(network, lon, lat, profile, side=side)  # type: ignore[arg-type]


def inserted(network: Network, points: SnappedPoints, profile: str, turns: bool) -> np.ndarray:
    """Exact weights between points: every edge is cut where points lie on it."""
    time, reverse = network.time_ms[profile], reverse_edges(network)
    size = {e: (int(time[e]), int(network.length_dm[e])) for e in range(network.n_edges)}
    on: dict[int, list[tuple[int, int, int]]] = {}
    for k in range(points.n_points):
        e, f = int(points.edge[k]), int(points.reverse[k])
        base, share = e, points.fraction[k]
        if 0 <= reverse[e] < e:
            base, share = int(reverse[e]), 1.0 - share
        for d in (e, f):
            if d < 0:
                continue
            ms, dm = (int(np.floor(share * value + 0.5)) for value in size[d])
            if d != base:
                ms, dm = size[d][0] - ms, size[d][1] - dm
            on.setdefault(d, []).append((ms, dm, k))
    rows: list[tuple[int, int, int]] = []
    starts: dict[int, list[int]] = {k: [] for k in range(points.n_points)}
    ends: dict[int, list[int]] = {k: [] for k in range(points.n_points)}
    n = network.n_nodes

    def cut(e: int, enter: int, leave: int, extra: int, is_start: bool) -> None:
        nonlocal n
        before, at = (0, 0), enter
        for ms, dm, k in sorted(on.get(e, [])):
            rows.append((at, n, (ms - before[0]) * UNIT + dm - before[1] + extra))
            if at != enter and before == (ms, dm):
                rows.append((n, at, 0))  # the same place twice
            before, at, extra = (ms, dm), n, 0
            ends[k].append(n)
            if is_start:
                starts[k].append(n)
            if not turns and (ms, dm) == (0, 0):
                rows.append((n, enter, 0))  # on the corner itself
            if not turns and (ms, dm) == size[e]:
                rows.append((leave, n, 0))
            n += 1
        rest = (size[e][0] - before[0]) * UNIT + size[e][1] - before[1]
        rows.append((at, leave, rest + extra))

    if turns:
        streets = turn_graph(network, profile)
        n_states, n_real = len(streets.edge), int((time != CLOSED).sum())
        n = 2 * n_states
        for x in range(n_states):
            cut(int(streets.edge[x]), n_states + x, x, 0, x < n_real)
        tail = np.repeat(np.arange(n_states), np.diff(streets.ptr))
        for a, b, w in zip(tail.tolist(), streets.head.tolist(), streets.weight.tolist(),
                           strict=True):  # fmt: skip
            ms, dm = size[int(streets.edge[b])]
            rows.append((a, n_states + b, w - ms * UNIT - dm))
    else:
        for e in np.flatnonzero(time != CLOSED).tolist():
            cut(e, int(network.tail[e]), int(network.head[e]), 0, True)
    for k in range(points.n_points):  # a way out of and into each point
        rows += [(n + 2 * k, s, 0) for s in starts[k]] + [(t, n + 2 * k + 1, 0) for t in ends[k]]
    n += 2 * points.n_points
    best: dict[tuple[int, int], int] = {}
    for a, b, w in rows:
        best[a, b] = min(w, best.get((a, b), w))
    pair = np.array(list(best))
    graph = csr_array((np.array(list(best.values()), float), (pair[:, 0], pair[:, 1])), (n, n))
    first = n - 2 * points.n_points
    return dijkstra(graph, indices=np.arange(first, n, 2))[:, first + 1 :: 2]


def check(network: Network, points: SnappedPoints, profile: str, turns: bool) -> None:
    exact = inserted(network, points, profile, turns)
    found = travel_matrix(network, points, profile, turns=turns)
    reached = np.isfinite(exact)
    weight = np.where(reached, exact, 0).astype(np.int64)
    seconds = np.where(reached, ((weight >> 24) + 500) // 1000, UNREACHABLE)
    metres = np.where(reached, ((weight & (UNIT - 1)) + 5) // 10, UNREACHABLE)
    assert np.array_equal(found.seconds, seconds)
    assert np.array_equal(found.metres, metres)
    assert (np.diag(found.seconds) == 0).all()


@pytest.mark.parametrize("profile", PROFILES)
def test_points_equal_a_graph_with_them_as_nodes(any_network: Network, profile: str) -> None:
    check(any_network, crowd(any_network, profile, 60, 1), profile, turns=False)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_points_at_another_hour(any_network: Network, profile: str) -> None:
    rules = [
        SpeedRule("*", "residential", 7 * 3600, 9 * 3600, 0.4),
        SpeedRule("*", "*", 8 * 3600, 9 * 3600, 0.7),
    ]
    hour = any_network.with_speeds(rules).at(8 * 3600)
    points = crowd(any_network, profile, 40, 2)
    check(hour, points, profile, turns=False)


@pytest.mark.parametrize("side", ["both", "right", "left"])
def test_points_with_turns(city: Network, monaco: Network, side: str) -> None:
    for network in (city, monaco):
        for profile in ("car", "walk"):
            points = crowd(network, profile, 60, 3, side)
            check(network, points, profile, turns=True)
            check(network, points, profile, turns=False)


@pytest.mark.parametrize("turns", [False, True])
def test_going_back_and_around_may_beat_going_ahead(city: Network, turns: bool) -> None:
    points = crowd(city, "car", 60, 6)
    slow = city.time_ms["car"].copy()
    slow[np.unique(points.edge)[::2]] *= 40
    jammed = city.with_times({**city.time_ms, "car": slow})
    check(jammed, points, "car", turns)
    usual = travel_matrix(city, points, "car", turns=turns)
    now = travel_matrix(jammed, points, "car", turns=turns)
    shared = np.minimum(points.edge[:, None] == points.edge[None], usual.metres > 0)
    around = shared & (now.metres > usual.metres + 50)
    assert around.any()  # else this test shows nothing


@pytest.mark.parametrize("key", ["helsinki", "liechtenstein"])
def test_points_with_turn_restrictions(key: str, network_of) -> None:
    network = network_of(key)
    check(network, crowd(network, "car", 40, 4), "car", turns=True)


@pytest.mark.parametrize("turns", [False, True])
def test_points_on_corners_are_those_nodes(city: Network, turns: bool) -> None:
    nodes = np.flatnonzero(city.routable["car"])[::40]
    points = snap_to_edges(city, city.node_lon[nodes], city.node_lat[nodes], "car")
    assert (points.distance_m == 0).all()
    by_node = travel_matrix(city, nodes, "car", turns=turns)
    found = travel_matrix(city, points, "car", turns=turns)
    if not turns:
        assert np.array_equal(found.seconds, by_node.seconds)
        assert np.array_equal(found.metres, by_node.metres)
    mixed = travel_block(city, nodes, points, "car", turns=turns)
    away = travel_block(city, points, nodes, "car", turns=turns)
    other = ~np.eye(len(nodes), dtype=bool)
    if turns:  # from a corner one leaves by any street, at no cost
        assert (by_node.seconds <= mixed.seconds)[other].all()
        assert (mixed.seconds <= found.seconds)[other].all()
        assert (by_node.seconds <= away.seconds)[other].all()
        assert (away.seconds <= found.seconds)[other].all()
    else:
        assert np.array_equal(mixed.seconds, by_node.seconds)
        assert np.array_equal(away.metres, by_node.metres)


@pytest.mark.parametrize("turns", [False, True])
def test_from_a_corner_into_its_own_street(city: Network, turns: bool) -> None:
    edge = np.flatnonzero(city.time_ms["car"] != CLOSED)[::50]
    middle = np.full(len(edge), 0.5)
    none = np.full(len(edge), -1, np.int32)
    points = SnappedPoints(edge.astype(np.int32), middle, none, middle, middle, middle)
    found = travel_block(city, city.tail[edge], points, "car", turns=turns)
    half = np.floor(city.time_ms["car"][edge] / 2 + 0.5)
    assert np.array_equal(np.diag(found.seconds), np.floor(half / 1000 + 0.5))
    back = travel_block(city, points, city.head[edge], "car", turns=turns)
    rest = city.time_ms["car"][edge] - half
    assert np.array_equal(np.diag(back.seconds), np.floor(rest / 1000 + 0.5))


def test_a_block_is_a_piece_of_the_matrix(city: Network) -> None:
    points = crowd(city, "ebike", 80, 5)
    whole = travel_matrix(city, points, "ebike")
    a, b = np.array([70, 3, 79, 3, 41]), np.array([79, 60, 5, 70])
    block = travel_block(city, points.take(a), points.take(b), "ebike")
    assert np.array_equal(block.seconds, whole.seconds[np.ix_(a, b)])
    assert np.array_equal(block.metres, whole.metres[np.ix_(a, b)])
