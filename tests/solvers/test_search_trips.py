"""Multi-trip routes in the search: what it carries along is what the evaluation finds."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.builder import ModelBuilder
from solvers.evaluation import evaluate
from solvers.jit import compile_lean
from solvers.model import RoutingModel
from solvers.search.kernels import rows
from solvers.search.kernels import trip_rows as cols
from solvers.search.kernels.chains import remove_from_trip, slot_after
from solvers.search.kernels.journal import open_journal
from solvers.search.kernels.trip_insertion import (
    fits_as_trip,
    fits_in_trip,
    has_room,
    may_drive,
    may_reload,
)
from solvers.search.kernels.trip_journal import undo_trips
from solvers.search.kernels.trip_moves import (
    count_after,
    exchange_trip_tails,
    move_trips,
    skip_trips,
    stretch_fits,
    swap_trip_tails,
)
from solvers.search.run import Search
from solvers.search.trip_layout import leading_options, needs_trips
from solvers.solve import SolveParams, solve
from tests.searches import begun
from tests.trip_models import trip_model

SEEDS = range(8)


@compile_lean
def probe(problem, state, trips, i, found):
    """List every place for task ``i``: stop before, slot, option, whether it fits."""
    size = 0
    n = len(problem.tasks)
    for v in range(len(trips.shifts)):
        s = np.int64(v)
        while s >= 0:
            p = np.int64(n + 2 * s)
            while p != n + 2 * s + 1:
                q = np.int64(state.stops[p, rows.NEXT])
                fits = has_room(problem, state, trips, i, s)
                if s == v and state.vehicles[v, rows.COUNT] == 0:
                    fits = fits and may_drive(problem, state, trips, i, s)
                fits = fits and fits_in_trip(problem, state, trips, i, p, q, s)
                found[size, 0], found[size, 1], found[size, 2], found[size, 3] = p, s, -1, fits
                size += 1
                p = q
            for option in range(len(trips.choices)):
                fits = may_reload(problem, state, trips, i, s, option)
                fits = fits and fits_as_trip(problem, state, trips, i, s, option)
                found[size, 0], found[size, 1], found[size, 2] = n + 2 * s, s, option
                found[size, 3] = fits
                size += 1
            s = np.int64(slot_after(state, s))
    return size


@compile_lean
def take(problem, state, trips, i):
    open_journal(state, None)
    state.counters[rows.N_WORK] = 0
    remove_from_trip(problem, state, trips, np.int64(state.stops[i, rows.ROUTE]), i, i)


def begin(model: RoutingModel, iterations: int = 0, seed: int = 3) -> Search:
    search = begun(model, seed=seed)
    search.state.heat[:] = 30.0, 1.0
    search.step(iterations)
    return search


def slots_of(search: Search) -> list[list[int]]:
    """Slots of each vehicle, in the order of its chain."""
    n, stops = search.model.n_tasks, search.state.stops
    chains = []
    for v in range(search.model.n_vehicles):
        chain = [v]
        while (x := stops[n + 2 * chain[-1] + 1, rows.NEXT]) >= 0:
            chain.append(int(stops[x, rows.ROUTE]))
        chains.append(chain)
    return chains


def assert_rows_are_the_evaluations(search: Search) -> None:
    """Total, times, loads, portions and lists are what follows from the routes alone."""
    model, state, c, trips = search.model, search.state, search.counters, search.trips
    assert trips is not None
    n = model.n_tasks
    routes = search.routes(current=True)
    evaluation = evaluate(model, routes)
    assert evaluation.violations == ()
    assert c[rows.TOTAL] == evaluation.cost
    absent = state.lists[: c[rows.N_ABSENT], rows.ABSENT_LIST]
    assert sorted(absent) == list(evaluation.unassigned)
    assert c[rows.N_USED] == evaluation.n_used
    portions = model.batches.portions.astype(np.int64).reshape(-1, model.n_dimensions)
    n_trips, linked = 0, set()
    leads = leading_options(model)
    for v, (route, chain) in enumerate(zip(routes, slots_of(search), strict=True)):
        linked |= set(chain)
        active = 0
        for s in chain:
            row = trips.rows[s]
            tasks = []
            x = state.stops[n + 2 * s, rows.NEXT]
            while x < n:
                tasks.append(int(x))
                assert state.stops[x, rows.ROUTE] == s
                x = state.stops[x, rows.NEXT]
            assert row[cols.OWNER] == v
            assert state.vehicles[s, rows.COUNT] == len(tasks)
            active += bool(tasks)
            load = model.task_demand[tasks].sum(axis=0)
            most = model.vehicle_first_load[v] if s == v else model.vehicle_capacity[v]
            if s == v and leads[v] >= 0:
                most = 0 * most
            assert (state.vehicles[s, rows.LEFT :] == most - load).all()
            if row[cols.BATCH] >= 0:
                portions[row[cols.BATCH]] -= load
            for i in tasks:
                early = int(state.stops[i, rows.DEPART])
                through = int(row[cols.LEAVE]) + int(trips.legs[i, cols.THROUGH])
                start = evaluation.routes[v].departure[route.index(i)]
                assert max(early, through) == start
        n_trips += active
        assert trips.rows[v, cols.ACTIVE] == active
        assert active > 0 or route == []
    assert (trips.portions == portions).all()
    assert (portions >= 0).all()
    assert trips.counters[cols.N_TRIPS] == n_trips
    n_classes = int(model.vehicle_class.max()) + 1
    for number, (first, n_empty) in enumerate(state.classes):
        empty = state.vehicle_marks[first : first + n_empty, rows.EMPTY_LIST]
        assert (state.vehicle_marks[empty, rows.EMPTY_PLACE] == first + np.arange(n_empty)).all()
        members = np.flatnonzero(state.vehicles[:, rows.CLASS] == number)
        if number < n_classes:
            assert sorted(empty) == [v for v in members if not routes[v]]
        else:
            assert sorted(empty) == [s for s in members if s not in linked]


def random_trips(seed: int, **sizes: int | bool) -> RoutingModel | None:
    """A model of the seed if the trip kernels solve it; one without any trips is plain."""
    model = trip_model(seed, **sizes)  # type: ignore[arg-type]
    return model if needs_trips(model) else None


@pytest.mark.parametrize(("is_metric", "alike"), [(True, False), (True, True), (False, False)])
def test_construction_and_search_carry_what_the_evaluation_finds(
    is_metric: bool, alike: bool
) -> None:
    tried = 0
    for seed in SEEDS:
        model = random_trips(seed, is_metric=is_metric, alike=alike)
        if model is None:
            continue
        tried += 1
        search = begin(model)
        assert_rows_are_the_evaluations(search)
        for size in [1] * 10 + [200]:
            search.step(size)
            assert_rows_are_the_evaluations(search)
    assert tried > len(SEEDS) // 2


@pytest.mark.parametrize("is_metric", [True, False])
def test_every_place_is_judged_as_the_evaluation_does(is_metric: bool) -> None:
    n_cases, n_fits, n_new = 0, 0, 0
    for seed in SEEDS:
        model = random_trips(seed, n_tasks=10, n_vehicles=2, is_metric=is_metric)
        if model is None:
            continue
        search = begin(model, 20)
        for _ in range(4):
            search.step(3)
            state, trips = search.state, search.trips
            served = np.flatnonzero(state.stops[: model.n_tasks, rows.ROUTE] != rows.ABSENT)
            for i in served[::3].tolist():
                take(search.problem, state, trips, i)
            if trips.counters[cols.IS_BROKEN] == 1:
                break  # what is left is impossible, as an iteration would have found out
            found = np.zeros((500, 4), dtype=np.int64)
            absent = state.lists[: search.counters[rows.N_ABSENT], rows.ABSENT_LIST]
            for i in sorted(absent.tolist()):
                size = probe(search.problem, state, trips, i, found)
                chains = slots_of(search)
                routes = search.routes(current=True)
                for p, s, option, fits in found[:size].tolist():
                    v = int(trips.rows[s, cols.OWNER])
                    trial = [list(r) for r in routes]
                    parts: list[list[int]] = []
                    for slot in chains[v]:
                        visits = [] if slot == v else [-1 - int(trips.rows[slot, cols.OPTION])]
                        x = model.n_tasks + 2 * slot
                        while x < model.n_tasks or x % 2 == model.n_tasks % 2:
                            if x < model.n_tasks:
                                visits.append(x)
                            if x == p and option < 0:
                                visits.append(i)
                            x = int(state.stops[x, rows.NEXT])
                        parts.append(visits)
                        if slot == s and option >= 0:
                            parts.append([-1 - option, i])
                    trial[v] = [x for part in parts for x in part]
                    possible = evaluate(model, trial).violations == ()
                    n_cases += 1
                    n_fits += fits
                    n_new += fits and option >= 0
                    assert possible or not fits
                    assert not is_metric or fits == possible
    assert n_cases > 1000
    assert n_fits > 30
    assert n_new > 10


@pytest.mark.parametrize("is_metric", [True, False])
def test_rejected_iteration_puts_every_row_back(is_metric: bool) -> None:
    for seed in SEEDS:
        model = random_trips(seed, is_metric=is_metric)
        if model is None:
            continue
        search = begin(model, 50)
        state, trips = search.state, search.trips
        assert trips is not None
        arrays = (state.stops, state.vehicles, trips.rows, trips.legs, trips.places,
                  trips.portions, trips.counters)
        before = [a.copy() for a in arrays]
        total = int(search.counters[rows.TOTAL])
        state.heat[rows.TEMPERATURE] = -1e30  # below any improvement: nothing is accepted
        search.step(100)
        for array, old in zip(arrays, before, strict=True):
            assert (array == old).all()
        assert search.counters[rows.TOTAL] == total
        assert_rows_are_the_evaluations(search)


@compile_lean
def judge_stretches(state, trips, found):
    """List the exchanges of trips of the first two vehicles: the four slots, whether it fits."""
    size = 0
    for skip_a in range(count_after(state, np.int64(0)) + 1):
        a = skip_trips(state, np.int64(0), skip_a)
        for skip_b in range(count_after(state, np.int64(1)) + 1):
            b = skip_trips(state, np.int64(1), skip_b)
            for n_a in range(count_after(state, a) + 1):
                last_a = skip_trips(state, a, n_a)
                for n_b in range(count_after(state, b) + 1):
                    last_b = skip_trips(state, b, n_b)
                    fits = stretch_fits(state, trips, a, last_a, b, last_b)
                    fits = fits and stretch_fits(state, trips, b, last_b, a, last_a)
                    found[size, 0], found[size, 1], found[size, 2] = a, last_a, b
                    found[size, 3], found[size, 4] = last_b, fits
                    size += 1
    return size


def visits_of(search: Search, slots: list[int]) -> list[int]:
    """Visits of linked trips, each after its reload."""
    n, stops, trips = search.model.n_tasks, search.state.stops, search.trips
    visits: list[int] = []
    for s in slots:
        if s >= search.model.n_vehicles:
            visits.append(-1 - int(trips.rows[s, cols.OPTION]))
        x = int(stops[n + 2 * s, rows.NEXT])
        while x < n:
            visits.append(x)
            x = int(stops[x, rows.NEXT])
    return visits


def test_every_exchange_of_trips_is_judged_as_the_evaluation_does() -> None:
    n_fits, n_misfits = 0, 0
    for seed in range(16):
        model = random_trips(seed, n_vehicles=2, alike=True)
        if model is None:
            continue
        search = begin(model, 30)
        found = np.zeros((10_000, 5), dtype=np.int64)
        size = judge_stretches(search.state, search.trips, found)
        assert size > 0
        left, right = slots_of(search)
        for a, last_a, b, last_b, fits in found[:size].tolist():
            i, j = left.index(a) + 1, left.index(last_a) + 1
            k, m = right.index(b) + 1, right.index(last_b) + 1
            trial = [left[:i] + right[k:m] + left[j:], right[:k] + left[i:j] + right[m:]]
            evaluation = evaluate(model, [visits_of(search, t) for t in trial])
            faults = [x for x in evaluation.violations if ": trips " not in x]
            assert fits == (faults == [])
            n_fits += fits and a != last_a and b != last_b
            n_misfits += not fits
    assert n_fits > 10
    assert n_misfits > 10


@compile_lean
def move(problem, guide, state, trips, kind):
    if kind == 0:
        move_trips(problem, state, trips)
    else:
        exchange_trip_tails(problem, guide, state, trips)


@pytest.mark.parametrize("kind", [0, 1])
def test_moves_of_trips_and_tails_carry_what_the_evaluation_finds(kind: int) -> None:
    n_moved = 0
    for seed in SEEDS:
        model = random_trips(seed, alike=True)
        if model is None:
            continue
        search = begin(model, 20)
        for _ in range(60):
            before = search.routes(current=True)
            move(search.problem, search.guide, search.state, search.trips, kind)
            if search.routes(current=True) != before:
                n_moved += 1
                assert_rows_are_the_evaluations(search)
    assert n_moved > 20


@compile_lean
def try_tails(problem, state, trips, p, y):
    """Exchange tails whatever it costs, and undo it."""
    open_journal(state, None)
    before = state.counters[rows.TOTAL]
    swap_trip_tails(problem, state, trips, p, np.int64(state.stops[p, rows.ROUTE]), y,
                    np.int64(state.stops[y, rows.ROUTE]))
    undo_trips(state, trips)
    state.counters[rows.TOTAL] = before


def test_exchange_of_tails_is_undone_row_by_row() -> None:
    n_tried = 0
    for seed in SEEDS:
        model = random_trips(seed, alike=True)
        if model is None:
            continue
        search = begin(model, 30)
        state, trips = search.state, search.trips
        arrays = (state.stops, state.vehicles, trips.rows, trips.legs, trips.places,
                  trips.portions, trips.counters)
        before = [x.copy() for x in arrays]
        slot = state.stops[: model.n_tasks, rows.ROUTE]
        for p in np.flatnonzero(slot >= 0).tolist():
            for y in np.flatnonzero((slot >= 0) & (slot != slot[p])).tolist():
                if trips.rows[slot[p], cols.BATCH] != trips.rows[slot[y], cols.BATCH]:
                    continue
                n_tried += 1
                try_tails(search.problem, state, trips, p, y)
                for array, old in zip(arrays, before, strict=True):
                    assert (array == old).all()
        assert_rows_are_the_evaluations(search)
    assert n_tried > 100


def test_incumbent_of_a_solve_keeps_every_rule_and_is_taken_back_as_it_is() -> None:
    for seed in SEEDS:
        model = random_trips(seed)
        if model is None:
            continue
        result = solve(model, SolveParams(time_limit_s=None, max_iterations=400, seed=seed))
        again = solve(model, SolveParams(time_limit_s=None, max_iterations=400, seed=seed))
        assert [r.tolist() for r in result.routes] == [r.tolist() for r in again.routes]
        evaluation = evaluate(model, result.routes)
        assert evaluation.violations == ()
        assert list(evaluation.unassigned) == result.unassigned.tolist()
        search = Search(model, SolveParams(max_iterations=1, time_limit_s=None))
        routes = [r.tolist() for r in result.routes]
        search.load(routes)
        assert search.routes() == routes
        assert search.counters[rows.BEST_TOTAL] == evaluation.cost
        assert_rows_are_the_evaluations(search)


def two_meals(freshness: int, portions: int) -> RoutingModel:
    """Two far homes, one portion a trip; the second meal is ready late."""
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix([[0, 10, 10], [10, 0, 20], [10, 20, 0]])
    early = builder.add_batch(ready=0, portions=[portions])
    late = builder.add_batch(ready=50, portions=[portions])
    kitchen = [builder.add_reload(0, seconds=2, batch=b) for b in (early, late)]
    builder.add_vehicle(0, 0, shift=(0, 200), capacity=(1,), first_load=(0,), reloads=kitchen)
    builder.add_task(1, windows=[(0, 40)], demand=(1,), freshness=freshness, prize=1000)
    builder.add_task(2, windows=[(60, 100)], demand=(1,), freshness=freshness, prize=1000)
    return builder.build()


@pytest.mark.parametrize(("freshness", "portions", "served"), [(10, 1, 2), (9, 1, 0), (10, 0, 0)])
def test_two_meals_need_two_trips_fresh_enough_and_portions(
    freshness: int, portions: int, served: int
) -> None:
    model = two_meals(freshness, portions)
    result = solve(model, SolveParams(time_limit_s=None, max_iterations=100))
    assert len(result.unassigned) == 2 - served
    assert evaluate(model, result.routes).violations == ()
    if served:
        assert result.routes[0].tolist() == [-1, 0, -2, 1]


def test_fewer_vehicles_with_more_trips_where_a_vehicle_is_dear() -> None:
    rng = np.random.default_rng(5)
    builder = ModelBuilder(n_dimensions=1)
    xy = rng.integers(0, 30, (21, 2))
    builder.add_matrix(np.ceil(np.linalg.norm(xy[:, None] - xy[None], axis=2)).astype(int))
    depot = builder.add_reload(0)
    for _ in range(6):
        builder.add_vehicle(0, 0, shift=(0, 1500), capacity=(4,), reloads=[depot], fixed_cost=9000)
    for i in range(1, 21):
        builder.add_task(i, demand=(1,), service=5)
    model = builder.build()
    result = solve(model, SolveParams(time_limit_s=None, max_iterations=3000))
    assert len(result.unassigned) == 0
    assert sum(len(r) > 0 for r in result.routes) == 1
    assert evaluate(model, result.routes).violations == ()
