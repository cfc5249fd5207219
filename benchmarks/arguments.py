"""Arguments that benchmarks share, checked before hours of work and not after them."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path


def out_file(word: str) -> Path:
    """Path of a file to write at the end; its folder is made now."""
    path = Path(word)
    if path.is_dir():
        raise ArgumentTypeError(f"{word} is a folder; name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArgumentTypeError(f"{word}: {error.strerror}") from None
    return path


def at_least(least: int) -> Callable[[str], int]:
    """Make the type of a whole number that has a least value."""
    def whole(word: str) -> int:
        number = int(word)
        if number < least:
            raise ArgumentTypeError(f"{word} is below {least}")
        return number

    return whole


def sizes(word: str) -> list[int]:
    """Read whole numbers of at least 1 with commas between them."""
    return [at_least(1)(part) for part in word.split(",")]
