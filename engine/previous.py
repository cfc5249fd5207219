"""Planning with a former plan in hand: start from it, wait for its times, say what changed.

What a change costs in the search is the rule ``engine.rules.changes``. Here is the rest: the former
routes as a start for the search, and the timetable in which a visit that could start earlier than
before waits for its former time, where that keeps every promise and costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from engine.change_kinds import with_parts
from engine.check import check_plan
from engine.domain.base import HORIZON_S, Window
from engine.domain.orders import Order
from engine.domain.plan import Changes, FormerStop, Moved, Plan, Previous, Route
from engine.domain.problem import Problem
from engine.draft import Compiled
from engine.evaluate import evaluate, evaluate_route, total
from engine.gaps import find_gaps, make_rows
from engine.timetable import needs_joint_times
from engine.travel import Travel
from engine.visits import RouteVisits

__all__ = ["hold", "initial_routes", "list_changes"]

#: Below this nobody notices that a visit starts at another time.
_SAME_S = 60


def initial_routes(compiled: Compiled, previous: Previous) -> list[list[int]]:
    """Former routes in the indexes of the model, one a vehicle.

    What does not fit any more is left out by the search as it loads them. Of a shift that the model
    cuts into trips, a stop goes to the trip that its time lies in, or to the next.
    """
    model = compiled.model
    task = {order: i for i, order in enumerate(compiled.tasks)}
    slots: dict[tuple[str, str], list[int]] = {}
    for v, key in enumerate(compiled.vehicles):
        slots.setdefault((key.worker, key.shift), []).append(v)
    routes: list[list[int]] = [[] for _ in compiled.vehicles]
    for order, stop in sorted(previous.visits.items(), key=lambda item: item[1].start_s):
        mine = slots.get((stop.worker, stop.shift))
        if mine is None or order not in task:
            continue
        late = [int(model.vehicle_late[v]) for v in mine]
        v = next((v for v, end in zip(mine, late, strict=True) if stop.start_s <= end), mine[-1])
        routes[v].append(task[order])
    return routes


def hold(
    problem: Problem, travel: Travel, plan: Plan, visits: Sequence[RouteVisits], previous: Previous
) -> Plan:
    """Time a plan anew so that visits wait for their former times where that is free of charge.

    Parameters
    ----------
    plan : timed as early as can be.
    visits : the same, as visits.

    Returns
    -------
    plan : clean where the given one is; routes for which waiting would break a promise or cost
        money stand as they were.
    """
    rows = make_rows(problem, {(v.worker, v.shift): v.trips for v in visits})
    gaps = find_gaps(problem, travel, rows)
    latest: dict[str, int] = {}
    for g in range(gaps.table.shape[1]):
        gap = gaps.at(g)
        trips = rows[gap.row].trips
        if not gap.fresh and trips and gap.position < len(trips[gap.trip].orders):
            latest[trips[gap.trip].orders[gap.position]] = gap.latest
    held = {
        order.id: _not_before(order, min(former.start_s, latest[order.id]))
        for order, former in _kept(problem, previous)
        if order.id in latest and order.id not in problem.tied
    }
    waiting = with_parts(problem, orders=tuple(held.get(o.id, o) for o in problem.orders))
    by_shift = {(v.worker, v.shift): v for v in visits}
    early = {(r.worker, r.shift): r for r in plan.routes}
    if needs_joint_times(problem, travel):
        return _hold_jointly(problem, travel, plan, [by_shift[key] for key in early], held)
    late = {key: evaluate_route(waiting, travel, by_shift[key]) for key in early}
    chosen = {
        key: late[key] if late[key].cost_cents <= early[key].cost_cents else early[key]
        for key in early
    }
    for _ in range(3):  # a route that breaks something goes back; others may hang on it
        candidate = _with_routes(problem, plan, chosen.values())
        broken = _broken_routes(problem, candidate, travel)
        if not broken:
            return candidate
        keys = list(chosen)
        for k in broken:
            if k >= len(keys):
                return plan
            chosen[keys[k]] = early[keys[k]]
    return plan


def _hold_jointly(
    problem: Problem,
    travel: Travel,
    plan: Plan,
    visits: Sequence[RouteVisits],
    held: dict[str, Order],
) -> Plan:
    """Let routes wait that are timed together; those that suffer from it wait for nobody."""
    for _ in range(4):
        waiting = with_parts(problem, orders=tuple(held.get(o.id, o) for o in problem.orders))
        routes = evaluate(waiting, travel, visits).routes
        candidate = _with_routes(problem, plan, routes)
        bad = _broken_routes(problem, candidate, travel)
        bad |= {
            k for k, (late, early) in enumerate(zip(routes, plan.routes, strict=True))
            if late.cost_cents > early.cost_cents
        }
        if not bad:
            return candidate
        if not held or max(bad) >= len(routes):
            break
        for k in bad:
            for stop in (s for t in routes[k].trips for s in t.stops):
                held.pop(stop.order, None)
    return plan


def list_changes(problem: Problem, plan: Plan, previous: Previous) -> Changes:
    """Compare a plan with the former one: what is new, what is gone, who and when is another."""
    now = Previous(plan=plan).stops
    moved = [
        Moved(
            order=order.id, client=order.client, from_worker=former.worker,
            to_worker=now[order.id].worker, from_s=former.start_s, to_s=now[order.id].start_s,
        )
        for order, former in _kept(problem, previous)
        if order.id in now
    ]
    worker = tuple(m for m in moved if m.from_worker != m.to_worker)
    time = tuple(
        m for m in moved
        if m.from_worker == m.to_worker and abs(m.to_s - m.from_s) >= _SAME_S
    )
    every = [abs(m.to_s - m.from_s) for m in (*worker, *time)]
    priced = sum(max(0, s - previous.move_free_s) for s in every)
    return Changes(
        previous=previous.plan.problem_fingerprint,
        new=tuple(order for order in now if order not in previous.stops),
        gone=tuple(order for order in previous.stops if order not in now),
        worker=worker,
        time=time,
        moved_s=sum(every),
        move_client_cents=previous.move_client_cents,
        move_minute_cents=previous.move_minute_cents,
        move_free_s=previous.move_free_s,
        moved_cents=previous.move_client_cents * len(worker)
        + (2 * previous.move_minute_cents * priced + 60) // 120,
    )


def _kept(problem: Problem, previous: Previous) -> list[tuple[Order, FormerStop]]:
    stops: Mapping[str, FormerStop] = previous.stops
    return [(order, stops[order.id]) for order in problem.orders if order.id in stops]


def _not_before(order: Order, moment: int) -> Order:
    """Close an order's windows until a moment; a moment outside of all of them changes nothing."""
    windows = order.windows or (Window(start_s=0, end_s=HORIZON_S),)
    if not any(w.start_s <= moment <= w.end_s for w in windows):
        return order
    left = tuple(
        Window(start_s=max(w.start_s, moment), end_s=w.end_s) for w in windows if w.end_s >= moment
    )
    return order.model_copy(update={"windows": left})


def _with_routes(problem: Problem, plan: Plan, routes: Iterable[Route]) -> Plan:
    routes = tuple(routes)
    return plan.model_copy(update={"routes": routes, "totals": total(problem, routes)})


def _broken_routes(problem: Problem, plan: Plan, travel: Travel) -> set[int]:
    """Routes that the checker finds fault with; why orders are unserved is not told yet."""
    found = set()
    for violation in check_plan(problem, plan, travel):
        match = re.match(r"routes\[(\d+)\]", violation.path)
        if match:
            found.add(int(match[1]))
        elif violation.rule != "complete":
            found.add(len(plan.routes))
    return found
