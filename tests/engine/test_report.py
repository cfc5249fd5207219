"""Figures of a plan, as data and in words."""

from __future__ import annotations

import pytest

from engine.report import report_text
from tests.care_builders import (
    batch,
    client,
    courier,
    kitchen,
    meal,
    plan,
    problem,
    visit,
    window,
    worker,
)


@pytest.fixture(scope="module")
def day():
    return problem(
        kitchens=[kitchen(batches=[batch(portions=3)])],
        clients=[client("c", 5), client("g", 6, guaranteed=True, care_level=2)],
        workers=[
            courier("k", services=("meal",)), worker("v", role="volunteer", services=("check_in",),
                                 cost_per_shift_cents=0),
            worker("idle", cost_per_shift_cents=10**6),
        ],
        orders=[
            meal("m", "g", portions=2, windows=[window(11, 12)]), meal("n", "c", portions=2),
            visit("v", "c"), visit("b", "c", "bath"),
        ],
    )


@pytest.fixture(scope="module")
def result(day):
    return plan(day)


def test_orders_are_counted_by_kind_service_level_and_client(result):
    report = result.report
    assert report["by_kind"] == {
        "meal": {"orders": 2, "served": 1}, "visit": {"orders": 2, "served": 1},
    }
    assert report["by_service"]["bath"] == {"orders": 1, "served": 0}
    assert report["by_care_level"]["2"] == {"orders": 1, "served": 1}
    assert report["by_client_kind"]["guaranteed"] == {"orders": 1, "served": 1}
    assert report["unserved_by_reason"] == {"no_portions": 1, "no_skill": 1}


def test_workers_kitchens_and_the_time_bank_have_their_rows(result):
    report = result.report
    rows = {w["worker"]: w for w in report["workers"]}
    assert (rows["idle"]["orders"], rows["idle"]["cost_cents"]) == (0, 0)
    assert rows["v"]["orders"] == 1
    assert rows["v"]["utilisation"] == round((1_200 + 600) / (9 * 3_600), 4)
    assert report["volunteers"] == {
        "workers": 1, "service_s": 1_200,
        "credits": [{"worker": "v", "visits": 1, "service_s": 1_200, "credits": 0.33}],
    }
    (place,) = report["kitchens"]
    assert (place["portions"], place["taken"]) == (3, 2)
    assert sum(r["cost_cents"] for r in rows.values()) == report["totals"]["cost_cents"]


@pytest.mark.parametrize(("language", "word"), [
    ("en", "search: time limit after"), ("zh", "搜索：到达时限，"),
])
def test_the_text_tells_how_the_search_ended(day, result, language, word):
    run = {**result.report["run"], "status": "time_limit"}
    assert word in report_text(day, {**result.report, "run": run}, language)


@pytest.mark.parametrize(("language", "word"), [("en", "served 2 of 4"), ("zh", "已安排 2 / 4 单")])
def test_the_text_tells_the_figures_and_no_id_of_a_person(day, result, language, word):
    text = report_text(day, result.report, language)
    assert word in text
    assert "idle" not in text
