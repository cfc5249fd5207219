"""How the search scales: ``python -m benchmarks.scale --sizes 1000,10000,100000 --json OUT``.

Every size is a process of its own on a generated day (``benchmarks.instances.large``). Seconds are
CPU seconds of one process, so that a busy machine does not distort them; the search reads them as
its clock. Memory is the peak of the process, with the model and everything imported.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

from benchmarks.arguments import out_file, sizes

COLUMNS = (
    "tasks", "vehicles", "build_s", "first_plan_s", "first_cost", "first_unserved", "seconds",
    "iterations", "iterations_per_s", "cost", "unserved", "used", "memory_mb",
)


def measure(n: int, seconds: float, seed: int) -> dict[str, Any]:
    """Build a day, search it, and tell what it took."""
    time.perf_counter = time.process_time
    from benchmarks.instances.large import large_day
    from solvers.evaluation import evaluate
    from solvers.solve import Progress, SolveParams, solve, warm_up

    warm_up()
    began = time.process_time()
    model = large_day(n, seed)
    built = time.process_time() - began
    first: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        if not first and progress.iterations > 0:
            first.append(progress)

    result = solve(model, SolveParams(time_limit_s=seconds, seed=seed, on_progress=on_progress))
    figures = evaluate(model, result.routes)
    assert not figures.violations, figures.violations[:3]
    begun = first[0] if first else None
    searched = result.elapsed_s - (begun.elapsed_s if begun else 0.0)
    iterations = result.iterations - (begun.iterations if begun else 0)
    return dict(zip(COLUMNS, (
        n, model.arrays.n_vehicles, round(built, 2),
        round(begun.elapsed_s, 2) if begun else None, begun.cost if begun else None,
        begun.n_unassigned if begun else None, round(result.elapsed_s, 2), result.iterations,
        round(iterations / searched) if searched > 0 else None, figures.cost,
        len(figures.unassigned), figures.n_used,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    ), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=sizes, default="1000,3000,10000,30000,100000")
    parser.add_argument("--seconds", type=float, default=60.0, help="of search, a size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=out_file, help="write the rows here")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        print(json.dumps(measure(given.one, given.seconds, given.seed)))
        return
    found = []
    print("  ".join(f"{c:>16}" for c in COLUMNS))
    for size in given.sizes:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.scale", "--one", str(size), "--seconds",
             str(given.seconds), "--seed", str(given.seed)],
            capture_output=True, text=True, check=False,
        )
        if done.returncode:
            sys.exit(done.stderr)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        print("  ".join(f"{found[-1][c]!s:>16}" for c in COLUMNS), flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
