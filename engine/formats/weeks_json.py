"""Weeks and plans over weeks as JSON, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from engine.domain.shapes import read_valid
from engine.domain.weeks import Weeks
from engine.formats import native
from engine.weeks.horizon import WEEKS_PLAN_FORMAT, WeeksPlan

_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def weeks_data(weeks: Weeks) -> dict[str, Any]:
    """Make the plain data of weeks, without what is at its default."""
    data = weeks.model_dump(mode="json", exclude_defaults=True)
    head = {"format": weeks.format, "id": weeks.id, "first_day": data["first_day"],
            "days": weeks.days}
    network = {"network": weeks.network.model_dump(mode="json")}
    return {**head, **network, **{k: v for k, v in data.items() if k not in {*head, *network}}}


def weeks_json(weeks: Weeks) -> bytes:
    """Write weeks as indented JSON, which ``weeks_parse`` reads back as equal weeks."""
    return orjson.dumps(weeks_data(weeks), option=_OPTIONS)


def weeks_plan_data(plan: WeeksPlan) -> dict[str, Any]:
    """Make the plain data of plans over weeks; a day's problem is written as a file would be."""
    data = plan.model_dump(mode="json", exclude={"days"})
    days = [
        {
            "day": made.day.isoformat(),
            "problem": native.problem_data(made.problem),
            "plan": made.plan.model_dump(mode="json"),
        }
        for made in plan.days
    ]
    return {**data, "days": days}


def weeks_plan_json(plan: WeeksPlan) -> bytes:
    """Write plans over weeks."""
    return orjson.dumps(weeks_plan_data(plan), option=orjson.OPT_APPEND_NEWLINE)


def load_weeks_plan(path: str | Path) -> WeeksPlan:
    """Read plans over weeks from a file; whether they keep promises is for the checker.

    Raises
    ------
    InputError : with the faults of the file.
    """
    return read_valid(WeeksPlan, native.read_of(WEEKS_PLAN_FORMAT, Path(path)))
