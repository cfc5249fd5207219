from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any

import pytest

from api import slots, worker
from api.problems import Answer, RequestError
from api.settings import Settings
from api.slots import SlotDied, SlotPool

ONE = Settings(slots=1, wait_s=0.2)
PATIENT = Settings(slots=1, wait_s=60, overhead_s=300)


def fake_serve(pipe: Connection, settings: Settings) -> None:
    """Answers with its process id; sleeps, hangs or dies on request."""
    inbox = worker._Inbox(pipe)
    pipe.send(worker.WARM)
    while (call := inbox.calls.get()) is not None:
        if call.verb == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if call.verb == "wait":  # as a solver does: until it is told to stop
            pipe.send(worker.Progress(0.0))
            inbox.stop.wait(600)
        if call.verb == "hang":  # deaf
            time.sleep(600)
        pipe.send(Answer(str(os.getpid()).encode()))


def die_at_birth(pipe: Connection, settings: Settings) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def nobody_leaves() -> None:
    await asyncio.sleep(3600)


async def warm(pool: SlotPool) -> None:
    pool.open()
    await until(lambda: pool.n_warm > 0)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what comes soon, or never."""
    for _ in range(60_000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


def with_pool(
    test: Callable[[SlotPool], Awaitable[None]], settings: Settings = ONE, serve: Any = fake_serve
) -> None:
    async def run() -> None:
        pool = SlotPool(settings, serve)
        try:
            await warm(pool)
            await test(pool)
        finally:
            await pool.close()

    asyncio.run(run())


async def ask(pool: SlotPool, verb: str, gone: Any = nobody_leaves) -> Answer:
    return await pool.run(verb, {}, "r", gone)


def test_one_process_answers_call_after_call() -> None:
    async def test(pool: SlotPool) -> None:
        first, second = await ask(pool, "pid"), await ask(pool, "pid")
        assert first == second
        assert int(first.body) != os.getpid()

    with_pool(test)


def test_a_full_house_is_told_when_to_come_back() -> None:
    async def test(pool: SlotPool) -> None:
        busy = asyncio.create_task(ask(pool, "wait"))
        await until(lambda: pool._idle.empty())
        with pytest.raises(RequestError, match="E1607") as caught:
            await ask(pool, "pid")
        assert int(caught.value.headers["Retry-After"]) >= 1
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)

    with_pool(test)


def test_who_leaves_ends_the_call_and_the_process_lives_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "SOFT_CANCEL_S", 300)  # it is never killed for being slow

    async def test(pool: SlotPool) -> None:
        pid = (await ask(pool, "pid")).body
        begun = asyncio.Event()
        left = await pool.run("wait", {}, "r", begun.wait, lambda _: begun.set())
        assert left.status == 499
        assert (await ask(pool, "pid")).body == pid

    with_pool(test, PATIENT)


def test_a_deaf_process_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "SOFT_CANCEL_S", 0.1)

    async def leave() -> None:
        return

    async def test(pool: SlotPool) -> None:
        pid = (await ask(pool, "pid")).body
        await ask(pool, "hang", leave)
        assert (await ask(pool, "pid")).body != pid

    with_pool(test, PATIENT)


def test_a_process_that_dies_costs_one_answer_and_no_more() -> None:
    async def test(pool: SlotPool) -> None:
        with pytest.raises(SlotDied):
            await ask(pool, "die")
        assert (await ask(pool, "pid")).status == 200

    with_pool(test, PATIENT)


def test_a_call_beyond_its_time_is_ended() -> None:
    async def test(pool: SlotPool) -> None:
        with pytest.raises(RequestError, match="E1613"):
            await ask(pool, "wait")
        pool.settings = PATIENT
        assert (await ask(pool, "pid")).status == 200

    with_pool(test, Settings(slots=1, max_seconds=1, overhead_s=0.1, wait_s=60))


def test_nothing_is_taken_before_a_process_is_warm() -> None:
    async def test() -> None:
        pool = SlotPool(ONE, die_at_birth)
        pool.open()
        try:
            await asyncio.sleep(0.5)
            with pytest.raises(RequestError, match="E1608"):
                await ask(pool, "pid")
        finally:
            await pool.close()

    asyncio.run(test())


def test_a_process_ends_when_the_service_is_gone() -> None:
    async def test(pool: SlotPool) -> None:
        await ask(pool, "pid")
        (slot,) = pool._slots
        slot._pipe.close()  # what a killed service leaves behind
        await until(lambda: not slot._process.is_alive())

    with_pool(test)
