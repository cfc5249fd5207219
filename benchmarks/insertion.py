"""What it costs not to know: orders of a care day that come in while it runs.

    python -m benchmarks.insertion --files care1000-7.npz --seed 1 --json insertion.json

Every visit of the sample is called in between one and four hours before its window opens; whoever
called before the first shift is known when the day is planned. Then the day runs, and each order is
placed when it comes, beside what is fixed by then (under way, or told within the notice). Compared
are the final costs (travel seconds, used workers, lost prizes) of

- *all known*: the search with every order from the beginning;
- *ours*: a plan of those known, the live day's insertion, and its search for a better rest of the
  day between events (``--improve`` iterations, after every ``--every`` events, and after each while
  a visit waits);
- *insertion*: the same without that search;
- *cheapest*: no search at all: each order goes where it adds least, from an empty plan on, and
  nobody gives way.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np

from benchmarks.arguments import out_file
from engine.assemble import assemble
from engine.change_kinds import with_parts
from engine.compile import compile_problem
from engine.domain.base import Window
from engine.domain.orders import VisitOrder
from engine.domain.places import Centre, Client
from engine.domain.plan import Plan, Run
from engine.domain.problem import Problem
from engine.domain.services import Service, Skill
from engine.domain.workers import Certificate, Shift, Vehicle, Worker
from engine.evaluate import evaluate
from engine.live.answers import LivePolicy
from engine.live.day import LiveDay
from engine.live.events import Clock, OrderIn
from engine.live.improve import Search, improve
from engine.travel import Travel
from solvers.solve import SolveParams, solve

#: An order is called in so long before its window opens, uniformly, seconds.
LEAD_S = (3_600, 14_400)
#: One unit of the sample's cost is a cent: a second of travel, and what workers and visits cost.
_SECOND = 3_600
_MODE = "ebike"


class Sample(NamedTuple):
    """A care day and when each of its orders is called in."""

    problem: Problem
    travel: Travel
    called_s: np.ndarray[Any, np.dtype[np.int64]]


def read_sample(path: Path, seed: int, most: int | None = None) -> Sample:
    """Make a problem of a sample's arrays; ``most``: its first orders only, and as many workers."""
    with np.load(path, allow_pickle=False) as data:
        day = {name: data[name] for name in data.files}
    n_all, n_workers = len(day["prize"]), len(day["worker_start"])
    n = min(most or n_all, n_all)
    n_workers = max(2, round(n_workers * n / n_all))
    n_places = len(day["xy_m"]) - n_all
    lon, lat = (day["xy_m"] / 100_000).T.astype(np.float64)
    skills = [f"s{k}" for k in range(32)]

    def bits(mask: int) -> tuple[str, ...]:
        return tuple(s for k, s in enumerate(skills) if int(mask) >> k & 1)

    clients = tuple(Client(id=f"c{i}", lon=lon[i], lat=lat[i]) for i in range(n))
    centres = tuple(
        Centre(id=f"p{k}", lon=lon[n_all + k], lat=lat[n_all + k]) for k in range(n_places)
    )
    orders = tuple(
        VisitOrder(
            id=f"o{i}", client=f"c{i}", kind="visit", service="care", skills=bits(mask),
            windows=(Window(start_s=early, end_s=late),), service_duration_s=length,
            load={f"d{d}": x for d, x in enumerate(load) if x}, optional=True, prize_cents=prize,
        )
        for i, (mask, (early, late), length, load, prize) in enumerate(zip(*(
            day[k][:n].tolist() for k in ("skills", "window_s", "service_s", "load", "prize")
        ), strict=True))
    )
    boxes = sorted({tuple(x) for x in day["worker_capacity"].tolist()})
    vehicles = tuple(
        Vehicle(id=f"v{k}", mode=_MODE, capacity={f"d{d}": x for d, x in enumerate(box)})
        for k, box in enumerate(boxes)
    )
    workers = tuple(
        Worker(
            id=f"w{v}", start=f"p{start - n_all}", end=f"p{end - n_all}",
            vehicle=f"v{boxes.index(tuple(box))}", shifts=(Shift(id="day", start_s=a, end_s=b),),
            certificates=tuple(Certificate(skill=s) for s in bits(mask)),
            cost_per_shift_cents=fixed, cost_per_travel_hour_cents=_SECOND,
        )
        for v, (start, end, box, (a, b), mask, fixed) in enumerate(zip(*(
            day[f"worker_{k}"][:n_workers].tolist()
            for k in ("start", "end", "capacity", "shift_s", "skills", "fixed")
        ), strict=True))
    )
    problem = Problem(
        id=path.stem, day=date(2026, 1, 5), clients=clients, centres=centres, orders=orders,
        workers=workers, vehicles=vehicles,
        skills=tuple(Skill(id=s, name=s, name_zh=s) for s in skills),
        services=(Service(
            id="care", kind="visit", name="care", name_zh="照护", service_duration_s=60
        ),),
    )
    kept = [*range(n), *range(n_all, n_all + n_places)]
    seconds = day["travel_s"][np.ix_(kept, kept)].astype(np.int32)
    location = {("client", f"c{i}"): i for i in range(n)}
    location |= {("place", f"p{k}"): n + k for k in range(n_places)}
    travel = Travel(
        network=cast("Any", SimpleNamespace(fingerprint="matrix", name="matrix")),
        location=location, lon=lon[kept], lat=lat[kept], points={}, seconds={_MODE: seconds},
        metres={_MODE: seconds.copy()},
    )
    lead = np.random.default_rng(seed).integers(*LEAD_S, size=n)
    return Sample(problem, travel, day["window_s"][:n, 0].astype(np.int64) - lead)


def make_plan(sample: Sample, orders: tuple[VisitOrder, ...], iterations: int, seed: int) -> Plan:
    """Plan some of the orders; 0 iterations: none of them."""
    problem = with_parts(sample.problem, orders=orders)
    visits: Any = ()
    if iterations and orders:
        compiled = compile_problem(problem, sample.travel)
        visits = assemble(compiled, solve(compiled.model, SolveParams(
            time_limit_s=None, max_iterations=iterations, seed=seed
        )))
    timetable = evaluate(problem, sample.travel, visits)
    return Plan(
        problem=problem.id, problem_fingerprint=problem.fingerprint, network_fingerprint="matrix",
        routes=timetable.routes, unserved=(), totals=timetable.totals,
        run=Run(backend="search", status="complete", seed=seed, iterations=iterations,
                elapsed_s=0.0),
    )


def live(
    sample: Sample, iterations: int, seed: int, search: int, every: int
) -> dict[str, Any]:
    """Let the day run, order by order; gives its final figures."""
    orders = sample.problem.orders
    opens = min(s.start_s for w in sample.problem.workers for s in w.shifts)
    known = tuple(o for o, at in zip(orders, sample.called_s, strict=True) if at <= opens)
    later = sorted(
        (int(at), o.id) for o, at in zip(orders, sample.called_s, strict=True) if at > opens
    )
    problem = with_parts(sample.problem, orders=known)
    plan = make_plan(sample, known, iterations, seed)
    day = LiveDay(problem, plan, sample.travel, LivePolicy(
        moved_client_cents=0, move_minute_cents=0, **({} if iterations else {"give_way_orders": 0})
    ))
    began, moved, adopted, turns = time.process_time(), 0, 0, 0
    if not iterations:  # nobody planned: those known are placed as they called
        for order in sorted(known, key=lambda o: int(sample.called_s[int(o.id[1:])])):
            day.board.place(order)
        day.apply(Clock(id="open", time_s=opens, kind="clock"))
    for k, (at, name) in enumerate(later):
        order = sample.problem.order_by_id[name]
        out = day.apply(OrderIn(id=f"e{k}", time_s=at, kind="order_in", order=order))
        moved += sum(m.was_worker is not None for m in out.moved)
        if search and (k % every == 0 or day.board.waiting):
            step = improve(day, turns, Search(search))
            turns += 1
            if step is not None and day.apply(step.event).status == "applied":
                adopted += 1
    violations = day.check()
    assert not violations, violations[:3]
    totals = day.plan().totals
    return _row(totals, moved=moved, searches=turns, adopted=adopted, known=len(known),
                came_in=len(later), cpu_s=round(time.process_time() - began, 1))


def _row(totals: Any, **more: Any) -> dict[str, Any]:
    return {
        "cost": totals.cost_cents + totals.prize_lost_cents, "travel": totals.travel_s,
        "workers": totals.workers, "served": totals.served, "unserved": totals.unserved, **more,
    }


def run(path: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Compare the four ways on one sample."""
    sample = read_sample(path, given.seed, given.orders)
    began = time.process_time()
    whole = make_plan(sample, sample.problem.orders, given.iterations, given.seed)
    rows = {"all known": _row(whole.totals, cpu_s=round(time.process_time() - began, 1))}
    for name, iterations, search in (
        ("ours", given.iterations, given.improve), ("insertion", given.iterations, 0),
        ("cheapest", 0, 0),
    ):
        rows[name] = live(sample, iterations, given.seed, search, given.every)
    base = rows["all known"]["cost"]
    for row in rows.values():
        row["percent"] = round(100 * (row["cost"] / base - 1), 2)
    return rows


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=Path, nargs="+", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, help="the first so many of each sample")
    parser.add_argument("--iterations", type=int, default=50_000, help="of planning")
    parser.add_argument("--improve", type=int, default=2_000, help="of search between events")
    parser.add_argument("--every", type=int, default=5, help="events")
    parser.add_argument("--json", type=out_file, help="write the figures here")
    given = parser.parse_args()
    found = {}
    print("| sample | way | cost | % | travel s | workers | unserved | moved | CPU s |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for path in given.files:
        found[path.stem] = run(path, given)
        for name, row in found[path.stem].items():
            print(
                f"| {path.stem} | {name} | {row['cost']:,} | {row['percent']:+.2f} "
                f"| {row['travel']:,} | {row['workers']} | {row['unserved']} "
                f"| {row.get('moved', '')} | {row['cpu_s']} |", flush=True,
            )
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
