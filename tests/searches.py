"""Searches that have their first plan, to be looked into from there."""

from __future__ import annotations

from solvers.model import RoutingModel
from solvers.search.run import Search
from solvers.solve import SolveParams


def begun(model: RoutingModel, n_iterations: int = 10**6, **params: object) -> Search:
    """A search that knows its neighbours and has constructed its first plan."""
    search = Search(
        model, SolveParams(time_limit_s=None, max_iterations=n_iterations, **params)  # type: ignore[arg-type]
    )
    search.find_neighbours()
    search.construct()
    return search
