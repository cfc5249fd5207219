"""The first gate, one entity at a time: shape and type, and pydantic's findings in our own codes.

Pydantic's texts and the ``input`` that it repeats go no further than this file: they would carry
what a person wrote into answers and logs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from engine.domain.base import Entity
from engine.domain.faults import Words, fault
from engine.domain.suspicions import bad_point, clock_text, too_long
from engine.domain.words import did_you_mean, is_shown, listing, personal, shown
from engine.errors import Fault, InputError

E = TypeVar("E", bound=Entity)
Location = tuple[int | str, ...]

#: The path of the input as a whole.
ROOT = "$"

_OBJECT = Words("an object {...}", "对象 {...}")
_LIST = Words("a list [...]", "列表 [...]")
_TEXT = Words("text", "文本")
_WHOLE = Words("a whole number", "整数")
_NUMBER = Words("a number", "数字")
_BOOL = Words("true or false", "true 或 false")
_OTHER = Words("a value of another type", "其他类型的值")

_EXPECTED = {
    "int_type": _WHOLE,
    "float_type": _NUMBER,
    "string_type": _TEXT,
    "bool_type": _BOOL,
    "tuple_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
}
_BOUNDS = {
    "greater_than_equal": ("ge", Words("at least", "不小于")),
    "greater_than": ("gt", Words("more than", "大于")),
    "less_than_equal": ("le", Words("at most", "不大于")),
    "less_than": ("lt", Words("less than", "小于")),
}


def join(base: str, *steps: int | str) -> str:
    """Extend a path, as far as its keys may be shown."""
    path = base
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif is_shown(step):
            path += f".{step}" if path else step
        else:
            break
    return path


def wrong_type(path: str, expected: Words, value: object) -> Fault:
    """Make the fault of a value that has another type than it should."""
    return fault("E1005", path or ROOT, expected=expected, found=_found(value))


def not_an_object(path: str, value: object) -> Fault:
    """Make the fault of something that should be an object."""
    return wrong_type(path, _OBJECT, value)


def not_a_list(path: str, value: object) -> Fault:
    """Make the fault of something that should be a list."""
    return wrong_type(path, _LIST, value)


def read_entity(model: type[E], raw: object, base: str) -> tuple[E | None, list[Fault]]:
    """Validate one object.

    Parameters
    ----------
    model : what it should be.
    raw : as it came from JSON.
    base : its path.

    Returns
    -------
    entity : None where there are faults.
    faults : all of them.
    """
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        return None, list(_translate(model, raw, base, error))
    except RecursionError:  # only what Python code made itself: JSON cannot hold itself
        return None, [fault("E1009", base or ROOT)]


def read_valid(model: type[E], raw: object) -> E:
    """Validate one whole document.

    Raises
    ------
    InputError : all that is wrong with it.
    """
    entity, faults = read_entity(model, raw, "")
    if entity is None:
        raise InputError(faults)
    return entity


def unsafe_values(value: object, base: str, max_depth: int) -> Iterator[Fault]:
    """Faults of a free-form value: numbers that are none (E1007), and too deep nesting (E1009)."""
    stack = [(value, base, 0)]
    while stack:
        node, path, depth = stack.pop()
        if isinstance(node, float) and not math.isfinite(node):
            yield fault("E1007", path)
        elif isinstance(node, (dict, list, tuple)):
            if depth == max_depth:
                yield fault("E1009", path)
                continue
            items = node.items() if isinstance(node, dict) else enumerate(node)
            stack += [(child, join(path, key), depth + 1) for key, child in items]


def _translate(
    model: type[Entity], raw: object, base: str, error: ValidationError
) -> Iterator[Fault]:
    for item in error.errors(include_url=False):
        found, location, value = item["type"], item["loc"], item["input"]
        if location and location[-1] == "[key]":  # a key of a mapping that is no id, or no choice
            path = join(base, *location[:-2]) or ROOT
            if found == "literal_error":
                choices = re.findall(r"'([^']*)'", item["ctx"]["expected"])
                yield unknown_key(path, str(value), choices)
            else:
                yield _bad_id(path, value)
            continue
        path = join(base, *location) or ROOT
        field = next((step for step in reversed(location) if isinstance(step, str)), base)
        if isinstance(value, float) and not math.isfinite(value):
            yield fault("E1007", path)
        elif found == "missing":
            yield fault("E1003", path, field=field)
        elif found == "extra_forbidden":
            known = _model_at(model, location[:-1]).model_fields
            yield unknown_key(path, field, list(known))
        elif found == "literal_error":
            choices = re.findall(r"'([^']*)'", item["ctx"]["expected"])
            yield bad_choice(path, field, value, choices)
        elif found == "day_format":
            yield fault("E1014", path)
        elif found == "too_short":
            if not value:  # pydantic does not count broken entries, which are told already
                yield fault("E1013", path, field=field)
        elif found == "string_pattern_mismatch":
            yield _bad_id(path, value)
        elif found in _BOUNDS:
            yield _out_of_range(path, location, field, value, raw, found, item["ctx"])
        else:
            guess = clock_text(field, path, value)
            yield guess or wrong_type(path, _EXPECTED.get(found, _OTHER), value)


def unknown_key(path: str, key: str, known: list[str]) -> Fault:
    """Make the fault of a key that nothing reads."""
    return fault(
        "E1004", path, key=shown(key), suggestion=did_you_mean(key, known), known=listing(known)
    )


def bad_choice(path: str, field: str, value: object, choices: list[str]) -> Fault:
    """Make the fault of a value that is not one of a few."""
    if not isinstance(value, str):
        return wrong_type(path, _TEXT, value)
    return fault(
        "E1012", path, field=field, value=shown(value),
        suggestion=did_you_mean(value, choices), choices=listing(choices),
    )


def _bad_id(path: str, value: object) -> Fault:
    if not isinstance(value, str):
        return wrong_type(path, _TEXT, value)
    kind = personal(value)
    return fault("E1011", path, kind=kind) if kind else fault("E1010", path)


def _out_of_range(
    path: str, location: Location, field: str, value: Any, raw: object, found: str, context: Any
) -> Fault:
    key, words = _BOUNDS[found]
    bound = context[key]
    limit = Words(f"{words.en} {bound:,}", f"{words.zh} {bound:,}")
    if field in ("lon", "lat") and isinstance(raw, dict):
        guess = bad_point(field, path, raw.get("lon"), raw.get("lat"))
        return guess or fault("E1401", path, field=field, limit=limit)
    if value < 0 and (field == "portions" or {"load", "capacity"} & set(location)):
        return fault("E1301", path, field=field)
    if key in ("le", "lt"):
        guess = too_long(field, path, value)
        if guess:
            return guess
    return fault("E1006", path, field=field, limit=limit)


def _model_at(model: type[Entity], location: Location) -> type[Entity]:
    """Entity that a location inside another one is an object of."""
    for step in location:
        if isinstance(step, str):
            info = model.model_fields.get(step)
            model = (info and _entity_in(info.annotation)) or model
    return model


def _entity_in(annotation: Any) -> type[Entity] | None:
    if isinstance(annotation, type) and issubclass(annotation, Entity):
        return annotation
    found = (_entity_in(argument) for argument in get_args(annotation))
    return next((entity for entity in found if entity), None)


def _found(value: object) -> Words:
    if value is None:
        return Words("null", "空值 null")
    if isinstance(value, bool):
        return _BOOL
    for kind, words in (
        (int, _WHOLE), (float, Words("a decimal number", "小数")), (str, _TEXT),
        ((list, tuple), _LIST), (dict, _OBJECT),
    ):
        if isinstance(value, kind):
            return words
    return _OTHER
