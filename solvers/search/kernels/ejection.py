"""Ejection: make room for an awkward absent pair by removing the cheapest tasks in its way.

Ruin and recreate meets the right tasks by chance; here all of one route are tried, alone and by
twos. What leaving a task out costs grows while it is absent, so that the same ones are not thrown
out again and again. Source: Nagata and Kobayashi, Guided ejection search for the pickup and
delivery problem with time windows (2010).
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined, kernel, part
from solvers.search.kernels.journal import mark_dirty, open_journal, undo
from solvers.search.kernels.pair_insertion import (
    best_in_route,
    forget_version,
    may_carry,
    remove_other_ends,
)
from solvers.search.kernels.pair_rows import FAR, LEADER, MATE, UNKNOWN
from solvers.search.kernels.rng import draw_below
from solvers.search.kernels.routes import insert_task, remove_segment
from solvers.search.kernels.rows import ABSENT, COUNT, N_WORK, NEXT, ROUTE, TOTAL


@part
def try_ejection(problem, state, pairs, i, j, v, q, r, is_final):
    """Whether the pair ``i``, ``j`` fits into the route of ``v`` without what ``q`` and ``r`` mean.

    ``r`` is -1 if only one is to leave. Only if it ``is_final`` is the change made, else undone.
    """
    counters = state.counters
    before = counters[TOTAL]
    open_journal(state, None)
    counters[N_WORK] = 0
    for turn in range(2 if r >= 0 else 1):
        x = q if turn == 0 else r
        if state.stops[x, ROUTE] != ABSENT:
            remove_segment(problem, state, None, v, x, x)
    forget_version(state, v)
    remove_other_ends(problem, state, pairs)
    _, p, s = best_in_route(problem, state, pairs, i, j, v, np.int64(FAR))
    if p != UNKNOWN and is_final:
        for end in range(2):
            insert_task(problem, state, None, i if end == 0 else j, p if end == 0 else s, v)
        mark_dirty(state)
        return True
    undo(problem, state, None)
    counters[TOTAL] = before
    return p != UNKNOWN


@inlined
def prize_of_unit(state, pairs, i):
    """Prize of task ``i``, and of the other end if it is one of a pair."""
    if pairs.tasks[i, MATE] >= 0:
        return state.prize[i] + state.prize[pairs.tasks[i, MATE]]
    return state.prize[i]


@kernel
def eject(problem, state, pairs, i):
    """Insert the absent pickup ``i`` and its delivery where the least prizes are lost for that.

    One pair or task of a route leaves, or two if they are worth less than what is inserted; so
    the number of absent ones does not get out of hand. The incumbent stays what it is.

    Parameters
    ----------
    problem, state : see ``rows``; the state is overwritten.
    pairs : see ``pair_rows``; overwritten.
    i : a pickup that no vehicle visits.

    Returns
    -------
    done : whether there was a way.
    """
    stops, prize = state.stops, state.prize
    n, n_vehicles = np.int64(len(problem.tasks)), np.int64(len(state.vehicles))
    i = np.int64(i)
    j = np.int64(pairs.tasks[i, MATE])
    best, best_v = np.int64(FAR), np.int64(-1)
    best_q, best_r = np.int64(-1), np.int64(-1)
    own = prize[i] + prize[j]
    begin = draw_below(state.rng, n_vehicles)
    for size in range(1, 3):
        if size == 2:
            best = min(best, own)
        v = begin
        for _ in range(n_vehicles):
            v = v + 1 if v + 1 < n_vehicles else np.int64(0)
            if state.vehicles[v, COUNT] < size or not may_carry(problem, state, i, j, v):
                continue
            q = np.int64(stops[n + 2 * v, NEXT])
            while q < n:
                lost, r = prize_of_unit(state, pairs, q), np.int64(stops[q, NEXT])
                if pairs.tasks[q, LEADER] != q or lost >= best:
                    r = n  # not this one
                elif size == 1:
                    r = np.int64(-1)
                while r < n:
                    more = np.int64(0)
                    if r >= 0:
                        more = prize_of_unit(state, pairs, r)
                    if (r < 0 or pairs.tasks[r, LEADER] == r) and lost + more < best and (
                        try_ejection(problem, state, pairs, i, j, v, q, r, False)
                    ):
                        best, best_v, best_q, best_r = lost + more, v, q, r
                    r = n if r < 0 else np.int64(stops[r, NEXT])
                q = np.int64(stops[q, NEXT])
    if best_v < 0:
        return False
    return try_ejection(problem, state, pairs, i, j, best_v, best_q, best_r, True)
