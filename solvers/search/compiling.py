"""Compiling the kernels, or loading them from the disk cache, before a clock runs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from solvers.builder import ModelBuilder
from solvers.jit import config
from solvers.search.kernels.ejection import eject
from solvers.search.kernels.jit import CACHE
from solvers.search.run import Kind, Search
from solvers.search.threads import run
from solvers.solve import SolveParams

_LOG = logging.getLogger("careroute.solvers")
_compiled: set[str] = set()


@contextlib.contextmanager
def first_time(name: str) -> Iterator[None]:
    """Say in the log that kernels are compiled where they are not in the disk cache yet.

    It takes a minute, in which nothing else is heard of the search.

    Parameters
    ----------
    name : of the kernels that are compiled in the body, and of their mark in the cache.
    """
    mark = CACHE.folder / f"{name}.compiled"
    is_first = not config.DISABLE_JIT and not mark.exists()
    if is_first:
        _LOG.info("compiling kernels: %s", name)
    yield
    if is_first:
        with contextlib.suppress(OSError):  # no folder, no cache: said again next time
            mark.touch()


def compile_kernels(kind: Kind = "plain") -> None:
    """Call every kernel once on a tiny model, so that numba compiles or loads it.

    Models with duties, rich ones, those with trips and those of pairs have kernels of their own,
    compiled only where asked for.
    """
    if kind in _compiled:
        return
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix([[0, 3, 5], [4, 0, 2], [6, 3, 0]])
    builder.add_task(1, demand=(1,))
    builder.add_task(2, demand=(1,))
    if kind == "rich":
        builder.add_link(0, 1, least=0, most=100)
    if kind == "pairs":
        builder.add_pair(0, 1)
    reloads = [builder.add_reload(0)] if kind == "trips" else []
    # Its arcs have to be priced.
    builder.add_vehicle(
        0, 0, capacity=(2,), price_per_metre=1, reloads=reloads,
        max_duty=1000 if kind == "duty" else None,
    )
    _compiled.add(kind)
    with first_time(kind):
        run(builder.build(), SolveParams(time_limit_s=None, max_iterations=3, initial=[[0]]))
        if kind == "pairs":
            search = Search(builder.build(), SolveParams())
            eject(search.problem, search.state, search.pairs, 0)
