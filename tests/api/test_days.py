"""Running days over HTTP: begun, fed, looked at, followed, and there again after a restart."""

from __future__ import annotations

import signal
import threading

import numpy as np
import orjson
import pytest

import geodata
from engine.domain.problem import SyntheticNetwork
from engine.formats.native import problem_data
from engine.live.day import LiveDay
from engine.live.events import event_data
from engine.live.report import report_day
from engine.scenario import demo_problem
from engine.travel import build_travel
from tests.live_builders import hand_plan
from tests.live_logs import random_event

REF = SyntheticNetwork(nodes=300, seed=2)


@pytest.fixture(scope="module")
def town():
    network = geodata.synthetic_city(300, seed=2)
    problem = demo_problem(REF, network, 30, 14, seed=4)
    travel = build_travel(problem, network)
    plan = hand_plan(problem, {}, travel)
    unserved = [
        {"order": o.id, "reason": "outweighed", "message": "later", "message_zh": "稍后"}
        for o in problem.orders
    ]
    plan = plan.model_validate_json(orjson.dumps({
        **plan.model_dump(mode="json"), "unserved": unserved
    }))
    return problem, plan, travel


@pytest.fixture(scope="module")
def log(town):
    day, events = LiveDay(*town), []
    rng = np.random.default_rng(8)
    while len(events) < 25:
        event = random_event(rng, day, f"e{len(events)}")
        if day.apply(event).status in ("applied", "superseded"):
            events.append(event)
    return events, day


def body(town, name):
    problem, plan, _ = town
    return {"id": name, "problem": problem_data(problem), "plan": plan.model_dump(mode="json")}


def read_stream(client, url, n, **kw):
    """The first n events of a stream: (id, kind, data)."""
    found, current = [], {}
    with client.stream("GET", url, timeout=600, **kw) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            key, _, value = line.partition(": ")
            if line and key in ("id", "event", "data"):
                current[key] = value
            elif not line and current:
                data = orjson.loads(current["data"])
                found.append((int(current["id"]), current["event"], data))
                current = {}
                if len(found) == n:
                    return found
    return found


def test_a_day_is_the_same_over_http_as_in_memory(start_service, town, log, tmp_path):
    events, day = log
    url = f"sqlite:///{tmp_path / 'days.sqlite'}"
    service = start_service(database=url)
    client = service.client
    made = client.post("/v1/days", json=body(town, "monday"))
    assert made.status_code == 201, made.text
    assert client.post("/v1/days", json=body(town, "monday")).status_code == 200
    other = {**body(town, "monday"), "policy": {"notice_s": 5}}
    assert client.post("/v1/days", json=other).json()["faults"][0]["code"] == "E1621"
    assert client.get("/v1/days").json() == {"days": ["monday"]}

    followed = []
    reader = threading.Thread(target=lambda: followed.extend(
        read_stream(client, "/v1/days/monday/stream", 12)
    ))
    reader.start()
    single = client.post("/v1/days/monday/events", json=event_data(events[0]))
    assert single.json()["event"] == "e0"
    for event in events[1:5]:
        assert client.post("/v1/days/monday/events", json=event_data(event)).status_code == 200
    bulk = client.post(
        "/v1/days/monday/events", json={"events": [event_data(e) for e in events[3:12]]}
    ).json()
    assert [o["status"] for o in bulk["outcomes"]][:2] == ["repeated", "repeated"]
    assert bulk["seq"] == 12
    reader.join(600)
    assert [k for k, _, _ in followed] == list(range(1, 13))
    assert [d["event"]["id"] for _, _, d in followed] == [e.id for e in events[:12]]

    # The process ends in the middle of the day; what was answered is there again.
    service.process.send_signal(signal.SIGKILL)
    service.process.wait(120)
    client = start_service(database=url).client
    again = client.post(
        "/v1/days/monday/events", json={"events": [event_data(e) for e in events]}
    ).json()
    assert [o["status"] for o in again["outcomes"]][:12] == ["repeated"] * 12
    report = client.get("/v1/days/monday/report").json()
    assert report == orjson.loads(orjson.dumps(report_day(day)))
    page = client.get("/v1/days/monday/report", params={"format": "html", "lang": "zh"})
    assert "服务机构" in page.text
    assert page.headers["content-security-policy"].startswith("sandbox")
    shown = client.get("/v1/days/monday").json()
    assert shown["fingerprint"] == day.fingerprint
    assert client.get("/v1/days/monday/plan").json() == day.plan().model_dump(mode="json")
    worker = day.board.lines[0].worker.id
    assert client.get(f"/v1/days/monday/workers/{worker}").json() == day.worker(worker)
    tail = read_stream(
        client, "/v1/days/monday/stream", 3, headers={"Last-Event-ID": "20"}
    )
    assert [k for k, _, _ in tail] == [21, 22, 23]

    # What cannot be.
    assert client.get("/v1/days/none").json()["faults"][0]["code"] == "E1620"
    assert client.get("/v1/days/none/stream").status_code == 404
    lost = client.get("/v1/days/monday/workers/nobody")
    assert (lost.status_code, lost.json()["faults"][0]["code"]) == (404, "E1623")
    bad = client.post("/v1/days/monday/events", json={"events": [{"id": "x"}, 3]})
    assert bad.status_code == 422
    assert {f["path"] for f in bad.json()["faults"]} == {"events[0].kind", "events[1]"}
    wrong = body(town, "tuesday")
    wrong["plan"]["totals"]["travel_s"] += 1
    refused = client.post("/v1/days", json=wrong)
    assert refused.json()["faults"][0]["code"] == "E1622"


def test_the_examples_of_the_document_run(client):
    document = client.get("/openapi.json").json()["paths"]

    def example(path):
        body = document[path]["post"]["requestBody"]["content"]["application/json"]
        (found,) = body["examples"].values()
        return found["value"]

    begun = example("/v1/days") | {"id": "example"}
    assert client.post("/v1/days", json=begun).status_code == 201
    answer = client.post("/v1/days/example/events", json=example("/v1/days/{day}/events")).json()
    assert [o["status"] for o in answer["outcomes"]] == ["applied"]
    assert answer["outcomes"][0]["alarm"]["order"] == "A1"
