"""Several threads search one model at the same time.

Where the model is large enough each has a part of its own for a while, then they divide it anew.
Gap after 300,000 iterations of one thread, of each of two, and after 600,000 of one: R1_10_4 2.45,
2.05 and 1.92 %; RC1_10_5 2.87, 2.04 and 2.43 (two seeds, with parts R1_10_4 four).

Smaller models, and those that cannot be divided, are searched whole by every thread, in rounds. A
round ends for all at the same share of the budget, by the count of iterations if they are limited,
so that a run can be repeated whatever each thread's speed. Then all go on from the best current
solution. That is the selection of parallel simulated annealing: Lee and Lee, Synchronous and
asynchronous parallel simulated annealing with multiple Markov chains (1996). With long routes that
is better: R2_10_2 1.88, 1.49 and 1.38 %, in parts 1.58. With short ones it is not: RC1_10_5 2.28,
R1_10_4 2.47; nor is it in 5 or 100 rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from solvers.model import RoutingModel
from solvers.search.decompose import Decomposition, Plan
from solvers.search.kernels import rows
from solvers.search.limits import at_once, share_out
from solvers.search.run import Search, begin
from solvers.search.slot_layout import TRIP_FEATURES
from solvers.solve import Progress, Result, SolveParams

T = TypeVar("T")


#: Rounds of a run.
N_ROUNDS = 20
#: Tasks for each thread from which the model is divided, and the share of them that a part gets:
#: what lies between the parts of a round is searched in another one.
_EACH, _PART_SHARE = 400, 0.6
#: Routes that a part must have on average.
_LEAST_ROUTES = 15


def run(model: RoutingModel, params: SolveParams) -> Result:
    """Search, alone or together; the kernels are compiled already."""
    if model.n_tasks == 0 or model.n_vehicles == 0:
        routes = tuple(np.zeros(0, dtype=np.int32) for _ in range(model.n_vehicles))
        return Result(routes, np.arange(model.n_tasks, dtype=np.int32), "complete", 0, 0.0)
    search = Search(model, params)
    if params.initial is not None:
        search.load(params.initial)
    search.find_neighbours()
    search.construct()
    if params.threads > 1:
        return search_together(search, begin)
    begin(search)
    return search.result(search.anneal())


def search_together(
    leader: Search, before: Callable[[Search], None], n_rounds: int = N_ROUNDS
) -> Result:
    """Search with as many threads as the parameters say, from the present solution of ``leader``.

    The leader works in the calling thread, and there alone the caller's functions are called.

    Parameters
    ----------
    before : what every search does first.

    Raises
    ------
    Exception : whatever a thread raised; the others have ended then.
    """
    params = leader.params
    leader.params = replace(share_out(params, 0), on_progress=None)
    team = [leader]
    for k in range(1, params.threads):
        own = share_out(params, k)
        team.append(leader.fork(
            replace(own, on_progress=None, should_stop=lambda: bool(leader.stopped))
        ))
    if params.on_progress is not None:
        tell = params.on_progress
        leader.params = replace(leader.params, on_progress=lambda p: tell(_merged(p, team)))

    def each(work: Callable[[Search], T]) -> list[T]:
        return at_once(pool, [partial(work, search) for search in team], leader)

    with ThreadPoolExecutor(params.threads - 1) as pool:
        each(before)
        exchange(team)
        if can_be_divided(leader, params.threads) and not leader.stopped:
            return _search_parts(leader, params, _iterations(team))
        each(lambda search: search.heat_up())
        for k in range(1, n_rounds + 1):
            until = k / n_rounds
            told = each(lambda search, until=until: search.cool(until))  # type: ignore[misc]
            exchange(team)
            status = leader.stopped or (told[0] if len(set(told)) == 1 else "")
            if status:
                break
    result = leader.result(status or told[0] or told[-1])
    return result._replace(iterations=_iterations(team))


def can_be_divided(search: Search, threads: int) -> bool:
    """Whether each thread can have a part of its own, large enough to be worth it."""
    n, used = search.model.n_tasks, int(search.counters[rows.N_USED])
    return not (
        n < _EACH * threads or _PART_SHARE * used < _LEAST_ROUTES * threads
        or search.trips is not None
        or search.model.features & (TRIP_FEATURES | {"batches", "worst lateness"})
    )


def _search_parts(search: Search, params: SolveParams, iterations: int) -> Result:
    """Go on from the solution of a search with a part for each thread."""
    whole = Decomposition(search.model, params)
    whole.started, whole.told = search.started, search.told
    whole.iterations = whole.best_iteration = iterations
    for mine, theirs in ((whole.near, search.guide.near), (whole.around, search.guide.around)):
        width = min(mine.shape[1], theirs.shape[1])
        mine[:, :width] = theirs[:, :width]
    whole.detour = int(search.problem.traits[rows.DETOUR])
    c = search.counters
    plans = [
        Plan([np.array(r, dtype=np.int32) for r in search.routes(current)], int(c[total]))
        for current, total in ((True, rows.TOTAL), (False, rows.BEST_TOTAL))
    ]
    whole.plan, whole.best = plans
    for v, route in enumerate(whole.plan.routes):
        whole.vehicle_of[route] = v
    whole.arc, whole.spread = search.mean_arc(), search.spread
    whole.begun = min(whole.share(), 0.99)
    whole.part_size = min(whole.part_size, int(_PART_SHARE * search.model.n_tasks / params.threads))
    return whole.result(whole.improve())


def exchange(team: list[Search]) -> None:
    """Let all go on from the cheapest current solution, and know the cheapest incumbent."""
    best = min(team, key=lambda s: int(s.counters[rows.BEST_TOTAL]))
    ahead = min(team, key=lambda s: int(s.counters[rows.TOTAL]))
    held = best.hold()
    age = min(int(s.counters[rows.ITERATIONS] - s.counters[rows.BEST_ITERATION]) for s in team)
    for search in team:
        c = search.counters
        if c[rows.TOTAL] > ahead.counters[rows.TOTAL]:
            search.adopt(ahead)
        search.release(held)
        c[rows.BEST_ITERATION] = c[rows.ITERATIONS] - age


def _merged(progress: Progress, team: list[Search]) -> Progress:
    """Add up the iterations; what the others found is known to the leader after each round."""
    return progress._replace(iterations=_iterations(team))


def _iterations(team: list[Search]) -> int:
    return sum(int(search.counters[rows.ITERATIONS]) for search in team)
