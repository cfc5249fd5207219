"""Parts of a routing model: some tasks and some vehicles as a model of their own.

A large model is searched part by part, so making one has to be quick: it costs what is in it, and a
few passes over flat arrays of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvers.model import OPEN, TIME_MAX, RoutingModel, connected

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: ``travel(profile, origins, destinations)``: seconds and metres, int32, each of shape (origins,
#: destinations); ``UNREACHABLE`` where there is no way.
Travel = Callable[[int, Int32, Int32], tuple[Int32, Int32]]

#: How each field of the model is cut: along which axis, and what its values number ("" for plain
#: values). A field that is not listed here cannot be cut, and every part fails.
_RULES: dict[str, tuple[str, str]] = {
    "task_location": ("task", "location"),
    "task_service": ("task", ""),
    "window_ptr": ("task", "window"),
    "window_early": ("window", ""),
    "window_late": ("window", ""),
    "task_demand": ("task", ""),
    "task_type": ("task", "task type"),
    "task_prize": ("task", ""),
    "task_required": ("task", ""),
    "vehicle_start": ("vehicle", "location"),
    "vehicle_end": ("vehicle", "location"),
    "vehicle_early": ("vehicle", ""),
    "vehicle_late": ("vehicle", ""),
    "vehicle_capacity": ("vehicle", ""),
    "vehicle_type": ("vehicle", "vehicle type"),
    "vehicle_profile": ("vehicle", "profile"),
    "vehicle_fixed": ("vehicle", ""),
    "vehicle_price_second": ("vehicle", ""),
    "vehicle_price_metre": ("vehicle", ""),
    "vehicle_permille": ("vehicle", ""),
    "vehicle_class": ("vehicle", "class"),
    "compatible": ("task type, vehicle type", ""),
    "seconds": ("matrix", ""),
    "metres": ("matrix", ""),
    "setup": ("location", ""),
    "task_pickup": ("task", ""),
    "task_soft_late": ("task", ""),
    "task_late_price": ("task", ""),
    "task_release": ("task", ""),
    "task_freshness": ("task", ""),
    "task_group": ("task", "group"),
    "vehicle_worker": ("vehicle", "worker"),
    "vehicle_price_duty": ("vehicle", ""),
    "vehicle_regular_duty": ("vehicle", ""),
    "vehicle_overtime_price": ("vehicle", ""),
    "vehicle_max_duty": ("vehicle", ""),
    "vehicle_max_travel": ("vehicle", ""),
    "vehicle_max_tasks": ("vehicle", ""),
    "vehicle_max_trips": ("vehicle", ""),
    "vehicle_max_trip": ("vehicle", ""),
    "vehicle_first_load": ("vehicle", ""),
    "worker_max_duty": ("worker", ""),
    "pairs.pickup": ("pair", "task"),
    "pairs.delivery": ("pair", "task"),
    "pairs.load": ("pair", ""),
    "pairs.ride": ("pair", ""),
    "links.first": ("link", "task"),
    "links.second": ("link", "task"),
    "links.least": ("link", ""),
    "links.most": ("link", ""),
    "links.worker": ("link", ""),
    "breaks.ptr": ("vehicle", "break"),
    "breaks.early": ("break", ""),
    "breaks.late": ("break", ""),
    "breaks.length": ("break", ""),
    "batches.ready": ("batch", ""),
    "batches.portions": ("batch", ""),
    "reloads.location": ("option", "location"),
    "reloads.seconds": ("option", ""),
    "reloads.batch": ("option", "batch"),
    "reloads.option_ptr": ("vehicle", "choice"),
    "reloads.option": ("choice", "option"),
    "affinities.ptr": ("task", "affinity"),
    "affinities.worker": ("affinity", "worker"),
    "affinities.cost": ("affinity", ""),
    "price_worst": ("whole", ""),
}
#: Entries of these axes belong to a task or a vehicle through the pointers named.
_POINTERS = {
    "window": "window_ptr", "break": "breaks.ptr", "choice": "reloads.option_ptr",
    "affinity": "affinities.ptr",
}


class Part(NamedTuple):
    """A model of its own, and what its numbers are in the whole one."""

    model: RoutingModel
    tasks: Int32  # index in the whole model of each task of the part
    vehicles: Int32
    locations: Int32
    options: Int32  # reload options

    def inward(self, routes: Sequence[Sequence[int]]) -> list[list[int]]:
        """Routes of the part's vehicles, in the numbers of the whole model, in those of the part.

        Raises
        ------
        KeyError : a visit that is not in the part.
        """
        number = {int(i): k for k, i in enumerate(self.tasks)}
        number |= {-1 - int(i): -1 - k for k, i in enumerate(self.options)}
        return [[number[int(i)] for i in route] for route in routes]

    def outward(self, routes: Sequence[ArrayLike]) -> list[Int32]:
        """Routes of the part in the numbers of the whole model."""
        made = []
        for route in routes:
            visits = np.asarray(route, dtype=np.int32)
            options = -1 - self.options[np.maximum(-1 - visits, 0)] if len(self.options) else visits
            made.append(np.where(visits >= 0, self.tasks[np.maximum(visits, 0)], options)
                        .astype(np.int32))
        return made


def matrix_travel(model: RoutingModel) -> Travel:
    """Travel read from the matrices of the model."""

    def travel(profile: int, origins: Int32, destinations: Int32) -> tuple[Int32, Int32]:
        block = np.ix_(origins, destinations)
        return model.seconds[profile][block], model.metres[profile][block]

    return travel


def part(
    model: RoutingModel, tasks: ArrayLike, vehicles: ArrayLike, travel: Travel | None = None
) -> Part:
    """Make a model of some tasks and vehicles of another one.

    Parameters
    ----------
    model : the whole; a large one has matrices of shape (profiles, 0, 0).
    tasks, vehicles : distinct indexes, at least one vehicle; the part numbers them in this order.
        Pairs, links, groups and workers with a limit should be in it whole, see :func:`bonds`; a
        pair or link with one task outside is dropped.
    travel : where its matrices come from; None takes them from the model.

    Returns
    -------
    part : its locations are those in use, in the order in which its tasks, then its vehicles name
        them: tasks that follow each other had better be close by. Batches keep all their portions,
        whatever vehicles outside load.
    """
    cutter = _Cutter(model, np.asarray(tasks, np.int32), np.asarray(vehicles, np.int32))
    travel = travel or matrix_travel(model)
    places = cutter.kept["location"]
    blocks = [travel(int(p), places, places) for p in cutter.kept["profile"]]
    shape = (len(blocks), len(places), len(places))
    made: dict[str, Any] = {}
    for name, value in model._asdict().items():
        if name in ("seconds", "metres"):
            which = int(name == "metres")
            made[name] = np.empty(shape, dtype=np.int32)
            for p, block in enumerate(blocks):
                made[name][p] = block[which]
        elif isinstance(value, tuple):
            fields = value._asdict().items()  # type: ignore[attr-defined]
            made[name] = type(value)(*(cutter.cut(f"{name}.{sub}", array) for sub, array in fields))
        else:
            made[name] = cutter.cut(name, value)
    kept = cutter.kept
    return Part(RoutingModel(**made), kept["task"], kept["vehicle"], places, kept["option"])


class _Cutter:
    """What is kept of every axis, and how values are numbered anew."""

    def __init__(self, model: RoutingModel, tasks: Int32, vehicles: Int32) -> None:
        self.model = model
        self.kept: dict[str, Int32] = {"task": tasks, "vehicle": vehicles}
        self.pointer: dict[str, Int32] = {}
        kept = self.kept
        for values in ("profile", "vehicle type", "class", "worker"):
            field = {"vehicle type": "type"}.get(values, values)
            kept[values] = np.unique(getattr(model, f"vehicle_{field}")[vehicles])
        kept["task type"] = np.unique(model.task_type[tasks])
        groups = np.unique(model.task_group[tasks])
        kept["group"] = groups[groups >= 0]
        for axis in _POINTERS:
            self._follow(axis)
        kept["option"] = np.unique(model.reloads.option[kept["choice"]])
        batches = np.unique(model.reloads.batch[kept["option"]])
        kept["batch"] = batches[batches >= 0]
        inside = np.zeros(model.n_tasks, dtype=np.bool_)
        inside[tasks] = True
        pairs, links = model.pairs, model.links
        kept["pair"] = _where(inside[pairs.pickup] & inside[pairs.delivery])
        kept["link"] = _where(inside[links.first] & inside[links.second])
        named = np.concatenate([
            _field(model, name)[kept[axis]]
            for name, (axis, values) in _RULES.items() if values == "location"
        ])
        kept["location"] = _in_order(named[named != OPEN])
        self.sorted = {
            values: np.argsort(kept[values], kind="stable") for values in ("task", "location")
        }

    def _follow(self, axis: str) -> None:
        """Keep the entries that belong to what is kept of the axis of the pointers."""
        name = _POINTERS[axis]
        ptr, owners = _field(self.model, name), self.kept[_RULES[name][0]]
        sizes = ptr[owners + 1] - ptr[owners]
        made = np.zeros(len(owners) + 1, dtype=np.int32)
        np.cumsum(sizes, out=made[1:])
        entries = np.repeat(ptr[owners] - made[:-1], sizes) + np.arange(made[-1], dtype=np.int32)
        if axis == "affinity" and len(entries):  # nobody outside can serve anything here
            inside = np.isin(self.model.affinities.worker[entries], self.kept["worker"])
            made = np.concatenate([[0], np.cumsum(inside)]).astype(np.int32)[made]
            entries = entries[inside]
        self.kept[axis], self.pointer[axis] = entries.astype(np.int32), made

    def cut(self, name: str, whole: Any) -> Any:
        """One field of the part."""
        axis, values = _RULES[name]
        if axis == "whole":
            return whole
        if values in _POINTERS:
            return self.pointer[values]
        if "," in axis:
            cut = whole[np.ix_(*(self.kept[a] for a in axis.split(", ")))]
        else:
            cut = whole[self.kept[axis]]
        return np.ascontiguousarray(self._number(values, cut) if values else cut)

    def _number(self, values: str, cut: Int32) -> Int32:
        kept = self.kept[values]
        if not len(kept):
            return cut  # nothing, or "none" alone
        order = self.sorted.get(values)
        place = np.searchsorted(kept, np.maximum(cut, 0), sorter=order)
        if order is not None:
            place = order[np.minimum(place, len(kept) - 1)]
        return np.where(cut < 0, cut, place).astype(np.int32)


def _field(model: RoutingModel, name: str) -> Any:
    value: Any = model
    for step in name.split("."):
        value = getattr(value, step)
    return value


def _where(mask: NDArray[np.bool_]) -> Int32:
    return np.flatnonzero(mask).astype(np.int32)


def _in_order(values: Int32) -> Int32:
    """Distinct values in the order of their first appearance."""
    distinct, first = np.unique(values, return_index=True)
    return np.ascontiguousarray(distinct[np.argsort(first)])


def bonds(model: RoutingModel) -> tuple[Int32, Int32]:
    """Name what must not be torn apart when a model is cut.

    Returns
    -------
    task_bond : (n,) tasks of a pair, connected by links or in one group share a number; -1: free.
    vehicle_bond : (v,) vehicles of a worker whose duty is limited share a number; -1: free.
    """
    pairs, links, n = model.pairs, model.links, model.n_tasks
    grouped = np.flatnonzero(model.task_group >= 0)
    task_bond = np.full(n, -1, dtype=np.int32)
    a = np.concatenate((pairs.pickup, links.first, grouped))
    # Tasks of a group are tied to a number of their own, behind those of the tasks.
    b = np.concatenate((pairs.delivery, links.second, n + model.task_group[grouped]))
    if len(a):
        size = n + int(model.task_group.max(initial=-1)) + 1
        tied = np.unique(np.concatenate([a, b[b < n]]))
        task_bond[tied] = connected(size, zip(a.tolist(), b.tolist(), strict=True))[tied]
    limited = model.worker_max_duty[model.vehicle_worker] < TIME_MAX
    return task_bond, np.where(limited, model.vehicle_worker, -1).astype(np.int32)
