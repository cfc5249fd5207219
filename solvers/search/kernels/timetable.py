"""The timetable of a rich model: the least one that obeys windows, links and breaks at once.

What :func:`retime` leaves in the rows is what ``solvers.evaluation`` finds for the same routes.
Without breaks and trips the order in which times are carried on does not matter. What may fall is
first let down to a lower bound (:func:`fall`), since tasks that wait for each other would hold
themselves up; then everything is pushed up until nothing changes.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.breaks import time_components
from solvers.search.kernels.jit import inlined, part
from solvers.search.kernels.rich_rows import (
    EDGE_FROM,
    HEADS,
    IN_ROUNDS,
    N_EDGES,
    N_HEADS,
    OTHER,
    QUEUED,
    START,
)
from solvers.search.kernels.rows import (
    ABSENT,
    DEPART,
    LATEST,
    NEXT,
    PREV,
    ROUTE,
    TIME,
)
from solvers.search.kernels.starts import (
    add_head,
    forget_heads,
    in_of,
    move_start,
    out_of,
)
from solvers.search.kernels.timing import earliest_start

#: Give up after so many changes: only tasks that wait for each other in a circle take as many.
MOST_STEPS = 4000


@inlined
def fall(problem, state, rich, first):
    """Let down all that may start earlier now that the arrival at stop ``first`` changed.

    What is left is no later than it has to be; linked stops that fell are heads: they may have to
    rise again. Returns False after too many steps.
    """
    stops, tasks, times, queue = state.stops, rich.tasks, rich.times, rich.queue
    n = len(problem.tasks)
    queue[0] = first
    size, steps = 1, 0
    while size > 0:
        size -= 1
        x = np.int64(queue[size])
        while x < n and stops[x, ROUTE] != ABSENT:
            p = np.int64(stops[x, PREV])
            start = earliest_start(problem, x, np.int64(stops[p, DEPART]) + stops[p, TIME])
            old = np.int64(times[x, START])
            if start >= old:
                break
            steps += 1
            if steps > MOST_STEPS:
                return False
            move_start(problem, state, rich, x, np.int64(stops[x, ROUTE]), start)
            if tasks[x, N_EDGES] > 0:
                add_head(rich, x)
                for e in range(tasks[x, EDGE_FROM], tasks[x, EDGE_FROM] + tasks[x, N_EDGES]):
                    y = np.int64(rich.edges[e, OTHER])
                    # Others fall with it only if it held them where they are.
                    if stops[y, ROUTE] != ABSENT and (
                        earliest_start(problem, y, old + out_of(problem, state, rich, e))
                        >= times[y, START]
                    ):
                        if size == len(queue):
                            return False
                        queue[size] = y
                        size += 1
            x = np.int64(stops[x, NEXT])
    return True


@inlined
def rise(problem, state, rich):
    """Push up the starts of the heads, and what follows from it, until nothing changes.

    Returns whether all windows and shifts are kept; if not, or after too many steps, the times are
    of no use. No head is left either way.
    """
    stops, tasks, times, counters = state.stops, rich.tasks, rich.times, rich.counters
    n = len(problem.tasks)
    steps, fits = 0, True
    while counters[N_HEADS] > 0:
        counters[N_HEADS] -= 1
        x = np.int64(rich.lists[counters[N_HEADS], HEADS])
        rich.marks[x, QUEUED] = 0
        is_head = True
        while fits and stops[x, ROUTE] != ABSENT:
            p = np.int64(stops[x, PREV])
            bound = np.int64(stops[p, DEPART]) + stops[p, TIME]
            if x >= n:
                fits = bound <= stops[x, LATEST]
                break
            n_edges = tasks[x, N_EDGES]
            for e in range(tasks[x, EDGE_FROM], tasks[x, EDGE_FROM] + n_edges):
                y = np.int64(rich.edges[e, OTHER])
                if stops[y, ROUTE] != ABSENT:
                    least = in_of(problem, state, rich, x, e)
                    bound = max(bound, np.int64(times[y, START]) + least)
            start = earliest_start(problem, x, bound)
            if start > times[x, START]:
                steps += 1
                if start > stops[x, LATEST] or steps > MOST_STEPS:
                    fits = False
                    break
                move_start(problem, state, rich, x, np.int64(stops[x, ROUTE]), start)
            elif not is_head:
                break
            for e in range(tasks[x, EDGE_FROM], tasks[x, EDGE_FROM] + n_edges):
                y = np.int64(rich.edges[e, OTHER])
                if stops[y, ROUTE] != ABSENT and (
                    times[y, START] < np.int64(times[x, START]) + out_of(problem, state, rich, e)
                ):
                    add_head(rich, y)
            is_head = False
            x = np.int64(stops[x, NEXT])
    return fits


@part
def retime(problem, state, rich):
    """Make the timetable right again after visits changed.

    ``HEADS`` names each stop whose arrival changed. Every vehicle whose times change is touched.

    Returns
    -------
    fits : whether windows, shifts, links and breaks are kept. If not, roll back.
    """
    counters = rich.counters
    if counters[IN_ROUNDS] == 1:
        return time_components(problem, state, rich)
    for k in range(counters[N_HEADS]):
        if not fall(problem, state, rich, np.int64(rich.lists[k, HEADS])):
            forget_heads(rich)
            return False
    return rise(problem, state, rich)
