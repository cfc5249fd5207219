"""A meal is on board at most its stated time, from leaving the kitchen to the door (P206x).

The clock runs from the trip's leaving to the start of service at the door; waiting with food
counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.base import HORIZON_S
from engine.domain.orders import MealOrder, Order
from engine.domain.places import LoadingPlace
from engine.domain.words import clock
from engine.rules.base import Obstacle, Rule, Text, Violation

if TYPE_CHECKING:
    from engine.case import Case
    from engine.draft import Draft, TaskDraft, VehicleDraft
    from engine.situation import Situation


class HotFoodRule(Rule):
    """A meal is on board at most its stated time (P206x)."""

    name: ClassVar[str] = "hot_food"
    texts: ClassVar[Mapping[str, Text]] = {
        "P2060": Text(
            "the meal of order {order} is on board {seconds} s, from {leave} to {start}; "
            "{limit} s are allowed",
            "工单 {order} 的餐食自 {leave} 至 {start} 在途 {seconds} 秒，上限为 {limit} 秒",
        ),
    }

    # -- what it adds to the routing model ------------------------------------------------------

    def compile(self, draft: Draft) -> None:
        """Cut the shifts of couriers into trips so short that nothing on them can get cold.

        The routing model knows no time on board. But a trip that leaves a kitchen at ``early``
        and is back by ``late`` has been at every door by ``late`` less the service there and the
        way back; if that is within ``max_onboard_s`` of ``early``, the meal is hot whatever else
        the trip does. So a shift becomes a row of trips that do not overlap, each a vehicle of the
        model that leaves from the loading place and returns to it; a meal may only go on trips
        that are short enough. Sound, and conservative: a trip's times are fixed before the search.

        A shift with breaks, limits of duty or a price on it is not cut: it stays one vehicle that
        loads again as often as it likes, and its meals carry their limit into the model.

        The shift's fixed cost is shared evenly by its trips: the search pays all of it where it
        uses all of them, and is never kept from a second trip; the plan pays it once, exactly.
        """
        for task in draft.meals():
            assert isinstance(task.order, MealOrder)
            task.tokens.add(_hot(task.order.max_onboard_s))
        _keep_whole(draft)
        cut: dict[int, list[VehicleDraft]] = {}
        for place in draft.problem.loading_place_by_id.values():
            wanted = {t.order.id: 1.0 for t in _loaded_at(draft, place)}
            for vehicle in draft.vehicles:
                if vehicle.place == place.id and vehicle.reload_s is None:
                    cut[id(vehicle)] = _cut(draft, vehicle, place, wanted)
        draft.vehicles = [trip for v in draft.vehicles for trip in cut.get(id(v), [v])]

    # -- what a broken promise looks like, read from the promise alone --------------------------

    def check(self, case: Case) -> Iterator[Violation]:
        """Stop the clock of every meal at the door."""
        for visit in case.visits:
            order = visit.order
            if order is None or order.kind != "meal":
                continue
            on_board = visit.stop.start_s - visit.trip.leave_s
            if on_board > order.max_onboard_s:
                yield self.broken(
                    "P2060", visit.path,
                    order=order.id, seconds=on_board, leave=clock(visit.trip.leave_s),
                    start=clock(visit.stop.start_s), limit=order.max_onboard_s,
                )

    # -- how it is told when it stands in the way ------------------------------------------------

    def explain(self, order: Order, situation: Situation) -> Obstacle | None:
        """From every place that has the meal, the way to the door is longer than it stays hot."""
        if not isinstance(order, MealOrder):
            return None
        windows = situation.windows(order)
        here = situation.alone(order)
        cold = here.in_time(windows)
        if not cold.any() or here.fits(windows).any():
            return None
        home = situation.travel.client(order.client)
        ride, place = min(
            (situation.seconds(row, situation.travel.place(row.worker.start), home),
             row.worker.start)
            for row in (situation.row_of(here, int(m)) for m in cold.nonzero()[0])
        )
        return Obstacle(
            "no_worker_in_window",
            {"ride_s": ride, "limit_s": order.max_onboard_s, "place": place},
            f"the meal would be cold: the way from {place}, the nearest that has it, takes "
            f"{-(-ride // 60)} min; {order.max_onboard_s // 60} min on board are allowed",
            f"餐食将变凉：从最近的供餐点 {place} 出发需 {-(-ride // 60)} 分钟，"
            f"在途上限为 {order.max_onboard_s // 60} 分钟",
        )


#: Legs are rounded to seconds one by one, so a way over other doors can seem this much shorter.
_ROUNDING_S = 5
#: Trips may leave at every multiple of this; five minutes is how finely kitchens plan.
_GRID_S = 300
#: Pauses between meal trips shorter than this are not worth a trip for other orders.
_GAP_S = 1_800
#: What a courier needs from one door to the next, about: only to weigh trips against each other.
_HOP_S = 150
#: What it is worth that a trip keeps a stop of a former plan: more than any trip counts otherwise.
_KEPT = 100_000.0


class _Slot(NamedTuple):
    early: int
    late: int
    value: float
    meals: tuple[int, ...]  # indexes of the courier's meals that it can bring


def _keep_whole(draft: Draft) -> None:
    """Let shifts that must stay one vehicle load again; the model itself keeps the limits."""
    meals = draft.meals()
    places = draft.problem.loading_place_by_id
    whole = [
        v for v in draft.vehicles
        if v.place in places and _is_whole(draft, v)
        and any(draft.qualified(v, t) and draft.carries(v, t) for t in meals)
    ]
    for vehicle in whole:
        place = places[vehicle.place]
        vehicle.reload_s = place.loading_s
        vehicle.tokens |= {_hot(getattr(t.order, "max_onboard_s", 0)) for t in meals}
        vehicle.tokens |= {draft.batch_token(place, batch) for batch in place.batches}
    for task in meals if whole else ():
        assert isinstance(task.order, MealOrder)
        task.freshness = task.order.max_onboard_s
        if task.order.id in draft.batch_of:
            place, batch = draft.batch_of[task.order.id]
            task.release = batch.ready_s + place.loading_s


def _is_whole(draft: Draft, vehicle: VehicleDraft) -> bool:
    """Whether what is asked of the shift cannot be said of its trips one by one."""
    limits = ("duty_left_s", "max_driving_s", "max_visits", "regular_s")
    return (
        bool(vehicle.shift.breaks)
        or any(getattr(vehicle.worker, name) is not None for name in limits)
        or draft.problem.fair_load_cents_per_hour > 0
    )


def _hot(limit: int) -> Hashable:
    return ("hot", limit)


def _loaded_at(draft: Draft, place: LoadingPlace) -> list[TaskDraft]:
    """Meals that are taken from the place; all of them where no rule has assigned batches."""
    taken = draft.batch_of
    return [
        t for t in draft.meals()
        if not taken or (t.order.id in taken and taken[t.order.id][0].id == place.id)
    ]


def _cut(
    draft: Draft, vehicle: VehicleDraft, place: LoadingPlace, wanted: dict[str, float]
) -> list[VehicleDraft]:
    """Trips of one shift; ``wanted`` is what each meal still counts, and falls with each courier.

    So the next courier's trips lie where the ones before leave most undone.
    """
    from solvers.model import OPEN, UNREACHABLE

    seconds = draft.seconds(vehicle)
    here = vehicle.start
    meals = [
        t for t in _loaded_at(draft, place)
        if draft.qualified(vehicle, t) and draft.carries(vehicle, t)
        and max(seconds[here, t.location], seconds[t.location, here]) < UNREACHABLE
    ]
    if not meals or vehicle.shift.start_s + place.loading_s > vehicle.late:
        return [vehicle]
    # A worker whose day ends elsewhere goes there from the last stop: at most the detour over here.
    home = 0
    if vehicle.end not in (OPEN, vehicle.start):
        home = int(seconds[vehicle.start, vehicle.end]) + 2
    latest = min(vehicle.late - home, HORIZON_S)
    slack = _slack(draft, seconds, vehicle, meals)
    found = _candidates(draft, vehicle, place, meals, wanted, slack, latest)
    slots = _best_row(found, place)
    if not slots:
        return [vehicle]
    trips = []
    others = any(
        draft.qualified(vehicle, t) for t in draft.tasks if not isinstance(t.order, MealOrder)
    )
    clock = vehicle.early
    for slot in [*slots, None]:
        until = latest if slot is None else slot.early - place.loading_s
        if others and until - clock >= _GAP_S:  # the pause serves orders that need no hot food
            trips.append(replace(vehicle, early=clock, late=until, tokens=set()))
        if slot is None:
            break
        hot = {_hot(limit) for limit, most in slack.items() if slot.late - slot.early <= most}
        trip = replace(vehicle, early=slot.early, late=slot.late, tokens=hot)
        draft.stock(trip)
        trips.append(trip)
        clock = slot.late
        for k in slot.meals:
            wanted[meals[k].order.id] *= 0.5
    return [
        replace(t, trip=k, end=vehicle.start, fixed=-(-vehicle.fixed // len(trips)))
        for k, t in enumerate(trips)
    ]


def _slack(
    draft: Draft, seconds: NDArray[np.int32], vehicle: VehicleDraft, meals: list[TaskDraft]
) -> dict[int, int]:
    """Limit on board -> how long a trip may last so that every meal with this limit is hot."""
    from solvers.model import service_time

    slack: dict[int, int] = {}
    back = seconds[:, vehicle.start]
    if any(t.client.compound is not None for t in draft.tasks):
        # From one door on foot to the next, the way back can be shorter than from here.
        at = np.unique([t.location for t in draft.tasks])
        back = back.copy()
        over = seconds[np.ix_(at, at)].astype(np.int64) + back[at]
        back[at] = over.min(axis=1)
    for task in meals:
        assert isinstance(task.order, MealOrder)
        limit = task.order.max_onboard_s
        after = int(service_time(task.service, vehicle.permille))
        after += int(back[task.location])
        slack[limit] = min(slack.get(limit, 2**31), limit + after - _ROUNDING_S)
    return slack


def _candidates(
    draft: Draft,
    vehicle: VehicleDraft,
    place: LoadingPlace,
    meals: list[TaskDraft],
    wanted: dict[str, float],
    slack: dict[int, int],
    latest: int,
) -> list[_Slot]:
    """Every trip worth thinking of, valued by the time that it has for the meals that want it.

    Lengths are the limits on board and their halves: a small box is empty before the hour is over.
    """
    from solvers.model import service_time

    seconds = draft.seconds(vehicle)
    at = np.array([t.location for t in meals])
    go, back = seconds[vehicle.start, at], seconds[at, vehicle.start]
    service = service_time([t.service for t in meals], vehicle.permille)
    weight = np.array([wanted[t.order.id] for t in meals])
    most = np.array([slack[getattr(t.order, "max_onboard_s", 0)] for t in meals])
    loaded = np.array([
        draft.batch_of[t.order.id][1].ready_s + place.loading_s if draft.batch_of else 0
        for t in meals
    ])
    before = _former_starts(draft, vehicle, meals)
    # The time in which the box is emptied: a longer trip brings no more.
    box = min((vehicle.capacity[d] for t in meals for d in t.demand if t.demand[d]), default=10**6)
    useful = box * (float(service.mean()) + _HOP_S)
    early = np.array(sorted({
        *range(vehicle.early, latest, _GRID_S),
        *(m for m in loaded.tolist() if vehicle.early <= m < latest),
    }))
    # One row a moment, one column a window of a meal.
    of = np.array([k for k, t in enumerate(meals) for _ in t.windows])
    opens = np.array([a for t in meals for a, _ in t.windows])
    closes = np.array([b for t in meals for _, b in t.windows])
    starts_of = np.flatnonzero(np.diff(of, prepend=-1))  # the first column of each meal
    found = []
    lengths = sorted({n for longest in slack.values() for n in (longest, longest // 2)})
    spans = [(early, np.minimum(early + length, latest)) for length in lengths]
    if (before >= 0).any():
        spans.append(_former_trips(draft, vehicle, place, latest))
    for early, late in spans:
        first = np.maximum(early[:, None] + go[of], opens)
        last = np.minimum((late[:, None] - back[of]) - service[of], closes)
        fits = (most[of] >= (late - early)[:, None]) & (loaded[of] <= early[:, None])
        # One moment is enough to be at a door, so it counts a little.
        time = np.where(fits & (first <= last), last - first + 60, 0)
        time = np.add.reduceat(time, starts_of, axis=1)
        value = np.minimum(time, useful) @ weight
        # What the courier brought in a former plan is to be had at the same time.
        there = (before >= early[:, None] + go) & (before + service <= late[:, None] - back)
        value += _KEPT * (there & (time > 0)).sum(axis=1)
        found += [
            _Slot(int(early[k]), int(late[k]), float(value[k]), tuple(np.flatnonzero(time[k])))
            for k in np.flatnonzero(value)
        ]
    return found


def _former_starts(
    draft: Draft, vehicle: VehicleDraft, meals: list[TaskDraft]
) -> NDArray[np.int64]:
    """When a former plan has this shift bring each meal; -1: it does not."""
    former = draft.previous.visits if draft.previous else {}
    mine = vehicle.worker.id, vehicle.shift.id
    return np.array([
        stop.start_s if stop is not None and (stop.worker, stop.shift) == mine else -1
        for stop in (former.get(t.key) for t in meals)
    ])


def _former_trips(
    draft: Draft, vehicle: VehicleDraft, place: LoadingPlace, latest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the trips of the shift in a former plan, each as it was and with the room around it.

    Returns
    -------
    early, late : of each trip.
    """
    assert draft.previous is not None
    trips = [
        trip for route in draft.previous.plan.routes for trip in route.trips
        if (route.worker, route.shift) == (vehicle.worker.id, vehicle.shift.id) and trip.stops
    ]
    spans = []
    for k, trip in enumerate(trips):
        first = trips[k - 1].end_s + place.loading_s if k else vehicle.early
        last = trips[k + 1].leave_s - place.loading_s if k + 1 < len(trips) else latest
        spans += [
            (max(a, vehicle.early), min(b, latest))
            for a in (first, trip.leave_s) for b in (trip.end_s, last)
        ]
    early, late = np.array([s for s in spans if s[0] < s[1]], dtype=np.int64).reshape(-1, 2).T
    return early, late


def _best_row(slots: list[_Slot], place: LoadingPlace) -> list[_Slot]:
    """Choose the most valuable slots that do not overlap, with loading between."""
    slots = sorted(slots, key=lambda s: (s.late, s.early))
    ends = [s.late for s in slots]
    best = [0.0]  # value of the best row among the first k slots
    take: list[int] = []  # how many slots come before slot k in a row that takes it
    for k, slot in enumerate(slots):
        before = bisect_left(ends, slot.early - place.loading_s + 1, 0, k)
        take.append(before)
        best.append(max(best[k], best[before] + slot.value))
    row: list[_Slot] = []
    k = len(slots)
    while k:
        if best[k] > best[k - 1]:
            row.append(slots[k - 1])
            k = take[k - 1]
        else:
            k -= 1
    return row[::-1]
