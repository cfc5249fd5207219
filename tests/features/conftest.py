"""Every promise is tried with every backend: none of them is trusted."""

from __future__ import annotations

import pytest

from solvers import ortools_monitor


@pytest.fixture(params=["search", "ortools"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def soon_dry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of OR-Tools that finds no more solutions ends soon: these days have few."""
    monkeypatch.setattr(ortools_monitor, "_DRY_LOOKS", 5_000)
