"""careroute's own JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain.parse import read_problem
from engine.errors import InputError
from engine.formats.native import dump, load_plan, load_problem, loads, problem_data, save
from engine.formats.table_template import example_problem
from tests.engine.test_formats_plan import small_plan
from tests.engine.test_parse import problem_data as raw_problem


def told(content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        loads(content)
    return str(caught.value)


def test_malformed_json_is_told_by_line_and_column() -> None:
    assert "line 2, column 6" in told(b'{"a":1,\n "b":}')


@pytest.mark.parametrize("content", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_nothing_but_blanks_is_empty(content: bytes) -> None:
    assert told(content).startswith("E1002")


def test_a_byte_order_mark_is_no_fault() -> None:
    assert loads(b"\xef\xbb\xbf{}") == {}


def test_chinese_in_another_encoding_is_told_by_its_byte() -> None:
    assert "byte 2" in told('"助浴"'.encode("gb18030"))


@pytest.mark.parametrize("text", ['"\\ud800"', "1" * 6_000, "[1,]", "{'a': 1}", "{} {}"])
def test_what_other_parsers_let_pass_is_no_json(text: str) -> None:
    assert told(text.encode()).startswith("E1001")


def test_the_literals_that_json_lacks_come_back_for_the_parser_to_tell() -> None:
    data = loads(b'{"a": [NaN, Infinity, -Infinity, 1e999]}')
    assert repr(data) == "{'a': [nan, inf, -inf, inf]}"


def test_a_problem_survives_its_file(tmp_path: Path) -> None:
    problem = example_problem()
    save(problem, tmp_path / "problem.json")
    again = load_problem(tmp_path / "problem.json")
    assert again == problem
    assert again.fingerprint == problem.fingerprint


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    plan = small_plan()
    save(plan, tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == plan


def test_equal_problems_give_equal_bytes_and_say_what_they_are_first() -> None:
    problem = example_problem()
    text = dump(problem)
    assert text == dump(read_problem(problem_data(problem)))
    assert text.startswith(b'{\n  "format": "careroute-problem/1",\n  "id"')
    assert text.endswith(b"}\n")


def test_the_network_is_written_even_where_it_is_the_default() -> None:
    assert problem_data(read_problem(raw_problem()))["network"]["kind"] == "synthetic"


@pytest.mark.parametrize("name", ["none.json", "file/none.json", "zero\x00byte"])
def test_a_file_that_is_not_there_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError):
        load_problem(tmp_path / name)
    with pytest.raises(InputError):
        save(example_problem(), tmp_path / "nowhere" / name)
