"""CP-SAT backend: every field of the model, exactly, for models of up to about a hundred tasks.

CP-SAT minimises a lower bound of the cost (see :mod:`solvers.cpsat_encoding`); every solution is
measured by the one evaluation, and only measured ones are kept. Where the evaluation finds a
solution dearer than CP-SAT thinks, or broken, what CP-SAT believes about these routes is corrected
by a constraint and the search goes on (combinatorial Benders cuts; Hooker and Ottosson, 2003,
Logic-based Benders decomposition). When nothing cheaper than the incumbent is left, the incumbent
is optimal, by the evaluation's rules.

- One worker, deterministic: the same model, ``seed`` and ``max_iterations`` give the same result.
- An iteration is a thousandth of CP-SAT's own deterministic time, so that it can be counted.
- ``"complete"`` means proven optimal, but for a model with more than twelve tasks a vehicle and
  reloads: there every vehicle may use each reload option three times at most.
- It begins with what the routing library finds in the first part of the time
  (:mod:`solvers.ortools_routing`), unless ``initial`` is given.
- ``time_limit_s`` counts from the call on, the building of the constraints included.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from solvers import ortools_routing
from solvers.cpsat_encoding import Arc, Encoding, count_arcs
from solvers.cpsat_ties import DEPOT, Node
from solvers.errors import Unsupported, refuse_unsupported
from solvers.evaluation import evaluate
from solvers.figures import Evaluation
from solvers.model import RoutingModel
from solvers.ortools_common import check_initial, compressed_prizes, result_of
from solvers.repair import Routes, keep_valid
from solvers.solve import Progress, Result, SolveParams

#: ``RoutingModel.features`` that are expressed here; any other one is refused.
SUPPORTED = ortools_routing.SUPPORTED
#: Arcs above which building and presolve take longer than anybody would wait.
MAX_ARCS = 120_000
#: Of the time and at most so many iterations, for the routing library's start: without one,
#: CP-SAT had served no task of 25 after 14 s; with one, it improved it.
_START_SHARE = 0.3
_START_ITERATIONS = 200
_POLL_S = 0.02
_PROGRESS_PERIOD_S = 0.25
_ITERATIONS_PER_SECOND = 1000  # of deterministic time


def warm_up() -> None:
    """Nothing to compile; the import above has loaded the library."""


def solve(model: RoutingModel, params: SolveParams) -> Result:
    """Solve with CP-SAT; see the module's docstring for what it promises.

    Raises
    ------
    Unsupported : the model has a feature that is not in ``SUPPORTED``, or more arcs than CP-SAT
        could be given.
    SolverError : ``initial`` is not one list of visits a vehicle.
    """
    started = time.perf_counter()
    refuse_unsupported("cpsat", model.features, SUPPORTED)
    search = Search(model, params, started)
    search.run()
    elapsed = time.perf_counter() - started
    return result_of(model, search.routes, search.status, search.iterations, elapsed)


class Proof(NamedTuple):
    """The best routes that were found, and whether nothing cheaper exists."""

    routes: Routes
    cost: int
    optimal: bool


def prove(model: RoutingModel, time_limit_s: float = 60.0) -> Proof:
    """Search for a proven optimum, without any other solver; ``cost`` is the evaluation's."""
    search = Search(model, SolveParams(time_limit_s=time_limit_s), time.perf_counter(), alone=True)
    search.run()
    return Proof(search.routes, evaluate(model, search.routes).cost, search.status == "complete")


class Search:
    """One run: the encoding, the incumbent, and what was learned of CP-SAT's mistakes.

    Attributes
    ----------
    routes, cost : the incumbent, valid by the evaluation.
    status : as in :class:`solvers.solve.Result`, once :meth:`run` has ended.
    iterations : thousandths of deterministic time so far.
    """

    def __init__(
        self, model: RoutingModel, params: SolveParams, started: float, *, alone: bool = False
    ) -> None:
        arcs = count_arcs(model)
        if arcs > MAX_ARCS:
            raise Unsupported(f"cpsat: {arcs} arcs of all vehicles; it is given {MAX_ARCS} at most")
        self.model = compressed_prizes(model)
        self.params, self._started = params, started
        check_initial(model, params.initial)
        self.routes = keep_valid(model, params.initial or [[] for _ in model.vehicle_start])
        if params.initial is None and not alone:
            self.routes = self._start()
        self.cost = evaluate(self.model, self.routes).cost
        self.status = ""
        self.iterations = 0
        self._deterministic_s = 0.0
        self._told: int | None = None
        self._next_progress = self._last_better_s = 0.0
        self._wrong: list[Routes] = []  # what CP-SAT thinks better of than the evaluation does
        self._error: BaseException | None = None

    def _start(self) -> Routes:
        """Routes of the routing library, found in the first part of the time."""
        params = self.params
        limit = None if params.time_limit_s is None else _START_SHARE * params.time_limit_s
        most = min(_START_ITERATIONS, params.max_iterations or _START_ITERATIONS)
        found = ortools_routing.solve(self.model, replace(
            params, time_limit_s=limit, max_iterations=most, on_progress=None,
        ))
        return keep_valid(self.model, [route.tolist() for route in found.routes])

    def run(self) -> None:
        """Search until the optimum is proven or a limit is reached."""
        if not self.model.n_tasks or not self.model.n_vehicles:
            self.status = "complete"
            return
        self.encoding = Encoding(self.model)
        cp = self.encoding.cp
        top = int(self.model.task_prize.sum()) + 1
        self._excess = [cp.new_int_var(0, top, f"excess {v}") for v in self.model.vehicle_start]
        self._objective = sum(self.encoding.objective) + sum(self._excess)
        cp.minimize(self._objective)
        self._cut_off: Any = None
        while not self.status:
            self._wrong = []
            status = self._solve_once()
            if self.status:
                return
            if status == cp_model.INFEASIBLE or not self._wrong:
                # Either nothing is cheaper than the incumbent, or CP-SAT's optimum is as it thinks.
                self.status = "complete" if status != cp_model.UNKNOWN else "time_limit"
                return
            for routes in self._wrong:
                self._correct(routes)
            if self.cost < top:
                cp.add(self._objective <= self.cost - 1)

    def _solve_once(self) -> Any:
        params = self.params
        solver = cp_model.CpSolver()
        settings = solver.parameters
        settings.num_workers = 1
        settings.interleave_search = True  # several strategies in turns, deterministically
        # Both took most of a short run on 25 tasks and more, and found nothing in these models.
        settings.cp_model_probing_level = 0
        settings.symmetry_level = 0
        settings.random_seed = params.seed % (1 << 31)
        if params.time_limit_s is not None:
            left = params.time_limit_s - (time.perf_counter() - self._started)
            if left <= 0:
                self.status = "time_limit"
                return cp_model.UNKNOWN
            settings.max_time_in_seconds = left
        if params.max_iterations is not None:
            budget = params.max_iterations / _ITERATIONS_PER_SECOND
            if budget <= self._deterministic_s:
                self.status = "iteration_limit"
                return cp_model.UNKNOWN
            settings.max_deterministic_time = budget - self._deterministic_s
        self._hint()
        answer: list[Any] = []

        def work() -> None:
            try:
                answer.append(solver.solve(self.encoding.cp, _Callback(self)))
            except BaseException as error:
                self._error = error

        # CP-SAT works aside, so that the caller's hooks are called from the caller's own thread.
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_POLL_S)
            try:
                self._poll(solver)
            except BaseException:
                solver.stop_search()
                thread.join()
                raise
        if self._error is not None:
            raise self._error
        self._deterministic_s += solver.response_proto.deterministic_time
        self.iterations = int(self._deterministic_s * _ITERATIONS_PER_SECOND)
        if answer[0] in (cp_model.UNKNOWN, cp_model.FEASIBLE) and not self.status:
            self.status = self._limit()
        return answer[0]

    def _limit(self) -> str:
        elapsed = time.perf_counter() - self._started
        if self.params.time_limit_s is not None and elapsed >= 0.99 * self.params.time_limit_s:
            return "time_limit"
        return "iteration_limit" if self.params.max_iterations is not None else "time_limit"

    def _poll(self, solver: Any) -> None:
        """Progress, cancelling and stalling; called some fifty times a second."""
        params = self.params
        if self.status:
            solver.stop_search()
            return
        now = time.perf_counter()
        if params.on_progress and self._told != self.cost and now >= self._next_progress:
            self._next_progress, self._told = now + _PROGRESS_PERIOD_S, self.cost
            figures = evaluate(self.model, self.routes)
            shares = [0.0]
            if params.time_limit_s:
                shares.append((now - self._started) / params.time_limit_s)
            params.on_progress(Progress(
                now - self._started, self.iterations, figures.cost, len(figures.unassigned),
                figures.n_used, min(1.0, max(shares)),
            ))
        if params.should_stop and params.should_stop():
            self.status = "cancelled"
            solver.stop_search()

    def _hint(self) -> None:
        cp = self.encoding.cp
        cp.clear_hints()  # type: ignore[no-untyped-call]
        chosen = set(self._arcs(self.routes))
        for arc, literal in self.encoding.arc.items():
            cp.add_hint(literal, arc in chosen)

    # -- what CP-SAT found -------------------------------------------------------------------------

    def take(self, routes: Routes, objective: int) -> None:
        """Look at a solution of CP-SAT: measure it, keep it if it is the best, or note it."""
        figures = evaluate(self.model, routes)
        if figures.violations or figures.cost > objective:
            self._wrong.append(routes)
        if figures.violations:
            routes = keep_valid(self.model, routes)
            figures = evaluate(self.model, routes)
        if figures.cost < self.cost:
            self.routes, self.cost = routes, figures.cost

    def _arcs(self, routes: Sequence[Sequence[int]]) -> list[Arc]:
        """Arcs of routes, the copies of a reload option taken in order."""
        arcs: list[Arc] = []
        for v, route in enumerate(routes):
            if not route:
                continue
            copies: dict[int, int] = {}
            at = DEPOT
            for visit in route:
                to = Node(task=visit)
                if visit < 0:
                    k = -1 - visit
                    to = Node(option=k, copy=copies.get(k, 0))
                    copies[k] = to.copy + 1
                arcs.append((v, at, to))
                at = to
            arcs.append((v, at, DEPOT))
        return arcs

    def _correct(self, routes: Routes) -> None:
        """Tell CP-SAT what these routes really cost, or that they are not allowed."""
        whole = self._groups(routes)
        clean = True
        for days in whole:
            alone = [r if v in days else [] for v, r in enumerate(routes)]
            clean &= self._correct_alone(alone, evaluate(self.model, alone))
        figures = evaluate(self.model, routes)
        if figures.violations and clean:
            self._correct_alone(routes, figures)

    def _correct_alone(self, routes: Routes, figures: Evaluation) -> bool:
        """Correct a part of a solution that nothing outside of it acts upon; True: it is valid."""
        encoding = self.encoding
        chosen = [encoding.arc[arc] for arc in self._arcs(routes)]
        if figures.violations:
            encoding.cp.add_bool_or([~x for x in chosen])
            return False
        days = [v for v, route in enumerate(routes) if route]
        believed = sum(encoding.route_cost[v] for v in days) + self._excess[days[0]]
        for route in routes:
            believed += sum(encoding.task_cost.get(i, 0) for i in route)
        if self.model.price_worst:
            believed += encoding.worst_cost
        cost = figures.cost - figures.prize_lost
        encoding.cp.add(believed >= cost).only_enforce_if(chosen)
        return True

    def _groups(self, routes: Routes) -> list[set[int]]:
        """Group the used vehicles that act upon each other: links, a worker, the worst lateness."""
        model = self.model
        used = [v for v, route in enumerate(routes) if route]
        if model.price_worst:
            return [set(used)]
        groups = [{v} for v in used]
        vehicle_of = {i: v for v in used for i in routes[v]}

        def join(a: int, b: int) -> None:
            touched = [g for g in groups if a in g or b in g]
            groups[:] = [g for g in groups if g not in touched]
            groups.append(set().union(*touched))

        for i, j in zip(model.links.first.tolist(), model.links.second.tolist(), strict=True):
            if i in vehicle_of and j in vehicle_of:
                join(vehicle_of[i], vehicle_of[j])
        for v in used:
            for u in used:
                if model.vehicle_worker[u] == model.vehicle_worker[v]:
                    join(u, v)
        return groups


class _Callback(cp_model.CpSolverSolutionCallback):
    """Reads the routes of every solution CP-SAT finds."""

    def __init__(self, search: Search) -> None:
        super().__init__()
        self._search = search

    def on_solution_callback(self) -> None:
        """Follow the chosen arcs from every vehicle's start."""
        search = self._search
        try:
            encoding = search.encoding
            routes: Routes = []
            for v in range(search.model.n_vehicles):
                route: list[int] = []
                at = encoding.successor(v, DEPOT, self.boolean_value)
                while at != DEPOT:
                    route.append(at.visit)
                    at = encoding.successor(v, at, self.boolean_value)
                routes.append(route)
            search.take(routes, round(self.objective_value))
        except BaseException as error:
            search._error = error
            self.stop_search()
