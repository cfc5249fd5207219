"""One function behind each verb, whichever door it came through; heavy parts load late."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.day import DayParams, DayResult

    from engine.domain.plan import Plan
    from engine.domain.problem import Problem
    from engine.domain.services import Service, Skill
    from engine.rules.base import Violation


@lru_cache(maxsize=1)
def version() -> str:
    """Version of the installed distribution."""
    from importlib.metadata import version as installed

    return installed("careroute")


# -- in ------------------------------------------------------------------------------------------


def loads(data: bytes) -> Any:
    """Read JSON, strictly: UTF-8, no NaN, not too deep."""
    from engine.formats import native

    return native.loads(data)


def parse_problem(document: object) -> Problem:
    """Make a problem of a JSON document; raises ``InputError`` with all its faults."""
    from engine.domain import parse

    return parse.parse_problem(document)


def parse_plan(document: object) -> Plan:
    """Make a plan of a JSON document; raises ``InputError`` with all its faults."""
    from engine.domain import parse

    return parse.parse_plan(document)


def read_problem(path: Path) -> Problem:
    """Read a problem from JSON, from a workbook, or from a folder of CSV files."""
    if path.is_dir() or path.suffix.lower() == ".xlsx":
        from engine.formats import tables

        return tables.load(path)
    from engine.formats import native

    return native.load_problem(path)


def read_plan(path: Path) -> Plan:
    """Read a plan from JSON."""
    from engine.formats import native

    return native.load_plan(path)


def folder_of(source: Path) -> Path:
    """Folder that relative paths of an input count from."""
    return source if source.is_dir() else source.parent


# -- work ----------------------------------------------------------------------------------------


def warm_up() -> None:
    """Compile every kernel, so that a time limit counts search alone."""
    import geodata
    from solvers import solve

    geodata.warm_up()
    solve.warm_up()


def plan(
    problem: Problem,
    params: DayParams,
    *,
    network: Path | None = None,
    folder: Path | None = None,
    named_folder: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> DayResult:
    """Plan a day; ``network`` is a file in place of the problem's own."""
    from engine.day import plan_day

    return plan_day(
        problem,
        params,
        network=_override(network),
        folder=folder,
        named_folder=named_folder,
        on_progress=on_progress,
        should_stop=should_stop,
    )


def check(
    problem: Problem,
    made: Plan,
    *,
    network: Path | None = None,
    folder: Path | None = None,
    named_folder: Path | None = None,
) -> tuple[Violation, ...]:
    """Hold a plan against every promise; empty when all are kept."""
    from engine.check import check_plan

    from engine.networks import open_network
    from engine.travel import build_travel

    streets = _override(network) or open_network(
        problem.network, folder=folder, named_folder=named_folder
    )
    return tuple(check_plan(problem, made, build_travel(problem, streets)))


def list_networks(folder: Path | None) -> list[str]:
    """Names of the networks that a folder holds."""
    from engine import networks

    return networks.list_networks(folder)


def catalogue() -> tuple[tuple[Service, ...], tuple[Skill, ...]]:
    """Services and skills that need no definition."""
    from engine.domain.services import SERVICES, SKILLS

    return SERVICES, SKILLS
