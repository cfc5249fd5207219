"""The template that a centre fills in: a small day that works, with everything explained."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.domain.parse import read_problem
from engine.domain.problem import Problem
from engine.formats.native import loads
from engine.formats.table_columns import SHEETS, Column, Sheet, header_of
from engine.formats.table_files import (
    Grids,
    is_workbook,
    make_workbook,
    openpyxl_module,
    save_workbook,
    write_grids,
)
from engine.formats.table_reader import letter_of
from engine.formats.table_writer import grids_of

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

GUIDE = "guide"
#: So many lines get drop-down lists.
_N_LINES = 2_000
_HEADER_FILL, _REQUIRED_FILL = "DDEBF7", "FCE4D6"

_GUIDE_HEADER = ("sheet 工作表", "column 列", "required 必填", "meaning", "说明", "choices 可选值")
_INTRODUCTION = (
    (
        "One workbook is one day of one centre. Fill in the sheets settings, places, workers and "
        "orders; the others only where they are needed. Empty cells take the usual value.",
        "一个工作簿为一个中心的一天。请填写“settings 设置”“places 地点”“workers 人员”"
        "“orders 工单”，其余各表按需填写；空白单元格取默认值。",
    ),
    (
        "Write no names, phone numbers, identity-card numbers or addresses: only your own ids.",
        "请勿填写姓名、电话、身份证号或住址，只填写本单位的匿名编号。",
    ),
    (
        "Times are 08:30; 01:00 on the next day is 25:00. Separate several entries in a cell by ;",
        "时间写作 08:30，次日 01:00 写作 25:00；一个单元格内的多项用分号分隔。",
    ),
    (
        "Headers may be English, Chinese or both, in any order; columns not in use may go.",
        "表头可用英文、中文或两者并列，次序不限；不用的列可以删除。",
    ),
)


def example_problem() -> Problem:
    """Make the example day: a kitchen, five workers, fourteen orders, in the default city."""
    file = resources.files("engine.formats").joinpath("example_day.json")
    return read_problem(loads(file.read_bytes()))


def write_template(path: str | Path) -> None:
    """Write the example day with a guide, as a workbook (``.xlsx``) or a folder of CSV files.

    In the workbook headers carry notes, required ones another colour, and choices drop-down lists.

    Raises
    ------
    InputError : ``E1017``, it cannot be written; ``E1511``, openpyxl is missing.
    """
    path = Path(path)
    filled = grids_of(example_problem())
    grids: Grids = {GUIDE: _guide()} | {
        sheet.name: filled.get(sheet.name, [[header_of(column) for column in sheet.columns]])
        for sheet in SHEETS
    }
    if not is_workbook(path):
        write_grids(grids, path)
        return
    workbook = make_workbook(grids)
    _dress_guide(workbook[GUIDE])
    for sheet in SHEETS[1:]:
        _dress(workbook[sheet.name], sheet)
    _dress_settings(workbook[SHEETS[0].name])
    save_workbook(workbook, path)


def _guide() -> list[list[Any]]:
    lines: list[list[Any]] = [[en, zh] for en, zh in _INTRODUCTION]
    lines += [[], list(_GUIDE_HEADER)]
    for sheet in SHEETS:
        for column in sheet.columns:
            lines.append([
                f"{sheet.name} {sheet.zh}", header_of(column),
                "yes 是" if column.required else None, column.note, column.note_zh,
                ", ".join(column.choices) or None,
            ])
    return lines


def _dress_guide(page: Worksheet) -> None:
    styles = openpyxl_module().styles
    n_introduction = len(_INTRODUCTION)
    for row in range(1, n_introduction + 1):
        # A line of prose is as wide as the table below it: English above, Chinese beneath.
        page.cell(row, 1).value = f"{page.cell(row, 1).value}\n{page.cell(row, 2).value}"
        page.cell(row, 2).value = None
        page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=6)
        page.cell(row, 1).alignment = styles.Alignment(wrap_text=True, vertical="top")
        page.row_dimensions[row].height = 45
    for cell in page[n_introduction + 2]:
        cell.font = styles.Font(bold=True)
        cell.fill = styles.PatternFill("solid", fgColor=_HEADER_FILL)
    for letter, width in zip("ABCDEF", (20, 36, 12, 60, 60, 60), strict=True):
        page.column_dimensions[letter].width = width


def _dress_settings(page: Worksheet) -> None:
    page.freeze_panes = "A2"
    page.column_dimensions["A"].width = page.column_dimensions["B"].width = 32
    for cell in page[1]:
        _dress_header(cell, _HEADER_FILL)


def _dress(page: Worksheet, sheet: Sheet) -> None:
    page.freeze_panes = "A2"
    for j, column in enumerate(sheet.columns):
        cell = page.cell(1, j + 1)
        _dress_header(cell, _REQUIRED_FILL if column.required else _HEADER_FILL)
        if column.note:
            text = f"{column.note}\n{column.note_zh}"
            comment = openpyxl_module().comments.Comment(text, "careroute")
            comment.width, comment.height = 320, 110
            cell.comment = comment
        page.column_dimensions[letter_of(j)].width = max(14, 1.4 * len(header_of(column)))
        if column.choices:
            _offer_choices(page, letter_of(j), column)


def _dress_header(cell: Any, fill: str) -> None:
    styles = openpyxl_module().styles
    cell.font = styles.Font(bold=True)
    cell.fill = styles.PatternFill("solid", fgColor=fill)
    cell.alignment = styles.Alignment(wrap_text=True, vertical="top")


def _offer_choices(page: Worksheet, letter: str, column: Column) -> None:
    validation = openpyxl_module().worksheet.datavalidation.DataValidation(
        type="list", formula1='"' + ",".join(column.choices) + '"', allow_blank=True,
        # Chinese names are understood too, and services of one's own: so a list, no prohibition.
        showErrorMessage=False,
    )
    page.add_data_validation(validation)
    validation.add(f"{letter}2:{letter}{_N_LINES}")
