"""Windows for a new visit beside a planned day: the cheapest place, and whom it delays."""

from __future__ import annotations

from typing import Any

import pytest

from engine.change_kinds import with_parts
from engine.check import check_plan
from engine.domain.problem import Problem
from engine.errors import InputError
from engine.evaluate import evaluate
from engine.offers import Ask, Delay, Offer, PlannedDay, find_offers
from tests.care_builders import (
    DAY,
    client,
    hour,
    line_travel,
    plan,
    problem,
    visit,
    window,
    worker,
)
from tests.engine.test_explain import visits_of


def planned(day: Problem) -> PlannedDay:
    return PlannedDay(day, plan(day).plan, line_travel(day))


def one_visit(**kw: Any) -> PlannedDay:
    """``w`` is at ``a``, 10 minutes out, from 9:00 to 10:00; ``b`` lives 20 minutes out."""
    return planned(problem(
        clients=[client("a", 10), client("b", 20, **kw)],
        workers=[worker("w", shift=(8, 12))],
        orders=[visit("o", "a", service_duration_s=3_600, windows=[window(9, 9.5)])],
    ))


def ask(client: str = "b", service: str = "check_in", **kw: Any) -> Ask:
    kw = {"from_s": hour(8), "until_s": hour(12), "width_s": 1_800, "step_s": 1_800, **kw}
    return Ask(client=client, service=service, service_duration_s=1_200, **kw)


def test_windows_are_offered_where_somebody_can_come_and_nowhere_else() -> None:
    found = find_offers([one_visit()], ask())
    # 20 min out at 8:20 at the earliest; on the way back the shift allows a start until 11:20.
    # From 9:30 to 10:00 w is at a.
    assert {(o.start_s, o.end_s) for o in found} == {
        (hour(h), hour(h + 0.5)) for h in (8, 8.5, 9, 10, 10.5, 11)
    }
    # 20 minutes of travel more, whenever: 1,000 cents. Of equal ones those that delay nobody.
    assert {o.added_cents for o in found} == {1_000}
    assert [o.delayed_s for o in found] == sorted(o.delayed_s for o in found)
    by_start = {o.start_s: o for o in found}
    assert by_start[hour(8)].service_start_s == hour(8) + 1_200
    assert by_start[hour(8)].delays == ()
    # 8:30 to 8:50 at b, 9:00 at a: just in time; 10:10 is when w can be at b after a.
    assert by_start[hour(10)].service_start_s == hour(10) + 600


def test_whom_an_offer_delays_is_told_with_the_seconds() -> None:
    day = planned(problem(
        clients=[client("a", 10), client("b", 10)],
        workers=[worker("w", shift=(8, 12))],
        orders=[visit("o", "a", service_duration_s=600, windows=[window(9, 11)])],
    ))
    offers = {o.start_s: o for o in find_offers([day], ask(most=100))}
    # 9:00 to 9:20 at b would have o wait until 9:20; before 8:40 or after o nobody does.
    assert all(not o.delays for start, o in offers.items() if start != hour(9))
    (offer,) = find_offers([day], ask(from_s=hour(9), until_s=hour(9), width_s=0))
    assert offer.delays == (Delay(order="o", client="a", seconds=1_200),)
    assert offer.delayed_s == 1_200
    assert offer.added_cents == 0


def test_an_offer_costs_exactly_what_the_plan_with_it_costs_more() -> None:
    day = one_visit()
    for offer in find_offers([day], ask()):
        order = visit(
            "new", "b", service_duration_s=1_200,
            windows=[{"start_s": offer.start_s, "end_s": offer.end_s}],
        )
        problem_ = with_parts(day.problem, orders=(*day.problem.orders, order))
        settled = Problem.model_validate({**problem_.model_dump(), "orders": [
            {**o.model_dump(), "pin": {"worker": offer.worker}} for o in problem_.orders
        ]})
        again = plan(settled).plan
        assert again.totals.cost_cents == day.plan.totals.cost_cents + offer.added_cents
        assert again.totals.unserved == 0


def test_who_may_not_is_not_offered() -> None:
    assert find_offers([one_visit(refused_workers=("w",))], ask()) == []
    assert find_offers([one_visit()], ask(service="bath")) == []


def test_a_face_counts_beside_the_cost() -> None:
    day = planned(problem(
        clients=[client("b", 10, known_workers=("far",))],
        workers=[worker("near", start="next"), worker("far")],
        places=[{"id": "next", "lon": 0.010, "lat": 0.0}],
        continuity={"new_face_cents": 1_001},
    ))
    best = find_offers([day], ask())[0]
    assert (best.worker, best.added_cents, best.face_cents) == ("far", 6_000, 0)
    cheap = planned(day.problem.model_copy(update={
        "continuity": day.problem.continuity.model_copy(update={"new_face_cents": 999})
    }))
    best = find_offers([cheap], ask())[0]
    assert (best.worker, best.added_cents, best.face_cents) == ("near", 5_000, 999)


def test_the_best_of_several_days_comes_first() -> None:
    tuesday = one_visit()
    empty = planned(Problem.model_validate({
        **tuesday.problem.model_dump(), "id": "idle", "day": DAY.replace(day=24), "orders": [],
    }))
    found = find_offers([empty, tuesday], ask(most=3))
    # On the idle day a shift has to be opened first.
    assert [o.problem for o in found] == ["test", "test", "test"]
    every = find_offers([empty, tuesday], ask(most=100))
    assert {o.day for o in every} == {DAY, DAY.replace(day=24)}
    assert min(o.added_cents for o in every if o.problem == "idle") == 7_000


def test_what_is_offered_keeps_every_promise_when_it_is_taken() -> None:
    day = one_visit()
    offer: Offer = find_offers([day], ask())[0]
    order = visit("new", "b", service_duration_s=1_200,
                  windows=[{"start_s": offer.start_s, "end_s": offer.end_s}])
    with_it = with_parts(day.problem, orders=(*day.problem.orders, order))
    again = plan(with_it).plan
    assert check_plan(with_it, again, day.travel) == []
    assert evaluate(with_it, day.travel, list(visits_of(again).values())).totals == again.totals


@pytest.mark.parametrize(("change", "code", "path"), [
    ({"client": "nobody"}, "E1102", "client"),
    ({"service": "massage"}, "E1103", "service"),
    ({"service": "meal"}, "E1110", "service"),
    ({"skills": ("magic",)}, "E1104", "skills[0]"),
])
def test_what_is_not_known_is_told(change: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(InputError) as caught:
        find_offers([one_visit()], ask(**change))
    assert [(f.code, f.path) for f in caught.value.faults] == [(code, path)]
