"""A running day at the size of a city: ``python -m benchmarks.live --json OUT``.

``--workers 1000 --orders 10000 --events 5000`` makes a day on a network (a file, or synthetic),
gives it a first plan, and sends it events one after the other. Every answer is timed by the wall
clock, as whoever waits for it would. An alarm is timed twice: until it is answered (who goes, when,
whom that delays, second and third, cover), and until the plan of everybody else is true again.
"""

from __future__ import annotations

import argparse
import gc
import json
import pickle
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arguments import out_file
from benchmarks.live_log import LogWriter

COLUMNS = (
    "alarm_p50_ms", "alarm_p99_ms", "alarm_applied_p50_ms", "alarm_applied_p99_ms",
    "event_p50_ms", "event_p99_ms", "api_alarm_p99_ms", "memory_mb",
)


def make_day(orders: int, workers: int, nodes: int, seed: int, network: str | None) -> Any:
    """Make a problem of that size, and a first plan for it by a short search.

    Returns
    -------
    problem, plan, travel : as a day begins with.
    """
    import geodata
    from engine.assemble import assemble
    from engine.compile import compile_problem
    from engine.domain.plan import Plan, Run
    from engine.domain.problem import SyntheticNetwork
    from engine.evaluate import evaluate
    from engine.scenario import demo_problem
    from engine.travel import build_travel
    from solvers.solve import SolveParams, solve

    ref = SyntheticNetwork(nodes=nodes, seed=seed)
    streets = geodata.read_network(network) if network else geodata.synthetic_city(nodes, seed=seed)
    problem = demo_problem(ref, streets, n_orders=orders, n_workers=workers, seed=seed)
    travel = build_travel(problem, streets)
    compiled = compile_problem(problem, travel)
    result = solve(compiled.model, SolveParams(time_limit_s=None, max_iterations=1, seed=seed))
    timetable = evaluate(problem, travel, assemble(compiled, result))
    plan = Plan(
        problem=problem.id, problem_fingerprint=problem.fingerprint,
        network_fingerprint=streets.fingerprint, routes=timetable.routes, unserved=(),
        totals=timetable.totals,
        run=Run(backend="search", status=result.status, seed=seed, iterations=1, elapsed_s=0.0),
    )
    return problem, plan, travel


def run(given: argparse.Namespace) -> dict[str, Any]:
    """Send a day its events and time every answer."""
    from engine.live.day import LiveDay

    began = time.perf_counter()
    if given.day and Path(given.day).exists():
        problem, plan, travel = pickle.loads(Path(given.day).read_bytes())
    else:
        problem, plan, travel = make_day(
            given.orders, given.workers, given.nodes, given.seed, given.network
        )
        if given.day:
            Path(given.day).write_bytes(pickle.dumps((problem, plan, travel)))
    planned = time.perf_counter()
    day = LiveDay(problem, plan, travel)
    gc.collect()
    gc.freeze()  # as the service does: a day is a million objects that stay
    opened = time.perf_counter()
    answered: list[float] = []
    day.on_answer = lambda answer: answered.append(time.perf_counter())
    writer = LogWriter(day, given.events, given.seed)
    for event in writer.warm_up():
        day.apply(event)
    answered.clear()
    asked: list[float] = []
    spent: dict[str, list[float]] = {}
    statuses: Counter[str] = Counter()
    moved = memory_early = 0
    for k in range(given.events):
        event = writer.draw()
        start = time.perf_counter()
        outcome = day.apply(event)
        spent.setdefault(event.kind, []).append(time.perf_counter() - start)
        if event.kind == "alarm" and outcome.status != "refused":
            asked.append(start)
        statuses[outcome.status] += 1
        moved += sum(1 for m in outcome.moved if m.was_worker is not None)
        if k == given.events // 5:
            memory_early = _memory_mb()
    alarms = np.array(answered) - np.array(asked)
    others = np.concatenate([np.array(v) for k, v in spent.items() if k != "alarm"])
    violations = day.check() if given.check else []
    assert not violations, violations[:3]
    found: dict[str, Any] = {
        "alarm_p50_ms": _ms(alarms, 50), "alarm_p99_ms": _ms(alarms, 99),
        "alarm_applied_p50_ms": _ms(np.array(spent["alarm"]), 50),
        "alarm_applied_p99_ms": _ms(np.array(spent["alarm"]), 99),
        "event_p50_ms": _ms(others, 50), "event_p99_ms": _ms(others, 99),
        "api_alarm_p99_ms": None, "api_alarm_p50_ms": None, "memory_mb": _memory_mb(),
        "memory_after_a_fifth_mb": memory_early,
        "events": given.events, "alarms": len(alarms), "moved_clients": moved,
        "statuses": dict(statuses), "places": len(travel.lon), "lines": len(day.board.lines),
        "nodes": travel.network.n_nodes, "served": plan.totals.served,
        "plan_s": round(planned - began, 1), "open_s": round(opened - planned, 2),
        "by_kind_p50_ms": {k: _ms(np.array(v), 50) for k, v in sorted(spent.items())},
        "by_kind_max_ms": {k: _ms(np.array(v), 100) for k, v in sorted(spent.items())},
    }
    if given.api:
        from benchmarks.live_api import measure_alarms

        for name in ("api_alarm", *(["api_alarm_beside_solve"] if given.beside_solve else [])):
            through = np.array(measure_alarms(
                problem, plan, travel, given.api, given.seed,
                is_solving=name.endswith("solve"),
            ))
            found |= {f"{name}_p50_ms": _ms(through, 50), f"{name}_p99_ms": _ms(through, 99)}
    if given.sustain_minutes:
        from benchmarks.live_api import sustain

        log = draw_log(problem, plan, travel, given.sustain_minutes * given.rate, given.seed)
        found["sustained"] = sustain(
            problem, plan, travel, log, given.rate, given.seed if given.beside_solve else None
        )
        print("sustained", json.dumps(found["sustained"]))
    return found


def draw_log(problem: Any, plan: Any, travel: Any, n: int, seed: int) -> list[dict[str, Any]]:
    """Draw the events of a day beforehand, on a day of its own: the same happens to any other."""
    from engine.live.day import LiveDay
    from engine.live.events import event_data

    day, log = LiveDay(problem, plan, travel), []
    writer = LogWriter(day, n, seed)
    for _ in range(n):
        event = writer.draw()
        day.apply(event)
        log.append(event_data(event))
    return log


def _ms(seconds: np.ndarray[Any, Any], percent: float) -> float:
    return round(float(np.percentile(seconds, percent)) * 1e3, 2)


def _memory_mb() -> int:
    """Resident now, not the peak: a day may not grow."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Run, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--nodes", type=int, default=20_000, help="of the synthetic network")
    parser.add_argument("--network", help="a network file instead")
    parser.add_argument("--day", help="keep the day in this file, or take it from there")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--api", type=int, default=200,
                        help="so many alarms over HTTP as well; 0 for none")
    parser.add_argument("--beside-solve", action="store_true",
                        help="with --api: once more while the service solves another day; with "
                             "--sustain-minutes: all the time")
    parser.add_argument("--sustain-minutes", type=int, default=0,
                        help="send events over HTTP for so long at --rate a minute")
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--check", action="store_true", help="have the end read by the checker")
    parser.add_argument("--json", type=out_file, help="write the figures here")
    found = run(given := parser.parse_args())
    for name in COLUMNS:
        print(f"{name:>22}  {found[name]}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(0)


if __name__ == "__main__":
    main()
