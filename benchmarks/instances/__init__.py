"""Public benchmark instances as routing models, with their best-known values.

Family names are those of ``bks.csv``. A convention belongs to a family: costs under two conventions
must never be compared, so each reader states its own, and two families may share files. A family
that is no routing problem is refused by name.
"""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

from benchmarks.instances import care, hhcrsp, hierarchical, solomon, vrplib
from benchmarks.instances.base import Exact, Instance, InstanceError, Native

__all__ = [
    "READERS", "REFUSED", "BestKnown", "Exact", "Instance", "InstanceError", "Native",
    "best_known_table", "family_files", "family_of", "read_instance", "shared_folder",
]

READERS = {
    "solomon_dimacs": solomon.read,
    "homberger_dimacs": solomon.read,
    "uchoa_x": vrplib.read_cvrp,
    "belgium": vrplib.read_cvrp,
    "euro_neurips": vrplib.read_explicit,
    "pcvrptw": vrplib.read_prizes,
    "mdvrptw": vrplib.read_depots,
    "mtvrptwr": vrplib.read_trips,
    "solomon_hier": hierarchical.read_solomon,
    "homberger_hier": hierarchical.read_solomon,
    "lilim_pdptw_hier": hierarchical.read_pairs,
    "hhcrsp_mankowska": hhcrsp.read,
    "hhcrsp_italian": hhcrsp.read,
    "care": care.read,
}
REFUSED = {
    "pmed": "p-median opens facilities and assigns customers to them; it has no routes, and so it "
    "is not a problem for this comparison",
}


#: A word that only the VRPLIB files of one family have.
_WORDS = {
    "PRIZE_SECTION": "pcvrptw", "VEHICLES_RELOAD_DEPOT_SECTION": "mtvrptwr",
    "VEHICLES_DEPOT_SECTION": "mdvrptw", "EXPLICIT": "euro_neurips",
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
    for family in READERS:  # the objective of distance alone before the hierarchical one
        known = table.get((family, path.stem.lower()))
        if known is not None and Path(known.path).name == path.name:
            return family
    kind = path.suffix.lower()
    if kind == ".npz":
        return "care"
    if kind == ".json":
        return "hhcrsp_italian" if path.stem.startswith("instance_") else "hhcrsp_mankowska"
    if kind in (".txt", ".vrp") and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
        if "DIMENSION" in text:
            return next((family for word, family in _WORDS.items() if word in text), "uchoa_x")
        if re.match(r"\s*\d+\s+\d+\s+\d+\s*\n", text):
            return "lilim_pdptw_hier"
    if kind == ".txt":
        return "solomon_dimacs" if "_" not in path.stem else "homberger_dimacs"
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
    except (ValueError, KeyError, IndexError, TypeError, OSError, EOFError, BadZipFile) as error:
        raise InstanceError(f"{path}: not an instance of family {family} ({error})") from None
    known = (table or {}).get((family, instance.name.lower()))
    if known is None:
        return instance
    return instance._replace(best_known=known.cost, best_vehicles=known.vehicles)
