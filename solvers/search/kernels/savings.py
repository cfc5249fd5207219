"""Savings: routes of single tasks are joined end to end, the greatest saving first.

Source: Clarke and Wright, Scheduling of Vehicles from a Central Depot to a Number of Delivery
Points (1964).
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined, kernel
from solvers.search.kernels.rows import LOCATION, NO_WAY


@kernel
def list_savings(problem, near, cost_row, start, end, first, second, saved):
    """List what it saves to go from one task straight to another instead of by the depot.

    Parameters
    ----------
    problem : see ``rows``.
    near : (m, K) int32, the pairs to look at; tasks from m on are left out.
    cost_row : first row of the vehicles' matrix.
    start, end : places where the vehicles start and end.
    first, second, saved : (2 m K,) int32, int32, int64. Overwritten from the front.

    Returns
    -------
    n_pairs : how many; only those that save something.
    """
    n_pairs = 0
    for a in range(len(near)):
        for k in range(near.shape[1]):
            b = near[a, k]
            if b < 0:
                break
            if b >= len(near):
                continue
            for way in range(2):
                i, j = (np.int64(a), np.int64(b)) if way == 0 else (np.int64(b), np.int64(a))
                x, y = problem.tasks[i, LOCATION], problem.tasks[j, LOCATION]
                arc = problem.cost_to[cost_row + x, y]
                if arc == NO_WAY:
                    continue
                gain = (
                    np.int64(problem.cost_to[cost_row + x, end])
                    + problem.cost_to[cost_row + start, y] - arc
                )
                if gain > 0:
                    first[n_pairs], second[n_pairs], saved[n_pairs] = i, j, gain
                    n_pairs += 1
    return n_pairs


@inlined
def root_of(parent, i):
    """Return the representative of the route of task ``i``; paths are halved on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = np.int64(parent[i])
    return i


@kernel
def join_routes(problem, first, second, order, time_row, start, end, symmetric, capacity, longest,
                parent, link, load, time):
    """Join routes, in the given order of the pairs, while loads and time allow it.

    Parameters
    ----------
    problem : see ``rows``.
    first, second : (p,) int32, the pairs.
    order : (p,) int64, the greatest saving first.
    time_row, start, end : first row of the vehicles' matrix, and places of their ends.
    symmetric : 1 if routes may be turned round.
    capacity : (d,) int64.
    longest : seconds that a route may take.
    parent : (m,) int32, each its own index. Overwritten.
    link : (m, 2) int32, all -1. Overwritten: the tasks before and after; in no particular order
        if ``symmetric``.
    load : (m, d) int64, of each task. Overwritten.
    time : (m,) int64, of a route of the task alone. Overwritten.
    """
    for k in range(len(order)):
        i, j = np.int64(first[order[k]]), np.int64(second[order[k]])
        out, into = np.int64(1), np.int64(0)
        if symmetric == 1:
            out = np.int64(0) if link[i, 0] < 0 else np.int64(1)
            into = np.int64(0) if link[j, 0] < 0 else np.int64(1)
        if link[i, out] >= 0 or link[j, into] >= 0:
            continue
        a, b = root_of(parent, i), root_of(parent, j)
        if a == b:
            continue
        fits = True
        for d in range(load.shape[1]):
            fits &= load[a, d] + load[b, d] <= capacity[d]
        if not fits:
            continue
        x, y = problem.tasks[i, LOCATION], problem.tasks[j, LOCATION]
        total = (
            time[a] + time[b] + problem.time_to[time_row + x, y]
            - problem.time_to[time_row + x, end] - problem.time_to[time_row + start, y]
        )
        if total > longest:
            continue
        link[i, out], link[j, into] = j, i
        parent[b] = a
        time[a] = total
        for d in range(load.shape[1]):
            load[a, d] += load[b, d]


@kernel
def read_routes(link, symmetric, seen, ptr, visits):
    """Walk along the links.

    Parameters
    ----------
    link, symmetric : of :func:`join_routes`.
    seen : (m,) uint8, zeros. Overwritten.
    ptr, visits : (m + 1,) and (m,) int32. Overwritten with the routes.

    Returns
    -------
    n_routes
    """
    n_routes = size = 0
    ptr[0] = 0
    for begin in range(len(link)):
        if seen[begin] == 1 or (link[begin, 0] >= 0 and (symmetric == 0 or link[begin, 1] >= 0)):
            continue
        before, here = np.int64(-1), np.int64(begin)
        while here >= 0:
            seen[here] = 1
            visits[size] = here
            size += 1
            following = np.int64(link[here, 1])
            if symmetric == 1 and (following == before or following < 0):
                following = np.int64(link[here, 0])
                if following == before:
                    following = np.int64(-1)
            before, here = here, following
        n_routes += 1
        ptr[n_routes] = size
    return n_routes
