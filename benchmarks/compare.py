"""Compare careroute with other engines on public instances.

    DATA=../shared/instances
    python -m benchmarks.compare --family solomon_dimacs --files $DATA/solomon/R101.txt
        --best $DATA/bks.csv --seconds 10 --solvers careroute,ortools,pyvrp,vroom

Each run is a process of its own on one core, one after another, with the same time of search (CPU
seconds where an engine can count them, else wall clock; the CPU seconds used are stated). Every
cost is recomputed from the routes, by the one evaluator or, where the published objective is not an
integer one, in double precision. With several seeds the tables show the median run and the spread.
See ``benchmarks/peers`` for how each engine is used, ``benchmarks/instances`` for the conventions
of the families, which the tables state.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.arguments import at_least, out_file
from benchmarks.instances import (
    InstanceError,
    best_known_table,
    family_files,
    family_of,
    read_instance,
    shared_folder,
)
from benchmarks.peers import PEERS
from benchmarks.report import markdown, show
from benchmarks.run_one import empty_row

ROOT = Path(__file__).resolve().parents[1]
#: Reading, model building, compilation and slow sweeps of a peer, on top of its time of search.
_GRACE_S = 300.0
#: Instance files up to this size are read before the first run.
_READ_FIRST_BYTES = 200_000


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", help="family name as in bks.csv; default: told by each file")
    parser.add_argument("--files", nargs="+", type=Path, metavar="F",
                        help="instance files; default: those of the family in the table")
    parser.add_argument("--best", type=Path, metavar="bks.csv",
                        help="table of best-known values; default: that of the shared folder")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S",
                        help="seconds of search (default 10)")
    parser.add_argument("--solvers", default=",".join(PEERS), help="comma-separated, in this order")
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, default=1, metavar="N")
    seeds.add_argument("--seeds", metavar="N,N,...", help="a run each; median and spread are shown")
    parser.add_argument("--json", type=out_file, metavar="OUT", help="write the rows to this file")
    parser.add_argument("--markdown", type=out_file, metavar="OUT",
                        help="write a table ready to paste")
    parser.add_argument("--limit", type=at_least(1), metavar="K", help="only the first K instances")
    parser.add_argument("--core", type=int, metavar="N", help="core to run on (default: the last)")
    return parser.parse_args(argv)


def plan_runs(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Check what was asked for before anything runs; returns one spec a run.

    Raises
    ------
    InstanceError : with the one thing that is wrong, in words for the command line.
    """
    solvers = [name.strip() for name in args.solvers.split(",") if name.strip()]
    unknown = [name for name in solvers if name not in PEERS]
    if unknown or not solvers:
        raise InstanceError(f"--solvers: {', '.join(unknown) or 'none'}; known: {', '.join(PEERS)}")
    if not args.seconds > 0:
        raise InstanceError(f"--seconds: {args.seconds} is not a time")
    try:
        seeds = [int(word) for word in (args.seeds or str(args.seed)).split(",")]
    except ValueError:
        raise InstanceError(f"--seeds: {args.seeds} are not numbers") from None
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if args.core is not None and args.core not in cores:
        raise InstanceError(f"--core: {args.core} is not among {cores}")
    best = args.best
    if best is None:
        usual = shared_folder() / "instances" / "bks.csv"
        best = usual if usual.is_file() else None
    table = {} if best is None else best_known_table(best)
    if args.files is None and (best is None or args.family is None):
        raise InstanceError("--files, or --family and --best, tell which instances to run")
    files = args.files or family_files(args.family, table, best.parent)
    files = files[: args.limit] if args.limit is not None else files
    if not files:
        raise InstanceError(f"no instances of family {args.family}")
    for file in files:
        if not file.is_file():
            what = "a folder; name its files" if file.is_dir() else "no such file"
            raise InstanceError(f"{file}: {what}")
    families = {file: args.family or family_of(file, table) for file in files}
    for file in files:
        # A fault is better told now than after an hour; large matrices are left to the runs.
        if file.stat().st_size <= _READ_FIRST_BYTES:
            read_instance(file, families[file], table)
    core = args.core if args.core is not None else (cores[-1] if cores else None)
    return [
        {
            "solver": solver, "file": str(file), "family": families[file], "seconds": args.seconds,
            "seed": seed, "core": core, "best": None if best is None else str(best),
        }
        for file in files
        for solver in solvers
        for seed in seeds
    ]


def run_in_process(spec: dict[str, Any]) -> dict[str, Any]:
    """Run one spec in its own process; a crash or a hang becomes a note.

    Raises
    ------
    InstanceError : the instance turned out to be malformed.
    """
    row = empty_row(spec["solver"], Path(spec["file"]).stem, spec["family"], None)
    row["seed"] = spec["seed"]
    with tempfile.TemporaryDirectory() as folder:
        inp, out = Path(folder) / "spec.json", Path(folder) / "row.json"
        inp.write_text(json.dumps(spec), encoding="utf-8")
        # One thread each: a library that starts a pool would only fight itself on one core.
        env = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [env.get("PYTHONPATH")])])
        limit = 3 * spec["seconds"] + _GRACE_S
        try:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.run_one", str(inp), str(out)],
                env=env, capture_output=True, text=True, timeout=limit, check=False,
            )
        except subprocess.TimeoutExpired:
            return row | {"note": f"ended after {limit:.0f} s without an answer"}
        if done.returncode or not out.is_file():
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            return row | {"note": f"failed: {last}"}
        row = dict(json.loads(out.read_text(encoding="utf-8")))
    if "fault" in row:
        raise InstanceError(row["fault"])
    return row


def main(argv: list[str] | None = None) -> int:
    args = parse_arguments(argv)
    errors = Console(stderr=True)
    try:
        specs = plan_runs(args)
        rows = run_all(specs, args.json, errors)
    except InstanceError as error:
        errors.print(f"compare: {error}", markup=False, soft_wrap=True)
        return 2
    console = Console()
    # Piped into a file, rich assumes 80 columns and would cut the figures.
    show(rows, console if console.is_terminal else Console(width=150))
    if args.markdown:
        args.markdown.write_text(markdown(rows), encoding="utf-8")
    return 0


def run_all(
    specs: list[dict[str, Any]], out: Path | None, console: Console
) -> list[dict[str, Any]]:
    """Run the specs in turn; rows are saved after each run, so a stopped comparison leaves them."""
    rows: list[dict[str, Any]] = []
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(specs))
        for spec in specs:
            progress.update(task, description=f"{Path(spec['file']).stem} {spec['solver']}")
            rows.append(run_in_process(spec))
            progress.advance(task)
            if out:
                out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return rows


if __name__ == "__main__":
    sys.exit(main())
