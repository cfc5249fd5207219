from __future__ import annotations

import numpy as np

from geodata import PROFILES, UNREACHABLE, add_arrival


def test_whoever_moves_parks_once_at_the_end():
    nodes = [4, 9, 4]
    seconds = np.array([[0, 60, 0], [70, 0, 70], [0, UNREACHABLE, 0]], np.int32)
    add_arrival(seconds, nodes, "car", 100)
    assert seconds.tolist() == [[0, 160, 0], [170, 0, 170], [0, UNREACHABLE, 0]]


def test_a_profile_brings_its_own_time_and_a_walker_none():
    for name, profile in PROFILES.items():
        seconds = np.array([[0, 60], [70, 0]], np.int32)
        add_arrival(seconds, [1, 2], name)
        assert seconds.tolist() == [[0, 60 + profile.arrival_s], [70 + profile.arrival_s, 0]]
    assert PROFILES["walk"].arrival_s == 0
    assert PROFILES["car"].arrival_s > PROFILES["ebike"].arrival_s > 0
