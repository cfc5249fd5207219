"""Long work tells how far it is: server-sent events, the same for every verb that plans."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest

from api.examples import MEAL_REQUEST, PLAN_REQUEST, WEEKS_REQUEST

ACCEPT = {"Accept": "text/event-stream"}
FOLLOWED = [
    ("/v1/plans", PLAN_REQUEST, ()), ("/v1/weeks", WEEKS_REQUEST, ("report",)),
    ("/v1/meals", MEAL_REQUEST, ("plan",)),
]


def events_of(text: str) -> list[tuple[str, Any]]:
    """Kinds and data of a stream, without the beats that keep it open."""
    found = []
    for event in text.strip().split("\n\n"):
        if event.startswith("event: "):
            kind, *data = event.split("\n")
            found.append((kind[7:], json.loads("".join(line[6:] for line in data))))
    return found


@pytest.mark.parametrize(("path", "request_body", "where"), FOLLOWED)
def test_long_work_is_followed_as_events(
    client: httpx.Client, path: str, request_body: dict[str, Any], where: tuple[str, ...]
) -> None:
    # Seconds would end a search sooner on a slow machine: iterations make both answers one.
    body = copy.deepcopy(request_body)
    if "iterations" in body["params"]:
        body["params"].pop("seconds", None)
    streamed = client.post(path, json=body, headers=ACCEPT)
    assert streamed.headers["content-type"].startswith("text/event-stream")
    *told, (last, answer) = events_of(streamed.text)
    assert {kind for kind, _ in told} == {"progress"}
    shares = [data["share"] for _, data in told]
    assert shares == sorted({*shares})
    assert 0 <= shares[0] < shares[-1] == 1
    plain = client.post(path, json=body).json()
    assert last == "answer"
    assert answer.keys() == plain.keys()
    for name in where:
        answer, plain = answer[name], plain[name]
    assert answer["totals"] == plain["totals"]


@pytest.mark.parametrize(("path", "request_body"), [f[:2] for f in FOLLOWED])
def test_what_is_wrong_is_told_before_a_stream_begins(
    client: httpx.Client, path: str, request_body: dict[str, Any]
) -> None:
    bad = client.post(path, json={**request_body, "other": 1}, headers=ACCEPT)
    assert bad.headers["content-type"] == "application/problem+json"
    assert (bad.status_code, bad.json()["faults"][0]["code"]) == (422, "E1004")
    none = client.post(path, json=request_body, headers={"Accept": "image/png"})
    assert (none.status_code, none.json()["faults"][0]["code"]) == (406, "E1605")
    answers = client.get("/openapi.json").json()["paths"][path]["post"]["responses"]
    assert "text/event-stream" in answers["200"]["content"]
    assert "406" in answers
