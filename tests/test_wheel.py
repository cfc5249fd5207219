"""The wheel, installed alone and run outside the checkout, does the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the wheel's own files."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, ROOT], check=True)
    (wheel,) = folder.glob("careroute-*.whl")
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)
    return target


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=cwd, env=env, capture_output=True, text=True, timeout=900, check=False,
    )


@pytest.mark.slow
def test_the_wheel_plans_and_checks_a_day_outside_the_checkout(
    installed: Path, tmp_path: Path
) -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import engine, api, solvers, geodata; print(engine.__file__)"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True, text=True, check=True,
    )
    assert where.stdout.startswith(str(installed))
    done = run(installed, tmp_path, "demo", "-o", "out", "--orders", "60", "--workers", "20",
               "--nodes", "600", "--seconds", "1")
    assert done.returncode == 0, done.stderr
    written = {p.name for p in (tmp_path / "out").iterdir()}
    assert {"problem.json", "plan.json", "map.html"} <= written
    done = run(installed, tmp_path, "check", "out/problem.json", "out/plan.json")
    assert done.returncode == 0, done.stdout + done.stderr
    plan = json.loads((tmp_path / "out" / "plan.json").read_text())
    plan["routes"][0]["trips"][0]["stops"][0]["start_s"] += 40_000
    (tmp_path / "broken.json").write_text(json.dumps(plan))
    assert run(installed, tmp_path, "check", "out/problem.json", "broken.json").returncode == 1
