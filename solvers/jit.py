"""How numba compiles kernels, and where it keeps what it compiled.

numba's disk cache does not notice an edit in a called function, a changed NamedTuple or another
``NUMBA_BOUNDSCHECK``: it would go on with the old code. So the folder is named by a hash of all
that.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numba
from numba.core import config as _numba_config

config: Any = _numba_config  # its attributes are made at run time
_njit: Any = numba.njit  # some options below are unknown to its annotations


def cache_folder(name: str, sources: Iterable[Path]) -> Path:
    """Where machine code that depends on these files is kept; the folder need not exist."""
    digest = hashlib.sha256()
    for source in (*sorted(sources), Path(__file__)):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    digest.update(f"{numba.__version__} {config.BOUNDSCHECK}".encode())
    root = Path(os.environ.get("CAREROUTE_CACHE_DIR") or Path.home() / ".cache" / "careroute")
    return root.expanduser() / "numba" / f"{name}-{digest.hexdigest()[:16]}"


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, which is made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def compile_lean(function: Callable[..., Any], **options: Any) -> Any:
    """Compile an integer kernel that allocates nothing and raises nothing."""
    # "numpy" spares the test for a division by zero. Counting references of the array arguments
    # took most of the time, so it is switched off: nothing is allocated. The option is private to
    # numba: without it everything is right, only slower.
    try:
        return _njit(function, _nrt=False, error_model="numpy", **options)
    except (KeyError, TypeError):
        return _njit(function, error_model="numpy", **options)


def compile_part(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a part of a kernel; Python cannot call it, which saves compile time."""
    return compile_lean(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)


class Cache:
    """The entry points of a room's kernels, kept in a folder of the room's own.

    Parameters
    ----------
    name : first word of the folder's name.
    sources : all files that the machine code depends on, this module aside.

    Attributes
    ----------
    folder : where this state of the sources is kept; it need not exist.
    """

    def __init__(self, name: str, sources: Iterable[Path]) -> None:
        self.folder = cache_folder(name, sources)
        self._is_used = not config.DISABLE_JIT and is_writable(self.folder)

    def kernel(self, function: Callable[..., Any]) -> Any:
        """Compile an entry point, called from Python; where the folder can be written, once.

        It lets other threads run meanwhile: what it writes belongs to its caller.
        """
        if not self._is_used:
            return compile_lean(function, nogil=True)
        # numba reads the folder while it decorates and never again; other rooms have their own.
        before = config.CACHE_DIR
        config.CACHE_DIR = str(self.folder)
        try:
            return compile_lean(function, cache=True, nogil=True)
        finally:
            config.CACHE_DIR = before
