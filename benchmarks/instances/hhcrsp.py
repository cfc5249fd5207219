"""Home health care with double services: JSON of Mankowska et al. and of the Italian cities.

A patient needs one service or two, by different caregivers, both together or the second within a
gap after the first. A service may start late; it may not start early. Cost is the mean of total
distance, total tardiness and greatest tardiness. The numbers have at most three decimals, so the
model counts in thousandths without rounding anything, and three times the cost is an integer. In
some Italian files a whole number has lost its last bit (431.99999999999994); it is meant here as
432. Two published solutions start a minute early; reading 431 there would explain them.

Source: Mankowska, Meisel, Bierwirth, "The home health care routing and scheduling problem with
interdependent services", Health Care Management Science 17 (2014); Ceschia, Di Gaspero, Schaerf
(2024) for the JSON and the Italian instances.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.instances.base import Exact, Instance, InstanceError
from solvers.builder import ModelBuilder
from solvers.model import TIME_MAX, RoutingModel

UNIT = 1000
CONVENTION = (
    "(total distance + total tardiness + greatest tardiness) / 3, doubles; search in thousandths"
)
#: Times are sums of doubles; an order that is broken by less is rounding and not a fault.
TOLERANCE = 1e-6


class Visit(NamedTuple):
    """One service at one patient."""

    location: int
    service: str
    duration: float
    early: float
    late: float


class Tie(NamedTuple):
    """Second visit minus first visit in [least, most], by different caregivers."""

    first: int
    second: int
    least: float
    most: float


class Routes:
    """Measures routes of caregivers in double precision, with the timetable of the file's rules.

    Parameters
    ----------
    distance : shape (1 + patients, 1 + patients); row 0 is the office.
    visits : task ``i`` is ``visits[i]``.
    ties : of double services.
    abilities : services by caregiver.
    """

    def __init__(
        self, distance: NDArray[np.float64], visits: Sequence[Visit], ties: Sequence[Tie],
        abilities: Sequence[frozenset[str]],
    ) -> None:
        self.distance, self.visits, self.ties, self.abilities = distance, visits, ties, abilities

    def __call__(self, routes: Sequence[Sequence[int]]) -> Exact:
        """Measure one list of task indexes a caregiver; starts are the earliest possible."""
        faults: list[str] = []
        n = len(self.visits)
        by: dict[int, int] = {}
        plan: list[list[int]] = []
        for c, route in enumerate(routes):
            known = [int(i) for i in route if 0 <= i < n and c < len(self.abilities)]
            faults += [f"caregiver {c}: no such visit or caregiver"] * (len(known) < len(route))
            for i in known:
                if i in by:
                    faults.append(f"task {i}: visited twice")
                by[i] = c
                if self.visits[i].service not in self.abilities[c]:
                    faults.append(f"task {i}: caregiver {c} may not serve it")
            plan.append(known)
        starts = self._starts(plan, by)
        if starts is None:
            faults.append("visits wait for each other in a circle")
            starts = {i: self.visits[i].early for i in by}
        for tie in self.ties:
            if (tie.first in by) != (tie.second in by):
                faults.append(f"tasks {tie.first} and {tie.second}: one without the other")
            elif tie.first in by:
                gap = starts[tie.second] - starts[tie.first]
                if not tie.least - TOLERANCE <= gap <= tie.most + TOLERANCE:
                    faults.append(f"tasks {tie.first} and {tie.second}: {gap:g} apart")
                if by[tie.first] == by[tie.second]:
                    faults.append(f"tasks {tie.first} and {tie.second}: the same caregiver")
        travel = sum(self._length(route) for route in plan)
        tardiness = [max(0.0, start - self.visits[i].late) for i, start in starts.items()]
        cost = (travel + sum(tardiness) + max(tardiness, default=0.0)) / 3
        unserved = tuple(i for i in range(n) if i not in by)
        return Exact(cost, sum(1 for route in plan if route), unserved, tuple(faults))

    def _length(self, route: list[int]) -> float:
        places = [0, *(self.visits[i].location for i in route), 0]
        return float(self.distance[places[:-1], places[1:]].sum())

    def _starts(self, plan: list[list[int]], by: dict[int, int]) -> dict[int, float] | None:
        """Compute the least starts by sweeps, as longest paths are; None if they never settle."""
        starts = {i: self.visits[i].early for i in by}
        ties = [tie for tie in self.ties if tie.first in by and tie.second in by]
        for _ in range(len(by) + 2):
            before = dict(starts)
            for route in plan:
                here, clock = 0, 0.0
                for i in route:
                    visit = self.visits[i]
                    clock += float(self.distance[here, visit.location])
                    starts[i] = clock = max(starts[i], clock)
                    here, clock = visit.location, clock + visit.duration
            for first, second, least, most in ties:
                starts[second] = max(starts[second], starts[first] + least)
                starts[first] = max(starts[first], starts[second] - most)
            if all(starts[i] - before[i] < TOLERANCE / 100 for i in starts):
                return starts
        return None


def read(path: Path, family: str) -> Instance:
    """Read one file; all caregivers start and end at the one office, row 0 of the distances."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or len(data["central_offices"]) != 1:
        raise InstanceError(f"{path}: not an instance with one central office")
    distance = np.array(data["distances"], dtype=np.float64)
    if distance.shape != (len(data["patients"]) + 1,) * 2:
        raise InstanceError(f"{path}: distances {distance.shape} for the office and its patients")
    visits: list[Visit] = []
    ties: list[Tie] = []
    for location, patient in enumerate(data["patients"], start=1):
        early, late = patient["time_window"]
        needs = patient["required_caregivers"]
        visits += [
            Visit(location, need["service"], need["duration"], early, late) for need in needs
        ]
        if len(needs) == 2:
            ties.append(Tie(len(visits) - 2, len(visits) - 1, *_gap(patient["synchronization"])))
        elif len(needs) != 1:
            raise InstanceError(f"{path}: patient {patient['id']} needs {len(needs)} caregivers")
    abilities = [frozenset(caregiver["abilities"]) for caregiver in data["caregivers"]]
    model = _build(path, distance, visits, ties, abilities)
    exact = Routes(distance, visits, ties, abilities)
    return Instance(
        path.stem, family, len(data["patients"]), CONVENTION, 3 * UNIT, model, exact=exact
    )


def _gap(synchronization: dict[str, Any]) -> tuple[float, float]:
    if synchronization["type"] == "simultaneous":
        return 0.0, 0.0
    if synchronization["type"] != "sequential":
        raise ValueError(f"synchronization {synchronization['type']!r}")
    least, most = synchronization["distance"]
    return float(least), float(most)


def _build(
    path: Path, distance: NDArray[np.float64], visits: Sequence[Visit], ties: Sequence[Tie],
    abilities: Sequence[frozenset[str]],
) -> RoutingModel:
    def count(value: float) -> int:
        if abs(UNIT * value - round(UNIT * value)) > 1e-6:
            raise InstanceError(f"{path}: {value} has more than three decimals")
        return round(UNIT * value)

    whole = np.round(UNIT * distance)
    if np.abs(UNIT * distance - whole).max(initial=0) > 1e-6:
        raise InstanceError(f"{path}: distances have more than three decimals")
    builder = ModelBuilder()
    builder.add_matrix(whole.astype(np.int32))
    builder.price_worst = 1
    for visit in visits:
        builder.add_task(
            visit.location, service=count(visit.duration), windows=[(count(visit.early), TIME_MAX)],
            skills=[visit.service], soft_late=count(visit.late), late_price=1,
        )
    for tie in ties:
        builder.add_link(
            tie.first, tie.second, least=count(tie.least), most=count(tie.most), worker="other"
        )
    for able in abilities:
        builder.add_vehicle(0, 0, skills=able)
    return builder.build()
