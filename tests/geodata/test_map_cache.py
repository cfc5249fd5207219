from __future__ import annotations

import time

import pytest

import geodata.map_cache as map_cache
from geodata import NetworkError, read_network
from tests.geodata.osm_text import osm_text

STREET = {"highway": "residential"}
NODES = {1: (0, 0), 2: (100, 0), 3: (200, 50), 4: (200, -50)}


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "a.osm"
    ways = [(1, [1, 2], STREET), (2, [2, 3], STREET), (3, [2, 4], STREET)]
    found.write_text(osm_text(NODES, ways))
    return found


@pytest.fixture
def built(monkeypatch):
    """How often a network was really built."""
    import geodata.read

    count = []

    def build(*given, **more):
        count.append(1)
        return original(*given, **more)

    original = geodata.read.build_network
    monkeypatch.setattr(geodata.read, "build_network", build)
    return count


def test_the_second_reading_is_a_loading(path, built):
    first, second = read_network(path), read_network(path)
    assert len(built) == 1
    assert first.fingerprint == second.fingerprint
    assert (first.counts, first.name) == (second.counts, second.name)


def test_a_name_is_not_kept_with_the_streets(path, built):
    read_network(path, name="one")
    assert read_network(path, name="two").name == "two"
    assert len(built) == 1


@pytest.mark.parametrize("change", ["content", "profiles", "code", "suffix", "off"])
def test_whatever_decides_makes_it_read_again(path, built, monkeypatch, change):
    read_network(path)
    options = {}
    if change == "content":
        path.write_text(path.read_text() + "\n")
    elif change == "profiles":
        options = {"profiles": ["walk"]}
    elif change == "code":
        monkeypatch.setattr(map_cache, "_code", lambda: "another version")
    elif change == "suffix":
        import gzip

        path.with_suffix(".osm.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = path.with_suffix(".osm.gz")
    else:
        options = {"cache": False}
    read_network(path, **options)
    assert len(built) == 2


def test_a_damaged_entry_is_read_again_and_mended(path, built):
    read_network(path)
    (entry,) = map_cache.folder().glob("*.npz")
    entry.write_bytes(entry.read_bytes()[:200])
    read_network(path)
    read_network(path)
    assert len(built) == 2


def test_a_fault_is_not_kept(tmp_path, built):
    path = tmp_path / "a.osm"
    path.write_text(osm_text(NODES, [(1, [1, 2], {"highway": "construction"})]))
    for _ in range(2):
        with pytest.raises(NetworkError):
            read_network(path)
    assert not list(map_cache.folder().glob("*"))


def test_only_the_newest_are_kept(path, monkeypatch):
    monkeypatch.setattr(map_cache, "_KEPT", 2)
    for extra in range(4):
        path.write_text(path.read_text() + "\n" * (extra + 1))
        read_network(path)
    assert len(list(map_cache.folder().glob("*.npz"))) == 2


def test_a_folder_that_cannot_be_written_only_costs_time(path, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(map_cache, "folder", lambda: tmp_path / "file" / "networks")
    assert read_network(path).n_nodes == 4


def test_a_city_loads_in_a_fraction_of_its_reading(file_of):
    path = file_of("manhattan_pbf")
    began = time.process_time()
    read_network(path)
    middle = time.process_time()
    read_network(path)
    assert time.process_time() - middle < 0.5 * (middle - began)
