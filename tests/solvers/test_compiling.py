"""What a first use of the search says."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from solvers.search import compiling


def test_kernels_are_said_to_be_compiled_where_no_cache_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiling.CACHE, "folder", tmp_path)
    monkeypatch.setattr(compiling.config, "DISABLE_JIT", 0)
    with caplog.at_level(logging.INFO, "careroute.solvers"):
        with pytest.raises(KeyboardInterrupt), compiling.first_time("plain"):
            raise KeyboardInterrupt  # it was not compiled: said again
        for _ in range(2):
            with compiling.first_time("plain"):
                pass
        with compiling.first_time("rich"):
            pass
    assert [r.args for r in caplog.records] == [("plain",), ("plain",), ("rich",)]


def test_interpreted_kernels_are_not_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiling.CACHE, "folder", tmp_path)
    monkeypatch.setattr(compiling.config, "DISABLE_JIT", 1)
    with caplog.at_level(logging.INFO, "careroute.solvers"), compiling.first_time("plain"):
        pass
    assert not caplog.records
