"""Our routing model put into ``pywrapcp.RoutingModel``: nodes, costs, vehicles, who may serve what.

Nodes are numbered: first the tasks that somebody could serve, then copies of reload options, then
the places where vehicles start and end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp

from solvers.errors import Unsupported
from solvers.model import NO_LIMIT, OPEN, UNREACHABLE, RoutingModel, units_of
from solvers.ortools_common import affinity, compressed_prizes

#: Nodes above which the transit matrices (int64, one a class) no longer fit a usual machine.
MAX_NODES = 12_000
#: Matrix entries up to which transit callbacks read lists of Python ints.
_LIST_ENTRIES = 4_000_000

Nodes = NDArray[np.int64]


class Encoding:
    """The OR-Tools model of a routing model, and how to read and write its routes.

    Attributes
    ----------
    tasks : task index by node, shape (m,).
    options : reload option by node from ``m`` on, one entry a copy.
    horizon : the end of the last shift.
    """

    def __init__(self, model: RoutingModel, tasks: Nodes, check_period: int) -> None:
        self.model = compressed_prizes(model)
        self.tasks = tasks
        self.options = _reload_copies(model, tasks)
        self.horizon = int(model.vehicle_late.max())
        self._places = np.unique(np.concatenate([model.vehicle_start, model.vehicle_end]))
        n_visits = len(tasks) + len(self.options)
        n_nodes = n_visits + len(self._places)
        if n_nodes > MAX_NODES:
            raise Unsupported(f"ortools: {n_nodes} nodes; dense matrices are held for {MAX_NODES}")
        self.at = np.concatenate([
            model.task_location[tasks],
            model.reloads.location[self.options].astype(np.int64),
            self._places,
        ])
        self.n_visits, self.n_nodes = n_visits, n_nodes
        starts = (n_visits + np.searchsorted(self._places, model.vehicle_start)).tolist()
        ends = (n_visits + np.searchsorted(self._places, model.vehicle_end)).tolist()
        self.manager = pywrapcp.RoutingIndexManager(n_nodes, model.n_vehicles, starts, ends)
        settings = pywrapcp.DefaultRoutingModelParameters()
        # Most of a run goes into propagating accepted moves, which the filters have checked
        # already: no zlib on the trail makes that cheaper, a check period makes it rarer. A small
        # model may hold its best solution between two checks, and can afford every check.
        settings.solver_parameters.compress_trail = settings.solver_parameters.NO_COMPRESSION
        settings.solver_parameters.check_solution_period = check_period
        self.routing = pywrapcp.RoutingModel(self.manager, settings)
        #: Index (of variables) by task, and of every reload node.
        self.index_of = {int(i): self.index(node) for node, i in enumerate(tasks)}
        self.reload_nodes = range(len(tasks), n_visits)
        self._add_costs()
        self._add_compatibility()
        self._add_disjunctions()

    @property
    def solver(self) -> Any:
        """The constraint solver below the routing model."""
        return self.routing.solver()

    def index(self, node: int) -> int:
        """OR-Tools' index of a task or reload node."""
        return int(self.manager.NodeToIndex(node))

    # -- routes ------------------------------------------------------------------------------------

    def read_routes(self, value: Callable[[Any], int]) -> list[list[int]]:
        """Visits in order, one list a vehicle; ``value`` reads a variable."""
        routing, manager = self.routing, self.manager
        routes = []
        for v in range(routing.vehicles()):
            route = []
            index = value(routing.NextVar(routing.Start(v)))
            while not routing.IsEnd(index):
                node = manager.IndexToNode(index)
                m = len(self.tasks)
                route.append(int(self.tasks[node]) if node < m else -1 - self.options[node - m])
                index = value(routing.NextVar(index))
            routes.append(route)
        return routes

    def assignment(self, routes: Sequence[Sequence[int]]) -> Any:
        """OR-Tools' assignment of routes; None if it does not accept them."""
        node_of = {int(i): node for node, i in enumerate(self.tasks)}
        copies: dict[int, list[int]] = {}
        for node in self.reload_nodes:
            copies.setdefault(self.options[node - len(self.tasks)], []).append(node)
        indexes = []
        for route in routes:
            nodes = []
            for visit in route:
                if visit >= 0 and visit in node_of:
                    nodes.append(node_of[visit])
                elif visit < 0 and copies.get(-1 - visit):
                    nodes.append(copies[-1 - visit].pop())
                else:
                    return None  # a task that was given up beforehand, or too many reloads
            indexes.append([self.index(node) for node in nodes])
        return self.routing.ReadAssignmentFromRoutes(indexes, True)

    # -- matrices ----------------------------------------------------------------------------------

    def node_matrix(self, matrix: NDArray[Any]) -> NDArray[np.int64]:
        """Matrix over nodes from one over locations; 0 beside OPEN and between places.

        An arc from a start straight to an end is an unused vehicle: it takes no time and costs
        nothing.
        """
        at = self.at
        nodes = matrix[np.ix_(np.maximum(at, 0), np.maximum(at, 0))].astype(np.int64)
        nodes[at == OPEN, :] = 0
        nodes[:, at == OPEN] = 0
        nodes[self.n_visits:, self.n_visits:] = 0
        np.fill_diagonal(nodes, 0)
        return nodes

    def register(
        self, matrix: NDArray[np.int64], extra: NDArray[np.int64] | None = None
    ) -> int:
        """Register a node matrix as a transit callback; returns OR-Tools' number for it.

        ``extra`` is added by node arrived at. ``RegisterTransitMatrix`` would be the obvious call,
        but OR-Tools copies the whole matrix with every copy of that callback: on 1,000 tasks most
        of the run went into memmove and a Python callback gave ten times as many solutions
        (ortools 9.15).
        """
        manager = self.manager
        node_at = [manager.IndexToNode(i) for i in range(manager.GetNumberOfIndices())]
        # Lists are read fastest; from a few million entries on their int objects cost too much.
        rows = matrix.tolist() if matrix.size <= _LIST_ENTRIES else [memoryview(r) for r in matrix]
        row_at = [rows[node] for node in node_at]
        if extra is None:
            return int(self.routing.RegisterTransitCallback(lambda i, j: row_at[i][node_at[j]]))
        extra_at = [int(extra[node]) for node in node_at]
        return int(self.routing.RegisterTransitCallback(
            lambda i, j: row_at[i][node_at[j]] + extra_at[j]
        ))

    def register_unary(self, by_visit: Sequence[int]) -> int:
        """Register what every task and reload node adds on the way out of it."""
        values = [*by_visit, *[0] * (self.n_nodes - len(by_visit))]
        return int(self.routing.RegisterUnaryTransitVector(values))

    # -- costs and vehicles ------------------------------------------------------------------------

    def _add_costs(self) -> None:
        model = self.model
        matrices: dict[tuple[int, int, int], NDArray[np.int64]] = {}
        callbacks: dict[tuple[int, ...], int] = {}
        # A bonus must not make an arc's cost negative: every task is dearer by the same for all.
        bonus = self._greatest_bonus()
        by_worker = bool(model.affinities.cost.any())
        for v in range(model.n_vehicles):
            profile, by_second, by_metre = key = (
                int(model.vehicle_profile[v]),
                int(model.vehicle_price_second[v]),
                int(model.vehicle_price_metre[v]),
            )
            if key not in matrices:
                seconds = self.node_matrix(model.seconds[profile])
                cost = by_second * seconds
                if by_metre:
                    cost += by_metre * self.node_matrix(model.metres[profile])
                # The time dimension forbids these arcs; the cost only tells the first solution so.
                no_way = seconds >= UNREACHABLE
                if no_way.any():
                    cost[no_way] = 2 * int(cost[~no_way].max(initial=0)) + 1
                matrices[key] = cost
            who = (*key, int(model.vehicle_worker[v])) if by_worker else key
            if who not in callbacks:
                extra = np.zeros(self.n_nodes, dtype=np.int64) if by_worker else None
                if extra is not None:
                    for node, i in enumerate(self.tasks.tolist()):
                        extra[node] = affinity(model, v, i) + bonus[i]
                callbacks[who] = self.register(matrices[key], extra)
            self.routing.SetArcCostEvaluatorOfVehicle(callbacks[who], v)
            self.routing.SetFixedCostOfVehicle(int(model.vehicle_fixed[v]), v)

    def _greatest_bonus(self) -> NDArray[np.int64]:
        """By task; the members of a group share theirs, as they share a penalty."""
        model = self.model
        bonus = np.zeros(model.n_tasks, dtype=np.int64)
        of_task = np.repeat(np.arange(model.n_tasks), np.diff(model.affinities.ptr))
        np.maximum.at(bonus, of_task, -model.affinities.cost.astype(np.int64))
        for group in np.unique(model.task_group[model.task_group >= 0]):
            members = model.task_group == group
            bonus[members] = bonus[members].max()
        return bonus

    def _add_compatibility(self) -> None:
        model, routing = self.model, self.routing
        allowed = model.compatible[:, model.vehicle_type]  # (task types, vehicles)
        restricted = [not row.all() for row in allowed]
        vehicles = [np.flatnonzero(row).tolist() for row in allowed]
        for node, i in enumerate(self.tasks.tolist()):
            kind = int(model.task_type[i])
            if restricted[kind]:
                # SetAllowedVehiclesForIndex takes no Python list in ortools 9.15; -1 is "absent".
                routing.VehicleVar(self.index(node)).SetValues([-1, *vehicles[kind]])
        not_after = [self.index(node) for node in self.reload_nodes]
        not_after += [routing.End(v) for v in range(model.n_vehicles)]
        for node in self.reload_nodes:
            may = _vehicles_of_option(model, self.options[node - len(self.tasks)])
            routing.VehicleVar(self.index(node)).SetValues([-1, *may])
            # A reload is followed by a task; by itself would mean that it is not made.
            index = self.index(node)
            routing.NextVar(index).RemoveValues([k for k in not_after if k != index])

    def _add_disjunctions(self) -> None:
        model = self.model
        bonus = self._greatest_bonus().tolist()
        groups: dict[int, dict[int, list[int]]] = {}  # group -> unit -> tasks
        units = units_of(model)
        for i in self.tasks.tolist():
            group = int(model.task_group[i])
            if group >= 0:
                groups.setdefault(group, {}).setdefault(int(units[i]), []).append(i)
            else:
                self._leave_out([i], int(model.task_prize[i]) + bonus[i])
        for members in groups.values():
            prize = max(int(model.task_prize[i]) for tasks in members.values() for i in tasks)
            if all(len(tasks) == 1 for tasks in members.values()):
                alternatives = [tasks[0] for tasks in members.values()]
                self._leave_out(alternatives, prize + bonus[alternatives[0]])
                continue
            # A disjunction counts tasks, not units. So every unit has the whole prize, in shares;
            # what is counted too much is the same for all solutions that serve one of them.
            for tasks in members.values():
                for share, i in enumerate(tasks):
                    part = prize * (share + 1) // len(tasks) - prize * share // len(tasks)
                    self._leave_out([i], part + bonus[i])
            for one, other in combinations(members.values(), 2):
                for i, j in product(one, other):
                    active = [self.routing.ActiveVar(self.index_of[k]) for k in (i, j)]
                    self.solver.Add(active[0] + active[1] <= 1)
        for node in self.reload_nodes:
            self.routing.AddDisjunction([self.index(node)], 0)

    def _leave_out(self, tasks: list[int], penalty: int) -> None:
        """Serve one of these at most, none at a price."""
        self.routing.AddDisjunction([self.index_of[i] for i in tasks], penalty, 1)


def servable_tasks(model: RoutingModel) -> Nodes:
    """Tasks for which a compatible vehicle exists whose shift meets the first window."""
    if not model.n_tasks or not model.n_vehicles:
        return np.zeros(0, dtype=np.int64)
    latest = np.full(model.compatible.shape[1], -1, dtype=np.int64)
    np.maximum.at(latest, model.vehicle_type, model.vehicle_late)
    last_end = np.where(model.compatible, latest, -1).max(axis=1)  # by task type
    first_early = model.window_early[model.window_ptr[:-1]]
    servable = last_end[model.task_type] >= first_early
    servable &= model.task_release <= int(model.vehicle_late.max())
    together = [model.pairs[:2], model.links[:2]]
    changed = True
    while changed:
        before = servable.copy()
        for first, second in together:
            both = servable[first] & servable[second]
            servable[first[~both]] = servable[second[~both]] = False
        changed = bool((before != servable).any())
    return np.flatnonzero(servable)


def _vehicles_of_option(model: RoutingModel, k: int) -> list[int]:
    ptr, option = model.reloads.option_ptr, model.reloads.option
    return [v for v in range(model.n_vehicles) if k in option[ptr[v] : ptr[v + 1]]]


def _reload_copies(model: RoutingModel, tasks: Nodes) -> list[int]:
    """Options by reload node: as many copies as twice the loads need, and one a vehicle."""
    fullest = 1
    for d in range(model.n_dimensions):
        total = int(model.task_demand[tasks, d].sum() + model.task_pickup[tasks, d].sum())
        capacity = int(model.vehicle_capacity[:, d].max(initial=1))
        fullest = max(fullest, -(-total // max(1, capacity)))
    copies = []
    for k in range(len(model.reloads.location)):
        batch = int(model.reloads.batch[k])
        may = _vehicles_of_option(model, k)
        if not may or (batch >= 0 and model.batches.ready[batch] > model.vehicle_late[may].max()):
            continue
        trips = sum(min(int(model.vehicle_max_trips[v]), len(tasks)) for v in may)
        copies += [k] * min(trips, len(tasks), 2 * fullest + len(may))
    return copies


def limited(values: NDArray[Any]) -> bool:
    """Whether a limit is set at all (``NO_LIMIT`` elsewhere)."""
    return bool((values < NO_LIMIT).any())
