"""Strict check of a home-care answer, from the published rule alone: no model, no evaluation.

    python -m benchmarks.home_care_check INSTANCE.json SOLUTION.json...

The rule, of Mankowska, Meisel and Bierwirth (2014): every service of a patient is given once, by a
caregiver who is able to; two services of a patient by different caregivers, at the same time or the
second one within a gap after the first; none starts before the patient's window, and lateness is
the time from its end to the start. Caregivers leave the office at 0 and go back to it. Cost is the
mean of total distance, total lateness and greatest lateness. The numbers are those of the file.

A solution names the routes alone; the timetable made here is the earliest one. Starting earlier
never costs more, and if the earliest starts are too far apart, so are all others.
"""

from __future__ import annotations

import json
import math
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

#: Sums of doubles: what is broken by less is rounding.
ROUNDING = 1e-6

#: A service: number of the patient in the file, and of the service within the patient.
Need = tuple[int, int]


class Verdict(NamedTuple):
    """What an answer costs, and what it breaks."""

    cost: float
    distance: float
    total_lateness: float
    greatest_lateness: float
    starts: dict[Need, float]
    faults: tuple[str, ...]


def check(data: dict[str, Any], routes: dict[str, list[tuple[str, int]]]) -> Verdict:
    """Check routes, (patient, number of the service) by caregiver, against an instance."""
    patients = {patient["id"]: x for x, patient in enumerate(data["patients"])}
    abilities = {caregiver["id"]: caregiver["abilities"] for caregiver in data["caregivers"]}
    faults, giver = [], dict[Need, str]()
    plan: dict[str, list[Need]] = {}
    for caregiver, visits in routes.items():
        if caregiver not in abilities:
            faults.append(f"no caregiver {caregiver}")
            continue
        plan[caregiver] = []
        for name, k in visits:
            needs = data["patients"][patients[name]]["required_caregivers"] if (
                name in patients
            ) else []
            if not 0 <= k < len(needs):
                faults.append(f"{caregiver}: no service {k} at {name}")
                continue
            need = (patients[name], k)
            if need in giver:
                faults.append(f"{name}: service {k} is given twice")
                continue
            giver[need] = caregiver
            plan[caregiver].append(need)
            if needs[k]["service"] not in abilities[caregiver]:
                faults.append(f"{caregiver}: is not able to {needs[k]['service']} at {name}")
    starts = _earliest(data, plan)
    if starts is None:
        faults.append("visits wait for each other in a circle")
        starts = {need: data["patients"][need[0]]["time_window"][0] for need in giver}
    lateness = [0.0]
    for x, patient in enumerate(data["patients"]):
        needs = range(len(patient["required_caregivers"]))
        faults += [f"{patient['id']}: service {k} is not given" for k in needs if (
            (x, k) not in giver
        )]
        given = [(x, k) for k in needs if (x, k) in giver]
        early, late = patient["time_window"]
        for need in given:
            if starts[need] < early - ROUNDING:
                faults.append(f"{patient['id']}: starts {early - starts[need]:g} too early")
            lateness.append(max(0.0, starts[need] - late))
        if len(given) == 2:
            if giver[given[0]] == giver[given[1]]:
                faults.append(f"{patient['id']}: one caregiver for both services")
            least, most = _gap(patient)
            apart = starts[given[1]] - starts[given[0]]
            if not least - ROUNDING <= apart <= most + ROUNDING:
                faults.append(f"{patient['id']}: {apart:g} apart, not {least:g} to {most:g}")
    distance = 0.0
    for visits_of in plan.values():
        places = [0, *(x + 1 for x, _ in visits_of), 0]
        distance += sum(data["distances"][a][b] for a, b in pairwise(places))
    total, greatest = math.fsum(lateness), max(lateness)
    return Verdict(
        (distance + total + greatest) / 3, distance, total, greatest, starts, tuple(faults)
    )


def _gap(patient: dict[str, Any]) -> tuple[float, float]:
    rule = patient["synchronization"]
    if rule["type"] == "simultaneous":
        return 0.0, 0.0
    least, most = rule["distance"]
    return float(least), float(most)


def _earliest(
    data: dict[str, Any], plan: dict[str, list[Need]]
) -> dict[Need, float] | None:
    """Find the earliest starts by raising what comes too early; None if that never ends."""
    starts: dict[Need, float] = {}
    orders: list[tuple[Need, Need, float]] = []  # the second starts so much after the first
    for visits in plan.values():
        before = None
        for x, k in visits:
            patient = data["patients"][x]
            here = x + 1
            starts[x, k] = float(patient["time_window"][0])
            if before is None:
                starts[x, k] = max(starts[x, k], float(data["distances"][0][here]))
            else:
                y, j = before
                service = data["patients"][y]["required_caregivers"][j]["duration"]
                orders.append((before, (x, k), service + data["distances"][y + 1][here]))
            before = (x, k)
    for x, patient in enumerate(data["patients"]):
        if (x, 0) in starts and (x, 1) in starts:
            least, most = _gap(patient)
            orders += [((x, 0), (x, 1), least), ((x, 1), (x, 0), -most)]
    for _ in range(len(starts) + 1):
        is_settled = True
        for one, other, gap in orders:
            if starts[other] < starts[one] + gap - ROUNDING / 1000:
                starts[other] = starts[one] + gap
                is_settled = False
        if is_settled:
            return starts
    return None


def read_solution(path: Path) -> dict[str, list[tuple[str, int]]]:
    """Read the routes of a file that ``benchmarks.home_care`` wrote."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return {name: [(who, int(k)) for who, k in route] for name, route in told["routes"].items()}


def main(argv: list[str]) -> int:
    """Check solution files of one instance; the exit code is 1 if one breaks a rule."""
    if len(argv) < 2:
        print(__doc__)
        return 2
    data = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    broken = 0
    for name in argv[1:]:
        verdict = check(data, read_solution(Path(name)))
        broken += bool(verdict.faults)
        print(f"{name}: {verdict.cost:.3f}, {'; '.join(verdict.faults) or 'no fault'}")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
