"""Small OpenStreetMap files, written by hand in a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geodata import Network, read_network

LON, LAT = 114.0, 30.0
EAST = 1.0 / (111_195.0 * np.cos(np.radians(LAT)))  # degrees a metre
NORTH = 1.0 / 111_195.0


def osm_text(
    nodes: Mapping[int, tuple[float, float]],
    ways: Sequence[tuple[int, Sequence[int], Mapping[str, str]]],
    relations: Sequence[tuple[int, Sequence[tuple[str, str, int]], Mapping[str, str]]] = (),
    node_tags: Mapping[int, Mapping[str, str]] | None = None,
) -> str:
    """XML of nodes at metres east and north, ways (id, nodes, tags), relations (id, members, tags).

    Members are (role, ``node`` or ``way``, id).
    """

    def tags(found: Mapping[str, str]) -> str:
        return "".join(f'<tag k="{k}" v="{v}"/>' for k, v in found.items())

    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    for ref, (x, y) in nodes.items():
        place = f'lon="{LON + x * EAST:.7f}" lat="{LAT + y * NORTH:.7f}"'
        lines.append(f'<node id="{ref}" {place}>{tags((node_tags or {}).get(ref, {}))}</node>')
    for ref, along, found in ways:
        row = "".join(f'<nd ref="{node}"/>' for node in along)
        lines.append(f'<way id="{ref}">{row}{tags(found)}</way>')
    for ref, members, found in relations:
        row = "".join(f'<member type="{t}" ref="{k}" role="{role}"/>' for role, t, k in members)
        lines.append(f'<relation id="{ref}">{row}{tags(found)}</relation>')
    return "\n".join([*lines, "</osm>"])


def read_text(folder: Path, *parts: object, **more: object) -> Network:
    """Network of a file that ``osm_text`` writes."""
    path = folder / "hand.osm"
    path.write_text(osm_text(*parts, **more), encoding="utf-8")
    return read_network(path, cache=False)


def node_at(network: Network, x: float, y: float) -> int:
    """Node of the network at metres east and north; fails when none is within a metre."""
    gap = np.hypot((network.node_lon - LON) / EAST - x, (network.node_lat - LAT) / NORTH - y)
    assert gap.min() < 1.0, f"no node at {x}, {y}"
    return int(gap.argmin())
