"""What the service holds: street networks, and the catalogue of services."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api import service
from api.schemas import Catalogue, NetworkList

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.get("/networks")
def networks(request: Request) -> NetworkList:
    """List the networks that a problem may name."""
    return NetworkList(networks=tuple(service.list_networks(request.app.state.settings.networks)))


@router.get("/services")
async def services() -> Catalogue:
    """List the services and skills that a problem may use without defining them."""
    known, skills = service.catalogue()
    return Catalogue(services=known, skills=skills)
