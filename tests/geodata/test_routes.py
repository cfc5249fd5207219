from __future__ import annotations

import numpy as np
import pytest

from geodata import (
    Network,
    NetworkError,
    Route,
    distance_m,
    leg_geometries,
    path_geometry,
    route,
    travel_block,
    travel_matrix,
    travel_path,
)
from geodata.routes import encode_polyline
from tests.geodata.test_edge_matrix import crowd
from tests.geodata.test_matrix import some_nodes


def decode(text: str, precision: int) -> np.ndarray:
    """Read an encoded polyline, latitude first: the format's own description backwards."""
    values, value, shift = [], 0, 0
    for letter in text:
        bits = ord(letter) - 63
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits < 0x20:
            values.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return np.cumsum(np.array(values).reshape(-1, 2), axis=0) / 10.0**precision


def check(network: Network, found: Route, seconds: int, metres: int) -> None:
    assert (found.seconds, found.metres) == (seconds, metres)
    assert sum(step.seconds for step in found.steps) == seconds
    assert sum(step.metres for step in found.steps) == metres
    drawn = distance_m(found.lon[:-1], found.lat[:-1], found.lon[1:], found.lat[1:]).sum()
    assert drawn == pytest.approx(metres, rel=5e-3, abs=2.0)
    assert np.array_equal(network.head[found.edges[:-1]], network.tail[found.edges[1:]])
    names = {step.name for step in found.steps} - {""}
    assert names <= set(network.street_names)
    for one, other in zip(found.steps[:-1], found.steps[1:], strict=True):
        assert one.name != other.name


@pytest.mark.parametrize("turns", [False, True])
@pytest.mark.parametrize("profile", ["car", "walk"])
def test_routes_between_points_have_the_figures_of_the_matrix(
    any_network: Network, profile: str, turns: bool
) -> None:
    points = crowd(any_network, profile, 24, 9)
    seconds, metres = travel_matrix(any_network, points, profile, turns=turns)
    for i in range(0, 24, 2):
        for j in range(1, 24, 4):
            if metres[i, j] > 10**8:
                continue
            found = route(any_network, points.take([i]), points.take([j]), profile, turns)
            check(any_network, found, seconds[i, j], metres[i, j])
            assert (found.lon[0], found.lat[0]) == (points.lon[i], points.lat[i])
            if len(found.lon) > 1:
                assert (found.lon[-1], found.lat[-1]) == (points.lon[j], points.lat[j])


@pytest.mark.parametrize("turns", [False, True])
def test_routes_between_nodes(city: Network, turns: bool) -> None:
    nodes = some_nodes(city, "car", 8, seed=6).tolist()
    seconds, metres = travel_block(city, nodes, nodes, "car", turns=turns)
    for i, a in enumerate(nodes):
        for j, b in enumerate(nodes):
            found = route(city, a, b, "car", turns)
            check(city, found, seconds[i, j], metres[i, j])
            assert (found.lon[-1], found.lat[-1]) == (city.node_lon[b], city.node_lat[b])


def test_many_legs_are_drawn_as_one_by_one(any_network: Network) -> None:
    points = crowd(any_network, "ebike", 70, 12)
    a, b = np.arange(70), np.roll(np.arange(70), 1)
    b[5] = 5
    lines = leg_geometries(any_network, points.take(a), points.take(b), "ebike")
    assert len(lines) == 70
    for i, j, (lon, lat) in zip(a.tolist(), b.tolist(), lines, strict=True):
        alone = route(any_network, points.take([i]), points.take([j]), "ebike")
        assert np.array_equal(lon, alone.lon)
        assert np.array_equal(lat, alone.lat)


def test_legs_between_nodes_are_drawn_along_their_paths(city: Network) -> None:
    a, b = some_nodes(city, "ebike", 80, seed=4).reshape(2, 40)
    a[9] = b[9]
    lines = leg_geometries(city, a, b, "ebike")
    assert len(lines) == 40
    for source, target, (lon, lat) in zip(a.tolist(), b.tolist(), lines, strict=True):
        nodes = travel_path(city, source, target, "ebike").nodes
        x, y = path_geometry(city, nodes, "ebike")
        assert np.array_equal(lon, x)
        assert np.array_equal(lat, y)


def test_no_legs_are_no_lines_and_half_a_leg_is_refused(city: Network) -> None:
    assert leg_geometries(city, [], [], "car") == []
    points = crowd(city, "car", 3, 1)
    assert leg_geometries(city, points.take([]), points.take([]), "car") == []
    with pytest.raises(NetworkError, match="E3408"):
        leg_geometries(city, points, points.take([0]), "car")
    with pytest.raises(NetworkError, match="E3408"):
        leg_geometries(city, points, [1, 2, 3], "car")


def test_the_encoded_polyline() -> None:
    # The example of the format's description.
    lat, lon = [38.5, 40.7, 43.252], [-120.2, -120.95, -126.453]
    assert encode_polyline(lon, lat) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(-180, 180, 300), rng.uniform(-90, 90, 300)
    for precision in (5, 6):
        back = decode(encode_polyline(lon, lat, precision), precision)
        assert np.abs(back - np.column_stack([lat, lon])).max() <= 0.51 * 10.0**-precision


def test_geojson_and_what_is_no_route(city: Network) -> None:
    points = crowd(city, "car", 6, 10)
    found = route(city, points.take([0]), points.take([3]), "car")
    assert found.geojson()["type"] == "LineString"
    assert len(found.geojson()["coordinates"]) == len(found.lon)
    same = route(city, points.take([2]), points.take([2]), "car")
    assert same.geojson()["type"] == "Point"
    assert (same.seconds, same.metres) == (0, 0)
    with pytest.raises(NetworkError, match="E3408"):
        route(city, points, points.take([0]), "car")
    with pytest.raises(NetworkError, match="E3408"):
        route(city, 3, points.take([0]), "car")
    lonely = int(np.flatnonzero(~city.routable["car"])[0])
    with pytest.raises(NetworkError, match="E3402"):
        route(city, lonely, int(np.flatnonzero(city.routable["car"])[0]), "car")
