"""Bodies that run as they stand: what the OpenAPI document and ``/docs`` show.

``plan.json`` was made of ``problem.json`` with ``careroute plan --iterations 200``; make it again
when a test says that the checker reads it differently.
"""

from __future__ import annotations

from importlib import resources
from typing import Any, Final

import orjson


def _load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(resources.files(__name__).joinpath(name).read_bytes())
    return found


PROBLEM: Final = _load("problem.json")
PLAN: Final = _load("plan.json")

PLAN_REQUEST: Final[dict[str, Any]] = {
    "problem": PROBLEM,
    "params": {"seconds": 1, "iterations": 200, "seed": 1},
}
_CITY: Final = {"kind": "synthetic", "nodes": 6000, "seed": 1}
REACH_REQUEST: Final[dict[str, Any]] = {
    "network": _CITY, "points": [{"lon": 114.2431, "lat": 30.5904}], "minutes": 15,
    "profile": "walk",
}
ROUTE_REQUEST: Final[dict[str, Any]] = {
    "network": _CITY, "origin": {"lon": 114.2431, "lat": 30.5904},
    "destination": {"lon": 114.3189, "lat": 30.6363}, "profile": "ebike",
}
CHECK_REQUEST: Final[dict[str, Any]] = {"problem": PROBLEM, "plan": PLAN}
