"""Taking a part out of a large model: its travel and its neighbour lists."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import kernel
from solvers.search.kernels.rows import LOCATION, NO_WAY


@kernel
def gather_block(matrix, origins, destinations, out):
    """Write ``matrix[origins][:, destinations]`` to ``out``, (origins, destinations) int32."""
    for a in range(len(origins)):
        row = np.uint64(origins[a])
        for b in range(len(destinations)):
            out[a, b] = matrix[row, np.uint64(destinations[b])]


@kernel
def cut_lists(problem, guide, near, around, tasks, number):
    """Neighbour lists of a part from those of the whole: the neighbours that are in the part.

    Parameters
    ----------
    problem : of the part, see ``rows``.
    guide : of the part. Its lists are overwritten.
    near, around : (n, K) and (n, A) int32, lists of the whole, that end with -1.
    tasks : (m,) int32, the tasks of the part.
    number : (n,) int32, of every task in the part; -1 outside.
    """
    size = np.uint64(problem.cost_to.shape[1])
    for a in range(len(tasks)):
        row = np.uint64(tasks[a])
        here = np.uint64(problem.tasks[a, LOCATION])
        n_near = 0
        for k in range(near.shape[1]):
            if near[row, k] < 0 or n_near == guide.near.shape[1]:
                break
            j = number[np.uint64(near[row, k])]
            if j < 0:
                continue
            there = np.uint64(problem.tasks[j, LOCATION])
            cost = time = np.int32(NO_WAY)
            for block in range(np.uint64(0), np.uint64(len(problem.cost_to)), size):
                cost = min(cost, problem.cost_to[block + here, there])
                cost = min(cost, problem.cost_from[block + here, there])
            for block in range(np.uint64(0), np.uint64(len(problem.time_to)), size):
                time = min(time, problem.time_to[block + here, there])
                time = min(time, problem.time_from[block + here, there])
            guide.near[a, n_near] = j
            guide.near_time[a, n_near] = time
            guide.near_cost[a, n_near] = cost
            n_near += 1
        guide.n_near[a] = n_near
        for k in range(n_near, guide.near.shape[1]):
            guide.near[a, k] = -1
            guide.near_cost[a, k] = guide.near_time[a, k] = NO_WAY

        n_around = 0
        for k in range(around.shape[1]):
            if around[row, k] < 0 or n_around == guide.around.shape[1]:
                break
            j = number[np.uint64(around[row, k])]
            if j >= 0:
                guide.around[a, n_around] = j
                n_around += 1
        for k in range(n_around, guide.around.shape[1]):
            guide.around[a, k] = -1
