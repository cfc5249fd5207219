"""Fleet reduction: fewer routes for the search to start from.

The smallest route is dissolved and its tasks have to fit into the others, no further vehicle is
allowed, and leaving a task out gets dearer the longer it stays out, so that the search makes room
for the awkward ones. Ejection by growing weights: Nagata and Braysy, A powerful route minimization
heuristic for the vehicle routing problem with time windows (2009). Measured where a vehicle costs
far more than travel: R2_10_2 from 26 to 19 vehicles, RC207 from 4 to 3, in the same iterations.
Pairs are ejected besides, see ``kernels.ejection``: LR1_4_3 from 23 vehicles after 5 s to 22 after
2 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from solvers.search.kernels import anneal as annealing
from solvers.search.kernels import pair_rows, rows
from solvers.search.kernels.ejection import eject

if TYPE_CHECKING:
    from solvers.search.run import Search

#: Iterations between two rises of the prizes; and by how much, with the first prize in mean arcs.
_ROUND = 300
#: Iterations between two rounds of ejections.
_SHORT_ROUND = 50
_FIRST_PRIZE, _RISE = 5.0, 1.3
#: Give a dissolved route up after so many iterations a task without success; the patience doubles
#: after each turn through so many of the smallest routes.
_PATIENCE = 20
_TRIES = 3
#: Temperature in mean arcs.
_HEAT = 0.2
#: The same where pairs are ejected: what has been learned about the awkward ones is worth keeping.
#: LR1_4_9 comes to 24 vehicles in 4 s with a patience of 200, and to 25 with 20.
_PATIENCE_PAIRS, _HEAT_PAIRS = 200, 1.0


def reduce_fleet(search: Search, share: float, dear: float, enough: int = 1) -> None:
    """Empty as many vehicles as the given share of the budget allows; none leaves a task out.

    The search goes on from the smallest fleet found that serves every task; the incumbent stays
    what is cheapest so far. Only vehicles whose fixed cost is above ``dear`` are worth emptying. It
    ends with ``enough`` used ones.
    """
    model = search.model
    c = search.counters
    heat = search.mean_arc()
    # Construction may leave a few tasks out; with empty vehicles allowed they soon find a place.
    # What no vehicle can serve is always absent.
    able = np.diff(search.guide.alone_ptr)[: model.n_tasks] > 0
    n_never = int(np.count_nonzero(~able & (search.model.task_group < 0)))
    c[rows.UNTIL_ALL_SERVED] = n_never + 1
    search.state.heat[rows.TEMPERATURE], search.state.heat[rows.COOLING] = _HEAT * heat, 1.0
    while search.n_missing() > n_never:
        size = _round_size(search, share / 2)
        if size == 0:
            break
        search.step(size)
    c[rows.UNTIL_ALL_SERVED] = 0
    if search.n_missing() > n_never:
        return
    held = search.held = search.hold()
    best = search.routes(current=True)
    fixed = search.problem.fixed
    # A vehicle that is emptied on the way is no gain: it takes one more to have fewer of them.
    fixed[:] = 0
    patience = max(3000, _PATIENCE * model.n_tasks)
    if search.pairs is not None:
        patience = _PATIENCE_PAIRS * model.n_tasks
    failed = 0  # routes in a row that could not be dissolved
    while _round_size(search, share) > 0:
        sizes = np.array([sum(i >= 0 for i in r) for r in best])  # without reloads
        # What counts is the price of a vehicle; among equals the smallest route is the easiest.
        used = np.flatnonzero(sizes)
        used = used[model.vehicle_fixed[used] > dear]
        order = used[np.lexsort((sizes[used], -model.vehicle_fixed[used]))]
        if len(order) == 0 or np.count_nonzero(sizes) <= enough:
            break
        gone = int(order[failed % min(len(order), _TRIES)])
        routes = [r if v != gone else [] for v, r in enumerate(best)]
        if _dissolve(search, routes, able, heat, share, patience << min(failed // _TRIES, 10)):
            best = search.routes(current=True)
            failed = 0
        else:
            failed += 1
    fixed[:] = model.vehicle_fixed
    search.restart(best)
    search.release(held)


def _dissolve(
    search: Search, routes: list[list[int]], able: NDArray[np.bool_], heat: float, share: float,
    patience: int,
) -> bool:
    """Serve every task with the vehicles that are used in ``routes``; return whether that is done.

    The current solution serves them all then; otherwise it is of no use.
    """
    search.restart(routes)
    c, state = search.counters, search.state
    # The empty vehicles are forgotten. What is emptied from here on may be used again.
    state.classes[:, rows.N_EMPTY] = 0
    first = max(int(_FIRST_PRIZE * heat), 1)
    state.prize[: search.model.n_tasks] = first
    c[rows.TOTAL] = first * int(c[rows.N_ABSENT])
    c[rows.UNTIL_ALL_SERVED] = int(np.count_nonzero(~able)) + 1
    hot = _HEAT if search.pairs is None else _HEAT_PAIRS
    state.heat[rows.TEMPERATURE], state.heat[rows.COOLING] = hot * heat, 1.0
    stop_at = int(c[rows.ITERATIONS]) + patience
    while c[rows.ITERATIONS] < stop_at:
        size = _round_size(search, share)
        if size == 0:
            break
        if search.pairs is not None:
            size = min(size, _SHORT_ROUND)
        status = search.step(size)
        if status == annealing.ALL_SERVED:
            return True
        if search.pairs is not None:
            _eject(search, able, first)
            continue
        absent = state.lists[: c[rows.N_ABSENT], rows.ABSENT_LIST]
        absent = absent[able[absent]]
        prize = state.prize[absent]
        rise = np.minimum((prize * (_RISE - 1.0)).astype(np.int64) + 1, 1 << 40)
        state.prize[absent] += rise
        c[rows.TOTAL] += int(rise.sum())
    return False


def _eject(search: Search, able: NDArray[np.bool_], rise: int) -> None:
    """Let absence get dearer, and insert each absent pair in turn at the cost of others."""
    c, state, pairs = search.counters, search.state, search.pairs
    assert pairs is not None
    absent = np.sort(state.lists[: c[rows.N_ABSENT], rows.ABSENT_LIST])
    absent = absent[able[absent] & (pairs.tasks[absent, pair_rows.LEADER] == absent)]
    for i in absent.tolist():
        if state.stops[i, rows.ROUTE] != rows.ABSENT or search.is_over():
            continue
        mate = int(pairs.tasks[i, pair_rows.MATE])
        unit = [i, mate] if mate >= 0 else [i]
        state.prize[unit] += rise
        c[rows.TOTAL] += rise * len(unit)
        if mate >= 0:
            eject(search.problem, state, pairs, i)


def _round_size(search: Search, share: float) -> int:
    """Return the iterations of the next round; 0 when the share of the budget is used up."""
    if search.is_over() or search.share() >= share:
        return 0
    limit = search.params.max_iterations
    if limit is None:
        return _ROUND
    return min(_ROUND, max(int(limit * share) - int(search.counters[rows.ITERATIONS]), 0))
