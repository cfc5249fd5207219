"""What an operator may set: environment variables ``CAREROUTE_*``, checked at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.faults import fault
from engine.errors import InputError

PREFIX = "CAREROUTE_"


class Settings(BaseModel):
    """Limits and places of the service; the field ``max_body_mb`` is ``CAREROUTE_MAX_BODY_MB``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: Path | None = Field(default=None, description="folder of NAME.npz street networks")
    max_body_mb: int = Field(default=32, ge=1, le=1024, description="after decompression")
    max_seconds: int = Field(default=30, ge=1, le=3600, description="of search, in one request")
    default_seconds: float = Field(default=10.0, gt=0, le=3600)
    max_iterations: int = Field(default=1_000_000, ge=1)
    max_threads: int = Field(default=1, ge=1, le=64, description="of the search, in one request")
    max_orders: int = Field(default=1_000, ge=1, description="of a problem in a request")
    max_points: int = Field(default=5_000, ge=1, description="clients and facilities of a problem")
    max_nodes: int = Field(default=50_000, ge=100, description="of a synthetic network")
    slots: int = Field(default=2, ge=1, le=64, description="processes that solve")
    max_open_bodies: int = Field(default=16, ge=1, description="bodies being read or waiting")
    wait_s: float = Field(default=2.0, ge=0, le=60, description="for a free slot before 503")
    overhead_s: float = Field(
        default=30.0, gt=0, description="beyond the search, for parsing, travel times and figures"
    )

    database: str | None = Field(
        default=None, description="URL of running days; else SQLite in the user's data folder"
    )
    improve_s: float = Field(
        default=0.0, ge=0, le=60,
        description="of search at a time for a better rest of a running day, in a process of its "
        "own after every change; 0: none",
    )
    max_day_orders: int = Field(default=20_000, ge=1, description="of a running day's problem")

    @property
    def max_body(self) -> int:
        """Bytes that a body may have."""
        return self.max_body_mb * 2**20

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the ``CAREROUTE_*`` variables that are known; others belong to other parts.

        Raises
        ------
        InputError : ``E1614``, every variable that cannot be used.
        """
        environ = os.environ if environ is None else environ
        given = {
            name: environ[PREFIX + name.upper()]
            for name in cls.model_fields
            if environ.get(PREFIX + name.upper())
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise InputError(
                fault("E1614", PREFIX + str(e["loc"][0]).upper(), problem=e["msg"])
                for e in error.errors(include_input=False, include_url=False)
            ) from None
