from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import geodata

ROOT = Path(geodata.__file__).resolve().parents[1]


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_public_name_is_there():
    for name in geodata.__all__:
        assert getattr(geodata, name) is not None
    assert set(geodata.__all__) <= set(dir(geodata))
    with pytest.raises(AttributeError):
        _ = geodata.teleport


def test_importing_the_room_imports_nothing_heavy():
    heavy = {"numpy", "numba", "scipy", "osmium", "osmnx", "networkx", "pandas"}
    out = run("import geodata, sys; print(sorted(sys.modules))")
    assert not {name for name in heavy if f"'{name}'" in out}


def test_a_city_and_its_matrix_need_no_osmnx_and_no_osmium():
    out = run(
        "import geodata, sys; n = geodata.synthetic_city(300);"
        "geodata.travel_matrix(n, [0], 'car');"
        "print([m for m in ('osmnx', 'osmium', 'pandas') if m in sys.modules])"
    )
    assert out.strip() == "[]"


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    out = run(
        "import geodata.kernels.jit as jit; print(jit.CACHE_FOLDER)",
        CAREROUTE_CACHE_DIR=str(blocked),
    )
    assert out.strip() == "None"


def test_the_cache_folder_depends_on_the_bounds_flag(tmp_path):
    code = "import geodata.kernels.jit as jit; print(jit.CACHE_FOLDER)"
    plain = run(code, CAREROUTE_CACHE_DIR=str(tmp_path), NUMBA_BOUNDSCHECK="0")
    checked = run(code, CAREROUTE_CACHE_DIR=str(tmp_path), NUMBA_BOUNDSCHECK="1")
    assert plain != checked
    assert plain.startswith(str(tmp_path))


def test_other_rooms_keep_their_own_cache_folder():
    out = run(
        "from numba.core import config; before = config.CACHE_DIR;"
        "import geodata.kernels.dijkstra; print(before == config.CACHE_DIR)"
    )
    assert out.strip() == "True"
