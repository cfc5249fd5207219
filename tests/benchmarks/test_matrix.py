from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.matrix import main
from benchmarks.mosaic import make_mosaic
from geodata import Network, synthetic_city, travel_matrix

KEYS = {
    "network", "nodes", "size", "method", "seconds", "preprocess_seconds", "memory_mb",
    "max_error_s", "max_error_m",
}  # fmt: skip


@pytest.fixture(scope="module")
def town() -> Network:
    return synthetic_city(300, seed=2)


def test_rows_state_time_memory_and_errors(town: Network, tmp_path: Path) -> None:
    file, out, table = tmp_path / "town.npz", tmp_path / "out.json", tmp_path / "table.md"
    town.save(file)
    arguments = [str(file), "--sizes", "40", "--against", "scipy", "--json", str(out)]
    assert main([*arguments, "--markdown", str(table)]) == 0
    rows = json.loads(out.read_text())
    assert [row["method"] for row in rows] == ["careroute", "careroute, all cores", "scipy"]
    for row in rows:
        assert set(row) >= KEYS
        assert row["seconds"] > 0
        assert (row["size"], row["max_error_s"], row["max_error_m"]) == (40, 0, 0)
    assert len(table.read_text().splitlines()) == 2 + len(rows)


@pytest.mark.parametrize("arguments", [["--against", "horse"], ["--profile", "horse"]])
def test_what_is_unknown_is_told(town: Network, tmp_path: Path, arguments: list[str]) -> None:
    town.save(tmp_path / "town.npz")
    assert main([str(tmp_path / "town.npz"), *arguments]) == 2


def test_a_mosaic_is_joined_and_its_copies_are_alike(town: Network) -> None:
    mosaic = make_mosaic(town, 2)
    assert mosaic.n_nodes == 4 * town.n_nodes
    node = int(np.flatnonzero(town.routable["car"])[0])
    tiles = node + town.n_nodes * np.arange(4)
    assert (travel_matrix(mosaic, tiles, "car").seconds < 10**6).all()
    own = np.flatnonzero(town.routable["car"])[:9]
    once = travel_matrix(town, own, "car").seconds
    for tile in range(4):
        copy = travel_matrix(mosaic, own + town.n_nodes * tile, "car").seconds
        assert (copy <= once).all()
