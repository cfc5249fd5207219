"""From a point to the nearest place along a street, and not only to its corners."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.coordinates import check_points, distance_m
from geodata.errors import NetworkError
from geodata.kernels.grid import NO_EDGE, Grid, find_reverses, list_pieces, nearest
from geodata.network import Network
from geodata.profiles import CLOSED
from geodata.snapping import local_metres

Side = Literal["both", "right", "left"]
_SIDES: Final = ("both", "right", "left")
_LINE_M: Final = 0.5  # nearer than this to the drawn line, a point is on neither side of it
_CELLS: Final = 4_000_000
_SMALLEST_M: Final = 10.0


class SnappedPoints(NamedTuple):
    """Where points meet the streets: places along edges.

    The same for every departure: networks of other hours take them as this one does.

    Attributes
    ----------
    edge : shape (k,), int32, open to the profile asked for.
    fraction : how far along the edge, by length, 0 at its tail and 1 at its head, shape (k,), float64.
    reverse : the same street in the other direction, where that is open too and the side of the street
        does not matter or exclude it; else -1, shape (k,), int32.
    distance_m : metres in a straight line, shape (k,), float64. The caller says how far is too far.
    lon, lat : the place on the street, WGS-84 degrees, shape (k,), float64.
    """  # noqa: E501

    edge: NDArray[np.int32]
    fraction: NDArray[np.float64]
    reverse: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    @property
    def n_points(self) -> int:
        """How many points."""
        return len(self.edge)

    def take(self, which: ArrayLike) -> SnappedPoints:
        """Return some of the points, by index or mask."""
        index = np.asarray(which)
        if index.size == 0:
            index = index.astype(np.intp)
        return SnappedPoints(*(column[index] for column in self))


class StreetLines(NamedTuple):
    """The drawn streets on a plane of local metres, all edges in one row.

    Attributes
    ----------
    x, y : of each drawn point, shape (p,).
    along : metres from the first point of all, rising; only differences on one edge have a meaning.
    owner : edge of each drawn point, shape (p,), int32.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    along: NDArray[np.float64]
    owner: NDArray[np.int32]


def snap_to_edges(
    network: Network, lon: ArrayLike, lat: ArrayLike, profile: str, side: Side = "both"
) -> SnappedPoints:
    """Nearest place to each point along any street open to the profile.

    Parameters
    ----------
    lon, lat : WGS-84 degrees, shape (k,).
    profile : one of ``network.profiles``.
    side : ``right`` or ``left`` keeps, of a street with two directions, the one that has the point on
        that side, so that one arrives and leaves without crossing the street: ``right`` where traffic
        keeps right. Points on the line (half a metre) and streets of one direction keep what they have.

    Raises
    ------
    NetworkError : ``E3201`` and ``E3202`` profile, ``E3302`` a point is not on earth, ``E3405`` side.

    Notes
    -----
    On a uniform grid over the drawn streets, made once per profile: about a microsecond a point.
    Nearness is measured as in ``snap``; of two streets equally near, the one of the lower edge.
    """  # noqa: E501
    network.require_profile(profile)
    if side not in _SIDES:
        raise NetworkError("E3405", side=side, known=", ".join(_SIDES))
    x, y = check_points(lon, lat)
    grid = network.keep(f"snap.grid.{profile}", lambda: _build_grid(network, profile))
    drawing, (east, north) = street_lines(network), local_metres(network)
    piece, share = np.empty(len(x), np.int32), np.empty(len(x))
    px, py = x * east, y * north
    nearest(grid, drawing.owner, drawing.x, drawing.y, px, py, piece, share)
    edge = drawing.owner[piece]
    step = drawing.along[piece + 1] - drawing.along[piece]
    first = drawing.along[network.geom_ptr[edge]]
    total = drawing.along[network.geom_ptr[edge + 1] - 1] - first
    way = drawing.along[piece] - first + share * step
    fraction = np.clip(np.divide(way, total, out=np.zeros(len(x)), where=total > 0), 0.0, 1.0)
    place_lon = _between(network.geom_lon, piece, share)
    place_lat = _between(network.geom_lat, piece, share)
    other = reverse_edges(network)[edge]
    reverse = np.where(_is_open(network, profile, other), other, NO_EDGE).astype(np.int32)
    if side != "both":
        ax, ay = drawing.x[piece], drawing.y[piece]
        ex, ey = drawing.x[piece + 1] - ax, drawing.y[piece + 1] - ay
        length = np.maximum(np.hypot(ex, ey), 1e-9)
        left = (ex * (py - ay) - ey * (px - ax)) / length  # metres to the left of the line
        matters = (reverse != NO_EDGE) & (np.abs(left) > _LINE_M)
        turns = matters & ((left > 0) if side == "right" else (left < 0))
        edge, fraction = np.where(turns, reverse, edge), np.where(turns, 1.0 - fraction, fraction)
        reverse = np.where(matters, np.int32(NO_EDGE), reverse)
    away = distance_m(x, y, place_lon, place_lat)
    return SnappedPoints(edge, fraction, reverse, away, place_lon, place_lat)


def reverse_edges(network: Network) -> NDArray[np.int32]:
    """Edge of the same street in the other direction, -1 where there is none, shape (m,), int32."""

    def find() -> NDArray[np.int32]:
        reverse = np.empty(network.n_edges, np.int32)
        find_reverses(
            network.head_ptr, network.head, network.tail, network.geom_ptr,
            network.geom_lon, network.geom_lat, reverse,
        )  # fmt: skip
        return reverse

    return network.keep("snap.reverse", find)


def _is_open(network: Network, profile: str, edge: NDArray[np.int32]) -> NDArray[np.bool_]:
    is_open: NDArray[np.bool_] = (edge != NO_EDGE) & (network.time_ms[profile][edge] != CLOSED)
    return is_open


def _between(
    values: NDArray[np.float64], piece: NDArray[np.int32], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values along pieces; exactly those of the drawn points at their ends."""
    first, second = values[piece], values[piece + 1]
    return np.where(share == 1.0, second, first + share * (second - first))


def street_lines(network: Network) -> StreetLines:
    """Drawn streets in local metres, worked out once."""

    def draw() -> StreetLines:
        east, north = local_metres(network)
        x, y = network.geom_lon * east, network.geom_lat * north
        size = np.diff(network.geom_ptr)
        owner = np.repeat(np.arange(network.n_edges, dtype=np.int32), size)
        along = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
        return StreetLines(x, y, along, owner)

    return network.keep("snap.lines", draw)


def _build_grid(network: Network, profile: str) -> Grid:
    """Grid over the streets open to a profile, each of two directions once."""
    x, y, _, owner = street_lines(network)
    edges = np.arange(network.n_edges, dtype=np.int32)
    other = reverse_edges(network)
    is_listed = _is_open(network, profile, edges)
    is_listed &= ~(_is_open(network, profile, other) & (other < edges))
    is_piece = is_listed[owner]
    is_piece[network.geom_ptr[1:] - 1] = False  # the last point of an edge starts no piece
    pieces = np.flatnonzero(is_piece).astype(np.int32)
    ends = np.concatenate([pieces, pieces + 1])
    west, south = float(x[ends].min()), float(y[ends].min())
    width, height = float(x[ends].max()) - west, float(y[ends].max()) - south
    room = max(width * height / min(len(pieces), _CELLS), (width + height) ** 2 / _CELLS)
    size = max(float(np.sqrt(room)), _SMALLEST_M)
    n_columns, n_rows = int(width / size) + 1, int(height / size) + 1
    ptr = np.zeros(n_columns * n_rows + 1, np.int32)
    corner = (west, south, size, n_columns, n_rows)
    list_pieces(*corner, pieces, x, y, ptr, np.empty(0, np.int32))
    np.cumsum(ptr, out=ptr)
    listed = np.empty(int(ptr[-1]), np.int32)
    list_pieces(*corner, pieces, x, y, ptr, listed)
    return Grid(*corner, np.append(np.int32(0), ptr[:-1]), listed)
