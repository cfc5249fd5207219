"""What facts about a worker do to a line: begun, done, failed, late, off.

Each takes what has not happened yet back from what was fixed, sets the anchor to where and when the
worker is free now, and has the rest timed anew.
"""

from __future__ import annotations

from engine.domain.plan import Stop, Trip
from engine.live.board import Board
from engine.live.line import Line, drop
from engine.live.timeline import IDLE
from engine.visits import TripVisits, nominal_duration, permille_of
from solvers.model import service_time


def take_off(board: Board, order: str) -> None:
    """Take an order that has not begun off its line; what is on the way to it turns round."""
    index = board.line_of.get(order)
    if index is None:
        return
    line = board.lines[index]
    k = line.stop_of(order)
    if order in line.orders:
        board.set_rest(line, line.without(order))
    elif k is not None:
        left = line.left[k]
        board.set_rest(line, drop(board.loosen(line, k), {order}))
        back = max(0, board.clock - left)  # as far back as it was driven
        line.free = max(line.free, board.clock + back)
    else:  # on a trip that is under way, or done by the plan and not in truth
        _forget(line, order)
    board.line_of.pop(order, None)
    board.settle(line)


def stop_work(board: Board, line: Line) -> list[str]:
    """End a shift now but for what is under way; gives the orders that others have to take."""
    now = board.clock
    trips = _unleft_trips(board, line)
    if not line.whole_trips:
        k = next(
            (k for k, s in enumerate(line.stops) if s.start_s > now and s.order != line.tracked),
            len(line.stops),
        )
        is_driving = k < len(line.stops) and line.left[k] <= now
        trips = board.loosen(line, k)
        if is_driving:
            line.free = max(line.free, now)
    board.set_rest(line, trips)
    freed = line.orders
    board.set_rest(line, ())
    for order in freed:
        board.waiting[order] = "released"
    line.is_on = False
    board.settle(line)
    return freed


def hold(board: Board, line: Line, until: int) -> None:
    """Keep a worker from being anywhere new before ``until``."""
    now = board.clock
    if line.whole_trips:
        trips = _unleft_trips(board, line)
        line.free = max(line.free, until)
    else:
        k = next(
            (k for k, s in enumerate(line.stops) if s.start_s > now and s.order != line.tracked),
            len(line.stops),
        )
        way = 0
        if k < len(line.stops) and line.left[k] <= now:
            way = line.stops[k].travel_s  # already under way: late at that door
        trips = board.loosen(line, k)
        line.free = max(line.free, until - way)
    board.set_rest(line, trips)
    board.settle(line)


def turn_back(board: Board, line: Line) -> None:
    """Take visits that were told but not begun back where no way leads there any more.

    A trip with meals that has left is brought to its end as it was planned.
    """
    at = board.travel.place(line.leave_from) if line.leave_from else line.at
    for k, stop in enumerate(line.stops):
        to = board.travel.client(stop.client)
        is_ahead = stop.start_s > board.clock and stop.order != line.tracked
        if is_ahead and not board.travel.leg(line.mode, at, to).reachable:
            trips = board.loosen(line, k)
            line.free = max(line.free, board.clock)
            board.set_rest(line, trips)
            return
        at = to


def stand_by(board: Board, line: Line, at: int) -> bool:
    """Let a free worker go to a location and wait there; False: not free, or not in time from it.

    The anchor moves there, so what is planned is timed from there.
    """
    policy, now = board.policy, board.clock
    where = board.timeline.whereabouts(now, policy.overrun_s, policy.interrupt_rank)
    state, begin = int(where.state[line.index]), int(where.at[line.index])
    leg = board.travel.leg(line.mode, begin, at)
    if line.whole_trips or not line.is_on or state != IDLE or not leg.reachable:
        return False
    before = line.at, line.free, line.stand, line.place
    board.anchor(line, at, now + leg.seconds)
    board.last_part = None
    if line.free >= line.end_s or (line.rest and board.verify(line, line.rest) is None):
        line.at, line.free, line.stand, line.place = before
        board.name_anchor(line)  # the name may be that of the anchor before
        board.last_part = None
        return False
    line.stand = now
    board.note(line.orders)
    board.settle(line)
    return True


def start(board: Board, line: Line, order_id: str, at_s: int) -> None:
    """Let service of an order begin at a moment, on a line, whatever was planned."""
    index = board.line_of.get(order_id)
    board.note([order_id])
    if index is not None and index != line.index:
        take_off(board, order_id)
    board.actual[order_id] = [at_s, None, None]
    board.waiting.pop(order_id, None)
    if line.whole_trips:
        board.line_of[order_id] = line.index
        if index != line.index:
            line.trips.append(_alone(board, line, order_id, at_s))
        return
    order = board.orders[order_id]
    k = line.stop_of(order_id)
    if k is None:
        if any(s.order == order_id for t in line.trips for s in t.stops):
            return  # by the plan the worker is home already: the fact is written down
        cut = next((j for j, s in enumerate(line.stops) if s.start_s > at_s), len(line.stops))
        trips = drop(board.loosen(line, cut), {order_id})
        stop = _stop(board, line, order_id, at_s)
        if not line.stops:
            line.leave_from = line.place
        line.stops.append(stop)
        line.left.append(min(max(line.free, 0), at_s))
        k = len(line.stops) - 1
    else:
        trips = board.loosen(line, k + 1)
        planned = line.stops[k]
        line.stops[k] = planned.model_copy(update={
            "arrival_s": min(planned.arrival_s, at_s), "start_s": at_s,
            "departure_s": at_s + planned.departure_s - planned.start_s,
        })
        line.left[k] = min(line.left[k], at_s)
    if k > 0 and line.stops[k - 1].departure_s > at_s:
        before = line.stops[k - 1]
        line.stops[k - 1] = before.model_copy(update={
            "departure_s": max(before.start_s, at_s), "start_s": min(before.start_s, at_s),
        })
    board.line_of[order_id] = line.index
    board.set_rest(line, trips)
    line.tracked = order_id
    board.anchor(line, board.travel.client(order.client), line.stops[k].departure_s)
    board.settle(line)


def finish(board: Board, line: Line, order_id: str, at_s: int) -> None:
    """Let service of an order that has begun end at a moment."""
    k = line.stop_of(order_id)
    board.note([order_id])
    if k is None:
        if line.whole_trips:
            _finish_on_trip(board, line, order_id, at_s)
        return
    begun = next((s for s in line.stops[k + 1 :] if s.order in board.actual), None)
    stop = line.stops[k]
    # Told late, when the next one runs already: then that one stays as it is.
    end = at_s if begun is None else min(at_s, begun.start_s)
    trips = () if begun is not None else board.loosen(line, k + 1)
    line.stops[k] = stop.model_copy(update={
        "arrival_s": min(stop.arrival_s, end), "start_s": min(stop.start_s, end),
        "departure_s": end,
    })
    if begun is not None:
        return
    if line.tracked == order_id:
        line.tracked = None
    board.set_rest(line, trips)
    board.anchor(line, board.travel.client(stop.client), at_s)
    board.settle(line)


def fail(board: Board, line: Line, order_id: str, at_s: int) -> None:
    """End the attempt at an order; before arriving it is just taken off."""
    k = line.stop_of(order_id)
    if k is None or (order_id not in board.actual and line.stops[k].arrival_s > at_s):
        take_off(board, order_id)
        return
    finish(board, line, order_id, at_s)
    begun = board.actual.get(order_id)
    board.actual[order_id] = [begun[0] if begun else None, at_s, None]


def _unleft_trips(board: Board, line: Line) -> tuple[TripVisits, ...]:
    """Take trips that have not begun to load back into what can change."""
    rest = list(line.rest)
    loading = board.loading_s(line)
    while line.whole_trips and line.trips and line.trips[-1].leave_s - loading > board.clock:
        trip = line.trips.pop()
        rest.insert(0, TripVisits(
            tuple(s.order for s in trip.stops), tuple(s.batch for s in trip.stops)
        ))
        for stop in trip.stops:  # set_rest counts their portions again
            board.give_back(line, stop)
        line.free = line.trips[-1].end_s if line.trips else line.shift.start_s
    return tuple(rest)


def _forget(line: Line, order_id: str) -> None:
    """Take an order out of trips that are behind: somebody else was there, so this one was not."""
    kept = []
    for trip in line.trips:
        stops = tuple(s for s in trip.stops if s.order != order_id)
        if len(stops) == len(trip.stops):
            kept.append(trip)
        elif stops:
            kept.append(trip.model_copy(update={"stops": stops}))
    line.trips = kept


def _finish_on_trip(board: Board, line: Line, order_id: str, at_s: int) -> None:
    """Move what follows on a trip with meals, where the courier is later than planned."""
    for t, trip in enumerate(line.trips):
        k = next((k for k, s in enumerate(trip.stops) if s.order == order_id), None)
        if k is None:
            continue
        stops = list(trip.stops)
        late = at_s > stops[k].departure_s
        stops[k] = stops[k].model_copy(update={
            "arrival_s": min(stops[k].arrival_s, at_s), "start_s": min(stops[k].start_s, at_s),
            "departure_s": at_s,
        })
        end = trip.end_s
        if late:
            clock = at_s
            for j in range(k + 1, len(stops)):
                arrive = clock + stops[j].travel_s
                begin = max(arrive, stops[j].start_s)
                clock = begin + stops[j].departure_s - stops[j].start_s
                stops[j] = stops[j].model_copy(update={
                    "arrival_s": max(arrive, stops[j].arrival_s), "start_s": begin,
                    "departure_s": clock,
                })
            end = max(end, clock + trip.end_travel_s)
        line.trips[t] = trip.model_copy(update={"stops": tuple(stops), "end_s": end})
        if t == len(line.trips) - 1 and end > line.free:
            line.free = end
            board.settle(line)
        return
    if order_id in line.orders:  # handed over before the trip was to begin
        board.set_rest(line, line.without(order_id))
        board.settle(line)


def _stop(board: Board, line: Line, order_id: str, at_s: int) -> Stop:
    order = board.orders[order_id]
    leg = board.travel.leg(line.mode, line.at, board.travel.client(order.client))
    length = service_time(nominal_duration(board.problem, order), permille_of(line.worker))
    return Stop(
        order=order_id, client=order.client, travel_s=leg.seconds, distance_m=leg.metres,
        arrival_s=at_s, start_s=at_s, departure_s=at_s + int(length),
    )


def _alone(board: Board, line: Line, order_id: str, at_s: int) -> Trip:
    """Make a trip with one stop, of a courier who is at a door that was not planned."""
    stop = _stop(board, line, order_id, at_s)
    back = board.travel.leg(
        line.mode, board.travel.client(stop.client), board.travel.place(line.worker.start)
    )
    return Trip(
        start=line.worker.start, leave_s=max(0, at_s - stop.travel_s), stops=(stop,),
        end=line.worker.start, end_travel_s=back.seconds, end_distance_m=back.metres,
        end_s=stop.departure_s + back.seconds,
    )
