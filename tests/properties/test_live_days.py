"""Days with random events: promises kept after each, and a replay that ends the same."""

from __future__ import annotations

import numpy as np
import pytest

import geodata
from engine.domain.problem import SyntheticNetwork
from engine.live.answers import LivePolicy
from engine.live.day import LiveDay
from engine.scenario import demo_problem
from engine.travel import build_travel
from tests.live_builders import hand_plan
from tests.live_logs import random_event

REF = SyntheticNetwork(nodes=400, seed=2)


@pytest.fixture(scope="module")
def town():
    network = geodata.synthetic_city(400, seed=2)
    problem = demo_problem(REF, network, 50, 16, seed=4)
    return problem, build_travel(problem, network)


def begin(town):
    problem, travel = town
    return LiveDay(problem, hand_plan(problem, {}, travel), travel, LivePolicy(notice_s=900))


@pytest.mark.parametrize("seed", range(4))
def test_promises_are_kept_after_every_event_and_a_replay_ends_the_same(town, seed):
    rng = np.random.default_rng(seed)
    day, log = begin(town), []
    for k in range(70):
        event = random_event(rng, day, f"e{k}")
        outcome = day.apply(event)
        if outcome.status != "refused":
            log.append(event)
        assert not day.check(), (event, day.check()[:3])
        board = day.board
        on_lines = [s.order for ln in board.lines for s in board.stops_of(ln)]
        assert len(on_lines) == len(set(on_lines)), event
        known = set(on_lines) | set(board.waiting) | set(board.closed)
        assert known == set(board.orders), event
        assert not set(on_lines) & set(board.waiting), event
        for order, index in board.line_of.items():
            assert order in {s.order for s in board.stops_of(board.lines[index])}, (order, event)
        taken = {k: n for k, n in board.taken.items() if n}
        assert all(n > 0 for n in taken.values())
    kinds = {e.kind for e in log}
    assert len(kinds) >= 8
    again = begin(town)
    statuses = [o.status for o in again.apply_all(log)]
    assert "refused" not in statuses
    assert again.fingerprint == day.fingerprint
