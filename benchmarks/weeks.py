"""Weeks of a made-up city: how long planning takes, how few faces, at what price.

    python -m benchmarks.weeks --clients 2000 --workers 150 --weeks 4 --seed 1 --json out.json

Broken frequencies, gaps and entitlements are counted by the independent checker. ``seconds`` is the
wall-clock time of the plan with continuity, from weeks and network to the checked answer;
``cpu_seconds`` that of all threads; planning the same days without continuity is told apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from typing import Any

from benchmarks.arguments import out_file
from engine.domain.problem import SyntheticNetwork
from engine.networks import open_network
from engine.travel import build_travel
from engine.weeks.check import check_weeks
from engine.weeks.demo import demo_weeks
from engine.weeks.plan import WeeksParams, plan_weeks
from solvers.solve import warm_up


def measure(
    clients: int, workers: int, n_weeks: int, seed: int, params: WeeksParams, nodes: int
) -> dict[str, Any]:
    """Make up weeks, plan them, and count."""
    ref = SyntheticNetwork(nodes=nodes, seed=seed)
    network = open_network(ref)
    weeks = demo_weeks(ref, network, clients, workers, n_weeks, seed)
    warm_up()
    wall, cpu = time.perf_counter(), time.process_time()
    result = plan_weeks(weeks, params, network=network)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    report = result.report
    beside = result.stage_s.get("without", 0.0)
    travel = build_travel(weeks.base, network)
    broken = Counter(v.rule for v in check_weeks(weeks, result.plan, travel))
    totals, faces = report["totals"], report["faces"]
    other = report.get("without")
    return {
        "clients": clients, "workers": workers, "weeks": n_weeks, "seed": seed,
        "seconds": round(wall - beside, 1),
        "seconds_without": beside,
        "cpu_seconds": round(cpu, 1),
        "stages": result.stage_s,
        "iterations": report["run"]["iterations"],
        "visits": totals["visits"],
        "served": totals["served"],
        "unserved_by_reason": report["unserved_by_reason"],
        "faces_mean": faces["weekly"]["mean"],
        "faces_distribution": faces["weekly"]["distribution"],
        "faces_mean_all": faces["all"]["mean"],
        "faces_mean_without": other and other["faces"]["weekly"]["mean"],
        "cost": totals["cost_cents"],
        "cost_without": other and other["totals"]["cost_cents"],
        "travel_s": totals["travel_s"],
        "travel_s_without": other and other["totals"]["travel_s"],
        "hours": report["hours"],
        "broken_frequency": broken["frequency"],
        "broken_spacing": broken["spacing"],
        "broken_entitlement": broken["entitlements"],
        "broken_other": sum(broken.values()) - sum(
            broken[name] for name in ("frequency", "spacing", "entitlements")
        ),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--clients", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=150)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nodes", type=int, default=6_000)
    parser.add_argument("--seconds-a-day", type=float)
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--no-compare", action="store_true")
    parser.add_argument("--json", type=out_file)
    args = parser.parse_args()
    seconds = args.seconds_a_day
    if seconds is None and args.iterations is None:
        seconds = 10.0
    params = WeeksParams(
        seconds=seconds, iterations=args.iterations, seed=args.seed, compare=not args.no_compare
    )
    found = measure(args.clients, args.workers, args.weeks, args.seed, params, args.nodes)
    text = json.dumps(found, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text)


if __name__ == "__main__":
    main()
