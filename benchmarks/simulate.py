"""A city day lived through: ``python -m benchmarks.simulate --seeds 50 --alarms 60 --json OUT``.

Makes a day on a network (a file, or synthetic), plans it, and simulates it under every policy. The
two questions: are more alarms answered within the standard than by sending the nearest worker, and
are fewer clients moved than by planning everything anew at each change?
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from pathlib import Path
from typing import Any

from benchmarks.arguments import out_file

#: figure -> the policy that ours, with and without cover, is held against.
QUESTIONS = {"within": "nearest", "moved": "replan"}
_OURS = ("ours", "cover")


def make_day(orders: int, workers: int, nodes: int, iterations: int, network: str | None) -> Any:
    """Make a day without alarms, and plan it: the same arguments give the same plan."""
    import geodata
    from engine.change_kinds import with_parts
    from engine.day import DayParams, plan_day
    from engine.domain.problem import SyntheticNetwork
    from engine.scenario import demo_problem

    ref = SyntheticNetwork(nodes=nodes, seed=1)
    streets = geodata.read_network(network) if network else geodata.synthetic_city(nodes, seed=1)
    problem = demo_problem(ref, streets, n_orders=orders, n_workers=workers, seed=1)
    problem = with_parts(
        problem, orders=tuple(o for o in problem.orders if o.kind != "emergency")
    )
    result = plan_day(
        problem, DayParams(seconds=None, iterations=iterations, seed=1), network=streets
    )
    return problem, result.plan, result.travel


def run(given: argparse.Namespace) -> dict[str, Any]:
    """Simulate, and answer the two questions."""
    from engine.simulation.params import SimulationParams
    from engine.simulation.run import make_case, run_days
    from engine.simulation.summary import summarize

    if given.day and Path(given.day).exists():
        day = pickle.loads(Path(given.day).read_bytes())
    else:
        day = make_day(
            given.orders, given.workers, given.nodes, given.plan_iterations, given.network
        )
        if given.day:
            Path(given.day).write_bytes(pickle.dumps(day))
    params = SimulationParams(
        seeds=given.seeds, first_seed=given.seed, alarms=given.alarms,
        replan_iterations=given.replan_iterations,
        policies=tuple(given.policies.split(",")),
    )

    def tell(share: float) -> None:
        print(f"\r{share:4.0%}", end="", file=sys.stderr, flush=True)

    summary = summarize(run_days(make_case(*day, params), given.jobs, tell), params)
    summary["day"] = {"orders": len(day[0].orders), "workers": len(day[0].workers),
                      "served": day[1].totals.served, "network": day[2].network.name}
    summary["answers"] = answers(summary)
    return summary


def answers(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Hold ours, with and without cover, against each question's policy."""
    found = []
    for figure, other in QUESTIONS.items():
        for ours in _OURS:
            for pair in summary["differences"]:
                if {pair["first"], pair["second"]} != {ours, other}:
                    continue
                sign = 1 if pair["second"] == ours else -1
                one = pair["figures"][figure]
                ends = (sign * one["low"], sign * one["high"]) if one["low"] is not None else None
                found.append({
                    "figure": figure, "ours": ours, "other": other, "mean": sign * one["mean"],
                    "low": min(ends) if ends else None, "high": max(ends) if ends else None,
                    "better": None if one["better"] is None else one["better"] == (sign > 0),
                })
    return found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1, help="the first")
    parser.add_argument("--alarms", type=int, default=60)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--nodes", type=int, default=6_000, help="of the synthetic city")
    parser.add_argument("--network", help="a network file instead")
    parser.add_argument("--plan-iterations", type=int, default=20_000)
    parser.add_argument("--replan-iterations", type=int, default=1_000)
    parser.add_argument("--policies", default="nearest,ours,cover,replan")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--day", help="keep the planned day in this file, or take it from there")
    parser.add_argument("--html", type=out_file, help="write the picture and the tables here")
    parser.add_argument("--json", type=out_file, help="write everything here")
    summary = run(given := parser.parse_args())
    from engine.simulation.picture import draw_page
    from engine.simulation.text import tables

    for table in tables(summary, "en"):
        print(f"\n{table.title}\n")
        print("| " + " | ".join(table.columns) + " |")
        print("|---" + "|--:" * (len(table.columns) - 1) + "|")
        for row in table.rows:
            print("| " + " | ".join(row) + " |")
    print()
    for one in summary["answers"]:
        word = {True: "better", False: "worse", None: "not told apart"}[one["better"]]
        print(f"{one['figure']}: {one['ours']} less {one['other']} = {one['mean']:+.3f} "
              f"({one['low']} .. {one['high']}): {word}")
    if given.json:
        given.json.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    if given.html:
        given.html.write_text(draw_page(summary, "en"), encoding="utf-8")


if __name__ == "__main__":
    main()
