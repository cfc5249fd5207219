"""The second gate: ids, references, loads, and fields that only go together.

Only what cannot be meant is a fault. An order that nobody can serve is a result with a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from engine.domain.faults import Words, fault
from engine.domain.orders import BaseOrder, MealOrder, VisitOrder
from engine.domain.people import check_entitlements, check_people
from engine.domain.reading import Ledger, Reading
from engine.domain.services import SERVICES, SKILLS, Service
from engine.domain.suspicions import odd_point
from engine.domain.teams import TeamMember
from engine.domain.words import did_you_mean, listing, personal, shown

FACILITIES = ("centres", "kitchens", "meal_points", "places")
LOADING = ("kitchens", "meal_points")

_ORDER = Words("order", "工单")
_BATCH = Words("batch", "批次")
_SHIFT = Words("shift", "班次")
#: Groups that share one space of ids, and what their entries are called.
_ID_SPACES: tuple[tuple[tuple[str, ...], Words], ...] = (
    (("skills",), Words("skill", "技能")),
    (("services",), Words("service", "服务项目")),
    (("clients",), Words("client", "服务对象")),
    (FACILITIES, Words("centre, kitchen, meal point or place", "中心、厨房、助餐点或地点")),
    (("vehicles",), Words("vehicle", "车辆")),
    (("workers",), Words("worker", "服务人员")),
    (("orders",), _ORDER),
)


def check_references(reading: Reading, ledger: Ledger) -> None:
    """Tell every id that is used twice or looks personal, and every reference to nothing."""
    for groups, noun in _ID_SPACES:
        walk = ((f"{name}[{i}]", entity.id) for name, i, entity in reading.walk(*groups))
        _check_ids(walk, noun, ledger)
    _check_points(reading, ledger)
    known = _Known(reading, ledger)
    _check_catalogue(reading, known)
    _check_workers(reading, known, ledger)
    _check_orders(reading, known, ledger)
    check_people(reading, ledger, known.refer)
    check_entitlements(reading, ledger, known.refer)


def _check_ids(ids: Iterable[tuple[str, str]], noun: Words, ledger: Ledger) -> None:
    first: dict[str, str] = {}
    for path, identity in ids:
        kind = personal(identity)
        if kind:
            ledger.add_unless_broken(fault("E1011", f"{path}.id", kind=kind))
        earlier = first.setdefault(identity, path)
        if earlier is not path:
            ledger.add_unless_broken(
                fault("E1101", f"{path}.id", id=shown(identity), first=earlier, noun=noun)
            )


def _check_points(reading: Reading, ledger: Ledger) -> None:
    for name, i, entity in reading.walk("clients", *FACILITIES):
        found = odd_point(f"{name}[{i}].lat", entity.lon, entity.lat)
        if found:
            ledger.add_unless_broken(found)


class _Anything(frozenset[str]):
    """Stand in for ids that could not be read: no reference to one of them is unknown."""

    def __contains__(self, item: object) -> bool:
        return True


class _Known:
    """What may be referred to, per subject."""

    def __init__(self, reading: Reading, ledger: Ledger) -> None:
        self._ledger = ledger
        self.skills = self._ids(reading, "skills", also=(s.id for s in SKILLS))
        self.services = self._ids(reading, "services", also=(s.id for s in SERVICES))
        self.clients = self._ids(reading, "clients")
        self.facilities = self._ids(reading, *FACILITIES)
        self.loading = self._ids(reading, *LOADING)
        self.vehicles = self._ids(reading, "vehicles")
        self.workers = self._ids(reading, "workers")
        self.orders = self._ids(reading, "orders")
        self.diets = _diets(reading)
        self.dimensions = _dimensions(reading)
        # Rows that are broken themselves say nothing reliable about their kind.
        kinds_known = reading.groups["services"].complete("kind")
        own: list[Service] = [s for _, _, s in reading.walk("services")]
        self.service_kinds = {s.id: s.kind for s in (*SERVICES, *own)} if kinds_known else {}

    def refer(self, code: str, path: str, identity: str) -> None:
        """Tell a reference to nobody: a client, worker or service by the code of the fault."""
        ids = {"E1102": self.clients, "E1103": self.services, "E1107": self.workers}
        self.check(code, path, identity, ids[code])

    @staticmethod
    def _ids(reading: Reading, *groups: str, also: Iterable[str] = ()) -> Collection[str]:
        ids = set(also)
        for name in groups:
            group = reading.groups[name]
            if not group.named:
                return _Anything()
            ids.update(entity.id for _, entity in group.entities)
            ids.update(group.other_ids)
        return ids

    def check(self, code: str, path: str, identity: str, ids: Collection[str]) -> None:
        """Tell a reference to something that is not there."""
        if identity in ids:
            return
        self._ledger.add_unless_broken(fault(
            code, path, id=shown(identity), suggestion=did_you_mean(identity, ids),
            known=listing(sorted(ids)[:_MAX_LISTED]) if code in _LISTED else "",
        ))


#: Only of the catalogue the hint lists what there is: of clients there are thousands.
_LISTED = {"E1103", "E1104"}
_MAX_LISTED = 40


def _diets(reading: Reading) -> Collection[str]:
    """Diets of all batches; anything where a batch has any diet, or nobody can tell."""
    diets: set[str] = set()
    n_batches = 0
    for _, _, place in reading.walk(*LOADING):
        for batch in place.batches:
            n_batches += 1
            if batch.diets is None:
                return _Anything()
            diets.update(batch.diets)
    readable = all(reading.groups[name].complete("batches") for name in LOADING)
    return diets if readable and n_batches else _Anything()


def _dimensions(reading: Reading) -> Collection[str]:
    """Load dimensions of all vehicles; anything where nobody can tell."""
    if not reading.groups["vehicles"].complete("capacity"):
        return _Anything()
    return {name for _, _, vehicle in reading.walk("vehicles") for name in vehicle.capacity}


def _check_catalogue(reading: Reading, known: _Known) -> None:
    for _, i, service in reading.walk("services"):
        for j, skill in enumerate(service.skills):
            known.check("E1104", f"services[{i}].skills[{j}]", skill, known.skills)
        _check_members(f"services[{i}]", service.team, known)
    for _, i, centre in reading.walk("centres"):
        for j, service_id in enumerate(centre.services):
            known.check("E1103", f"centres[{i}].services[{j}]", service_id, known.services)
    for _, i, client in reading.walk("clients"):
        for j, worker in enumerate(client.refused_workers):
            known.check("E1107", f"clients[{i}].refused_workers[{j}]", worker, known.workers)


def _check_members(base: str, team: Iterable[TeamMember], known: _Known) -> None:
    for k, member in enumerate(team):
        for j, skill in enumerate(member.skills):
            known.check("E1104", f"{base}.team[{k}].skills[{j}]", skill, known.skills)


def _check_workers(reading: Reading, known: _Known, ledger: Ledger) -> None:
    for name, i, place in reading.walk(*LOADING):
        walk = ((f"{name}[{i}].batches[{j}]", b.id) for j, b in enumerate(place.batches))
        _check_ids(walk, _BATCH, ledger)
    for _, i, worker in reading.walk("workers"):
        base = f"workers[{i}]"
        _check_ids(
            ((f"{base}.shifts[{j}]", s.id) for j, s in enumerate(worker.shifts)), _SHIFT, ledger
        )
        known.check("E1105", f"{base}.start", worker.start, known.facilities)
        if worker.end is not None:
            known.check("E1105", f"{base}.end", worker.end, known.facilities)
            if not worker.returns:
                ledger.add_unless_broken(fault("E1022", f"{base}.returns"))
        if worker.vehicle is not None:
            known.check("E1106", f"{base}.vehicle", worker.vehicle, known.vehicles)
        for j, certificate in enumerate(worker.certificates):
            path = f"{base}.certificates[{j}].skill"
            known.check("E1104", path, certificate.skill, known.skills)
        for j, service in enumerate(worker.services or ()):
            known.check("E1103", f"{base}.services[{j}]", service, known.services)


def _check_orders(reading: Reading, known: _Known, ledger: Ledger) -> None:
    # Written for speed: this runs a hundred thousand times, and nearly always finds nothing.
    for _, i, order in reading.walk("orders"):
        if order.client not in known.clients:
            known.check("E1102", f"orders[{i}].client", order.client, known.clients)
        if order.__class__ is not BaseOrder:  # one whose kind could not be read
            _check_service(i, order, known, ledger)
        for j, skill in enumerate(order.skills):
            if skill not in known.skills:
                known.check("E1104", f"orders[{i}].skills[{j}]", skill, known.skills)
        for dimension in order.load:
            if dimension not in known.dimensions:
                known.check("E1302", f"orders[{i}].load.{dimension}", dimension, known.dimensions)
        if order.optional and order.prize_cents is None:
            ledger.add_unless_broken(fault("E1020", f"orders[{i}].prize_cents"))
        elif order.prize_cents is not None and not order.optional:
            ledger.add_unless_broken(
                fault("E1021", f"orders[{i}].prize_cents"), f"orders[{i}].optional"
            )
        if isinstance(order, VisitOrder):
            if order.team:
                _check_members(f"orders[{i}]", order.team, known)
            if order.after is not None:
                known.check("E1130", f"orders[{i}].after.order", order.after.order, known.orders)
        elif isinstance(order, MealOrder):
            if order.kitchen is not None:
                known.check("E1108", f"orders[{i}].kitchen", order.kitchen, known.loading)
            if order.diet is not None:
                known.check("E1109", f"orders[{i}].diet", order.diet, known.diets)


def _check_service(i: int, order: Any, known: _Known, ledger: Ledger) -> None:
    kind = known.service_kinds.get(order.service)
    if kind is None:
        known.check("E1103", f"orders[{i}].service", order.service, known.services)
    elif kind != order.kind:
        ledger.add_unless_broken(fault(
            "E1110", f"orders[{i}].service", id=shown(order.service), service_kind=kind,
            order_kind=order.kind,
        ))
