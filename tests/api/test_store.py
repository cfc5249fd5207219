"""Days on disk: a log that is append-only, and a day that is worked out from it alone."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest

import geodata
from api import days
from api.days import Beginning, KeptDay, begin, replay
from api.days_worker import DayVerbs
from api.problems import RequestError
from api.settings import Settings
from api.store import DayStore, LostRace
from engine.domain.problem import SyntheticNetwork
from engine.formats import native
from engine.live.answers import LivePolicy
from engine.live.day import LiveDay
from engine.live.events import event_data
from engine.scenario import demo_problem
from engine.travel import build_travel
from tests.live_builders import hand_plan
from tests.live_logs import random_event

ROOT = Path(__file__).resolve().parents[2]
REF = SyntheticNetwork(nodes=300, seed=2)


@pytest.fixture(scope="module")
def town():
    network = geodata.synthetic_city(300, seed=2)
    problem = demo_problem(REF, network, 30, 14, seed=4)
    plan = hand_plan(problem, {}, build_travel(problem, network))
    return Beginning(problem, plan, LivePolicy())


@pytest.fixture(scope="module")
def log(town):
    """Events that are all accepted, and the fingerprint of the day after them."""
    day, _ = replay(town, [])
    rng, events = np.random.default_rng(3), []
    while len(events) < 40:
        event = random_event(rng, day, f"e{len(events)}")
        if day.apply(event).status in ("applied", "superseded"):
            events.append(event)
    return events, day.fingerprint


@pytest.fixture
def store(tmp_path) -> Iterator[DayStore]:
    opened = DayStore(f"sqlite:///{tmp_path / 'days.sqlite'}")
    yield opened
    opened.close()


def test_a_day_that_is_opened_again_is_the_day_it_was(town, log, store):
    events, fingerprint = log
    assert begin(store, "monday", town)
    first = KeptDay(store, "monday")
    first.apply(events[:15])
    for event in events[15:20]:
        first.apply([event])
    again = KeptDay(store, "monday")
    assert (again.seq, again.day.fingerprint) == (first.seq, first.day.fingerprint)
    again.apply(events[20:])
    assert again.day.fingerprint == fingerprint
    entries = list(store.read("monday"))
    assert [e.seq for e in entries] == list(range(1, len(events) + 1))
    assert [e.event["id"] for e in entries] == [e.id for e in events]
    assert [e.seq for e in store.read("monday", after=37, most=2)] == [38, 39]


def test_repeated_and_refused_events_are_not_in_the_log(town, log, store):
    events, _ = log
    begin(store, "d", town)
    kept = KeptDay(store, "d")
    kept.apply(events[:3])
    wrong = events[3].model_copy(update={"id": events[0].id})
    statuses = [o.status for o in kept.apply([events[1], wrong])]
    assert statuses == ["repeated", "refused"]
    assert len(list(store.read("d"))) == 3


def test_a_day_may_be_stored_twice_but_not_with_another_beginning(town, store):
    assert begin(store, "d", town)
    assert not begin(store, "d", town)
    with pytest.raises(RequestError, match="E1621"):
        begin(store, "d", town._replace(policy=LivePolicy(notice_s=7)))
    assert store.days() == ["d"]
    with pytest.raises(RequestError, match="E1620"):
        KeptDay(store, "none")


def test_two_processes_cannot_write_the_same_number(town, log, store):
    events, _ = log
    begin(store, "d", town)
    one, other = KeptDay(store, "d"), KeptDay(store, "d")
    one.apply(events[:2])
    with pytest.raises(LostRace):
        other.apply(events[2:4])
    assert [e.event["id"] for e in store.read("d")] == [e.id for e in events[:2]]


def test_a_race_lost_twice_leaves_nothing_in_memory_that_the_log_has_not(
    town, log, store, monkeypatch
):
    events, _ = log
    begin(store, "d", town)
    verbs = DayVerbs(Settings())
    monkeypatch.setattr(verbs, "_store", store)

    def lose(*_):
        raise LostRace

    with monkeypatch.context() as racing:
        racing.setattr(store, "append", lose)
        with pytest.raises(LostRace):
            verbs._apply("d", events[:2], None)
    verbs._apply("d", events[2:3], None)
    assert verbs.day("d").day.fingerprint == KeptDay(store, "d").day.fingerprint


def test_the_clock_of_the_city_refuses_the_future(town, log, store):
    """The demo's day lies ahead or behind: only for one ahead is everything too early."""
    events, _ = log
    begin(store, "d", town._replace(utc_offset_min=480))
    kept = KeptDay(store, "d")
    now = kept._now()
    assert now is not None
    late = events[0].model_copy(update={"time_s": min(max(0, now + 7_200), 172_800)})
    expected = "refused" if late.time_s > now + kept.day.policy.future_s else "applied"
    assert kept.apply([late])[0].status == expected


# -- snapshots, and alarms that are answered first ------------------------------------------------


def test_opening_takes_the_latest_snapshot_that_can_be_used(town, log, store, monkeypatch):
    events, fingerprint = log
    monkeypatch.setattr(days, "SNAPSHOT_EVENTS", 10)
    monkeypatch.setattr(days, "SNAPSHOT_EVENTS_A_SHIFT", 0)
    begin(store, "d", town)
    kept = KeptDay(store, "d")
    for event in events:
        kept.apply([event])
        if kept.wants_snapshot:
            kept.write_snapshot()
    kept_at = [seq for seq, _ in store.snapshots("d")]
    assert kept_at == [40, 30]
    applied = []
    monkeypatch.setattr(
        LiveDay, "apply", lambda self, event, *a, real=LiveDay.apply: (
            applied.append(event.id), real(self, event, *a)
        )[1],
    )
    expected = {"whole": 0, "damaged": 10, "none": len(events)}
    for state, replayed in expected.items():
        if state == "damaged":  # the log tells what the older one does not
            store.add_snapshot("d", 40, store_body(store, 40)[:-1])
        elif state == "none":
            store.add_snapshot("d", 41, b"careroute-live-day/0")
            store.add_snapshot("d", 42, b"")
        applied.clear()
        again = KeptDay(store, "d")
        assert (state, len(applied)) == (state, replayed)
        assert (again.seq, again.day.fingerprint) == (len(events), fingerprint)


def store_body(store, seq):
    return dict(store.snapshots("d"))[seq]


def find_alarm(events):
    return next(k for k, e in enumerate(events) if e.kind == "alarm")


def test_an_alarm_is_in_the_log_when_it_is_answered_and_before_the_rest_is_done(town, log, store):
    events, _ = log
    k = find_alarm(events)
    begin(store, "d", town)
    kept, first = KeptDay(store, "d"), []
    kept.apply(events[:k])

    def hear(outcome):
        assert [e.event["id"] for e in store.read("d")][-1] == events[k].id
        assert list(store.read("d"))[-1].outcome is None
        first.append(outcome)

    (whole,) = kept.apply([events[k]], hear)
    assert first[0].is_first
    assert first[0].alarm == whole.alarm
    assert list(store.read("d"))[-1].outcome["event"] == events[k].id
    assert kept.apply([events[k]], hear)[0].status == "repeated"
    assert len(first) == 1
    kept.apply(events[k + 1 :])
    assert kept.day.fingerprint == log[1]


def test_a_crash_between_the_answer_and_the_rest_loses_neither(town, log, store):
    events, _ = log
    k = find_alarm(events)
    begin(store, "d", town)
    kept = KeptDay(store, "d")
    kept.apply(events[:k])

    class Killed(BaseException):
        pass

    def die(_):
        raise Killed

    with pytest.raises(Killed):
        kept.apply([events[k]], die)
    again = KeptDay(store, "d")
    assert again.seq == k + 1
    assert list(store.read("d"))[-1].outcome["alarm"]["order"] == events[k].order.id
    again.apply(events)
    assert again.day.fingerprint == log[1]


def test_an_alarm_whose_rest_fails_is_given_back_by_the_log(town, log, store, monkeypatch):
    events, _ = log
    k = find_alarm(events)
    begin(store, "d", town)
    kept = KeptDay(store, "d")
    kept.apply(events[:k])
    with monkeypatch.context() as patch:
        patch.setattr("engine.live.day.mend", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            kept.apply([events[k]], lambda _: None)
    again = KeptDay(store, "d")
    assert again.seq == k
    assert again.apply(events)[k].status == "applied"
    assert again.day.fingerprint == log[1]


# -- crashes --------------------------------------------------------------------------------------


def write_files(folder, town, events):
    native.save(town.problem, folder / "problem.json")
    native.save(town.plan, folder / "plan.json")
    lines = [orjson.dumps(event_data(e)) for e in events]
    (folder / "events.jsonl").write_bytes(b"\n".join(lines))


def run_until(folder, url, n_events):
    """Replay the file into the store; kill the process once so many events are in it."""
    command = [
        sys.executable, "-m", "api.cli", "live", "replay", str(folder / "events.jsonl"),
        "--problem", str(folder / "problem.json"), "--plan", str(folder / "plan.json"),
        "--store", url, "--day", "d", "--json",
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    if n_events is not None:
        store = DayStore(url)
        while process.poll() is None:
            if len(list(store.read("d"))) >= n_events:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.002)
        store.close()
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def crash(town, log, tmp_path, url, n_kills):
    events, fingerprint = log
    write_files(tmp_path, town, events)
    rng, killed, seen = random.Random(7), 0, 0
    store = DayStore(url)
    for _ in range(n_kills):
        code, _, _ = run_until(tmp_path, url, seen + rng.randint(0, 3))
        killed += code == -signal.SIGKILL
        ids = [e.event["id"] for e in store.read("d")]
        assert ids == [e.id for e in events[: len(ids)]]  # none lost, none twice, in order
        assert len(ids) >= seen
        seen = len(ids)
    code, out, err = run_until(tmp_path, url, None)
    assert code == 0, err
    found = orjson.loads(out)
    assert found["day"]["fingerprint"] == fingerprint
    assert [e.event["id"] for e in store.read("d")] == [e.id for e in events]
    store.close()
    return killed


@pytest.mark.slow
def test_after_ten_kills_no_event_is_lost_or_applied_twice(town, log, tmp_path):
    killed = crash(town, log, tmp_path, f"sqlite:///{tmp_path / 'days.sqlite'}", 10)
    assert killed >= 1  # it may be done before it is killed


@pytest.mark.long
def test_after_a_hundred_kills_no_event_is_lost_or_applied_twice(town, log, tmp_path):
    for k in range(10):
        folder = tmp_path / str(k)
        folder.mkdir()
        crash(town, log, folder, f"sqlite:///{folder / 'days.sqlite'}", 10)


# -- PostgreSQL -----------------------------------------------------------------------------------


@pytest.fixture
def postgres() -> Iterator[str]:
    """A server of its own on loopback; root, whom it does not serve, starts it as ``postgres``."""
    pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
    control, initdb = shutil.which("pg_ctl"), shutil.which("initdb")
    if control is None or initdb is None:
        pytest.skip("no PostgreSQL on this machine: pg_ctl or initdb is not on the path")
    folder = Path(tempfile.mkdtemp(prefix="careroute-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("runuser") is None or "postgres" not in {u.pw_name for u in pwd.getpwall()}:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    data, options = str(folder / "data"), f"-p {port} -h 127.0.0.1 -k {folder}"

    def call(*command: str) -> None:
        subprocess.run(
            [*as_user, *command], check=True, capture_output=True, env=env, cwd=folder, timeout=120
        )

    try:
        call(initdb, "-D", data, "-A", "trust", "-U", "care")
        call(control, "-D", data, "-o", options, "-w", "-l", str(folder / "log"), "start")
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL does not start here: {getattr(error, 'stderr', error)!r}")
    try:
        yield f"postgresql+psycopg://care@127.0.0.1:{port}/postgres"
    finally:
        call(control, "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def test_postgresql_keeps_a_day_as_sqlite_does(town, log, postgres):
    events, fingerprint = log
    store = DayStore(postgres)
    begin(store, "d", town)
    KeptDay(store, "d").apply(events[:10])
    assert [o.status for o in KeptDay(store, "d").apply(events)][:10] == ["repeated"] * 10
    assert KeptDay(store, "d").day.fingerprint == fingerprint
    with pytest.raises(RequestError, match="E1621"):
        begin(store, "d", town._replace(policy=LivePolicy(notice_s=7)))
    store.close()
