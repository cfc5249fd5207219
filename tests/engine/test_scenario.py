"""The made-up day: deterministic, whole, and within what its people can do."""

from __future__ import annotations

import pytest

import geodata
from engine.domain.problem import SyntheticNetwork
from engine.domain.services import SERVICES
from engine.scenario import DEMO_DAY, demo_problem

REF = SyntheticNetwork(nodes=500, seed=3)


@pytest.fixture(scope="module")
def network():
    return geodata.synthetic_city(500, seed=3)


def test_the_same_arguments_give_the_same_day_and_another_seed_another(network):
    one, two = (demo_problem(REF, network, 80, 20, seed=5) for _ in range(2))
    assert one.fingerprint == two.fingerprint
    assert one.fingerprint != demo_problem(REF, network, 80, 20, seed=6).fingerprint


def test_a_thousand_orders_hold_every_service_and_every_role(network):
    day = demo_problem(REF, network)
    assert (len(day.orders), len(day.workers)) == (1_000, 120)
    assert {o.service for o in day.orders} == {s.id for s in SERVICES if not s.team}
    assert len({w.role for w in day.workers}) == 7
    meals = sum(o.kind == "meal" for o in day.orders)
    assert 350 <= meals <= 400
    assert any(c.guaranteed for c in day.clients)
    assert {c.care_level for c in day.clients} == {0, 1, 2, 3}
    assert day.day == DEMO_DAY
    assert DEMO_DAY.weekday() == 0


def test_several_clients_share_a_building(network):
    day = demo_problem(REF, network, 300, 40)
    assert len({(c.lon, c.lat) for c in day.clients}) < len(day.clients) / 2


def test_every_reference_of_the_day_exists(network):
    day = demo_problem(REF, network, 200, 30)
    assert all(o.client in day.client_by_id for o in day.orders)
    assert all(w.start in day.facility_by_id for w in day.workers)
    assert all(w.vehicle in day.vehicle_by_id for w in day.workers)
    assert len(day.order_by_id) == 200


@pytest.mark.parametrize(("orders", "workers"), [(0, 0), (1, 1), (5, 13)])
def test_tiny_days_are_days_too(network, orders, workers):
    day = demo_problem(REF, network, orders, workers)
    assert (len(day.orders), len(day.workers)) == (orders, workers)
