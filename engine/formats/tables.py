"""Problems as tables: a workbook, or a folder of CSV files, for people who plan in spreadsheets.

Tables become the same plain data as native JSON and go through the same parser; only the paths of
the faults are translated back, so that every fault names the cell: ``orders!D5``.
"""

from __future__ import annotations

from pathlib import Path

from engine.domain.parse import parse_problem
from engine.domain.points import OffRoad
from engine.domain.problem import Problem
from engine.errors import InputError
from engine.formats.table_files import read_grids
from engine.formats.table_reader import Cells, TableReader
from engine.formats.table_template import write_template
from engine.formats.table_writer import write_tables

__all__ = ["load_tables", "read_tables", "write_tables", "write_template"]


def load_tables(path: str | Path) -> Problem:
    """Read a problem from a workbook or a folder of CSV files.

    Raises
    ------
    InputError : with all faults, each with its cell. Where a sheet or a column is missing, only
        that is told: everything else would follow from it.
    """
    problem, _ = read_tables(path)
    return problem


def read_tables(
    path: str | Path, off_road: OffRoad | None = None
) -> tuple[Problem, Cells]:
    """Read a problem, and where it stands: for faults that are found later, such as off the roads.

    ``off_road`` as in ``parse_problem``.

    Raises
    ------
    InputError : as in ``load_tables``.
    """
    reader = TableReader(read_grids(Path(path)))
    data = reader.read()
    problem, found = parse_problem(data, off_road)
    cells = reader.cells
    faults = reader.faults + [cells.translate(f) for f in found if not cells.is_told(f.path)]
    if problem is None or faults:
        raise InputError(faults)
    return problem, cells
