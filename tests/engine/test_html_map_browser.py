"""The page in a real browser; skipped where Chromium is not installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.domain.plan import Plan
from engine.domain.problem import Problem
from engine.formats.html_map import render_map
from engine.travel import Travel
from tests.engine.test_html_map import network, plan, problem, travel

__all__ = ["network", "plan", "problem", "travel"]  # fixtures

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1200,800", "--virtual-time-budget=1000", "--enable-logging=stderr",
)  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


class Server(ThreadingHTTPServer):
    """Stands in for the whole network: every host name leads here, and every request is noted."""

    def __init__(self, page: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.page = page
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        host = self.headers.get("Host", "")
        if "google" not in host:  # what the browser asks for itself
            self.server.asked.append(f"{host.split(':')[0]}{self.path}")
        body = self.server.page.encode() if self.path == "/map.html" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output quiet."""


class Opened(NamedTuple):
    dom: str
    console: list[str]
    asked: list[str]


def open_page(page: str, folder: Path, view: str = "") -> Opened:
    """Load a page: what it became, what it said on the console, what it asked for."""
    assert CHROMIUM
    server = Server(page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        port = server.server_address[1]
        done = subprocess.run(
            [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}",
             f"--host-resolver-rules=MAP * 127.0.0.1:{port}", "--dump-dom",
             f"http://map.test/map.html{view}"],
            capture_output=True, text=True, timeout=60, check=False,
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    return Opened(done.stdout, re.findall(r"CONSOLE.*", done.stderr), server.asked)


@pytest.fixture(scope="module")
def page(problem: Problem, plan: Plan, travel: Travel) -> str:
    return render_map(problem, plan, travel)


def test_a_deep_link_opens_without_an_error_or_a_request(page: str, tmp_path: Path) -> None:
    dom, console, asked = open_page(page, tmp_path, "#route=W1&lang=zh&t=36000")
    assert console == []
    assert asked == ["map.test/map.html"]
    assert 'data-ready="true"' in dom
    assert "护理员" in dom.split('id="detail"')[1].split("</section>")[0]
    assert ">10:00<" in dom.split('id="now"')[1][:60]


def test_the_policy_and_not_luck_keeps_the_page_silent(page: str, tmp_path: Path) -> None:
    image = '<img src="http://elsewhere.test/x.png">'
    careless = page.replace("<body>", f"<body>{image}")
    opened = open_page(careless, tmp_path)
    assert opened.asked == ["map.test/map.html"]
    assert "Content Security Policy" in "".join(opened.console)
    open_door = re.sub(r"<meta http-equiv=[^>]*>", "", careless)
    assert "elsewhere.test/x.png" in open_page(open_door, tmp_path).asked


def test_an_unserved_order_tells_why_and_shows_hostile_text_as_text(
    page: str, tmp_path: Path
) -> None:
    dom, console, _ = open_page(page, tmp_path, "#order=O6&tab=unserved")
    assert console == []
    card = dom.split('id="card"')[1].split("</main>")[0]
    assert "Nobody has the skill" in card
    assert "Train W1." in card
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in card
    assert "<img" not in dom
