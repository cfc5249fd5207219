"""The roads of a running day: points that were not planned for, streets that close or slow down.

Nobody goes through a closed street. A home on one is reached from the nearest street that is open,
where that is within the problem's ``max_snap_m``; else, and where every way there leads through
closed streets, the place is cut off: there is no way to it or from it until a street opens again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.base import CoordinateSystem
from engine.domain.faults import fault
from engine.domain.problem import Problem
from engine.errors import InputError
from engine.travel import Travel, walk_compounds

#: Takes the place of a factor where a street is closed.
CLOSED = float("inf")
#: Rows and columns that are kept free, so that a new client costs one row and not a new matrix.
_SPARE = 64


class LiveRoads:
    """Ways between the day's places, kept true while places come and streets change.

    Parameters
    ----------
    travel : of the problem; its arrays are copied, its network is used.
    max_snap_m : further than that from a road a new point is refused.
    arrival_s : mode -> seconds to park or lock at the end of a way.
    problem : whose compounds are walked; None: there are none.
    """

    def __init__(
        self, travel: Travel, max_snap_m: int, arrival_s: Mapping[str, int],
        problem: Problem | None = None,
    ) -> None:
        self._problem = problem
        self.max_snap_m = max_snap_m
        self._arrival = arrival_s
        self.modes = tuple(travel.seconds)
        self._base = travel.network
        self._seconds = {m: _room(travel.seconds[m]) for m in self.modes}
        self._metres = {m: _room(travel.metres[m]) for m in self.modes}
        self.version = 0  # of the ways: another number, other ways
        self._factor: dict[str, NDArray[np.float64]] = {}
        self._usual = dict(travel.points)  # where points meet the streets when all are open
        #: What has happened, in its order: :meth:`redo` makes the same of another board's roads.
        self.journal: list[tuple[Any, ...]] = []
        self.travel = replace(
            travel, location=dict(travel.location), points=dict(travel.points), seconds={},
            metres={},
        )
        self._show()

    @property
    def has_streets(self) -> bool:
        """Whether there is a network under the matrices."""
        return isinstance(self._base, geodata.Network)

    @property
    def any_closed(self) -> bool:
        """Whether a street is closed to somebody."""
        return any(np.isinf(factor).any() for factor in self._factor.values())

    def add(
        self, key: tuple[str, str], lon: float, lat: float, system: CoordinateSystem,
        setup_s: int = 0, *, is_measured: bool = False,
    ) -> None:
        """Take in a new point, with its ways to and from all others.

        Parameters
        ----------
        setup_s : spent there on arrival, as a client's ``arrival_s``.
        is_measured : all ways are measured after this, so its own need not be.

        Raises
        ------
        InputError : ``E1403``, no mode has a road near it.
        """
        travel = self.travel
        x, y = geodata.to_wgs84(lon, lat, system)
        found = {m: geodata.snap_to_edges(self._base, [x], [y], m) for m in self.modes}
        near = min(float(s.distance_m[0]) for s in found.values())
        if near > self.max_snap_m:
            modes = "/".join(self.modes)
            raise InputError([fault(
                "E1403", "client", distance_m=round(near), mode=modes, limit_m=self.max_snap_m
            )])
        self.journal.append(("add", key, lon, lat, system, setup_s))
        n = len(travel.lon)
        self._grow(n + 1)
        for mode, one in found.items():
            if not is_measured:
                now = self._open_points(mode, one, [x], [y])
                self._fill(mode, n, travel.points[mode], now)
                travel.points[mode] = _joined(travel.points[mode], now)
            self._usual[mode] = _joined(self._usual[mode], one)
        setup = travel.setup
        if setup is not None or setup_s:
            before = np.zeros(n, dtype=np.int32) if setup is None else setup
            setup = np.append(before, np.int32(setup_s))
        self.travel = replace(
            travel, lon=np.append(travel.lon, x), lat=np.append(travel.lat, y), setup=setup
        )
        self.travel.location[key] = n
        self._show()

    def alias(self, key: tuple[str, str], location: int) -> None:
        """Give a place that is known another name."""
        self.travel.location[key] = location

    def seconds_from(
        self, mode: str, where: Sequence[tuple[float, float]], location: int
    ) -> NDArray[np.int32]:
        """Travel time from some positions on earth (lon, lat) to a place, shape (positions,).

        One pass backward from the place over all streets; a position that is far from every street
        has no way.
        """
        travel = self.travel
        lon, lat = np.array(where, dtype=np.float64).reshape(-1, 2).T
        points = geodata.snap_to_edges(travel.network, lon, lat, mode)
        target = travel.points[mode].take([location])
        seconds = geodata.travel_block(travel.network, points, target, mode).seconds[:, 0]
        seconds = np.where(seconds < geodata.UNREACHABLE, seconds + self._arrival.get(mode, 0),
                           seconds)
        off = (points.distance_m > self.max_snap_m) | (target.distance_m[0] > self.max_snap_m)
        return np.where(off, geodata.UNREACHABLE, seconds).astype(np.int32)

    def change(
        self, lon: float, lat: float, radius_m: int, factor: float, modes: Collection[str]
    ) -> int:
        """Make the streets around a point slower, as usual again (1), or closed (``CLOSED``).

        Returns
        -------
        n_edges : streets that lie there, in their directions. 0: nothing was changed.
        """
        n_edges = self._set_factor(lon, lat, radius_m, factor, modes)
        if n_edges:
            self.journal.append(("change", lon, lat, radius_m, factor, tuple(modes)))
            self._take_times()
            for mode in self.modes if not modes else [m for m in self.modes if m in modes]:
                self._measure(mode)
            self._show()
        return n_edges

    def redo(self, journal: Sequence[tuple[Any, ...]]) -> None:
        """Let happen what a journal says, measuring every mode once and not at every change."""
        changes = [given for kind, *given in journal if kind == "change"]
        for given in changes:
            self._set_factor(*given)
        for kind, *given in journal:
            if kind == "add":
                self.add(*given, is_measured=bool(changes))
        self.journal = list(journal)
        if changes:
            self._take_times()
            for mode in self.modes:
                self._measure(mode)
            self._show()

    def _set_factor(
        self, lon: float, lat: float, radius_m: int, factor: float, modes: Collection[str]
    ) -> int:
        inside = _edges_within(self._base, lon, lat, radius_m)
        for mode in self._base.profiles if inside.any() else ():
            if not modes or mode in modes:
                by = self._factor.setdefault(mode, np.ones(self._base.n_edges))
                by[inside] = factor
        return int(inside.sum())

    def _take_times(self) -> None:
        """Make the network of the factors."""
        base: geodata.Network = self._base
        times = dict(base.time_ms)
        for mode, by in self._factor.items():
            usual = base.time_ms[mode]
            slow = np.minimum(np.maximum(1, np.rint(usual * by)), geodata.CLOSED - 1)
            is_open = (usual != geodata.CLOSED) & np.isfinite(by)
            times[mode] = np.where(is_open, slow, geodata.CLOSED).astype(np.int32)
        # With streets closed nothing that the usual network knows of its streets holds any more.
        network = replace(base, time_ms=times) if self.any_closed else base.with_times(times)
        self.travel = replace(self.travel, network=network)

    def _open_points(
        self, mode: str, usual: geodata.SnappedPoints, lon: Any, lat: Any
    ) -> geodata.SnappedPoints:
        """Where points meet the streets that are open now: those on closed ones elsewhere."""
        factor = self._factor.get(mode)
        if factor is None:
            return usual
        shut = np.isinf(factor)
        lost = shut[usual.edge] | (shut[usual.reverse] & (usual.reverse >= 0))
        if not lost.any():
            return usual
        found = geodata.snap_to_edges(
            self.travel.network, np.asarray(lon)[lost], np.asarray(lat)[lost], mode
        )
        columns: list[Any] = [np.array(column) for column in usual]
        for column, values in zip(columns, tuple(found), strict=True):
            column[lost] = values
        return geodata.SnappedPoints(*columns)

    def _measure(self, mode: str) -> None:
        n = len(self.travel.lon)
        points = self._open_points(
            mode, self._usual[mode], self.travel.lon, self.travel.lat
        )
        self.travel.points[mode] = points
        fresh = geodata.travel_matrix(self.travel.network, points, mode)
        if self._arrival.get(mode):
            geodata.add_arrival(fresh.seconds, points, mode, self._arrival[mode])
        off = np.flatnonzero(points.distance_m > self.max_snap_m)
        for whole, values in ((self._seconds, fresh.seconds), (self._metres, fresh.metres)):
            values[off, :] = geodata.UNREACHABLE
            values[:, off] = geodata.UNREACHABLE
            np.fill_diagonal(values, 0)
            whole[mode][:n, :n] = values
        if self._problem is not None:
            walk_compounds(
                self._problem, self.travel.location, self.travel.lon, self.travel.lat,
                {mode: self._seconds[mode][:n, :n]}, {mode: self._metres[mode][:n, :n]},
            )

    def _fill(
        self, mode: str, n: int, points: geodata.SnappedPoints, one: geodata.SnappedPoints
    ) -> None:
        """Set the row and the column of a new point."""
        away = geodata.travel_block(self.travel.network, one, points, mode)
        back = geodata.travel_block(self.travel.network, points, one, mode)
        off = (points.distance_m > self.max_snap_m) | (one.distance_m[0] > self.max_snap_m)
        moves = (points.lon != one.lon[0]) | (points.lat != one.lat[0])
        park = np.where(moves, self._arrival.get(mode, 0), 0)
        for whole, to, fro, more in (
            (self._seconds[mode], away.seconds[0], back.seconds[:, 0], park),
            (self._metres[mode], away.metres[0], back.metres[:, 0], 0),
        ):
            whole[n, :n] = np.where(off | (to >= geodata.UNREACHABLE), geodata.UNREACHABLE,
                                    to + more)
            whole[:n, n] = np.where(off | (fro >= geodata.UNREACHABLE), geodata.UNREACHABLE,
                                    fro + more)
            whole[n, n] = 0

    def _grow(self, n: int) -> None:
        for whole in (self._seconds, self._metres):
            for mode, values in whole.items():
                if len(values) < n:
                    whole[mode] = _room(values)

    def _show(self) -> None:
        self.version += 1
        n = len(self.travel.lon)
        for mode in self.modes:
            self.travel.seconds[mode] = self._seconds[mode][:n, :n]
            self.travel.metres[mode] = self._metres[mode][:n, :n]


def _joined(
    first: geodata.SnappedPoints, second: geodata.SnappedPoints
) -> geodata.SnappedPoints:
    columns: Any = zip(tuple(first), tuple(second), strict=True)
    return geodata.SnappedPoints(*(np.concatenate(pair) for pair in columns))


def _room(values: NDArray[np.int32]) -> NDArray[np.int32]:
    n = len(values)
    room = np.full((n + _SPARE, n + _SPARE), geodata.UNREACHABLE, dtype=np.int32)
    room[:n, :n] = values
    return room


def _edges_within(network: Any, lon: float, lat: float, radius_m: int) -> NDArray[np.bool_]:
    """Mark edges with a drawn point, or the middle of a straight piece, inside a circle."""
    x, y, ptr = network.geom_lon, network.geom_lat, network.geom_ptr
    near = geodata.distance_m(x, y, lon, lat) <= radius_m
    middle = geodata.distance_m((x[:-1] + x[1:]) / 2, (y[:-1] + y[1:]) / 2, lon, lat) <= radius_m
    middle[ptr[1:-1] - 1] = False  # from the end of one edge to the start of the next
    near[:-1] |= middle
    count = np.concatenate([[0], np.cumsum(near)])
    return np.asarray(count[ptr[1:]] > count[ptr[:-1]], dtype=np.bool_)
