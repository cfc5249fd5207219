"""Visits that need several people: the members of a team, and one order after another."""

from __future__ import annotations

from typing import Annotated

from engine.domain.base import LAX, Duration, Entity, Id
from engine.domain.workers import Role

#: Members of a team, least and most; who comes alone needs no team.
TEAM_SIZES = (2, 3)


class TeamMember(Entity):
    """One of the people who are at the client's home at the same time.

    ``skills`` come on top of the service's and the order's, which every member needs. ``roles``
    empty: any role. ``id`` None: its place in the team, from 1. ``service_duration_s`` None: the
    order's.
    """

    id: Id | None = None
    skills: Annotated[tuple[Id, ...], LAX] = ()
    roles: Annotated[tuple[Role, ...], LAX] = ()
    service_duration_s: Duration | None = None


class After(Entity):
    """One order after another: this one starts so long after ``order`` starts; both or neither.

    ``same_worker`` and ``different_worker`` say who comes; neither: anybody. Of a team its first
    member counts.
    """

    order: Id
    min_gap_s: Duration = 0
    max_gap_s: Duration
    same_worker: bool = False
    different_worker: bool = False
