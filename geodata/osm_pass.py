"""One pass of osmium over a file of any form it knows, into flat arrays.

The references of a way have to be asked for one by one, its coordinates come in one piece.
"""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any, Final

import numpy as np

from geodata.profiles import CLASS_INDEX
from geodata.restrictions import read_restriction
from geodata.tags import WAY_KEYS
from geodata.ways import FoundWays, WayCollector

_WKB_HEAD: Final = 18  # hexadecimal digits before the first coordinate: byte order, kind, count


def collect(path: Path) -> FoundWays:
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
    handler = _Handler(osmium)
    osmium.apply(
        osmium.io.Reader(str(path), kinds.NODE | kinds.WAY | kinds.RELATION),
        located,
        only(kinds.WAY, osmium.filter.KeyFilter("highway", "route")),
        only(kinds.NODE, osmium.filter.KeyFilter("barrier")),
        only(kinds.RELATION, osmium.filter.TagFilter(("type", "restriction"))),
        handler,
    )
    return handler.finish()


class _Handler:
    """Called by osmium for every barrier, way with a highway or route, and turn restriction."""

    def __init__(self, osmium: Any) -> None:
        self._found = WayCollector()
        self._ids, self._refs, self._size = array("q"), array("q"), array("q")
        self._rule, self._name = array("i"), array("i")
        self._lines: list[str] = []
        self._line = osmium.geom.WKBFactory().create_linestring
        self._all_nodes = osmium.geom.use_nodes.ALL
        self._no_line = (osmium.InvalidLocationError, RuntimeError)

    def node(self, item: Any) -> None:
        self._found.add_barrier(item.id, {tag.k: tag.v for tag in item.tags})

    def way(self, item: Any) -> None:
        value_of = item.tags.get
        highway = value_of("highway")
        if highway is not None:
            self._found.n_tagged += 1
            if highway not in CLASS_INDEX:
                return
        rule = self._found.rule_of(tuple(map(value_of, WAY_KEYS)))
        if rule < 0:
            return
        nodes = item.nodes
        self._refs.extend([node.ref for node in nodes])
        try:
            line = self._line(nodes, self._all_nodes)
        except self._no_line:
            line = _hexadecimal(nodes)
        self._ids.append(item.id)
        self._size.append(len(nodes))
        self._lines.append(line[_WKB_HEAD:])
        self._rule.append(rule)
        self._name.append(self._found.name_of(value_of("name") or value_of("ref")))

    def relation(self, item: Any) -> None:
        tags = {tag.k: tag.v for tag in item.tags}
        members = [(member.role, member.type, member.ref) for member in item.members]
        self._found.add_restriction(read_restriction(item.id, tags, members))

    def finish(self) -> FoundWays:
        self._found.add(
            *(np.frombuffer(column, np.int64) for column in (self._ids, self._refs, self._size)),
            *(np.frombuffer(column, np.int32) for column in (self._rule, self._name)),
        )
        places = np.frombuffer(bytes.fromhex("".join(self._lines)), "<f8").reshape(-1, 2)
        return self._found.with_lines(places[:, 0].copy(), places[:, 1].copy())


def _hexadecimal(nodes: Any) -> str:
    """Coordinates one by one, for a way that lacks a node or has only one."""
    flat: list[float] = []
    for node in nodes:
        place = node.location
        flat += (place.x / 1e7, place.y / 1e7) if place.valid() else (np.nan, np.nan)
    return " " * _WKB_HEAD + np.array(flat, "<f8").tobytes().hex()
