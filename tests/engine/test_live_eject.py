"""An order without a gap: others give way who have a place elsewhere, and no promise is broken."""

from __future__ import annotations

import pytest

from engine.domain.orders import Pin
from tests.care_builders import client, problem, visit, window, worker
from tests.live_builders import Teller, start_day

AT_TEN = (window(10, 10.25),)


def skilled_is_busy(policy=None, **order):
    """w1 has first aid and a visit that w2 could make, too; both have time for one at ten."""
    made = problem(
        clients=[client("a", 10), client("b", -10)],
        workers=[worker("w1", "first_aid"), worker("w2")],
        orders=[visit("o", "a", windows=AT_TEN, service_duration_s=3_000, **order)],
    )
    return Teller(start_day(made, {"w1": [["o"]]}, **(policy or {})))


def needs_skill(id: str = "n"):
    return visit(id, "b", windows=AT_TEN, skills=("first_aid",), service_duration_s=3_000)


def who(teller, order):
    return teller.day.board.start_of(order)[0]


def test_a_visit_that_another_can_make_gives_way():
    teller = skilled_is_busy()
    out = teller.send("order_in", 8.0, order=needs_skill())
    assert (who(teller, "n"), who(teller, "o")) == ("w1", "w2")
    assert {(m.order, m.was_worker) for m in out.moved} == {("n", None), ("o", "w1")}
    assert not teller.day.board.delays
    again = skilled_is_busy()
    again.day.apply_all(teller.log)
    assert again.day.fingerprint == teller.day.fingerprint


@pytest.mark.parametrize("kept", ["pinned", "told", "nowhere else", "policy"])
def test_what_may_not_move_stays(kept):
    """Pinned to w1; within the notice; w2 is busy then; or nobody is asked: n is late, or waits."""
    teller = skilled_is_busy(
        {"give_way_orders": 0} if kept == "policy" else None,
        **({"pin": Pin(worker="w1")} if kept == "pinned" else {}),
    )
    if kept == "nowhere else":
        busy = visit("p", "a", windows=AT_TEN, service_duration_s=3_000)
        teller.send("order_in", 8.0, order=busy)
        assert who(teller, "p") == "w2"
    at = teller.day.board.start_of("o")
    out = teller.send("order_in", 9.8 if kept == "told" else 8.1, order=needs_skill())
    assert teller.day.board.start_of("o") == at
    assert "o" not in {m.order for m in out.moved}
    assert teller.day.board.delays.get("n") or "n" in teller.day.board.waiting


def test_two_neighbours_give_way_to_a_longer_visit():
    made = problem(
        clients=[client("a", 10), client("b", -10)],
        workers=[worker("w1", "first_aid"), worker("w2"), worker("w3")],
        orders=[
            visit(f"o{k}", "a", windows=(window(h, h + 0.25),), service_duration_s=1_800)
            for k, h in enumerate((10, 10.75))
        ],
    )
    teller = Teller(start_day(made, {"w1": [["o0", "o1"]]}))
    long = visit("n", "b", windows=AT_TEN, skills=("first_aid",), service_duration_s=5_400)
    teller.send("order_in", 8.0, order=long)
    assert who(teller, "n") == "w1"
    assert {who(teller, "o0"), who(teller, "o1")} == {"w2", "w3"}
