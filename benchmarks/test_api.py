"""The doors at 1,000 orders, bytes to bytes: validation alone, a check, a fixed-iteration plan."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from api import exchange, service
from api.settings import Settings
from engine.domain.parse import read_problem
from engine.domain.problem import Problem, SyntheticNetwork
from engine.formats.native import problem_data
from engine.networks import open_network
from engine.scenario import demo_problem

SETTINGS = Settings(max_seconds=600)


@pytest.fixture(scope="module")
def problem() -> Problem:
    """One day of 1,000 orders and 120 workers on the synthetic city."""
    service.warm_up()
    ref = SyntheticNetwork(nodes=6000, seed=1)
    return demo_problem(ref, open_network(ref), n_orders=1000, n_workers=120, seed=1)


@pytest.fixture(scope="module")
def plan_body(problem: Problem) -> bytes:
    """Make a request with a fixed number of iterations."""
    params = {"iterations": 2_000, "seed": 1}
    return orjson.dumps({"problem": problem_data(problem), "params": params})


def _plan(body: bytes) -> bytes:
    return exchange.plan(
        settings=SETTINGS, should_stop=lambda: False, body=body, kind="application/json", query={},
        wanted="json",
    ).body


def test_validate_1k_orders(benchmark: Any, plan_body: bytes) -> None:
    """Bytes to a validated problem."""
    found = benchmark(lambda: read_problem(service.loads(plan_body)["problem"]))  # type: ignore[index]
    assert len(found.orders) == 1000


def test_check_1k_orders(benchmark: Any, problem: Problem, plan_body: bytes) -> None:
    """A problem and its plan as bytes to a verdict; travel times are measured anew each time."""
    body = orjson.dumps(
        {"problem": problem_data(problem), "plan": orjson.loads(_plan(plan_body))}
    )
    answer = benchmark.pedantic(
        exchange.check, rounds=5,
        kwargs={"settings": SETTINGS, "should_stop": lambda: False, "body": body},
    )
    assert orjson.loads(answer.body)["clean"]


def test_plan_1k_orders(benchmark: Any, plan_body: bytes) -> None:
    """Bytes to a checked plan as bytes."""
    answer = benchmark.pedantic(_plan, args=(plan_body,), rounds=3)
    assert orjson.loads(answer)["totals"]["orders"] == 1000
