"""Reading ``.osm``, ``.osm.gz`` and ``.osm.pbf`` in one pass with osmium."""

from __future__ import annotations

import gzip
import zlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geodata.coordinates import distance_m
from geodata.errors import NetworkError
from geodata.profiles import PROFILES
from geodata.raw import RawStreets
from geodata.tags import WAY_KEYS, WayRule, barrier_stops, read_way

SUFFIXES: Final = (".osm", ".osm.gz", ".osm.pbf", ".pbf")
_MISSING: Final = 2**31 - 1  # osmium's coordinate of a node that the file does not hold
_SCALE: Final = 1e-7  # osmium keeps degrees as integers of this step, as the OSM database does


@dataclass
class _Ways:
    """What one pass collects: flat and growing, so that a large city needs no object per node."""

    refs: array[int] = field(default_factory=lambda: array("q"))
    x: array[int] = field(default_factory=lambda: array("i"))
    y: array[int] = field(default_factory=lambda: array("i"))
    ptr: array[int] = field(default_factory=lambda: array("q", [0]))
    rule: array[int] = field(default_factory=lambda: array("i"))
    name: array[int] = field(default_factory=lambda: array("i"))
    rules: list[WayRule] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    barriers: dict[int, tuple[bool, ...]] = field(default_factory=dict)
    n_tagged: int = 0


def read_osm_file(
    path: Path, on_progress: Callable[[str, float], None]
) -> tuple[RawStreets, dict[str, int]]:
    """Streets of an OSM file, and facts about reading it.

    A way is cut where one of its nodes is missing, as at the edge of a clipped extract: bridging
    the gap would draw a street that nobody can know.

    Raises
    ------
    NetworkError : ``E3005`` damaged, ``E3006`` not OSM, ``E3007`` no streets, ``E3008`` streets
        without nodes.
    """
    _check_content(path)
    on_progress("reading", 0.0)
    try:
        ways = _collect(path)
    except (RuntimeError, OSError, ValueError, UnicodeError) as error:
        raise NetworkError("E3005", path=path, detail=_one_line(error)) from error
    if not ways.rule:
        raise NetworkError("E3007", path=path, n_ways=ways.n_tagged)
    on_progress("reading", 0.8)
    return _to_streets(path, ways)


def _check_content(path: Path) -> None:
    """Look at the first bytes: osmium's own words for a wrong kind of file help nobody."""
    with path.open("rb") as stream:
        head = stream.read(512)
    if path.name.endswith(".pbf"):
        # A PBF file starts with the length of a block header that names its kind `OSMHeader`.
        if b"OSMHeader" not in head[:64]:
            raise NetworkError("E3006", path=path, detail="it does not start with a PBF header")
        return
    if path.name.endswith(".gz"):
        if head[:2] != b"\x1f\x8b":
            raise NetworkError("E3006", path=path, detail="it is not compressed with gzip")
        try:
            with gzip.open(path, "rb") as stream:
                head = stream.read(512)
        except (OSError, EOFError, zlib.error) as error:
            raise NetworkError("E3005", path=path, detail=_one_line(error)) from error
    if b"<osm" not in head and b"<?xml" not in head:
        raise NetworkError("E3006", path=path, detail="it does not start with <osm>")


def _collect(path: Path) -> _Ways:
    import osmium

    processor = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
    processor = processor.with_locations("flex_mem")
    for key, kind in (("barrier", osmium.osm.NODE), ("highway", osmium.osm.WAY)):
        only = osmium.filter.KeyFilter(key)
        only.enable_for(kind)
        processor = processor.with_filter(only)
    ways = _Ways()
    known: dict[tuple[str | None, ...], int] = {}
    item: Any
    for item in processor:
        if item.is_node():
            stops = barrier_stops({tag.k: tag.v for tag in item.tags})
            if any(stops):
                ways.barriers[item.id] = stops
            continue
        ways.n_tagged += 1
        # Asking for the few keys that decide is cheaper than a Python object per tag, and streets
        # share few combinations: each is interpreted once.
        value_of = item.tags.get
        deciding = tuple(map(value_of, WAY_KEYS))
        index = known.get(deciding)
        if index is None:
            rule = read_way(
                {k: v for k, v in zip(WAY_KEYS, deciding, strict=True) if v is not None}
            )
            index = -1 if rule is None else len(ways.rules)
            known[deciding] = index
            if rule is not None:
                ways.rules.append(rule)
        if index < 0:
            continue
        name = value_of("name") or value_of("ref")
        ways.rule.append(index)
        ways.name.append(-1 if name is None else ways.names.setdefault(name, len(ways.names)))
        for node in item.nodes:
            place = node.location
            ways.refs.append(node.ref)
            ways.x.append(place.x)
            ways.y.append(place.y)
        ways.ptr.append(len(ways.refs))
    return ways


def _to_streets(path: Path, ways: _Ways) -> tuple[RawStreets, dict[str, int]]:
    refs = np.frombuffer(ways.refs, np.int64)
    x, y = np.frombuffer(ways.x, np.int32), np.frombuffer(ways.y, np.int32)
    ptr = np.frombuffer(ways.ptr, np.int64)
    there = x != _MISSING
    if not there.any():
        raise NetworkError("E3008", path=path, n_ways=len(ways.rule))
    ids, first, node = np.unique(refs, return_index=True, return_inverse=True)
    # A way that comes before its nodes sees none of them; a later way may, so take any sighting.
    seen = np.full(len(ids), -1, np.int64)
    seen[node[there]] = np.flatnonzero(there)
    sighting = np.maximum(seen, first)
    lon, lat = x[sighting].astype(np.float64) * _SCALE, y[sighting].astype(np.float64) * _SCALE

    way_of = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
    pair = np.flatnonzero((way_of[1:] == way_of[:-1]) & (node[1:] != node[:-1]))
    whole = (seen[node[pair]] >= 0) & (seen[node[pair + 1]] >= 0)
    counts = {
        "ways": len(ways.rule),
        "ways_skipped": ways.n_tagged - len(ways.rule),
        "nodes": int((seen >= 0).sum()),
        "dangling_references": int(np.count_nonzero(seen[node] < 0)),
        "pieces_dangling": int(np.count_nonzero(~whole)),
        "barriers": len(ways.barriers),
    }
    pair = pair[whole]
    if len(pair) == 0:
        raise NetworkError("E3008", path=path, n_ways=len(ways.rule))
    way = way_of[pair]
    u, v = node[pair].astype(np.int32), node[pair + 1].astype(np.int32)
    length = distance_m(lon[u], lat[u], lon[v], lat[v])
    rule = np.frombuffer(ways.rule, np.int32)[way]
    forward = np.array([r.forward for r in ways.rules]).T[:, rule]
    backward = np.array([r.backward for r in ways.rules]).T[:, rule]
    road_class = np.array([r.road_class for r in ways.rules], np.uint8)[rule]
    name = np.frombuffer(ways.name, np.int32)[way]

    tail, head = np.concatenate([u, v]), np.concatenate([v, u])
    speed = np.concatenate([forward, backward], axis=1)
    _close_barriers(ways, ids, head, speed)
    open_to_some = speed.any(axis=0)
    streets = RawStreets(
        lon=lon,
        lat=lat,
        tail=tail[open_to_some],
        head=head[open_to_some],
        length=np.tile(length, 2)[open_to_some],
        speed=np.ascontiguousarray(speed[:, open_to_some]),
        road_class=np.tile(road_class, 2)[open_to_some],
        street_name=np.tile(name, 2)[open_to_some],
        street_names=tuple(ways.names),
        geom_ptr=np.zeros(int(open_to_some.sum()) + 1, np.int64),
        geom_lon=np.empty(0),
        geom_lat=np.empty(0),
    )
    return streets, counts


def _close_barriers(
    ways: _Ways, ids: NDArray[np.int64], head: NDArray[np.int32], speed: NDArray[np.float64]
) -> None:
    """Close the pieces that lead into a barrier: nobody arrives there, so nobody crosses it."""
    if not ways.barriers:
        return
    stops = np.zeros((len(PROFILES), len(ids)), np.bool_)
    for ref, stopped in ways.barriers.items():
        place = int(np.searchsorted(ids, ref))
        if place < len(ids) and ids[place] == ref:
            stops[:, place] = stopped
    speed[stops[:, head]] = 0.0


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
