"""Plan a meal period: capacity, bulk, trips; in turns until the levels agree.

1. Homes go to places, portions to batches (``supply``), bulk to vans (``bulk``); then the couriers
   of every place are routed (``zones``) with their food's true moments, two places at a time.
2. Who is left is offered to the couriers of a neighbouring place that have time; the portions
   follow, vans and trips are made again where anything changed. A turn that serves fewer people
   is not kept. Food that came too late for its couriers is asked for sooner.
3. Where a place's last courier has little to do, homes at its border go to neighbours whose
   couriers have time, so that one courier fewer is enough; then neighbouring places are routed
   together (``together``), and food follows the trips. Kept where the plan gets cheaper.
4. In the end, who is still left is brought a meal late, where late is allowed.

A courier's trip never leaves before its food is there: the food's moment is the trip's release, and
whatever moved the food makes the trips anew. Same input, seed and iterations: same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.domain.meal_plan import MealPlan, Reason
from engine.domain.meals import MealsProblem, ServingPoint
from engine.meals.assemble import assemble
from engine.meals.bulk import NEVER, Bulk, plan_bulk
from engine.meals.former import Former, read_former, read_vans
from engine.meals.seats import Seats, seat
from engine.meals.supply import MILLS, Homes, find_homes, share_portions
from engine.meals.tables import UNLIMITED, Tables, build_tables
from engine.meals.thinning import thin
from engine.meals.together import needed_of, place_of, route_together
from engine.meals.travel import MealTravel
from engine.meals.zones import Zone, ZonePlan, plan_zone, still_holds

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

#: Of a place's idle time, a home that is offered to it takes about so much.
_HOME_S = 240
#: Turns of routing all places at once. Of 20,000 meals a second saved three couriers of 274 at
#: effort 8 and none at 60, in as long again.
_TOGETHER = 1
#: A portion that comes a second later than trips which were routed together need it.
_NEEDED_MILLS = 60
#: Turns of offering who is left by doing with fewer couriers.
_MENDING = 2


@dataclass(frozen=True)
class MealParams:
    """How hard to search.

    Parameters
    ----------
    effort : iterations of the search a home.
    van_iterations : of each kitchen's vans.
    turns : most turns of offering who is left to neighbours.
    thinning : most turns of doing with fewer couriers.
    together : iterations a home with the couriers of all places in one search; 0: none.
    threads : places that are routed at the same time; the plan does not depend on it.
    joint : False is the plan in two steps that know nothing of each other, for comparison: nearest
        place and kitchen, one point a van trip, one turn.
    previous : yesterday's plan, or today's before a disruption: batches, bulk, trips and
        moments stay near it, so that couriers find their rota again and few eat later than told.
    move_client_cents : what a door that gets another courier than in `previous` may save at least.
    later_cents : and what a minute may that somebody eats later than there, beyond the first few.
    """

    effort: int = 60
    van_iterations: int = 2_000
    turns: int = 3
    thinning: int = 2
    together: int = 8
    seed: int = 1
    threads: int = 2
    joint: bool = True
    previous: MealPlan | None = None
    move_client_cents: int = 3_000
    later_cents: int = 60


@dataclass(frozen=True)
class _State:
    """A whole plan between two turns."""

    place: Int32
    batch: Int32
    bulk: Bulk
    zones: Mapping[int, ZonePlan]

    @property
    def left(self) -> list[int]:
        return sorted(i for z in self.zones.values() for i in z.left)


class _Planner:
    def __init__(
        self, tables: Tables, params: MealParams, on_progress: Callable[[float], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.tables, self.params = tables, params
        self.tell, self.stop = on_progress or (lambda _: None), should_stop or (lambda: False)
        self.done = 0.0
        self.former = read_former(
            tables, params.previous, params.move_client_cents * MILLS,
            params.later_cents * MILLS // 60,
        )

    def levels(
        self, place: Int32, before: _State | None, sooner: frozenset[int], share: float,
        *, late: frozenset[int] = frozenset(), needed: Int64 | None = None,
    ) -> _State:
        """Plan all levels for homes that belong to places, food being ``needed`` at moments."""
        tables, params, former = self.tables, self.params, self.former
        if needed is not None:
            former = replace(former, needed=needed, later_mills=_NEEDED_MILLS)
        if before is not None:
            former = replace(
                former, place=before.place, batch=before.batch,
                vans=read_vans(tables, before.bulk.trips),
            )
        batch = share_portions(tables, place, greedy=not params.joint, former=former).batch
        bulk = plan_bulk(
            tables, place, batch, iterations=params.van_iterations, seed=params.seed,
            former=former, sooner=sooner, direct=not params.joint,
        )
        zones = self.zones(place, batch, bulk, before, share, late=late)
        return _State(place, batch, bulk, zones)

    def zones(
        self, place: Int32, batch: Int32, bulk: Bulk, before: _State | None, share: float,
        *, late: frozenset[int] = frozenset(),
    ) -> dict[int, ZonePlan]:
        """Route the couriers of every place where anything changed."""
        tables, params = self.tables, self.params
        todo = {
            p: _zone(tables, p, place, batch, bulk, late)
            for p, crew in enumerate(tables.couriers) if crew
        }
        n_homes = max(1, sum(len(z.clients) for z in todo.values()))

        def work(item: tuple[int, Zone]) -> ZonePlan:
            p, zone = item
            old = before.zones.get(p) if before else None
            if old is not None:
                kept = old if zone == old.zone else still_holds(
                    tables, zone, old, self.former
                )
                if kept is not None:
                    return kept
            return plan_zone(
                tables, zone, old, iterations=max(200, params.effort * len(zone.clients)),
                seed=params.seed, former=self.former, should_stop=self.stop,
            )

        found: dict[int, ZonePlan] = {}
        began = self.done
        # The largest first: two threads then end together.
        order = sorted(todo.items(), key=lambda item: (-len(item[1].clients), item[0]))
        with ThreadPoolExecutor(params.threads) as pool:
            for (p, zone), made in zip(order, pool.map(work, order), strict=True):
                found[p] = made
                self.done += share * len(zone.clients) / n_homes
                self.tell(min(1.0, self.done))
        self.done = began + share
        return dict(sorted(found.items()))

    def worth(self, state: _State) -> tuple[tuple[int, ...], int]:
        """See ``_worth``."""
        return _worth(self.tables, state, self.former)

    def offer(
        self, homes: Homes, state: _State, turns: int, most: int
    ) -> tuple[_State, int]:
        """Offer who is left to neighbours, turn by turn; one that serves fewer is not kept."""
        tables, tried = self.tables, set[tuple[int, int]]()
        for turn in range(most):
            if not state.left or self.stop():
                break
            place, moved = _offer(tables, homes, state, tried)
            sooner = frozenset(z.zone.place for z in state.zones.values() if z.left)
            if not moved and turn:
                break
            after = self.levels(place, state, sooner, 0.4 / max(1, self.params.turns))
            turns += 1
            if self.worth(after) >= self.worth(state):
                state = after
        return state, turns

    def together(self, homes: Homes, state: _State, turns: int) -> tuple[_State, int]:
        """Route all places at once, and make all levels of what comes of it; kept if better."""
        tables, params = self.tables, self.params
        if not params.joint or params.previous or not params.together or self.stop():
            return state, turns
        zones = route_together(
            tables, state.zones, effort=params.together, seed=params.seed,
            threads=params.threads, former=self.former, should_stop=self.stop,
        )
        place = place_of(tables, state.place, zones)
        if (place == state.place).all():
            return state, turns
        seated = seat(tables, state.bulk, self.former).start
        needed = needed_of(tables, self.former.needed, zones, seated)
        after = self.levels(place, replace(state, zones=zones), frozenset(), 0.1, needed=needed)
        after, turns = self.offer(homes, after, turns + 1, _MENDING)
        return (after if self.worth(after) > self.worth(state) else state), turns

    def run(self) -> tuple[_State, int]:
        """All turns; the last state, and how many were made."""
        tables, params = self.tables, self.params
        homes = find_homes(tables, balance=params.joint, former=self.former)
        self.tell(0.05)
        self.done = 0.05
        state = self.levels(homes.place, None, frozenset(), 0.5)
        turns = 1
        state, turns = self.offer(homes, state, turns, params.turns if params.joint else 0)
        for turn in range(params.thinning if params.joint and not params.previous else 0):
            thinner = thin(tables, homes, state.place, state.zones)
            if state.left or thinner is None or self.stop():
                break
            after = self.levels(thinner, state, frozenset(), 0.15 / (1 + turn))
            after, turns = self.offer(homes, after, turns + 1, _MENDING)
            if self.worth(after) <= self.worth(state):
                break
            state = after
        for _ in range(_TOGETHER):
            before, (state, turns) = state, self.together(homes, state, turns)
            if state is before:
                break
        if state.left and tables.problem.late_s and not self.stop():
            late = frozenset(state.left)
            zones = self.zones(state.place, state.batch, state.bulk, state, 0.05, late=late)
            after = replace(state, zones=zones)
            if self.worth(after) >= self.worth(state):
                state = after
        return state, turns


def plan_meals(
    problem: MealsProblem,
    travel: MealTravel,
    params: MealParams | None = None,
    *,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> MealPlan:
    """Plan a meal period.

    Parameters
    ----------
    on_progress : takes the share done, 0..1.
    should_stop : True ends the search early; what is left then is told as left.
    """
    params = params or MealParams()
    tables = build_tables(problem, travel)
    planner = _Planner(tables, params, on_progress, should_stop)
    state, turns = planner.run()
    seats = seat(tables, state.bulk, planner.former)
    plan = assemble(
        tables, state.batch, state.bulk, state.zones, seats,
        _without(tables, state, seats), params.seed, turns,
    )
    if on_progress:
        on_progress(1.0)
    return plan


def _zone(
    tables: Tables, p: int, place: Int32, batch: Int32, bulk: Bulk, late: frozenset[int]
) -> Zone:
    load, entry = tables.loading(p), tables.places[p]
    members = [
        i for i in np.flatnonzero((place == p) & (tables.home_at >= 0) & (batch >= 0)).tolist()
        if bulk.ready[i] != NEVER
    ]
    refused: list[int] = []
    if isinstance(entry, ServingPoint):
        room = entry.handover
        for i in sorted(members, key=lambda i: (tables.tier[i], i)):
            if tables.portions[i] <= room:
                room -= int(tables.portions[i])
            else:
                refused.append(i)
    members = sorted({*members} - {*refused})
    return Zone(
        p, tuple(members),
        tuple(int(bulk.ready[i]) + load for i in members),
        tuple(tables.problem.late_s if i in late else 0 for i in members),
        tuple(sorted(refused)),
    )


def _worth(
    tables: Tables, state: _State, former: Former
) -> tuple[tuple[int, ...], int]:
    """Tell what a plan is compared by: people who eat, by rank; then what it costs."""
    later = 0
    fed = np.zeros(int(tables.tier.max(initial=0)) + 1, np.int64)
    for zone in state.zones.values():
        for route in zone.routes:
            for trip in route.trips:
                np.add.at(fed, tables.tier[list(trip.clients)], 1)
                later += former.later_cost(dict(zip(trip.clients, trip.starts, strict=True)))
    np.add.at(fed, tables.tier[list(seat(tables, state.bulk, former).start)], 1)
    vans = tables.problem.van_by_id
    hauling = sum(
        vans[t.van].cost_per_trip_cents * MILLS + t.distance_m * vans[t.van].cost_per_km_cents
        for t in state.bulk.trips
    )
    carrying = sum(z.cost_mills for z in state.zones.values())
    return tuple(fed.tolist()), -hauling - carrying - later


def _offer(
    tables: Tables, homes: Homes, state: _State, tried: set[tuple[int, int]]
) -> tuple[Int32, int]:
    """Offer who is left to the nearest place whose couriers have time; nowhere twice."""
    place = state.place.copy()
    spare = {p: z.spare_s for p, z in state.zones.items()}
    hatch = {p: _handover_left(tables, p, z) for p, z in state.zones.items()}
    moved = 0
    for i in sorted(state.left, key=lambda i: (tables.tier[i], i)):
        tried.add((i, int(place[i])))
        for p in homes.nearest[homes.row[i]].tolist():
            need = int(tables.portions[i])
            if p >= 0 and (i, p) not in tried and spare.get(p, 0) >= _HOME_S and need <= hatch[p]:
                spare[p] -= _HOME_S
                hatch[p] -= need
                place[i] = p
                moved += 1
                break
    return place, moved


def _handover_left(tables: Tables, p: int, zone: ZonePlan) -> int:
    """Portions that a place may hand over beyond what it does."""
    entry = tables.places[p]
    if not isinstance(entry, ServingPoint):
        return UNLIMITED
    given = sum(int(tables.portions[i]) for r in zone.routes for t in r.trips for i in t.clients)
    return entry.handover - given


def _without(tables: Tables, state: _State, seats: Seats) -> dict[str, Reason]:
    """Why each client who gets nothing gets nothing."""
    problem = tables.problem
    reasons: dict[str, Reason] = {}
    for client in problem.clients:
        if client.suspended:
            reasons[client.id] = "suspended"
        elif not problem.is_due(client):
            reasons[client.id] = "too_late"
    carried = {
        i for z in state.zones.values() for r in z.routes for t in r.trips for i in t.clients
    }
    refused = {i for z in state.zones.values() for i in z.zone.refused}
    for i, client in enumerate(tables.clients):
        if i in carried or i in seats.start:
            continue
        p, b = int(state.place[i]), int(state.batch[i])
        if p < 0:
            reasons[client.id] = "courier"
        elif b < 0:
            reasons[client.id] = "shortage"
        elif state.bulk.ready[i] == NEVER:
            reasons[client.id] = "bulk"
        elif i in refused:
            reasons[client.id] = "handover"
        else:
            reasons[client.id] = "seats" if tables.eats_at[i] >= 0 else "courier"
    return reasons
