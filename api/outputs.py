"""Files that commands write: their folders are made, and what is wrong with them is told, first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def write_new(write: Callable[[Path], None], out: Path, *, force: bool) -> None:
    """Write an example, but not over what is there: a day filled in is not lost.

    Raises
    ------
    RequestError : ``E1616``, there is a file, or a folder with something in it.
    """
    from api.problems import RequestError

    if not force and out.exists() and (out.is_file() or any(out.iterdir())):
        raise RequestError("E1616", "$")
    make_folder(out.parent)
    write(out)


def prepare(path: Path) -> None:
    """Make the folder of a file to come.

    Raises
    ------
    InputError : ``E1016``, the file's own name is a folder's; ``E1017``.
    """
    from engine.domain.faults import fault
    from engine.errors import InputError

    if path.is_dir():
        raise InputError([fault("E1016", "$")])
    make_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder for files to come, and those above it.

    Raises
    ------
    InputError : ``E1017``.
    """
    from engine.formats import native

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise native.unusable(error) from error
