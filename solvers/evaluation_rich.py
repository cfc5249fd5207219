"""What the ruler measures where a model has features: all costs, and all promises in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from solvers.figures import Evaluation, RouteEvaluation
from solvers.model import OTHER_WORKER, SAME_WORKER, TIME_MAX, RoutingModel, units_of
from solvers.timetable import Chain, Trip, make_timetable


def evaluate_rich(
    model: RoutingModel, routes: Sequence[list[int]], absent: NDArray[np.bool_],
    violations: list[str],
) -> Evaluation:
    """Measure routes of known tasks and reload options; ``violations`` is added to."""
    chains = [
        Chain(model, v, visits) for v, visits in enumerate(routes) if any(i >= 0 for i in visits)
    ]
    make_timetable(model, chains)
    held = _held_tasks(model)
    evaluated = [_unused(model, v) for v in range(len(routes))]
    for chain in chains:
        evaluated[chain.v] = _measure(model, chain, held)
    for v, visits in enumerate(routes):
        violations += _reload_faults(model, v, visits)
    for chain in chains:
        violations += _route_faults(model, chain, evaluated[chain.v])
    violations += _shared_faults(model, chains, evaluated)
    violations += _tie_faults(model, chains, absent)

    used = [(c.v, evaluated[c.v]) for c in chains]
    lateness = [
        (i, max(0, t - int(model.task_soft_late[i])))
        for c in chains for i, t in zip(c.visits, c.start, strict=True) if i >= 0
    ]
    fixed = sum(int(model.vehicle_fixed[v]) for v, _ in used)
    return Evaluation(
        routes=tuple(evaluated),
        unassigned=tuple(np.flatnonzero(absent).tolist()),
        travel_cost=sum(r.cost for r in evaluated) - fixed,
        fixed_cost=fixed,
        prize_lost=_prize_lost(model, absent),
        n_used=len(used),
        violations=tuple(violations),
        duty_cost=sum(r.duty * int(model.vehicle_price_duty[v]) for v, r in used),
        overtime_cost=sum(
            max(0, r.duty - int(model.vehicle_regular_duty[v]))
            * int(model.vehicle_overtime_price[v])
            for v, r in used
        ),
        lateness_cost=sum(late * int(model.task_late_price[i]) for i, late in lateness),
        worst_cost=int(model.price_worst) * max((late for _, late in lateness), default=0),
        affinity_cost=_affinity_cost(model, chains),
    )


def _held_tasks(model: RoutingModel) -> NDArray[np.bool_]:
    held = model.task_freshness < TIME_MAX
    ridden = model.pairs.ride < TIME_MAX
    for tasks in (*model.links[:2], model.pairs.pickup[ridden], model.pairs.delivery[ridden]):
        held[tasks] = True
    return held


def _unused(model: RoutingModel, v: int) -> RouteEvaluation:
    leave = int(model.vehicle_early[v])
    return RouteEvaluation((), (), (), leave, leave, 0, 0, (0,) * model.n_dimensions, 0)


def _measure(model: RoutingModel, chain: Chain, held: NDArray[np.bool_]) -> RouteEvaluation:
    v, visits = chain.v, chain.visits
    soft_late = [int(model.task_soft_late[i]) if i >= 0 else TIME_MAX for i in visits]
    on_duty, latest = chain.latest([i >= 0 and bool(held[i]) for i in visits], soft_late)
    peaks = [_most_on_board(model, chain, trip) for trip in chain.trips]
    return RouteEvaluation(
        tuple(chain.arrival[:-1]), tuple(chain.start), tuple(chain.departure),
        leave=chain.leave[0],
        end=chain.end,
        seconds=chain.seconds,
        metres=chain.metres,
        load=tuple(np.max(peaks, axis=0).tolist()),
        cost=int(model.vehicle_fixed[v]) + chain.seconds * int(model.vehicle_price_second[v])
        + chain.metres * int(model.vehicle_price_metre[v]),
        breaks=tuple(chain.breaks),
        duty=chain.end - on_duty,
        on_duty=on_duty,
        latest=tuple(latest),
        lateness=sum(
            max(0, t - late) for i, t, late in zip(visits, chain.start, soft_late, strict=True)
            if i >= 0
        ),
    )


def _tasks(chain: Chain, trip: Trip) -> list[int]:
    return chain.visits[trip.first : trip.last]


def _most_on_board(model: RoutingModel, chain: Chain, trip: Trip) -> NDArray[np.int64]:
    """Greatest load of a trip by dimension, (d,)."""
    tasks = _tasks(chain, trip)
    change = np.zeros((len(tasks) + 1, model.n_dimensions), dtype=np.int64)
    change[0] = model.task_demand[tasks].sum(axis=0, dtype=np.int64)
    change[1:] = model.task_pickup[tasks].astype(np.int64) - model.task_demand[tasks]
    pairs = model.pairs
    if len(pairs.pickup):
        where = {i: x for x, i in enumerate(tasks)}
        for m in np.flatnonzero(np.isin(pairs.pickup, tasks) & np.isin(pairs.delivery, tasks)):
            change[where[int(pairs.pickup[m])] + 1] += pairs.load[m]
            change[where[int(pairs.delivery[m])] + 1] -= pairs.load[m]
    most: NDArray[np.int64] = change.cumsum(axis=0).max(axis=0)
    return most


def _prize_lost(model: RoutingModel, absent: NDArray[np.bool_]) -> int:
    alone = model.task_group < 0
    lost = int(model.task_prize[absent & alone].sum())
    # One prize is that of the whole group: all its tasks carry the same.
    groups = dict(zip(model.task_group.tolist(), model.task_prize.tolist(), strict=True))
    served = set(model.task_group[~absent].tolist()) | {-1}
    return lost + sum(int(prize) for g, prize in groups.items() if g not in served)


def _affinity_cost(model: RoutingModel, chains: Sequence[Chain]) -> int:
    affinities, total = model.affinities, 0
    for chain in chains:
        worker = model.vehicle_worker[chain.v]
        for i in chain.visits:
            if i >= 0:
                row = slice(*affinities.ptr[i : i + 2])
                total += int(affinities.cost[row][affinities.worker[row] == worker].sum())
    return total


def _reload_faults(model: RoutingModel, v: int, visits: Sequence[int]) -> Iterator[str]:
    low, high = model.reloads.option_ptr[v : v + 2]
    allowed = set(model.reloads.option[low:high].tolist())
    for k in sorted({-1 - i for i in visits if i < 0} - allowed):
        yield f"vehicle {v}: may not use reload {k}"
    for before, after in pairwise(visits):
        if before < 0 and after < 0:
            yield f"vehicle {v}: reload {-1 - after} directly after another"
    if visits and visits[-1] < 0:
        yield f"vehicle {v}: no task after reload {-1 - visits[-1]}"


def _route_faults(model: RoutingModel, chain: Chain, told: RouteEvaluation) -> Iterator[str]:
    v = chain.v
    for at, to in chain.no_way:
        yield f"vehicle {v}: no way from location {at} to {to}"
    for x, i in enumerate(chain.visits):
        if i < 0:
            continue
        if chain.is_late(x):
            late = chain.start[x] - chain.windows[x][-1][1]
            yield f"task {i}: {late} after its last window on vehicle {v}"
        if not model.compatible[model.task_type[i], model.vehicle_type[v]]:
            yield f"task {i}: vehicle {v} may not serve it"
    if chain.end > chain.late:
        yield f"vehicle {v}: ends {chain.end - chain.late} after its shift"
    for k in range(len(chain.breaks), len(chain.rests)):
        yield f"vehicle {v}: no room for break {k}"
    trips = [trip for trip in chain.trips if trip.first < trip.last]
    for name, found, most in (
        ("duty", told.duty, model.vehicle_max_duty[v]),
        ("travel", told.seconds, model.vehicle_max_travel[v]),
        ("tasks", sum(1 for i in chain.visits if i >= 0), model.vehicle_max_tasks[v]),
        ("trips", len(trips), model.vehicle_max_trips[v]),
    ):
        if most < TIME_MAX and found > most:
            yield f"vehicle {v}: {name} {found} above {most}"
    for k, trip in enumerate(chain.trips):
        if trip in trips:
            yield from _trip_faults(model, chain, k)


def _trip_faults(model: RoutingModel, chain: Chain, k: int) -> Iterator[str]:
    v, trip, leave = chain.v, chain.trips[k], chain.leave[k]
    seconds = chain.arrival[trip.last] - leave
    if seconds > model.vehicle_max_trip[v] < TIME_MAX:
        yield f"vehicle {v}: trip {k} lasts {seconds}, above {model.vehicle_max_trip[v]}"
    for x, i in enumerate(_tasks(chain, trip), trip.first):
        if chain.start[x] - leave > model.task_freshness[i] < TIME_MAX:
            yield (
                f"task {i}: {chain.start[x] - leave} on board of vehicle {v}, "
                f"above {model.task_freshness[i]}"
            )
    limits = [("load", _most_on_board(model, chain, trip), model.vehicle_capacity[v])]
    if trip.option < 0 and (model.vehicle_first_load[v] < model.vehicle_capacity[v]).any():
        demand = model.task_demand[_tasks(chain, trip)].sum(axis=0, dtype=np.int64)
        limits.append(("first load", demand, model.vehicle_first_load[v]))
    for name, load, most in limits:
        for d in np.flatnonzero(load > most):
            yield f"vehicle {v}: {name} {load[d]} above {most[d]} in {d}"


def _shared_faults(
    model: RoutingModel, chains: Sequence[Chain], evaluated: Sequence[RouteEvaluation]
) -> Iterator[str]:
    duty = np.zeros(len(model.worker_max_duty), dtype=np.int64)
    taken = np.zeros(model.batches.portions.shape, dtype=np.int64)
    for chain in chains:
        duty[model.vehicle_worker[chain.v]] += evaluated[chain.v].duty
        for trip in chain.trips:
            batch = int(model.reloads.batch[trip.option]) if trip.option >= 0 else -1
            if batch >= 0:
                taken[batch] += model.task_demand[_tasks(chain, trip)].sum(axis=0, dtype=np.int64)
    for w in np.flatnonzero((duty > model.worker_max_duty) & (model.worker_max_duty < TIME_MAX)):
        yield f"worker {w}: duty {duty[w]} above {model.worker_max_duty[w]}"
    for b, d in np.argwhere(taken > model.batches.portions):
        yield f"batch {b}: {taken[b, d]} of {model.batches.portions[b, d]} portions taken in {d}"


def _tie_faults(
    model: RoutingModel, chains: Sequence[Chain], absent: NDArray[np.bool_]
) -> Iterator[str]:
    units = units_of(model)
    size = np.bincount(units)
    served = np.bincount(units[~absent], minlength=len(size))
    for u in np.flatnonzero((served > 0) & (served < size)):
        tasks = np.flatnonzero((units == u) & absent).tolist()
        yield f"tasks {tasks}: absent, though what they are tied to is served"
    grouped = ~absent & (model.task_group >= 0)
    chosen = set(zip(model.task_group[grouped].tolist(), units[grouped].tolist(), strict=True))
    for g, count in sorted(Counter(g for g, _ in chosen).items()):
        if count > 1:
            yield f"group {g}: {count} alternatives are served"
    where = {
        i: (chain, x, k) for chain in chains for k, trip in enumerate(chain.trips)
        for x, i in enumerate(_tasks(chain, trip), trip.first)
    }
    pairs, links = model.pairs, model.links
    for m, (p, d) in enumerate(zip(pairs.pickup.tolist(), pairs.delivery.tolist(), strict=True)):
        if p not in where or d not in where:
            continue
        (chain, x, k), (other, y, other_k) = where[p], where[d]
        if chain is not other or k != other_k or x > y:
            yield f"pair {m}: task {p} is not before {d} in one trip"
        elif chain.start[y] - chain.departure[x] > pairs.ride[m]:
            ride = chain.start[y] - chain.departure[x]
            yield f"pair {m}: {ride} from task {p} to {d}, above {pairs.ride[m]}"
    for m, (i, j) in enumerate(zip(links.first.tolist(), links.second.tolist(), strict=True)):
        if i not in where or j not in where:
            continue
        (chain, x, _), (other, y, _) = where[i], where[j]
        gap = other.start[y] - chain.start[x]
        if not links.least[m] <= gap <= links.most[m]:
            yield (
                f"link {m}: {gap} from the start of task {i} to that of {j}, "
                f"not {links.least[m]} to {links.most[m]}"
            )
        same = model.vehicle_worker[chain.v] == model.vehicle_worker[other.v]
        if links.worker[m] == (OTHER_WORKER if same else SAME_WORKER):
            yield f"link {m}: tasks {i} and {j} are served by {'one worker' if same else 'two'}"
