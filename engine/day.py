"""Plan a day: from a problem to a checked plan, in one straight line.

    network -> travel -> compile -> prepare -> solve -> evaluate -> insert -> explain -> check
        -> report

Each step is a module of its own; this one calls them, tells how far it is, and lets no plan out
that the independent checker has not read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.assemble import assemble
from engine.compile import compile_problem
from engine.domain.plan import Plan, Previous, Run
from engine.domain.problem import Problem
from engine.draft import Compiled
from engine.errors import PlanRejected
from engine.evaluate import evaluate
from engine.networks import open_network
from engine.report import report_plan
from engine.rules import RULES, Rule
from engine.timetable import needs_joint_times
from engine.travel import Travel, build_travel
from engine.visits import RouteVisits
from solvers.solve import Progress, Result, SolveParams, solve, warm_up

if TYPE_CHECKING:
    from geodata import Network

#: Where each stage begins on the way from 0 to 1; the search takes most of a day's planning.
_BEGINS = {
    "network": 0.0, "travel": 0.05, "compile": 0.14, "prepare": 0.15, "solve": 0.16,
    "evaluate": 0.92, "insert": 0.93, "explain": 0.95, "check": 0.98, "report": 0.99, "done": 1.0,
}
#: Iterations without a better plan after which more searching is not worth the wait: a constant for
#: the smallest days, and a share that grows with the orders. Set so that 20 orders take well under
#: a second, while 1,000 orders use the time they are given.
_STALL_BASE = {"search": 10_000, "ortools": 100}
_STALL_AN_ORDER = {"search": 1_000, "ortools": 10}


class Stage(NamedTuple):
    """How far planning is: the stage, the share of the whole that is done (never falls), a word."""

    name: str
    share: float
    text: str


@dataclass(frozen=True)
class DayParams:
    """How long and how to plan.

    Parameters
    ----------
    seconds : of search; None: no limit, then ``iterations`` is needed.
    iterations : the first limit that is reached ends the search. Same seed and same iterations,
        with ``seconds`` None, give the same plan but for ``run.elapsed_s``.
    seed : from 0 to 2**63 - 1.
    threads : of the search, which share the iterations; another number gives another plan.
    backend : ``search`` or ``ortools``.
    stall : iterations without a better plan that end the search early; None: chosen by the number
        of orders, 0: never.
    """

    seconds: float | None = 10.0
    iterations: int | None = None
    seed: int = 1
    threads: int = 1
    backend: str = "search"
    stall: int | None = None


@dataclass(frozen=True)
class DayResult:
    """A checked plan, the ways that it was timed with, and its figures.

    ``stage_s`` tells how many seconds each stage took.
    """

    plan: Plan
    travel: Travel
    report: dict[str, Any]
    stage_s: dict[str, float] = field(default_factory=dict)


def plan_day(
    problem: Problem,
    params: DayParams | None = None,
    *,
    network: Network | None = None,
    folder: Path | None = None,
    named_folder: Path | None = None,
    travel: Travel | None = None,
    on_progress: Callable[[Stage], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    rules: Sequence[Rule] = RULES,
    previous: Previous | None = None,
) -> DayResult:
    """Plan a day.

    Parameters
    ----------
    problem : validated as a whole; without orders or workers the plan is empty, not an error.
    network : opened already; None: as the problem says.
    folder, named_folder : see :func:`engine.networks.open_network`.
    travel : measured already for this problem's points; then no network is opened.
    on_progress : called at every stage and a few times a second during the search.
    should_stop : asked often during the search; True ends it with the best plan so far.
    rules : what the routing model is made of. The checker always reads all promises.
    previous : a former plan of this problem or one like it: the search starts from it, leaving it
        has a price, and the plan's ``changes`` say how far it was left.

    Raises
    ------
    InputError : the network cannot be used, or points lie too far from its roads.
    PlanRejected : the plan broke a promise: a defect of ours, or a rule left out.
    solvers.errors.SolverError : unknown backend, or a backend's own failure.
    """
    from engine.check import check_plan
    from engine.explain import explain, insertable
    from engine.previous import hold, initial_routes, list_changes

    params = params or DayParams()
    clock = _Clock(on_progress)
    if travel is None:
        with clock.stage("network", "opening the street network"):
            network = network or open_network(
                problem.network, folder=folder, named_folder=named_folder
            )
        with clock.stage("travel", "measuring the ways between all points"):
            travel = build_travel(problem, network, clock.within("travel"))
    with clock.stage("compile", "turning orders and rules into a routing model"):
        compiled = compile_problem(problem, travel, rules, previous)
    with clock.stage("prepare", "loading the search; its first run on a machine compiles it"):
        if compiled.model.n_tasks and compiled.model.n_vehicles:
            warm_up(params.backend)
    with clock.stage("solve", "searching for the best plan"):
        initial = initial_routes(compiled, previous) if previous else None
        near = previous is not None and previous.is_priced
        result = _solve(compiled, params, clock, should_stop, initial, near)
    with clock.stage("evaluate", "working out times and costs"):
        run = Run(
            backend=params.backend,
            status=result.status,
            seed=params.seed,
            iterations=result.iterations,
            elapsed_s=round(result.elapsed_s, 3),
        )
        visits = {(v.worker, v.shift): v for v in assemble(compiled, result)}
        plan = _time(problem, travel, visits.values(), run)
    with clock.stage("insert", "adding what still fits"):
        # The model's trips are fixed in time and its batches dealt out; the timetable is not.
        known = {rule.name for rule in rules}
        found = insertable(
            problem, plan, travel, people_first="priority" in known,
            entitled="entitlements" in known, previous=previous,
        )
        if found:
            fuller_visits = visits | {
                (i.visits.worker, i.visits.shift): i.visits for i in found
            }
            fuller = _time(problem, travel, fuller_visits.values(), run)
            # Each was tried beside what others hold; where routes move each other, all together may
            # still be too much.
            if not needs_joint_times(problem, travel) or not check_plan(
                problem, fuller, travel, [r for r in RULES if r.name != "complete"]
            ):
                plan, visits = fuller, fuller_visits
        if previous is not None:
            if previous.move_minute_cents and "changes" in known:
                plan = hold(problem, travel, plan, tuple(visits.values()), previous)
            changes = list_changes(problem, plan, previous)
            plan = plan.model_copy(update={"changes": changes})
    with clock.stage("explain", "finding out why orders are unserved"):
        unserved = explain(problem, plan, travel, compiled.blocked)
        plan = plan.model_copy(update={"unserved": tuple(unserved)})
    with clock.stage("check", "reading the plan against every promise"):
        violations = check_plan(problem, plan, travel)
        if violations:
            raise PlanRejected(violations)
    with clock.stage("report", "adding up the figures"):
        report = report_plan(problem, plan)
    clock.tell("done", 0.0, "done")
    return DayResult(plan, travel, report, clock.spent)


def _time(
    problem: Problem, travel: Travel, visits: Iterable[RouteVisits], run: Run
) -> Plan:
    """Make the plan of some visits; why the rest is unserved is told later."""
    in_order = {(w.id, s.id): k for k, (w, s) in enumerate(
        (w, s) for w in problem.workers for s in w.shifts
    )}
    timetable = evaluate(
        problem, travel, sorted(visits, key=lambda v: in_order[v.worker, v.shift])
    )
    return Plan(
        problem=problem.id,
        problem_fingerprint=problem.fingerprint,
        network_fingerprint=travel.network.fingerprint,
        routes=timetable.routes,
        unserved=(),
        totals=timetable.totals,
        run=run,
    )


def _solve(
    compiled: Compiled,
    params: DayParams,
    clock: _Clock,
    should_stop: Callable[[], bool] | None,
    initial: list[list[int]] | None,
    near: bool = False,
) -> Result:
    model = compiled.model
    if not model.n_tasks or not model.n_vehicles:
        empty = tuple(np.zeros(0, dtype=np.int32) for _ in range(model.n_vehicles))
        return Result(empty, np.arange(model.n_tasks, dtype=np.int32), "complete", 0, 0.0)
    stall = params.stall
    if stall is None:
        base = _STALL_BASE.get(params.backend, 100)
        stall = base + _STALL_AN_ORDER.get(params.backend, 10) * model.n_tasks

    def tell(progress: Progress) -> None:
        clock.tell("solve", progress.share_done, f"{progress.n_unassigned} orders not placed yet")

    return solve(model, SolveParams(
        backend=params.backend,
        time_limit_s=params.seconds,
        max_iterations=params.iterations,
        stall_iterations=stall or None,
        seed=params.seed,
        threads=params.threads,
        initial=initial,
        near=near,
        on_progress=tell if clock.listens else None,
        should_stop=should_stop,
    ))


class _Clock:
    """Tells the listener how far planning is, and keeps the time that each stage took."""

    def __init__(self, listener: Callable[[Stage], None] | None) -> None:
        self._listener = listener
        self._told = 0.0
        self.spent: dict[str, float] = {}

    @property
    def listens(self) -> bool:
        """Whether anybody wants to know."""
        return self._listener is not None

    def tell(self, name: str, done: float, text: str) -> None:
        """Report ``done``, the share of the stage, as a share of the whole."""
        if self._listener is None:
            return
        names = list(_BEGINS)
        begin = _BEGINS[name]
        end = _BEGINS[names[min(names.index(name) + 1, len(names) - 1)]]
        self._told = max(self._told, begin + min(1.0, max(0.0, done)) * (end - begin))
        self._listener(Stage(name, round(self._told, 4), text))

    def within(self, name: str) -> Callable[[float], None]:
        """Give a callback for a stage that knows its own share."""
        return lambda done: self.tell(name, done, name)

    @contextmanager
    def stage(self, name: str, text: str) -> Iterator[None]:
        """Time a stage and announce it."""
        self.tell(name, 0.0, text)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] = round(time.perf_counter() - started, 4)
