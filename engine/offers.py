"""Offer a slot: when somebody could come for a new order, beside days that are planned already.

For each window the cheapest place in the plan is looked for, and what it would do is worked out by
the one evaluation and read by the checker: who comes, what it adds to the cost, whom it delays.
Nothing that is planned moves to another worker, and every promise is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from engine.change_kinds import with_parts
from engine.check import check_plan, rules_broken
from engine.domain.base import HORIZON_S, LAX, Day, Duration, Entity, Gender, Id, Moment
from engine.domain.faults import fault
from engine.domain.orders import VisitOrder
from engine.domain.plan import Plan
from engine.domain.problem import Problem
from engine.domain.words import did_you_mean, listing, shown
from engine.errors import Fault, InputError
from engine.faces import face_cents
from engine.situation import Place, Situation
from engine.travel import Travel

__all__ = ["Ask", "Delay", "Offer", "PlannedDay", "find_offers"]

#: Of the places in a window that look cheapest, so many are worked out.
_MOST_READ = 4


class Ask(Entity):
    """A visit that somebody asks for.

    Windows of ``width_s`` begin at ``from_s`` and every ``step_s`` after it, and close by
    ``until_s``; of all days together the best ``most`` are told.
    """

    client: Id
    service: Id
    service_duration_s: Duration | None = None
    skills: Annotated[tuple[Id, ...], LAX] = ()
    gender: Gender | None = None
    from_s: Moment = 0
    until_s: Moment = HORIZON_S
    width_s: int = Field(default=1_800, ge=0, le=HORIZON_S)
    step_s: int = Field(default=1_800, ge=300, le=HORIZON_S)
    most: int = Field(default=10, ge=1, le=1_000)


class Delay(Entity):
    """An order that would start later than planned."""

    order: Id
    client: Id
    seconds: int


class Offer(Entity):
    """A window that can be promised, and what it takes.

    ``added_cents`` is what the plan's cost grows by, ``face_cents`` what the worker's face is worth
    beside it (above 0 for a new one, below 0 for a preferred one); ``delays`` come in the order of
    the route.
    """

    day: Day
    problem: Id
    start_s: int
    end_s: int
    worker: Id
    shift: Id
    service_start_s: int
    added_cents: int
    face_cents: int
    delayed_s: int
    delays: Annotated[tuple[Delay, ...], LAX]


class PlannedDay(NamedTuple):
    """A day, its plan, and the ways between its points."""

    problem: Problem
    plan: Plan
    travel: Travel


def find_offers(days: Sequence[PlannedDay], ask: Ask) -> list[Offer]:
    """Find the best windows for a visit on days that are planned.

    Returns
    -------
    offers : the cheapest first, faces counted in; of equal ones those that delay others least, then
        the earliest. Empty: nobody who may could come on any of the days.

    Raises
    ------
    InputError : the client or service is not known on a day, or a plan does not keep its promises.
    """
    faults = [
        found for k, day in enumerate(days) for found in _faults(f"days[{k}]", day, ask)
    ]
    if faults:
        raise InputError(faults)
    offers = [offer for day in days for offer in _of_day(day, ask)]
    offers.sort(key=lambda o: (o.added_cents + o.face_cents, o.delayed_s, o.day, o.start_s))
    return offers[: ask.most]


def _faults(path: str, day: PlannedDay, ask: Ask) -> Iterator[Fault]:
    problem = day.problem
    if ask.client not in problem.client_by_id:
        yield fault("E1102", "client", id=shown(ask.client),
                    suggestion=did_you_mean(ask.client, problem.client_by_id), known="")
    service = problem.service_by_id.get(ask.service)
    known = listing(sorted(s.id for s in problem.service_by_id.values() if s.kind == "visit"))
    if service is None:
        yield fault("E1103", "service", id=shown(ask.service), known=known,
                    suggestion=did_you_mean(ask.service, problem.service_by_id))
    elif service.kind != "visit":
        yield fault("E1110", "service", id=shown(ask.service), service_kind=service.kind,
                    order_kind="visit")
    for j, skill in enumerate(ask.skills):
        if skill not in problem.skill_by_id:
            yield fault("E1104", f"skills[{j}]", id=shown(skill),
                        suggestion=did_you_mean(skill, problem.skill_by_id),
                        known=listing(sorted(problem.skill_by_id)))
    broken = check_plan(problem, day.plan, day.travel)
    if broken:
        yield fault("E1051", f"{path}.plan", n=len(broken), first=broken[0].code)


def _of_day(day: PlannedDay, ask: Ask) -> Iterator[Offer]:
    order = VisitOrder(
        id=_free_id(day.problem), client=ask.client, kind="visit", service=ask.service,
        service_duration_s=ask.service_duration_s, skills=ask.skills, gender=ask.gender,
    )
    problem = with_parts(day.problem, orders=(*day.problem.orders, order))
    situation = Situation(problem, day.plan, day.travel, rules_broken)
    here = situation.beside(order)
    planned = {s.order: s.start_s for r in day.plan.routes for t in r.trips for s in t.stops}
    for start in range(ask.from_s, ask.until_s - ask.width_s + 1, ask.step_s):
        end = start + ask.width_s
        good = np.flatnonzero(here.fits([(start, end)]) & here.carries())
        cheapest = good[np.argsort(here.cost[good], kind="stable")][:_MOST_READ]
        change = {"kind": "set_window", "order": order.id, "start_s": start, "end_s": end}
        offers = [
            _offer(problem, planned, place, order, (start, end))
            for place in situation.read(order, here, cheapest, change)
        ]
        if offers:
            yield min(offers, key=lambda o: (o.added_cents + o.face_cents, o.delayed_s))


def _offer(
    problem: Problem, planned: dict[str, int], place: Place, order: VisitOrder,
    window: tuple[int, int],
) -> Offer:
    stops = [s for t in place.route.trips for s in t.stops]
    face = face_cents(problem, order, place.visits.worker)
    delays = tuple(
        Delay(order=s.order, client=s.client, seconds=s.start_s - planned[s.order])
        for s in stops
        if s.order in planned and s.start_s > planned[s.order]
    )
    return Offer(
        day=problem.day, problem=problem.id, start_s=window[0], end_s=window[1],
        worker=place.visits.worker, shift=place.visits.shift,
        service_start_s=next(s.start_s for s in stops if s.order == order.id),
        added_cents=place.added_cents - face, face_cents=face,
        delayed_s=sum(d.seconds for d in delays), delays=delays,
    )


def _free_id(problem: Problem) -> str:
    number = 1
    while f"offer-{number}" in problem.order_by_id:
        number += 1
    return f"offer-{number}"
