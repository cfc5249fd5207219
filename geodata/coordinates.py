"""WGS-84, GCJ-02 and BD-09, and distances on the earth.

GCJ-02 is WGS-84 shifted by a published-by-use formula (500 to 700 m in Chinese cities); BD-09 is GCJ-02 shifted once
more. Both shifts are known only in the forward direction, so the way back is a fixed-point iteration.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.errors import NetworkError

Float = NDArray[np.float64]
Shift = Callable[[Float, Float], tuple[Float, Float]]

EARTH_RADIUS: Final = 6_371_008.8  # mean radius in metres, IUGG 1980
SYSTEMS: Final = ("wgs84", "gcj02", "bd09")

_AXIS: Final = 6_378_245.0  # Krasovsky 1940 ellipsoid, metres: the formula is defined on it
_ECCENTRICITY_2: Final = 0.00669342162296594323
_CHINA: Final = (72.004, 137.8347, 0.8293, 55.8271)  # west, east, south, north: the formula's box
_BD_PI: Final = np.pi * 3000.0 / 180.0
_N_ITERATIONS: Final = 5  # the error shrinks about a thousandfold each time: 1e-8 m after five


def to_wgs84(lon: ArrayLike, lat: ArrayLike, system: str) -> tuple[Float, Float]:
    """Coordinates in ``system`` as WGS-84.

    Parameters
    ----------
    lon, lat : degrees, any shape that broadcasts.
    system : ``wgs84``, ``gcj02`` or ``bd09``.

    Returns
    -------
    lon, lat : degrees, float64, new arrays. A point whose WGS-84 place is outside China's box is
        unchanged, because the shift was never applied to it.

    Raises
    ------
    NetworkError : ``E3301``, unknown system.

    Notes
    -----
    Five fixed-point iterations ``x <- x - (shift(x) - y)``, about 1e-8 m from the true inverse.
    """
    x, y = _pair(lon, lat)
    if _known(system) == "wgs84":
        return x, y
    if system == "bd09":
        x, y = _invert(_gcj_to_bd, x, y)
        back_x, back_y = _invert(_wgs_to_gcj, x, y)
        # BD-09 is defined on top of GCJ-02: outside the box neither shift was applied.
        outside = ~_in_china(back_x, back_y)
        raw_x, raw_y = _pair(lon, lat)
        return np.where(outside, raw_x, back_x), np.where(outside, raw_y, back_y)
    return _invert(_wgs_to_gcj, x, y)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, system: str) -> tuple[Float, Float]:
    """WGS-84 coordinates in ``system``; arguments, errors and shapes as in ``to_wgs84``."""
    x, y = _pair(lon, lat)
    if _known(system) == "wgs84":
        return x, y
    inside = _in_china(x, y)
    shifted_x, shifted_y = _wgs_to_gcj(x, y)
    if system == "bd09":
        shifted_x, shifted_y = _gcj_to_bd(shifted_x, shifted_y)
    return np.where(inside, shifted_x, x), np.where(inside, shifted_y, y)


def distance_m(lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike) -> Float:
    """Great-circle distance in metres between WGS-84 points (haversine), broadcasting.

    Up to 0.5 % off the ellipsoid: the sphere is what OpenStreetMap tools measure streets on.
    """
    x_a, y_a = _pair(lon_a, lat_a)
    x_b, y_b = _pair(lon_b, lat_b)
    y_a, y_b = np.radians(y_a), np.radians(y_b)
    half_x = np.sin(np.radians(x_b - x_a) / 2.0)
    half_y = np.sin((y_b - y_a) / 2.0)
    chord = half_y * half_y + np.cos(y_a) * np.cos(y_b) * half_x * half_x
    return np.asarray(2.0 * EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(chord, 1.0))))


def check_points(lon: ArrayLike, lat: ArrayLike) -> tuple[Float, Float]:
    """Coordinates as two float64 arrays of one dimension.

    Raises
    ------
    NetworkError : ``E3302``, a point is not finite or lies off the globe.
    """
    x, y = _pair(lon, lat)
    x, y = x.reshape(-1), y.reshape(-1)
    good = (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)  # False for NaN too
    if not good.all():
        bad = np.flatnonzero(~good)
        raise NetworkError("E3302", n_bad=len(bad), n=len(x), first=int(bad[0]))
    return x, y


def _pair(lon: ArrayLike, lat: ArrayLike) -> tuple[Float, Float]:
    x, y = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    return x.copy(), y.copy()


def _known(system: str) -> str:
    if system not in SYSTEMS:
        raise NetworkError("E3301", system=system)
    return system


def _in_china(lon: Float, lat: Float) -> NDArray[np.bool_]:
    west, east, south, north = _CHINA
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def _wgs_to_gcj(lon: Float, lat: Float) -> tuple[Float, Float]:
    """Shift by the formula everybody uses: a polynomial with sines around (105, 35)."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (ripple + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (ripple + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    metres_north = _AXIS * (1.0 - _ECCENTRICITY_2) / (magic * np.sqrt(magic)) * np.pi / 180.0
    metres_east = _AXIS / np.sqrt(magic) * np.cos(phi) * np.pi / 180.0
    return lon + east / metres_east, lat + north / metres_north


def _gcj_to_bd(lon: Float, lat: Float) -> tuple[Float, Float]:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _invert(shift: Shift, lon: Float, lat: Float) -> tuple[Float, Float]:
    x, y = lon.copy(), lat.copy()
    for _ in range(_N_ITERATIONS):
        shifted_x, shifted_y = shift(x, y)
        x, y = x - (shifted_x - lon), y - (shifted_y - lat)
    if shift is _wgs_to_gcj:
        outside = ~_in_china(x, y)
        return np.where(outside, lon, x), np.where(outside, lat, y)
    return x, y
