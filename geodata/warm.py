"""Compile everything before the first question."""

from __future__ import annotations

import numpy as np

from geodata.profiles import PROFILES


def warm_up() -> None:
    """Compile this room's kernels, or fetch them from the disk cache.

    Some ten seconds the first time on a machine, a fraction of a second afterwards.
    """
    from geodata.build import build_network
    from geodata.edge_snapping import snap_to_edges
    from geodata.hierarchy import profile_metric
    from geodata.isochrones import reach
    from geodata.many_to_many import fill_block, places_at
    from geodata.matrix import travel_block, travel_matrix
    from geodata.outline import reach_polygon
    from geodata.paths import travel_path
    from geodata.raw import RawStreets
    from geodata.routes import route

    n = 4  # a small ring, so that every kernel has something to do
    nodes = np.arange(n, dtype=np.int32)
    after = np.roll(nodes, -1)
    ring = RawStreets(
        lon=np.array([0.0, 0.001, 0.001, 0.0]),
        lat=np.array([0.0, 0.0, 0.001, 0.001]),
        tail=np.concatenate([nodes, after]),
        head=np.concatenate([after, nodes]),
        length=np.full(2 * n, 100.0),
        speed=np.full((len(PROFILES), 2 * n), 20.0),
        road_class=np.zeros(2 * n, np.uint8),
        street_name=np.full(2 * n, -1, np.int32),
        street_names=(),
        geom_ptr=np.zeros(2 * n + 1, np.int64),
        geom_lon=np.empty(0),
        geom_lat=np.empty(0),
    )
    network = build_network(ring, "warm-up")
    travel_matrix(network, [0, 1], "car")
    travel_block(network, [0], [1], "car")
    travel_path(network, 0, 1, "car")
    some = places_at(nodes[:2])
    seconds, metres = np.empty((2, 2, 2), np.int32)
    fill_block(profile_metric(network, "car"), some, some, seconds, metres)
    travel_path(network, 0, 1, "car", turns=True)
    points = snap_to_edges(network, [0.0002, 0.0004], [0.0, 0.001], "car")
    travel_matrix(network, points, "car")
    reach_polygon(network, reach(network, points.take([0]), 1.0, "car")[0])
    route(network, points.take([0]), points.take([1]), "car")
