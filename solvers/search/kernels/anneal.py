"""The search itself: exchange tails, turn, ruin, recreate, accept by simulated annealing."""

from __future__ import annotations

import math

import numpy as np

from solvers.search.kernels.chains import place_in_trip
from solvers.search.kernels.insertion import find_position
from solvers.search.kernels.jit import inlined, kernel
from solvers.search.kernels.journal import keep_incumbent, mark_dirty, open_journal, undo
from solvers.search.kernels.owners import exchange_routes
from solvers.search.kernels.pair_insertion import place_pair_or_task
from solvers.search.kernels.pair_rows import MATE
from solvers.search.kernels.pricing import price_routes
from solvers.search.kernels.rich_rows import N_SPARE, UNIT_FROM, UNIT_SIZE
from solvers.search.kernels.rng import draw, draw_below, draw_unit
from solvers.search.kernels.routes import insert_task
from solvers.search.kernels.rows import (
    BEST_ITERATION,
    BEST_TOTAL,
    COOLING,
    ITERATIONS,
    N_ABSENT,
    N_ORDERS,
    N_WORK,
    OPENING,
    SCARCE,
    STALL,
    STOP_WIDTH,
    TEMPERATURE,
    TOTAL,
    TURNABLE,
    UNTIL_ALL_SERVED,
    WORK,
)
from solvers.search.kernels.ruin import ruin
from solvers.search.kernels.tails import FAR, exchange_tails
from solvers.search.kernels.timetable import retime
from solvers.search.kernels.trials import place
from solvers.search.kernels.trip_insertion import find_trip_position
from solvers.search.kernels.trip_journal import undo_trips
from solvers.search.kernels.trip_moves import exchange_trip_tails, move_trips
from solvers.search.kernels.trip_rows import IS_BROKEN, MOVES, TAILS
from solvers.search.kernels.turns import try_turn

#: Share of the iterations that may open a vehicle at a loss, where prizes are scarce: what else is
#: inserted has to make up for it. Without that C2_10_1 with prizes used 2 vehicles instead of 30.
OPEN_RATE = 0.2
#: Why :func:`anneal` came back.
DONE, STALLED, ALL_SERVED = range(3)


@inlined
def sort_work(guide, state):
    """Sort the work list by an order drawn at random; equal keys keep their order."""
    lists, key, counters = state.lists, state.work_key, state.counters
    drawn = draw_below(state.rng, guide.order_weights.sum())
    order = 0
    while drawn >= guide.order_weights[order]:
        drawn -= guide.order_weights[order]
        order += 1
    for k in range(counters[N_WORK]):
        i = lists[k, WORK]
        if order == N_ORDERS:
            new = np.int64(draw(state.rng) >> np.uint64(1))
        else:
            new = guide.order_keys[i, order]
        j = k
        while j > 0 and key[j - 1] > new:
            key[j] = key[j - 1]
            lists[j, WORK] = lists[j - 1, WORK]
            j -= 1
        key[j] = new
        lists[j, WORK] = i


@inlined
def worth(state, rich, pairs, i):
    """Prize of what ``i`` stands for on the work list."""
    if pairs is not None and pairs.tasks[i, MATE] >= 0:
        return state.prize[i] + state.prize[pairs.tasks[i, MATE]]
    if rich is None:
        return state.prize[i]
    prizes = np.int64(0)
    first = np.int64(rich.tasks[i, UNIT_FROM])
    for k in range(first, first + rich.tasks[i, UNIT_SIZE]):
        prizes += state.prize[rich.members[k]]
    return prizes


@kernel
def anneal(problem, guide, state, rich, n_iterations, n_given, trips=None, pairs=None):
    """Run iterations: exchanges of tails, turns or moves of trips, then ruin and recreate.

    Parameters
    ----------
    problem, guide, state : see ``rows``; the state is overwritten.
    rich : see ``rich_rows``, or None if the model is plain; overwritten.
    n_iterations : how many at most.
    n_given : 0 to ruin. Otherwise a single iteration inserts the first so many tasks of
        the work list, all absent, in that order and accepts the result: this is the construction.
    trips : see ``trip_rows``, or None if the model has no trips or is rich; overwritten.
    pairs : see ``pair_rows``, or None if the model has no pairs, is rich or has trips; overwritten.

    Returns
    -------
    status : ``DONE``, ``STALLED`` or ``ALL_SERVED``.
    """
    counters, heat, lists = state.counters, state.heat, state.lists
    # Always true. It tells the compiler how long the rows are: shifts instead of multiplications.
    if not (state.stops.shape[1] == STOP_WIDTH and state.stop_marks.shape[1] == 4
            and state.saved_stops.shape[1] == STOP_WIDTH + 1 and lists.shape[1] == 3
            and state.vehicle_marks.shape[1] == 3):
        return DONE
    for _ in range(n_iterations):
        if rich is None and trips is None and pairs is None and n_given == 0:
            exchange_tails(problem, guide, state)
            if problem.traits[TURNABLE] != 0:
                try_turn(problem, guide, state)
            if len(state.classes) > 1:
                exchange_routes(problem, guide, state)
        if trips is not None and n_given == 0:
            for _ in range(trips.counters[MOVES]):
                move_trips(problem, state, trips)
            for _ in range(trips.counters[TAILS]):
                exchange_trip_tails(problem, guide, state, trips)
        open_journal(state, rich)
        before = counters[TOTAL]
        threshold = -heat[TEMPERATURE] * math.log(draw_unit(state.rng))
        heat[TEMPERATURE] *= heat[COOLING]
        # Costs are integers; the bounds keep the sums below within int64.
        bound = before + np.int64(math.ceil(min(max(threshold, -FAR), FAR)))
        is_possible = True
        if n_given == 0:
            if problem.traits[SCARCE] != 0:
                counters[OPENING] = np.int64(draw_unit(state.rng) < OPEN_RATE)
            ruin(problem, guide, state, rich, trips, pairs)
            if rich is not None:
                # Where travel breaks the triangle inequality, what is left may be impossible.
                is_possible = retime(problem, state, rich)
                is_possible = price_routes(problem, state, rich) and is_possible
            if trips is not None:
                is_possible = trips.counters[IS_BROKEN] == 0
                trips.counters[IS_BROKEN] = 0
            sort_work(guide, state)
        else:
            counters[N_WORK] = n_given
            bound = np.int64(2 * FAR)
        # What the solution would cost if all that is still to be inserted went in for nothing. Once
        # that reaches the bound, the iteration will be rejected: no need to go on.
        least = counters[TOTAL]
        for k in range(counters[N_WORK]):
            least -= worth(state, rich, pairs, np.int64(lists[k, WORK]))
        if not is_possible:
            least = bound
        for k in range(counters[N_WORK]):
            if least >= bound:
                break
            i = np.int64(lists[k, WORK])
            if trips is not None:
                p, s, option = find_trip_position(problem, guide, state, trips, i, bound - least)
                if p >= 0:
                    least -= counters[TOTAL] - state.prize[i]
                    place_in_trip(problem, state, trips, i, p, s, option)
                    least += counters[TOTAL]
                else:
                    least += state.prize[i]
            elif pairs is not None:
                limit = bound - least
                least += worth(state, rich, pairs, i) - counters[TOTAL]
                place_pair_or_task(problem, guide, state, pairs, i, limit)
                least += counters[TOTAL]
            elif rich is None:
                if n_given > 0:  # begin with all vehicles full: to close one is easier
                    counters[OPENING] = problem.traits[SCARCE]
                p, v = find_position(problem, guide, state, i, bound - least)
                if p >= 0:
                    least -= counters[TOTAL] - state.prize[i]
                    insert_task(problem, state, rich, i, p, v)
                    least += counters[TOTAL]
                else:
                    least += state.prize[i]
            else:
                limit = bound - least
                least += worth(state, rich, pairs, i) - counters[TOTAL]
                place(problem, guide, state, rich, i, limit)
                least += counters[TOTAL]
                if n_given > 0:  # nothing will be undone, and the journal would grow long
                    mark_dirty(state)
                    open_journal(state, rich)

        counters[ITERATIONS] += 1
        if least >= bound:
            if trips is None:
                undo(problem, state, rich)
            else:
                undo_trips(state, trips)
            counters[TOTAL] = before
        else:
            mark_dirty(state)
            if counters[TOTAL] < counters[BEST_TOTAL]:
                keep_incumbent(state)
            n_missing = counters[N_ABSENT]
            if rich is not None:
                n_missing -= rich.counters[N_SPARE]
            if n_missing < counters[UNTIL_ALL_SERVED]:
                return ALL_SERVED
        if 0 < counters[STALL] <= counters[ITERATIONS] - counters[BEST_ITERATION]:
            return STALLED
    return DONE
