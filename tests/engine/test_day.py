"""A day from a problem to a checked plan, on real streets of a small synthetic city."""

from __future__ import annotations

import pytest

import geodata
from engine.day import DayParams, plan_day
from engine.domain.problem import Problem, SyntheticNetwork
from engine.errors import InputError, PlanRejected
from engine.scenario import demo_problem
from tests.care_builders import client, line_travel, plan, problem, served, visit, without, worker

REF = SyntheticNetwork(nodes=500, seed=3)
FIXED = DayParams(seconds=None, iterations=5_000, stall=0)


@pytest.fixture(scope="module")
def network():
    return geodata.synthetic_city(500, seed=3)


@pytest.fixture(scope="module")
def town(network):
    return demo_problem(REF, network, 60, 16, seed=2)


def test_a_small_town_is_planned_with_either_backend(town, network):
    for params in (FIXED, DayParams(seconds=None, iterations=20, backend="ortools")):
        result = plan_day(town, params, network=network)
        assert result.plan.totals.served >= 54
        assert result.plan.problem_fingerprint == town.fingerprint
        assert result.plan.network_fingerprint == network.fingerprint


def test_same_seed_and_iterations_give_the_same_plan_but_for_the_time_it_took(town, network):
    def as_json(seed):
        made = plan_day(town, DayParams(seconds=None, iterations=3_000, seed=seed), network=network)
        run = made.plan.run.model_copy(update={"elapsed_s": 0.0})
        return made.plan.model_copy(update={"run": run}).model_dump_json()

    assert as_json(7) == as_json(7)
    assert as_json(7) != as_json(8)


def test_progress_names_every_stage_once_in_order_and_never_falls(town, network):
    told = []
    result = plan_day(town, FIXED, network=network, on_progress=told.append)
    names = list(dict.fromkeys(s.name for s in told))
    assert names == ["network", "travel", "compile", "prepare", "solve", "evaluate", "insert",
                     "explain", "check", "report", "done"]
    shares = [s.share for s in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert set(result.stage_s) == set(names) - {"done"}


def test_a_run_can_be_stopped_and_still_gives_a_checked_plan(town, network):
    result = plan_day(town, DayParams(seconds=600), network=network, should_stop=lambda: True)
    assert result.plan.run.status == "cancelled"
    assert result.stage_s["solve"] < 300  # of 600


def test_a_day_of_few_orders_does_not_use_all_the_time_it_may():
    day = problem(clients=[client("c")], workers=[worker("w")], orders=[visit("o", "c")])
    result = plan_day(day, DayParams(seconds=600), travel=line_travel(day))
    assert result.plan.run.status == "stalled"


@pytest.mark.parametrize(
    "day",
    [
        problem(),
        problem(clients=[client("c")], orders=[visit("o", "c")]),
        problem(workers=[worker("w")]),
    ],
)
def test_a_day_without_orders_or_workers_is_a_plan(day):
    result = plan(day)
    assert result.plan.totals.served == 0
    assert len(result.plan.unserved) == len(day.orders)


def test_a_problem_without_any_point_is_a_plan_too(network):
    day = problem(centres=())
    assert plan_day(day, FIXED, network=network).plan.routes == ()


def test_points_far_from_any_road_are_faults_all_of_them(network):
    lost = [client("a", 0), client("b", 1)]  # on the equator
    day = problem(clients=lost, workers=[worker("w")], orders=[visit("o", "a")])
    with pytest.raises(InputError) as found:
        plan_day(day, FIXED, network=network)
    assert [f.path for f in found.value.faults] == ["centres[0]", "clients[0]", "clients[1]"]
    assert {f.code for f in found.value.faults} == {"E1403"}


def test_a_plan_that_breaks_a_promise_does_not_leave_the_engine():
    day = problem(clients=[client("c")], workers=[worker("w")], orders=[visit("o", "c", "bath")])
    assert served(plan(day).plan) == set()
    with pytest.raises(PlanRejected) as rejected:
        plan(day, rules=without("skills"))
    assert rejected.value.violations


def test_what_the_rigid_trips_of_the_model_missed_is_added_afterwards(town, network):
    from engine.explain import insertable

    result = plan_day(town, DayParams(seconds=None, iterations=1), network=network)
    assert insertable(town, result.plan, result.travel) == []


def test_the_made_up_day_is_a_problem_that_can_be_read_back(town):
    assert Problem.model_validate_json(town.model_dump_json()) == town
