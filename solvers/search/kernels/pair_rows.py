"""The arrays of pickup-and-delivery pairs in a model that is plain otherwise.

Each kernel takes ``pairs`` and asks ``if pairs is None``, which numba answers before it compiles.
Pairs beside other rich features go another way, see ``pairs``. Columns as in ``rows``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

# Columns of Pairs.tasks; the loads follow from PAIR_LOAD on: taken on board, less than 0 where they
# are delivered. MATE: the other end, or -1. LEADER: stands for the pair on the work list: its
# pickup, or the task itself.
MATE, LEADER = range(2)
PAIR_LOAD = 2

# Columns of Pairs.gaps, a row for each stop of a route and the place behind it, int64. STOP: its
# number. DEPARTS, TO_NEXT, BY: departure, time to the next stop, latest arrival at the next one.
# OPENS_AT, CLOSES_AT, STAYS: window, and duration of service. DROP_COST: what the delivery costs in
# the gap, `FAR` where it never can be there; LEAST_DROP: the least of these from here on. DROP_BY:
# latest start of the delivery; LEAVE_BY: latest departure from the stop for that.
(
    STOP, DEPARTS, TO_NEXT, BY, OPENS_AT, CLOSES_AT, STAYS, DROP_COST, LEAST_DROP, DROP_BY,
    LEAVE_BY, HOLDS,
) = range(12)
GAP_WIDTH = 12

# Columns of Pairs.memo, int64: the best places of a pair in a route, found before. KEY: pair and
# version of the route. PRICE: what it costs without the vehicle itself; `FAR` if impossible, and a
# lower bound if AFTER is `UNKNOWN`. AFTER, DROP_AFTER: the stops before the pickup and before the
# delivery, `AT_START` for the start of the vehicle.
KEY, PRICE, AFTER, DROP_AFTER = range(4)
AT_START, UNKNOWN = -1, -2
# Columns of Pairs.contents, int64: visits of a route by a class of vehicles, as a hash of 64 bits,
# and their version.
CONTENT, NUMBERED = range(2)
#: Version of a route that changed since it was numbered.
UNNUMBERED = -(1 << 30)
#: Costs more than anything.
FAR = 1 << 60

# Entries of Pairs.counters, int64. NEW_VERSION: the next number of what a route visits. TURN: ruins
# so far. N_MISSED: vehicles in Pairs.missed.
NEW_VERSION, TURN, N_MISSED = range(3)


class Pairs(NamedTuple):
    """What a model of pairs has beyond ``Problem`` and ``State``."""

    # Never changed.
    tasks: Int32  # (n, 2 + d), columns above
    capacity: Int32  # (v, d)
    # Changed.
    gaps: Int64  # (n + 2, GAP_WIDTH) scratch, columns above
    aboard: Int64  # (n + 2, d) scratch: load after each stop of a route
    memo: Int64  # (a power of two, 4), columns above
    contents: Int64  # (a power of two, 2), columns above
    missed: Int32  # (v,) scratch: vehicles that the memo knows nothing about
    marks: Int64  # (n,) TURN when the task was last put on the work list
    counters: Int64  # (4,) entries above
