"""``careroute live``: a running day from the command line."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from api.options import DebugOption, JsonOption, LangOption, NetworkOption
from api.terminal import BROKEN, Terminal, conversation

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
    network: NetworkOption = None,
    store: Annotated[
        Optional[str], typer.Option(help="keep the day in this database (URL), or go on with it")
    ] = None,
    day: Annotated[Optional[str], typer.Option(help="its name; else the problem's id")] = None,
    improve: Annotated[int, typer.Option(
        min=0, max=1_000_000,
        help="iterations of search for a better rest of the day after each event; 0: none",
    )] = 0,
    report: Annotated[Optional[list[Path]], typer.Option(
        help="plan against actual: .json, .xlsx or .html; may be given several times"
    )] = None,
    lang: LangOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="outcomes as JSON on stdout")] = False,
    debug: DebugOption = False,
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
                store_url=store, name=day, on_progress=on_progress, improve=improve,
            )
        files = [*(report or [])]
        days.write_reports(ended, files, terminal.lang)
        if out is not None:
            days.save_plan(ended, out)
            files.insert(0, out)
        _tell(terminal, ended, outcomes, files)
        violations = ended.check()
        if violations:
            terminal.violations(violations)
            raise typer.Exit(BROKEN)


@live.command()
def report(
    files: Annotated[list[Path], typer.Argument(help="to write: .json, .xlsx, .html")],
    store: Annotated[str, typer.Option(help="the database that keeps the day (URL)")],
    day: Annotated[str, typer.Option(help="its name")],
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write what was done against what was planned, by worker, provider, payer and service."""
    with conversation(lang, as_json, debug) as terminal:
        from api import days

        terminal.subject = day
        found = days.write_reports(days.open_stored(store, day, network), files, terminal.lang)
        totals = found["totals"]
        terminal.json({"ok": True, "totals": totals, "files": [str(f) for f in files]})
        terminal.figures(terminal.word("report"), [
            (f"report_{key}", "-" if totals[key] is None else f"{totals[key]:,}")
            for key in ("orders", "finished", "missed", "failed", "unreported", "on_time_percent",
                        "ordered_min", "actual_min", "score")
        ])
        for path in files:
            terminal.say("wrote", path=path)


def _tell(terminal: Terminal, day: Any, outcomes: list[Any], files: list[Path]) -> None:
    from api import days

    found = days.summary(day)
    terminal.json({
        "ok": True, "day": found, "outcomes": [o.as_dict() for o in outcomes],
        "files": [str(f) for f in files],
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
