"""The own search: ruin and recreate with simulated annealing, compiled by numba.

Algorithm: SISR, Christiaens and Vanden Berghe, Slack Induction by String Removals for Vehicle
Routing Problems (2020), on the rich model of ``solvers.model``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from solvers.errors import refuse_unsupported

if TYPE_CHECKING:
    from solvers.large import LargeModel
    from solvers.model import RoutingModel
    from solvers.solve import Result, SolveParams

__all__ = ["SUPPORTED", "solve", "warm_up"]

#: ``RoutingModel.features`` that the search knows, all of them and in any combination.
SUPPORTED: frozenset[str] = frozenset({
    "affinities", "batches", "breaks", "duty", "first load", "freshness", "groups",
    "groups of tied tasks", "links", "max duty", "max tasks", "max travel", "max trip", "max trips",
    "overtime", "pairs", "pickups", "release", "reloads", "setup", "soft windows", "worker duty",
    "worst lateness",
})


def solve(model: RoutingModel | LargeModel, params: SolveParams) -> Result:
    """Search for good routes until a limit of ``params`` is reached; see ``solvers.solve``.

    Raises
    ------
    Unsupported : the model has a feature that is not in ``SUPPORTED``, or an arc costs more than
        the search's int32 matrices hold.
    """
    from solvers.large import LargeModel
    from solvers.search import decompose, link_layout, run, threads
    from solvers.search.compiling import compile_kernels, first_time
    from solvers.search.kernels.jit import collector_paused
    from solvers.search.layout import DUTIES

    arrays = model.arrays if isinstance(model, LargeModel) else model
    refuse_unsupported("search", arrays.features, SUPPORTED)
    if not isinstance(model, LargeModel) and link_layout.is_linked(model):
        from solvers.search import links

        with collector_paused(), first_time("links"):
            links.compile_kernels()
        return links.run(model, params)
    large = decompose.is_large(model)
    with collector_paused():
        compile_kernels()
        kind = run.kind_of(arrays)
        if kind == "rich" and (large or params.threads > 1):
            # Parts of a large rich model may have no more than duties or pairs.
            if arrays.features & DUTIES:
                compile_kernels("duty")
            if "pairs" in arrays.features:
                compile_kernels("pairs")
        compile_kernels(kind)
        if large or params.threads > 1:
            with first_time("large"):
                decompose.compile_kernels()
    if large:
        return decompose.run(model, params)
    return threads.run(decompose.whole(model), params)


def warm_up() -> None:
    """Compile the kernels of plain models, or load them from the disk cache; quick when done.

    Those of rich and of large models are compiled when the first one comes, before its clock runs.
    """
    from solvers.search.compiling import compile_kernels
    from solvers.search.kernels.jit import collector_paused

    with collector_paused():
        compile_kernels()
