"""Who could serve what when, over the horizon, as arrays: the sizes that days are balanced with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.base import HORIZON_S, Window
from engine.domain.weeks import Programme, Weeks
from engine.evaluate import mode_of
from engine.rules.match import asked_gender, suits
from engine.travel import Travel

#: Hours of the day are told apart in slots, so that a crowded morning shows.
SLOT_S = 7_200
N_SLOTS = HORIZON_S // SLOT_S
#: A visit counts with the way to it: to about the tenth nearest client who is visited that day.
_NEAREST = 10
#: Ways beyond this are as far as any.
_FAR_S = 7_200

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
#: Service, ways to be qualified (a team has one for each member), windows, seconds.
_Key = tuple[str, tuple[frozenset[str], ...], tuple[Window, ...], int]


@dataclass
class Staff:
    """Facts about workers (w), days (d) and programmes (p) of a horizon.

    Attributes
    ----------
    hours : (workers, days) seconds at work.
    slots : (workers, days, N_SLOTS) seconds at work in each part of the day.
    may : for each programme the row of ``able``; refused workers stand in
        ``refused``.
    able : (kinds, workers, days) who has the skills and is there in a window.
    load : (programmes,) seconds of a visit and of the way to it.
    share : (programmes, N_SLOTS) how a visit's load is spread over the day by its windows.
    """

    weeks: Weeks
    travel: Travel
    hours: Floats = field(init=False)
    slots: Floats = field(init=False)
    may: NDArray[np.int64] = field(init=False)
    able: Bools = field(init=False)
    refused: list[NDArray[np.int64]] = field(init=False)
    load: Floats = field(init=False)
    share: Floats = field(init=False)

    def __post_init__(self) -> None:
        weeks = self.weeks
        n, days = len(weeks.workers), weeks.days
        self.slots = np.zeros((n, days, N_SLOTS))
        for w, worker in enumerate(weeks.workers):
            for d, day in enumerate(weeks.dates):
                for shift in weeks.shifts_on(worker, day):
                    self.slots[w, d] += _overlap(shift.start_s, shift.end_s)
        self.hours = self.slots.sum(axis=2)
        kinds: dict[_Key, int] = {}
        keys = [
            (p.service, self._ways_in(p), p.windows, weeks.duration(p)) for p in weeks.programmes
        ]
        self.may = np.array([kinds.setdefault(k, len(kinds)) for k in keys], dtype=np.int64)
        self.able = np.zeros((len(kinds), n, days), dtype=np.bool_)
        for key, kind in kinds.items():
            self.able[kind] = self._able(key)
        shunned = {c for w in weeks.workers for c in w.refused_clients}
        self.refused = [self._refused(p, p.client in shunned) for p in weeks.programmes]
        self.load = np.array([k[3] for k in keys], dtype=np.float64) + self.way[
            [self.client_number[p.client] for p in weeks.programmes]
        ] if keys else np.zeros(0)
        self.share = np.array([_share(p) for p in weeks.programmes]).reshape(-1, N_SLOTS)

    def who(self, p: int) -> Bools:
        """Who could serve a programme on which day, (workers, days)."""
        able: Bools = self.able[self.may[p]]
        if len(self.refused[p]):
            able = able.copy()
            able[self.refused[p]] = False
        return able

    def _refused(self, programme: Programme, shunned: bool) -> NDArray[np.int64]:
        """Those who are kept from a programme whatever their skills: by its client, or a pin."""
        base, client = self.weeks.base, self.weeks.client_by_id[programme.client]
        pinned = programme.pin.worker if programme.pin is not None else None
        asks = asked_gender(base, programme) is not None or bool(client.languages)
        if not (client.refused_workers or pinned or asks or shunned):
            return np.zeros(0, dtype=np.int64)
        return np.array([
            k for k, worker in enumerate(self.weeks.workers)
            if worker.id in client.refused_workers
            or pinned not in (None, worker.id)
            or not suits(base, worker, programme)
        ], dtype=np.int64)

    def _ways_in(self, programme: Programme) -> tuple[frozenset[str], ...]:
        """Skills that somebody needs for a programme: all of one of these sets."""
        service = self.weeks.base.service_by_id[programme.service]
        team = service.team if programme.team is None else programme.team
        members = [m.skills for m in team] if team else [()]
        return tuple(frozenset((*service.skills, *programme.skills, *m)) for m in members)

    def _able(self, key: _Key) -> Bools:
        weeks, (service, ways_in, windows, duration) = self.weeks, key
        able = np.zeros((len(weeks.workers), weeks.days), dtype=np.bool_)
        for w, worker in enumerate(weeks.workers):
            if worker.services is not None and service not in worker.services:
                continue
            for d, day in enumerate(weeks.dates):
                held = {
                    c.skill for c in worker.certificates
                    if c.valid_until is None or c.valid_until >= day
                }
                able[w, d] = any(asked <= held for asked in ways_in) and any(
                    not windows or any(
                        a.start_s <= shift.end_s - duration and a.end_s >= shift.start_s
                        for a in windows
                    )
                    for shift in weeks.shifts_on(worker, day)
                )
        return able

    # -- where clients are -----------------------------------------------------------------------

    @cached_property
    def client_number(self) -> dict[str, int]:
        """Index of every client."""
        return {c.id: i for i, c in enumerate(self.weeks.clients)}

    @cached_property
    def between(self) -> NDArray[np.int32]:
        """Seconds between clients (c, c) by the mode that most workers use."""
        at = [self.travel.client(c.id) for c in self.weeks.clients]
        return self.main_seconds[np.ix_(at, at)]

    @cached_property
    def from_start(self) -> NDArray[np.int32]:
        """Seconds from every worker's start to every client, (workers, c), by their own mode."""
        at = [self.travel.client(c.id) for c in self.weeks.clients]
        rows = [
            self.travel.seconds[mode_of(self.weeks.base, w)][self.travel.place(w.start)][at]
            for w in self.weeks.workers
        ]
        return np.array(rows, dtype=np.int32).reshape(len(rows), len(at))

    @cached_property
    def main_seconds(self) -> NDArray[np.int32]:
        """Travel times of the mode that most workers use; nobody at work: zeros."""
        modes = [mode_of(self.weeks.base, w) for w in self.weeks.workers]
        if not modes:
            n = len(self.travel.lon)
            return np.zeros((n, n), dtype=np.int32)
        return self.travel.seconds[max(sorted(set(modes)), key=modes.count)]

    @cached_property
    def near(self) -> NDArray[np.int64]:
        """For each client the nearest clients by time, itself first, (c, up to 60)."""
        k = min(60, len(self.between))
        part = np.argpartition(self.between, k - 1, axis=1)[:, :k] if k else (
            np.zeros((0, 0), dtype=np.int64)
        )
        order = np.argsort(np.take_along_axis(self.between, part, axis=1), axis=1, kind="stable")
        near: NDArray[np.int64] = np.take_along_axis(part, order, axis=1)
        return near

    def nearest(self, client: int, there: Bools, start: Floats) -> Floats:
        """Seconds from a client to the nearest of others.

        Parameters
        ----------
        there : which clients count, shape (..., k): one for each of ``near[client]``.
        start : seconds from where one starts, shape (...), for want of any.
        """
        near = self.near[client]
        seconds = np.minimum(self.between[client, near], _FAR_S).astype(np.float64)
        first = seconds[there.argmax(axis=-1)]
        alone = np.maximum(np.minimum(start, _FAR_S), seconds[-1])
        found: Floats = np.where(there.any(axis=-1), first, alone)
        return found

    @cached_property
    def way(self) -> Floats:
        """Expected seconds of the way to a client, (c,)."""
        near = np.take_along_axis(self.between, self.near, axis=1)
        if not near.size:
            return np.zeros(len(self.weeks.clients))
        far = near[:, min(_NEAREST, near.shape[1] - 1)].astype(np.float64)
        way: Floats = np.where(far < geodata.UNREACHABLE, far, 3_600.0)
        return way


def _overlap(start: int, end: int) -> Floats:
    edges = np.arange(N_SLOTS + 1) * SLOT_S
    inside = np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)
    overlap: Floats = np.maximum(inside, 0).astype(np.float64)
    return overlap


def _share(programme: Programme) -> Floats:
    """Spread a visit evenly over its windows, each a little longer than a moment."""
    total: Floats = np.zeros(N_SLOTS)
    for window in programme.windows:
        total += _overlap(window.start_s, max(window.end_s, window.start_s + 900))
    if not total.sum():
        total[4:9] = 1.0  # any time: from eight to six
    share: Floats = total / total.sum()
    return share
