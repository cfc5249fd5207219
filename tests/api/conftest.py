"""One true service on loopback for all tests of the HTTP door, and a way to start others."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
#: What a test waits for takes a moment, or a minute of compilation; on a machine with other work
#: several. Longer than this it waits for what never comes.
PATIENCE_S = 600


@dataclass
class Service:
    process: subprocess.Popen[bytes]
    client: httpx.Client
    port: int
    log: Path

    def stop(self) -> int:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(120)
        finally:
            self.process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, **settings: object) -> Service:
    settings = {"overhead_s": PATIENCE_S, **settings}
    port, log = free_port(), folder / "log"
    env = os.environ | {f"CAREROUTE_{k.upper()}": str(v) for k, v in settings.items()}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port)],
            cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT,
        )
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, trust_env=False
    )
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if client.get("/ready").status_code == 200:
                return Service(process, client, port, log)
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    process.kill()
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With small limits, so that a test reaches them soon; but with time for a cold compilation."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "maps").mkdir()
    running = start(
        folder, networks=folder / "maps", max_seconds=600, default_seconds=1, max_orders=50,
        database=f"sqlite:///{folder / 'days.sqlite'}",  # and not the developer's own days
    )
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def client(service: Service) -> httpx.Client:
    return service.client


@pytest.fixture(scope="session")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With one solving process, which others find busy."""
    running = start(tmp_path_factory.mktemp("lone"), slots=1, wait_s=0.1, max_seconds=PATIENCE_S)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start a service of one's own; it ends with the test."""
    started: list[Service] = []

    def begin(**settings: object) -> Service:
        started.append(start(tmp_path, **settings))
        return started[-1]

    yield begin
    for running in started:
        running.stop()
