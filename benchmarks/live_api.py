"""How long an alarm takes through the HTTP door: over loopback, until it is in the database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

_READY_S = 180.0


def measure_alarms(problem: Any, plan: Any, travel: Any, n: int, seed: int) -> list[float]:
    """Start a service with the day in its database, and send it alarms, one every 30 s of the day.

    Returns
    -------
    seconds : wall clock of each alarm, from sending it to having the answer.
    """
    import httpx

    from api.days import Beginning, begin
    from api.store import DayStore
    from engine.domain.problem import NamedNetwork
    from engine.live.answers import LivePolicy

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "maps").mkdir()
        travel.network.save(folder / "maps" / "city.npz")
        url = f"sqlite:///{folder / 'days.sqlite'}"
        store = DayStore(url)
        named = problem.model_copy(update={"network": NamedNetwork(kind="named", name="city")})
        begin(store, "d", Beginning(named, plan, LivePolicy()))
        store.close()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve", "--port", str(port)],
            env=os.environ | {
                "CAREROUTE_DATABASE": url, "CAREROUTE_NETWORKS": str(folder / "maps"),
                "CAREROUTE_SLOTS": "1",
            },
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=_READY_S, trust_env=False
            ) as client:
                _wait(client)
                return _send(client, sorted(problem.client_by_id), n, seed)
        finally:
            process.terminate()
            process.wait(60)


def _wait(client: Any) -> None:
    import httpx

    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        try:
            if client.get("/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the service does not get ready")


def _send(client: Any, clients: list[str], n: int, seed: int) -> list[float]:
    rng, now, spent = np.random.default_rng(seed), 9 * 3_600, []
    where = "/v1/days/d/events"
    for k in range(-1, n):  # the first one opens the day and is not counted
        now += 30
        order = {
            "kind": "emergency", "id": f"api{k}", "received_s": now,
            "client": clients[int(rng.integers(len(clients)))],
        }
        client.post(where, json={"id": f"c{k}", "time_s": now, "kind": "clock"})
        start = time.perf_counter()
        answer = client.post(
            where, json={"id": f"a{k}", "time_s": now, "kind": "alarm", "order": order}
        )
        spent.append(time.perf_counter() - start)
        if answer.status_code != 200 or answer.json()["status"] != "applied":
            raise RuntimeError(answer.text[:300])
    return spent[1:]
