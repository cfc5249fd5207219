"""A customizable contraction hierarchy of any road graph: what many-to-many searches run on.

Two steps, each kept by who needs it again: ``build_topology`` knows which nodes are joined and
where they lie; ``build_metric`` adds the weights of one profile, hour or scenario, which takes a
quarter of the time. ``geodata.many_to_many`` searches on the result.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.graph import profile_graph
from geodata.kernels import contraction, dissection
from geodata.kernels.sweep import Upward
from geodata.network import Network

Int32s = NDArray[np.int32]


class Topology(NamedTuple):
    """The shape of a hierarchy, whatever the weights.

    Nodes are named by rank, their place in the order of contraction; ranks are in post-order of the
    elimination tree. An arc joins a rank to one above it and stands for both directions.

    Attributes
    ----------
    rank : of each node, shape (n,), int32.
    parent : in the elimination tree, -1 at a root, shape (n,), int32.
    depth : steps from the root, shape (n,), int32.
    up_ptr, up_head : arcs up from each rank, shape (n + 1,) and (a,), int32.
    arc_tail : lower end of each arc, shape (a,), int32.
    lower_ptr, lower : arcs into each rank from below, shape (n + 1,) and (a,), int32.
    slot : twice the arc of each edge of the graph, plus one where the edge goes down, shape (k,),
        int32; -1 for a loop.
    """

    rank: Int32s
    parent: Int32s
    depth: Int32s
    up_ptr: Int32s
    up_head: Int32s
    arc_tail: Int32s
    lower_ptr: Int32s
    lower: Int32s
    slot: Int32s


class Metric(NamedTuple):
    """A topology with the weights of one profile, and only the arcs that shortest paths need.

    Attributes
    ----------
    topology : Topology.
    upward : arcs up.
    down_ptr, down_head, down_cost : arcs down, listed at their lower ends, shape (n + 1,) int32,
        (b,) int32 and (b,) float64.
    """

    topology: Topology
    upward: Upward
    down_ptr: Int32s
    down_head: Int32s
    down_cost: NDArray[np.float64]


def build_topology(
    ptr: Int32s, head: Int32s, x: NDArray[np.float64], y: NDArray[np.float64]
) -> Topology:
    """Order the nodes of a graph and find the arcs of its hierarchy.

    Parameters
    ----------
    ptr, head : edges out of each node, shape (n + 1,) and (k,), int32; loops and parallel edges
        may be among them.
    x, y : coordinates in one unit, shape (n,), float64; bad ones only cost speed.
    """
    n = len(ptr) - 1
    tail = np.repeat(np.arange(n, dtype=np.int32), np.diff(ptr))
    adj_ptr, adj = _neighbours(n, tail, head)
    node = _order(adj_ptr, adj, x, y)
    rank = np.empty(n, np.int32)
    rank[node] = np.arange(n, dtype=np.int32)
    parent, place, spare = np.empty((3, n), np.int32)
    contraction.elimination_tree(adj_ptr, adj, rank, node, parent, spare)
    first_child, sibling = np.empty((2, n), np.int32)
    contraction.postorder(parent, first_child, sibling, place)
    rank = place[rank]
    node[rank] = np.arange(n, dtype=np.int32)
    moved = np.full(n, contraction.NO_PARENT, np.int32)
    moved[place] = np.where(parent >= 0, place[parent], contraction.NO_PARENT)
    depth = np.empty(n, np.int32)
    contraction.measure_depth(moved, depth)
    count = np.zeros(n, np.int32)
    lower_ptr = np.zeros(n + 1, np.int32)
    nothing = np.empty(0, np.int32)
    args = (adj_ptr, adj, rank, node, moved, spare, count)
    contraction.fill_arcs(*args, nothing, lower_ptr, nothing)
    up_ptr = np.zeros(n + 1, np.int32)
    np.cumsum(count, out=up_ptr[1:])
    arc_tail = np.repeat(np.arange(n, dtype=np.int32), count)
    count[:] = up_ptr[:-1]
    up_head, lower = np.empty((2, up_ptr[-1]), np.int32)
    contraction.fill_arcs(*args, up_head, lower_ptr, lower)
    slot = np.empty(len(head), np.int32)
    contraction.find_arcs(ptr, head, rank, up_ptr, up_head, slot)
    return Topology(rank, moved, depth, up_ptr, up_head, arc_tail, lower_ptr, lower, slot)


def build_metric(topology: Topology, weight: NDArray[np.int64]) -> Metric:
    """Weights of a hierarchy's arcs.

    Parameters
    ----------
    topology : of the same graph.
    weight : of each edge, above 0 and below 2**53, shape (k,), int64.
    """
    n, n_arcs = len(topology.rank), len(topology.up_head)
    basic, other = np.empty((2, n_arcs, 2))
    contraction.customise(
        topology.up_ptr, topology.up_head, topology.arc_tail, topology.lower_ptr, topology.lower,
        topology.slot, weight, np.empty(n, np.int32), basic, other,
    )  # fmt: skip
    found = []
    for direction in (contraction.UP, contraction.DOWN):
        ptr, head, cost = np.empty(n + 1, np.int32), np.empty(n_arcs, np.int32), np.empty(n_arcs)
        count = contraction.keep_needed(
            topology.up_ptr, topology.up_head, basic, other, direction, ptr, head, cost
        )
        found.append((ptr, head[:count].copy(), cost[:count].copy()))
    return Metric(topology, Upward(topology.parent, *found[0]), *found[1])


def profile_metric(network: Network, profile: str) -> Metric:
    """Hierarchy of a profile's streets, made when it is first needed and kept with the network.

    Profiles that may use the same streets share its topology.

    Raises
    ------
    NetworkError : ``E3201`` unknown profile, ``E3202`` no streets for it.
    """
    graph = profile_graph(network, profile)

    def topology() -> Topology:
        shrink = np.cos(np.radians(network.node_lat.mean())) if network.n_nodes else 1.0
        return build_topology(graph.ptr, graph.head, network.node_lon * shrink, network.node_lat)

    streets = hashlib.blake2b(graph.edge.tobytes(), digest_size=16).hexdigest()
    return network.keep(
        f"metric.{profile}",
        lambda: build_metric(network.keep(f"topology.{streets}", topology), graph.weight),
    )


def _neighbours(n: int, tail: Int32s, head: Int32s) -> tuple[Int32s, Int32s]:
    """Rows of neighbours, either way, without loops and repetitions."""
    goes = tail != head
    pair = np.unique(
        np.concatenate(
            [
                tail[goes].astype(np.int64) * n + head[goes],
                head[goes].astype(np.int64) * n + tail[goes],
            ]
        )
    )
    ptr = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(pair // n, minlength=n) if n else [], out=ptr[1:])
    return ptr, (pair % max(n, 1)).astype(np.int32)


def _order(adj_ptr: Int32s, adj: Int32s, x: NDArray[np.float64], y: NDArray[np.float64]) -> Int32s:
    """Nodes in the order of their contraction."""
    n = len(adj_ptr) - 1
    order, degree = np.empty((2, n), np.int32)
    is_peeled = np.empty(n, np.bool_)
    rest = adj.copy()
    n_peeled = dissection.peel(adj_ptr, rest, degree, is_peeled, order)
    core = np.flatnonzero(~is_peeled).astype(np.int32)
    n_core = len(core)
    name = np.zeros(n, np.int32)
    name[core] = np.arange(n_core, dtype=np.int32)
    core_ptr = np.zeros(n_core + 1, np.int32)
    np.cumsum(degree[core], out=core_ptr[1:])
    places = np.repeat(adj_ptr[core] - core_ptr[:-1], degree[core]) + np.arange(core_ptr[-1])
    perm, *scratch = np.empty((9, n_core), np.int32)
    dissection.dissect(
        core_ptr, name[rest[places]], x[core], y[core], perm, *scratch,
        *np.empty((3, 2 * n_core), np.int32), np.empty(n_core, np.bool_),
        np.empty(dissection.N_BUCKETS + 1, np.int32), np.empty((n_core + 1, 3), np.int32),
    )  # fmt: skip
    order[n_peeled:] = core[perm]
    return order
