"""Few faces: a new one has a price, a preferred one a bonus, and who comes first still does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.care_builders import (
    client,
    meal,
    plan,
    problem,
    served,
    served_by,
    visit,
    window,
    without,
    worker,
)


def two_ways(new: int, bonus: int, home: dict[str, Any], **order: Any) -> Any:
    """One visit; worker ``far`` costs 1,000 cents more than ``near``, who lives next door."""
    return problem(
        clients=[client("c", 10, **home)],
        workers=[worker("near", start="next", cost_per_shift_cents=100),
                 worker("far", cost_per_shift_cents=100)],
        places=[{"id": "next", "lon": 0.010, "lat": 0.0}],
        continuity={"new_face_cents": new, "preferred_bonus_cents": bonus},
        orders=[visit("o", "c", **order)],
    )


@pytest.mark.parametrize(
    ("new", "bonus", "home", "who"),
    [
        (0, 0, {"known_workers": ("far",)}, "near"),
        (999, 0, {"known_workers": ("far",)}, "near"),
        (1_001, 0, {"known_workers": ("far",)}, "far"),
        (1_001, 0, {"known_workers": ("far", "near")}, "near"),
        (1_001, 0, {"known_workers": ("somebody-else",)}, "near"),
        (1_001, 0, {}, "near"),
        (0, 999, {"known_workers": ("near",), "preferred_workers": ("far",)}, "near"),
        (0, 1_001, {"known_workers": ("near",), "preferred_workers": ("far",)}, "far"),
        (600, 500, {"preferred_workers": ("far",)}, "far"),
    ],
)
def test_a_face_is_worth_a_detour_up_to_its_price(backend, new, bonus, home, who):
    result = plan(two_ways(new, bonus, home), backend=backend).plan
    assert served_by(result) == {"o": who}
    totals = result.totals
    history = bool(home)
    strange = history and who not in (
        *home.get("known_workers", ()), *home.get("preferred_workers", ())
    )
    assert totals.new_face_visits == strange
    assert totals.new_face_cents == new * strange
    assert totals.preferred_visits == (who in home.get("preferred_workers", ()))
    assert totals.preferred_bonus_cents == bonus * totals.preferred_visits
    assert totals.cost_cents == (1_100 if who == "far" else 100)  # faces stand apart


def test_without_the_rule_nobody_goes_out_of_the_way_for_a_face(backend):
    day = two_ways(5_000, 0, {"known_workers": ("far",)})
    assert served_by(plan(day, backend=backend).plan) == {"o": "far"}
    off = plan(day, backend=backend, rules=without("continuity")).plan
    assert served_by(off) == {"o": "near"}
    assert off.totals.new_face_cents == 5_000  # counted all the same


@pytest.mark.parametrize(("prize", "worth"), [(1_099, False), (1_101, True)])
def test_an_optional_visit_pays_for_its_new_face(backend, prize, worth):
    day = two_ways(1_000, 0, {"known_workers": ("else",)}, optional=True, prize_cents=prize)
    assert ("o" in served(plan(day, backend=backend).plan)) is worth


def test_meals_are_brought_by_anybody(backend):
    day = problem(
        clients=[client("c", 1, known_workers=("other",))],
        kitchens=[{"id": "kitchen", "lon": 0.0, "lat": 0.0,
                   "batches": ({"id": "b", "ready_s": 0, "portions": 9},)}],
        workers=[worker("w", "meal_delivery", start="kitchen", vehicle="box")],
        continuity={"new_face_cents": 1_000},
        orders=[meal("m", "c")],
    )
    totals = plan(day, backend=backend).plan.totals
    assert (totals.served, totals.new_face_visits, totals.new_face_cents) == (1, 0, 0)


def test_a_guaranteed_client_comes_before_any_face(backend):
    # The only worker is free for one of the two. However dear a new face, and however well the
    # other client likes the worker: who comes first is no question of price.
    day = problem(
        clients=[
            client("first", 30, guaranteed=True, known_workers=("other",)),
            client("fond", 1, preferred_workers=("w",)),
        ],
        workers=[worker("w")],
        continuity={"new_face_cents": 100_000, "preferred_bonus_cents": 100_000},
        orders=[
            visit("first", "first", windows=[window(9, 9)]),
            visit("fond", "fond", windows=[window(9, 9)]),
        ],
    )
    assert served(plan(day, backend=backend).plan) == {"first"}
    assert served(plan(day, backend=backend, rules=without("priority")).plan) == {"fond"}


def test_the_report_counts_faces_and_their_money(backend):
    day = problem(
        clients=[client("a", 1, known_workers=("x",)), client("b", 2, preferred_workers=("w",)),
                 client("c", 3)],
        workers=[worker("w")],
        continuity={"new_face_cents": 300, "preferred_bonus_cents": 50},
        orders=[visit("a1", "a"), visit("a2", "a"), visit("b", "b"), visit("c", "c")],
    )
    report = plan(day, backend=backend).report["continuity"]
    assert report == {
        "visits": 3, "new_face_visits": 2, "new_faces": 1, "preferred_visits": 1,
        "clients": 2, "faces_per_client": 1.0, "new_face_cents": 600, "preferred_bonus_cents": 50,
    }
