"""What becomes fixed while the clock runs: visits under way or told, trips that are loading."""

from __future__ import annotations

from engine.domain.plan import Stop, Trip
from engine.live.board import Board
from engine.live.line import GRACE_S, Line
from engine.visits import TripVisits


def fix(board: Board, line: Line) -> None:
    """Fix what is under way or told to its client; send home whom nothing keeps."""
    now = board.clock
    if line.tracked is not None:
        _overrun(board, line)
    changed = False
    while line.route is not None and line.route.trips:
        trip = line.route.trips[0]
        loading = board.loading_s(line) if line.whole_trips else 0
        first = trip.stops[0]
        if trip.leave_s - loading > now and first.start_s - board.policy.notice_s > now:
            break
        changed = True
        if line.whole_trips:
            _fix_trip(board, line, trip)
        else:
            _fix_stop(board, line, trip, first)
    end = line.end_place
    waits = line.stand is not None
    if line.route is None and line.stops and end is not None and line.free <= now and not waits:
        _send_home(board, line, end)
    if changed and line.route is not None:
        line.route = board.timed(line, line.rest)


def _overrun(board: Board, line: Line) -> None:
    """Let a visit last longer that was reported as begun and is not reported as done."""
    k = line.stop_of(line.tracked or "")
    if k is None or line.stops[k].departure_s + GRACE_S > board.clock:
        return
    board.set_rest(line, board.loosen(line, k + 1))
    until = board.clock + board.policy.overrun_s
    line.stops[k] = line.stops[k].model_copy(update={"departure_s": until})
    line.free = until
    board.last_part = None
    line.route = board.timed(line, line.rest)


def _fix_trip(board: Board, line: Line, trip: Trip) -> None:
    assert line.route is not None
    line.trips.append(trip)
    line.free = trip.end_s
    if trip.end is None:
        line.at = board.travel.client(trip.stops[-1].client)
        line.place = board.name_anchor(line)
    else:
        line.place, line.at = trip.end, board.travel.place(trip.end)
    line.rest = line.rest[1:]
    left = line.route.trips[1:]
    line.route = line.route.model_copy(update={"trips": left}) if left else None


def _fix_stop(board: Board, line: Line, trip: Trip, stop: Stop) -> None:
    assert line.route is not None
    if not line.stops:
        line.leave_from = line.place
    line.stops.append(stop)
    line.left.append(trip.leave_s)
    line.rest = _without_first(line.rest)
    board.anchor(line, board.travel.client(stop.client), stop.departure_s)
    stops = trip.stops[1:]
    if not stops:
        line.route = None
        return
    shorter = trip.model_copy(update={"stops": stops, "leave_s": stop.departure_s})
    line.route = line.route.model_copy(update={"trips": (shorter,)})


def _send_home(board: Board, line: Line, end: str) -> None:
    to = board.travel.place(end)
    leg = board.travel.leg(line.mode, line.at, to)
    if not leg.reachable:  # closed roads: where the last visit was, until one opens
        return
    line.trips.append(Trip(
        start=line.leave_from or line.worker.start, leave_s=line.left[0],
        stops=tuple(line.stops), end=end, end_travel_s=leg.seconds,
        end_distance_m=leg.metres, end_s=line.free + leg.seconds,
    ))
    line.stops, line.left = [], []
    line.place, line.at, line.free = end, to, line.free + leg.seconds


def _without_first(trips: tuple[TripVisits, ...]) -> tuple[TripVisits, ...]:
    first = trips[0]
    if len(first.orders) == 1:
        return trips[1:]
    return (TripVisits(first.orders[1:], first.batches[1:]), *trips[1:])
