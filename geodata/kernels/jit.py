"""How this room compiles, and where the compiled code is kept.

numba's disk cache does not notice an edit in another file: a changed callee keeps giving the old answer, and a warm
cache ignores NUMBA_BOUNDSCHECK. So the folder is named by a hash of everything that the machine code depends on.
"""  # noqa: E501

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numba
from numba.core import config as _config

#: No counting of references to arrays, which costs more than a short kernel does. It forbids to
#: allocate. The option is private to numba: without it all is right, only slower.
_LEAN: Final = {"_nrt": False, "error_model": "numpy"}

config: Any = _config  # its settings are made at run time, which no type checker sees


def _cache_folder() -> str | None:
    """Folder for this state of the kernels, or None when it cannot be written to."""
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    digest.update(f"{numba.__version__} {config.BOUNDSCHECK}".encode())
    root = Path(os.environ.get("CAREROUTE_CACHE_DIR") or "~/.cache/careroute").expanduser()
    folder = root / "numba" / f"geodata-{digest.hexdigest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return None
    return str(folder)


CACHE_FOLDER: Final = _cache_folder()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile without the GIL, and keep the machine code in this room's folder."""
    return _kept(function, {})


def lean_kernel(function: Callable[..., Any]) -> Any:
    """Compile a kernel that allocates nothing, without counting references to its arrays."""
    try:
        return _kept(function, _LEAN)
    except (KeyError, TypeError):
        return kernel(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a part of a lean kernel; LLVM inlines it, and Python cannot call it."""
    options: dict[str, Any] = {"forceinline": True, "no_cpython_wrapper": True}
    njit: Any = numba.njit  # some options are unknown to its annotations
    try:
        return njit(function, no_cfunc_wrapper=True, **options, **_LEAN)
    except (KeyError, TypeError):
        return njit(function)


def _kept(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Compile into this room's folder.

    numba reads ``config.CACHE_DIR`` while it decorates and never again, so the setting is lent for
    that moment only: another room may keep its code elsewhere.
    """
    before = config.CACHE_DIR
    config.CACHE_DIR = CACHE_FOLDER or before
    try:
        njit: Any = numba.njit
        return njit(function, cache=CACHE_FOLDER is not None, nogil=True, **options)
    finally:
        config.CACHE_DIR = before
