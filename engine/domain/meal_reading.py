"""From parsed JSON to a meal period, or to all of its faults at once; and what it warns of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any, cast

from engine.domain.base import Entity
from engine.domain.faults import Words, fault
from engine.domain.meal_faults import meal_fault
from engine.domain.meals import (
    MEALS_FORMAT,
    CentralKitchen,
    Diet,
    MealClient,
    MealCourier,
    MealsProblem,
    ServingPoint,
    Van,
)
from engine.domain.reading import NETWORK_KINDS, EnoughFaults, Ledger, read_list
from engine.domain.shapes import ROOT, bad_choice, not_an_object, read_entity
from engine.domain.suspicions import odd_point
from engine.domain.words import clock, did_you_mean, listing, personal, shown
from engine.errors import Fault

#: The lists of a meal period, in the order in which they are read and told.
GROUPS: dict[str, type[Entity]] = {
    "diets": Diet, "kitchens": CentralKitchen, "points": ServingPoint, "clients": MealClient,
    "couriers": MealCourier, "vans": Van,
}
NOUNS = {
    "diets": Words("diet", "餐型"), "kitchens": Words("kitchen", "厨房"),
    "points": Words("meal point", "助餐点"), "clients": Words("client", "服务对象"),
    "couriers": Words("courier", "送餐员"), "vans": Words("van", "车辆"),
    "places": Words("kitchen or meal point", "厨房或助餐点"), "batches": Words("batch", "批次"),
}


def parse_meals(
    data: object, more: Callable[[MealChecks, Ledger], None] | None = None
) -> tuple[MealsProblem | None, list[Fault]]:
    """Make a meal period of parsed JSON; None where there are faults, all of them by path.

    ``more`` checks what is said beside the period against what could be read of it.
    """
    ledger = Ledger()
    try:
        if not isinstance(data, dict):
            ledger.add([not_an_object(ROOT, data)])
        elif "format" not in data:
            ledger.add([fault("E1003", "format", field="format")])
        elif data["format"] != MEALS_FORMAT:
            found = shown(data["format"])
            ledger.add([fault("E1008", "format", found=found, expected=MEALS_FORMAT)])
        else:
            problem = _read(data, ledger, more)
            return (None if ledger.faults else problem), ledger.faults
    except EnoughFaults:
        pass
    return None, ledger.faults


def meal_warnings(problem: MealsProblem) -> list[Fault]:
    """Tell what will leave somebody without: too few portions or seats."""
    found: list[Fault] = []
    due = [c for c in problem.clients if problem.is_due(c)]
    ordered = Counter[str]()
    for c in due:
        ordered[c.diet] += c.portions
    cooked = [
        (k, b) for k in problem.kitchens for b in k.batches
        if k.closed_from_s is None or b.ready_s < k.closed_from_s
    ]
    for i, diet in enumerate(problem.diets):
        most = sum(
            min(b.portions, b.diets.get(diet.id, 0)) if b.diets else b.portions for _, b in cooked
        )
        if ordered[diet.id] > most:
            found.append(meal_fault(
                "W1801", f"diets[{i}]", id=shown(diet.id), ordered=ordered[diet.id], cooked=most,
                short=ordered[diet.id] - most,
            ))
    in_all, most = sum(ordered.values()), sum(b.portions for _, b in cooked)
    if in_all > most:
        found.append(meal_fault("W1802", "kitchens", ordered=in_all, cooked=most,
                                short=in_all - most))
    eaters = Counter(c.at for c in due)
    for i, point in enumerate(problem.points):
        limit = point.seats * seatings(problem, point)
        if eaters[point.id] > limit:
            found.append(meal_fault("W1803", f"points[{i}].seats", eaters=eaters[point.id],
                                    limit=limit))
    return found


def seatings(problem: MealsProblem, point: ServingPoint) -> int:
    """How often a seat can be taken in the period, the last time at its end."""
    early, late = max(problem.start_s, point.opens_s), min(problem.end_s, point.closes_s)
    return max(0, (late - early) // problem.eating_s + 1) if late >= early else 0


def _read(
    data: dict[str, Any], ledger: Ledger, more: Callable[[MealChecks, Ledger], None] | None
) -> MealsProblem | None:
    head = {key: value for key, value in data.items() if key not in GROUPS and key != "network"}
    shell, faults = read_entity(MealsProblem, head, "")
    ledger.add(faults)
    if "network" in data:
        _check_network(data["network"], ledger)
    lists = {name: read_list(model, name, data.get(name, ()), ledger)
             for name, model in GROUPS.items()}
    if not ledger.faults and all(len(lists[n]) == len(data.get(n, ())) for n in GROUPS):
        whole = MealsProblem.model_validate(
            {**head, **({"network": data["network"]} if "network" in data else {}),
             **{name: tuple(entries) for name, entries in lists.items()}}
        )
        _check(whole, {}, ledger, more)
        return whole
    # What could be read is compared all the same; ids of broken entries count as known.
    ids = {
        name: {str(e["id"]) for e in data.get(name, ()) if isinstance(e, dict) and "id" in e}
        for name in GROUPS if isinstance(data.get(name, ()), (list, tuple))
    }
    partial = (shell or MealsProblem(id="unread", day="2000-01-01", start_s=0, end_s=1))  # type: ignore[arg-type]
    places = {name: _with_gaps(GROUPS[name], data.get(name, ()), name) for name in GROUPS}
    _check(partial.model_copy(update=places), ids, ledger, more)
    return None


def _with_gaps(model: type[Entity], raw: object, name: str) -> tuple[Entity | None, ...]:
    """Entries at their own index, None where one is broken."""
    if not isinstance(raw, (list, tuple)):
        return ()
    return tuple(read_entity(model, item, name)[0] for item in raw)


def _check_network(raw: object, ledger: Ledger) -> None:
    if not isinstance(raw, dict):
        ledger.add([not_an_object("network", raw)])
        return
    kind = raw.get("kind")
    model = NETWORK_KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        ledger.add([
            fault("E1003", "network.kind", field="kind") if kind is None
            else bad_choice("network.kind", "kind", kind, list(NETWORK_KINDS))
        ])
        return
    ledger.add(read_entity(model, raw, "network")[1])


def _check(
    problem: MealsProblem, unread: dict[str, set[str]], ledger: Ledger,
    more: Callable[[MealChecks, Ledger], None] | None,
) -> None:
    checks = MealChecks(problem, unread, ledger)
    checks.run()
    if more:
        more(checks, ledger)


class MealChecks:
    """The second gate: what fields and entities say about each other."""

    def __init__(
        self, problem: MealsProblem, unread: dict[str, set[str]], ledger: Ledger
    ) -> None:
        self.problem, self.ledger = problem, ledger
        self.ids = {
            name: {e.id for _, e in self.walk(name)} | unread.get(name, set()) for name in GROUPS
        }
        self.ids["places"] = self.ids["kitchens"] | self.ids["points"]
        #: Of batches that could be read; where one could not, anything may be cooked.
        self.any_diet = "kitchens" in unread and any(e is None for e in problem.kitchens)
        self.cooked: set[str] = set()
        for _, kitchen in self.walk("kitchens"):
            for batch in kitchen.batches:
                self.cooked |= set(batch.diets)
                self.any_diet |= not batch.diets
        #: The largest of all couriers; 0: there are none.
        self.box = max((courier.capacity for _, courier in self.walk("couriers")), default=0)

    def walk(self, name: str) -> Iterable[tuple[str, Any]]:
        """Path and entity of everything in a list that could be read."""
        return ((f"{name}[{i}]", e) for i, e in enumerate(getattr(self.problem, name))
                if e is not None)

    def run(self) -> None:
        """Tell everything to the ledger."""
        for names in (("diets",), ("kitchens", "points"), ("clients",), ("couriers",), ("vans",)):
            noun = NOUNS["places" if len(names) > 1 else names[0]]
            self._unique(((path, e.id) for n in names for path, e in self.walk(n)), noun)
        self._in_order("end_s", self.problem.start_s, self.problem.end_s)
        for path, kitchen in self.walk("kitchens"):
            self._unique(((f"{path}.batches[{k}]", b.id) for k, b in enumerate(kitchen.batches)),
                         NOUNS["batches"])
            for k, batch in enumerate(kitchen.batches):
                for diet in batch.diets:
                    self.known("diets", diet, f"{path}.batches[{k}].diets")
        for path, entity in [*self.walk("kitchens"), *self.walk("points")]:
            self._place(path, entity)
        self._points()
        if not self.cooked and not self.any_diet and self.problem.clients:
            # Told once; that nobody cooks their diet would be told of every client.
            path = "kitchens[0].batches" if self.problem.kitchens else "kitchens"
            self._tell(fault("E1013", path, field=path.rpartition(".")[2]))
        self._clients()
        for path, courier in self.walk("couriers"):
            self.known("places", courier.place, f"{path}.place")
            self._in_order(f"{path}.end_s", courier.start_s, courier.end_s)
        for path, van in self.walk("vans"):
            self.known("kitchens", van.kitchen, f"{path}.kitchen")
            self._in_order(f"{path}.end_s", van.start_s, van.end_s)

    def _tell(self, found: Fault) -> None:
        self.ledger.add_unless_broken(found)

    def _unique(self, ids: Iterable[tuple[str, str]], noun: Words) -> None:
        first: dict[str, str] = {}
        for path, identity in ids:
            kind = personal(identity)
            if kind:
                self._tell(fault("E1011", f"{path}.id", kind=kind))
            earlier = first.setdefault(identity, path)
            if earlier is not path:
                self._tell(fault("E1101", f"{path}.id", id=shown(identity), first=earlier,
                                 noun=noun))

    def known(self, name: str, identity: str, path: str) -> None:
        """Tell where an id is none of a list."""
        if identity not in self.ids[name]:
            self._tell(meal_fault(
                "E1802", path, noun=NOUNS[name], id=shown(identity),
                suggestion=did_you_mean(identity, cast(Collection[str], self.ids[name])),
            ))

    def _in_order(self, path: str, start: int, end: int) -> None:
        if end <= start:
            self._tell(meal_fault("E1806", path, start=clock(start), end=clock(end)))

    def _place(self, path: str, entity: Any) -> None:
        if entity.lon is not None and entity.lat is not None:
            odd = odd_point(f"{path}.lat", entity.lon, entity.lat)
            if odd:
                self._tell(odd)

    def _points(self) -> None:
        with_van = {van.kitchen for _, van in self.walk("vans")}
        for path, point in self.walk("points"):
            self._in_order(f"{path}.closes_s", point.opens_s, point.closes_s)
            feeding = self.ids["kitchens"] if point.kitchens is None else set(point.kitchens)
            if not feeding:
                self._tell(meal_fault("E1803", f"{path}.kitchens"))
            elif feeding <= self.ids["kitchens"] and not feeding & with_van and (
                None not in self.problem.vans
            ):
                self._tell(meal_fault("E1804", path, known=listing(sorted(feeding))))
            for k, kitchen in enumerate(point.kitchens or ()):
                self.known("kitchens", kitchen, f"{path}.kitchens[{k}]")

    def _clients(self) -> None:
        for path, client in self.walk("clients"):
            self.order(client, lambda field, path=path: f"{path}.{field}")  # type: ignore[misc]
            self._place(path, client)
            if client.start_s is not None and client.end_s is not None:
                self._in_order(f"{path}.end_s", client.start_s, client.end_s)

    def order(self, client: MealClient, where: Callable[[str], str]) -> None:
        """Check what a client eats, how much of it, where, and who pays; ``where`` it is said."""
        self.known("diets", client.diet, where("diet"))
        if client.diet in self.ids["diets"] and not self.any_diet and (
            self.cooked and client.diet not in self.cooked
        ):
            self._tell(meal_fault(
                "E1801", where("diet"), id=shown(client.diet), known=listing(sorted(self.cooked)),
                suggestion=did_you_mean(client.diet, sorted(self.cooked)),
            ))
        if client.at is not None:
            self.known("points", client.at, where("at"))
        else:
            for name in ("lon", "lat"):
                if getattr(client, name) is None:
                    self._tell(meal_fault("E1805", where(name), field=name))
            if self.box and client.portions > self.box:
                self._tell(meal_fault(
                    "E1807", where("portions"), portions=client.portions, limit=self.box,
                ))
        if client.subsidy_cents > client.price_cents:
            self._tell(meal_fault("E1808", where("subsidy_cents"),
                                  subsidy=client.subsidy_cents, price=client.price_cents))


#: Where a fault's message names another place of the input.
PATHS = re.compile(rf"(?:{'|'.join([*GROUPS, 'standing', 'changes'])})\[\d+\](?:\.\w+|\[\d+\])*")
