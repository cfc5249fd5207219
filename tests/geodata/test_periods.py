from __future__ import annotations

import numpy as np
import pytest

from geodata import (
    CLOSED,
    PROFILES,
    ROAD_CLASSES,
    NetworkError,
    SpeedRule,
    read_speeds,
    travel_block,
    travel_matrix,
)

HEADER = "profile,road_class,from,to,factor\n"
RUSH = """car,*,07:00,09:30,0.6
car,primary,07:00,09:00,0.4
*,residential,22:00,06:00,1.25
car,*,17:00,19:00,0.6
ebike,cycleway,00:00,24:00,0.9
"""


def table(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "speeds.csv"
    path.write_bytes(text.encode(encoding))
    return path


def naive_factor(rules, profile, road_class, second):
    """Factor at one second, line by line; the last that fits counts."""
    factor = 1.0
    for rule in rules:
        inside = rule.start <= second < rule.end
        if rule.end < rule.start:
            inside = not rule.end <= second < rule.start
        if inside and rule.profile in ("*", profile) and rule.road_class in ("*", road_class):
            factor = rule.factor
    return factor


def test_times_are_those_of_the_table_at_every_minute(city, tmp_path):
    rules = read_speeds(table(tmp_path, HEADER + RUSH))
    periods = city.with_speeds(rules)
    assert len(periods.networks) <= 5
    edges = np.random.default_rng(1).integers(0, city.n_edges, 40)
    for second in range(0, 86_400, 7 * 60):
        now = periods.at(second)
        for profile in city.profiles:
            usual = city.time_ms[profile][edges]
            factor = np.array([
                naive_factor(rules, profile, ROAD_CLASSES[city.road_class[e]], second)
                for e in edges
            ])  # fmt: skip
            expected = np.where(usual == CLOSED, CLOSED, np.maximum(1, np.rint(usual / factor)))
            assert np.array_equal(now.time_ms[profile][edges], expected)


def test_equal_hours_share_a_network_and_a_quiet_hour_is_the_network_itself(city, tmp_path):
    periods = city.with_speeds(read_speeds(table(tmp_path, HEADER + "car,*,07:00,09:00,0.5\n"
                                                 "car,*,17:00,19:00,0.5\n")))  # fmt: skip
    assert periods.starts.tolist() == [0, 7 * 3600, 9 * 3600, 17 * 3600, 19 * 3600]
    assert len(periods.networks) == 2
    assert periods.at(8 * 3600) is periods.at(18 * 3600)
    assert periods.at(12 * 3600) is city
    assert periods.at(86_400 + 8 * 3600) is periods.at(8 * 3600), "the next morning"


@pytest.mark.parametrize(("second", "slow"), [(25_199, False), (25_200, True), (32_399, True),
                                              (32_400, False)])  # fmt: skip
def test_a_period_begins_with_its_first_second_and_ends_before_its_last(city, second, slow):
    periods = city.with_speeds([SpeedRule("car", "*", 25_200, 32_400, 0.5)])
    assert (periods.at(second) is not city) == slow


def test_half_the_speed_is_twice_the_time_for_whom_it_names(city):
    slow = city.with_speeds([SpeedRule("car", "*", 0, 86_400, 0.5)]).at(0)
    nodes = np.flatnonzero(city.routable["car"] & city.routable["walk"])[::200]
    usual, late = (travel_block(n, nodes, nodes, "car").seconds for n in (city, slow))
    assert np.abs(late - 2 * usual).max() <= 1
    walk = [travel_block(n, nodes, nodes, "walk").seconds for n in (city, slow)]
    assert np.array_equal(*walk)
    assert slow.fingerprint != city.fingerprint
    assert slow.tail is city.tail, "what no time changes is worked out once for all hours"


def test_no_rules_change_nothing(city):
    periods = city.with_speeds([])
    assert periods.networks == (city,)
    assert periods.at(123) is city


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_spreadsheet_s_file_is_read_in_its_encoding(tmp_path, encoding):
    text = "Profile, road_class ,FROM,to,factor,说明\ncar, primary ,7:05,24:00,0.5,早高峰\n"
    text += "\n# 注,,,,,\n"
    assert read_speeds(table(tmp_path, text, encoding)) == (
        SpeedRule("car", "primary", 7 * 3600 + 300, 86_400, 0.5),
    )


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("tram,*,07:00,09:00,0.5", "profile"),
        ("car,avenue,07:00,09:00,0.5", "road_class"),
        ("car,*,7,09:00,0.5", "from"),
        ("car,*,24:00,09:00,0.5", "from"),
        ("car,*,07:60,09:00,0.5", "from"),
        ("car,*,07:00,24:01,0.5", "to"),
        ("car,*,07:00,07:00,0.5", "to"),
        ("car,*,07:00,09:00,0", "factor"),
        ("car,*,07:00,09:00,nan", "factor"),
        ("car,*,07:00,09:00,50%", "factor"),
        ("car,*,07:00,09:00", "factor"),
    ],
)
def test_a_fault_names_its_line_and_column(tmp_path, line, column):
    path = table(tmp_path, HEADER + "car,*,00:00,01:00,0.9\n" + line + "\n")
    with pytest.raises(NetworkError) as caught:
        read_speeds(path)
    error = caught.value
    assert error.code == "E3702"
    assert f"line 3, column {column}" in error.message
    assert f"第 3 行，列 {column}" in error.message_zh


def test_columns_that_lack_are_named(tmp_path):
    with pytest.raises(NetworkError) as caught:
        read_speeds(table(tmp_path, "profile,from,to\ncar,07:00,09:00\n"))
    assert caught.value.code == "E3701"
    assert "road_class, factor" in caught.value.message


def test_a_rule_made_in_code_is_checked_too(city):
    with pytest.raises(NetworkError) as caught:
        city.with_speeds([SpeedRule("car", "*", 0, 3600, -1.0)])
    assert caught.value.code == "E3702"
    assert set(PROFILES) == set(city.profiles)


@pytest.mark.parametrize("key", ["monaco", "helsinki", "synthetic"])
def test_random_pairs_equal_scipy_in_every_period_and_profile(network_of, tmp_path, key):
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    network = network_of(key)
    periods = network.with_speeds(read_speeds(table(tmp_path, HEADER + RUSH)))
    rng = np.random.default_rng(6)
    for now in periods.networks:
        for profile in now.profiles:
            places = rng.choice(np.flatnonzero(now.routable[profile]), 120)
            goes = np.flatnonzero(now.time_ms[profile] != CLOSED)
            # scipy adds parallel edges up, so only the fastest of each pair is given to it.
            order = goes[np.argsort(now.time_ms[profile][goes], kind="stable")]
            pair = now.tail[order].astype(np.int64) * now.n_nodes + now.head[order]
            order = order[np.unique(pair, return_index=True)[1]]
            matrix = csr_array(
                (now.time_ms[profile][order].astype(float), (now.tail[order], now.head[order])),
                shape=(now.n_nodes, now.n_nodes),
            )
            expected = dijkstra(matrix, indices=places)[:, places]
            found = travel_matrix(now, places, profile).seconds
            assert np.array_equal(found, np.floor((expected + 500) / 1000))
