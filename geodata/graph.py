"""The graph that a profile's searches run on, made once per network and kept with it."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.kernels.dijkstra import DM_BITS, Graph
from geodata.network import Network
from geodata.profiles import CLOSED


class Scratch(NamedTuple):
    """What one search overwrites; one per thread."""

    weight: NDArray[np.int64]
    via: NDArray[np.int32]
    tail: NDArray[np.int32]
    keys: NDArray[np.int64]
    items: NDArray[np.int32]


def profile_graph(network: Network, profile: str) -> Graph:
    """Streets open to a profile, with time and length in one weight.

    Raises
    ------
    NetworkError : ``E3201`` unknown profile, ``E3202`` no streets for it.
    """
    network.require_profile(profile)
    return network.keep(f"graph.{profile}", lambda: _make_graph(network, profile))


def make_scratch(graph: Graph) -> Scratch:
    """Fresh buffers for searches on ``graph``."""
    n, k = len(graph.ptr) - 1, len(graph.head)
    return Scratch(
        weight=np.empty(n, np.int64),
        via=np.empty(n, np.int32),
        tail=np.empty(n, np.int32),
        keys=np.empty(k + 1, np.int64),
        items=np.empty(k + 1, np.int32),
    )


def n_workers() -> int:
    """Threads worth starting: the cores that this process may use.

    Threads and not numba's ``prange``: its default threading layer ends the process when two
    requests enter it at once, and the kernels leave the GIL alone anyway.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _make_graph(network: Network, profile: str) -> Graph:
    time = network.time_ms[profile]
    edge = np.flatnonzero(time != CLOSED).astype(np.int32)
    ptr = np.zeros(network.n_nodes + 1, np.int32)
    np.cumsum(np.bincount(network.tail[edge], minlength=network.n_nodes), out=ptr[1:])
    weight = (time[edge].astype(np.int64) << DM_BITS) + network.length_dm[edge]
    return Graph(ptr, network.head[edge], weight, edge)
