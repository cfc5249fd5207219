"""What a pass over an OSM file finds: streets as flat arrays, barriers and turn restrictions.

Two readers fill it, osmium's pass over any file (``osm_pass.py``) and the one over PBF blocks (``pbf.py``).
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.restrictions import Restriction
from geodata.tags import WAY_KEYS, WayRule, barrier_stops, read_way

CLOSED_RULE = -1
"""Rule of a way that is no street, or closed to everybody."""


class FoundWays(NamedTuple):
    """Streets as one pass over a file found them.

    Attributes
    ----------
    ids : of the ways, shape (w,), int64.
    refs : node references of all ways, shape (r,), int64.
    size : how many belong to each way, shape (w,), int64.
    lon, lat : degrees of each reference, NaN for a node that the file does not hold, shape (r,).
    rule : index into ``rules``, shape (w,), int32.
    name : index into ``names`` or -1, shape (w,), int32.
    barriers : node reference -> whom it stops, in the order of ``PROFILES``.
    restrictions : turn restrictions as they are written.
    skipped : restrictions that cannot be used, by reason.
    n_tagged : ways with a highway tag, those that nobody may use among them.
    """

    ids: NDArray[np.int64]
    refs: NDArray[np.int64]
    size: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    rule: NDArray[np.int32]
    name: NDArray[np.int32]
    rules: list[WayRule]
    names: tuple[str, ...]
    barriers: dict[int, tuple[bool, ...]]
    restrictions: list[Restriction]
    skipped: dict[str, int]
    n_tagged: int


class WayCollector:
    """Collects what a reader meets; each combination of tags is interpreted once."""

    def __init__(self) -> None:
        self.rules: list[WayRule] = []
        self.barriers: dict[int, tuple[bool, ...]] = {}
        self.restrictions: list[Restriction] = []
        self.skipped: dict[str, int] = {}
        self.n_tagged = 0
        self._known: dict[tuple[str | None, ...], int] = {}
        self._names: dict[str, int] = {}
        self._parts: list[tuple[NDArray[np.integer], ...]] = []

    def rule_of(self, values: tuple[str | None, ...]) -> int:
        """Index of the rule behind the values of ``WAY_KEYS``, or ``CLOSED_RULE``."""
        index = self._known.get(values)
        if index is None:
            tags = {k: v for k, v in zip(WAY_KEYS, values, strict=True) if v is not None}
            rule = read_way(tags)
            index = CLOSED_RULE if rule is None else len(self.rules)
            if rule is not None:
                self.rules.append(rule)
            self._known[values] = index
        return index

    def name_of(self, name: str | None) -> int:
        """Index of a street's name, -1 for none."""
        return -1 if name is None else self._names.setdefault(name, len(self._names))

    def add_barrier(self, ref: int, tags: Mapping[str, str]) -> None:
        """Take in a node with a barrier."""
        stops = barrier_stops(tags)
        if any(stops):
            self.barriers[ref] = stops

    def add_restriction(self, found: list[Restriction] | str) -> None:
        """Take in what ``read_restriction`` made of a relation."""
        if isinstance(found, str):
            self.skipped[found] = self.skipped.get(found, 0) + 1
        else:
            self.restrictions += found

    def add(self, *columns: NDArray[np.integer]) -> None:
        """Take in streets: ids, references, size, rule and name, as in ``FoundWays``."""
        self._parts.append(columns)

    def with_places(
        self, ids: NDArray[np.int64], lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> FoundWays:
        """Finish, with all nodes in ascending order of their ids."""
        refs = self._column(1, np.int64)
        x, y = np.full(len(refs), np.nan), np.full(len(refs), np.nan)
        if len(ids):
            place = np.minimum(np.searchsorted(ids, refs), len(ids) - 1)
            there = ids[place] == refs
            x[there], y[there] = lon[place[there]], lat[place[there]]
        return self.with_lines(x, y)

    def with_lines(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> FoundWays:
        """Finish, with the place of each reference."""
        return FoundWays(
            self._column(0, np.int64), self._column(1, np.int64), self._column(2, np.int64),
            lon, lat, self._column(3, np.int32), self._column(4, np.int32),
            self.rules, tuple(self._names), self.barriers, self.restrictions, self.skipped,
            self.n_tagged,
        )  # fmt: skip

    def _column(self, k: int, kind: type) -> NDArray[Any]:
        if not self._parts:
            return np.empty(0, kind)
        return np.concatenate([part[k] for part in self._parts]).astype(kind)
