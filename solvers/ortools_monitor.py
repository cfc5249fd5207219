"""What the OR-Tools backend sees of a running search: progress, cancelling, stalling, status."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from typing import Any

from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.ortools_encoding import Encoding
from solvers.repair import Routes
from solvers.solve import Progress, SolveParams

_PROGRESS_PERIOD_S = 0.25
_STOP_PERIOD_S = 0.02
#: Looks at the limit without any new solution after which a run that only counts solutions ends.
_DRY_LOOKS = 100_000


class Monitor:
    """Callbacks of one search and what they remember.

    Parameters
    ----------
    model : what is solved.
    encoding : OR-Tools' model of it.
    params : limits and hooks of the caller.
    improve : what is to be done with routes that are better for OR-Tools; answers the best routes
        so far. None: such routes are the best.
    """

    def __init__(
        self, model: RoutingModel, encoding: Encoding, params: SolveParams,
        improve: Callable[[Routes], Routes] | None = None,
    ) -> None:
        self.model, self.params = model, params
        # The search owns these callbacks; a strong reference back would keep both for ever.
        self._encoding = weakref.ref(encoding)
        self._improve = improve
        self.started = time.perf_counter()
        self.n_solutions = 0
        self.error: BaseException | None = None
        self._stopped = ""
        self._best: int | None = None
        self._best_at = 0  # number of solutions when the best was found
        self._dry = 0  # looks at the limit since the last solution
        self._next_progress = self._next_stop = 0.0

    def at_solution(self) -> None:
        """Count an accepted solution; tell of it when it is the best so far."""
        encoding = self._encoding()
        if encoding is None:
            return
        self.n_solutions += 1
        self._dry = 0
        cost = encoding.routing.CostVar().Max()
        if self._best is None or cost < self._best:
            self._best, self._best_at = cost, self.n_solutions
            self._guard(self._look, encoding)

    def at_limit(self) -> bool:
        """Whether the search must end; asked between moves, so it answers quickly."""
        if not self._stopped:
            self._dry += 1
            if self.params.time_limit_s is None and self._dry > _DRY_LOOKS:
                # A small model may not have as many solutions as were asked for, and guided local
                # search would look for them for ever.
                self._stopped = "complete"
            stall = self.params.stall_iterations
            if stall is not None and self.n_solutions - self._best_at >= stall:
                self._stopped = "stalled"
            elif self.params.should_stop:
                now = time.perf_counter()
                if now >= self._next_stop:
                    self._next_stop = now + _STOP_PERIOD_S
                    self._guard(self._ask)
        return bool(self._stopped)

    def status(self, elapsed_s: float) -> str:
        """Why the search ended, in the words of :class:`solvers.solve.Result`."""
        params = self.params
        if self._stopped:
            return self._stopped
        if params.max_iterations is not None and self.n_solutions >= params.max_iterations:
            return "iteration_limit"
        if params.time_limit_s is not None and elapsed_s >= 0.99 * params.time_limit_s:
            return "time_limit"
        return "complete"

    def _ask(self) -> None:
        if self.params.should_stop and self.params.should_stop():
            self._stopped = "cancelled"

    def _look(self, encoding: Encoding) -> None:
        tells = self.params.on_progress and time.perf_counter() >= self._next_progress
        if not tells and self._improve is None:
            return
        routes = encoding.read_routes(lambda var: var.Value())
        if self._improve is not None:
            routes = self._improve(routes)
        if tells:
            self._tell(routes)

    def _tell(self, routes: Routes) -> None:
        if self.params.on_progress is None:
            return
        figures = evaluate(self.model, routes)
        elapsed = time.perf_counter() - self.started
        shares = [0.0]
        if self.params.time_limit_s:
            shares.append(elapsed / self.params.time_limit_s)
        if self.params.max_iterations:
            shares.append(self.n_solutions / self.params.max_iterations)
        self._next_progress = time.perf_counter() + _PROGRESS_PERIOD_S
        self.params.on_progress(Progress(
            elapsed, self.n_solutions, figures.cost, len(figures.unassigned), figures.n_used,
            min(1.0, max(shares)),
        ))

    def _guard(self, function: Any, *args: Any) -> None:
        """Call what the caller gave us; a fault must not travel through C++, so it waits here."""
        try:
            function(*args)
        except BaseException as error:
            self.error = error
            self._stopped = "cancelled"
            encoding = self._encoding()
            if encoding is not None:
                encoding.routing.CancelSearch()

