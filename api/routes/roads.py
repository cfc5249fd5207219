"""Questions about the streets: what is within some minutes, and one leg for a driver."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api import openapi
from api.examples import REACH_REQUEST, ROUTE_REQUEST
from api.negotiation import JSON, body_kind
from api.routes.plans import run_verb
from engine.roads import ReachRequest, RouteRequest

router = APIRouter(prefix="/v1", tags=["roads"])
_PROBLEMS = openapi.problems(400, 413, 415, 422, 500, 503)


@router.post(
    "/reach",
    response_class=Response,
    responses=_PROBLEMS | openapi.geojson_answer("An area for each point, as a FeatureCollection"),
    openapi_extra=openapi.json_body(ReachRequest, "a quarter of an hour on foot", REACH_REQUEST),
)
async def reach(request: Request) -> Response:
    """Find what is within some minutes of each of some points."""
    return await _ask(request, "reach")


@router.post(
    "/routes",
    response_class=Response,
    responses=_PROBLEMS | openapi.geojson_answer("The line as a Feature, with figures and streets"),
    openapi_extra=openapi.json_body(RouteRequest, "one leg", ROUTE_REQUEST),
)
async def route(request: Request) -> Response:
    """Find the fastest way from one point to another."""
    return await _ask(request, "route")


async def _ask(request: Request, verb: str) -> Response:
    body_kind(request, JSON)
    answer = await run_verb(request, verb, {"body": await request.body()})
    return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)
