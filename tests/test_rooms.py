"""The house has four rooms and one-way arrows; this walks the imports and says so."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("api", "engine", "solvers", "geodata")
#: room -> rooms it may import. Nothing imports tests or benchmarks.
ARROWS = {
    "api": {"engine", "solvers", "geodata"},
    "engine": {"solvers", "geodata"},
    "solvers": set(),
    "geodata": set(),
}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> list[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import of a file, inside functions too, and whether the type checker alone sees it."""
    found = []
    todo: list[tuple[ast.AST, bool]] = [(parsed(path), False)]
    while todo:
        node, checked = todo.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append((node, checked))
        guards = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):  # of statements alone
            inner = checked or (guards and part == "body")
            todo += [(child, inner) for child in getattr(node, part, ())]
    return found


def imported_names(path: Path, *, top_level_only: bool = False) -> set[str]:
    nodes = parsed(path).body if top_level_only else [node for node, _ in imports(path)]
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


def module_name(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def run_imports(path: Path, *, typed: bool = False) -> set[str]:
    """What a file imports when it runs, `typed` for its types too: of `from a import b` both `a`
    and `a.b`.
    """
    names = set()
    for node, checked in imports(path):
        if isinstance(node, ast.ImportFrom) and node.module and (typed or not checked):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import) and (typed or not checked):
            names |= {alias.name for alias in node.names}
    return names


def circles(paths: list[Path], root: Path, *, typed: bool = False) -> list[set[str]]:
    """Strongly connected components of the imports between these files, those of two and more."""
    home = {module_name(path, root): path for path in paths}
    # `from a import b` asks for the package `a` itself only where b is not one of its modules
    arrows = {}
    for name, path in home.items():
        found = run_imports(path, typed=typed) & home.keys()
        arrows[name] = found - {n.rpartition(".")[0] for n in found} - {name}
    reach = {}
    for name in home:
        todo, seen = [name], set[str]()
        while todo:
            new = arrows[todo.pop()] - seen
            seen |= new
            todo += new
        reach[name] = seen
    found = []
    for name in home:
        if name in reach[name] and not any(name in circle for circle in found):
            found.append({n for n in reach[name] if name in reach[n]})
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_along_the_arrows(room: str) -> None:
    forbidden = (set(ROOMS) | {"tests", "benchmarks"}) - ARROWS[room] - {room}
    assert modules(room)
    for path in modules(room):
        wrong = {n for n in imported_names(path) if n.split(".")[0] in forbidden}
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_the_arrow_test_can_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from engine.day import plan_day\n")
    assert imported_names(bad) == {"engine.day"}


def test_no_files_import_each_other_in_a_circle() -> None:
    paths = [path for room in (*ROOMS, "benchmarks") for path in modules(room)]
    assert not circles(paths, ROOT)


def test_engine_has_no_circle_of_types_either() -> None:
    assert not circles(modules("engine"), ROOT, typed=True)


def test_the_circle_test_can_fail(tmp_path: Path) -> None:
    """A circle through a function counts, one for the type checker alone does not."""
    texts = {
        "__init__": "",
        "a": "from room.b import B\n",
        "b": "def f():\n    from room import c\n",
        "c": "import room.a\n",
        "d": "if TYPE_CHECKING:\n    from room.e import E\n",
        "e": "from room.d import D\n",
    }
    (tmp_path / "room").mkdir()
    for name, text in texts.items():
        (tmp_path / "room" / f"{name}.py").write_text(text)
    paths = sorted((tmp_path / "room").glob("*.py"))
    assert circles(paths, tmp_path) == [{"room.a", "room.b", "room.c"}]
    assert {"room.d", "room.e"} in circles(paths, tmp_path, typed=True)


def test_kernels_are_called_by_their_own_room_alone() -> None:
    for room in ROOMS:
        for path in modules(room):
            for name in imported_names(path):
                if ".kernels" in name:
                    assert name.split(".")[0] == room, f"{path} reaches into {name}"


def test_osmnx_is_imported_by_one_module_only_and_lazily() -> None:
    for room in ROOMS:
        for path in modules(room):
            where = path.relative_to(ROOT).as_posix()
            if any(n.split(".")[0] == "osmnx" for n in imported_names(path)):
                assert where == "geodata/osm.py"
            top = {n.split(".")[0] for n in imported_names(path, top_level_only=True)}
            assert "osmnx" not in top, where


def test_the_checker_shares_no_code_with_what_it_checks() -> None:
    """Follow the checker's imports: no compile, evaluate or solver among them."""
    forbidden = {
        "engine.compile", "engine.draft", "engine.visits", "engine.evaluate", "engine.assemble",
        "engine.day",
    }
    todo, seen = ["engine.check"], set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        path = ROOT / (name.replace(".", "/") + ".py")
        if not path.exists():
            path = ROOT / name.replace(".", "/") / "__init__.py"
        if not path.exists():
            continue
        for found in imported_names(path, top_level_only=True):
            assert found not in forbidden, f"{name} imports {found}"
            assert not found.startswith("solvers"), f"{name} imports {found}"
            if found.startswith("engine"):
                todo.append(found)
    assert "engine.rules" in seen


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_is_light(room: str) -> None:
    heavy = "('numba', 'osmnx', 'ortools', 'pandas', 'fastapi', 'scipy')"
    code = f"import sys, {room}; print(*[m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_public_names_exist(room: str) -> None:
    code = f"import {room}; [getattr({room}, n) for n in {room}.__all__ if n.isidentifier()]"
    if room in ("api", "engine", "solvers"):
        code = (
            f"import importlib, {room}; "
            f"[importlib.import_module('{room}.' + n) for n in {room}.__all__]"
        )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_no_file_has_grown_two_subjects() -> None:
    long = {
        p.relative_to(ROOT).as_posix(): n
        for room in (*ROOMS, "benchmarks")
        for p in modules(room)
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long
