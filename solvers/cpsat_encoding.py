"""A routing model as constraints of CP-SAT: circuits, timetable, loads, trips, links and breaks.

A task is a node in the circuit of every vehicle that may serve it, a reload option a few nodes
(``copies``). Every start is a variable, bounded along the arcs that are chosen; the timetable of
the model's docstring is one of those that the constraints allow. Its least solution is also the
cheapest, except where duty counts: there CP-SAT may find a better timetable for the same visits
than the model's rule does, so the objective is a lower bound of the cost and the caller compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from solvers.cpsat_ties import DEPOT, Node, add_breaks, add_links, add_pairs
from solvers.model import (
    NO_LIMIT,
    OPEN,
    TIME_MAX,
    UNREACHABLE,
    RoutingModel,
    service_time,
    units_of,
)
from solvers.ortools_common import affinity

#: Tasks up to which every number of trips is modelled; above, a vehicle has three copies an option.
_ALL_COPIES = 12

Arc = tuple[int, Node, Node]  # vehicle, from, to


def count_arcs(model: RoutingModel) -> int:
    """How many arcs the circuits would have, at most; what an encoding's size grows with."""
    may = np.bincount(model.task_type, minlength=model.compatible.shape[0])
    tasks = may @ model.compatible[:, model.vehicle_type]
    nodes = tasks + [len(_reload_nodes(model, v, int(n))) + 1 for v, n in enumerate(tasks)]
    return int((nodes.astype(np.int64) ** 2).sum())


def _reload_nodes(model: RoutingModel, v: int, n_tasks: int) -> list[Node]:
    most = n_tasks if n_tasks <= _ALL_COPIES else 3
    copies = min(most, int(model.vehicle_max_trips[v]))
    options = model.reloads.option[model.reloads.option_ptr[v] : model.reloads.option_ptr[v + 1]]
    return [Node(option=int(k), copy=c) for k in options for c in range(copies)]


class Encoding:
    """The constraints and variables of one model.

    Attributes
    ----------
    cp : the ``CpModel``, with its objective.
    arc : literal of every arc that may be travelled, by vehicle, from and to.
    route_cost : linear expression of everything that vehicle ``v`` costs.
    task_cost : linear expression of what task ``i`` costs if it is late.
    """

    def __init__(self, model: RoutingModel) -> None:
        self.model = model
        self.cp = cp_model.CpModel()
        self.horizon = int(model.vehicle_late.max(initial=0))
        self.arc: dict[Arc, Any] = {}
        self.visited: dict[tuple[int, Node], Any] = {}
        self.nodes: list[list[Node]] = []
        self.out: dict[tuple[int, Node], list[tuple[Node, Any]]] = {}
        self.to: dict[tuple[int, Node], list[tuple[Node, Any]]] = {}
        self.start: dict[int, Any] = {}
        self.served: dict[int, Any] = {}
        self.leave: list[Any] = []
        self.end: list[Any] = []
        self.route_cost: list[Any] = []
        self.task_cost: dict[int, Any] = {}
        self.objective: list[Any] = []
        features = model.features
        self._trips = bool(features & {"release", "freshness", "max trip", "batches"})
        self._add_starts()
        self._add_circuits()
        self._add_presence()
        self._add_times()
        if self._trips:
            self._add_trip_leaves()
        for d in range(model.n_dimensions):
            self._add_load(d)
        add_pairs(self)
        add_links(self)
        self._add_costs()
        self.cp.minimize(sum(self.objective))

    # -- which visits ------------------------------------------------------------------------------

    def _add_starts(self) -> None:
        model = self.model
        for i in range(model.n_tasks):
            windows = [
                [int(model.window_early[w]), min(int(model.window_late[w]), self.horizon)]
                for w in range(model.window_ptr[i], model.window_ptr[i + 1])
                if model.window_early[w] <= self.horizon
            ]
            if windows:
                domain = cp_model.Domain.from_intervals(windows)
                self.start[i] = self.cp.new_int_var_from_domain(domain, f"start {i}")

    def _add_circuits(self) -> None:
        model, cp = self.model, self.cp
        for v in range(model.n_vehicles):
            can = model.compatible[:, model.vehicle_type[v]][model.task_type]
            tasks = [Node(task=int(i)) for i in np.flatnonzero(can) if int(i) in self.start]
            nodes = tasks + _reload_nodes(model, v, len(tasks))
            self.nodes.append(nodes)
            number = {node: k for k, node in enumerate([DEPOT, *nodes])}
            arcs = []
            for node in [DEPOT, *nodes]:
                literal = self.visited[v, node] = cp.new_bool_var(f"visited {v} {node}")
                arcs.append((number[node], number[node], ~literal))
            for a in [DEPOT, *nodes]:
                for b in [DEPOT, *nodes]:
                    if self._possible(v, a, b):
                        literal = self.arc[v, a, b] = cp.new_bool_var(f"arc {v} {a} {b}")
                        self.out.setdefault((v, a), []).append((b, literal))
                        self.to.setdefault((v, b), []).append((a, literal))
                        arcs.append((number[a], number[b], literal))
            cp.add_circuit(arcs)
            for a, b in pairwise(nodes):
                if b.copy and b.option >= 0:
                    cp.add_implication(self.visited[v, b], self.visited[v, a])
            trips = [
                x for (w, a, b), x in self.arc.items() if w == v and a.task < 0 and b.task >= 0
            ]
            if model.vehicle_max_trips[v] < len(trips):
                cp.add(sum(trips) <= int(model.vehicle_max_trips[v]))
            if model.vehicle_max_tasks[v] < len(tasks):
                cp.add(sum(self.visited[v, n] for n in tasks) <= int(model.vehicle_max_tasks[v]))

    def _possible(self, v: int, a: Node, b: Node) -> bool:
        model = self.model
        if a == b or (a.option >= 0 and b.task < 0):
            return False  # a reload is followed by a task
        if b == DEPOT and a == DEPOT:
            return False
        if self.travel(v, a, b) is None:
            return False
        if a.task >= 0 and b.task >= 0:
            earliest = int(model.window_early[model.window_ptr[a.task]])
            earliest += self.service(v, a) + self.seconds(v, a, b)
            return earliest <= int(model.window_late[model.window_ptr[b.task + 1] - 1])
        return True

    def _place(self, v: int, node: Node, *, leaving: bool) -> int:
        model = self.model
        if node.task >= 0:
            return int(model.task_location[node.task])
        if node.option >= 0:
            return int(model.reloads.location[node.option])
        return int((model.vehicle_start if leaving else model.vehicle_end)[v])

    def travel(self, v: int, a: Node, b: Node) -> tuple[int, int] | None:
        """Seconds and metres from one node to another, without set-up; None: no way."""
        at, to = self._place(v, a, leaving=True), self._place(v, b, leaving=False)
        if OPEN in (at, to):
            return 0, 0
        profile = self.model.vehicle_profile[v]
        seconds = int(self.model.seconds[profile, at, to])
        return None if seconds >= UNREACHABLE else (
            seconds, int(self.model.metres[profile, at, to])
        )

    def seconds(self, v: int, a: Node, b: Node) -> int:
        """Seconds from leaving one node to being ready at another: travel and set-up."""
        at, to = self._place(v, a, leaving=True), self._place(v, b, leaving=False)
        travel = self.travel(v, a, b)
        assert travel is not None  # arcs without a way were never made
        return travel[0] + (0 if OPEN in (at, to) or at == to else int(self.model.setup[to]))

    def service(self, v: int, node: Node) -> int:
        """Seconds of service at a node, none but at tasks."""
        if node.task < 0:
            return 0
        return int(service_time(self.model.task_service[node.task], self.model.vehicle_permille[v]))

    def successor(self, v: int, node: Node, chosen: Callable[[Any], bool]) -> Node:
        """Where vehicle ``v`` goes on from a node; the depot if it is not there at all."""
        return next((b for b, x in self.out.get((v, node), ()) if chosen(x)), DEPOT)

    def _arcs(self, v: int) -> Iterator[tuple[Node, Node, Any]]:
        for a in [DEPOT, *self.nodes[v]]:
            for b, literal in self.out.get((v, a), ()):
                yield a, b, literal

    def _add_presence(self) -> None:
        model, cp = self.model, self.cp
        of_task: dict[int, list[Any]] = {i: [] for i in range(model.n_tasks)}
        for (_, node), literal in self.visited.items():
            if node.task >= 0:
                of_task[node.task].append(literal)
        for i, literals in of_task.items():
            self.served[i] = cp.new_bool_var(f"served {i}")
            cp.add(sum(literals) == self.served[i])
        groups: dict[int, dict[int, int]] = {}  # one task of every unit of a group
        for i, unit in enumerate(units_of(model).tolist()):
            group = int(model.task_group[i])
            groups.setdefault(group if group >= 0 else -1 - i, {})[unit] = i
        for members in groups.values():
            any_served = sum(self.served[i] for i in members.values())
            if len(members) > 1:
                cp.add(any_served <= 1)
            prize = int(model.task_prize[next(iter(members.values()))])
            self.objective.append(prize * (1 - any_served))

    # -- when --------------------------------------------------------------------------------------

    def _add_times(self) -> None:
        model, cp = self.model, self.cp
        self.loading: dict[tuple[int, Node], Any] = {}  # start of loading
        self.reload_leave: dict[tuple[int, Node], Any] = {}
        for v in range(model.n_vehicles):
            early, late = int(model.vehicle_early[v]), int(model.vehicle_late[v])
            self.leave.append(cp.new_int_var(early, late, f"leave {v}"))
            self.end.append(cp.new_int_var(early, late, f"end {v}"))
            for node in self.nodes[v]:
                if node.option >= 0:
                    k, batch = node.option, int(model.reloads.batch[node.option])
                    ready = early if batch < 0 else max(early, int(model.batches.ready[batch]))
                    begin = cp.new_int_var(early, late, f"loading {v} {node}")
                    leave = cp.new_int_var(min(ready, self.horizon), self.horizon, "")
                    self.loading[v, node], self.reload_leave[v, node] = begin, leave
                    cp.add(leave >= begin + int(model.reloads.seconds[k])).only_enforce_if(
                        self.visited[v, node]
                    )
                    if ready > self.horizon:
                        cp.add(self.visited[v, node] == 0)
                    if node.copy:  # copies are used in order
                        before = node._replace(copy=node.copy - 1)
                        cp.add(begin >= self.reload_leave[v, before]).only_enforce_if(
                            self.visited[v, node]
                        )
            breaks = range(model.breaks.ptr[v], model.breaks.ptr[v + 1])
            if len(breaks):
                add_breaks(self, v, breaks)
                continue
            for a, b, literal in self._arcs(v):
                cp.add(
                    self.ready(v, b) >= self.departure(v, a) + self.seconds(v, a, b)
                ).only_enforce_if(literal)

    def departure(self, v: int, node: Node) -> Any:
        """When the vehicle may go on from a node."""
        if node.task >= 0:
            return self.start[node.task] + self.service(v, node)
        return self.reload_leave[v, node] if node.option >= 0 else self.leave[v]

    def ready(self, v: int, node: Node) -> Any:
        """When what is to be done at a node begins."""
        if node.task >= 0:
            return self.start[node.task]
        return self.loading[v, node] if node.option >= 0 else self.end[v]

    # -- trips -------------------------------------------------------------------------------------

    def carry(
        self, name: str, late: int, begin: Any, step: Any, *, check: Any = None
    ) -> dict[int, Any]:
        """One variable a task that travels along a trip.

        ``begin(v, node)`` is its value on leaving a place of loading, ``step(i)`` what task ``i``
        adds, ``check(v, value, node)`` is called where the trip ends.
        """
        cp = self.cp
        carried = {i: cp.new_int_var(0, late, f"{name} {i}") for i in self.start}
        for (v, a, b), literal in self.arc.items():
            if b.task >= 0:
                before = carried[a.task] if a.task >= 0 else begin(v, a)
                cp.add(carried[b.task] == before + step(b.task)).only_enforce_if(literal)
            elif check is not None and a.task >= 0:
                check(v, carried[a.task], b, literal)
        return carried

    def _add_trip_leaves(self) -> None:
        model, cp = self.model, self.cp

        def check(v: int, left: Any, node: Node, literal: Any) -> None:
            if model.vehicle_max_trip[v] < TIME_MAX:
                most = int(model.vehicle_max_trip[v])
                cp.add(self.ready(v, node) - left <= most).only_enforce_if(literal)

        left = self.carry("left", self.horizon, self.departure, lambda _: 0, check=check)
        for i, time in left.items():
            if model.task_release[i] > 0:
                cp.add(time >= int(model.task_release[i])).only_enforce_if(self.served[i])
            if model.task_freshness[i] < TIME_MAX:
                fresh = int(model.task_freshness[i])
                cp.add(self.start[i] - time <= fresh).only_enforce_if(self.served[i])

    def _add_load(self, d: int) -> None:
        model, cp = self.model, self.cp
        demand = model.task_demand[:, d].astype(np.int64)
        picked = model.task_pickup[:, d].astype(np.int64)
        for p, q, load in zip(
            model.pairs.pickup, model.pairs.delivery, model.pairs.load[:, d], strict=True
        ):
            picked[p] += load
            picked[q] -= load
        most = int(demand.sum() + np.maximum(picked, 0).sum())
        loaded: dict[tuple[int, Node], Any] = {}  # at the beginning of a trip
        for v in range(model.n_vehicles):
            capacity = int(min(model.vehicle_capacity[v, d], most))
            first = min(capacity, int(model.vehicle_first_load[v, d]))
            loaded[v, DEPOT] = cp.new_int_var(0, first, f"loaded {v}")
            for node in self.nodes[v]:
                if node.option >= 0:
                    loaded[v, node] = cp.new_int_var(0, capacity, f"loaded {v} {node}")
        self._add_portions(d, loaded)

        trip = self.carry("trip load", most, lambda v, a: loaded[v, a], lambda _: 0)
        given = self.carry("given", most, lambda *_: 0, lambda i: int(demand[i]))
        for i in self.start:
            cp.add(given[i] <= trip[i]).only_enforce_if(self.served[i])
        if not picked.any():
            return
        taken = self.carry("taken", most, lambda *_: 0, lambda i: int(picked[i]))
        for (v, node), literal in self.visited.items():
            capacity = int(model.vehicle_capacity[v, d])
            if (i := node.task) >= 0 and capacity < most:
                cp.add(trip[i] - given[i] + taken[i] <= capacity).only_enforce_if(literal)

    def _add_portions(self, d: int, loaded: dict[tuple[int, Node], Any]) -> None:
        model = self.model
        for b, portions in enumerate(model.batches.portions[:, d].tolist()):
            if portions < NO_LIMIT:
                taken = [
                    x for (_, node), x in loaded.items()
                    if node.option >= 0 and model.reloads.batch[node.option] == b
                ]
                self.cp.add(sum(taken) <= portions)

    # -- what it costs -----------------------------------------------------------------------------

    def _add_costs(self) -> None:
        model, cp = self.model, self.cp
        spans = []
        for v in range(model.n_vehicles):
            used = self.visited[v, DEPOT]
            cost = int(model.vehicle_fixed[v]) * used
            for a, b, literal in self._arcs(v):
                seconds, metres = self.travel(v, a, b) or (0, 0)
                cost += literal * (
                    seconds * int(model.vehicle_price_second[v])
                    + metres * int(model.vehicle_price_metre[v])
                )
            for node in self.nodes[v]:
                if node.task >= 0:
                    cost += affinity(model, v, node.task) * self.visited[v, node]
            most = min(self.horizon, int(model.vehicle_max_duty[v]))
            span = cp.new_int_var(0, most, f"duty {v}")
            cp.add(span >= self.end[v] - self.leave[v]).only_enforce_if(used)
            cost += int(model.vehicle_price_duty[v]) * span
            regular, price = model.vehicle_regular_duty[v], int(model.vehicle_overtime_price[v])
            if price and regular < self.horizon:
                over = cp.new_int_var(0, self.horizon, f"overtime {v}")
                cp.add(over >= span - int(regular))
                cost += price * over
            if model.vehicle_max_travel[v] < TIME_MAX:
                cp.add(sum(
                    (self.travel(v, a, b) or (0, 0))[0] * x for a, b, x in self._arcs(v)
                ) <= int(model.vehicle_max_travel[v]))
            spans.append(span)
            self.route_cost.append(cost)
        self.objective += self.route_cost
        for w, most in enumerate(model.worker_max_duty.tolist()):
            days = np.flatnonzero(model.vehicle_worker == w).tolist()
            if most < TIME_MAX and days:
                cp.add(sum(spans[v] for v in days) <= most)
        worst = cp.new_int_var(0, self.horizon, "worst lateness")
        for i, begin in self.start.items():
            soft, price = int(model.task_soft_late[i]), int(model.task_late_price[i])
            if soft < self.horizon and (price or model.price_worst):
                late = cp.new_int_var(0, self.horizon, f"late {i}")
                cp.add(late >= begin - soft).only_enforce_if(self.served[i])
                cp.add(worst >= late)
                self.task_cost[i] = price * late
        self.worst_cost = model.price_worst * worst
        self.objective += [*self.task_cost.values(), self.worst_cost]
