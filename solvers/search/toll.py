"""A toll on each used vehicle while the search is hot, and few vehicles from the start.

How many vehicles annealing ends with is settled while it is hot, by how many plans there are rather
than by what is cheapest: it has to be made up for. The toll is in temperatures, so it fades away.

Where loads fill cheap vehicles, annealing hardly ever closes a route, since its tasks would have to
find room elsewhere at once, yet it likes to open one: the more room, the more plans there are of
about the same cost. So it ends with too many, the more so the slower it cools. Where loads alone
ask for nearly all the vehicles that are used, the fleet is therefore reduced first, though not as
far as it goes: with hardly any room left the search gets nowhere. Then a used vehicle costs more.
Gap after 600,000 iterations, without and with: C1_10_2 2.40 and 1.08 %, RC1_10_5 2.43 and 2.30,
R1_10_5 2.60 and 2.19, R1_4_5 0.74 and 0.81 (two seeds).

Where routes are long and loads leave room it is the other way round: to open a route takes a tail
that is worth two ways to the depot, to close one takes little, and it ends with too few vehicles.
There a used vehicle costs less while it is hot. Gaps of 22 instances R2, RC2 and C2 of 200 to 1,000
tasks after 400,000 to 600,000 iterations: 1.41 % without, 1.11 with a toll of -3, and 1.30 with -6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from solvers.search.fleet import reduce_fleet
from solvers.search.heat import MOST_TASKS
from solvers.search.kernels import rows
from solvers.search.layout import DUTIES

if TYPE_CHECKING:
    from solvers.search.run import Search

#: Toll on a used vehicle in temperatures, where loads fill the routes and where these are long.
_TOLL, _TOLL_LONG = 5.0, -3.0
#: Loads fill the routes if they ask for so large a share of the vehicles of the first plan.
_FULL = 0.8
#: Vehicles to begin with, as a multiple of what loads ask for, and the share of the budget to get
#: there.
_ENOUGH, _SHARE = 1.05, 0.1
#: First and last temperature in mean arcs: not so hot as to forget the fleet.
_SPREAD = (0.6, 0.02)
#: Vehicles of the first plan from which their number may be wrong by some.
_LEAST_USED = 10
#: Tasks in a route of the first plan, on average, from which routes are long. At 15 to 18 the toll
#: did harm, at 20 to 32 good.
_LONG = 19.0
#: How often the toll changes in a run.
_N_STEPS = 50


def fewest_by_loads(search: Search) -> float:
    """How many vehicles the loads alone ask for."""
    model = search.model
    loads = model.task_demand.sum(axis=0, dtype=np.int64)
    room = np.maximum(model.vehicle_capacity.max(axis=0), 1)
    return float((loads / room).max(initial=0.0))


def may_be_tolled(search: Search) -> bool:
    """Whether the model is of those on which tolls were measured."""
    model, traits = search.model, search.problem.traits
    return not (
        search.is_rich or search.has_trips or search.has_pairs or model.features & DUTIES
        or search.params.threads > 1 or model.n_tasks > MOST_TASKS
        or traits[rows.TIMED] == 0 or traits[rows.SCARCE] != 0
        or 100 * search.n_missing() > model.n_tasks  # the first plan overlooks a place by chance
    )


def is_filled(search: Search) -> bool:
    """Whether loads fill the routes of the first plan."""
    used = int(search.counters[rows.N_USED])
    return used >= _LEAST_USED and fewest_by_loads(search) >= _FULL * used


def ask_toll(search: Search) -> None:
    """Let the search ask a toll, after reducing the fleet somewhat if loads fill the routes."""
    if not may_be_tolled(search):
        return
    if is_filled(search):
        search.toll, search.spread = _TOLL, _SPREAD
        reduce_fleet(search, _SHARE, -1.0, math.ceil(_ENOUGH * fewest_by_loads(search)))
    elif search.model.n_tasks >= _LONG * max(int(search.counters[rows.N_USED]), 1):
        search.toll = _TOLL_LONG


def levy(search: Search, before: int, toll: int) -> None:
    """Change the toll on each used vehicle; totals and incumbent are those with it."""
    c, change = search.counters, toll - before
    search.problem.fixed[:] += change
    c[rows.TOTAL] += change * c[rows.N_USED]
    c[rows.BEST_TOTAL] += change * c[rows.BEST_USED]


def cool_with_toll(search: Search) -> str:
    """Search until a limit is reached; the incumbent is then the cheapest one without toll.

    Returns
    -------
    status : as of ``Search.cool``.
    """
    toll, status = 0, ""
    # With a toll the incumbent is not what is cheapest, so that is put aside.
    search.held = search.hold()
    for k in range(_N_STEPS):
        gone = k / (_N_STEPS - 1)
        heat = search.hot * (search.cold / search.hot) ** gone
        wanted = round(search.toll * heat) if gone < 1.0 else 0
        levy(search, toll, wanted)
        toll = wanted
        status = search.cool((k + 1) / _N_STEPS)
        found = search.hold()
        found = found._replace(total=found.total - toll * found.n_used)
        if found.total < search.held.total:
            search.held = found
        if status:
            break
    levy(search, toll, 0)
    search.release(search.held)
    return status
