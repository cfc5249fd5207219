"""Weeks planned end to end, on the straight road: faces, moves, determinism, and the checker."""

from __future__ import annotations

import io
import re
from html import escape

import pytest

from engine.domain.base import Window
from engine.domain.entitlements import Entitlement
from engine.domain.weeks import Familiar
from engine.formats.weeks_html import weeks_html
from engine.formats.weeks_json import load_weeks_plan, weeks_plan_json
from engine.weeks.check import CODES, check_weeks
from engine.weeks.report import weeks_text
from tests.care_builders import client, window
from tests.week_builders import (
    WEEKDAYS,
    away,
    day,
    neighbourhood,
    plan,
    programme,
    travel,
    visits,
    weeks,
    worker,
)


@pytest.fixture(scope="module")
def street():
    given = neighbourhood(24)
    return given, plan(given, compare=True)


def test_every_visit_is_served_with_its_gaps_and_by_few_faces(street):
    given, result = street
    found = visits(result)
    assert {p: len(days) for p, days in found.items()} == {p.id: 4 for p in given.programmes}
    faces = result.report["faces"]["weekly"]
    assert faces["mean"] <= 1.25
    assert faces["clients"] == 24


def test_without_continuity_there_are_more_faces_and_its_price_is_told(street):
    _, result = street
    report = result.report
    assert report["without"]["faces"]["weekly"]["mean"] > report["faces"]["weekly"]["mean"]
    assert report["price"]["faces_fewer"] > 0
    assert report["price"]["cost_cents"] == (
        report["totals"]["cost_cents"] - report["without"]["totals"]["cost_cents"]
    )
    for language in ("en", "zh"):
        assert weeks_text(report, language).count("\n") >= 6


def test_hours_stay_near_the_usual_one(street):
    given, result = street
    hours = result.report["hours"]
    assert hours["outside_band"] == 0
    assert hours["mean_from_usual_s"] <= given.continuity.hour_band_s


def test_the_same_seed_and_iterations_give_the_same_plans(street):
    given, result = street
    again = plan(given)
    for one, other in zip(result.plan.days, again.plan.days, strict=True):
        assert one.plan.routes == other.plan.routes
    assert result.plan.carers == again.plan.carers


def test_a_familiar_worker_comes_though_another_is_cheaper():
    known = [Familiar(client="c", worker="dear")]
    given = weeks(
        workers=[worker("cheap"), worker("dear", cost_per_shift_cents=5_500)],
        programmes=[programme("p", "c")],
    )
    assert set(visits(plan(given))["p"].values()) == {"cheap"}
    assert set(visits(plan(given.model_copy(update={"history": tuple(known)})))["p"].values()) == {
        "dear"
    }


def test_nobody_is_sent_who_is_absent_and_no_client_is_visited_who_is_away():
    given = weeks(
        days=7, workers=[worker("w"), worker("v", cost_per_shift_cents=50_000)],
        programmes=[programme("p", "c", visits_per_week=7), programme("q", "c", "errands")],
        absences=[away("w", 2, 3, "worker"), away("c", 5, 6)],
    )
    result = plan(given)
    found = visits(result)["p"]
    assert set(found) == {0, 1, 2, 3, 4}
    assert {found[2], found[3]} == {"v"}
    assert [m.reason for m in result.plan.missing] == ["client_away"] * 2


def test_a_team_comes_together_and_makes_one_visit():
    from engine.domain.teams import TeamMember

    given = weeks(
        days=7, workers=[worker("doctor", "medical"), worker("nurse", "nursing")],
        programmes=[programme(
            "p", "c", "errands", visits_per_week=2, min_gap_days=2,
            team=(TeamMember(skills=("medical",)), TeamMember(skills=("nursing",))),
        )],
    )
    result = plan(given)
    assert result.report["totals"]["served"] == 2
    assert result.report["faces"]["all"]["distribution"] == {"2": 1}
    with_more = with_programmes(given, visits_per_week=3, min_gap_days=1)
    assert "P2510" in broken(with_more, result)


def test_a_visit_that_finds_no_place_moves_to_another_allowed_day():
    # Spread knows hours, not that two long visits cannot both begin between 8 and 9.
    same = window(8, 9)
    given = weeks(
        days=7, clients=[client(f"c{k}", 4 * k) for k in range(3)],
        workers=[worker("w", weekdays=("mon", "tue"))],
        programmes=[
            programme("fixed1", "c0", weekdays=("mon",), windows=(same,),
                      service_duration_s=7_200, priority=0),
            programme("free", "c1", weekdays=("mon", "tue"), windows=(same,),
                      service_duration_s=4_000, priority=9),
            programme("long", "c2", weekdays=("tue",), windows=(window(10, 11),),
                      service_duration_s=5 * 3_600, priority=0),
        ],
    )
    first = plan(given, passes=1)
    assert set(visits(first)) == {"fixed1", "long"}
    result = plan(given)
    assert visits(result)["free"] == {1: "w"}
    assert result.report["totals"]["unserved"] == 0


def test_plans_are_read_back_and_checked_clean(street, tmp_path):
    given, result = street
    path = tmp_path / "weeks-plan.json"
    path.write_bytes(weeks_plan_json(result.plan))
    assert load_weeks_plan(path) == result.plan
    assert check_weeks(given, result.plan, travel(given)) == []


def broken(given, result):
    return {v.code for v in check_weeks(given, result.plan, travel(given)) if v.code[:3] == "P25"}


def changed(given, **fields):
    """The same weeks with other promises, as if the plan had been made against them."""
    own = {name: getattr(given, name) for name in type(given).model_fields}
    return type(given)(**{**own, **fields})


def with_programmes(given, **fields):
    return changed(given, programmes=tuple(
        p.model_copy(update=fields) for p in given.programmes
    ))


@pytest.mark.parametrize(("code", "change"), [
    ("P2510", lambda w: with_programmes(w, visits_per_week=3)),
    ("P2520", lambda w: with_programmes(w, min_gap_days=5)),
    ("P2521", lambda w: with_programmes(w, max_gap_days=2)),
    ("P2530", lambda w: with_programmes(w, weekdays=("sun",))),
    ("P2531", lambda w: changed(w, holidays=tuple(day(k) for k in range(14)))),
    ("P2540", lambda w: changed(w, absences=(away("c0", 0, 13),))),
    ("P2541", lambda w: changed(w, absences=(away("w0", 0, 13, "worker"),))),
    ("P2550", lambda w: changed(w, entitlements=(Entitlement(id="e", client="c0", visits=1),))),
    ("P2550", lambda w: changed(w, entitlements=(Entitlement(id="e", service_s=9_000),))),
    ("P2560", lambda w: with_programmes(w, windows=(Window(start_s=0, end_s=600),))),
    ("P2503", lambda w: with_programmes(w, service_duration_s=60)),
    ("P2501", lambda w: changed(w, programmes=w.programmes[1:])),
    ("P2502", lambda w: changed(w, days=7)),
])
def test_the_checker_finds_a_planted_break(street, code, change):
    given, result = street
    assert broken(given, result) == set()
    found = broken(change(given), result)
    assert code in found
    assert found <= set(CODES)
    assert "P2500" in found


def test_the_checker_finds_a_visit_that_is_dropped_silently(street):
    given, result = street
    made = result.plan.days[0]
    order = made.problem.orders[0].id
    problem = made.problem.model_copy()
    own = {n: getattr(problem, n) for n in type(problem).model_fields}
    problem = type(problem)(**{
        **own, "orders": tuple(o for o in problem.orders if o.id != order)
    })
    days = (made.model_copy(update={"problem": problem}), *result.plan.days[1:])
    lost = check_weeks(given, result.plan.model_copy(update={"days": days}), travel(given))
    assert "P2013" in {v.code for v in lost}  # the day's own checker: a stop without an order
    gone = result.plan.model_copy(update={"days": result.plan.days[1:]})
    assert {v.code for v in check_weeks(given, gone, travel(given))} >= {"P2510"}


def test_a_plan_states_hours_within_what_was_promised(street):
    given, result = street
    for made in result.plan.days:
        for order in made.problem.orders:
            promised = given.programme_by_id[order.id].windows[0]
            for told in order.windows:
                assert promised.start_s <= told.start_s <= told.end_s <= promised.end_s


def test_the_calendar_names_days_workers_and_reasons():
    openpyxl = pytest.importorskip("openpyxl")
    from engine.formats.weeks_xlsx import weeks_xlsx

    given = weeks(days=7, programmes=[programme("p", "c"), programme("q", "c", "bath")],
                  workers=[worker("w", weekdays=WEEKDAYS)])
    result = plan(given)
    book = openpyxl.load_workbook(io.BytesIO(weeks_xlsx(given, result.plan, result.report)))
    cells = [str(c) for row in book.worksheets[0].iter_rows(values_only=True) for c in row if c]
    (on,) = visits(result)["p"]
    assert f"{day(on):%m-%d}" in " ".join(cells)
    assert any(c.endswith("\nw") for c in cells)
    assert "not served 未服务" in cells
    reasons = [row[3] for row in book.worksheets[2].iter_rows(min_row=2, values_only=True)]
    assert reasons == ["no_skill"]
    page = weeks_html(given, result.plan, result.report).decode()
    (unserved,) = [u for d in result.plan.days for u in d.plan.unserved]
    for text in (unserved.message, unserved.message_zh):
        assert escape(text) in page
    assert "<td class=lost>" in page
    assert re.search(r"<td>\d\d:\d\d<br>w</td>", page)
