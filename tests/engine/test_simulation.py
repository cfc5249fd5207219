from __future__ import annotations

import re
from statistics import NormalDist, fmean, stdev

import numpy as np
import pytest

from engine.domain.plan import Previous
from engine.domain.problem import Problem
from engine.live.day import LiveDay
from engine.simulation.luck import Luck
from engine.simulation.params import POLICY_NAMES, SimulationParams
from engine.simulation.picture import draw_curves, draw_page
from engine.simulation.policies import NearestDispatcher
from engine.simulation.record import FIGURES, NEVER_S, Record, figures_of
from engine.simulation.run import Case, Run, make_case, run_day, run_days
from engine.simulation.summary import estimate, summarize
from engine.simulation.text import tables
from tests.care_builders import alarm, client, hour, line_travel, problem, visit, window, worker
from tests.live_builders import hand_plan

pytest.importorskip("simpy")

SKILLS = ("first_aid", "bathing", "housekeeping", "personal_care")


def make_day() -> Problem:
    """Three carers, a dozen visits and two districts on a road of 40 minutes."""
    return problem(
        clients=[client(f"c{k}", 4 * k, district=f"d{k % 2}") for k in range(10)],
        workers=[worker(f"w{k}", *SKILLS) for k in range(3)],
        orders=[
            *(visit(f"v{k}", f"c{k % 10}", windows=[window(8.5 + k / 2, 10 + k / 2)])
              for k in range(12)),
            alarm("own", "c9", 12),
        ],
    )


@pytest.fixture(scope="module")
def case() -> Case:
    day = make_day()
    travel = line_travel(day)
    trips = {f"w{n}": [[f"v{k}" for k in range(n, 12, 3)]] for n in range(3)}
    params = SimulationParams(
        seeds=2, alarms=5, until_s=hour(16), no_show=0.2, sick=0.2, late=0.3, replan_iterations=20,
    )
    return make_case(day, hand_plan(day, trips, travel), travel, params)


@pytest.fixture(scope="module")
def runs(case: Case) -> list[Run]:
    return run_days(case)


# -- luck ------------------------------------------------------------------------------------------


def test_ways_and_visits_take_as_long_on_average_and_spread_as_asked() -> None:
    luck = Luck(3, SimulationParams(way_spread=0.3, visit_spread=0.1))
    ways = [luck.way_factor(k, 1, 0) for k in range(4_000)]
    visits = [luck.visit_factor(f"o{k}") for k in range(4_000)]
    for factors, spread in ((ways, 0.3), (visits, 0.1)):
        assert fmean(factors) == pytest.approx(1, abs=0.02)
        assert stdev(np.log(factors)) == pytest.approx(spread, rel=0.05)


def test_shares_of_bad_luck_are_as_asked() -> None:
    luck = Luck(1, SimulationParams(no_show=0.1, sick=0.2, late=0.3, late_mean_s=600))
    assert fmean(not luck.opens(f"o{k}") for k in range(4_000)) == pytest.approx(0.1, abs=0.015)
    fates = [luck.fate(worker(f"w{k}")) for k in range(3_000)]
    sick = [f.sick_at for f in fates if f.sick_at is not None]
    late = [f.late_by for f in fates if f.late_by is not None]
    assert len(sick) / 3_000 == pytest.approx(0.2, abs=0.025)
    assert len(late) / 3_000 == pytest.approx(0.3, abs=0.03)
    assert fmean(late) == pytest.approx(600, rel=0.1)
    assert hour(8) - 1_800 <= min(sick) < max(sick) <= hour(17)


def test_a_draw_hangs_on_what_it_is_about_and_not_on_when_it_is_asked() -> None:
    one, other = Luck(1, SimulationParams()), Luck(1, SimulationParams())
    first = [one.visit_factor(f"o{k}") for k in range(5)]
    assert [other.visit_factor(f"o{k}") for k in reversed(range(5))] == first[::-1]
    assert one.way_factor(1, 2, 900) == one.way_factor(1, 2, 1_799) != one.way_factor(1, 2, 1_800)
    assert Luck(2, SimulationParams()).visit_factor("o1") != first[1]


def test_alarms_ring_by_hour_and_district() -> None:
    hours = tuple(float(h in (9, 15)) * (3 if h == 9 else 1) for h in range(24))
    params = SimulationParams(alarms=2_000, hours=hours, districts={"d0": 4, "d1": 1})
    alarms = Luck(1, params).alarms(make_day())
    assert [a.received_s for a in alarms] == sorted(a.received_s for a in alarms)
    by_hour = [a.received_s // 3_600 for a in alarms]
    assert set(by_hour) == {9, 15}
    assert by_hour.count(9) / 2_000 == pytest.approx(0.75, abs=0.03)
    even = sum(int(a.client[1:]) % 2 == 0 for a in alarms)
    assert even / 2_000 == pytest.approx(0.8, abs=0.03)
    by_clients = Luck(1, SimulationParams(alarms=2_000)).alarms(make_day())
    per_client = np.bincount([int(a.client[1:]) for a in by_clients], minlength=10)
    assert per_client.min() > 150


def test_no_alarm_rings_where_no_district_or_hour_has_weight() -> None:
    assert Luck(1, SimulationParams(districts={"elsewhere": 1})).alarms(make_day()) == []
    assert Luck(1, SimulationParams(hours=(0,) * 24)).alarms(make_day()) == []


# -- days ------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_runs_however_many_processes_there_are(
    case: Case, runs: list[Run]
) -> None:
    assert [(r.seed, r.policy) for r in runs] == [(s, p) for s in (1, 2) for p in POLICY_NAMES]
    two = case.params.model_copy(update={"policies": ("nearest", "ours")})  # no solver: quicker
    assert run_days(case._replace(params=two), jobs=2) == [*runs[:2], *runs[4:6]]
    assert run_day(case, 2, "replan") == runs[7]


def test_no_event_of_a_simulation_is_refused(runs: list[Run]) -> None:
    assert {r.refused for r in runs} == {()}


def test_policies_and_seeds_differ(runs: list[Run]) -> None:
    assert runs[1].responses != runs[5].responses
    ours, replanned = runs[1].figures, runs[3].figures
    assert ours != replanned
    assert ours["moved"] <= replanned["moved"]


def test_the_own_alarms_of_a_problem_ring_and_are_known_to_nobody_before(case: Case) -> None:
    assert [a.id for a in case.alarms] == ["own"]
    assert "own" not in case.problem.order_by_id
    assert len(run_day(case, 1, "ours").responses) == 6


def test_without_bad_luck_a_day_goes_as_planned(case: Case) -> None:
    calm = case.params.model_copy(update={
        "alarms": 0, "way_spread": 0.0, "visit_spread": 0.0, "no_show": 0.0, "sick": 0.0,
        "late": 0.0,
    })
    run = run_day(case._replace(params=calm, alarms=()), 1, "ours")
    assert {f: run.figures[f] for f in ("on_time", "unserved", "moved", "told", "overtime_min")} \
        == {"on_time": 1, "unserved": 0, "moved": 0, "told": 0, "overtime_min": 0}
    travel = sum(r.travel_s for r in case.plan.routes)
    assert run.figures["travel_min"] * 60 == pytest.approx(travel)


def test_the_nearest_free_worker_goes_though_another_would_be_there_first() -> None:
    # At 9:00 "near" begins a visit next door that ends at 9:10; "free" is 20 minutes away.
    day = problem(
        clients=[client("here", 21), client("there", 20)],
        workers=[worker("near", *SKILLS), worker("free", *SKILLS)],
        orders=[visit("v", "there", windows=[window(9, 9)], service_duration_s=600)],
    )
    travel = line_travel(day)
    plan = hand_plan(day, {"near": [["v"]]}, travel)
    order = alarm("a", "here", 9 + 1 / 360, response_s=1_800)
    sent = {}
    for name, dispatcher in (("nearest", NearestDispatcher), ("ours", None)):
        live = LiveDay(day, plan, travel)
        live.board.advance(hour(9))
        chosen = (dispatcher(live.board) if dispatcher else live.dispatcher).answer(
            order, order.received_s
        )[1]
        assert chosen is not None
        sent[name] = live.board.lines[chosen.line].worker.id
    assert sent == {"nearest": "free", "ours": "near"}


# -- figures ---------------------------------------------------------------------------------------


def test_figures_are_what_one_counts_by_hand() -> None:
    day = problem(
        clients=[client("a"), client("b"), client("c")],
        workers=[worker("w", *SKILLS)],
        orders=[
            visit("kept", "a", windows=[window(9, 10)]),
            visit("late", "b", windows=[window(9, 10)]),
            visit("gone", "c", windows=[window(9, 10)]),
            visit("extra", "c", windows=[window(9, 10)], optional=True, prize_cents=1),
        ],
    )
    travel = line_travel(day)
    former = Previous(plan=hand_plan(day, {"w": [["kept", "late"]]}, travel))
    record = Record(
        alarms=[alarm("x", "a", 9), alarm("y", "a", 10), alarm("z", "a", 11)],
        begun={"kept": ("w", hour(9.5)), "late": ("w", hour(10.5)), "x": ("w", hour(9) + 900),
               "y": ("w", hour(10) + 901)},
        told={"kept": ("w", former.stops["kept"].start_s), "late": ("v", hour(10.5))},
        calls=3, moved={"late"}, broken_off=["kept"],
        ended_s={("w", "day"): (hour(17.5), hour(17)), ("v", "day"): (hour(16), hour(17))},
        travel_s=120,
    )
    found = figures_of(day, record, former, 900)
    assert record.responses == [900, 901, NEVER_S]
    assert found == pytest.approx({
        "within": 1 / 3, "response_p50_s": 901, "response_p90_s": 901 + 0.8 * (NEVER_S - 901),
        "response_mean_s": (900 + 901 + NEVER_S) / 3, "nobody_came": 1, "on_time": 1 / 3,
        "late_min": 30, "moved": 1,
        "moved_min": (hour(10.5) - former.stops["late"].start_s) / 60, "told": 3,
        "interrupted": 1, "unserved": 1, "overtime_min": 30, "travel_min": 2,
    })


def test_the_interval_is_that_of_students_t() -> None:
    mean, half = estimate([1.0, 2.0, 3.0, 4.0])
    assert mean == 2.5
    assert half == pytest.approx(3.182446 * stdev([1, 2, 3, 4]) / 2)  # t(3), 97.5 %
    assert estimate([7.0]) == (7.0, None)
    wide = estimate(np.random.default_rng(1).normal(5, 2, 100_000).tolist())
    assert wide.half == pytest.approx(NormalDist().inv_cdf(0.975) * 2 / 100_000**0.5, rel=0.02)


def test_the_summary_is_what_the_runs_add_up_to(case: Case, runs: list[Run]) -> None:
    summary = summarize(runs, case.params)
    assert (summary["days"], summary["refused"]) == (2, 0)
    for name in POLICY_NAMES:
        mine = [r for r in runs if r.policy == name]
        for figure in FIGURES:
            told = summary["policies"][name]["figures"][figure]
            assert told["mean"] == pytest.approx(fmean(r.figures[figure] for r in mine))
        responses = [s for r in mine for s in r.responses]
        curve = summary["policies"][name]["curve"]
        for minute in (0, 7, 15, 60):
            share = sum(s <= 60 * minute for s in responses) / len(responses)
            assert curve[minute] == pytest.approx(share)
    pair = next(d for d in summary["differences"]
                if (d["first"], d["second"]) == ("ours", "replan"))
    by = {(r.seed, r.policy): r.figures["moved"] for r in runs}
    mean, half = estimate([by[s, "replan"] - by[s, "ours"] for s in (1, 2)])
    told = pair["figures"]["moved"]
    assert half is not None
    assert (told["mean"], told["low"]) == pytest.approx((mean, mean - half))
    assert told["better"] == (None if abs(mean) <= half else mean < 0)


def test_the_report_is_told_in_both_languages_and_drawn(case: Case, runs: list[Run]) -> None:
    summary = summarize(runs, case.params)
    english, chinese = tables(summary, "en"), tables(summary, "zh")
    assert [len(t.rows) for t in english] == [len(FIGURES)] * 2
    assert english[0].rows[0][0] == "alarms answered within 15 min, %"
    assert chinese[0].rows[0][0] == "15 分钟内到达的呼叫，%"
    assert [row[1:] for row in english[0].rows] == [row[1:] for row in chinese[0].rows]
    svg = draw_curves(summary, "zh")
    assert re.findall(r'class="(\w+)"', svg) == list(POLICY_NAMES)
    curve = re.search(r'class="ours" points="([^"]+)"', svg)
    assert curve is not None
    heights = [float(p.split(",")[1]) for p in curve[1].split()]
    shares = summary["policies"]["ours"]["curve"]
    assert heights[0] - heights[15] == pytest.approx(324 * (shares[15] - shares[0]), abs=0.11)
    page = draw_page(summary, "en")
    assert "nearest worker" in page
    assert "最近人员" not in page
