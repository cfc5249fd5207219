"""Travel matrices of real networks, against other engines, on the same cells in one run.

    python -m benchmarks.matrix NETWORK... --sizes 1000,5000 --against scipy,pyroutingkit --json OUT

A network is a map file or a saved ``.npz``; ``--mosaic 3`` adds nine copies of each, joined. Each
method runs in a process of its own. Seconds are CPU seconds on one pinned core, the least of three
runs where one takes under five seconds, into buffers that were touched before; ``careroute, all
cores`` is wall clock. Compilation and imports are not counted; making the hierarchy is, apart, as
``preprocess_seconds``. ``--rows`` lets the others work on the first rows only (RoutingKit on 1,000)
and scales their time up, which their note says. Errors are against an exact Dijkstra on integers on
some rows.

careroute gives seconds and metres of the same path. So does scipy here, on weights that carry both
in one float64. RoutingKit, rustworkx and networkit give the time alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.arguments import out_file
from benchmarks.mosaic import make_mosaic
from geodata import Network, NetworkError, read_network, travel_matrix, warm_up
from geodata.graph import profile_graph
from geodata.hierarchy import profile_metric
from geodata.matrix import search_block

Rows = tuple[NDArray[np.int64], NDArray[np.int64] | None]
_COLUMNS = (
    "network", "nodes", "size", "method", "seconds", "preprocess_seconds", "memory_mb",
    "max_error_s", "max_error_m",
)  # fmt: skip
_REFERENCE_ROWS = 20
_LONG_S = 5.0
_LEAST_ROWS = {"pyroutingkit": 1000}  # it prepares the targets first, which many rows share


class Graph:
    """What every engine gets: the streets of a profile, of parallel ones the best."""

    def __init__(self, network: Network, profile: str) -> None:
        graph = profile_graph(network, profile)
        tail = np.repeat(np.arange(network.n_nodes), np.diff(graph.ptr))
        order = np.lexsort((graph.weight, graph.head, tail))
        pair = tail[order] * network.n_nodes + graph.head[order]
        best = order[np.unique(pair, return_index=True)[1]]
        self.n = network.n_nodes
        self.tail, self.head, self.weight = tail[best], graph.head[best], graph.weight[best]
        self.lon, self.lat = network.node_lon, network.node_lat


def rounded(ms: NDArray[Any]) -> NDArray[np.int64]:
    return (np.asarray(ms).astype(np.int64) + 500) // 1000


def by_scipy(graph: Graph, nodes: NDArray[np.int32]) -> Callable[[int], Rows]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    entries = graph.weight.astype(np.float64), (graph.tail, graph.head)
    streets = csr_array(entries, shape=(graph.n, graph.n))

    def run(rows: int) -> Rows:
        seconds, metres = np.empty((2, rows, len(nodes)), np.int64)
        for first in range(0, rows, 100):  # all distances from 5,000 nodes would take gigabytes
            some = slice(first, min(first + 100, rows))
            weight = dijkstra(streets, indices=nodes[some])[:, nodes].astype(np.int64)
            seconds[some] = rounded(weight >> 24)
            metres[some] = ((weight & (1 << 24) - 1) + 5) // 10
        return seconds, metres

    return run


def by_pyroutingkit(graph: Graph, nodes: NDArray[np.int32]) -> Callable[[int], Rows]:
    import pyroutingkit

    topology = pyroutingkit.CCHTopology()
    ends = graph.tail.astype(np.uint32), graph.head.astype(np.uint32)
    place = graph.lat.astype(np.float32), graph.lon.astype(np.float32)
    topology.build(*ends, *place, graph.n)
    metric = pyroutingkit.CCHMetric(topology)
    metric.customize((graph.weight >> 24).astype(np.uint32))
    targets = nodes.astype(np.uint32)
    return lambda rows: (rounded(metric.distances_many_to_many(targets[:rows], targets)), None)


def by_rustworkx(graph: Graph, nodes: NDArray[np.int32]) -> Callable[[int], Rows]:
    import rustworkx

    streets = rustworkx.PyDiGraph()
    streets.add_nodes_from(range(graph.n))
    time_ms = (graph.weight >> 24).astype(float).tolist()
    edges = zip(graph.tail.tolist(), graph.head.tolist(), time_ms, strict=True)
    streets.add_edges_from(list(edges))
    wanted = nodes.tolist()

    def run(rows: int) -> Rows:
        found = np.zeros((rows, len(wanted)))
        for i, node in enumerate(wanted[:rows]):
            ways = rustworkx.dijkstra_shortest_path_lengths(streets, node, float)
            found[i] = [0.0 if other == node else ways[other] for other in wanted]
        return rounded(found), None

    return run


def by_networkit(graph: Graph, nodes: NDArray[np.int32]) -> Callable[[int], Rows]:
    import networkit

    networkit.setNumberOfThreads(1)
    streets = networkit.Graph(graph.n, weighted=True, directed=True)
    time_ms = (graph.weight >> 24).astype(float).tolist()
    for tail, head, ms in zip(graph.tail.tolist(), graph.head.tolist(), time_ms, strict=True):
        streets.addEdge(tail, head, ms)

    def run(rows: int) -> Rows:
        search = networkit.distance.SPSP(streets, nodes[:rows].tolist(), nodes.tolist())
        search.run()
        return rounded(np.array(search.getDistances())), None

    return run


PEERS: dict[str, Callable[[Graph, NDArray[np.int32]], Callable[[int], Rows]]] = {
    "scipy": by_scipy,
    "pyroutingkit": by_pyroutingkit,
    "rustworkx": by_rustworkx,
    "networkit": by_networkit,
}
OURS = {"careroute": True, "careroute, all cores": False}  # whether on one core


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Run one method on one network and size; in a process of its own."""
    network = Network.load(spec["file"])
    method, profile, size = spec["method"], spec["profile"], spec["size"]
    everyone = np.flatnonzero(network.routable[profile]).astype(np.int32)
    nodes = np.random.default_rng(spec["seed"]).choice(everyone, size, replace=False)
    row: dict[str, Any] = dict.fromkeys(_COLUMNS) | {
        "network": network.name, "nodes": len(everyone), "size": size, "method": method,
    }  # fmt: skip
    exact = np.empty((2, min(_REFERENCE_ROWS, size), size), np.int32)
    warm_up()
    unique = np.arange(exact.shape[1])
    targets, column = np.unique(nodes, return_inverse=True)
    found = np.empty((2, len(unique), size), np.int32)
    search_block(profile_graph(network, profile), nodes[unique], targets, *found)
    exact[:] = found[:, :, column]
    if spec["core"] is not None:
        os.sched_setaffinity(0, {spec["core"]})
    clock = time.process_time if OURS.get(method, True) else time.perf_counter
    rows, run = size, None
    if method in PEERS:
        graph = Graph(network, profile)
        rows = min(size, max(spec["rows"] or size, _LEAST_ROWS.get(method, 1)))
        began = clock()
        try:
            run = PEERS[method](graph, nodes)
        except ImportError as error:
            return row | {"note": f"skipped: {error.name} is not installed"}
    else:
        out = np.zeros((2, size, size), np.int32)
        began = clock()
        profile_metric(network, profile)

        def run(rows: int) -> Rows:
            travel_matrix(network, nodes, profile, out=(out[0], out[1]))
            return out[0], out[1]

    row["preprocess_seconds"] = round(clock() - began, 4)
    best = np.inf
    for _ in range(3):
        began = clock()
        seconds, metres = run(rows)
        best = min(best, clock() - began)
        if best > _LONG_S:
            break
    n = min(len(unique), rows)
    row["seconds"] = round(best * size / rows, 5)
    row["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    row["max_error_s"] = int(abs(seconds[:n] - exact[0, :n].astype(np.int64)).max())
    if metres is not None:
        row["max_error_m"] = int(abs(metres[:n] - exact[1, :n].astype(np.int64)).max())
    if rows < size:
        row["note"] = f"scaled up from {rows} rows"
    return row


def read_all(paths: list[Path], mosaic: int, folder: Path) -> list[Path]:
    """Networks, and their mosaics, as files that every method reads alike."""
    files = []
    for path in paths:
        network = read_network(path)
        for one in [network] + ([make_mosaic(network, mosaic)] if mosaic > 1 else []):
            files.append(folder / f"{len(files)}.npz")
            one.save(files[-1])
    return files


def cells(row: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    """Figures of a row as text, with how many times slower it is than careroute on one core."""
    ours = next(
        (
            other["seconds"]
            for other in rows
            if other["method"] == "careroute"
            and (other["network"], other["size"]) == (row["network"], row["size"])
        ),
        None,
    )
    words = ["-" if row[key] is None else f"{row[key]:,}" if isinstance(row[key], int)
             else str(row[key]) for key in _COLUMNS]  # fmt: skip
    times = f"{row['seconds'] / ours:.1f}" if ours and row["seconds"] else "-"
    return [*words, times, row.get("note", "")]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matrix", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", type=Path, metavar="NETWORK")
    parser.add_argument("--sizes", default="1000,5000", metavar="N,N,...")
    parser.add_argument("--against", default="scipy,pyroutingkit", help=", ".join(PEERS))
    parser.add_argument("--profile", default="car")
    parser.add_argument("--mosaic", type=int, default=1, metavar="K", help="add K x K copies")
    parser.add_argument("--rows", type=int, metavar="N", help="rows that the others work on")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--core", type=int, metavar="N", help="core to run on (default: the last)")
    parser.add_argument("--json", type=out_file, metavar="OUT")
    parser.add_argument("--markdown", type=out_file, metavar="OUT")
    args = parser.parse_args(argv)
    peers = [name.strip() for name in args.against.split(",") if name.strip()]
    errors = Console(stderr=True)
    unknown = [name for name in peers if name not in PEERS]
    if unknown:
        errors.print(f"matrix: --against: {', '.join(unknown)}; known: {', '.join(PEERS)}")
        return 2
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else [None]
    core = args.core if args.core is not None else cores[-1]
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            files = read_all(args.networks, args.mosaic, Path(folder))
            for file in files:
                Network.load(file).require_profile(args.profile)
        except NetworkError as error:
            errors.print(f"matrix: {error}", markup=False, soft_wrap=True)
            return 2
        spawn = multiprocessing.get_context("spawn")
        for file in files:
            places = int(Network.load(file).routable[args.profile].sum())
            for size in sorted({min(int(word), places) for word in args.sizes.split(",")}):
                for method in [*OURS, *peers]:
                    spec = {
                        "file": str(file), "method": method, "size": size, "seed": args.seed,
                        "profile": args.profile, "rows": args.rows,
                        "core": core if OURS.get(method, True) else None,
                    }  # fmt: skip
                    with spawn.Pool(1) as pool:  # memory of one method is not that of another
                        rows.append(pool.apply(measure, (spec,)))
                    errors.print(*cells(rows[-1], rows), markup=False, soft_wrap=True)
                    if args.json:
                        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    heads = [*(key.replace("_", " ") for key in _COLUMNS), "times", "note"]
    table = Table(*heads, title="the same cells in one run; times careroute on one core")
    for row in rows:
        table.add_row(*cells(row, rows))
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
    if args.markdown:
        lines = [heads, ["---"] * len(heads), *(cells(row, rows) for row in rows)]
        text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        args.markdown.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
