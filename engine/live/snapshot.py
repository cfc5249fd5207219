"""What a day looks like after an event, as bytes: opening it needs no replay of its whole log.

A snapshot holds nothing that the log does not tell. It is used only where it is whole, and was
written by the very code that reads it: otherwise :class:`Unusable`, and the log is replayed. What
the day began with (orders, clients, workers, ways) is not in it but named. Reading builds objects
of the engine, numpy and a few containers and nothing else, so that a database that somebody else
wrote to runs no code here.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import pickle
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.live.day import LiveDay
from engine.live.line import Line

__all__ = ["Unusable", "restore", "save"]

_MAGIC = b"careroute-live-day/1\n"
_DIGEST = 32
#: Of the board: what is given at its beginning, is worked out again, or is a part of its own.
_NOT_OF_BOARD = frozenset({
    "problem", "policy", "fix", "mend", "base_plan", "roads", "last_part", "_able", "_shunned",
})
_PLAIN = frozenset({
    ("collections", "Counter"), ("builtins", "set"), ("builtins", "frozenset"),
    ("datetime", "date"), ("copyreg", "__newobj__"),
    ("numpy", "ndarray"), ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"), ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"), ("numpy.core.numeric", "_frombuffer"),
})


class Unusable(Exception):
    """The bytes are no snapshot of this day that this code could use."""


def save(day: LiveDay) -> bytes:
    """Write down all that a day knows beyond its beginning."""
    board = day.board
    base = day.board.problem
    state = {
        "problem": base.fingerprint,
        "day": {"seen": day.seen, "alarms": day.alarms},
        "board": {k: v for k, v in vars(board).items() if k not in _NOT_OF_BOARD},
        "roads": board.roads.journal,
        "aliases": {k: v for k, v in board.travel.location.items() if k[0] == "place"},
    }
    body = io.BytesIO()
    names = {id(thing): name for name, thing in _given(day)}
    _Writer(body, names).dump(state)
    content = body.getvalue()
    return _MAGIC + _code() + hashlib.blake2b(content, digest_size=_DIGEST).digest() + content


def restore(day: LiveDay, body: bytes) -> None:
    """Make a day that has just begun what it was when :func:`save` wrote it down.

    Raises
    ------
    Unusable : the bytes are damaged, of another version of the code, or of another day; then the
        day is as it was.
    """
    code, rest = body[len(_MAGIC) :][:_DIGEST], body[len(_MAGIC) + _DIGEST :]
    digest, content = rest[:_DIGEST], rest[_DIGEST:]
    if not body.startswith(_MAGIC) or code != _code():
        raise Unusable("another version")
    if hashlib.blake2b(content, digest_size=_DIGEST).digest() != digest:
        raise Unusable("damaged")
    try:
        state = _Reader(io.BytesIO(content), dict(_given(day))).load()
        if state["problem"] != day.board.problem.fingerprint:
            raise Unusable("another day")
        mine, given, of_day = vars(day.board), state["board"], state["day"]
        if given.keys() != mine.keys() - _NOT_OF_BOARD:
            raise Unusable("another version")
        journal, aliases = list(state["roads"]), dict(state["aliases"])
    except Unusable:
        raise
    except Exception as error:  # whatever a pickle can hold that is not ours
        raise Unusable(type(error).__name__) from error
    mine.update(given)
    day.seen, day.alarms = of_day["seen"], of_day["alarms"]
    day.board.roads.redo(journal)
    day.board.travel.location.update(aliases)


@cache
def _code() -> bytes:
    """Hash of the code that a day's state depends on."""
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for room in ("engine", "geodata", "solvers.model"):
        file = Path(str(importlib.import_module(room).__file__))
        for source in sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]:
            digest.update(source.name.encode())
            digest.update(source.read_bytes())
    return digest.digest()


def _given(day: LiveDay) -> Iterator[tuple[str, Any]]:
    """Name what the day began with, so that a snapshot names it as well."""
    problem = day.board.problem
    yield "problem", problem
    for group in ("orders", "clients", "workers", "services", "kitchens", "meal_points"):
        for k, thing in enumerate(getattr(problem, group)):
            yield f"{group}.{k}", thing
    for k, worker in enumerate(problem.workers):
        for j, shift in enumerate(worker.shifts):
            yield f"shift.{k}.{j}", shift


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, names: dict[int, str]) -> None:
        super().__init__(file, protocol=5)
        self._names = names

    def reducer_override(self, thing: Any) -> Any:
        """Name what was given at the beginning instead of writing it."""
        name = self._names.get(id(thing))
        return NotImplemented if name is None else (_given_as, (name,))


def _given_as(name: str) -> Any:
    raise AssertionError(f"the reader puts its own function in this place: {name}")


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, given: dict[str, Any]) -> None:
        super().__init__(file)
        self._given = given

    def find_class(self, module: str, name: str) -> Any:
        """Find only what a day is made of."""
        if (module, name) == (__name__, "_given_as"):
            found: Callable[[str], Any] = self._given.__getitem__
            return found
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.split(".")[0] == "engine":
            thing = super().find_class(module, name)
            if isinstance(thing, type) and (
                issubclass(thing, (BaseModel, tuple, Line)) or _is_state(thing)
            ):
                return thing
        raise Unusable(f"{module}.{name}")


def _is_state(thing: type) -> bool:
    return hasattr(thing, "__dataclass_fields__") or thing.__name__ in ("GapTable", "Timeline")
