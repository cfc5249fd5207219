"""Public benchmark instances as routing models, with their best-known values.

Family names are those of ``bks.csv``. A convention belongs to a family: costs under two conventions
must never be compared, so a family whose objective or constraints the routing model cannot hold yet
is refused by name instead of being read approximately.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

from benchmarks.instances import care, solomon, vrplib
from benchmarks.instances.base import Instance, InstanceError

__all__ = [
    "READERS", "REFUSED", "BestKnown", "Instance", "InstanceError", "best_known_table",
    "family_files", "family_of", "read_instance", "shared_folder",
]

READERS = {
    "solomon_dimacs": solomon.read,
    "homberger_dimacs": solomon.read,
    "uchoa_x": vrplib.read_cvrp,
    "belgium": vrplib.read_cvrp,
    "euro_neurips": vrplib.read_explicit,
    "pcvrptw": vrplib.read_prizes,
    "care": care.read,
}
_HIERARCHY = "fewest vehicles first, exact distances: use the *_dimacs family of the same files"
REFUSED = {
    "solomon_hier": _HIERARCHY,
    "homberger_hier": _HIERARCHY,
    "lilim_pdptw_hier": "pickup and delivery pairs are not in the routing model yet",
    "mtvrptwr": "several trips a vehicle and release times are not in the routing model yet",
    "mdvrptw": "a limit on route duration is not in the routing model yet",
    "hhcrsp_mankowska": "linked visits and soft windows are not in the routing model yet",
    "hhcrsp_italian": "linked visits and soft windows are not in the routing model yet",
    "pmed": "p-median is not a routing problem",
}


class BestKnown(NamedTuple):
    """One line of ``bks.csv``."""

    name: str
    family: str
    n: int
    cost: float
    vehicles: int | None
    path: str  # relative to the table


def shared_folder() -> Path:
    """Folder of shared data: ``CAREROUTE_SHARED``, else ``shared`` beside the checkout."""
    named = os.environ.get("CAREROUTE_SHARED")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared"


def best_known_table(path: Path) -> dict[tuple[str, str], BestKnown]:
    """Best-known values by (family, name in lower case).

    Raises
    ------
    InstanceError : no such file, or a line that is not of the expected form.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        known = [
            BestKnown(
                row["name"], row["family"], int(row["n"]), float(row["cost"]),
                int(float(row["vehicles"])) if row["vehicles"] else None, row["path"],
            )
            for row in rows
        ]
    except FileNotFoundError:
        raise InstanceError(f"{path}: no such table of best-known values") from None
    except (KeyError, ValueError, TypeError) as error:
        raise InstanceError(f"{path}: not a table of best-known values ({error})") from None
    return {(k.family, k.name.lower()): k for k in known}


def check_family(family: str) -> None:
    """Raise InstanceError, with the reason, for a family that cannot be read."""
    if family in REFUSED:
        raise InstanceError(f"family {family}: {REFUSED[family]}")
    if family not in READERS:
        raise InstanceError(f"unknown family {family!r}; known: {', '.join(READERS)}")


def family_files(family: str, table: dict[tuple[str, str], BestKnown], folder: Path) -> list[Path]:
    """Files of a family in the order of the table, those without a best-known value at the end."""
    check_family(family)
    files = [folder / k.path for k in table.values() if k.family == family and k.path]
    if family == "care":
        files += sorted(set((folder / "care").glob("*.npz")) - set(files))
    return files


def family_of(path: Path, table: dict[tuple[str, str], BestKnown]) -> str:
    """Family of a file where none is named: by the table of best-known values, else by its format.

    Raises
    ------
    InstanceError : neither tells.
    """
    for (family, name), known in table.items():
        if family in READERS and name == path.stem.lower() and Path(known.path).name == path.name:
            return family
    if path.suffix == ".npz":
        return "care"
    if path.suffix == ".txt":
        return "solomon_dimacs" if "_" not in path.stem else "homberger_dimacs"
    if path.suffix == ".vrp" and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
        if "PRIZE_SECTION" in text:
            return "pcvrptw"
        return "euro_neurips" if "EXPLICIT" in text else "uchoa_x"
    raise InstanceError(f"{path}: cannot tell the family of this file; name it with --family")


def read_instance(
    path: Path, family: str, table: dict[tuple[str, str], BestKnown] | None = None
) -> Instance:
    """Read one instance and look up its best-known value.

    Raises
    ------
    InstanceError : unknown or refused family, missing or malformed file; the message names it.
    """
    check_family(family)
    if not path.is_file():
        raise InstanceError(f"{path}: no such file")
    try:
        instance = READERS[family](path, family)
    except InstanceError:
        raise
    except (ValueError, KeyError, IndexError, OSError, EOFError, BadZipFile) as error:
        raise InstanceError(f"{path}: not an instance of family {family} ({error})") from None
    known = (table or {}).get((family, instance.name.lower()))
    if known is None:
        return instance
    return instance._replace(best_known=known.cost, best_vehicles=known.vehicles)
