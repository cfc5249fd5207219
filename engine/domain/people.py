"""The second gate, people: whom clients know and refuse, and what an order is pinned to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.domain.faults import Words, fault
from engine.domain.orders import EmergencyOrder
from engine.domain.reading import Ledger, Reading
from engine.domain.words import clock, did_you_mean, personal, shown

_ENTITLEMENT = Words("entitlement", "额度")
#: Tells a reference to something that is not there: code, path, id.
Refer = Callable[[str, str, str], None]


def check_people(reading: Reading, ledger: Ledger, refer: Refer) -> None:
    """Tell references to nobody, and what contradicts itself.

    Whom a client knows is history, and may name people who are not at work that day.
    """
    clients = {c.id: c for _, _, c in reading.walk("clients")}
    workers = {w.id: w for _, _, w in reading.walk("workers")}
    for _, i, entry in reading.walk("clients"):
        for j, name in enumerate(entry.preferred_workers):
            path = f"clients[{i}].preferred_workers[{j}]"
            refer("E1107", path, name)
            if name in entry.refused_workers:
                ledger.add_unless_broken(
                    fault("E1041", path, worker=shown(name)), f"clients[{i}].refused_workers"
                )
    for _, i, entry in reading.walk("workers"):
        for j, name in enumerate(entry.refused_clients):
            refer("E1102", f"workers[{i}].refused_clients[{j}]", name)
    for _, i, order in reading.walk("orders"):
        if order.pin is None:
            continue
        path = f"orders[{i}].pin"
        pinned = None
        if order.pin.worker is not None:
            refer("E1107", f"{path}.worker", order.pin.worker)
            pinned = workers.get(order.pin.worker)
            if pinned is not None:
                _check_pinned_worker(path, order, pinned, clients.get(order.client), ledger)
        if order.pin.start_s is not None:
            _check_pinned_start(path, order, pinned, reading, ledger)


def check_entitlements(reading: Reading, ledger: Ledger, refer: Refer) -> None:
    """Tell entitlements that refer to nothing, limit nothing, or whose payer pays nothing."""
    payers = {order.payer for _, _, order in reading.walk("orders")}
    payers_known = reading.groups["orders"].complete("payer")
    first: dict[str, str] = {}
    for _, i, entry in reading.walk("entitlements"):
        base = f"entitlements[{i}]"
        kind = personal(entry.id)
        if kind:
            ledger.add_unless_broken(fault("E1011", f"{base}.id", kind=kind))
        earlier = first.setdefault(entry.id, base)
        if earlier != base:
            ledger.add_unless_broken(fault(
                "E1101", f"{base}.id", id=shown(entry.id), first=earlier, noun=_ENTITLEMENT
            ))
        if entry.client is not None:
            refer("E1102", f"{base}.client", entry.client)
        for j, service in enumerate(entry.services or ()):
            refer("E1103", f"{base}.services[{j}]", service)
        if entry.visits is None and entry.service_s is None:
            ledger.add_unless_broken(fault("E1706", base), f"{base}.visits", f"{base}.service_s")
        if entry.payer is not None and payers_known and entry.payer not in payers:
            near = did_you_mean(entry.payer, {p for p in payers if p})
            ledger.add_unless_broken(
                fault("E1707", f"{base}.payer", id=shown(entry.payer), suggestion=near)
            )


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
