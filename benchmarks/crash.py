"""A server killed again and again while a day runs: ``python -m benchmarks.crash --kills 100``.

A small day and its events are drawn beforehand and sent to a true server, singly and in bulk. At
random moments it gets SIGKILL: while an event is under way, or while it starts and opens the day
again. Half the time its children are killed with it; else they are left to end by themselves, and
may still write while the next server starts. What had no answer is sent again.

After every kill the log in the database has to be what was sent, in its order, with all that was
answered, and nothing twice. At the end the plan, the fingerprint and what came of every event are
those of a day in memory that nobody disturbed. Anything else ends the run with an AssertionError.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arguments import out_file
from benchmarks.live import draw_log, make_day
from benchmarks.live_api import database_of, free_port, keep_day, named_city, start_server

#: Of the kills, those that come while the server starts; of the requests, those in bulk.
_STARTING, _BULK, _MOST_IN_BULK = 0.2, 0.2, 5
_START_S = 120.0


class Server:
    """A server over a folder with a day ``d``: started, killed, asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.client: Any = None
        self.start_s = 1.0  # the longest that a start took, until the day was open

    def start(self) -> None:
        """Start it, without waiting for it."""
        import httpx

        self.close()
        port = free_port()
        self._process = start_server(self._folder, port)
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=_START_S, trust_env=False
        )

    def open_day(self) -> dict[str, Any]:
        """Wait until it tells how the day stands."""
        import httpx

        began = time.monotonic()
        while time.monotonic() < began + _START_S:
            try:
                answer = self.client.get("/v1/days/d")
                if answer.status_code == 200:
                    self.start_s = max(self.start_s, time.monotonic() - began)
                    found: dict[str, Any] = answer.json()
                    return found
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError("the server does not open the day")

    def kill(self, *, with_children: bool) -> None:
        """End it at once, as a power cut would (with its children), or a fault of its own."""
        assert self._process is not None
        if with_children:
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait(30)

    def close(self) -> None:
        """End it, if it runs."""
        if self.client is not None:
            self.client.close()
        if self._process is not None and self._process.poll() is None:
            self.kill(with_children=True)


class Sender:
    """Sends a log from where the answers end, and holds every answer against what it should be.

    Parameters
    ----------
    log : events as plain data; the next request has the first that was not answered.
    expected : what an undisturbed day answers to each, as plain data.
    """

    def __init__(
        self, log: list[dict[str, Any]], expected: list[dict[str, Any]], rng: np.random.Generator
    ) -> None:
        self.log, self.expected = log, expected
        self.n_answered = self.n_repeated = 0
        self._rng = rng

    def send(self, client: Any) -> None:
        """Send one event, or a few in one request; an answer that does not come is no answer."""
        import httpx

        n = int(self._rng.integers(2, _MOST_IN_BULK + 1)) if self._rng.random() < _BULK else 1
        part = self.log[self.n_answered :][:n]
        body = part[0] if n == 1 else {"events": part}
        try:
            answer = client.post("/v1/days/d/events", json=body)
        except httpx.TransportError:
            return
        if answer.status_code >= 500:  # the process that has the day went first
            return
        assert answer.status_code == 200, answer.text
        found = [answer.json()] if n == 1 else answer.json()["outcomes"]
        for k, outcome in enumerate(found, self.n_answered):
            if outcome["status"] == "repeated":
                self.n_repeated += 1
            else:
                status = self.expected[k]["status"]
                assert outcome["status"] == status, (outcome, self.expected[k])
        self.n_answered += len(found)

    def check(self, entries: list[Any]) -> None:
        """Hold the log in the database against what was sent and what was answered."""
        kept = [k for k, e in enumerate(self.expected) if e["status"] != "refused"]
        ids = [self.log[k]["id"] for k in kept]
        found = [e.event["id"] for e in entries]
        assert found == ids[: len(found)], "lost, twice, or in another order"
        assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
        answered = sum(k < self.n_answered for k in kept)
        assert len(found) >= answered, f"{answered - len(found)} answered events are lost"
        for entry, k in zip(entries, kept, strict=False):
            assert entry.outcome in (None, self.expected[k]), (entry, self.expected[k])


def run(
    size: tuple[int, int, int], n_events: int, kills: int, seed: int,
) -> dict[str, Any]:
    """Let a day run through a server that is killed.

    Parameters
    ----------
    size : orders, workers, corners of the streets.

    Raises
    ------
    AssertionError : an event was lost or applied twice, or the day is another.
    """
    import orjson

    from api.store import DayStore
    from engine.live.day import LiveDay
    from engine.live.events import read_events

    problem, plan, travel = make_day(*size, seed, None)
    problem = named_city(problem)
    log = draw_log(problem, plan, travel, n_events, seed)
    quiet = LiveDay(problem, plan, travel)
    expected = [orjson.loads(orjson.dumps(o)) for o in quiet.apply_all(read_events(log))]
    rng = np.random.default_rng(seed)
    at = sorted(rng.integers(n_events, size=kills).tolist())
    sender, how = Sender(log, expected, rng), Counter[str]()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keep_day(folder, problem, plan, travel)
        store, server = DayStore(database_of(folder)), Server(folder)
        try:
            server.start()
            server.open_day()
            typical = 0.02
            while at or sender.n_answered < len(log):
                if not at or sender.n_answered < at[0]:
                    sent = time.monotonic()
                    sender.send(server.client)
                    typical += 0.1 * (time.monotonic() - sent - typical)
                    continue
                at.pop(0)
                with_children = bool(rng.random() < 0.5)
                if rng.random() < _STARTING:
                    how["starting"] += 1
                    server.start()
                    time.sleep(float(rng.uniform(0.0, 1.2 * server.start_s)))
                    server.kill(with_children=with_children)
                else:
                    beside = threading.Thread(target=sender.send, args=(server.client,))
                    beside.start()
                    time.sleep(float(rng.uniform(0.0, 1.5 * typical)))
                    server.kill(with_children=with_children)
                    beside.join()
                    how["under way"] += 1
                how["with children" if with_children else "alone"] += 1
                sender.check(list(store.read("d")))
                server.start()
                server.open_day()
                if sum(how.values()) % 20 == 0:
                    print(f"{sum(how.values()) // 2} kills, {sender.n_answered} events, "
                          f"{time.monotonic() - began:.0f} s", flush=True)
            told = server.open_day()
            entries = list(store.read("d"))
            sender.check(entries)
            assert len(entries) == sum(e["status"] != "refused" for e in expected)
            assert all(e.outcome is not None for e in entries)
            assert told["fingerprint"] == quiet.fingerprint, "another day"
            ends = server.client.get("/v1/days/d/plan").json()
            assert ends == quiet.plan().model_dump(mode="json"), "another plan"
        finally:
            server.close()
            store.close()
    return {
        "kills": kills, "how": dict(how), "events": len(log), "in_log": len(entries),
        "alarms": sum(e["kind"] == "alarm" for e in log), "sent_again": sender.n_repeated,
        "fingerprint": quiet.fingerprint, "seconds": round(time.monotonic() - began, 1),
        "start_s": round(server.start_s, 1), "seed": seed,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--orders", type=int, default=60)
    parser.add_argument("--workers", type=int, default=20)
    parser.add_argument("--nodes", type=int, default=300, help="of the synthetic network")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=out_file, help="write the figures here")
    given = parser.parse_args()
    found = run(
        (given.orders, given.workers, given.nodes), given.events, given.kills, given.seed
    )
    print(json.dumps(found))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
