"""A finished plan from the side of the orders that are not on it.

What the rules ask when they explain, and what the search for changes tries: who may serve an order,
what is left, where it nearly fits, whom it would displace. Nothing is told that the checker has not
read: :meth:`Situation.verify` times a changed shift and hands it over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from engine.change_kinds import apply_change, with_parts
from engine.domain.entitlements import Entitlement
from engine.domain.orders import MealOrder, MemberOrder, Order, visit_id
from engine.domain.places import Batch, LoadingPlace
from engine.domain.plan import Plan, Previous, Route
from engine.domain.problem import Problem
from engine.domain.workers import Worker
from engine.entitlements import Budget, budget_of
from engine.evaluate import evaluate_route
from engine.faces import face_cents
from engine.gaps import (
    NEVER,
    Approach,
    Flags,
    Gaps,
    Miss,
    Place,
    Row,
    approach,
    find_gaps,
    make_rows,
    put_in,
    rank_of,
)
from engine.importance import RANKS_A_TIER, tier_of
from engine.suitability import asked_gender, asked_languages, suits
from engine.travel import Travel
from engine.visits import RouteVisits, TripVisits, mode_of, start_windows

__all__ = ["Miss", "Place", "Situation"]

#: Neighbouring stops that may stand in an order's way; more are not counted.
_MOST_IN_THE_WAY = 12
#: Of all places that look right, so many are read by the checker, the best first.
_MOST_TRIED = 40


@dataclass
class Situation:
    """A finished plan from the side of the orders that are not on it."""

    problem: Problem
    plan: Plan
    travel: Travel
    rules_broken: Callable[[Problem, Plan, Travel], set[str]]  # as ``engine.check.rules_broken``
    previous: Previous | None = None
    like: Situation | None = None  # of the same plan, and with the same vehicles
    rows: tuple[Row, ...] = field(init=False)
    gaps: Gaps = field(init=False)

    def __post_init__(self) -> None:
        trips = {
            (r.worker, r.shift): [
                TripVisits(tuple(s.visit for s in t.stops), tuple(s.batch for s in t.stops))
                for t in r.trips
                if t.stops
            ]
            for r in self.plan.routes
        }
        # What is tied to other routes keeps its start: each route can then be looked at alone.
        self.pins = {
            s.visit: s.start_s
            for r in self.plan.routes for t in r.trips for s in t.stops
            if s.order in self.problem.tied
        }
        self._duty = {(r.worker, r.shift): r.duty_s for r in self.plan.routes}
        self.rows = make_rows(self.problem, trips)
        known = {} if self.like is None else {
            r: self.like.gaps for r, row in enumerate(self.rows)
            if row[1:] == self.like.rows[r][1:]
        }
        self.gaps = find_gaps(self.problem, self.travel, self.rows, known=known, pins=self.pins)
        self._able: dict[tuple[object, ...], Flags] = {}
        self._cost: dict[int, int] = {}
        #: What ``engine.alone`` found, by visit.
        self.alone_faults: dict[str, str | None] = {}
        self._last: dict[str, tuple[str, Approach]] = {}
        self._shunned = {c for w in self.problem.workers for c in w.refused_clients}

    # -- the plan ---------------------------------------------------------------------------------

    @cached_property
    def absent(self) -> tuple[Order, ...]:
        """Orders on no route, in the problem's order."""
        served = {s.order for r in self.plan.routes for t in r.trips for s in t.stops}
        return tuple(o for o in self.problem.orders if o.id not in served)

    @cached_property
    def empty(self) -> Gaps:
        """The gaps if every shift were free."""
        return find_gaps(self.problem, self.travel, make_rows(self.problem, {}))

    @cached_property
    def crowded(self) -> Gaps:
        """The gaps if some neighbouring stops gave way."""
        return find_gaps(
            self.problem, self.travel, self.rows, _MOST_IN_THE_WAY, pins=self.pins
        )

    @cached_property
    def taken(self) -> Counter[tuple[str, str]]:
        """Portions that the plan takes: (place, batch) -> portions."""
        taken: Counter[tuple[str, str]] = Counter()
        for row in self.rows:
            taken.update(self._taken_by(row.worker, row.trips))
        return taken

    def left(self, place: LoadingPlace, batch: Batch) -> int:
        """Portions of a batch that the plan leaves."""
        return batch.portions - self.taken[place.id, batch.id]

    @cached_property
    def _budget(self) -> tuple[Budget, dict[str, int]]:
        """What the plan leaves of entitlements, and the place of each order in the problem."""
        number = {o.id: p for p, o in enumerate(self.problem.orders)}
        budget = budget_of(self.problem)
        visits = self.problem.visit_by_id
        for order_id in {visits[i].id for r in self.rows for t in r.trips for i in t.orders}:
            budget.take(number[order_id])
        return budget, number

    def short_of(self, order: Order) -> list[tuple[Entitlement, tuple[int, int]]]:
        """List the entitlements that do not cover the order with what is tied to it.

        Each with the visits and seconds that the plan and the days before it use.
        """
        if not self.problem.entitlements:
            return []
        budget, number = self._budget
        group = self.problem.tied.get(order.id, frozenset({order.id}))
        short = budget.short_of(sorted(number[i] for i in group))
        used = [(int(budget.used[k, 0, 0]), int(budget.used[k, 0, 1])) for k in short]
        return [(budget.entries[k], u) for k, u in zip(short, used, strict=True)]

    def tier(self, order: Order) -> int:
        """Rank an order among required ones, 0 first."""
        return tier_of(order, self.problem.client_by_id[order.client])

    def rank(self, order: Order) -> int:
        """Rank an order among all, 0 first; optional ones come last."""
        return rank_of(self.problem, order)

    # -- who may, and with what -------------------------------------------------------------------

    def asked(self, order: Order) -> tuple[str, ...]:
        """Skills that the service or the order asks for, sorted."""
        return tuple(sorted({*self.problem.service_by_id[order.service].skills, *order.skills}))

    def lacking(self, worker: Worker, order: Order) -> tuple[str, ...]:
        """Skills that the worker has no valid certificate for."""
        day = self.problem.day
        valid = {
            c.skill for c in worker.certificates if c.valid_until is None or c.valid_until >= day
        }
        return tuple(s for s in self.asked(order) if s not in valid)

    def welcome(self, worker: Worker, order: Order) -> bool:
        """Skills aside: on the worker's list, of a role that is asked for, and not refused."""
        refused = self.problem.client_by_id[order.client].refused_workers
        roles = order.roles if isinstance(order, MemberOrder) else ()
        return worker.id not in refused and (not roles or worker.role in roles) and (
            worker.services is None or order.service in worker.services
        )

    def able(self, order: Order) -> Flags:
        """Which rows belong to somebody who may serve the order, shape (rows,)."""
        refused = self.problem.client_by_id[order.client].refused_workers
        only = order.pin.worker if order.pin else None
        key = (
            order.service, order.skills, refused, only, asked_gender(self.problem, order),
            asked_languages(self.problem, order),
            order.client if order.client in self._shunned else None,
            order.roles if isinstance(order, MemberOrder) else (),
        )
        if key not in self._able:
            may = {
                w.id: only in (None, w.id)
                and self.welcome(w, order)
                and suits(self.problem, w, order)
                and not self.lacking(w, order)
                for w in self.problem.workers
            }
            self._able[key] = np.array([may[r.worker.id] for r in self.rows], dtype=np.bool_)
        return self._able[key]

    def batches(self, order: Order) -> tuple[tuple[LoadingPlace, Batch], ...]:
        """Batches that a meal may come from, portions aside; none for what is no meal."""
        if not isinstance(order, MealOrder):
            return ()
        return tuple(
            (place, batch)
            for place in self.problem.loading_place_by_id.values()
            if order.kitchen in (None, place.id)
            for batch in place.batches
            if order.diet is None or batch.diets is None or order.diet in batch.diets
        )

    def in_stock(self, order: Order) -> tuple[tuple[LoadingPlace, Batch], ...]:
        """Batches that a meal may come from and that have enough left."""
        if not isinstance(order, MealOrder):
            return ()
        return tuple(
            (p, b) for p, b in self.batches(order) if self.left(p, b) >= order.portions
        )

    # -- where it could go ------------------------------------------------------------------------

    def alone(self, order: Order) -> Approach:
        """Try the order by itself on every shift of those who may."""
        return self._approach("alone", self.empty, order)

    def sold_out(self, order: Order) -> tuple[tuple[LoadingPlace, Batch], ...]:
        """Batches without enough left from which somebody could have brought the meal in time."""
        stock = self.in_stock(order)
        options = tuple(pb for pb in self.batches(order) if pb not in stock)
        here = approach(self.problem, self.travel, self.empty, order, self.able(order), options)
        good = here.option[here.fits(self.windows(order))]
        return tuple(options[k] for k in sorted({int(k) for k in good}))

    def beside(self, order: Order) -> Approach:
        """Try the order in the gaps of those who may."""
        return self._approach("beside", self.gaps, order)

    def _approach(self, name: str, gaps: Gaps, order: Order) -> Approach:
        # Several rules and changes ask this of the same order, one after the other.
        asked, answer = self._last.get(name, (None, None))
        if answer is None or asked != visit_id(order):
            answer = approach(
                self.problem, self.travel, gaps, order, self.able(order), self.in_stock(order)
            )
            answer = self._weighed(order, answer)
            self._last[name] = (visit_id(order), answer)
        return answer

    def under(self, change: Mapping[str, Any] | None = None) -> Situation:
        """Look at the same plan afresh, under a change of the problem if there is one."""
        problem = apply_change(self.problem, change) if change else self.problem
        like = None if change and change["kind"] == "add_capacity" else self
        return Situation(
            problem, self.plan, self.travel, self.rules_broken, self.previous, like
        )

    def could_alone(self, order: Order) -> bool:
        """Whether somebody could serve the order with all shifts free; it may be a changed one."""
        here = approach(
            self.problem, self.travel, self.empty, order, self.able(order), self.in_stock(order)
        )
        return bool((here.fits(self.windows(order)) & here.carries()).any())

    def beside_cost(self, order: Order, worker: str) -> int:
        """Cents that the order is weighed with, beside the cost of the plan, at this worker."""
        moved = self.previous.move_cents(order.id, worker) if self.previous else 0
        return face_cents(self.problem, order, worker) + moved

    def _weighed(self, order: Order, here: Approach) -> Approach:
        prices = self.problem.continuity
        weighs = prices.new_face_cents or prices.preferred_bonus_cents or self.previous
        if not weighs:
            return here
        cents = [self.beside_cost(order, row.worker.id) for row in here.gaps.rows]
        rows = here.gaps.column("row")[here.gap]
        return here._replace(cost=here.cost + np.array(cents, dtype=np.float64)[rows])

    def row_of(self, here: Approach, m: int) -> Row:
        """Find whose gap an entry of an approach is."""
        return here.gaps.rows[int(here.gaps.column("row")[here.gap[m]])]

    def windows(self, order: Order) -> list[tuple[int, int]]:
        """List when service may start; nothing for an alarm that has no such moment."""
        return list(start_windows(order))

    def seconds(self, row: Row, origin: int, destination: int) -> int:
        """Travel time of the shift's worker."""
        return self.travel.leg(mode_of(self.problem, row.worker), origin, destination).seconds

    def on_shift(self, order: Order, windows: Iterable[tuple[int, int]]) -> dict[str, Any]:
        """Count who may serve the order, and who of them is at work in a window."""
        mine = [row for row, may in zip(self.rows, self.able(order), strict=True) if may]
        there = {
            row.worker.id
            for row in mine
            for early, late in windows
            if row.shift.start_s <= late and row.shift.end_s >= early
        }
        return {"may": len({row.worker.id for row in mine}), "on_shift": len(there)}

    def nearest(
        self, here: Approach, windows: Iterable[tuple[int, int]], *, loads: bool = False
    ) -> Miss | None:
        """Find where the order fits but for the fewest minutes; None where there is no way at all.

        With ``loads`` only among the gaps that have room on board; None too where one fits.
        """
        open_ = here.passable & here.hot & here.carries() if loads else here.passable
        entries = np.flatnonzero(open_)
        if not len(entries):
            return None
        arrive, latest = here.arrive[entries], here.latest[entries]
        best: tuple[int, int, int, int] | None = None
        for early, late in windows:
            misses = np.stack([arrive - late, early - latest, arrive - latest])
            miss = misses.max(axis=0)
            k = int(miss.argmin())
            side = int(misses[:, k].argmax())
            moment = int(latest[k] if side == 1 else arrive[k])
            best = min(best or (NEVER, 0, 0, 0), (int(miss[k]), int(entries[k]), side, moment))
        if best is None or best[0] <= 0:
            return None
        row = self.row_of(here, best[1])
        sides: tuple[Literal["after", "before", "within"], ...] = ("after", "before", "within")
        return Miss(row.worker.id, row.shift.id, sides[best[2]], best[3], -(-best[0] // 60))

    def in_the_way(
        self, order: Order, *, less_important: bool = False
    ) -> tuple[Place, list[Order]] | None:
        """Find the fewest neighbouring stops in place of which the order fits.

        Of as few, those whose most important order is the least important. With ``less_important``
        only orders that come after this one have to give way; of its own tier one at most.
        """
        here = self._approach("crowded", self.crowded, order)
        dropped = here.gaps.column("dropped")[here.gap]
        rank = here.gaps.column("rank")[here.gap]
        good = here.fits(self.windows(order)) & here.carries() & (dropped > 0) & (rank >= 0)
        if less_important:
            mine = self.rank(order)
            good &= (rank > mine) & ((rank // RANKS_A_TIER > mine // RANKS_A_TIER) | (dropped == 1))
        entries = np.flatnonzero(good)
        entries = entries[np.lexsort((here.cost[entries], -rank[entries], dropped[entries]))]
        for place in self.read(order, here, entries):
            gap = place.gap
            ids = self.rows[gap.row].trips[gap.trip].orders
            ids = ids[gap.position : gap.position + gap.dropped]
            return place, [self.problem.visit_by_id[i] for i in ids]
        return None

    def find_place(self, order: Order, *, whatever_it_costs: bool = False) -> Place | None:
        """Find the cheapest place where the order breaks nothing; an optional one must pay."""
        here = self.beside(order)
        good = np.flatnonzero(here.fits(start_windows(order)) & here.carries())
        for place in self.read(order, here, good[np.argsort(here.cost[good], kind="stable")]):
            if whatever_it_costs or self.pays(order, place):
                return place
        return None

    def pays(self, order: Order, place: Place) -> bool:
        """Whether an order is worth what it adds; a required one always is."""
        return not order.optional or place.added_cents < (order.prize_cents or 0)

    def read(
        self,
        order: Order,
        here: Approach,
        entries: Sequence[int] | np.ndarray[Any, Any],
        change: Mapping[str, Any] | None = None,
    ) -> Iterator[Place]:
        """Let the checker read the entries of an approach one by one; give those that are clean."""
        for m in entries[:_MOST_TRIED]:
            gap = here.gaps.at(int(here.gap[m]))
            batch = here.options[int(here.option[m])][1].id if here.options else None
            row = here.gaps.rows[gap.row]
            trips = put_in(gap, row, visit_id(order), batch)
            route = self.verify(row, trips, change)
            if route is not None:
                visits = RouteVisits(row.worker.id, row.shift.id, trips)
                added = route.cost_cents - self._cost_of(gap.row)
                added += self.beside_cost(order, row.worker.id)
                yield Place(gap.row, gap, visits, route, added)

    def verify(
        self, row: Row, trips: Sequence[TripVisits], change: Mapping[str, Any] | None = None
    ) -> Route | None:
        """Time a shift with these trips, under a change of the problem, and have it checked.

        What the rest of the plan does to this shift is only the portions that it takes, the starts
        of what is tied to it, and the duty of the worker's other shifts.
        """
        part = self._part(row, trips)
        if change is not None:
            part = apply_change(part, change)
        route, broken = self._read_route(part, row, trips)
        return None if broken else route

    def _read_route(
        self, part: Problem, row: Row, trips: Sequence[TripVisits], *, alone: bool = False
    ) -> tuple[Route, set[str]]:
        """Time a shift and name the rules that it breaks; ``alone``: as if nothing else were."""
        visits = RouteVisits(row.worker.id, row.shift.id, tuple(trips))
        pins = {} if alone else self._pins_of(trips)
        route = evaluate_route(part, self.travel, visits, pins)
        if any(
            stop.start_s != pins[stop.visit]
            for trip in route.trips for stop in trip.stops if stop.visit in pins
        ):
            return route, {"teams"}
        most = row.worker.duty_left_s
        others = 0 if alone else sum(
            seconds for (worker, shift), seconds in self._duty.items()
            if worker == row.worker.id and shift != row.shift.id
        )
        if most is not None and route.duty_s + others > most:
            return route, {"duty"}
        plan = self.plan.model_copy(update={"routes": (route,), "unserved": ()})
        return route, self.rules_broken(part, plan, self.travel)

    def broken_alone(self, row: Row, trips: Sequence[TripVisits]) -> set[str]:
        """Name the rules that a shift with these trips breaks if nothing else is on the plan."""
        return self._read_route(self._part(row, trips), row, trips, alone=True)[1]

    def _pins_of(self, trips: Sequence[TripVisits]) -> dict[str, int]:
        return {i: self.pins[i] for t in trips for i in t.orders if i in self.pins}

    def take(self, place: Place) -> None:
        """Go on as if the order were on the plan there."""
        row = self.rows[place.row]._replace(trips=place.visits.trips)
        others = [r for r in range(len(self.rows)) if r != place.row]
        self.rows = (*self.rows[: place.row], row, *self.rows[place.row + 1 :])
        self.gaps = find_gaps(
            self.problem, self.travel, self.rows, known=dict.fromkeys(others, self.gaps),
            pins=self.pins,
        )
        crowded = self.__dict__.pop("crowded", None)
        if crowded is not None:
            self.crowded = find_gaps(
                self.problem, self.travel, self.rows, _MOST_IN_THE_WAY,
                dict.fromkeys(others, crowded), self.pins,
            )
        for name in ("taken", "_budget"):
            self.__dict__.pop(name, None)
        self._cost[place.row] = place.route.cost_cents
        self._duty[place.route.worker, place.route.shift] = place.route.duty_s
        self._last.clear()

    def _cost_of(self, r: int) -> int:
        if r not in self._cost:
            row = self.rows[r]
            visits = RouteVisits(row.worker.id, row.shift.id, row.trips)
            self._cost[r] = evaluate_route(
                self.problem, self.travel, visits, self._pins_of(row.trips)
            ).cost_cents if row.trips else 0
        return self._cost[r]

    def _part(self, row: Row, trips: Sequence[TripVisits]) -> Problem:
        """Cut the problem down to what this shift sees: its orders, the portions left to it."""
        visits = (self.problem.visit_by_id[i] for t in trips for i in t.orders)
        orders = tuple(self.problem.order_by_id[i] for i in dict.fromkeys(v.id for v in visits))
        clients = {o.client: self.problem.client_by_id[o.client] for o in orders}
        own = self._taken_by(row.worker, row.trips)
        kitchens, points = (
            tuple(
                p.model_copy(update={"batches": tuple(
                    b.model_copy(update={"portions": max(
                        0, self.left(p, b) + own[p.id, b.id]
                    )})
                    for b in p.batches
                )}) if p.id == row.worker.start else p
                for p in places
            )
            for places in (self.problem.kitchens, self.problem.meal_points)
        )
        return with_parts(
            self.problem, orders=orders, clients=tuple(clients.values()), workers=(row.worker,),
            kitchens=kitchens, meal_points=points,
        )

    def _taken_by(
        self, worker: Worker, trips: Sequence[TripVisits]
    ) -> Counter[tuple[str, str]]:
        taken: Counter[tuple[str, str]] = Counter()
        for trip in trips:
            for order_id, batch in zip(trip.orders, trip.batches, strict=True):
                if batch is None:
                    continue
                order = self.problem.visit_by_id[order_id]
                if isinstance(order, MealOrder):
                    taken[worker.start, batch] += order.portions
        return taken
