"""Bodies that run as they stand: what the OpenAPI document and ``/docs`` show."""

from __future__ import annotations

from typing import Any, Final

PROBLEM: Final[dict[str, Any]] = {
    "format": "careroute-problem/1",
    "id": "monday",
    "day": "2026-11-23",
    "network": {"kind": "synthetic", "nodes": 1000, "seed": 1},
    "clients": [
        {"id": "C1", "lon": 114.29301, "lat": 30.60652, "care_level": 2, "guaranteed": True},
        {"id": "C2", "lon": 114.28928, "lat": 30.56817},
    ],
    "centres": [{"id": "centre", "lon": 114.29218, "lat": 30.59083}],
    "kitchens": [
        {
            "id": "kitchen",
            "lon": 114.28807,
            "lat": 30.57771,
            "batches": [{"id": "lunch", "ready_s": 39600, "portions": 40}],
        }
    ],
    "vehicles": [{"id": "box", "mode": "ebike", "capacity": {"portions": 12}}],
    "workers": [
        {
            "id": "W1",
            "start": "centre",
            "mode": "ebike",
            "certificates": [{"skill": "bathing", "valid_until": "2027-06-30"}],
            "shifts": [{"id": "am", "start_s": 28800, "end_s": 43200}],
        },
        {
            "id": "W2",
            "role": "courier",
            "start": "kitchen",
            "vehicle": "box",
            "certificates": [{"skill": "meal_delivery"}],
            "shifts": [{"id": "noon", "start_s": 39600, "end_s": 46800}],
        },
    ],
    "orders": [
        {
            "kind": "visit",
            "id": "O1",
            "client": "C1",
            "service": "bath",
            "windows": [{"start_s": 32400, "end_s": 36000}],
        },
        {"kind": "visit", "id": "O2", "client": "C2", "service": "check_in"},
        {
            "kind": "meal",
            "id": "O3",
            "client": "C2",
            "windows": [{"start_s": 39600, "end_s": 45000}],
        },
    ],
}

PLAN_REQUEST: Final[dict[str, Any]] = {
    "problem": PROBLEM,
    "params": {"seconds": 1, "iterations": 200, "seed": 1},
}

CHECK_REQUEST: Final[dict[str, Any]] = {"problem": PROBLEM, "plan": {}}
