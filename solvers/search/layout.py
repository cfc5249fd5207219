"""From the routing model to the arrays of the search, see ``kernels/rows.py``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Unsupported
from solvers.model import OPEN, UNREACHABLE, RoutingModel, service_time
from solvers.search.kernels import rich_rows, rows
from solvers.search.kernels.alone import price_alone
from solvers.search.kernels.neighbours import (
    chain_places,
    fill_costs,
    is_symmetric,
    transpose_blocks,
)

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: Neighbours tried when a task is inserted; 40 were 1 % worse on large instances, 20 bad. A small
#: instance has the time for all: 60 of 99 never found the best known routes of C103.
N_NEAR, N_NEAR_SMALL, _SMALL = 60, 100, 200
#: The same up to so many tasks where most of the neighbours may be absent.
_N_NEAR_SCARCE, _MAX_SCARCE = 150, 6000
#: Neighbours among which strings are removed.
N_AROUND = 100
#: Up to so many locations the matrices are copied with close locations side by side: the
#: neighbours of a task then share cache lines. Above, the copy costs more time than it saves.
_MAX_REORDERED = 12_000
#: How often tasks are inserted in the order of each key, by BY_...; the last is random order.
#: The orders are those of Christiaens and Vanden Berghe (2020), section 5.3, but the farthest come
#: first more often: with their weights four instances came to the same within the spread.
_ORDER_WEIGHTS = (4, 4, 2, 1, 2, 2, 2, 4)


#: Features of vehicles whose time on duty matters.
DUTIES = frozenset({"duty", "max duty", "overtime"})


class Matrices(NamedTuple):
    """Travel by arc class, stacked; ``place`` of a location is its row within a block."""

    place: Int32  # (locations,)
    open_place: int  # the place of an open start or end
    cost_to: Int32
    cost_from: Int32
    time_to: Int32
    time_from: Int32
    cost_row: Int32  # (v,) first row of the vehicle's block
    time_row: Int32  # (v,)


def build_matrices(model: RoutingModel, reorder: bool = True) -> Matrices:
    """Make one cost and one time matrix for each distinct one in use, and their transposes.

    ``reorder`` looks for an order in which close locations stand together; without it they stay
    as they are, which is quicker. Matrices that are equal share memory: one vehicle class that pays
    by the second on a symmetric matrix without gaps needs no copy at all.

    Raises
    ------
    Unsupported : an arc that can be driven within a shift costs more than fits.
    """
    ends = np.concatenate([model.vehicle_start, model.vehicle_end])
    reloads = model.reloads.location
    used = np.unique(np.concatenate([model.task_location, ends[ends != OPEN], reloads]))
    size = len(used) + int((ends == OPEN).any())
    if reorder and len(used) <= _MAX_REORDERED:
        busy = int(np.bincount(model.vehicle_profile).argmax())
        order = np.empty_like(used)
        chain_places(_owned(model.seconds[busy]), used, np.zeros(len(used), dtype=np.uint8), order)
        used = order
    place = np.zeros(model.seconds.shape[1], dtype=np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    horizon = min(int(model.vehicle_late.max()), UNREACHABLE - 1)

    time_blocks: list[Int32] = []
    time_index: dict[int, int] = {}
    cost_blocks: list[Int32] = []
    cost_index: dict[tuple[int, int, int], int] = {}
    classes = np.stack(
        [model.vehicle_profile, model.vehicle_price_second, model.vehicle_price_metre], axis=1
    )
    distinct, class_of = np.unique(classes, axis=0, return_inverse=True)
    class_of = class_of.reshape(-1)
    for profile, price_second, price_metre in distinct.tolist():
        if profile not in time_index:
            time_index[profile] = len(time_blocks)
            time_blocks.append(_time_block(model, profile, used, size, horizon))
        time = time_blocks[time_index[profile]]
        cost_index[profile, price_second, price_metre] = len(cost_blocks)
        if (price_second, price_metre) == (1, 0) and not model.setup.any():
            cost_blocks.append(time)
        else:
            cost_blocks.append(_cost_block(model, profile, price_second, price_metre, used, time))

    time_to = _stack(time_blocks)
    same = len(cost_blocks) == len(time_blocks) and all(
        c is t for c, t in zip(cost_blocks, time_blocks, strict=True)
    )
    cost_to = time_to if same else _stack(cost_blocks)
    time_from = _transposed(time_to)
    cost_from = time_from if same else _transposed(cost_to)
    rows_of = np.array(
        [(cost_index[tuple(c)] * size, time_index[c[0]] * size) for c in distinct.tolist()],
        dtype=np.int32,
    )
    return Matrices(
        place, len(used), cost_to, cost_from, time_to, time_from,
        np.ascontiguousarray(rows_of[class_of, 0]), np.ascontiguousarray(rows_of[class_of, 1]),
    )


def _time_block(
    model: RoutingModel, profile: int, used: NDArray[np.int32], size: int, horizon: int
) -> Int32:
    seconds, metres = model.seconds[profile], model.metres[profile]
    gaps = (int(seconds.max()) > horizon) or int(metres.max()) >= UNREACHABLE
    as_given = len(used) == size == len(seconds) and bool((np.diff(used) == 1).all())
    setup = model.setup[used]
    if as_given and not gaps and not setup.any() and seconds.flags.writeable:
        return np.asarray(seconds)
    block = np.zeros((size, size), dtype=np.int32)
    part = seconds[np.ix_(used, used)]
    if gaps:
        part[(part > horizon) | (metres[np.ix_(used, used)] >= UNREACHABLE)] = rows.NO_WAY
    if setup.any():
        stays = np.diagonal(part).copy()
        part += np.where(part < rows.NO_WAY, setup, 0)
        np.fill_diagonal(part, stays)
    block[: len(used), : len(used)] = part
    return block


def _cost_block(
    model: RoutingModel, profile: int, price_second: int, price_metre: int,
    used: NDArray[np.int32], time: Int32,
) -> Int32:
    block = np.zeros_like(time)
    dearest, k = fill_costs(
        _owned(model.seconds[profile]), _owned(model.metres[profile]), used, time,
        price_second, price_metre, block,
    )
    if dearest > rows.NO_WAY:
        raise Unsupported(
            f"search: an arc from location {used[k]} costs {dearest}, above {rows.NO_WAY}; "
            "choose a coarser unit of money"
        )
    return block


def _stack(blocks: list[Int32]) -> Int32:
    return blocks[0] if len(blocks) == 1 else np.ascontiguousarray(np.concatenate(blocks))


def _transposed(stacked: Int32) -> Int32:
    if is_symmetric(stacked):
        return stacked
    out = np.empty_like(stacked)
    transpose_blocks(stacked, out)
    return out


def build_problem(
    model: RoutingModel, reorder: bool = True, is_rich: bool = False
) -> tuple[rows.Problem, rows.Guide, Matrices]:
    """Pack what the search never changes; the neighbour lists are still empty (all -1)."""
    matrices = build_matrices(model, reorder)
    n, d = model.n_tasks, model.n_dimensions
    first, last = model.window_ptr[:-1], model.window_ptr[1:] - 1
    tasks = np.zeros((n, rows.LOAD + d), dtype=np.int32)
    tasks[:, rows.EARLY] = model.window_early[first]
    tasks[:, rows.LATE] = model.window_late[last]
    tasks[:, rows.SERVICE] = model.task_service
    tasks[:, rows.KIND] = model.task_type
    tasks[:, rows.FIRST_WINDOW] = first
    tasks[:, rows.N_WINDOWS] = last - first + 1
    tasks[:, rows.LOCATION] = matrices.place[model.task_location]
    tasks[:, rows.LEAST_SERVICE] = service_time(model.task_service, model.vehicle_permille.min())
    tasks[:, rows.LOAD :] = model.task_demand

    is_timed = is_rich or _is_timed(model, matrices)
    is_turnable = not is_timed and matrices.cost_to is matrices.cost_from
    problem = rows.Problem(
        tasks=tasks,
        windows=np.stack([model.window_early, model.window_late], axis=1),
        compatible=np.ascontiguousarray(model.compatible, dtype=np.uint8),
        fixed=model.vehicle_fixed.copy(),
        places=_places(model, matrices),
        traits=np.array([is_timed, 1, is_turnable, 0], dtype=np.int64),
        cost_to=matrices.cost_to,
        cost_from=matrices.cost_from,
        time_to=matrices.time_to,
        time_from=matrices.time_from,
    )
    alone_ptr, alone_class, alone_cost = _serve_alone(model, matrices, problem)
    if not is_rich:
        problem.traits[rows.SCARCE] = np.mean(model.task_prize < alone_cost) > 0.5
    n_near = N_NEAR_SMALL if n <= _SMALL else N_NEAR
    if problem.traits[rows.SCARCE] and n <= _MAX_SCARCE:
        n_near = _N_NEAR_SCARCE
    guide = rows.Guide(
        near=np.full((n, min(n_near, max(n - 1, 1))), -1, dtype=np.int32),
        n_near=np.zeros(n, dtype=np.int32),
        near_cost=np.full((n, min(n_near, max(n - 1, 1))), rows.NO_WAY, dtype=np.int32),
        near_time=np.full((n, min(n_near, max(n - 1, 1))), rows.NO_WAY, dtype=np.int32),
        around=np.full((n, min(N_AROUND, max(n - 1, 1))), -1, dtype=np.int32),
        alone_ptr=alone_ptr,
        alone_class=alone_class,
        order_keys=_order_keys(model, tasks, alone_cost),
        order_weights=np.array(_ORDER_WEIGHTS, dtype=np.int64),
    )
    weights = guide.order_weights
    keys = guide.order_keys
    constant = (keys == keys[:1]).all(axis=0)
    weights[:-1][constant] = 0
    return problem, guide, matrices


def _places(model: RoutingModel, matrices: Matrices) -> Int32:
    ends = np.stack([model.vehicle_start, model.vehicle_end], axis=1).reshape(-1)
    places = np.where(ends == OPEN, matrices.open_place, matrices.place[np.maximum(ends, 0)])
    return np.concatenate([matrices.place[model.task_location], places.astype(np.int32)])


def _duties(model: RoutingModel) -> Int32 | None:
    if not model.features & DUTIES:
        return None
    columns = (model.vehicle_max_duty, model.vehicle_regular_duty, model.vehicle_price_duty,
               model.vehicle_overtime_price)
    return np.stack(columns, axis=1).astype(np.int32)


def _is_timed(model: RoutingModel, matrices: Matrices) -> bool:
    """Whether some window or shift can bind, however long the route, or duty matters."""
    if model.features & DUTIES:
        return True
    n = model.n_tasks
    worst = int(model.task_service.max(initial=0)) * max(int(model.vehicle_permille.max()), 1000)
    longest = n * (worst // 1000 + 1) + (n + 1) * int(matrices.time_to.max())
    latest = min(int(model.window_late.min()), int(model.vehicle_late.min()))
    several = len(model.window_early) > n
    waits = int(model.window_early.max()) > int(model.vehicle_early.min())
    return several or waits or int(model.vehicle_early.max()) + longest > latest


def detour_factor(problem: rows.Problem, guide: rows.Guide, cost_row: int) -> int:
    """How much a detour over a task costs at least, as a multiple of arc to it less arc replaced.

    Where a detour never pays (the triangle inequality), i between o and q costs at least
    2 (c(o, i) - c(o, q)); in general only once that. The 2 is given if it holds, but for rounding,
    on 99.5 % of a sample of neighbours: then the search may overlook a few positions.
    """
    rng = np.random.default_rng(0)
    i = np.repeat(np.flatnonzero(guide.n_near > 1), 4)
    i = i if len(i) <= 20_000 else rng.choice(i, 20_000)
    if len(i) == 0:
        return 1
    k = rng.integers(guide.n_near[i])
    at = problem.places
    o, q = at[guide.near[i, k]], at[guide.near[i, rng.integers(guide.n_near[i])]]
    cost = problem.cost_to
    here = at[i]
    saved = cost[cost_row + o, q].astype(np.int64)
    over = cost[cost_row + o, here].astype(np.int64) + cost[cost_row + here, q] - saved
    arc = guide.near_cost[i, k]
    return 2 if np.mean(over + 2 + arc // 50 < 2 * (arc - saved)) <= 0.005 else 1


def _owned(array: NDArray[np.generic]) -> NDArray[np.generic]:
    # A read-only array is another type to numba, and would be compiled for again.
    return np.require(array, requirements=["C", "W"])


def _serve_alone(
    model: RoutingModel, matrices: Matrices, problem: rows.Problem
) -> tuple[Int32, Int32, Int64]:
    """Which vehicle classes can serve each task in a route of its own, the cheapest first.

    Returns
    -------
    ptr, classes : CSR by task.
    cost : (n,) of the cheapest; 0 if there is none.
    """
    n, none = model.n_tasks, np.iinfo(np.int64).max
    first = np.unique(model.vehicle_class, return_index=True)[1]
    start, end = problem.places[n::2][first], problem.places[n + 1 :: 2][first]
    figures = (
        start, end, matrices.cost_row[first], matrices.time_row[first], model.vehicle_early[first],
        model.vehicle_late[first], model.vehicle_type[first], model.vehicle_permille[first],
        model.vehicle_fixed[first],
    )
    cost = np.full((n, len(first)), none, dtype=np.int64)
    price_alone(
        problem, np.stack([f.astype(np.int64) for f in figures], axis=1),
        np.ascontiguousarray(model.vehicle_first_load[first]), cost,
    )
    order = np.argsort(cost, axis=1, kind="stable")
    able = np.take_along_axis(cost, order, axis=1) < none
    ptr = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(able.sum(axis=1), out=ptr[1:])
    least = cost.min(axis=1)
    return ptr, order[able].astype(np.int32), np.where(least == none, 0, least)


def _order_keys(model: RoutingModel, tasks: Int32, alone_cost: Int64) -> Int64:
    keys = np.zeros((model.n_tasks, rows.N_ORDERS), dtype=np.int64)
    if model.n_dimensions:
        demand = model.task_demand.astype(np.int64)
        for ends in (model.pairs.pickup, model.pairs.delivery):  # either may stand for the pair
            demand[ends] += model.pairs.load
        bounded = demand.sum(axis=0)
        # Which load is scarce is not known, so each weighs the same in all.
        scale = 1e6 / np.maximum(bounded, 1)
        keys[:, rows.BY_DEMAND] = -(demand * scale * model.n_tasks).sum(axis=1)
    keys[:, rows.BY_FAR] = -alone_cost
    keys[:, rows.BY_CLOSE] = alone_cost
    length = model.window_late.astype(np.int64) - model.window_early
    keys[:, rows.BY_LENGTH] = np.add.reduceat(length, model.window_ptr[:-1])
    keys[:, rows.BY_START] = tasks[:, rows.EARLY]
    keys[:, rows.BY_END] = -tasks[:, rows.LATE]
    keys[:, rows.BY_PRIZE] = -model.task_prize
    return keys


def build_state(
    model: RoutingModel, matrices: Matrices, seed: int, is_rich: bool = False
) -> rows.State:
    """Make the state in which every vehicle is empty and every task absent."""
    n, v, d = model.n_tasks, model.n_vehicles, model.n_dimensions
    n_stops = n + 2 * v
    starts = n + 2 * np.arange(v)
    stops = np.zeros((n_stops, rows.STOP_WIDTH), dtype=np.int32)
    stops[:n, [rows.NEXT, rows.ROUTE]] = -1
    stops[:n, rows.PREV] = 0  # without meaning, but the search reads the row it names
    stops[:n, [rows.COST, rows.COST_IN]] = -rows.NO_WAY
    stops[starts, rows.NEXT] = starts + 1
    stops[starts, rows.PREV] = -1
    stops[starts + 1, rows.NEXT] = -1
    stops[starts + 1, rows.PREV] = starts
    stops[starts, rows.ROUTE] = stops[starts + 1, rows.ROUTE] = np.arange(v)
    stops[starts, rows.DEPART] = model.vehicle_early
    stops[starts + 1, rows.LATEST] = model.vehicle_late

    vehicles = np.zeros((v, rows.LEFT + d), dtype=np.int32)
    vehicles[:, rows.CLASS] = model.vehicle_class
    vehicles[:, rows.VEHICLE_KIND] = model.vehicle_type
    vehicles[:, rows.COST_ROW] = matrices.cost_row
    vehicles[:, rows.TIME_ROW] = matrices.time_row
    vehicles[:, rows.PERMILLE] = model.vehicle_permille
    vehicles[:, rows.NUMBER] = np.arange(v)
    vehicles[:, rows.LEFT :] = model.vehicle_first_load

    by_class = np.argsort(model.vehicle_class, kind="stable")[::-1]
    empty = by_class[np.argsort(model.vehicle_class[by_class], kind="stable")]
    vehicle_marks = np.zeros((v, 3), dtype=np.int32)
    vehicle_marks[:, rows.EMPTY_LIST] = empty
    vehicle_marks[empty, rows.EMPTY_PLACE] = np.arange(v)
    sizes = np.bincount(model.vehicle_class)
    classes = np.stack([np.cumsum(sizes) - sizes, sizes], axis=1).astype(np.int32)
    stop_marks = np.zeros((n_stops, 4), dtype=np.int32)
    stop_marks[:, rows.BEST_NEXT] = stops[:, rows.NEXT]
    stop_marks[:n, rows.ABSENT_PLACE] = np.arange(n)
    lists = np.zeros((n_stops, 3), dtype=np.int32)
    lists[:n, rows.ABSENT_LIST] = np.arange(n)
    n_saved = rich_rows.journal_length(n_stops) if is_rich else n_stops
    counters = np.zeros(rows.N_COUNTERS, dtype=np.int64)
    counters[[rows.N_ABSENT, rows.BEST_ABSENT]] = n
    counters[[rows.TOTAL, rows.BEST_TOTAL]] = int(model.task_prize.sum())
    counters[rows.BLINK] = 100
    counters[rows.MAY_OPEN] = 1
    # Spread the seed over the bits (splitmix64's odd constant); zero would stay zero.
    mixed = ((seed + 1) * 0x9E3779B97F4A7C15) % (1 << 64) or 1
    return rows.State(
        stops=stops,
        stop_marks=stop_marks,
        saved_stops=np.zeros((n_saved, rows.STOP_WIDTH + 1), dtype=np.int32),
        lists=lists,
        vehicles=vehicles,
        vehicle_marks=vehicle_marks,
        saved_vehicles=np.zeros((n_saved if is_rich else v, rows.LEFT + d), dtype=np.int32),
        classes=classes,
        prize=model.task_prize.copy(),
        work_key=np.zeros(n, dtype=np.int64),
        seen=np.zeros(n_stops, dtype=np.int64),
        spots=np.zeros(2 * rows.BLOCK + 1, dtype=np.int32),
        counters=counters,
        heat=np.array([0.0, 1.0]),
        rng=np.array([mixed], dtype=np.uint64),
        duties=None if is_rich else _duties(model),
    )
