"""A large network out of copies of a real one, side by side and joined by streets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata import CLOSED, Network

_JOINTS = 20  # streets across each border
_LENGTH_DM, _TIME_MS = 2_000, 20_000


def make_mosaic(network: Network, side: int) -> Network:
    """Lay ``side`` by ``side`` copies of a network out, joined both ways for all profiles."""
    n, m, tiles = network.n_nodes, network.n_edges, side * side
    west, south, east, north = network.bounds
    column, row = np.divmod(np.arange(tiles), side)
    lon = network.node_lon + 1.01 * (east - west) * column[:, None]
    lat = network.node_lat + 1.01 * (north - south) * row[:, None]
    tail, head = _joints(network, side)
    joined = len(tail)
    tails = np.concatenate([(network.tail + n * np.arange(tiles)[:, None]).reshape(-1), tail])
    order = np.argsort(tails, kind="stable")
    head_ptr = np.searchsorted(tails[order], np.arange(n * tiles + 1)).astype(np.int32)

    def spread(values: NDArray[np.int32], joint: int) -> NDArray[np.int32]:
        joints = np.full(joined, joint, values.dtype)
        whole: NDArray[np.int32] = np.concatenate([np.tile(values, tiles), joints])[order]
        return whole

    heads = np.concatenate([(network.head + n * np.arange(tiles)[:, None]).reshape(-1), head])
    ends = np.stack([tails[order], heads[order]], axis=1).reshape(-1)
    return Network(
        name=f"{network.name} {side}x{side}",
        node_lon=lon.reshape(-1),
        node_lat=lat.reshape(-1),
        head_ptr=head_ptr,
        head=heads[order].astype(np.int32),
        length_dm=spread(network.length_dm, _LENGTH_DM),
        road_class=spread(network.road_class, 0),
        time_ms={name: spread(time, _TIME_MS) for name, time in network.time_ms.items()},
        routable={name: np.tile(mark, tiles) for name, mark in network.routable.items()},
        geom_ptr=np.arange(0, 2 * (m * tiles + joined) + 1, 2, dtype=np.int32),
        geom_lon=lon.reshape(-1)[ends],
        geom_lat=lat.reshape(-1)[ends],
        street_name=np.full(m * tiles + joined, -1, np.int32),
    )


def _joints(network: Network, side: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Streets between neighbouring copies: nodes at facing borders, in their order along them."""
    everyone = np.flatnonzero(np.logical_and.reduce(list(network.routable.values())))
    used = np.bincount(network.head[network.time_ms[network.profiles[0]] != CLOSED])
    everyone = everyone[used[everyone] > 0]
    tails, heads = [], []
    for across, along, step in (
        (network.node_lon, network.node_lat, side),
        (network.node_lat, network.node_lon, 1),
    ):
        ranked = everyone[np.argsort(across[everyone])]
        band = max(_JOINTS, len(ranked) // 40)
        low, high = (
            part[np.argsort(along[part])][:: max(1, len(part) // _JOINTS)]
            for part in (ranked[:band], ranked[-band:])
        )
        for tile in range(side * side):
            at_end = tile // side == side - 1 if step == side else tile % side == side - 1
            if not at_end:
                a = high + network.n_nodes * tile
                b = low + network.n_nodes * (tile + step)
                tails += [a, b]
                heads += [b, a]
    return np.concatenate(tails), np.concatenate(heads)
