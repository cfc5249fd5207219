"""One pass of osmium over a file, into flat arrays.

What is asked of Python objects per way is kept small, because that is what costs: six tags of every street, its node
references one by one, its coordinates in one piece. Only a street that
carries one of the rarer tags is asked for all.
"""  # noqa: E501

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geodata.profiles import CLASS_INDEX
from geodata.restrictions import Restriction, read_restriction
from geodata.tags import WAY_KEYS, WayRule, barrier_stops, read_way

_COMMON: Final = ("highway", "oneway", "junction", "maxspeed", "access", "route")
_RARE: Final = tuple(key for key in WAY_KEYS if key not in _COMMON)
_CLOSED: Final = -1
_WKB_HEAD: Final = 18  # hexadecimal digits before the first coordinate: byte order, kind, count


@dataclass
class Ways:
    """What one pass collects: flat and growing, so that a large city needs no object per node.

    Attributes
    ----------
    ids : of the ways.
    refs, ptr : node references of way ``w`` are ``refs[ptr[w]:ptr[w + 1]]``.
    lines : longitudes and latitudes of a way's nodes, alternating, as little-endian hexadecimal
        float64 behind 18 other digits; NaN for a node that the file does not hold.
    rule : index into ``rules``, negative for a way that is closed to everybody.
    name : index into ``names`` or -1.
    barriers : node reference -> whom it stops, in the order of ``PROFILES``.
    restrictions : turn restrictions as they are written.
    n_tagged : ways with a highway tag.
    skipped : restrictions that cannot be used, by reason.
    """

    ids: array[int] = field(default_factory=lambda: array("q"))
    refs: array[int] = field(default_factory=lambda: array("q"))
    ptr: array[int] = field(default_factory=lambda: array("q", [0]))
    lines: list[str] = field(default_factory=list)
    rule: array[int] = field(default_factory=lambda: array("i"))
    name: array[int] = field(default_factory=lambda: array("i"))
    rules: list[WayRule] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    barriers: dict[int, tuple[bool, ...]] = field(default_factory=dict)
    restrictions: list[Restriction] = field(default_factory=list)
    n_tagged: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    def places(self) -> NDArray[np.float64]:
        """Longitude and latitude of each node reference, shape (r, 2)."""
        digits = "".join([line[_WKB_HEAD:] for line in self.lines])
        return np.frombuffer(bytes.fromhex(digits), "<f8").reshape(-1, 2)


def collect(path: Path) -> Ways:
    """Streets, barriers and turn restrictions of an OSM file.

    Raises
    ------
    RuntimeError, OSError, ValueError : osmium's, for a file that is damaged.
    """
    import osmium

    def only(kind: Any, chosen: Any) -> Any:
        chosen.enable_for(kind)
        return chosen

    kinds = osmium.osm
    located = osmium.NodeLocationsForWays(osmium.index.create_map("flex_mem"))
    located.ignore_errors()
    reader = _StreetHandler(osmium)
    osmium.apply(
        osmium.io.Reader(str(path), kinds.NODE | kinds.WAY | kinds.RELATION),
        located,
        only(kinds.WAY, osmium.filter.KeyFilter("highway", "route")),
        only(kinds.NODE, osmium.filter.KeyFilter("barrier")),
        only(kinds.RELATION, osmium.filter.TagFilter(("type", "restriction"))),
        reader,
        only(kinds.WAY, osmium.filter.KeyFilter(*_RARE)),
        _RareTagHandler(reader),
    )
    return reader.ways


class _StreetHandler:
    """Called by osmium for every barrier, street and turn restriction."""

    def __init__(self, osmium: Any) -> None:
        self.ways = Ways()
        self.current = 0  # id of the last street taken
        self._known: dict[tuple[str | None, ...], int] = {}
        self._line = osmium.geom.WKBFactory().create_linestring
        self._all_nodes = osmium.geom.use_nodes.ALL
        self._no_line = (osmium.InvalidLocationError, RuntimeError)

    def node(self, item: Any) -> None:
        stops = barrier_stops({tag.k: tag.v for tag in item.tags})
        if any(stops):
            self.ways.barriers[item.id] = stops

    def way(self, item: Any) -> None:
        value_of = item.tags.get
        highway, route = value_of("highway"), value_of("route")
        ways = self.ways
        if highway is not None:
            ways.n_tagged += 1
        elif route != "ferry":
            return
        if highway is not None and highway not in CLASS_INDEX:
            return
        deciding = (
            highway, value_of("oneway"), value_of("junction"), value_of("maxspeed"),
            value_of("access"), route,
        )  # fmt: skip
        index = self._known.get(deciding)
        if index is None:
            index = self._known[deciding] = self.interpret(_COMMON, deciding)
        name = value_of("name") or value_of("ref")
        nodes = item.nodes
        ways.refs.extend([node.ref for node in nodes])
        try:
            line = self._line(nodes, self._all_nodes)
        except self._no_line:
            line = _hexadecimal(nodes)
        self.current = item.id
        ways.ids.append(item.id)
        ways.lines.append(line)
        ways.rule.append(index)
        ways.name.append(-1 if name is None else ways.names.setdefault(name, len(ways.names)))
        ways.ptr.append(len(ways.refs))

    def relation(self, item: Any) -> None:
        tags = {tag.k: tag.v for tag in item.tags}
        members = [(member.role, member.type, member.ref) for member in item.members]
        found = read_restriction(item.id, tags, members)
        if isinstance(found, str):
            self.ways.skipped[found] = self.ways.skipped.get(found, 0) + 1
        else:
            self.ways.restrictions += found

    def interpret(self, keys: tuple[str, ...], values: tuple[str | None, ...]) -> int:
        """Index of the rule behind a way's tags."""
        rule = read_way({k: v for k, v in zip(keys, values, strict=True) if v is not None})
        if rule is None:
            return _CLOSED
        self.ways.rules.append(rule)
        return len(self.ways.rules) - 1


class _RareTagHandler:
    """Called by osmium after the other, for the streets whose rarer tags may change their rule."""

    def __init__(self, before: _StreetHandler) -> None:
        self._before = before
        self._known: dict[tuple[str | None, ...], int] = {}

    def way(self, item: Any) -> None:
        if item.id != self._before.current:
            return  # it was no street
        deciding = tuple(map(item.tags.get, WAY_KEYS))
        index = self._known.get(deciding)
        if index is None:
            index = self._known[deciding] = self._before.interpret(WAY_KEYS, deciding)
        self._before.ways.rule[-1] = index


def _hexadecimal(nodes: Any) -> str:
    """Coordinates one by one, for a way that lacks a node or has only one."""
    flat: list[float] = []
    for node in nodes:
        place = node.location
        flat += (place.x / 1e7, place.y / 1e7) if place.valid() else (np.nan, np.nan)
    return " " * _WKB_HEAD + np.array(flat, "<f8").tobytes().hex()
