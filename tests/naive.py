"""Slow twins of the kernels, written from what they promise."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from solvers.evaluation import evaluate
from solvers.model import OPEN, UNREACHABLE, RoutingModel, service_time


def windows_of(model: RoutingModel, i: int) -> list[tuple[int, int]]:
    """The windows of task ``i``."""
    return [
        (int(model.window_early[w]), int(model.window_late[w]))
        for w in range(model.window_ptr[i], model.window_ptr[i + 1])
    ]


def suffix_is_possible(
    model: RoutingModel, v: int, visits: Sequence[int], arrival: int
) -> bool:
    """Whether vehicle ``v``, at the first visit at ``arrival``, can do all and end in time."""
    seconds, clock = model.seconds[model.vehicle_profile[v]], arrival
    for k, i in enumerate(visits):
        if k > 0:
            clock += int(seconds[model.task_location[visits[k - 1]], model.task_location[i]])
        starts = [max(clock, early) for early, late in windows_of(model, i) if clock <= late]
        if not starts:
            return False
        clock = starts[0] + int(service_time(model.task_service[i], model.vehicle_permille[v]))
    end = int(model.vehicle_end[v])
    if end != OPEN:
        clock += int(seconds[model.task_location[visits[-1]], end])
    return bool(clock <= model.vehicle_late[v])


def latest_arrival(model: RoutingModel, v: int, visits: Sequence[int]) -> int:
    """Last arrival at the first visit for which all ``visits`` are possible, by trying all."""
    last = min(windows_of(model, visits[0])[-1][1], int(model.vehicle_late[v]))
    return next(t for t in range(last, -1, -1) if suffix_is_possible(model, v, visits, t))


def best_insertion(
    model: RoutingModel, routes: Sequence[Sequence[int]], i: int
) -> int | None:
    """Least cost that serving the absent task ``i`` adds; None if it fits nowhere.

    The prize that is won is not counted.
    """
    before = evaluate(model, routes).cost
    best = None
    for v, route in enumerate(routes):
        for k in range(len(route) + 1):
            tried = [list(r) for r in routes]
            tried[v].insert(k, i)
            evaluation = evaluate(model, tried)
            added = evaluation.cost - before + int(model.task_prize[i])
            if not evaluation.violations and (best is None or added < best):
                best = added
    return best


def optimum(model: RoutingModel) -> int:
    """Least cost over every assignment and order; for a handful of tasks."""
    routes = list(range(model.n_vehicles + 1))  # the last one holds the absent
    best = int(model.task_prize.sum())
    least: list[dict[tuple[int, ...], int]] = []
    for v in range(model.n_vehicles):
        costs = {}
        for size in range(1, model.n_tasks + 1):
            for order in itertools.permutations(range(model.n_tasks), size):
                tried: list[Sequence[int]] = [()] * model.n_vehicles
                tried[v] = order
                evaluation = evaluate(model, tried)
                if not evaluation.violations:
                    key = tuple(sorted(order))
                    cost = evaluation.travel_cost + evaluation.fixed_cost
                    costs[key] = min(cost, costs.get(key, cost))
        least.append(costs)
    for choice in itertools.product(routes, repeat=model.n_tasks):
        total = sum(int(model.task_prize[i]) for i, v in enumerate(choice) if v == routes[-1])
        for v in routes[:-1]:
            key = tuple(i for i, w in enumerate(choice) if w == v)
            if key and key not in least[v]:
                break
            total += least[v][key] if key else 0
        else:
            best = min(best, total)
    return best


def proximity(
    model: RoutingModel, i: int, j: int, profile: int, price_second: int, price_metre: int,
    price: float,
) -> float:
    """Travel cost, weighted waiting and time warp between two tasks, the better direction."""
    best = np.inf
    for a, b in ((i, j), (j, i)):
        arc = (profile, model.task_location[a], model.task_location[b])
        seconds = int(model.seconds[arc])
        if seconds >= UNREACHABLE:
            continue
        cost = price_second * seconds + price_metre * int(model.metres[arc])
        for (early_a, late_a), (early_b, late_b) in itertools.product(
            windows_of(model, a), windows_of(model, b)
        ):
            leg = int(model.task_service[a]) + seconds
            wait = max(early_b - leg - late_a, 0)
            warp = max(early_a + leg - late_b, 0)
            best = min(best, cost + price * (0.2 * wait + 1.0 * warp))
    return float(best)


def naive_ways(n: int, edges: list[tuple[int, int, int]]) -> list[list[int | None]]:
    """Weight of the shortest way between all nodes of a graph, None where there is none.

    Floyd, Algorithm 97: Shortest path (1962).
    """
    ways: list[list[int | None]] = [[0 if i == j else None for j in range(n)] for i in range(n)]
    for tail, head, weight in edges:
        old = ways[tail][head]
        ways[tail][head] = weight if old is None else min(old, weight)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                a, b, old = ways[i][k], ways[k][j], ways[i][j]
                if a is not None and b is not None and (old is None or a + b < old):
                    ways[i][j] = a + b
    return ways
