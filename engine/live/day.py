"""A running day: the pure fold of its log.

``LiveDay(problem, plan, travel)`` then ``apply(event)`` for each event; the same log gives the same
day, whenever and wherever it is replayed. Nothing else changes a day: what a background search has
found comes in as an event too (``redirected``).

How contradictions are settled
------------------------------
- *Repeated*: an event whose id was accepted before changes nothing (``repeated``); with another
  content it is refused (E1901).
- *Future*: later than it was received by more than ``future_s`` is refused (E1902).
- *Late*: what happened before the day's latest event keeps its own time, while plans are made from
  the latest on (N1905); older than ``late_s`` is refused (E1903). A position that is older than the
  one known is ``superseded``.
- *Unknown* order, worker, client or batch: refused (E1911 to E1916).
- *Finish without start*: taken to have begun as planned, or at the end if that is earlier (N1903).
- *Finish before start*, or anything about an order that is over: refused (E1921, E1922).
- *Start by somebody else*: who is at the door does it (N1904); a finish or a failure by somebody
  else than who began is refused (E1924).
- *A start while another visit runs*: that one ended by then (N1907); its own finish may still come.
- *An alarm that was received after it was sent* is refused as the future is (E1902).
- *An evaluation of what is not done* is refused (E1929); of two the later told holds.
- *On when on, off when off*: nothing changes (N1906).
A refused event leaves no trace, so it may be corrected and sent again under its id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from engine.domain.plan import Plan
from engine.domain.words import clock
from engine.errors import Fault, InputError
from engine.live.answers import Outcome
from engine.live.events import event_data
from engine.live.handlers import HANDLERS
from engine.live.refusals import Refused, note
from engine.live.repair import mend
from engine.live.rest import Rest, check_rest, rest_of, whole_plan
from engine.live.state import DayState
from engine.rules import Violation

__all__ = ["LiveDay"]


class LiveDay(DayState):
    """The state of a day after some events."""

    @property
    def clock(self) -> int:
        """Moment of the latest event."""
        return self.board.clock

    def apply(self, event: Any, received_s: int | None = None) -> Outcome:
        """Take in one event and answer with what changed.

        Parameters
        ----------
        event : one of ``engine.live.events``.
        received_s : the moment at which it came; None: not known, as in a replay.
        """
        digest = hashlib.blake2b(orjson.dumps(event_data(event)), digest_size=16).digest()
        if event.id in self.seen:
            if self.seen[event.id] == digest:
                return Outcome(event.id, "repeated", (note("N1901", "id"),))
            return Outcome(event.id, "refused", (note("E1901", "id", id=event.id),))
        board = self.board
        notes: list[Fault] = []
        try:
            self._check_time(event, received_s, notes)
            status, found = HANDLERS[type(event)](self, event, notes)
        except Refused as refused:
            return Outcome(event.id, "refused", (refused.fault,))
        except InputError as error:  # a new point that is off the roads
            return Outcome(event.id, "refused", error.faults)
        self.seen[event.id] = digest
        mend(board)
        moved, delayed, unserved = board.collect()
        return Outcome(
            event.id, status, tuple(notes), moved, delayed, unserved,
            self.alarms.get(event.order.id) if event.kind == "alarm" else None, found,
        )

    def apply_all(self, events: Iterable[Any]) -> list[Outcome]:
        """Take in events one after the other."""
        return [self.apply(event) for event in events]

    def plan(self) -> Plan:
        """Give the day as it went and as it will go."""
        return whole_plan(self.board)

    def rest(self) -> Rest:
        """Give what is not yet history, as a problem and a plan of its own."""
        return rest_of(self.board)

    def check(self) -> list[Violation]:
        """Read what is not yet history against every promise; empty when all are kept."""
        return check_rest(self.board)

    def worker(self, worker_id: str) -> dict[str, Any] | None:
        """Tell what one worker sees: every stop of the day with its state; None: no such worker."""
        board = self.board
        lines = board.by_worker.get(worker_id)
        if lines is None:
            return None
        stops = []
        for line in lines:
            fixed = {s.order for s in line.stops} | {s.order for t in line.trips for s in t.stops}
            for stop in board.stops_of(line):
                start, end, _ = board.actual.get(stop.order, (None, None, None))
                state = board.closed.get(stop.order) or (
                    "running" if start is not None
                    else "fixed" if stop.order in fixed else "planned"
                )
                stops.append({
                    "shift": line.shift.id, "state": state, **stop.model_dump(mode="json"),
                    "started_s": start, "finished_s": end,
                    "delayed_s": board.delays.get(stop.order, 0),
                })
        return {
            "worker": worker_id, "clock_s": board.clock,
            "on": any(ln.is_on for ln in lines), "stops": stops,
        }

    @property
    def fingerprint(self) -> str:
        """Hash of all that the day knows: equal for equal logs."""
        board = self.board
        state = {
            "plan": self.plan().model_dump(mode="json"), "closed": board.closed,
            "waiting": board.waiting, "actual": board.actual, "delays": board.delays,
            "clock": board.clock, "seen": sorted(self.seen),
            "on": [ln.is_on for ln in board.lines],
        }
        digest = hashlib.sha256(orjson.dumps(state, option=orjson.OPT_SORT_KEYS))
        return digest.hexdigest()[:32]

    def _check_time(self, event: Any, received_s: int | None, notes: list[Fault]) -> None:
        now = self.board.clock
        if received_s is not None and event.time_s > received_s + self.policy.future_s:
            raise Refused("E1902", "time_s", time=clock(event.time_s), now=clock(received_s))
        if event.time_s < now:
            if event.time_s < now - self.policy.late_s:
                raise Refused(
                    "E1903", "time_s", time=clock(event.time_s), now=clock(now),
                    limit=self.policy.late_s // 60,
                )
            notes.append(note("N1905", "time_s", time=clock(event.time_s), now=clock(now)))
