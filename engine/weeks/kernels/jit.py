"""How these kernels are compiled, and where numba keeps what it compiled.

numba does not notice an edit in a called function, so the folder is named by a hash of all of them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numba
from numba.core import config as _config

config: Any = _config  # its settings are made at run time, which no type checker sees


def _folder() -> str | None:
    digest = hashlib.blake2b(f"{numba.__version__} {config.BOUNDSCHECK}".encode(), digest_size=8)
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    root = Path(os.environ.get("CAREROUTE_CACHE_DIR") or "~/.cache/careroute").expanduser()
    folder = root / "numba" / f"weeks-{digest.hexdigest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return str(folder) if os.access(folder, os.W_OK) else None


_FOLDER: Final = _folder()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile an entry point, kept in the disk cache; it holds up no other thread."""
    before = config.CACHE_DIR  # read by numba while it decorates; other rooms have their own
    config.CACHE_DIR = _FOLDER or before
    try:
        return _compile(function, cache=_FOLDER is not None, nogil=True)
    finally:
        config.CACHE_DIR = before


def part(function: Callable[..., Any]) -> Any:
    """Compile a part of a kernel, which Python cannot call."""
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _compile(function: Callable[..., Any], **options: Any) -> Any:
    njit: Any = numba.njit
    try:
        # Nothing is allocated, so that no reference to an array has to be counted. The option is
        # private to numba: without it everything is right, only slower.
        return njit(function, _nrt=False, error_model="numpy", **options)
    except (KeyError, TypeError):
        return njit(function, error_model="numpy", **options)
