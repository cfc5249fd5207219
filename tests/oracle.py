"""What the cheapest valid routes cost: by trying everything, or proven by CP-SAT.

Any backend's answer to the same model must cost at least as much, by the one evaluation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from solvers.evaluation import evaluate
from solvers.model import RoutingModel, units_of
from solvers.ortools_cpsat import prove


def of_few_tasks(model: RoutingModel, n: int) -> RoutingModel:
    """The model with about ``n`` tasks that somebody may serve, tied and grouped ones first."""
    units = units_of(model)
    size = np.bincount(units)
    first = sorted(
        np.unique(units).tolist(),
        key=lambda u: (-size[u], -int(model.task_group[units == u].max()), u),
    )
    kept = np.zeros(model.n_tasks, dtype=np.bool_)
    for u in first:
        if kept.sum() + size[u] <= n:
            kept |= units == u
    nobody = np.zeros((1, model.compatible.shape[1]), dtype=np.bool_)
    return model._replace(
        compatible=np.concatenate([model.compatible, nobody]),
        task_type=np.where(kept, model.task_type, len(model.compatible)).astype(np.int32),
    )


def every_solution(model: RoutingModel) -> Iterator[tuple[list[int], ...]]:
    """All ways to leave out, assign and order tasks, and to reload before them.

    For five tasks and two vehicles, or three with reloads.
    """
    vehicles = range(model.n_vehicles)
    tasks = np.flatnonzero(model.compatible[model.task_type].any(axis=1)).tolist()
    for assigned in itertools.product(range(-1, model.n_vehicles), repeat=len(tasks)):
        groups = [[i for i, u in zip(tasks, assigned, strict=True) if u == v] for v in vehicles]
        yield from itertools.product(*(_orders(model, v, groups[v]) for v in vehicles))


def _orders(model: RoutingModel, v: int, tasks: Sequence[int]) -> list[list[int]]:
    options = model.reloads.option[slice(*model.reloads.option_ptr[v : v + 2])].tolist()
    marks: list[list[int]] = [[], *([-1 - k] for k in options)]
    return [
        [visit for mark, i in zip(before, order, strict=True) for visit in (*mark, i)]
        for order in itertools.permutations(tasks)
        for before in itertools.product(marks, repeat=len(tasks))
    ]


def brute_force(model: RoutingModel) -> int:
    """Least cost of all valid solutions; every one is measured."""
    figures = (evaluate(model, routes) for routes in every_solution(model))
    return min(f.cost for f in figures if not f.violations)


def optimum(model: RoutingModel, time_limit_s: float = 60.0) -> int:
    """Least cost, proven by CP-SAT; for about eight tasks, or five with reloads."""
    proof = prove(model, time_limit_s)
    assert proof.optimal, "not proven in time"
    figures = evaluate(model, proof.routes)
    assert figures.violations == ()
    assert figures.cost == proof.cost
    return proof.cost
