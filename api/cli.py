"""Commands ``demo``, ``plan``, ``check``, ``graph``, ``reach``, ``route``, ``serve`` and so on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from api.live_cli import live
from api.meal_commands import meals_app
from api.options import DebugOption, ForceOption, JsonOption, LangOption, NetworkOption, SeedOption
from api.simulate_cli import simulate
from api.terminal import BROKEN, Terminal, conversation
from api.weeks_cli import app as weeks_app

if TYPE_CHECKING:
    from api.service import Given
    from engine.domain.plan import Plan

app = typer.Typer(
    name="careroute",
    help="Dispatch optimization and service routing for city elder care.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(meals_app, name="meals")

app.add_typer(weeks_app, name="weeks")
app.add_typer(live, name="live")
app.command()(simulate)

SecondsOption = Annotated[
    Optional[float], typer.Option("--seconds", min=0.01, max=86_400, help="of search")
]
StreetsOption = Annotated[
    Optional[Path], typer.Option("--network", help="map or .npz; default: synthetic")
]
ProfileOption = Annotated[Literal["car", "ebike", "walk", "bus"], typer.Option("--profile")]
TurnsOption = Annotated[bool, typer.Option("--turns", help="obey turn restrictions")]
CoordinatesOption = Annotated[
    Literal["wgs84", "gcj02", "bd09"], typer.Option("--coordinates", help="of the points")
]
SnapOption = Annotated[
    int, typer.Option("--max-snap-m", min=1, max=20_000, help="metres a point may lie off a street")
]


def _print_version(asked: bool) -> None:
    if asked:
        from api.service import version

        typer.echo(f"careroute {version()}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print it")
    ] = False,
) -> None:
    """Exit codes: 0 fine, 1 the plan is broken (check), 2 the input has faults, 3 a defect."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="folder for the files")] = Path(
        "out/demo"
    ),
    orders: Annotated[int, typer.Option(min=1, max=200_000)] = 1_000,
    workers: Annotated[int, typer.Option(min=1, max=50_000)] = 120,
    seed: SeedOption = 1,
    seconds: SecondsOption = 12.0,
    network: Annotated[
        Optional[Path], typer.Option(help="network file; default: synthetic")
    ] = None,
    nodes: Annotated[int, typer.Option(min=100, max=500_000, help="of the synthetic city")] = 6_000,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Generate a day, plan it, and write problem, plan and map."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service

        with terminal.progress("generating"):
            given = service.make_demo(
                out, n_orders=orders, n_workers=workers, seed=seed, network=network, nodes=nodes
            )
        outputs = service.demo_outputs(out)
        already = [out / "problem.json"]
        _plan(terminal, given, outputs, seconds=seconds, seed=seed, already=already)


@app.command()
def plan(
    source: Annotated[Path, typer.Argument(help=".json, .xlsx, or a folder of CSV files")],
    out: Annotated[Path, typer.Option("--out", "-o", help="plan to write")] = Path("plan.json"),
    seconds: SecondsOption = None,
    seed: SeedOption = 1,
    iterations: Annotated[
        Optional[int], typer.Option(min=1, help="same seed and iterations: same plan")
    ] = None,
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="of the search; another number, another plan")
    ] = 1,
    backend: Annotated[Literal["search", "ortools"], typer.Option()] = "search",
    network: NetworkOption = None,
    html: Annotated[Optional[Path], typer.Option("--map", help="map that opens offline")] = None,
    geojson: Annotated[Optional[Path], typer.Option()] = None,
    xlsx: Annotated[Optional[Path], typer.Option()] = None,
    previous: Annotated[
        Optional[Path], typer.Option(help="former plan, not to be left without need")
    ] = None,
    move_client: Annotated[
        int, typer.Option("--move-client-cents", min=0, max=100_000,
                          help="with --previous: price of a visit by another worker")
    ] = 1_000,
    move_minute: Annotated[
        int, typer.Option("--move-minute-cents", min=0, max=10_000,
                          help="with --previous: price of a minute earlier or later")
    ] = 20,
    move_free: Annotated[
        int, typer.Option("--move-free-minutes", min=0, max=240,
                          help="with --previous: a move in time of so many minutes is free")
    ] = 0,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Plan a day. Ctrl-C ends the search and writes the best plan so far."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service

        former = terminal.reading(previous, service.read_plan) if previous else None
        given = terminal.reading(source, partial(service.read_problem, network=network))
        outputs = {"json": out, "html": html, "geojson": geojson, "xlsx": xlsx}
        _plan(
            terminal,
            given,
            {name: path for name, path in outputs.items() if path is not None},
            seconds=seconds,
            seed=seed,
            iterations=iterations,
            threads=threads,
            backend=backend,
            network=network,
            previous=former,
            move_client_cents=move_client,
            move_minute_cents=move_minute,
            move_free_s=60 * move_free,
        )


@app.command()
def check(
    source: Annotated[Path, typer.Argument(help="problem: .json, .xlsx, or a folder of CSV files")],
    plan: Annotated[Path, typer.Argument(help="plan to check")],
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Hold a plan against every promise: exit 0 clean, 1 broken, 2 unreadable."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service

        given = terminal.reading(source, partial(service.read_problem, network=network))
        made = terminal.reading(plan, service.read_plan)
        terminal.subject = str(source)
        with service.located(given.locate):
            violations = service.check(given.problem, made, folder=given.folder, network=network)
        terminal.violations(violations)
        if violations:
            raise typer.Exit(BROKEN)


@app.command()
def offer(
    files: Annotated[list[Path], typer.Argument(help="problem and its plan, of one day or more")],
    client: Annotated[str, typer.Option(help="id of the client who asks")],
    what: Annotated[str, typer.Option("--service", help="id of the service")],
    minutes: Annotated[
        Optional[int], typer.Option("--duration", min=0, max=1_440, help="minutes; else usual")
    ] = None,
    begin: Annotated[str, typer.Option("--from", help="first window opens, 08:00")] = "00:00",
    until: Annotated[str, typer.Option(help="last window closes, 18:00")] = "48:00",
    width: Annotated[int, typer.Option(min=0, max=1_440, help="minutes of a window")] = 30,
    every: Annotated[int, typer.Option(min=5, max=1_440, help="minutes between windows")] = 30,
    most: Annotated[int, typer.Option(min=1, max=1_000, help="offers to tell")] = 10,
    network: NetworkOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Offer windows for a new visit beside planned days: who, what it costs, whom it delays."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service

        if len(files) % 2:
            raise typer.BadParameter("give every day as two files: its problem, then its plan")
        planned = []
        for problem_file, plan_file in zip(files[::2], files[1::2], strict=True):
            given = terminal.reading(
                problem_file, partial(service.read_problem, network=network)
            )
            planned.append((given, terminal.reading(plan_file, service.read_plan)))
        terminal.subject = str(files[0])
        ask = service.read_ask({
            "client": client, "service": what, "most": most,
            "service_duration_s": None if minutes is None else 60 * minutes,
            "from_s": service.seconds_of(begin, "--from"),
            "until_s": service.seconds_of(until, "--until"),
            "width_s": 60 * width, "step_s": 60 * every,
        })  # fmt: skip
        found = service.offers(planned, ask, network=network)
        terminal.json({"ok": True, "offers": [o.model_dump(mode="json") for o in found]})
        terminal.offers(found)


@app.command()
def graph(
    source: Annotated[
        Optional[Path], typer.Argument(help=".osm, .osm.gz, .osm.pbf or .graphml")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="network to write")] = Path(
        "network.npz"
    ),
    place: Annotated[Optional[str], typer.Option(help="download by name instead")] = None,
    largest_part: Annotated[
        bool, typer.Option("--largest-part", help="of towns far apart, keep the largest")
    ] = False,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Read a street map once, and save it ready for use."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service

        if (source is None) == (place is None):
            raise typer.BadParameter("give either a map file or --place")
        terminal.subject = str(source or place)
        with terminal.progress("reading") as on_progress:
            counts = service.save_network(
                source, place, out, on_progress, largest_part=largest_part
            )
        terminal.json({"ok": True, "network": str(out), "counts": counts})
        terminal.figures(terminal.word("counts"), [(k, f"{v:,}") for k, v in counts.items()])
        terminal.say("wrote", path=out)


@app.command()
def reach(
    point: Annotated[list[str], typer.Option("--point", help="lon,lat in degrees; may repeat")],
    minutes: Annotated[float, typer.Option(help="up to a day")],
    out: Annotated[Path, typer.Option("--out", "-o", help="GeoJSON to write")] = Path(
        "reach.geojson"
    ),
    network: StreetsOption = None,
    profile: ProfileOption = "car",
    turns: TurnsOption = False,
    coordinates: CoordinatesOption = "wgs84",
    max_snap: SnapOption = 500,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Draw what is within some minutes of each of some points."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service
        from engine.roads import ReachRequest, read_question

        terminal.subject = "; ".join(point)
        asked = read_question(ReachRequest, {
            "points": [service.read_location(p, f"points[{k}]") for k, p in enumerate(point)],
            "minutes": minutes, "profile": profile, "turns": turns,
            "coordinate_system": coordinates, "max_snap_m": max_snap,
        })  # fmt: skip
        found = service.reach(asked, network=network)
        service.write_geojson(found, out)
        areas = [feature["properties"] for feature in found["features"]]
        terminal.json({"ok": True, "reach": areas, "files": [str(out)]})
        for text, area in zip(point, areas, strict=True):
            figures = [(key, f"{area[key]:,}") for key in ("streets_km", "n_corners", "snapped_m")]
            terminal.figures(text, figures)
        terminal.say("wrote", path=out)


@app.command()
def route(
    origin: Annotated[str, typer.Option("--from", help="lon,lat in degrees")],
    destination: Annotated[str, typer.Option("--to", help="lon,lat in degrees")],
    out: Annotated[Path, typer.Option("--out", "-o", help="GeoJSON to write")] = Path(
        "route.geojson"
    ),
    network: StreetsOption = None,
    profile: ProfileOption = "car",
    turns: TurnsOption = False,
    coordinates: CoordinatesOption = "wgs84",
    max_snap: SnapOption = 500,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Find the fastest way from one point to another: its line, and its streets by name."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service
        from engine.roads import RouteRequest, read_question

        terminal.subject = f"{origin}; {destination}"
        asked = read_question(RouteRequest, {
            "origin": service.read_location(origin, "origin"),
            "destination": service.read_location(destination, "destination"),
            "profile": profile, "turns": turns,
            "coordinate_system": coordinates, "max_snap_m": max_snap,
        })  # fmt: skip
        found = service.route(asked, network=network)
        service.write_geojson(found, out)
        leg = found["properties"]
        terminal.json({"ok": True, "route": leg, "files": [str(out)]})
        terminal.figures("", [(key, f"{leg[key]:,}") for key in ("duration_s", "distance_m")])
        terminal.figures(terminal.word("streets"), [
            (step["name"] or "-", f"{step['distance_m']:,} m") for step in leg["steps"]
        ])  # fmt: skip
        terminal.say("wrote", path=out)


@app.command()
def template(
    out: Annotated[Path, typer.Argument(help="a .xlsx file, or a folder for CSV files")],
    force: ForceOption = False,
    lang: LangOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a filled example to type over."""
    with conversation(lang, as_json, debug) as terminal:
        from api import service

        terminal.subject = str(out)
        service.write_template(out, force=force)
        terminal.json({"ok": True, "template": str(out)})
        terminal.say("wrote", path=out)


@app.command()
def serve(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535)] = 8_000,
    networks: Annotated[Optional[Path], typer.Option(help="folder of NAME.npz networks")] = None,
    lang: LangOption = None,
    debug: DebugOption = False,
) -> None:
    """Serve the same over HTTP; limits come from CAREROUTE_* variables."""
    with conversation(lang, False, debug) as terminal:
        from api.serve import run

        terminal.err.print(terminal.word("serving", host=host, port=port))
        run(host, port, networks)


def _plan(
    terminal: Terminal,
    given: Given,
    outputs: dict[str, Path],
    *,
    seconds: float | None,
    seed: int,
    iterations: int | None = None,
    threads: int = 1,
    backend: str = "search",
    network: Path | None = None,
    already: list[Path] | None = None,
    previous: Plan | None = None,
    move_client_cents: int = 0,
    move_minute_cents: int = 0,
    move_free_s: int = 0,
) -> None:
    from api import service
    from api.outputs import prepare

    source = terminal.subject
    for path in outputs.values():
        terminal.reading(path, prepare)  # before the search, not after it
    terminal.subject = source
    with (
        service.located(given.locate),
        terminal.stoppable() as should_stop,
        terminal.progress("planning") as on_progress,
    ):
        result = service.plan(
            given.problem,
            seconds=seconds,
            iterations=iterations,
            seed=seed,
            threads=threads,
            backend=backend,
            network=network,
            folder=given.folder,
            on_progress=on_progress,
            should_stop=should_stop,
            previous=previous,
            move_client_cents=move_client_cents,
            move_minute_cents=move_minute_cents,
            move_free_s=move_free_s,
        )
    for wanted, path in outputs.items():
        service.write(given, result, wanted, path, terminal.lang)
    files = [*(already or ()), *outputs.values()]
    terminal.json({"ok": True, "report": result.report, "files": [str(f) for f in files]})
    terminal.markup(service.figures(given, result, terminal.lang))
    for path in files:
        terminal.say("wrote", path=path)


def main() -> None:
    """Entry point of the ``careroute`` command."""
    app()


if __name__ == "__main__":
    main()
