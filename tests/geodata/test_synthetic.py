from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata import CLOSED, NetworkError, sample_points, snap, synthetic_city
from geodata.profiles import ROAD_CLASSES
from geodata.synthetic import CENTRE, LARGEST, SMALLEST, draft_city


@pytest.fixture(scope="module")
def default():
    return synthetic_city()


def n_parts(network, profile):
    goes = network.time_ms[profile] != CLOSED
    entries = (np.ones(goes.sum()), (network.tail[goes], network.head[goes]))
    matrix = csr_array(entries, shape=(network.n_nodes, network.n_nodes))
    _, label = connected_components(matrix, directed=True, connection="strong")
    return len(np.unique(label[network.routable[profile]]))


@pytest.mark.parametrize("n_nodes", [SMALLEST, 500, 6000, 30_000])
def test_a_city_has_the_size_asked_for_and_is_connected(n_nodes, default):
    network = default if n_nodes == 6000 else synthetic_city(n_nodes)
    assert 0.9 * n_nodes <= network.n_nodes <= 1.1 * n_nodes
    for profile in ("car", "ebike", "walk"):
        assert n_parts(network, profile) == 1
        assert network.routable[profile].mean() > 0.95


@pytest.mark.parametrize("seed", range(2, 8))
def test_every_seed_gives_the_size_asked_for(seed):
    assert 900 <= synthetic_city(1000, seed=seed).n_nodes <= 1100


def test_the_same_seed_gives_the_same_city_and_another_seed_another(default):
    assert synthetic_city(1000, seed=5).fingerprint == synthetic_city(1000, seed=5).fingerprint
    assert synthetic_city(1000, seed=5).fingerprint != synthetic_city(1000, seed=6).fingerprint


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_only_bridges_cross_the_river_and_there_are_few(seed):
    draft = draft_city(270, 6000, seed)
    raw = draft.streets
    river = shapely.LineString(np.column_stack([draft.river_lon, draft.river_lat]))
    lines = []
    for k in range(len(raw.tail)):
        bend = slice(raw.geom_ptr[k], raw.geom_ptr[k + 1])
        x = [raw.lon[raw.tail[k]], *raw.geom_lon[bend], raw.lon[raw.head[k]]]
        y = [raw.lat[raw.tail[k]], *raw.geom_lat[bend], raw.lat[raw.head[k]]]
        lines.append(shapely.LineString(list(zip(x, y, strict=True))))
    crossing = np.flatnonzero(shapely.crosses(np.array(lines), river))
    names = {raw.street_names[raw.street_name[k]] for k in crossing if raw.street_name[k] >= 0}
    assert all(raw.street_name[k] >= 0 for k in crossing)
    assert all(name.startswith("Bridge") for name in names)
    assert 3 <= len(names) <= 15
    assert len(crossing) == 2 * len(names)


def test_without_its_bridges_the_city_falls_apart(default):
    bridge = [k for k, name in enumerate(default.street_names) if name.startswith("Bridge")]
    keep = ~np.isin(default.street_name, bridge) & (default.time_ms["car"] != CLOSED)
    entries = (np.ones(keep.sum()), (default.tail[keep], default.head[keep]))
    matrix = csr_array(entries, shape=(default.n_nodes, default.n_nodes))
    _, label = connected_components(matrix, directed=False)
    two = np.sort(np.bincount(label))[-2]
    assert two > 0.15 * default.n_nodes


def test_it_has_streets_of_many_classes_and_oneways(default):
    names = {ROAD_CLASSES[k] for k in np.unique(default.road_class)}
    assert {"trunk", "primary", "secondary", "tertiary", "residential", "footway"} <= names
    time = default.time_ms["car"]
    pairs = set(zip(default.tail[time != CLOSED].tolist(), default.head[time != CLOSED].tolist(),
                    strict=True))  # fmt: skip
    alone = sum((head, tail) not in pairs for tail, head in pairs) / len(pairs)
    assert 0.05 < alone < 0.4


def test_the_centre_is_denser_than_the_edge(default):
    x = (default.node_lon - CENTRE[0]) * 95_700
    y = (default.node_lat - CENTRE[1]) * 111_195
    away = np.hypot(x, y)
    inner = (away < 1500).sum() / 1500**2
    outer = ((away > 2500) & (away < 3500)).sum() / (3500**2 - 2500**2)
    assert inner > 1.5 * outer


@pytest.mark.parametrize(("n_nodes", "fits"), [(SMALLEST - 1, False), (LARGEST + 1, False)])
def test_sizes_out_of_reach_are_refused(n_nodes, fits):
    with pytest.raises(NetworkError) as caught:
        synthetic_city(n_nodes)
    assert caught.value.code == "E3601"


@pytest.mark.parametrize("where", ["city", "village", "anywhere"])
def test_points_lie_beside_streets(any_network, where):
    lon, lat = sample_points(any_network, 200, seed=1, where=where)
    west, south, east, north = any_network.bounds
    assert ((lon > west - 0.001) & (lon < east + 0.001)).all()
    assert ((lat > south - 0.001) & (lat < north + 0.001)).all()
    for profile in any_network.profiles:
        assert np.quantile(snap(any_network, lon, lat, profile).distance_m, 0.9) < 250


def test_the_same_seed_gives_the_same_points(default):
    a, b = sample_points(default, 50, seed=1), sample_points(default, 50, seed=1)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, sample_points(default, 50, seed=2))


def test_village_points_are_outside_and_city_points_inside(default):
    def away(where):
        lon, lat = sample_points(default, 300, seed=3, where=where)
        return np.hypot((lon - CENTRE[0]) * 95_700, (lat - CENTRE[1]) * 111_195)

    assert np.median(away("village")) > 1.7 * np.median(away("city"))
    assert away("village").min() > np.median(away("city"))


def test_points_from_nowhere_are_refused(default):
    with pytest.raises(NetworkError) as caught:
        sample_points(default, 5, seed=1, where="moon")
    assert caught.value.code == "E3602"
    assert len(sample_points(default, 0, seed=1)[0]) == 0
