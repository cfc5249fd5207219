"""Simulations behind every door: what is asked for, the runs, the report; heavy parts load late."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.problems import RequestError
from api.words import Lang
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.domain.plan import Plan
    from engine.domain.problem import Problem
    from engine.simulation.params import SimulationParams
    from engine.simulation.text import Table
    from geodata import Network


def read_params(document: dict[str, Any]) -> SimulationParams:
    """Validate what a simulation is asked for with.

    Raises
    ------
    InputError : all that is wrong with it.
    """
    from engine.domain.shapes import read_valid
    from engine.simulation.params import SimulationParams

    return read_valid(SimulationParams, document)


def read_params_file(path: Path) -> dict[str, Any]:
    """Read parameters from JSON, not validated yet.

    Raises
    ------
    InputError : it is no JSON object.
    """
    from engine.domain.shapes import ROOT, not_an_object
    from engine.formats import native

    document = native.loads(native.read_bytes(path))
    if not isinstance(document, dict):
        raise InputError([not_an_object(ROOT, document)])
    return document


def run(
    problem: Problem,
    plan: Plan,
    params: SimulationParams,
    *,
    streets: Network,
    jobs: int = 1,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Live through the days, and put them into one document.

    Raises
    ------
    RequestError : ``E1622``, the plan is not one for the problem; ``E1625``, SimPy is missing.
    InputError : points lie too far from the streets.
    """
    if importlib.util.find_spec("simpy") is None:
        raise RequestError("E1625", "")
    if plan.problem_fingerprint != problem.fingerprint:
        raise RequestError("E1622", "plan")
    from engine.simulation.run import make_case, run_days
    from engine.simulation.summary import summarize
    from engine.travel import build_travel

    case = make_case(problem, plan, build_travel(problem, streets), params)
    return summarize(run_days(case, jobs, on_progress, should_stop), params)


def tables(summary: dict[str, Any], lang: Lang) -> tuple[Table, ...]:
    """Put a summary into words."""
    from engine.simulation.text import tables as of

    return of(summary, lang)


def write(summary: dict[str, Any], path: Path, lang: Lang) -> None:
    """Write a summary as JSON, as a page (``.html``) or as a picture alone (``.svg``).

    Raises
    ------
    InputError : the file cannot be written.
    """
    from api.service import json_bytes
    from engine.formats import native
    from engine.simulation.picture import draw_curves, draw_page

    suffix = path.suffix.lower()
    if suffix in (".html", ".svg"):
        body = (draw_page if suffix == ".html" else draw_curves)(summary, lang).encode()
    else:
        body = json_bytes(summary)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as error:
        raise native.unusable(error) from error
