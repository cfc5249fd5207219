"""Care problems in one call, on a road that is a straight line: travel times by mental arithmetic.

``x`` is a place on the road in minutes of travel, whatever the mode; a minute is 300 metres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from engine.compile import compile_problem
from engine.day import DayParams, DayResult, plan_day
from engine.domain.base import Window
from engine.domain.orders import EmergencyOrder, MealOrder, VisitOrder
from engine.domain.places import Batch, Centre, Client, Kitchen, MealPoint
from engine.domain.plan import Plan, Stop
from engine.domain.problem import Problem
from engine.domain.workers import Certificate, Shift, Vehicle, Worker
from engine.rules import RULES, Rule
from engine.travel import Travel, setup_of, walk_compounds

DAY = date(2026, 11, 23)
#: Minutes are marked on the road by longitude, far enough apart to be exact in float64.
_DEGREES_A_MINUTE = 0.001


def hour(h: float) -> int:
    """Seconds from the day's start."""
    return round(h * 3_600)


def window(start_h: float, end_h: float) -> Window:
    return Window(start_s=hour(start_h), end_s=hour(end_h))


def _at(x: float) -> dict[str, float]:
    return {"lon": x * _DEGREES_A_MINUTE, "lat": 0.0}


def client(id: str, x: float = 0, **kw: Any) -> Client:
    return Client(id=id, **_at(x), **kw)


def centre(id: str = "base", x: float = 0, **kw: Any) -> Centre:
    return Centre(id=id, **_at(x), **kw)


def batch(id: str = "lunch", ready_h: float = 0, portions: int = 100, **kw: Any) -> Batch:
    return Batch(id=id, ready_s=hour(ready_h), portions=portions, **kw)


def kitchen(id: str = "kitchen", x: float = 0, batches: Sequence[Batch] = (), **kw: Any) -> Kitchen:
    return Kitchen(id=id, **_at(x), batches=tuple(batches) or (batch(),), **kw)


def meal_point(id: str, x: float, batches: Sequence[Batch] = (), **kw: Any) -> MealPoint:
    return MealPoint(id=id, **_at(x), batches=tuple(batches) or (batch(),), **kw)


def worker(
    id: str,
    *skills: str,
    start: str = "base",
    shift: tuple[float, float] = (8, 17),
    until: Mapping[str, date] | None = None,
    **kw: Any,
) -> Worker:
    """A worker with certificates for ``skills`` and one shift in hours of the day."""
    certificates = tuple(Certificate(skill=s, valid_until=(until or {}).get(s)) for s in skills)
    kw.setdefault("shifts", (Shift(id="day", start_s=hour(shift[0]), end_s=hour(shift[1])),))
    return Worker(id=id, start=start, certificates=certificates, **kw)


def courier(id: str, box: str | None = "box", start: str = "kitchen", **kw: Any) -> Worker:
    return worker(id, "meal_delivery", start=start, vehicle=box, role="courier", **kw)


def box(id: str = "box", portions: int = 20, **kw: Any) -> Vehicle:
    return Vehicle(id=id, mode="ebike", capacity={"portions": portions}, **kw)


def visit(id: str, client: str, service: str = "check_in", **kw: Any) -> VisitOrder:
    return VisitOrder(id=id, client=client, kind="visit", service=service, **kw)


def meal(id: str, client: str, **kw: Any) -> MealOrder:
    return MealOrder(id=id, client=client, kind="meal", **kw)


def alarm(id: str, client: str, received_h: float, **kw: Any) -> EmergencyOrder:
    return EmergencyOrder(
        id=id, client=client, kind="emergency", received_s=hour(received_h), **kw
    )


def problem(**kw: Any) -> Problem:
    """A problem on the line; a centre ``base`` at 0 and a box of 20 portions come by themselves."""
    kw.setdefault("centres", (centre(),))
    kw.setdefault("vehicles", (box(),))
    for key, value in kw.items():
        if isinstance(value, list):
            kw[key] = tuple(value)
    return Problem(id="test", day=DAY, **kw)


def line_travel(problem: Problem) -> Travel:
    """Measure the straight road: the same for every mode."""
    location: dict[tuple[str, str], int] = {}
    x: list[float] = []
    for kind, entries in (("client", problem.clients), ("place", problem.facility_by_id.values())):
        for entry in entries:
            location[kind, entry.id] = len(x)
            x.append(entry.lon / _DEGREES_A_MINUTE)
    minutes = np.abs(np.subtract.outer(np.array(x), np.array(x)))
    seconds = np.rint(minutes * 60).astype(np.int32)
    metres = np.rint(minutes * 300).astype(np.int32)
    modes = ("car", "ebike", "walk")
    lon, lat = np.array(x) * _DEGREES_A_MINUTE, np.zeros(len(x))
    by_mode = {mode: seconds.copy() for mode in modes}
    metres_by_mode = {mode: metres.copy() for mode in modes}
    walk_compounds(problem, location, lon, lat, by_mode, metres_by_mode)
    return Travel(
        network=cast("Any", SimpleNamespace(fingerprint="line", name="line")),
        location=location,
        lon=lon,
        lat=lat,
        points={},  # nothing is drawn
        seconds=by_mode,
        metres=metres_by_mode,
        setup=setup_of(problem, location),
    )


def without(name: str) -> tuple[Rule, ...]:
    """All rules but one."""
    rules = tuple(r for r in RULES if r.name != name)
    assert len(rules) == len(RULES) - 1
    return rules


def plan(
    problem: Problem,
    *,
    backend: str = "search",
    rules: Sequence[Rule] = RULES,
    iterations: int = 3_000,
    seed: int = 1,
) -> DayResult:
    """Plan on the line, by iterations alone: a busy machine finds the same plan."""
    params = limits(backend, iterations, seed=seed)
    return plan_day(problem, params, travel=line_travel(problem), rules=rules)


def limits(backend: str, iterations: int = 3_000, **more: Any) -> DayParams:
    """Limits of a small day; OR-Tools counts the solutions that it found, so it gets fewer."""
    limit = min(iterations, 200) if backend == "ortools" else iterations
    return DayParams(seconds=None, iterations=limit, backend=backend, stall=0, **more)


def compiled(problem: Problem, rules: Sequence[Rule] = RULES) -> Any:
    return compile_problem(problem, line_travel(problem), rules)


def stops(plan: Plan) -> dict[str, Stop]:
    """Order id -> its stop."""
    return {s.order: s for r in plan.routes for t in r.trips for s in t.stops}


def served(plan: Plan) -> set[str]:
    return set(stops(plan))


def served_by(plan: Plan) -> dict[str, str]:
    """Order id -> worker id."""
    return {s.order: r.worker for r in plan.routes for t in r.trips for s in t.stops}


def reasons(plan: Plan) -> dict[str, str]:
    return {u.order: u.reason for u in plan.unserved}
