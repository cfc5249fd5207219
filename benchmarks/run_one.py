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
from typing import Any

from benchmarks.instances import Instance, InstanceError, best_known_table, read_instance
from benchmarks.peers import PEERS, Outcome
from solvers.errors import Unsupported
from solvers.evaluation import evaluate


def empty_row(solver: str, instance: str, family: str, n: int | None) -> dict[str, Any]:
    """Return a row with nothing known about the run."""
    return {
        "solver": solver, "instance": instance, "family": family, "n": n, "seconds": None,
        "cost": None, "best_known": None, "gap_percent": None, "vehicles": None, "unserved": None,
        "memory_mb": None, "iterations": None,
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


def make_row(
    solver: str, instance: Instance, outcome: Outcome, seconds: float
) -> dict[str, Any]:
    """Measure an outcome by the one evaluator; a gap needs a complete and legal answer."""
    figures = evaluate(instance.model, outcome.routes)
    required_lost = [i for i in figures.unassigned if instance.model.task_required[i]]
    # The price of leaving out a required task is a device of the model, not a cost of the plan.
    device = int(instance.model.task_prize[required_lost].sum()) if required_lost else 0
    cost = (figures.cost - device) / instance.scale
    row = empty_row(solver, instance.name, instance.family, instance.n)
    row |= {
        "seconds": round(outcome.cpu_s, 2),
        "cost": int(cost) if instance.scale == 1 else round(cost, 1),
        "best_known": instance.best_known,
        "vehicles": figures.n_used,
        "unserved": len(figures.unassigned),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "iterations": outcome.iterations,
    }
    notes = [note for note in (outcome.note, _time_note(outcome, seconds)) if note]
    if figures.violations:
        more = len(figures.violations) - 1
        notes.append(f"infeasible: {figures.violations[0]}" + (f", {more} more" if more else ""))
    if required_lost:
        notes.append(f"{len(required_lost)} required tasks left out")
    if instance.best_known and not figures.violations and not required_lost:
        row["gap_percent"] = round(100 * (cost / instance.best_known - 1), 3)
    if notes:
        row["note"] = "; ".join(notes)
    return row


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Read the instance, run the solver, measure; an engine's refusal becomes a note."""
    table = best_known_table(Path(spec["best"])) if spec["best"] else None
    instance = read_instance(Path(spec["file"]), spec["family"], table)
    row = empty_row(spec["solver"], instance.name, instance.family, instance.n)
    row["best_known"] = instance.best_known
    try:
        outcome = PEERS[spec["solver"]](instance.model, spec["seconds"], spec["seed"])
    except ImportError as error:
        return row | {"note": f"not installed: {error.name}"}
    except Unsupported as error:
        return row | {"note": f"cannot express this instance: {error}"}
    return make_row(spec["solver"], instance, outcome, spec["seconds"])


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
