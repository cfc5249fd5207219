"""How the kernels are compiled, and where numba keeps what it compiled.

numba's disk cache does not notice an edit in a called function, a changed NamedTuple or another
``NUMBA_BOUNDSCHECK``: it would go on with the old code. So the folder is named by a hash of all
that.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
from numba.core import config as _numba_config

from solvers.search.kernels.pipeline import PARTS

config: Any = _numba_config  # its attributes are made at run time
_njit: Any = numba.njit  # some options below are unknown to its annotations

#: Integer kernels that raise nothing; "numpy" spares the test for a division by zero.
_OPTIONS: dict[str, Any] = {"error_model": "numpy"}


def cache_folder() -> Path:
    """Where this version of the kernels is cached; the folder need not exist."""
    here = Path(__file__).resolve()
    sources = [*sorted(here.parent.glob("*.py")), here.parents[2] / "model.py"]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    digest.update(f"{numba.__version__} {config.BOUNDSCHECK}".encode())
    root = Path(os.environ.get("CAREROUTE_CACHE_DIR") or Path.home() / ".cache" / "careroute")
    return root / "numba" / f"search-{digest.hexdigest()[:16]}"


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """While kernels are compiled, where the collector took a sixth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


_FOLDER = cache_folder()
_CACHED = not config.DISABLE_JIT and _writable(_FOLDER)


@contextlib.contextmanager
def _numba_cache_in(folder: Path) -> Iterator[None]:
    # numba reads the folder once, when a function is decorated; other rooms have their own.
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before


def _compile(function: Callable[..., Any], **options: Any) -> Any:
    try:
        # Counting references of the array arguments took most of the time, so it is switched off;
        # the kernels allocate nothing and therefore do not need it. The option is private to numba:
        # without it everything is right, only slower.
        return _njit(function, _nrt=False, **_OPTIONS, **options)
    except (KeyError, TypeError):
        return _njit(function, **_OPTIONS, **options)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile an entry point, called from Python; kept in the disk cache.

    It lets other threads run meanwhile: what it writes belongs to one search.
    """
    if not _CACHED:
        return _compile(function, nogil=True)
    with _numba_cache_in(_FOLDER):
        return _compile(function, cache=True, nogil=True)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a part of a kernel; LLVM inlines it, so that passing the arrays costs nothing.

    Python cannot call it, which saves a quarter of the compile time.
    """
    return _compile(
        function, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **PARTS
    )


def part(function: Callable[..., Any]) -> Any:
    """Compile a part of a kernel that is called, not inlined: compiled once, however often used.

    A call passes all arrays anew, some 0.1 microseconds, so it is for parts that take longer.
    """
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, **PARTS)
