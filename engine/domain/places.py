"""Clients' homes and the facilities that workers start from, load at and return to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.domain.base import LAX, Duration, Entity, Gender, Id, Load, Located, Moment

Living = Literal["alone", "empty_nest", "left_behind", "with_family"]


class Client(Located):
    """An elder who is served; ``guaranteed`` is 兜底保障: served first, at public cost.

    ``known_workers`` are the faces of the last weeks, at work that day or not. ``languages``: who
    comes to visit speaks one of them. ``gender`` matters where a service asks for the same.
    ``arrival_s`` is spent at the address before service (gate, stairs, changing), once where
    several orders are served there one after another. Clients of one ``compound`` are reached from
    each other on foot, while the vehicle stands. ``living`` is with whom
    (独居, 空巢, 留守, 与家人同住); with ``care_level`` it says what is owed (``engine.policy``).
    """

    care_level: int = Field(default=0, ge=0, le=3, description="0 able .. 3 severe")
    guaranteed: bool = False
    district: Id | None = None
    refused_workers: Annotated[tuple[Id, ...], LAX] = ()
    preferred_workers: Annotated[tuple[Id, ...], LAX] = ()
    known_workers: Annotated[tuple[Id, ...], LAX] = ()
    gender: Gender | None = None
    languages: Annotated[tuple[Id, ...], LAX] = ()
    arrival_s: Duration = Field(default=0, le=7_200)
    living: Living | None = None
    compound: Id | None = None


class Place(Located):
    """Any other named point, such as a worker's home."""


class Centre(Located):
    """An elder-care facility: 养老服务中心, 驿站, 日间照料."""

    level: Literal["county", "township", "community"] = "community"
    services: Annotated[tuple[Id, ...], LAX] = ()
    seats: int = Field(default=0, ge=0)
    beds: int = Field(default=0, ge=0)


class Batch(Entity):
    """Portions that are ready to load from a moment on. ``diets`` None: any diet."""

    id: Id
    ready_s: Moment
    portions: Load
    diets: Annotated[tuple[Id, ...], LAX] | None = None


class LoadingPlace(Located):
    """Where couriers load meals; every trip spends ``loading_s`` there."""

    batches: Annotated[tuple[Batch, ...], LAX] = ()
    loading_s: Duration = 300


class Kitchen(LoadingPlace):
    """A central kitchen (中央厨房)."""


class MealPoint(LoadingPlace):
    """A neighbourhood satellite (助餐点): its batches are the bulk that a kitchen sends there."""

    seats: int = Field(default=0, ge=0)
