"""OR-Tools backend: our routing model put into ``pywrapcp.RoutingModel``, with guided local search.

How the fields are expressed
----------------------------
- task -> a node of its own in a disjunction whose penalty is the prize (one for a whole group,
  unless pairs or links tie its tasks: then alternatives exclude each other by constraints); a
  task that no vehicle can take is left out of the search altogether, which is the same and cheaper
- windows -> range of the time cumul, gaps between several windows by ``RemoveInterval``; soft ends
  -> soft upper bounds; the worst lateness -> global span of a dimension that late tasks push up
- shifts, OPEN ends -> ranges of the first and last cumul; a dummy node with zero arcs
- duty, overtime, limits on them -> span costs and bounds of the time dimension
- loads -> one dimension each, with a capacity a vehicle; with pickups, pairs or reloads two: what
  is still to be given out, and what is on board
- prices, profiles, service-time factors, set-up -> one transit matrix a distinct combination,
  shared by all vehicles that have it; affinities -> added to the arcs of a worker
- skills, refused and allowed vehicles -> domain of the vehicle variable
- no way between two locations -> a transit beyond the horizon, for the profiles concerned
- pairs -> ``AddPickupAndDelivery``; ride limits and links -> constraints between time cumuls
- reloads -> optional nodes, as many copies of an option as twice the loads need; release, ready
  batches, freshness and longest trips -> limits on a dimension that holds when the trip left;
  portions -> a sum over the reload nodes of a batch
- breaks -> ``SetBreakIntervalsOfVehicle``

A dimension that cannot bind (loads below every capacity, windows that no route can miss) is not
built: the search would pay for it at every move.

Where OR-Tools sees it differently
----------------------------------
- Its timetable is its own: only visits are returned. It may cut a leg by a break, or choose a
  timetable with less duty than the model's rule does; "all or none" of linked tasks keeps the
  local search, which inserts one task after another, from serving any, so it is a constraint in the
  second part of a run only. Therefore every better solution is measured by the evaluation, tasks
  that break a rule are taken out, and the best valid routes are what is returned (models of more
  than ``_MEASURED`` tasks: the last solution is measured).
- A first trip without tasks obeys ``max_trip`` too, which the model does not ask for.

What OR-Tools cannot promise
----------------------------
- ``seed`` has no effect: first solution and guided local search draw no random numbers. The same
  model and ``max_iterations`` give the same result; under a time limit the result depends on the
  speed of the machine.
- An iteration is a solution that the local search accepted and propagated, the only unit in which
  OR-Tools lets a run be limited; very many moves may be tried between two of them.
- Local search is single-threaded. Its time limit is wall clock and is looked at between moves, so
  a large instance can overrun it by the length of one sweep.
- Before the first solution there is no incumbent: a run that ends there leaves every task out, or
  returns ``initial``.

``time_limit_s`` counts from the call on: building, first solution and local search.
"""

from __future__ import annotations

import time
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from solvers.errors import refuse_unsupported
from solvers.evaluation import evaluate
from solvers.model import RoutingModel
from solvers.ortools_common import check_initial, result_of
from solvers.ortools_dimensions import add_limits, add_pairs, add_time
from solvers.ortools_encoding import Encoding, Nodes, servable_tasks
from solvers.ortools_monitor import Monitor
from solvers.ortools_trips import add_leaving, add_loads, add_trip_count
from solvers.repair import Routes, keep_valid
from solvers.solve import Result, SolveParams

#: ``RoutingModel.features`` that are expressed here; any other one is refused.
SUPPORTED = frozenset({
    "setup", "pickups", "soft windows", "worst lateness", "release", "freshness", "groups",
    "groups of tied tasks", "duty", "overtime", "max duty", "max travel", "max tasks", "max trips",
    "max trip", "first load", "worker duty", "pairs", "links", "breaks", "reloads", "batches",
    "affinities",
})
#: Features where the routing library's figures are not the evaluation's.
_INEXACT = frozenset({
    "duty", "overtime", "max duty", "worker duty", "links", "breaks", "pairs", "worst lateness",
})
#: Features with constraints that insertion in parallel does not see: with ten links among thirty
#: tasks it left one task out, inserting one task after another left none. With reloads or
#: breaks no way of insertion was sure to find anything; from nothing, local search inserts both.
_COUPLED = frozenset({"links", "freshness", "release", "max trip", "worst lateness"})
#: Tasks from which accepted moves are only checked now and then: at 500 and 1,000 tasks that gave
#: 6 and 8 % lower cost in 20 s, at 400 the same, at 200 more.
_LARGE = 500
#: Of a run with links, without "all or none": alone it left linked tasks half served, which the
#: repair drops; with the constraint from the start, up to ten of ten linked tasks stayed absent.
_LOOSE_SHARE = 0.5
#: Tasks up to which every better solution is measured.
_MEASURED = 1_000


def warm_up() -> None:
    """Nothing to compile; the import above has loaded the library."""


def solve(model: RoutingModel, params: SolveParams) -> Result:
    """Solve with OR-Tools' routing library; see the module's docstring for what it promises.

    Raises
    ------
    Unsupported : the model has a feature that is not in ``SUPPORTED``, or more nodes than the
        transit matrices can be held for.
    SolverError : ``initial`` is not one list of visits a vehicle.
    """
    started = time.perf_counter()
    refuse_unsupported("ortools", model.features, SUPPORTED)
    check_initial(model, params.initial)
    nothing: Routes = [[] for _ in range(model.n_vehicles)]
    best = _Best(model, keep_valid(model, params.initial or nothing))
    if not len(servable_tasks(model)):
        return result_of(model, nothing, "complete", 0, 0.0)
    # Linked tasks are first served as it comes, then all or none, from the best routes so far.
    shares = [_LOOSE_SHARE, 1.0] if "links" in model.features else [1.0]
    status, n_solutions = "", 0
    for share in shares:
        phase = _Phase(model, params, started, share, strict=share == 1.0)
        from_best = params.initial is not None or n_solutions > 0
        status, n_solutions = phase.run(best, n_solutions, from_best=from_best)
        if status == "cancelled":
            break
    return result_of(model, best.routes, status, n_solutions, time.perf_counter() - started)


class _Phase:
    """One run of the routing library, up to a share of what the parameters allow."""

    def __init__(
        self, model: RoutingModel, params: SolveParams, started: float, share: float, *,
        strict: bool,
    ) -> None:
        self.model, self.params, self.started = model, params, started
        self.share, self.strict = share, strict

    def run(self, best: _Best, n_solutions: int, *, from_best: bool) -> tuple[str, int]:
        """Improve ``best``; returns the status and the number of solutions of all phases."""
        model, params = self.model, self.params
        tasks = servable_tasks(model)
        encoding = _encode(model, tasks, params, strict=self.strict)
        settings = _search_parameters(model, params)
        if params.max_iterations is not None:
            budget = int(self.share * params.max_iterations) - n_solutions
            settings.solution_limit = max(1, budget)
        encoding.routing.CloseModelWithParameters(settings)
        measures = bool(model.features & _INEXACT) and len(tasks) <= _MEASURED
        monitor = Monitor(model, encoding, params, best.take if measures else None)
        monitor.started, monitor.n_solutions = self.started, n_solutions
        encoding.routing.AddAtSolutionCallback(monitor.at_solution)
        counted_alone = params.time_limit_s is None
        if params.should_stop or params.stall_iterations is not None or counted_alone:
            # Held in a name: the search keeps no reference of its own to the Python object.
            limit = encoding.solver.CustomLimit(monitor.at_limit)
            encoding.routing.AddSearchMonitor(limit)
        left = None
        if params.time_limit_s is not None:
            left = self.share * params.time_limit_s - (time.perf_counter() - self.started)
            settings.time_limit.FromNanoseconds(max(1, int(left * 1e9)))
        solution = None
        start = encoding.assignment(best.routes) if from_best else None
        if start:
            solution = encoding.routing.SolveFromAssignmentWithParameters(start, settings)
        elif left is None or left > 0:
            solution = encoding.routing.SolveWithParameters(settings)
        if monitor.error is not None:
            raise monitor.error
        if solution:
            best.take(encoding.read_routes(solution.Value))
        return monitor.status(time.perf_counter() - self.started), monitor.n_solutions


class _Best:
    """The best routes so far by the evaluation; always valid."""

    def __init__(self, model: RoutingModel, routes: Routes) -> None:
        self.model, self.routes = model, routes
        self.cost = evaluate(model, routes).cost

    def take(self, routes: Routes) -> Routes:
        """Take routes if they, or what is left of them without faults, are the best."""
        valid = keep_valid(self.model, routes)
        cost = evaluate(self.model, valid).cost
        if cost < self.cost:
            self.routes, self.cost = valid, cost
        return self.routes


def _encode(
    model: RoutingModel, tasks: Nodes, params: SolveParams, *, strict: bool
) -> Encoding:
    # OR-Tools counts unchecked moves towards a solution limit, so a run that is counted checks all.
    # What its filters do not see (constraints between cumuls) has to be checked as well.
    seen = {"setup", "soft windows", "max travel", "max tasks", "groups", "affinities"}
    check_all = (
        params.max_iterations is not None or len(tasks) < _LARGE or bool(model.features - seen)
    )
    encoding = Encoding(model, tasks, check_period=1 if check_all else 10)
    time_dimension = add_time(encoding, whole_links=strict)
    add_loads(encoding)
    add_limits(encoding)
    trips = add_trip_count(encoding)
    add_leaving(encoding, time_dimension)
    add_pairs(encoding, time_dimension, trips)
    return encoding


def _search_parameters(model: RoutingModel, params: SolveParams) -> Any:
    settings = pywrapcp.DefaultRoutingSearchParameters()
    strategies = routing_enums_pb2.FirstSolutionStrategy
    settings.first_solution_strategy = (
        strategies.ALL_UNPERFORMED if model.features & {"reloads", "breaks"}
        else strategies.LOCAL_CHEAPEST_INSERTION if model.features & _COUPLED
        else strategies.PARALLEL_CHEAPEST_INSERTION
    )
    settings.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    if params.time_limit_s is not None:
        settings.time_limit.FromNanoseconds(max(1, int(params.time_limit_s * 1e9)))
    if params.max_iterations is not None:
        settings.solution_limit = max(1, params.max_iterations)
    return settings
