"""Plan weeks: spread visits over days, give clients their carers, route every day, improve.

    spread -> assign -> spread around the carers -> assign
        -> days two by two, each knowing the faces and hours of those before
        -> visits that found no place move to another allowed day
        -> days again, each knowing all others; kept where that is better
        -> check -> report

Days of a pair are planned side by side in two threads and do not see each other, so the same seed
and iterations give the same plans whatever the machine; the search leaves the interpreter alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.day import DayParams, plan_day
from engine.domain.orders import Order
from engine.domain.places import Client
from engine.domain.plan import Plan, Previous, Unserved
from engine.domain.problem import Problem
from engine.domain.weeks import Programme, Weeks, WeeksContinuity
from engine.errors import PlanRejected
from engine.evaluate import total
from engine.importance import tier_of
from engine.networks import open_network
from engine.travel import Travel, build_travel
from engine.weeks.carers import Carers, assign
from engine.weeks.check import check_weeks
from engine.weeks.days import cut_travel, day_problem
from engine.weeks.faces import Faces, seen_in
from engine.weeks.horizon import Carer, DayPlan, WeeksPlan
from engine.weeks.limits import Limits
from engine.weeks.missing import missing_of
from engine.weeks.moves import Move, find_moves
from engine.weeks.report import report_weeks
from engine.weeks.spread import Spread, spread
from engine.weeks.staff import Staff
from engine.weeks.withheld import withheld_of

if TYPE_CHECKING:
    from geodata import Network

#: Days that are planned side by side; another number would be another plan, so it is no parameter.
_PAIR = 2
#: Days are fitted to carers and carers to days so often.
_ROUNDS = 2
_NO_PRICES = WeeksContinuity(new_face_cents=0, hour_moved_cents=0, hour_band_s=0)


@dataclass(frozen=True)
class WeeksParams:
    """How long and how to plan.

    Parameters
    ----------
    seconds : of search a day and pass; None: no limit, then ``iterations`` is needed.
    iterations : a day and pass. Same seed and iterations, with ``seconds`` None: the same plans.
    seed : from 0 to 2**63 - 1.
    continuity : False: faces and hours cost nothing, and nobody is anybody's carer.
    compare : plan the same days once more without continuity, for the report.
    passes : over the days; 1: none is planned again.
    backend : as for a day.
    """

    seconds: float | None = 5.0
    iterations: int | None = None
    seed: int = 1
    continuity: bool = True
    compare: bool = False
    passes: int = 2
    backend: str = "search"


@dataclass(frozen=True)
class WeeksResult:
    """Checked plans of all days, the ways between all points, and figures.

    ``stage_s`` tells how many seconds each stage took.
    """

    plan: WeeksPlan
    travel: Travel
    report: dict[str, Any]
    stage_s: dict[str, float]


def plan_weeks(
    weeks: Weeks,
    params: WeeksParams | None = None,
    *,
    network: Network | None = None,
    folder: Path | None = None,
    named_folder: Path | None = None,
    travel: Travel | None = None,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> WeeksResult:
    """Plan all days of a horizon.

    Parameters
    ----------
    weeks : validated as a whole.
    network, folder, named_folder, travel : as in :func:`engine.day.plan_day`.
    on_progress : takes the share done, 0..1.
    should_stop : asked often; True ends every search at once with the best so far.

    Raises
    ------
    InputError : the network cannot be used, or points lie too far from its roads.
    PlanRejected : a promise is broken: a defect of ours.
    """
    params = params or WeeksParams()
    tell = on_progress or (lambda share: None)
    clock: dict[str, float] = {}
    started = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal started
        clock[name] = round(time.perf_counter() - started, 3)
        started = time.perf_counter()

    if travel is None:
        network = network or open_network(weeks.network, folder=folder, named_folder=named_folder)
        travel = build_travel(weeks.base, network)
    lap("travel")
    tell(0.02)
    asked = weeks if params.continuity else _without_prices(weeks)
    staff = Staff(asked, travel)
    found, carers = choose_days(staff, params.seed)
    lap("spread")
    tell(0.05)
    rounds = params.passes if params.continuity else 1
    works = rounds + (1 if params.compare and params.continuity else 0)
    width = 0.94 / works
    work = _Work(asked, staff, travel, params, found, carers if params.continuity else None,
                 should_stop)
    work.first_pass(partial(_tell_part, tell, 0.05, width))
    lap("days")
    for k in range(1, rounds):
        work.again(work.move_unserved(), partial(_tell_part, tell, 0.05 + k * width, width))
    lap("again")
    made = work.plan(weeks)
    without = None
    if params.compare and params.continuity:
        plain = _without_prices(weeks)
        other = _Work(plain, staff, travel, params, work.found, None, should_stop)
        other.first_pass(partial(_tell_part, tell, 0.05 + rounds * width, width))
        without = other.plan(plain)
        lap("without")
    violations = check_weeks(weeks, made, travel)
    if violations:
        raise PlanRejected(violations)
    lap("check")
    report = report_weeks(weeks, made, without, continuity=params.continuity)
    report["run"] = {
        "seed": params.seed, "iterations": work.iterations, "seconds": dict(clock),
        "backend": params.backend,
    }
    tell(1.0)
    return WeeksResult(made, travel, report, clock)


def _without_prices(weeks: Weeks) -> Weeks:
    """Copy weeks with faces and hours at no price; a model's own copy would keep what it cached."""
    own = {name: getattr(weeks, name) for name in Weeks.model_fields}
    return Weeks(**{**own, "continuity": _NO_PRICES})


def _tell_part(tell: Callable[[float], None], begin: float, width: float, share: float) -> None:
    tell(begin + share * width)


def choose_days(staff: Staff, seed: int) -> tuple[Spread, Carers]:
    """Spread all visits, give every programme a carer, and fit each to the other, by turns."""
    found = spread(staff, seed)
    carers = assign(staff, found.days, seed)
    for _ in range(_ROUNDS):
        found = spread(staff, seed, mains=carers.main, start=found)
        carers = assign(staff, found.days, seed, carers.main)
    return found, carers


@dataclass(frozen=True)
class _Outcome:
    problem: Problem
    plan: Plan


@dataclass
class _Work:
    """Days while they are being planned."""

    weeks: Weeks
    staff: Staff
    travel: Travel
    params: WeeksParams
    found: Spread
    carers: Carers | None
    should_stop: Callable[[], bool] | None
    iterations: int = 0
    faces: Faces = field(init=False)
    limits: Limits = field(init=False)
    outcomes: dict[int, _Outcome] = field(default_factory=dict)
    due: list[list[int]] = field(init=False)  # programmes of each day

    def __post_init__(self) -> None:
        self.faces, self.limits = Faces(self.weeks), Limits(self.weeks)
        self.number = {p.id: k for k, p in enumerate(self.weeks.programmes)}
        self.due = [[] for _ in range(self.weeks.days)]
        for p, days in enumerate(self.found.days):
            for d in days:
                if d is not None:
                    self.due[d].append(p)
        self.n_visits = [sum(d is not None for d in days) for days in self.found.days]
        self.visits_of: dict[str, int] = {}
        for programme, n in zip(self.weeks.programmes, self.n_visits, strict=True):
            self.visits_of[programme.client] = self.visits_of.get(programme.client, 0) + n

    # -- planning --------------------------------------------------------------------------------

    def first_pass(self, tell: Callable[[float], None]) -> None:
        """Plan every day, two at a time, about in the order of the calendar."""
        jobs = [(d, self.due[d]) for d in self.limits.turns()]
        for k, (d, outcome) in enumerate(self._planned(jobs)):
            self._keep(d, outcome)
            tell((k + 1) / len(jobs))

    def again(self, moves: Sequence[Move], tell: Callable[[float], None]) -> None:
        """Plan days again that have lonely faces, unserved visits, or visits moved to them."""
        moved: dict[int, list[Move]] = {}
        for move in moves:
            moved.setdefault(move.to, []).append(move)
        wants = {
            d: (len(moved.get(d, ())) + len(self.outcomes[d].plan.unserved), self.faces.lonely(d))
            for d in self.outcomes
        }
        turns = sorted((d for d in wants if any(wants[d])), key=lambda d: (*map(int.__neg__,
                       wants[d]), d))
        leaving = {(m.day, m.programme) for m in moves}
        jobs = [
            (d, [*(p for p in self.due[d] if (d, p) not in leaving),
                 *(m.programme for m in moved.get(d, ()))])
            for d in turns
        ]
        for k, (d, outcome) in enumerate(self._planned(jobs, again=True)):
            old = self.outcomes[d]
            # Who was to leave and has not left is as unserved here as before.
            outcome = _with(outcome, old, [
                self.weeks.programmes[m.programme].id for m in moves
                if m.day == d and m.programme in self.due[d]
            ])
            extra = [self.weeks.programmes[m.programme] for m in moved.get(d, ())]
            if self._worth(d, outcome, []) < self._worth(d, old, extra):
                served = seen_in(outcome.plan)
                for move in moved.get(d, ()):
                    if self.weeks.programmes[move.programme].id in served:
                        self._move(move)
                    else:
                        outcome = _without(outcome, self.weeks.programmes[move.programme].id)
                self._keep(d, outcome)
            tell((k + 1) / len(jobs))
        self.settle(moves)

    def _planned(
        self, jobs: Sequence[tuple[int, list[int]]], *, again: bool = False
    ) -> Iterator[tuple[int, _Outcome]]:
        """Plan days two by two; what a pair knows is what was kept before it."""
        with ThreadPoolExecutor(_PAIR) as pool:
            for k in range(0, len(jobs), _PAIR):
                pair = [self._job(d, programmes, again) for d, programmes in jobs[k : k + _PAIR]]
                if k == 0:  # kernels may have to be compiled, which two threads would do twice
                    made = [job() for job in pair]
                else:
                    made = [f.result() for f in [pool.submit(job) for job in pair]]
                self.limits.close()
                yield from zip([d for d, _ in jobs[k : k + _PAIR]], made, strict=True)

    def _job(self, d: int, numbers: Sequence[int], again: bool) -> Callable[[], _Outcome]:
        """Gather what a day knows now; the job itself looks at nothing that changes."""
        programmes = [self.weeks.programmes[p] for p in numbers]
        unserved = {u.order for u in self.outcomes[d].plan.unserved} if again else set()
        windows = {
            p.id: told for p in programmes
            if p.id not in unserved and (told := self._windows(p, d)) is not None
        }
        known = self._known(programmes, d, again)
        problem = day_problem(
            self.weeks, self.weeks.dates[d], programmes, windows, known, self.limits.open(d)
        )
        travel = cut_travel(self.travel, problem)
        # The search goes on from where it was; leaving that costs nothing.
        former = Previous(plan=self.outcomes[d].plan) if again else None
        params = DayParams(
            seconds=self.params.seconds, iterations=self.params.iterations,
            seed=(self.params.seed * 1_000 + 2 * d + again) % 2**63, backend=self.params.backend,
        )

        def run() -> _Outcome:
            result = plan_day(
                problem, params, travel=travel, should_stop=self.should_stop, previous=former
            )
            return _Outcome(problem, result.plan.model_copy(update={"changes": None}))

        return run

    def _windows(self, programme: Programme, d: int) -> Any:
        """Hours to tell a client: the usual ones, where the expected worker is there then."""
        told = self.faces.windows(programme, d)
        if told is None or self.carers is None:
            return told
        p = self.number[programme.id]
        worker = self.carers.expected(p, d)
        if worker is None:
            return told
        there = self.weeks.shifts_on(self.weeks.workers[worker], self.weeks.dates[d])
        last = self.weeks.duration(programme)
        fits = any(
            w.start_s <= s.end_s - last and w.end_s >= s.start_s for w in told for s in there
        )
        return told if fits else None

    def _known(
        self, programmes: Sequence[Programme], d: int, again: bool
    ) -> dict[str, set[str]]:
        """Gather whom clients see anyway, or are meant to see: anybody else is a new face."""
        if self.carers is None:
            return {}
        known: dict[str, set[str]] = {}
        for programme in programmes:
            client = programme.client
            others = self.faces.others(client, d)
            mine = known.setdefault(client, set(others))
            if others and again:
                continue
            if not others and self.visits_of[client] == 1:
                continue  # any face is the only one
            expected = self.carers.expected(self.number[programme.id], d)
            if expected is not None:
                mine.add(self.weeks.workers[expected].id)
        return known

    # -- what is kept ----------------------------------------------------------------------------

    def _keep(self, d: int, outcome: _Outcome) -> None:
        self.outcomes[d] = outcome
        self.iterations += outcome.plan.run.iterations
        self.faces.put(d, seen_in(outcome.plan))
        self.limits.put(d, outcome.plan)

    def _worth(
        self, d: int, outcome: _Outcome, extra: Sequence[Programme]
    ) -> tuple[tuple[int, ...], int]:
        """Rank an outcome, less is better: who is not served, by importance; then all costs."""
        absent = [outcome.problem.order_by_id[u.order] for u in outcome.plan.unserved]
        tiers = [0] * 10
        for order in (*absent, *extra):
            if not order.optional:
                tiers[tier_of(order, self.weeks.client_by_id[order.client])] += 1
        totals = outcome.plan.totals
        cents = totals.cost_cents + totals.prize_lost_cents
        return tuple(tiers), cents + self.faces.price(d, seen_in(outcome.plan))

    def move_unserved(self) -> list[Move]:
        """Find another day for visits that found no place on theirs."""
        unserved = {
            d: [self.number[u.order] for u in outcome.plan.unserved]
            for d, outcome in self.outcomes.items()
        }
        return find_moves(self.found, self.staff, self.due, unserved)

    def _move(self, move: Move) -> None:
        """Make a move: the visit is served on its new day."""
        p, programme = move.programme, self.weeks.programmes[move.programme]
        self.found.budget.take(p, self.found.calendars[p].month[move.day], -1)
        days = list(self.found.days[p])
        days[move.slot] = move.to
        self.found.days[p] = tuple(days)
        self.due[move.day].remove(p)
        self.due[move.to].append(p)
        self.outcomes[move.day] = _without(self.outcomes[move.day], programme.id)

    def settle(self, moves: Sequence[Move]) -> None:
        """Give back what was set aside for moves that came to nothing."""
        for move in moves:
            if self.found.days[move.programme][move.slot] != move.to:
                month = self.found.calendars[move.programme].month[move.to]
                self.found.budget.take(move.programme, month, -1)

    def plan(self, weeks: Weeks) -> WeeksPlan:
        """Put the answer together."""
        ids = [w.id for w in weeks.workers]

        def name(number: int | None) -> str | None:
            return None if number is None else ids[number]

        carers = () if self.carers is None else tuple(
            Carer(programme=p.id, worker=name(self.carers.main[k]),
                  stand_in=name(self.carers.stand_in[k]))
            for k, p in enumerate(weeks.programmes)
        )
        days = tuple(
            DayPlan(day=weeks.dates[d], problem=o.problem, plan=o.plan)
            for d, o in sorted(self.outcomes.items())
        )
        return WeeksPlan(
            weeks=weeks.id,
            weeks_fingerprint=weeks.fingerprint,
            days=days,
            missing=missing_of(weeks, self.found),
            carers=carers,
            withheld=withheld_of(self.staff, days),
        )


def _with(outcome: _Outcome, old: _Outcome, orders: Sequence[str]) -> _Outcome:
    """Add orders that are unserved in another outcome, with what is told there."""
    if not orders:
        return outcome
    told = [u for u in old.plan.unserved if u.order in orders]
    added = [old.problem.order_by_id[u.order] for u in told]
    here = {c.id for c in outcome.problem.clients}
    homes = dict.fromkeys(o.client for o in added if o.client not in here)
    return _changed(
        outcome,
        (*outcome.problem.orders, *added),
        (*outcome.problem.clients, *(old.problem.client_by_id[c] for c in homes)),
        (*outcome.plan.unserved, *told),
    )


def _without(outcome: _Outcome, order: str) -> _Outcome:
    """Take an unserved order out of a day."""
    orders = tuple(o for o in outcome.problem.orders if o.id != order)
    homes = {o.client for o in orders}
    clients = tuple(c for c in outcome.problem.clients if c.id in homes)
    unserved = tuple(u for u in outcome.plan.unserved if u.order != order)
    return _changed(outcome, orders, clients, unserved)


def _changed(
    outcome: _Outcome,
    orders: tuple[Order, ...],
    clients: tuple[Client, ...],
    unserved: tuple[Unserved, ...],
) -> _Outcome:
    own = {name: getattr(outcome.problem, name) for name in Problem.model_fields}
    problem = Problem(**{**own, "orders": orders, "clients": clients})
    plan = outcome.plan.model_copy(update={
        "problem_fingerprint": problem.fingerprint,
        "unserved": unserved,
        "totals": total(problem, outcome.plan.routes),
    })
    return _Outcome(problem, plan)
