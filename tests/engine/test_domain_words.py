"""What of an input may be shown, what it might have meant, how a time reads."""

from __future__ import annotations

import pytest

from engine.domain.faults import Words, fault
from engine.domain.suspicions import clock_seconds
from engine.domain.words import NOTHING, clock, did_you_mean, is_shown, personal, shown


@pytest.mark.parametrize("text", [
    "13812345678", "+8613812345678", "138-1234-5678", "0468-3351234", "400-820-8820",
    "110101194910010011", "32050019501231002X", "王秀英", "C王", "\U00020000",
])
def test_personal_data_is_recognised_and_never_shown(text: str) -> None:
    assert personal(text)
    assert not is_shown(text)
    assert text not in "".join(shown(text))


@pytest.mark.parametrize("text", [
    "C-0017", "1381234567", "12812345678", "138123456789", "202603020001000123",
    "110101194913010011", "0468", "careroute-plan/1",
])
def test_tokens_that_only_resemble_it_are_shown(text: str) -> None:
    assert personal(text) is None
    assert is_shown(text)


@pytest.mark.parametrize("value", ["x" * 41, "two words", "", None, 3, ["a"], "<b>", "a\nb"])
def test_free_text_and_values_are_not_shown(value: object) -> None:
    assert shown(value) == Words("(not shown)", "（不显示）")


def test_the_nearest_candidate_is_offered() -> None:
    assert '"service"' in did_you_mean("servce", ["skills", "service", "windows"]).en
    assert '"C12"' in did_you_mean("c12", [f"C{i}" for i in range(10_000)]).en


def test_of_several_as_near_none_is_guessed() -> None:
    assert did_you_mean("W0012", ["W0011", "W0013", "W0101"]) == NOTHING
    assert '"nurse"' in did_you_mean("nurze", ["nurse", "carer"]).en


def test_nothing_near_or_nothing_to_show_offers_nothing() -> None:
    assert did_you_mean("zebra", ["service"]) == NOTHING
    assert did_you_mean("王秀英", ["王秀兰"]) == NOTHING
    assert did_you_mean(3, ["3"]) == NOTHING
    assert did_you_mean("1381234567", ["13812345678"]) == NOTHING


@pytest.mark.parametrize(("seconds", "text"), [
    (0, "00:00"), (30_600, "08:30"), (30_661, "08:31:01"), (90_000, "25:00"), (172_800, "48:00"),
])
def test_a_clock_reads_past_midnight_and_back(seconds: int, text: str) -> None:
    assert clock(seconds) == text
    assert clock_seconds(text) == seconds


@pytest.mark.parametrize("text", ["48:00:01", "8", "08:60", "08:00:60", "8:5", "-8:00", "８:00"])
def test_what_is_no_clock_time_is_none(text: str) -> None:
    assert clock_seconds(text) is None


def test_each_language_gets_its_own_word() -> None:
    found = fault("E1011", "orders[0].id", kind=Words("a phone number", "电话号码"))
    assert found.message.startswith("this id looks like a phone number;")
    assert found.message_zh.startswith("该编号疑似电话号码；")


def test_a_code_means_one_thing() -> None:
    from engine.domain.faults import TEXTS as day
    from engine.domain.meal_faults import TEXTS as meals
    from engine.domain.week_texts import WEEK_TEXTS as weeks

    assert not set(meals) & (set(day) | set(weeks))
