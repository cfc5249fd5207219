from __future__ import annotations

import numpy as np
import pytest

from geodata import (
    NetworkError,
    distance_m,
    path_geometry,
    travel_matrix,
    travel_path,
)


def pairs_of(network, profile, n, seed=4):
    places = np.flatnonzero(network.routable[profile])
    return np.random.default_rng(seed).choice(places, (n, 2))


def line_length(lon, lat):
    return float(distance_m(lon[1:], lat[1:], lon[:-1], lat[:-1]).sum())


@pytest.mark.parametrize("profile", ["car", "ebike", "walk"])
def test_the_drawn_line_is_as_long_as_the_path(city, profile):
    for source, target in pairs_of(city, profile, 12).tolist():
        path = travel_path(city, source, target, profile)
        lon, lat = path_geometry(city, path.nodes, profile)
        assert (lon[0], lat[0]) == (city.node_lon[source], city.node_lat[source])
        assert (lon[-1], lat[-1]) == (city.node_lon[target], city.node_lat[target])
        assert line_length(lon, lat) == pytest.approx(path.metres, abs=0.6 + 0.05 * len(path.nodes))


def test_a_path_and_the_matrix_say_the_same(monaco):
    for source, target in pairs_of(monaco, "car", 15).tolist():
        path = travel_path(monaco, source, target, "car")
        seconds, metres = travel_matrix(monaco, [source, target], "car")
        assert (path.seconds, path.metres) == (seconds[0, 1], metres[0, 1])


def test_from_a_place_to_itself_is_a_point(city):
    path = travel_path(city, 3, 3, "walk")
    assert (path.nodes.tolist(), path.seconds, path.metres) == ([3], 0, 0)
    lon, _ = path_geometry(city, path.nodes, "walk")
    assert lon.tolist() == [city.node_lon[3]]


def test_a_long_path_outgrows_the_first_buffer(network_of):
    network = network_of("synthetic")
    far = max(pairs_of(network, "walk", 300).tolist(),
              key=lambda p: abs(network.node_lat[p[0]] - network.node_lat[p[1]]))  # fmt: skip
    assert travel_path(network, *far, "walk").metres > 3000


def test_nodes_that_are_no_neighbours_have_no_line(city):
    source, target = pairs_of(city, "car", 1)[0].tolist()
    with pytest.raises(NetworkError) as caught:
        path_geometry(city, [source, target], "car")
    assert caught.value.code == "E3403"


def test_a_node_that_the_profile_cannot_use_has_no_path(city):
    closed = np.flatnonzero(~city.routable["car"])
    assert len(closed), "the city should have paths that no car may use"
    with pytest.raises(NetworkError) as caught:
        travel_path(city, int(closed[0]), int(np.flatnonzero(city.routable["car"])[0]), "car")
    assert caught.value.code == "E3402"
