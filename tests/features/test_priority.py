"""Who comes first when not all can be served, and what optional orders are worth."""

from __future__ import annotations

import pytest

from tests.care_builders import (
    client,
    plan,
    problem,
    reasons,
    served,
    stops,
    visit,
    window,
    without,
    worker,
)

NOW = [window(9, 9)]


def contest(near, far, backend, rules=None):
    """Two orders for the same minute of one worker; the second costs more to serve."""
    day = problem(
        clients=[client("near", 1, **near.pop("client", {})),
                 client("far", 40, **far.pop("client", {}))],
        workers=[worker("w")],
        orders=[
            visit("near", "near", windows=NOW, **near),
            visit("far", "far", windows=NOW, **far),
        ],
    )
    kw = {} if rules is None else {"rules": rules}
    return plan(day, backend=backend, **kw).plan


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ({"client": {"care_level": 3}}, {"client": {"guaranteed": True}}),
        ({"client": {"care_level": 2}}, {"client": {"care_level": 3}}),
        ({"client": {"care_level": 0}}, {"client": {"care_level": 1}}),
        ({"client": {"guaranteed": True}}, {"priority": 0}),
        ({"client": {"guaranteed": True}, "priority": 7}, {"priority": 6}),
        ({"waiting_days": 9}, {"waiting_days": 10}),
        ({"waiting_days": 3_650, "client": {"care_level": 2}}, {"client": {"care_level": 3}}),
        ({"waiting_days": 3_650}, {"client": {"guaranteed": True}}),
    ],
)
def test_the_more_important_client_comes_first_at_any_detour(backend, near, far):
    result = contest({**near}, {**far}, backend)
    assert served(result) == {"far"}
    assert reasons(result) == {"near": "outweighed"}
    assert served(contest({**near}, {**far}, backend, without("priority"))) == {"near"}


def test_one_guaranteed_client_outweighs_many_others(backend):
    day = problem(
        clients=[client("vip", 40, guaranteed=True), *(client(f"c{i}", i) for i in range(5))],
        workers=[worker("w", shift=(8, 10))],
        orders=[
            visit("vip", "vip", service_duration_s=2_400),
            *(visit(f"o{i}", f"c{i}", service_duration_s=600) for i in range(5)),
        ],
    )
    assert served(plan(day, backend=backend).plan) == {"vip"}


@pytest.mark.parametrize(("prize", "worth"), [(2_001, True), (1_999, False)])
def test_an_optional_order_is_served_where_that_costs_less_than_its_prize(backend, prize, worth):
    # The shift is in use anyway; 20 minutes out and 20 back cost 2,000 cents.
    day = problem(
        clients=[client("here", 0), client("c", 20)],
        workers=[worker("w")],
        orders=[visit("must", "here"), visit("may", "c", optional=True, prize_cents=prize)],
    )
    result = plan(day, backend=backend).plan
    assert ("may" in served(result)) is worth
    assert result.totals.prize_lost_cents == (0 if worth else prize)
    if not worth:
        assert reasons(result) == {"may": "outweighed"}
        assert "may" in served(plan(day, backend=backend, rules=without("priority")).plan)


def test_an_optional_order_never_takes_the_place_of_a_required_one(backend):
    day = problem(
        clients=[client("c", 5), client("d", 5)],
        workers=[worker("w")],
        orders=[
            visit("must", "c", windows=NOW),
            visit("may", "d", windows=NOW, optional=True, prize_cents=10_000_000),
        ],
    )
    assert set(stops(plan(day, backend=backend).plan)) == {"must"}


def test_a_longer_wait_outweighs_one_other_and_not_two(backend):
    # Everybody's hour is the same; the one who has waited takes as long as two.
    def of(*names):
        return problem(
            clients=[client(name, 1) for name in names], workers=[worker("w", shift=(9, 10.2))],
            orders=[
                visit(name, name, service_duration_s=3_600 if name == "long" else 1_700,
                      waiting_days=300 if name == "long" else 2)
                for name in names
            ],
        )

    assert served(plan(of("x", "long"), backend=backend).plan) == {"long"}
    assert served(plan(of("x", "y", "long"), backend=backend).plan) == {"x", "y"}


def test_waiting_is_told_where_it_decides():
    result = contest({"waiting_days": 2}, {"waiting_days": 5}, "search")
    (absent,) = result.unserved
    assert "after 5 days" in absent.message
    assert "已等候 5 天" in absent.message_zh
