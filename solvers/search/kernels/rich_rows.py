"""The arrays of what only a rich model has; the kernels get None in their place otherwise.

Each kernel takes ``rich`` and asks ``if rich is None``, which numba answers before it compiles: a
plain model runs code in which nothing rich is left. Columns as in ``rows``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

# Columns of Rich.tasks. SOFT_LATE, LATE_PRICE: as in the model. AFFINITY: row of Rich.affinity, or
# -1. EDGE_FROM, N_EDGES: rows of Rich.edges. UNIT_FROM, UNIT_SIZE: the tasks served together with
# it, itself among them, in Rich.members; a size of 1 if it stands alone. GROUP_FROM, GROUP_SIZE:
# the leaders of the units of its group, in Rich.members; a size of 0 without one. GROUP: its number
# or -1. LEADER: stands for the unit, or for all units of its group, on the work list. IS_TIMED: 1
# if its start matters beyond hard windows. MATE: the other end of its pair, or -1. IS_PICKUP: 1 if
# it is the first end. RIDE: most seconds between the ends.
(
    SOFT_LATE, LATE_PRICE, AFFINITY, EDGE_FROM, N_EDGES, UNIT_FROM, UNIT_SIZE, GROUP_FROM,
    GROUP_SIZE, GROUP, LEADER, IS_TIMED, MATE, IS_PICKUP, RIDE,
) = range(15)

# Columns of Rich.edges, each row from a task to another one: the other starts at least OUT after
# it, and it starts at least IN after the other. WHO: rule for the workers, as in the model, or
# OF_RIDE: then the two are a pair with a limit, which begins when the service of the pickup ends.
OTHER, OUT, IN, WHO = range(4)
OF_RIDE = 3
#: OUT or IN that demands nothing.
FREE = -(1 << 30)

# Columns of Rich.shifts, what does not change of a vehicle. FIRST_BREAK, N_BREAKS: rows of
# Rich.breaks. DUTY_MATTERS: 1 if duty has a price or a limit. WATCHED: WATCHED_LOADS if whether a
# task fits is not known without looking at what is on board; WATCHED_TIMES if what an insertion
# costs is not known without timing the route either.
(
    WORKER, MAX_TASKS, MAX_TRAVEL, MAX_DUTY, REGULAR, PRICE_DUTY, PRICE_OVER, FIRST_BREAK,
    N_BREAKS, DUTY_MATTERS, WATCHED,
) = range(11)
WATCHED_LOADS, WATCHED_TIMES = 1, 2
# Columns of Rich.breaks.
BREAK_EARLY, BREAK_LATE, BREAK_LENGTH = range(3)
# Columns of Rich.break_at, right for a route just timed: where a break is taken, see `breaks`.
BREAK_STOP, BREAK_SIDE = range(2)

# Columns of Rich.times, journalled with the stop. START: of service. LATENESS: after the soft end.
# Both 0 for an absent task.
START, LATENESS = range(2)
TIMES_WIDTH = 4
# Columns of Rich.days, journalled with the vehicle. DUTY: seconds. TRAVEL: seconds without set-up.
# BUSY: seconds of travel, set-up and service. N_TIMED: tasks that are IS_TIMED. END: of the route,
# where there are breaks.
DUTY, TRAVEL, BUSY, N_TIMED, END = range(5)
DAYS_WIDTH = 8
#: Column of Rich.saved_times and of Rich.saved_days after those: the stamp that the row had.
OLD_STAMP_TIMES, OLD_STAMP_DAYS = TIMES_WIDTH, DAYS_WIDTH

# Columns of Rich.marks, by stop. QUEUED: 1 if in the list HEADS. WORKED: iteration in which the
# task came on the work list. TARGET: vehicle whose last task it is to become while routes are
# loaded. BOUND: lower bound of its start. LEAVING: 1 if in the list MATES.
QUEUED, WORKED, TARGET, BOUND, LEAVING = range(5)
# Columns of Rich.lists, by stop, each a list of its own. HEADS: stops whose start may rise. MATES:
# tasks that have to leave with others of their unit. CLOSURE: stops of a component.
HEADS, MATES, CLOSURE = range(3)
# Columns of Rich.routes, by vehicle: vehicles whose timetable or visits changed since they were
# priced, and 1 if a vehicle is among them; vehicles of a component, and whether it is.
TOUCHED_LIST, TOUCHED, COMPONENT, IN_COMPONENT = range(4)
#: IN_COMPONENT of a vehicle that has to be timed in this round; 1 for the others.
TO_TIME = 2

# Columns of Rich.served, by group: how many of its tasks are, and how many there are.
SERVED, IN_GROUP = range(2)

# Columns of Rich.candidates, int64: a lower bound of what inserting costs, the stop before, the
# vehicle, and of a pair the stop before the delivery.
C_COST, C_BEFORE, C_VEHICLE, C_SECOND = range(4)
CANDIDATE_WIDTH = 4
#: Positions kept for a closer look.
N_CANDIDATES = 8

# Entries of Rich.counters, int64.
(
    LAST_CLOCK,  # the highest stamp given out
    N_HEADS,
    N_MATES,
    N_TOUCHED,
    N_FOUND,  # length of the list of candidates
    RELEASE,  # the task to insert starts no earlier and no later, for the sake of its links
    DUE,
    RELEASE_SECOND,  # the same for the delivery of a pair
    DUE_SECOND,
    IS_LOADING,  # 1: tasks go to the end of the route that TARGET says
    N_SPARE,  # absent tasks of groups of which another unit is served
    PRICE_WORST,  # price of a second of the greatest lateness
    HAS_BREAKS,  # 1 if any vehicle has one
    HAS_PICKUPS,
    OPEN_PLACE,  # place of an open start or end
) = range(15)
N_RICH_COUNTERS = 16


def journal_length(n_stops: int) -> int:
    """Rows that the journal may hold: it keeps a row once for each savepoint."""
    return 4 * n_stops + 2000


class Rich(NamedTuple):
    """What a rich model has beyond ``Problem`` and ``State``; ``J`` is the journal's length."""

    # Never changed.
    tasks: Int32  # (n, 15), columns above
    members: Int32  # units and groups, CSR by columns of `tasks`
    edges: Int32  # (e, 4), columns above
    affinity: Int32  # (tasks with any, workers), at least 0
    shifts: Int32  # (v, 11), columns above
    breaks: Int32  # (b, 3), columns above
    pickups: Int32  # (n, d) taken on board; less than 0 where the load of a pair is delivered
    capacity: Int32  # (v, d)
    first_load: Int32  # (v, d) capacity for what is on board from the start
    setup: Int32  # (N,) seconds on arrival at a stop
    worker_limit: Int64  # (w,) seconds of duty
    # Changed.
    times: Int32  # (N, 4), columns above
    saved_times: Int32  # (J, 5) journal: rows of times before, and their stamp
    days: Int32  # (v, 8), columns above
    saved_days: Int32  # (J, 9) journal: rows of days before, and their stamp
    marks: Int32  # (N, 5), columns above
    lists: Int32  # (N, 3), columns above
    routes: Int32  # (v, 4), columns above
    break_at: Int32  # (b, 2), columns above
    labels: Int64  # scratch: 3 (n + 2) (most breaks of a vehicle + 1)
    aboard: Int64  # (n + 2, d) scratch: load after each stop of a route
    queue: Int32  # (Q,) scratch
    worst: Int32  # (2 m,) heap of the greatest lateness: m leaves from m on, the root at 1
    served: Int32  # (groups, 2), columns above
    worker_duty: Int64  # (w,) seconds
    candidates: Int64  # (N_CANDIDATES, 4), columns above
    counters: Int64  # (N_RICH_COUNTERS,)
