"""The search for models of linked visits with soft ends: the loop around ``kernels/link_moves``.

Costs of such plans come in basins, through the greatest lateness of all; a small model is cooled
down several times, and the incumbent of all is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np

from solvers.builder import ModelBuilder
from solvers.model import RoutingModel
from solvers.search.kernels import link_moves
from solvers.search.kernels import link_rows as cols
from solvers.search.limits import Limited, at_once, share_out
from solvers.search.link_layout import able_workers, build_nodes, build_plan
from solvers.solve import Progress, Result, SolveParams

#: A call of the kernel lasts about so long; in between the clock and the callbacks are asked.
_CHUNK_S = 0.01
#: First and last temperature, in mean arcs.
_HOT, _COLD = 4.0, 0.03
#: Neighbours of a task whose ways make the mean.
_NEAREST = 5
#: Up to so many tasks there are several rounds of cooling.
_SMALL, _ROUNDS = 150, 4


class LinkSearch(Limited):
    """One run: the arrays, the clock, and how far it has come."""

    def __init__(self, model: RoutingModel, params: SolveParams, nodes: cols.Nodes | None = None):
        super().__init__(params)
        self.model = model
        self.nodes = nodes or build_nodes(model)
        self.plan = build_plan(model, params.seed)
        self.counters = self.plan.counters
        self.chunk = 1000.0  # iterations
        self._load(params.initial or [])

    def _load(self, routes: Sequence[Sequence[int]]) -> None:
        """Begin with routes as far as they can be kept; the rest is put behind."""
        rows, v = self.nodes.nodes, self.model.n_vehicles
        n = self.model.n_tasks
        place: dict[int, int] = {}
        for w, route in enumerate(routes[:v]):
            for x in map(int, route):
                if 0 <= x < n and self.nodes.able[rows[x, cols.TYPE], w]:
                    place.setdefault(x, w)
        links, worker = self.model.links, self.model.vehicle_worker
        pairs = list(zip(links.first.tolist(), links.second.tolist(), strict=True))
        for x, y in pairs:
            is_alike = x in place and y in place and worker[place[x]] == worker[place[y]]
            if (x in place) != (y in place) or (is_alike and rows[x, cols.OTHER]):
                place.pop(x, None), place.pop(y, None)
        if self._start([[x for x in dict.fromkeys(map(int, r)) if place.get(x) == w]
                        for w, r in enumerate(routes[:v])]):
            return
        # Visits wait for each other in a circle; without the linked ones that cannot be.
        tied = {x for pair in pairs for x in pair}
        self._start([[x for x in dict.fromkeys(map(int, r)) if place.get(x) == w and x not in tied]
                     for w, r in enumerate(routes[:v])])

    def _start(self, routes: Sequence[Sequence[int]]) -> bool:
        n, stops, rows = self.model.n_tasks, self.plan.stops, self.nodes.nodes
        stops[:] = build_plan(self.model, 0).stops
        for v, route in enumerate(routes):
            chain = [n + 2 * v, *route, n + 2 * v + 1]
            stops[chain[:-1], cols.NEXT], stops[chain[1:], cols.PREV] = chain[1:], chain[:-1]
            stops[route, cols.ROUTE] = v
        every = [x for x in range(n + 2 * self.model.n_vehicles) if x < n or (x - n) % 2 == 0]
        on = np.array([x for x in every if stops[x, cols.ROUTE] >= 0])
        places = rows[:, cols.PLACE]
        stops[on, cols.ARC_COST] = self.nodes.cost[places[on], places[stops[on, cols.NEXT]]]
        self.counters[cols.ARCS] = stops[on, cols.ARC_COST].sum(dtype=np.int64)
        able = able_workers(self.model).sum(axis=1)[self.model.task_type]
        # By the earliest window of a link; within it, who finds fewer workers comes first.
        first = np.arange(n)
        mates = rows[:n, cols.MATE]
        tied = np.flatnonzero(mates >= 0)
        first[tied] = np.minimum(tied, mates[tied])
        early = rows[:n, cols.EARLY]
        early = np.minimum(early, np.where(mates >= 0, early[mates], early))
        order = np.lexsort((able, first, early))
        order = order[stops[order, cols.ROUTE] < 0].astype(np.int64)
        if not link_moves.start_links(self.nodes, self.plan, order):
            return False
        self.plan.best[:] = stops[:, cols.NEXT]
        self.counters[cols.BEST_TOTAL] = self.counters[cols.TOTAL]
        return True

    def n_iterations(self) -> int:
        """Count the iterations so far."""
        return int(self.counters[cols.ITERATIONS])

    def progress(self) -> Progress:
        """Tell of the incumbent; as in :class:`Limited`."""
        n_used = sum(1 for route in self.routes() if route)
        return Progress(
            self.elapsed(), self.n_iterations(),
            int(self.counters[cols.BEST_TOTAL]), 0, n_used, min(self.share(), 1.0),
        )

    def near_arc(self) -> float:
        """Mean cost of the ways between neighbours; at least a tiny positive number."""
        near, places = self.nodes.near[:, :_NEAREST], self.nodes.nodes[:, cols.PLACE]
        rows, columns = np.nonzero(near >= 0)
        if not len(rows):
            return max(float(self.nodes.cost.mean()), 1e-6)
        arcs = self.nodes.cost[places[rows], places[near[rows, columns]]]
        return max(float(arcs.mean()), 1e-6)

    def anneal(self, n_rounds: int) -> str:
        """Cool down so many times; returns the status."""
        arc = self.near_arc()
        self.counters[cols.STALL] = self.params.stall_iterations or 0
        status = ""
        for k in range(n_rounds):
            status = self.cool(_HOT * arc, _COLD * arc, k / n_rounds, (k + 1) / n_rounds)
            if status:
                break
        return status

    def cool(self, hot: float, cold: float, begin: float, end: float) -> str:
        """Search from one share of the budget to another; returns the status, empty if in time."""
        c, heat, limit = self.counters, self.plan.heat, self.params.max_iterations
        heat[cols.TEMPERATURE], heat[cols.COOLING] = hot, 1.0
        goal = 0
        if limit is not None:
            goal = int(limit * end)
            heat[cols.COOLING] = (cold / hot) ** (1.0 / max(goal - int(c[cols.ITERATIONS]), 1))
        while not self.is_over():
            size = max(int(self.chunk), 1)
            share = self.share()
            gone = (min(share, end) - begin) / (end - begin)
            if share != float(c[cols.ITERATIONS]) / max(limit or 0, 1):
                heat[cols.TEMPERATURE] = hot * (cold / hot) ** max(gone, 0.0)
            if limit is not None:
                size = min(size, goal - int(c[cols.ITERATIONS]))
                if size <= 0:
                    return "iteration_limit" if c[cols.ITERATIONS] >= limit else ""
            elif end < 1.0 and gone >= 1.0:
                return ""
            before = self.params.clock()
            status = link_moves.anneal_links(self.nodes, self.plan, size)
            took = max(self.params.clock() - before, 1e-9)
            self.chunk = min(self.chunk * min(max(_CHUNK_S / took, 0.5), 2.0), 1e6)
            if status == link_moves.STALLED:
                return "stalled"
            if max(c[cols.CLOCK], c[cols.SEEN_CLOCK]) > 1 << 30:  # the stamps are int32
                c[cols.CLOCK] = c[cols.SEEN_CLOCK] = 0
                self.plan.stops[:, cols.STAMP] = self.plan.seen[:] = 0
        return self.stopped

    def routes(self) -> list[list[int]]:
        """Tasks of each vehicle in the incumbent."""
        n, following = self.model.n_tasks, self.plan.best.tolist()
        routes: list[list[int]] = []
        for start in range(n, n + 2 * self.model.n_vehicles, 2):
            routes.append([])
            x = following[start]
            while x < n:
                routes[-1].append(x)
                x = following[x]
        return routes


def run(model: RoutingModel, params: SolveParams) -> Result:
    """Search; several threads search each for itself, and the best answer counts."""
    n_rounds = _ROUNDS if model.n_tasks <= _SMALL else 1
    leader = LinkSearch(model, replace(share_out(params, 0), on_progress=params.on_progress))
    team = [leader]
    for k in range(1, params.threads):
        own = replace(
            share_out(params, k), on_progress=None, should_stop=lambda: bool(leader.stopped)
        )
        team.append(LinkSearch(model, own, leader.nodes))
    if len(team) == 1:
        told = [leader.anneal(n_rounds)]
    else:
        with ThreadPoolExecutor(len(team) - 1) as pool:
            told = at_once(pool, [partial(search.anneal, n_rounds) for search in team], leader)
    best = min(team, key=lambda search: int(search.counters[cols.BEST_TOTAL]))
    return Result(
        tuple(np.array(route, dtype=np.int32) for route in best.routes()),
        np.zeros(0, dtype=np.int32), leader.stopped or told[0],
        sum(int(search.counters[cols.ITERATIONS]) for search in team), leader.elapsed(),
    )


_compiled = False


def compile_kernels() -> None:
    """Call the kernels once on a tiny model, so that numba compiles or loads them."""
    global _compiled
    if _compiled:
        return
    _compiled = True
    builder = ModelBuilder()
    builder.add_matrix([[0, 1], [1, 0]])
    for _ in range(2):
        builder.add_task(1, soft_late=5, late_price=1)
        builder.add_vehicle(0, 0, price_per_second=1)
    builder.add_link(0, 1, least=0, most=0, worker="other")
    run(builder.build(), SolveParams(time_limit_s=None, max_iterations=3))
