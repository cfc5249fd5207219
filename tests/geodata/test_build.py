from __future__ import annotations

import numpy as np
import pytest

from geodata.build import build_network
from geodata.profiles import CLOSED
from geodata.sketch import Sketch

CENTRE = (114.0, 30.0)


def network_of(places, streets):
    """Streets are (nodes, class, oneway) over places in metres."""
    sketch = Sketch()
    for x, y in places:
        sketch.add_node(float(x), float(y))
    for nodes, road_class, oneway in streets:
        sketch.add_chain(nodes, road_class, oneway)
    return build_network(sketch.to_raw(CENTRE), "test")


CROSS = [(0, 0), (100, 0), (200, 0), (300, 0), (200, 100), (200, -100)]


def test_a_bend_disappears_and_its_length_stays():
    net = network_of(
        CROSS, [([0, 1, 2, 3], "residential", False), ([4, 2, 5], "residential", False)]
    )
    assert net.n_nodes == 5
    assert net.counts["bends_merged"] == 1
    assert sorted(net.length_dm.tolist()) == [1000] * 6 + [2000] * 2
    longest = int(np.argmax(net.length_dm))
    assert net.geom_ptr[longest + 1] - net.geom_ptr[longest] == 3
    assert net.time_ms["walk"][longest] == 144_000  # 200 m at 5 km/h


def test_a_bend_where_somebody_has_to_turn_back_stays():
    streets = [([0, 1], "footway", False), ([1, 2, 3], "residential", False),
               ([4, 2, 5], "residential", False)]  # fmt: skip
    assert network_of(CROSS, streets).n_nodes == 6


def test_a_oneway_into_nowhere_is_left_out_for_cars_and_kept_for_walkers():
    streets = [([4, 2, 5], "residential", False), ([2, 3], "residential", True)]
    net = network_of(CROSS, streets)
    assert net.routable["walk"].sum() == 4
    assert net.routable["car"].sum() == 3
    assert (net.time_ms["car"] == CLOSED).sum() == 2


def test_a_loop_is_cut_in_three_and_never_lost():
    places = [(0, 0), (0, 200), (100, 100), (200, 100), (200, 0), (100, -50), (0, -200)]
    streets = [([1, 0, 6], "residential", False), ([0, 2, 3, 4, 5, 0], "residential", False)]
    net = network_of(places, streets)
    assert (net.tail != net.head).all()
    assert net.n_nodes == 5
    assert net.n_edges == 10


@pytest.mark.parametrize("oneway", [False, True])
def test_a_second_way_between_two_junctions_is_kept_by_cutting_it(oneway):
    places = [(0, 0), (300, 0), (150, 150), (-100, 0), (400, 0)]
    streets = [([3, 0, 1, 4], "residential", False), ([0, 2, 1], "residential", oneway)]
    net = network_of(places, streets)
    assert net.n_nodes == 5, "the bend of the longer way became a junction"
    assert (
        len({(t, h) for t, h in zip(net.tail.tolist(), net.head.tolist(), strict=True)})
        == net.n_edges
    )


def test_a_duplicate_that_is_better_for_nobody_is_dropped():
    places = [(0, 0), (300, 0)]
    net = network_of(places, [([0, 1], "residential", False), ([0, 1], "service", False)])
    assert net.n_edges == 2
    assert net.counts["parallels_dropped"] == 2


def test_a_duplicate_that_is_better_for_somebody_stays():
    places = [(0, 0), (300, 0)]
    net = network_of(places, [([0, 1], "trunk", False), ([0, 1], "motorway", False)])
    # The motorway is faster for cars; only the trunk road is open to walkers.
    assert net.n_edges == 4


def test_a_ring_without_junction_is_a_network():
    places = [(0, 0), (100, 0), (100, 100), (0, 100)]
    net = network_of(places, [([0, 1, 2, 3, 0], "residential", False)])
    assert net.length_dm.sum() == pytest.approx(8000, abs=4)
    assert net.routable["car"].all()


def test_neighbours_are_close_in_memory(city):
    gap = np.abs(city.tail - city.head)
    assert np.median(gap) < 0.03 * city.n_nodes
