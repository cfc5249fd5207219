"""Improvement in the background: found beside the day, adopted by an event, refused if late."""

from __future__ import annotations

import pytest

from engine.live.improve import Search, improve
from tests.care_builders import client, hour, problem, visit, window, worker
from tests.live_builders import Teller, start_day

SEARCH = Search(iterations=300)


def crossed(**policy):
    """Two carers, each with a visit on the other's way: 60 min of driving for nothing."""
    made = problem(
        clients=[client("near1", 5), client("near2", -5), client("far1", 30), client("far2", -30)],
        workers=[worker("w1", "first_aid"), worker("w2", "first_aid")],
        orders=[
            visit("n1", "near1", windows=(window(10, 16),)),
            visit("n2", "near2", windows=(window(10, 16),)),
            visit("f1", "far1", windows=(window(10, 16),)),
            visit("f2", "far2", windows=(window(10, 16),)),
        ],
    )
    trips = {"w1": [["n1", "f2"]], "w2": [["n2", "f1"]]}
    return start_day(made, trips, **policy)


def test_a_better_rest_is_found_and_adopted_and_the_log_replays():
    day = crossed(moved_client_cents=0, move_minute_cents=0)
    before = day.plan().totals.cost_cents
    fingerprint = day.fingerprint
    step = improve(day, 0, SEARCH)
    assert step is not None
    assert day.fingerprint == fingerprint  # looking changes nothing
    outcome = day.apply(step.event)
    assert outcome.status == "applied"
    assert not day.check()
    assert before - day.plan().totals.cost_cents == step.saved_cents > 0
    assert improve(day, 1, SEARCH) is None  # nothing is left to gain
    again = crossed(moved_client_cents=0, move_minute_cents=0)
    again.apply(step.event)
    assert again.fingerprint == day.fingerprint
    assert improve(crossed(moved_client_cents=0, move_minute_cents=0), 0, SEARCH) == step


@pytest.mark.parametrize("price", ["moved_client_cents", "move_minute_cents"])
def test_nobody_is_moved_for_less_than_the_price(price):
    free = {"moved_client_cents": 0, "move_minute_cents": 0}
    assert improve(crossed(**free), 0, SEARCH) is not None
    assert improve(crossed(**{**free, price: 10_000}), 0, SEARCH) is None


def test_what_was_found_is_given_up_when_the_day_has_gone_on():
    day = crossed(moved_client_cents=0, move_minute_cents=0)
    teller = Teller(day)
    teller.send("clock", 8.4)
    step = improve(day, 0, SEARCH)
    teller.send("order_cancelled", 8.5, order="f1")
    fingerprint = day.plan()
    late = step.event.model_copy(update={"id": "late"})
    outcome = day.apply(late)
    assert (outcome.status, outcome.notes[-1].code) == ("superseded", "E1927")
    assert day.plan() == fingerprint


def test_it_still_fits_where_the_day_has_gone_on_elsewhere():
    day = crossed(moved_client_cents=0, move_minute_cents=0)
    teller = Teller(day)
    teller.send("clock", 8.4)
    step = improve(day, 0, SEARCH)
    teller.send("worker_on", 8.45, worker="w1", until_s=hour(17.5))
    assert day.apply(step.event).status == "applied"
    assert not day.check()


def test_what_nobody_serves_is_served_where_a_search_finds_room():
    """Both orders fit one after the other only with the worker who is near to both."""
    made = problem(
        clients=[client("a", 30), client("b", 31)],
        workers=[worker("w1", shift=(8, 10.5))],
        orders=[
            visit("oa", "a", windows=(window(9.7, 9.9),), service_duration_s=600),
            visit("ob", "b", windows=(window(8.5, 9),), service_duration_s=600),
        ],
    )
    day = start_day(made, {"w1": [["oa"]]}, notice_s=0)
    step = improve(day, 0, SEARCH)
    assert (step.served, day.apply(step.event).status) == (1, "applied")
    assert day.board.start_of("ob")[0] == "w1"


def test_alarms_and_what_is_fixed_are_left_alone():
    day = crossed(moved_client_cents=0, move_minute_cents=0)
    teller = Teller(day)
    teller.alarm("A", "far1", 9.0)
    fixed = {s.order: s for ln in day.board.lines for s in ln.stops}
    assert "A" in fixed
    step = improve(day, 0, SEARCH)
    assert step is not None
    assert day.apply(step.event).status == "applied"
    now = {s.order: s for ln in day.board.lines for s in day.board.stops_of(ln)}
    assert {order: now[order] for order in fixed} == fixed
