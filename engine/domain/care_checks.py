"""The second gate, teams and working rules: what contradicts itself or cannot be used together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from engine.domain.faults import fault
from engine.domain.orders import VisitOrder, member_id
from engine.domain.reading import Ledger, Reading
from engine.domain.services import SERVICES
from engine.domain.teams import TEAM_SIZES, TeamMember
from engine.domain.words import clock, shown
from engine.domain.workers import Shift

#: Nobody walks further from door to door while the vehicle stands.
MAX_COMPOUND_M = 1_500
#: Metres of a degree of latitude, roughly: enough to find a mistyped point.
_M_PER_DEGREE = 111_000


def check_care(reading: Reading, ledger: Ledger) -> None:
    """Tell teams, sequences, breaks, limits and compounds that cannot be meant."""
    for _, i, service in reading.walk("services"):
        path = f"services[{i}].team"
        if service.team and service.kind != "visit":
            ledger.add_unless_broken(fault("E1063", path, kind=service.kind))
        else:
            _check_team(path, service.team, ledger)
    orders = [(i, o) for _, i, o in reading.walk("orders") if isinstance(o, VisitOrder)]
    teams = {s.id for s in SERVICES if s.team}
    for _, _, service in reading.walk("services"):
        (teams.add if service.team else teams.discard)(service.id)
    for i, order in orders:
        if order.team:
            _check_team(f"orders[{i}].team", order.team, ledger)
        has_team = order.service in teams if order.team is None else order.team
        if has_team and order.pin is not None and order.pin.worker is not None:
            ledger.add_unless_broken(fault("E1064", f"orders[{i}].pin.worker"))
    _check_after([(i, o) for i, o in orders if o.after is not None], ledger)
    fair = reading.raw.get("fair_load_cents_per_hour")
    for _, i, worker in reading.walk("workers"):
        _check_worker(f"workers[{i}]", worker, ledger)
        if worker.regular_s is not None and fair:
            ledger.add_unless_broken(
                fault("E1236", f"workers[{i}].regular_s"), "fair_load_cents_per_hour"
            )
    _check_compounds(reading, ledger)


def _check_team(path: str, team: tuple[TeamMember, ...], ledger: Ledger) -> None:
    least, most = TEAM_SIZES
    if team and not least <= len(team) <= most:
        ledger.add_unless_broken(fault("E1060", path, least=least, most=most, found=len(team)))
    names = [member_id(team, k) for k in range(len(team))]
    for k, name in enumerate(names):
        if name in names[:k]:
            ledger.add_unless_broken(fault("E1061", f"{path}[{k}].id", id=shown(name)))


def _check_after(orders: list[tuple[int, Any]], ledger: Ledger) -> None:
    before = {order.id: order.after.order for _, order in orders}
    for i, order in orders:
        after, path = order.after, f"orders[{i}].after"
        if after.same_worker and after.different_worker:
            ledger.add_unless_broken(fault("E1062", f"{path}.different_worker"))
        if after.max_gap_s < after.min_gap_s:
            ledger.add_unless_broken(
                fault("E1230", f"{path}.max_gap_s", least=after.min_gap_s, most=after.max_gap_s)
            )
        # Everything before it, until the chain ends or closes.
        seen, at = set(), order.id
        while at in before and at not in seen:
            seen.add(at)
            at = before[at]
        if at == order.id:
            ledger.add_unless_broken(fault("E1131", f"{path}.order"))


def _check_worker(base: str, worker: Any, ledger: Ledger) -> None:
    for j, shift in enumerate(worker.shifts):
        if shift.breaks:
            _check_breaks(f"{base}.shifts[{j}]", shift, ledger)
    if worker.min_rest_s:
        in_order = sorted(
            (shift.start_s, shift.end_s, j) for j, shift in enumerate(worker.shifts)
        )
        for (_, end, a), (start, _, b) in pairwise(in_order):
            if end <= start < end + worker.min_rest_s:  # those that overlap are told already
                ledger.add_unless_broken(fault(
                    "E1234", f"{base}.shifts[{b}]", found=start - end, least=worker.min_rest_s,
                    other=shown(worker.shifts[a].id),
                ))
    if worker.overtime_per_hour_cents and worker.regular_s is None:
        ledger.add_unless_broken(fault("E1235", f"{base}.regular_s"))


def _check_breaks(base: str, shift: Shift, ledger: Ledger) -> None:
    free = 0
    for k, pause in enumerate(shift.breaks):
        path = f"{base}.breaks[{k}]"
        if pause.late_s < pause.early_s:
            ledger.add_unless_broken(fault(
                "E1231", f"{path}.late_s", early=clock(pause.early_s), late=clock(pause.late_s)
            ))
        elif pause.late_s < shift.start_s or pause.early_s + pause.length_s > shift.end_s:
            ledger.add_unless_broken(
                fault("E1232", path, start=clock(shift.start_s), end=clock(shift.end_s)),
                f"{base}.end_s",
            )
        elif pause.late_s < free:
            ledger.add_unless_broken(
                fault("E1233", path, late=clock(pause.late_s), free=clock(free))
            )
        free = max(free, pause.early_s) + pause.length_s


def _check_compounds(reading: Reading, ledger: Ledger) -> None:
    first: dict[str, Any] = {}
    for _, i, client in reading.walk("clients"):
        if client.compound is None:
            continue
        other = first.setdefault(client.compound, client)
        # Degrees of longitude are never longer than those of latitude: half of it is surely near.
        far = max(abs(client.lat - other.lat), 0.5 * abs(client.lon - other.lon)) * _M_PER_DEGREE
        if far > MAX_COMPOUND_M:
            ledger.add_unless_broken(fault(
                "E1410", f"clients[{i}].compound", id=shown(client.compound),
                limit_m=MAX_COMPOUND_M,
            ))
