"""Weeks are read whole, with every fault told at once: code, path, and words in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from engine.domain.week_texts import WEEK_TEXTS
from engine.domain.weeks import blocks_of
from engine.domain.weeks_parse import parse_weeks, read_weeks
from engine.errors import InputError
from engine.formats.weeks_json import weeks_data, weeks_json
from tests.week_builders import programme

Mutation = Callable[[dict[str, Any]], object]


def data() -> dict[str, Any]:
    return {
        "format": "careroute-weeks/1", "id": "w", "first_day": "2026-11-23", "days": 14,
        "clients": [{"id": "c1", "lon": 114.3, "lat": 30.6}, {"id": "c2", "lon": 114.31,
                                                               "lat": 30.6}],
        "centres": [{"id": "base", "lon": 114.29, "lat": 30.59}],
        "workers": [
            {"id": "w1", "start": "base", "shifts": [
                {"id": "early", "start_s": 25200, "end_s": 54000, "weekdays": ["mon", "tue"]},
                {"id": "late", "start_s": 36000, "end_s": 68400, "weekdays": ["thu"]},
            ]},
        ],
        "programmes": [
            {"id": "p1", "client": "c1", "service": "check_in", "visits_per_week": 1},
            {"id": "p2", "client": "c2", "service": "errands", "every_weeks": 2,
             "payer": "public"},
        ],
        "absences": [{"client": "c1", "from_day": "2026-11-24", "until_day": "2026-11-25"}],
        "entitlements": [{"id": "e1", "payer": "public", "visits": 3}],
        "history": [{"client": "c1", "worker": "w1", "visits": 4}],
        "holidays": ["2026-11-30"],
    }


def first(group: str, **fields: object) -> Mutation:
    return lambda given: given[group][0].update(fields)


def drop(group: str, name: str) -> Mutation:
    return lambda given: given[group][0].pop(name)


def tie(given: dict[str, Any], **fields: object) -> None:
    """Let the second programme come after the first one."""
    second = given["programmes"][1]
    del second["every_weeks"]
    often = {} if "every_weeks" in fields else {"visits_per_week": 1}
    second.update({"after": {"order": "p1", "max_gap_s": 3600}} | often | fields)


FAULTS: list[tuple[str, str, Mutation]] = [
    ("E1701", "programmes[0]", first("programmes", every_weeks=1)),
    ("E1701", "programmes[0]", drop("programmes", "visits_per_week")),
    ("E1702", "programmes[0].max_gap_days",
     first("programmes", min_gap_days=5, max_gap_days=4)),
    ("E1703", "programmes[0].visits_per_week", first("programmes", visits_per_week=3,
                                                     weekdays=["mon", "fri"])),
    ("E1703", "programmes[0].visits_per_week", first("programmes", visits_per_week=3,
                                                     min_gap_days=4)),
    ("E1704", "absences[0].until_day", first("absences", until_day="2026-11-23")),
    ("E1705", "absences[0]", first("absences", worker="w1")),
    ("E1705", "absences[0]", drop("absences", "client")),
    ("E1706", "entitlements[0]", drop("entitlements", "visits")),
    ("E1707", "entitlements[0].payer", first("entitlements", payer="privat")),
    ("E1708", "programmes[0].last_visit", first("programmes", last_visit="2026-11-23")),
    ("E1709", "programmes[0].weekdays[1]", first("programmes", weekdays=["mon", "mon"])),
    ("E1709", "workers[0].shifts[0].weekdays[2]",
     lambda given: given["workers"][0]["shifts"][0].update(weekdays=["mon", "tue", "mon"])),
    ("E1710", "programmes[1].after", lambda given: tie(given, every_weeks=2)),
    ("E1711", "programmes[1].last_visit",
     lambda given: (first("programmes", last_visit="2026-11-20")(given),
                    tie(given, last_visit="2026-11-19"))),
    ("E1712", "programmes[1].after",
     lambda given: (first("programmes", weekdays=["mon"])(given), tie(given, weekdays=["tue"]))),
    ("E1713", "workers[0].used_monthly_s", first("workers", used_monthly_s=3600)),
    ("E1714", "workers[0].used_weekly_s", first("workers", used_weekly_s=3_600)),
    # what weeks share with a day
    ("E1003", "first_day", lambda given: given.pop("first_day")),
    ("E1006", "days", lambda given: given.update(days=29)),
    ("E1008", "format", lambda given: given.update(format="careroute-problem/1")),
    ("E1004", "programs", lambda given: given.update(programs=[])),
    ("E1012", "programmes[0].weekdays[0]", first("programmes", weekdays=["monday"])),
    ("E1101", "programmes[1].id", lambda given: given["programmes"][1].update(id="p1")),
    ("E1101", "entitlements[1].id",
     lambda given: given["entitlements"].append(given["entitlements"][0])),
    ("E1102", "programmes[0].client", first("programmes", client="c9")),
    ("E1102", "absences[0].client", first("absences", client="c9")),
    ("E1103", "programmes[0].service", first("programmes", service="checkin")),
    ("E1107", "history[0].worker", first("history", worker="w9")),
    ("E1110", "programmes[0].service", first("programmes", service="meal")),
    ("E1201", "programmes[0].windows[0].end_s",
     first("programmes", windows=[{"start_s": 40000, "end_s": 36000}])),
    ("E1202", "programmes[0].windows",
     first("programmes", windows=[{"start_s": 70000, "end_s": 80000}])),
    ("E1204", "workers[0].shifts[1]",
     lambda given: given["workers"][0]["shifts"][1].update(weekdays=["tue", "thu"])),
    ("E1207", "first_day", lambda given: given.update(first_day="1889-01-01")),
]


@pytest.mark.parametrize(("code", "path", "change"), FAULTS)
def test_a_fault_of_weeks_is_told_by_code_and_path_and_nothing_else(
    code: str, path: str, change: Mutation
) -> None:
    given = data()
    assert parse_weeks(given)[1] == []
    change(given)
    weeks, faults = parse_weeks(given)
    assert weeks is None
    assert [(f.code, f.path) for f in faults] == [(code, path)]
    assert all(f.hint and f.message_zh and f.hint_zh for f in faults)
    assert "orders[" not in faults[0].message


def test_every_code_of_weeks_is_produced() -> None:
    assert {code for code, _, _ in FAULTS} >= set(WEEK_TEXTS)


def test_all_faults_are_told_at_once() -> None:
    given = data()
    for _, _, change in (FAULTS[0], FAULTS[5], FAULTS[9]):
        change(given)
    with pytest.raises(InputError) as caught:
        read_weeks(given)
    assert [f.code for f in caught.value.faults] == ["E1704", "E1707", "E1701"]


def test_weeks_are_read_back_as_they_were_written() -> None:
    given = read_weeks(data())
    assert read_weeks(json.loads(weeks_json(given))) == given
    assert read_weeks(weeks_data(given)).fingerprint == given.fingerprint


def test_the_horizon_is_cut_into_blocks_and_a_shorter_last_one_has_its_share() -> None:
    weekly, fortnightly = programme("p", "c", visits_per_week=2), programme("p", "c", every_weeks=2)
    assert [(b.first, b.last, b.visits) for b in blocks_of(weekly, 11)] == [(0, 6, 2), (7, 10, 1)]
    assert [(b.first, b.last, b.visits) for b in blocks_of(fortnightly, 28)] == [
        (0, 13, 1), (14, 27, 1),
    ]
    assert [b.visits for b in blocks_of(fortnightly, 20)] == [1]  # 6 of 14 days: no visit of it
    assert [b.visits for b in blocks_of(programme("p", "c", visits=5), 20)] == [5]
