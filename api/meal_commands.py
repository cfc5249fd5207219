"""``careroute meals plan | check | template``: a meal period from tables to sheets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Optional

import typer

from api.options import DebugOption, ForceOption, JsonOption, LangOption, NetworkOption, SeedOption
from api.terminal import BROKEN, conversation

meals_app = typer.Typer(
    help="Plan a meal period: kitchens, points, couriers.", no_args_is_help=True
)

DayOption = Annotated[
    Optional[datetime], typer.Option("--date", formats=["%Y-%m-%d"],
                                     help="with standing orders; default: of the settings")
]
Source = Annotated[Path, typer.Argument(help=".xlsx, a folder of CSV files, or .json")]


@meals_app.command()
def plan(
    source: Source,
    date: DayOption = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="folder for the files")] = Path("out"),
    effort: Annotated[int, typer.Option(min=1, max=10_000, help="iterations a home")] = 60,
    seed: SeedOption = 1,
    previous: Annotated[
        Optional[Path], typer.Option(
            "--previous", "--before", help="plan to stay near; who eats later is told"
        )
    ] = None,
    move_client: Annotated[
        int, typer.Option("--move-client-cents", min=0, max=100_000,
                          help="with --previous: price of a door by another courier")
    ] = 3_000,
    later: Annotated[
        int, typer.Option("--later-cents", min=0, max=1_000,
                          help="with --previous: price of a minute that somebody eats later")
    ] = 60,
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Plan a meal period; writes plan.json, meals.xlsx and meals.html."""
    with conversation(lang, as_json, debug) as terminal:
        from api import meals, outputs, service

        day = date.date() if date else None
        given = terminal.reading(source, lambda path: meals.read(path, day))
        earlier = terminal.reading(previous, meals.read_plan) if previous else None
        terminal.reading(out, outputs.make_folder)  # before the work, not after it
        terminal.subject = str(source)
        with (
            service.located(given.locate),
            terminal.stoppable() as should_stop,
            terminal.progress("planning") as on_progress,
        ):
            result = meals.plan(
                given.orders, seed=seed, effort=effort, previous=earlier,
                move_client_cents=move_client, later_cents=later, network=network,
                folder=given.folder,
                on_progress=on_progress, should_stop=should_stop,
            )
        files = meals.write(result, out)
        warnings = [given.locate(w) for w in result.warnings]
        rota = result.rota
        totals = result.plan.totals
        terminal.json({
            "ok": True, "totals": totals.model_dump(), "files": [str(f) for f in files],
            "warnings": [w.as_dict() for w in warnings],
            "later": [x._asdict() for x in result.later],
            "rota": rota._asdict() if rota else None,
        })
        if as_json:
            return
        if warnings:
            terminal.faults(warnings, "warnings")
        terminal.figures(terminal.word("meals"), [
            ("due", f"{totals.due:,}"), ("served", f"{totals.served:,}"),
            ("on_time", f"{totals.on_time:,}"),
            ("without", f"{totals.due - totals.served:,}"),
            ("couriers", f"{totals.couriers:,}"), ("courier_trips", f"{totals.trips:,}"),
            ("van_trips", f"{totals.van_trips:,}"),
            ("cost_yuan", f"{totals.cost_cents / 100:,.2f}"),
            ("bound_yuan", f"{totals.bound_cents / 100:,.2f}"),
            *([("later", f"{len(result.later):,}"),
               ("rota_kept", f"{rota.kept:,} / {rota.doors:,}"),
               ("rota_followed", f"{rota.followed:,}")] if rota else []),
        ])
        for path in files:
            terminal.say("wrote", path=path)


@meals_app.command()
def check(
    source: Source,
    plan: Annotated[Path, typer.Argument(help="plan to check")],
    date: DayOption = None,
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Hold a plan of a meal period against every promise: exit 0 clean, 1 broken."""
    with conversation(lang, as_json, debug) as terminal:
        from api import meals, service

        day = date.date() if date else None
        given = terminal.reading(source, lambda path: meals.read(path, day))
        made = terminal.reading(plan, meals.read_plan)
        terminal.subject = str(source)
        with service.located(given.locate):
            broken = meals.check(given.orders.problem, made, network=network, folder=given.folder)
        terminal.violations(broken)
        if broken:
            raise typer.Exit(BROKEN)


@meals_app.command()
def template(
    out: Annotated[Path, typer.Argument(help="a .xlsx file, or a folder for CSV files")],
    force: ForceOption = False,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a small lunch as tables, to type over."""
    with conversation(lang, as_json, debug) as terminal:
        from api import meals

        terminal.subject = str(out)
        meals.write_example(out, force=force)
        terminal.json({"ok": True, "template": str(out)})
        terminal.say("wrote", path=out)
