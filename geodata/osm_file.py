"""Reading ``.osm``, ``.osm.gz`` and ``.osm.pbf``: what one pass found becomes streets."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geodata.coordinates import distance_m
from geodata.errors import NetworkError
from geodata.osm_pass import collect
from geodata.pbf import OtherForm, collect_pbf
from geodata.profiles import PROFILES
from geodata.raw import RawStreets
from geodata.restrictions import find_bans
from geodata.ways import FoundWays

SUFFIXES: Final = (".osm", ".osm.gz", ".osm.pbf", ".pbf")


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
    if not len(ways.rule):
        raise NetworkError("E3007", path=path, n_ways=ways.n_tagged)
    on_progress("reading", 0.8)
    return _to_streets(path, ways)


def _collect(path: Path) -> FoundWays:
    if path.name.endswith(".pbf"):
        try:
            return collect_pbf(path)
        except OtherForm:
            pass  # osmium reads it, or says what is wrong with it
    return collect(path)


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


def _to_streets(path: Path, ways: FoundWays) -> tuple[RawStreets, dict[str, int]]:
    rule, n_ways = ways.rule, len(ways.rule)
    way_of = np.repeat(np.arange(n_ways), ways.size)
    there = np.isfinite(ways.lon)
    if not there.any():
        raise NetworkError("E3008", path=path, n_ways=n_ways)
    ids, first, node = np.unique(ways.refs, return_index=True, return_inverse=True)
    # A way that comes before its nodes sees none of them; a later way may, so take any sighting.
    seen = np.full(len(ids), -1, np.int64)
    seen[node[there]] = np.flatnonzero(there)
    sighting = np.maximum(seen, first)
    lon, lat = ways.lon[sighting], ways.lat[sighting]

    pair = np.flatnonzero((way_of[1:] == way_of[:-1]) & (node[1:] != node[:-1]))
    whole = (seen[node[pair]] >= 0) & (seen[node[pair + 1]] >= 0)
    counts = {
        "ways": n_ways,
        "ways_skipped": ways.n_tagged - n_ways,
        "nodes": int((seen >= 0).sum()),
        "dangling_references": int(np.count_nonzero(seen[node] < 0)),
        "pieces_dangling": int(np.count_nonzero(~whole)),
        "barriers": len(ways.barriers),
        **{f"restrictions_{why}": n for why, n in sorted(ways.skipped.items())},
    }
    cut = np.zeros(n_ways, np.bool_)
    cut[way_of[pair[~whole]]] = True
    pair = pair[whole]
    if len(pair) == 0:
        raise NetworkError("E3008", path=path, n_ways=n_ways)
    way = way_of[pair]
    u, v = node[pair].astype(np.int32), node[pair + 1].astype(np.int32)
    length = distance_m(lon[u], lat[u], lon[v], lat[v])
    forward = np.array([r.forward for r in ways.rules]).T[:, rule[way]]
    backward = np.array([r.backward for r in ways.rules]).T[:, rule[way]]
    road_class = np.array([r.road_class for r in ways.rules], np.uint8)[rule[way]]

    tail, head = np.concatenate([u, v]), np.concatenate([v, u])
    speed = np.concatenate([forward, backward], axis=1)
    _follow_timetables(ways, np.tile(way, 2), np.tile(length, 2), cut, speed)
    _close_barriers(ways, ids, head, speed)
    used = speed.any(axis=0)
    tail, head = tail[used], head[used]
    bans, about = find_bans(ways.restrictions, ways.ids, ids, np.tile(way, 2)[used], tail, head)
    streets = RawStreets(
        lon=lon,
        lat=lat,
        tail=tail,
        head=head,
        length=np.tile(length, 2)[used],
        speed=np.ascontiguousarray(speed[:, used]),
        road_class=np.tile(road_class, 2)[used],
        street_name=np.tile(ways.name[way], 2)[used],
        street_names=ways.names,
        geom_ptr=np.zeros(int(used.sum()) + 1, np.int64),
        geom_lon=np.empty(0),
        geom_lat=np.empty(0),
        bans=bans,
    )
    return streets, {**counts, **about}


def _follow_timetables(
    ways: FoundWays,
    way: NDArray[np.integer],
    length: NDArray[np.float64],
    cut: NDArray[np.bool_],
    speed: NDArray[np.float64],
) -> None:
    """Where a ferry states how long it takes, it is that fast; unless part of it is missing."""
    duration = np.array([r.duration for r in ways.rules])[ways.rule]
    timed = (duration > 0.0) & ~cut
    if not timed.any():
        return
    metres = np.bincount(way, length, len(duration)) / 2.0  # both directions of every piece
    kmh = np.divide(metres * 3.6, duration, out=np.zeros(len(duration)), where=timed)
    pieces = np.flatnonzero((kmh > 0.0)[way])
    speed[:, pieces] = np.where(speed[:, pieces] > 0.0, kmh[way[pieces]], 0.0)


def _close_barriers(
    ways: FoundWays, ids: NDArray[np.int64], head: NDArray[np.int32], speed: NDArray[np.float64]
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
