"""``careroute simulate``: a planned day lived through many times, under several policies."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Optional

import typer

from api.options import DebugOption, JsonOption, LangOption, NetworkOption
from api.terminal import conversation


def simulate(
    source: Annotated[Path, typer.Argument(help="problem: .json, .xlsx, or a folder of CSV files")],
    plan: Annotated[Path, typer.Argument(help="the plan that each day begins with")],
    seeds: Annotated[
        Optional[int], typer.Option(min=1, max=100_000, help="days to draw; 20 if not given")
    ] = None,
    seed: Annotated[
        Optional[int], typer.Option(min=0, max=2**53, help="of the first day; 1 if not given")
    ] = None,
    alarms: Annotated[
        Optional[int], typer.Option(min=0, max=100_000, help="a day; 60 if not given")
    ] = None,
    policy: Annotated[
        Optional[list[str]],
        typer.Option("--policy", help="nearest, ours, cover or replan; may repeat; default: all"),
    ] = None,
    params: Annotated[
        Optional[Path], typer.Option(help="JSON with the spreads, shares, hours and so on")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="processes; same result")] = 1,
    out: Annotated[
        Optional[list[Path]],
        typer.Option("--out", "-o", help="report: .json, .html or .svg; may repeat"),
    ] = None,
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Live through a planned day with bad luck: who is reached in time, who is moved."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service, simulations

        given = terminal.reading(source, partial(service.read_problem, network=network))
        made = terminal.reading(plan, service.read_plan)
        asked = terminal.reading(params, simulations.read_params_file) if params else {}
        told = {"seeds": seeds, "first_seed": seed, "alarms": alarms, "policies": policy or None}
        wanted = simulations.read_params(
            {**asked, **{key: value for key, value in told.items() if value is not None}}
        )
        terminal.subject = str(source)
        with (
            service.located(given.locate),
            terminal.stoppable() as should_stop,
            terminal.progress("simulating") as on_progress,
        ):
            streets = service.open_streets(given.problem.network, network, None, given.folder)
            summary = simulations.run(
                given.problem, made, wanted, streets=streets, jobs=jobs,
                on_progress=on_progress, should_stop=should_stop,
            )
        for path in out or ():
            simulations.write(summary, path, terminal.lang)
        terminal.json({"ok": True, **summary, "files": [str(path) for path in out or ()]})
        for table in simulations.tables(summary, terminal.lang):
            terminal.table(table.title, table.columns, table.rows)
        for path in out or ():
            terminal.say("wrote", path=path)
