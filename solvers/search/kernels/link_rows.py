"""Columns of the arrays that the search for linked visits works on; see ``link_timing``.

Stops: tasks 0..n-1, then start ``n + 2v`` and end ``n + 2v + 1`` of each vehicle, then one stop
that is nowhere and long ago: a stretch that is cut off follows it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# -- Nodes.nodes: what never changes, one row a stop ----------------------------------------------
#: Rows of the matrices, earliest start, soft end, seconds of service, price a second of lateness.
PLACE, EARLY, LATE, SERVICE, PRICE = range(5)
#: The other task of the link or -1; it starts no earlier than this one plus ``GAP``; whether it
#: needs another worker; row of ``able``.
MATE, GAP, OTHER, TYPE = range(5, 9)
NODE_WIDTH = 16

# -- Plan.stops: the current solution, one row a stop ---------------------------------------------
#: Vehicle or -1 if the task is not on a route; seconds of lateness; clock of the last saving;
#: cost of the way to the next.
NEXT, PREV, ROUTE, START, LATENESS, STAMP, ARC_COST = range(7)
STOP_WIDTH = 8
#: Start of a task that was just inserted, and of the stop that is nowhere.
NEVER = -(1 << 29)

# -- Plan.counters --------------------------------------------------------------------------------
CLOCK, N_SAVED, N_QUEUE, ITERATIONS, BEST_ITERATION, STALL = range(6)
#: Costs: of arcs, of lateness, greatest lateness in seconds, all together, of the incumbent.
ARCS, LATENESS_COST, WORST, TOTAL, BEST_TOTAL = range(6, 11)
#: Entries of ``top``; no task outside is later than the floor.
N_TOP, FLOOR = 11, 12
#: Price of the greatest lateness a second; accepted changes; all timed anew.
PRICE_WORST, N_ACCEPTED, N_RETIMED, SEEN_CLOCK = 13, 14, 15, 16
N_COUNTERS = 17
#: Plan.heat
TEMPERATURE, COOLING = range(2)
#: Most starts that one change may set, so many a task and so many more; beyond, visits wait for
#: each other in a circle.
CAP, CAP_MORE = 4, 64
#: The latest tasks that are known, at most.
TOP = 8


class Nodes(NamedTuple):
    """What never changes: ``n`` tasks, ``v`` vehicles, ``p`` places, ``t`` types of tasks."""

    nodes: Any  # (n + 2v + 1, NODE_WIDTH) int32
    time: Any  # (p, p) int32 seconds; starts and ends have places of their own
    cost: Any  # (p, p) int32; the fixed price of a vehicle is in the arcs from its start
    time_to: Any  # (p, p) int32 both mirrored
    cost_to: Any
    near: Any  # (n, k) int32 tasks close in space and time, -1 after the last
    able: Any  # (t, v) uint8
    able_ptr: Any  # (t + 1,) int32 CSR ...
    able_vehicle: Any  # int32 ... vehicles that may serve a type
    worker: Any  # (v,) int32


class Plan(NamedTuple):
    """The current solution, the incumbent and luck."""

    stops: Any  # (n + 2v + 1, STOP_WIDTH) int32
    saved: Any  # (n + 2v + 1, STOP_WIDTH + 1) int32 rows as they were, and whose
    best: Any  # (n + 2v + 1,) int32 column NEXT of the incumbent
    queue: Any  # (2 * (CAP * n + CAP_MORE), 2) int32 stops whose times may change, their start then
    seen: Any  # (n,) int32 clock of the last visit by ``link_timing.is_circle``
    ties: Any  # (8,) int32 tasks that did not fall as their mate holds them
    top: Any  # (TOP + 1,) int32 the latest tasks, latest first
    work: Any  # (8,) int64 tasks to insert
    counters: Any  # (N_COUNTERS,) int64
    heat: Any  # (2,) float64
    rng: Any  # (1,) uint64
