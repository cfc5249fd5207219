"""Meal periods over HTTP; the work is done in a slot."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import openapi
from api.examples import MEAL_REQUEST
from api.negotiation import FORMATS, HTML, JSON, XLSX, answer_format, body_kind, followable
from api.problems import Answer
from api.routes.follow import follow_verb
from api.routes.plans import run_verb
from api.schemas import MealQuery, MealRequest

router = APIRouter(prefix="/v1", tags=["meals"])
#: Pages to print have no script, and nothing may load.
PAGE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
SHEET_FORMATS = {name: FORMATS[name] for name in ("json", "xlsx", "html")}
MEAL_FORMATS = followable(*SHEET_FORMATS)


@router.post(
    "/meals",
    response_class=Response,
    responses=openapi.problems(400, 406, 413, 415, 422, 500, 503) | openapi.meal_answers(),
    openapi_extra=openapi.json_body(MealRequest, "a small lunch", MEAL_REQUEST),
)
async def plan_meals(
    request: Request, query: Annotated[MealQuery, Query()]
) -> Response:
    """Plan a meal period: kitchens, vans, points and couriers together.

    With ``Accept: text/event-stream`` the answer is server-sent events: ``progress`` with the share
    done, then ``answer`` with the JSON, or ``problem``.
    """
    body_kind(request, JSON)
    wanted = answer_format(query.format, request.headers.get("accept"), MEAL_FORMATS)
    arguments = {"body": await request.body(), "wanted": "json" if wanted == "events" else wanted}
    if wanted == "events":
        return await follow_verb(request, "meals", arguments)
    return send_sheets(await run_verb(request, "meals", arguments), "meals.xlsx")


def send_sheets(answer: Answer, name: str) -> Response:
    """Send JSON, a workbook under a name, or a page to print."""
    headers = dict(answer.headers)
    if answer.media_type == HTML:
        headers["Content-Security-Policy"] = PAGE_POLICY
    elif answer.media_type == XLSX:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(answer.body, answer.status, headers, answer.media_type)
