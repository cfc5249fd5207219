"""From routes that break a rule to routes that break none, by leaving tasks out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from solvers.evaluation import evaluate
from solvers.model import RoutingModel

Routes = list[list[int]]


def keep_valid(model: RoutingModel, routes: Sequence[Sequence[int]]) -> Routes:
    """Routes without the tasks that break a rule, as few as a search by halves finds.

    Tasks that only count together (pairs, links) are kept or left out together. Every set of tasks
    that is kept was measured by :func:`solvers.evaluation.evaluate`; the answer is valid.

    Notes
    -----
    One evaluation when nothing is wrong; about ``2 k log(n)`` with ``k`` tasks at fault.
    """
    given = [[int(i) for i in route] for route in routes]
    everything = _restricted(given, (i for route in given for i in route))
    if not evaluate(model, everything).violations:
        return everything
    kept: set[int] = set()

    def add(units: list[list[int]]) -> None:
        tasks = {i for unit in units for i in unit}
        if not evaluate(model, _restricted(given, kept | tasks)).violations:
            kept.update(tasks)
        elif len(units) > 1:
            add(units[: len(units) // 2])
            add(units[len(units) // 2 :])

    add(_units(model, given))
    return _restricted(given, kept)


def _restricted(routes: Routes, tasks: Iterable[int]) -> Routes:
    """Routes with these tasks alone, and no reload that would be followed by no task."""
    kept = set(tasks)
    restricted = []
    for route in routes:
        backwards: list[int] = []
        for visit in reversed(route):
            if visit in kept if visit >= 0 else backwards and backwards[-1] >= 0:
                backwards.append(visit)
        restricted.append(backwards[::-1])
    return restricted


def _units(model: RoutingModel, routes: Routes) -> list[list[int]]:
    """Visited tasks, those that pairs and links connect in one unit, in the order of the routes."""
    visited = [i for route in routes for i in route if i >= 0]
    parent: dict[int, int] = {i: i for i in visited}

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for firsts, seconds in (model.pairs[:2], model.links[:2]):
        for i, j in zip(firsts.tolist(), seconds.tolist(), strict=True):
            if i in parent and j in parent:
                parent[root(j)] = root(i)
    units: dict[int, list[int]] = {}
    for i in visited:
        units.setdefault(root(i), []).append(i)
    return list(units.values())
