"""careroute's own JSON: bytes to data, files to problems and plans, and back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import orjson

from engine.domain.faults import Words, fault
from engine.domain.parse import read_plan, read_problem
from engine.domain.plan import Plan
from engine.domain.points import OffRoad
from engine.domain.problem import Problem
from engine.domain.shapes import ROOT, not_an_object
from engine.domain.words import shown
from engine.errors import InputError

#: A million orders are about 100 MB; what is larger is no problem file.
MAX_BYTES = 512 * 2**20
_ZIP = b"PK\x03\x04"
_BOM = b"\xef\xbb\xbf"
#: Told apart because people can mend them; the system's own words are not repeated.
_OS_REASONS = {
    PermissionError: Words("access is denied", "没有访问权限"),
    FileExistsError: Words(
        "a folder is needed, and there is a file of this name", "此处需要文件夹，但已有同名文件"
    ),
    NotADirectoryError: Words("a part of its path is a file", "路径中有一段是文件，不是文件夹"),
    IsADirectoryError: Words("there is a folder of this name", "已有同名文件夹"),
    OSError: Words("the system refuses", "系统拒绝访问"),
}


def loads(content: bytes) -> object:
    """Parse JSON.

    The literals NaN and Infinity, which other programs write although JSON has none, come back as
    floats: ``parse_problem`` tells each with its path beside all other faults.

    Raises
    ------
    InputError : empty (E1002), malformed (E1001), nested too deeply (E1009), not UTF-8 (E1019), a
        workbook (E1024).
    """
    if content.startswith(_ZIP):
        raise InputError([fault("E1024", ROOT)])
    body = content.removeprefix(_BOM)
    if not body.strip():
        raise InputError([fault("E1002", ROOT)])
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return _loads_slowly(body, error)


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises
    ------
    InputError : missing (E1015), a folder (E1016), unreadable (E1017), too large (E1018).
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise InputError([fault("E1016", ROOT)])
        if size > MAX_BYTES:
            mb = 2**20
            raise InputError(
                [fault("E1018", ROOT, size_mb=size // mb, limit_mb=MAX_BYTES // mb)]
            )
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError([fault("E1015", ROOT)]) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise unusable(error) from error


def read_of(expected: str, path: Path) -> dict[str, Any]:
    """Read the JSON object of a file that says its format, before it is read field by field.

    Raises
    ------
    InputError : no JSON object, or of another format (E1008).
    """
    data = loads(read_bytes(path))
    if not isinstance(data, dict):
        raise InputError([not_an_object(ROOT, data)])
    if data.get("format") != expected:
        found = shown(data.get("format"))
        raise InputError([fault("E1008", "format", found=found, expected=expected)])
    return data


def load_problem(path: str | Path, off_road: OffRoad | None = None) -> Problem:
    """Read a problem from a file; ``off_road`` as in ``parse_problem``.

    Raises
    ------
    InputError : with all faults of the file.
    """
    return read_problem(loads(read_bytes(Path(path))), off_road)


def load_plan(path: str | Path) -> Plan:
    """Read a plan from a file; errors as in ``load_problem``."""
    return read_plan(loads(read_bytes(Path(path))))


def dump(value: Problem | Plan) -> bytes:
    """Write a problem or plan as indented JSON: equal values give equal bytes.

    A problem leaves out what is at its default, as a person would; a plan states everything.
    """
    data = problem_data(value) if isinstance(value, Problem) else value.model_dump(mode="json")
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def problem_data(problem: Problem) -> dict[str, Any]:
    """Make the plain data of a problem, which ``parse_problem`` reads back as an equal problem."""
    data = problem.model_dump(mode="json", exclude_defaults=True)
    # These say what the rest is, so they are written even where they are the default.
    head = {"format": problem.format, "id": problem.id, "day": data["day"]}
    network = {"network": problem.network.model_dump(mode="json")}
    return {**head, **network, **{k: v for k, v in data.items() if k not in {*head, *network}}}


def save(value: Problem | Plan, path: str | Path) -> None:
    """Write a problem or plan to a file.

    Raises
    ------
    InputError : ``E1017``, the file cannot be written.
    """
    content = dump(value)
    try:
        Path(path).write_bytes(content)
    except (OSError, ValueError) as error:
        raise unusable(error) from error


def unusable(error: Exception) -> InputError:
    """Make the error of a file that the system does not let us use."""
    reason = next((w for kind, w in _OS_REASONS.items() if isinstance(error, kind)), None)
    return InputError([fault("E1017", ROOT, reason=reason or _OS_REASONS[OSError])])


def _loads_slowly(body: bytes, refused: orjson.JSONDecodeError) -> object:
    """Find out why orjson refused: a number that is none, or text that is no JSON."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InputError([fault("E1019", ROOT, position=error.start + 1)]) from error
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise InputError([fault("E1009", ROOT)]) from error
    except json.JSONDecodeError as error:
        raise _malformed(error) from error
    except ValueError as error:  # an integer of thousands of digits
        raise _malformed(refused) from error
    if "depth" in refused.msg:  # deeper than orjson goes, though not too deep for Python
        raise InputError([fault("E1009", ROOT)])
    if not _has_nonfinite(data):  # orjson is right: such as half a surrogate pair
        raise _malformed(refused)
    return data


def _malformed(error: json.JSONDecodeError) -> InputError:
    return InputError([fault("E1001", ROOT, line=error.lineno, column=error.colno)])


def _has_nonfinite(data: object) -> bool:
    stack = [data]
    while stack:
        node = stack.pop()
        if isinstance(node, float) and not math.isfinite(node):
            return True
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False
