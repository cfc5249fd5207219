"""Running days on the straight road of ``care_builders``: plans by hand, events in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.domain.plan import Plan, Run
from engine.domain.problem import Problem
from engine.evaluate import evaluate
from engine.live import events
from engine.live.answers import LivePolicy, Outcome
from engine.live.day import LiveDay
from engine.travel import Travel
from engine.visits import RouteVisits, TripVisits
from tests.care_builders import alarm, hour, line_travel

RUN = Run(backend="hand", status="complete", seed=0, iterations=0, elapsed_s=0.0)


def hand_plan(
    problem: Problem, trips: Mapping[str, Sequence[Sequence[str]]], travel: Travel
) -> Plan:
    """Time a plan: worker -> orders of each trip of the first shift; meals come from lunch."""
    visits = []
    for worker in problem.workers:
        own = tuple(
            TripVisits(tuple(trip), tuple(
                "lunch" if problem.order_by_id[i].kind == "meal" else None for i in trip
            ))
            for trip in trips.get(worker.id, ())
        )
        if own:
            visits.append(RouteVisits(worker.id, worker.shifts[0].id, own))
    timetable = evaluate(problem, travel, visits)
    return Plan(
        problem=problem.id, problem_fingerprint=problem.fingerprint,
        network_fingerprint=travel.network.fingerprint, routes=timetable.routes, unserved=(),
        totals=timetable.totals, run=RUN,
    )


def start_day(
    problem: Problem,
    trips: Mapping[str, Sequence[Sequence[str]]] | None = None,
    *,
    travel: Travel | None = None,
    **policy: Any,
) -> LiveDay:
    """Begin a day on the line; ``policy`` as in ``LivePolicy``."""
    travel = travel or line_travel(problem)
    return LiveDay(problem, hand_plan(problem, trips or {}, travel), travel, LivePolicy(**policy))


class Teller:
    """Sends events to a day, each under an id of its own, and checks the plan after each."""

    def __init__(self, day: LiveDay) -> None:
        self.day = day
        self.log: list[Any] = []

    def send(self, kind: str, at_h: float, **fields: Any) -> Outcome:
        """Send one event at an hour of the day."""
        model = events.EVENT_KINDS[kind]
        event = model(id=f"e{len(self.log)}", time_s=hour(at_h), kind=kind, **fields)
        outcome = self.day.apply(event)
        if outcome.status != "refused":
            self.log.append(event)
        assert not self.day.check(), self.day.check()[:3]
        return outcome

    def alarm(self, id: str, client: str, at_h: float, **kw: Any) -> Outcome:
        """Send an alarm that was received when it is sent."""
        threatening = kw.pop("life_threatening", False)
        order = alarm(id, client, at_h, **kw)
        return self.send("alarm", at_h, order=order, life_threatening=threatening)
