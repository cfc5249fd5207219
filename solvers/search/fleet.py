"""Fleet reduction: fewer routes for the search to start from.

The smallest route is dissolved and its tasks have to fit into the others, no empty vehicle is
allowed, and leaving a task out gets dearer the longer it stays out, so that the search makes room
for the awkward ones. Ejection by growing weights: Nagata and Braysy, A powerful route minimization
heuristic for the vehicle routing problem with time windows (2009). Measured where a vehicle costs
far more than travel: R2_10_2 from 26 to 19 vehicles, RC207 from 4 to 3, in the same iterations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.search.kernels import anneal as annealing
from solvers.search.kernels import rows

if TYPE_CHECKING:
    from solvers.search.run import Search

#: Iterations between two rises of the prizes; and by how much, with the first prize in mean arcs.
_ROUND = 300
_FIRST_PRIZE, _RISE = 5.0, 1.3
#: Give a dissolved route up after so many iterations a task without success.
_PATIENCE = 20
#: Go on to the next smallest route when one resists, up to so many in a row.
_TRIES = 3
#: Temperature in mean arcs.
_HEAT = 0.2


def reduce_fleet(search: Search, share: float, dear: float) -> None:
    """Empty as many vehicles as the given share of the budget allows; none leaves a task out.

    The search goes on from the smallest fleet found that serves every task; the incumbent stays
    what is cheapest so far. Only vehicles whose fixed cost is above ``dear`` are worth emptying.
    """
    model = search.model
    c = search.counters
    heat = search.mean_arc()
    # Construction may leave a few tasks out; with empty vehicles allowed they soon find a place.
    able = np.diff(search.guide.alone_ptr) > 0  # what no vehicle can serve is always absent
    n_never = int(np.count_nonzero(~able & (search.model.task_group < 0)))
    c[rows.UNTIL_ALL_SERVED] = n_never + 1
    search.state.heat[rows.TEMPERATURE], search.state.heat[rows.COOLING] = _HEAT * heat, 1.0
    while search.n_missing() > n_never:
        size = _round_size(search, share / 2)
        if size == 0:
            break
        annealing.anneal(search.problem, search.guide, search.state, search.rich, size, 0)
    c[rows.UNTIL_ALL_SERVED] = 0
    if search.n_missing() > n_never:
        return
    held = search.held = search.hold()
    best = search.routes(current=True)
    patience = max(3000, _PATIENCE * model.n_tasks)
    failed = 0  # routes in a row that could not be dissolved
    while failed < _TRIES:
        sizes = np.array([len(r) for r in best])
        if np.count_nonzero(sizes) <= failed + 1:
            break
        # What counts is the price of a vehicle; among equals the smallest route is the easiest.
        used = np.flatnonzero(sizes)
        gone = int(used[np.lexsort((sizes[used], -model.vehicle_fixed[used]))[failed]])
        if model.vehicle_fixed[gone] <= dear:
            break
        search.restart([r if v != gone else [] for v, r in enumerate(best)])
        c = search.counters
        search.state.prize[:] = max(int(_FIRST_PRIZE * heat), 1)
        c[rows.TOTAL] = int(search.state.prize[0]) * int(c[rows.N_ABSENT])
        c[rows.MAY_OPEN], c[rows.UNTIL_ALL_SERVED] = 0, n_never + 1
        search.state.heat[rows.TEMPERATURE], search.state.heat[rows.COOLING] = _HEAT * heat, 1.0
        stop_at = int(c[rows.ITERATIONS]) + patience
        status = annealing.DONE
        while status != annealing.ALL_SERVED and c[rows.ITERATIONS] < stop_at:
            size = _round_size(search, share)
            if size == 0:
                break
            status = annealing.anneal(
                search.problem, search.guide, search.state, search.rich, size, 0
            )
            absent = search.state.lists[: c[rows.N_ABSENT], rows.ABSENT_LIST]
            absent = absent[able[absent]]
            prize = search.state.prize[absent]
            rise = np.minimum((prize * (_RISE - 1.0)).astype(np.int64) + 1, 1 << 40)
            search.state.prize[absent] += rise
            c[rows.TOTAL] += int(rise.sum())
        if status == annealing.ALL_SERVED:
            best = search.routes(current=True)
            failed = 0
        elif _round_size(search, share) == 0:
            break
        else:
            failed += 1
    search.restart(best)
    search.release(held)


def _round_size(search: Search, share: float) -> int:
    """Return the iterations of the next round; 0 when the share of the budget is used up."""
    if search.is_over() or search.share() >= share:
        return 0
    limit = search.params.max_iterations
    if limit is None:
        return _ROUND
    return min(_ROUND, max(int(limit * share) - int(search.counters[rows.ITERATIONS]), 0))
