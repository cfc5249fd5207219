"""Random but plausible events for a running day; the same generator state gives the same event."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.domain.base import Window
from engine.domain.orders import EmergencyOrder, MealOrder, VisitOrder
from engine.live import events
from engine.live.day import LiveDay

_WEIGHTS = {
    "order_in": 20, "order_cancelled": 6, "order_changed": 5, "alarm": 10, "worker_on": 3,
    "worker_off": 2, "worker_late": 4, "worker_position": 10, "visit_started": 14,
    "visit_finished": 12, "visit_failed": 4, "road_slow": 1, "road_closed": 1,
    "kitchen_late": 2, "clock": 4,
}


def random_event(rng: np.random.Generator, day: LiveDay, id: str) -> Any:
    """Draw one event a few minutes on; now and then it is older than the day's latest."""
    kinds = list(_WEIGHTS)
    weights = np.array(list(_WEIGHTS.values()), dtype=float)
    kind = str(rng.choice(kinds, p=weights / weights.sum()))
    now = max(day.clock, 7 * 3_600)
    time = now + int(rng.integers(0, 900))
    if rng.random() < 0.1:
        time = max(0, now - int(rng.integers(0, 1_200)))
    fields = _fields(rng, day, kind, id, time)
    if fields is None:
        return events.Clock(id=id, time_s=time, kind="clock")
    return events.EVENT_KINDS[kind](id=id, time_s=time, kind=kind, **fields)


def _fields(
    rng: np.random.Generator, day: LiveDay, kind: str, id: str, time: int
) -> dict[str, Any] | None:
    board, problem = day.board, day.board.problem

    def pick(items: Any) -> Any:
        items = sorted(items)
        return items[int(rng.integers(len(items)))] if items else None

    client = pick(board.clients)
    worker = pick(board.by_worker)
    running = [
        (s.order, ln.worker.id) for ln in board.lines for s in (*ln.stops, *_last(ln))
        if s.start_s <= time and s.order not in board.closed
        and board.orders[s.order].kind != "emergency"
    ]
    if kind == "order_in":
        return {"order": _order(rng, f"N{id}", client, time)}
    if kind == "order_changed":
        old = pick(i for i in board.line_of if board.orders[i].kind == "visit")
        if old is None:
            return None
        return {"order": _visit(rng, old, board.orders[old].client, time)}
    if kind == "order_cancelled":
        order = pick(board.line_of)
        return None if order is None else {"order": order}
    if kind == "alarm":
        order = EmergencyOrder(
            id=f"A{id}", client=client, kind="emergency", received_s=time, response_s=1_500
        )
        return {"order": order}
    if kind in ("worker_on", "worker_off"):
        return {"worker": worker}
    if kind == "worker_late":
        return {"worker": worker, "until_s": time + int(rng.integers(60, 3_600))}
    if kind == "worker_position":
        node = int(rng.integers(board.travel.network.n_nodes))
        network = board.travel.network
        return {
            "worker": worker, "lon": float(network.node_lon[node]),
            "lat": float(network.node_lat[node]),
        }
    if kind == "kitchen_late":
        place = pick(board.loading)
        batch = pick(b.id for b in board.loading[place].batches)
        if batch is None:
            return None
        ready = next(b.ready_s for b in board.loading[place].batches if b.id == batch)
        return {"place": place, "batch": batch, "ready_s": ready + int(rng.integers(0, 1_800))}
    if kind in ("road_slow", "road_closed"):
        home = board.clients[client]
        where = {"lon": home.lon, "lat": home.lat}
        if kind == "road_closed":
            return {**where, "radius_m": 60}
        return {**where, "radius_m": 800, "factor": float(rng.choice([1.0, 1.5, 2.0]))}
    if kind == "clock" or not running:
        return None
    order, found = running[int(rng.integers(len(running)))]
    if kind == "visit_started" and rng.random() < 0.1:
        found = str(pick(w.id for w in problem.workers))
    return {"order": order, "worker": found}


def _last(line: Any) -> tuple[Any, ...]:
    return line.trips[-1].stops if line.trips else ()


def _visit(rng: np.random.Generator, id: str, client: str, time: int) -> VisitOrder:
    start = time + int(rng.integers(0, 4 * 3_600))
    service = str(rng.choice(["check_in", "errands", "personal_care", "companionship"]))
    return VisitOrder(
        id=id, client=client, kind="visit", service=service,
        service_duration_s=int(rng.integers(600, 3_600)),
        windows=(Window(start_s=start, end_s=start + int(rng.integers(600, 7_200))),),
    )


def _order(rng: np.random.Generator, id: str, client: str, time: int) -> VisitOrder | MealOrder:
    if rng.random() < 0.3:
        start = max(time, 11 * 3_600)
        return MealOrder(
            id=id, client=client, kind="meal",
            windows=(Window(start_s=start, end_s=start + 5_400),),
        )
    return _visit(rng, id, client, time)
