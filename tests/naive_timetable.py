"""Slow twin of the evaluation: the specification in ``solvers.model``, read a second time.

Without breaks every rule is one inequality, and all are repeated one by one until none moves
anything. With breaks the rounds of the specification are followed, and a route timed alone tries
every way to place its breaks. Duty is found by trying every later leaving. Nothing of the
evaluation's code is used.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from solvers.model import OPEN, SAME_WORKER, TIME_MAX, UNREACHABLE, RoutingModel

#: Later than anything in a model of the tests: what gets here has no timetable.
_FOREVER = 3000


class Figures(NamedTuple):
    """What a solution without faults costs, and its times by vehicle."""

    cost: dict[str, int]
    start: list[list[int]]
    leave: list[list[int]]  # by trip
    end: list[int]
    duty: list[int]


class Day:
    """One used route, laid out as trips of ``(position, visit)``."""

    def __init__(self, model: RoutingModel, v: int, visits: Sequence[int]) -> None:
        self.model, self.v, self.visits = model, v, list(visits)
        self.places = [int(model.vehicle_start[v])]
        for i in visits:
            self.places.append(
                int(model.task_location[i]) if i >= 0 else int(model.reloads.location[-1 - i])
            )
        self.places.append(int(model.vehicle_end[v]))
        low, high = int(model.breaks.ptr[v]), int(model.breaks.ptr[v + 1])
        self.breaks = [
            (int(model.breaks.early[b]), int(model.breaks.late[b]), int(model.breaks.length[b]))
            for b in range(low, high)
        ]
        self.trip_of = []
        k = 0
        for i in visits:
            k += i < 0
            self.trip_of.append(k)
        self.n_trips = k + 1
        self.legs = [self._leg(x) for x in range(len(self.visits) + 1)]  # with set-up
        self.services = [self._service(i) for i in self.visits]  # or loading
        self.windows = [self._windows(i) for i in self.visits]
        self.readies = [self.ready(k) for k in range(self.n_trips)]

    def arc(self, x: int, table: Any) -> int:
        """What the leg to position ``x`` takes in a matrix."""
        a, b = self.places[x], self.places[x + 1]
        return 0 if OPEN in (a, b) else int(table[self.model.vehicle_profile[self.v]][a][b])

    def _leg(self, x: int) -> int:
        a, b = self.places[x], self.places[x + 1]
        setup = 0 if OPEN in (a, b) or a == b else int(self.model.setup[b])
        return self.arc(x, self.model.seconds) + setup

    def _service(self, i: int) -> int:
        if i < 0:
            return int(self.model.reloads.seconds[-1 - i])
        factor = int(self.model.vehicle_permille[self.v])
        return (int(self.model.task_service[i]) * factor * 2 + 1000) // 2000

    def _windows(self, i: int) -> list[tuple[int, int]]:
        rows = range(self.model.window_ptr[i], self.model.window_ptr[i + 1]) if i >= 0 else ()
        return [(int(self.model.window_early[w]), int(self.model.window_late[w])) for w in rows]

    def next_start(self, x: int, t: int) -> int:
        """First allowed second from ``t`` on: ``t`` itself, or where a window opens."""
        tried = [t, *(early for early, _ in self.windows[x]), _FOREVER]
        return min(
            s for s in tried
            if s == _FOREVER or (s >= t and any(a <= s <= b for a, b in self.windows[x]))
        )

    def tasks(self, trip: int) -> list[int]:
        """Tasks of a trip in order."""
        return [i for i, k in zip(self.visits, self.trip_of, strict=True) if i >= 0 and k == trip]

    def ready(self, trip: int) -> int:
        """Release, batch and shift."""
        times = [int(self.model.task_release[i]) for i in self.tasks(trip)]
        if trip == 0:
            times.append(int(self.model.vehicle_early[self.v]))
        else:
            (mark,) = (
                i for i, k in zip(self.visits, self.trip_of, strict=True) if i < 0 and k == trip
            )
            batch = int(self.model.reloads.batch[-1 - mark])
            if batch >= 0:
                times.append(int(self.model.batches.ready[batch]))
        return max(times, default=0)

    def last(self, trip: int) -> int:
        """Position at which a trip arrives."""
        return next((x for x in range(len(self.visits)) if self.trip_of[x] == trip + 1),
                    len(self.visits))


class Times(NamedTuple):
    """Of one route."""

    leave: list[int]
    arrive: list[int]  # the last one at the end
    start: list[int]


def within(day: Day) -> list[tuple[str, int, str, int, int]]:
    """Rules of a route that look back: (raised, index, counted from, position, seconds)."""
    model, rules = day.model, []
    for x, i in enumerate(day.visits):
        if i >= 0 and model.task_freshness[i] < TIME_MAX:
            rules.append(("leave", day.trip_of[x], "start", x, -int(model.task_freshness[i])))
    for k in range(day.n_trips):
        if day.tasks(k) and model.vehicle_max_trip[day.v] < TIME_MAX:
            rules.append(("leave", k, "arrive", day.last(k), -int(model.vehicle_max_trip[day.v])))
    return rules


def ties(
    model: RoutingModel, days: Sequence[Day]
) -> list[tuple[tuple[Day, int], tuple[Day, int], int]]:
    """Rules between tasks: (raised, counted from, seconds from start to start)."""
    where = {i: (day, x) for day in days for x, i in enumerate(day.visits) if i >= 0}
    rules = []
    for p, d, _, ride in zip(*model.pairs, strict=True):
        if ride < TIME_MAX and p in where and d in where:
            day, x = where[p]
            rules.append((where[p], where[d], -int(ride) - day.services[x]))
    for a, b, least, most, _ in zip(*model.links, strict=True):
        if a in where and b in where:
            rules.append((where[b], where[a], int(least)))
            rules.append((where[a], where[b], -int(most)))
    return rules


def least_solution(model: RoutingModel, days: Sequence[Day]) -> list[Times] | None:
    """Every inequality one by one, over and over; for routes without breaks."""
    found = [
        Times([0] * d.n_trips, [0] * (len(d.visits) + 1), [0] * len(d.visits)) for d in days
    ]
    rules: list[tuple[list[int], int, Callable[[], int]]] = []
    for day, at in zip(days, found, strict=True):
        for k in range(day.n_trips):
            rules.append((at.leave, k, lambda day=day, k=k: day.readies[k]))
        for x in range(len(day.visits) + 1):
            if x == 0 or day.visits[x - 1] < 0:
                k = day.trip_of[x - 1] if x else 0
                rules.append((at.arrive, x, lambda at=at, k=k, day=day, x=x:
                              at.leave[k] + day.legs[x]))
            else:
                rules.append((at.arrive, x, lambda at=at, day=day, x=x:
                              at.start[x - 1] + day.services[x - 1] + day.legs[x]))
        for x, i in enumerate(day.visits):
            if i >= 0:
                rules.append((at.start, x, lambda at=at, day=day, x=x:
                              day.next_start(x, max(at.arrive[x], at.start[x]))))
            else:
                rules.append((at.start, x, lambda at=at, x=x: at.arrive[x]))
                rules.append((at.leave, day.trip_of[x], lambda at=at, day=day, x=x:
                              at.start[x] + day.services[x]))
        for raised, k, source, x, gap in within(day):
            counted = getattr(at, source)
            rules.append((getattr(at, raised), k, lambda s=counted, x=x, gap=gap: s[x] + gap))
    index = {day.v: n for n, day in enumerate(days)}
    for (day, x), (other, y), gap in ties(model, days):
        rules.append((found[index[day.v]].start, x,
                      lambda s=found[index[other.v]].start, y=y, gap=gap: s[y] + gap))
    moved = True
    while moved:
        moved = False
        for values, k, least in rules:
            t = least()
            if t >= _FOREVER:
                return None
            if t > values[k]:
                values[k], moved = t, True
    return found


def walk(
    day: Day, bounds: Times, chosen: Sequence[tuple[int, int]], leave: int | None = None,
    latest: Sequence[int] | None = None,
) -> Times | None:
    """Time a route alone with its breaks at ``chosen`` places; None if something is missed.

    A place is (position, 0 before the leg to it or 1 after). With ``leave`` the vehicle leaves
    exactly then, and no start may be later than ``latest``.
    """
    clock, done = 0, 0

    def rest(place: tuple[int, int]) -> bool:
        nonlocal clock, done
        while done < len(chosen) and chosen[done] == place:
            early, late, length = day.breaks[done]
            clock = max(clock, early)
            if clock > late:
                return False
            clock += length
            done += 1
        return True

    at = Times([], [], [])
    for x in range(len(day.visits) + 1):
        if not rest((x, 0)):
            return None
        if x == 0 or day.visits[x - 1] < 0:
            k = len(at.leave)
            clock = max(clock, day.readies[k], bounds.leave[k])
            if k == 0 and leave is not None:
                clock = leave
            at.leave.append(clock)
        clock += day.legs[x]
        at.arrive.append(clock)
        if x == len(day.visits):
            break
        if not rest((x, 1)):
            return None
        if day.visits[x] >= 0:
            clock = day.next_start(x, max(clock, bounds.start[x]))
            if clock >= _FOREVER or (latest is not None and clock > latest[x]):
                return None
        at.start.append(clock)
        clock += day.services[x]
    return at if rest((len(day.visits), 1)) else None


def best_way(day: Day, bounds: Times) -> tuple[Times, list[tuple[int, int]]] | None:
    """Time a route alone: the earliest end, then the first break as late as possible, and so on."""
    places = [(x, side) for x in range(len(day.visits) + 1) for side in (0, 1)]
    ways = []
    for chosen in itertools.combinations_with_replacement(places, len(day.breaks)):
        at = walk(day, bounds, chosen)
        if at is not None:
            ways.append((at.arrive[-1], [(-x, -side) for x, side in chosen], at, chosen))
    if not ways:
        return None
    _, _, at, chosen = min(ways, key=lambda way: way[:2])
    return at, list(chosen)


def in_rounds(
    model: RoutingModel, days: Sequence[Day]
) -> tuple[list[Times], list[list[tuple[int, int]]]] | None:
    """The rounds of the specification, for routes with breaks."""
    bounds = [Times([0] * d.n_trips, [], [0] * len(d.visits)) for d in days]
    index = {day.v: n for n, day in enumerate(days)}
    while True:
        ways = [best_way(day, bound) for day, bound in zip(days, bounds, strict=True)]
        timed = [way for way in ways if way is not None]
        if len(timed) < len(ways):
            return None
        raised = []
        for n, day in enumerate(days):
            for what, k, source, x, gap in within(day):
                raised.append((getattr(bounds[n], what), k, getattr(timed[n][0], source)[x] + gap))
        for (day, x), (other, y), gap in ties(model, days):
            found = timed[index[other.v]][0].start[y] + gap
            raised.append((bounds[index[day.v]].start, x, found))
        moved = False
        for values, k, t in raised:
            if t >= _FOREVER:
                return None
            if t > values[k]:
                values[k], moved = t, True
        if not moved:
            return [way[0] for way in timed], [way[1] for way in timed]


def duty_of(day: Day, at: Times, chosen: Sequence[tuple[int, int]]) -> int:
    """Try every leaving, the latest first."""
    model = day.model
    latest, earliest = [], []
    for x, i in enumerate(day.visits):
        if i < 0:
            latest.append(_FOREVER)
            earliest.append(0)
            continue
        held = bool(model.task_freshness[i] < TIME_MAX)
        held |= i in model.links.first or i in model.links.second
        for p, d, _, ride in zip(*model.pairs, strict=True):
            held |= bool(ride < TIME_MAX) and i in (p, d)
        latest.append(at.start[x] if held else max(at.start[x], int(model.task_soft_late[i])))
        earliest.append(at.start[x] if held else 0)
    bounds = Times([0] * day.n_trips, [], earliest)
    for leave in range(at.arrive[-1], -1, -1):
        way = walk(day, bounds, chosen, leave, latest)
        if way is not None and way.arrive[-1] <= at.arrive[-1]:
            return at.arrive[-1] - leave
    raise AssertionError("the timetable itself is a way")


def naive_figures(model: RoutingModel, routes: Sequence[Sequence[int]]) -> Figures | None:
    """Figures of a solution, or None if it breaks any promise."""
    n = model.n_tasks
    flat = [i for route in routes for i in route]
    if any(flat.count(i) > 1 for i in flat if i >= 0) or not _keeps_ties(model, routes):
        return None
    days = [Day(model, v, r) for v, r in enumerate(routes) if any(i >= 0 for i in r)]
    for v, route in enumerate(routes):
        if not all(
            _may(model, v, i, route[x + 1] if x + 1 < len(route) else -1)
            for x, i in enumerate(route)
        ):
            return None
    for day in days:
        if any(day.arc(x, model.seconds) >= UNREACHABLE for x in range(len(day.visits) + 1)):
            return None
    if len(model.breaks.early):
        ways = in_rounds(model, days)
        if ways is None:
            return None
        times, chosen = ways
    else:
        least = least_solution(model, days)
        if least is None:
            return None
        times, chosen = least, [[] for _ in days]
    duty = [duty_of(d, at, places) for d, at, places in zip(days, times, chosen, strict=True)]
    if not _keeps_limits(model, days, times, duty):
        return None

    served = {i for i in flat if i >= 0}
    cost = dict.fromkeys(
        ("travel", "fixed", "duty", "overtime", "lateness", "worst", "affinity", "prizes"), 0
    )
    late = [0]
    for day, at, on_duty in zip(days, times, duty, strict=True):
        v = day.v
        cost["fixed"] += int(model.vehicle_fixed[v])
        for x in range(len(day.visits) + 1):
            cost["travel"] += day.arc(x, model.seconds) * int(model.vehicle_price_second[v])
            cost["travel"] += day.arc(x, model.metres) * int(model.vehicle_price_metre[v])
        cost["duty"] += on_duty * int(model.vehicle_price_duty[v])
        over = max(0, on_duty - int(model.vehicle_regular_duty[v]))
        cost["overtime"] += over * int(model.vehicle_overtime_price[v])
        for x, i in enumerate(day.visits):
            if i < 0:
                continue
            late.append(max(0, at.start[x] - int(model.task_soft_late[i])))
            cost["lateness"] += late[-1] * int(model.task_late_price[i])
            for a in range(model.affinities.ptr[i], model.affinities.ptr[i + 1]):
                if model.affinities.worker[a] == model.vehicle_worker[v]:
                    cost["affinity"] += int(model.affinities.cost[a])
    cost["worst"] = model.price_worst * max(late)
    groups = model.task_group.tolist()
    for i in set(range(n)) - served:
        if groups[i] < 0:
            cost["prizes"] += int(model.task_prize[i])
    for g in set(groups) - {-1} - {groups[i] for i in served}:
        cost["prizes"] += int(model.task_prize[groups.index(g)])
    return Figures(
        cost, [at.start for at in times], [at.leave for at in times],
        [at.arrive[-1] for at in times], duty,
    )


def _may(model: RoutingModel, v: int, i: int, following: int) -> bool:
    if i >= 0:
        return bool(model.compatible[model.task_type[i], model.vehicle_type[v]])
    options = model.reloads.option[model.reloads.option_ptr[v] : model.reloads.option_ptr[v + 1]]
    return -1 - i in options and following >= 0


def _keeps_ties(model: RoutingModel, routes: Sequence[Sequence[int]]) -> bool:
    served = {i: v for v, route in enumerate(routes) for i in route if i >= 0}
    edges = [(int(p), int(d)) for p, d, *_ in zip(*model.pairs, strict=True)]
    for p, d in edges:
        if p in served and d in served:
            route = list(routes[served[p]])
            if served[p] != served[d] or route.index(p) > route.index(d):
                return False
            if any(i < 0 for i in route[route.index(p) : route.index(d)]):
                return False
    for a, b, _, _, worker in zip(*model.links, strict=True):
        edges.append((int(a), int(b)))
        if worker and a in served and b in served:
            same = model.vehicle_worker[served[a]] == model.vehicle_worker[served[b]]
            if same != (worker == SAME_WORKER):
                return False
    if any((a in served) != (b in served) for a, b in edges):
        return False
    for i, j in itertools.combinations(served, 2):
        if model.task_group[i] == model.task_group[j] >= 0:
            reached = {i}
            for _ in edges:
                reached |= {x for edge in edges for x in edge if reached & set(edge)}
            if j not in reached:
                return False
    return True


def _keeps_limits(
    model: RoutingModel, days: Sequence[Day], times: Sequence[Times], duty: Sequence[int]
) -> bool:
    of_worker: dict[int, int] = {}
    portions = model.batches.portions.astype(int).tolist()
    pickups = {int(p): m for m, p in enumerate(model.pairs.pickup)}
    deliveries = {int(d): m for m, d in enumerate(model.pairs.delivery)}
    for day, at, on_duty in zip(days, times, duty, strict=True):
        v = day.v
        worker = int(model.vehicle_worker[v])
        of_worker[worker] = of_worker.get(worker, 0) + on_duty
        travel = sum(day.arc(x, model.seconds) for x in range(len(day.visits) + 1))
        trips = [day.tasks(k) for k in range(day.n_trips)]
        if (
            at.arrive[-1] > model.vehicle_late[v]
            or on_duty > model.vehicle_max_duty[v]
            or travel > model.vehicle_max_travel[v]
            or sum(map(len, trips)) > model.vehicle_max_tasks[v]
            or sum(map(bool, trips)) > model.vehicle_max_trips[v]
        ):
            return False
        for k, tasks in enumerate(trips):
            marks = [i for i, t in zip(day.visits, day.trip_of, strict=True) if i < 0 and t == k]
            for d in range(model.n_dimensions):
                need = sum(int(model.task_demand[i, d]) for i in tasks)
                if k == 0 and need > model.vehicle_first_load[v, d]:
                    return False
                if marks and model.reloads.batch[-1 - marks[0]] >= 0:
                    portions[model.reloads.batch[-1 - marks[0]]][d] -= need
                for x in range(len(tasks) + 1):  # after x tasks
                    gone, left = tasks[:x], tasks[x:]
                    load = sum(int(model.task_demand[i, d]) for i in left)
                    load += sum(int(model.task_pickup[i, d]) for i in gone)
                    load += sum(int(model.pairs.load[pickups[i], d]) for i in gone if i in pickups)
                    load -= sum(
                        int(model.pairs.load[deliveries[i], d]) for i in gone if i in deliveries
                    )
                    if load > model.vehicle_capacity[v, d]:
                        return False
    if any(x < 0 for row in portions for x in row):
        return False
    return all(total <= model.worker_max_duty[w] for w, total in of_worker.items())
