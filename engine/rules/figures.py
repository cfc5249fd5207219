"""A plan is about this problem on this network, and its figures add up (P200x).

Whoever reads the plan reads the sums first. Every total is the sum of its parts; a used shift costs
its price once, its travel by the second and the metre and its overtime by the second, added exactly
and rounded half up to whole cents once a route; nothing is negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.rules.base import Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case, Ride


class FiguresRule(Rule):
    """A plan is about this problem on this network, and its figures add up (P200x)."""

    name: ClassVar[str] = "figures"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2000": Text(
            "the plan is for problem {stated}; this is {found}",
            "该计划对应问题 {stated}，而此处为 {found}",
        ),
        "P2001": Text(
            "the plan was made on network {stated}; this is {found}",
            "该计划基于路网 {stated}，而此处为 {found}",
        ),
        "P2002": Text(
            "{stated} is negative",
            "{stated} 为负数",
        ),
        "P2003": Text(
            "the route states {stated}; its parts add up to {found}",
            "路线标称 {stated}，而各部分合计为 {found}",
        ),
        "P2004": Text(
            "the route states a cost of {stated} cents; shift, travel and overtime come to {found}",
            "路线标称费用 {stated} 分，而班次、行程与加班费用合计为 {found} 分",
        ),
        "P2005": Text(
            "the plan states {stated}; its parts add up to {found}",
            "计划标称 {stated}，而各部分合计为 {found}",
        ),
    }

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Compare what the plan is about, then add everything up."""
        plan = case.plan
        about = (plan.problem, plan.problem_fingerprint)
        found = (case.problem.id, case.problem.fingerprint)
        if about != found:
            yield self.broken(
                "P2000", "problem_fingerprint", stated=" ".join(about), found=" ".join(found)
            )
        network = case.travel.network.fingerprint
        if plan.network_fingerprint != network:
            yield self.broken(
                "P2001", "network_fingerprint", stated=plan.network_fingerprint, found=network
            )
        for part in ("routes", "totals", "run"):
            for path, number in _numbers(part, getattr(plan, part)):
                if number < 0:
                    yield self.broken("P2002", path, stated=number)
        for ride in case.rides:
            yield from self._check_route(case, ride)
        yield from self._check_totals(case)

    def _check_route(self, case: Case, ride: Ride) -> Iterator[Violation]:
        route, worker = ride.route, ride.worker
        stops = [stop for trip in route.trips for stop in trip.stops]
        sums = {
            "travel_s": sum(s.travel_s for s in stops) + sum(t.end_travel_s for t in route.trips),
            "distance_m": (
                sum(s.distance_m for s in stops) + sum(t.end_distance_m for t in route.trips)
            ),
            "service_s": sum(s.departure_s - s.start_s for s in stops),
            "wait_s": sum(s.start_s - s.arrival_s - s.setup_s for s in stops) - sum(
                max(0, min(b.end_s, s.start_s) - max(b.start_s, s.arrival_s))
                for b in route.breaks for s in stops
            ),
        }
        for name, found in sums.items():
            stated = getattr(route, name)
            if stated != found:
                yield self.broken("P2003", f"{ride.path}.{name}", stated=stated, found=found)
        if worker is None:
            return
        used = worker.cost_per_shift_cents if route.trips else 0
        per_km = 0
        if worker.vehicle is not None:
            per_km = case.problem.vehicle_by_id[worker.vehicle].cost_per_km_cents
        # An hour has 3,600 s and a kilometre 1,000 m: both go into 3,600,000 without a rest.
        travel = (
            route.travel_s * worker.cost_per_travel_hour_cents * 1_000
            + route.distance_m * per_km * 3_600
            + route.overtime_s * worker.overtime_per_hour_cents * 1_000
        )
        found = used + (2 * travel + 3_600_000) // 7_200_000
        if route.cost_cents != found:
            yield self.broken(
                "P2004", f"{ride.path}.cost_cents", stated=route.cost_cents, found=found
            )

    def _check_totals(self, case: Case) -> Iterator[Violation]:
        routes, orders = case.plan.routes, case.problem.orders
        served = sum(1 for order in orders if order.id in case.served)
        sums = {
            "orders": len(orders),
            "served": served,
            "unserved": len(orders) - served,
            "routes": len(routes),
            "workers": len({route.worker for route in routes}),
        }
        for name in ("travel_s", "distance_m", "service_s", "wait_s", "cost_cents"):
            sums[name] = sum(getattr(route, name) for route in routes)
        for name, found in sums.items():
            stated = getattr(case.plan.totals, name)
            if stated != found:
                yield self.broken("P2005", f"totals.{name}", stated=stated, found=found)


def _numbers(path: str, part: Any) -> Iterator[tuple[str, float]]:
    """Every number in a part of the plan, with its path."""
    if isinstance(part, int | float):
        yield path, part
    elif isinstance(part, tuple):
        for i, item in enumerate(part):
            yield from _numbers(f"{path}[{i}]", item)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _numbers(f"{path}.{key}", value)
    elif hasattr(part, "__dict__"):
        yield from _numbers(path, vars(part))
