"""Search of large models: one part after another, each with matrices of its own.

Iterations slow down as matrices outgrow the caches, so a large plan is improved through parts: the
routes around a random task, searched for a while by the same kernels at the temperature of the
whole. Every step costs what the part holds, so iterations a second do not depend on the size of the
model. Sources: Taillard and Voss, POPMUSIC (2002); Santini, Schneider, Vidal and Vigo,
Decomposition strategies for vehicle routing heuristics (2023), barycentres replaced by a seed task.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Unsupported
from solvers.evaluation import evaluate
from solvers.large import LargeModel, fetch_matrices
from solvers.model import UNREACHABLE, RoutingModel, connected
from solvers.parts import Part, Travel, bonds, part
from solvers.search import selection
from solvers.search.kernels import rows
from solvers.search.kernels.cut import cut_lists, gather_block
from solvers.search.layout import N_AROUND, N_NEAR
from solvers.search.limits import Limited, at_once
from solvers.search.run import Search
from solvers.search.savings import savings_routes, suits
from solvers.search.slot_layout import TRIP_FEATURES
from solvers.search.zones import Zones
from solvers.solve import Progress, Result, SolveParams

Int32 = NDArray[np.int32]

#: Above so many tasks or locations a model is searched in parts. At a million iterations Leuven1
#: (3,000) comes to 0.86 % in one piece and 0.88 in parts, in the same time; Antwerp1 (6,000) comes
#: to 1.14 and 1.10 (two seeds), in parts in two thirds of the time.
LARGE = 4000
#: Tasks of a zone, and others around it that its tasks may have as neighbours.
_ZONE, _HALO = 1000, 1000
#: Iterations a task of a part before the next one.
VISIT = 8
#: First and last temperature in mean arcs. From 0.3 to 1 the first makes 0.1 points of difference,
#: at 0.1 the gap of Antwerp1 grows by 0.3. The last: 0.01 is 0.1 better than 0.003 and 0.03.
_HOT, _COLD = 0.5, 0.01
#: A part is searched for so many times the seconds that making it took, at least, but no more than
#: so many iterations a task.
_WORTH, _LONGEST_VISIT = 3.0, 100
_CHUNK_S = 0.01


class _Over(Exception):
    pass


class Found(NamedTuple):
    """What became of a part."""

    cut: Part
    search: Search
    before: int  # its cost until then
    is_better: bool  # or at least whole, which is enough while it is hot
    iterations: int


@dataclass
class Hand:
    """What a thread needs of its own: luck, the numbers of the tasks in its part, its speed."""

    rng: NDArray[np.uint64]  # (1,)
    number: Int32  # (n,) -1 outside the part
    chunk: float = 100.0  # iterations


class Plan(NamedTuple):
    """A whole solution: the arrays of the routes are never written to, only replaced."""

    routes: list[Int32]
    cost: int


class Decomposition(Limited):
    """One run: the plan, what is known about the whole, and the clock."""

    def __init__(self, model: RoutingModel | LargeModel, params: SolveParams) -> None:
        super().__init__(params)
        self.large = model if isinstance(model, LargeModel) else None
        self.model = model.arrays if isinstance(model, LargeModel) else model
        self.thread = threading.get_ident()
        self.iterations = self.best_iteration = 0
        n, v = self.model.n_tasks, self.model.n_vehicles
        self.busy = int(np.bincount(self.model.vehicle_profile).argmax())
        self.travel = self._watched(self.large.travel) if self.large else _gather(self.model)
        self.random = np.random.default_rng(params.seed)
        self.hands = [self._hand() for _ in range(params.threads)]
        self.near = np.full((n, N_NEAR), -1, dtype=np.int32)
        self.around = np.full((n, N_AROUND), -1, dtype=np.int32)
        self.vehicle_of = np.full(n, -1, dtype=np.int32)
        self.visits = np.zeros(n, dtype=np.int32)  # how often each task was in a part
        self.task_bond, self.vehicle_bond = bonds(self.model)
        empty = np.zeros(0, dtype=np.int32)
        self.plan = Plan([empty] * v, evaluate(self.model, [[]] * v).cost)
        self.best = self.plan
        self.arc = 1.0  # mean cost
        self.spread = _HOT, _COLD
        self.begun = 0.0  # share of the budget when cooling began
        self.part_size = selection.PART  # tasks
        self.detour = 2  # see `layout.detour_factor`; of all zones

    def _hand(self) -> Hand:
        number = np.full(self.model.n_tasks, -1, dtype=np.int32)
        return Hand(np.array([self.random.integers(1, 1 << 63)], dtype=np.uint64), number)

    # -- clock ----------------------------------------------------------------------------------

    def n_iterations(self) -> int:
        """Count the iterations up to the last part."""
        return self.iterations

    def is_over(self) -> bool:
        """As in :class:`Limited`; what the caller gave is called in the caller's thread alone."""
        if self.stopped or threading.get_ident() == self.thread:
            return super().is_over()
        limit = self.params.time_limit_s
        return limit is not None and self.elapsed() >= limit

    def share_of_iterations(self) -> float:
        """Share of the iterations that is used up, up to the last part; 0 without a limit."""
        return min(super().share_of_iterations(), 1.0)

    def share(self) -> float:
        """Share of the budget that is used up; at most 1."""
        return min(super().share(), 1.0)

    def gone(self) -> float:
        """How far it has cooled down."""
        return max(self.share() - self.begun, 0.0) / (1.0 - self.begun)

    def progress(self) -> Progress:
        """Tell how far the run has come and what the incumbent costs."""
        lengths = [len(r) for r in self.best.routes]
        return Progress(
            self.elapsed(), self.iterations, self.best.cost,
            self.model.n_tasks - sum(lengths), sum(x > 0 for x in lengths), self.share(),
        )

    def _watched(self, travel: Travel) -> Travel:
        """Ask for a few rows at a time, so that the clock is kept."""
        step = 64
        lock = threading.Lock()

        def watched(profile: int, origins: Int32, destinations: Int32) -> tuple[Int32, Int32]:
            nonlocal step
            shape = (len(origins), len(destinations))
            seconds, metres = np.empty(shape, np.int32), np.empty(shape, np.int32)
            first = 0
            while first < len(origins):
                if self.is_over():
                    raise _Over
                last = min(first + step, len(origins))
                before = self.params.clock()
                with lock:  # nobody promised that it may be asked by two threads
                    block = travel(profile, origins[first:last], destinations)
                seconds[first:last], metres[first:last] = block
                took = self.params.clock() - before
                step = min(step * 2, 1 << 14) if took < 0.05 else max(step // 2, 1)
                first = last
            return seconds, metres

        return watched

    # -- a first plan -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the zones, the neighbour lists and a first plan, zone by zone."""
        model = self.model
        self.zones = zones = Zones(model, _ZONE, self.row, self.params.seed % (1 << 63))
        given = self._given()
        zone_of = zones.allot(self._gather_bonds(given))
        self._unite_workers(zone_of)
        arcs, n_arcs = 0.0, 0
        for zone in range(len(zones)):
            tasks = np.flatnonzero(zones.of_task == zone).astype(np.int32)
            if not len(tasks):
                continue
            vehicles = np.flatnonzero(zone_of == zone).astype(np.int32)
            search = self._begin_zone(zone, tasks, vehicles, [given[v] for v in vehicles])
            if len(vehicles):
                size = len(tasks) + len(vehicles)
                arcs, n_arcs = arcs + search.mean_arc() * size, n_arcs + size
        self.arc = arcs / max(n_arcs, 1)
        if any(given):
            self._keep_given(given)
        self.best = self.plan

    def _keep_given(self, given: list[list[int]]) -> None:
        """Go on from the given routes as they are, if loading them lost more than it found."""
        told = evaluate(self.large or self.model, given)
        if told.violations or told.cost >= self.plan.cost:
            return
        self.plan = Plan([np.array(r, dtype=np.int32) for r in given], told.cost)
        self.vehicle_of[:] = -1
        for v, route in enumerate(self.plan.routes):
            self.vehicle_of[route[route >= 0]] = v

    def _given(self) -> list[list[int]]:
        """Routes to start from; a task stands in one of them at most."""
        n, v = self.model.n_tasks, self.model.n_vehicles
        given: list[list[int]] = []
        seen: set[int] = set()
        for route in list(self.params.initial or [])[:v]:
            clean = [i for i in map(int, route) if i < n and i not in seen]
            seen.update(i for i in clean if i >= 0)
            given.append(clean if any(i >= 0 for i in clean) else [])
        return given + [[] for _ in range(v - len(given))]

    def _gather_bonds(self, given: list[list[int]]) -> Int32:
        """Put tasks of one route, and all that belongs together, into one zone.

        Returns
        -------
        zone_of : (v,) of vehicles that have a route or share a limit with one that has; else -1.
        """
        n, v = self.model.n_tasks, self.model.n_vehicles
        zone_of = np.full(v, -1, dtype=np.int32)
        edges = [(i, n + w) for w, route in enumerate(given) for i in route if i >= 0]
        for first, bond in ((0, self.task_bond), (n, self.vehicle_bond)):
            bound = np.flatnonzero(bond >= 0)
            bound = first + bound[np.argsort(bond[bound], kind="stable")]
            same = bond[bound[1:] - first] == bond[bound[:-1] - first]
            edges += zip(bound[:-1][same].tolist(), bound[1:][same].tolist(), strict=True)
        if not edges:
            return zone_of
        unit = connected(n + v, edges)
        alone = np.bincount(unit)[unit] == 1
        order = np.argsort(unit[:n], kind="stable")
        order = order[~alone[order]]
        of_task = self.zones.of_task
        for tasks in np.split(order, np.flatnonzero(np.diff(unit[order])) + 1):
            if len(tasks):
                of_task[tasks] = np.bincount(of_task[tasks]).argmax()
                zone_of[unit[n:] == unit[tasks[0]]] = of_task[tasks[0]]
        return zone_of

    def _unite_workers(self, zone_of: Int32) -> None:
        """Give all vehicles of a worker whose duty is limited to the zone of the first."""
        bound = np.flatnonzero(self.vehicle_bond >= 0)
        _, first, which = np.unique(
            self.vehicle_bond[bound], return_index=True, return_inverse=True
        )
        zone_of[bound] = zone_of[bound[first[which.reshape(-1)]]]

    def _begin_zone(
        self, zone: int, tasks: Int32, vehicles: Int32, given: list[list[int]]
    ) -> Search:
        halo = self.zones.halo(zone, _HALO)
        some = vehicles if len(vehicles) else np.zeros(1, dtype=np.int32)
        cut = part(self.model, np.concatenate([tasks, halo]), some, self.travel)
        search = self._open(cut, self.hands[0], reorder=True)
        search.find_neighbours(len(tasks))
        for whole, here in ((self.near, search.guide.near), (self.around, search.guide.around)):
            here = here[: len(tasks), : whole.shape[1]]
            whole[tasks, : here.shape[1]] = np.where(here >= 0, cut.tasks[here], -1)
        self.detour = min(self.detour, int(search.problem.traits[rows.DETOUR]))
        self._stop_if_over()
        if not len(vehicles):
            return search
        inside = {int(i) for i in tasks}
        before = int(search.counters[rows.TOTAL])
        if any(given) or not suits(search):
            search.load(cut.inward([[i for i in r if i < 0 or i in inside] for r in given]))
        else:
            search.load(savings_routes(search, len(tasks)))
        search.construct(len(tasks))
        self._write_back(cut, search, before)
        self._stop_if_over()
        return search

    def row(self, location: int) -> Int32:
        """Seconds from a location to all, by the most common profile."""
        if self.large is None:
            return np.asarray(self.model.seconds[self.busy, location])
        everywhere = np.arange(len(self.model.setup), dtype=np.int32)
        block = self.travel(self.busy, np.array([location], dtype=np.int32), everywhere)
        return np.asarray(block[0][0])

    def _stop_if_over(self) -> None:
        if self.is_over():
            raise _Over

    # -- parts ----------------------------------------------------------------------------------

    def improve(self) -> str:
        """Search part after part until a limit is reached; returns the status.

        Each thread searches a part, and the parts of all have nothing in common.
        """
        limit, stall = self.params.max_iterations, self.params.stall_iterations
        with ThreadPoolExecutor(len(self.hands)) as pool:  # threads begin when there is work
            while not self.is_over():
                left = 1 << 60 if limit is None else limit - self.iterations
                if left <= 0:
                    return "iteration_limit"
                if stall and self.iterations - self.best_iteration >= stall:
                    return "stalled"
                work = []
                for hand, (tasks, vehicles) in zip(
                    self.hands, selection.select_parts(self, len(self.hands)), strict=False
                ):
                    size = min(left, VISIT * len(tasks))
                    left -= size
                    work.append(partial(self._search_part, hand, tasks, vehicles, size))
                for found in at_once(pool, work, self):
                    self._take_over(found)
        return self.stopped

    def seed(self) -> int:
        """Draw a task; of some, the one that was in the fewest parts, and absent ones first."""
        drawn = self.random.integers(self.model.n_tasks, size=8)
        return int(drawn[np.argmin(self.visits[drawn])])

    def _open(self, cut: Part, hand: Hand, reorder: bool) -> Search:
        inner = replace(
            self.params, threads=1, time_limit_s=None, max_iterations=1 << 60,
            stall_iterations=None, initial=None, on_progress=None, should_stop=self.is_over,
        )
        search = Search(cut.model, inner, reorder)
        search.state = search.state._replace(rng=hand.rng)
        return search

    def _search_part(
        self, hand: Hand, tasks: Int32, vehicles: Int32, size: int
    ) -> Found:
        hot, cold = self.spread[0] * self.arc, self.spread[1] * self.arc
        begun = self.params.clock()
        cut = part(self.model, tasks, vehicles, self.travel)
        search = self._open(cut, hand, reorder=False)
        hand.number[tasks] = np.arange(len(tasks), dtype=np.int32)
        cut_lists(search.problem, search.guide, self.near, self.around, tasks, hand.number)
        search.problem.traits[rows.DETOUR] = self.detour
        hand.number[tasks] = -1
        given = cut.inward([self.plan.routes[v] for v in vehicles])
        search.load(given)
        cost = int(search.counters[rows.TOTAL])
        # Where travel breaks the triangle inequality, loading may lose a task on the way.
        is_whole = len(tasks) - search.counters[rows.N_ABSENT] == sum(
            i >= 0 for route in given for i in route
        )
        if not is_whole:
            cost = evaluate(cut.model, given).cost
        heat, done = search.state.heat, 0
        if self.params.max_iterations is None:
            # Travel that is dear to ask for is used for longer. By the clock, so only where the
            # clock decides the result anyway.
            worth = _WORTH * (self.params.clock() - begun) * hand.chunk / _CHUNK_S
            size = max(size, min(int(worth), _LONGEST_VISIT * len(tasks)))
        heat[rows.TEMPERATURE], heat[rows.COOLING] = hot * (cold / hot) ** self.gone(), 1.0
        if self.params.max_iterations is not None:
            heat[rows.COOLING] = (cold / hot) ** (1.0 / max(self.params.max_iterations, 1))
        while done < size and not self.is_over():
            if self.share() != self.share_of_iterations():
                heat[rows.TEMPERATURE] = hot * (cold / hot) ** self.gone()
            step = min(max(int(hand.chunk), 1), size - done)
            before = self.params.clock()
            search.step(step)
            took = max(self.params.clock() - before, 1e-9)
            hand.chunk = min(hand.chunk * min(max(_CHUNK_S / took, 0.5), 2.0), 1e6)
            done += step
        is_better = is_whole or bool(search.counters[rows.TOTAL] < cost)
        return Found(cut, search, cost, is_better, done)

    def _take_over(self, found: Found) -> None:
        self.iterations += found.iterations
        self.visits[found.cut.tasks] += 1
        if found.is_better:
            self._write_back(found.cut, found.search, found.before)
        if self.plan.cost < self.best.cost:
            self.best, self.best_iteration = self.plan, self.iterations

    def _write_back(self, cut: Part, search: Search, before: int, current: bool = True) -> None:
        """Take over the routes of a part that cost ``before`` until now."""
        routes = list(self.plan.routes)
        total = int(search.counters[rows.TOTAL if current else rows.BEST_TOTAL])
        for v in cut.vehicles:
            route = routes[v]
            self.vehicle_of[route[route >= 0]] = -1
        for v, route in zip(cut.vehicles, cut.outward(search.routes(current)), strict=True):
            routes[v] = route
            self.vehicle_of[route[route >= 0]] = v
        self.plan = Plan(routes, self.plan.cost + total - before)

    def result(self, status: str) -> Result:
        """Return the incumbent."""
        if self.plan.cost < self.best.cost:
            self.best = self.plan
        seen = np.zeros(self.model.n_tasks, dtype=np.bool_)
        for route in self.best.routes:
            seen[route[route >= 0]] = True
        return Result(
            tuple(self.best.routes), np.flatnonzero(~seen).astype(np.int32), status,
            self.iterations, self.elapsed(),
        )


def _gather(model: RoutingModel) -> Travel:
    """Travel from the model's matrices; metres are not read where they make no difference."""
    some = bool(model.vehicle_price_metre.any()) or int(model.metres.max()) >= UNREACHABLE

    def travel(profile: int, origins: Int32, destinations: Int32) -> tuple[Int32, Int32]:
        seconds = np.empty((len(origins), len(destinations)), np.int32)
        metres = np.zeros_like(seconds)
        gather_block(model.seconds[profile], origins, destinations, seconds)
        if some:
            gather_block(model.metres[profile], origins, destinations, metres)
        return seconds, metres

    return travel


def is_large(model: RoutingModel | LargeModel) -> bool:
    """Whether a model is better searched in parts, or cannot be searched otherwise.

    Raises
    ------
    Unsupported : it can only be searched in parts, and has a feature that parts cannot have.
    """
    by_function = isinstance(model, LargeModel)
    arrays = model.arrays if isinstance(model, LargeModel) else model
    if max(arrays.n_tasks, len(arrays.setup) if by_function else 0) <= LARGE:
        return False
    # Shared by the whole plan: a part cannot tell what is left or what it costs. Nor do parts know
    # trips.
    shared = set(arrays.features & {"batches", "worst lateness"})
    if arrays.features & TRIP_FEATURES:
        shared.add("trips")
    if shared and by_function:
        raise Unsupported(f"search: large models cannot have {', '.join(sorted(shared))}")
    return not shared


def whole(model: RoutingModel | LargeModel) -> RoutingModel:
    """Return the model with its matrices; for one that is not large."""
    return fetch_matrices(model) if isinstance(model, LargeModel) else model


_compiled = False


def compile_kernels() -> None:
    """Call the kernels of this module once, so that numba compiles or loads them."""
    global _compiled
    if _compiled:
        return
    _compiled = True
    from solvers.builder import ModelBuilder

    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix([[0, 3, 5], [4, 0, 2], [6, 3, 0]])
    for place in (1, 2, 2):
        builder.add_task(place, demand=(1,))
    builder.add_vehicle(0, 0, capacity=(2,))
    run(builder.build(), SolveParams(time_limit_s=None, max_iterations=3))


def run(model: RoutingModel | LargeModel, params: SolveParams) -> Result:
    """Search a large model; the kernels are compiled already."""
    run = Decomposition(model, params)
    try:
        run.begin()
        status = run.improve()
    except _Over:
        status = run.stopped
    return run.result(status)
