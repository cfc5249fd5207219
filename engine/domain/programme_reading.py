"""From parsed JSON to a meal programme, or to all of its faults at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import combinations
from typing import Any, Final, TypeVar

from engine.domain.base import Entity
from engine.domain.meal_faults import meal_fault
from engine.domain.meal_programme import (
    MealChange,
    MealProgramme,
    ProgrammeHead,
    StandingOrder,
    place_of,
)
from engine.domain.meal_reading import MealChecks, parse_meals
from engine.domain.meals import MealClient
from engine.domain.reading import Ledger
from engine.domain.shapes import not_a_list, read_entity
from engine.domain.weeks import WEEKDAYS
from engine.errors import Fault, InputError

E = TypeVar("E", bound=Entity)
Indexed = list[tuple[int, E]]

#: What a document of a programme has beside a meal period.
KEYS: Final = ("standing", "changes", *ProgrammeHead.model_fields)
_TERMS: Final = ("diet", "portions", "at")


def parse_programme(data: object) -> tuple[MealProgramme | None, list[Fault]]:
    """Make a meal programme of parsed JSON; None where there are faults, all of them by path.

    A meal period without standing orders is one too: of its own day.
    """
    read: list[_Reading] = []

    def more(checks: MealChecks, ledger: Ledger) -> None:
        assert isinstance(data, dict)
        read.append(_Reading(data, checks, ledger))

    period = {k: v for k, v in data.items() if k not in KEYS} if isinstance(data, dict) else data
    register, faults = parse_meals(period, more)
    if register is None:
        return None, faults
    (found,) = read
    return MealProgramme(
        register, tuple(s for _, s in found.standing), tuple(c for _, c in found.changes),
        found.head.order_deadline_days if found.head else 0,
    ), []


def read_programme(data: object) -> MealProgramme:
    """Make a meal programme of parsed JSON.

    Raises
    ------
    InputError : with all faults.
    """
    programme, faults = parse_programme(data)
    if programme is None:
        raise InputError(faults)
    return programme


class _Reading:
    """What a document says beside the meal period, held against it."""

    def __init__(self, data: dict[str, Any], checks: MealChecks, ledger: Ledger) -> None:
        self.checks, self.ledger = checks, ledger
        self.head, faults = read_entity(
            ProgrammeHead, {k: data[k] for k in ProgrammeHead.model_fields if k in data}, ""
        )
        ledger.add(faults)
        self.standing = self._list(StandingOrder, "standing", data.get("standing", ()))
        self.changes = self._list(MealChange, "changes", data.get("changes", ()))
        self.clients = {c.id: (path, c) for path, c in checks.walk("clients")}
        if data.get("standing"):
            self._one_source()
        else:
            for name in ("changes", "order_deadline_days"):
                if data.get(name):
                    self._tell("E1817", name, field=name)
        self._standing()
        self._changes()

    def _list(self, model: type[E], name: str, raw: object) -> Indexed[E]:
        """Read what can be read, each entry with its index."""
        if not isinstance(raw, (list, tuple)):
            self.ledger.add([not_a_list(name, raw)])
            return []
        entries: Indexed[E] = []
        for i, item in enumerate(raw):
            entity, faults = read_entity(model, item, f"{name}[{i}]")
            self.ledger.add(faults)
            if entity is not None:
                entries.append((i, entity))
        return entries

    def _tell(self, code: str, path: str, **params: object) -> None:
        self.ledger.add_unless_broken(meal_fault(code, path, **params))

    def _one_source(self) -> None:
        """Refuse what the register says of one day beside standing orders."""
        for path, client in self.clients.values():
            for field in ("suspended", "ordered_s"):
                if getattr(client, field):
                    self._tell("E1816", f"{path}.{field}", field=field)

    def _client(self, identity: str, base: str) -> tuple[str, MealClient] | None:
        self.checks.known("clients", identity, f"{base}.client")
        return self.clients.get(identity)

    def _order(self, base: str, said: Iterable[str], home: str, client: MealClient) -> None:
        """Check a client who eats as an entry says; what it leaves open is the register's fault."""
        fields = {*said}

        def where(field: str) -> str:
            if field not in fields and field in ("lon", "lat", "portions") and "at" in fields:
                field = "at"  # it is for the place that it matters here
            return f"{base if field in fields else home}.{field}"

        self.checks.order(client, where)

    def _standing(self) -> None:
        by_client: dict[str, Indexed[StandingOrder]] = defaultdict(list)
        for i, order in self.standing:
            base = f"standing[{i}]"
            known = self._client(order.client, base)
            if known:
                said = [n for n, value in order if value is not None]
                self._order(base, said, known[0], order.terms(known[1]))
            if order.from_day and order.until_day and order.until_day < order.from_day:
                self._tell("E1812", f"{base}.until_day", first=order.from_day,
                           last=order.until_day)
            else:
                by_client[order.client].append((i, order))
        for orders in by_client.values():
            for (i, one), (j, other) in combinations(orders, 2):
                day = _common_day(one, other)
                if day:
                    self._tell("E1809", f"standing[{j}].client", day=day, other=f"standing[{i}]")

    def _changes(self) -> None:
        said: dict[tuple[object, ...], list[tuple[int, object]]] = defaultdict(list)
        for i, change in self.changes:
            base = f"changes[{i}]"
            known = self._client(change.client, base)
            terms = [n for n in _TERMS if getattr(change, n) is not None]
            if known:
                new = {n: getattr(change, n) for n in ("diet",) if n in terms}
                # Portions are held against a box on the day: where the client eats may change too.
                eater = known[1].model_copy(update=new | place_of(change.at) | {"portions": 1})
                self._order(base, terms, known[0], eater)
            if change.kind == "change" and not terms:
                self._tell("E1814", f"{base}.kind")
            if change.kind in ("suspend", "cancel") and terms:
                self._tell("E1815", f"{base}.{terms[0]}", kind=change.kind, field=terms[0])
            if self._has_days(base, change):
                for field, value in change.says().items():
                    said[change.client, field, change.rank].append((i, value))
        for (_, thing, _), values in said.items():
            first, value = values[0]
            for i, other in values[1:]:
                if other != value:
                    column = "kind" if thing == "meal" else thing
                    self._tell("E1810", f"changes[{i}].{column}", other=f"changes[{first}]",
                               field=column)

    def _has_days(self, base: str, change: MealChange) -> bool:
        """Whether it is known of which days a change is."""
        if change.kind in ("cancel", "order") and change.day is None:
            self._tell("E1813", f"{base}.day", kind=change.kind)
            return False
        if (change.day is None) == (change.from_day is None) or (
            change.day is not None and change.until_day is not None
        ):
            self._tell("E1811", f"{base}.from_day" if change.day else f"{base}.day")
            return False
        if change.from_day and change.until_day and change.until_day < change.from_day:
            self._tell("E1812", f"{base}.until_day", first=change.from_day, last=change.until_day)
            return False
        return True


def _common_day(one: StandingOrder, other: StandingOrder) -> str:
    """Find a day on which both are due: a date, a weekday where neither begins; "": never."""
    firsts = [o.from_day for o in (one, other) if o.from_day]
    if not firsts:
        lasts = [o.until_day for o in (one, other) if o.until_day]
        both = [
            d for d in WEEKDAYS if all(o.weekdays is None or d in o.weekdays for o in (one, other))
        ]
        if not both or not lasts:
            return both[0] if both else ""
        firsts = [min(lasts) - timedelta(days=6)]
    days = (max(firsts) + timedelta(days=k) for k in range(7))
    return next((d.isoformat() for d in days if one.covers(d) and other.covers(d)), "")
