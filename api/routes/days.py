"""Running days: begin one, send it events, look at it, follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api import openapi
from api.day_process import is_alarm
from api.examples import CHECK_REQUEST
from api.negotiation import EVENTS, JSON, answer_format, body_kind
from api.problems import Answer
from api.routes.follow import BEAT, BEAT_S, event_text
from api.routes.meals import SHEET_FORMATS, send_sheets
from api.schemas import DayRequest, EventsRequest, ReportQuery

router = APIRouter(prefix="/v1/days", tags=["days"])

_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}$"
DayName = Annotated[str, Path(pattern=_ID)]
WorkerName = Annotated[str, Path(pattern=_ID)]
#: A stream ends after so long, and its reader comes again with ``Last-Event-ID``: so a service that
#: is told to stop is not held up by those who follow.
STREAM_S = 25.0
_AT_ONCE = 200


@router.post(
    "",
    status_code=201,
    responses=openapi.problems(400, 413, 415, 422, 500, 503),
    openapi_extra=openapi.json_body(DayRequest, "small day", {"id": "monday", **CHECK_REQUEST}),
    response_class=Response,
)
async def begin(request: Request) -> Response:
    """Begin a day with a problem and a plan for it; again with the same is harmless."""
    body_kind(request, JSON)
    return _send(await _run(request, "begin", {"body": await request.body()}))


@router.get("", responses=openapi.problems(500, 503), response_class=Response)
async def names(request: Request) -> Response:
    """List the days that are kept."""
    return _send(await _run(request, "list", {}))


@router.get("/{day}", responses=openapi.problems(404, 422, 500, 503), response_class=Response)
async def show(request: Request, day: DayName) -> Response:
    """Tell how a day stands: clock, orders, who waits, delays, answers to alarms."""
    return _send(await _run(request, "show", {"day": day}))


@router.get("/{day}/plan", responses=openapi.problems(404, 422, 500, 503), response_class=Response)
async def plan(request: Request, day: DayName) -> Response:
    """Give the day as it went and as it will go, as a plan."""
    return _send(await _run(request, "plan", {"day": day}))


@router.get(
    "/{day}/report", response_class=Response,
    responses=openapi.problems(404, 406, 422, 500, 503) | openapi.report_answers(),
)
async def report(
    request: Request, day: DayName, query: Annotated[ReportQuery, Query()]
) -> Response:
    """Hold what was done against what was planned: by worker, provider, payer and service."""
    wanted = answer_format(query.format, request.headers.get("accept"), SHEET_FORMATS)
    answer = await _run(request, "report", {"day": day, "wanted": wanted, "lang": query.lang})
    return send_sheets(answer, "report.xlsx")


@router.get(
    "/{day}/workers/{worker}",
    responses=openapi.problems(404, 422, 500, 503), response_class=Response,
)
async def worker(request: Request, day: DayName, worker: WorkerName) -> Response:
    """Tell what one worker sees: every stop with its state and times."""
    return _send(await _run(request, "worker", {"day": day, "worker": worker}))


@router.post(
    "/{day}/events",
    responses=openapi.problems(400, 404, 413, 415, 422, 500, 503),
    openapi_extra=openapi.json_body(
        EventsRequest, "an alarm", {"events": [{
            "id": "e1", "time_s": 32_400, "kind": "alarm",
            "order": {"kind": "emergency", "id": "A1", "client": "C1", "received_s": 32_400},
        }]},
    ),
    response_class=Response,
)
async def events(request: Request, day: DayName) -> Response:
    """Take in one event, or several; the answer says of each what it changed, or why not.

    It is kept when it is answered. Sending it again, after a lost answer, counts once. An alarm
    that comes alone goes before all that waits, and is answered as soon as it is known who goes
    (``is_first``): whom that moves is told by the stream. In a list of one it is answered in full.
    """
    body_kind(request, JSON)
    body = await request.body()
    answer = await _run(
        request, "events", {"day": day, "body": body}, is_urgent=is_alarm(body)
    )
    if answer.status == 200:
        request.app.state.days.tell(day)
    return _send(answer)


@router.get(
    "/{day}/stream",
    responses=openapi.problems(404, 422, 500, 503), response_class=Response,
)
async def stream(
    request: Request,
    day: DayName,
    after: Annotated[int, Query(ge=0, description="sequence number to begin after")] = 0,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> Response:
    """Follow a day as server-sent events: each accepted event with what it changed.

    The id of each is its sequence number; with it as ``Last-Event-ID`` a stream goes on where it
    ended, which it does every half minute.
    """
    after = after if last_event_id is None else last_event_id
    first = await _run(request, "log", {"day": day, "after": after, "most": _AT_ONCE})
    if first.status != 200:
        return _send(first)
    return StreamingResponse(_follow(request, day, after, first), media_type=EVENTS)


async def _follow(
    request: Request, day: str, after: int, answer: Answer
) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    deadline = clock() + STREAM_S
    yield b"retry: 500\n\n"
    while answer.status == 200:
        entries = orjson.loads(answer.body)["entries"]
        for entry in entries:
            after = entry["seq"]
            data = orjson.dumps({"event": entry["event"], "outcome": entry["outcome"]})
            yield event_text(entry["event"]["kind"], data, after)
        left = deadline - clock()
        if left <= 0 or await request.is_disconnected():
            return
        if not entries:
            await request.app.state.days.wait(day, min(left, BEAT_S))
            yield BEAT
        answer = await _run(
            request, "log", {"day": day, "after": after, "most": _AT_ONCE}, watch=False
        )


async def _run(
    request: Request, verb: str, arguments: dict[str, Any], *, watch: bool = True,
    is_urgent: bool = False,
) -> Answer:
    async def gone() -> None:
        if not watch:  # a stream asks by itself whether its reader is there
            await asyncio.Event().wait()
        while (await request.receive())["type"] != "http.disconnect":
            pass

    answer: Answer = await request.app.state.days.run(
        verb, arguments, request.state.request_id, gone, is_urgent=is_urgent
    )
    return answer


def _send(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)
