"""Improvement in the background: a better rest of the day for a few shifts, as an event to adopt.

After an immediate repair some shifts could share what is left of the day better. A search looks at
some of them at a time, with the visits that nobody serves, from the plan as it is: what is fixed
stays, a visit that goes to another worker costs ``moved_client_cents``, and every minute earlier or
later ``move_minute_cents``. It changes nothing by itself: what it finds is a ``redirected`` event,
and the day takes it only where all its trips still keep every promise. So a day is still the replay
of its log, whenever and wherever the search ran.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine.assemble import assemble
from engine.check import check_plan
from engine.compile import compile_problem
from engine.domain.plan import Plan, Previous, Run
from engine.domain.problem import Problem
from engine.evaluate import evaluate
from engine.live.board import Board
from engine.live.day import LiveDay
from engine.live.events import Redirected, Redirection
from engine.live.line import Line
from engine.live.rest import rest_of
from engine.previous import initial_routes, list_changes
from engine.rules import RULES
from engine.visits import RouteVisits, start_windows
from solvers.solve import SolveParams, solve

__all__ = ["Search", "Step", "improve"]

#: Visits that nobody serves and that are tried beside the shifts looked at, the first by rank.
_MOST_WAITING = 20
#: While a visit waits, all turns but one of so many begin at one that does.
_TURNS = 4
_SEARCHED = Run(backend="search", status="complete", seed=0, iterations=0, elapsed_s=0.0)


class Search(NamedTuple):
    """How to look for a better rest of the day.

    ``iterations`` or ``seconds`` end a search, whichever comes first; with ``seconds`` None the
    same day and turn give the same answer. ``lines`` shifts are looked at in one turn.
    """

    iterations: int | None = 10_000
    seconds: float | None = None
    lines: int = 30


class Step(NamedTuple):
    """What a turn found: the event, what it saves after the price of moving, who is moved."""

    event: Redirected
    saved_cents: int
    moved: int
    served: int


def improve(
    day: LiveDay, turn: int, search: Search | None = None, *,
    should_stop: Callable[[], bool] | None = None,
) -> Step | None:
    """Look for a better rest of the day of some shifts; changes nothing.

    Parameters
    ----------
    turn : counts the searches of a day; each begins at another shift and takes the nearest to it,
        three of four at a visit that nobody serves, where there is one, and those who may do it.
    search : how long, and how many shifts.

    Returns
    -------
    step : worth adopting: more visits are served, or it saves more than moving costs; None: nothing
        was found.
    """
    search = search or Search()
    board = day.board
    waiting = [
        i for i in board.waiting
        if board.orders[i].kind != "emergency"
        and any(b >= board.clock for _, b in start_windows(board.orders[i]))
    ]
    waiting.sort(key=lambda i: (board.rank(board.orders[i]), i))
    lost = waiting[turn % len(waiting)] if waiting and turn % _TURNS else None
    lines = _choose(board, turn, search.lines, lost)
    if not lines:
        return None
    if lost is not None:
        waiting.sort(key=lambda i: i != lost)
    problem, former, names = rest_of(board, lines, waiting[:_MOST_WAITING])
    previous = Previous(
        plan=former, move_client_cents=min(board.policy.moved_client_cents, 100_000),
        move_minute_cents=board.policy.move_minute_cents,
    )
    compiled = compile_problem(problem, board.travel, RULES, previous)
    if not compiled.model.n_tasks:
        return None
    result = solve(compiled.model, SolveParams(
        time_limit_s=search.seconds, max_iterations=search.iterations, seed=turn + 1,
        initial=initial_routes(compiled, previous), should_stop=should_stop,
    ))
    visits = tuple(assemble(compiled, result))
    plan = _timed(problem, board, visits)
    others = [r for r in RULES if r.name not in ("complete", "changes")]
    if check_plan(problem, plan, board.travel, others):
        return None  # the search's model is hopeful about meals; the day's promises are not
    change = list_changes(problem, plan, previous)
    served = plan.totals.served - former.totals.served
    saved = _price(former) - _price(plan) - change.moved_cents
    shifts = _redirections(visits, names)
    kept = {s.order for r in former.routes for t in r.trips for s in t.stops}
    now = {s.order for r in plan.routes for t in r.trips for s in t.stops}
    if not shifts or not kept <= now or (served <= 0 and saved <= 0):
        return None
    event = Redirected(
        id=f"improve-{board.clock}-{turn}", time_s=board.clock, kind="redirected", shifts=shifts
    )
    return Step(event, saved, len(change.worker) + len(change.time), served)


def _choose(board: Board, turn: int, most: int, lost: str | None) -> list[Line]:
    """Take shifts that can still change and lie near each other, another lot every turn.

    ``lost``: an order to begin at, with those who may serve it; None: the next shift.
    """
    tied = board.problem.tied
    open_lines = [
        ln for ln in board.lines
        if ln.is_on and max(ln.free, board.clock) < ln.end_s
        and not any(i in tied for i in ln.orders)
    ]
    busy = [ln for ln in open_lines if ln.rest]
    step = max(1, most // 2)  # one lot overlaps the next
    chosen: dict[int, Line] = {}
    if lost is not None:
        order = board.orders[lost]
        at, able = board.travel.client(order.client), board.able(order)
    elif busy:
        first = busy[turn * step % len(busy)]
        chosen[first.index] = first
        at = board.travel.client(board.orders[first.orders[0]].client)
        able = np.ones(len(board.lines), dtype=np.bool_)
    else:
        return open_lines[:most] if board.waiting else []

    def far(line: Line) -> tuple[int, int]:
        """Seconds from the middle of the lot to the nearest place that the shift still goes to."""
        seconds, travel = board.travel.seconds[line.mode], board.travel
        places = [line.at, *(travel.client(board.orders[i].client) for i in line.orders)]
        return min(int(seconds[at, place]) for place in places), line.index

    near = sorted(open_lines, key=far)
    for line in (*[ln for ln in near if able[ln.index]][: most - most // 3], *near):
        if len(chosen) < most:
            chosen.setdefault(line.index, line)
    return [chosen[k] for k in sorted(chosen)]


def _timed(problem: Problem, board: Board, visits: tuple[RouteVisits, ...]) -> Plan:
    timetable = evaluate(problem, board.travel, visits)
    return Plan(
        problem=problem.id, problem_fingerprint=problem.fingerprint,
        network_fingerprint=board.travel.network.fingerprint, routes=timetable.routes,
        unserved=(), totals=timetable.totals, run=_SEARCHED,
    )


def _price(plan: Plan) -> int:
    return plan.totals.cost_cents + plan.totals.prize_lost_cents


def _redirections(
    visits: tuple[RouteVisits, ...], names: dict[str, Line]
) -> tuple[Redirection, ...]:
    """List the shifts whose trips are others than they were."""
    trips_of = {v.worker: tuple(t for t in v.trips if t.orders) for v in visits}
    found = []
    for name, line in names.items():
        trips = trips_of.get(name, ())
        if trips != line.rest:
            found.append(Redirection(
                worker=line.worker.id, shift=line.shift.id,
                trips=tuple(tuple(t.orders) for t in trips),
                batches=tuple(tuple(t.batches) for t in trips),
            ))
    return tuple(found)
