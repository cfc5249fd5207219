"""What it costs to serve a task in a route of its own."""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import kernel
from solvers.search.kernels.rows import KIND, LATE, LOAD, LOCATION, NO_WAY, SERVICE
from solvers.search.kernels.timing import earliest_start


@kernel
def price_alone(problem, figures, capacity, out):
    """Cost of each task alone in an empty vehicle of each class.

    Parameters
    ----------
    problem : see ``rows``.
    figures : (classes, 9) int64, of a vehicle of each class: places of start and end, first rows
        of its cost and time matrices, shift (2), column of `compatible`, permille, fixed cost.
    capacity : (classes, d) int32.
    out : (n, classes) int64, filled with "impossible". Overwritten where it is possible.
    """
    for c in range(len(figures)):
        start, end, cost_row, time_row, early, late, kind, permille, fixed = figures[c]
        for i in range(len(problem.tasks)):
            at = np.int64(problem.tasks[i, LOCATION])
            fits = problem.compatible[problem.tasks[i, KIND], kind] == 1
            for d in range(capacity.shape[1]):
                fits &= problem.tasks[i, LOAD + d] <= capacity[c, d]
            arrival = early + problem.time_from[time_row + at, start]
            if not fits or arrival > problem.tasks[i, LATE]:
                continue
            service = (np.int64(problem.tasks[i, SERVICE]) * permille + 500) // 1000
            done = earliest_start(problem, i, arrival) + service
            if done + problem.time_to[time_row + at, end] <= late < NO_WAY:
                out[i, c] = (
                    fixed + problem.cost_from[cost_row + at, start]
                    + problem.cost_to[cost_row + at, end]
                )
