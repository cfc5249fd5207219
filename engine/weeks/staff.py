"""Who could serve what when, over the horizon, as arrays: the sizes that days are balanced with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.base import DAY_S, HORIZON_S, Window
from engine.domain.weeks import Programme, WeeklyShift, WeeklyWorker, Weeks
from engine.domain.workers import Shift
from engine.suitability import asked_gender, suits
from engine.travel import Travel
from engine.visits import mode_of
from engine.weeks.calendar import pointers
from engine.weeks.kernels import rows
from engine.weeks.kernels.spread import FAR_S
from engine.weeks.limits import Allowed, keep_within
from engine.weeks.sequences import groups_of

#: Hours of the day are told apart in slots, so that a crowded morning shows.
SLOT_S = 7_200
N_SLOTS = HORIZON_S // SLOT_S
#: A visit counts with the way to it: to about the tenth nearest client who is visited that day.
_NEAREST = 10

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
#: Service and ways to be qualified (a team has one for each member); windows and seconds.
_Skills = tuple[str, tuple[frozenset[str], ...]]
_Hours = tuple[tuple[Window, ...], int]


@dataclass
class Staff:
    """Facts about workers (w), days (d) and programmes (p) of a horizon.

    Attributes
    ----------
    hours : (workers, days) seconds at work, as far as agreed hours allow.
    slots : (workers, days, N_SLOTS) seconds at work in each part of the day.
    may : for each programme the row of ``able``; refused workers stand in ``refused``.
    able : (kinds, workers, days) who has the skills and is there in a window.
    load : (programmes,) seconds of a visit and of the way to it.
    part : (programmes, N_SLOTS) the same spread over the parts of the day by the windows.
    groups : numbers of programmes that share their days; most are alone.
    """

    weeks: Weeks
    travel: Travel
    hours: Ints = field(init=False)
    slots: Ints = field(init=False)
    may: Ints = field(init=False)
    able: Bools = field(init=False)
    refused: list[Ints] = field(init=False)
    load: Ints = field(init=False)
    part: Ints = field(init=False)
    groups: list[tuple[int, ...]] = field(init=False)

    def __post_init__(self) -> None:
        weeks = self.weeks
        n, days = len(weeks.workers), weeks.days
        self.slots = np.zeros((n, days, N_SLOTS), dtype=np.int32)
        for w, worker in enumerate(weeks.workers):
            for d, day in enumerate(weeks.dates):
                for shift in _rested(worker, d, weeks.shifts_on(worker, day)):
                    self.slots[w, d] += _overlap(shift.start_s, shift.end_s)
            whole = self.slots[w].sum(axis=1).tolist()
            for d, share in keep_within(weeks, worker, whole.__getitem__).items():
                self.slots[w, d] = (share * self.slots[w, d]).astype(np.int32)
        self.hours = self.slots.sum(axis=2, dtype=np.int32)
        self.groups = groups_of(weeks.programmes)
        self._set_able()
        shunned = {c for w in weeks.workers for c in w.refused_clients}
        self.refused = [self._refused(p, p.client in shunned) for p in weeks.programmes]
        at = [self.client_number[p.client] for p in weeks.programmes]
        lengths = np.array([weeks.duration(p) for p in weeks.programmes], dtype=np.int32)
        self.load = lengths + self.way[at] if at else lengths
        shares: dict[Sequence[Window], NDArray[np.int64]] = {}
        self.part = np.zeros((len(at), N_SLOTS), dtype=np.int32)
        for p, programme in enumerate(weeks.programmes):
            if programme.windows not in shares:
                shares[programme.windows] = _share(programme.windows)
            weights = shares[programme.windows]
            self.part[p] = -(-self.load[p] * weights // weights.sum())

    def can(self, p: int, worker: int, day: int) -> bool:
        """Whether a worker could serve a programme on a day."""
        return bool(self.able[self.may[p], worker, day]) and worker not in self.refused[p]

    def who(self, p: int) -> Bools:
        """Who could serve a programme on which day, (workers, days)."""
        able: Bools = self.able[self.may[p]]
        if len(self.refused[p]):
            able = able.copy()
            able[self.refused[p]] = False
        return able

    def _refused(self, programme: Programme, shunned: bool) -> Ints:
        """Those who are kept from a programme whatever their skills: by its client, or a pin."""
        base, client = self.weeks.base, self.weeks.client_by_id[programme.client]
        pinned = programme.pin.worker if programme.pin is not None else None
        asks = asked_gender(base, programme) is not None or bool(client.languages)
        if not (client.refused_workers or pinned or asks or shunned):
            return np.zeros(0, dtype=np.int32)
        return np.array([
            k for k, worker in enumerate(self.weeks.workers)
            if worker.id in client.refused_workers
            or pinned not in (None, worker.id)
            or not suits(base, worker, programme)
        ], dtype=np.int32)

    def _ways_in(self, programme: Programme) -> tuple[frozenset[str], ...]:
        """Skills that somebody needs for a programme: all of one of these sets."""
        service = self.weeks.base.service_by_id[programme.service]
        team = service.team if programme.team is None else programme.team
        members = [m.skills for m in team] if team else [()]
        return tuple(frozenset((*service.skills, *programme.skills, *m)) for m in members)

    def _set_able(self) -> None:
        weeks = self.weeks
        kinds: dict[tuple[_Skills, _Hours], int] = {}
        keys = [
            ((p.service, self._ways_in(p)), (p.windows, weeks.duration(p)))
            for p in weeks.programmes
        ]
        self.may = np.array([kinds.setdefault(k, len(kinds)) for k in keys], dtype=np.int32)
        skilled = {k: self._skilled(*k) for k in dict.fromkeys(k for k, _ in kinds)}
        there = {k: self._there(*k) for k in dict.fromkeys(k for _, k in kinds)}
        self.able = np.zeros((len(kinds), *self.hours.shape), dtype=np.bool_)
        for (skills, hours), kind in kinds.items():
            self.able[kind] = skilled[skills] & there[hours]

    def _skilled(self, service: str, ways_in: tuple[frozenset[str], ...]) -> Bools:
        """Who holds the skills on which day, (workers, days)."""
        skilled = np.zeros(self.hours.shape, dtype=np.bool_)
        for w, worker in enumerate(self.weeks.workers):
            if worker.services is not None and service not in worker.services:
                continue
            for d, day in enumerate(self.weeks.dates):
                held = {
                    c.skill for c in worker.certificates
                    if c.valid_until is None or c.valid_until >= day
                }
                skilled[w, d] = any(asked <= held for asked in ways_in)
        return skilled

    def _there(self, windows: tuple[Window, ...], duration: int) -> Bools:
        """Who is there in a window for the whole of a visit, (workers, days)."""
        there = np.zeros(self.hours.shape, dtype=np.bool_)
        for w, worker in enumerate(self.weeks.workers):
            fits = [is_within(windows, duration, shift) for shift in worker.shifts]
            if any(fits):
                for d, day in enumerate(self.weeks.dates):
                    on = self.weeks.shifts_on(worker, day)
                    there[w, d] = any(
                        ok and shift in on for ok, shift in zip(fits, worker.shifts, strict=True)
                    ) and (d * DAY_S >= worker.free_from_s or any(
                        is_within(windows, duration, s) for s in _rested(worker, d, on)
                    ))
        return there

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

    @cached_property
    def way(self) -> Ints:
        """Expected seconds of the way to a client, (c,)."""
        near = np.take_along_axis(self.between, self.near, axis=1)
        if not near.size:
            return np.zeros(len(self.weeks.clients), dtype=np.int32)
        far = near[:, min(_NEAREST, near.shape[1] - 1)]
        way: Ints = np.where(far < geodata.UNREACHABLE, far, 3_600).astype(np.int32)
        return way

    # -- what the kernels read -------------------------------------------------------------------

    @cached_property
    def facts(self) -> rows.Facts:
        """All of it for the kernels."""
        weeks = self.weeks
        clients = np.array([self.client_number[p.client] for p in weeks.programmes], dtype=np.int32)
        n = len(weeks.clients)
        near_s = np.take_along_axis(self.between, self.near, axis=1)
        return rows.Facts(
            rows=np.stack([clients, self.may, self.load, self.district], axis=1),
            part=self.part,
            able=self.able.astype(np.uint8),
            refused_ptr=pointers([len(r) for r in self.refused]),
            refused=_joined(self.refused),
            hours=self.hours,
            hours_in=self.slots,
            near=self.near.astype(np.int32),
            near_s=np.minimum(near_s, FAR_S).astype(np.int32),
            start_s=np.ascontiguousarray(self.from_start),
            own_ptr=pointers(np.bincount(clients, minlength=n).tolist()),
            own=np.argsort(clients, kind="stable").astype(np.int32),
            prices=np.array([
                (w.cost_per_shift_cents, w.cost_per_travel_hour_cents) for w in weeks.workers
            ], dtype=np.int64).reshape(-1, 2),
        )

    @cached_property
    def unions(self) -> tuple[Bools, list[Ints]]:
        """Groups of workers: who could ever serve a kind, and for each kind all that contain them.

        A visit is a load for every group that contains its own.
        """
        ever = self.able.any(axis=2)  # (kinds, workers)
        unique, of_kind = np.unique(ever, axis=0, return_inverse=True)
        outside = unique.astype(np.int32) @ (~unique).T.astype(np.int32)
        containing = [np.flatnonzero(row == 0).astype(np.int32) for row in outside]
        return unique, [containing[g] for g in of_kind.ravel()]

    @cached_property
    def district(self) -> Ints:
        """For each programme the row of its client's district, behind those of the groups."""
        names = [self.weeks.client_by_id[p.client].district or "" for p in self.weeks.programmes]
        number = {name: k for k, name in enumerate(dict.fromkeys(names))}
        first = len(self.unions[0])
        return np.array([first + number[name] for name in names], dtype=np.int32)


def _rested(
    worker: WeeklyWorker, day: int, shifts: tuple[WeeklyShift, ...]
) -> tuple[WeeklyShift, ...]:
    """Shifts as the rest since the day before the horizon leaves them."""
    early = max(0, worker.free_from_s - day * DAY_S)
    return Allowed(early, HORIZON_S, None).shifts(shifts) if early else shifts


def is_within(windows: Sequence[Window], duration: int, shift: Shift) -> bool:
    """Whether a visit could begin in one of its windows and end within a shift."""
    return not windows or any(
        a.start_s <= shift.end_s - duration and a.end_s >= shift.start_s for a in windows
    )


def _joined(lists: Sequence[Ints]) -> Ints:
    joined: Ints = np.concatenate([np.zeros(0, dtype=np.int32), *lists]).astype(np.int32)
    return joined


def _overlap(start: int, end: int) -> NDArray[np.int64]:
    edges = np.arange(N_SLOTS + 1) * SLOT_S
    inside = np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)
    overlap: NDArray[np.int64] = np.maximum(inside, 0)
    return overlap


def _share(windows: Sequence[Window]) -> NDArray[np.int64]:
    """Seconds of each part of the day in windows, each a little longer than a moment."""
    total = np.zeros(N_SLOTS, dtype=np.int64)
    for window in windows:
        total += _overlap(window.start_s, max(window.end_s, window.start_s + 900))
    if not total.sum():
        total[4:9] = 1  # any time: from eight to six
    return total
