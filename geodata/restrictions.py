"""Turn restrictions: from OSM relations to sequences of street pieces that nobody, or somebody, may drive.

Reference: the wiki page Relation:restriction. ``no_*`` bans its own sequence (from, via, to); ``only_*`` bans every
other piece at the end of it. The via is a node or one or more ways. A rule by weekdays and hours alone
(``restriction:conditional``) is kept with them, for who asks for an hour (``Network.at``); any other condition is counted.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.hours import Hours, read_condition
from geodata.profiles import PROFILES

Int = NDArray[np.int32]
_PREFIX: Final = "restriction:"
_CONDITIONAL: Final = ":conditional"
_BY_THE_HOUR: Final = frozenset({"time", "day_on", "day_off", "hour_on", "hour_off", "date_on"})


class Restriction(NamedTuple):
    """One relation as it is written.

    Attributes
    ----------
    relation : its OSM id.
    kind : ``no_left_turn``, ``only_straight_on`` and so on.
    profiles : bit per profile, in the order of ``PROFILES``, that has to obey.
    from_ways, to_ways : way ids.
    via_node : node id, or None when the via is ways.
    via_ways : way ids, in the order in which they are listed.
    hours : when it holds; always, where there are none.
    """

    relation: int
    kind: str
    profiles: int
    from_ways: tuple[int, ...]
    to_ways: tuple[int, ...]
    via_node: int | None
    via_ways: tuple[int, ...]
    hours: Hours = ()


class Bans(NamedTuple):
    """Sequences of pieces that may not be driven one after the other.

    Attributes
    ----------
    ptr : pieces of sequence ``b`` are ``piece[ptr[b]:ptr[b + 1]]``, shape (b + 1,), int32.
    piece : two or more per sequence, in travel order, int32.
    profiles : bit per profile that has to obey, shape (b,), uint8.
    when : 0 for a sequence that is always banned, else the number of its condition, shape (b,), int32.
    hours : number of a condition, weekdays as bits, start and end of a time at which it holds, seconds,
        shape (t, 4), int32.
    """  # noqa: E501

    ptr: Int
    piece: Int
    profiles: NDArray[np.uint8]
    when: Int
    hours: Int

    @classmethod
    def of(cls, sequences: Mapping[Sequenced, int], hours: Int) -> Bans:
        """Lay sequences and their profiles out in rows, in the order of their pieces."""
        rows = sorted(sequences)
        ptr = np.zeros(len(rows) + 1, np.int32)
        np.cumsum([len(pieces) for pieces, _ in rows], out=ptr[1:])
        piece = np.array([k for pieces, _ in rows for k in pieces], np.int32)
        when = np.array([when for _, when in rows], np.int32)
        return cls(ptr, piece, np.array([sequences[row] for row in rows], np.uint8), when, hours)

    def sequences(self) -> Iterable[tuple[tuple[int, ...], int, int]]:
        """Each sequence with its condition and its profiles."""
        flat, ends = self.piece.tolist(), self.ptr.tolist()
        for b, (when, who) in enumerate(zip(self.when, self.profiles, strict=True)):
            yield tuple(flat[ends[b] : ends[b + 1]]), int(when), int(who)


Sequenced = tuple[tuple[int, ...], int]
"""Pieces, and the condition as in ``Bans.when``."""

NO_HOURS: Final = np.empty((0, 4), np.int32)
NO_BANS: Final = Bans.of({}, NO_HOURS)


def read_restriction(
    relation: int, tags: Mapping[str, str], members: Sequence[tuple[str, str, int]]
) -> list[Restriction] | str:
    """Meaning of a restriction's tags and members, or why it cannot be used.

    Parameters
    ----------
    relation : its id.
    members : role, type (``n``, ``w``, ``r``) and id.

    Returns
    -------
    restrictions : usually one; several where profiles have rules of their own. Or the reason:
        ``conditional``, ``other_vehicles``, ``unknown``, ``incomplete``.
    """
    hours: Hours = ()
    if not ("restriction" in tags and _BY_THE_HOUR.isdisjoint(tags)):
        if not _BY_THE_HOUR.isdisjoint(tags):
            return "conditional"
        given = {k: text for k, text in tags.items() if k.endswith(_CONDITIONAL)}
        read = {key.removesuffix(_CONDITIONAL): read_condition(given[key]) for key in given}
        found = [condition for condition in read.values() if condition is not None]
        others = [key for key in tags if key.startswith("restriction") and key not in given]
        if len(found) < len(read) or len({times for _, times in found}) > 1 or (found and others):
            return "conditional"
        if found:
            kinds = {key: kind for key, (kind, _) in zip(read, found, strict=True)}
            tags = {**tags, **kinds}
            hours = found[0][1]
    excepted = {word.strip() for word in tags.get("except", "").split(";")}
    by_kind: dict[str, int] = {}
    for bit, profile in enumerate(PROFILES.values()):
        # The most specific tag rules; an exception counts for whatever the profile is a kind of.
        kind = next(
            (tags[_PREFIX + key] for key in profile.turn_keys if _PREFIX + key in tags),
            tags.get("restriction") if profile.turn_keys else None,
        )
        if kind is not None and not excepted.intersection(profile.turn_keys):
            by_kind[kind] = by_kind.get(kind, 0) | 1 << bit
    if not by_kind:
        known = any(key == "restriction" or key.startswith(_PREFIX) for key in tags)
        return "other_vehicles" if known else "unknown"
    if not all(kind.startswith(("no_", "only_")) for kind in by_kind):
        return "unknown"
    ways: dict[str, list[int]] = {"from": [], "via": [], "to": []}
    nodes = []
    for role, what, ref in members:
        if what == "n" and role == "via":
            nodes.append(ref)
        elif what == "w" and role in ways:
            ways[role].append(ref)
    if not ways["from"] or not ways["to"] or bool(nodes) == bool(ways["via"]) or len(nodes) > 1:
        return "incomplete"
    return [
        Restriction(
            relation, kind, profiles, tuple(ways["from"]), tuple(ways["to"]),
            nodes[0] if nodes else None, tuple(ways["via"]), hours,
        )
        for kind, profiles in by_kind.items()
    ]  # fmt: skip


def find_bans(
    restrictions: Sequence[Restriction],
    way_ids: NDArray[np.int64],
    node_ids: NDArray[np.int64],
    way: NDArray[np.integer],
    tail: Int,
    head: Int,
) -> tuple[Bans, dict[str, int]]:
    """Sequences of pieces that the restrictions ban, and how many restrictions took effect.

    Parameters
    ----------
    way_ids : id of each way that was read, shape (w,).
    node_ids : id of each node, ascending, shape (n,).
    way, tail, head : way and nodes of each directed piece, shape (m,).

    Returns
    -------
    bans : a sequence that several restrictions ban stands there once, for all whom they name.
    counts : ``restrictions_used`` and ``restrictions_unmatched``: the latter name a way or node that
        the file lacks, or that nobody may use, or that do not meet. ``restrictions_by_the_hour`` of
        those used hold at some hours only.
    """  # noqa: E501
    index = {int(way_id): k for k, way_id in enumerate(way_ids.tolist())}
    wanted = {
        index[ref]
        for rule in restrictions
        for ref in (*rule.from_ways, *rule.to_ways, *rule.via_ways)
        if ref in index
    }
    town = _Pieces(index, node_ids, way, tail, head, wanted)
    conditions = sorted({rule.hours for rule in restrictions if rule.hours})
    table = [(k, *row) for k, hours in enumerate(conditions, 1) for row in hours]
    number = {hours: k for k, hours in enumerate([(), *conditions])}
    sequences: dict[Sequenced, int] = {}
    used = by_the_hour = 0
    for rule in restrictions:
        found = [
            sequence
            for from_way in rule.from_ways
            for to_way in rule.to_ways
            for sequence in town.banned(rule, from_way, to_way)
        ]
        used += bool(found)
        by_the_hour += bool(found and rule.hours)
        for sequence in found:
            key = (sequence, number[rule.hours])
            sequences[key] = sequences.get(key, 0) | rule.profiles
    counts = {"restrictions_used": used, "restrictions_unmatched": len(restrictions) - used}
    if by_the_hour:
        counts["restrictions_by_the_hour"] = by_the_hour
    return Bans.of(sequences, np.array(table, np.int32).reshape(-1, 4)), counts


class _Pieces:
    """The pieces that restrictions can be about, by way and by node."""

    def __init__(
        self,
        index: Mapping[int, int],
        node_ids: NDArray[np.int64],
        way: NDArray[np.integer],
        tail: Int,
        head: Int,
        wanted: set[int],
    ) -> None:
        self._index, self._node_ids = index, node_ids
        self._by_way: dict[int, list[int]] = {k: [] for k in wanted}
        mine = np.flatnonzero(np.isin(way, np.array(sorted(wanted), np.int64)))
        for piece, k in zip(mine.tolist(), way[mine].tolist(), strict=True):
            self._by_way[k].append(piece)
        near = np.unique(np.concatenate([tail[mine], head[mine]]))
        leaving = np.flatnonzero(np.isin(tail, near))
        self._leaving: dict[int, list[int]] = {}
        for piece, node in zip(leaving.tolist(), tail[leaving].tolist(), strict=True):
            self._leaving.setdefault(node, []).append(piece)
        both = np.union1d(mine, leaving)
        self._tail = dict(zip(both.tolist(), tail[both].tolist(), strict=True))
        self._head = dict(zip(both.tolist(), head[both].tolist(), strict=True))

    def banned(self, rule: Restriction, from_way: int, to_way: int) -> Iterable[tuple[int, ...]]:
        """Sequences that one pair of a restriction's ways bans."""
        after = set(self._of(to_way))
        for first in self._of(from_way):
            for path in self._vias(rule, first):
                leaving = self._leaving.get(self._head[path[-1]], [])
                named = [piece for piece in leaving if piece in after]
                if rule.kind == "no_u_turn" and from_way == to_way:
                    named = [p for p in named if self._head[p] == self._tail[first]]
                only = rule.kind.startswith("only_")
                for piece in leaving if named else ():
                    if (piece in named) != only:
                        yield (*path, piece)

    def _vias(self, rule: Restriction, first: int) -> Iterable[tuple[int, ...]]:
        """From the first piece over the via to its end."""
        if rule.via_node is not None:
            place = int(np.searchsorted(self._node_ids, rule.via_node))
            known = place < len(self._node_ids) and self._node_ids[place] == rule.via_node
            if known and self._head[first] == place:
                yield (first,)
            return
        path: tuple[int, ...] = (first,)
        ends = set()
        for way in rule.via_ways:
            rest = set(self._of(way))
            ends = {self._head[p] for p in rest} | {self._tail[p] for p in rest}
            came = self._tail[path[-1]]
            moved = False
            while True:
                here = self._head[path[-1]]
                onward = [
                    p for p in self._leaving.get(here, []) if p in rest and self._head[p] != came
                ]
                if len(onward) != 1 or len(path) > len(self._tail):
                    break
                came = here
                path = (*path, onward[0])
                moved = True
            if not moved:
                return
        if self._head[path[-1]] in ends:
            yield path

    def _of(self, way_id: int) -> list[int]:
        return self._by_way.get(self._index.get(way_id, -1), [])
