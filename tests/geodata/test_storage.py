from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from geodata import Network, NetworkError, read_network


def test_what_is_saved_is_what_is_loaded(any_network: Network, tmp_path):
    path = tmp_path / "city.npz"
    any_network.save(path)
    loaded = Network.load(path)
    for key, array in any_network.arrays().items():
        other = loaded.arrays()[key]
        assert np.array_equal(array, other)
        assert array.dtype == other.dtype
        assert not other.flags.writeable
    assert loaded.fingerprint == any_network.fingerprint
    assert (loaded.name, loaded.counts) == (any_network.name, any_network.counts)
    assert loaded.street_names == any_network.street_names
    assert list(tmp_path.iterdir()) == [path], "no draft is left behind"


def test_a_saved_network_is_read_through_the_same_door(city: Network, tmp_path):
    city.save(tmp_path / "a.npz")
    assert read_network(tmp_path / "a.npz", profiles=["walk"]).fingerprint == city.fingerprint


def test_the_fingerprint_changes_with_a_single_second(city: Network):
    from dataclasses import replace

    time = {profile: array.copy() for profile, array in city.time_ms.items()}
    time["car"][0] += 1
    assert replace(city, time_ms=time).fingerprint != city.fingerprint
    assert replace(city, name="another").fingerprint == city.fingerprint


def test_a_network_travels_between_processes(city: Network):
    assert pickle.loads(pickle.dumps(city)).fingerprint == city.fingerprint


def fault(path) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        Network.load(path)
    return caught.value


def test_arrays_of_something_else(tmp_path):
    np.savez(tmp_path / "a.npz", numbers=np.arange(3))
    assert fault(tmp_path / "a.npz").code == "E3101"


def test_a_single_array(tmp_path):
    with (tmp_path / "a.npz").open("wb") as stream:
        np.save(stream, np.arange(3))
    assert fault(tmp_path / "a.npz").code == "E3101"


def test_a_text(tmp_path):
    (tmp_path / "a.npz").write_text("no archive")
    assert fault(tmp_path / "a.npz").code == "E3101"


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_cut_off_archive(city: Network, tmp_path, keep):
    path = tmp_path / "a.npz"
    city.save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert fault(path).code == "E3101"


def change(path, key, value):
    with np.load(path) as stored:
        arrays = dict(stored)
    if key in arrays:
        arrays[key] = value
    else:
        about = json.loads(arrays["about"].tobytes())
        about[key] = value
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez(path, **arrays)


def test_another_version_says_which(city: Network, tmp_path):
    path = tmp_path / "a.npz"
    city.save(path)
    change(path, "version", 99)
    error = fault(path)
    assert error.code == "E3102"
    assert "99" in error.message


@pytest.mark.parametrize("key", ["head", "length_dm", "geom_lon", "head_ptr"])
def test_parts_that_do_not_fit_together(city: Network, tmp_path, key):
    path = tmp_path / "a.npz"
    city.save(path)
    change(path, key, getattr(city, key)[:-1])
    assert fault(path).code == "E3101"


def test_a_folder_that_does_not_exist(city: Network, tmp_path):
    with pytest.raises(NetworkError) as caught:
        city.save(tmp_path / "none" / "a.npz")
    assert caught.value.code == "E3103"


def test_a_network_saved_before_turn_restrictions_reads_as_one_without(city: Network, tmp_path):
    path = tmp_path / "old.npz"
    city.save(path)
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files if not key.startswith("ban_")}
    about = json.loads(arrays["about"].tobytes())
    about["version"] = 1
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez(path, **arrays)
    old = Network.load(path)
    assert len(old.ban_profiles) == 0
    assert old.fingerprint == city.fingerprint


def test_bans_are_part_of_what_a_network_is(network_of):
    from dataclasses import replace

    network = network_of("helsinki")
    none = np.zeros(1, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8)
    without = replace(network, ban_ptr=none[0], ban_edge=none[1], ban_profiles=none[2])
    assert without.fingerprint != network.fingerprint


def test_bans_of_edges_that_do_not_exist_are_refused(network_of, tmp_path):
    path = tmp_path / "a.npz"
    network_of("helsinki").save(path)
    change(path, "ban_edge", network_of("helsinki").ban_edge + 10_000_000)
    assert fault(path).code == "E3101"
