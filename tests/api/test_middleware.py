from __future__ import annotations

import asyncio
import gzip
import logging
import os
import zlib
from typing import Any

import orjson
import pytest

from api.middleware import BodyGate, RequestLog
from api.problems import RequestError, problem_of
from api.settings import Settings

SETTINGS = Settings(max_body_mb=1)
MB = 2**20


class Endpoint:
    """Reads its body as a route would, and remembers it."""

    def __init__(self) -> None:
        self.body = b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            self.body += message["body"]
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"read"})


def send_through(
    app: Any, pieces: list[bytes], headers: dict[str, str] | None = None, method: str = "POST"
) -> tuple[int, dict[str, str], bytes, int]:
    """Status, headers and body of the answer, and how many pieces were asked for."""
    sent: list[dict[str, Any]] = []
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {
            "type": "http.request", "body": pieces[asked - 1], "more_body": asked < len(pieces),
        }

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": "/secret",
        "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
    }
    asyncio.run(app(scope, receive, send))
    answered = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], answered, b"".join(m.get("body", b"") for m in sent[1:]), asked


def gated(endpoint: Any, settings: Settings = SETTINGS) -> Any:
    return RequestLog(BodyGate(endpoint, settings))


def code(body: bytes) -> str:
    return str(orjson.loads(body)["faults"][0]["code"])


def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not() -> None:
    endpoint = Endpoint()
    assert send_through(gated(endpoint), [b"x" * MB])[0] == 200
    assert len(endpoint.body) == MB
    status, headers, body, _ = send_through(gated(Endpoint()), [b"x" * MB, b"x"])
    assert (status, code(body), headers["connection"]) == (413, "E1601", "close")


def test_a_stream_without_length_is_left_as_soon_as_it_passes_the_limit() -> None:
    status, _, _, asked = send_through(gated(Endpoint()), [b"x" * (MB // 4)] * 200)
    assert status == 413
    assert asked == 5


def test_a_declared_length_above_the_limit_is_refused_before_a_byte_is_read() -> None:
    status, _, body, asked = send_through(
        gated(Endpoint()), [b"x"], {"Content-Length": str(50 * MB)}
    )
    assert (status, code(body), asked) == (413, "E1601", 0)


def test_a_gzip_body_arrives_inflated_however_it_was_cut() -> None:
    text = os.urandom(5000).hex().encode() * 20
    packed = gzip.compress(text)
    for size in (1, 7, len(packed)):
        pieces = [packed[i : i + size] for i in range(0, len(packed), size)]
        endpoint = Endpoint()
        assert send_through(gated(endpoint), pieces, {"Content-Encoding": "gzip"})[0] == 200
        assert endpoint.body == text


def test_a_gzip_body_that_inflates_to_exactly_the_limit_is_read_and_one_byte_more_is_not() -> None:
    for n, expected in ((MB, 200), (MB + 1, 413)):
        packed = gzip.compress(b"0" * n)
        answer = send_through(gated(Endpoint()), [packed], {"Content-Encoding": "gzip"})
        assert answer[0] == expected


def test_a_gzip_bomb_is_refused_without_being_inflated() -> None:
    bomb = gzip.compress(bytes(64 * MB))
    seen: list[int] = []

    class Counting(Endpoint):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def counted() -> Any:
                message = await receive()
                seen.append(len(message["body"]))
                return message

            await super().__call__(scope, counted, send)

    status, _, body, _ = send_through(gated(Counting()), [bomb], {"Content-Encoding": "gzip"})
    assert (status, code(body)) == (413, "E1601")
    assert sum(seen) <= MB


@pytest.mark.parametrize(
    "body",
    [b"not gzip", gzip.compress(b"whole")[:-3], gzip.compress(b"whole") + b"more", b"",
     zlib.compress(b"another format")],
    # A gzip header holds the second it was written in: named here, test processes agree on names.
    ids=["not-gzip", "cut", "trailing", "empty", "zlib"],
)
def test_a_broken_gzip_body_is_a_problem(body: bytes) -> None:
    status, _, answer, _ = send_through(gated(Endpoint()), [body], {"Content-Encoding": "gzip"})
    assert (status, code(answer)) == (400, "E1604")


def test_an_unknown_encoding_is_refused() -> None:
    status, _, body, asked = send_through(gated(Endpoint()), [b"x"], {"Content-Encoding": "br"})
    assert (status, code(body), asked) == (415, "E1603", 0)


def test_too_many_open_bodies_are_turned_away_with_a_time_to_come_back() -> None:
    gate = BodyGate(Endpoint(), Settings(max_open_bodies=1))
    assert send_through(gate, [b"x"])[0] == 200
    gate.open_bodies = 1
    status, headers, body, _ = send_through(gate, [b"x"])
    assert (status, code(body)) == (503, "E1607")
    assert int(headers["retry-after"]) > 0
    assert gate.open_bodies == 1


def test_a_defect_is_answered_and_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("Grandma Wang, 13800138000")

    with caplog.at_level(logging.INFO):
        status, headers, body, _ = send_through(gated(broken), [b"x"], {"X-Request-Id": "r-7"})
    assert (status, code(body), headers["x-request-id"]) == (500, "E1600", "r-7")
    assert orjson.loads(body)["instance"] == "urn:careroute:request:r-7"
    for text in (caplog.text, body.decode()):
        assert "Wang" not in text
        assert "13800138000" not in text
    assert "ValueError" in caplog.text
    assert "test_middleware.py" in caplog.text
    assert "/secret" not in caplog.text  # an address may carry anything


def test_a_request_id_that_is_none_is_replaced() -> None:
    headers = send_through(gated(Endpoint()), [b""], {"X-Request-Id": "a b\tc"})[1]
    assert headers["x-request-id"].isalnum()


def test_every_answer_carries_safe_headers() -> None:
    headers = send_through(gated(Endpoint()), [b""])[1]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "access-control-allow-origin" not in headers


def test_a_problem_has_all_faults_in_both_languages() -> None:
    document = orjson.loads(problem_of(RequestError("E1601", "body", limit_mb=32)).body)
    assert document["status"] == 413
    assert document["faults"] == [{
        "code": "E1601", "path": "body",
        "message": "the body is larger than 32 MB (counted after decompression)",
        "hint": document["faults"][0]["hint"],
        "message_zh": "请求体超过 32 MB（按解压后计）",
        "hint_zh": document["faults"][0]["hint_zh"],
    }]
