"""The HTTP service: ``create_app(settings)``, or ``uvicorn --factory api.app:create_app``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from api import openapi
from api.day_process import DayProcess
from api.faults import fault
from api.middleware import BodyGate, RequestLog
from api.problems import Answer, RequestError, describe, problem_of
from api.routes import catalogue, days, docs, health, meals, plans, roads
from api.service import version
from api.settings import Settings
from api.slots import SlotPool
from engine.errors import Fault

#: What pydantic finds in a query, by its kind, in Chinese; limits as it names them.
_QUERY_ZH = {
    "literal_error": "可选值：{expected}",
    "int_parsing": "应为整数",
    "float_parsing": "应为数值",
    "bool_parsing": "应为 true 或 false",
    "finite_number": "应为有限的数值",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "missing": "缺少该参数",
    "string_pattern_mismatch": "不是有效的编号",
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the service; its solving processes start and end with it.

    Parameters
    ----------
    settings : None reads ``CAREROUTE_*`` from the environment.

    Raises
    ------
    InputError : a variable cannot be used.
    """
    settings = settings or Settings.from_env()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.slots = SlotPool(settings)
        app.state.slots.open()
        app.state.days = DayProcess(settings)
        app.openapi()  # made once, before anybody waits for it
        try:
            yield
        finally:
            await app.state.days.close()
            await app.state.slots.close()

    app = FastAPI(
        title="careroute",
        version=version(),
        description="Dispatch optimization and service routing for city elder care.",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages load their script from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(RequestLog), Middleware(BodyGate, settings=settings)],
    )
    app.state.settings = settings
    for part in (plans, meals, days, roads, catalogue, health, docs):
        app.include_router(part.router)
    app.openapi = lambda: openapi.describe_service(app)  # type: ignore[method-assign]
    app.add_exception_handler(RequestError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_query)
    app.add_exception_handler(HTTPException, _answer_http)
    return app


def _respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers, answer.media_type)


async def _answer_error(request: Request, error: Exception) -> Response:
    return _respond(problem_of(error, request.state.request_id))


async def _answer_query(request: Request, error: Exception) -> Response:
    # Only query parameters are read by FastAPI; bodies are read in a slot.
    assert isinstance(error, RequestValidationError)
    faults = [
        _query_fault(e["loc"], e["type"], e["msg"], e.get("ctx", {})) for e in error.errors()
    ]
    return _respond(describe(422, faults, request_id=request.state.request_id))


def _query_fault(
    location: tuple[int | str, ...], kind: str, message: str, limits: dict[str, object]
) -> Fault:
    if kind == "extra_forbidden":  # the key came from the request and is not repeated
        return fault(
            "E1611",
            "query",
            problem="an unknown name",
            problem_zh="未知的参数名",
        )
    return fault(
        "E1611",
        ".".join(map(str, location)),
        problem=message,
        problem_zh=_QUERY_ZH.get(kind, "取值不合规").format(**limits),
    )


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 404:
        found = fault("E1609", "")
    elif error.status_code == 405:
        found = fault("E1610", "", known=headers.get("Allow", "GET"))
    else:
        found = fault("E1612", "")
    return _respond(
        describe(error.status_code, [found], request_id=request.state.request_id, headers=headers)
    )
