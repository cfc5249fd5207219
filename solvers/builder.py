"""Building a routing model from tasks, vehicles and matrices, with every fault found at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvers.builder_checks import PRIZE_SUM_MAX, all_faults
from solvers.errors import ModelError
from solvers.large import LargeModel
from solvers.model import (
    ANY_WORKER,
    NO_LIMIT,
    OTHER_WORKER,
    SAME_WORKER,
    TIME_MAX,
    UNREACHABLE,
    Affinities,
    Batches,
    Breaks,
    Int32,
    Links,
    Pairs,
    Reloads,
    RoutingModel,
    detour_bound,
    units_of,
)
from solvers.parts import Travel

Rows = list[dict[str, Any]]

#: Weights within a tier that are told apart: every one takes room from the tiers.
_WEIGHTS = 8
_WORKERS = {"any": ANY_WORKER, "same": SAME_WORKER, "other": OTHER_WORKER}


class ModelBuilder:
    """Collects matrices, tasks, vehicles and what ties them, checked together in :meth:`build`.

    Where a limit may be None there is none. ``solvers.model`` says what every word means.

    Parameters
    ----------
    n_dimensions : load dimensions; every demand and capacity has this many entries.

    Attributes
    ----------
    price_worst : per second of the greatest lateness of all tasks with a soft end.
    """

    def __init__(self, n_dimensions: int = 0) -> None:
        self.n_dimensions = n_dimensions
        self.price_worst = 0
        self._seconds: list[Int32] = []
        self._metres: list[Int32] = []
        self._n_locations: int | None = None  # of a large model
        self._tasks: Rows = []
        self._vehicles: Rows = []
        self._pairs: Rows = []
        self._links: Rows = []
        self._batches: Rows = []
        self._reloads: Rows = []
        self._groups: list[tuple[int, ...]] = []
        self._setup: dict[int, int] = {}
        self._limits: dict[Hashable, int] = {}  # worker -> duty

    @property
    def n_tasks(self) -> int:
        """Tasks added so far."""
        return len(self._tasks)

    @property
    def n_vehicles(self) -> int:
        """Vehicles added so far."""
        return len(self._vehicles)

    def add_matrix(self, seconds: ArrayLike, metres: ArrayLike | None = None) -> int:
        """Add a profile's travel matrix, shape (L, L), and return its index; metres default to 0.

        Entries at or above ``UNREACHABLE`` mean that there is no way. Raises ``ModelError`` where
        one is no whole number: how to scale and round is the caller's to choose.
        """
        sec = _matrix32(seconds)
        met = np.zeros_like(sec) if metres is None else _matrix32(metres)
        self._seconds.append(sec)
        self._metres.append(met)
        return len(self._seconds) - 1

    def add_profile(self, n_locations: int, longest_seconds: int, longest_metres: int = 0) -> int:
        """Add a profile whose travel is asked for later, and return its index.

        For :meth:`build_large`, in place of every :meth:`add_matrix`. The longest way of all need
        not be exact: it says what a required task has to outweigh.
        """
        self._n_locations = n_locations
        return self.add_matrix([[longest_seconds]], [[longest_metres]])

    @property
    def n_locations(self) -> int:
        """Number of locations of the model."""
        return len(self._seconds[0]) if self._n_locations is None else self._n_locations

    def add_task(
        self,
        location: int,
        *,
        service: int = 0,
        windows: Iterable[tuple[int, int]] = ((0, TIME_MAX),),
        demand: Sequence[int] = (),
        skills: Iterable[Hashable] = (),
        refused: Iterable[int] = (),
        allowed: Iterable[int] | None = None,
        prize: int | None = None,
        tier: int = 0,
        weight: int = 0,
        pickup: Sequence[int] = (),
        soft_late: int | None = None,
        late_price: int = 0,
        release: int = 0,
        freshness: int | None = None,
        affinity: Mapping[Any, int] | None = None,
        pin_start: int | None = None,
    ) -> int:
        """Add a task and return its index.

        Parameters
        ----------
        location : row of the matrices.
        service : nominal duration, at least 0.
        windows : closed intervals for the start of service; adjacent and overlapping ones merge.
        demand : one load a dimension, on board from the beginning of the trip; empty means none.
        skills : a vehicle must have all of them.
        refused : indexes of vehicles that must not serve the task.
        allowed : if given, only these vehicles may.
        prize : what leaving the task out costs. None makes it required: left out only when it
            cannot be served, at a price that outweighs any detour.
        tier : importance among required tasks, 0 first: a task outweighs many of any later tier.
        weight : of two required tasks of a tier the heavier outweighs any detour, but never two
            others; weights are told apart in ``_WEIGHTS`` steps.
        pickup : one load a dimension, on board to the end of the trip; empty means none.
        soft_late : a start after it costs ``late_price`` a second.
        release : the task's trip leaves no earlier.
        freshness : most seconds from the leaving of the trip to the start.
        affinity : cost by name of worker, see :meth:`add_vehicle`; negative is a bonus.
        pin_start : the one start there is, in place of ``windows``.
        """
        none = (0,) * self.n_dimensions
        self._tasks.append({
            "location": location, "service": service,
            "windows": list(windows) if pin_start is None else [(pin_start, pin_start)],
            "demand": tuple(demand) or none, "pickup": tuple(pickup) or none,
            "skills": frozenset(skills), "refused": frozenset(refused),
            "allowed": None if allowed is None else frozenset(allowed),
            "prize": prize, "tier": tier, "weight": weight,
            "soft_late": _limit(soft_late), "late_price": late_price, "release": release,
            "freshness": _limit(freshness), "affinity": dict(affinity or {}),
        })
        return len(self._tasks) - 1

    def add_vehicle(
        self,
        start: int,
        end: int,
        *,
        shift: tuple[int, int] = (0, TIME_MAX),
        capacity: Sequence[int] = (),
        skills: Iterable[Hashable] = (),
        profile: int = 0,
        fixed_cost: int = 0,
        price_per_second: int = 1,
        price_per_metre: int = 0,
        service_permille: int = 1000,
        worker: Hashable = None,
        price_per_duty_second: int = 0,
        regular_duty: int | None = None,
        overtime_price: int = 0,
        max_duty: int | None = None,
        max_travel: int | None = None,
        max_tasks: int | None = None,
        max_trips: int | None = None,
        max_trip: int | None = None,
        first_load: Sequence[int] | None = None,
        breaks: Iterable[tuple[int, int, int]] = (),
        reloads: Iterable[int] = (),
    ) -> int:
        """Add a vehicle (one route) and return its index.

        Parameters
        ----------
        start, end : locations, or ``OPEN``.
        capacity : one load a dimension; empty means unbounded.
        worker : name of whose day it is, for affinities, links and :meth:`limit_worker`; None
            is somebody who has no other day.
        first_load : most demand of the trip that begins at ``start``; None: the capacity.
        breaks : window of the start and length, in the order they are taken.
        reloads : indexes of the reload options that the vehicle may use.
        """
        room = tuple(capacity) or (NO_LIMIT,) * self.n_dimensions
        self._vehicles.append({
            "start": start, "end": end, "shift": shift, "capacity": room,
            "skills": frozenset(skills), "profile": profile, "fixed": fixed_cost,
            "price_second": price_per_second, "price_metre": price_per_metre,
            "permille": service_permille,
            "worker": ("own", self.n_vehicles) if worker is None else ("named", worker),
            "price_duty": price_per_duty_second, "regular_duty": _limit(regular_duty),
            "overtime_price": overtime_price, "max_duty": _limit(max_duty),
            "max_travel": _limit(max_travel), "max_tasks": _limit(max_tasks, NO_LIMIT),
            "max_trips": _limit(max_trips, NO_LIMIT), "max_trip": _limit(max_trip),
            "first_load": room if first_load is None else tuple(first_load),
            "breaks": tuple(tuple(b) for b in breaks), "reloads": tuple(sorted(set(reloads))),
        })
        return len(self._vehicles) - 1

    def add_pair(
        self, pickup: int, delivery: int, *, load: Sequence[int] = (), ride: int | None = None
    ) -> None:
        """Have one vehicle serve both tasks in one trip, or none, with ``load`` in between."""
        self._pairs.append({
            "pickup": pickup, "delivery": delivery,
            "load": tuple(load) or (0,) * self.n_dimensions, "ride": _limit(ride),
        })

    def add_link(
        self, first: int, second: int, *, least: int = 0, most: int = 0, worker: str | int = "any"
    ) -> None:
        """Have ``second`` start ``least`` to ``most`` seconds after ``first``, or serve neither.

        ``worker`` is "any", "same" or "other", or the constant of ``solvers.model``.
        """
        self._links.append({
            "first": first, "second": second, "least": least, "most": most,
            "worker": _WORKERS.get(worker, -1) if isinstance(worker, str) else worker,
        })

    def add_group(self, tasks: Iterable[int]) -> int:
        """Have one of these served at most, or what is tied to it; return the group's index.

        Each named task stands for its unit: itself and all that pairs and links tie it to. What
        is lost when no unit is served is the greatest sum of prizes of a unit, and every task of
        the group gets it as its prize, to be counted once. Required if any of them is.
        """
        self._groups.append(tuple(tasks))
        return len(self._groups) - 1

    def add_batch(self, ready: int = 0, portions: Sequence[int] = ()) -> int:
        """Add something to load and return its index; empty ``portions`` means unbounded."""
        self._batches.append({
            "ready": ready, "portions": tuple(portions) or (NO_LIMIT,) * self.n_dimensions,
        })
        return len(self._batches) - 1

    def add_reload(self, location: int, *, seconds: int = 0, batch: int | None = None) -> int:
        """Add a reload option and return its index; no batch: whatever is needed, at any time."""
        self._reloads.append({
            "location": location, "seconds": seconds, "batch": -1 if batch is None else batch,
        })
        return len(self._reloads) - 1

    def set_setup(self, location: int, seconds: int) -> None:
        """Set the time to get ready at a location on arrival from another one."""
        self._setup[location] = seconds

    def limit_worker(self, worker: Hashable, max_duty: int) -> None:
        """Limit the duty of all vehicles of a worker together."""
        self._limits[worker] = max_duty

    def build_large(self, travel: Travel, positions: ArrayLike) -> LargeModel:
        """Check everything and make a model whose travel is a function.

        Parameters
        ----------
        travel : see :data:`solvers.parts.Travel`.
        positions : (locations, 2) metres on a plane.

        Raises
        ------
        ModelError : with every fault found.
        """
        places = _int32(positions)
        if places.shape != (self._n_locations, 2):
            raise ModelError([f"positions: shape {places.shape}, not ({self._n_locations}, 2)"])
        model = self.build()
        none = np.zeros((len(self._seconds), 0, 0), dtype=np.int32)
        return LargeModel(model._replace(seconds=none, metres=none), travel, places)

    def build(self) -> RoutingModel:
        """Check everything and make the arrays.

        Raises
        ------
        ModelError : with every fault found.
        """
        faults = all_faults(self)
        if faults:
            raise ModelError(faults)
        tasks, vehicles, d = self._tasks, self._vehicles, self.n_dimensions
        for t in tasks:
            t["merged"] = _merge_windows(t["windows"])
        flat = [w for t in tasks for w in t["merged"]]
        breaks = [b for v in vehicles for b in v["breaks"]]
        number = {key: w for w, key in enumerate(dict.fromkeys(v["worker"] for v in vehicles))}
        limits = {number["named", name]: most for name, most in self._limits.items()}
        affinities = [
            sorted((number["named", name], cost) for name, cost in t["affinity"].items())
            for t in tasks
        ]
        task_type, vehicle_type, compatible = self._compatibility()
        capacity = _column(vehicles, "capacity", d)
        model = RoutingModel(
            task_location=_column(tasks, "location"),
            task_service=_column(tasks, "service"),
            window_ptr=_ptr(t["merged"] for t in tasks),
            window_early=_int32([w[0] for w in flat]),
            window_late=_int32([w[1] for w in flat]),
            task_demand=_column(tasks, "demand", d),
            task_type=task_type,
            task_prize=np.zeros(len(tasks), dtype=np.int64),
            task_required=np.array([t["prize"] is None for t in tasks], dtype=np.bool_),
            vehicle_start=_column(vehicles, "start"),
            vehicle_end=_column(vehicles, "end"),
            vehicle_early=_int32([v["shift"][0] for v in vehicles]),
            vehicle_late=_int32([v["shift"][1] for v in vehicles]),
            vehicle_capacity=capacity,
            vehicle_type=vehicle_type,
            vehicle_profile=_column(vehicles, "profile"),
            vehicle_fixed=np.array([v["fixed"] for v in vehicles], dtype=np.int64),
            vehicle_price_second=_column(vehicles, "price_second"),
            vehicle_price_metre=_column(vehicles, "price_metre"),
            vehicle_permille=_column(vehicles, "permille"),
            vehicle_class=self._classes(vehicle_type),
            compatible=compatible,
            seconds=np.ascontiguousarray(np.stack(self._seconds)),
            metres=np.ascontiguousarray(np.stack(self._metres)),
            setup=_int32([self._setup.get(k, 0) for k in range(self.n_locations)]),
            task_pickup=_column(tasks, "pickup", d),
            task_soft_late=_column(tasks, "soft_late"),
            task_late_price=_column(tasks, "late_price"),
            task_release=_column(tasks, "release"),
            task_freshness=_column(tasks, "freshness"),
            task_group=np.full(len(tasks), -1, dtype=np.int32),
            vehicle_worker=_int32([number[v["worker"]] for v in vehicles]),
            vehicle_price_duty=_column(vehicles, "price_duty"),
            vehicle_regular_duty=_column(vehicles, "regular_duty"),
            vehicle_overtime_price=_column(vehicles, "overtime_price"),
            vehicle_max_duty=_column(vehicles, "max_duty"),
            vehicle_max_travel=_column(vehicles, "max_travel"),
            vehicle_max_tasks=_column(vehicles, "max_tasks"),
            vehicle_max_trips=_column(vehicles, "max_trips"),
            vehicle_max_trip=_column(vehicles, "max_trip"),
            vehicle_first_load=np.minimum(_column(vehicles, "first_load", d), capacity),
            worker_max_duty=_int32([limits.get(w, TIME_MAX) for w in range(len(number))]),
            pairs=Pairs(
                _column(self._pairs, "pickup"), _column(self._pairs, "delivery"),
                _column(self._pairs, "load", d), _column(self._pairs, "ride"),
            ),
            links=Links(*(_column(self._links, name) for name in Links._fields)),
            breaks=Breaks(
                _ptr(v["breaks"] for v in vehicles),
                *(_int32([b[k] for b in breaks]) for k in range(3)),
            ),
            batches=Batches(
                _column(self._batches, "ready"), _column(self._batches, "portions", d)
            ),
            reloads=Reloads(
                _column(self._reloads, "location"), _column(self._reloads, "seconds"),
                _column(self._reloads, "batch"),
                _ptr(v["reloads"] for v in vehicles),
                _int32([k for v in vehicles for k in v["reloads"]]),
            ),
            affinities=Affinities(
                _ptr(affinities),
                _int32([worker for row in affinities for worker, _ in row]),
                _int32([cost for row in affinities for _, cost in row]),
            ),
            price_worst=self.price_worst,
        )
        return self._with_prizes(model)

    def _classes(self, vehicle_type: Int32) -> Int32:
        # A worker who has one day alone, and no affinities, can be exchanged while the day is
        # empty for another such one with the same limit, whatever the links say.
        liked = {("named", name) for t in self._tasks for name in t["affinity"]}
        linked = any(link["worker"] != ANY_WORKER for link in self._links)
        days = Counter(v["worker"] for v in self._vehicles)
        keys: list[Hashable] = []
        for v, kind in zip(self._vehicles, vehicle_type, strict=True):
            who = v["worker"]
            limit = self._limits.get(who[1]) if who[0] == "named" else None
            matters = who in liked or (days[who] > 1 and (linked or limit is not None))
            rest = (x for name, x in v.items() if name != "worker")
            keys.append((int(kind), who if matters else None, limit, *rest))
        return _number(keys)[0]

    def _compatibility(self) -> tuple[Int32, Int32, NDArray[np.bool_]]:
        # Few distinct requirement sets meet few distinct skill sets, so a table of types stays
        # small where a table of tasks by vehicles would not.
        named = {v for t in self._tasks for v in t["refused"]}
        for t in self._tasks:
            named |= t["allowed"] or frozenset()
        vehicle_keys = [
            (v["skills"], i if i in named else None) for i, v in enumerate(self._vehicles)
        ]
        task_keys = [(t["skills"], t["refused"], t["allowed"]) for t in self._tasks]
        vehicle_type, vehicle_kinds = _number(vehicle_keys)
        task_type, task_kinds = _number(task_keys)
        table = np.zeros((max(len(task_kinds), 1), max(len(vehicle_kinds), 1)), dtype=np.bool_)
        for i, (skills, refused, allowed) in enumerate(task_kinds):
            for j, (has, which) in enumerate(vehicle_kinds):
                table[i, j] = (
                    skills <= has and which not in refused and (allowed is None or which in allowed)
                )
        return task_type, vehicle_type, table

    def _with_prizes(self, model: RoutingModel) -> RoutingModel:
        """Fill in the groups, and the prizes of required tasks and of groups."""
        n = model.n_tasks
        unit, group, required = units_of(model), model.task_group, model.task_required
        for g, members in enumerate(self._groups):
            group[np.isin(unit, unit[list(members)])] = g
            required[group == g] = required[group == g].any()
        prizes = np.array([t["prize"] or 0 for t in self._tasks], dtype=np.int64)
        # A task of a group gets the prize of a whole unit; the sum over all tasks has to fit.
        shares = int(np.where(group >= 0, np.bincount(unit, minlength=1)[unit], 1).sum()) or 1
        given = np.array([t["prize"] is not None for t in self._tasks], dtype=np.bool_)
        if not given.all():
            weights = np.array([t["weight"] for t in self._tasks], dtype=np.int64)
            heavy, step = np.unique(weights[~given]), np.zeros(n, dtype=np.int64)
            n_steps = min(len(heavy), _WEIGHTS)
            step[~given] = np.searchsorted(heavy, weights[~given]) * n_steps // len(heavy)
            base = (max(int(prizes.max(initial=0)), detour_bound(model)) + 1) * n_steps
            most = shares * min(n_steps, 2)  # the heaviest is worth nearly two
            tiers = np.array([t["tier"] for t in self._tasks], dtype=np.int64)
            ranks = np.unique(tiers[~given])[::-1]  # the least important first
            ratio = min(n_steps, 2) * n + 1
            while ratio > 2 and base * ratio ** (len(ranks) - 1) * most > PRIZE_SUM_MAX:
                ratio = ratio * 3 // 4
            for power, tier in enumerate(ranks):
                here = ~given & (tiers == tier)
                worth = min(base * ratio**power, PRIZE_SUM_MAX // most)
                prizes[here] = worth + worth // n_steps * step[here]
        for g in range(len(self._groups)):
            tasks = np.flatnonzero(group == g)
            sums = Counter[int]()
            for i in tasks:
                sums[int(unit[i])] += int(prizes[i])
            greatest = max(sums.values())
            if greatest > PRIZE_SUM_MAX // shares:
                raise ModelError([f"group {g}: the prizes of its tasks are too large"])
            prizes[tasks] = greatest
        return model._replace(task_prize=prizes)


def _matrix32(entries: ArrayLike) -> Int32:
    given = np.asarray(entries)
    if given.dtype.kind == "f" and not (given == np.floor(given)).all():  # a NaN equals nothing
        raise ModelError(["a matrix entry is no whole number: scale and round the matrix first"])
    if given.dtype != np.int32:
        # A cast alone would wrap: 2**32 + 5, meant as no way, would become 5 seconds.
        given = np.clip(given, -1, UNREACHABLE)
    return np.ascontiguousarray(given, dtype=np.int32)


def _int32(values: Any) -> Int32:
    return np.ascontiguousarray(values, dtype=np.int32)


def _number(keys: Sequence[Hashable]) -> tuple[Int32, list[Any]]:
    index: dict[Hashable, int] = {}
    numbers = [index.setdefault(key, len(index)) for key in keys]
    return _int32(numbers), list(index)


def _merge_windows(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for early, late in sorted(windows):
        if merged and early <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], late))
        else:
            merged.append((early, late))
    return merged


def _limit(value: int | None, none: int = TIME_MAX) -> int:
    return none if value is None else value


def _column(rows: Rows, name: str, width: int | None = None) -> Int32:
    values = _int32([row[name] for row in rows])
    return values if width is None else values.reshape(len(rows), width)


def _ptr(rows: Iterable[Sequence[Any]]) -> Int32:
    return _int32(np.cumsum([0, *(len(row) for row in rows)]))
