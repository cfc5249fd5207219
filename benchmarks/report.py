"""Rows of a comparison as tables: conventions, medians over seeds, gaps and vehicles by family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]

_COLUMNS = {
    "instance": "instance", "solver": "solver", "cost": "cost", "gap_percent": "gap %",
    "spread_percent": "spread %", "vehicles": "vehicles", "best_vehicles": "best known",
    "unserved": "unserved", "seconds": "CPU s", "memory_mb": "MB", "iterations": "iterations",
    "note": "note",
}
#: Columns that appear only where some row has them.
_WHERE_USED = ("spread_percent", "best_vehicles")
_TEXT = ("instance", "solver", "note")


def medians(rows: list[Row]) -> list[Row]:
    """One row an instance and solver: the median run, with the spread of the costs over seeds.

    Legal answers come before others, fewer vehicles first where they count; of an even number of
    runs the better one in the middle is taken. The spread is greatest less least cost, in percent
    of the least, of the runs that compare with the median one: as legal, and with as many vehicles
    where these come first.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["family"], row["instance"], row["solver"]), []).append(row)
    return [_median(group) for group in groups.values()]


def _median(group: list[Row]) -> Row:
    if len(group) == 1:
        return group[0]
    ranked = sorted(group, key=lambda row: (*_rank(row), row["cost"] or 0))
    row = dict(ranked[(len(ranked) - 1) // 2])
    alike = [run["cost"] for run in group if run["cost"] and _rank(run) == _rank(row)]
    if len(alike) > 1:
        row["spread_percent"] = round(100 * (max(alike) / min(alike) - 1), 3)
    notes = [row.get("note", "")]
    legal = sum(1 for run in group if run["legal"])
    if legal < len(group):
        notes.append(f"legal in {legal} of {len(group)} runs")
    if len(alike) < legal:
        notes.append(f"{len(alike)} of {len(group)} runs with {row['vehicles']} vehicles")
    if any(notes):
        row["note"] = "; ".join(filter(None, notes))
    return row


def _rank(row: Row) -> tuple[bool, bool, int]:
    vehicles_first = row["best_vehicles"] is not None and row["vehicles"] is not None
    return row["cost"] is None, not row["legal"], row["vehicles"] if vehicles_first else 0


def show(rows: list[Row], console: Console) -> None:
    """Print the table of the median runs, and notes, conventions and summary below it."""
    rows = medians(rows)
    table = Table(title="costs recomputed from the routes")
    keys = [key for key in _columns(rows) if key != "note"]
    for key in keys:
        table.add_column(
            _COLUMNS[key], justify="left" if key in _TEXT else "right", no_wrap=True
        )
    for row in rows:
        table.add_row(*(_cell(row, key) for key in keys))
    console.print(table)
    for row in rows:
        if "note" in row:
            console.print(
                f"{row['instance']} {row['solver']}: {row['note']}", markup=False, soft_wrap=True
            )
    for line in summary(rows):
        console.print(line, markup=False, soft_wrap=True)


def markdown(rows: list[Row]) -> str:
    """Lay the median runs out as a Markdown table, with conventions and summary below."""
    rows = medians(rows)
    keys = _columns(rows)
    lines = [
        "| " + " | ".join(_COLUMNS[key] for key in keys) + " |",
        "|" + "|".join("---" if key in _TEXT else "--:" for key in keys) + "|",
    ]
    lines += ["| " + " | ".join(_cell(row, key) for key in keys) + " |" for row in rows]
    for line in summary(rows):
        lines += ["", line]
    return "\n".join([*lines, ""])


def summary(rows: list[Row]) -> list[str]:
    """Convention, gaps and, where vehicles come first, vehicles: a line each for every family."""
    lines = []
    for family in _distinct(row["family"] for row in rows):
        of = [row for row in rows if row["family"] == family]
        solvers = _distinct(row["solver"] for row in of)
        conventions = _distinct(row["convention"] for row in of if row["convention"])
        lines += [f"{family}: {text}." for text in conventions]
        vehicles_first = any(row["best_vehicles"] is not None for row in of)
        gaps = [text for solver in solvers if (text := _gaps(of, solver))]
        where = ", where vehicles are equal" if vehicles_first else ""
        lines.append(f"{family}, gap{where}: {'; '.join(gaps) or 'none'}.")
        if vehicles_first:
            told = "; ".join(_same_vehicles(of, solver) for solver in solvers)
            lines.append(f"{family}, same vehicles: {told}.")
    return lines


def _gaps(rows: list[Row], solver: str) -> str:
    own = [row for row in rows if row["solver"] == solver]
    gaps = [row["gap_percent"] for row in own if row["gap_percent"] is not None]
    if not gaps:
        return ""
    mean, worst = sum(gaps) / len(gaps), max(gaps)
    return f"{solver} mean {mean:.2f} %, worst {worst:.2f} %, {len(gaps)} of {len(own)}"


def _same_vehicles(rows: list[Row], solver: str) -> str:
    own = [row for row in rows if row["solver"] == solver and row["best_vehicles"] is not None]
    apart = [row["vehicles"] - row["best_vehicles"] for row in own if row["legal"]]
    fewer = sum(1 for x in apart if x < 0)
    text = f"{solver} {apart.count(0)} of {len(own)}"
    return f"{text} (fewer in {fewer})" if fewer else text


def _columns(rows: list[Row]) -> list[str]:
    return [
        key for key in _COLUMNS
        if key not in _WHERE_USED or any(row.get(key) is not None for row in rows)
    ]


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _cell(row: Row, key: str) -> str:
    value = row.get(key)
    if value is None:
        return "" if key == "note" else "-"
    if key in ("gap_percent", "spread_percent"):
        return f"{value:.2f}"
    if key == "cost":
        return f"{value:,}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "/")
