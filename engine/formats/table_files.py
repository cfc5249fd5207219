"""Grids of cells in files: the sheets of a workbook, or a folder with one CSV file a sheet."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.domain.faults import fault
from engine.domain.shapes import ROOT
from engine.errors import Fault, InputError
from engine.formats.native import MAX_BYTES, read_bytes, unusable

if TYPE_CHECKING:
    from openpyxl import Workbook

#: Sheet name -> lines of cells; line 0 is the first of the sheet.
Grids = dict[str, list[list[Any]]]

#: A stray cell at the foot of a sheet must not make a million empty lines.
MAX_LINES = 200_000
#: What a spreadsheet itself shows where it knows no value.
UNCALCULATED = "#N/A"
#: A spreadsheet runs a cell of a CSV file as a formula when it begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def is_workbook(path: Path) -> bool:
    """Whether a path means a workbook; otherwise it is a folder of CSV files."""
    return path.suffix.casefold() in (".xlsx", ".xlsm") or path.is_file()


def read_grids(path: Path) -> Grids:
    """Read every sheet of a workbook, or every CSV file of a folder.

    Raises
    ------
    InputError : not readable (E1015 to E1018), no workbook (E1501), no text (E1513), too long (E1515),
        or openpyxl is missing (E1511).
    """  # noqa: E501
    return _read_workbook(path) if is_workbook(path) else _read_folder(path)


def write_grids(grids: Grids, path: Path) -> None:
    """Write a workbook, or a folder of CSV files.

    Raises
    ------
    InputError : E1017, E1511.
    """
    if is_workbook(path):
        save_workbook(make_workbook(grids), path)
        return
    try:
        path.mkdir(parents=True, exist_ok=True)
        for name, lines in grids.items():
            with (path / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows([_guard(cell) for cell in line] for line in lines)
    except (OSError, ValueError) as error:
        raise unusable(error) from error


def make_workbook(grids: Grids) -> Workbook:
    """Make a workbook with one sheet a grid; no text ever becomes a formula."""
    workbook = openpyxl_module().Workbook()
    workbook.remove(workbook.active)
    for name, lines in grids.items():
        sheet = workbook.create_sheet(name)
        for i, line in enumerate(lines, start=1):
            for j, value in enumerate(line, start=1):
                if value is None:
                    continue
                cell = sheet.cell(row=i, column=j)
                if isinstance(value, str):
                    # Control characters are no XML and would make the file unreadable.
                    cell.value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", value)
                    cell.data_type = "s"  # openpyxl takes a leading "=" for a formula
                else:
                    cell.value = value
    return workbook


def save_workbook(workbook: Workbook, path: Path) -> None:
    """Write a workbook to a file.

    Raises
    ------
    InputError : ``E1017``, the file cannot be written.
    """
    try:
        workbook.save(path)
    except (OSError, ValueError) as error:
        raise unusable(error) from error


def openpyxl_module() -> Any:
    """Import openpyxl, which is an extra.

    Raises
    ------
    InputError : ``E1511``, it is not installed.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise InputError([fault("E1511", ROOT)]) from error
    return openpyxl


def _guard(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def _read_workbook(path: Path) -> Grids:
    content = read_bytes(path)
    if not content:
        raise InputError([fault("E1002", ROOT)])
    openpyxl = openpyxl_module()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > MAX_BYTES:  # a small file may unpack to all memory
                raise InputError([fault(
                    "E1018", ROOT, size_mb=unpacked // 2**20, limit_mb=MAX_BYTES // 2**20
                )])
            has_formulas = any(
                re.search(rb"<f[ >]", archive.read(entry))
                for entry in archive.infolist() if "worksheets/" in entry.filename
            )
    except InputError:
        raise
    except Exception as error:  # a damaged archive fails in many ways, zlib's among them
        raise InputError([fault("E1501", ROOT)]) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that we do not read
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            grids = {
                sheet.title: _take(sheet.title, sheet.iter_rows(values_only=True))
                for sheet in book.worksheets
            }
            if has_formulas:
                _mark_uncalculated(grids, openpyxl.load_workbook(io.BytesIO(content)))
            return grids
    except InputError:
        raise
    except Exception as error:  # whatever a damaged archive does to its reader
        raise InputError([fault("E1501", ROOT)]) from error


def _mark_uncalculated(grids: Grids, formulas: Workbook) -> None:
    """Mark formulas whose result the file does not hold: read as they are, they would be empty.

    Programs that write workbooks do not calculate; only a spreadsheet does, when it saves.
    """
    for sheet in formulas.worksheets:
        lines = grids[sheet.title]
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f" or cell.row > MAX_LINES:
                    continue
                lines += [[] for _ in range(cell.row - len(lines))]
                line = lines[cell.row - 1]
                line += [None] * (cell.column - len(line))
                if line[cell.column - 1] is None:
                    line[cell.column - 1] = UNCALCULATED


def _read_folder(path: Path) -> Grids:
    try:
        if not path.exists():
            raise InputError([fault("E1015", ROOT)])
        files = sorted(p for p in path.iterdir() if p.suffix.casefold() == ".csv")
    except (OSError, ValueError) as error:
        raise unusable(error) from error
    grids: Grids = {}
    faults: list[Fault] = []
    for file in files:
        try:
            grids[file.stem] = _take(file.stem, _read_csv(read_bytes(file)))
        except (UnicodeDecodeError, csv.Error):
            faults.append(fault("E1513", file.name))
    if faults:
        raise InputError(faults)
    return grids


def _read_csv(content: bytes) -> Iterable[list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16")  # "Unicode text" of spreadsheets
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("gb18030")  # what spreadsheets save as CSV in China
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return ([_unguard(cell) for cell in line] for line in reader)


def _take(name: str, lines: Iterable[Iterable[Any]]) -> list[list[Any]]:
    """Lines of a sheet up to the last one with something in it."""
    taken: list[list[Any]] = []
    n_used = 0
    for i, line in enumerate(lines, start=1):
        cells = list(line)
        if any(cell not in (None, "") for cell in cells):
            if i > MAX_LINES:
                raise InputError([fault("E1515", name, limit=MAX_LINES)])
            n_used = i
        if i <= MAX_LINES:
            taken.append(cells)
    return taken[:n_used]
