"""The OpenAPI document, with the models that a slot reads bodies by, and examples that run."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.examples import PLAN_REQUEST
from api.negotiation import EVENTS, GEOJSON, JSON, XLSX
from api.problems import PROBLEM_JSON
from api.schemas import (
    CheckRequest,
    DayRequest,
    EventsRequest,
    MealAnswer,
    MealRequest,
    OfferRequest,
    PlanRequest,
    ProblemDetails,
    WeeksAnswer,
    WeeksRequest,
)
from engine.domain.plan import Plan
from engine.roads import ReachRequest, RouteRequest

_REF = "#/components/schemas/"
_DESCRIPTIONS = {
    400: "The request cannot be read",
    404: "Nothing at this address",
    405: "Another method is needed",
    406: "No such format",
    413: "Body above the limit, counted after decompression",
    415: "Content type or encoding that is not read",
    422: "Faults in the input: all of them, each with code, path, message and hint",
    500: "A defect of the service",
    503: "Warming up, or all solvers busy: try again after Retry-After",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error answers of a route: every one is a problem document."""
    content = {PROBLEM_JSON: {"schema": {"$ref": _REF + ProblemDetails.__name__}}}
    return {s: {"description": _DESCRIPTIONS[s], "content": content} for s in statuses}


def plan_answers() -> dict[int | str, dict[str, Any]]:
    """List the formats that a plan is answered in."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        200: {
            "description": "The plan, or a rendering of it; or events: progress, answer",
            "content": {
                JSON: {"schema": {"$ref": _REF + Plan.__name__}},
                GEOJSON: {"schema": {"type": "object"}},
                XLSX: binary,
                "text/html": {"schema": {"type": "string"}},
                EVENTS: {"schema": {"type": "string"}},
            },
        }
    }


def plan_body() -> dict[str, Any]:
    """Describe the body of ``POST /v1/plans``."""
    sheet = {"schema": {"type": "string", "format": "binary"}}
    return {
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {"$ref": _REF + PlanRequest.__name__},
                    "examples": {"small day": {"value": PLAN_REQUEST}},
                },
                XLSX: sheet,
            },
        }
    }


def json_body(model: type[BaseModel], name: str, example: dict[str, Any]) -> dict[str, Any]:
    """Describe a body that is JSON and nothing else, with an example that runs."""
    schema = {"$ref": _REF + model.__name__}
    content = {JSON: {"schema": schema, "examples": {name: {"value": example}}}}
    return {"requestBody": {"required": True, "content": content}}


def meal_answers() -> dict[int | str, dict[str, Any]]:
    """List the formats that a plan of a meal period is answered in."""
    description = "The plan, as JSON, a workbook or pages to print; or events: progress, answer"
    return {200: {"description": description, "content": {
        JSON: {"schema": {"$ref": _REF + MealAnswer.__name__}},
        XLSX: {"schema": {"type": "string", "format": "binary"}},
        "text/html": {"schema": {"type": "string"}},
        EVENTS: {"schema": {"type": "string"}},
    }}}


def report_answers() -> dict[int | str, dict[str, Any]]:
    """List the formats that a day's report is answered in."""
    return {200: {"description": "Plan against actual, as JSON, a workbook or a page", "content": {
        JSON: {"schema": {"type": "object"}},
        XLSX: {"schema": {"type": "string", "format": "binary"}},
        "text/html": {"schema": {"type": "string"}},
    }}}


def geojson_answer(description: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is GeoJSON."""
    content = {GEOJSON: {"schema": {"type": "object"}}}
    return {200: {"description": description, "content": content}}


def weeks_answers() -> dict[int | str, dict[str, Any]]:
    """Say what plans over weeks are answered as."""
    description = "Figures and the plan of every day; or events: progress, answer"
    return {200: {"description": description, "content": {
        JSON: {"schema": {"$ref": _REF + WeeksAnswer.__name__}},
        EVENTS: {"schema": {"type": "string"}},
    }}}


def describe_service(app: FastAPI) -> dict[str, Any]:
    """Build the document once; routes name the models, this adds them."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _, definitions = models_json_schema(
            [
                (PlanRequest, "validation"),
                (CheckRequest, "validation"),
                (MealRequest, "validation"),
                (MealAnswer, "validation"),
                (OfferRequest, "validation"),
                (ReachRequest, "validation"),
                (RouteRequest, "validation"),
                (Plan, "validation"),
                (WeeksRequest, "validation"),
                (WeeksAnswer, "validation"),
                (DayRequest, "validation"),
                (EventsRequest, "validation"),
                (ProblemDetails, "serialization"),
            ],
            ref_template=_REF + "{model}",
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(definitions["$defs"])
        # FastAPI documents its own 422; ours is a problem like every other error.
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema
