"""Snapshots of a running day: with the rest of the log they are what the whole log gives."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import geodata
from engine.domain.problem import SyntheticNetwork
from engine.live import events
from engine.live.day import LiveDay
from engine.live.snapshot import Unusable, restore, save
from engine.scenario import demo_problem
from engine.travel import build_travel
from tests.live_builders import hand_plan
from tests.live_logs import random_event


@pytest.fixture(scope="module")
def town():
    network = geodata.synthetic_city(300, seed=2)
    problem = demo_problem(SyntheticNetwork(nodes=300, seed=2), network, 30, 14, seed=4)
    travel = build_travel(problem, network)
    return problem, hand_plan(problem, {}, travel), travel


@pytest.fixture(scope="module")
def log(town):
    """A log with a closed road and a new client before its middle, and its outcomes."""
    day, rng, found = LiveDay(*town), np.random.default_rng(5), []
    home = town[0].clients[0]
    where = {"lon": home.lon, "lat": home.lat}
    for id, kind, fields in (
        ("c", "road_closed", {**where, "radius_m": 150}),
        ("n", "alarm", {
            "order": {"kind": "emergency", "id": "N", "client": "new", "received_s": 30_000},
            "client": {"id": "new", **where},
        }),
    ):
        (event,) = events.read_events([{"id": id, "time_s": 30_000, "kind": kind, **fields}])
        found.append((event, day.apply(event)))
    while len(found) < 50:
        event = random_event(rng, day, f"e{len(found)}")
        outcome = day.apply(event)
        if outcome.status in ("applied", "superseded"):
            found.append((event, outcome))
    return found, day


def state_of(day):
    """All that is worked out beside what the fingerprint sees."""
    board = day.board
    arrays = [*vars(board.table).values(), *vars(board.timeline).values()]
    return (
        day.fingerprint, [a.tobytes() for a in arrays if isinstance(a, np.ndarray)],
        [vars(ln) for ln in board.lines], board.timeline.acts, board.promised, board.failed,
        sorted(board._due), board._due_of, board.taken, day.alarms, board.roads.journal,
        {m: s.tobytes() for m, s in board.travel.seconds.items()}, board.travel.location,
    )


@pytest.mark.parametrize("cut", [2, 25, 50])
def test_a_snapshot_and_the_rest_of_the_log_are_the_whole_log_bit_for_bit(town, log, cut):
    found, whole = log
    first = LiveDay(*town)
    for event, _ in found[:cut]:
        first.apply(event)
    again = LiveDay(*town)
    restore(again, save(first))
    assert state_of(again) == state_of(first)
    assert [again.apply(e) for e, _ in found[cut:]] == [o for _, o in found[cut:]]
    assert state_of(again) == state_of(whole)
    assert again.apply(found[0][0]).status == "repeated"


def test_what_is_damaged_old_or_of_another_day_is_unusable_and_changes_nothing(town, log):
    good = save(log[1])
    other = LiveDay(*town)
    before = other.fingerprint
    for bad in (
        b"", good[:-1], good[:5], b"careroute-live-day/0\n" + good[21:],
        good[:30] + bytes([good[30] ^ 1]) + good[31:], good[:-9] + b"x" + good[-8:],
    ):
        with pytest.raises(Unusable):
            restore(other, bad)
    assert other.fingerprint == before


def test_reading_runs_no_code_of_others(town, monkeypatch):
    """With a right digest, as somebody with the database could write it."""
    from engine.live import snapshot

    class Evil:
        def __reduce__(self):
            return print, ("run",)

    monkeypatch.setattr(snapshot._Writer, "dump", lambda self, _: pickle.Pickler.dump(
        self, {"problem": Evil()}
    ))
    bad = save(LiveDay(*town))
    with pytest.raises(Unusable, match="print"):
        restore(LiveDay(*town), bad)
