"""The arrays of multi-trip routes; the kernels get None in their place otherwise.

A trip is a route of its own, so ``State.vehicles`` has a row for each *slot*. Slot ``v`` below the
number of vehicles is the first trip of vehicle ``v`` and always in its chain; the others belong to
a reload option and wait on its stack until they are linked into a chain. The column NEXT of the
end of a slot is the start of the next one in the chain, or -1; PREV of a start accordingly.

A trip that leaves at ``t`` is at each of its stops at ``max(E, t + T)``: E is the time had it left
at minus infinity, T what travel and service take from the leaving. The stops keep these two, so
that leaving at another time changes nothing but one row a trip.

Columns of ``State.stops`` that differ. DEPART: E at the end of the service. LATEST: of the start
of service, for the sake of this trip's own windows alone; at the start of a slot: of leaving.
TIME of the end of a slot: its place, which depends on what the next trip is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

# Columns of Trips.legs, by stop, journalled with it. THROUGH: T at the end of the service.
# HELD_BEFORE: how late the tasks up to here hold back the leaving, so that they are fresh (the
# greatest E - freshness of their starts). HELD_FROM: the same from here to the end of the trip,
# whose "freshness" is the longest trip. SPARE: greatest excess of T at the start of
# service over the freshness from here to the end, if T at this stop's start were 0; never above 0
# once T is added.
THROUGH, HELD_BEFORE, HELD_FROM, SPARE = range(4)

# Columns of Trips.rows, by slot, journalled with its row of State.vehicles. LOADING, BATCH, READY,
# OPTION are fixed. OWNER: vehicle, or -1 on the stack. ACTIVE: of a vehicle's first slot, how many
# of its trips have tasks; else 1 if linked. BASE: the loading is over; HOLD: leaves no earlier for
# releases and freshness; LEAVE, ARRIVE: of the trip. E_END, T_END: at its end. SOUND: 1 if windows
# and freshness can be kept at all. L_END: latest arrival for all that follow; L_LEAVE: latest
# leaving for that and for this trip's own windows.
(
    LOADING, BATCH, READY, OPTION, OWNER, ACTIVE, BASE, RELEASED, HOLD, LEAVE, ARRIVE, E_END, T_END,
    SOUND, L_END, L_LEAVE,
) = range(16)
ROW_WIDTH = 16

# Columns of Trips.tasks. LEAST_ALONE: what a new trip for the task costs at least.
RELEASE, FRESHNESS, LEAST_ALONE = range(3)

# Columns of Trips.shifts, by vehicle. HOME: place of its end. OPTIONS_FROM, N_OPTIONS: in
# Trips.options.
LAST_ARRIVAL, HOME, MOST_TRIPS, LONGEST_TRIP, OPTIONS_FROM, N_OPTIONS = range(6)

# Columns of Trips.choices, by reload option. STACK: row of State.classes.
CHOICE_PLACE, CHOICE_LOADING, CHOICE_BATCH, CHOICE_READY, STACK = range(5)

# Entries of Trips.counters, int64. N_TRIPS: trips that have tasks. IS_BROKEN: 1 if a removal left
# an impossible chain in this iteration. Set once: WHOLE: strings in a thousand that are whole
# trips. MEAN, LONGEST: tasks to remove, as in `ruin`. MOVES, TAILS: how often in an iteration trips
# are moved, and their tails exchanged.
N_TRIPS, IS_BROKEN, WHOLE, MEAN, LONGEST, MOVES, TAILS = range(7)


class Trips(NamedTuple):
    """What multi-trip routes have beyond ``Problem`` and ``State``; ``S`` slots."""

    # Never changed.
    tasks: Int32  # (n, 3), columns above
    shifts: Int32  # (v, 6), columns above
    options: Int32  # reload options of the vehicles, CSR by columns of `shifts`
    choices: Int32  # (k, 5), columns above
    capacity: Int32  # (v, d)
    first_load: Int32  # (v, d)
    # Changed.
    places: Int32  # (N,) of all stops: row of a matrix
    legs: Int32  # (N, 4), columns above
    saved_legs: Int32  # (N, 4) journal: rows of legs before the iteration
    rows: Int32  # (S, 16), columns above
    saved_rows: Int32  # (S, 16) journal: rows of slots before the iteration
    ruined: Int32  # (S,) iteration in which a string was last taken out of the slot
    portions: Int64  # (b, d) left of each batch
    counters: Int64  # (7,) entries above
