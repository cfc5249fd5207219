"""Neighbour lists: which tasks are worth standing next to each other, and which are close by."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined, kernel
from solvers.search.kernels.rows import (
    CLOSES,
    EARLY,
    FIRST_WINDOW,
    KIND,
    LATE,
    LOCATION,
    N_WINDOWS,
    NO_WAY,
    OPENS,
    SERVICE,
)

#: Weight of a second of waiting, and of one by which a window is missed, against one of travel.
_WAIT, _WARP = 0.2, 1.0
#: The same of a second between the releases of two tasks that would share a trip.
_RELEASE = 0.2


@inlined
def misfit(tasks, windows, i, j, time):
    """Weighted waiting and time warp of going from task ``i`` to ``j``, best over their windows.

    Source: Vidal, Crainic, Gendreau and Prins, A hybrid genetic algorithm with adaptive diversity
    management for VRP with time windows (2013), section 4.5.
    """
    leg = np.float64(tasks[i, SERVICE]) + time
    best = np.inf
    for a in range(tasks[i, N_WINDOWS]):
        early_i, late_i = tasks[i, EARLY], tasks[i, LATE]
        if tasks[i, N_WINDOWS] > 1:
            w = tasks[i, FIRST_WINDOW] + a
            early_i, late_i = windows[w, OPENS], windows[w, CLOSES]
        for b in range(tasks[j, N_WINDOWS]):
            early_j, late_j = tasks[j, EARLY], tasks[j, LATE]
            if tasks[j, N_WINDOWS] > 1:
                w = tasks[j, FIRST_WINDOW] + b
                early_j, late_j = windows[w, OPENS], windows[w, CLOSES]
            wait = max(early_j - leg - late_i, 0.0)
            warp = max(early_i + leg - late_j, 0.0)
            best = min(best, _WAIT * wait + _WARP * warp)
    return best


@inlined
def keep_nearest(keys, row, size, key, j):
    """Insert ``j`` into the sorted ``row`` of the smallest keys; returns its new size."""
    limit = len(keys)
    if size == limit:
        if key >= keys[limit - 1]:
            return size
        k = limit - 1
    else:
        k = size
        size += 1
    while k > 0 and keys[k - 1] > key:
        keys[k] = keys[k - 1]
        row[k] = row[k - 1]
        k -= 1
    keys[k] = key
    row[k] = j
    return size


@kernel
def fill_neighbours(problem, near, n_near_of, near_cost, near_time, around, cost_row, time_row,
                    price, share, release, first, last, near_keys, around_keys, near_row,
                    around_row):
    """Fill the neighbour lists of the tasks from ``first`` to ``last - 1``.

    Parameters
    ----------
    problem : see ``rows``.
    near, n_near_of, near_cost, near_time, around : of ``rows.Guide``. These rows are overwritten.
    cost_row, time_row : first rows of the matrices of the most common vehicles.
    price : cost units of a second of waiting or time warp.
    share : (last - first, task kinds), 1 if some vehicle may serve the task and that kind; other
        pairs are left out of ``near``.
    release : (n,) when the tasks' trips may leave, int32; None if nobody has to wait for that.
    near_keys, around_keys : float64, as long as a row of the lists. Overwritten.
    near_row, around_row : int32, the same. Overwritten.
    """
    tasks = problem.tasks
    for i in range(first, last):
        a = np.uint64(tasks[i, LOCATION])
        c_row, t_row = np.uint64(cost_row) + a, np.uint64(time_row) + a
        n_near = n_around = 0
        for j in range(len(tasks)):
            b = np.uint64(tasks[j, LOCATION])
            to, back = problem.time_to[t_row, b], problem.time_from[t_row, b]
            if j == i or (to == NO_WAY and back == NO_WAY):
                continue
            cost = np.float64(min(problem.cost_to[c_row, b], problem.cost_from[c_row, b]))
            n_around = keep_nearest(around_keys, around_row, n_around, cost, j)
            if n_near == len(near_keys) and cost >= near_keys[n_near - 1]:
                continue
            if share[i - first, tasks[j, KIND]] == 0:
                continue
            key = np.inf
            if to < NO_WAY:
                key = problem.cost_to[c_row, b] + price * misfit(
                    tasks, problem.windows, i, j, to)
            if back < NO_WAY:
                key = min(key, problem.cost_from[c_row, b] + price * misfit(
                    tasks, problem.windows, j, i, back))
            if release is not None:
                key += price * _RELEASE * abs(np.int64(release[i]) - release[j])
            n_near = keep_nearest(near_keys, near_row, n_near, key, j)
        n_near_of[i] = n_near
        for k in range(near.shape[1]):
            near[i, k] = near_row[k] if k < n_near else -1
            near_cost[i, k] = near_time[i, k] = NO_WAY
            if k < n_near:
                b = np.uint64(tasks[near_row[k], LOCATION])
                for block in range(0, len(problem.cost_to), problem.cost_to.shape[1]):
                    r = np.uint64(block) + a
                    arc = min(problem.cost_to[r, b], problem.cost_from[r, b])
                    near_cost[i, k] = min(near_cost[i, k], arc)
                for block in range(0, len(problem.time_to), problem.time_to.shape[1]):
                    r = np.uint64(block) + a
                    time = min(problem.time_to[r, b], problem.time_from[r, b])
                    near_time[i, k] = min(near_time[i, k], time)
        for k in range(around.shape[1]):
            around[i, k] = around_row[k] if k < n_around else -1


@kernel
def chain_places(matrix, used, is_done, out):
    """Order places so that close ones stand together: always go on to the nearest that is left.

    Parameters
    ----------
    matrix : (L, L) int32.
    used : (m,) int32, the rows to order.
    is_done : (m,) uint8, zeros. Overwritten.
    out : (m,) int32. Overwritten with the order.
    """
    here = 0
    for k in range(len(used)):
        is_done[here] = 1
        out[k] = used[here]
        row = np.uint64(used[here])
        nearest, following = np.int64(1) << 40, 0
        for j in range(len(used)):
            if is_done[j] == 0 and matrix[row, np.uint64(used[j])] < nearest:
                nearest, following = np.int64(matrix[row, np.uint64(used[j])]), j
        here = following


@kernel
def fill_costs(seconds, metres, used, time, price_second, price_metre, out):
    """Price the arcs between the used places of one vehicle class.

    Parameters
    ----------
    seconds, metres : (L, L) int32.
    used : (m,) int32, the rows to take, in this order.
    time : int32, at least (m, m); ``NO_WAY`` where there is none.
    price_second, price_metre : integers.
    out : int32, the shape of ``time``. Its first m rows and columns are overwritten.

    Returns
    -------
    (cost, row) : int64, the dearest arc and the place in ``used`` where it begins. Above ``NO_WAY``
        it does not fit and ``out`` is of no use.
    """
    worst, where = np.int64(0), np.int64(0)
    for k in range(len(used)):
        row = np.uint64(used[k])
        for j in range(len(used)):
            cost = np.int64(NO_WAY)
            if time[k, j] != NO_WAY:
                to = np.uint64(used[j])
                cost = np.int64(seconds[row, to]) * price_second
                if price_metre > 0:
                    cost += np.int64(metres[row, to]) * price_metre
            if cost > worst:
                worst, where = cost, np.int64(k)
            out[k, j] = cost
    return worst, where


@kernel
def transpose_blocks(matrix, out):
    """Write the transposes of the square blocks that are stacked in ``matrix`` to ``out``."""
    size = matrix.shape[1]
    step = 32  # a tile of both stays in the first-level cache
    for base in range(0, matrix.shape[0], size):
        for i0 in range(0, size, step):
            for j0 in range(0, size, step):
                for i in range(i0, min(i0 + step, size)):
                    for j in range(j0, min(j0 + step, size)):
                        out[base + j, i] = matrix[base + i, j]


@kernel
def is_symmetric(matrix):
    """Whether all the square blocks stacked in ``matrix`` are symmetric."""
    size = matrix.shape[1]
    step = 32
    for base in range(0, matrix.shape[0], size):
        for i0 in range(0, size, step):
            for j0 in range(0, i0 + 1, step):
                for i in range(i0, min(i0 + step, size)):
                    for j in range(j0, min(j0 + step, i)):
                        if matrix[base + i, j] != matrix[base + j, i]:
                            return False
    return True
