"""Care level and living situation give services; what a plan says itself stays."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.policy import (
    POLICY,
    PolicyRow,
    apply_policy,
    policy_data,
    policy_lines,
    read_policy,
    services_for,
)
from tests import week_builders as build
from tests.care_builders import client


def owed(**kw: object) -> dict[str, PolicyRow]:
    return {row.service: row for row in services_for(client("c", 3).model_copy(update=kw))}


def test_more_need_is_owed_more_care() -> None:
    able = owed(care_level=0)
    assert able == {}
    alone = owed(care_level=0, living="alone")
    assert alone["check_in"].visits_per_week == 1
    assert owed(care_level=0, living="empty_nest")["check_in"].every_weeks == 2
    severe = owed(care_level=3, living="alone")
    assert severe["bed_round"].visits_per_week == 2
    assert severe["check_in"].visits_per_week == 2
    assert "respite" in owed(care_level=3, living="with_family")
    assert "respite" not in severe
    assert "haircut" in owed(guaranteed=True)


def test_nobody_stated_lives_with_family() -> None:
    assert owed(care_level=3) == owed(care_level=3, living="with_family")


def test_the_last_row_that_fits_counts() -> None:
    rows = (*POLICY, PolicyRow(care_levels=(3,), service="bed_round", visits_per_week=4))
    found = services_for(client("c", 3).model_copy(update={"care_level": 3}), rows)
    assert [r.visits_per_week for r in found if r.service == "bed_round"] == [4]


def test_programmes_are_added_where_there_are_none_and_only_once() -> None:
    severe = client("c", 3).model_copy(update={"care_level": 3})
    given = build.weeks(
        clients=[severe, client("able", 4)],
        programmes=[build.programme("own", "c", "bed_round", visits_per_week=1),
                    build.programme("c-cleaning", "able", "errands")],
    )
    whole = apply_policy(given)
    assert whole.programmes[:2] == given.programmes
    new = {p.service: p for p in whole.programmes[2:]}
    assert set(new) == set(owed(care_level=3)) - {"bed_round"}
    assert {p.client for p in new.values()} == {"c"}
    assert new["cleaning"].id == "c-cleaning-p"  # the plain one is taken
    assert apply_policy(whole) == whole


def test_a_table_is_read_back_and_told_in_both_languages() -> None:
    assert read_policy(policy_data()) == POLICY
    for lang in ("en", "zh"):
        assert len(policy_lines(POLICY, lang)) == len(POLICY)
    line = policy_lines([PolicyRow(care_levels=(3,), service="bath", every_weeks=2)], "zh")
    assert line == ["重度: 助浴, 每 2 周 1 次, 60 分钟"]


def test_all_faults_of_a_table_are_told_at_once() -> None:
    rows = [
        {"care_levels": [1], "service": "bth", "visits_per_week": 1},
        {"care_levels": [4], "service": "bath", "every_weeks": 1},
        {"care_levels": [1], "service": "bath"},
        {"care_levels": [1], "service": "bath", "every_weeks": 1, "visits_per_week": 2},
        7,
    ]
    with pytest.raises(InputError) as broken:
        read_policy(rows)
    assert [(f.code, f.path) for f in broken.value.faults] == [
        ("E1103", "[0].service"), ("E1006", "[1].care_levels[0]"), ("E1701", "[2]"),
        ("E1701", "[3]"), ("E1005", "[4]"),
    ]
    assert all(f.hint and f.hint_zh for f in broken.value.faults)
    with pytest.raises(InputError):
        read_policy({"rows": []})
