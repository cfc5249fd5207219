from __future__ import annotations

import numpy as np
import pytest
import shapely

from geodata import CLOSED, Network, NetworkError, distance_m, snap, snap_to_edges, travel_matrix
from geodata.build import build_network
from geodata.edge_snapping import reverse_edges
from geodata.sketch import Sketch
from geodata.snapping import local_metres


def some_points(network: Network, n: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Points in and around the network; a fifth lie outside it."""
    rng = np.random.default_rng(seed)
    west, south, east, north = network.bounds
    x, y = (east - west) / 20, (north - south) / 20
    return rng.uniform(west - x, east + x, n), rng.uniform(south - y, north + y, n)


def line_of(network: Network, edge: int) -> shapely.LineString:
    east, north = local_metres(network)
    row = slice(network.geom_ptr[edge], network.geom_ptr[edge + 1])
    return shapely.LineString(
        np.column_stack([network.geom_lon[row] * east, network.geom_lat[row] * north])
    )


@pytest.mark.parametrize("profile", ["car", "ebike", "walk"])
def test_the_nearest_street_is_found(any_network: Network, profile: str) -> None:
    network = any_network
    lon, lat = some_points(network, 300)
    found = snap_to_edges(network, lon, lat, profile)
    assert (network.time_ms[profile][found.edge] != CLOSED).all()
    goes = np.flatnonzero(network.time_ms[profile] != CLOSED)
    lines = [line_of(network, e) for e in goes]
    east, north = local_metres(network)
    points = shapely.points(lon * east, lat * north)
    tree = shapely.STRtree(lines)
    _, away = tree.query_nearest(points, return_distance=True, all_matches=False)
    place = shapely.points(found.lon * east, found.lat * north)
    # Seven digits are what a float64 of degrees leaves at these magnitudes of metres.
    assert shapely.distance(points, place) == pytest.approx(away, abs=1e-6)
    assert found.distance_m == pytest.approx(distance_m(lon, lat, found.lon, found.lat))
    own = np.array([line_of(network, e) for e in found.edge])
    at = shapely.line_interpolate_point(own, found.fraction, normalized=True)
    assert (shapely.distance(at, place) < 1e-5).all()
    assert (found.fraction >= 0).all()
    assert (found.fraction <= 1).all()


@pytest.mark.parametrize("profile", ["car", "walk"])
def test_the_reverse_is_the_same_street(any_network: Network, profile: str) -> None:
    network, reverse = any_network, reverse_edges(any_network)
    twins = np.flatnonzero(reverse >= 0)
    assert np.array_equal(reverse[reverse[twins]], twins)
    for e in twins[:: max(1, len(twins) // 200)]:
        f = reverse[e]
        assert (network.tail[e], network.head[e]) == (network.head[f], network.tail[f])
        assert line_of(network, e).equals_exact(line_of(network, f).reverse(), 0.0)
    found = snap_to_edges(network, *some_points(network, 200), profile)
    both = found.reverse >= 0
    assert np.array_equal(found.reverse[both], reverse[found.edge[both]])
    alone = reverse[found.edge[~both]]
    assert (network.time_ms[profile][alone[alone >= 0]] == CLOSED).all()


def test_points_far_away_are_found_with_their_distance(city: Network) -> None:
    lon = np.array([-120.0, 0.0, 114.0, 179.0, city.node_lon[0]])
    lat = np.array([40.0, 0.0, -80.0, 89.0, city.node_lat[0]])
    found = snap_to_edges(city, lon, lat, "walk")
    assert (found.distance_m[:4] > 1e6).all()
    assert found.distance_m[4] == 0
    by_node = snap(city, lon[:4], lat[:4], "walk")
    assert (found.distance_m[:4] <= by_node.distance_m * 1.2).all()


def test_no_points_and_points_that_are_none(city: Network) -> None:
    assert snap_to_edges(city, [], [], "car").n_points == 0
    assert travel_matrix(city, snap_to_edges(city, [], [], "car"), "car").seconds.shape == (0, 0)
    with pytest.raises(NetworkError, match="E3302"):
        snap_to_edges(city, [114.0, np.nan], [30.0, 30.0], "car")
    with pytest.raises(NetworkError, match="E3405"):
        snap_to_edges(city, [114.0], [30.0], "car", side="up")  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match="E3201"):
        snap_to_edges(city, [114.0], [30.0], "horse")


def test_points_of_another_network_or_profile_are_refused(city: Network) -> None:
    points = snap_to_edges(city, *some_points(city, 20), "walk")
    with pytest.raises(NetworkError, match="E3406"):
        travel_matrix(city, points._replace(edge=points.edge + city.n_edges), "walk")
    with pytest.raises(NetworkError, match="E3406"):
        travel_matrix(city, points._replace(fraction=points.fraction + 1.5), "walk")
    foot_only = np.flatnonzero(
        (city.time_ms["walk"] != CLOSED) & (city.time_ms["car"] == CLOSED)
    ).astype(np.int32)
    assert len(foot_only)
    bad = points._replace(edge=np.full_like(points.edge, foot_only[0]))
    with pytest.raises(NetworkError, match="E3406"):
        travel_matrix(city, bad, "car")


def square(one_way: bool) -> Network:
    """A square of 400 m streets; the southern one, west to east, may be one-way."""
    sketch = Sketch()
    for x, y in ((0, 0), (400, 0), (400, 400), (0, 400)):
        sketch.add_node(x, y)
    sketch.add_chain([0, 1], "residential", oneway=one_way)
    for a, b in ((1, 2), (2, 3), (3, 0)):
        sketch.add_chain([a, b], "residential")
    return build_network(sketch.to_raw((114.0, 30.0)), "square")


def on_south(network: Network, metres: list[float], up: float = 0.0) -> tuple[list, list]:
    """Points that many metres along the southern street, moved a little to the north."""
    east, north = local_metres(network)
    west = network.node_lon.min()
    return [west + m / east for m in metres], [network.node_lat.min() + up / north] * len(metres)


def test_a_triangle_on_a_one_way_street() -> None:
    network = square(one_way=True)
    points = snap_to_edges(network, *on_south(network, [100, 200, 300]), "car")
    assert len(set(points.edge.tolist())) == 1
    assert (points.reverse == -1).all()
    assert points.fraction == pytest.approx([0.25, 0.5, 0.75], abs=1e-3)
    seconds, metres = travel_matrix(network, points, "car")
    ahead = np.array([[0, 100, 200], [1500, 0, 100], [1400, 1500, 0]])
    assert np.abs(metres - ahead).max() <= 3
    assert (np.triu(seconds, 1)[np.triu_indices(3, 1)] < seconds.T[np.triu_indices(3, 1)]).all()
    assert seconds[0, 2] == pytest.approx(2 * seconds[0, 1], abs=1)


def test_a_triangle_on_a_street_of_two_directions() -> None:
    network = square(one_way=False)
    points = snap_to_edges(network, *on_south(network, [100, 200, 300]), "car")
    seconds, metres = travel_matrix(network, points, "car")
    assert np.array_equal(seconds, seconds.T)
    assert np.array_equal(metres, metres.T)
    assert np.abs(metres - [[0, 100, 200], [100, 0, 100], [200, 100, 0]]).max() <= 1


@pytest.mark.parametrize(("up", "side", "is_east"), [
    (8, "right", False), (-8, "right", True), (8, "left", True), (-8, "left", False),
])  # fmt: skip
def test_the_side_of_the_street(up: float, side: str, is_east: bool) -> None:
    network = square(one_way=False)
    points = snap_to_edges(network, *on_south(network, [100, 300], up), "car", side=side)
    heads_east = network.node_lon[network.head] > network.node_lon[network.tail]
    assert (heads_east[points.edge] == is_east).all()
    assert (points.reverse == -1).all()
    metres = travel_matrix(network, points, "car").metres
    # With the house on the right one drives on in that direction, and around the block to go back.
    ahead, back = (metres[0, 1], metres[1, 0]) if is_east else (metres[1, 0], metres[0, 1])
    assert ahead == pytest.approx(200, abs=2)
    assert back > 200
    on_line = snap_to_edges(network, *on_south(network, [100], 0.0), "car", side=side)
    assert (on_line.reverse >= 0).all()
    one_way = square(one_way=True)
    kept = snap_to_edges(one_way, *on_south(one_way, [100], up), "car", side=side)
    assert kept.fraction[0] == pytest.approx(0.25, abs=1e-3)
