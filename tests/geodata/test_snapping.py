from __future__ import annotations

import numpy as np
import pytest

from geodata import NetworkError, distance_m, snap


@pytest.mark.parametrize("profile", ["car", "ebike", "walk"])
def test_the_nearest_routable_node_is_found(city, profile):
    rng = np.random.default_rng(2)
    west, south, east, north = city.bounds
    lon, lat = rng.uniform(west, east, 200), rng.uniform(south, north, 200)
    found = snap(city, lon, lat, profile)
    assert city.routable[profile][found.node].all()
    places = np.flatnonzero(city.routable[profile])
    away = distance_m(
        lon[:, None], lat[:, None], city.node_lon[places][None], city.node_lat[places][None]
    )
    assert found.distance_m == pytest.approx(away.min(axis=1), rel=1e-3)


def test_a_node_snaps_to_itself(city):
    places = np.flatnonzero(city.routable["walk"])[:50]
    found = snap(city, city.node_lon[places], city.node_lat[places], "walk")
    assert found.node.tolist() == places.tolist()
    assert found.node.dtype == np.int32
    assert (found.distance_m == 0).all()


def test_no_points_snap_to_nothing(city):
    assert len(snap(city, [], [], "car").node) == 0


def test_a_point_that_is_no_place_is_refused(city):
    with pytest.raises(NetworkError) as caught:
        snap(city, [114.0, np.nan], [30.0, 30.0], "car")
    assert caught.value.code == "E3302"
