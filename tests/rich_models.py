"""Small random models with chosen features, and random routes for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from solvers.builder import ModelBuilder
from solvers.model import OPEN, TIME_MAX, UNREACHABLE, RoutingModel, units_of

#: Every name that ``RoutingModel.features`` can hold.
FEATURES = (
    "setup", "pickups", "soft windows", "worst lateness", "release", "freshness", "groups",
    "groups of tied tasks", "duty", "overtime", "max duty", "max travel", "max tasks", "max trips",
    "max trip", "first load", "worker duty", "pairs", "links", "breaks", "reloads", "batches",
    "affinities",
)
#: Features that do not go without others.
NEEDS = {
    "worst lateness": {"soft windows"}, "batches": {"reloads"}, "max trips": {"reloads"},
    "groups of tied tasks": {"groups", "links"},
}


def with_needs(features: Iterable[str]) -> set[str]:
    """The features and what they do not go without."""
    wanted = set(features)
    for name in list(wanted):
        wanted |= NEEDS.get(name, set())
    return wanted


def random_model(
    seed: int, features: Iterable[str], n_tasks: int = 10, n_vehicles: int = 3
) -> RoutingModel:
    """A model with exactly these features (and those they need), loose enough for real routes.

    Times are within about 400. Travel has gaps, breaks the triangle inequality and comes in two
    profiles; some ends are open, some windows several, some tasks optional.
    """
    wanted = with_needs(features)
    assert wanted <= set(FEATURES), wanted - set(FEATURES)
    rng = np.random.default_rng(seed)
    builder = ModelBuilder(n_dimensions=2)
    n_locations = max(4, n_tasks - 2)  # some tasks share a place
    for _ in range(2):
        seconds = rng.integers(2, 25, (n_locations, n_locations))
        seconds[rng.random((n_locations, n_locations)) < 0.03] = UNREACHABLE
        np.fill_diagonal(seconds, 0)
        builder.add_matrix(seconds, rng.integers(0, 60, (n_locations, n_locations)))
    if "setup" in wanted:
        for location in range(n_locations):
            if location == 0 or rng.random() < 0.6:
                builder.set_setup(location, int(rng.integers(1, 9)))
    _add_places(builder, rng, wanted, n_locations)
    _add_vehicles(builder, rng, wanted, n_locations, n_vehicles)
    for i in range(n_tasks):
        builder.add_task(**_task(rng, wanted, n_locations, n_vehicles, i))
    _add_ties(builder, rng, wanted, n_tasks)
    if "worst lateness" in wanted:
        builder.price_worst = int(rng.integers(1, 6))
    return builder.build()


def _slack(wanted: set[str]) -> float:
    """How much looser each limit is, so that many features at once still leave routes."""
    return 1 + len(wanted) / 12


def _pick(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high))


def _loads(rng: np.random.Generator, low: int, high: int) -> tuple[int, ...]:
    return tuple(int(x) for x in rng.integers(low, high, 2))


def _add_places(
    builder: ModelBuilder, rng: np.random.Generator, wanted: set[str], n_locations: int
) -> None:
    if "batches" in wanted:
        for _ in range(2):
            builder.add_batch(_pick(rng, 1, 80), _loads(rng, 4, 14))
    if "reloads" in wanted:
        for k in range(3):
            batch = k - 1 if k > 0 and "batches" in wanted else None
            builder.add_reload(
                _pick(rng, 0, n_locations), seconds=_pick(rng, 0, 12), batch=batch
            )


def _add_vehicles(
    builder: ModelBuilder, rng: np.random.Generator, wanted: set[str], n_locations: int, n: int
) -> None:
    slack = _slack(wanted)
    two_days = rng.random() < 0.5  # the last two vehicles are days of one worker
    for v in range(n):
        late = _pick(rng, 260, 420)
        fields: dict[str, Any] = {
            "start": OPEN if rng.random() < 0.2 else _pick(rng, 0, n_locations),
            "end": OPEN if rng.random() < 0.3 else _pick(rng, 0, n_locations),
            "shift": (_pick(rng, 0, 30), late), "capacity": _loads(rng, 7, 16),
            "skills": [s for s in "abc" if rng.random() < 0.8], "profile": _pick(rng, 0, 2),
            "fixed_cost": _pick(rng, 0, 100), "price_per_second": _pick(rng, 1, 4),
            "price_per_metre": _pick(rng, 0, 3),
            "service_permille": int(rng.choice([1000, 1000, 1333, 850])),
            "worker": min(v, n - 2) if two_days else v,
        }
        if "duty" in wanted:
            fields["price_per_duty_second"] = _pick(rng, 1, 4)
        if "overtime" in wanted:
            fields |= {"regular_duty": _pick(rng, 30, 120), "overtime_price": _pick(rng, 1, 5)}
        if "max duty" in wanted:
            fields["max_duty"] = int(slack * _pick(rng, 90, 300))
        if "max travel" in wanted:
            fields["max_travel"] = int(slack * _pick(rng, 40, 120))
        if "max tasks" in wanted:
            fields["max_tasks"] = _pick(rng, 2, 6)
        if "max trips" in wanted:
            fields["max_trips"] = _pick(rng, 1, 4)
        if "max trip" in wanted:
            fields["max_trip"] = int(slack * _pick(rng, 50, 160))
        if "first load" in wanted:
            fields["first_load"] = tuple(c - _pick(rng, 1, 5) for c in fields["capacity"])
        if "breaks" in wanted and (v == 0 or rng.random() < 0.8):
            begins = np.sort(rng.integers(0, late, _pick(rng, 1, 3))).tolist()
            fields["breaks"] = [(b, b + _pick(rng, 20, 110), _pick(rng, 5, 30)) for b in begins]
        if "reloads" in wanted:
            fields["reloads"] = [k for k in range(3) if k == 1 or rng.random() < 0.8]
        builder.add_vehicle(**fields)
    if "worker duty" in wanted:
        builder.limit_worker(n - 2, _pick(rng, 120, 350))


def _task(
    rng: np.random.Generator, wanted: set[str], n_locations: int, n_vehicles: int, i: int
) -> dict[str, Any]:
    if rng.random() < 0.25:
        windows = [(0, TIME_MAX)]
    else:
        opens = _pick(rng, 0, 200)
        windows = [(opens, opens + int(_slack(wanted) * _pick(rng, 40, 160)))]
        if rng.random() < 0.4:
            windows.append((windows[0][1] + 20, windows[0][1] + _pick(rng, 30, 100)))
    fields: dict[str, Any] = {
        "location": _pick(rng, 0, n_locations), "service": _pick(rng, 0, 20), "windows": windows,
        "demand": _loads(rng, 0, 4), "skills": [s for s in "abc" if rng.random() < 0.1],
        "refused": [v for v in range(n_vehicles) if rng.random() < 0.04],
        "prize": None if rng.random() < 0.4 else _pick(rng, 20, 900), "tier": _pick(rng, 0, 2),
    }
    if "pickups" in wanted:
        fields["pickup"] = _loads(rng, 0, 4)
    if "soft windows" in wanted and (i == 0 or rng.random() < 0.7):
        fields |= {"soft_late": _pick(rng, 10, 160), "late_price": _pick(rng, 0, 6)}
    if "release" in wanted and (i == 0 or rng.random() < 0.4):
        fields["release"] = _pick(rng, 1, 100)
    if "freshness" in wanted and (i == 0 or rng.random() < 0.5):
        fields["freshness"] = int(_slack(wanted) * _pick(rng, 25, 120))
    if "affinities" in wanted:
        fields["affinity"] = {
            w: _pick(rng, 1, 60) * (-1 if rng.random() < 0.5 else 1)
            for w in range(n_vehicles - 1) if i == w or rng.random() < 0.4
        }
    return fields


def _add_ties(
    builder: ModelBuilder, rng: np.random.Generator, wanted: set[str], n_tasks: int
) -> None:
    if not wanted & {"pairs", "links", "groups"}:
        return
    assert n_tasks >= 10, "ties need ten tasks"
    a, b, c, d, e, f, g, h, i, j = rng.permutation(n_tasks)[:10].tolist()
    if "pairs" in wanted:
        for pickup, delivery in ((a, b), (c, d)):
            ride = None if rng.random() < 0.3 else int(_slack(wanted) * _pick(rng, 20, 90))
            builder.add_pair(pickup, delivery, load=_loads(rng, 0, 5), ride=ride)
    if "links" in wanted:
        for first, second in ((j, i), (h, b)):  # the latter may be of a pair
            least = most = 0
            if rng.random() < 0.6:
                least = _pick(rng, -40, 60)
                most = least + int(_slack(wanted) * _pick(rng, 10, 80))
            worker = str(rng.choice(["any", "same", "other"], p=[0.4, 0.3, 0.3]))
            builder.add_link(first, second, least=least, most=most, worker=worker)
    if "groups of tied tasks" in wanted:
        builder.add_group([j, g])
        builder.add_group([a, c] if "pairs" in wanted else [e, f])
    elif "groups" in wanted:
        builder.add_group([e, f, g])


def random_routes(model: RoutingModel, rng: np.random.Generator) -> list[list[int]]:
    """Routes that keep most of the promises that need no clock, most of the time.

    Units are served whole, one of a group, pairs in order, by a vehicle that may, roughly in the
    order of their windows; reloads stand where they are allowed. Some are broken at times.
    """
    units = units_of(model)
    routes: list[list[int]] = [[] for _ in range(model.n_vehicles)]
    done: set[int] = set()
    early = model.window_early[model.window_ptr[:-1]].astype(float)
    early += rng.normal(0, 30 if rng.random() < 0.7 else 200, model.n_tasks)
    delivery = dict(zip(model.pairs.pickup.tolist(), model.pairs.delivery.tolist(), strict=True))
    careless, kept = rng.random() < 0.1, rng.choice([0.3, 0.6, 0.9])
    for u in rng.permutation(np.unique(units)).tolist():
        tasks = np.flatnonzero(units == u).tolist()
        group = int(model.task_group[tasks[0]])
        if not careless and (rng.random() > kept or (group >= 0 and group in done)):
            continue
        done.add(group)
        vehicle: dict[int, int] = {}
        for i in tasks:
            able = np.flatnonzero(model.compatible[model.task_type[i], model.vehicle_type])
            if len(able) == 0 or rng.random() < 0.02:
                able = np.arange(model.n_vehicles)
            vehicle[i] = int(rng.choice(able))
        for p, d in delivery.items():
            if p in vehicle:
                vehicle[d] = vehicle[p]
                early[d] = max(early[d], early[p] + 1)
        for i in tasks:
            routes[vehicle[i]].append(i)
    low = model.reloads.option_ptr
    for v, route in enumerate(routes):
        route.sort(key=lambda i: early[i])
        options = model.reloads.option[low[v] : low[v + 1]].tolist()
        if not options:
            continue
        # No reload between a pickup and its delivery, mostly.
        ends = {d: p for p, d in delivery.items()}
        for x in range(len(route) - 1, -1, -1):
            aboard = any(d in route[x:] and p in route[:x] for d, p in ends.items())
            if rng.random() < (0.02 if aboard else 0.35):
                route.insert(x, -1 - int(rng.choice(options)))
    return routes
