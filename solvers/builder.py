"""Building a routing model from tasks, vehicles and matrices, with every fault found at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvers.errors import ModelError
from solvers.model import (
    NO_LIMIT,
    OPEN,
    TIME_MAX,
    UNREACHABLE,
    Affinities,
    Batches,
    Breaks,
    Int32,
    Int64,
    Links,
    Pairs,
    Reloads,
    RoutingModel,
    detour_bound,
)

#: Sum of all prizes stays below this, so that any total fits int64 with room for the travel cost.
_PRIZE_SUM_MAX = 1 << 60
_INT32_MAX = 2**31 - 1


class ModelBuilder:
    """Collects matrices, tasks and vehicles, and checks them together in :meth:`build`.

    Parameters
    ----------
    n_dimensions : load dimensions; every demand and capacity has this many entries.
    """

    def __init__(self, n_dimensions: int = 0) -> None:
        self.n_dimensions = n_dimensions
        self._seconds: list[Int32] = []
        self._metres: list[Int32] = []
        self._tasks: list[dict[str, Any]] = []
        self._vehicles: list[dict[str, Any]] = []

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

        Entries at or above ``UNREACHABLE`` mean that there is no way.
        """
        sec = _matrix32(seconds)
        met = np.zeros_like(sec) if metres is None else _matrix32(metres)
        self._seconds.append(sec)
        self._metres.append(met)
        return len(self._seconds) - 1

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
    ) -> int:
        """Add a task and return its index.

        Parameters
        ----------
        location : row of the matrices.
        service : nominal duration, at least 0.
        windows : closed intervals for the start of service; adjacent and overlapping ones merge.
        demand : one load a dimension; empty means none.
        skills : a vehicle must have all of them.
        refused : indexes of vehicles that must not serve the task.
        allowed : if given, only these vehicles may.
        prize : what leaving the task out costs. None makes it required: left out only when it
            cannot be served, at a price that outweighs any detour.
        tier : importance among required tasks, 0 first: a task outweighs many of any later tier.
        """
        self._tasks.append({
            "location": location, "service": service, "windows": list(windows),
            "demand": tuple(demand) or (0,) * self.n_dimensions, "skills": frozenset(skills),
            "refused": frozenset(refused),
            "allowed": None if allowed is None else frozenset(allowed),
            "prize": prize, "tier": tier,
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
    ) -> int:
        """Add a vehicle (one route) and return its index.

        ``start`` and ``end`` are locations, or ``OPEN``. An empty ``capacity`` means unbounded.
        """
        self._vehicles.append({
            "start": start, "end": end, "shift": shift,
            "capacity": tuple(capacity) or (2**31 - 1,) * self.n_dimensions,
            "skills": frozenset(skills), "profile": profile, "fixed": fixed_cost,
            "price_second": price_per_second, "price_metre": price_per_metre,
            "permille": service_permille,
        })
        return len(self._vehicles) - 1

    def build(self) -> RoutingModel:
        """Check everything and make the arrays.

        Raises
        ------
        ModelError : with every fault found.
        """
        faults = self._faults()
        if faults:
            raise ModelError(faults)
        tasks, vehicles = self._tasks, self._vehicles
        windows = [_merge_windows(t["windows"]) for t in tasks]
        ptr = np.zeros(len(tasks) + 1, dtype=np.int32)
        np.cumsum([len(w) for w in windows], out=ptr[1:])
        flat = [w for ws in windows for w in ws]
        task_type, vehicle_type, compatible = self._compatibility()
        model = RoutingModel(
            task_location=_int32([t["location"] for t in tasks]),
            task_service=_int32([t["service"] for t in tasks]),
            window_ptr=ptr,
            window_early=_int32([w[0] for w in flat]),
            window_late=_int32([w[1] for w in flat]),
            task_demand=_int32([t["demand"] for t in tasks]).reshape(len(tasks), self.n_dimensions),
            task_type=task_type,
            task_prize=np.zeros(len(tasks), dtype=np.int64),
            task_required=np.array([t["prize"] is None for t in tasks], dtype=np.bool_),
            vehicle_start=_int32([v["start"] for v in vehicles]),
            vehicle_end=_int32([v["end"] for v in vehicles]),
            vehicle_early=_int32([v["shift"][0] for v in vehicles]),
            vehicle_late=_int32([v["shift"][1] for v in vehicles]),
            vehicle_capacity=_int32([v["capacity"] for v in vehicles]).reshape(
                len(vehicles), self.n_dimensions
            ),
            vehicle_type=vehicle_type,
            vehicle_profile=_int32([v["profile"] for v in vehicles]),
            vehicle_fixed=np.array([v["fixed"] for v in vehicles], dtype=np.int64),
            vehicle_price_second=_int32([v["price_second"] for v in vehicles]),
            vehicle_price_metre=_int32([v["price_metre"] for v in vehicles]),
            vehicle_permille=_int32([v["permille"] for v in vehicles]),
            vehicle_class=_number(
                [(int(k), *v.values()) for k, v in zip(vehicle_type, vehicles, strict=True)]
            )[0],
            compatible=compatible,
            seconds=np.ascontiguousarray(np.stack(self._seconds)),
            metres=np.ascontiguousarray(np.stack(self._metres)),
            **self._neutral(n=len(tasks), v=len(vehicles)),
        )
        return model._replace(task_prize=self._prizes(model))

    def _neutral(self, n: int, v: int) -> dict[str, Any]:
        d, none = self.n_dimensions, _int32([])

        def full(shape: int | tuple[int, int], value: int) -> Int32:
            return np.full(shape, value, dtype=np.int32)

        capacity = _int32([x["capacity"] for x in self._vehicles]).reshape(v, d)
        return {
            "setup": full(self._seconds[0].shape[0], 0),
            "task_pickup": full((n, d), 0),
            "task_soft_late": full(n, TIME_MAX), "task_late_price": full(n, 0),
            "task_release": full(n, 0), "task_freshness": full(n, TIME_MAX),
            "task_group": full(n, -1),
            "vehicle_worker": np.arange(v, dtype=np.int32),
            "vehicle_price_duty": full(v, 0), "vehicle_regular_duty": full(v, TIME_MAX),
            "vehicle_overtime_price": full(v, 0), "vehicle_max_duty": full(v, TIME_MAX),
            "vehicle_max_travel": full(v, TIME_MAX), "vehicle_max_tasks": full(v, NO_LIMIT),
            "vehicle_max_trips": full(v, NO_LIMIT), "vehicle_max_trip": full(v, TIME_MAX),
            "vehicle_first_load": capacity, "worker_max_duty": full(v, TIME_MAX),
            "pairs": Pairs(none, none, none.reshape(0, d), none),
            "links": Links(none, none, none, none, none),
            "breaks": Breaks(full(v + 1, 0), none, none, none),
            "batches": Batches(none, none.reshape(0, d)),
            "reloads": Reloads(none, none, none, full(v + 1, 0), none),
            "affinities": Affinities(full(n + 1, 0), none, none),
        }

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

    def _prizes(self, model: RoutingModel) -> Int64:
        prizes = np.array([t["prize"] or 0 for t in self._tasks], dtype=np.int64)
        required = model.task_required
        if not required.any():
            return prizes
        base = max(int(prizes.max(initial=0)), detour_bound(model)) + 1
        tiers = np.array([t["tier"] for t in self._tasks], dtype=np.int64)
        ranks = np.unique(tiers[required])[::-1]  # the least important first
        ratio = len(self._tasks) + 1
        while ratio > 2 and base * ratio ** (len(ranks) - 1) * len(self._tasks) > _PRIZE_SUM_MAX:
            ratio = ratio * 3 // 4
        for power, tier in enumerate(ranks):
            prizes[required & (tiers == tier)] = min(
                base * ratio**power, _PRIZE_SUM_MAX // max(len(self._tasks), 1)
            )
        return prizes

    def _faults(self) -> list[str]:
        faults: list[str] = []
        if not self._seconds:
            return ["no matrix: add_matrix must be called at least once"]
        shape = self._seconds[0].shape
        n_locations = shape[0]
        for p, (sec, met) in enumerate(zip(self._seconds, self._metres, strict=True)):
            if sec.ndim != 2 or sec.shape[0] != sec.shape[1] or sec.shape != shape:
                faults.append(f"matrix {p}: shape {sec.shape}, expected a square like {shape}")
            elif met.shape != sec.shape:
                faults.append(f"matrix {p}: metres {met.shape} do not match seconds {sec.shape}")
            elif sec.size and (sec.min() < 0 or met.min() < 0):
                faults.append(f"matrix {p}: negative entries")

        # An equal share each, so that neither their sum overflows nor a required task ranks below.
        prize_limit = _PRIZE_SUM_MAX // max(len(self._tasks), 1)
        for i, t in enumerate(self._tasks):
            if not 0 <= t["location"] < n_locations:
                faults.append(f"task {i}: location {t['location']} is not a row of the matrix")
            if not 0 <= t["service"] <= TIME_MAX:
                faults.append(f"task {i}: service {t['service']} is negative or too large")
            if not t["windows"]:
                faults.append(f"task {i}: no time window")
            for early, late in t["windows"]:
                if not 0 <= early <= late <= TIME_MAX:
                    faults.append(f"task {i}: window ({early}, {late}) is empty or out of range")
            if len(t["demand"]) != self.n_dimensions or not _all_in(t["demand"], 0, _INT32_MAX):
                faults.append(f"task {i}: demand {t['demand']}, not {self.n_dimensions} loads >= 0")
            if t["prize"] is not None and not 0 <= t["prize"] < prize_limit:
                faults.append(f"task {i}: prize {t['prize']} is negative or too large")
            for v in t["refused"] | (t["allowed"] or frozenset()):
                if not 0 <= v < len(self._vehicles):
                    faults.append(f"task {i}: vehicle {v} does not exist")
        for v, vehicle in enumerate(self._vehicles):
            for side in ("start", "end"):
                if vehicle[side] != OPEN and not 0 <= vehicle[side] < n_locations:
                    faults.append(f"vehicle {v}: {side} {vehicle[side]} is not a row of the matrix")
            early, late = vehicle["shift"]
            if not 0 <= early <= late <= TIME_MAX:
                faults.append(f"vehicle {v}: shift ({early}, {late}) is empty or out of range")
            capacity = vehicle["capacity"]
            if len(capacity) != self.n_dimensions or not _all_in(capacity, 0, _INT32_MAX):
                faults.append(f"vehicle {v}: capacity needs {self.n_dimensions} entries >= 0")
            if not 0 <= vehicle["profile"] < len(self._seconds):
                faults.append(f"vehicle {v}: profile {vehicle['profile']} has no matrix")
            for field, most in (
                ("fixed", _PRIZE_SUM_MAX), ("price_second", _INT32_MAX), ("price_metre", _INT32_MAX)
            ):
                if not 0 <= vehicle[field] <= most:
                    faults.append(f"vehicle {v}: {field} is negative or too large")
            if not 0 < vehicle["permille"] <= _INT32_MAX:
                faults.append(f"vehicle {v}: service-time factor must be positive")
        return faults


def _all_in(values: Iterable[int], least: int, most: int) -> bool:
    return all(least <= x <= most for x in values)


def _matrix32(entries: ArrayLike) -> Int32:
    given = np.asarray(entries)
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
