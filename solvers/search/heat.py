"""First and last temperature of a search, in mean arcs of the plan that it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solvers.search.kernels import rows

if TYPE_CHECKING:
    from solvers.search.run import Search

#: Where prizes are scarce, routes are long from so many tasks of the first plan on average. At 15
#: a hot start did harm, from 18 on good.
_LONG_SCARCE = 17.0
#: The temperatures then.
_SPREAD_SCARCE = (3.0, 0.02)
#: Larger models have no time for a hot start.
MOST_TASKS = 2000


def temperatures(
    n_tasks: int, has_trips: bool = False, is_scarce: bool = False, is_near: bool = False
) -> tuple[float, float]:
    """First and last temperature in mean arcs; large instances have no time for a hot start.

    Nor have trips, whose iterations take longer: 1.0 was worse at 100-200 tasks, and so was 0.1.
    Where prizes are scarce, a hot start closes vehicles that pay only once their route is good.
    Near a start, with more than 500 tasks, it moves too many, and 2 % more cost and moves is left.
    """
    if is_near and n_tasks > 500:
        return 0.1, 0.01
    if n_tasks <= MOST_TASKS and not has_trips and not is_scarce:
        return 1.0, 0.02
    return (0.3, 0.02 if is_scarce else 0.01) if n_tasks <= 6000 else (0.1, 0.01)


def heat_long_routes(search: Search) -> None:
    """Begin hotter where prizes are scarce and the routes of the first plan are long.

    No vehicle closes there by chance, and what is served together has to be found first. Gaps after
    10 s of CPU, begun at 0.3 and at 3 mean arcs: R2_10_4 4.35 and 1.06 %, RC2_10_4 4.37 and 1.20,
    C2_10_4 3.55 and 1.20; but R2_10_1, where 15 tasks are on a route, 1.57 and 2.77.
    """
    c, n_tasks = search.counters, search.model.n_tasks
    n_served = n_tasks - int(c[rows.N_ABSENT])
    if (
        search.problem.traits[rows.SCARCE] != 0 and n_tasks <= MOST_TASKS
        and not (search.is_rich or search.has_trips or search.has_pairs)
        and n_served >= _LONG_SCARCE * max(int(c[rows.N_USED]), 1)
    ):
        search.spread = _SPREAD_SCARCE
