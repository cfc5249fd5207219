"""The arrays that the kernels work on: which column is what, and which array belongs together.

Stops are numbered: task ``i`` is ``i``; the start of vehicle ``v`` is ``n + 2 v``, its end
``n + 2 v + 1``. The route of a vehicle has the vehicle's number. What is read together stands in
one row, so that a stop costs one cache line. All int32 unless said; times in seconds, money in the
model's unit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

# Columns of State.stops. DEPART: earliest end of service (start of a vehicle: its shift opens).
# LATEST: latest arrival for which this stop and all that follow can be kept. COST, TIME: of the arc
# to NEXT; COST is 0 at the start of an empty vehicle, which pays nothing. COST_IN: COST of PREV.
# An absent task has COST = COST_IN = -NO_WAY, so that nothing seems cheap beside it.
NEXT, PREV, ROUTE, DEPART, LATEST, COST, TIME, COST_IN = range(8)
STOP_WIDTH = 8
#: ROUTE of a task that no vehicle visits.
ABSENT = -1

# Column of State.saved_stops beside those: which stop it is.
SAVED = STOP_WIDTH

# Columns of State.stop_marks. STAMP: CLOCK when the row was journalled. DIRTY: 1 if it changed
# since the incumbent was kept. BEST_NEXT: column NEXT of the incumbent. ABSENT_PLACE: where an
# absent task stands in its list.
STAMP, DIRTY, BEST_NEXT, ABSENT_PLACE = range(4)
# Columns of State.lists, each a list of its own: dirty stops, absent tasks, tasks to insert.
DIRTY_LIST, ABSENT_LIST, WORK = range(3)

# Columns of Problem.tasks; the loads follow from LOAD on. EARLY and LATE: first opening and last
# closing of all windows. LEAST_SERVICE: service duration by the quickest vehicle.
EARLY, LATE, SERVICE, KIND, FIRST_WINDOW, N_WINDOWS, LOCATION, LEAST_SERVICE = range(8)
LOAD = 8

# Columns of State.vehicles; the capacity left follows from LEFT on. COST_ROW, TIME_ROW: first row
# of the vehicle's matrix in the stacked ones. CLASS: vehicles that are equal in every field.
# NUMBER: its own. BUSY_TIME: seconds of travel and service, where there are duties. VERSION: in
# models of pairs, which have none, of what it visits; see `pair_rows`.
COUNT, CLASS, VEHICLE_KIND, COST_ROW, TIME_ROW, PERMILLE, NUMBER, BUSY_TIME = range(8)
VERSION = BUSY_TIME
LEFT = 8

# Columns of State.duties, as in the model.
MOST_DUTY, REGULAR_DUTY, DUTY_PRICE, OVER_PRICE = range(4)

# Columns of State.vehicle_marks (STAMP as above): the empty vehicles form a stack per class,
# EMPTY_PLACE says where in it a vehicle is.
EMPTY_LIST, EMPTY_PLACE = range(1, 3)
# Columns of State.classes: where the class begins in EMPTY_LIST, and how many are empty.
FROM, N_EMPTY = range(2)

# Columns of Problem.windows.
OPENS, CLOSES = range(2)

# Columns of Guide.order_keys: tasks are inserted in ascending order of one of them.
BY_DEMAND, BY_FAR, BY_CLOSE, BY_LENGTH, BY_START, BY_END, BY_PRIZE = range(7)
N_ORDERS = 7

# Entries of State.counters, int64.
(
    CLOCK,  # stamp of the current iteration: rows with another stamp are not journalled yet
    N_STOPS_SAVED,  # length of the journal of stops
    N_VEHICLES_SAVED,  # length of the journal of vehicles
    N_ABSENT,
    N_USED,  # vehicles with at least one task
    N_DIRTY,  # stops that changed since the incumbent was kept
    BLINK,  # improving positions until the next one is overlooked
    TOTAL,  # cost of the current solution
    BEST_TOTAL,  # cost of the incumbent
    ITERATIONS,  # done so far
    BEST_ITERATION,  # when the incumbent was found
    STALL,  # stop after so many iterations without a better incumbent; 0: never
    MAY_OPEN,  # 1: tasks may be inserted into empty vehicles
    UNTIL_ALL_SERVED,  # stop as soon as fewer tasks than so many are absent; 0: never
    N_WORK,  # length of the work list
    BEST_ABSENT,  # absent tasks of the incumbent
    BEST_USED,  # used vehicles of the incumbent
    GLANCE,  # positions were looked for so many times
    CENTRE,  # task around which seeds are drawn
    OPENING,  # 1: the next task without a place opens a vehicle that its prize alone does not pay
) = range(20)
N_COUNTERS = 20

# Entries of Problem.traits, int64. TIMED: 0 if no window or shift can ever bind, so that nobody
# needs to look at times. DETOUR: 1 or 2, see `layout.detour_factor`. TURNABLE: 1 if, besides, all
# arcs cost the same both ways. SCARCE: 1 if the prize of most tasks does not pay a vehicle for it
# alone, so that a route pays only as a whole.
TIMED, DETOUR, TURNABLE, SCARCE = range(4)

# Entries of State.heat, float64.
TEMPERATURE, COOLING = range(2)

#: Neighbours looked at together.
BLOCK = 12

#: Time and cost of an arc that does not exist: later than any window, and cost stays within int32.
NO_WAY = 1 << 30
#: A start of service that no window allows.
NEVER = 1 << 40


class Problem(NamedTuple):
    """What the search never changes. ``n`` tasks, ``v`` vehicles, ``L`` locations, ``d`` loads."""

    tasks: Int32  # (n, 8 + d), columns above
    windows: Int32  # (w, 2) of all tasks: opening and closing, ascending within a task
    compatible: NDArray[np.uint8]  # (task kinds, vehicle kinds)
    fixed: Int64  # (v,) paid for a used vehicle
    places: Int32  # (N,) of all stops: row of a matrix
    traits: Int64  # (4,) entries above
    # Stacked by arc class; the "from" ones are transposed, so that all arcs into a place are a row.
    cost_to: Int32  # (cost classes * L, L) [i, j] of the arc i -> j
    cost_from: Int32  # (cost classes * L, L) [i, j] of the arc j -> i
    time_to: Int32  # (time classes * L, L)
    time_from: Int32  # (time classes * L, L)


class Guide(NamedTuple):
    """Where to look first; never changed either. Lists end with -1."""

    near: Int32  # (n, K) neighbours for insertion by proximity in place and time
    n_near: Int32  # (n,) how many they are
    near_cost: Int32  # (n, K) least cost of the arc between them, over directions and vehicles
    near_time: Int32  # (n, K) the same of travel time
    around: Int32  # (n, A) neighbours for removal by cost alone
    alone_ptr: Int32  # (n + 1,) CSR: vehicle classes that can serve the task alone ...
    alone_class: Int32  # ... the cheapest first
    order_keys: Int64  # (n, N_ORDERS)
    order_weights: Int64  # (N_ORDERS + 1,) how often each order is drawn; the last is random


class State(NamedTuple):
    """What the search changes; ``N = n + 2 v`` stops."""

    stops: Int32  # (N, 8), columns above
    stop_marks: Int32  # (N, 4), columns above
    saved_stops: Int32  # (N, 9) journal: rows of stops before the iteration
    lists: Int32  # (N, 3), columns above
    vehicles: Int32  # (v, 8 + d), columns above
    vehicle_marks: Int32  # (v, 3), columns above
    saved_vehicles: Int32  # (v, 8 + d) journal: rows of vehicles before the iteration
    classes: Int32  # (vehicle classes, 2), columns above
    prize: Int64  # (n,) cost of leaving the task out; raised while the fleet is reduced
    work_key: Int64  # (n,) sorting keys of the work list
    seen: Int64  # (N,) GLANCE when the stop was last looked at as a neighbour
    spots: Int32  # (2 * BLOCK + 1,) stops of a block after which a task may be inserted
    counters: Int64  # (N_COUNTERS,)
    heat: NDArray[np.float64]  # (2,)
    rng: NDArray[np.uint64]  # (1,) never zero
    duties: Int32 | None  # (v, 4), columns above, or None; never changed, see `kernels/duty.py`
