"""Cover: whether everybody in every district could still be helped within the standard.

A district is looked at through a few of its clients: the one nearest to its middle, and those
furthest from what was chosen before. It is covered where for each of them somebody with the skill
could be there within the standard, from where and when they are free.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.places import Client
from engine.gaps import Flags, Ints
from engine.live.answers import Cover, Move
from engine.travel import Travel

#: Clients through whom a district is looked at.
_A_DISTRICT = 4
#: Districts for which somebody to move is looked for, the first by name.
_MOST_MOVES = 3


class Districts(NamedTuple):
    """The points through which districts are looked at.

    Attributes
    ----------
    names : of the districts, sorted.
    location : of each point, shape (p,).
    district : index of each point's district, shape (p,); the first of each is its middle.
    """

    names: tuple[str, ...]
    location: Ints
    district: Ints

    def middle(self, name: str) -> int | None:
        """Location of the client nearest to a district's middle; None: no such district."""
        if name not in self.names:
            return None
        k = self.names.index(name)
        return int(self.location[np.flatnonzero(self.district == k)[0]])


def find_districts(clients: Mapping[str, Client], travel: Travel) -> Districts:
    """Choose the points of every district that clients live in."""
    members: dict[str, set[int]] = {}
    for client in clients.values():
        if client.district is not None:
            members.setdefault(client.district, set()).add(travel.client(client.id))
    names = tuple(sorted(members))
    location, district = [], []
    for k, name in enumerate(names):
        for at in _spread_out(np.array(sorted(members[name])), travel):
            location.append(at)
            district.append(k)
    return Districts(
        names, np.array(location, dtype=np.int64), np.array(district, dtype=np.int64)
    )


def _spread_out(points: NDArray[np.int64], travel: Travel) -> list[int]:
    shrink = np.cos(np.radians(travel.lat[points].mean()))
    xy = np.column_stack([travel.lon[points] * shrink, travel.lat[points]])
    chosen = [int(((xy - xy.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    while len(chosen) < min(_A_DISTRICT, len(points)):
        gaps = ((xy[:, None] - xy[chosen]) ** 2).sum(axis=2).min(axis=1)
        if gaps.max() <= 0:
            break
        chosen.append(int(gaps.argmax()))
    return [int(points[k]) for k in chosen]


class Reach(NamedTuple):
    """Who reaches which point within the standard.

    Attributes
    ----------
    lines : those who may help, shape (r,).
    there : moment of arrival, shape (r, p), int32.
    within : shape (r, p).
    """

    lines: Ints
    there: NDArray[np.int32]
    within: Flags


def ways_to(districts: Districts, travel: Travel) -> dict[str, NDArray[np.int32]]:
    """Travel time from every place to every point, side by side, shape (places, points) a mode."""
    return {
        mode: np.ascontiguousarray(seconds[:, districts.location])
        for mode, seconds in travel.seconds.items()
    }


def find_reach(
    ways: Mapping[str, NDArray[np.int32]], modes: NDArray[Any], lines: Ints, at: Ints, ready: Ints,
    now: int, standard_s: int,
) -> Reach:
    """Find who of some lines reaches which point in time, from where and when they are free.

    Parameters
    ----------
    ways : of :func:`ways_to`.
    modes, at, ready : of all lines.
    """
    n_points = next(iter(ways.values())).shape[1]
    there = np.full((len(lines), n_points), np.iinfo(np.int32).max, dtype=np.int32)
    for mode, seconds in ways.items():
        mine = np.flatnonzero(modes[lines] == mode)
        if len(mine):
            free = ready[lines[mine]].astype(np.int32)
            there[mine] = seconds[at[lines[mine]]] + free[:, None]
    return Reach(lines, there, there <= now + standard_s)


def keep_cover(
    districts: Districts, reach: Reach, sent: int | None, idle: Flags, workers: list[str]
) -> Cover:
    """Tell what is left of the cover when one line is busy with an alarm, and who should move.

    Parameters
    ----------
    sent : line that goes; None: nobody.
    idle : who of ``reach.lines`` has nothing to do now and so could move.
    workers : id of each line's worker.
    """
    counts = reach.within.sum(axis=0)
    gone = np.zeros(len(counts), dtype=np.int64)
    row = np.flatnonzero(reach.lines == sent) if sent is not None else np.zeros(0, dtype=np.int64)
    if len(row):
        gone = reach.within[row[0]].astype(np.int64)
    left = counts - gone
    n = len(districts.names)
    was_open = np.bincount(districts.district[counts == 0], minlength=n) > 0
    is_open = np.bincount(districts.district[left == 0], minlength=n) > 0
    lost = np.flatnonzero(is_open & ~was_open)
    moves = []
    busy = set(row.tolist())
    for k in lost[:_MOST_MOVES].tolist():
        # Somebody whose going opens nothing else, and who is in the middle of it first.
        middle = int(np.flatnonzero(districts.district == k)[0])
        needed = (reach.within & (left == 1)).any(axis=1)
        free = [r for r in np.flatnonzero(~needed & idle).tolist() if r not in busy]
        if not free:
            continue
        best = min(free, key=lambda r: (int(reach.there[r, middle]), r))
        busy.add(best)
        moves.append(Move(
            workers[int(reach.lines[best])], districts.names[k], int(reach.there[best, middle])
        ))
    return Cover(
        kept=not len(lost),
        lost=tuple(districts.names[k] for k in lost.tolist()),
        open=tuple(districts.names[k] for k in np.flatnonzero(was_open).tolist()),
        moves=tuple(moves),
    )
