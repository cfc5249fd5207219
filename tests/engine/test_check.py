"""Every promise is broken once, by one deliberate change; beside it stands what is still kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from engine.check import CODES, check_plan
from engine.rules import RULES
from tests.engine.test_check_care import CARE_BREACHES
from tests.engine.test_check_world import (
    World,
    make_world,
    no_way,
    retime,
    window,
)


class Breach(NamedTuple):
    """One way to break a promise: ``breaks`` by the least, ``keeps`` only just keeps it."""

    code: str
    name: str
    breaks: Callable[[World], Any]
    keeps: Callable[[World], Any]
    #: Applied after the sums were stated: lies about sums.
    lie: Callable[[World], Any] | None = None


def nothing(_: World) -> None:
    """Leave the world as it is."""


def leave(worker: str, trip: int, moment: int) -> Callable[[World], None]:
    return lambda w: w.trip(worker, trip).update(leave_s=moment)


def of_stop(order: str, **fields: Any) -> Callable[[World], None]:
    return lambda w: w.stop(order).update(fields)


def of_order(order: str, **fields: Any) -> Callable[[World], None]:
    return lambda w: w.order(order).update(fields)


def of_shift(worker: str, **fields: Any) -> Callable[[World], None]:
    return lambda w: w.worker(worker)["shifts"][0].update(fields)


def start(order: str, moment: int) -> Callable[[World], None]:
    return lambda w: w.move(order, moment)


def batch(index: int, **fields: Any) -> Callable[[World], None]:
    return lambda w: w.problem["kitchens"][0]["batches"][index].update(fields)


def absent(world: World, order: str) -> None:
    world.plan["unserved"].append(
        {"order": order, "reason": "outweighed", "message": "told", "message_zh": "已说明"}
    )


def serve_twice(world: World) -> None:
    stops = world.trip("V")["stops"]
    stops.append(dict(stops[0], start_s=29_900, departure_s=31_700))
    stops[0].update(departure_s=29_900)
    world.order("chk")["service_duration_s"] = 200
    retime(world.route("V"))


def split_shift(world: World) -> None:
    extra = dict(world.route("E"), trips=[])
    world.plan["routes"].append(extra)


def by_way_of(place: str) -> Callable[[World], None]:
    def go(world: World) -> None:
        world.trip("N", 0)["end"] = place
        world.trip("N", 1)["start"] = place

    return go


def without(field: str, value: str) -> Callable[[World], None]:
    return lambda w: w.plan["unserved"][0].update({field: value})


def certify(*held: dict[str, Any]) -> Callable[[World], None]:
    return lambda w: w.worker("N").update(certificates=[*held, {"skill": "nursing"}])


def refuse(client: int, worker: str) -> Callable[[World], None]:
    return lambda w: w.problem["clients"][client].update(refused_workers=[worker])


def of_people(client: dict[str, Any], worker: dict[str, Any]) -> Callable[[World], None]:
    return lambda w: (w.problem["clients"][0].update(client), w.worker("N").update(worker))


def know(world: World) -> None:
    """Give three clients a history, and prices: N is new to one, preferred by one, known to one."""
    world.problem["continuity"] = {"new_face_cents": 300, "preferred_bonus_cents": 50}
    for client, known in zip(world.problem["clients"], ({"known_workers": ["V"]}, {}, {
        "preferred_workers": ["N"]}, {"known_workers": ["N"]}), strict=False):
        client.update(known)
    world.plan["totals"].update(
        new_face_visits=1, preferred_visits=1, new_face_cents=300, preferred_bonus_cents=50
    )


MOVED = {"order": "bath", "client": "a", "from_worker": "E", "to_worker": "V",
         "from_s": 32_400, "to_s": 32_400}


def changed(**fields: Any) -> Callable[[World], None]:
    return lambda w: w.plan.update(changes={
        "previous": "", "new": [], "gone": [], "worker": [], "time": [], "moved_s": 0,
        "move_client_cents": 0, "move_minute_cents": 0, "moved_cents": 0, **fields,
    })


def cook_nowhere(world: World) -> None:
    world.worker("D")["start"] = "P"
    for trip in world.route("D")["trips"]:
        trip.update(start="P", end="P")
    world.order("m2")["kitchen"] = None


BREACHES = [
    Breach("P2000", "another problem", nothing, nothing,
           lambda w: w.plan.update(problem_fingerprint="0" * 16)),
    Breach("P2000", "another id", nothing, nothing, lambda w: w.plan.update(problem="other")),
    Breach("P2001", "another network", lambda w: w.plan.update(network_fingerprint="x"), nothing),
    Breach("P2002", "a number below zero", lambda w: w.plan["run"].update(iterations=-1),
           lambda w: w.plan["run"].update(iterations=0)),
    *(
        Breach("P2003", f"a route's {name} one off", nothing, nothing,
               lambda w, name=name: (  # type: ignore[misc]
                   w.route("V").update({name: w.route("V")[name] + 1}),
                   w.plan["totals"].update({name: w.plan["totals"][name] + 1}),
               ))
        for name in ("travel_s", "distance_m", "service_s", "wait_s")
    ),
    Breach("P2004", "a cent too much", nothing, nothing,
           lambda w: (w.route("N").update(cost_cents=w.route("N")["cost_cents"] + 1),
                      w.plan["totals"].update(cost_cents=w.plan["totals"]["cost_cents"] + 1))),
    *(
        Breach("P2005", f"total {name} one off", nothing, nothing,
               lambda w, name=name: w.plan["totals"].update(  # type: ignore[misc]
                   {name: w.plan["totals"][name] + 1}))
        for name in ("orders", "served", "unserved", "routes", "workers", "travel_s",
                     "distance_m", "service_s", "wait_s", "cost_cents")
    ),
    Breach("P2010", "dropped silently", lambda w: w.plan["unserved"].pop(0), nothing),
    Breach("P2011", "served twice", serve_twice, nothing),
    Breach("P2012", "served and unserved", lambda w: absent(w, "chk"), nothing),
    Breach("P2012", "unserved twice", lambda w: absent(w, "tap"), nothing),
    Breach("P2013", "unserved and never ordered", lambda w: absent(w, "ghost"), nothing),
    Breach("P2013", "served and never ordered",
           lambda w: (w.stop("chk").update(order="ghost"), absent(w, "chk")), nothing),
    Breach("P2014", "another client's door", of_stop("bath", client="b"), nothing),
    Breach("P2015", "no reason told", without("message", " "), without("message", "-")),
    Breach("P2015", "no reason told in Chinese", without("message_zh", ""),
           without("message_zh", "-")),
    Breach("P2016", "an unknown worker", lambda w: w.route("V").update(worker="X"), nothing),
    Breach("P2017", "an unknown shift", lambda w: w.route("V").update(shift="pm"), nothing),
    Breach("P2018", "a shift with two routes", split_shift, nothing),
    Breach("P2019", "by way of nowhere", by_way_of("nowhere"), by_way_of("H")),
    Breach("P2020", "no certificate", certify(), certify({"skill": "bathing"})),
    Breach("P2020", "what the order asks beyond the service", of_order("bath", skills=["escort"]),
           of_order("bath", skills=["nursing"])),
    Breach("P2021", "certificate ran out yesterday",
           certify({"skill": "bathing", "valid_until": "2026-11-22"}),
           certify({"skill": "bathing", "valid_until": "2026-11-23"})),
    Breach("P2022", "not on the list", lambda w: w.worker("N").update(services=["medical"]),
           lambda w: w.worker("N").update(services=["medical", "bath", "errands"])),
    Breach("P2023", "refused", refuse(0, "N"), refuse(0, "V")),
    Breach("P2300", "a man for a woman's bath", of_people({"gender": "female"}, {"gender": "male"}),
           of_people({"gender": "female"}, {"gender": "female"})),
    Breach("P2300", "a gender that is not stated", of_order("med", gender="male"),
           lambda w: (of_order("med", gender="male")(w), w.worker("N").update(gender="male"))),
    Breach("P2301", "no common language",
           of_people({"languages": ["yue", "zh"]}, {"languages": ["en"]}),
           of_people({"languages": ["yue", "zh"]}, {"languages": ["en", "zh"]})),
    Breach("P2302", "the worker refuses", lambda w: w.worker("N").update(refused_clients=["a"]),
           lambda w: w.worker("N").update(refused_clients=["b"])),
    *(
        Breach("P2310", f"total {name} one off", nothing, nothing,
               lambda w, name=name: w.plan["totals"].update({name: 1}))  # type: ignore[misc]
        for name in ("new_face_visits", "preferred_visits", "new_face_cents",
                     "preferred_bonus_cents")
    ),
    Breach("P2330", "moved to somebody else", nothing, nothing, changed(worker=[MOVED])),
    Breach("P2331", "new and not served", nothing, nothing, changed(new=["tap"])),
    Breach("P2332", "a second too much", nothing, nothing, changed(moved_s=1)),
    Breach("P2320", "another worker", of_order("bath", pin={"worker": "V"}),
           of_order("bath", pin={"worker": "N"})),
    Breach("P2321", "a second late", of_order("bath", pin={"start_s": 32_401}),
           of_order("bath", pin={"start_s": 32_400})),
    Breach("P2030", "a second before the window", start("chk", 29_499), start("chk", 29_500)),
    Breach("P2030", "a second before the second window", start("med", 36_999),
           start("med", 37_000)),
    Breach("P2031", "a second after the window", start("chk", 30_001), start("chk", 30_000)),
    Breach("P2032", "service before arrival", of_stop("bath", arrival_s=32_401),
           of_stop("bath", arrival_s=32_400)),
    Breach("P2033", "a second too short", of_stop("bath", departure_s=35_999),
           of_stop("bath", departure_s=36_000)),
    Breach("P2033", "too short for this worker", of_stop("chk", departure_s=31_299),
           of_stop("chk", departure_s=31_300)),
    Breach("P2033", "rounded half up",
           lambda w: (of_order("chk", service_duration_s=1_201)(w),
                      of_stop("chk", departure_s=31_301)(w), retime(w.route("V"))),
           lambda w: (of_order("chk", service_duration_s=1_201)(w),
                      of_stop("chk", departure_s=31_302)(w), retime(w.route("V")))),
    Breach("P2040", "leaves before the shift", of_shift("V", start_s=29_001),
           of_shift("V", start_s=29_000)),
    Breach("P2041", "back after the shift", of_shift("N", end_s=41_702),
           of_shift("N", end_s=41_703)),
    Breach("P2041", "done after the shift, where nobody returns", of_shift("V", end_s=31_299),
           of_shift("V", end_s=31_300)),
    Breach("P2042", "on another vehicle", lambda w: w.route("D").update(mode="walk"), nothing),
    Breach("P2043", "from somewhere else", lambda w: w.trip("V").update(start="H"), nothing),
    Breach("P2044", "to somewhere else", lambda w: w.trip("E").update(end="H"),
           lambda w: (w.trip("E").update(end="H"), w.worker("E").update(end="H"))),
    Breach("P2044", "does not return",
           lambda w: w.trip("E").update(end=None, end_travel_s=0, end_distance_m=0, end_s=41_900),
           lambda w: (w.worker("E").update(returns=False),
                      w.trip("E").update(end=None, end_travel_s=0, end_distance_m=0,
                                         end_s=41_900))),
    Breach("P2045", "on from another place", lambda w: w.trip("N", 1).update(start="H"), nothing),
    Breach("P2046", "leaves before it is back", leave("N", 1, 36_122), leave("N", 1, 36_123)),
    Breach("P2047", "a leg one second short", of_stop("bath", travel_s=119), nothing),
    Breach("P2047", "a leg one metre long", of_stop("bath", distance_m=601), nothing),
    Breach("P2047", "travel to nowhere", lambda w: w.trip("V").update(end_distance_m=1), nothing),
    Breach("P2048", "no way", lambda w: no_way(w, "car", ("place", "C"), ("client", "e")),
           lambda w: no_way(w, "walk", ("place", "C"), ("client", "e"))),
    Breach("P2049", "faster than the road", of_stop("bath", arrival_s=32_119),
           of_stop("bath", arrival_s=32_120)),
    Breach("P2049", "back faster than the road", lambda w: w.trip("N").update(end_s=36_122),
           lambda w: w.trip("N").update(end_s=36_123)),
    Breach("P2050", "one portion too many",
           lambda w: w.problem["vehicles"][0]["capacity"].update(portions=2),
           lambda w: w.problem["vehicles"][0]["capacity"].update(portions=3)),
    Breach("P2050", "a dimension that the vehicle does not have",
           lambda w: w.problem["vehicles"][0]["capacity"].pop("parcels"), nothing),
    Breach("P2050", "no vehicle",
           lambda w: (of_order("sos", load={"bag": 1})(w), w.trip("E")["load"].update(bag=1)),
           of_order("sos", load={"bag": 0})),
    Breach("P2051", "more on board than ordered", lambda w: w.trip("D")["load"].update(parcels=0),
           lambda w: w.trip("D")["load"].update(bags=0)),
    Breach("P2060", "a second too long on board", of_order("m2", max_onboard_s=379),
           of_order("m2", max_onboard_s=380)),
    Breach("P2070", "cooked nowhere", cook_nowhere, nothing),
    Breach("P2071", "an unknown batch", of_stop("m3", batch="b9"), nothing),
    Breach("P2071", "no batch", of_stop("m3", batch=None), nothing),
    Breach("P2072", "before the batch is loaded", batch(0, ready_s=36_001),
           batch(0, ready_s=36_000)),
    Breach("P2073", "before the courier has loaded", of_shift("D", start_s=36_001),
           of_shift("D", start_s=36_000)),
    Breach("P2073", "before the second trip is loaded",
           lambda w: w.trip("D").update(end_s=39_601), lambda w: w.trip("D").update(end_s=39_600)),
    Breach("P2074", "another diet", of_order("m3", diet="halal"), of_order("m2", diet="halal")),
    Breach("P2075", "a portion that is not there", batch(0, portions=2), batch(0, portions=3)),
    Breach("P2076", "another kitchen", of_order("m2", kitchen="M"), of_order("m2", kitchen=None)),
    Breach("P2077", "a visit from a batch", of_stop("bath", batch="b1"), nothing),
    Breach("P2080", "before the alarm", of_order("sos", received_s=40_101),
           of_order("sos", received_s=40_100)),
    Breach("P2081", "a second too late", of_order("sos", received_s=39_900, response_s=199),
           of_order("sos", received_s=39_900, response_s=200)),
    Breach("P2090", "a prize forgotten", nothing, nothing,
           lambda w: w.plan["totals"].update(prize_lost_cents=0)),
]


def broken_world(breach: Breach) -> World:
    world = make_world()
    breach.breaks(world)
    world.add_up()
    if breach.lie is not None:
        breach.lie(world)
    return world


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: f"{b.code}-{b.name}".replace(" ", "-"))
def test_exactly_the_broken_promise_is_told(breach: Breach) -> None:
    world = broken_world(breach)
    assert world.codes() == {breach.code}


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: f"{b.code}-{b.name}".replace(" ", "-"))
def test_what_is_only_just_kept_is_accepted(breach: Breach) -> None:
    world = make_world()
    breach.keeps(world)
    world.add_up()
    assert world.codes() == set()


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: f"{b.code}-{b.name}".replace(" ", "-"))
def test_without_its_rule_the_breach_passes(breach: Breach) -> None:
    mine = [rule for rule in RULES if breach.code in rule.texts]
    assert len(mine) == 1
    assert broken_world(breach).codes(rules=[r for r in RULES if r not in mine]) == set()


def test_every_code_is_told_by_some_breach() -> None:
    assert {breach.code for breach in [*BREACHES, *CARE_BREACHES]} == set(CODES)
    assert sum(len(rule.texts) for rule in RULES) == len(CODES)  # no code has two meanings


def test_a_violation_says_where_and_by_how_much_in_both_languages() -> None:
    world = make_world()
    world.move("chk", 30_061)
    world.add_up()
    [violation] = check_plan(world.read_problem(), world.read_plan(), world.travel)
    assert violation.rule == "windows"
    assert violation.path == "routes[1].trips[0].stops[0]"
    for text in (violation.message, violation.message_zh):
        assert "chk" in text
        assert "61" in text
        assert "08:21:01" in text
        assert "08:20" in text
    assert "时间窗" in violation.message_zh


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: f"{b.code}-{b.name}".replace(" ", "-"))
def test_every_text_can_be_filled(breach: Breach) -> None:
    world = broken_world(breach)
    for v in check_plan(world.read_problem(), world.read_plan(), world.travel):
        assert "{" not in v.message + v.message_zh
        assert any("\u4e00" <= c <= "\u9fff" for c in v.message_zh)


def test_that_the_plan_is_for_another_problem_is_told_first() -> None:
    world = make_world()
    world.plan["unserved"].pop(0)
    world.plan.update(problem="other")
    told = check_plan(world.read_problem(), world.read_plan(), world.travel)
    assert [v.code for v in told[:2]] == ["P2000", "P2010"]


def test_a_stop_below_zero_is_told_among_others() -> None:
    world = make_world()
    world.stop("bath")["distance_m"] = -600
    world.add_up()
    assert world.codes() == {"P2002", "P2047"}


def test_windows_of_an_alarm_count_beside_its_response() -> None:
    world = make_world()
    world.order("sos")["windows"] = [window(40_101, 41_000)]
    world.add_up()
    assert world.codes() == {"P2030"}


def test_portions_are_counted_over_all_trips() -> None:
    world = make_world()
    world.order("m3")["diet"] = None
    world.stop("m3")["batch"] = "b1"
    world.add_up()
    assert world.codes() == {"P2075"}


def test_faces_are_counted_by_what_clients_know_and_prefer() -> None:
    world = make_world()
    world.add_up()
    know(world)
    world.plan["problem_fingerprint"] = world.read_problem().fingerprint
    assert world.codes() == set()
    world.plan["totals"]["new_face_cents"] -= 1
    assert world.codes() == {"P2310"}


def test_one_lie_about_the_vehicle_is_not_told_as_wrong_legs() -> None:
    world = make_world()
    world.route("N")["mode"] = "walk"
    world.add_up()
    assert world.codes() == {"P2042"}


def test_the_checker_runs_without_any_planning_code() -> None:
    code = (
        "import sys, engine.check; "
        "print(*[m for m in ('engine.compile', 'engine.evaluate', 'engine.assemble', 'engine.day',"
        " 'engine.gaps', 'solvers', 'solvers.model') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
