"""A day through the HTTP door: over loopback, until each answer is in the database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

_READY_S = 300.0
#: What is solved beside, again and again: a day that a request may have, for so long.
_SOLVE_ORDERS, _SOLVE_S = 300, 20
_EVENTS = "/v1/days/d/events"


@contextmanager
def service(problem: Any, plan: Any, travel: Any) -> Iterator[tuple[Any, int]]:
    """Start a service with the day in its database; gives a client and the service's process."""
    import httpx

    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        keep_day(folder, problem, plan, travel)
        process = start_server(folder, port)
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=_READY_S, trust_env=False
            ) as client:
                wait_ready(client)
                yield client, process.pid
        finally:
            process.terminate()
            process.wait(60)


def database_of(folder: Path) -> str:
    """URL of the database that :func:`keep_day` fills."""
    return f"sqlite:///{folder / 'days.sqlite'}"


def keep_day(folder: Path, problem: Any, plan: Any, travel: Any) -> None:
    """Begin a day named ``d`` in a database of a folder, its streets beside it."""
    from api.days import Beginning, begin
    from api.store import DayStore
    from engine.live.answers import LivePolicy

    (folder / "maps").mkdir()
    travel.network.save(folder / "maps" / "city.npz")
    store = DayStore(database_of(folder))
    begin(store, "d", Beginning(named_city(problem), plan, LivePolicy()))
    store.close()


def named_city(problem: Any) -> Any:
    """Copy a problem whose streets are those of the file that :func:`keep_day` writes."""
    from engine.domain.problem import NamedNetwork

    return problem.model_copy(update={"network": NamedNetwork(kind="named", name="city")})


def free_port() -> int:
    """Find a port of the loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a service over a folder of :func:`keep_day`, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve", "--port", str(port)],
        env=os.environ | {
            "CAREROUTE_DATABASE": database_of(folder), "CAREROUTE_SLOTS": "1",
            "CAREROUTE_NETWORKS": str(folder / "maps"),
        },
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )


def measure_alarms(
    problem: Any, plan: Any, travel: Any, n: int, seed: int, *, is_solving: bool = False
) -> list[float]:
    """Send a day alarms, one every 30 s of the day, with a batch solve beside them or without.

    Returns
    -------
    seconds : wall clock of each alarm, from sending it to having the answer.
    """
    solve_seed = seed if is_solving else None
    with service(problem, plan, travel) as (client, _), _solving(client, solve_seed):
        return _send(client, sorted(problem.client_by_id), n, seed)


@contextmanager
def _solving(client: Any, seed: int | None) -> Iterator[list[int]]:
    """Have a service solve another day meanwhile, again and again; None: no such day.

    Gives a list that grows by the status of each answer.
    """
    stop, statuses = threading.Event(), list[int]()
    beside = threading.Thread(
        target=_solve, args=(str(client.base_url), stop, seed or 0, statuses)
    )
    if seed is not None:
        beside.start()
    try:
        yield statuses
    finally:
        stop.set()
        if seed is not None:
            beside.join()


def sustain(
    problem: Any, plan: Any, travel: Any, log: list[dict[str, Any]], a_minute: int,
    solve_seed: int | None = None,
) -> dict[str, Any]:
    """Send a log at a fixed rate, one event after the other, late ones at once.

    ``solve_seed``: the service solves days of this seed meanwhile; None: it does not.

    Returns
    -------
    figures : milliseconds of alarms and others, how far the sending fell behind, and the memory of
        all of the service's processes at each minute.
    """
    with service(problem, plan, travel) as (client, pid), _solving(client, solve_seed) as solved:
        client.post(_EVENTS, json={"id": "open", "time_s": 0, "kind": "clock"}).raise_for_status()
        spent: dict[bool, list[float]] = {True: [], False: []}
        memory, refused, behind = [_memory_mb(pid)], 0, 0.0
        began = time.perf_counter()
        for k, event in enumerate(log):
            due = began + k * 60 / a_minute
            behind = max(behind, time.perf_counter() - due)
            time.sleep(max(0.0, due - time.perf_counter()))
            start = time.perf_counter()
            answer = client.post(_EVENTS, json=event)
            spent[event["kind"] == "alarm"].append(time.perf_counter() - start)
            answer.raise_for_status()
            refused += answer.json()["status"] == "refused"
            if (k + 1) % a_minute == 0:
                memory.append(_memory_mb(pid))
                print(f"minute {(k + 1) // a_minute}: {memory[-1]} MB, alarms so far p50 "
                      f"{_ms(spent[True], 50)} p99 {_ms(spent[True], 99)} ms, at most "
                      f"{behind:.2f} s behind, {len(solved)} days solved beside", flush=True)
        seconds = time.perf_counter() - began
    return {
        "events": len(log), "seconds": round(seconds, 1), "events_a_minute": a_minute,
        "behind_s": round(behind, 2), "refused": refused,
        "alarm_p50_ms": _ms(spent[True], 50), "alarm_p99_ms": _ms(spent[True], 99),
        "event_p50_ms": _ms(spent[False], 50), "event_p99_ms": _ms(spent[False], 99),
        "memory_mb": memory, "solved_beside": len(solved),
    }


def _ms(seconds: list[float], percent: float) -> float:
    return round(float(np.percentile(np.array(seconds), percent)) * 1e3, 2)


def wait_ready(client: Any) -> None:
    """Wait until a service takes calls.

    Raises
    ------
    RuntimeError : it does not within five minutes.
    """
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


def _solve(url: str, stop: threading.Event, seed: int, statuses: list[int]) -> None:
    """Ask the same service for plans of another day, one after the other."""
    import httpx

    import geodata
    from engine.domain.problem import SyntheticNetwork
    from engine.formats.native import problem_data
    from engine.scenario import demo_problem

    network = geodata.synthetic_city(2_000, seed=seed)
    reference = SyntheticNetwork(nodes=2_000, seed=seed)
    other = problem_data(demo_problem(reference, network, _SOLVE_ORDERS, 40, seed=seed))
    with httpx.Client(base_url=url, timeout=_READY_S, trust_env=False) as client:
        while not stop.is_set():
            statuses.append(client.post(
                "/v1/plans", json={"problem": other, "params": {"seconds": _SOLVE_S}}
            ).raise_for_status().status_code)


def _send(client: Any, clients: list[str], n: int, seed: int) -> list[float]:
    rng, now, spent = np.random.default_rng(seed), 9 * 3_600, []
    for k in range(-1, n):  # the first one opens the day and is not counted
        now += 30
        order = {
            "kind": "emergency", "id": f"api{k}", "received_s": now,
            "client": clients[int(rng.integers(len(clients)))],
        }
        client.post(_EVENTS, json={"id": f"c{k}", "time_s": now, "kind": "clock"})
        start = time.perf_counter()
        answer = client.post(
            _EVENTS, json={"id": f"a{k}", "time_s": now, "kind": "alarm", "order": order}
        )
        spent.append(time.perf_counter() - start)
        if answer.status_code != 200 or answer.json()["status"] != "applied":
            raise RuntimeError(answer.text[:300])
    return spent[1:]


def _memory_mb(root: int) -> int:
    """Resident memory of a process and its descendants."""
    pages: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(folder.name)
        pages[pid] = int(fields[21])
        children.setdefault(int(fields[1]), []).append(pid)
    family, total = [root], 0
    while family:
        pid = family.pop()
        total += pages.get(pid, 0)
        family += children.get(pid, [])
    return total * os.sysconf("SC_PAGE_SIZE") // 2**20
