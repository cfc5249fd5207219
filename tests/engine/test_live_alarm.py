"""An alarm: who is there first with the skill, whom that delays, and whether cover is kept."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain.orders import EmergencyOrder
from engine.live.cover import find_districts
from engine.live.timeline import STATES
from tests.care_builders import (
    alarm,
    box,
    client,
    courier,
    hour,
    kitchen,
    line_travel,
    meal,
    problem,
    visit,
    window,
    worker,
)
from tests.live_builders import Teller, start_day

AID = "first_aid"


def made(*workers, orders=(), clients=(), **kw):
    places = [client(f"x{x}", x) for x in range(-40, 41, 5)]
    return problem(
        clients=[*places, *clients], workers=list(workers), orders=list(orders), **kw
    )


def day(*workers, trips=None, orders=(), clients=(), problem_kw=None, **policy):
    return Teller(start_day(
        made(*workers, orders=orders, clients=clients, **(problem_kw or {})), trips, **policy
    ))


def test_the_first_to_arrive_with_the_skill_goes():
    teller = day(
        worker("far", AID), worker("near"), worker("mid", AID, start="b"),
        problem_kw={"centres": [
            *problem(clients=[]).centres,
            problem(clients=[]).centres[0].model_copy(update={"id": "b", "lon": 0.010}),
        ]},
    )
    answer = teller.alarm("A", "x20", 9.0).alarm
    assert (answer.sent.worker, answer.sent.arrival_s) == ("mid", hour(9) + 600)
    assert [r.worker for r in answer.others] == ["far"]
    assert answer.others[0].arrival_s == hour(9) + 1_200
    assert (answer.sent.in_time, answer.ambulance) == (True, False)
    assert not answer.others[0].in_time


def test_an_ambulance_takes_over_from_the_first_second_that_nobody_is_in_time():
    for seconds, ambulance in ((600, False), (599, True)):
        teller = day(worker("w", AID))
        answer = teller.alarm("A", "x10", 9.0, response_s=seconds).alarm
        assert answer.ambulance is ambulance
        assert answer.sent.worker == "w"
    teller = day(worker("w", AID))
    assert teller.alarm("B", "x5", 9.0, life_threatening=True).alarm.ambulance
    teller = day(worker("w"))
    lost = teller.alarm("C", "x5", 9.0).alarm
    assert (lost.sent, lost.ambulance) == (None, True)
    assert teller.day.board.waiting["C"] == "no_worker_in_window"


def at_work(rank_of_client=0, **policy):
    """At 9:10 w is in the middle of an hour at x10; v is idle 40 min away."""
    return day(
        worker("w", AID, "personal_care"), worker("v", AID, start="east"),
        clients=[client("c", 10, care_level=rank_of_client)],
        orders=[visit("o", "c", "personal_care", windows=(window(9, 9),))],
        trips={"w": [["o"]]},
        problem_kw={"centres": [
            *problem(clients=[]).centres,
            problem(clients=[]).centres[0].model_copy(update={"id": "east", "lon": 0.050}),
        ]},
        **policy,
    )


def test_a_running_visit_is_broken_off_only_where_nobody_else_is_in_time_and_it_may_be():
    answer = at_work().alarm("A", "x10", 9.2).alarm
    sent = answer.sent
    assert (sent.worker, sent.now, sent.interrupts) == ("w", "interrupted", "o")
    for teller in (at_work(rank_of_client=3), at_work(interrupt_rank=None)):
        answer = teller.alarm("A", "x10", 9.2).alarm
        assert answer.sent.interrupts is None
        assert answer.sent.arrival_s == min(hour(10), hour(9.2) + 2_400)
    # Somebody else is in time: the visit goes on.
    answer = at_work().alarm("A", "x35", 9.2, response_s=1_800).alarm
    assert (answer.sent.worker, answer.sent.interrupts) == ("v", None)


def test_the_rest_of_a_broken_visit_is_done_afterwards():
    teller = at_work()
    teller.alarm("A", "x10", 9.2)
    board = teller.day.board
    assert board.closed["o"] == "finished"
    rest = board.orders["o.rest"]
    assert rest.service_duration_s == hour(10) - hour(9.2)
    assert board.start_of("o.rest")[0] is not None


def test_nobody_turns_round_from_an_alarm_or_from_hot_meals():
    teller = day(worker("w", AID), worker("v", AID))
    first = teller.alarm("A", "x20", 9.0).alarm
    second = teller.alarm("B", "x10", 9.1).alarm
    assert {first.sent.worker, second.sent.worker} == {"w", "v"}
    third = teller.alarm("C", "x20", 9.15).alarm
    board = teller.day.board
    assert third.sent.now == "alarm"
    assert third.sent.arrival_s >= min(hour(9) + 1_200, hour(9.1) + 600) + 1_800

    k = courier("k").model_copy(update={
        "certificates": (*courier("k").certificates, *worker("z", AID).certificates)
    })
    teller = day(
        k, clients=[client("c", 30)], orders=[meal("m", "c", windows=(window(11, 12),))],
        trips={"k": [["m"]]},
        problem_kw={"kitchens": [kitchen(loading_s=0)], "vehicles": [box()]},
    )
    board = teller.day.board
    back = board.lines[0].route.trips[0].end_s
    answer = teller.alarm("A", "x5", 11.0).alarm
    assert (answer.sent.now, answer.sent.arrival_s) == ("meals", back + 300)


def test_it_tells_whom_it_delays_and_by_how_much():
    """w serves x5 at 9:10 and x10 at 10:00; the alarm takes 10 + 30 min and 5 back to x10."""
    teller = day(
        worker("w", AID),
        clients=[client("a", 5), client("b", 10)],
        orders=[
            visit("oa", "a", windows=(window(9, 12),)),
            visit("ob", "b", windows=(window(9, 9.5),)),
        ],
        trips={"w": [["oa", "ob"]]}, notice_s=0,
    )
    answer = teller.alarm("A", "x-10", 8.5, response_s=900).alarm
    # There at 8:40, done at 9:10, at a at 9:25 for 20 min, at b at 9:50: 20 min after its window.
    assert [(d.order, d.by_s, d.broken) for d in answer.sent.delays] == [
        ("oa", 25 * 60, False), ("ob", 25 * 60, True)
    ]


def test_on_the_way_to_a_client_one_is_free_at_that_door():
    teller = day(
        worker("w", AID), clients=[client("a", 30)],
        orders=[visit("oa", "a", windows=(window(8, 12),))], trips={"w": [["oa"]]},
    )
    answer = teller.alarm("A", "x35", 8.25).alarm  # left at 8:00, at a at 8:30
    assert (answer.sent.now, answer.sent.arrival_s) == ("on_the_way", hour(8.5) + 300)
    # The visit itself is made afterwards.
    assert teller.day.board.start_of("oa") == ("w", hour(8.5) + 300 + 1_800 + 300)


def test_off_shift_and_sick_workers_do_not_go():
    teller = day(worker("w", AID, shift=(8, 9.5)), worker("v", AID), alarm_overtime_s=0)
    teller.send("worker_off", 8.5, worker="v")
    # w would be there at 9:10, help until 9:40, and be home after the shift.
    assert teller.alarm("A", "x10", 9.0).alarm.sent is None


def test_a_refused_worker_does_not_go():
    home = client("r", 5, refused_workers=("w",))
    teller = day(worker("w", AID), worker("v", AID), clients=[home])
    answer = teller.alarm("A", "r", 9.0).alarm
    assert answer.sent.worker == "v"
    assert answer.others == ()


def test_the_answer_is_that_of_trying_everybody_one_by_one():
    """A slow twin: every worker, from where the plan's clock has them."""
    rng = np.random.default_rng(5)
    for seed in range(6):
        workers = [worker(f"w{k}", AID) for k in range(6)]
        homes = [client(f"c{k}", int(rng.integers(-30, 31)), care_level=3) for k in range(18)]
        orders = [visit(f"o{k}", f"c{k}") for k in range(18)]
        trips = {f"w{k}": [[f"o{3 * k + j}" for j in range(3)]] for k in range(6)}
        teller = day(*workers, clients=homes, orders=orders, trips=trips, notice_s=0)
        travel = line_travel(teller.day.board.problem)
        now = hour(8) + int(rng.integers(300, 5_000))
        to = travel.client("x20")
        best, unsure = {}, set()
        for route in teller.day.plan().routes:
            at, ready = travel.place("base"), max(now, hour(8))
            left = route.trips[0].leave_s
            for stop in route.trips[0].stops:
                if now >= stop.departure_s:
                    at, ready = travel.client(stop.client), now
                elif now >= stop.start_s:
                    at, ready = travel.client(stop.client), stop.departure_s
                    unsure.add(route.worker)  # may be kept there
                    break
                elif now >= left:
                    at, ready = travel.client(stop.client), max(now, stop.arrival_s)
                    break
                else:
                    break
                left = stop.departure_s
            else:
                end = route.trips[0].end_s  # on the way home, or there
                at, ready = travel.place("base"), max(now, end)
            best[route.worker] = ready + int(travel.seconds["ebike"][at, to])
        answer = teller.alarm("A", "x20", now / 3_600).alarm
        first = sorted(best.items(), key=lambda e: (e[1] + 180 * (e[0] in unsure), e[0]))
        told = [answer.sent, *answer.others]
        assert [t.arrival_s for t in told] == [a for _, a in first[:3]], seed
        assert all(t.now in STATES for t in told)


# -- cover ----------------------------------------------------------------------------------------


def covered():
    """East and west have one responder each, and a third has nothing to do in the west."""
    centres = [
        problem(clients=[]).centres[0].model_copy(update={"id": i, "lon": x * 0.001})
        for i, x in (("east", 40), ("west", -40))
    ]
    return day(
        worker("e", AID, start="east"), worker("w1", AID, start="west"),
        worker("w2", AID, start="west"),
        clients=[client("ce", 35, district="East"), client("cw", -35, district="West")],
        problem_kw={"centres": centres},
    )


def test_cover_that_is_lost_is_told_with_who_should_move_where():
    teller = covered()
    cover = teller.alarm("A", "ce", 9.0).alarm.cover
    assert (cover.kept, cover.lost) == (False, ("East",))
    (move,) = cover.moves
    assert move.district == "East"
    assert move.worker in ("w1", "w2")
    assert move.arrival_s == hour(9) + 75 * 60


def test_cover_is_kept_while_another_is_there():
    teller = covered()
    cover = teller.alarm("A", "cw", 9.0).alarm.cover
    assert (cover.kept, cover.lost, cover.moves) == (True, (), ())
    again = teller.alarm("B", "cw", 9.05).alarm.cover
    assert again.lost == ("West",)
    assert teller.alarm("C", "ce", 9.1).alarm.cover.open == ("West",)


@pytest.mark.parametrize(("standard", "lost"), [(300, ("East",)), (299, ())])
def test_the_standard_counts_to_the_second(standard, lost):
    """East is covered from its centre, 5 min away, or was never."""
    teller = covered()
    teller.day.board.policy = teller.day.policy.model_copy(update={"standard_s": standard})
    cover = teller.alarm("A", "x40", 9.0).alarm.cover
    assert cover.lost == lost
    assert ("East" in cover.open) == (not lost)


def test_a_district_is_looked_at_through_its_middle_and_its_edges():
    homes = [client(f"c{x}", x, district="D") for x in (0, 1, 2, 30, -30)]
    places = line_travel(made(clients=homes))
    found = find_districts({c.id: c for c in homes}, places)
    assert found.names == ("D",)
    assert len(found.location) == 4
    assert {places.client("c30"), places.client("c-30")} <= set(found.location.tolist())


def test_an_alarm_order_is_what_the_day_plans_around():
    teller = day(worker("w", AID))
    teller.alarm("A", "x10", 9.0)
    order = teller.day.board.orders["A"]
    assert isinstance(order, EmergencyOrder)
    assert order == alarm("A", "x10", 9.0)


@pytest.mark.parametrize(("unsure_s", "sent"), [(300, "w"), (301, "v")])
def test_who_is_at_work_may_be_kept_so_a_free_worker_hardly_later_goes_first(unsure_s, sent):
    # w is at x10 until 10:00 and 10 min away then: 10:10. v is idle 25 min away: 10:15.
    teller = day(
        worker("w", AID, "personal_care"), worker("v", AID, start="east"),
        clients=[client("c", 10, care_level=3)],
        orders=[visit("o", "c", "personal_care", windows=(window(9, 9),))],
        trips={"w": [["o"]]},
        problem_kw={"centres": [
            *problem(clients=[]).centres,
            problem(clients=[]).centres[0].model_copy(update={"id": "east", "lon": 0.045}),
        ]},
        unsure_s=unsure_s,
    )
    answer = teller.alarm("A", "x20", 9 + 5 / 6, response_s=3_600).alarm
    assert answer.sent.worker == sent


# The alarm of 16:50 is 10 min away and takes half an hour: home at 17:40, 40 min after the shift.
@pytest.mark.parametrize(("overtime_s", "goes"), [(2_400, True), (2_399, False)])
def test_somebody_works_longer_for_an_alarm_where_nobody_else_is_in_time(overtime_s, goes):
    teller = day(worker("w", AID), alarm_overtime_s=overtime_s)
    answer = teller.alarm("A", "x10", 16 + 5 / 6).alarm
    assert (answer.sent is not None) is goes
    line = teller.day.board.lines[0]
    assert line.end_s == (hour(17) + 2_400 if goes else hour(17))
    assert line.shift.end_s == hour(17)


def test_nobody_works_longer_while_another_is_in_time():
    teller = day(worker("w", AID), worker("late", AID, start="b", shift=(10, 19)), problem_kw={
        "centres": [
            *problem(clients=[]).centres,
            problem(clients=[]).centres[0].model_copy(update={"id": "b", "lon": -0.002}),
        ]})
    answer = teller.alarm("A", "x10", 16 + 5 / 6).alarm
    assert answer.sent.worker == "late"  # 12 min away; w is 10
    assert {ln.end_s for ln in teller.day.board.lines} == {hour(17), hour(19)}


# -- standing by -------------------------------------------------------------------------------


def two_districts(**policy):
    """Districts 30 minutes apart; all three workers wait at the western one."""
    return day(
        worker("a", AID), worker("b", AID), worker("v", AID, "personal_care"),
        clients=[client("west", 0, district="d1"), client("east", 30, district="d2")],
        orders=[visit("o", "west", "personal_care", windows=(window(12, 12),))],
        trips={"v": [["o"]]}, **policy,
    )


def test_who_stands_by_in_a_district_answers_its_alarms():
    teller = two_districts()
    sent = teller.send("stand_by", 9.0, worker="b", district="d2")
    assert sent.details == {"arrival_s": hour(9.5)}
    answer = teller.alarm("A", "east", 10.0).alarm
    assert (answer.sent.worker, answer.sent.arrival_s, answer.sent.now) == ("b", hour(10), "idle")
    assert answer.cover.lost == ("d2",)  # nobody else is there
    assert [m.district for m in answer.cover.moves] == ["d2"]


def test_on_the_way_to_stand_by_one_is_there_first_by_what_is_left_of_the_way():
    teller = two_districts()
    teller.send("stand_by", 9.0, worker="b", district="d2")
    answer = teller.alarm("A", "x35", 9.25).alarm
    assert (answer.sent.worker, answer.sent.now) == ("b", "on_the_way")
    assert answer.sent.arrival_s == hour(9.5) + 300
    board = teller.day.board
    assert board.lines[1].left == [hour(9.25)]  # goes at once
    assert board.lines[1].stand is None


def test_what_is_planned_is_kept_by_who_stands_by_or_nobody_goes():
    teller = two_districts()
    kept = teller.send("stand_by", 9.0, worker="v", district="d2")
    assert kept.status == "applied"
    stop = teller.day.board.lines[2].route.trips[0].stops[0]
    assert (stop.travel_s, stop.start_s) == (1_800, hour(12))
    teller = two_districts()
    late = teller.send("stand_by", 11.25, worker="v", district="d2")
    assert (late.status, late.notes[0].code) == ("superseded", "N1917")
    busy = teller.send("stand_by", 12.1, worker="v", district="d2")
    assert busy.status == "superseded"
    assert teller.send("stand_by", 12.2, worker="a", district="d3").notes[0].code == "E1939"
