"""The policies that are compared: who goes to an alarm, and what a change does to everybody else.

- ``nearest``: of those who are free, the one with the shortest way; nobody is broken off, and cover
  is not looked at. What the alarm displaces is placed anew by the smallest change.
- ``ours``: as ``engine.live`` answers and repairs.
- ``cover``: the same, and who the answer says should move to keep a district covered does.
- ``replan``: alarms as ``ours``; after each change the batch solver plans all that is not fixed anew,
  from the current plan, and moves whom it likes.
"""  # noqa: E501

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.assemble import assemble
from engine.compile import compile_problem
from engine.domain.orders import EmergencyOrder
from engine.domain.plan import Previous
from engine.evaluate import evaluate
from engine.explain import insertable
from engine.gaps import Ints
from engine.live.alarm import Candidate, Dispatcher
from engine.live.day import LiveDay
from engine.live.events import Redirection
from engine.live.timeline import IDLE, ON_THE_WAY, Whereabouts
from engine.previous import initial_routes
from engine.simulation.params import PolicyName
from solvers.solve import SolveParams, solve


class Policy(NamedTuple):
    """How a day is run."""

    name: PolicyName
    nearest: bool = False
    cover: bool = False
    replan: bool = False


POLICIES: dict[PolicyName, Policy] = {
    "nearest": Policy("nearest", nearest=True),
    "ours": Policy("ours"),
    "cover": Policy("cover", cover=True),
    "replan": Policy("replan", replan=True),
}


class NearestDispatcher(Dispatcher):
    """Sends the free worker with the shortest way; where none is free, who is there first."""

    def _candidates(
        self, order: EmergencyOrder, to: int, lines: Ints, where: Whereabouts, now: int,
        *, may_break: bool = False,
    ) -> list[Candidate]:
        found = super()._candidates(order, to, lines, where, now)
        if not found:  # nobody could be home in time: the nearest works longer
            found = [
                c for c in super()._candidates(order, to, lines, where, now, may_break=True)
                if not c.breaks
            ]
        is_free = np.isin(where.state, (IDLE, ON_THE_WAY))
        return sorted(found, key=lambda c: (not is_free[c.line], c.arrival, c.line))


def replan(day: LiveDay, iterations: int, seed: int) -> tuple[Redirection, ...]:
    """Plan the rest of a day anew by the batch solver; what has changed, as trips of shifts.

    As planning a day does: the search, begun from the current plan, then whoever it left out and
    still fits. Empty where nothing has changed, or where somebody who is to be served would not be.
    """
    rest, travel = day.rest(), day.board.travel
    compiled = compile_problem(rest.problem, travel)
    if not compiled.model.n_tasks or not compiled.model.n_vehicles:
        return ()
    result = solve(compiled.model, SolveParams(
        time_limit_s=None, max_iterations=iterations, seed=seed,
        initial=initial_routes(compiled, Previous(plan=rest.plan)),
    ))
    visits = {(v.worker, v.shift): v for v in assemble(compiled, result)}
    if len(result.unassigned):
        timetable = evaluate(rest.problem, travel, list(visits.values()))
        made = rest.plan.model_copy(update={"routes": timetable.routes, "unserved": ()})
        for one in insertable(rest.problem, made, travel, people_first=True):
            visits[one.visits.worker, one.visits.shift] = one.visits
    changed, had, has = [], set[str](), set[str]()
    for name, line in rest.lines.items():
        mine = visits.get((name, line.shift.id))
        trips = tuple(t for t in (mine.trips if mine else ()) if t.orders)
        if trips == line.rest:
            continue
        had |= set(line.orders)
        has |= {i for t in trips for i in t.orders}
        changed.append(Redirection(
            worker=line.worker.id, shift=line.shift.id,
            trips=tuple(t.orders for t in trips), batches=tuple(t.batches for t in trips),
        ))
    return tuple(changed) if had <= has else ()
