"""Client and worker suit each other: gender, language, and refusals by the worker."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import PlanRejected
from tests.care_builders import (
    alarm,
    client,
    plan,
    problem,
    reasons,
    served,
    served_by,
    visit,
    without,
    worker,
)


def choice(home: dict[str, Any], cheap: dict[str, Any], dear: dict[str, Any], **order: Any) -> Any:
    """One bath, and two who may do it; the cheap one does wherever nothing speaks against."""
    return problem(
        clients=[client("c", 5, **home)],
        workers=[
            worker("cheap", "bathing", cost_per_shift_cents=0, **cheap),
            worker("dear", "bathing", cost_per_shift_cents=50_000, **dear),
        ],
        orders=[visit("o", "c", "bath", **order)],
    )


@pytest.mark.parametrize(
    ("home", "cheap", "dear", "order"),
    [
        ({"gender": "female"}, {"gender": "male"}, {"gender": "female"}, {}),
        ({"gender": "female"}, {}, {"gender": "female"}, {}),
        ({}, {"gender": "female"}, {"gender": "male"}, {"gender": "male"}),
        ({"gender": "female"}, {"gender": "female"}, {"gender": "male"}, {"gender": "male"}),
        ({"languages": ("yue", "zh")}, {"languages": ("en",)}, {"languages": ("zh",)}, {}),
        ({"languages": ("yue",)}, {}, {"languages": ("yue", "zh")}, {}),
        ({}, {"refused_clients": ("c",)}, {}, {}),
    ],
)
def test_whoever_does_not_suit_is_not_sent_whatever_it_costs(backend, home, cheap, dear, order):
    day = choice(home, cheap, dear, **order)
    assert served_by(plan(day, backend=backend).plan) == {"o": "dear"}
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("match"))
    assert {v.rule for v in rejected.value.violations} == {"match"}


def test_a_gender_counts_only_where_the_service_or_the_order_asks(backend):
    day = problem(
        clients=[client("c", 5, gender="female")],
        workers=[worker("man", "housekeeping", gender="male")],
        orders=[visit("o", "c", "cleaning")],
    )
    assert served(plan(day, backend=backend).plan) == {"o"}


def test_an_alarm_is_kept_from_nobody_by_a_language(backend):
    day = problem(
        clients=[client("c", 1, languages=("yue",))],
        workers=[worker("w", "first_aid", languages=("zh",))],
        orders=[alarm("a", "c", 9), visit("v", "c")],
    )
    result = plan(day, backend=backend).plan
    assert served(result) == {"a"}
    assert reasons(result) == {"v": "no_match"}


def test_nobody_who_suits_is_told_with_how_many_for_which_reason(backend):
    day = problem(
        clients=[client("c", 5, gender="female", languages=("yue",))],
        workers=[
            worker("man", "bathing", gender="male", languages=("yue",)),
            worker("mute", "bathing", gender="female"),
            worker("unwilling", "bathing", gender="female", languages=("yue",),
                   refused_clients=("c",)),
            worker("unskilled", gender="female", languages=("yue",)),
        ],
        orders=[visit("o", "c", "bath")],
    )
    (told,) = plan(day, backend=backend).plan.unserved
    assert told.reason == "no_match"
    assert told.numbers == {"may": 3, "gender": 1, "language": 1, "refusing": 1}
    assert "1 are not stated to be female" in told.message
    assert "1 人未登记为女性" in told.message_zh
