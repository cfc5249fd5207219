"""``careroute live``: a running day from the command line."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from api.terminal import BROKEN, Terminal, conversation
from api.words import Lang

live = typer.Typer(
    help="A running day: a plan and its events.", no_args_is_help=True, add_completion=False
)


@live.callback()
def root() -> None:
    """Exit codes as of ``careroute``."""


@live.command()
def replay(
    events: Annotated[Path, typer.Argument(help="JSON list, or one JSON object a line")],
    problem: Annotated[Path, typer.Option(help=".json, .xlsx, or a folder of CSV files")],
    plan: Annotated[Path, typer.Option(help="the plan that the day begins with")],
    out: Annotated[Optional[Path], typer.Option("--out", "-o", help="the day as it went")] = None,
    network: Annotated[Optional[Path], typer.Option(help="in place of the problem's own")] = None,
    store: Annotated[
        Optional[str], typer.Option(help="keep the day in this database (URL), or go on with it")
    ] = None,
    day: Annotated[Optional[str], typer.Option(help="its name; else the problem's id")] = None,
    lang: Annotated[Optional[Lang], typer.Option("--lang", help="en or zh")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="outcomes as JSON on stdout")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show the traceback of a defect")] = False,
) -> None:
    """Send a file of events to a day; exit 1 where a promise of what is to come is broken."""
    with conversation(lang, as_json, debug) as terminal:
        from api import days, service

        given = terminal.reading(problem, partial(service.read_problem, network=network))
        made = terminal.reading(plan, service.read_plan)
        told = terminal.reading(events, days.read_events_file)
        terminal.subject = str(problem)
        with service.located(given.locate), terminal.progress("replaying") as on_progress:
            ended, outcomes = days.replay_files(
                given.problem, made, told, folder=given.folder, network=network,
                store_url=store, name=day, on_progress=on_progress,
            )
        if out is not None:
            days.save_plan(ended, out)
        _tell(terminal, ended, outcomes, out)
        violations = ended.check()
        if violations:
            terminal.violations(violations)
            raise typer.Exit(BROKEN)


def _tell(terminal: Terminal, day: Any, outcomes: list[Any], out: Path | None) -> None:
    from api import days

    found = days.summary(day)
    files = [str(out)] if out else []
    terminal.json({
        "ok": True, "day": found, "outcomes": [o.as_dict() for o in outcomes], "files": files
    })
    statuses: dict[str, int] = {}
    for outcome in outcomes:
        statuses[outcome.status] = statuses.get(outcome.status, 0) + 1
        if outcome.status == "refused":
            zh = terminal.lang == "zh"
            for note in outcome.notes:
                text = note.message_zh if zh else note.message
                terminal.say("refused_event", event=outcome.event, code=note.code, text=text)
    rows = [(f"events_{k}", f"{n:,}") for k, n in sorted(statuses.items())]
    rows += [
        ("on_routes", f"{found['on_routes']:,}"), ("waiting", f"{len(found['waiting']):,}"),
        ("delayed", f"{len(found['delays']):,}"), ("alarms", f"{len(found['alarms']):,}"),
    ]
    terminal.figures(terminal.word("live_day"), rows)
    for path in files:
        terminal.say("wrote", path=path)
