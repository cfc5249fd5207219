"""Compile the kernels that most tests need, each once: ``python -m tests.compile_kernels``.

numba writes a compiled kernel to the disk when it is done, so processes that want the same one at
the same time compile it each for itself. Here they take different ones; the tests then load them.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from functools import partial

import geodata
from solvers.search import decompose, links
from solvers.search.compiling import compile_kernels
from solvers.search.kernels.jit import collector_paused
from tests.week_builders import neighbourhood, plan


def weeks() -> None:
    plan(neighbourhood(2), iterations=1)


def plain() -> None:
    compile_kernels("plain")
    decompose.compile_kernels()


#: The longest first; days of weeks are solved by kernels that come before.
WORK: dict[str, Callable[[], object]] = {
    "rich": partial(compile_kernels, "rich"),
    "trips": partial(compile_kernels, "trips"),
    "pairs": partial(compile_kernels, "pairs"),
    "plain": plain,
    "duty": partial(compile_kernels, "duty"),
    "links": links.compile_kernels,
    "geodata": geodata.warm_up,
    "weeks": weeks,
}


def work(name: str) -> tuple[str, float]:
    """Compile, or find it done; CPU seconds."""
    begun = time.process_time()
    with collector_paused():
        WORK[name]()
    return name, time.process_time() - begun


if __name__ == "__main__":
    n_processes = min(os.cpu_count() or 1, 4)
    with multiprocessing.get_context("spawn").Pool(n_processes) as pool:
        for name, seconds in pool.imap_unordered(work, WORK):
            print(f"compiled {name}: {seconds:.1f} CPU s", flush=True)
