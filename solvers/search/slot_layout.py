"""Reloads as stops of a rich model: slots behind the tasks, see ``kernels/rich_rows.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.model import TIME_MAX, RoutingModel
from solvers.search.kernels import rich_rows as cols
from solvers.search.kernels import rows
from solvers.search.layout import Matrices

Int32 = NDArray[np.int32]

#: Features for which a rich model is timed trip by trip.
TRIP_FEATURES = frozenset({"release", "freshness", "reloads", "max trip"})
#: Slots of a reload option: so many a vehicle that may use it, and so many more.
_SLOTS_A_VEHICLE, _SLOTS_MORE = 8, 32


def options_of_slots(model: RoutingModel) -> Int32:
    """Return the reload option of each slot, (slots,), ascending."""
    n_options = len(model.reloads.location)
    most = np.minimum(model.vehicle_max_trips, _SLOTS_A_VEHICLE).astype(np.int64)
    users = np.repeat(np.arange(model.n_vehicles), np.diff(model.reloads.option_ptr))
    wanted = np.bincount(model.reloads.option, weights=most[users], minlength=n_options)
    wanted += np.where(wanted > 0, _SLOTS_MORE, 0)
    count = np.minimum(wanted.astype(np.int64), model.n_tasks)
    return np.repeat(np.arange(n_options, dtype=np.int32), count)


def with_slots(model: RoutingModel) -> RoutingModel:
    """Append a task for each slot: at the place of its option, at any time, for nobody."""
    option = options_of_slots(model)
    m = len(option)
    if m == 0:
        return model

    def longer(array: Any, value: int) -> Any:
        more = np.full((m, *array.shape[1:]), value, dtype=array.dtype)
        return np.concatenate([array, more])

    ptr, n_windows = model.window_ptr, len(model.window_early)
    affinities = model.affinities
    changed: dict[str, Any] = {
        "task_location": np.concatenate([model.task_location, model.reloads.location[option]]),
        "task_service": np.concatenate([model.task_service, model.reloads.seconds[option]]),
        "window_ptr": np.concatenate([ptr, n_windows + np.arange(1, m + 1, dtype=np.int32)]),
        "window_early": longer(model.window_early, 0),
        "window_late": longer(model.window_late, TIME_MAX),
        "task_type": longer(model.task_type, len(model.compatible)),
        "compatible": np.concatenate([model.compatible, np.zeros_like(model.compatible[:1])]),
        "affinities": affinities._replace(ptr=longer(affinities.ptr, len(affinities.cost))),
    }
    for name, value in (
        ("task_demand", 0), ("task_prize", 0), ("task_required", 0), ("task_pickup", 0),
        ("task_soft_late", TIME_MAX), ("task_late_price", 0), ("task_release", 0),
        ("task_freshness", TIME_MAX), ("task_group", -1),
    ):
        changed[name] = longer(getattr(model, name), value)
    return model._replace(**changed)


def mark_slots(problem: rows.Problem, guide: rows.Guide, n_tasks: int) -> None:
    """Tell the tasks of a problem from its slots, which are behind the first so many."""
    problem.tasks[n_tasks:, rows.LEAST_SERVICE] = -1
    keys = guide.order_keys[:n_tasks]
    guide.order_weights[:-1][(keys == keys[:1]).all(axis=0)] = 0


def build_choices(
    model: RoutingModel, matrices: Matrices, state: rows.State, tasks: Int32, n_tasks: int
) -> tuple[Int32, Int32]:
    """Make the rows of the reload options and the stacks of their slots, all of them free.

    ``model`` is with slots, ``n_tasks`` without; the state and the rows of the tasks are adapted.
    """
    reloads = model.reloads
    slots = np.arange(n_tasks, model.n_tasks, dtype=np.int32)
    option = options_of_slots(model._replace(task_location=model.task_location[:n_tasks]))
    tasks[slots, cols.OPTION] = option
    n_options = len(reloads.location)
    choices = np.zeros((n_options, cols.N_CHOICE_COLUMNS), dtype=np.int32)
    choices[:, cols.CHOICE_PLACE] = matrices.place[reloads.location]
    choices[:, cols.CHOICE_LOADING] = reloads.seconds
    choices[:, cols.CHOICE_BATCH] = reloads.batch
    loads = reloads.batch >= 0
    choices[loads, cols.CHOICE_READY] = model.batches.ready[reloads.batch[loads]]
    free = np.bincount(option, minlength=n_options)
    choices[:, cols.N_FREE] = free
    choices[:, cols.FIRST_SLOT] = np.cumsum(free) - free
    state.stop_marks[slots, rows.ABSENT_PLACE] = np.arange(len(slots))
    state.counters[[rows.N_ABSENT, rows.BEST_ABSENT]] = n_tasks
    return choices, slots


def trip_keys(model: RoutingModel, routes: list[list[int]]) -> dict[int, int]:
    """Name each task's trip, as column TRIP of ``Rich.marks`` does; without faulty reloads."""
    reloads = model.reloads
    keys: dict[int, int] = {}
    for v, route in enumerate(routes):
        allowed = reloads.option[reloads.option_ptr[v] : reloads.option_ptr[v + 1]].tolist()
        key = number = 0
        for i in route:
            if i >= 0:
                keys.setdefault(i, key)
            elif -1 - i in allowed:
                number += 1
                key = number * len(reloads.location) - i
    return keys
