"""Street pieces as a reader hands them over, before anything is cleaned."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.restrictions import NO_BANS, Bans


class RawStreets(NamedTuple):
    """Directed pieces of street as they were read.

    Attributes
    ----------
    lon, lat : WGS-84 degrees of the nodes, shape (n,), float64.
    tail, head : nodes of each piece, shape (m,), int32.
    length : metres, shape (m,), float64.
    speed : km/h per profile in the order of ``PROFILES``, 0 is closed, shape (p, m), float64.
    road_class : index into ``ROAD_CLASSES``, shape (m,), uint8.
    street_name : index into ``street_names`` or -1, shape (m,), int32.
    street_names : names.
    geom_ptr, geom_lon, geom_lat : points strictly between the two ends, shape (m + 1,) and (g,).
    bans : sequences of pieces that may not be driven one after the other.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length: NDArray[np.float64]
    speed: NDArray[np.float64]
    road_class: NDArray[np.uint8]
    street_name: NDArray[np.int32]
    street_names: tuple[str, ...]
    geom_ptr: NDArray[np.int64]
    geom_lon: NDArray[np.float64]
    geom_lat: NDArray[np.float64]
    bans: Bans = NO_BANS
