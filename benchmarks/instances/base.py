"""What every reader returns, and the distance conventions of the literature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.model import RoutingModel


class InstanceError(ValueError):
    """An instance cannot be read; the message is meant for the person who named the file."""


class Exact(NamedTuple):
    """Figures of an answer in the numbers of the file, not in those of the search."""

    cost: float
    vehicles: int
    unserved: tuple[int, ...]  # task indexes
    violations: tuple[str, ...]


class Native(NamedTuple):
    """A file that PyVRP reads itself, and by which of its rounding functions."""

    path: Path
    rounding: str


class Instance(NamedTuple):
    """A benchmark instance; published costs are model costs divided by ``scale``.

    Where the published objective is not an integer one, ``exact`` measures an answer in double
    precision, and the model is only what the search works on.
    """

    name: str
    family: str
    n: int
    convention: str  # what distances, times and the objective are, in one sentence
    scale: int
    model: RoutingModel
    best_known: float | None = None
    best_vehicles: int | None = None
    exact: Callable[[Sequence[Sequence[int]]], Exact] | None = None
    fewest_vehicles: bool = False  # vehicles count before cost
    native: Native | None = None


def without_empty_trips(visits: Sequence[int]) -> list[int]:
    """Leave out reloads (negative) that no task precedes, or follows before the next reload.

    PyVRP and published solutions may hold trips from the depot to itself that serve nobody.
    """
    kept: list[int] = []
    for visit in visits:
        if visit < 0 and not kept:
            continue
        if visit < 0 and kept[-1] < 0:
            kept.pop()
        kept.append(visit)
    return kept[:-1] if kept and kept[-1] < 0 else kept


def round_half_up(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """TSPLIB's EUC_2D: floor(d + 0.5)."""
    return np.floor(distance + 0.5)


def tenths(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut off after one decimal and count in tenths, floor(10 d): the 12th DIMACS challenge."""
    return np.floor(10 * distance)


def thousandths(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to three decimals and count in thousandths: PyVRP's ``exact``."""
    return np.round(1000 * distance)


def euclidean(
    xy: NDArray[np.float64], rule: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.int32]:
    """Compute the rounded Euclidean matrix, shape (L, L), by blocks.

    All at once, 20,000 points would take 3.2 GB in float64 besides the result.

    Parameters
    ----------
    xy : coordinates, shape (L, 2), in the unit of the file.
    rule : rounding convention of the family.
    """
    matrix = np.empty((len(xy), len(xy)), dtype=np.int32)
    for low in range(0, len(xy), 500):
        block = xy[low : low + 500]
        matrix[low : low + 500] = rule(np.hypot(
            block[:, None, 0] - xy[None, :, 0], block[:, None, 1] - xy[None, :, 1]
        ))
    return matrix
