"""Models that are too large for one matrix: travel comes from a function, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.model import OPEN, RoutingModel
from solvers.parts import Int32, Travel


class LargeModel(NamedTuple):
    """A routing model without matrices, and where to ask for travel.

    Attributes
    ----------
    arrays : everything else; its ``seconds`` and ``metres`` have the shape (profiles, 0, 0).
    travel : seconds and metres between locations, see :data:`solvers.parts.Travel`. It must give
        the same figures for the same pair every time; asking for many pairs at once is cheaper.
    positions : (locations, 2), metres on a plane, int32. They only tell what is probably close by;
        every figure of a plan comes from ``travel``.
    """

    arrays: RoutingModel
    travel: Travel
    positions: Int32


def fetch_matrices(large: LargeModel) -> RoutingModel:
    """Make the model with all its travel in matrices; for those that are not large after all."""
    everywhere = np.arange(len(large.positions), dtype=np.int32)
    blocks = [
        large.travel(p, everywhere, everywhere) for p in range(len(large.arrays.seconds))
    ]
    return large.arrays._replace(
        seconds=np.ascontiguousarray(np.stack([b[0] for b in blocks]), dtype=np.int32),
        metres=np.ascontiguousarray(np.stack([b[1] for b in blocks]), dtype=np.int32),
    )


def look_up_arcs(large: LargeModel, routes: Sequence[Sequence[int]]) -> RoutingModel:
    """Make a model whose matrices know the arcs of these routes; any other arc is asked for.

    Only single entries can be read from them, as ``seconds[profile, a, b]``: this is what the
    evaluation does.
    """
    model = large.arrays
    n = model.n_tasks
    tables: list[dict[tuple[int, int], tuple[int, int]]] = [{} for _ in range(len(model.seconds))]
    for v, route in enumerate(routes[: model.n_vehicles]):
        visits = np.asarray(route, dtype=np.int64)
        tasks = visits[(visits >= 0) & (visits < n)]
        if not len(tasks):
            continue
        options = -1 - visits[(visits < 0) & (visits >= -len(model.reloads.location))]
        stops = np.concatenate([
            model.vehicle_start[[v]], model.task_location[tasks], model.vehicle_end[[v]],
            model.reloads.location[options],
        ])
        places = np.unique(stops[stops != OPEN]).astype(np.int32)
        profile = int(model.vehicle_profile[v])
        seconds, metres = large.travel(profile, places, places)
        index = places.tolist()
        figures = zip(seconds.tolist(), metres.tolist(), strict=True)
        for a, (sec, met) in zip(index, figures, strict=True):
            tables[profile].update(
                ((a, b), pair) for b, pair in zip(index, zip(sec, met, strict=True), strict=True)
            )
    lookups: list[Any] = [_Arcs(large.travel, tables, which) for which in (0, 1)]
    return model._replace(seconds=lookups[0], metres=lookups[1])


class _Arcs:
    """Stands in for the matrices where single entries are read, by [profile, from, to]."""

    def __init__(
        self, travel: Travel, tables: list[dict[tuple[int, int], tuple[int, int]]], which: int
    ) -> None:
        self._travel, self._tables, self._which = travel, tables, which

    def __getitem__(self, arc: tuple[int, int, int]) -> int:
        profile, *ends = (int(x) for x in arc)
        key, table = (ends[0], ends[1]), self._tables[profile]
        if key not in table:
            places = [np.array([place], dtype=np.int32) for place in key]
            seconds, metres = self._travel(profile, places[0], places[1])
            table[key] = (int(seconds[0, 0]), int(metres[0, 0]))
        return table[key][self._which]


def squared_distances(positions: Int32, place: int, places: Int32) -> NDArray[np.float64]:
    """Squared distances on the plane from a location to others, shape of ``places``."""
    away = positions[places].astype(np.float64) - positions[place]
    return np.asarray(np.square(away).sum(axis=1))
