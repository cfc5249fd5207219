"""The meal period of a date: standing orders, and the changes that came in time.

Rules, in this order:

1. A change that was received after the orders of a day were closed is not one of that day: the
   order stays as it stood, and the planner is told. One that lasts begins with the first day whose
   orders were still open.
2. What is of one day goes before what lasts; of two such, what was received later; of two that were
   received at the same moment, what begins later. So a restart received after a suspension of the
   same day gives a meal, a meal ordered for one day of a suspension is brought, and a cancelled one
   is not, whatever came since. Two that differ and leave no order are a fault.
3. Meal, diet, portions and place are settled each by itself: a change of diet does not restart.
4. Who rests stays in the period as suspended; who has no order on that day is not part of it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, NamedTuple

from engine.domain.base import DAY_S
from engine.domain.faults import Words
from engine.domain.meal_faults import meal_fault
from engine.domain.meal_programme import (
    MealChange,
    MealProgramme,
    StandingOrder,
    moment_text,
    place_of,
)
from engine.domain.meals import MealClient, MealsProblem
from engine.errors import Fault, InputError, reading_order


class LateChange(NamedTuple):
    """A change received after the orders of the day were closed; moments as of ``instant``.

    ``begins``: the first day that it is of yet; None: it came too late for all its days.
    """

    change: MealChange
    closed: int
    begins: date | None


class DayOrders(NamedTuple):
    """The meal period of a day, and what the planner should know of its changes."""

    problem: MealsProblem
    notes: tuple[Fault, ...]
    late: tuple[LateChange, ...] = ()


def orders_of(programme: MealProgramme, day: date | None = None) -> DayOrders:
    """Make the meal period of a day (None: the register's own).

    Raises
    ------
    InputError : ``E1817``, a day is asked for and there are no standing orders; ``E1807``, more
        portions than a box holds, which only that day shows.
    """
    register = programme.register
    if not programme.standing:
        if day is not None and day != register.day:
            raise InputError([meal_fault("E1817", "day", field="day")])
        return DayOrders(register, ())
    return _Day(programme, day or register.day).make()


class _Day:
    def __init__(self, programme: MealProgramme, day: date) -> None:
        self.programme, self.day = programme, day
        self.closed = programme.closes(day)
        self.standing: dict[str, StandingOrder] = {
            s.client: s for s in programme.standing if s.covers(day)
        }
        self.customers = {s.client for s in programme.standing}
        self.changes: dict[str, list[tuple[str, MealChange]]] = defaultdict(list)
        self.notes: list[Fault] = []
        self.late: list[LateChange] = []
        first: dict[MealChange, str] = {}
        for i, change in enumerate(programme.changes):
            if not change.covers(day):
                continue
            path = f"changes[{i}]"
            earlier = first.setdefault(change, path)
            if earlier != path:
                self.notes.append(meal_fault("W1806", path, other=earlier))
            elif self.closed is not None and change.received > self.closed:
                self.notes.append(self._late(path, change))
            else:
                self.changes[change.client].append((path, change))

    def make(self) -> DayOrders:
        register = self.programme.register
        box = max((c.capacity for c in register.couriers), default=0)
        clients: list[MealClient] = []
        faults: list[Fault] = []
        for client in register.clients:
            eater, portions_at = self._settle(client)
            if eater is None:
                continue
            clients.append(eater)
            if box and eater.at is None and eater.portions > box and not eater.suspended:
                faults.append(meal_fault("E1807", portions_at, portions=eater.portions, limit=box))
        if faults:
            raise InputError(faults)
        notes = sorted(self.notes, key=lambda n: reading_order(n.path))
        return DayOrders(register.changed(
            day=self.day, clients=tuple(clients), order_deadline_s=None
        ), tuple(notes), tuple(self.late))

    def _settle(self, client: MealClient) -> tuple[MealClient | None, str]:
        """Say what a client gets on the day (None: not part of it), and who says the portions."""
        standing = self.standing.get(client.id)
        mine = sorted(
            self.changes.get(client.id, ()), key=lambda x: (x[1].rank, x[1].kind == "order")
        )
        is_due, said_at = standing is not None, "clients"
        said: dict[str, Any] = {}
        for path, change in mine:
            now = change.says()
            if "meal" in now:
                is_due = change.kind == "order" or (bool(now.pop("meal")) and standing is not None)
            said |= now
            if now.keys() & {"portions", "at"}:
                said_at = f"{path}.{'portions' if 'portions' in now else 'at'}"
        for path, change in mine:
            self._note_idle(path, change, is_due=is_due, is_ordered=standing is not None)
        if standing is None and not is_due:
            return None, said_at
        usual = client if standing is None else standing.terms(client)
        at = said.pop("at", None)
        eater = usual.model_copy(update=said | place_of(at) | {"suspended": not is_due})
        return eater, said_at

    def _note_idle(
        self, path: str, change: MealChange, *, is_due: bool, is_ordered: bool
    ) -> None:
        """Note a change that finds no meal; one that lasts is told of on its first day alone."""
        if change.first != self.day or change.kind == "order":
            return
        if change.kind == "change":
            is_idle = not is_due
        else:  # to rest from a free weekday on is no mistake, without any order it is
            is_idle = not is_ordered and (
                change.day is not None or change.client not in self.customers
            )
        if is_idle:
            self.notes.append(
                meal_fault("W1805", f"{path}.kind", kind=change.kind, day=self.day)
            )

    def _late(self, path: str, change: MealChange) -> Fault:
        assert self.closed is not None
        # The first day whose orders were still open when it came.
        missed = -(-(change.received - self.closed) // DAY_S)
        begins = max(self.day + timedelta(days=missed), change.first)
        applies = Words(f"from {begins} on", f"自 {begins} 起生效")
        is_over = change.last is not None and begins > change.last
        if is_over:
            applies = Words("to no day", "不再生效")
        self.late.append(LateChange(change, self.closed, None if is_over else begins))
        return meal_fault("W1804", path, received=moment_text(change.received), day=self.day,
                          closed=moment_text(self.closed), applies=applies)
