"""Which street may follow which, and what the turn costs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.kernels.jit import kernel

STRAIGHT = 45.0  # degrees; a smaller angle is no turn
SAME_STREET = 179.0  # degrees between an edge and the same street taken back
MAIN_ROAD = 4  # rank of a tertiary road: crossing anything smaller costs nothing
DM_BITS = 24  # as in the search


class Streets(NamedTuple):
    """The edges open to one profile as nodes of the turn graph, in the order of their tails.

    Attributes
    ----------
    ptr : edges out of network node ``i`` are ``ptr[i]:ptr[i + 1]``, shape (n + 1,), int32.
    tail, head : network nodes, shape (k,), int32.
    weight : time and length of an edge in one number, shape (k,), int64.
    length : decimetres, shape (k,), int32.
    bearing_in, bearing_out : degrees clockwise from north at the edge's end and at its start,
        shape (k,), float64.
    rank : 0 for motorways, growing, shape (k,), uint8.
    ban_ptr, ban : edges that may not follow edge ``g``: ``ban[ban_ptr[g]:ban_ptr[g + 1]]``, int32.
    n_streets : different neighbours of a network node, shape (n,), int32.
    top_rank : smallest rank at a network node, shape (n,), uint8.
    """

    ptr: NDArray[np.int32]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    weight: NDArray[np.int64]
    length: NDArray[np.int32]
    bearing_in: NDArray[np.float64]
    bearing_out: NDArray[np.float64]
    rank: NDArray[np.uint8]
    ban_ptr: NDArray[np.int32]
    ban: NDArray[np.int32]
    n_streets: NDArray[np.int32]
    top_rank: NDArray[np.uint8]


@kernel
def turn_angle(streets, g, h):
    """Degrees from the end of ``g`` to the start of ``h``, clockwise, above -180 and up to 180."""
    angle = (streets.bearing_out[h] - streets.bearing_in[g]) % 360.0
    return angle - 360.0 if angle > 180.0 else angle


@kernel
def is_turning_back(streets, g, h):
    """Whether ``h`` is the street of ``g`` in the other direction."""
    return (
        streets.head[h] == streets.tail[g]
        and abs(streets.length[h] - streets.length[g]) <= 1
        and abs(turn_angle(streets, g, h)) >= SAME_STREET
    )


@kernel
def turn_cost(streets, costs, g, h):
    """Milliseconds from ``g`` into ``h``, which meet: straight on, a turn, or back.

    ``costs`` : milliseconds to the right, to the left, back, across; shape (4,), int64.
    """
    if is_turning_back(streets, g, h):
        return costs[2]
    node = streets.head[g]
    if streets.n_streets[node] < 3:
        return np.int64(0)
    angle = turn_angle(streets, g, h)
    top = streets.top_rank[node]
    crosses = top <= MAIN_ROAD and top < min(streets.rank[g], streets.rank[h])
    if angle > STRAIGHT:
        return costs[0]
    total = costs[1] if angle < -STRAIGHT else np.int64(0)
    return total + costs[3] if crosses else total


@kernel
def find_turns(streets, costs, ptr, head, weight):
    """Arcs from edge to edge, and their number.

    Parameters
    ----------
    streets : Streets.
    costs : as in ``turn_cost``.
    ptr : shape (k + 1,), int32. Overwritten: arcs of edge ``g`` are ``ptr[g]:ptr[g + 1]``.
    head, weight : int32 and int64. Overwritten as far as they reach: the edge that follows; the
        milliseconds of the turn plus the weight of that edge.

    Notes
    -----
    Turning back is open only where nothing else is: at a dead end, or where all else is banned.
    """
    count = 0
    ptr[0] = 0
    for g in range(len(streets.head)):
        node = streets.head[g]
        back = -1
        n_others = 0
        for h in range(streets.ptr[node], streets.ptr[node + 1]):
            banned = False
            for b in range(streets.ban_ptr[g], streets.ban_ptr[g + 1]):
                banned = banned or streets.ban[b] == h
            if banned:
                continue
            if is_turning_back(streets, g, h):
                back = h
                continue
            n_others += 1
            if count < len(head):
                head[count] = h
                weight[count] = (turn_cost(streets, costs, g, h) << DM_BITS) + streets.weight[h]
            count += 1
        if n_others == 0 and back >= 0:
            if count < len(head):
                head[count] = back
                weight[count] = (costs[2] << DM_BITS) + streets.weight[back]
            count += 1
        ptr[g + 1] = count
    return count
