"""Zones of a large model: tasks that are close by road, and vehicles for each zone.

A zone is where a plan begins; the parts that the search goes on with cross all borders.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from solvers.model import OPEN, UNREACHABLE, RoutingModel

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: A zone may have so many times the mean number of tasks.
_SLACK = 1.25
#: Zones that a task may go to when nearer ones are full, before any zone with room will do.
_CHOICES = 6
#: Length of an optimal tour, in mean distances to the middle, times the root of the number of
#: points: 0.7124 sqrt(pi) / (2 / 3), for points spread evenly over a disc. Beardwood, Halton and
#: Hammersley, The shortest path through many points (1959), with the constant measured since.
_TOUR = 1.9
#: Vehicles per vehicle-day of work that only some can do, and the most kinds looked at one by one.
_SPARE, _SCARCE_KINDS = 1.5, 100


class Zones:
    """Which zone each task belongs to, and how far everything is from each zone's seed.

    Attributes
    ----------
    of_task : (n,) zone.
    away : (zones, n) seconds from the seed of each zone to each task.
    away_start : (zones, v) seconds from the seed to where the vehicle starts, or else ends; 0 for
        a vehicle that does neither anywhere.
    """

    def __init__(
        self, model: RoutingModel, size: int, row: Callable[[int], Int32], seed: int
    ) -> None:
        self.model = model
        n = model.n_tasks
        k = max(1, -(-n // size))
        rng = np.random.default_rng(seed)
        homes = np.where(model.vehicle_start == OPEN, model.vehicle_end, model.vehicle_start)
        rows, starts = [], []
        nearest = np.full(n, np.inf)
        chosen = int(rng.integers(n))
        # k-means++: Arthur and Vassilvitskii (2007); the next seed is drawn by squared distance.
        for _ in range(k):
            from_seed = np.minimum(row(int(model.task_location[chosen])), UNREACHABLE)
            rows.append(from_seed[model.task_location])
            starts.append(np.where(homes == OPEN, 0, from_seed[np.maximum(homes, 0)]))
            nearest = np.minimum(nearest, np.square(rows[-1], dtype=np.float64))
            total = np.cumsum(nearest)
            if total[-1] <= 0:
                break
            chosen = min(int(np.searchsorted(total, rng.random() * total[-1], side="right")), n - 1)
        self.away = np.stack(rows)
        self.away_start = np.stack(starts)
        self.of_task = _balance(self.away, int(_SLACK * n / len(rows)) + 1)

    def __len__(self) -> int:
        return len(self.away)

    def halo(self, zone: int, size: int) -> Int32:
        """Tasks of other zones that are closest to the border of this one."""
        outside = np.flatnonzero(self.of_task != zone)
        beyond = self.away[zone, outside] - self.away[self.of_task[outside], outside]
        if len(outside) > size:
            outside = outside[np.argpartition(beyond, size)[:size]]
        return outside.astype(np.int32)

    def allot(self, fixed: Int32) -> Int32:
        """Give every vehicle to a zone: by where it starts and by what each zone needs.

        Parameters
        ----------
        fixed : (v,) zone of a vehicle that has a route already; -1: free.

        Returns
        -------
        zone : (v,).

        Notes
        -----
        Kinds of tasks that few vehicles may serve are provided for first, with half as much again
        as their work takes, since vehicles also do other work; then each zone gets its share.
        """
        model = self.model
        k, v = self.away_start.shape
        zone_of = fixed.copy()
        used, kind_of = np.unique(model.task_type, return_inverse=True)
        load = np.zeros((len(used), k))
        np.add.at(load, (kind_of.reshape(-1), self.of_task), self._work())
        able = model.compatible[used][:, model.vehicle_type]  # (kinds, v)
        supply = able.sum(axis=1)
        for kind in np.argsort(supply, kind="stable")[:_SCARCE_KINDS]:
            if supply[kind] == v:
                break
            enough = np.ceil(_SPARE * load[kind]).astype(np.int64)
            if enough.sum() > supply[kind]:
                enough = _apportion(load[kind], int(supply[kind]))
            self._deal(zone_of, np.flatnonzero(able[kind]), enough)
        self._deal(zone_of, np.arange(v), _apportion(load.sum(axis=0), v))
        # Vehicles tied to zones above leave others over: they go wherever they are close.
        left = np.flatnonzero(zone_of < 0)
        zone_of[left] = np.argmin(self.away_start[:, left], axis=0)
        return zone_of

    def _deal(self, zone_of: Int32, vehicles: Int64, quota: Int64) -> None:
        has = np.bincount(zone_of[vehicles[zone_of[vehicles] >= 0]], minlength=len(quota))
        left = np.maximum(quota - has, 0)
        free = vehicles[zone_of[vehicles] < 0]
        # In rounds: everybody left asks for the nearest zone with room, which takes the nearest.
        while len(free) and left.any():
            room = np.flatnonzero(left)
            away = self.away_start[np.ix_(room, free)]
            choice = np.argmin(away, axis=0)
            order = np.lexsort((away[choice, np.arange(len(free))], choice))
            asked = np.bincount(choice, minlength=len(room))
            first = np.repeat(np.cumsum(asked) - asked, asked)
            taken = order[np.arange(len(free)) - first < left[room][choice[order]]]
            zone_of[free[taken]] = room[choice[taken]]
            np.subtract.at(left, room[choice[taken]], 1)
            free = np.delete(free, taken)

    def _work(self) -> NDArray[np.float64]:
        """Share of a vehicle's day that each task takes: of the scarcest of time and loads."""
        model = self.model
        k = len(self.away)
        own = self.away[self.of_task, np.arange(model.n_tasks)].astype(np.float64)
        own[own >= UNREACHABLE] = 0
        count = np.maximum(np.bincount(self.of_task, minlength=k), 1)
        mean = np.bincount(self.of_task, weights=own, minlength=k) / count
        leg = _TOUR * mean / np.sqrt(count)
        day = float(np.mean(model.vehicle_late.astype(np.float64) - model.vehicle_early))
        work = [(model.task_service + leg[self.of_task]) / max(day, 1.0)]
        for d in range(model.n_dimensions):
            capacity = max(float(np.mean(model.vehicle_capacity[:, d], dtype=np.float64)), 1.0)
            work.append((model.task_demand[:, d] + model.task_pickup[:, d]) / capacity)
        scarcest = int(np.argmax([w.sum() for w in work]))
        return np.asarray(work[scarcest]) + 1e-9  # a zone without any demand gets vehicles too


def _apportion(weights: NDArray[np.float64], total: int) -> Int64:
    """Split a number by weights; the largest remainders are rounded up."""
    exact = weights * (total / max(float(weights.sum()), 1e-9))
    parts = np.floor(exact).astype(np.int64)
    up = np.argsort(parts - exact, kind="stable")[: total - int(parts.sum())]
    parts[up] += 1
    return parts


def _balance(away: Int32, capacity: int) -> Int32:
    """Nearest zone of each task that has room; those with most to lose choose first."""
    k, n = away.shape
    few = min(_CHOICES, k)
    order = np.argsort(away, axis=0, kind="stable")[:few].T if k <= 64 else _nearest(away, few)
    best = away[order[:, 0], np.arange(n)]
    second = away[order[:, min(1, few - 1)], np.arange(n)]
    zone = np.full(n, -1, dtype=np.int32)
    room = [capacity] * k
    choices = order.tolist()
    for i in np.argsort(best.astype(np.int64) - second, kind="stable").tolist():
        for z in choices[i]:
            if room[z] > 0:
                break
        else:
            z = min((z for z in range(k) if room[z] > 0), key=lambda z: int(away[z, i]))
        zone[i] = z
        room[z] -= 1
    return zone


def _nearest(away: Int32, few: int) -> Int64:
    part = np.argpartition(away, few, axis=0)[:few]
    keys = np.take_along_axis(away, part, axis=0)
    return np.take_along_axis(part, np.argsort(keys, axis=0, kind="stable"), axis=0).T
