"""Whatever is done to a problem, the parser answers with a problem or with faults."""

from __future__ import annotations

import copy
import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.domain.parse import parse_plan, parse_problem, read_problem
from engine.errors import InputError
from engine.formats.native import dump, loads
from engine.formats.table_template import example_problem

_EXAMPLE: dict[str, Any] = orjson.loads(dump(example_problem()))
_ODD = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=12),
    st.sampled_from([
        "", "08:30", "C01", "bath", "王秀英", "13800138000", -1, 0, 1, 2**63, 10**40, 1e308,
        [], {}, [[]], {"id": "C01"}, [None], "\x00", "\ud800", {"": ""}, {"a b": 1}, "{0}", "{id}",
    ]),
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner,
                                                                    max_size=3),
        max_leaves=6,
    ),
)


def _mutate(draw: Any, node: Any) -> None:
    """Walk down to a random place and break it there."""
    while True:
        keys: list[Any] = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        child = node[key]
        if isinstance(child, (dict, list)) and child and draw(st.integers(0, 5)):
            node = child
            continue
        match draw(st.sampled_from(["replace", "delete", "add", "copy"])):
            case "replace":
                node[key] = draw(_ODD)
            case "delete":
                del node[key]
            case "add" if isinstance(node, dict):
                node[draw(st.text(max_size=10))] = draw(_ODD)
            case "copy" if isinstance(node, list):
                node.append(copy.deepcopy(child))
        return


@st.composite
def broken_problems(draw: Any) -> Any:
    data = copy.deepcopy(_EXAMPLE)
    for _ in range(draw(st.integers(1, 6))):
        _mutate(draw, data)
    return data


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(broken_problems())
def test_a_mutated_problem_is_read_or_told(data: Any) -> None:
    problem, faults = parse_problem(data)
    if problem is None:
        assert faults
        assert all(f.path and f.message and f.hint_zh for f in faults)
        orjson.dumps([f.as_dict() for f in faults])  # no half characters, nothing but text
    else:
        assert not faults
        assert read_problem(orjson.loads(dump(problem))) == problem


@settings(max_examples=100, deadline=None)
@given(_ODD)
def test_anything_at_all_is_read_or_told(data: Any) -> None:
    for parse in (parse_problem, parse_plan):
        value, faults = parse(data)
        assert value is None
        assert faults


@settings(max_examples=150, deadline=None)
@given(st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(str.encode),
    st.integers(0, 400).map(lambda n: json.dumps(_EXAMPLE).encode()[:n]),
))
@example(b"PK\x03\x04")
def test_any_bytes_are_json_or_told(content: bytes) -> None:
    told: set[str] = set()
    try:
        parse_problem(loads(content))
    except InputError as error:
        told = {f.code for f in error.faults}
    assert told <= {"E1001", "E1002", "E1009", "E1019", "E1024"}


@pytest.mark.parametrize("depth", [10, 900, 1_100, 50_000])
def test_deep_nesting_is_refused_wherever_it_is(depth: int) -> None:
    text = json.dumps(_EXAMPLE)[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}"
    with pytest.raises(InputError):
        read_problem(loads(text.encode()))
