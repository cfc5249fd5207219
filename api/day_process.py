"""The one process that keeps running days, started when the first is asked for.

Beside it, where ``CAREROUTE_IMPROVE_S`` says so, another one that reads their logs and looks for a
better rest of the day. What it finds is sent to the first as an event like any other, and waits for
its turn like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from api import days_improver, days_worker
from api.problems import Answer, RequestError
from api.settings import Settings
from api.slots import SlotDied, SlotPool

_LOG = logging.getLogger("careroute.api")
#: Callers of running days stand in one line, and nobody is turned away for a busy second.
_WAIT_S = 30.0
_READY_S = 60.0
#: Opening a city's day takes so long at most, on a machine that has other work.
_OPEN_S = 600.0
#: A day is left in peace for so long after a change, before a better rest of it is looked for.
_QUIET_S = 1.0
#: So many searches in a row that find nothing end the looking, until something happens.
_ENOUGH = 6
#: A longer body is no single alarm.
_ALARM_BYTES = 16_384


def is_alarm(body: bytes) -> bool:
    """Guess whether a body is an alarm, without reading it: a wrong guess costs others a turn."""
    return len(body) < _ALARM_BYTES and b'"alarm"' in body


class DayProcess:
    """Calls into the process, and news of days for those who follow them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.model_copy(update={
            "slots": 1, "wait_s": _WAIT_S, "overhead_s": max(_OPEN_S, settings.overhead_s),
        })
        self._pool: SlotPool | None = None
        self._improver: SlotPool | None = None
        self._turn = _Turn()
        self._news: dict[str, asyncio.Event] = {}
        self._searches: dict[str, asyncio.Task[None]] = {}

    async def run(
        self, verb: str, arguments: dict[str, Any], request_id: str,
        gone: Callable[[], Awaitable[None]], *, is_urgent: bool = False,
    ) -> Answer:
        """Have the process answer; errors as in ``SlotPool.run``.

        ``is_urgent``: goes before all that waits, and after what is being worked on.
        """
        if self._pool is None:
            self._pool = SlotPool(self._settings, days_worker.serve)
            self._pool.open()
        await _warm(self._pool)
        async with self._turn.taken(is_urgent):
            return await self._pool.run(verb, arguments, request_id, gone)

    def tell(self, day: str) -> None:
        """Wake those who follow a day: something has happened."""
        self._wake(day)
        if self._settings.improve_s > 0 and day not in self._searches:
            task = asyncio.create_task(self._improve(day))
            self._searches[day] = task
            task.add_done_callback(lambda _: self._searches.pop(day, None))

    async def wait(self, day: str, seconds: float) -> None:
        """Return when something has happened on a day, or after some seconds."""
        news = self._news.setdefault(day, asyncio.Event())
        try:
            await asyncio.wait_for(news.wait(), seconds)
        except asyncio.TimeoutError:
            return

    async def close(self) -> None:
        """End the processes; the days are in the store."""
        for task in self._searches.values():
            task.cancel()
        await asyncio.gather(*self._searches.values(), return_exceptions=True)
        for pool in (self._improver, self._pool):
            if pool is not None:
                await pool.close()

    def _wake(self, day: str) -> None:
        news = self._news.pop(day, None)
        if news is not None:
            news.set()

    async def _improve(self, day: str) -> None:
        """Look for better rests of a day, a few shifts at a time, until nothing is found."""
        if self._improver is None:
            self._improver = SlotPool(self._settings, days_improver.serve)
            self._improver.open()
        in_vain = turn = 0
        with contextlib.suppress(RequestError, SlotDied):  # the next change tries again
            await _warm(self._improver)
            while in_vain < _ENOUGH:
                await asyncio.sleep(_QUIET_S)
                found = await self._improver.run(
                    "improve", {"day": day, "turn": turn}, "improve", _nobody_leaves
                )
                turn += 1
                in_vain += 1
                if found.status != 200:
                    continue
                told = await self.run(
                    "events", {"day": day, "body": found.body}, "improve", _nobody_leaves
                )
                _LOG.info("improved day status=%d", told.status)
                self._wake(day)
                in_vain = 0


class _Turn:
    """Whose turn it is: one at a time, the urgent first, else in the order of coming."""

    def __init__(self) -> None:
        self._is_taken = False
        self._line: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._serials = itertools.count()

    @contextlib.asynccontextmanager
    async def taken(self, is_urgent: bool) -> Any:
        """Wait for the turn, and hold it for the body."""
        if self._is_taken:
            mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._line, (not is_urgent, next(self._serials), mine))
            try:
                await asyncio.wait_for(mine, _WAIT_S)
            except asyncio.TimeoutError:
                raise RequestError("E1607", "", slots=1, headers={"Retry-After": "5"}) from None
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():  # it was given in this very moment
                    self._pass_on()
                raise
        self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._line:
            _, _, other = heapq.heappop(self._line)
            if not other.done():
                other.set_result(None)  # the turn stays taken: it is theirs
                return
        self._is_taken = False


async def _warm(pool: SlotPool) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_S
    while not pool.n_warm and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.05)


async def _nobody_leaves() -> None:
    await asyncio.Event().wait()
