"""A problem as the lines of its sheets, and those in a workbook or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.domain.problem import Problem
from engine.formats.native import problem_data
from engine.formats.table_columns import (
    BATCHES,
    LISTS,
    PLACE_GROUPS,
    PLACES,
    SETTINGS,
    SHEETS,
    header_of,
    values,
)
from engine.formats.table_files import Grids, write_grids


def write_tables(problem: Problem, path: str | Path) -> None:
    """Write a problem as a workbook (``.xlsx``), or else as a folder of CSV files.

    Raises
    ------
    InputError : ``E1017``, it cannot be written; ``E1511``, openpyxl is missing.
    """
    write_grids(grids_of(problem), Path(path))


def grids_of(problem: Problem) -> Grids:
    """All sheets of a problem, each with its header line; optional ones only where needed."""
    data = problem_data(problem)
    lines: dict[str, list[list[Any]]] = {}
    settings = [["setting 设置项", "value 值"]]
    for column, value in zip(SETTINGS.columns, values(data, SETTINGS.columns), strict=True):
        if value is not None:
            settings.append([header_of(column), value])
    places, batches = [], []
    for kind, group in PLACE_GROUPS.items():
        for entry in data.get(group, ()):
            places.append(values({**entry, "kind": kind}, PLACES.columns))
            for batch in entry.get("batches", ()):
                batches.append(values({**batch, "place": entry["id"]}, BATCHES.columns))
    lines[PLACES.name], lines[BATCHES.name] = places, batches
    for sheet, group in LISTS:
        lines[sheet.name] = [values(entry, sheet.columns) for entry in data.get(group, ())]
    grids: Grids = {SETTINGS.name: settings}
    for sheet in SHEETS[1:]:
        if sheet.required or lines[sheet.name]:
            grids[sheet.name] = [[header_of(c) for c in sheet.columns], *lines[sheet.name]]
    return grids
