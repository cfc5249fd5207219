"""Many days under each policy, in as many processes as there are, always with the same result."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from engine.change_kinds import with_parts
from engine.domain.orders import EmergencyOrder
from engine.domain.plan import Plan, Previous
from engine.domain.problem import Problem
from engine.evaluate import evaluate
from engine.live.day import LiveDay
from engine.simulation.luck import Luck
from engine.simulation.params import PolicyName, SimulationParams
from engine.simulation.policies import POLICIES
from engine.simulation.record import figures_of
from engine.simulation.world import World
from engine.travel import Travel
from engine.visits import RouteVisits, TripVisits


class Case(NamedTuple):
    """What all runs share; ``alarms`` ring on every day."""

    problem: Problem
    plan: Plan
    travel: Travel
    alarms: tuple[EmergencyOrder, ...]
    params: SimulationParams


class Run(NamedTuple):
    """One day under one policy: its figures, and seconds from each alarm to help."""

    seed: int
    policy: PolicyName
    figures: dict[str, float]
    responses: tuple[int, ...]
    refused: tuple[str, ...]


def make_case(problem: Problem, plan: Plan, travel: Travel, params: SimulationParams) -> Case:
    """Take the alarms out of a plan: they ring when they were received, known to nobody before."""
    alarms = tuple(o for o in problem.orders if isinstance(o, EmergencyOrder))
    if not alarms:
        return Case(problem, plan, travel, (), params)
    ring = {o.id for o in alarms}
    rest = with_parts(problem, orders=tuple(o for o in problem.orders if o.id not in ring))
    visits = []
    for route in plan.routes:
        trips = []
        for trip in route.trips:
            stops = [s for s in trip.stops if s.order not in ring]
            if stops:
                trips.append(TripVisits(
                    tuple(s.visit for s in stops), tuple(s.batch for s in stops)
                ))
        if trips:
            visits.append(RouteVisits(route.worker, route.shift, tuple(trips)))
    timetable = evaluate(rest, travel, visits)
    made = plan.model_copy(update={
        "problem_fingerprint": rest.fingerprint, "routes": timetable.routes,
        "unserved": tuple(u for u in plan.unserved if u.order not in ring),
        "totals": timetable.totals,
    })
    return Case(rest, made, travel, alarms, params)


def run_day(case: Case, seed: int, name: PolicyName) -> Run:
    """Live through one day under one policy; the same arguments give the same run."""
    params = case.params
    day = LiveDay(case.problem, case.plan, case.travel)
    former = Previous(plan=case.plan)
    world = World(day, former, Luck(seed, params), params, POLICIES[name])
    record = world.run(list(case.alarms))
    figures = figures_of(case.problem, record, former, params.response_s)
    return Run(seed, name, figures, tuple(record.responses), tuple(record.refused))


def run_days(
    case: Case,
    jobs: int = 1,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> list[Run]:
    """Live through all days under all policies.

    Parameters
    ----------
    jobs : processes; they change nothing but how long it takes.
    should_stop : asked after every day; True ends with the seeds that are whole.

    Returns
    -------
    runs : by seed, then by policy; of every seed all policies, or none.
    """
    params = case.params
    todo = [
        (seed, name)
        for seed in range(params.first_seed, params.first_seed + params.seeds)
        for name in params.policies
    ]
    runs: list[Run] = []
    for run in _each(case, todo, min(jobs, len(todo))):
        runs.append(run)
        if on_progress is not None:
            on_progress(len(runs) / len(todo))
        if should_stop is not None and should_stop():
            break
    return runs[: len(runs) - len(runs) % len(params.policies)]


def _each(case: Case, todo: list[tuple[int, PolicyName]], jobs: int) -> Iterator[Run]:
    if jobs <= 1:
        yield from (run_day(case, seed, name) for seed, name in todo)
        return
    pool = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_share,
        initargs=(case,),
    )
    try:
        yield from pool.map(_run_shared, todo)
    finally:
        pool.shutdown(cancel_futures=True)


#: What a process of a pool works on.
_shared: list[Case] = []


def _share(case: Case) -> None:
    _shared[:] = [case]


def _run_shared(one: tuple[int, PolicyName]) -> Run:
    return run_day(_shared[0], *one)
