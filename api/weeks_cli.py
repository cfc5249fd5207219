"""``careroute weeks demo | policy | plan | check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from api.options import DebugOption, JsonOption, LangOption, NetworkOption, SeedOption
from api.terminal import BROKEN, conversation

app = typer.Typer(help="Plan one to four weeks: visits, faces, days.", no_args_is_help=True)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="file to write")] = Path("weeks.json"),
    clients: Annotated[int, typer.Option(min=1, max=20_000)] = 200,
    workers: Annotated[int, typer.Option(min=1, max=2_000)] = 15,
    weeks: Annotated[int, typer.Option(min=1, max=4)] = 4,
    seed: SeedOption = 1,
    network: NetworkOption = None,
    nodes: Annotated[int, typer.Option(min=300, max=400_000, help="of the synthetic city")] = 6_000,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Generate weeks to try."""
    with conversation(lang, as_json, debug) as terminal:
        from api import weeks as verbs

        terminal.subject = str(out)
        verbs.make_demo(
            out, clients=clients, workers=workers, n_weeks=weeks, seed=seed, nodes=nodes,
            network=network,
        )
        terminal.json({"ok": True, "weeks": str(out)})
        terminal.say("wrote", path=out)


@app.command()
def plan(
    source: Annotated[Path, typer.Argument(help="weeks as .json")],
    out: Annotated[Path, typer.Option("--out", "-o", help="folder for the files")] = Path("out"),
    seconds: Annotated[
        Optional[float],
        typer.Option("--seconds-a-day", min=0.01, max=3_600, help="of search, a day and pass"),
    ] = None,
    iterations: Annotated[
        Optional[int], typer.Option(min=1, help="a day and pass; same seed: same plans")
    ] = None,
    seed: SeedOption = 1,
    continuity: Annotated[
        bool, typer.Option("--continuity/--no-continuity", help="faces and hours have a price")
    ] = True,
    compare: Annotated[
        bool, typer.Option("--compare/--no-compare", help="the same without continuity beside it")
    ] = True,
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Plan every day of the horizon. Ctrl-C ends the search and writes what there is."""
    with conversation(lang, as_json, debug) as terminal:
        from api import outputs
        from api import weeks as verbs

        weeks = terminal.reading(source, lambda path: verbs.read_weeks(path, network))
        terminal.reading(out, outputs.make_folder)  # before the work, not after it
        terminal.subject = str(source)
        with (
            terminal.stoppable() as should_stop,
            terminal.progress("planning") as on_progress,
        ):
            result = verbs.plan(
                weeks, seconds=seconds, iterations=iterations, seed=seed, continuity=continuity,
                compare=compare, network=network, folder=source.parent, on_progress=on_progress,
                should_stop=should_stop,
            )
        files = verbs.write(weeks, result, out)
        terminal.json({"ok": True, "report": result.report, "files": [str(f) for f in files]})
        terminal.markup(verbs.figures(result, terminal.lang))
        for path in verbs.names(files):
            terminal.say("wrote", path=path)


@app.command()
def policy(
    source: Annotated[
        Optional[Path], typer.Argument(help="weeks as .json; without: tell the table")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="file to write")] = Path("weeks.json"),
    table: Annotated[
        Optional[Path], typer.Option(help="rows as .json in place of those that come along")
    ] = None,
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Add what clients are owed by care level and living situation; own programmes stay."""
    with conversation(lang, as_json, debug) as terminal:
        from api import weeks as verbs
        from engine.policy import policy_data

        terminal.subject = str(table or source or "")
        rows = verbs.read_policy(table)
        if source is None:
            terminal.json({"ok": True, "policy": policy_data(rows)})
            terminal.markup(verbs.policy_text(rows, terminal.lang))
            return
        weeks = terminal.reading(source, lambda path: verbs.read_weeks(path, network))
        added = verbs.apply_policy(weeks, rows, out)
        terminal.json({"ok": True, "added": added, "weeks": str(out)})
        terminal.say("owed", n=added)
        terminal.say("wrote", path=out)


@app.command()
def check(
    source: Annotated[Path, typer.Argument(help="weeks as .json")],
    plan: Annotated[Path, typer.Argument(help="weeks-plan.json to check")],
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Hold plans over weeks against every promise: exit 0 clean, 1 broken, 2 unreadable."""
    with conversation(lang, as_json, debug) as terminal:
        from api import weeks as verbs

        weeks = terminal.reading(source, lambda path: verbs.read_weeks(path, network))
        terminal.subject = str(plan)
        violations = verbs.check(weeks, plan, folder=source.parent, network=network)
        terminal.violations(violations)
        if violations:
            raise typer.Exit(BROKEN)
