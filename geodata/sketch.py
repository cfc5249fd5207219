"""A drawing of streets on a plane, in metres, that becomes raw streets around a place on earth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geodata.coordinates import EARTH_RADIUS, distance_m
from geodata.raw import RawStreets
from geodata.tags import WayRule, read_way

Float = NDArray[np.float64]

_TAGS: dict[str, dict[str, str]] = {
    # A city ring has a side lane for riders and walkers; without one nobody could cross it.
    "trunk": {"bicycle": "yes", "foot": "yes"},
    "pedestrian": {"bicycle": "yes"},
}


class Sketch:
    """Junctions and streets between them.

    Attributes
    ----------
    x, y : metres east and north of the centre, one per junction.
    streets : tail, head, class, whether one-way, name or "", points between the ends (k, 2).
    """

    def __init__(self) -> None:
        self.x: list[float] = []
        self.y: list[float] = []
        self.streets: list[tuple[int, int, str, bool, str, Float]] = []

    def add_node(self, x: float, y: float) -> int:
        """Add a junction and return its index."""
        self.x.append(x)
        self.y.append(y)
        return len(self.x) - 1

    def add_street(
        self,
        tail: int,
        head: int,
        road_class: str,
        oneway: bool = False,
        name: str = "",
        inner: Float | None = None,
    ) -> None:
        """Add a street between two junctions."""
        points = np.empty((0, 2)) if inner is None else inner
        self.streets.append((tail, head, road_class, oneway, name, points))

    def add_chain(
        self, nodes: Sequence[int], road_class: str, oneway: bool = False, name: str = ""
    ) -> None:
        """Add the streets from each junction to the next."""
        for tail, head in pairwise(nodes):
            self.add_street(tail, head, road_class, oneway, name)

    def move(self, place: tuple[Float, Float]) -> None:
        """Put the junctions elsewhere, shape (n,) each."""
        self.x, self.y = place[0].tolist(), place[1].tolist()

    def to_raw(self, centre: tuple[float, float]) -> RawStreets:
        """Lay the plane on the earth at ``centre`` (lon, lat); both directions of every street."""
        lon, lat = to_earth(np.array(self.x), np.array(self.y), centre)
        rules: dict[tuple[str, bool], WayRule] = {}
        names: dict[str, int] = {}
        rows = []
        inner: list[Float] = []
        for tail, head, road_class, oneway, name, points in self.streets:
            key = (road_class, oneway)
            if key not in rules:
                rules[key] = _rule(road_class, oneway)
            index = names.setdefault(name, len(names)) if name else -1
            rows.append((tail, head, rules[key].road_class, index, rules[key].forward))
            rows.append((head, tail, rules[key].road_class, index, rules[key].backward))
            inner += [points, points[::-1]]
        bend = np.concatenate(inner)
        geom_lon, geom_lat = to_earth(bend[:, 0], bend[:, 1], centre)
        ptr = np.concatenate([[0], np.cumsum([len(points) for points in inner], dtype=np.int64)])
        tails = np.array([row[0] for row in rows], np.int32)
        heads = np.array([row[1] for row in rows], np.int32)
        return RawStreets(
            lon=lon,
            lat=lat,
            tail=tails,
            head=heads,
            length=_lengths(lon, lat, tails, heads, ptr, geom_lon, geom_lat),
            speed=np.array([row[4] for row in rows]).T.copy(),
            road_class=np.array([row[2] for row in rows], np.uint8),
            street_name=np.array([row[3] for row in rows], np.int32),
            street_names=tuple(names),
            geom_ptr=ptr,
            geom_lon=geom_lon,
            geom_lat=geom_lat,
        )


def to_earth(x: Float, y: Float, centre: tuple[float, float]) -> tuple[Float, Float]:
    """Metres east and north of ``centre`` as WGS-84 degrees."""
    metres = EARTH_RADIUS * np.pi / 180.0
    return centre[0] + x / (metres * np.cos(np.radians(centre[1]))), centre[1] + y / metres


def _rule(road_class: str, oneway: bool) -> WayRule:
    tags: Mapping[str, str] = {
        "highway": road_class,
        "oneway": "yes" if oneway else "no",
        **_TAGS.get(road_class, {}),
    }
    rule = read_way(tags)
    assert rule is not None, road_class
    return rule


def _lengths(
    lon: Float,
    lat: Float,
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    ptr: NDArray[np.int64],
    geom_lon: Float,
    geom_lat: Float,
) -> Float:
    """Metres along each street, bends included."""
    straight = distance_m(lon[tail], lat[tail], lon[head], lat[head])
    for k in np.flatnonzero(np.diff(ptr)):
        bend = slice(ptr[k], ptr[k + 1])
        x = np.concatenate([[lon[tail[k]]], geom_lon[bend], [lon[head[k]]]])
        y = np.concatenate([[lat[tail[k]]], geom_lat[bend], [lat[head[k]]]])
        straight[k] = distance_m(x[:-1], y[:-1], x[1:], y[1:]).sum()
    return straight
