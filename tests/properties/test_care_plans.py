"""Generated days with teams, sequences, breaks, limits and meals: no plan breaks a promise."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.check import check_plan
from engine.domain.orders import VisitOrder
from engine.domain.problem import Problem
from engine.domain.teams import After, TeamMember
from engine.domain.workers import Break, Shift
from engine.evaluate import evaluate
from engine.visits import RouteVisits, TripVisits
from tests import care_builders as care

FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@st.composite
def care_days(draw: st.DrawFn) -> Problem:
    """Draw a small day with some of everything that ties routes or shapes shifts."""
    return make_day(draw(st.integers(0, 10**6)))


def make_day(seed: int) -> Problem:
    rng = random.Random(seed)

    def perhaps(share: float, value: Any) -> Any:
        return value if rng.random() < share else None

    clients = [
        care.client(
            f"c{k}", rng.randint(-15, 15), arrival_s=rng.choice([0, 0, 120, 300]),
            compound=perhaps(0.3, "garden"), guaranteed=rng.random() < 0.2,
        )
        for k in range(6)
    ]
    workers = [_worker(rng, k, perhaps) for k in range(rng.randint(1, 4))]
    orders: list[Any] = []
    for k in range(rng.randint(0, 12)):
        opens = rng.choice([8, 9, 10, 11])
        more: dict[str, Any] = {
            "windows": (care.window(opens, opens + rng.choice([0.5, 1, 4])),),
            "service_duration_s": 60 * rng.randint(1, 60),
        }
        client, kind = f"c{rng.randrange(6)}", rng.random()
        if kind < 0.3:
            orders.append(care.meal(
                f"o{k}", client, windows=more["windows"], max_onboard_s=60 * rng.randint(15, 60)
            ))
            continue
        if kind < 0.5:
            more["team"] = tuple(
                TeamMember(roles=perhaps(0.3, ("caregiver",)) or ())
                for _ in range(rng.choice([2, 3]))
            )
        elif kind < 0.7 and orders:
            least = 60 * rng.randint(0, 90)
            more["windows"] = ()
            more["after"] = After(
                order=rng.choice(orders).id, min_gap_s=least,
                max_gap_s=least + 60 * rng.randint(0, 60),
                **perhaps(0.5, {rng.choice(["same_worker", "different_worker"]): True}) or {},
            )
        elif kind < 0.8:
            more |= {"optional": True, "prize_cents": rng.choice([50, 5_000])}
        orders.append(
            VisitOrder(id=f"o{k}", kind="visit", client=client, service="check_in", **more)
        )
    fair = 0 if any(w.regular_s is not None for w in workers) else rng.choice([0, 3_000])
    return care.problem(
        clients=clients, workers=workers, orders=orders, vehicles=[care.box(portions=5)],
        kitchens=[care.kitchen(batches=[care.batch("early", 7, 8), care.batch("late", 10, 8)])],
        fair_load_cents_per_hour=fair,
    )


def _worker(rng: random.Random, k: int, perhaps: Any) -> Any:
    start, length = rng.choice([7.5, 8, 9]), rng.choice([3, 5, 8])
    breaks = ()
    if rng.random() < 0.4:
        early = start + rng.choice([0.5, 1, 2])
        breaks = (Break(
            early_s=care.hour(early), late_s=care.hour(early + rng.choice([0, 0.5, 1])),
            length_s=60 * rng.choice([15, 30, 45]),
        ),)
    shifts = [Shift(
        id="a", start_s=care.hour(start), end_s=care.hour(start + length), breaks=breaks
    )]
    if rng.random() < 0.3:
        shifts.append(Shift(
            id="b", start_s=care.hour(start + length + 1), end_s=care.hour(start + length + 4)
        ))
    more: dict[str, Any] = {
        "shifts": tuple(shifts), "returns": rng.random() < 0.8,
        "service_time_factor": rng.choice([1.0, 1.25]),
        "max_daily_s": perhaps(0.2, 60 * rng.randint(60, 400)),
        "max_driving_s": perhaps(0.2, 60 * rng.randint(10, 120)),
        "max_visits": perhaps(0.2, rng.randint(1, 5)),
    }
    if rng.random() < 0.2:
        more |= {"regular_s": 60 * rng.randint(30, 200), "overtime_per_hour_cents": 2_000}
    if rng.random() < 0.5:
        return care.courier(f"w{k}", **more)
    return care.worker(f"w{k}", mode=rng.choice(["walk", "car"]), **more)


@FEW
@given(care_days())
def test_a_planned_day_is_clean_and_whole_and_timed_the_same_again(day: Problem) -> None:
    travel = care.line_travel(day)
    plan = care.plan(day, iterations=60).plan  # it raises where a promise is broken
    assert check_plan(day, plan, travel) == []
    on_routes = {s.order for r in plan.routes for t in r.trips for s in t.stops}
    assert on_routes.isdisjoint(u.order for u in plan.unserved)
    assert len(on_routes) + len(plan.unserved) == len(day.orders)
    visits = [
        RouteVisits(r.worker, r.shift, tuple(
            TripVisits(tuple(s.visit for s in t.stops), tuple(s.batch for s in t.stops))
            for t in r.trips
        ))
        for r in plan.routes
    ]
    assert evaluate(day, travel, visits).routes == plan.routes
