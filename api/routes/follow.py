"""Server-sent events: how they are written; a verb of a slot as such: how far it is, its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from api.negotiation import EVENTS
from api.problems import Answer, problem_of

#: A line without content, so often, keeps a connection open through proxies.
BEAT, BEAT_S = b": \n\n", 5.0
#: Between two looks whether the reader is still there.
_LOOK_S = 0.5


async def follow_verb(request: Request, verb: str, arguments: dict[str, Any]) -> Response:
    """Run a verb that tells its progress, and stream it; it ends when the client leaves.

    What is wrong with a request is found before its work begins, and is answered as ever.
    """
    news: asyncio.Queue[float | None] = asyncio.Queue()

    async def gone() -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(_LOOK_S)

    task: asyncio.Task[Answer] = asyncio.create_task(request.app.state.slots.run(
        verb, arguments, request.state.request_id, gone, news.put_nowait
    ))
    task.add_done_callback(lambda _: news.put_nowait(None))
    first = await news.get()
    if first is None:
        answer = await task
        if answer.status != 200:
            return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)
    return StreamingResponse(
        _events(task, news, first, request.state.request_id), media_type=EVENTS
    )


async def _events(
    task: asyncio.Task[Answer], news: asyncio.Queue[float | None], share: float | None, name: str
) -> AsyncIterator[bytes]:
    while share is not None:
        yield event_text("progress", orjson.dumps({"share": round(share, 4)}))
        while True:  # the last of the news, None, comes whatever becomes of the task
            try:
                share = await asyncio.wait_for(news.get(), BEAT_S)
                break
            except asyncio.TimeoutError:
                yield BEAT
    try:
        answer = await task
    except Exception as error:  # the status is sent already: what went wrong is the last event
        answer = problem_of(error, name)
    yield event_text("answer" if answer.status == 200 else "problem", answer.body)


def event_text(kind: str, data: bytes, serial: int | None = None) -> bytes:
    """Write an event; with a serial number, by which a reader can ask for what follows it."""
    head = b"" if serial is None else b"id: %d\n" % serial
    lines = b"\ndata: ".join(data.strip().split(b"\n"))
    return head + b"event: %s\ndata: %s\n\n" % (kind.encode(), lines)
