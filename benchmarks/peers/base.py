"""What every adapter returns, and how it says what an engine cannot express."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Unsupported
from solvers.model import OPEN, TIME_MAX, UNREACHABLE, RoutingModel


class Outcome(NamedTuple):
    """Routes of one run and what it took."""

    routes: list[list[int]]
    cpu_s: float  # of the search call
    wall_s: float
    iterations: int | None = None
    note: str = ""


def clocks() -> NDArray[np.float64]:
    """CPU seconds of this process and wall seconds."""
    return np.array([time.process_time(), time.perf_counter()])


def may_serve(model: RoutingModel, i: int, v: int) -> bool:
    """Tell whether vehicle ``v`` has what task ``i`` asks for."""
    return bool(model.compatible[model.task_type[i], model.vehicle_type[v]])


def refuse(
    peer: str, model: RoutingModel, expressed: frozenset[str], *, open_ends: bool = False,
    several_windows: bool = False, also: tuple[str, ...] = (),
) -> None:
    """Raise Unsupported, with every name, for what a model uses and a peer does not have.

    Parameters
    ----------
    expressed : names of ``RoutingModel.features`` that the adapter puts into the peer's terms.
    open_ends, several_windows : True where the peer has these plain fields.
    also : further names that the adapter found.
    """
    missing = sorted(model.features - expressed)
    if not open_ends and ((model.vehicle_start == OPEN) | (model.vehicle_end == OPEN)).any():
        missing.append("open routes")
    if not several_windows and (np.diff(model.window_ptr) > 1).any():
        missing.append("several windows a task")
    if len(np.unique(model.vehicle_permille)) > 1:
        missing.append("service-time factors")
    if (model.seconds >= UNREACHABLE).any():
        missing.append("arcs that do not exist")
    if (model.pairs.ride < TIME_MAX).any():
        missing.append("ride limits")
    paired = np.concatenate([model.pairs.pickup, model.pairs.delivery])
    if model.task_demand[paired].any() or model.task_pickup[paired].any():
        missing.append("loads of a paired task besides the pair's")
    missing += also
    if missing:
        raise Unsupported(f"{peer}: {', '.join(missing)}")
