"""Plan a day or weeks, check a plan. The work is done in a slot; here are bytes and headers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import openapi
from api.examples import CHECK_REQUEST, OFFER_REQUEST, WEEKS_REQUEST
from api.negotiation import (
    FORMATS,
    GEOJSON,
    HTML,
    JSON,
    XLSX,
    answer_format,
    body_kind,
    followable,
)
from api.problems import Answer
from api.routes.follow import follow_verb
from api.schemas import (
    CheckAnswer,
    CheckRequest,
    OfferAnswer,
    OfferRequest,
    PlanQuery,
    WeeksRequest,
)

router = APIRouter(prefix="/v1", tags=["plans"])

PLAN_FORMATS, WEEK_FORMATS = followable(*FORMATS), followable("json")
#: A map is one page with its own script and style, and nothing else may run or load.
MAP_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)


@router.post(
    "/plans",
    response_class=Response,
    responses=openapi.problems(400, 406, 413, 415, 422, 500, 503) | openapi.plan_answers(),
    openapi_extra=openapi.plan_body(),
)
async def plan(request: Request, query: Annotated[PlanQuery, Query()]) -> Response:
    """Plan a day and wait for it; leaving before the answer ends the search.

    With ``Accept: text/event-stream`` the answer is server-sent events: ``progress`` with the share
    done, then ``answer`` with the JSON, or ``problem``.
    """
    kind = body_kind(request, JSON, XLSX)
    wanted = answer_format(query.format, request.headers.get("accept"), PLAN_FORMATS)
    arguments = {
        "body": await request.body(),
        "kind": kind,
        "query": query.params(),
        "wanted": "json" if wanted == "events" else wanted,
    }
    if wanted == "events":
        return await follow_verb(request, "plan", arguments)
    return _send(await run_verb(request, "plan", arguments))


@router.post(
    "/plans/check",
    response_model=CheckAnswer,
    responses=openapi.problems(400, 413, 415, 422, 500, 503),
    openapi_extra=openapi.json_body(CheckRequest, "small day", CHECK_REQUEST),
)
async def check(request: Request) -> Response:
    """Read a plan against every promise, trusting nothing that it claims."""
    body_kind(request, JSON)
    return _send(await run_verb(request, "check", {"body": await request.body()}))


@router.post(
    "/offers",
    response_model=OfferAnswer,
    responses=openapi.problems(400, 413, 415, 422, 500, 503),
    openapi_extra=openapi.json_body(OfferRequest, "small day", OFFER_REQUEST),
)
async def offers(request: Request) -> Response:
    """Find the best windows for a new visit beside days that are planned already."""
    body_kind(request, JSON)
    return _send(await run_verb(request, "offers", {"body": await request.body()}))


@router.post(
    "/weeks",
    response_class=Response,
    responses=openapi.problems(400, 406, 413, 415, 422, 500, 503) | openapi.weeks_answers(),
    openapi_extra=openapi.json_body(WeeksRequest, "one week", WEEKS_REQUEST),
)
async def weeks(request: Request) -> Response:
    """Plan one to four weeks and wait for them; leaving before the answer ends the search.

    With ``Accept: text/event-stream`` the answer is server-sent events: ``progress`` with the share
    done, then ``answer`` with the JSON, or ``problem``.
    """
    body_kind(request, JSON)
    wanted = answer_format(None, request.headers.get("accept"), WEEK_FORMATS)
    arguments = {"body": await request.body()}
    if wanted == "events":
        return await follow_verb(request, "weeks", arguments)
    return _send(await run_verb(request, "weeks", arguments))


async def run_verb(request: Request, verb: str, arguments: dict[str, Any]) -> Answer:
    """Run a verb in a slot; it is told to end when the client leaves."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    answer: Answer = await request.app.state.slots.run(
        verb, arguments, request.state.request_id, gone
    )
    return answer


def _send(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.media_type == HTML:
        headers["Content-Security-Policy"] = MAP_POLICY
    elif answer.media_type in (XLSX, GEOJSON):
        suffix = "xlsx" if answer.media_type == XLSX else "geojson"
        headers["Content-Disposition"] = f'attachment; filename="plan.{suffix}"'
    return Response(answer.body, answer.status, headers, answer.media_type)
