"""From parsed JSON to weeks, or to all of their faults at once.

A programme is read as the order that it stands for, so whatever is a fault of an order is one of
a programme, with the same words; the rest is what only weeks have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from engine.domain.base import Entity
from engine.domain.entitlements import Entitlement
from engine.domain.faults import fault
from engine.domain.places import Centre, Client, Place
from engine.domain.points import OffRoad
from engine.domain.reading import (
    EnoughFaults,
    Group,
    Ledger,
    Reading,
    check_roads,
    read_group,
    read_network,
)
from engine.domain.references import check_references
from engine.domain.services import SERVICES, Service, Skill
from engine.domain.shapes import ROOT, not_an_object, read_entity
from engine.domain.times import check_times
from engine.domain.weeks import (
    MAX_DAYS,
    WEEKDAYS,
    WEEKS_FORMAT,
    Absence,
    Block,
    Familiar,
    Programme,
    WeeklyWorker,
    Weeks,
    blocks_of,
)
from engine.domain.words import did_you_mean, shown
from engine.domain.workers import Vehicle
from engine.errors import Fault, InputError

#: The lists of weeks, in the order in which they are read.
WEEK_GROUPS: dict[str, type[Entity]] = {
    "skills": Skill, "services": Service, "clients": Client, "centres": Centre, "places": Place,
    "vehicles": Vehicle, "workers": WeeklyWorker, "programmes": Programme, "absences": Absence,
    "entitlements": Entitlement, "history": Familiar,
}
#: What says how often a programme is due, and on which days.
_FREQUENCY = (
    "visits_per_week", "every_weeks", "visits", "weekdays", "min_gap_days", "max_gap_days"
)
_HEAD = {"id": "unread", "first_day": "2000-01-01"}



def parse_weeks(
    data: object, off_road: OffRoad | None = None
) -> tuple[Weeks | None, list[Fault]]:
    """Make weeks of parsed JSON; arguments and results as in ``engine.domain.parse``."""
    ledger = _WeekLedger()
    try:
        if _is_weeks(data, ledger):
            assert isinstance(data, dict)
            reading = _read_shapes(data, ledger)
            check_references(reading, ledger)
            check_times(reading, ledger)
            _check_weeks(reading, ledger)
            if not ledger.faults:
                lists = {
                    name: tuple(e for _, e in reading.groups[name].entities) for name in WEEK_GROUPS
                }
                return Weeks.model_validate({**reading.raw, **lists}), []
            check_roads(reading, off_road, ledger)
    except EnoughFaults:
        pass
    return None, ledger.faults


def read_weeks(data: object, off_road: OffRoad | None = None) -> Weeks:
    """Make weeks of parsed JSON.

    Raises
    ------
    InputError : with all faults.
    """
    weeks, faults = parse_weeks(data, off_road)
    if weeks is None:
        raise InputError(faults)
    return weeks


class _WeekLedger(Ledger):
    """Says ``programmes`` where the gates that read them as orders say ``orders``."""

    def add(self, faults: Iterable[Fault]) -> None:
        super().add(_renamed(f) for f in faults)

    def add_unless_broken(self, found: Fault, *causes: str) -> None:
        causes = tuple(c.replace("orders[", "programmes[") for c in causes)
        super().add_unless_broken(_renamed(found), *causes)


def _renamed(found: Fault) -> Fault:
    texts = (found.path, found.message, found.message_zh)
    if not any("orders[" in text for text in texts):
        return found
    path, message, message_zh = (re.sub(r"\borders\[", "programmes[", text) for text in texts)
    return replace(found, path=path, message=message, message_zh=message_zh)


def _is_weeks(data: object, ledger: Ledger) -> bool:
    if not isinstance(data, dict):
        ledger.add([not_an_object(ROOT, data)])
        return False
    if data.get("format", WEEKS_FORMAT) == WEEKS_FORMAT:
        return True
    ledger.add([fault("E1008", "format", found=shown(data["format"]), expected=WEEKS_FORMAT)])
    return False


def _read_shapes(data: dict[str, Any], ledger: Ledger) -> Reading:
    head = {k: v for k, v in data.items() if k not in WEEK_GROUPS and k != "network"}
    ledger.add(read_entity(Weeks, head, "")[1])
    if "network" in data:
        ledger.add(read_network(data["network"])[1])
    groups = {
        name: read_group(model, name, data.get(name, ()), ledger)
        for name, model in WEEK_GROUPS.items()
    }
    # What the gates for one day ask for: programmes stand for orders, and there are no meals.
    others = {"orders": groups["programmes"], "kitchens": Group(), "meal_points": Group()}
    rest = {k: v for k, v in data.items() if k not in WEEK_GROUPS}
    return Reading(rest, {**groups, **others})


# -- what only weeks have ------------------------------------------------------------------------


def _check_weeks(reading: Reading, ledger: Ledger) -> None:
    head = _head(reading)
    _check_first_day(reading, ledger)
    ids = _Ids(reading, ledger)
    for _, i, worker in reading.walk("workers"):
        for j, shift in enumerate(worker.shifts):
            _check_weekdays(shift.weekdays, f"workers[{i}].shifts[{j}].weekdays", ledger)
        if worker.used_monthly_s and worker.max_monthly_s is None:
            ledger.add_unless_broken(
                fault("E1713", f"workers[{i}].used_monthly_s"), f"workers[{i}].max_monthly_s"
            )
        if worker.used_weekly_s and worker.max_weekly_s is None:
            ledger.add_unless_broken(
                fault("E1714", f"workers[{i}].used_weekly_s"), f"workers[{i}].max_weekly_s"
            )
    for _, i, programme in reading.walk("programmes"):
        _check_programme(f"programmes[{i}]", programme, head, ledger)
    _check_sequences(reading, head, ledger)
    for _, i, absence in reading.walk("absences"):
        _check_absence(f"absences[{i}]", absence, ids, ledger)
    for _, i, known in reading.walk("history"):
        ids.check("E1102", f"history[{i}].client", known.client)
        ids.check("E1107", f"history[{i}].worker", known.worker)


def _head(reading: Reading) -> Weeks | None:
    wanted: dict[str, Any] = {k: reading.raw[k] for k in ("first_day", "days") if k in reading.raw}
    return read_entity(Weeks, {**_HEAD, **wanted}, "")[0] if "first_day" in wanted else None


def _check_first_day(reading: Reading, ledger: Ledger) -> None:
    text = str(reading.raw.get("first_day", "2000"))
    if not "1990" <= text[:4] <= "2100":
        ledger.add_unless_broken(fault("E1207", "first_day", field="first_day"))


class _Ids:
    """What absences, entitlements and history may refer to."""

    _GROUP = {"E1102": "clients", "E1103": "services", "E1107": "workers"}  # noqa: RUF012

    def __init__(self, reading: Reading, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ids: dict[str, set[str] | None] = {}
        for code, name in self._GROUP.items():
            group = reading.groups[name]
            known = {entity.id for _, entity in group.entities} | group.other_ids
            if name == "services":
                known |= {s.id for s in SERVICES}
            self._ids[code] = known if group.named else None

    def check(self, code: str, path: str, identity: str) -> None:
        known = self._ids[code]
        if known is not None and identity not in known:
            few = ", ".join(sorted(known)[:40]) if code == "E1103" else ""
            self._ledger.add_unless_broken(fault(
                code, path, id=shown(identity), suggestion=did_you_mean(identity, known), known=few
            ))


def _check_weekdays(weekdays: tuple[str, ...] | None, path: str, ledger: Ledger) -> None:
    seen = set[str]()
    for j, weekday in enumerate(weekdays or ()):
        if weekday in seen:
            ledger.add_unless_broken(fault("E1709", f"{path}[{j}]", weekday=weekday))
        seen.add(weekday)


def _check_programme(base: str, programme: Programme, head: Weeks | None, ledger: Ledger) -> None:
    _check_weekdays(programme.weekdays, f"{base}.weekdays", ledger)
    given = [name for name in _FREQUENCY[:3] if getattr(programme, name) is not None]
    causes = [f"{base}.{name}" for name in _FREQUENCY]
    if len(given) != 1:
        ledger.add_unless_broken(fault("E1701", base, found=len(given)), *causes[:3])
    least, most = programme.min_gap_days, programme.max_gap_days
    if most is not None and most < least:
        ledger.add_unless_broken(
            fault("E1702", f"{base}.max_gap_days", most=most, least=least), *causes
        )
    elif len(given) == 1 and head is not None:
        _check_frequency(base, given[0], programme, head, ledger, causes)
    last = programme.last_visit
    if last is not None and head is not None and last >= head.first_day:
        ledger.add_unless_broken(
            fault("E1708", f"{base}.last_visit", day=last, first=head.first_day), "first_day"
        )


def _check_sequences(reading: Reading, head: Weeks | None, ledger: Ledger) -> None:
    """Programmes that come one after another need days that suit both."""
    known = {p.id: (i, p) for _, i, p in reading.walk("programmes")}
    for i, programme in known.values():
        if programme.after is None or programme.after.order not in known:
            continue
        k, other = known[programme.after.order]
        base, told = f"programmes[{i}]", {"other": shown(other.id)}
        causes = [f"programmes[{j}].{name}" for j in (i, k) for name in _FREQUENCY]
        if any(getattr(programme, name) != getattr(other, name) for name in _FREQUENCY[:3]):
            ledger.add_unless_broken(fault("E1710", f"{base}.after", **told), *causes)
            continue
        a, b = programme.last_visit, other.last_visit
        if a is not None and b is not None and a != b:
            ledger.add_unless_broken(
                fault("E1711", f"{base}.last_visit", day=a, last=b, **told),
                f"programmes[{k}].last_visit",
            )
        weekdays = [set(p.weekdays or WEEKDAYS) for p in (programme, other)]
        both = programme.model_copy(update={
            "weekdays": tuple(d for d in WEEKDAYS if all(d in own for own in weekdays)),
            "min_gap_days": max(programme.min_gap_days, other.min_gap_days),
        })
        one = sum(getattr(programme, name) is not None for name in _FREQUENCY[:3]) == 1
        if head is not None and one and (short := _too_few(both, head)) is not None:
            block, most = short
            ledger.add_unless_broken(fault(
                "E1712", f"{base}.after", visits=block.visits,
                days=block.last - block.first + 1, most=most, **told,
            ), *causes, *(f"programmes[{j}]" for j in (i, k)), "days")


def _check_frequency(
    base: str, name: str, programme: Programme, head: Weeks, ledger: Ledger, causes: list[str]
) -> None:
    """Tell what no calendar allows; what only holidays or absences prevent is a result."""
    if (short := _too_few(programme, head)) is not None:
        block, most = short
        ledger.add_unless_broken(fault(
            "E1703", f"{base}.{name}", visits=block.visits, days=block.last - block.first + 1,
            most=most,
        ), *causes, "days")


def _too_few(programme: Programme, head: Weeks) -> tuple[Block, int] | None:
    """Find a block in which weekdays and gaps allow fewer visits than are due: it, and how many."""
    for block in blocks_of(programme, head.days):
        possible, last = 0, -MAX_DAYS
        for k in range(block.first, block.last + 1):
            free = programme.weekdays is None or (
                WEEKDAYS[head.dates[k].weekday()] in programme.weekdays
            )
            if free and k - last >= programme.min_gap_days:
                possible, last = possible + 1, k
        short = block.last - block.first + 1 < 7 * (programme.every_weeks or 1)
        if possible < block.visits and not (short and programme.visits is None):
            return block, possible
    return None


def _check_absence(base: str, absence: Absence, ids: _Ids, ledger: Ledger) -> None:
    who = [x for x in (absence.worker, absence.client) if x is not None]
    if len(who) != 1:
        ledger.add_unless_broken(
            fault("E1705", base, found=len(who)), f"{base}.worker", f"{base}.client"
        )
    if absence.worker is not None:
        ids.check("E1107", f"{base}.worker", absence.worker)
    if absence.client is not None:
        ids.check("E1102", f"{base}.client", absence.client)
    begin, until = absence.from_day, absence.until_day
    if until < begin:
        ledger.add_unless_broken(
            fault("E1704", f"{base}.until_day", until=until, begin=begin), f"{base}.from_day"
        )
