"""From a model of pickup-and-delivery pairs to the arrays of ``kernels/pair_rows.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.model import TIME_MAX, RoutingModel
from solvers.search.kernels import pair_rows as cols
from solvers.search.kernels import rows
from solvers.search.kernels.loading import load_routes
from solvers.search.rich_layout import PLAIN

if TYPE_CHECKING:
    from solvers.search.run import Search

#: Rows of the memo: at least so many for each pair and vehicle, within these bounds.
_MEMO_SHARE, _LEAST_MEMO, _MOST_MEMO = 4, 1 << 13, 1 << 17
#: Routes whose version is known.
_CONTENTS = 1 << 13


def is_paired(model: RoutingModel) -> bool:
    """Whether a model has pairs and is plain otherwise.

    Rides may be as long as they like, and what pairs load is not loaded by other tasks too.
    """
    if "pairs" not in model.features or model.features - PLAIN - {"pairs"}:
        return False
    alone = model.task_demand.any(axis=0) & model.pairs.load.any(axis=0)
    return bool((model.pairs.ride == TIME_MAX).all()) and not alone.any()


def build_pairs(model: RoutingModel, state: rows.State) -> cols.Pairs:
    """Make the arrays for a state in which everything is absent; gives its vehicles versions."""
    n, v, d = model.n_tasks, model.n_vehicles, model.n_dimensions
    pickup, delivery, load, _ = model.pairs
    tasks = np.zeros((n, cols.PAIR_LOAD + d), dtype=np.int32)
    tasks[:, cols.MATE] = -1
    tasks[pickup, cols.MATE], tasks[delivery, cols.MATE] = delivery, pickup
    tasks[:, cols.LEADER] = np.arange(n)
    tasks[delivery, cols.LEADER] = pickup
    tasks[pickup, cols.PAIR_LOAD :] = load
    tasks[delivery, cols.PAIR_LOAD :] = -load
    state.vehicles[:, rows.VERSION] = cols.UNNUMBERED
    size = min(max(_MEMO_SHARE * len(pickup) * v, _LEAST_MEMO), _MOST_MEMO)
    memo = np.zeros((1 << (size - 1).bit_length(), 4), dtype=np.int64)
    memo[:, cols.KEY] = -1
    return cols.Pairs(
        tasks=tasks,
        capacity=model.vehicle_capacity.copy(),
        gaps=np.zeros((n + 2, cols.GAP_WIDTH), dtype=np.int64),
        aboard=np.zeros((n + 2, d), dtype=np.int64),
        memo=memo,
        contents=np.zeros((_CONTENTS, 2), dtype=np.int64),
        missed=np.zeros(v + int(model.vehicle_class.max()) + 1, dtype=np.int32),
        marks=np.zeros(n, dtype=np.int64),
        counters=np.zeros(4, dtype=np.int64),
    )


def guide_pairs(model: RoutingModel, guide: rows.Guide) -> None:
    """Let the pickup, which stands for the pair on the work list, have the order keys of both."""
    pickup, delivery = model.pairs.pickup, model.pairs.delivery
    keys = guide.order_keys
    for key in (rows.BY_FAR, rows.BY_CLOSE, rows.BY_LENGTH, rows.BY_PRIZE):
        keys[pickup, key] += keys[delivery, key]
    keys[pickup, rows.BY_END] = keys[delivery, rows.BY_END]


def renew_versions(state: rows.State, pairs: cols.Pairs) -> None:
    """Have the routes numbered anew, and forget what was known of the old numbers."""
    state.vehicles[:, rows.VERSION] = cols.UNNUMBERED
    pairs.counters[cols.NEW_VERSION] = 0
    pairs.memo[:, cols.KEY] = -1
    pairs.contents[:] = 0


def load_pairs(search: Search, routes: list[list[int]]) -> None:
    """Fill the empty vehicles with the given visits as far as they are possible.

    Pairs that are not complete or in the wrong order stay absent, and so do those of which a part
    does not fit. If what is on board ever exceeds the capacity, the last pairs taken on board go.
    """
    model = search.model
    assert search.pairs is not None
    tasks = search.pairs.tasks
    mate, leader = tasks[:, cols.MATE], tasks[:, cols.LEADER]
    capacity = model.vehicle_capacity.astype(np.int64)
    where: dict[int, tuple[int, int]] = {}
    for v, route in enumerate(routes):
        for k, i in enumerate(route):
            where.setdefault(i, (v, k))
    refused: set[int] = set()  # leaders
    for i, (v, k) in where.items():
        other = where.get(int(mate[i]))
        if mate[i] >= 0 and (other is None or other[0] != v):
            refused.add(int(leader[i]))
        elif mate[i] >= 0 and leader[i] == i and other is not None and other[1] < k:
            refused.add(i)
    for v, route in enumerate(routes):
        load = np.zeros(model.n_dimensions, dtype=np.int64)
        for k, i in enumerate(route):
            if where[i] != (v, k) or int(leader[i]) in refused:
                continue
            load += tasks[i, cols.PAIR_LOAD :]
            if (load > capacity[v]).any():
                load -= tasks[i, cols.PAIR_LOAD :]
                refused.add(i)
    while True:
        kept = [
            [i for k, i in enumerate(r) if int(leader[i]) not in refused and where[i] == (v, k)]
            for v, r in enumerate(routes)
        ]
        ptr = np.zeros(len(kept) + 1, dtype=np.int32)
        np.cumsum([len(r) for r in kept], out=ptr[1:])
        visits = np.array([i for r in kept for i in r], dtype=np.int32)
        load_routes(search.problem, search.state, ptr, visits)
        absent = visits[search.state.stops[visits, rows.ROUTE] == rows.ABSENT]
        torn = set(leader[absent[mate[absent] >= 0]].tolist()) - refused
        if not torn:
            renew_versions(search.state, search.pairs)
            return
        refused |= torn
        iterations = int(search.counters[rows.ITERATIONS])
        search.reset()
        search.counters[rows.ITERATIONS] = iterations
