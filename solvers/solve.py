"""One door to every backend: ``solve(model, params)``."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.errors import SolverError, Unsupported
from solvers.large import LargeModel
from solvers.model import RoutingModel


class Progress(NamedTuple):
    """What a backend tells while it works; ``cost`` is the incumbent's."""

    elapsed_s: float
    iterations: int
    cost: int
    n_unassigned: int
    n_used: int
    share_done: float  # of the time or iteration budget, 0..1


@dataclass(frozen=True)
class SolveParams:
    """How long and how to search. The first limit that is reached ends the run.

    Parameters
    ----------
    backend : a name in ``BACKENDS``.
    time_limit_s : seconds of search; compilation is not counted. None: no limit.
    max_iterations : same seed, iterations and threads give the same result, bit for bit.
    stall_iterations : stop early after so many iterations without a better incumbent.
    seed : any integer from 0 to 2**63 - 1.
    threads : of the search; they share the iterations. The other backends use one.
    initial : routes to start from, one a vehicle; None builds a start.
    near : ``initial`` is to be left only where that pays at once: begin cold, with its vehicles.
    on_progress : called a few times a second at most.
    should_stop : asked at least ten times a second; True ends the run with the incumbent.
    clock : of the search, in seconds; ``time.process_time`` counts CPU seconds of all threads, so
        that a run on a busy machine gets what it was promised. The other backends go by the wall.
    """

    backend: str = "search"
    time_limit_s: float | None = 10.0
    max_iterations: int | None = None
    stall_iterations: int | None = None
    seed: int = 1
    threads: int = 1
    initial: Sequence[Sequence[int]] | None = None
    near: bool = False
    on_progress: Callable[[Progress], None] | None = None
    should_stop: Callable[[], bool] | None = None
    clock: Callable[[], float] = time.perf_counter


class Result(NamedTuple):
    """Visits and a status, nothing else: figures come from :func:`solvers.evaluation.evaluate`."""

    routes: tuple[NDArray[np.int32], ...]  # one a vehicle, task indexes in visiting order
    unassigned: NDArray[np.int32]
    status: str  # "time_limit", "iteration_limit", "stalled", "cancelled" or "complete"
    iterations: int
    elapsed_s: float  # search only, without compilation


#: name -> module with ``solve(model, params) -> Result`` and ``warm_up() -> None``.
BACKENDS = {
    "search": "solvers.search",
    "ortools": "solvers.ortools_routing",
    "cpsat": "solvers.ortools_cpsat",
}


def solve(model: RoutingModel | LargeModel, params: SolveParams | None = None) -> Result:
    """Solve a model with the backend that ``params`` names; always returns the incumbent.

    A large model, whose travel does not fit into one matrix, is for the search alone.

    Raises
    ------
    SolverError : unknown backend, no limit at all, or a backend's own failure.
    Unsupported : the backend does not take large models.
    """
    params = params or SolveParams()
    if params.backend not in BACKENDS:
        raise SolverError(f"unknown backend {params.backend!r}; known: {', '.join(BACKENDS)}")
    if params.time_limit_s is None and params.max_iterations is None:
        raise SolverError("a time limit or an iteration limit is needed")
    if isinstance(model, LargeModel) and params.backend != "search":
        raise Unsupported(f"{params.backend}: takes models with matrices only")
    result: Result = importlib.import_module(BACKENDS[params.backend]).solve(model, params)
    return result


def warm_up(backend: str = "search") -> None:
    """Compile or load what the backend needs, so that a time limit counts search alone."""
    importlib.import_module(BACKENDS[backend]).warm_up()
