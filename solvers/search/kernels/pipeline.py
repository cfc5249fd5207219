"""Parts of kernels are optimized once: in the kernel that they end up in.

numba optimizes every function, with all that is linked into it, and makes machine code of it. For
a part that is inlined into a part that is inlined into a kernel this happened three times, and only
the last was of use. Here a part is lowered and linked, no more: the rich kernel compiles in 61 s
of CPU instead of 111, pairs in 30 instead of 48, and they run as fast. What this relies on is
private to numba; with a version that it was not tried with, :data:`PARTS` is empty and all works as
before, only compiles longer.
"""

from __future__ import annotations

from typing import Any

import numba
from numba.core import config as _config

_settings: Any = _config  # its attributes are made at run time

#: Versions of numba whose compiler is as this module expects it.
TRIED = ("0.68.",)

#: Options of njit for a part of a kernel.
PARTS: dict[str, Any] = {}


def _pipeline() -> Any:
    """Return a compiler that lowers a function and links what it calls, no more."""
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler import CompilerBase, DefaultPassBuilder
    from numba.core.compiler_machinery import LoweringPass, register_pass
    from numba.core.typed_passes import NativeLowering

    class NoEnvironment:
        """For what raises nothing and is never called from Python."""

        def set_env(self, name: str, env: Any) -> None:
            pass

    class PartLibrary(JITCodeLibrary):
        @property
        def codegen(self) -> Any:
            return NoEnvironment()

        def finalize(self) -> None:
            for library in dict.fromkeys(self._linking_libraries):
                self._final_module.link_in(library._get_module_for_linking(), preserve=True)
            self._finalized = True

        def get_pointer_to_function(self, name: str) -> int:
            self._ensure_finalized()
            return 0  # as for any function without a wrapper for Python

    @register_pass(mutates_CFG=False, analysis_only=False)
    class OpenPartLibrary(LoweringPass):
        _name = "open_part_library"

        def __init__(self) -> None:
            LoweringPass.__init__(self)

        def run_pass(self, state: Any) -> bool:
            name = state.func_id.func_qualname
            state.library = PartLibrary(state.targetctx.codegen(), name)
            return False

    class PartCompiler(CompilerBase):
        def define_pipelines(self) -> list[Any]:
            passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
            k = [p[0] for p in passes.passes].index(NativeLowering)
            passes.passes.insert(k, (OpenPartLibrary, "open a library that is only linked"))
            passes.finalize()
            return [passes]

    return PartCompiler


# With bounds checked, parts raise errors after all.
if numba.__version__.startswith(TRIED) and not _settings.BOUNDSCHECK:
    PARTS["pipeline_class"] = _pipeline()
