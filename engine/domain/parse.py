"""From parsed JSON to a problem or a plan, or to all of its faults at once.

Two gates: shape and type, entity by entity (``reading``, ``shapes``); then meaning across fields
and entities (``references``, ``times``) over everything that could be read. Behind them nothing is
checked again: the engine and its kernels assume.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.domain.care_checks import check_care
from engine.domain.faults import Words, fault
from engine.domain.plan import PLAN_FORMAT, Plan, Route, Unserved
from engine.domain.points import OffRoad
from engine.domain.problem import PROBLEM_FORMAT, Problem
from engine.domain.reading import (
    EnoughFaults,
    Ledger,
    check_roads,
    read_list,
    read_problem_shapes,
)
from engine.domain.references import check_references
from engine.domain.shapes import ROOT, not_an_object, read_entity, unsafe_values
from engine.domain.times import check_times
from engine.domain.words import shown
from engine.errors import Fault, InputError

#: Figures in a plan's reasons are flat or nearly so.
_MAX_FREE_DEPTH = 8
#: Keys at the top of files that people have at hand, and whose they are.
_FOREIGN = {
    "jobs": Words("of VROOM", "（VROOM）"),
    "shipments": Words("of VROOM", "（VROOM）"),
    "features": Words("of GeoJSON", "（GeoJSON）"),
}


def parse_problem(
    data: object, off_road: OffRoad | None = None
) -> tuple[Problem | None, list[Fault]]:
    """Make a problem of parsed JSON.

    Parameters
    ----------
    data : what ``engine.formats.native.loads`` gave; NaN and Infinity may be in it and are faults.
    off_road : asked about a problem that has other faults, so that all are told at once; of one
        that has none, planning itself finds the points that lie off the roads.

    Returns
    -------
    problem : None where there are faults.
    faults : all of them by path, up to ``reading.MAX_FAULTS``.
    """
    ledger = Ledger()
    with _no_collection():
        try:
            if _is_format(data, PROBLEM_FORMAT, ledger):
                reading = read_problem_shapes(data, ledger)  # type: ignore[arg-type]
                check_references(reading, ledger)
                check_times(reading, ledger)
                check_care(reading, ledger)
                if not ledger.faults:
                    return reading.problem(), []
                check_roads(reading, off_road, ledger)
        except EnoughFaults:
            pass
    return None, ledger.faults


def read_problem(data: object, off_road: OffRoad | None = None) -> Problem:
    """Make a problem of parsed JSON; arguments as in ``parse_problem``.

    Raises
    ------
    InputError : with all faults.
    """
    problem, faults = parse_problem(data, off_road)
    if problem is None:
        raise InputError(faults)
    return problem


def parse_plan(data: object) -> tuple[Plan | None, list[Fault]]:
    """Make a plan of parsed JSON; arguments and results as in ``parse_problem``.

    Only its shape is looked at: whether it keeps its promises to a problem is for the checker.
    """
    ledger = Ledger()
    with _no_collection():
        try:
            if _is_format(data, PLAN_FORMAT, ledger):
                return _read_plan(data, ledger), ledger.faults  # type: ignore[arg-type]
        except EnoughFaults:
            pass
    return None, ledger.faults


def read_plan(data: object) -> Plan:
    """Make a plan of parsed JSON.

    Raises
    ------
    InputError : with all faults.
    """
    plan, faults = parse_plan(data)
    if plan is None:
        raise InputError(faults)
    return plan


def _read_plan(data: dict[str, Any], ledger: Ledger) -> Plan | None:
    # Route by route, so that a route of a thousand broken stops does not hide the next one.
    parts = {
        name: read_list(model, name, data[name], ledger) if name in data else None
        for name, model in (("routes", Route), ("unserved", Unserved))
    }
    for i, entry in enumerate(parts["unserved"] or ()):
        assert isinstance(entry, Unserved)
        for name in ("numbers", "change"):
            free = getattr(entry, name)
            ledger.add(unsafe_values(free, f"unserved[{i}].{name}", _MAX_FREE_DEPTH))
    lists = {name: tuple(part) for name, part in parts.items() if part is not None}
    plan, faults = read_entity(Plan, {**data, **lists}, "")
    ledger.add(faults)
    return None if ledger.faults else plan


def _is_format(data: object, expected: str, ledger: Ledger) -> bool:
    """Whether the input says that it is what is to be read; False where a fault was told."""
    if not isinstance(data, dict):
        ledger.add([not_an_object(ROOT, data)])
        return False
    if "format" in data:
        if data["format"] == expected:
            return True
        ledger.add([fault("E1008", "format", found=shown(data["format"]), expected=expected)])
        return False
    foreign = next((_FOREIGN[key] for key in _FOREIGN if key in data), None)
    if foreign:
        ledger.add([fault("E1008", ROOT, found=foreign, expected=expected)])
    return foreign is None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the cycle collector while entities are made by the hundred thousand.

    They hold no cycles, and walking all of them again and again takes twice as long as making them:
    100,000 orders took 2.1 s with the collector and 0.7 s without.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
