"""Home care with double services: careroute on the literature's instances, checked from the rule.

    DATA=../shared/instances
    python -m benchmarks.home_care --files $DATA/hhcrsp/mankowska/*.json --best $DATA/bks.csv
        --seconds 10 --core 1 --json out.json

Reads the JSON files of Mankowska et al. and of the Italian cities. Every answer is checked and
measured by ``benchmarks.home_care_check``, which shares nothing with the search; one that breaks a
rule is shown with what it breaks, and has no gap. ``--best`` takes bks.csv and the ``BKS_*.csv``
tables. A value is matched within 0.005, as they are printed, and beaten by more.

Seconds are wall clock; with ``--cpu`` they are CPU seconds, for a busy machine.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.arguments import out_file
from benchmarks.home_care_check import check
from benchmarks.instances import InstanceError, read_instance
from benchmarks.report import show
from benchmarks.run_one import empty_row
from solvers.solve import SolveParams, solve

#: Costs are printed with two or three decimals.
EQUAL = 0.005
CLASSES = (10, 25, 50, 75, 100, 200, 300)
#: Names of the columns of tables of best-known values, by preference.
_NAMES, _COSTS = ("name", "instance"), ("cost", "bks", "best_published_cost_uniud")

Row = dict[str, Any]


def best_values(paths: Iterable[Path]) -> dict[str, float]:
    """Best-known cost by name of the instance in lower case, of all tables together.

    Raises
    ------
    InstanceError : no such file, or none of the known columns.
    """
    best: dict[str, float] = {}
    for path in paths:
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = csv.DictReader(file)
                names = [c for c in _NAMES if c in (rows.fieldnames or [])]
                costs = [c for c in _COSTS if c in (rows.fieldnames or [])]
                if not names or not costs:
                    raise InstanceError(f"{path}: not a table of best-known values")
                for row in rows:
                    if row[costs[0]]:
                        name = row[names[0]].removesuffix(".json").lower()
                        best[name] = float(row[costs[0]])
        except FileNotFoundError:
            raise InstanceError(f"{path}: no such table of best-known values") from None
        except ValueError as error:
            raise InstanceError(f"{path}: {error}") from None
    return best


def run_file(
    path: Path, seconds: float, seed: int, best: dict[str, float], *, by_cpu: bool = False
) -> tuple[Row, dict[str, Any]]:
    """Search one instance and check the answer; returns its row and its solution."""
    family = "hhcrsp_italian" if path.stem.startswith("instance_") else "hhcrsp_mankowska"
    instance = read_instance(path, family)
    data = json.loads(path.read_text(encoding="utf-8"))
    # What has to be compiled is, before the clock runs.
    solve(instance.model, SolveParams(time_limit_s=None, max_iterations=1))
    clock = time.process_time if by_cpu else time.perf_counter
    params = SolveParams(time_limit_s=seconds, seed=seed, clock=clock)
    began = time.process_time()
    result = solve(instance.model, params)
    cpu = time.process_time() - began
    needs = [
        (patient["id"], k) for patient in data["patients"]
        for k in range(len(patient["required_caregivers"]))
    ]
    routes = {
        caregiver["id"]: [needs[i] for i in route.tolist()]
        for caregiver, route in zip(data["caregivers"], result.routes, strict=True)
    }
    verdict = check(data, routes)
    row = empty_row("careroute", instance.name, family, instance.n) | {
        "seed": seed, "convention": instance.convention, "seconds": round(cpu, 2),
        "cost": round(verdict.cost, 3), "best_known": best.get(instance.name.lower()),
        "vehicles": sum(1 for route in routes.values() if route),
        "unserved": len(result.unassigned), "legal": not verdict.faults,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "iterations": result.iterations,
    }
    notes = [f"infeasible: {fault}" for fault in verdict.faults[:3]]
    if not by_cpu and cpu < 0.9 * min(seconds, result.elapsed_s):
        notes.append(f"the core was shared: {cpu:.1f} of {result.elapsed_s:.1f} s")
    if row["legal"] and row["best_known"]:
        row["gap_percent"] = round(100 * (verdict.cost / row["best_known"] - 1), 3) + 0.0
        if (word := against_best(row)) != "above":
            notes.insert(0, word)
    if notes:
        row["note"] = "; ".join(notes)
    return row, {
        "instance": instance.name, "cost": round(verdict.cost, 4), "seed": seed, "routes": routes
    }


def against_best(row: Row) -> str:
    """Tell whether a legal row has ``matched``, ``beaten`` or is ``above`` the value known."""
    apart = row["cost"] - row["best_known"]
    return "above" if apart > EQUAL else "matched" if apart >= -EQUAL else "beaten"


def size_class(n: int) -> int:
    """Return the class of sizes in the literature that is nearest."""
    return min(CLASSES, key=lambda size: (abs(size - n), -size))


def summary(rows: list[Row]) -> list[str]:
    """Lines for each family: what is matched and beaten, and the mean gap by size."""
    lines = []
    for family in dict.fromkeys(row["family"] for row in rows):
        of = [row for row in rows if row["family"] == family]
        known = [row for row in of if row["gap_percent"] is not None]
        words = [against_best(row) for row in known]
        lines.append(
            f"{family}: {words.count('beaten')} beaten, {words.count('matched')} matched, "
            f"{words.count('above')} above, of {len(known)} with a value; "
            f"{sum(1 for row in of if not row['legal'])} infeasible."
        )
        for size in CLASSES:
            gaps = [row["gap_percent"] for row in known if size_class(row["n"]) == size]
            if gaps:
                mean = sum(gaps) / len(gaps)
                lines.append(
                    f"{family}, about {size} patients: mean gap {mean:.2f} % of {len(gaps)}, "
                    f"{min(gaps):.2f} to {max(gaps):.2f} %."
                )
    return lines


def save_solution(folder: Path, solution: dict[str, Any]) -> None:
    """Write a solution, unless a cheaper one of the instance is there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{solution['instance']}.json"
    if path.is_file() and json.loads(path.read_text())["cost"] <= solution["cost"]:
        return
    path.write_text(json.dumps(solution, separators=(",", ":")) + "\n", encoding="utf-8")


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.home_care", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", nargs="+", type=Path, metavar="F", required=True)
    parser.add_argument("--best", nargs="+", type=Path, default=[], metavar="bks.csv",
                        help="tables of best-known values; a later one counts")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S",
                        help="seconds of search (default 10)")
    parser.add_argument("--cpu", action="store_true", help="count CPU seconds")
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, default=1, metavar="N")
    seeds.add_argument("--seeds", metavar="N,N,...", help="a run each; median and spread are shown")
    parser.add_argument("--core", type=int, metavar="N", help="core to run on (default: any)")
    parser.add_argument("--json", type=out_file, metavar="OUT", help="write the rows to this file")
    parser.add_argument("--solutions", type=Path, metavar="FOLDER",
                        help="write legal answers here, the cheapest of each instance")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code is 1 if an answer is infeasible, 2 if a file is no good."""
    args = parse_arguments(argv)
    errors = Console(stderr=True)
    rows: list[Row] = []
    try:
        if not args.seconds > 0:
            raise InstanceError(f"--seconds: {args.seconds} is not a time")
        try:
            seeds = [int(word) for word in (args.seeds or str(args.seed)).split(",")]
        except ValueError:
            raise InstanceError(f"--seeds: {args.seeds} are not numbers") from None
        if args.core is not None and hasattr(os, "sched_setaffinity"):
            cores = os.sched_getaffinity(0)
            if args.core not in cores:
                raise InstanceError(f"--core: {args.core} is not among {sorted(cores)}")
            os.sched_setaffinity(0, {args.core})
        best = best_values(args.best)
        for path in args.files:
            for seed in seeds:
                row, solution = run_file(path, args.seconds, seed, best, by_cpu=args.cpu)
                rows.append(row)
                if args.solutions and row["legal"]:
                    save_solution(args.solutions, solution)
                if args.json:  # after each run, so that a stopped one leaves what it had
                    args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    except InstanceError as error:
        errors.print(f"home_care: {error}", markup=False, soft_wrap=True)
        return 2
    console = Console()
    show(rows, console if console.is_terminal else Console(width=150))
    for line in summary(rows):
        console.print(line, markup=False, soft_wrap=True)
    return int(not all(row["legal"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
