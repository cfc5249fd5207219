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
WEEKS_REQUEST: Final[dict[str, Any]] = {
    "weeks": {
        "id": "one-week",
        "first_day": "2026-11-23",
        "days": 7,
        "network": {"kind": "synthetic", "nodes": 1000, "seed": 1},
        **{name: PROBLEM[name] for name in ("clients", "centres")},
        "workers": [
            {
                "id": id, "start": PROBLEM["centres"][0]["id"],
                "certificates": [{"skill": "bathing"}],
                "shifts": [{"id": "day", "start_s": 28800, "end_s": 61200, "weekdays": weekdays}],
            }
            for id, weekdays in (
                ("w1", ["mon", "tue", "wed", "thu", "fri"]), ("w2", ["wed", "thu", "fri", "sat"]),
            )
        ],
        "programmes": [
            {
                "id": "p1", "client": PROBLEM["clients"][0]["id"], "service": "check_in",
                "visits_per_week": 2, "min_gap_days": 2,
                "windows": [{"start_s": 32400, "end_s": 43200}],
            },
        ],
    },
    "params": {"iterations": 200, "seed": 1},
}
MEAL_REQUEST: Final[dict[str, Any]] = {
    "problem": _load("meals.json"), "params": {"effort": 20, "seed": 1},
}
CHECK_REQUEST: Final[dict[str, Any]] = {"problem": PROBLEM, "plan": PLAN}
OFFER_REQUEST: Final[dict[str, Any]] = {
    "days": [CHECK_REQUEST], "client": PROBLEM["clients"][0]["id"], "service": "errands",
    "from_s": 28_800, "until_s": 64_800, "width_s": 3_600, "most": 5,
}
