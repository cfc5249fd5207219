from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.ops

from geodata import (
    CLOSED,
    Network,
    NetworkError,
    Reach,
    reach,
    reach_polygon,
    snap_to_edges,
    travel_block,
    turn_graph,
)
from geodata.snapping import local_metres
from tests.geodata.test_edge_matrix import crowd
from tests.geodata.test_matrix import scipy_times, some_nodes


def naive_parts(
    network: Network, profile: str, ms: np.ndarray, limit: int
) -> dict[int, tuple[float, float]]:
    """Edges entered at their tail in time, and how far one gets."""
    time = network.time_ms[profile]
    parts = {}
    for edge in np.flatnonzero(time != CLOSED).tolist():
        left = limit - ms[network.tail[edge]]
        if left > 0:
            parts[edge] = (0.0, min(1.0, left / time[edge]))
    return parts


def parts_in(found: Reach) -> list[tuple[int, float, float]]:
    return sorted(zip(found.edges.tolist(), found.start.tolist(), found.end.tolist(), strict=True))


@pytest.mark.parametrize("profile", ["car", "ebike", "walk"])
def test_nodes_and_cut_streets_equal_those_of_scipy(any_network: Network, profile: str) -> None:
    nodes = some_nodes(any_network, profile, 5)
    for source, ms in zip(nodes, scipy_times(any_network, profile, nodes), strict=True):
        found = reach(any_network, [source], 4.5, profile)[0]
        within = np.flatnonzero(ms <= 270_000)
        assert sorted(found.nodes.tolist()) == within.tolist()
        assert np.array_equal(found.seconds, np.floor(ms[found.nodes] / 1000 + 0.5))
        assert (np.diff(found.seconds) >= 0).all()
        expected = naive_parts(any_network, profile, ms, 270_000)
        got = parts_in(found)
        assert [edge for edge, _, _ in got] == sorted(expected)
        assert np.array([(a, b) for _, a, b in got]) == pytest.approx(
            np.array([expected[edge] for edge, _, _ in got]).reshape(-1, 2)
        )


@pytest.mark.parametrize("profile", ["car", "walk"])
def test_from_points_along_streets(city: Network, profile: str) -> None:
    points = crowd(city, profile, 20, 7)
    every = np.flatnonzero(city.routable[profile])
    seconds = travel_block(city, points, every, profile).seconds
    time = city.time_ms[profile]
    for k, found in enumerate(reach(city, points, 6, profile)):
        assert set(every[seconds[k] < 360]) <= set(found.nodes.tolist())
        assert set(found.nodes.tolist()) <= set(every[seconds[k] <= 360])
        place = np.searchsorted(every, found.nodes)
        assert np.array_equal(found.seconds, seconds[k][place])
        e, f, share = int(points.edge[k]), int(points.reverse[k]), points.fraction[k]
        own = [(e, share), (f, 1.0 - share)] if f >= 0 else [(e, share)]
        for edge, start in own:
            end = min(1.0, start + 360_000 / time[edge])
            rows = [(a, b) for g, a, b in parts_in(found) if g == edge]
            # The start is rounded to a millisecond of the edge.
            near = [row for row in rows if row == pytest.approx((start, end), abs=1 / time[edge])]
            assert near or start > 1.0 - 1.0 / time[edge]


def test_with_turns_one_gets_less_far_and_no_node_is_lost(city: Network) -> None:
    nodes = some_nodes(city, "car", 10, seed=3)
    free = reach(city, nodes, 5, "car")
    strict = reach(city, nodes, 5, "car", turns=True)
    every = np.flatnonzero(city.routable["car"])
    seconds = travel_block(city, nodes, every, "car", turns=True).seconds
    graph = turn_graph(city, "car")
    for k, (a, b) in enumerate(zip(free, strict, strict=True)):
        assert set(b.nodes.tolist()) <= set(a.nodes.tolist())
        place = np.searchsorted(every, b.nodes)
        assert np.array_equal(b.seconds, seconds[k][place])
        assert set(every[seconds[k] < 300]) <= set(b.nodes.tolist())
        assert set(b.edges.tolist()) <= set(graph.edge.tolist())
        assert set(b.edges.tolist()) <= set(a.edges.tolist())
        # An edge is driven to its end exactly when its head is reached through it in time.
        ends = city.head[b.edges[b.end == 1.0]]
        assert set(ends.tolist()) <= set(b.nodes.tolist())


def test_many_at_once_are_each_alone(city: Network) -> None:
    points = crowd(city, "ebike", 30, 8)
    together = reach(city, points, 3, "ebike")
    assert len(together) == 30
    for k in range(0, 30, 7):
        alone = reach(city, points.take([k]), 3, "ebike")[0]
        for one, other in zip(alone, together[k], strict=True):
            assert np.array_equal(one, other)
    assert reach(city, points.take([]), 3, "ebike") == []


@pytest.mark.parametrize("minutes", [0, -1, 1441, np.nan])
def test_times_that_cannot_be_are_refused(city: Network, minutes: float) -> None:
    with pytest.raises(NetworkError, match="E3407"):
        reach(city, [0], minutes, "walk")
    found = reach(city, [0], 1440, "walk")[0]
    assert len(found.nodes) == city.routable["walk"].sum()


@pytest.mark.parametrize(("profile", "minutes"), [("walk", 5), ("walk", 15), ("car", 4)])
def test_the_outline_holds_what_is_reached_and_little_more(
    any_network: Network, profile: str, minutes: float
) -> None:
    network, (east, north) = any_network, local_metres(any_network)
    for found in reach(network, some_nodes(network, profile, 3, seed=5), minutes, profile):
        shape = shapely.transform(
            shapely.geometry.shape(reach_polygon(network, found, 40.0, fill_km2=0.0)),
            lambda at: at * [east, north],
        )
        assert shape.is_valid
        lines = []
        for edge, a, b in zip(found.edges, found.start, found.end, strict=True):
            row = slice(network.geom_ptr[edge], network.geom_ptr[edge + 1])
            at = np.column_stack([network.geom_lon[row] * east, network.geom_lat[row] * north])
            lines.append(
                shapely.ops.substring(shapely.LineString(at), a, b, normalized=True)
            )  # fmt: skip
        # Point by point: exact unions of thousands of streets take minutes.
        shapely.prepare(shape)
        on_streets = shapely.points(shapely.get_coordinates(shapely.segmentize(lines, 9.0)))
        assert shapely.covers(shape, on_streets).all()
        corners = shapely.points(shapely.get_coordinates(shape))
        _, away = shapely.STRtree(lines).query_nearest(
            corners, return_distance=True, all_matches=False
        )
        assert away.max() < 40.0 * 1.65
        assert away.min() > 15.0
        filled = shapely.geometry.shape(reach_polygon(network, found, 40.0, fill_km2=1e9))
        assert all(not part.interiors for part in filled.geoms)
        for part in filled.geoms:
            assert part.exterior.is_ccw


def test_the_outline_of_nothing_and_of_a_margin_that_cannot_be(city: Network) -> None:
    lonely = reach(city, [0], 1e-6, "walk")[0]
    assert lonely.nodes.tolist() == [0]
    assert reach_polygon(city, lonely)["coordinates"] == []
    with pytest.raises(NetworkError, match="E3407"):
        reach_polygon(city, lonely, margin_m=0.0)
    points = snap_to_edges(city, [city.node_lon[0]], [city.node_lat[0]], "walk")
    assert len(reach_polygon(city, reach(city, points, 1, "walk")[0])["coordinates"]) == 1


def test_the_outline_does_not_depend_on_what_stood_in_memory(
    city: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = reach(city, [0], 10, "walk")[0]
    usual = reach_polygon(city, found)

    class Poisoned:
        """numpy, whose new arrays hold numbers that any sum warns of."""

        def __getattr__(self, name: str) -> object:
            return getattr(np, name)

        def empty(self, shape: object, dtype: type = np.float64) -> np.ndarray:
            array = np.empty(shape, dtype)
            array.view(np.uint8 if dtype is np.bool_ else np.uint32)[...] = 1
            if dtype is np.float64:
                array.view(np.uint64)[...] = 0x7FF0_0000_0000_0001  # signalling
            return array

    monkeypatch.setattr("geodata.outline.np", Poisoned())
    with np.errstate(all="raise"):
        assert reach_polygon(city, found) == usual
