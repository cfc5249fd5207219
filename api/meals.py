"""Meal periods behind every door: reading, planning, rendering; heavy parts load late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from engine.domain.meal_plan import MealPlan
    from engine.domain.meals import MealsProblem
    from engine.errors import Fault
    from engine.meals.changes import Later, Rota
    from engine.meals.programme import DayOrders


class GivenMeals(NamedTuple):
    """A meal period as it was given; ``locate`` makes a fault name its place there."""

    orders: DayOrders
    folder: Path
    locate: Callable[[Fault], Fault]


class MealResult(NamedTuple):
    """A checked plan, what the input warns of, and how it differs from the plan before."""

    orders: DayOrders
    plan: MealPlan
    warnings: tuple[Fault, ...]
    later: list[Later]
    rota: Rota | None


def read(path: Path, day: date | None = None) -> GivenMeals:
    """Read the meal period of a day from JSON, from a workbook, or from a folder of CSV files.

    Raises
    ------
    InputError : all faults; a day is asked for of a period that has no standing orders.
    """
    from api.service import located
    from engine.meals.programme import orders_of

    folder, locate = path.parent, _as_it_is
    if path.is_dir() or path.suffix.lower() in (".xlsx", ".xlsm"):
        from engine.formats.meal_tables import read_meal_tables

        programme, cells = read_meal_tables(path)
        folder, locate = path if path.is_dir() else folder, cells.translate
    else:
        from engine.domain.programme_reading import read_programme
        from engine.formats import native

        programme = read_programme(native.loads(native.read_bytes(path)))
    with located(locate):
        orders = orders_of(programme, day)
    return GivenMeals(orders, folder, locate)


def _as_it_is(found: Fault) -> Fault:
    return found


def read_plan(path: Path) -> MealPlan:
    """Read a plan of a meal period from JSON, with all its faults."""
    from engine.domain.meal_plan import MEAL_PLAN_FORMAT, MealPlan
    from engine.domain.shapes import read_valid
    from engine.formats import native

    return read_valid(MealPlan, native.read_of(MEAL_PLAN_FORMAT, path))


def plan(
    orders: DayOrders,
    *,
    seed: int = 1,
    effort: int = 60,
    joint: bool = True,
    previous: MealPlan | None = None,
    move_client_cents: int = 3_000,
    later_cents: int = 60,
    network: Path | None = None,
    folder: Path | None = None,
    named_folder: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> MealResult:
    """Plan a meal period, and hold the plan against every promise before it leaves.

    Parameters
    ----------
    orders : the period; notes of changes of standing orders come first among the warnings.
    previous : a plan of another day, or of the same before it changed: doors keep its couriers,
        and their order, unless moving a door saves ``move_client_cents``, and nobody eats later
        who was told a time, unless that saves ``later_cents`` a minute.
    network : a file in place of the problem's own network.
    folder : where relative paths of the problem count from; None: it may name no file.

    Raises
    ------
    InputError : the network cannot be used, or points lie too far from its roads.
    PlanRejected : the checker found a broken promise, which is a defect.
    """
    from api.service import open_streets
    from engine.domain.meal_reading import meal_warnings
    from engine.errors import PlanRejected
    from engine.meals.changes import compare_rotas, who_eats_later
    from engine.meals.check import check_meals
    from engine.meals.plan import MealParams, plan_meals
    from engine.meals.travel import build_meal_travel

    problem = orders.problem
    streets = open_streets(problem.network, network, named_folder, folder)
    travel = build_meal_travel(problem, streets)
    made = plan_meals(
        problem, travel, MealParams(
            seed=seed, effort=effort, joint=joint, previous=previous,
            move_client_cents=move_client_cents, later_cents=later_cents,
        ),
        on_progress=on_progress, should_stop=should_stop,
    )
    broken = check_meals(problem, made, travel)
    if broken:
        raise PlanRejected(broken)
    warnings = (*orders.notes, *meal_warnings(problem))
    if previous is None:
        return MealResult(orders, made, warnings, [], None)
    return MealResult(orders, made, warnings, who_eats_later(previous, made),
                      compare_rotas(previous, made, move_client_cents))


def check(
    problem: MealsProblem, made: MealPlan, *, network: Path | None, folder: Path
) -> list[Any]:
    """Hold a plan against every promise; empty when all are kept."""
    from api.service import open_streets
    from engine.meals.check import check_meals
    from engine.meals.travel import build_meal_travel

    streets = open_streets(problem.network, network, None, folder)
    return list(check_meals(problem, made, build_meal_travel(problem, streets)))


def render(result: MealResult, wanted: str) -> bytes:
    """Make the bytes of a plan: ``json``, ``xlsx`` or ``html``."""
    from engine.formats.meal_sheets import News, meal_html, meal_xlsx

    orders = result.orders
    news = News(orders.late, result.later if result.rota is not None else None)
    if wanted == "xlsx":
        return meal_xlsx(orders.problem, result.plan, news)
    if wanted == "html":
        return meal_html(orders.problem, result.plan, news).encode()
    import orjson

    document: dict[str, Any] = {
        "plan": result.plan.model_dump(mode="json"),
        "warnings": [w.as_dict() for w in result.warnings],
    }
    if result.rota is not None:
        document |= {"later": [x._asdict() for x in result.later], "rota": result.rota._asdict()}
    return orjson.dumps(
        document,
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def write(result: MealResult, folder: Path) -> list[Path]:
    """Write plan, workbook and pages into a folder that is there; the files written."""
    import orjson

    from engine.formats import native

    plan = orjson.dumps(
        result.plan.model_dump(mode="json"),
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )
    contents = {
        "plan.json": plan, "meals.xlsx": render(result, "xlsx"),
        "meals.html": render(result, "html"),
    }
    try:
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except (OSError, ValueError) as error:
        raise native.unusable(error) from error
    return [folder / name for name in contents]


def write_example(out: Path, *, force: bool = False) -> None:
    """Write a small lunch as tables, to type over: a workbook, or a folder of CSV files."""
    from api.outputs import write_new
    from engine.formats.meal_tables import write_meal_tables
    from engine.meals.scenario import make_meals, make_programme

    lunch = make_programme(make_meals(120, 1, 2, 8, seed=1, nodes=600)[0])
    write_new(lambda path: write_meal_tables(lunch, path), out, force=force)
