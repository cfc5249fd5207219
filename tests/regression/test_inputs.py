"""Inputs that were once misread, each as small as it gets."""

from __future__ import annotations

from typing import Any

import pytest

from engine.domain.parse import parse_problem
from engine.domain.workers import Certificate
from tests.engine.test_parse import problem_data


@pytest.mark.parametrize("day", [0, "86400", "2026-03-02T00:00:00", 1.0, True])
def test_a_moment_or_a_number_is_no_day(day: Any) -> None:
    # Pydantic takes all of these for a date when it is lax; 0 became the first of January 1970.
    _, faults = parse_problem({**problem_data(), "day": day})
    assert [f.code for f in faults] == ["E1014"]
    with pytest.raises(ValueError, match="not a day"):
        Certificate(skill="bathing", valid_until=day)


def test_a_list_whose_only_entry_is_broken_is_not_empty() -> None:
    # Pydantic counts only the good entries, and reported the list as too short besides.
    data = problem_data()
    data["workers"][0]["shifts"][0]["end_s"] = None
    _, faults = parse_problem(data)
    assert [(f.code, f.path) for f in faults] == [("E1005", "workers[0].shifts[0].end_s")]
