from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Settings
from engine.errors import InputError


def test_without_variables_the_defaults_hold() -> None:
    settings = Settings.from_env({})
    assert (settings.max_body, settings.max_orders, settings.max_seconds) == (32 * 2**20, 1000, 30)


def test_variables_are_read_by_their_names_and_others_left_alone() -> None:
    settings = Settings.from_env({
        "CAREROUTE_NETWORKS": "/maps", "CAREROUTE_SLOTS": "3", "CAREROUTE_CACHE_DIR": "/x",
        "CAREROUTE_WAIT_S": "", "SLOTS": "9",
    })
    assert (settings.networks, settings.slots, settings.wait_s) == (Path("/maps"), 3, 2.0)


def test_every_variable_that_cannot_be_used_is_named_without_its_value() -> None:
    with pytest.raises(InputError) as caught:
        Settings.from_env({"CAREROUTE_SLOTS": "many", "CAREROUTE_MAX_BODY_MB": "-1"})
    faults = caught.value.faults
    assert [f.path for f in faults] == ["CAREROUTE_MAX_BODY_MB", "CAREROUTE_SLOTS"]
    assert all(f.code == "E1614" and "many" not in f.message for f in faults)
