"""How far a day moves when it is planned again after a few orders changed.

    python -m benchmarks.replan --orders 1000 --workers 120 --seed 1 --json replan.json

A made-up day is planned. Then a share of its orders changes, half of them cancelled and as many
new, and the day is planned again in two ways with the same iterations: afresh, and with the former
plan in hand and a price on moving. Counted are the visits that both plans serve and that another
worker makes, or the same worker at least so many minutes earlier or later.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any, NamedTuple

import numpy as np

import geodata
from benchmarks.arguments import out_file
from engine.change_kinds import with_parts
from engine.day import DayParams, DayResult, plan_day
from engine.domain.plan import Plan, Previous
from engine.domain.problem import Problem, SyntheticNetwork
from engine.previous import list_changes
from engine.scenario import demo_problem
from engine.travel import Travel, build_travel

#: Whoever waits for a visit notices a move of so many minutes.
NOTICED_MIN = 15


class Days(NamedTuple):
    """One day before and after some of its orders changed, and the ways of both."""

    before: Problem
    after: Problem
    travel: Travel


def make_days(n_orders: int, n_workers: int, seed: int, share: float, nodes: int) -> Days:
    """Make up a day and its edit: half of ``share`` of the orders is cancelled, half is new."""
    reference = SyntheticNetwork(nodes=nodes, seed=1)
    network = geodata.synthetic_city(nodes, 1)
    n_each = max(1, round(share * n_orders / 2))
    whole = demo_problem(reference, network, n_orders + n_each, n_workers, seed)
    drawn = np.random.default_rng(seed).permutation(n_orders + n_each)
    new, cancelled = set(drawn[:n_each].tolist()), set(drawn[n_each : 2 * n_each].tolist())

    def without(places: set[int]) -> Problem:
        kept = tuple(o for k, o in enumerate(whole.orders) if k not in places)
        return with_parts(whole, orders=kept)

    return Days(without(new), without(cancelled), build_travel(whole, network))


def count_moves(problem: Problem, plan: Plan, former: Plan) -> dict[str, int]:
    """Count what a plan moves of a former one."""
    changes = list_changes(problem, plan, Previous(plan=former))
    noticed = [m for m in changes.time if abs(m.to_s - m.from_s) >= 60 * NOTICED_MIN]
    return {
        "worker": len(changes.worker),
        "time": len(noticed),
        "moved": len(changes.worker) + len(noticed),
        "any_time": len(changes.time),
        "minutes": round(changes.moved_s / 60),
    }


def run(
    days: Days, params: DayParams, client_cents: int, minute_cents: int, free_s: int = 0
) -> dict[str, Any]:
    """Plan, edit, plan again both ways, and compare."""
    former = plan_day(days.before, params, travel=days.travel).plan
    row: dict[str, Any] = {"orders": len(days.after.orders), "former_cents": _cents(former)}
    previous = Previous(
        plan=former, move_client_cents=client_cents, move_minute_cents=minute_cents,
        move_free_s=free_s,
    )
    for name, hand in (("fresh", None), ("replan", previous)):
        started = time.process_time()
        result: DayResult = plan_day(days.after, params, travel=days.travel, previous=hand)
        row[name] = {
            "cents": _cents(result.plan),
            "served": result.plan.totals.served,
            "cpu_s": round(time.process_time() - started, 1),
            **count_moves(days.after, result.plan, former),
        }
    fresh, again = row["fresh"], row["replan"]
    row["cost_percent"] = round(100 * (again["cents"] / fresh["cents"] - 1), 2)
    row["moved_share"] = round(again["moved"] / max(1, fresh["moved"]), 3)
    return row


def _cents(plan: Plan) -> int:
    return plan.totals.cost_cents + plan.totals.prize_lost_cents


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=120)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--share", type=float, default=0.05, help="of the orders that change")
    parser.add_argument("--iterations", type=int, default=300_000)
    parser.add_argument("--nodes", type=int, default=6_000, help="of the synthetic city")
    parser.add_argument("--move-client-cents", type=int, default=400)
    parser.add_argument("--move-minute-cents", type=int, default=8)
    parser.add_argument("--move-free", type=int, default=14, help="minutes that nobody minds")
    parser.add_argument("--json", type=out_file, help="write the rows here")
    args = parser.parse_args()
    rows = []
    print("| seed | orders | served | moved: fresh | replanned | share | other worker | "
          f">= {NOTICED_MIN} min | cost fresh | replanned | % |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for seed in args.seed:
        days = make_days(args.orders, args.workers, seed, args.share, args.nodes)
        params = DayParams(seconds=None, iterations=args.iterations, seed=seed, stall=0)
        row = {"seed": seed, **run(
            days, params, args.move_client_cents, args.move_minute_cents, 60 * args.move_free
        )}
        rows.append(row)
        fresh, again = row["fresh"], row["replan"]
        print(
            f"| {seed} | {row['orders']} | {fresh['served']}, {again['served']} "
            f"| {fresh['moved']} | {again['moved']} | {row['moved_share']:.3f} "
            f"| {fresh['worker']}, {again['worker']} | {fresh['time']}, {again['time']} "
            f"| {fresh['cents']:,} | {again['cents']:,} | {row['cost_percent']:+.2f} |",
            flush=True,
        )
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
