"""Meals come from a batch that is ready, fits the diet and has portions left (P207x).

A trip with meals begins at a kitchen or meal point and loads there for its loading time, after the
worker is there and its batches are ready; all trips together take no more portions of a batch than
it has. An order that names a kitchen gets its meal there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.domain.orders import MealOrder, Order
from engine.domain.places import Batch, LoadingPlace
from engine.domain.words import clock
from engine.importance import rank_of
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case, Ride
    from engine.draft import Draft, TaskDraft, VehicleDraft
    from engine.situation import Situation


class PortionsRule(Rule):
    """Meals come from a batch that is ready, fits the diet and has portions left (P207x)."""

    name: ClassVar[str] = "portions"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2070": Text(
            "order {order} is a meal, and its trip begins at {place}, where nothing is "
            "cooked or kept",
            "工单 {order} 为送餐，但该趟起点 {place} 不是厨房或助餐点",
        ),
        "P2071": Text(
            "the meal of order {order} names batch {batch}; {place} has no such batch",
            "工单 {order} 的餐食取自批次 {batch}，而 {place} 没有该批次",
        ),
        "P2072": Text(
            "the trip leaves {place} at {leave}; batch {batch} is ready at {ready} and "
            "{loading} s of loading allow {earliest}",
            "该趟于 {leave} 离开 {place}；批次 {batch} 于 {ready} 备好，"
            "装载 {loading} 秒后最早 {earliest} 出发",
        ),
        "P2073": Text(
            "the trip leaves {place} at {leave}; the worker is there at {there} and "
            "{loading} s of loading allow {earliest}",
            "该趟于 {leave} 离开 {place}；服务人员 {there} 到岗，"
            "装载 {loading} 秒后最早 {earliest} 出发",
        ),
        "P2074": Text(
            "order {order} asks for diet {diet}; batch {batch} does not have it",
            "工单 {order} 要求膳食类型 {diet}，而批次 {batch} 不含该类型",
        ),
        "P2075": Text(
            "{taken} portions are taken of batch {batch} of {place}; it has {portions}",
            "{place} 的批次 {batch} 被取用 {taken} 份，而只有 {portions} 份",
        ),
        "P2076": Text(
            "order {order} names {kitchen}; its meal comes from {place}",
            "工单 {order} 指定由 {kitchen} 供餐，而餐食取自 {place}",
        ),
        "P2077": Text(
            "order {order} is no meal and names batch {batch}",
            "工单 {order} 不是送餐，却标注了批次 {batch}",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Take every meal from one batch beforehand, the most important meals first.

        A meal goes to the kitchen that its order names, else to the nearest place from which a
        courier can bring it in time, where a place counts as further away the more meals each of
        its couriers has; there to the freshest batch that is ready when its window opens. It then
        needs a trip that can have loaded that batch, so no two trips can ever take the same
        portion. The price of deciding beforehand: the search cannot swap batches.
        """
        problem = draft.problem
        places = (*problem.kitchens, *problem.meal_points)
        left = {(p.id, b.id): b.portions for p in places for b in p.batches}
        crews = {p.id: [v for v in draft.vehicles if v.place == p.id] for p in places}
        busy = dict.fromkeys(crews, 0)
        ways = _least_ways(draft, list(crews.values()))
        meals = draft.meals()
        # What a former plan took is taken again where it can be: whoever brings it stays the same.
        former = draft.previous.batches if draft.previous else {}
        for task in sorted(meals, key=lambda t: (
            t.order.optional, rank_of(t.order, t.client), t.order.id not in former
        )):
            near = ways[:, task.location]
            best: tuple[tuple[int, ...], int, int] | None = None
            is_offered = False
            for k in np.argsort(near, kind="stable").tolist():
                if best is not None and near[k] > best[0][0] and task.order.id not in former:
                    break  # no place further away can be ranked before
                place = places[k]
                for j, batch in enumerate(place.batches):
                    if not _offers(place, batch, task.order, left[place.id, batch.id]):
                        continue
                    is_offered = True
                    rank = _rank(draft, crews[place.id], busy[place.id], task, place, batch)
                    if rank is not None and former.get(task.order.id) == (place.id, batch.id):
                        rank = (-1, *rank)
                    if rank is not None and (best is None or (rank, k, j) < best):
                        best = rank, k, j
            if not is_offered:
                task.blocked = "no_portions"
                continue
            if best is None:  # nobody loads there in time: takes no portion, and no trip has this
                task.tokens.add(("batch", "out of reach"))
                continue
            place = places[best[1]]
            batch = place.batches[best[2]]
            left[place.id, batch.id] -= portions_of(task.order)
            busy[place.id] += 1
            draft.batch_of[task.order.id] = place, batch
            task.tokens.add(draft.batch_token(place, batch))
        for place in places:
            for vehicle in crews[place.id]:
                if vehicle.shift.start_s + place.loading_s > vehicle.late:
                    continue  # over before anything is loaded
                if any(draft.qualified(vehicle, t) and draft.carries(vehicle, t) for t in meals):
                    vehicle.early += place.loading_s  # whoever carries meals loads first
                    draft.stock(vehicle)

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Follow every meal back to its batch, and count each batch over the whole plan."""
        taken: Counter[tuple[str, str]] = Counter()
        for visit in case.visits:
            order, batch_id = visit.order, visit.stop.batch
            if order is None:
                continue
            if order.kind != "meal":
                if batch_id is not None:
                    yield self.broken("P2077", visit.path, order=order.id, batch=batch_id)
                continue
            place = case.problem.loading_place_by_id.get(visit.trip.start)
            if place is None:
                yield self.broken("P2070", visit.path, order=order.id, place=visit.trip.start)
                continue
            if order.kitchen is not None and order.kitchen != place.id:
                yield self.broken(
                    "P2076", visit.path, order=order.id, kitchen=order.kitchen, place=place.id
                )
            batch = next((b for b in place.batches if b.id == batch_id), None)
            if batch is None:
                yield self.broken(
                    "P2071", visit.path, order=order.id, batch=batch_id or "-", place=place.id
                )
                continue
            taken[place.id, batch.id] += order.portions
            if order.diet is not None and batch.diets is not None and order.diet not in batch.diets:
                yield self.broken(
                    "P2074", visit.path, order=order.id, diet=order.diet, batch=batch.id
                )
        yield from self._check_batches(case, taken)
        for ride in case.rides:
            yield from self._check_loading(case, ride)

    def _check_batches(
        self, case: Case, taken: Counter[tuple[str, str]]
    ) -> Iterator[Violation]:
        for place in case.problem.loading_place_by_id.values():
            for batch in place.batches:
                amount = taken[place.id, batch.id]
                if amount > batch.portions:
                    yield self.broken(
                        "P2075", "routes",
                        taken=amount, batch=batch.id, place=place.id, portions=batch.portions,
                    )

    def _check_loading(self, case: Case, ride: Ride) -> Iterator[Violation]:
        there = ride.shift.start_s if ride.shift is not None else None
        for t, trip in enumerate(ride.route.trips):
            path = f"{ride.path}.trips[{t}].leave_s"
            place = case.problem.loading_place_by_id.get(trip.start)
            orders = [case.problem.order_by_id.get(stop.order) for stop in trip.stops]
            if place is not None and any(o is not None and o.kind == "meal" for o in orders):
                told = {"leave": clock(trip.leave_s), "place": place.id, "loading": place.loading_s}
                # Who leaves before being there at all is told by the shifts' rule.
                if there is not None and there <= trip.leave_s < there + place.loading_s:
                    yield self.broken(
                        "P2073", path, **told,
                        there=clock(there), earliest=clock(there + place.loading_s),
                    )
                used = {stop.batch for stop in trip.stops}
                for batch in place.batches:
                    earliest = batch.ready_s + place.loading_s
                    if batch.id in used and trip.leave_s < earliest:
                        yield self.broken(
                            "P2072", path, **told,
                            batch=batch.id, ready=clock(batch.ready_s), earliest=clock(earliest),
                        )
            there = trip.end_s

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """No batch of the diet has enough portions left."""
        if not isinstance(order, MealOrder):
            return None
        batches, late, late_zh = situation.batches(order), "", ""
        if situation.in_stock(order):
            # What is left may be of no use: too late, or nobody loads there.
            if situation.alone(order).fits(situation.windows(order)).any():
                return None
            batches = situation.sold_out(order)
            if not batches:
                return None
            late, late_zh = " that could be there in time", "可及时送达的"
        most = max(batches, key=lambda pb: situation.left(*pb), default=None)
        numbers: dict[str, Any] = {
            "asked": order.portions, "diet": order.diet, "batches": len(batches), "most_left": 0,
        }
        diet = f" of diet {order.diet}" if order.diet else ""
        diet_zh = f"膳食类型为 {order.diet} 的" if order.diet else ""
        where = f" at {order.kitchen}" if order.kitchen else ""
        where_zh = f"{order.kitchen} " if order.kitchen else ""
        if most is None:
            return Obstacle(
                "no_portions", numbers,
                f"no batch{diet} is cooked{where}", f"{where_zh}没有{diet_zh}批次",
            )
        left = situation.left(*most)
        numbers |= {"most_left": left, "place": most[0].id, "batch": most[1].id}
        return Obstacle(
            "no_portions", numbers,
            f"{order.portions} portions are asked for, and no batch{diet}{where}{late} has as "
            f"many left; the most is {left}, in batch {most[1].id} of {most[0].id}",
            f"需要 {order.portions} 份，{where_zh}{diet_zh}{late_zh}各批次均不足；"
            f"最多的是 {most[0].id} 的批次 {most[1].id}，剩余 {left} 份",
        )


#: What one more meal for each courier of a place counts as way, when meals are shared out.
_WAY_A_MEAL_S = 60


def portions_of(order: Order) -> int:
    """Portions an order takes from its batch."""
    return order.portions if isinstance(order, MealOrder) else 0


def _offers(place: LoadingPlace, batch: Batch, order: Order, left: int) -> bool:
    if not isinstance(order, MealOrder) or left < order.portions:
        return False
    if order.kitchen is not None and order.kitchen != place.id:
        return False
    return order.diet is None or batch.diets is None or order.diet in batch.diets


def _least_ways(draft: Draft, crews: list[list[VehicleDraft]]) -> NDArray[np.int64]:
    """Find the least seconds from each place to each location, (places, L), by anybody's mode."""
    n_locations = len(next(iter(draft.travel.seconds.values()), ()))
    ways = np.full((len(crews), n_locations), np.iinfo(np.int64).max)
    for k, crew in enumerate(crews):
        for vehicle in {(v.mode, v.start): v for v in crew}.values():
            np.minimum(ways[k], draft.seconds(vehicle)[vehicle.start], out=ways[k])
    return ways


def _rank(
    draft: Draft,
    crew: list[VehicleDraft],
    busy: int,
    task: TaskDraft,
    place: LoadingPlace,
    batch: Batch,
) -> tuple[int, ...] | None:
    """Rank a batch for a meal, least first; None: nobody can bring it in time.

    Nearest first, ``busy`` meals of the place counting as way; then ready for the opening of the
    window; then, for a meal without a diet, from a batch that is not kept for diets; then fresh.
    """
    from solvers.model import OPEN, service_time

    order = task.order
    assert isinstance(order, MealOrder)
    ways: list[int] = []
    for vehicle in crew:
        if not (draft.qualified(vehicle, task) and draft.carries(vehicle, task)):
            continue
        seconds = draft.seconds(vehicle)
        go = int(seconds[vehicle.start, task.location])
        back = 0 if vehicle.end == OPEN else int(seconds[task.location, vehicle.end])
        arrival = max(vehicle.early, batch.ready_s) + place.loading_s + go
        start = next((max(a, arrival) for a, b in task.windows if arrival <= b), None)
        if start is None or go > order.max_onboard_s:
            continue
        if start + int(service_time(task.service, vehicle.permille)) + back > vehicle.late:
            continue
        ways.append(go)
    if not ways:
        return None
    far = min(ways) + _WAY_A_MEAL_S * busy // len(ways)
    late = max(0, batch.ready_s + place.loading_s + min(ways) - task.windows[0][0])
    special = int(order.diet is None and batch.diets is not None)
    return (far, late, special, -batch.ready_s)
