"""VRPLIB text: CVRP, explicit durations, prizes, several depots, several trips a vehicle.

A file is ``KEY : value`` lines and ``..._SECTION`` blocks of numbers; values may be surrounded by
tabs. The first nodes are the depots, usually one. Solution files number nodes from 0, so with one
depot customer k is node k + 1 of the file and task k - 1 here; a depot within a route is a reload.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.instances.base import (
    Instance,
    InstanceError,
    Native,
    euclidean,
    round_half_up,
    tenths,
    thousandths,
    without_empty_trips,
)
from solvers.builder import ModelBuilder
from solvers.model import TIME_MAX

CVRP = "distance floor(d + 0.5), objective distance alone, fleet free"
EXPLICIT = "integer durations of the file, objective driving time, fleet free"
PRIZES = "tenths: floor(10 d), objective distance and the prizes not collected"
DEPOTS = "thousandths: round(1000 d), objective distance alone, route duration limited"
TRIPS = "tenths: floor(10 d), objective distance alone, several trips a vehicle, release times"


class VrplibFile(NamedTuple):
    """Header words and number blocks of a file."""

    header: dict[str, str]
    sections: dict[str, NDArray[np.float64]]  # without the node number in front of each line
    vehicles: dict[str, list[list[int]]]  # VEHICLES_..._SECTION: numbers of each vehicle
    n_depots: int

    def column(self, name: str, k: int = 0) -> NDArray[np.int64]:
        """One column of a block as integers."""
        return self.sections[name][:, k].astype(np.int64)

    def service(self) -> NDArray[np.int64]:
        """Service duration by node; the header may name one for all customers."""
        if "SERVICE_TIME" in self.sections:
            return self.column("SERVICE_TIME")
        service = np.full(int(self.header["DIMENSION"]), int(self.header["SERVICE_TIME"]))
        service[: self.n_depots] = 0
        return service


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
    depots = [int(float(x)) for x in " ".join(blocks.pop("DEPOT", ["1"])).split()]
    depots = depots[:-1] if depots[-1:] == [-1] else depots
    if not depots or depots != list(range(1, len(depots) + 1)):
        raise InstanceError(f"{path}: the depots are not the first nodes")
    sections = {}
    vehicles = {}
    for name, lines in blocks.items():
        if name.startswith("VEHICLES"):
            rows = [[int(word) for word in line.split()] for line in lines]
            if [row[0] for row in rows] != list(range(1, int(header["VEHICLES"]) + 1)):
                raise InstanceError(f"{path}: {name}_SECTION has not one line a vehicle")
            vehicles[name] = [row[1:] for row in rows]
            continue
        numbers = np.array(" ".join(lines).split(), dtype=np.float64)
        if numbers.size % size or not numbers.size:
            raise InstanceError(f"{path}: {name}_SECTION is not complete for {size} nodes")
        table = numbers.reshape(size, -1)
        sections[name] = table if name == "EDGE_WEIGHT" else table[:, 1:]
    return VrplibFile(header, sections, vehicles, len(depots))


def _parse_one_depot(path: Path) -> VrplibFile:
    file = parse(path)
    if file.n_depots != 1:
        raise InstanceError(f"{path}: {file.n_depots} depots where one is expected")
    return file


def read_cvrp(path: Path, family: str) -> Instance:
    """Capacitated VRP, EUC_2D rounded to integers, fleet free.

    "Free" needs a number: a quarter more vehicles than the load needs, and ten; every best-known
    solution in the table stays below that.

    Source: Uchoa et al., "New benchmark instances for the CVRP", EJOR 257 (2017); Arnold,
    Gendreau and Sörensen, Computers & Operations Research 107 (2019).
    """
    file = _parse_one_depot(path)
    demand, capacity = file.column("DEMAND"), int(file.header["CAPACITY"])
    n = len(demand) - 1
    n_vehicles = min(n, int(1.25 * demand.sum() / capacity) + 10)
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(euclidean(file.sections["NODE_COORD"], round_half_up))
    for i in range(1, n + 1):
        builder.add_task(i, demand=(int(demand[i]),))
    for _ in range(n_vehicles):
        builder.add_vehicle(0, 0, capacity=(capacity,))
    return Instance(_name(file, path), family, n, CVRP, 1, builder.build())


def read_explicit(path: Path, family: str) -> Instance:
    """VRPTW with a full asymmetric duration matrix; the objective is driving time.

    The static form of the EURO Meets NeurIPS 2022 challenge has no limit on the fleet: one vehicle
    a customer would do, the number in the file is what the real operator had. As many as the load
    needs twice over are offered, never less than that number.
    """
    file = _parse_one_depot(path)
    demand, capacity = file.column("DEMAND"), int(file.header["CAPACITY"])
    n = len(demand) - 1
    n_vehicles = min(n, max(int(file.header["VEHICLES"]), 2 * int(demand.sum() / capacity) + 2))
    builder = _with_windows(
        file, file.sections["EDGE_WEIGHT"].astype(np.int32), file.column("SERVICE_TIME"),
        np.full(n + 1, -1), 1, n_vehicles,
    )
    return Instance(_name(file, path), family, n, EXPLICIT, 1, builder.build())


def read_prizes(path: Path, family: str) -> Instance:
    """Prize-collecting VRPTW in PyVRP's dialect: distance plus the prizes not collected.

    Distances, durations and prizes are in tenths, and so is the published cost, which is why the
    scale is 1.
    """
    file = _parse_one_depot(path)
    builder = _with_windows(
        file, euclidean(file.sections["NODE_COORD"], tenths), 10 * file.service(),
        10 * file.column("PRIZE"), 10, int(file.header["VEHICLES"]),
    )
    return Instance(
        _name(file, path), family, builder.n_tasks, PRIZES, 1, builder.build(),
        native=Native(path, "dimacs"),
    )


def read_depots(path: Path, family: str) -> Instance:
    """Multi-depot VRPTW with a longest route duration, in PyVRP's dialect, in thousandths.

    Source: Vidal, Crainic, Gendreau, Prins, "A hybrid genetic algorithm with adaptive diversity
    management...", Computers & Operations Research 40 (2013).
    """
    file = parse(path)
    most = int(1000 * float(file.header["VEHICLES_MAX_DURATION"]))
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(euclidean(file.sections["NODE_COORD"], thousandths))
    _add_tasks(builder, file, 1000)
    shifts = [_window(file, depot, 1000) for depot in range(file.n_depots)]
    for (depot,) in file.vehicles["VEHICLES_DEPOT"]:
        builder.add_vehicle(
            depot - 1, depot - 1, shift=shifts[depot - 1], max_duty=most,
            capacity=(int(file.header["CAPACITY"]),),
        )
    return Instance(
        _name(file, path), family, builder.n_tasks, DEPOTS, 1, builder.build(),
        native=Native(path, "exact"),
    )


def read_trips(path: Path, family: str) -> Instance:
    """Multi-trip VRPTW with release times, in PyVRP's dialect, in tenths.

    A vehicle comes back to the depot for the next load as often as it likes, at no time; a trip
    leaves when the last of its goods is released.

    Source: Yang, "An exact price-cut-and-enumerate method for the capacitated multitrip vehicle
    routing problem with time windows", Transportation Science 57 (2023).
    """
    file = parse(path)
    builder = ModelBuilder(n_dimensions=1)
    builder.add_matrix(euclidean(file.sections["NODE_COORD"], tenths))
    _add_tasks(builder, file, 10)
    for depot in range(file.n_depots):
        builder.add_reload(depot)
    for depots in file.vehicles["VEHICLES_RELOAD_DEPOT"]:
        builder.add_vehicle(
            0, 0, shift=_window(file, 0, 10), capacity=(int(file.header["CAPACITY"]),),
            reloads=[depot - 1 for depot in depots],
        )
    return Instance(
        _name(file, path), family, builder.n_tasks, TRIPS, 1, builder.build(),
        native=Native(path, "dimacs"),
    )


def _window(file: VrplibFile, node: int, scale: int) -> tuple[int, int]:
    early, late = (int(scale * x) for x in file.sections["TIME_WINDOW"][node])
    return early, min(late, TIME_MAX)


def _add_tasks(builder: ModelBuilder, file: VrplibFile, scale: int) -> None:
    """Add every node behind the depots, with its window, service and release time."""
    demand, service = file.column("DEMAND"), scale * file.service()
    release = np.zeros_like(service)
    if "RELEASE_TIME" in file.sections:
        release = (scale * file.sections["RELEASE_TIME"][:, 0]).astype(np.int64)
    for node in range(file.n_depots, len(demand)):
        builder.add_task(
            node, service=int(service[node]), windows=[_window(file, node, scale)],
            demand=(int(demand[node]),), release=int(release[node]),
        )


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


def read_solution(path: Path, n_depots: int = 1) -> tuple[list[list[int]], float]:
    """Routes (task indexes, -1 - k for a reload at depot k) and the cost a ``.sol`` file states.

    Trips that serve nobody are left out: three published solutions have some, at no cost.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    routes = [
        without_empty_trips([
            x - n_depots if x >= n_depots else -1 - x for x in map(int, line.split())
        ])
        for line in re.findall(r"^Route\s*#\s*\d+\s*:(.*)$", text, flags=re.MULTILINE)
    ]
    cost = re.search(r"^Cost\s*:?\s*([\d.]+)", text, flags=re.MULTILINE | re.IGNORECASE)
    if not routes or cost is None:
        raise InstanceError(f"{path}: no routes or no cost in this solution file")
    return routes, float(cost.group(1))


def _name(file: VrplibFile, path: Path) -> str:
    return file.header.get("NAME", path.stem).strip() or path.stem
