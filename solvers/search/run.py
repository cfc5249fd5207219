"""The loop around the kernels: clock, temperature, cancelling and progress."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.model import RoutingModel
from solvers.search.fleet import reduce_fleet
from solvers.search.heat import heat_long_routes, temperatures
from solvers.search.kernels import anneal as annealing
from solvers.search.kernels import pair_rows, rich_rows, rows
from solvers.search.kernels.loading import load_routes, load_trips
from solvers.search.kernels.neighbours import fill_neighbours
from solvers.search.layout import DUTIES, build_problem, build_state, detour_factor
from solvers.search.limits import Limited
from solvers.search.pair_layout import (
    build_pairs,
    guide_pairs,
    is_paired,
    load_pairs,
    renew_versions,
)
from solvers.search.rich_layout import build_rich, is_rich, load_rich
from solvers.search.slot_layout import TRIP_FEATURES, mark_slots, with_slots
from solvers.search.toll import ask_toll, cool_with_toll
from solvers.search.trip_layout import (
    build_trips,
    guide_trips,
    leading_options,
    needs_trips,
    released_windows,
    routes_of,
    widen_state,
)
from solvers.solve import Progress, Result, SolveParams

#: A call of the kernel lasts about so long; in between the clock and the callbacks are asked.
_CHUNK_S = 0.01
#: Vehicles dearer than so many mean arcs are saved first, and the share of the budget for that. At
#: 5 mean arcs (home-care days) annealing alone was 1-3 % better.
_DEAR_VEHICLE, _FLEET_SHARE = 20.0, 0.1
#: The same where vehicles outweigh all travel of a route: there their number is what counts.
_FIRST_VEHICLE, _FIRST_SHARE = 300.0, 0.5
#: Pairs take longer to get into fewer vehicles, and not so long to find short ways.
_FIRST_SHARE_PAIRS = 0.65

#: Kernels are compiled for each kind of model.
Kind = Literal["plain", "duty", "rich", "trips", "pairs"]


class Held(NamedTuple):
    """An incumbent put aside while the search works with other prizes."""

    following: NDArray[np.int32]  # column BEST_NEXT of the stops
    total: int
    n_absent: int
    n_used: int


class Search(Limited):
    """One run: the arrays, the clock, and how far it has come."""

    state: rows.State
    rich: rich_rows.Rich | None

    def __init__(self, model: RoutingModel, params: SolveParams, reorder: bool = True) -> None:
        super().__init__(params)
        self.model = model
        kind = kind_of(model)
        self.is_rich, self.has_trips, self.has_pairs = (
            kind == name for name in ("rich", "trips", "pairs")
        )
        self.layout = with_slots(model) if self.is_rich else model  # what the stops stand for
        self.problem, self.guide, self.matrices = build_problem(
            self.layout, reorder, self.is_rich or self.has_trips or self.has_pairs
        )
        if self.has_trips or model.features & TRIP_FEATURES:
            self.guide = guide_trips(self.layout, self.problem, self.guide, self.matrices)
        if self.layout is not model:
            mark_slots(self.problem, self.guide, model.n_tasks)
        if self.has_pairs:
            guide_pairs(model, self.guide)
        self.reset()
        self.chunk = 100.0  # iterations
        # The first and the last, in mean arcs.
        self.spread = temperatures(
            model.n_tasks, self.has_trips, bool(self.problem.traits[rows.SCARCE]), params.near
        )
        self.held: Held | None = None
        self.toll = 0.0  # on used vehicles, in temperatures

    def reset(self) -> None:
        """Begin again with every vehicle empty; luck goes on."""
        state = build_state(self.layout, self.matrices, self.params.seed, self.is_rich)
        if hasattr(self, "state"):
            state = state._replace(rng=self.state.rng)
        self.state = state
        self.rich, self.trips, self.pairs = None, None, None
        if self.is_rich:
            self.rich = build_rich(self.layout, self.matrices, self.state, self.model.n_tasks)
        if self.has_trips:
            self.state = widen_state(self.model, self.state)._replace(duties=None)
            self.trips = build_trips(self.model, self.problem, self.matrices, self.state)
        if self.has_pairs:
            self.pairs = build_pairs(self.model, self.state)
        self.counters = self.state.counters

    def step(self, n_iterations: int, n_given: int = 0) -> int:
        """Run the kernel; arguments and result as in ``kernels.anneal.anneal``."""
        status: int = annealing.anneal(
            self.problem, self.guide, self.state, self.rich, n_iterations, n_given, self.trips,
            self.pairs,
        )
        return status

    def n_missing(self) -> int:
        """Count the absent tasks, but for those in whose place another alternative is served."""
        n_spare = 0 if self.rich is None else int(self.rich.counters[rich_rows.N_SPARE])
        return int(self.counters[rows.N_ABSENT]) - n_spare

    def n_iterations(self) -> int:
        """Count the iterations so far."""
        return int(self.counters[rows.ITERATIONS])

    def progress(self) -> Progress:
        """Tell how far the run has come and what the incumbent costs."""
        best = self.held or self.hold()
        return Progress(
            self.elapsed(), self.n_iterations(), best.total, best.n_absent, best.n_used,
            min(self.share(), 1.0),
        )

    def hold(self) -> Held:
        """Copy the incumbent."""
        c = self.counters
        return Held(
            self.state.stop_marks[:, rows.BEST_NEXT].copy(), int(c[rows.BEST_TOTAL]),
            int(c[rows.BEST_ABSENT]), int(c[rows.BEST_USED]),
        )

    def release(self, held: Held) -> None:
        """Make what was held the incumbent again if it is the cheaper; the search goes on."""
        c, marks = self.counters, self.state.stop_marks
        self.held = None
        if held.total >= c[rows.BEST_TOTAL]:
            return
        marks[:, rows.BEST_NEXT] = held.following
        # Any stop may differ from the current solution, so the next incumbent copies them all.
        marks[:, rows.DIRTY] = 1
        self.state.lists[:, rows.DIRTY_LIST] = np.arange(len(marks))
        c[rows.N_DIRTY] = len(marks)
        c[rows.BEST_TOTAL], c[rows.BEST_ABSENT] = held.total, held.n_absent
        c[rows.BEST_USED] = held.n_used

    def find_neighbours(self, n_tasks: int | None = None) -> None:
        """Fill the neighbour lists, of the first so many tasks, as far as the time goes."""
        n_tasks = self.model.n_tasks if n_tasks is None else n_tasks
        model, problem, guide = self.model, self.problem, self.guide
        arcs = self.matrices.cost_row.astype(np.int64) << 32 | self.matrices.time_row
        values, counts = np.unique(arcs, return_counts=True)
        common = int(values[counts.argmax()])
        cost_row, time_row = common >> 32, common & 0xFFFFFFFF
        price = self.price_of_time(cost_row, time_row)
        table = model.compatible.astype(np.float32)
        n_near, n_around = guide.near.shape[1], guide.around.shape[1]
        scratch = (
            np.empty(n_near), np.empty(n_around),
            np.empty(n_near, dtype=np.int32), np.empty(n_around, dtype=np.int32),
        )
        release = None
        if self.has_trips or model.task_release.any():
            problem, release = released_windows(self.layout, problem)
        problem = problem._replace(tasks=problem.tasks[: model.n_tasks])  # no slots
        step = max(1, 2_000_000 // model.n_tasks)
        for first in range(0, n_tasks, step):
            last = min(first + step, n_tasks)
            # By parts: many kinds of tasks would need a large table, all at once.
            share = (table[model.task_type[first:last]] @ table.T > 0).astype(np.uint8)
            fill_neighbours(problem, guide.near, guide.n_near, guide.near_cost, guide.near_time,
                            guide.around, cost_row, time_row, price, share, release, first, last,
                            *scratch)
            if self.is_over():
                return
        self.problem.traits[rows.DETOUR] = detour_factor(self.problem, guide, cost_row)

    def price_of_time(self, cost_row: int, time_row: int) -> float:
        """Cost units a second of travel, on a sample of the arcs of a class."""
        size = self.problem.cost_to.shape[1]
        step = max(1, size // 50)
        cost = self.problem.cost_to[cost_row : cost_row + size : step, ::step]
        seconds = self.problem.time_to[time_row : time_row + size : step, ::step]
        way = seconds < rows.NO_WAY
        total = float(seconds[way].sum(dtype=np.int64))
        return float(cost[way].sum(dtype=np.int64)) / max(total, 1.0)

    def load(self, routes: Sequence[Sequence[int]]) -> None:
        """Start from routes; what is infeasible in them stays absent."""
        n = self.model.n_tasks
        lowest = -len(self.model.reloads.location)
        routes = routes[: self.model.n_vehicles]
        clean = [[i for i in map(int, r) if lowest <= i < n] for r in routes]
        clean += [[]] * (self.model.n_vehicles - len(clean))
        if self.trips is not None:
            leading = leading_options(self.model).tolist()
            clean = [
                [-1 - k, *r] if k >= 0 and r and r[0] >= 0 else r
                for r, k in zip(clean, leading, strict=True)
            ]
        if self.rich is not None:
            load_rich(self, clean)
            self.keep()
            return
        if self.pairs is not None:
            load_pairs(self, clean)
            self.keep()
            return
        ptr = np.zeros(len(clean) + 1, dtype=np.int32)
        np.cumsum([len(r) for r in clean], out=ptr[1:])
        visits = np.array([i for r in clean for i in r], dtype=np.int32)
        if self.trips is not None:
            load_trips(self.problem, self.state, self.trips, ptr, visits)
        else:
            load_routes(self.problem, self.state, ptr, visits)
        self.keep()

    def keep(self) -> None:
        """Make the current solution the incumbent whatever it costs."""
        c = self.counters
        self.state.stop_marks[:, rows.BEST_NEXT] = self.state.stops[:, rows.NEXT]
        self.state.stop_marks[:, rows.DIRTY] = 0
        c[rows.N_DIRTY] = 0
        c[rows.BEST_TOTAL] = c[rows.TOTAL]
        c[rows.BEST_ITERATION] = c[rows.ITERATIONS]
        c[rows.BEST_ABSENT] = c[rows.N_ABSENT]
        c[rows.BEST_USED] = c[rows.N_USED]

    def construct(self, n_tasks: int | None = None) -> None:
        """Insert the absent ones of all or of the first so many tasks greedily.

        The most valuable come first, then the farthest.
        """
        c = self.counters
        keys = self.guide.order_keys
        absent = np.sort(self.state.lists[: c[rows.N_ABSENT], rows.ABSENT_LIST])
        if n_tasks is not None:
            absent = absent[: np.searchsorted(absent, n_tasks)]
        if self.rich is not None:  # what stands for units and groups
            absent = np.unique(self.rich.tasks[absent, rich_rows.LEADER])
        if self.pairs is not None:
            absent = np.unique(self.pairs.tasks[absent, pair_rows.LEADER])
        order = absent[np.lexsort((keys[absent, rows.BY_FAR], keys[absent, rows.BY_PRIZE]))]
        for first in range(0, len(order), 1000):
            part = order[first : first + 1000]
            self.state.lists[: len(part), rows.WORK] = part
            self.step(1, len(part))
            if self.is_over():
                break
        c[rows.ITERATIONS] = c[rows.BEST_ITERATION] = 0

    def mean_arc(self) -> float:
        """Mean cost of an arc of the current solution; at least a tiny positive number."""
        c = self.counters
        used = self.state.vehicles[:, rows.COUNT] > 0
        n = self.model.n_tasks
        present = self.state.stops[:n, rows.ROUTE] != rows.ABSENT
        starts = len(self.problem.tasks) + 2 * np.flatnonzero(used)  # of trips, perhaps
        total = int(self.state.stops[:n, rows.COST][present].sum(dtype=np.int64))
        total += int(self.state.stops[starts, rows.COST].sum(dtype=np.int64))
        return max(total / max(n - int(c[rows.N_ABSENT]) + int(c[rows.N_USED]), 1), 1e-6)

    def anneal(self) -> str:
        """Search until a limit is reached; returns the status."""
        self.heat_up()
        return cool_with_toll(self) if self.toll else self.cool()

    def heat_up(self, end: float = 1.0, spread: tuple[float, float] | None = None) -> None:
        """Begin to cool down, from now until so large a share of the budget is used up.

        ``spread`` is the first and last temperature in arcs; else the run's own is taken.
        """
        params, c, heat = self.params, self.counters, self.state.heat
        arc = self.mean_arc()
        hot, cold = spread or self.spread
        self.hot, self.cold = hot * arc, cold * arc
        heat[rows.TEMPERATURE], heat[rows.COOLING] = self.hot, 1.0
        self.begun = int(c[rows.ITERATIONS])
        self.begin = min(self.share(), 0.99)  # fleet reduction may have taken much of the budget
        self.end = max(end, self.begin + 1e-9)
        if params.max_iterations is not None:
            left = int(params.max_iterations * self.end) - self.begun
            heat[rows.COOLING] = (cold / hot) ** (1.0 / max(left, 1))
        c[rows.STALL] = params.stall_iterations or 0

    def cool(self, until: float = 1.0) -> str:
        """Search until so large a share of the way to the end of cooling is gone.

        Returns
        -------
        status : empty if no limit is reached.
        """
        params, c, heat = self.params, self.counters, self.state.heat
        limit = params.max_iterations
        goal = 0
        if limit is not None:
            goal = self.begun + int((int(limit * self.end) - self.begun) * until)
        while not self.is_over():
            size = max(int(self.chunk), 1)
            share = self.share()
            gone = (min(share, self.end) - self.begin) / (self.end - self.begin)
            if share != float(c[rows.ITERATIONS]) / max(limit or 0, 1):
                heat[rows.TEMPERATURE] = self.hot * (self.cold / self.hot) ** max(gone, 0.0)
            if limit is not None:
                size = min(size, goal - int(c[rows.ITERATIONS]))
                if size <= 0:
                    return "iteration_limit" if c[rows.ITERATIONS] >= limit else ""
            elif min(until, self.end) < 1.0 and gone >= until:
                return ""
            before = self.params.clock()
            status = self.step(size)
            took = max(self.params.clock() - before, 1e-9)
            self.chunk = min(self.chunk * min(max(_CHUNK_S / took, 0.5), 2.0), 1e6)
            if status == annealing.STALLED:
                return "stalled"
            if c[rows.CLOCK] > 1 << 30:  # the stamps are int32
                c[rows.CLOCK] = 0
                self.state.stop_marks[:, rows.STAMP] = 0
                self.state.vehicle_marks[:, rows.STAMP] = 0
                if self.trips is not None:
                    self.trips.ruined[:] = 0
                if self.rich is not None:
                    self.rich.counters[rich_rows.LAST_CLOCK] = 0
                    self.rich.marks[:, rich_rows.WORKED] = 0
            if self.pairs is not None and self.pairs.counters[pair_rows.NEW_VERSION] > 1 << 30:
                renew_versions(self.state, self.pairs)
        return self.stopped

    def fork(self, params: SolveParams) -> Search:
        """Begin another search at the same solution; all that never changes is shared."""
        other = copy.copy(self)
        other.params = params
        # Fleet reduction sets these to 0 for a while.
        other.problem = self.problem._replace(fixed=self.problem.fixed.copy())
        del other.state  # its luck comes from the seed
        other.reset()
        other.adopt(self)
        return other

    def adopt(self, other: Search) -> None:
        """Go on from the solution of another search of this model, with its incumbent.

        Luck and the count of iterations stay.
        """
        c = self.counters
        iterations = c[rows.ITERATIONS]
        tables = ((self.state, other.state), (self.rich, other.rich), (self.trips, other.trips))
        for mine, theirs in tables:
            if mine is None or theirs is None:
                continue
            for name, array in mine._asdict().items():
                if name != "rng" and array is not None:  # without duties there are none
                    np.copyto(array, getattr(theirs, name))
        if self.pairs is not None:  # the numbers are the other's
            self.state.vehicles[:, rows.VERSION] = pair_rows.UNNUMBERED
        self.spread = other.spread
        c[rows.BEST_ITERATION] += iterations - c[rows.ITERATIONS]
        c[rows.ITERATIONS] = iterations

    def routes(self, current: bool = False) -> list[list[int]]:
        """Visits of each vehicle, of the incumbent or of the current solution."""
        n, n_all = self.model.n_tasks, self.layout.n_tasks
        column = self.state.stop_marks[:, rows.BEST_NEXT]
        following = (self.state.stops[:, rows.NEXT] if current else column).tolist()
        if self.trips is not None:
            return routes_of(self.model, following, self.trips)
        routes: list[list[int]] = []
        for start in range(n_all, n_all + 2 * self.model.n_vehicles, 2):
            routes.append([])
            x = following[start]
            while x < n_all:
                routes[-1].append(x if x < n else -1 - self.option_of(x))
                x = following[x]
        return routes

    def option_of(self, slot: int) -> int:
        """Return the reload option of a slot of a rich model."""
        assert self.rich is not None
        return int(self.rich.tasks[slot, rich_rows.OPTION])

    def restart(self, routes: Sequence[Sequence[int]]) -> None:
        """Begin again from routes with the model's own prizes; time, iterations and luck go on."""
        iterations = int(self.counters[rows.ITERATIONS])
        self.reset()
        self.counters[rows.ITERATIONS] = iterations
        self.load(routes)

    def result(self, status: str) -> Result:
        """Return the incumbent."""
        n = self.model.n_tasks
        routes = [np.array(r, dtype=np.int32) for r in self.routes()]
        seen = np.zeros(n, dtype=np.bool_)
        for route in routes:
            seen[route[route >= 0]] = True
        return Result(
            tuple(routes), np.flatnonzero(~seen).astype(np.int32), status,
            int(self.counters[rows.ITERATIONS]), self.elapsed(),
        )


def begin(search: Search) -> None:
    """Reduce the fleet where vehicles are dear, or ask a toll; neither is near to the start."""
    if search.params.near:
        return
    heat_long_routes(search)
    most, arc = search.model.vehicle_fixed.max(), search.mean_arc()
    if most > _DEAR_VEHICLE * arc:
        first = _FIRST_SHARE_PAIRS if search.has_pairs else _FIRST_SHARE
        share = first if most > _FIRST_VEHICLE * arc else _FLEET_SHARE
        reduce_fleet(search, share, _DEAR_VEHICLE * arc)
    else:
        ask_toll(search)


def kind_of(model: RoutingModel) -> Kind:
    """Which of the kernels a model needs."""
    if needs_trips(model):
        return "trips"
    if is_paired(model):
        return "pairs"
    if is_rich(model):
        return "rich"
    return "duty" if model.features & DUTIES else "plain"
