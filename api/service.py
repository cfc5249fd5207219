"""One function behind each verb, whichever door it came through; heavy parts load late."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from api.outputs import make_folder
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.day import DayResult
    from engine.domain.plan import Plan
    from engine.domain.points import Points
    from engine.domain.problem import NetworkRef, Problem
    from engine.domain.services import Service, Skill
    from engine.errors import Fault
    from engine.offers import Ask, Offer
    from engine.roads import ReachRequest, RouteRequest
    from engine.rules.base import Violation
    from geodata import Network

#: Of search, where neither a time nor a number of iterations is given.
DEFAULT_SECONDS: Final = 10.0


@lru_cache(maxsize=1)
def version() -> str:
    """Version of the installed distribution."""
    from importlib.metadata import version as installed

    return installed("careroute")


# -- in ------------------------------------------------------------------------------------------


def loads(data: bytes) -> object:
    """Read JSON, strictly: UTF-8, no NaN, not too deep."""
    from engine.formats import native

    return native.loads(data)


class Given(NamedTuple):
    """A problem as it was given: ``locate`` makes a fault name the place in what was given."""

    problem: Problem
    folder: Path | None
    locate: Callable[[Fault], Fault]


def off_road(
    *, folder: Path | None = None, named_folder: Path | None = None, network: Path | None = None
) -> Callable[[Points], list[Fault]]:
    """Make what finds the points of a broken problem that lie off the roads as well.

    A network that cannot be opened is one more fault.
    """

    def look(points: Points) -> list[Fault]:
        from engine.travel import snap_faults

        try:
            streets = open_streets(points.network, network, named_folder, folder)
            return snap_faults(points, streets)
        except InputError as error:
            return list(error.faults)

    return look


def read_problem(path: Path, network: Path | None = None) -> Given:
    """Read a problem from JSON, from a workbook, or from a folder of CSV files.

    ``network`` takes the place of the problem's own.
    """
    folder = path if path.is_dir() else path.parent
    return _read(path, folder, off_road(folder=folder, network=network))


def read_location(text: str, path: str) -> dict[str, float]:
    """Read ``lon,lat`` as a command line has it.

    Raises
    ------
    RequestError : ``E1617``, these are no two numbers.
    """
    from api.problems import RequestError

    try:
        lon, lat = map(float, text.replace("，", ",").split(","))
    except ValueError:
        raise RequestError("E1617", path) from None
    return {"lon": lon, "lat": lat}


def parse_workbook(content: bytes, named_folder: Path | None = None) -> Given:
    """Make a problem of the bytes of an XLSX workbook; it may name no file of this machine."""
    with tempfile.TemporaryDirectory(prefix="careroute-") as folder:
        path = Path(folder) / "body.xlsx"
        path.write_bytes(content)
        return _read(path, None, off_road(named_folder=named_folder))


def _read(path: Path, folder: Path | None, look: Callable[[Points], list[Fault]]) -> Given:
    if path.is_dir() or path.suffix.lower() in (".xlsx", ".xlsm"):
        from engine.formats import tables

        problem, cells = tables.read_tables(path, look)
        return Given(problem, folder, cells.translate)
    from engine.formats import native

    return Given(native.load_problem(path, look), folder, lambda found: found)


@contextmanager
def located(locate: Callable[[Fault], Fault]) -> Iterator[None]:
    """Make faults that are found in the body name the place in what was given."""
    try:
        yield
    except InputError as error:
        raise type(error)(map(locate, error.faults)) from error


def read_plan(path: Path) -> Plan:
    """Read a plan from JSON."""
    from engine.formats import native

    return native.load_plan(path)


# -- work ----------------------------------------------------------------------------------------


def read_ask(document: dict[str, Any]) -> Ask:
    """Validate what a visit is asked for with.

    Raises
    ------
    InputError : all that is wrong with it.
    """
    from engine.domain.shapes import read_valid
    from engine.offers import Ask

    return read_valid(Ask, document)


def seconds_of(text: str, option: str) -> int:
    """Read the clock time of an option; ``E1506`` where it is none."""
    from engine.domain.faults import fault
    from engine.domain.suspicions import clock_seconds

    seconds = clock_seconds(text)
    if seconds is None:
        raise InputError([fault("E1506", option)])
    return seconds


def warm_up() -> None:
    """Compile every kernel, so that a time limit counts search alone."""
    import geodata
    from engine import day
    from solvers import solve

    assert day  # imported for what it brings along
    geodata.warm_up()
    solve.warm_up()


def plan(
    problem: Problem,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 1,
    threads: int = 1,
    backend: str = "search",
    network: Path | None = None,
    folder: Path | None = None,
    named_folder: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    previous: Plan | None = None,
    move_client_cents: int = 0,
    move_minute_cents: int = 0,
    move_free_s: int = 0,
) -> DayResult:
    """Plan a day.

    Parameters
    ----------
    seconds, iterations : None and None search for ten seconds; ``iterations`` alone has no clock.
    network : a file in place of the problem's own network.
    folder : where relative paths of the problem count from; None: it may name no file.
    on_progress : takes the share done, 0..1.
    previous : a former plan to stay near: a visit by another worker, and a minute earlier or later,
        cost the two prices, the minutes beyond ``move_free_s``.

    Raises
    ------
    InputError : the network cannot be used, or points lie too far from its roads.
    """
    from engine.day import DayParams, plan_day
    from engine.domain.plan import Previous

    if seconds is None and iterations is None:
        seconds = DEFAULT_SECONDS
    tell = on_progress
    return plan_day(
        problem,
        DayParams(
            seconds=seconds, iterations=iterations, seed=seed, threads=threads, backend=backend
        ),
        network=open_file(network) if network else None,
        folder=folder,
        named_folder=named_folder,
        on_progress=(lambda stage: tell(stage.share)) if tell else None,
        should_stop=should_stop,
        previous=None if previous is None else Previous(
            plan=previous, move_client_cents=move_client_cents,
            move_minute_cents=move_minute_cents, move_free_s=move_free_s,
        ),
    )


def check(
    problem: Problem,
    made: Plan,
    *,
    network: Path | None = None,
    folder: Path | None = None,
    named_folder: Path | None = None,
) -> list[Violation]:
    """Hold a plan against every promise; empty when all are kept."""
    from engine.check import check_plan
    from engine.travel import build_travel

    streets = open_streets(problem.network, network, named_folder, folder)
    return check_plan(problem, made, build_travel(problem, streets))


def offers(
    days: Sequence[tuple[Given, Plan]],
    ask: Ask,
    *,
    network: Path | None = None,
    named_folder: Path | None = None,
) -> list[Offer]:
    """Find the best windows for a visit beside days that are planned.

    Raises
    ------
    InputError : as in ``check``; a plan breaks its promises, or what is asked for is not known.
    """
    from engine.offers import PlannedDay, find_offers
    from engine.travel import build_travel

    planned = []
    for given, made in days:
        with located(given.locate):
            streets = open_streets(given.problem.network, network, named_folder, given.folder)
            travel = build_travel(given.problem, streets)
        planned.append(PlannedDay(given.problem, made, travel))
    return find_offers(planned, ask)


def reach(
    asked: ReachRequest, *, network: Path | None = None, named_folder: Path | None = None
) -> dict[str, Any]:
    """Areas within some minutes of some points, as GeoJSON; ``network`` replaces the question's.

    Raises
    ------
    InputError : the network cannot be used, or points lie too far from its streets.
    geodata.NetworkError : nobody of this profile may use its streets.
    """
    from engine.roads import find_reach

    return find_reach(asked, open_streets(asked.network, network, named_folder))


def route(
    asked: RouteRequest, *, network: Path | None = None, named_folder: Path | None = None
) -> dict[str, Any]:
    """One leg as GeoJSON, with its figures and streets; errors as in ``reach``, or no way."""
    from engine.roads import find_route

    return find_route(asked, open_streets(asked.network, network, named_folder))


def make_demo(
    folder: Path, *, n_orders: int, n_workers: int, seed: int, network: Path | None, nodes: int
) -> Given:
    """Generate a day and write ``problem.json``, which says by itself where its network is."""
    from engine.domain.problem import FileNetwork, SyntheticNetwork
    from engine.formats import native
    from engine.networks import open_network
    from engine.scenario import demo_problem

    ref: NetworkRef = SyntheticNetwork(nodes=nodes, seed=seed)
    if network is not None:
        ref = FileNetwork(kind="file", path=os.path.relpath(network, folder))
    streets = open_network(ref, folder=folder)
    problem = demo_problem(ref, streets, n_orders=n_orders, n_workers=n_workers, seed=seed)
    make_folder(folder)
    native.save(problem, folder / "problem.json")
    return Given(problem, folder, lambda found: found)


def demo_outputs(folder: Path) -> dict[str, Path]:
    """Files of a demo by format; the workbook only where openpyxl is installed."""
    files = {
        "json": folder / "plan.json",
        "html": folder / "map.html",
        "geojson": folder / "plan.geojson",
    }
    if importlib.util.find_spec("openpyxl"):
        files["xlsx"] = folder / "plan.xlsx"
    return files


def save_network(
    source: Path | None,
    place: str | None,
    out: Path,
    on_progress: Callable[[float], None] | None = None,
    *,
    largest_part: bool = False,
) -> dict[str, int]:
    """Read a street map from a file, or download a place, and save it as ``.npz``.

    ``largest_part``: of parts that lie far apart, keep the largest instead of refusing the map.

    Returns
    -------
    counts : nodes, edges, and facts about reading such as ``dangling_references``.

    Raises
    ------
    geodata.NetworkError : the map cannot be read, downloaded or saved.
    """
    import geodata

    if source is not None:
        tell = on_progress or (lambda share: None)
        streets = geodata.read_network(
            source, on_progress=lambda _stage, share: tell(share), largest_part=largest_part
        )
    else:
        assert place is not None
        streets = geodata.download_network(place, largest_part=largest_part)
    make_folder(out.parent)
    streets.save(out)
    # What was read is told apart from what is left of it after cleaning.
    read = {f"{k}_read" if k in ("nodes", "edges") else k: v for k, v in streets.counts.items()}
    return {"nodes": streets.n_nodes, "edges": streets.n_edges, **read}


def list_networks(folder: Path | None) -> list[str]:
    """Names of the networks that a folder holds."""
    from engine import networks

    return networks.list_networks(folder)


def catalogue() -> tuple[tuple[Service, ...], tuple[Skill, ...]]:
    """Services and skills that need no definition."""
    from engine.domain.services import SERVICES, SKILLS

    return SERVICES, SKILLS


# -- out -----------------------------------------------------------------------------------------


def render(given: Given, result: DayResult, wanted: str, lang: Literal["en", "zh"] = "en") -> bytes:
    """Write a plan as ``json``, ``geojson``, ``xlsx`` or ``html``; a map opens in ``lang``."""
    if wanted == "xlsx":  # openpyxl writes to files
        with tempfile.TemporaryDirectory(prefix="careroute-") as folder:
            path = Path(folder) / "plan.xlsx"
            write(given, result, wanted, path)
            return path.read_bytes()
    problem, made, travel = given.problem, result.plan, result.travel
    if wanted == "html":
        from engine.formats.html_map import render_map

        return render_map(problem, made, travel, lang).encode()
    if wanted == "geojson":
        from engine.formats.plan_geojson import plan_geojson

        return json_bytes(plan_geojson(problem, made, travel))
    from engine.formats import native

    return native.dump(made)


def write(
    given: Given,
    result: DayResult,
    wanted: str,
    path: Path,
    lang: Literal["en", "zh"] = "en",
) -> None:
    """Write a plan into a file, in a format as ``render`` knows them."""
    make_folder(path.parent)
    if wanted == "xlsx":
        from engine.formats.plan_xlsx import write_plan_xlsx

        write_plan_xlsx(given.problem, result.plan, path)
        return
    from engine.formats import native

    try:
        path.write_bytes(render(given, result, wanted, lang))
    except OSError as error:
        raise native.unusable(error) from error


def figures(given: Given, result: DayResult, lang: Literal["en", "zh"]) -> str:
    """Put the figures of a plan into words, with ``rich`` markup."""
    from engine.report import report_text

    return report_text(given.problem, result.report, lang)


def write_template(out: Path, *, force: bool = False) -> None:
    """Write a filled example: a workbook, or a folder of CSV files."""
    from api.outputs import write_new
    from engine.formats.table_template import write_template as write

    write_new(write, out, force=force)


def json_bytes(document: dict[str, Any]) -> bytes:
    """Write plain data as JSON."""
    import orjson

    return orjson.dumps(document)


def write_geojson(document: dict[str, Any], path: Path) -> None:
    """Write plain data into a file."""
    from engine.formats import native

    make_folder(path.parent)
    try:
        path.write_bytes(json_bytes(document))
    except OSError as error:
        raise native.unusable(error) from error


def open_streets(
    ref: NetworkRef, file: Path | None, named_folder: Path | None, folder: Path | None = None
) -> Network:
    """Open the file where one is given, else what the input refers to."""
    from engine.networks import open_network

    if file is not None:
        return open_file(file)
    return open_network(ref, folder=folder, named_folder=named_folder)


def open_file(path: Path) -> Network:
    """Open a network file that takes the place of a problem's own."""
    from engine.domain.problem import FileNetwork
    from engine.networks import open_network

    return open_network(FileNetwork(kind="file", path=str(path)), folder=Path())
