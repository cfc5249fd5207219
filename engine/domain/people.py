"""The second gate, people: whom clients know and refuse, and what an order is pinned to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.domain.faults import Words, fault
from engine.domain.orders import EmergencyOrder
from engine.domain.reading import Ledger, Reading
from engine.domain.words import clock, shown

#: Tells a reference to something that is not there: code, path, id.
Refer = Callable[[str, str, str], None]


def check_people(reading: Reading, ledger: Ledger, worker: Refer, client: Refer) -> None:
    """Tell references to nobody, and what contradicts itself.

    Whom a client knows is history, and may name people who are not at work that day.
    """
    clients = {c.id: c for _, _, c in reading.walk("clients")}
    workers = {w.id: w for _, _, w in reading.walk("workers")}
    for _, i, entry in reading.walk("clients"):
        for j, name in enumerate(entry.preferred_workers):
            path = f"clients[{i}].preferred_workers[{j}]"
            worker("E1107", path, name)
            if name in entry.refused_workers:
                ledger.add_unless_broken(
                    fault("E1041", path, worker=shown(name)), f"clients[{i}].refused_workers"
                )
    for _, i, entry in reading.walk("workers"):
        for j, name in enumerate(entry.refused_clients):
            client("E1102", f"workers[{i}].refused_clients[{j}]", name)
    for _, i, order in reading.walk("orders"):
        if order.pin is None:
            continue
        path = f"orders[{i}].pin"
        pinned = None
        if order.pin.worker is not None:
            worker("E1107", f"{path}.worker", order.pin.worker)
            pinned = workers.get(order.pin.worker)
            if pinned is not None:
                _check_pinned_worker(path, order, pinned, clients.get(order.client), ledger)
        if order.pin.start_s is not None:
            _check_pinned_start(path, order, pinned, reading, ledger)


def _check_pinned_worker(path: str, order: Any, worker: Any, client: Any, ledger: Ledger) -> None:
    name = shown(worker.id)
    refused = client is not None and worker.id in client.refused_workers
    if refused or order.client in worker.refused_clients:
        ledger.add_unless_broken(fault("E1042", f"{path}.worker", worker=name))
    elif order.gender is not None and worker.gender not in (None, order.gender):
        ledger.add_unless_broken(fault("E1043", f"{path}.worker", worker=name))


def _check_pinned_start(
    path: str, order: Any, worker: Any, reading: Reading, ledger: Ledger
) -> None:
    start, base = order.pin.start_s, path.removesuffix(".pin")
    open_ = not order.windows or any(w.start_s <= start <= w.end_s for w in order.windows)
    if isinstance(order, EmergencyOrder):
        open_ &= order.received_s <= start <= order.received_s + order.response_s
    if not open_:
        ledger.add_unless_broken(
            fault("E1221", f"{path}.start_s", start=clock(start)),
            f"{base}.windows", f"{base}.received_s", f"{base}.response_s",
        )
        return
    if not reading.groups["workers"].complete("shifts"):
        return
    people = [worker] if worker else [w for _, _, w in reading.walk("workers")]
    if people and not any(s.start_s <= start <= s.end_s for w in people for s in w.shifts):
        who = Words("nobody is", "无人")
        if worker:
            who = Words(f"worker {shown(worker.id).en} is not", f"服务人员{shown(worker.id).zh}未")
        ledger.add_unless_broken(fault("E1222", f"{path}.start_s", start=clock(start), who=who))
