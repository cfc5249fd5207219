"""An independent reading of a meal plan: every promise, from the problem and the roads alone.

Nothing here calls what made the plan. Times are worked out again from leaving and travel; a plan
that says otherwise is told. Codes: M21xx food, M22xx vans, M23xx couriers, M24xx diners, M25xx
who is missing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import geodata
from engine.domain.meal_plan import EXPECTED, CourierRoute, MealPlan, VanTrip
from engine.domain.meals import MealsProblem
from engine.domain.words import clock
from engine.meals.travel import VAN_MODE, MealTravel


class MealViolation(NamedTuple):
    """A broken promise: where, which, and in words."""

    code: str
    path: str
    message: str
    message_zh: str

    @property
    def rule(self) -> str:
        """What kind of promise it is."""
        groups = {"1": "food", "2": "vans", "3": "couriers", "4": "diners"}
        return groups.get(self.code[2], "everybody")


class _Legs:
    """Ways of a route, asked for together."""

    def __init__(self, travel: MealTravel, mode: str, at: list[int]) -> None:
        self._row = {x: i for i, x in enumerate(dict.fromkeys(at))}
        self._seconds, self._metres = travel.block(mode, list(self._row), list(self._row))

    def seconds(self, a: int, b: int) -> int:
        """Travel; huge where there is no way."""
        return int(self._seconds[self._row[a], self._row[b]])

    def metres(self, a: int, b: int) -> int:
        """Length of that way."""
        return int(self._metres[self._row[a], self._row[b]])


def check_meals(problem: MealsProblem, plan: MealPlan, travel: MealTravel) -> list[MealViolation]:
    """Hold a plan against every promise; empty when all are kept."""
    return [*_Checker(problem, plan, travel).run()]


class _Checker:
    def __init__(self, problem: MealsProblem, plan: MealPlan, travel: MealTravel) -> None:
        self.problem, self.plan, self.travel = problem, plan, travel
        #: What is at a point, and from when: (point, kitchen, batch, diet) -> [(moment, portions)].
        self.brought: dict[tuple[str, str, str, str], list[tuple[int, int]]] = defaultdict(list)
        #: What is taken there: the same key -> [(moment, portions)].
        self.taken: dict[tuple[str, str, str, str], list[tuple[int, int]]] = defaultdict(list)

    def run(self) -> Iterator[MealViolation]:
        """Every violation."""
        if self.plan.fingerprint != self.problem.fingerprint:
            yield MealViolation("M2101", "fingerprint", "the plan was made for another problem",
                                "该计划并非为此问题制定")
            return
        yield from self._references()
        yield from self._vans()
        for r, route in enumerate(self.plan.routes):
            yield from self._courier(f"routes[{r}]", route)
        yield from self._crews()
        yield from self._diners()
        yield from self._food()
        yield from self._everybody()
        yield from self._cost()

    def _references(self) -> Iterator[MealViolation]:
        batches = {(k.id, b.id) for k in self.problem.kitchens for b in k.batches}
        known = [
            *((f"van_trips[{i}]", t.van in self.problem.van_by_id
               and all(s.point in self.problem.point_by_id for s in t.stops)
               and all((x.kitchen, x.batch) in batches for s in t.stops for x in s.lots))
              for i, t in enumerate(self.plan.van_trips)),
            *((f"routes[{i}]", r.courier in self.problem.courier_by_id
               and all(d.client in self.problem.client_by_id and (d.kitchen, d.batch) in batches
                       for t in r.trips for d in t.drops))
              for i, r in enumerate(self.plan.routes)),
            *((f"sittings[{i}]", s.client in self.problem.client_by_id
               and s.point in self.problem.point_by_id and (s.kitchen, s.batch) in batches)
              for i, s in enumerate(self.plan.sittings)),
        ]
        wrong = [path for path, right in known if not right]
        for path in wrong:
            yield MealViolation("M2102", path, "names something that the problem does not have",
                                "引用了问题中不存在的对象")
        if wrong:  # nothing else can be read with unknown names
            self.plan = self.plan.model_copy(update={"van_trips": (), "routes": (), "sittings": ()})

    # -- vans ------------------------------------------------------------------------------------

    def _vans(self) -> Iterator[MealViolation]:
        by_van: dict[str, list[tuple[str, VanTrip]]] = defaultdict(list)
        at_bays: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for i, trip in enumerate(self.plan.van_trips):
            path = f"van_trips[{i}]"
            by_van[trip.van].append((path, trip))
            at_bays[trip.kitchen].append((trip.loading_s, trip.leave_s))
            yield from self._van_trip(path, trip)
        for trips in by_van.values():
            ordered = sorted(trips, key=lambda item: item[1].loading_s)
            for (_, one), (path, other) in pairwise(ordered):
                if other.loading_s < one.back_s:
                    yield MealViolation(
                        "M2206", path, f"loads at {clock(other.loading_s)}, back only at "
                        f"{clock(one.back_s)}",
                        f"{clock(other.loading_s)} 装车，而 {clock(one.back_s)} 才返回",
                    )
        for kitchen, spans in at_bays.items():
            bays = self.problem.kitchen_by_id[kitchen].bays
            events = sorted([(a, 1) for a, _ in spans] + [(b, -1) for _, b in spans])
            busy = 0
            for moment, change in events:
                busy += change
                if busy > bays:
                    yield MealViolation(
                        "M2207", f"kitchens.{kitchen}", f"{busy} vans load at {clock(moment)}, "
                        f"and there are {bays} bays",
                        f"{clock(moment)} 有 {busy} 辆车装车，仅有 {bays} 个装车位",
                    )
                    break

    def _van_trip(self, path: str, trip: VanTrip) -> Iterator[MealViolation]:
        van, kitchen = self.problem.van_by_id[trip.van], self.problem.kitchen_by_id[trip.kitchen]
        if van.kitchen != trip.kitchen:
            yield MealViolation("M2201", path, "the van belongs to another kitchen",
                                "该车辆属于其他厨房")
        load = sum(x.portions for s in trip.stops for x in s.lots)
        if load > van.capacity:
            yield MealViolation("M2202", path, f"carries {load} portions, holds {van.capacity}",
                                f"装载 {load} 份，容量 {van.capacity} 份")
        if trip.leave_s - trip.loading_s < kitchen.loading_s:
            yield MealViolation("M2203", path, "leaves before loading is over", "装车未完即出发")
        if trip.loading_s < van.start_s or trip.back_s > van.end_s:
            yield MealViolation("M2204", path, "is on the road outside its shift", "超出车辆班次")
        at = [self.travel.place[trip.kitchen], *(self.travel.place[s.point] for s in trip.stops)]
        legs = _Legs(self.travel, VAN_MODE, at)
        here, moment, length = at[0], trip.leave_s, 0
        for k, stop in enumerate(trip.stops):
            point = self.problem.point_by_id[stop.point]
            there = self.travel.place[stop.point]
            earliest = moment + legs.seconds(here, there)
            length += legs.metres(here, there)
            where = f"{path}.stops[{k}]"
            if stop.arrival_s < earliest:
                yield MealViolation("M2205", where, f"cannot be there before {clock(earliest)}",
                                    f"最早 {clock(earliest)} 才能到达")
            if stop.ready_s < stop.arrival_s + point.unloading_s or stop.ready_s < point.opens_s:
                yield MealViolation("M2208", where, "food is given out before it is unloaded",
                                    "卸货未完或未开门即发餐")
            if point.kitchens is not None and trip.kitchen not in point.kitchens:
                yield MealViolation("M2209", where, "this kitchen may not feed the point",
                                    "该厨房不得为此助餐点供餐")
            for lot in stop.lots:
                if lot.kitchen != trip.kitchen:
                    yield MealViolation("M2210", where, "brings what another kitchen cooked",
                                        "装载了其他厨房的餐食")
                ready = self._ready(lot.kitchen, lot.batch)
                if ready is None or trip.loading_s < ready:
                    yield MealViolation(
                        "M2211", where, f"batch {lot.batch} is loaded before it is ready",
                        f"批次 {lot.batch} 未出餐即装车",
                    )
                key = stop.point, lot.kitchen, lot.batch, lot.diet
                self.brought[key].append((stop.ready_s, lot.portions))
            here, moment = there, max(stop.ready_s, stop.arrival_s)
        if trip.back_s < moment + legs.seconds(here, at[0]):
            yield MealViolation("M2205", path, "cannot be back so early", "无法如此早返回")
        if trip.distance_m != length + legs.metres(here, at[0]):
            yield MealViolation("M2212", path, "the distance is not that of the ways",
                                "里程与路线不符")

    def _ready(self, kitchen: str, batch: str) -> int | None:
        entry = self.problem.kitchen_by_id[kitchen]
        ready = next(b.ready_s for b in entry.batches if b.id == batch)
        closed = entry.closed_from_s
        return None if closed is not None and ready >= closed else ready

    # -- couriers --------------------------------------------------------------------------------

    def _courier(self, path: str, route: CourierRoute) -> Iterator[MealViolation]:
        problem = self.problem
        courier = problem.courier_by_id[route.courier]
        load_s = (
            problem.kitchen_by_id[courier.place].courier_loading_s
            if courier.place in problem.kitchen_by_id
            else problem.point_by_id[courier.place].loading_s
        )
        if courier.absent:
            yield MealViolation("M2301", path, "the courier is absent", "该送餐员缺勤")
        if route.place != courier.place:
            yield MealViolation("M2302", path, "loads at another place", "在其他地点装餐")
        if courier.max_trips is not None and len(route.trips) > courier.max_trips:
            yield MealViolation("M2303", path, f"makes {len(route.trips)} trips, may make "
                                f"{courier.max_trips}", f"共 {len(route.trips)} 趟，超过上限")
        base = self.travel.place[courier.place]
        at = [base, *(self.travel.home[d.client] for t in route.trips for d in t.drops
                      if d.client in self.travel.home)]
        legs = _Legs(self.travel, courier.mode, at)
        free, length = courier.start_s, 0
        for t, trip in enumerate(route.trips):
            where = f"{path}.trips[{t}]"
            if trip.loading_s < free or trip.leave_s - trip.loading_s < load_s:
                yield MealViolation("M2304", where, "loads before being back, or leaves before "
                                    "loading is over", "未返回即装餐，或装餐未完即出发")
            load = sum(problem.client_by_id[d.client].portions for d in trip.drops)
            if load > courier.capacity:
                yield MealViolation("M2305", where, f"carries {load} portions, the box holds "
                                    f"{courier.capacity}",
                                    f"装载 {load} 份，餐箱容量 {courier.capacity} 份")
            here, moment = base, trip.leave_s
            for k, drop in enumerate(trip.drops):
                client = problem.client_by_id[drop.client]
                door = f"{where}.drops[{k}]"
                if client.at is not None or not problem.is_due(client):
                    yield MealViolation("M2306", door, "this client is not brought a meal",
                                        "该服务对象无需送餐")
                    continue
                there = self.travel.home[drop.client]
                earliest = moment + legs.seconds(here, there)
                earliest += problem.building_s if there != here else 0
                length += legs.metres(here, there)
                if legs.seconds(here, there) >= geodata.UNREACHABLE:
                    yield MealViolation("M2307", door, "there is no way to it", "无路可达")
                elif drop.start_s < earliest:
                    yield MealViolation("M2308", door, f"cannot be there before {clock(earliest)}",
                                        f"最早 {clock(earliest)} 才能到达")
                fresh = problem.diet_by_id[client.diet].freshness_s
                if drop.start_s - trip.leave_s > fresh:
                    yield MealViolation(
                        "M2309", door, f"{(drop.start_s - trip.leave_s) // 60} min after leaving, "
                        f"{fresh // 60} are allowed",
                        f"出发后 {(drop.start_s - trip.leave_s) // 60} 分钟才送达，"
                        f"限 {fresh // 60} 分钟",
                    )
                early, late = problem.window(client)
                if not early <= drop.start_s <= late + problem.late_s:
                    yield MealViolation("M2310", door, f"{clock(drop.start_s)} is outside of "
                                        f"{clock(early)}-{clock(late)}, even late",
                                        f"{clock(drop.start_s)} 超出用餐时段（含延迟）")
                key = route.place, drop.kitchen, drop.batch, client.diet
                self.taken[key].append((trip.leave_s - load_s, client.portions))
                here, moment = there, drop.start_s + problem.door_s
            free = moment + legs.seconds(here, base)
            length += legs.metres(here, base)
        if route.back_s < free:
            yield MealViolation("M2311", path, "cannot be back so early", "无法如此早返回")
        if max(free, route.back_s) > courier.end_s:
            yield MealViolation("M2312", path, "is back after the shift", "班次结束后才返回")
        if route.distance_m != length:
            yield MealViolation("M2313", path, "the distance is not that of the ways",
                                "里程与路线不符")

    def _crews(self) -> Iterator[MealViolation]:
        for courier, n in Counter(r.courier for r in self.plan.routes).items():
            if n > 1:
                yield MealViolation("M2314", f"couriers.{courier}", "has two routes", "有两条路线")
        handed: Counter[str] = Counter()
        for route in self.plan.routes:
            for trip in route.trips:
                handed[route.place] += sum(
                    self.problem.client_by_id[d.client].portions for d in trip.drops
                )
        for point, n in handed.items():
            entry = self.problem.point_by_id.get(point)
            if entry and n > entry.handover:
                yield MealViolation("M2315", f"points.{point}", f"hands {n} portions over, can "
                                    f"{entry.handover}", f"交接 {n} 份，上限 {entry.handover} 份")
        at_hatch: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for route in self.plan.routes:
            for trip in route.trips:
                at_hatch[route.place] += [(trip.loading_s, 1), (trip.leave_s, -1)]
        for point, events in at_hatch.items():
            entry = self.problem.point_by_id.get(point)
            busy = 0
            for moment, change in sorted(events):
                busy += change
                if entry and entry.hatches is not None and busy > entry.hatches:
                    yield MealViolation(
                        "M2316", f"points.{point}", f"{busy} couriers load at {clock(moment)}, "
                        f"and there are {entry.hatches} hatches",
                        f"{clock(moment)} 有 {busy} 名送餐员装餐，仅有 {entry.hatches} 个窗口",
                    )
                    break

    # -- diners, food, everybody -----------------------------------------------------------------

    def _diners(self) -> Iterator[MealViolation]:
        problem = self.problem
        sitting: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for i, seat in enumerate(self.plan.sittings):
            path, client = f"sittings[{i}]", problem.client_by_id[seat.client]
            point = problem.point_by_id[seat.point]
            if client.at != seat.point or not problem.is_due(client):
                yield MealViolation("M2401", path, "this client does not eat here",
                                    "该服务对象不在此用餐")
            early, late = problem.window(client)
            if not max(early, point.opens_s) <= seat.start_s <= min(late, point.closes_s):
                yield MealViolation("M2402", path, f"sits down at {clock(seat.start_s)}, outside "
                                    "of the period", f"{clock(seat.start_s)} 入座，超出用餐时段")
            n = client.portions
            sitting[seat.point] += [
                (seat.start_s, n), (seat.start_s + problem.eating_s, -n)
            ]
            key = seat.point, seat.kitchen, seat.batch, client.diet
            self.taken[key].append((seat.start_s, n))
        for name, events in sitting.items():
            busy, seats = 0, problem.point_by_id[name].seats
            for moment, change in sorted(events):
                busy += change
                if busy > seats:
                    yield MealViolation("M2403", f"points.{name}", f"{busy} people sit at "
                                        f"{clock(moment)}, on {seats} seats",
                                        f"{clock(moment)} 有 {busy} 人用餐，仅 {seats} 个座位")
                    break

    def _food(self) -> Iterator[MealViolation]:
        cooked: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for (place, kitchen, batch, diet), takes in sorted(self.taken.items()):
            if place in self.problem.kitchen_by_id:
                ready = self._ready(kitchen, batch)
                gives = [] if ready is None or place != kitchen else [
                    (ready, sum(n for _, n in takes))
                ]
                cooked[kitchen, batch][diet] += sum(n for _, n in takes)
            else:
                gives = self.brought.get((place, kitchen, batch, diet), [])
            stock = 0
            events = sorted([(m, 0, n) for m, n in gives] + [(m, 1, -n) for m, n in takes])
            for moment, _, change in events:
                stock += change
                if stock < 0:
                    yield MealViolation(
                        "M2103", f"{place}/{kitchen}/{batch}/{diet}", "a meal is taken at "
                        f"{clock(moment)}, before it is there",
                        f"{clock(moment)} 取餐时餐食尚未到达",
                    )
                    break
        for (_, kitchen, batch, diet), gives in self.brought.items():
            cooked[kitchen, batch][diet] += sum(n for _, n in gives)
        for (kitchen, batch), diets in sorted(cooked.items()):
            entry = next(
                b for b in self.problem.kitchen_by_id[kitchen].batches if b.id == batch
            )
            most = {**dict.fromkeys(diets, entry.portions), **{
                d: entry.diets.get(d, 0) for d in diets if entry.diets
            }}
            for diet, n in sorted(diets.items()):
                if n > most[diet]:
                    yield MealViolation("M2104", f"{kitchen}/{batch}/{diet}",
                                        f"{n} portions are used, {most[diet]} are cooked",
                                        f"使用 {n} 份，仅制作 {most[diet]} 份")
            if sum(diets.values()) > entry.portions:
                yield MealViolation("M2105", f"{kitchen}/{batch}", f"{sum(diets.values())} portions"
                                    f" are used, {entry.portions} are cooked",
                                    f"使用 {sum(diets.values())} 份，仅制作 {entry.portions} 份")

    def _everybody(self) -> Iterator[MealViolation]:
        told = Counter([
            *(d.client for r in self.plan.routes for t in r.trips for d in t.drops),
            *(s.client for s in self.plan.sittings), *(w.client for w in self.plan.without),
        ])
        for i, client in enumerate(self.problem.clients):
            if told[client.id] != 1:
                yield MealViolation(
                    "M2501", f"clients[{i}]", f"is told {told[client.id]} times instead of once",
                    f"在计划中出现 {told[client.id]} 次，应为一次",
                )
        expected = {w.client for w in self.plan.without if w.reason in EXPECTED}
        for i, client in enumerate(self.problem.clients):
            if (client.id in expected) == self.problem.is_due(client) and told[client.id]:
                yield MealViolation("M2502", f"clients[{i}]", "is due and told as resting, or the "
                                    "other way round", "应供餐却列为暂停，或相反")

    def _cost(self) -> Iterator[MealViolation]:
        problem, totals = self.problem, self.plan.totals
        vans = sum(
            problem.van_by_id[t.van].cost_per_trip_cents
            + t.distance_m * problem.van_by_id[t.van].cost_per_km_cents / 1_000
            for t in self.plan.van_trips
        )
        people = 0.0
        cooking = 0
        for route in self.plan.routes:
            courier = problem.courier_by_id[route.courier]
            drops = [d for t in route.trips for d in t.drops]
            people += (courier.cost_per_shift_cents + courier.cost_per_drop_cents * len(drops)
                       + route.distance_m * courier.cost_per_km_cents / 1_000)
            cooking += sum(problem.kitchen_by_id[d.kitchen].cost_per_portion_cents
                           * problem.client_by_id[d.client].portions for d in drops)
        cooking += sum(problem.kitchen_by_id[s.kitchen].cost_per_portion_cents
                       * problem.client_by_id[s.client].portions for s in self.plan.sittings)
        if totals.cost_cents != round(vans) + round(people) + cooking:
            yield MealViolation("M2503", "totals.cost_cents", "is not the sum of what is done",
                                "与实际费用不符")
        n_served = sum(len(t.drops) for r in self.plan.routes for t in r.trips)
        if totals.served != n_served + len(self.plan.sittings):
            yield MealViolation("M2504", "totals.served", "is not the number of who is served",
                                "与实际供餐人数不符")
