"""Days of visits keep weekdays, gaps, holidays, absences and entitlements; each part matters."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from engine.weeks.calendar import best_days, calendar_of
from engine.weeks.carers import assign
from engine.weeks.missing import missing_of
from engine.weeks.spread import spread
from engine.weeks.staff import Staff
from tests.care_builders import client
from tests.week_builders import WEEKDAYS, away, day, programme, travel, weeks, worker


def chosen(given, **switched_off):
    found = spread(Staff(given, travel(given)), switched_off=switched_off)
    return {p.id: d for p, d in zip(given.programmes, found.days, strict=True)}


def test_weekdays_are_kept_and_matter():
    # The only worker is busiest on Thursdays, as all others may go there only.
    given = weeks(
        clients=[client(f"c{k}") for k in range(6)],
        programmes=[programme(f"p{k}", f"c{k}", weekdays=("thu",)) for k in range(6)],
    )
    assert set(chosen(given).values()) == {(3, 10)}
    assert set(chosen(given, weekdays=False).values()) != {(3, 10)}


def test_gaps_are_kept_and_matter():
    # Tuesday is the one day on which somebody is there in the first week, Friday in the second.
    given = weeks(
        workers=[worker("w", weekdays=("mon",))],
        programmes=[programme("p", "c", min_gap_days=8, visits_per_week=1)],
    )
    first, second = chosen(given)["p"]
    assert second - first >= 8
    assert chosen(given, spacing=False)["p"] == (0, 7)
    wide = weeks(
        days=14, workers=[worker("w", weekdays=("mon", "sun"))],
        programmes=[programme("p", "c", max_gap_days=6, every_weeks=1)], holidays=[day(6), day(7)],
    )
    a, b = chosen(wide)["p"]
    assert b - a - sum(a < k < b for k in (6, 7)) <= 6


def test_the_first_gap_counts_from_the_last_visit_before_the_horizon():
    given = weeks(programmes=[
        programme("p", "c", visits=1, last_visit=day(-1), min_gap_days=5, max_gap_days=5)
    ])
    assert chosen(given)["p"] == (4,)
    free = weeks(programmes=[programme("p", "c", visits=1, last_visit=day(-1))])
    assert chosen(free)["p"] != (4,)


def test_holidays_and_absences_are_kept_and_matter():
    given = weeks(
        workers=[worker("w", weekdays=("tue", "sat"))],
        programmes=[programme("p", "c"), programme("q", "d"), programme("r", "d",
                                                                        on_holidays=True)],
        clients=[client("c"), client("d")],
        holidays=[day(1)], absences=[away("c", 7, 11)],
    )
    found = chosen(given)
    assert found["p"] == (5, 12)
    assert found["q"][0] == 5
    assert chosen(given, holidays=False)["q"][0] == 1
    assert 8 in {d for days in chosen(given, absences=False).values() for d in days}


def test_a_worker_who_is_away_draws_no_visits():
    given = weeks(
        workers=[worker("w", weekdays=("mon", "wed"))], programmes=[programme("p", "c")],
        absences=[away("w", 0, 1, "worker"), away("w", 8, 12, "worker")],
    )
    assert chosen(given)["p"] == (2, 7)


def test_what_is_paid_for_is_never_exceeded_and_goes_to_the_important_first():
    from engine.domain.entitlements import Entitlement

    given = weeks(
        days=28, clients=[client("able"), client("severe", care_level=3)],
        programmes=[programme("a", "able", payer="city"), programme("s", "severe", payer="city")],
        entitlements=[Entitlement(id="e", payer="city", visits=4, used_visits=2)],
    )
    # The horizon has eight days of November, then all of December's twenty.
    found = chosen(given)
    month = {k: sum(d is not None and (d < 8) == k for days in found.values() for d in days)
             for k in (True, False)}
    assert month[True] <= 2
    assert month[False] <= 4
    assert None not in found["s"]
    missing = missing_of(given, spread(Staff(given, travel(given))))
    assert {(m.programme, m.reason) for m in missing} == {("a", "entitlement")}
    assert None not in chosen(given, entitlements=False)["a"]


def test_hours_that_are_paid_for_count_by_the_length_of_a_visit():
    from engine.domain.entitlements import Entitlement

    given = weeks(
        days=7, programmes=[programme("p", "c", "errands", visits_per_week=5,
                                      service_duration_s=3_600)],
        entitlements=[Entitlement(id="e", client="c", service_s=4 * 3_600 + 1_800)],
    )
    assert chosen(given)["p"].count(None) == 1


@pytest.mark.parametrize(("kw", "reason"), [
    ({"absences": [away("c", 0, 6)]}, "client_away"),
    ({"holidays": [day(k) for k in range(7)]}, "holiday"),
])
def test_a_visit_without_a_day_has_a_reason(kw, reason):
    given = weeks(days=14, programmes=[programme("p", "c")], **kw)
    found = spread(Staff(given, travel(given)))
    (only,) = missing_of(given, found)
    assert (only.programme, only.reason, only.first_day) == ("p", reason, day(0))
    assert only.message
    assert only.message_zh


def test_the_load_is_even():
    given = weeks(
        clients=[client(f"c{k}") for k in range(20)],
        workers=[worker("w", weekdays=WEEKDAYS), worker("v", weekdays=WEEKDAYS)],
        programmes=[programme(f"p{k}", f"c{k}", weekdays=WEEKDAYS) for k in range(20)],
    )
    found = spread(Staff(given, travel(given)))
    per_day = [sum(d in days for days in found.days) for d in range(14)]
    work = [per_day[k] for k in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]
    assert sum(per_day) == sum(work) == 40
    assert max(work) - min(work) <= 2


def test_days_of_a_programme_are_the_cheapest_of_all():
    given = weeks(days=14, absences=[away("c", 4, 5)], programmes=[
        programme("p", "c", visits_per_week=2, min_gap_days=2, max_gap_days=5)
    ])
    calendar = calendar_of(given, given.programmes[0])
    prices = [float((37 * k * k + 11 * k) % 23) * 900 for k in range(14)]
    cost, days = best_days(calendar, prices)

    def price(found):
        uneven = sum(
            300.0 * (b - a - calendar.slots[k + 1].ideal) ** 2
            for k, (a, b) in enumerate(pairwise(found))
        )
        return sum(prices[d] for d in found) + uneven

    every = [
        f for f in product(*(range(s.first, s.last + 1) for s in calendar.slots))
        if all(calendar.free[d] for d in f) and all(a < b for a, b in pairwise(f))
        and calendar.fits(f)
    ]
    assert cost == pytest.approx(min(map(price, every)))
    assert price(days) == pytest.approx(cost)


def test_a_visit_left_out_excuses_only_a_gap_that_it_could_lie_in():
    given = weeks(days=14, programmes=[programme("p", "c", visits_per_week=2, max_gap_days=4)])
    calendar = calendar_of(given, given.programmes[0])
    prices = [9_000] * 14
    prices[1] = prices[2] = prices[7] = 0  # five days from 2 to 7
    _, days = best_days(calendar, prices, [3, 0])  # November ends with day 7
    assert days.count(None) == 1
    dated = [(k, d) for k, d in enumerate(days) if d is not None]
    for (i, a), (j, b) in pairwise(dated):
        left_out = calendar.slots[i + 1 : j]
        assert b - a <= 4 or any(slot.first < b and slot.last > a for slot in left_out)


def test_a_clients_programmes_share_a_carer_who_may_do_them_all():
    given = weeks(
        clients=[client("c", 5)],
        workers=[worker("near"), worker("both", "bathing", cost_per_shift_cents=6_000)],
        programmes=[programme("p", "c"), programme("b", "c", "bath")],
    )
    staff = Staff(given, travel(given))
    carers = assign(staff, spread(staff).days)
    assert carers.main == [1, 1]


def test_a_stand_in_comes_where_the_main_worker_is_off():
    given = weeks(
        workers=[worker("a"), worker("b", cost_per_shift_cents=9_000)],
        programmes=[programme("p", "c", visits_per_week=3)],
        absences=[away("a", 0, 3, "worker")],
    )
    staff = Staff(given, travel(given))
    carers = assign(staff, [(0, 2, 4, 7, 9, 11)])
    assert carers.main == [0]
    assert carers.stand_in == [1]
    assert [carers.expected(0, d) for d in (0, 4)] == [1, 0]


def test_a_full_worker_gets_no_more_clients():
    given = weeks(
        clients=[client(f"c{k}") for k in range(8)], workers=[worker("a"), worker("b")],
        programmes=[programme(f"p{k}", f"c{k}", service_duration_s=2 * 3_600) for k in range(8)],
    )
    staff = Staff(given, travel(given))
    carers = assign(staff, [(0, 7)] * 8)
    assert sorted(carers.main.count(w) for w in (0, 1)) == [4, 4]
