"""VRPLIB text: CVRP (Uchoa et al., Arnold et al.), explicit durations, prize collecting.

A file is ``KEY : value`` lines and ``..._SECTION`` blocks of numbers; values may be surrounded by
tabs. Node 1 is the depot; solution files number customers from 1, so customer k is node k + 1.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.instances.base import Instance, InstanceError, euclidean, round_half_up, tenths
from solvers.builder import ModelBuilder
from solvers.model import TIME_MAX


class VrplibFile(NamedTuple):
    """Header words and number blocks of a file."""

    header: dict[str, str]
    sections: dict[str, NDArray[np.float64]]  # without the node number in front of each line

    def column(self, name: str, k: int = 0) -> NDArray[np.int64]:
        """One column of a block as integers."""
        return self.sections[name][:, k].astype(np.int64)


def parse(path: Path) -> VrplibFile:
    """Split a file into header and sections.

    Raises
    ------
    InstanceError : a section has not one line a node, or numbers are missing.
    """
    header: dict[str, str] = {}
    blocks: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.strip()
        if not words or words == "EOF":
            continue
        if words.endswith("_SECTION"):
            current = blocks.setdefault(words.removesuffix("_SECTION"), [])
        elif current is None or re.match(r"[A-Z_]+\s*:", words):
            key, _, value = words.partition(":")
            header[key.strip()] = value.strip()
        else:
            current.append(words)
    if "DIMENSION" not in header:
        raise InstanceError(f"{path}: no DIMENSION, so not a VRPLIB file")
    size = int(header["DIMENSION"])
    sections = {}
    for name, lines in blocks.items():
        if name == "DEPOT":
            if [int(float(x)) for x in " ".join(lines).split()] not in ([1, -1], [1]):
                raise InstanceError(f"{path}: only node 1 can be the depot")
            continue
        numbers = np.array(" ".join(lines).split(), dtype=np.float64)
        if numbers.size % size or not numbers.size:
            raise InstanceError(f"{path}: {name}_SECTION is not complete for {size} nodes")
        table = numbers.reshape(size, -1)
        sections[name] = table if name == "EDGE_WEIGHT" else table[:, 1:]
    return VrplibFile(header, sections)


def read_cvrp(path: Path, family: str) -> Instance:
    """Capacitated VRP, EUC_2D rounded to integers, fleet free.

    "Free" needs a number: a quarter more vehicles than the load needs, and ten; every best-known
    solution in the table stays below that.

    Source: Uchoa et al., "New benchmark instances for the CVRP", EJOR 257 (2017); Arnold,
    Gendreau and Sörensen, Computers & Operations Research 107 (2019).
    """
    file = parse(path)
    demand, capacity = file.column("DEMAND"), int(file.header["CAPACITY"])
    n = len(demand) - 1
    n_vehicles = min(n, int(1.25 * demand.sum() / capacity) + 10)
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(euclidean(file.sections["NODE_COORD"], round_half_up))
    for i in range(1, n + 1):
        builder.add_task(i, demand=(int(demand[i]),))
    for _ in range(n_vehicles):
        builder.add_vehicle(0, 0, capacity=(capacity,))
    return Instance(_name(file, path), family, n, "round", 1, builder.build())


def read_explicit(path: Path, family: str) -> Instance:
    """VRPTW with a full asymmetric duration matrix; the objective is driving time.

    The static form of the EURO Meets NeurIPS 2022 challenge has no limit on the fleet: one vehicle
    a customer would do, the number in the file is what the real operator had. As many as the load
    needs twice over are offered, never less than that number.
    """
    file = parse(path)
    demand, capacity = file.column("DEMAND"), int(file.header["CAPACITY"])
    n = len(demand) - 1
    n_vehicles = min(n, max(int(file.header["VEHICLES"]), 2 * int(demand.sum() / capacity) + 2))
    builder = _with_windows(
        file, file.sections["EDGE_WEIGHT"].astype(np.int32), file.column("SERVICE_TIME"),
        np.full(n + 1, -1), 1, n_vehicles,
    )
    return Instance(_name(file, path), family, n, "explicit", 1, builder.build())


def read_prizes(path: Path, family: str) -> Instance:
    """Prize-collecting VRPTW in PyVRP's dialect: distance plus the prizes not collected.

    Distances, durations and prizes are in tenths (``dimacs``), and so is the published cost, which
    is why the scale is 1.
    """
    file = parse(path)
    n = int(file.header["DIMENSION"]) - 1
    service = np.full(n + 1, 10 * int(file.header["SERVICE_TIME"]))
    builder = _with_windows(
        file, euclidean(file.sections["NODE_COORD"], tenths), service,
        10 * file.column("PRIZE"), 10, int(file.header["VEHICLES"]),
    )
    return Instance(_name(file, path), family, n, "dimacs with prizes", 1, builder.build())


def _with_windows(
    file: VrplibFile, matrix: NDArray[np.int32], service: NDArray[np.int64],
    prize: NDArray[np.int64], time_scale: int, n_vehicles: int,
) -> ModelBuilder:
    """VRPTW from one depot; a prize below 0 makes a task required."""
    demand = file.column("DEMAND")
    early = time_scale * file.column("TIME_WINDOW", 0)
    late = np.minimum(time_scale * file.column("TIME_WINDOW", 1), TIME_MAX)
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(matrix)
    for i in range(1, len(demand)):
        builder.add_task(
            i,
            service=int(service[i]),
            windows=[(int(early[i]), int(late[i]))],
            demand=(int(demand[i]),),
            prize=None if prize[i] < 0 else int(prize[i]),
        )
    for _ in range(n_vehicles):
        builder.add_vehicle(
            0, 0, shift=(int(early[0]), int(late[0])), capacity=(int(file.header["CAPACITY"]),)
        )
    return builder


def read_solution(path: Path) -> tuple[list[list[int]], float]:
    """Routes (task indexes) and the cost that a ``.sol`` file states."""
    text = path.read_text(encoding="utf-8", errors="replace")
    routes = [
        [int(word) - 1 for word in line.split()]
        for line in re.findall(r"^Route\s*#\s*\d+\s*:(.*)$", text, flags=re.MULTILINE)
    ]
    cost = re.search(r"^Cost\s*:?\s*([\d.]+)", text, flags=re.MULTILINE | re.IGNORECASE)
    if not routes or cost is None:
        raise InstanceError(f"{path}: no routes or no cost in this solution file")
    return routes, float(cost.group(1))


def _name(file: VrplibFile, path: Path) -> str:
    return file.header.get("NAME", path.stem).strip() or path.stem
