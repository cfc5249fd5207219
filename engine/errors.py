"""What can go wrong, on one page.

    DispatchError                    base of everything the engine raises on purpose
    ├── InputError        HTTP 422   faults in what was given; all of them, each with code and path
    ├── NetworkFault      HTTP 422   the map cannot be read or used (wraps geodata's NetworkError)
    └── PlanRejected      HTTP 500   a plan failed the independent checker: a defect of ours

Routing defects surface as ``solvers.errors.SolverError`` (HTTP 500). Out of time is no error: the
incumbent comes back with its status. An order that cannot be served is a result with a reason.

Codes: E10xx shape and type, E11xx references, E12xx times, E13xx loads, E14xx places and network,
E15xx tables, E16xx requests, E17xx weeks, E19xx events of a running day (engine/live/refusals.py),
E3xxx map files (geodata), P2xxx broken promises found by the checker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong with an input: where, what, and what to do, in both languages.

    ``path`` points into the input as it was given: ``orders[3].windows[0].end_s`` for JSON,
    ``orders!D5`` for a sheet. Values of the input are never part of a log.
    """

    path: str
    code: str
    message: str
    hint: str
    message_zh: str
    hint_zh: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON answers."""
        return asdict(self)


def reading_order(path: str) -> list[tuple[int, str]]:
    """Sort key of a path: ``orders[2]`` comes before ``orders[10]``."""
    parts = re.split(r"(\d+)", path)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


class DispatchError(Exception):
    """Base of everything the engine raises on purpose."""


class InputError(DispatchError):
    """The input has faults; ``faults`` holds all that were found, by path."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda f: (reading_order(f.path), f)))
        first = self.faults[0]
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        super().__init__(f"{first.code} {first.path}: {first.message}{more}")


class NetworkFault(InputError):
    """The street network cannot be read or used."""


class PlanRejected(DispatchError):
    """A plan failed the checker before it could leave the engine."""

    def __init__(self, violations: Iterable[Any]) -> None:
        self.violations = tuple(violations)
        super().__init__(f"plan failed the checker: {len(self.violations)} broken promises")
