"""How the kernels are compiled: entry points are kept on the disk, parts end up in them."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from solvers.jit import Cache, compile_part
from solvers.search.kernels.pipeline import PARTS

_HERE = Path(__file__).resolve()
CACHE = Cache("search", [*_HERE.parent.glob("*.py"), _HERE.parents[2] / "model.py"])
kernel = CACHE.kernel


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


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a part of a kernel; LLVM inlines it, so that passing the arrays costs nothing.

    Python cannot call it, which saves a quarter of the compile time.
    """
    return compile_part(function, forceinline=True, **PARTS)


def part(function: Callable[..., Any]) -> Any:
    """Compile a part of a kernel that is called, not inlined: compiled once, however often used.

    A call passes all arrays anew, some 0.1 microseconds, so it is for parts that take longer.
    """
    return compile_part(function, **PARTS)
