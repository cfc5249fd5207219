"""Every promise is tried with every backend: none of them is trusted."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["search", "ortools"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
