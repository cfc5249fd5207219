"""The outline of what is reached, as GeoJSON, for a map."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geodata.edge_snapping import street_lines
from geodata.errors import NetworkError
from geodata.isochrones import Reach
from geodata.kernels.outline import trace_rings
from geodata.network import Network
from geodata.snapping import local_metres

_CELLS_A_MARGIN: Final = 2
_MOST_CELLS: Final = 1500  # along a side; a larger area gets larger cells
_WIDEST_M: Final = 10_000.0


def reach_polygon(
    network: Network, reach: Reach, margin_m: float = 60.0, fill_km2: float = 0.1
) -> dict[str, Any]:
    """Area within some metres of the streets reached.

    Parameters
    ----------
    network : that ``reach`` is of.
    margin_m : metres beside the streets that belong to the area, above 0, up to 10 km.
    fill_km2 : holes smaller than this are filled.

    Returns
    -------
    geometry : GeoJSON ``MultiPolygon`` (RFC 7946), WGS-84: outer rings counterclockwise, then
        holes; empty where nothing is reached but a corner.

    Raises
    ------
    NetworkError : ``E3407`` margin.

    Notes
    -----
    Drawn on a grid of half a margin: every street reached is inside, and the outline lies within
    1.65 margins of a street or of a hole that was filled. Large areas (45 km across with
    the usual margin) are drawn on a grid as coarse as it takes, with that much more margin.
    """
    if not 0.0 < margin_m <= _WIDEST_M:
        raise NetworkError("E3407", name="margin_m", value=margin_m, low=0, high=int(_WIDEST_M))
    from scipy import ndimage

    x, y = _samples(network, reach, margin_m / _CELLS_A_MARGIN / 2.0)
    if len(x) == 0:
        return {"type": "MultiPolygon", "coordinates": []}
    extent = max(float(np.ptp(x)), float(np.ptp(y)))
    cell = max(margin_m / _CELLS_A_MARGIN, extent / _MOST_CELLS)
    border = _CELLS_A_MARGIN + 2
    west, south = float(x.min()) - border * cell, float(y.min()) - border * cell
    column, row = ((x - west) / cell).astype(np.intp), ((y - south) / cell).astype(np.intp)
    empty = np.ones((int(row.max()) + border + 1, int(column.max()) + border + 1), np.bool_)
    empty[row, column] = False
    inside = ndimage.distance_transform_edt(empty) <= _CELLS_A_MARGIN
    holes, n_holes = ndimage.label(~inside)
    size = np.bincount(holes.ravel(), minlength=n_holes + 1)
    is_small = size * cell * cell < fill_km2 * 1e6
    is_small[[0, holes[0, 0]]] = False
    inside |= is_small[holes]
    part, _ = ndimage.label(inside)
    n_sides = int((inside[1:] != inside[:-1]).sum() + (inside[:, 1:] != inside[:, :-1]).sum())
    px, py = np.empty((2, n_sides))
    ptr, at_row, at_column = np.empty((3, n_sides + 1), np.int32)
    done = np.zeros((*inside.shape, 4), np.bool_)
    n_rings = trace_rings(inside, done, px, py, ptr, at_row, at_column)
    px, py = px[: ptr[n_rings]], py[: ptr[n_rings]]  # straight sides have no point of their own
    east, north = local_metres(network)
    lon, lat = (west + px * cell) / east, (south + py * cell) / north
    polygons: dict[int, list[list[list[float]]]] = {}
    for k in range(n_rings):
        ring = _corners(px, py, np.arange(ptr[k], ptr[k + 1]))
        ring = np.append(ring, ring[0])
        points = np.column_stack([lon[ring], lat[ring]]).round(6).tolist()
        area = float((px[ring[:-1]] * py[ring[1:]] - px[ring[1:]] * py[ring[:-1]]).sum())
        rings = polygons.setdefault(int(part[at_row[k], at_column[k]]), [])
        rings.insert(0 if area > 0 else len(rings), points)
    return {"type": "MultiPolygon", "coordinates": list(polygons.values())}


def _corners(
    x: NDArray[np.float64], y: NDArray[np.float64], ring: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Points at which a ring turns."""
    before, after = np.roll(ring, 1), np.roll(ring, -1)
    east, north = np.diff([x[before], x[ring], x[after]], axis=0), np.diff(
        [y[before], y[ring], y[after]], axis=0
    )
    turns: NDArray[np.bool_] = east[0] * north[1] != north[0] * east[1]
    return ring[turns]


def _samples(
    network: Network, reach: Reach, step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points along all that is reached, at most ``step`` metres apart, on local metres."""
    lines = street_lines(network)
    first = lines.along[network.geom_ptr[reach.edges]]
    length = lines.along[network.geom_ptr[reach.edges + 1] - 1] - first
    begin, size = first + reach.start * length, (reach.end - reach.start) * length
    count = np.ceil(size / step).astype(np.int64) + 1
    piece = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    way = begin[piece] + size[piece] * number / np.maximum(count[piece] - 1, 1)
    return np.interp(way, lines.along, lines.x), np.interp(way, lines.along, lines.y)
