"""No trip carries more than the vehicle holds, in any dimension (P205x).

A dimension that the vehicle does not name has capacity 0. A worker without a vehicle carries
nothing. A meal counts its portions in ``portions``, on top of its own load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.domain.orders import Order
    from engine.draft import Draft
    from engine.situation import Situation


class LoadsRule(Rule):
    """No trip carries more than the vehicle holds, in any dimension (P205x)."""

    name: ClassVar[str] = "loads"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2050": Text(
            "the trip carries {load} {dimension}; worker {worker}'s vehicle holds {capacity}",
            "该趟装载 {dimension} {load}，而服务人员 {worker} 的车辆容量为 {capacity}",
        ),
        "P2051": Text(
            "the trip states {stated} {dimension} on board; its orders add up to {load}",
            "该趟标称装载 {dimension} {stated}，而其工单合计为 {load}",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Dimensions are those that some order needs; without a vehicle every capacity is 0."""
        from engine.visits import demand_of

        for task in draft.tasks:
            task.demand = demand_of(task.order)
        used = {d for task in draft.tasks for d, amount in task.demand.items() if amount}
        draft.dimensions = tuple(sorted(used))
        for vehicle in draft.vehicles:
            if vehicle.worker.vehicle is not None:
                vehicle.capacity = draft.problem.vehicle_by_id[vehicle.worker.vehicle].capacity

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Weigh what the orders of each trip put on board."""
        for ride in case.rides:
            capacity: Mapping[str, int] = {}
            if ride.worker is not None and ride.worker.vehicle is not None:
                capacity = case.problem.vehicle_by_id[ride.worker.vehicle].capacity
            for t, trip in enumerate(ride.route.trips):
                path = f"{ride.path}.trips[{t}].load"
                load: Counter[str] = Counter()
                for stop in trip.stops:
                    order = case.problem.order_by_id.get(stop.order)
                    if order is not None:
                        load.update(carried(order))
                for dimension in sorted({*load, *trip.load}):
                    amount, stated = load[dimension], trip.load.get(dimension, 0)
                    if stated != amount:
                        yield self.broken(
                            "P2051", path, stated=stated, dimension=dimension, load=amount
                        )
                    if ride.worker is not None and amount > capacity.get(dimension, 0):
                        yield self.broken(
                            "P2050", path,
                            load=amount, dimension=dimension, worker=ride.worker.id,
                            capacity=capacity.get(dimension, 0),
                        )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """Those who could be there in time cannot carry it, not even with nothing else on board."""
        here = situation.alone(order)
        able = here.fits(situation.windows(order))
        if not able.any() or (able & here.carries()).any():
            return None
        entries = able.nonzero()[0]
        lack = here.lack[entries].clip(min=0)
        best = entries[lack.sum(axis=1).argmin()]
        demand = carried(order)
        short = {
            d: int(n) for d, n in zip(here.gaps.dimensions, here.lack[best], strict=True) if n > 0
        }
        worker = situation.row_of(here, int(best)).worker
        workers = len({situation.row_of(here, int(m)).worker.id for m in entries})
        told = ", ".join(f"{demand[d]} {d}, {n} more than it holds" for d, n in short.items())
        told_zh = "、".join(f"{d} 需 {demand[d]}，超出 {n}" for d, n in short.items())
        return Obstacle(
            "no_capacity",
            {"may": workers, "lacks": short, "needs": {d: demand[d] for d in short},
             "worker": worker.id, "vehicle": worker.vehicle},
            f"{workers} could be there in time and none can carry it; the largest room has "
            f"{worker.id}: it needs {told}",
            f"{workers} 人可及时到达，但均无法装载；余量最大的是 {worker.id}：{told_zh}",
        )


def carried(order: Order) -> Counter[str]:
    """Count what an order puts on board, by dimension, read from the promise."""
    load = Counter(order.load)
    if order.kind == "meal":
        load["portions"] += order.portions
    return load
