"""The arrays of what only a rich model has; the kernels get None in their place otherwise.

Each kernel takes ``rich`` and asks ``if rich is None``, which numba answers before it compiles: a
plain model runs code in which nothing rich is left. Columns as in ``rows``.

Trips: a reload is a stop of a route, numbered behind the tasks as if it were one. Each option has a
few of these *slots*; those that are in no route wait on the stack of their option. ``n`` counts the
tasks and the slots together, as ``Problem.tasks`` does. A slot has no window, demand or prize, and
its service is the loading. The *head* of a trip is its slot, or the start of the vehicle.
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
# it is the first end. RIDE: most seconds between the ends. RELEASED, FRESHNESS: as in the model.
# OPTION: of a slot, its reload option.
(
    SOFT_LATE, LATE_PRICE, AFFINITY, EDGE_FROM, N_EDGES, UNIT_FROM, UNIT_SIZE, GROUP_FROM,
    GROUP_SIZE, GROUP, LEADER, IS_TIMED, MATE, IS_PICKUP, RIDE, RELEASED, FRESHNESS, OPTION,
) = range(18)
N_TASK_COLUMNS = 18

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
# costs is not known without timing the route either. EARLY_LEAVE: it leaves no earlier. MOST_TRIPS,
# LONGEST_TRIP: as in the model. OPTIONS_FROM, N_OPTIONS: in Rich.options.
(
    WORKER, MAX_TASKS, MAX_TRAVEL, MAX_DUTY, REGULAR, PRICE_DUTY, PRICE_OVER, FIRST_BREAK,
    N_BREAKS, DUTY_MATTERS, WATCHED, EARLY_LEAVE, MOST_TRIPS, LONGEST_TRIP, OPTIONS_FROM, N_OPTIONS,
) = range(16)
N_SHIFT_COLUMNS = 16
WATCHED_LOADS, WATCHED_TIMES = 1, 2
# Columns of Rich.breaks.
BREAK_EARLY, BREAK_LATE, BREAK_LENGTH = range(3)
# Columns of Rich.break_at, right for a route just timed: where a break is taken, see `breaks`.
BREAK_STOP, BREAK_SIDE = range(2)

# Columns of Rich.choices, by reload option. CHOICE_BATCH: -1 if whatever is needed is there.
# FIRST_SLOT: first one on its stack in Rich.slots; N_FREE: how many are on it.
CHOICE_PLACE, CHOICE_LOADING, CHOICE_BATCH, CHOICE_READY, FIRST_SLOT, N_FREE = range(6)
N_CHOICE_COLUMNS = 6
# Column of Rich.carried, by the head of a trip: its tasks. The demand of all of them follows.
N_CARRIED, CARRIED = range(2)

# Columns of Rich.times, journalled with the stop. START: of service. LATENESS: after the soft end.
# Both 0 for an absent task. HEAD: of the task's trip, where it has one. ARRIVAL: at a slot.
START, LATENESS, HEAD, ARRIVAL = range(4)
TIMES_WIDTH = 4
# Columns of Rich.days, journalled with the vehicle. DUTY: seconds. TRAVEL: seconds without set-up.
# BUSY: seconds of travel, set-up and service. N_TIMED: tasks that are IS_TIMED. END: of the route,
# where there are breaks or trips. RELOADS: how many are in the route; its COUNT has them too.
DUTY, TRAVEL, BUSY, N_TIMED, END, RELOADS = range(6)
DAYS_WIDTH = 8
#: Column of Rich.saved_times and of Rich.saved_days after those: the stamp that the row had.
OLD_STAMP_TIMES, OLD_STAMP_DAYS = TIMES_WIDTH, DAYS_WIDTH

# Columns of Rich.marks, by stop. QUEUED: 1 if in the list HEADS. WORKED: iteration in which the
# task came on the work list, or in which a string was taken out of the trip of this head. TARGET:
# vehicle whose last task it is to become while routes are loaded. BOUND: lower bound of its start;
# of the leaving for a head. LEAVING: 1 if in the list MATES. TRIP: while routes are loaded, 0 in a
# first trip, else a number of the trip times the number of options, plus the option, plus 1.
QUEUED, WORKED, TARGET, BOUND, LEAVING, TRIP = range(6)
N_MARKS = 6
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
# vehicle, the reload option of a new trip or -1, and of a pair the stop before the delivery.
C_COST, C_BEFORE, C_VEHICLE, C_OPTION, C_SECOND = range(5)
CANDIDATE_WIDTH = 5
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
    IN_ROUNDS,  # 1 if routes are timed from nothing: any vehicle has a break, or there are trips
    HAS_PICKUPS,
    OPEN_PLACE,  # place of an open start or end
    HAS_TRIPS,  # 1 if leaving is bound by releases, batches, freshness or the longest trip
    N_TASKS,  # without the slots
    N_RELOADS,  # slots in routes
) = range(18)
N_RICH_COUNTERS = 18


def journal_length(n_stops: int) -> int:
    """Rows that the journal may hold: it keeps a row once for each savepoint."""
    return 4 * n_stops + 2000


class Rich(NamedTuple):
    """What a rich model has beyond ``Problem`` and ``State``; ``J`` is the journal's length."""

    # Never changed.
    tasks: Int32  # (n, 18), columns above
    members: Int32  # units and groups, CSR by columns of `tasks`
    edges: Int32  # (e, 4), columns above
    affinity: Int32  # (tasks with any, workers), at least 0
    shifts: Int32  # (v, 16), columns above
    breaks: Int32  # (b, 3), columns above
    pickups: Int32  # (n, d) taken on board; less than 0 where the load of a pair is delivered
    capacity: Int32  # (v, d)
    first_load: Int32  # (v, d) capacity for what is on board from the start
    setup: Int32  # (N,) seconds on arrival at a stop
    worker_limit: Int64  # (w,) seconds of duty
    options: Int32  # reload options of the vehicles, CSR by columns of `shifts`
    # Changed.
    times: Int32  # (N, 4), columns above
    saved_times: Int32  # (J, 5) journal: rows of times before, and their stamp
    days: Int32  # (v, 8), columns above
    saved_days: Int32  # (J, 9) journal: rows of days before, and their stamp
    marks: Int32  # (N, 6), columns above
    lists: Int32  # (N, 3), columns above
    routes: Int32  # (v, 4), columns above
    break_at: Int32  # (b, 2), columns above
    labels: Int64  # scratch: 3 (n + 2) (most breaks of a vehicle + 1)
    aboard: Int64  # (n + 2, d) scratch: load after each stop of a route
    queue: Int32  # (Q,) scratch
    worst: Int32  # (2 m,) heap of the greatest lateness: m leaves from m on, the root at 1
    served: Int32  # (groups, 2), columns above
    worker_duty: Int64  # (w,) seconds
    choices: Int32  # (options, 6), columns above; all but the last never changed
    slots: Int32  # (slots,) stacks of those that are in no route, by option
    carried: Int64  # (N, 1 + d), columns above
    portions: Int64  # (b, d) left of each batch
    candidates: Int64  # (N_CANDIDATES, 5), columns above
    counters: Int64  # (N_RICH_COUNTERS,)
