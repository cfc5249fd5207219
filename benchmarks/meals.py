"""A lunch of a city: ``python -m benchmarks.meals --meals 20000 --kitchens 10 --points 80 ...``.

Two in five meals are eaten at points, the others are brought to homes in a synthetic city. One
process, two threads; kernels are compiled before the clock starts (``compile_s``). ``seconds`` is
wall clock from the problem in memory to the plan with its figures and bound, ``cpu_s`` the
processor's; the checker, which shares nothing with the planner, comes after.

``--disruption`` plans the same lunch again after a kitchen closed at 10:00, the batch that feeds
most came half an hour late, and a third of the couriers stayed away, near the plan before; each
plan is checked, and says who eats later.

``--cities 10`` compares the joint plan, the naive plan in two steps and the bound, city by city.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import Any

from benchmarks.arguments import at_least, out_file

#: Codes of the checker that break freshness, and those that break a capacity of any kind.
FRESHNESS = {"M2309"}
CAPACITY = {"M2104", "M2105", "M2202", "M2207", "M2305", "M2315", "M2316", "M2403"}


def measure(
    meals: int, kitchens: int, points: int, couriers: int, seed: int, *, effort: int,
    joint: bool = True, freshness_s: int = 2_700,
) -> dict[str, Any]:
    """Plan one lunch and tell what it took and what it is worth."""
    from engine.meals.check import check_meals
    from engine.meals.former import read_former
    from engine.meals.plan import MealParams, plan_meals
    from engine.meals.scenario import make_meals
    from engine.meals.supply import find_homes, share_portions
    from engine.meals.tables import build_tables
    from engine.meals.travel import build_meal_travel

    compiled = compile_apart()
    problem, network = make_meals(
        meals, kitchens, points, couriers, seed=seed, freshness_s=freshness_s
    )
    start, cpu = time.perf_counter(), time.process_time()
    travel = build_meal_travel(problem, network)
    plan = plan_meals(problem, travel, MealParams(effort=effort, seed=seed, joint=joint))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    tables = build_tables(problem, travel)
    former = read_former(tables, None, 0, 0)
    homes = find_homes(tables, former=former)
    modelled = time.process_time()
    capacity = share_portions(tables, homes.place, former=former).model
    modelled = time.process_time() - modelled
    broken = check_meals(problem, plan, travel)
    lanes = plan_as_lanes(tables, plan)
    t = plan.totals
    delivery, least = t.cost_cents - t.cooking_cents, t.bound_cents - t.cooking_cents
    return {
        "seconds": round(seconds, 2), "served": t.served, "on_time": t.on_time,
        "broken_freshness": sum(v.code in FRESHNESS for v in broken),
        "broken_capacity": sum(v.code in CAPACITY for v in broken),
        "cost": t.cost_cents, "bound": t.bound_cents,
        "gap_percent": round(100 * (t.cost_cents - t.bound_cents) / max(1, t.bound_cents), 2),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        # -- more ---------------------------------------------------------------------------------
        "broken": len(broken), "can_be_served": t.due - int(capacity.shortage.sum()),
        "capacity_model_cpu_s": round(modelled, 3), "capacity_model_proven": capacity.optimal,
        "gap_without_cooking_percent": round(100 * (delivery - least) / max(1, least), 2),
        "meals": meals, "seed": seed, "joint": joint, "effort": effort,
        "cpu_s": round(cpu, 2), "compile_s": round(compiled, 2), "turns": plan.turns,
        "van_trips": t.van_trips, "couriers": t.couriers, "trips": t.trips,
        "km": round(t.distance_m / 1_000, 1), "cooking": t.cooking_cents,
        "vans_cost": t.van_cents, "couriers_cost": t.courier_cents,
        "lanes_cost": lanes[0], "lanes_bound": lanes[1],
    }


def plan_as_lanes(tables: Any, plan: Any) -> tuple[int, int]:
    """Bring the plan's bulk by hired trips, one point each: cost in cents, and its lower bound.

    A trip from a kitchen to a point costs what a van pays to go there and back; any kitchen may
    cook for any point it may feed, up to what it cooked in the plan.
    """
    import numpy as np

    from solvers.lanes import plan_lanes

    problem = tables.problem
    kitchens = {k.id: i for i, k in enumerate(problem.kitchens)}
    points = {p.id: i for i, p in enumerate(problem.points)}
    units = np.zeros((len(kitchens), len(points)), np.int64)
    for trip in plan.van_trips:
        for stop in trip.stops:
            units[kitchens[trip.kitchen], points[stop.point]] += sum(x.portions for x in stop.lots)
    van = problem.vans[0]
    metres = tables.drive_metres[:, : len(points)].astype(np.int64)
    trip_mills = 1_000 * van.cost_per_trip_cents + 2 * metres * van.cost_per_km_cents
    trip_mills[~tables.may_feed[:, : len(points)]] = 10**12
    found = plan_lanes(
        units.sum(axis=1), units.sum(axis=0), np.zeros_like(units), trip_mills, van.capacity
    )
    return found.cost // 1_000, found.bound // 1_000


def compile_apart() -> float:
    """Compile in another process, whose memory is not the plan's; then load. The seconds."""
    began = time.perf_counter()
    print("compiling kernels, minutes on a new machine ...", file=sys.stderr, flush=True)
    if __name__ == "__main__":
        subprocess.run([sys.executable, "-c", "from benchmarks.meals import warm_up; warm_up()"],
                       check=True)
    warm_up()
    return time.perf_counter() - began


def warm_up() -> None:
    """Plan a small lunch, and again near that plan: every kernel is compiled."""
    import geodata
    from engine.meals.plan import MealParams, plan_meals
    from engine.meals.scenario import make_meals
    from engine.meals.travel import build_meal_travel

    small, network = make_meals(60, 1, 1, 3, seed=1, nodes=400)
    travel = build_meal_travel(small, network)
    fast = MealParams(effort=5, van_iterations=50)
    before = plan_meals(small, travel, fast)
    plan_meals(small, travel, replace(fast, previous=before))
    geodata.warm_up()


def disrupt(
    meals: int, kitchens: int, points: int, couriers: int, seed: int, *, effort: int
) -> list[dict[str, Any]]:
    """Plan a lunch, and again after each disruption; a row each."""
    from engine.meals.changes import (
        close_kitchen,
        compare_rotas,
        delay_batch,
        miss_couriers,
        who_eats_later,
    )
    from engine.meals.check import check_meals
    from engine.meals.plan import MealParams, plan_meals
    from engine.meals.scenario import make_meals
    from engine.meals.travel import build_meal_travel

    compile_apart()
    problem, network = make_meals(meals, kitchens, points, couriers, seed=seed)
    travel = build_meal_travel(problem, network)
    # What a plan near another has not is left out.
    params = MealParams(effort=effort, seed=seed, thinning=0, together=0)
    cpu, start = time.process_time(), time.perf_counter()
    before = plan_meals(problem, travel, params)
    took = time.process_time() - cpu, time.perf_counter() - start
    sent: Counter[tuple[str, str]] = Counter()
    for trip in before.van_trips:
        for stop in trip.stops:
            for lot in stop.lots:
                sent[lot.kitchen, lot.batch] += lot.portions
    kitchen, batch = max(sent, key=lambda key: (sent[key], key))
    rows = []
    for name, changed in (
        ("as planned", problem),
        (f"{kitchen} closed at 10:00", close_kitchen(problem, kitchen, 36_000)),
        (f"{kitchen}/{batch} 30 min late", delay_batch(problem, kitchen, batch, 1_800)),
        ("a third of the couriers absent",
         miss_couriers(problem, [c.id for c in problem.couriers[::3]])),
    ):
        cpu, start = time.process_time(), time.perf_counter()
        near = replace(params, previous=before)
        plan = before if changed is problem else plan_meals(changed, travel, near)
        cpu, seconds = time.process_time() - cpu, time.perf_counter() - start
        if plan is before:
            cpu, seconds = took
        broken = check_meals(changed, plan, travel)
        later = who_eats_later(before, plan)
        rota = compare_rotas(before, plan, params.move_client_cents)
        delays = [x.after_s - x.before_s for x in later if x.after_s is not None]
        t = plan.totals
        rows.append({
            "case": name, "served": t.served, "on_time": t.on_time, "broken": len(broken),
            "later": len(delays), "later_mean_min": round(sum(delays) / 60 / max(1, len(delays))),
            "without": dict(Counter(x.reason for x in later if x.after_s is None)),
            "doors_kept_percent": round(100 * rota.kept / max(1, rota.doors), 1),
            "cost": t.cost_cents, "bound": t.bound_cents, "couriers": t.couriers,
            "seconds": round(seconds, 1), "cpu_s": round(cpu, 1), "effort": effort,
        })
        print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--meals", type=at_least(1), default=20_000)
    parser.add_argument("--kitchens", type=at_least(1), default=10)
    parser.add_argument("--points", type=at_least(1), default=80)
    parser.add_argument("--couriers", type=at_least(1), default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--effort", type=at_least(1), default=60, help="search iterations a home")
    parser.add_argument("--naive", action="store_true", help="the plan in two steps instead")
    parser.add_argument("--cities", type=at_least(1),
                        help="compare joint and naive on so many seeds")
    parser.add_argument("--disruption", action="store_true", help="three days that go otherwise")
    parser.add_argument("--json", type=out_file)
    args = parser.parse_args()
    size = args.meals, args.kitchens, args.points, args.couriers
    if args.disruption:
        document: Any = disrupt(*size, args.seed, effort=args.effort)
    elif args.cities:
        rows = []
        for seed in range(args.seed, args.seed + args.cities):
            for joint in (True, False):
                rows.append(measure(*size, seed, effort=args.effort, joint=joint))
                print(_line(rows[-1]), flush=True)
        document = rows
    else:
        document = measure(*size, args.seed, effort=args.effort, joint=not args.naive)
        print(json.dumps(document, indent=2))
    if args.json:
        args.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _line(row: dict[str, Any]) -> str:
    kind = "joint" if row["joint"] else "naive"
    return (
        f"seed {row['seed']:>3} {kind}: served {row['served']}, on time {row['on_time']}, "
        f"cost {row['cost']}, a meal {row['cost'] / max(1, row['served']):.1f}, "
        f"bound {row['bound']}, gap {row['gap_percent']} %, broken {row['broken']}, "
        f"{row['cpu_s']} CPU s"
    )


if __name__ == "__main__":
    main()
