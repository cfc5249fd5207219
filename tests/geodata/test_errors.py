from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

import geodata
from geodata.errors import CODES, NetworkError


def test_every_row_speaks_both_languages_with_the_same_facts():
    for code, words in CODES.items():
        assert re.fullmatch(r"E3\d{3}", code)
        facts = [set(re.findall(r"\{(\w+)", text)) for text in words]
        assert facts[0] | facts[1] == facts[2] | facts[3], code
        assert all(re.search(r"[\u4e00-\u9fff]", text) for text in words[2:]), code


def test_every_code_is_raised_somewhere_and_none_is_unknown():
    room = Path(geodata.__file__).parent
    text = "".join(p.read_text("utf-8") for p in room.rglob("*.py") if p.name != "errors.py")
    raised = set(re.findall(r'NetworkError\(\s*"(E\d+)"', text))
    assert raised == set(CODES)


def test_an_error_survives_the_trip_between_processes():
    error = NetworkError("E3001", path="a.osm")
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.message, again.hint_zh) == (error.code, error.message, error.hint_zh)


def test_a_missing_fact_is_a_defect():
    with pytest.raises(KeyError):
        NetworkError("E3001")
