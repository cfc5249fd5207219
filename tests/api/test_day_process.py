"""Whose turn it is with the process that keeps running days."""

from __future__ import annotations

import asyncio

import pytest

from api import day_process
from api.day_process import _Turn, is_alarm
from api.problems import RequestError


def test_the_urgent_go_before_all_that_wait() -> None:
    async def run() -> list[str]:
        turn, order = _Turn(), []

        async def call(name: str, *, is_urgent: bool) -> None:
            async with turn.taken(is_urgent):
                order.append(name)
                await all_wait.wait()

        all_wait = asyncio.Event()
        calls = [asyncio.create_task(call("first", is_urgent=False))]
        await asyncio.sleep(0)
        for name in ("a", "b", "gone", "alarm 1", "alarm 2"):
            calls.append(asyncio.create_task(call(name, is_urgent="alarm" in name)))
            await asyncio.sleep(0)
        calls[3].cancel()
        all_wait.set()
        await asyncio.gather(*calls, return_exceptions=True)
        await call("after", is_urgent=False)
        return order

    assert asyncio.run(run()) == ["first", "alarm 1", "alarm 2", "a", "b", "after"]


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_process, "_WAIT_S", 0.01)

    async def run() -> None:
        turn = _Turn()
        async with turn.taken(False):
            with pytest.raises(RequestError, match="E1607"):
                async with turn.taken(True):
                    raise AssertionError
        async with turn.taken(False):
            pass

    asyncio.run(run())


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"id":"a","kind":"alarm"}', True), (b'{"id":"a","kind":"clock"}', False),
        (b'{"kind":"alarm"}' + b" " * 20_000, False),
    ],
)
def test_an_alarm_is_told_by_its_body(body: bytes, found: bool) -> None:
    assert is_alarm(body) is found
