"""One solver on one instance in a process of its own: ``python -m benchmarks.run_one SPEC OUT``.

SPEC and OUT are JSON files; ``benchmarks.compare`` writes the first and reads the second. A process
a run keeps imports, caches and memory of one engine away from the next, and its peak memory is a
number of the operating system. Peak memory includes Python and the instance itself.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.instances import Instance, InstanceError, best_known_table, read_instance
from benchmarks.peers import PEERS, Outcome
from solvers.errors import Unsupported
from solvers.evaluation import evaluate


def empty_row(solver: str, instance: str, family: str, n: int | None) -> dict[str, Any]:
    """Return a row with nothing known about the run.

    ``legal`` tells whether the answer is complete and breaks no rule; only then it has a gap, and
    where vehicles count before cost only with as many vehicles as the best known.
    """
    return {
        "solver": solver, "instance": instance, "family": family, "n": n, "seed": None,
        "convention": None, "seconds": None, "cost": None, "best_known": None, "gap_percent": None,
        "vehicles": None, "best_vehicles": None, "unserved": None, "legal": False,
        "memory_mb": None, "iterations": None,
    }


def row_of(solver: str, instance: Instance, seed: int | None) -> dict[str, Any]:
    """Return a row with what is known before the run."""
    return empty_row(solver, instance.name, instance.family, instance.n) | {
        "seed": seed, "convention": instance.convention, "best_known": instance.best_known,
        "best_vehicles": instance.best_vehicles if instance.fewest_vehicles else None,
    }


def _time_note(outcome: Outcome, seconds: float) -> str:
    """Say when a run did not use the time that all were given."""
    if outcome.cpu_s > 1.1 * seconds + 0.5:
        return f"overran {seconds:g} s"
    if outcome.wall_s < 0.9 * seconds:
        return "stopped by itself"
    if outcome.cpu_s < 0.9 * min(seconds, outcome.wall_s):
        return f"the core was shared: {outcome.cpu_s:.1f} of {outcome.wall_s:.1f} s"
    return ""


class _Figures(NamedTuple):
    """Of an answer, by the evaluator or by the family's own measure."""

    cost: float
    shown: float
    vehicles: int
    unserved: int
    required_lost: int
    violations: tuple[str, ...]


def _measure(instance: Instance, routes: list[list[int]]) -> _Figures:
    model = instance.model
    if instance.exact is not None:
        exact = instance.exact(routes)
        lost = sum(1 for i in exact.unserved if model.task_required[i])
        return _Figures(
            exact.cost, round(exact.cost, 3), exact.vehicles, len(exact.unserved), lost,
            exact.violations,
        )
    figures = evaluate(model, routes)
    required_lost = [i for i in figures.unassigned if model.task_required[i]]
    # The price of leaving out a required task is a device of the model, not a cost of the plan.
    device = int(model.task_prize[required_lost].sum()) if required_lost else 0
    cost = (figures.cost - device) / instance.scale
    return _Figures(
        cost, int(cost) if instance.scale == 1 else round(cost, 1), figures.n_used,
        len(figures.unassigned), len(required_lost), figures.violations,
    )


def make_row(
    solver: str, instance: Instance, outcome: Outcome, seconds: float, seed: int | None = None
) -> dict[str, Any]:
    """Measure an outcome; a gap needs a complete and legal answer."""
    figures = _measure(instance, outcome.routes)
    row = row_of(solver, instance, seed)
    row |= {
        "seconds": round(outcome.cpu_s, 2),
        "cost": figures.shown,
        "vehicles": figures.vehicles,
        "unserved": figures.unserved,
        "legal": not figures.violations and not figures.required_lost,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "iterations": outcome.iterations,
    }
    notes = [note for note in (outcome.note, _time_note(outcome, seconds)) if note]
    if figures.violations:
        more = len(figures.violations) - 1
        notes.append(f"infeasible: {figures.violations[0]}" + (f", {more} more" if more else ""))
    if figures.required_lost:
        notes.append(f"{figures.required_lost} required tasks left out")
    if row["legal"] and instance.best_known:
        apart = figures.vehicles - (row["best_vehicles"] or figures.vehicles)
        if apart:
            which = "more" if apart > 0 else "fewer"
            notes.append(f"{abs(apart)} vehicles {which} than best known")
        else:
            gap = round(100 * (figures.cost / instance.best_known - 1), 3)
            row["gap_percent"] = gap + 0.0  # no -0.0
    if notes:
        row["note"] = "; ".join(notes)
    return row


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Read the instance, run the solver, measure; an engine's refusal becomes a note."""
    table = best_known_table(Path(spec["best"])) if spec["best"] else None
    instance = read_instance(Path(spec["file"]), spec["family"], table)
    row = row_of(spec["solver"], instance, spec["seed"])
    try:
        outcome = PEERS[spec["solver"]](instance, spec["seconds"], spec["seed"])
    except ImportError as error:
        return row | {"note": f"not installed: {error.name}"}
    except Unsupported as error:
        return row | {"note": f"cannot express this instance: {error}"}
    return make_row(spec["solver"], instance, outcome, spec["seconds"], spec["seed"])


def main() -> None:
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if spec["core"] is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {spec["core"]})
    try:
        row = run(spec)
    except InstanceError as error:
        row = {"fault": str(error)}
    Path(sys.argv[2]).write_text(json.dumps(row), encoding="utf-8")


if __name__ == "__main__":
    main()
