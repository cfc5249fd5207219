"""The timetable of a set of routes as ``solvers.model`` defines it, for models with features.

A used route is a chain of steps: leaving, leg, service, loading, and places for a break between
them. A chain is timed forwards once its breaks have places; these come from labels (the earliest
moment before a step with k breaks taken) and their mirror (the latest moment there that does not
delay the end).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from solvers.model import OPEN, TIME_MAX, UNREACHABLE, RoutingModel, service_time

#: Steps: ``REST`` is a place for breaks before a leg, ``ARRIVED`` one after it.
REST, LEAVE, LEG, ARRIVED, SERVE, LOAD, END = range(7)
#: More rounds than this, and one for every limit and tie, mean that some of them cannot be kept.
_ROUNDS = 1000
_NEVER = 1 << 60


class BreakTaken(NamedTuple):
    """A break before the leg to a visit or, where ``arrived``, after it.

    ``visit`` is a position in the route; the number of visits stands for the end of the route.
    """

    start: int
    end: int
    visit: int
    arrived: bool


class Trip(NamedTuple):
    """Tasks at positions ``first`` to ``last - 1``, from one leaving to the next arrival."""

    first: int
    last: int  # position arrived at: a reload, or the end
    option: int  # what was loaded before; -1: as the vehicle starts


class Chain:
    """A used route, and its timetable within lower bounds.

    Times are lists by position of the visit; ``arrival`` has one more entry for the end.
    """

    def __init__(self, model: RoutingModel, v: int, visits: Sequence[int]) -> None:
        self.v, self.visits = v, list(visits)
        self.early, self.late = int(model.vehicle_early[v]), int(model.vehicle_late[v])
        low, high = model.breaks.ptr[v : v + 2]
        self.rests = list(zip(*(x[low:high].tolist() for x in model.breaks[1:]), strict=True))
        self.steps: list[tuple[int, int]] = [(REST, 0), (LEAVE, 0)]  # kind, position or trip
        self.trips: list[Trip] = []
        self.legs: list[int] = []  # seconds with set-up, by position arrived at
        self.service: list[int] = []  # or of loading
        self.windows: list[list[tuple[int, int]]] = []
        self.seconds = self.metres = 0
        self.no_way: list[tuple[int, int]] = []
        self._lay(model)
        n = len(self.visits)
        self.bound = [0] * n  # earliest start of a service
        self.leave_bound = [self._ready(model, trip) for trip in self.trips]
        self.arrival, self.start, self.departure = [0] * (n + 1), [0] * n, [0] * n
        self.leave = [0] * len(self.trips)
        self.breaks: list[BreakTaken] = []
        self._places: list[int] = []  # index of the step where each break is taken

    @property
    def end(self) -> int:
        """Arrival at the end."""
        return self.arrival[-1]

    def _lay(self, model: RoutingModel) -> None:
        at, n = int(model.vehicle_start[self.v]), len(self.visits)
        permille = model.vehicle_permille[self.v]
        first, option = 0, -1
        for x, i in enumerate(self.visits):
            to = int(model.task_location[i] if i >= 0 else model.reloads.location[-1 - i])
            self._go(model, at, to)
            at = to
            self.steps += [(LEG, x), (ARRIVED, x)]
            if i >= 0:
                low, high = model.window_ptr[i : i + 2]
                ends = (model.window_early[low:high].tolist(), model.window_late[low:high].tolist())
                self.windows.append(list(zip(*ends, strict=True)))
                self.service.append(int(service_time(model.task_service[i], permille)))
                self.steps += [(SERVE, x), (REST, x + 1)]
            else:
                self.windows.append([])
                self.service.append(int(model.reloads.seconds[-1 - i]))
                self.trips.append(Trip(first, x, option))
                first, option = x + 1, -1 - i
                self.steps += [(LOAD, x), (REST, x + 1), (LEAVE, len(self.trips))]
        self._go(model, at, int(model.vehicle_end[self.v]))
        self.trips.append(Trip(first, n, option))
        self.steps += [(LEG, n), (END, n), (ARRIVED, n)]

    def _go(self, model: RoutingModel, at: int, to: int) -> None:
        if OPEN in (at, to):
            self.legs.append(0)
            return
        profile = model.vehicle_profile[self.v]
        seconds = int(model.seconds[profile, at, to])
        if seconds >= UNREACHABLE:
            self.no_way.append((at, to))
        self.seconds += seconds
        self.metres += int(model.metres[profile, at, to])
        self.legs.append(seconds + (int(model.setup[to]) if at != to else 0))

    def _ready(self, model: RoutingModel, trip: Trip) -> int:
        tasks = self.visits[trip.first : trip.last]
        ready = max((int(model.task_release[i]) for i in tasks), default=0)
        if trip.option < 0:
            return max(ready, self.early)
        batch = int(model.reloads.batch[trip.option])
        return max(ready, int(model.batches.ready[batch])) if batch >= 0 else ready

    def least_seconds(self, first: int, last: int) -> int:
        """Seconds of the legs to positions ``first`` .. ``last`` and of what lies between them."""
        return sum(self.legs[first : last + 1]) + sum(self.service[first:last])

    def is_late(self, x: int) -> bool:
        """Whether the start at position ``x`` is after the last window."""
        return self.start[x] > self.windows[x][-1][1]

    def _begin(self, x: int, clock: int) -> int | None:
        """Start of service at position ``x`` on arrival at ``clock``; None after all windows."""
        clock = max(clock, self.bound[x])
        return next((max(clock, a) for a, b in self.windows[x] if clock <= b), None)

    # -- forwards ---------------------------------------------------------------------------------
    def time(self) -> None:
        """Time the chain within its bounds, with the breaks where the model says.

        A route that cannot be kept is measured with as many breaks as there is room for, and
        services after their last window start on arrival.
        """
        n = len(self.rests)
        places = self._find_places(n, strict=True) if n else []
        while places is None:
            places = self._find_places(n, strict=False)
            n -= 1
        self._places = places
        self.breaks = []
        clock = 0
        for s, (kind, x) in enumerate(self.steps):
            if kind in (REST, ARRIVED):
                while len(self.breaks) < len(places) and places[len(self.breaks)] == s:
                    early, _, length = self.rests[len(self.breaks)]
                    begin = max(clock, early)
                    clock = begin + length
                    self.breaks.append(BreakTaken(begin, clock, x, kind == ARRIVED))
                continue
            if kind == LEG:
                clock = self.arrival[x] = clock + self.legs[x]
            elif kind == LEAVE:
                clock = self.leave[x] = max(clock, self.leave_bound[x])
            elif kind != END:
                self.start[x], clock = self._do(kind, x, clock, strict=False)
                self.departure[x] = clock
        for trip, leave in zip(self.trips[1:], self.leave[1:], strict=True):
            self.departure[trip.first - 1] = leave

    def _do(self, kind: int, x: int, clock: int, *, strict: bool) -> tuple[int, int]:
        """Start and end of a service or loading; ``_NEVER`` if it is too late and ``strict``."""
        begin: int | None = clock
        if kind == SERVE:
            begin = self._begin(x, clock)
            if begin is None:
                begin = _NEVER if strict else max(clock, self.bound[x])
        assert begin is not None
        return begin, begin + self.service[x]

    def _find_places(self, n: int, *, strict: bool) -> list[int] | None:
        """Step of each of the first ``n`` breaks; None if one, or if strict a window, is missed."""
        labels = [[0] + [_NEVER] * n]  # earliest moment before a step by breaks taken
        for kind, x in self.steps:
            now = labels[-1].copy()
            if kind in (REST, ARRIVED):
                for k, (early, late, length) in enumerate(self.rests[:n]):
                    begin = max(now[k], early)
                    if begin <= late:
                        now[k + 1] = min(now[k + 1], begin + length)
            else:
                now = [t if t >= _NEVER else self._after(kind, x, t, strict) for t in now]
            labels.append(now)
        if labels[-1][n] >= _NEVER:
            return None
        return self._postpone(labels, n, strict)

    def _after(self, kind: int, x: int, clock: int, strict: bool) -> int:
        if kind == LEG:
            return clock + self.legs[x]
        if kind == LEAVE:
            return max(clock, self.leave_bound[x])
        return clock if kind == END else self._do(kind, x, clock, strict=strict)[1]

    def _postpone(self, labels: list[list[int]], n: int, strict: bool) -> list[int]:
        """Places as late in the order as the earliest end allows."""
        mirror = [[-1] * n + [_NEVER]]  # latest moment before a step; from the last step on
        for s in range(len(self.steps) - 1, -1, -1):
            kind, x = self.steps[s]
            now = mirror[-1].copy()
            if kind in (REST, ARRIVED):
                for k in range(n - 1, -1, -1):
                    early, late, length = self.rests[k]
                    begin = min(now[k + 1] - length, late)
                    if begin >= early:
                        now[k] = max(now[k], begin)
            elif kind == END:
                end = min(t for t, most in zip(labels[s], now, strict=True) if t <= most)
                now = [min(end, most) for most in now]
            else:
                now = [self._before(kind, x, most, strict) for most in now]
            mirror.append(now)
        mirror.reverse()
        clock, places = 0, list[int]()
        for s, (kind, x) in enumerate(self.steps):
            if kind not in (REST, ARRIVED):
                clock = self._after(kind, x, clock, strict)
            while kind in (REST, ARRIVED) and clock > mirror[s + 1][len(places)]:
                early, _, length = self.rests[len(places)]
                clock = max(clock, early) + length
                places.append(s)
        return places

    def _before(self, kind: int, x: int, most: int, strict: bool) -> int:
        """Latest moment before a step that ends by ``most``; -1 if there is none."""
        if most < 0:
            return -1
        if kind == LEG:
            return max(most - self.legs[x], -1)
        if kind == LEAVE:
            return most if self.leave_bound[x] <= most else -1
        most -= self.service[x]
        if kind == LOAD:
            return max(most, -1)
        if not strict and most > self.windows[x][-1][1]:
            return most if self.bound[x] <= most else -1
        return self._latest_start(x, self.bound[x], most)

    def _latest_start(self, x: int, least: int, most: int) -> int:
        """Greatest moment in a window of position ``x``, within the two limits; -1 if none."""
        inside = (
            min(b, most) for a, b in self.windows[x] if max(a, least) <= min(b, most)
        )
        return max(inside, default=-1)

    # -- backwards --------------------------------------------------------------------------------
    def latest(self, held: Sequence[bool], soft_late: Sequence[int]) -> tuple[int, list[int]]:
        """Latest leaving and starts that keep the end and the starts that are held.

        ``held`` and ``soft_late`` go by position; so does the list that is returned.
        """
        clock = self.end
        latest = [0] * len(self.visits)
        k = len(self._places)
        for s in range(len(self.steps) - 1, 0, -1):
            kind, x = self.steps[s]
            while k and self._places[k - 1] == s:
                k -= 1
                _, late, length = self.rests[k]
                if s < len(self.steps) - 1:  # not after the end
                    clock = min(clock - length, late)
            if kind == LEG:
                clock -= self.legs[x]
            elif kind == LOAD:
                clock = latest[x] = clock - self.service[x]
            elif kind == SERVE:
                cap = self.start[x] if held[x] else max(self.start[x], soft_late[x])
                begin = self._latest_start(x, self.start[x], min(clock - self.service[x], cap))
                clock = latest[x] = max(begin, self.start[x])
        return clock, latest


class Raise(NamedTuple):
    """``later`` is to start no earlier than ``earlier`` plus ``gap``; a chain and a position each.

    Where ``is_leaving`` it is the leaving of a trip that is raised, and its number that is given.
    Where ``is_arrival`` it counts from the arrival, not from the start.
    """

    earlier: tuple[Chain, int]
    later: tuple[Chain, int]
    gap: int
    is_leaving: bool = False
    is_arrival: bool = False


def make_timetable(model: RoutingModel, chains: Sequence[Chain]) -> None:
    """Time all chains together, in rounds, as the model says."""
    rules = _within_routes(model, chains) + _between_tasks(model, chains)
    dirty = list(chains)
    for _ in range(_ROUNDS + len(rules)):
        for chain in dirty:
            chain.time()
        raised: dict[int, Chain] = {}
        for rule in rules:
            chain, x = rule.earlier
            found = (chain.arrival if rule.is_arrival else chain.start)[x] + rule.gap
            chain, x = rule.later
            bounds = chain.leave_bound if rule.is_leaving else chain.bound
            most = chain.late if rule.is_leaving else min(chain.late, chain.windows[x][-1][1])
            if bounds[x] < found <= most:
                bounds[x] = found
                if found > (chain.leave if rule.is_leaving else chain.start)[x]:
                    raised[chain.v] = chain
        if not raised:
            break
        dirty = list(raised.values())


def _within_routes(model: RoutingModel, chains: Sequence[Chain]) -> list[Raise]:
    rules = []
    for chain in chains:
        longest = int(model.vehicle_max_trip[chain.v])
        for k, trip in enumerate(chain.trips):
            for x in range(trip.first, trip.last):
                most = int(model.task_freshness[chain.visits[x]])
                # What takes longer at full speed would push for ever.
                if most < TIME_MAX and chain.least_seconds(trip.first, x) <= most:
                    rules.append(Raise((chain, x), (chain, k), -most, is_leaving=True))
            if (
                longest < TIME_MAX and trip.first < trip.last
                and chain.least_seconds(trip.first, trip.last) <= longest
            ):
                rules.append(Raise(
                    (chain, trip.last), (chain, k), -longest, is_leaving=True, is_arrival=True
                ))
    return rules


def _between_tasks(model: RoutingModel, chains: Sequence[Chain]) -> list[Raise]:
    where = {i: (chain, x) for chain in chains for x, i in enumerate(chain.visits) if i >= 0}
    rules = []
    pairs, links = model.pairs, model.links
    for p, d, ride in zip(
        pairs.pickup.tolist(), pairs.delivery.tolist(), pairs.ride.tolist(), strict=True
    ):
        if ride == TIME_MAX or p not in where or d not in where:
            continue
        (chain, x), (other, y) = where[p], where[d]
        if chain is other and x < y:
            rules.append(Raise(where[d], where[p], -ride - chain.service[x]))
    for first, second, least, most in zip(*(x.tolist() for x in links[:4]), strict=True):
        if first in where and second in where:
            if least > -TIME_MAX:
                rules.append(Raise(where[first], where[second], least))
            if most < TIME_MAX:
                rules.append(Raise(where[second], where[first], -most))
    return [rule for rule in rules if not _is_hopeless(rule)]


def _is_hopeless(rule: Raise) -> bool:
    """Whether a task is asked to wait for one after it that cannot come so soon."""
    (chain, y), (other, x) = rule.earlier, rule.later
    if chain is not other or x > y:
        return False
    return chain.service[x] + chain.least_seconds(x + 1, y) + rule.gap > 0
