"""The measures in double precision and the one evaluator, on the same routes."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.instances import Instance, best_known_table, family_files, read_instance
from benchmarks.instances import shared_folder as shared
from solvers.evaluation import evaluate
from solvers.model import ANY_WORKER

DATA = shared() / "instances"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no public instances in {DATA}"),
]


def instances(family: str, step: int) -> list[Instance]:
    table = best_known_table(DATA / "bks.csv")
    files = family_files(family, table, DATA)[::step]
    return [read_instance(path, family, table) for path in files]


def a_plan(instance: Instance, rng: np.random.Generator) -> list[list[int]]:
    """Every visit at somebody with the skill, in one order for all: nobody waits in vain."""
    model = instance.model
    mate = dict(zip(model.links.second.tolist(), model.links.first.tolist(), strict=True))
    place, routes = {}, [[] for _ in range(model.n_vehicles)]  # type: ignore[var-annotated]
    blur = rng.integers(0, 200_000, model.n_tasks)
    key = {i: int(model.window_early[i] + blur[mate.get(i, i)]) for i in range(model.n_tasks)}
    for i in sorted(key, key=lambda i: (key[i], mate.get(i, i), i)):
        able = np.flatnonzero(model.compatible[model.task_type[i], model.vehicle_type]).tolist()
        able = [v for v in able if v != place.get(mate.get(i, -1))]
        place[i] = int(rng.choice(able))
        routes[place[i]].append(i)
    return routes


@pytest.mark.parametrize(("family", "step"), [("hhcrsp_mankowska", 3), ("hhcrsp_italian", 1)])
def test_integers_and_doubles_agree_on_home_care(family: str, step: int) -> None:
    rng = np.random.default_rng(5)
    for instance in instances(family, step):
        assert instance.exact is not None
        assert (instance.model.links.worker != ANY_WORKER).all()
        for _ in range(3):
            routes = a_plan(instance, rng)
            exact, figures = instance.exact(routes), evaluate(instance.model, routes)
            assert exact.violations == figures.violations == (), instance.name
            assert exact.unserved == figures.unassigned == ()
            assert exact.cost == pytest.approx(figures.cost / instance.scale, abs=1e-6)
            assert exact.vehicles == figures.n_used


@pytest.mark.parametrize(
    ("family", "step"),
    [("solomon_hier", 4), ("homberger_hier", 19), ("lilim_pdptw_hier", 13)],
)
def test_what_is_in_time_in_integers_is_in_time_in_doubles(family: str, step: int) -> None:
    rng = np.random.default_rng(6)
    legal = 0
    for instance in instances(family, step):
        model = instance.model
        assert instance.exact is not None
        order = np.argsort(model.window_late + rng.integers(0, 100_000, model.n_tasks))
        units = [[int(i)] for i in order]
        if len(model.pairs.pickup):
            units = [list(map(int, pair)) for pair in zip(*model.pairs[:2], strict=True)]
        for size in (1, 2, 3):
            chunks = [
                [i for unit in units[k : k + size] for i in unit]
                for k in range(0, len(units), size)
            ]
            routes = chunks[: model.n_vehicles]
            routes += [[]] * (model.n_vehicles - len(routes))
            exact, figures = instance.exact(routes), evaluate(model, routes)
            assert exact.unserved == figures.unassigned
            assert exact.vehicles == figures.n_used
            assert bool(exact.violations) == bool(figures.violations), instance.name
            legal += not exact.violations
            distance = figures.travel_cost / instance.scale
            # Each leg is at most 1/10,000 longer in integers.
            n_legs = sum(len(route) + 1 for route in routes if route)
            assert exact.cost <= distance + 1e-6
            assert distance <= exact.cost + n_legs / instance.scale
    assert legal
