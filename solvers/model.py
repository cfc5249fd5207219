"""The routing model: what every backend solves, as flat arrays.

Units: time in whole seconds (any consistent unit works for literature instances), length in whole
metres, money in whole units of the caller's choice. A task is something to be visited once; a
vehicle is one working day of one worker (or one route of a vehicle); a location is a row of the
matrices and may carry many tasks.

**Routes.** A solution is one list of visits a vehicle. A visit ``i >= 0`` is a task. A visit
``-1 - k`` is the reload option ``k``: the vehicle goes to the option's place, unloads what it
collected, loads, and begins a new *trip* there. Loads, freshness and trip limits are a trip's
(limits of a trip that has tasks), everything else is the vehicle's. A reload that is followed by
no task is a fault, and so is one directly after another. An unused vehicle (no task) costs nothing.

**Timetable.** Every start is the earliest that obeys all of the following at once (the least
solution, which exists because each of them only ever pushes times later):

1. the vehicle leaves its start no earlier than ``vehicle_early``;
2. a service starts after the arrival, in one of the task's closed windows; waiting is free;
3. from one place to another takes ``seconds`` plus the ``setup`` of the place arrived at, without
   the set-up where both are the same location; to or from an open side it takes nothing;
4. a trip leaves its place only when loading is over (``seconds`` of the option, after the arrival
   there), its batch is ready, and every task of the trip is released; no earlier than
   ``start - freshness`` of each of its tasks, so that nothing stays on board for longer; and no
   earlier than ``max_trip`` before its arrival at the next reload or at the end;
5. linked tasks: ``least <= start[second] - start[first] <= most``;
6. pairs: the delivery starts no later than ``ride`` after the pickup's service ends (a pickup waits
   for that where it has to);
7. each break of a used vehicle starts within its window, after the one listed before it ends, and
   before or after a leg (at a reload: before loading, or after it and before leaving), or before
   the leaving of the start (even before ``vehicle_early``), or after the end of the route.

Where breaks can be placed in several ways, a route timed alone takes one that lets it end
earliest; among these the first break as late in the order of places as that allows, then the
second, and so on. As places may then change while others push, the timetable is made in rounds:
every route is timed alone, with a lower bound for every start and leaving; then 4 (freshness and
``max_trip``), 5 and 6 raise the bounds by what was found, all at once; until no bound rises.
Without breaks this is the least solution, in whatever order it is reached.

**Duty.** A vehicle goes on duty when it leaves its start. With the end of the route and every
start of a task that is linked, has a ride limit or a freshness limit held where the timetable has
them, all else moves as late as it can (within windows, and no later than its soft end, or its start
if that is later already; breaks where they are in the order): duty is from the leaving thus found
to the end. Breaks in between count.

**Alternatives.** A *unit* is a task, or the tasks that pairs and links tie together; it is served
whole or not at all. At most one unit of a group is served.

**Cost** of a solution:

    sum over used vehicles of  fixed
        + price_second * seconds of travel + price_metre * metres      (without set-up)
        + price_duty * duty + overtime_price * max(0, duty - regular_duty)
    + sum over tasks served of  late_price * max(0, start - soft_late) + affinity(task, worker)
    + price_worst * max over tasks served with a soft end of  max(0, start - soft_late)
    + sum over absent tasks of prize, once for a group of alternatives, nothing if one is served
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: ``vehicle_start`` / ``vehicle_end`` of an open route: nothing is travelled there.
OPEN = -1
#: A matrix entry at or above this means that there is no way.
UNREACHABLE = 1_000_000_000
#: The last moment a window or shift may name; times above would overflow int32 sums. As a limit
#: (duration, freshness, ride...) it means that there is none.
TIME_MAX = 1_000_000_000
#: A count or a sum that is not limited.
NO_LIMIT = 2**31 - 1

#: ``Links.worker``: who serves the two tasks.
ANY_WORKER, SAME_WORKER, OTHER_WORKER = range(3)


class Pairs(NamedTuple):
    """Pickup and delivery, (m,) each: both or none, in one trip of one vehicle, pickup first."""

    pickup: Int32  # task
    delivery: Int32  # task; no task is in two pairs
    load: Int32  # (m, d) on board from the pickup to the delivery
    ride: Int32  # most seconds from the end of the pickup's service to the delivery's start


class Links(NamedTuple):
    """Tasks that belong together in time, (m,) each; connected ones are served all or none."""

    first: Int32  # task
    second: Int32  # task
    least: Int32  # seconds from the first one's start to the second one's; 0, 0: together
    most: Int32
    worker: Int32  # ANY_WORKER, SAME_WORKER or OTHER_WORKER; compares `vehicle_worker`


class Breaks(NamedTuple):
    """Pauses of a vehicle in the order they are taken; CSR by vehicle."""

    ptr: Int32  # (v + 1,)
    early: Int32  # (b,) window of the break's start
    late: Int32  # (b,)
    length: Int32  # (b,) seconds


class Batches(NamedTuple):
    """What can be loaded at reload options; shared by all vehicles; (b,) each."""

    ready: Int32
    portions: Int32  # (b, d) sum of the demand of all trips that load from it; NO_LIMIT: unbounded


class Reloads(NamedTuple):
    """Reload options: a place and what is loaded there; (k,) each but the last two."""

    location: Int32
    seconds: Int32  # of loading, from arrival on
    batch: Int32  # row of Batches; -1: whatever is needed, at any time
    option_ptr: Int32  # (v + 1,) CSR by vehicle ...
    option: Int32  # ... into the options that the vehicle may use


class Affinities(NamedTuple):
    """Sparse costs of a worker serving a task; CSR by task; negative is a bonus."""

    ptr: Int32  # (n + 1,)
    worker: Int32  # ascending within a task
    cost: Int32


class RoutingModel(NamedTuple):
    """A routing problem as C-contiguous arrays.

    ``n`` tasks, ``v`` vehicles, ``w`` workers, ``L`` locations, ``d`` load dimensions. Made by
    :class:`solvers.builder.ModelBuilder`, which checks it; the backends assume that it is
    consistent, and refuse by name (``features``) what they cannot express.
    """

    # -- what every model has -----------------------------------------------------------------
    task_location: Int32  # (n,) row of the matrices
    task_service: Int32  # (n,) nominal service duration
    window_ptr: Int32  # (n + 1,) CSR into the two arrays below; at least one window a task
    window_early: Int32  # (windows,) ascending within a task, not overlapping
    window_late: Int32  # (windows,) closed end: service may start at this very second
    task_demand: Int32  # (n, d) on board from the beginning of the trip to the task
    task_type: Int32  # (n,) row of `compatible`
    task_prize: Int64  # (n,) lost if the task is left out; resolved from tier / required / prize
    task_required: NDArray[np.bool_]  # (n,) the caller never wants it left out
    vehicle_start: Int32  # (v,) location or OPEN
    vehicle_end: Int32  # (v,) location or OPEN
    vehicle_early: Int32  # (v,) leaves its start no earlier
    vehicle_late: Int32  # (v,) is at its end (or done with the last service) no later
    vehicle_capacity: Int32  # (v, d)
    vehicle_type: Int32  # (v,) column of `compatible`
    vehicle_profile: Int32  # (v,) which matrix
    vehicle_fixed: Int64  # (v,) paid if the vehicle serves at least one task
    vehicle_price_second: Int32  # (v,) per second of travel
    vehicle_price_metre: Int32  # (v,) per metre of travel
    vehicle_permille: Int32  # (v,) service-time factor; 1000 is the nominal duration
    vehicle_class: Int32  # (v,) vehicles of a class can be exchanged while they are empty
    compatible: NDArray[np.bool_]  # (task types, vehicle types)
    seconds: Int32  # (profiles, L, L)
    metres: Int32  # (profiles, L, L)
    # -- what a model may have: neutral where it is not used -------------------------------------
    setup: Int32  # (L,) seconds to get ready on arrival from another location; 0
    task_pickup: Int32  # (n, d) on board from the task to the end of the trip; 0
    task_soft_late: Int32  # (n,) a later start costs; TIME_MAX
    task_late_price: Int32  # (n,) per second of it; 0
    task_release: Int32  # (n,) the task's trip leaves no earlier; 0
    task_freshness: Int32  # (n,) most seconds from the trip's leaving to the start; TIME_MAX
    task_group: Int32  # (n,) alternatives: at most one unit of a group is served; -1: of none
    vehicle_worker: Int32  # (v,) whose day it is, 0..w-1
    vehicle_price_duty: Int32  # (v,) per second on duty; 0
    vehicle_regular_duty: Int32  # (v,) seconds until overtime; TIME_MAX
    vehicle_overtime_price: Int32  # (v,) per second, on top; 0
    vehicle_max_duty: Int32  # (v,) hard; TIME_MAX
    vehicle_max_travel: Int32  # (v,) seconds of travel, hard; TIME_MAX
    vehicle_max_tasks: Int32  # (v,) NO_LIMIT
    vehicle_max_trips: Int32  # (v,) with tasks; NO_LIMIT
    vehicle_max_trip: Int32  # (v,) seconds from a trip's leaving to its arrival, hard; TIME_MAX
    vehicle_first_load: Int32  # (v, d) most demand of a trip that begins at the start, unreloaded
    worker_max_duty: Int32  # (w,) sum over the worker's vehicles, hard; TIME_MAX
    pairs: Pairs
    links: Links
    breaks: Breaks
    batches: Batches
    reloads: Reloads
    affinities: Affinities
    price_worst: int = 0  # per second of the greatest lateness of all

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.task_location)

    @property
    def n_vehicles(self) -> int:
        """Number of vehicles."""
        return len(self.vehicle_start)

    @property
    def n_dimensions(self) -> int:
        """Number of load dimensions; may be zero."""
        return int(self.task_demand.shape[1])

    @property
    def features(self) -> frozenset[str]:
        """Names of what this model uses beyond the plain fields; empty for a plain model."""
        soft = self.task_soft_late < TIME_MAX  # even at no price: it holds the start, see Duty
        tied = np.concatenate([*self.pairs[:2], *self.links[:2]])
        used = {
            "setup": self.setup.any(),
            "pickups": self.task_pickup.any(),
            "soft windows": soft.any(),
            "worst lateness": self.price_worst > 0 and soft.any(),
            "release": self.task_release.any(),
            "freshness": (self.task_freshness < TIME_MAX).any(),
            "groups": (self.task_group >= 0).any(),
            "groups of tied tasks": (self.task_group[tied] >= 0).any(),
            "duty": self.vehicle_price_duty.any(),
            "overtime": (
                (self.vehicle_regular_duty < TIME_MAX) & (self.vehicle_overtime_price > 0)
            ).any(),
            "max duty": (self.vehicle_max_duty < TIME_MAX).any(),
            "max travel": (self.vehicle_max_travel < TIME_MAX).any(),
            "max tasks": (self.vehicle_max_tasks < NO_LIMIT).any(),
            "max trips": (
                (self.vehicle_max_trips < NO_LIMIT) & (np.diff(self.reloads.option_ptr) > 0)
            ).any(),
            "max trip": (self.vehicle_max_trip < TIME_MAX).any(),
            "first load": (self.vehicle_first_load < self.vehicle_capacity).any(),
            "worker duty": (self.worker_max_duty < TIME_MAX).any(),
            "pairs": len(self.pairs.pickup) > 0,
            "links": len(self.links.first) > 0,
            "breaks": len(self.breaks.early) > 0,
            "reloads": len(self.reloads.option) > 0,
            "batches": bool((self.reloads.batch[self.reloads.option] >= 0).any()),
            "affinities": self.affinities.cost.any(),
        }
        return frozenset(name for name, uses in used.items() if uses)


def service_time(service: ArrayLike, permille: ArrayLike) -> Int32:
    """Service duration of a task by a vehicle with a service-time factor, rounded half up."""
    product = np.asarray(service, dtype=np.int64) * np.asarray(permille, dtype=np.int64)
    return ((product + 500) // 1000).astype(np.int32)


def connected(n: int, edges: Iterable[tuple[int, int]]) -> Int32:
    """Return the number of the connected component of each of ``n`` things, shape (n,)."""
    root = list(range(n))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = i = root[root[i]]
        return i

    for one, other in edges:
        a, b = find(one), find(other)
        root[max(a, b)] = min(a, b)
    number: dict[int, int] = {}
    found = [number.setdefault(find(i), len(number)) for i in range(n)]
    return np.array(found, dtype=np.int32)


def units_of(model: RoutingModel) -> Int32:
    """Return the number of the unit of each task, (n,): what pairs and links tie together."""
    pairs, links = model.pairs, model.links
    if not len(pairs.pickup) and not len(links.first):
        return np.arange(model.n_tasks, dtype=np.int32)
    firsts = np.concatenate([pairs.pickup, links.first]).tolist()
    seconds = np.concatenate([pairs.delivery, links.second]).tolist()
    return connected(model.n_tasks, zip(firsts, seconds, strict=True))


def detour_bound(model: RoutingModel) -> int:
    """Upper bound on what serving one more task can add to the cost.

    Two arcs (four where a trip may be added) and a vehicle; its whole shift on duty, or every
    shift where links can draw one out; every soft end missed; and the widest range of affinities.
    """
    worst = 0
    n_arcs = 4 if len(model.reloads.option) else 2
    for p in range(model.seconds.shape[0]):
        sec, met = model.seconds[p], model.metres[p]
        used = model.vehicle_profile == p
        if not used.any() or not sec.size:
            continue
        far = int(np.where(sec < UNREACHABLE, sec, 0).max(initial=0))
        long = int(np.where(met < UNREACHABLE, met, 0).max(initial=0))
        arcs = (
            far * model.vehicle_price_second[used].astype(np.int64)
            + long * model.vehicle_price_metre[used].astype(np.int64)
        )
        worst = max(worst, int((n_arcs * arcs + model.vehicle_fixed[used]).max()))
    shift = (model.vehicle_late - model.vehicle_early).astype(np.int64)
    shift = np.minimum(shift, model.vehicle_max_duty)
    duty = shift * model.vehicle_price_duty + (
        np.maximum(shift - model.vehicle_regular_duty, 0) * model.vehicle_overtime_price
    )
    worst += int(duty.sum() if len(model.links.first) else duty.max(initial=0))
    last = np.minimum(
        model.window_late[model.window_ptr[1:] - 1], model.vehicle_late.max(initial=0)
    )
    late = np.maximum(last.astype(np.int64) - model.task_soft_late, 0)
    worst += sum((late * model.task_late_price).tolist())
    worst += int(model.price_worst) * int(late.max(initial=0))
    cost = model.affinities.cost
    return int(worst) + int(cost.max(initial=0)) - int(cost.min(initial=0))
