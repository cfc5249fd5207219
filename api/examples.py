"""Bodies that run as they stand: what the OpenAPI document and ``/docs`` show."""

from __future__ import annotations

from typing import Any, Final

PROBLEM: Final[dict[str, Any]] = {
    "format": "careroute-problem/1",
    "id": "monday",
    "day": "2026-11-23",
    "network": {"kind": "synthetic", "nodes": 1000, "seed": 1},
    "clients": [
        {"id": "c1", "lon": 120.094, "lat": 30.893, "care_level": 2, "guaranteed": True},
        {"id": "c2", "lon": 120.097, "lat": 30.895},
    ],
    "centres": [{"id": "centre", "lon": 120.1, "lat": 30.89}],
    "workers": [
        {
            "id": "w1",
            "start": "centre",
            "mode": "ebike",
            "certificates": [{"skill": "bathing", "valid_until": "2027-06-30"}],
            "shifts": [{"id": "am", "start_s": 28800, "end_s": 43200}],
        }
    ],
    "orders": [
        {
            "kind": "visit",
            "id": "o1",
            "client": "c1",
            "service": "bath",
            "windows": [{"start_s": 32400, "end_s": 36000}],
        },
        {"kind": "visit", "id": "o2", "client": "c2", "service": "check_in"},
    ],
}

PLAN_REQUEST: Final[dict[str, Any]] = {
    "problem": PROBLEM,
    "params": {"seconds": 1, "iterations": 200, "seed": 1},
}

CHECK_REQUEST: Final[dict[str, Any]] = {"problem": PROBLEM, "plan": {}}
