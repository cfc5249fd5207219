"""Faults of a file that show before anything reads it."""

from __future__ import annotations

import os
from pathlib import Path

from geodata.errors import NetworkError


def check_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file that exists, may be opened and is not empty.

    Raises
    ------
    NetworkError : ``E3001`` missing, ``E3002`` a folder, ``E3004`` empty, ``E3010`` unreadable.
    """
    source = Path(path).expanduser()
    if source.is_dir():
        raise NetworkError("E3002", path=source)
    try:
        with source.open("rb") as stream:
            if not stream.read(1):
                raise NetworkError("E3004", path=source)
    except FileNotFoundError as error:
        raise NetworkError("E3001", path=source) from error
    except OSError as error:
        raise NetworkError("E3010", path=source, detail=error.strerror or str(error)) from error
    return source
