"""What every entity of the domain has in common: frozen, strict, and no unknown keys."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

#: A day has 86,400 s; a night shift may reach into the next day, nothing reaches further.
DAY_S = 86_400
HORIZON_S = 2 * DAY_S

#: Opaque ids only: no names, phone numbers or addresses of people enter the engine.
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}$")]
#: Seconds from the plan's day start.
Moment = Annotated[int, Field(ge=0, le=HORIZON_S)]
Duration = Annotated[int, Field(ge=0, le=DAY_S)]
Cents = Annotated[int, Field(ge=0, le=10**11)]
#: ``bus`` is bus and walk, approximated without a timetable.
Mode = Literal["car", "ebike", "walk", "bus"]
Gender = Literal["female", "male"]
CoordinateSystem = Literal["wgs84", "gcj02", "bd09"]
Load = Annotated[int, Field(ge=0, le=10**6)]
#: JSON has lists where the domain has tuples; everything inside stays strict.
LAX = Strict(False)


def _read_day(value: object) -> object:
    """Only ``YYYY-MM-DD``: pydantic alone would also take 0, "86400" and a moment for a date."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:  # such as the 30th of February
            pass
    elif type(value) is date:  # not a datetime, which is a subclass
        return value
    raise PydanticCustomError("day_format", "not a day")


#: A day of the calendar.
Day = Annotated[date, BeforeValidator(_read_day)]


class Entity(BaseModel):
    """Base of all: nothing is edited after it was validated, a change is a copy."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Located(Entity):
    """An entity with an id and a point. ``coordinate_system`` None: as the problem states."""

    id: Id
    lon: float = Field(ge=-180, le=180, description="degrees east")
    lat: float = Field(ge=-90, le=90, description="degrees north")
    coordinate_system: CoordinateSystem | None = None


class Window(Entity):
    """A closed interval in which service starts: a promise to a person."""

    start_s: Moment
    end_s: Moment
