"""Nodes of CP-SAT's circuits, and what ties times together: breaks, pairs and links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from solvers.model import OTHER_WORKER, SAME_WORKER, TIME_MAX

if TYPE_CHECKING:
    from solvers.cpsat_encoding import Encoding


class Node(NamedTuple):
    """A node of a vehicle's circuit: the vehicle's ends, a task, or a copy of a reload option."""

    task: int = -1
    option: int = -1
    copy: int = 0

    @property
    def visit(self) -> int:
        """As in a route."""
        return self.task if self.task >= 0 else -1 - self.option


DEPOT = Node()


def add_breaks(encoding: Encoding, v: int, breaks: range) -> None:
    """Put every break of a vehicle before its leaving, after its end, or before or after a leg."""
    model, cp = encoding.model, encoding.cp
    used = encoding.visited[v, DEPOT]
    begins: list[Any] = []
    lengths = [int(model.breaks.length[b]) for b in breaks]
    for b in breaks:
        begins.append(cp.new_int_var(
            int(model.breaks.early[b]), int(model.breaks.late[b]), f"break {b}"
        ))
    for k in range(1, len(breaks)):
        cp.add(begins[k] >= begins[k - 1] + lengths[k - 1]).only_enforce_if(used)
    places: list[list[Any]] = [[] for _ in breaks]
    for k, length in enumerate(lengths):
        first, last = (cp.new_bool_var(f"break {k} {side} {v}") for side in ("first", "last"))
        cp.add(begins[k] + length <= encoding.leave[v]).only_enforce_if(first)
        cp.add(begins[k] >= encoding.end[v]).only_enforce_if(last)
        places[k] += [first, last]
    for node in [DEPOT, *encoding.nodes[v]]:
        visited = encoding.visited[v, node]
        departed, gone, arrived = (
            cp.new_int_var(0, encoding.horizon, f"{name} {v} {node}")
            for name in ("departed", "gone", "arrived")
        )
        cp.add(gone >= departed).only_enforce_if(visited)
        cp.add(encoding.ready(v, node) >= arrived).only_enforce_if(visited)
        for a, literal in encoding.to.get((v, node), ()):
            cp.add(departed >= encoding.departure(v, a)).only_enforce_if(literal)
            cp.add(arrived >= gone + encoding.seconds(v, a, node)).only_enforce_if(literal)
        for k, length in enumerate(lengths):
            before, after = (cp.new_bool_var(f"break {k} {v} {node}") for _ in range(2))
            for here in (before, after):
                cp.add_implication(here, visited)
            cp.add(begins[k] >= departed).only_enforce_if(before)
            cp.add(begins[k] + length <= gone).only_enforce_if(before)
            cp.add(begins[k] >= arrived).only_enforce_if(after)
            cp.add(begins[k] + length <= encoding.ready(v, node)).only_enforce_if(after)
            places[k] += [before, after]
            if node.option >= 0:  # after loading and before leaving
                loaded = cp.new_bool_var(f"break {k} loaded {v} {node}")
                cp.add_implication(loaded, visited)
                done = encoding.loading[v, node] + int(model.reloads.seconds[node.option])
                cp.add(begins[k] >= done).only_enforce_if(loaded)
                leave = encoding.reload_leave[v, node]
                cp.add(begins[k] + length <= leave).only_enforce_if(loaded)
                places[k].append(loaded)
    for choice in places:
        cp.add(sum(choice) == 1).only_enforce_if(used)


def add_pairs(encoding: Encoding) -> None:
    """Serve pairs whole, by one vehicle in one trip, pickup first, within the ride limit."""
    model, cp = encoding.model, encoding.cp
    if not len(model.pairs.pickup):
        return
    n = model.n_tasks
    place = encoding.carry("place", n, lambda *_: 0, lambda _: 1)
    trip_of: dict[int, Any] = {}
    if len(model.reloads.option):
        # The number of a reload node is as good a name of its trip as any.
        names = {node: 1 + k for k, node in enumerate(
            sorted({node for nodes in encoding.nodes for node in nodes if node.option >= 0})
        )}
        trip_of = encoding.carry(
            "trip", len(names), lambda _, a: names.get(a, 0), lambda _: 0
        )
    for p, q, ride in zip(
        *(x.tolist() for x in (model.pairs.pickup, model.pairs.delivery, model.pairs.ride)),
        strict=True,
    ):
        cp.add(encoding.served[p] == encoding.served[q])
        if p not in encoding.start or q not in encoding.start:
            continue
        for v in range(model.n_vehicles):
            of_p = encoding.visited.get((v, Node(task=p)), 0)
            cp.add(of_p == encoding.visited.get((v, Node(task=q)), 0))
            if not isinstance(of_p, int) and ride < TIME_MAX:
                done = encoding.start[p] + encoding.service(v, Node(task=p))
                cp.add(encoding.start[q] - done <= ride).only_enforce_if(of_p)
        cp.add(place[p] < place[q]).only_enforce_if(encoding.served[p])
        if trip_of:
            cp.add(trip_of[p] == trip_of[q]).only_enforce_if(encoding.served[p])


def add_links(encoding: Encoding) -> None:
    """Serve linked tasks all or none, within the gap and by the workers that they ask for."""
    model, cp = encoding.model, encoding.cp
    for i, j, least, most, who in zip(*(x.tolist() for x in model.links), strict=True):
        cp.add(encoding.served[i] == encoding.served[j])
        if i not in encoding.start or j not in encoding.start:
            continue
        gap = encoding.start[j] - encoding.start[i]
        cp.add(gap >= least).only_enforce_if(encoding.served[i])
        cp.add(gap <= most).only_enforce_if(encoding.served[i])
        if who not in (SAME_WORKER, OTHER_WORKER):
            continue
        for w in np.unique(model.vehicle_worker):
            days = np.flatnonzero(model.vehicle_worker == w).tolist()
            serves_i, serves_j = (
                sum(encoding.visited.get((v, Node(task=k)), 0) for v in days) for k in (i, j)
            )
            if who == SAME_WORKER:
                cp.add(serves_i == serves_j)
            else:
                cp.add(serves_i + serves_j <= 1)
