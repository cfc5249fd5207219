"""The one process that keeps running days, started when the first is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from api import days_worker
from api.problems import Answer
from api.settings import Settings
from api.slots import SlotPool

#: Callers of running days stand in one line, and nobody is turned away for a busy second.
_WAIT_S = 30.0
_READY_S = 60.0


class DayProcess:
    """Calls into the process, and news of days for those who follow them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.model_copy(update={"slots": 1, "wait_s": _WAIT_S})
        self._pool: SlotPool | None = None
        self._news: dict[str, asyncio.Event] = {}

    async def run(
        self, verb: str, arguments: dict[str, Any], request_id: str,
        gone: Callable[[], Awaitable[None]],
    ) -> Answer:
        """Have the process answer; errors as in ``SlotPool.run``."""
        if self._pool is None:
            self._pool = SlotPool(self._settings, days_worker.serve)
            self._pool.open()
        deadline = asyncio.get_running_loop().time() + _READY_S
        while not self._pool.n_warm and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        return await self._pool.run(verb, arguments, request_id, gone)

    def tell(self, day: str) -> None:
        """Wake those who follow a day: something has happened."""
        news = self._news.pop(day, None)
        if news is not None:
            news.set()

    async def wait(self, day: str, seconds: float) -> None:
        """Return when something has happened on a day, or after some seconds."""
        news = self._news.setdefault(day, asyncio.Event())
        try:
            await asyncio.wait_for(news.wait(), seconds)
        except asyncio.TimeoutError:
            return

    async def close(self) -> None:
        """End the process, if there is one; the days are in the store."""
        if self._pool is not None:
            await self._pool.close()
