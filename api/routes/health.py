"""Alive, and warm."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.openapi import problems
from api.problems import RequestError
from api.schemas import Health, Ready
from api.service import version

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> Health:
    """Tell that the service is alive; answers during a solve as well."""
    return Health(version=version())


@router.get("/ready", responses=problems(503))
async def ready(request: Request) -> Ready:
    """Tell that kernels are compiled and a solve would start at once."""
    n_warm = request.app.state.slots.n_warm
    if not n_warm:
        raise RequestError("E1608", "", headers={"Retry-After": "2"})
    return Ready(slots=n_warm)
