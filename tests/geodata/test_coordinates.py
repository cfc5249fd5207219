from __future__ import annotations

import numpy as np
import pytest

from geodata.coordinates import check_points, distance_m, from_wgs84, to_wgs84
from geodata.errors import NetworkError

CITIES = {
    "Beijing": (116.397, 39.909),
    "Shanghai": (121.4737, 31.2304),
    "Guangzhou": (113.2644, 23.1291),
    "Chengdu": (104.0665, 30.5723),
    "Wuhan": (114.3055, 30.5928),
}


def random_points_in_china(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.uniform(75.0, 134.0, n), rng.uniform(18.5, 53.0, n)


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_there_and_back_is_within_a_centimetre(system):
    lon, lat = random_points_in_china(5000)
    back = to_wgs84(*from_wgs84(lon, lat, system), system)
    assert distance_m(lon, lat, *back).max() < 0.01


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_there_and_back_is_far_below_a_millimetre_in_cities(system):
    lon, lat = (np.array(axis) for axis in zip(*CITIES.values(), strict=True))
    back = to_wgs84(*from_wgs84(lon, lat, system), system)
    assert distance_m(lon, lat, *back).max() < 1e-6


def test_the_meridian_where_the_formula_has_a_kink_comes_back_too():
    lon = 105.0 + np.linspace(-0.006, 0.006, 4001)
    lat = np.full(len(lon), 30.0)
    back = to_wgs84(*from_wgs84(lon, lat, "gcj02"), "gcj02")
    assert distance_m(lon, lat, *back).max() < 0.01


def test_gcj02_of_tiananmen_is_the_published_one():
    # Known pair of the public formula, to six decimals as such tables give it.
    lon, lat = from_wgs84(116.404, 39.915, "gcj02")
    assert float(lon) == pytest.approx(116.410244, abs=2e-6)
    assert float(lat) == pytest.approx(39.916404, abs=2e-6)


def test_bd09_of_a_gcj02_point_is_the_published_one():
    lon, lat = from_wgs84(*to_wgs84(116.404, 39.915, "gcj02"), "bd09")
    assert float(lon) == pytest.approx(116.410369, abs=2e-6)
    assert float(lat) == pytest.approx(39.921337, abs=2e-6)


@pytest.mark.parametrize("city", CITIES)
def test_a_mix_up_moves_a_point_by_hundreds_of_metres(city):
    lon, lat = CITIES[city]
    shift = float(distance_m(lon, lat, *from_wgs84(lon, lat, "gcj02")))
    assert 300 < shift < 720


@pytest.mark.parametrize("system", ["wgs84", "gcj02", "bd09"])
def test_points_outside_china_stay(system):
    lon, lat = np.array([9.52, -73.98, 24.94, 139.7]), np.array([47.14, 40.75, 60.17, 35.7])
    for convert in (to_wgs84, from_wgs84):
        x, y = convert(lon, lat, system)
        assert np.array_equal(x, lon)
        assert np.array_equal(y, lat)


def test_the_given_arrays_are_never_changed():
    lon, lat = np.array([116.4]), np.array([39.9])
    x, _ = to_wgs84(lon, lat, "wgs84")
    x[0] = 0.0
    assert lon[0] == 116.4


def test_an_unknown_system_is_refused_by_name():
    with pytest.raises(NetworkError, match="utm") as caught:
        to_wgs84(116.0, 39.0, "utm")
    assert caught.value.code == "E3301"
    assert "gcj02" in caught.value.hint


def test_a_degree_of_latitude_has_its_length():
    assert float(distance_m(0.0, 0.0, 0.0, 1.0)) == pytest.approx(111_195.08, abs=0.01)
    assert float(distance_m(179.9, 0.0, -179.9, 0.0)) == pytest.approx(22_239.0, abs=1.0)


@pytest.mark.parametrize(
    ("lon", "lat", "fits"), [(180, 90, True), (180.1, 0, False), (0, 90.1, False)]
)
def test_the_edge_of_the_earth(lon, lat, fits):
    if fits:
        check_points([lon], [lat])
        return
    with pytest.raises(NetworkError) as caught:
        check_points([0.0, lon], [0.0, lat])
    assert caught.value.code == "E3302"
    assert caught.value.facts["first"] == 1


def test_what_is_not_a_number_is_no_place():
    with pytest.raises(NetworkError) as caught:
        check_points([np.nan, np.inf], [0.0, 0.0])
    assert caught.value.facts["n_bad"] == 2
