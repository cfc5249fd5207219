"""Rest between days, hours of a week and a month, and programmes that share their days."""

from __future__ import annotations

import pytest

from engine.domain.teams import After
from engine.domain.weeks import WeeklyShift
from engine.errors import PlanRejected
from engine.weeks.check import CODES, check_weeks
from engine.weeks.limits import Limits
from engine.weeks.report import report_weeks
from tests.care_builders import client, hour, window
from tests.week_builders import day, plan, programme, travel, visits, weeks, worker

NIGHT = WeeklyShift(id="night", start_s=hour(22), end_s=hour(30), weekdays=("mon",))
DAY_AFTER = WeeklyShift(id="day", start_s=hour(8), end_s=hour(16), weekdays=("tue",))


def once(id, weekday, first, last, **kw):
    return programme(id, "c", visits=1, weekdays=(weekday,), windows=(window(first, last),), **kw)


def nights(**kw):
    """One visit in Monday's night, one on Tuesday in the morning and one in the afternoon."""
    return weeks(
        days=7, workers=[worker("w", shifts=(NIGHT, DAY_AFTER), **kw)],
        programmes=[once("late", "mon", 23, 24), once("early", "tue", 8, 9),
                    once("noon", "tue", 13, 14, service_duration_s=1_800)],
    )


def five_days(**kw):
    """Five days with three hours of service each; the worker is near, so duty is little more."""
    return weeks(
        days=7, clients=[client("c", 1)], workers=[worker("w", **kw)],
        programmes=[programme("p", "c", visits=5, service_duration_s=3 * 3_600,
                              windows=(window(8, 12),))],
    )


@pytest.fixture
def no_limits(monkeypatch):
    """What the days would be if none knew of the others' hours."""
    monkeypatch.setattr(Limits, "open", lambda self, day: {})


@pytest.fixture
def no_limits_on_staff(monkeypatch):
    """The same, once it is called, and those who balance the days know of no rest either."""
    def forget():
        monkeypatch.setattr(Limits, "open", lambda self, day: {})
        monkeypatch.setattr("engine.weeks.staff._rested", lambda worker, day, shifts: shifts)

    return forget


def codes(caught):
    return {v.code for v in caught.value.violations}


def test_a_night_is_followed_by_rest_and_its_reason_is_told():
    assert set(visits(plan(nights()))) == {"late", "early", "noon"}
    result = plan(nights(min_rest_s=hour(11)))
    found = visits(result)
    assert "early" not in found
    assert {"late", "noon"} <= set(found)
    (told,) = result.plan.withheld
    assert (told.programme, told.reason, told.workers) == ("early", "rest", ("w",))
    assert told.message
    assert told.message_zh


def test_without_the_rule_of_rest_the_checker_refuses_the_plan(no_limits):
    with pytest.raises(PlanRejected) as caught:
        plan(nights(min_rest_s=hour(11)))
    assert codes(caught) == {"P2542"}


@pytest.mark.parametrize(("rest", "first"), [(7, [0, 1, 2, 3]), (14, [0, 3, 1, 4])])
def test_days_planned_side_by_side_are_neighbours_unless_rest_lies_between_them(rest, first):
    shift = WeeklyShift(id="day", start_s=hour(8), end_s=hour(19))
    given = weeks(days=7, workers=[worker("w", shifts=(shift,), min_rest_s=hour(rest))])
    limits = Limits(given)
    assert limits.turns()[:4] == first
    assert sorted(limits.turns()) == list(range(7))


def test_shifts_of_two_days_do_not_overlap():
    long = WeeklyShift(id="night", start_s=hour(22), end_s=hour(34), weekdays=("mon",))
    given = weeks(
        days=7, workers=[worker("w", shifts=(long, DAY_AFTER))],
        programmes=[once("late", "mon", 33, 33), once("early", "tue", 8, 8)],
    )
    found = visits(plan(given))
    assert len(found) == 1


@pytest.mark.parametrize(("limit", "reason", "code"), [
    ("max_weekly_s", "weekly_hours", "P2543"), ("max_monthly_s", "monthly_hours", "P2544"),
])
def test_agreed_hours_are_kept_and_the_reason_is_told(limit, reason, code, monkeypatch):
    assert len(visits(plan(five_days()))["p"]) == 5
    given = five_days(**{limit: hour(10)})
    result = plan(given)
    assert 2 <= len(visits(result)["p"]) <= 3
    assert {w.reason for w in result.plan.withheld} == {reason}
    free = plan(five_days())
    own = {name: getattr(given, name) for name in type(given).model_fields}
    found = {v.code for v in check_weeks(type(given)(**own), free.plan, travel(given))}
    assert code in found
    assert code in CODES
    monkeypatch.setattr(Limits, "open", lambda self, on: {})
    with pytest.raises(PlanRejected) as caught:
        plan(given)
    assert codes(caught) == {code}


def test_what_was_used_before_the_horizon_counts_in_its_month():
    # The horizon is November's; three visits would fit without what was used.
    used = plan(five_days(max_monthly_s=hour(10), used_monthly_s=hour(6)))
    assert len(visits(used)["p"]) == 1


def test_what_was_worked_before_the_horizon_counts_in_its_first_week_only():
    limits = {"max_weekly_s": hour(10), "used_weekly_s": hour(6)}
    given = weeks(clients=[client("c", 1)], workers=[worker("w", **limits)], programmes=[programme(
        "p", "c", visits_per_week=3, service_duration_s=3 * 3_600, windows=(window(8, 12),),
    )])
    weekly = [d // 7 for d in visits(plan(given))["p"]]
    assert weekly.count(0) == 1
    assert weekly.count(1) >= 2


def morning(**kw):
    return weeks(
        days=7, workers=[worker("w", **kw)],
        programmes=[once("early", "mon", 8, 9), once("noon", "mon", 12, 13)],
    )


def test_rest_since_the_day_before_the_horizon_counts_on_its_first_day(no_limits_on_staff):
    late = {"previous_end_s": hour(23), "min_daily_rest_s": hour(11)}
    assert set(visits(plan(morning(**{**late, "previous_end_s": hour(21)})))) == {"early", "noon"}
    result = plan(morning(**late))
    assert set(visits(result)) == {"noon"}
    assert "early" in {u.order for made in result.plan.days for u in made.plan.unserved} | {
        m.programme for m in result.plan.missing
    }
    no_limits_on_staff()
    with pytest.raises(PlanRejected) as caught:
        plan(morning(**late))
    assert codes(caught) == {"P2542"}


def test_a_workers_own_daily_rest_lies_between_days_and_not_between_shifts_of_a_day():
    found = visits(plan(nights(min_daily_rest_s=hour(11))))
    assert "early" not in found
    assert {"late", "noon"} <= set(found)
    two = weeks(
        days=7,
        workers=[worker("w", min_daily_rest_s=hour(11), shifts=(
            WeeklyShift(id="am", start_s=hour(8), end_s=hour(11)),
            WeeklyShift(id="pm", start_s=hour(14), end_s=hour(17)),
        ))],
        programmes=[once("am", "mon", 8, 9), once("pm", "mon", 15, 16)],
    )
    assert set(visits(plan(two))) == {"am", "pm"}


def test_time_to_get_in_counts_once_an_address_on_the_days_of_weeks():
    given = weeks(
        days=7, clients=[client("c", 3, arrival_s=600)],
        programmes=[once("a", "mon", 8, 9), once("b", "mon", 8, 9)],
    )
    (monday,) = (m.plan for m in plan(given).plan.days if m.plan.routes)
    stops = [s for r in monday.routes for t in r.trips for s in t.stops]
    assert [s.setup_s for s in stops] == [600, 0]


def test_volunteers_have_their_credits_told():
    given = five_days(role="volunteer", max_monthly_s=hour(10), used_monthly_s=hour(3))
    result = plan(given)
    (row,) = report_weeks(given, result.plan)["time_bank"]
    served = sum(len(days) for days in visits(result).values())
    assert row["worker"] == "w"
    assert row["credit_s"] == served * 3 * 3_600
    assert 0 <= row["left_s"] == hour(10) - hour(3) - row["duty_s"]


def two_a_day(**kw):
    return weeks(
        days=7, workers=[worker("w"), worker("n", "nursing")],
        programmes=[
            programme("first", "c", visits=2, weekdays=("mon", "tue", "thu")),
            programme("then", "c", visits=2, weekdays=("mon", "wed", "thu", "fri"), after=After(
                order="first", min_gap_s=3_600, max_gap_s=7_200), **kw),
        ],
    )


def test_programmes_one_after_another_share_their_days(monkeypatch):
    result = plan(two_a_day())
    found = visits(result)
    assert set(found["first"]) == set(found["then"]) == {0, 3}
    starts = {}
    for made in result.plan.days:
        for route in made.plan.routes:
            for trip in route.trips:
                for stop in trip.stops:
                    starts[made.day, stop.order] = stop.start_s
    for made in result.plan.days:
        if (made.day, "first") in starts:
            gap = starts[made.day, "then"] - starts[made.day, "first"]
            assert 3_600 <= gap <= 7_200
    # What is planned apart falls on other days, which the checker tells.
    given = two_a_day()
    apart = given.model_copy(update={"programmes": tuple(
        p.model_copy(update={"after": None, "weekdays": ("tue",) if p.id == "first" else ("fri",),
                             "visits": 1}) for p in given.programmes
    )})
    found = {v.code for v in check_weeks(given, plan(apart).plan, travel(given))}
    assert "P2570" in found
    # Without the rule their days are chosen apart, and the plan is refused.
    monkeypatch.setattr(
        "engine.weeks.staff.groups_of", lambda programmes: [(k,) for k in range(len(programmes))]
    )
    with pytest.raises(PlanRejected):
        plan(weeks(days=7, workers=[worker("w")], programmes=[
            programme("first", "c", visits=1, weekdays=("mon", "tue")),
            programme("then", "c", visits=1, weekdays=("tue", "wed"),
                      after=After(order="first", max_gap_s=7_200)),
            programme("long", "c", visits=1, weekdays=("tue",), service_duration_s=6 * 3_600),
        ]))


def test_a_day_that_suits_only_one_of_two_is_told():
    given = weeks(
        days=14, workers=[worker("w")],
        programmes=[
            programme("first", "c", weekdays=("mon",)),
            programme("then", "c", on_holidays=True, weekdays=("mon",), after=After(
                order="first", max_gap_s=7_200)),
        ],
        holidays=[day(0)],
    )
    result = plan(given)
    assert {p: set(d) for p, d in visits(result).items()} == {"first": {7}, "then": {7}}
    reasons = {m.programme: m.reason for m in result.plan.missing}
    assert reasons == {"first": "holiday", "then": "holiday"}
