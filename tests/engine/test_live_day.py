"""The running day: the smallest change, promises kept, contradictions settled by a stated rule."""

from __future__ import annotations

import pytest

from engine.domain.orders import VisitOrder
from engine.live.refusals import TEXTS
from tests.care_builders import (
    alarm,
    batch,
    box,
    centre,
    client,
    courier,
    hour,
    kitchen,
    meal,
    problem,
    visit,
    window,
    worker,
)
from tests.live_builders import Teller, start_day


def two_workers(**kw):
    """Two carers; w1 has three visits of 20 min at 10 min of travel, w2 has one far away."""
    return problem(
        clients=[client(f"c{k}", x) for k, x in enumerate((10, 20, 30, -40, 25))],
        workers=[worker("w1"), worker("w2")],
        orders=[
            visit("o0", "c0", windows=(window(9, 10),)),
            visit("o1", "c1", windows=(window(11, 12),)),
            visit("o2", "c2", windows=(window(13, 14),)),
            visit("o3", "c3", windows=(window(9, 12),)),
        ],
        **kw,
    )


@pytest.fixture
def teller():
    return Teller(start_day(two_workers(), {"w1": [["o0", "o1", "o2"]], "w2": [["o3"]]}))


def who(day, order):
    return day.board.start_of(order)[0]


def when(day, order):
    return day.board.start_of(order)[1]


def test_a_day_without_events_is_the_plan_it_began_with(teller):
    plan = teller.day.plan()
    assert [(r.worker, [s.order for t in r.trips for s in t.stops]) for r in plan.routes] == [
        ("w1", ["o0", "o1", "o2"]), ("w2", ["o3"])
    ]
    assert plan.totals == teller.day.board.base_plan.totals
    assert not teller.day.check()


def test_a_new_order_goes_where_it_costs_least_and_moves_nobody(teller):
    out = teller.send("order_in", 8.0, order=visit("n", "c4", windows=(window(12, 14),)))
    assert who(teller.day, "n") == "w1"
    assert [m.order for m in out.moved] == ["n"]
    assert out.moved[0].was_worker is None


def test_an_order_that_nobody_can_serve_in_time_is_served_late_and_told(teller):
    out = teller.send("order_in", 9.9, order=visit("n", "c3", windows=(window(9, 9.95),)))
    assert who(teller.day, "n") is not None
    late = teller.day.board.delays["n"]
    assert out.delayed[0].order == "n"
    assert out.delayed[0].by_s == late == when(teller.day, "n") - hour(9.95)


def test_an_order_too_late_for_anybody_waits_with_a_reason_and_is_tried_again(teller):
    teller.send("worker_off", 8.0, worker="w2")
    assert who(teller.day, "o3") == "w1"
    out = teller.send("worker_off", 8.1, worker="w1")
    assert set(out.unserved) == {"o0", "o1", "o2", "o3"}
    assert {u.order for u in teller.day.plan().unserved} == {"o0", "o1", "o2", "o3"}
    back = teller.send("worker_on", 8.5, worker="w2")
    assert {m.order for m in back.moved} >= {"o0", "o1", "o3"}
    assert not back.unserved


def test_what_was_told_to_a_client_keeps_its_place(teller):
    """At 8:40 the visit of 9:00 is within the notice: nothing goes before it."""
    near = visit("n", "c0", windows=(window(8.7, 9.5),))
    teller.send("order_in", 8.67, order=near)
    line = teller.day.board.by_worker["w1"][0]
    fixed = [s.order for s in line.stops]
    assert fixed[0] == "o0"
    assert when(teller.day, "o0") == hour(9)


def test_a_longer_notice_fixes_more():
    for notice, fixed in ((600, []), (3_600, ["o0"])):
        day = start_day(two_workers(), {"w1": [["o0", "o1", "o2"]]}, notice_s=notice)
        Teller(day).send("worker_on", 8.2, worker="w1")
        assert [s.order for s in day.board.by_worker["w1"][0].stops] == fixed


def test_a_cancelled_order_frees_its_worker_for_one_that_waited():
    made = problem(
        clients=[client("a", 5), client("b", 5)],
        workers=[worker("w", shift=(9, 10))],
        orders=[
            visit("o", "a", service_duration_s=2_400), visit("p", "b", service_duration_s=1_800)
        ],
    )
    teller = Teller(start_day(made, {"w": [["o"]]}, notice_s=0))
    assert "p" in teller.day.board.waiting
    out = teller.send("order_cancelled", 8.5, order="o")
    assert who(teller.day, "p") == "w"
    assert [m.order for m in out.moved] == ["p"]
    assert who(teller.day, "o") is None


def test_a_sick_workers_visits_go_to_others_the_most_important_first():
    """One hour is left with w2: it goes to the guaranteed client, the other one waits."""
    made = problem(
        clients=[client("a", 5), client("g", 5, guaranteed=True)],
        workers=[worker("w1"), worker("w2", shift=(9, 10.2))],
        orders=[
            visit("oa", "a", service_duration_s=3_000, windows=(window(9, 9.5),)),
            visit("og", "g", service_duration_s=3_000, windows=(window(9, 9.5),)),
        ],
    )
    teller = Teller(start_day(made, {"w1": [["oa"], ["og"]]}, max_delay_s=0, notice_s=0))
    out = teller.send("worker_off", 8.0, worker="w1")
    assert who(teller.day, "og") == "w2"
    assert out.unserved == ("oa",)


def test_a_visit_that_ends_late_moves_the_next_to_somebody_who_keeps_the_window():
    made = problem(
        centres=[centre(), centre("near", 12)],
        clients=[client("a", 10), client("b", 12)],
        workers=[worker("w1"), worker("w2", start="near")],
        orders=[
            visit("oa", "a", windows=(window(9, 9.5),)),
            visit("ob", "b", windows=(window(9.5, 10.25),)),
        ],
    )
    teller = Teller(start_day(made, {"w1": [["oa", "ob"]]}, notice_s=0))
    teller.send("visit_started", 9.0, order="oa", worker="w1")
    assert who(teller.day, "ob") == "w1"
    # Nobody reports its end, so it is taken to last on and on, until w1 cannot keep the window.
    out = teller.send("clock", 10.24)
    assert who(teller.day, "ob") == "w2"
    assert not out.delayed
    teller.send("visit_finished", 10.24, order="oa", worker="w1")
    assert teller.day.board.actual["oa"] == [hour(9), hour(10.24), None]


def test_a_client_who_is_not_at_home_frees_the_worker_at_once(teller):
    teller.send("order_in", 8.0, order=visit("n", "c1", windows=(window(9, 9.5),)))
    out = teller.send("visit_failed", 9.05, order="o0", worker="w1", reason="not_at_home")
    assert out.details == {"reason": "not_at_home"}
    assert teller.day.board.closed["o0"] == "failed"
    assert teller.day.board.by_worker["w1"][0].stops[0].departure_s == hour(9.05)


def test_a_late_worker_keeps_what_can_be_kept(teller):
    out = teller.send("worker_late", 8.0, worker="w1", until_s=hour(10.5))
    assert who(teller.day, "o0") == "w2"
    assert who(teller.day, "o1") == "w1"
    assert {m.order for m in out.moved} == {"o0", "o3"} or {m.order for m in out.moved} == {"o0"}


def test_a_changed_order_is_placed_as_it_is_wanted_now(teller):
    later = VisitOrder(
        id="o1", client="c1", kind="visit", service="check_in", windows=(window(15, 16),)
    )
    teller.send("order_changed", 8.0, order=later)
    assert hour(15) <= when(teller.day, "o1") <= hour(16)


def test_a_late_kitchen_delays_the_trip_and_moves_who_cannot_wait():
    made = problem(
        clients=[client("a", 5), client("b", 5)],
        kitchens=[kitchen(batches=[batch("lunch", 10), batch("second", 10)], loading_s=0)],
        vehicles=[box()], workers=[courier("k1")],
        orders=[
            meal("ma", "a", windows=(window(11, 12),)),
            meal("mb", "b", windows=(window(11, 14),)),
        ],
    )
    teller = Teller(start_day(made, {"k1": [["ma", "mb"]]}, notice_s=0))
    teller.send("kitchen_late", 9.0, place="kitchen", batch="lunch", ready_s=hour(12.5))
    stops = {s.order: s for s in teller.day.board.stops_of(teller.day.board.lines[0])}
    assert hour(11) <= stops["ma"].start_s <= hour(12)
    assert stops["ma"].batch == "second"
    assert stops["mb"].start_s <= hour(14)


def test_a_trip_that_has_left_the_kitchen_is_left_alone():
    made = problem(
        clients=[client("a", 30), client("b", 35)],
        kitchens=[kitchen(loading_s=0)], workers=[courier("k1")],
        orders=[meal("ma", "a", windows=(window(11, 12),)), meal("mb", "b")],
    )
    teller = Teller(start_day(made, {"k1": [["ma", "mb"]]}, notice_s=0))
    teller.send("order_in", 10.75, order=meal("mc", "a", windows=(window(10, 16),)))
    line = teller.day.board.lines[0]
    assert [s.order for s in line.trips[0].stops] == ["ma", "mb"]
    assert line.orders == ["mc"]
    assert when(teller.day, "mc") > line.trips[0].end_s


def test_who_is_at_the_door_serves(teller):
    out = teller.send("visit_started", 9.0, order="o0", worker="w2")
    assert [n.code for n in out.notes] == ["N1904"]
    assert who(teller.day, "o0") == "w2"
    assert who(teller.day, "o1") == "w1"


# -- contradictions -----------------------------------------------------------------------------


def codes(outcome):
    return outcome.status, [n.code for n in outcome.notes]


def test_an_event_may_be_sent_again_and_another_under_its_id_may_not(teller):
    teller.send("worker_late", 8.0, worker="w1", until_s=hour(8.1))
    event = teller.log[0]
    before = teller.day.fingerprint
    assert codes(teller.day.apply(event)) == ("repeated", ["N1901"])
    other = event.model_copy(update={"until_s": hour(9)})
    assert codes(teller.day.apply(other)) == ("refused", ["E1901"])
    assert teller.day.fingerprint == before


def test_the_future_is_refused_from_the_stated_second_on(teller):
    teller.send("worker_on", 8.0, worker="w1")
    event = teller.log[0].model_copy(update={"id": "f", "time_s": hour(9)})
    late = teller.day.policy.future_s
    assert codes(teller.day.apply(event, hour(9) - late - 1)) == ("refused", ["E1902"])
    assert teller.day.apply(event, hour(9) - late).status == "applied"


def test_an_older_event_counts_with_its_own_time_up_to_a_limit(teller):
    teller.send("visit_started", 9.0, order="o0", worker="w1")
    teller.send("worker_on", 9.5, worker="w2")
    out = teller.send("visit_finished", 9.2, order="o0", worker="w1")
    assert codes(out) == ("applied", ["N1905"])
    assert teller.day.board.actual["o0"][1] == hour(9.2)
    assert teller.day.clock == hour(9.5)
    assert codes(teller.send("worker_on", 7.4, worker="w2"))[1] == ["E1903"]


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("order_cancelled", {"order": "nobody"}, "E1911"),
        ("visit_started", {"order": "nobody", "worker": "w1"}, "E1911"),
        ("visit_started", {"order": "o0", "worker": "nobody"}, "E1912"),
        ("worker_off", {"worker": "nobody"}, "E1912"),
        ("order_in", {"order": visit("n", "nobody")}, "E1913"),
        ("order_in", {"order": visit("o0", "c0")}, "E1914"),
        ("kitchen_late", {"place": "base", "batch": "x", "ready_s": 0}, "E1915"),
        ("order_in", {"order": visit("n", "c0", service="meal")}, "E1916"),
        ("order_in", {"order": visit("n", "c0"), "client": client("c9")}, "E1917"),
        ("order_changed", {"order": visit("o0", "c1")}, "E1918"),
        ("order_in", {"order": visit("n", "c0", skills=("juggling",))}, "E1104"),
        ("order_in", {"order": visit("n", "c0", load={"pianos": 1})}, "E1302"),
        ("order_in", {"order": visit("n", "new"), "client": client("new")}, "E1928"),
        ("worker_position", {"worker": "w1", "lon": 0.0, "lat": 0.0}, "E1928"),
        ("road_closed", {"lon": 0.0, "lat": 0.0, "radius_m": 10}, "E1928"),
    ],
)
def test_what_is_unknown_is_refused_and_leaves_no_trace(teller, kind, fields, code):
    before = teller.day.fingerprint
    assert codes(teller.send(kind, 8.0, **fields)) == ("refused", [code])
    assert teller.day.fingerprint == before


def test_finish_before_start_is_refused_and_finish_without_start_is_reconciled(teller):
    teller.send("visit_started", 9.5, order="o0", worker="w1")
    assert codes(teller.send("visit_finished", 9.4, order="o0", worker="w1"))[1][-1] == "E1921"
    assert teller.send("visit_finished", 9.7, order="o0", worker="w1").status == "applied"
    out = teller.send("visit_finished", 11.4, order="o1", worker="w1")
    assert codes(out) == ("applied", ["N1903"])
    assert teller.day.board.actual["o1"] == [hour(11), hour(11.4), None]


def test_a_finish_that_is_told_after_the_next_start_leaves_what_runs_alone(teller):
    teller.send("visit_started", 9.0, order="o0", worker="w1")
    out = teller.send("visit_started", 11.0, order="o1", worker="w1")
    assert codes(out) == ("applied", ["N1907"])
    line = teller.day.board.by_worker["w1"][0]
    for late in (9.6, 9.7):
        teller.send("visit_finished", late, order="o0", worker="w1")
        assert teller.day.board.actual["o0"][:2] == [hour(9), hour(9.6)]
        assert (line.tracked, when(teller.day, "o1")) == ("o1", hour(11))
    stops = {s.order: s for s in teller.day.board.stops_of(line)}
    assert stops["o0"].departure_s == hour(9.6)


def test_an_alarm_is_not_received_after_it_was_sent(teller):
    late = teller.day.policy.future_s
    sent = hour(9)
    for id, after, status in (("A", late + 1, "refused"), ("B", late, "applied")):
        order = alarm(id, "c2", (sent + after) / 3_600)
        assert teller.send("alarm", 9.0, order=order).status == status


def test_an_evaluation_comes_after_the_visit(teller):
    assert codes(teller.send("evaluated", 9.0, order="o0", score=5))[1] == ["E1929"]
    teller.send("visit_finished", 9.3, order="o0", worker="w1", score=2)
    assert codes(teller.send("evaluated", 9.2, order="o0", score=5))[1][-1] == "E1921"
    assert teller.send("evaluated", 12.0, order="o0", score=5).status == "applied"
    assert teller.day.board.actual["o0"][2] == 5


def test_what_is_over_stays_over(teller):
    teller.send("visit_finished", 9.3, order="o0", worker="w1")
    for kind in ("visit_started", "visit_finished", "visit_failed"):
        assert codes(teller.send(kind, 9.4, order="o0", worker="w1")) == ("refused", ["E1922"])
    assert codes(teller.send("order_cancelled", 9.4, order="o0")) == ("refused", ["E1922"])


def test_what_runs_cannot_be_cancelled_or_ended_by_somebody_else(teller):
    teller.send("visit_started", 9.0, order="o0", worker="w1")
    assert codes(teller.send("order_cancelled", 9.1, order="o0")) == ("refused", ["E1923"])
    assert codes(teller.send("visit_started", 9.1, order="o0", worker="w1"))[1] == ["E1923"]
    assert codes(teller.send("visit_finished", 9.1, order="o0", worker="w2"))[1] == ["E1924"]


def test_on_when_on_and_off_when_off_change_nothing(teller):
    assert codes(teller.send("worker_on", 8.0, worker="w1")) == ("applied", ["N1906"])
    teller.send("worker_off", 8.1, worker="w2")
    assert codes(teller.send("worker_off", 8.2, worker="w2")) == ("applied", ["N1906"])


def test_every_text_has_both_languages_and_fills():
    for code, text in TEXTS.items():
        assert all(part.strip() for part in text), code
        assert any("\u4e00" <= ch <= "\u9fff" for ch in text.message_zh + text.hint_zh), code


def test_the_same_log_gives_the_same_day(teller):
    teller.send("order_in", 8.0, order=visit("n", "c4", windows=(window(12, 14),)))
    teller.send("worker_late", 8.1, worker="w1", until_s=hour(10.5))
    teller.alarm("A", "c2", 9.0, skills=(), service="urgent")
    again = start_day(two_workers(), {"w1": [["o0", "o1", "o2"]], "w2": [["o3"]]})
    again.apply_all(teller.log)
    assert again.fingerprint == teller.day.fingerprint
    assert again.plan() == teller.day.plan()
