"""Around every request: an id, a log line without values, safe headers, and a bounded body."""

from __future__ import annotations

import logging
import re
import time
import uuid
import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Answer, RequestError, problem_of
from api.settings import Settings

_LOG = logging.getLogger("careroute.api")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")

#: Nothing is framed, sniffed, cached or referred; scripts run nowhere unless an answer says so.
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


async def send_answer(answer: Answer, send: Send) -> None:
    """Send a finished answer below FastAPI, where a middleware refuses."""
    headers = {"content-type": answer.media_type, "content-length": str(len(answer.body))}
    raw = [(k.lower().encode(), v.encode()) for k, v in (headers | answer.headers).items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


class RequestLog:
    """Give a request its id, answer a defect with a problem, add safe headers, write one log line.

    A line has method, route template, status and duration: never the address as it was sent, a
    parameter or a header, which could carry a client's data.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer in place of what breaks."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        scope.setdefault("state", {})["request_id"] = request_id
        status, started = 0, time.perf_counter()

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_safely)
        except Exception as error:  # the last door: nothing behind it may print a traceback
            answer = problem_of(error, request_id)
            if status:
                raise
            await send_answer(answer, send_safely)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            _LOG.info(
                "request=%s method=%s route=%s status=%d ms=%.0f",
                request_id,
                scope["method"] if route != "-" else "-",
                route,
                status,
                1000 * (time.perf_counter() - started),
            )


class BodyGate:
    """Count the bytes of a body while they stream in, after decompression, and stop at the limit.

    A gzip body is inflated here, a piece at a time, so that a bomb is refused after ``max_body``
    bytes. Refusals close the connection: what was not read is never read.
    """

    #: Inflate at most so much at once, so that counting comes before memory.
    PIECE = 2**16

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.open_bodies = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a body that ends at the limit."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        self.open_bodies += 1
        try:
            await self.app(scope, self._bounded(Headers(scope=scope), receive), send)
        except RequestError as error:
            await send_answer(problem_of(error, scope.get("state", {}).get("request_id")), send)
        finally:
            self.open_bodies -= 1

    def _bounded(self, headers: Headers, receive: Receive) -> Receive:
        limit, limit_mb = self.settings.max_body, self.settings.max_body_mb
        close = {"Connection": "close"}
        if self.open_bodies > self.settings.max_open_bodies:
            raise RequestError(
                "E1607", "", slots=self.settings.slots, headers=close | {"Retry-After": "5"}
            )
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", ""):
            raise RequestError("E1603", "header.Content-Encoding", headers=close)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise RequestError("E1601", "body", limit_mb=limit_mb, headers=close)
        inflate = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
        seen = 0

        async def receive_bounded() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] != "http.request":
                return message
            body: bytes = message.get("body", b"")
            last = not message.get("more_body", False)
            if inflate is not None:
                body = _inflate(inflate, body, limit - seen, last=last)
            seen += len(body)
            if seen > limit:
                raise RequestError("E1601", "body", limit_mb=limit_mb, headers=close)
            return {**message, "body": body}

        return receive_bounded


def _inflate(stream: zlib._Decompress, data: bytes, room: int, *, last: bool) -> bytes:
    """Inflate at most one piece beyond ``room``; trailing or missing bytes are refused."""
    pieces: list[bytes] = []
    size, more = 0, bool(data)
    try:
        while more and not stream.eof and size <= room:
            piece = stream.decompress(data, BodyGate.PIECE)
            data = stream.unconsumed_tail
            # a full piece may have left output inside the stream with no input to show for it
            more = bool(data) or len(piece) == BodyGate.PIECE
            size += len(piece)
            pieces.append(piece)
    except zlib.error:
        raise RequestError("E1604", "body", headers={"Connection": "close"}) from None
    cut_off = last and not stream.eof
    if size <= room and (stream.unused_data or (stream.eof and data) or cut_off):
        raise RequestError("E1604", "body", headers={"Connection": "close"})
    return b"".join(pieces)
