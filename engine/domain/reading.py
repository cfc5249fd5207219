"""Reading a problem entity by entity: one broken order hides nothing that is wrong elsewhere.

An entity that has faults is read once more without its broken fields, with a harmless filler where
one is required. What is right in it can then still be compared with the rest of the problem; a
finding about a filler is dropped, because its path lies under a fault that was told already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from engine.domain.base import HORIZON_S, Entity
from engine.domain.entitlements import Entitlement
from engine.domain.faults import fault
from engine.domain.orders import BaseOrder, EmergencyOrder, MealOrder, VisitOrder
from engine.domain.places import Centre, Client, Kitchen, MealPoint, Place
from engine.domain.points import LOCATED, OffRoad, Points, modes_of, point
from engine.domain.problem import FileNetwork, NamedNetwork, Problem, SyntheticNetwork
from engine.domain.services import Service, Skill
from engine.domain.shapes import bad_choice, join, not_a_list, not_an_object, read_entity
from engine.domain.workers import Vehicle, Worker
from engine.errors import Fault, reading_order

#: Nobody reads on after so many, and a hostile input must not be answered with a hundred times its
#: own size.
MAX_FAULTS = 1_000

ORDER_KINDS: dict[str, type[BaseOrder]] = {
    "visit": VisitOrder, "meal": MealOrder, "emergency": EmergencyOrder,
}
NETWORK_KINDS: dict[str, type[Entity]] = {
    "synthetic": SyntheticNetwork, "file": FileNetwork, "named": NamedNetwork,
}
#: The lists of a problem, in the order in which they are read and told.
GROUPS: dict[str, type[Entity]] = {
    "skills": Skill, "services": Service, "clients": Client, "centres": Centre,
    "kitchens": Kitchen, "meal_points": MealPoint, "places": Place, "vehicles": Vehicle,
    "workers": Worker, "orders": BaseOrder, "entitlements": Entitlement,
}
#: Fields that no order but one of its kind has; an order of unknown kind may have them all.
_ORDER_FIELDS = {name for kind in ORDER_KINDS.values() for name in kind.model_fields}
#: Stand in for required fields that cannot be read; ids get one of their own.
FILLERS: dict[str, Any] = {
    "lon": 105.0, "lat": 35.0, "name": "", "name_zh": "", "kind": "visit", "mode": "walk",
    "service_duration_s": 0, "received_s": 0, "client": "unread", "service": "unread",
    "worker": "unread", "from_day": "2000-01-01", "until_day": "2000-01-01",
    "start": "unread", "shifts": [{"id": "unread", "start_s": 0, "end_s": HORIZON_S}],
}
#: The head of a problem of which only some fields are wanted.
FILLED_HEAD = {"id": "unread", "day": "2000-01-01"}


class EnoughFaults(Exception):
    """So many faults were found that reading on helps nobody."""


class Ledger:
    """Faults found so far, each place told once."""

    def __init__(self, limit: int = MAX_FAULTS) -> None:
        self._limit = limit
        self._faults: list[Fault] = []
        self._broken: set[str] = set()

    def add(self, faults: Iterable[Fault]) -> None:
        """Add faults of shape: whatever lies under their paths is known to be unreadable."""
        for found in faults:
            if len(self._faults) == self._limit:
                self._faults.append(fault("E1023", "$", limit=self._limit))
                raise EnoughFaults
            self._faults.append(found)
            self._broken.add(found.path)

    def add_unless_broken(self, found: Fault, *causes: str) -> None:
        """Add a fault of meaning, unless it only follows from one that was told already.

        ``causes`` are paths that the finding rests on, beside its own.
        """
        path = found.path
        parents = (path[: match.start()] for match in re.finditer(r"[.\[]", path))
        if path not in self._broken and self._broken.isdisjoint((*parents, *causes)):
            self.add([found])

    @property
    def faults(self) -> list[Fault]:
        """All faults by path, numbers in paths in their own order."""
        return sorted(self._faults, key=lambda f: (reading_order(f.path), f.code))


@dataclass
class Group:
    """What could be read of one list of the problem."""

    entities: list[tuple[int, Any]] = field(default_factory=list)
    #: Names that a broken entry goes by; references to them are not unknown.
    other_ids: set[str] = field(default_factory=set)
    #: Fields that could not be read in some entry; "*": some entry could not be read at all.
    broken: set[str] = field(default_factory=set)
    #: Whether every entry has an id, be it in a broken entry: else a reference may mean that one.
    named: bool = True

    def complete(self, name: str) -> bool:
        """Whether a field could be read in every entry."""
        return not self.broken & {name, "*"}


@dataclass
class Reading:
    """A problem as far as it could be read."""

    raw: dict[str, Any]
    groups: dict[str, Group]

    def problem(self) -> Problem:
        """Put together what was read; only where there are no faults."""
        lists = {
            name: tuple(entity for _, entity in group.entities)
            for name, group in self.groups.items()
        }
        # The entities are validated already; pydantic takes instances as they are.
        return Problem.model_validate({**self.raw, **lists})

    def points(self) -> Points | None:
        """Where things are, as far as it could be read; None: the network could not."""
        network = SyntheticNetwork() if "network" not in self.raw else (
            read_network(self.raw["network"])[0]
        )
        if network is None:
            return None
        filled: dict[str, Any] = dict(FILLED_HEAD)
        filled |= {k: self.raw[k] for k in ("coordinate_system", "max_snap_m") if k in self.raw}
        head, faults = read_entity(Problem, filled, "")
        if head is None or faults:
            return None
        workers = [w for _, _, w in self.walk("workers")]
        vehicles = {v.id: v for _, _, v in self.walk("vehicles")}
        return Points(
            network,  # type: ignore[arg-type]
            head.coordinate_system,
            head.max_snap_m,
            modes_of(workers, vehicles),
            tuple(point(name, i, entry) for name, i, entry in self.walk(*LOCATED)),
        )

    def walk(self, *names: str) -> Iterator[tuple[str, int, Any]]:
        """Name of the group, index and entity of everything in some groups."""
        for name in names:
            for i, entity in self.groups[name].entities:
                yield name, i, entity


def check_roads(reading: Reading, off_road: OffRoad | None, ledger: Ledger) -> None:
    """Have told what lies off the roads, of the points that could be read."""
    points = reading.points() if off_road else None
    for found in off_road(points) if off_road and points else ():
        own = [f"{found.path}.{name}" for name in ("lon", "lat", "coordinate_system")]
        ledger.add_unless_broken(found, *own)


def read_problem_shapes(data: dict[str, Any], ledger: Ledger) -> Reading:
    """Read the head and every list of a problem; faults go to the ledger."""
    head = {key: value for key, value in data.items() if key not in GROUPS and key != "network"}
    ledger.add(read_entity(Problem, head, "")[1])
    if "network" in data:
        ledger.add(read_network(data["network"])[1])
    groups = {name: read_group(GROUPS[name], name, data.get(name, ()), ledger) for name in GROUPS}
    return Reading({k: v for k, v in data.items() if k not in GROUPS}, groups)


def read_list(model: type[Entity], name: str, raw: object, ledger: Ledger) -> list[Entity]:
    """Read a list of one kind of entity; only what is right comes back."""
    if not isinstance(raw, (list, tuple)):
        ledger.add([not_a_list(name, raw)])
        return []
    entities = []
    for i, item in enumerate(raw):
        entity, faults = read_entity(model, item, f"{name}[{i}]")
        ledger.add(faults)
        if entity is not None:
            entities.append(entity)
    return entities


def read_network(raw: object) -> tuple[Entity | None, list[Fault]]:
    """Read what says which network is meant."""
    if not isinstance(raw, dict):
        return None, [not_an_object("network", raw)]
    if "kind" not in raw:
        return None, [fault("E1003", "network.kind", field="kind")]
    model = _by_kind(NETWORK_KINDS, raw)
    if model is None:
        return None, [bad_choice("network.kind", "kind", raw["kind"], list(NETWORK_KINDS))]
    return read_entity(model, raw, "network")


def read_group(model: type[Entity], name: str, raw: object, ledger: Ledger) -> Group:
    """Read a list entity by entity, as much of it as can be read."""
    if not isinstance(raw, (list, tuple)):
        ledger.add([not_a_list(name, raw)])
        return Group(broken={"*"}, named=False)
    group = Group()
    orders = model is BaseOrder  # of whatever kind each says
    for i, item in enumerate(raw):
        chosen = model
        if orders and isinstance(item, dict):
            chosen = cast(type[Entity], _by_kind(ORDER_KINDS, item) or BaseOrder)
        if chosen is BaseOrder and isinstance(item, dict):
            entity, faults = _read_order_of_no_kind(item, f"{name}[{i}]")
        else:
            entity, faults = read_entity(chosen, item, f"{name}[{i}]")
        if faults:
            ledger.add(faults)
            entity = _salvage(chosen, item, f"{name}[{i}]", faults, group)
        if entity is not None:
            group.entities.append((i, entity))
    return group


def _by_kind(kinds: dict[str, Any], raw: dict[str, Any]) -> Any:
    kind = raw.get("kind")
    return kinds.get(kind) if isinstance(kind, str) else None


def _read_order_of_no_kind(raw: dict[str, Any], base: str) -> tuple[None, list[Fault]]:
    """Find what is wrong beside the kind: the fields that all orders share, and no others."""
    path = join(base, "kind")
    kind_fault = (
        bad_choice(path, "kind", raw["kind"], list(ORDER_KINDS)) if "kind" in raw
        else fault("E1003", path, field="kind")
    )
    own = _ORDER_FIELDS - set(BaseOrder.model_fields)
    shared = {key: value for key, value in raw.items() if key not in own}
    return None, [kind_fault, *read_entity(BaseOrder, shared, base)[1]]


def _salvage(
    model: type[Entity], raw: object, base: str, faults: list[Fault], group: Group
) -> Entity | None:
    if not isinstance(raw, dict):
        group.broken.add("*")
        group.named = False
        return None
    bad = {re.split(r"[.\[]", found.path[len(base) + 1 :], maxsplit=1)[0] for found in faults}
    group.broken |= bad
    identity = raw.get("id")
    if isinstance(identity, (str, int)):
        group.other_ids.add(str(identity))
    else:
        group.named = False
    kept = {k: v for k, v in raw.items() if k in model.model_fields and k not in bad}
    for name, info in model.model_fields.items():
        if name not in kept and info.is_required():
            kept[name] = f"unread.{base[base.index('[') + 1 : -1]}" if name == "id" else (
                FILLERS[name]
            )
    entity, faults_left = read_entity(model, kept, base)
    if faults_left:
        group.broken.add("*")
    return entity
