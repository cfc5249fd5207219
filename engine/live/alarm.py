"""Who goes to an alarm: first who is there first, over the streets, with the skill.

Everybody who may help is looked at from where and when they can go: idle where they are; on the way
to a client, from the last reported position, or else from the door they are going to; at work, when
that visit ends, which may be later than planned, so somebody who is free goes before them unless
that is ``unsure_s`` later; on a trip with meals, when it is over. A visit that runs is broken off
only where nobody else can be there in time, and where the policy lets it be; then, too, somebody
may work longer than the shift. On the way to an alarm nobody turns round.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.orders import EmergencyOrder
from engine.domain.plan import Stop
from engine.gaps import Ints
from engine.live.answers import AlarmAnswer, Cover, Delay, Responder
from engine.live.board import Board
from engine.live.cover import (
    Districts,
    Reach,
    find_districts,
    find_reach,
    keep_cover,
    ways_to,
)
from engine.live.line import NEVER
from engine.live.timeline import (
    ALARM,
    AT_ALARM,
    AT_WORK,
    HOME,
    IDLE,
    MEALS,
    ON_MEALS,
    ON_THE_WAY,
    STAND,
    STATES,
    VISIT,
    Act,
    Whereabouts,
)
from engine.visits import nominal_duration, permille_of, start_windows
from solvers.model import service_time

#: A reported position counts so long; then the worker is somewhere else.
_FRESH_S = 300
#: How many are told: who goes, the second and the third.
_TOLD = 3
#: Of all who can go; a worker may be among them once a shift.
_LOOKED_AT = 16


class Candidate(NamedTuple):
    """A line that can go: when it is there, and whether it breaks off a visit for it."""

    line: int
    arrival: int
    ready: int
    at: int
    breaks: bool


class Dispatcher:
    """Answers alarms from a board."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.districts: Districts = find_districts(board.clients, board.travel)
        lines = board.lines
        self._ways: tuple[int, dict[str, NDArray[np.int32]]] | None = None
        self._modes = np.array([ln.mode for ln in lines], dtype=object)
        self._workers = [ln.worker.id for ln in lines]
        self._permille = np.array([permille_of(ln.worker) for ln in lines], dtype=np.int64)
        travel = board.travel
        if board.roads.has_streets and len(travel.lon):  # made now, not in the first alarm
            for mode in board.roads.modes:
                board.roads.seconds_from(mode, [(travel.lon[0], travel.lat[0])], 0)

    def answer(
        self, order: EmergencyOrder, now: int, *, life_threatening: bool = False
    ) -> tuple[AlarmAnswer, Candidate | None]:
        """Find who goes, and what that means for others and for the cover; changes nothing.

        Parameters
        ----------
        now : no earlier than the board's clock, which need not have run so far.

        Returns
        -------
        answer : for the dispatcher.
        chosen : for :meth:`send`; None: nobody can.
        """
        board = self.board
        policy = board.policy
        due = order.received_s + order.response_s
        where = board.timeline.whereabouts(now, policy.overrun_s, policy.interrupt_rank)
        able = board.able(order) & board.timeline.is_on
        lines = np.flatnonzero(able & (board.timeline.ends > now))
        to = board.travel.client(order.client)
        found = self._candidates(order, to, lines, where, now)
        if not found or found[0].arrival > due:
            found = self._candidates(order, to, lines, where, now, may_break=True)
        told = []
        for one in _one_a_worker(found, self._workers)[:_TOLD]:
            told.append(self._responder(one, order, to, where, due, now))
        sent = told[0] if told else None
        in_time = sent is not None and sent.in_time
        cover = self._cover(where, lines, found[0].line if found else None, now)
        answer = AlarmAnswer(
            order.id, due, sent, tuple(told[1:]), life_threatening or not in_time, cover
        )
        return answer, found[0] if found else None

    def _candidates(
        self, order: EmergencyOrder, to: int, lines: Ints, where: Whereabouts, now: int,
        *, may_break: bool = False,
    ) -> list[Candidate]:
        """List who can be there and home before the shift is over, the first one first."""
        board = self.board
        timeline, travel = board.timeline, board.travel
        at, ready = where.at[lines], where.ready[lines].copy()
        breaks = where.breaks[lines] & may_break
        ready[breaks] = now
        modes = self._modes[lines]
        arrival = np.full(len(lines), NEVER, dtype=np.int64)
        back = np.zeros(len(lines), dtype=np.int64)
        home = timeline.home[lines]
        for mode, seconds in travel.seconds.items():
            mine = np.flatnonzero(modes == mode)
            arrival[mine] = ready[mine] + seconds[at[mine], to]
            # Whom closed roads keep from home anyway may go: that is no reason to stay.
            stuck = seconds[at[mine], home[mine]] >= geodata.UNREACHABLE
            back[mine] = np.where((home[mine] < 0) | stuck, 0, seconds[to, home[mine]])
        self._from_positions(to, lines, where, now, arrival)
        nominal = np.int64(nominal_duration(board.problem, order))
        service = service_time(nominal, self._permille[lines])
        start = np.maximum(arrival, order.received_s)
        ends = timeline.ends[lines]
        if may_break:  # nobody is in time as it is: somebody works longer
            ends = np.maximum(ends, timeline.shift_ends[lines] + board.policy.alarm_overtime_s)
        can = (start + service + back <= ends) & (arrival < geodata.UNREACHABLE)
        can &= back < geodata.UNREACHABLE
        likely = arrival + board.policy.unsure_s * (
            np.isin(where.state[lines], (AT_WORK, ON_MEALS, AT_ALARM)) & ~breaks
        )
        order_of = np.lexsort((lines, breaks, likely))
        return [
            Candidate(
                int(lines[k]), int(arrival[k]), int(ready[k]), int(at[k]), bool(breaks[k])
            )
            for k in order_of[can[order_of]][:_LOOKED_AT].tolist()
        ]

    def _from_positions(
        self, to: int, lines: Ints, where: Whereabouts, now: int, arrival: Ints
    ) -> None:
        """Let those on the way, with a fresh position, turn round where they are.

        One search backward from the alarm, for each mode, tells the way from all of them.
        """
        fresh: dict[str, list[int]] = {}
        for k in np.flatnonzero(where.state[lines] == ON_THE_WAY).tolist():
            line = self.board.lines[int(lines[k])]
            if line.seen is None or line.seen[2] < now - _FRESH_S:
                continue
            act = self.board.timeline.acts[line.index][int(where.act[line.index])]
            if act.kind in (VISIT, HOME, STAND) and act.left <= line.seen[2] and now < act.arrive:
                fresh.setdefault(line.mode, []).append(k)
        for mode, which in fresh.items():
            seen = [self.board.lines[int(lines[k])].seen for k in which]
            places = [(s[0], s[1]) for s in seen if s is not None]
            arrival[which] = now + self.board.roads.seconds_from(mode, places, to)

    def _responder(
        self, one: Candidate, order: EmergencyOrder, to: int, where: Whereabouts, due: int,
        now: int,
    ) -> Responder:
        line = self.board.lines[one.line]
        left = self._left(one, where, now)
        acts = self.board.timeline.acts[one.line]
        broken = acts[int(where.act[one.line])].order if one.breaks else None
        state = "interrupted" if one.breaks else STATES[int(where.state[one.line])]
        return Responder(
            line.worker.id, line.shift.id, one.arrival, one.arrival <= due, state,
            self._delays(one, order, to, left), broken,
        )

    def _left(self, one: Candidate, where: Whereabouts, now: int) -> list[Act]:
        """List what the worker still has to do after the alarm."""
        k = int(where.act[one.line])
        if k < 0:
            return []
        acts = self.board.timeline.acts[one.line]
        state = int(where.state[one.line])
        goes_on = state != AT_WORK or one.breaks
        if acts[k].kind == ALARM or (acts[k].kind == MEALS and acts[k].left <= now):
            goes_on = False  # these are brought to their end first
        return [a for a in acts[k if goes_on else k + 1 :] if a.kind not in (HOME, STAND)]

    def _delays(
        self, one: Candidate, order: EmergencyOrder, to: int, left: list[Act]
    ) -> tuple[Delay, ...]:
        """Tell whom it would delay by how much, if nobody else took anything over."""
        board = self.board
        line = board.lines[one.line]
        seconds = board.travel.seconds[line.mode]
        permille = int(self._permille[one.line])
        clock = max(one.arrival, order.received_s)
        clock += int(service_time(nominal_duration(board.problem, order), permille))
        at = to
        delays = []
        for act in left:
            if act.kind not in (VISIT, ALARM):  # a trip with meals: loading again takes its time
                clock = max(clock + int(seconds[at, act.at]), act.left) + act.depart - act.start
                at = act.at
                continue
            arrive = clock + int(seconds[at, act.at])
            windows = start_windows(board.orders[act.order])
            start = next((max(arrive, a) for a, b in windows if arrive <= b), arrive)
            if start > act.start:
                late = not any(a <= start <= b for a, b in windows)
                client = board.orders[act.order].client
                delays.append(Delay(act.order, client, start - act.start, late))
            elif start <= act.start:
                break  # a wait has taken up the delay
            clock, at = start + act.depart - act.start, act.at
        return tuple(delays)

    def _cover(
        self, where: Whereabouts, able: Ints, sent: int | None, now: int
    ) -> Cover:
        if not len(self.districts.names):
            return Cover(kept=True)
        board = self.board
        if self._ways is None or self._ways[0] != board.roads.version:
            self._ways = (board.roads.version, ways_to(self.districts, board.travel))
        soon = where.ready[able] <= now + board.policy.standard_s
        begun = able[(board.timeline.begins[able] <= now) & (soon | (able == sent))]
        reach: Reach = find_reach(
            self._ways[1], self._modes, begun, where.at, where.ready, now,
            board.policy.standard_s,
        )
        idle = where.state[begun] == IDLE
        return keep_cover(self.districts, reach, sent, idle, self._workers)

    # -- going ---------------------------------------------------------------------------------

    def send(self, order: EmergencyOrder, one: Candidate) -> None:
        """Make the chosen worker go: what was before them waits, or is for others."""
        board = self.board
        now, line = board.clock, board.lines[one.line]
        where = board.timeline.whereabouts(now, board.policy.overrun_s, board.policy.interrupt_rank)
        state, k = int(where.state[one.line]), int(where.act[one.line])
        acts = board.timeline.acts[one.line]
        board.note(line.orders)
        board.note(s.order for s in line.stops)
        left = one.ready
        if not line.whole_trips:
            act = acts[k] if k >= 0 else None
            cut = len(line.stops)
            if act is not None and act.kind == HOME and act.left <= now and not line.stops:
                _turn_from_home(board, one.line)
                cut = len(line.stops)
            elif act is not None:
                at_stop = line.stop_of(act.order)
                if at_stop is not None:
                    cut = at_stop
                    if act.kind == ALARM:
                        cut += 1
                    elif state == AT_WORK:
                        cut += 1
                        if one.breaks:
                            self._break_off(line.index, at_stop)
            trips = board.loosen(line, cut)
            board.set_rest(line, trips)
            if state == ON_THE_WAY:
                left = now
        start = max(one.arrival, order.received_s)
        permille = permille_of(line.worker)
        depart = start + int(service_time(nominal_duration(board.problem, order), permille))
        stop = _stop(board, order, line.index, one.arrival, start, depart)
        if not line.stops:
            line.leave_from = line.place
        line.stops.append(stop)
        line.left.append(min(left, one.arrival))
        line.tracked = None
        board.line_of[order.id] = line.index
        home = line.end_place
        back = 0 if home is None else board.travel.leg(
            line.mode, board.travel.client(order.client), board.travel.place(home)
        ).seconds
        line.end_s = max(line.end_s, depart + back)
        at = board.travel.client(order.client)
        if line.whole_trips:  # loading is where every trip begins
            begin = board.travel.place(line.worker.start)
            leg = board.travel.leg(line.mode, at, begin)
            line.place, line.at, line.free = line.worker.start, begin, depart + leg.seconds
        else:
            board.anchor(line, at, depart)
        board.settle(line)

    def _break_off(self, index: int, k: int) -> None:
        """End a running visit now, and put what is left of it among the orders."""
        board = self.board
        line = board.lines[index]
        stop = line.stops[k]
        order = board.orders[stop.order]
        left = max(stop.departure_s - board.clock, 60)
        line.stops[k] = stop.model_copy(update={"departure_s": board.clock})
        board.closed[order.id] = "finished"
        board.actual.setdefault(order.id, [stop.start_s, None, None])[1] = board.clock
        rest = order.model_copy(update={
            "id": f"{order.id[:58]}.rest", "service_duration_s": left, "windows": (), "pin": None,
            "optional": False, "prize_cents": None,
        })
        board.orders[rest.id] = rest
        board.waiting[rest.id] = "interrupted"
        board.fresh.append(rest.id)


def _turn_from_home(board: Board, index: int) -> None:
    """Open the trip again of somebody who was on the way home."""
    line = board.lines[index]
    trip = line.trips.pop()
    line.stops = list(trip.stops)
    before = [trip.leave_s, *(s.departure_s for s in trip.stops[:-1])]
    line.left = before
    line.leave_from = trip.start


def _stop(
    board: Board, order: EmergencyOrder, index: int, arrival: int, start: int, depart: int
) -> Stop:
    line = board.lines[index]
    at = board.travel.client(line.stops[-1].client) if line.stops else line.at
    leg = board.travel.leg(line.mode, at, board.travel.client(order.client))
    return Stop(
        order=order.id, client=order.client, travel_s=leg.seconds, distance_m=leg.metres,
        arrival_s=arrival, start_s=start, departure_s=depart,
    )


def _one_a_worker(found: list[Candidate], workers: list[str]) -> list[Candidate]:
    seen: set[str] = set()
    kept = []
    for one in found:
        if workers[one.line] not in seen:
            seen.add(workers[one.line])
            kept.append(one)
        if len(kept) == _TOLD:
            break
    return kept
