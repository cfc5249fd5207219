"""Weeks, whichever door they came through: read, plan, write; heavy parts load late."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from api import service

if TYPE_CHECKING:
    from engine.domain.weeks import Weeks
    from engine.policy import PolicyRow
    from engine.weeks.plan import WeeksResult

#: Of search a day and pass, where neither a time nor a number of iterations is given.
DEFAULT_SECONDS_A_DAY = 5.0


def read_weeks(path: Path, network: Path | None = None) -> Weeks:
    """Read weeks from JSON; ``network`` takes the place of their own.

    Raises
    ------
    InputError : with all faults of the file.
    """
    from engine.domain.weeks_parse import read_weeks as parse
    from engine.formats import native

    look = service.off_road(folder=path.parent, network=network)
    return parse(native.loads(native.read_bytes(path)), look)


def make_demo(
    path: Path, *, clients: int, workers: int, n_weeks: int, seed: int, nodes: int,
    network: Path | None,
) -> Weeks:
    """Generate weeks and write them to a file, which says by itself where its network is."""
    from engine.domain.problem import FileNetwork, NetworkRef, SyntheticNetwork
    from engine.formats.weeks_json import weeks_json
    from engine.networks import open_network
    from engine.weeks.demo import demo_weeks

    ref: NetworkRef = SyntheticNetwork(nodes=nodes, seed=seed)
    if network is not None:
        ref = FileNetwork(kind="file", path=os.path.relpath(network, path.parent))
    streets = open_network(ref, folder=path.parent)
    weeks = demo_weeks(ref, streets, clients, workers, n_weeks, seed)
    _write(path, weeks_json(weeks))
    return weeks


def read_policy(path: Path | None) -> tuple[PolicyRow, ...]:
    """Read a policy table from JSON; None: the one that comes along.

    Raises
    ------
    InputError : with all faults of the file.
    """
    from engine.formats import native
    from engine.policy import POLICY
    from engine.policy import read_policy as parse

    return POLICY if path is None else parse(native.loads(native.read_bytes(path)))


def apply_policy(weeks: Weeks, rows: Sequence[PolicyRow], out: Path) -> int:
    """Write weeks with a programme for all that clients are owed; how many were added."""
    from engine.formats.weeks_json import weeks_json
    from engine.policy import apply_policy as complete

    whole = complete(weeks, rows)
    _write(out, weeks_json(whole))
    return len(whole.programmes) - len(weeks.programmes)


def policy_text(rows: Sequence[PolicyRow], lang: Literal["en", "zh"]) -> str:
    """Put a policy table into words, a line a row."""
    from engine.policy import policy_lines

    return "\n".join(policy_lines(rows, lang))


def plan(
    weeks: Weeks,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 1,
    continuity: bool = True,
    compare: bool = False,
    network: Path | None = None,
    folder: Path | None = None,
    named_folder: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> WeeksResult:
    """Plan weeks; ``seconds`` and ``iterations`` are a day and pass, else as for a day.

    Raises
    ------
    InputError : the network cannot be used, or points lie too far from its roads.
    """
    from engine.weeks.plan import WeeksParams, plan_weeks

    if seconds is None and iterations is None:
        seconds = DEFAULT_SECONDS_A_DAY
    return plan_weeks(
        weeks,
        WeeksParams(
            seconds=seconds, iterations=iterations, seed=seed, continuity=continuity,
            compare=compare,
        ),
        network=service.open_file(network) if network else None,
        folder=folder,
        named_folder=named_folder,
        on_progress=on_progress,
        should_stop=should_stop,
    )


def write(weeks: Weeks, result: WeeksResult, folder: Path) -> list[Path]:
    """Write every day's problem and plan, the whole answer, its figures, and calendars.

    The workbook needs openpyxl and is left out where that is not installed.
    """
    from importlib.util import find_spec

    import orjson

    from engine.formats import native
    from engine.formats.weeks_html import weeks_html
    from engine.formats.weeks_json import weeks_plan_json

    files: list[Path] = []

    def put(name: str, content: bytes) -> None:
        files.append(folder / name)
        _write(folder / name, content)

    for made in result.plan.days:
        put(f"{made.day}.problem.json", native.dump(made.problem))
        put(f"{made.day}.plan.json", native.dump(made.plan))
    put("weeks-plan.json", weeks_plan_json(result.plan))
    put("report.json", orjson.dumps(result.report, option=orjson.OPT_INDENT_2))
    put("calendar.html", weeks_html(weeks, result.plan, result.report))
    if find_spec("openpyxl"):
        from engine.formats.weeks_xlsx import weeks_xlsx

        put("calendar.xlsx", weeks_xlsx(weeks, result.plan, result.report))
    return files


def check(
    weeks: Weeks, path: Path, *, folder: Path | None = None, network: Path | None = None
) -> list[Any]:
    """Hold a ``weeks-plan.json`` against every promise; empty when all are kept."""
    from engine.formats.weeks_json import load_weeks_plan
    from engine.travel import build_travel
    from engine.weeks.check import check_weeks

    streets = service.open_streets(weeks.network, network, None, folder)
    return check_weeks(weeks, load_weeks_plan(path), build_travel(weeks.base, streets))


def figures(result: WeeksResult, lang: Literal["en", "zh"]) -> str:
    """Put the figures into words, with ``rich`` markup."""
    from engine.weeks.report import weeks_text

    return weeks_text(result.report, lang)


def names(files: Iterable[Path]) -> list[Path]:
    """Files that are told to a person: the days are many."""
    return [f for f in files if not f.name[:1].isdigit()]


def _write(path: Path, content: bytes) -> None:
    from engine.formats import native

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise native.unusable(error) from error
