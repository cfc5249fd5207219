"""A day's events as a city would send them, drawn from where the day is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

#: Shares of the kinds. Every visit that begins is reported, and when it ends; phones tell where
#: they are; an alarm every few minutes is many for a thousand workers.
SHARES = {
    "visit_started": 0.30, "visit_finished": 0.28, "worker_position": 0.16, "order_in": 0.10,
    "alarm": 0.06, "order_cancelled": 0.04, "order_changed": 0.02, "visit_failed": 0.02,
    "worker_late": 0.01, "worker_off": 0.004, "worker_on": 0.005, "kitchen_late": 0.001,
}
#: The events of a day are spread over these hours.
FROM_H, TO_H = 8.0, 17.0


class LogWriter:
    """Draws one event after the other; the same day and seed give the same log.

    Parameters
    ----------
    day : the day that the events are for; a started visit must be one that could start.
    n : how many events the day will have.
    seed : of all that is drawn.
    """

    def __init__(self, day: Any, n: int, seed: int) -> None:
        self.day, self.rng = day, np.random.default_rng(seed)
        self.step = (TO_H - FROM_H) * 3_600 / n
        self.time, self.count = FROM_H * 3_600, 0
        self.running: dict[str, tuple[str, int]] = {}  # order -> worker, planned end
        self.clients = sorted(day.board.clients)
        self.workers = sorted(day.board.by_worker)
        self.kinds = list(SHARES)
        self.weights = np.array(list(SHARES.values()))
        self.weights /= self.weights.sum()

    def warm_up(self) -> Iterator[Any]:
        """Give one event of each costly sort before the clock is looked at."""
        for kind in ("order_in", "alarm", "order_cancelled"):
            yield self._event(kind)

    def draw(self) -> Any:
        """Draw the next event."""
        self.time += self.step
        return self._event(str(self.rng.choice(self.kinds, p=self.weights)))

    def _event(self, kind: str) -> Any:
        from engine.live.events import EVENT_KINDS

        self.count += 1
        now = int(self.time)
        fields = self._fields(kind, now)
        if fields is None:
            kind, fields = "clock", {}
        return EVENT_KINDS[kind](id=f"e{self.count}", time_s=now, kind=kind, **fields)

    def _fields(self, kind: str, now: int) -> dict[str, Any] | None:
        from engine.domain.base import Window
        from engine.domain.orders import EmergencyOrder, VisitOrder

        rng, board = self.rng, self.day.board
        client = self.clients[int(rng.integers(len(self.clients)))]
        worker = self.workers[int(rng.integers(len(self.workers)))]
        if kind == "alarm":
            return {"order": EmergencyOrder(
                id=f"A{self.count}", client=client, kind="emergency", received_s=now,
                channel="button",
            )}
        if kind in ("order_in", "order_changed"):
            start = now + int(rng.integers(1, 16)) * 900
            service = str(rng.choice(["check_in", "errands", "medicine", "personal_care"]))
            window = Window(start_s=start, end_s=start + 7_200)
            if kind == "order_in":
                return {"order": VisitOrder(
                    id=f"N{self.count}", client=client, kind="visit", service=service,
                    windows=(window,), channel="hotline",
                )}
            old = self._open_order("visit")
            if old is None:
                return None
            return {"order": board.orders[old].model_copy(update={"windows": (window,)})}
        if kind == "order_cancelled":
            order = self._open_order(None)
            return None if order is None else {"order": order}
        if kind == "worker_position":
            network = board.travel.network
            node = int(rng.integers(network.n_nodes))
            return {"worker": worker, "lon": float(network.node_lon[node]),
                    "lat": float(network.node_lat[node])}
        if kind in ("worker_on", "worker_off"):
            return {"worker": worker}
        if kind == "worker_late":
            return {"worker": worker, "until_s": now + int(rng.integers(5, 40)) * 60}
        if kind == "kitchen_late":
            place = board.loading[sorted(board.loading)[int(rng.integers(len(board.loading)))]]
            if not place.batches:
                return None
            batch = place.batches[int(rng.integers(len(place.batches)))]
            return {"place": place.id, "batch": batch.id, "ready_s": batch.ready_s + 600}
        if kind == "visit_started":
            return self._start(now)
        return self._end(kind, now)

    def _open_order(self, kind: str | None) -> str | None:
        board = self.day.board
        for _ in range(30):
            line = board.lines[int(self.rng.integers(len(board.lines)))]
            orders = [i for i in line.orders if kind in (None, board.orders[i].kind)]
            if orders:
                return str(orders[int(self.rng.integers(len(orders)))])
        return None

    def _start(self, now: int) -> dict[str, Any] | None:
        """Find a visit that is due about now, of a carer who is not at another."""
        board = self.day.board
        for _ in range(60):
            line = board.lines[int(self.rng.integers(len(board.lines)))]
            for stop in line.stops:
                if abs(stop.start_s - now) < 900 and stop.order not in board.actual and (
                    stop.order not in board.closed
                ) and board.orders[stop.order].kind == "visit" and line.tracked is None:
                    self.running[stop.order] = (line.worker.id, now + stop.departure_s
                                                - stop.start_s)
                    return {"order": stop.order, "worker": line.worker.id}
        return None

    def _end(self, kind: str, now: int) -> dict[str, Any] | None:
        for order, (worker, end) in list(self.running.items()):
            if order in self.day.board.closed:
                del self.running[order]
            elif end <= now + 300:
                del self.running[order]
                return {"order": order, "worker": worker}
        return None
