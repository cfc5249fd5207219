"""The engines that are compared, each through its own features; all return plain routes.

An adapter gets an instance and a time, and answers with routes over our task indexes; what the
routes cost is decided elsewhere, by ``solvers.evaluation`` or by the family's own measure in double
precision. A peer is used as its own users would use it, one thread:

careroute   ``solvers.solve`` with the ``search`` backend.
ortools     ``solvers.ortools_routing``: routing library, parallel cheapest insertion, guided local
            search, with two settings (see that module) that make it faster than its defaults.
pyvrp       ``benchmarks.peers.pyvrp_peer``
vroom       ``benchmarks.peers.vroom_peer``

A feature that an engine does not have is refused by name, and the run becomes a note. CPU seconds
are those of the search call alone: imports, compilation and model building come before it. A time
limit is CPU seconds in careroute and PyVRP. The others know the wall clock alone, so on a busy
machine their CPU seconds fall short.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.instances.base import Instance
from benchmarks.peers.base import Outcome
from benchmarks.peers.pyvrp_peer import run_pyvrp
from benchmarks.peers.vroom_peer import run_vroom
from solvers.solve import SolveParams, solve, warm_up

__all__ = ["PEERS", "Outcome", "run_careroute", "run_ortools", "run_pyvrp", "run_vroom"]


def _run_backend(backend: str, instance: Instance, seconds: float, seed: int) -> Outcome:
    warm_up(backend)
    began = time.process_time()
    result = solve(
        instance.model,
        # Our own search counts CPU seconds: what else runs on the core takes nothing away.
        SolveParams(backend=backend, time_limit_s=seconds, seed=seed, clock=time.process_time),
    )
    # Model building inside the backend is not search: elapsed_s leaves it out.
    cpu = min(time.process_time() - began, result.elapsed_s)
    routes = [route.tolist() for route in result.routes]
    return Outcome(routes, cpu, result.elapsed_s, result.iterations)


def run_careroute(instance: Instance, seconds: float, seed: int) -> Outcome:
    """Our own search."""
    return _run_backend("search", instance, seconds, seed)


def run_ortools(instance: Instance, seconds: float, seed: int) -> Outcome:
    """OR-Tools' routing library; it has no seed."""
    return _run_backend("ortools", instance, seconds, seed)


PEERS: dict[str, Callable[[Instance, float, int], Outcome]] = {
    "careroute": run_careroute,
    "ortools": run_ortools,
    "pyvrp": run_pyvrp,
    "vroom": run_vroom,
}
