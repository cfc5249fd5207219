"""How these kernels are compiled: as those of the solvers are, kept in a folder of their own."""

from __future__ import annotations

from pathlib import Path

from solvers.jit import Cache, compile_part

kernel = Cache("weeks", Path(__file__).parent.glob("*.py")).kernel
part = compile_part
