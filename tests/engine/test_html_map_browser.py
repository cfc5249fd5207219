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
            capture_output=True, text=True, timeout=600, check=False,
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


#: What the page must never have; it stands here to see what would become of it.
IMAGE = '<img src="http://elsewhere.test/x.png">'


@pytest.fixture(scope="module")
def unserved(page: str, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """The page with a careless image, open at the unserved order."""
    careless = page.replace("<body>", f"<body>{IMAGE}")
    return open_page(careless, tmp_path_factory.mktemp("careless"), "#order=O6&tab=unserved")


def test_the_policy_stops_even_what_slipped_in(unserved: Opened) -> None:
    assert unserved.asked == ["map.test/map.html"]
    (refusal,) = unserved.console
    assert "Content Security Policy" in refusal


def test_without_the_policy_the_request_would_be_seen(page: str, tmp_path: Path) -> None:
    open_door = re.sub(r"<meta http-equiv=[^>]*>", "", page).replace("<body>", f"<body>{IMAGE}")
    assert "elsewhere.test/x.png" in open_page(open_door, tmp_path).asked


def test_an_unserved_order_tells_why_and_shows_hostile_text_as_text(unserved: Opened) -> None:
    card = unserved.dom.split('id="card"')[1].split("</main>")[0]
    assert "Nobody has the skill" in card
    assert "Train W1." in card
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in card
    assert unserved.dom.count("<img") == 1  # the careless one, none from the data
