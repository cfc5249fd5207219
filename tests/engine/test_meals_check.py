"""The checker of meal plans: a made plan is clean, and each promise broken by hand is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.domain.meal_plan import MealPlan
from engine.domain.meals import MealsProblem
from engine.meals.check import check_meals
from engine.meals.plan import MealParams, plan_meals
from engine.meals.scenario import make_meals
from engine.meals.travel import MealTravel, build_meal_travel

Made = tuple[MealsProblem, MealPlan, MealTravel]


@pytest.fixture(scope="module")
def made() -> Made:
    problem, network = make_meals(120, 2, 2, 8, seed=3, nodes=600, box=12)
    # A rested client, so that every kind of telling occurs.
    rested = problem.clients[0].model_copy(update={"suspended": True})
    problem = problem.changed(clients=(rested, *problem.clients[1:]))
    travel = build_meal_travel(problem, network)
    return problem, plan_meals(problem, travel, MealParams(effort=20, van_iterations=200)), travel


def codes(made: Made, change: Callable[[dict[str, Any]], None]) -> set[str]:
    problem, plan, travel = made
    data = plan.model_dump()
    change(data)
    return {v.code for v in check_meals(problem, MealPlan.model_validate(data), travel)}


def changed(made: Made, **update: Any) -> set[str]:
    """Codes of the plan held against a changed problem that claims to be the same."""
    problem, plan, travel = made
    other = problem.changed(**update)
    claims = plan.model_copy(update={"fingerprint": other.fingerprint})
    return {v.code for v in check_meals(other, claims, travel)}


def test_a_plan_as_it_was_made_is_clean(made: Made) -> None:
    problem, plan, travel = made
    assert check_meals(problem, plan, travel) == []
    assert plan.totals.served == plan.totals.due == 119
    assert [w.reason for w in plan.without] == ["suspended"]
    assert plan.totals.bound_cents <= plan.totals.cost_cents


def all_drops(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [d for r in data["routes"] for t in r["trips"] for d in t["drops"]]


def later(data: dict[str, Any]) -> None:
    trip = data["routes"][0]["trips"][0]
    trip["leave_s"] -= 7_000
    trip["loading_s"] -= 7_000


def give(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data[key] = value
    return change


def van(key: str, by: int) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["van_trips"][0][key] += by
    return change


def stop(key: str, by: int) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["van_trips"][0]["stops"][0][key] += by
    return change


def lot(data: dict[str, Any]) -> None:
    data["van_trips"][0]["stops"][0]["lots"][0]["portions"] = 0


def heavy(data: dict[str, Any]) -> None:
    data["van_trips"][0]["stops"][0]["lots"][0]["portions"] += 5_000


def drop_early(data: dict[str, Any]) -> None:
    all_drops(data)[0]["start_s"] -= 3_000


def drop_late(data: dict[str, Any]) -> None:
    all_drops(data)[0]["start_s"] += 10_800


def twice(data: dict[str, Any]) -> None:
    data["sittings"] = (*data["sittings"], data["sittings"][0])


def merge(data: dict[str, Any]) -> None:
    """All trips of the busiest courier in one: more than a box holds."""
    route = max(data["routes"], key=lambda r: len(r["trips"]))
    first, *others = route["trips"]
    first["drops"] = (*first["drops"], *(d for t in others for d in t["drops"]))
    route["trips"] = (first,)


def other_courier(data: dict[str, Any]) -> None:
    data["routes"][1]["courier"] = data["routes"][0]["courier"]


def sit_at_once(data: dict[str, Any]) -> None:
    for s in data["sittings"]:
        s["start_s"] = 12 * 3_600


def sit_before(data: dict[str, Any]) -> None:
    data["sittings"][0]["start_s"] = 10 * 3_600


@pytest.mark.parametrize(("change", "code"), [
    (give("fingerprint", "x"), "M2101"), (later, "M2103"), (lot, "M2103"), (heavy, "M2202"),
    (heavy, "M2105"), (van("leave_s", -60), "M2203"), (van("loading_s", -12_000), "M2211"),
    (van("back_s", 40_000), "M2204"), (van("back_s", -600), "M2205"),
    (stop("arrival_s", -5_000), "M2205"), (stop("ready_s", -200), "M2208"),
    (van("distance_m", 1), "M2212"), (merge, "M2305"), (drop_early, "M2308"),
    (drop_late, "M2309"), (drop_late, "M2310"), (other_courier, "M2314"), (twice, "M2501"),
    (give("without", ()), "M2501"), (sit_at_once, "M2403"), (sit_before, "M2402"),
    (lambda d: d["totals"].update(cost_cents=1), "M2503"),
    (lambda d: d["totals"].update(served=1), "M2504"),
    (lambda d: d["routes"][0].update(back_s=36_000), "M2311"),
    (lambda d: d["routes"][0].update(distance_m=0), "M2313"),
    (lambda d: d["routes"][0].update(courier="nobody"), "M2102"),
])
def test_a_broken_promise_is_told(
    made: Made, change: Callable[[dict[str, Any]], None], code: str
) -> None:
    assert code in codes(made, change)


def test_a_promise_that_the_problem_narrows_is_told(made: Made) -> None:
    problem, plan, _ = made
    first = plan.routes[0].courier
    van_id = plan.van_trips[0].van

    def couriers(**update: Any) -> dict[str, Any]:
        return {"couriers": tuple(
            c.model_copy(update=update) if c.id == first else c for c in problem.couriers
        )}

    def points(**update: Any) -> dict[str, Any]:
        return {"points": tuple(p.model_copy(update=update) for p in problem.points)}

    def kitchens(**update: Any) -> dict[str, Any]:
        return {"kitchens": tuple(k.model_copy(update=update) for k in problem.kitchens)}

    def vans(**update: Any) -> dict[str, Any]:
        return {"vans": tuple(
            v.model_copy(update=update) if v.id == van_id else v for v in problem.vans
        )}

    n_trips = len(plan.routes[0].trips)
    other = next(p.id for p in problem.points if p.id != plan.routes[0].place)
    fresh = {"diets": tuple(d.model_copy(update={"freshness_s": 60}) for d in problem.diets)}
    assert "M2301" in changed(made, **couriers(absent=True))
    assert "M2302" in changed(made, **couriers(place=other))
    assert "M2303" in changed(made, **couriers(max_trips=n_trips - 1 or 1)) or n_trips == 1
    assert "M2305" in changed(made, **couriers(capacity=1))
    assert "M2312" in changed(made, **couriers(end_s=plan.routes[0].back_s - 1))
    assert "M2304" in changed(made, **couriers(start_s=plan.routes[0].trips[0].loading_s + 1))
    assert "M2309" in changed(made, **fresh)
    assert "M2310" in changed(made, end_s=problem.start_s + 300, late_s=0)
    assert "M2315" in changed(made, **points(handover=1))
    assert "M2209" in changed(made, **points(kitchens=()))
    assert "M2403" in changed(made, **points(seats=1))
    assert "M2304" in changed(made, **points(loading_s=3_000))
    assert "M2208" in changed(made, **points(unloading_s=3_000))
    assert "M2203" in changed(made, **kitchens(loading_s=3_000))
    assert "M2211" in changed(made, **kitchens(closed_from_s=0))
    assert "M2202" in changed(made, **vans(capacity=1))
    assert "M2204" in changed(made, **vans(start_s=plan.van_trips[0].loading_s + 1))
    assert "M2201" in changed(made, **vans(kitchen="K09"))
    assert "M2104" in changed(made, kitchens=tuple(
        k.model_copy(update={"batches": tuple(
            b.model_copy(update={"diets": dict.fromkeys(b.diets, 0)}) for b in k.batches
        )}) for k in problem.kitchens
    ))


def test_the_last_second_of_freshness_is_accepted_and_the_next_refused(made: Made) -> None:
    problem, plan, _ = made
    longest = max(
        d.start_s - t.leave_s for r in plan.routes for t in r.trips for d in t.drops
    )
    for limit, told in ((longest, False), (longest - 1, True)):
        diets = tuple(d.model_copy(update={"freshness_s": limit}) for d in problem.diets)
        assert ("M2309" in changed(made, diets=diets)) == told
