"""Reading the sheets of a problem: cells to plain data, and where each part of it stood."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from engine.domain.base import Entity
from engine.domain.faults import Words, fault
from engine.domain.problem import PROBLEM_FORMAT
from engine.domain.reading import GROUPS, ORDER_KINDS
from engine.domain.shapes import bad_choice
from engine.domain.words import NOTHING, did_you_mean, listing, shown
from engine.errors import Fault, InputError
from engine.formats.table_cells import FREE_TEXT, BadCell, clean
from engine.formats.table_columns import (
    BATCHES,
    LISTS,
    ORDERS,
    PLACE_GROUPS,
    PLACES,
    SETTINGS,
    SHEETS,
    Column,
    Sheet,
    find_column,
    find_sheet,
    fold,
    header_of,
)
from engine.formats.table_files import Grids

#: Plain data, as JSON has it.
Raw = dict[str, Any]

#: Without these, every other finding would only follow from what is missing.
_STRUCTURAL = {"E1502", "E1504", "E1505", "E1512"}
_NATIVE_PATH = re.compile(rf"(?:{'|'.join(GROUPS)})\[\d+\](?:\.\w+|\[\d+\])*")


@dataclass
class Cells:
    """Where the parts of the plain data stand in the sheets."""

    lines: dict[str, tuple[str, int]] = field(default_factory=dict)  # path -> sheet, line
    letters: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    #: sheet -> field -> what its column is called
    names: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    broken: set[str] = field(default_factory=set)  # paths whose cells were told already
    paths: re.Pattern[str] = _NATIVE_PATH  # how a message names a place of the plain data

    def locate(self, path: str) -> str:
        """Cell of a path, or of the nearest thing above it that has one."""
        steps = [m.start() for m in re.finditer(r"[.\[]", path)] + [len(path)]
        for cut in reversed(steps):
            line = self.lines.get(path[:cut])
            if line:
                sheet, number = line
                name = re.match(r"\.(\w+)(\.\w+)?", path[cut:])
                # Settings stand below each other, everything else side by side.
                letter = default = "B" if sheet == SETTINGS.name else "A"
                if name:
                    letters = self.letters[sheet]
                    letter = letters.get(f"{name[1]}{name[2] or ''}", letters.get(name[1], default))
                return f"{sheet}!{letter}{number}"
        return path

    def is_told(self, path: str) -> bool:
        """Whether the cell of a path was found unreadable."""
        steps = [m.start() for m in re.finditer(r"[.\[]", path)] + [len(path)]
        return any(path[:cut] in self.broken for cut in steps)

    def translate(self, found: Fault) -> Fault:
        """Make a fault name cells where it names paths, and a missing field as its column."""
        if found.code == "E1003":
            return self._missing(found.path)

        def cell(match: re.Match[str]) -> str:
            return self.locate(match[0])

        return replace(
            found, path=self.locate(found.path), message=self.paths.sub(cell, found.message),
            message_zh=self.paths.sub(cell, found.message_zh),
        )

    def _missing(self, path: str) -> Fault:
        cell = self.locate(path)
        sheet, is_cell, _ = cell.partition("!")
        column = path.rpartition(".")[2]
        if not is_cell and path in self.names[SETTINGS.name]:  # no line says it
            cell = sheet = SETTINGS.name
        return fault("E1003", cell, field=self.names[sheet].get(column, column))


#: What tables are of, the command that plans them, and sheets that only they have, with both names.
_KINDS = {
    "day": (Words("a day", "一天"), "careroute plan", ({"orders", "工单"}, {"workers", "人员"})),
    "meals": (Words("a meal period", "餐段"), "careroute meals plan",
              ({"diets", "餐型"}, {"couriers", "送餐员"})),
}


def _is_of(grids: Grids, kind: str) -> bool:
    present = {fold(name) for name in grids}
    return all({fold(name) for name in names} & present for names in _KINDS[kind][2])


class TableReader:
    """Sheets to plain data; what cannot be read becomes a fault and is left out."""

    kind = "day"  # of _KINDS
    #: The settings first; other kinds of problem have other sheets, and paths in their faults.
    sheets: tuple[Sheet, ...] = SHEETS
    paths: re.Pattern[str] = _NATIVE_PATH

    def __init__(self, grids: Grids) -> None:
        self.cells = Cells(paths=self.paths)
        self.faults: list[Fault] = []
        self._columns: dict[str, dict[int, Column]] = {}
        self._grids: Grids = {}
        for sheet in self.sheets:
            self.cells.names[sheet.name] = {c.field: c.name for c in sheet.columns}
        self._find_sheets(grids)

    def read(self) -> Raw:
        """Read all sheets.

        Raises
        ------
        InputError : sheets or columns are missing.
        """
        self._find_all_columns()
        data: dict[str, Any] = {"format": PROBLEM_FORMAT, **self._settings()}
        for sheet, group in LISTS:
            data[group] = []
            for number, line in self._lines(sheet):
                raw, broken = self._entity(sheet, number, line)
                self._register(f"{group}[{len(data[group])}]", sheet, number, broken)
                if sheet is ORDERS and raw.get("kind") in ORDER_KINDS:
                    raw = _without_idle(raw, ORDER_KINDS[raw["kind"]])
                data[group].append(raw)
        data |= self._places()
        self._batches(data, BATCHES, "place", ("kitchens", "meal_points"))
        return data

    def _tell(self, code: str, cell: str, **params: object) -> None:
        self.faults.append(fault(code, cell, **params))

    def _find_sheets(self, grids: Grids) -> None:
        kinds = [kind for kind in _KINDS if _is_of(grids, kind)]
        if kinds and self.kind not in kinds:
            found, command, _ = _KINDS[kinds[0]]
            raise InputError([fault(
                "E1519", "$", found=found, expected=_KINDS[self.kind][0], command=command
            )])
        for name, lines in grids.items():
            sheet = find_sheet(name, self.sheets)
            if sheet:
                self._grids[sheet.name] = lines
                continue
            # Others may keep notes beside the tables, but a mistyped name loses a whole sheet.
            near = did_you_mean(name, [s.name for s in self.sheets])
            if near is not NOTHING:
                self._tell("E1502", name, sheet=name, suggestion=near)
        for sheet in self.sheets:
            if sheet.name not in self._grids and sheet.required:
                self._tell("E1502", sheet.name, sheet=sheet.name, suggestion="")

    def _find_all_columns(self) -> None:
        for sheet in self.sheets[1:]:
            self._find_columns(sheet)
        if any(found.code in _STRUCTURAL for found in self.faults):
            raise InputError(self.faults)

    def _find_columns(self, sheet: Sheet) -> None:
        lines = self._grids.get(sheet.name)
        if lines is None:
            return
        first = next((k for k, line in enumerate(lines) if any(line)), None)
        if first is None:
            if sheet.required:
                self._tell("E1512", f"{sheet.name}!A1", sheet=sheet.name)
            return
        columns: dict[int, Column] = {}
        for j, header in enumerate(lines[first]):
            if header in (None, ""):
                continue
            cell = f"{sheet.name}!{letter_of(j)}{first + 1}"
            column = find_column(sheet, str(header))
            if column is None:
                known = [c.name for c in sheet.columns]
                self._tell("E1503", cell, column=shown(header), known=listing(known),
                           suggestion=did_you_mean(header, known))
            elif column in columns.values():
                self._tell("E1505", cell, column=column.name)
            else:
                columns[j] = column
                self.cells.letters[sheet.name][column.field] = letter_of(j)
        for column in sheet.columns:
            if column.required and column not in columns.values():
                self._tell("E1504", f"{sheet.name}!A{first + 1}", column=header_of(column))
        self._columns[sheet.name] = columns
        # Blank out the header, so that line numbers stay those of the sheet.
        self._grids[sheet.name] = [[] for _ in range(first + 1)] + lines[first + 1 :]

    def _lines(self, sheet: Sheet) -> list[tuple[int, list[Any]]]:
        lines = self._grids.get(sheet.name, []) if sheet.name in self._columns else []
        return [
            (k, line) for k, line in enumerate(lines, start=1)
            if any(cell is not None and str(cell).strip() for cell in line)
        ]

    def _entity(self, sheet: Sheet, number: int, line: list[Any]) -> tuple[Raw, set[str]]:
        """Read a line: its plain data, and the fields whose cells cannot be read."""
        raw: Raw = {}
        broken: set[str] = set()
        for j, column in self._columns[sheet.name].items():
            if j < len(line):
                cell = f"{sheet.name}!{letter_of(j)}{number}"
                if not self._put(raw, column, line[j], cell):
                    broken.add(column.field)
        return _nested(raw), broken

    def _put(self, raw: Raw, column: Column, value: object, cell: str) -> bool:
        try:
            value = clean(value, free=column.kind is FREE_TEXT)
            if value is not None:
                raw[column.field] = column.kind.read(value)
        except BadCell as bad:
            self._tell(bad.code, cell, **bad.params)
            return False
        return True

    def _register(self, path: str, sheet: Sheet, number: int, broken: set[str]) -> None:
        self.cells.lines[path] = (sheet.name, number)
        self.cells.broken |= {f"{path}.{name}" for name in broken}

    def _settings(self) -> Raw:
        raw: Raw = {}
        lines = self.cells.lines
        settings = self.sheets[0]
        for number, line in enumerate(self._grids[settings.name], start=1):
            key, value = [*line, None, None][:2]
            column = find_column(settings, str(key))
            if column is None:
                if value not in (None, "") and number > 1:  # line 1 may be a header
                    known = [c.name for c in settings.columns]
                    self._tell("E1516", f"{settings.name}!A{number}", key=shown(key),
                               suggestion=did_you_mean(key, known), known=listing(known))
                continue
            if not self._put(raw, column, value, f"{settings.name}!B{number}"):
                self.cells.broken.add(column.field)
            lines[column.field] = (settings.name, number)
            lines.setdefault(column.field.partition(".")[0], (settings.name, number))
        for column in settings.columns:  # what is missing is told at the top, or at its like
            alike = column.field.partition(".")[0]
            lines.setdefault(column.field, lines.get(alike, (settings.name, 1)))
        return _nested(raw)

    def _places(self) -> dict[str, list[Raw]]:
        groups: dict[str, list[Raw]] = {name: [] for name in PLACE_GROUPS.values()}
        for number, line in self._lines(PLACES):
            raw, broken = self._entity(PLACES, number, line)
            kind = raw.pop("kind", None)
            group = PLACE_GROUPS.get(str(kind))
            if group is None:
                cell = f"{PLACES.name}!{self.cells.letters[PLACES.name]['kind']}{number}"
                self.faults.append(
                    fault("E1003", cell, field="kind") if kind is None
                    else bad_choice(cell, "kind", kind, list(PLACE_GROUPS))
                )
                continue
            self._register(f"{group}[{len(groups[group])}]", PLACES, number, broken)
            groups[group].append(_without_idle(raw, GROUPS[group]))
        return groups

    def _batches(self, data: Raw, sheet: Sheet, home: str, groups: Iterable[str]) -> None:
        """Hang batches into the places of some groups; their column ``home`` says into which."""
        homes = {
            entry.get("id"): (f"{group}[{i}]", entry)
            for group in groups for i, entry in enumerate(data[group])
        }
        for number, line in self._lines(sheet):
            raw, broken = self._entity(sheet, number, line)
            name = raw.pop(home, None)
            if name not in homes:
                cell = f"{sheet.name}!{self.cells.letters[sheet.name][home]}{number}"
                if name is None:
                    self._tell("E1003", cell, field=home)
                else:
                    near = did_you_mean(name, [h for h in homes if h])
                    self.faults.append(
                        self._unknown_home(cell, id=shown(name), suggestion=near)
                    )
                continue
            base, entry = homes[name]
            batches = entry.setdefault("batches", [])
            self._register(f"{base}.batches[{len(batches)}]", sheet, number, broken)
            batches.append(raw)

    def _unknown_home(self, cell: str, **params: object) -> Fault:
        """Tell that no such place is there for a batch."""
        return fault("E1108", cell, **params)


def _nested(raw: Raw) -> Raw:
    """Gather fields with a dot in their names into objects: ``pin.worker`` into ``pin``."""
    nested: Raw = {}
    for key, value in raw.items():
        outer, _, inner = key.partition(".")
        if inner:
            nested.setdefault(outer, {})[inner] = value
        else:
            nested[key] = value
    return nested


def _without_idle(raw: Raw, model: type[Entity]) -> Raw:
    """Drop "no" and 0 in columns that mean nothing for this kind of line: clerks fill down."""
    return {
        key: value for key, value in raw.items()
        if key in model.model_fields or value not in (False, 0, [])
    }


def letter_of(j: int) -> str:
    """Letters of a column of a sheet: 0 is A, 26 is AA."""
    letters = ""
    while j >= 0:
        letters = chr(ord("A") + j % 26) + letters
        j = j // 26 - 1
    return letters
