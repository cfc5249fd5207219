"""Solving processes, one a slot: supervised, cancelled softly, then hard, replaced when dead.

The event loop only moves bytes. Parsing, solving and rendering run in a slot, because a JSON parser
holds the interpreter's lock, and in a thread would stop ``/health``; a process can also be killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import multiprocessing
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from api import worker
from api.problems import Answer, RequestError
from api.settings import Settings

_LOG = logging.getLogger("careroute.api")
_T = TypeVar("_T")
#: Spawned, never forked: a fork of a process with threads inherits their locks.
_SPAWN = multiprocessing.get_context("spawn")
#: After a soft cancel a process has so long to answer before it is killed.
SOFT_CANCEL_S = 4.0
#: Between attempts to start a process that dies while it warms up.
_RESTART_S = 1.0


def _ignore(_share: float) -> None:
    """Take the progress of a call that nobody follows."""


class SlotDied(Exception):
    """A solving process ended in the middle of a call."""


class _Slot:
    """One process and the pipe to it; its methods block, so they run in the pool's threads."""

    def __init__(self, settings: Settings, serve: Callable[[Connection, Settings], None]) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._sending = threading.Lock()
        self._process = _SPAWN.Process(
            target=serve, args=(theirs, settings), name="careroute-slot", daemon=True
        )
        self._process.start()
        theirs.close()

    def receive(self) -> Any:
        try:
            return self._pipe.recv()
        except (EOFError, OSError) as error:
            raise SlotDied from error

    def send(self, message: worker.Call | worker.Cancel) -> None:
        with self._sending, contextlib.suppress(OSError):  # a dead process shows in receive
            self._pipe.send(message)

    def ask(self, call: worker.Call, on_progress: Callable[[float], None]) -> Answer:
        self.send(call)
        while isinstance(message := self.receive(), worker.Progress):
            on_progress(message.share)
        answer: Answer = message
        return answer

    def kill(self) -> None:
        self._process.kill()
        self._process.join(5)


class SlotPool:
    """``settings.slots`` processes and a line of callers that wait ``settings.wait_s`` for one.

    Parameters
    ----------
    settings : limits of the service.
    serve : what each process runs; a test may put its own there.
    """

    def __init__(
        self, settings: Settings, serve: Callable[[Connection, Settings], None] = worker.serve
    ) -> None:
        self.settings = settings
        self._serve = serve
        self._serials = itertools.count(1)
        self._slots: set[_Slot] = set()
        self._warm: set[_Slot] = set()
        self._idle: asyncio.Queue[_Slot] = asyncio.Queue()
        self._chores: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(2 * settings.slots, thread_name_prefix="slot")

    @property
    def n_warm(self) -> int:
        """Processes that have compiled their kernels and take calls."""
        return len(self._warm)

    def open(self) -> None:
        """Start the processes; they warm up in the background."""
        self._start_chore(self._bring_up_all())

    async def close(self) -> None:
        """End all processes; calls in flight have been awaited by the server before."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        for slot in self._slots:
            slot.kill()
        self._threads.shutdown(wait=False)

    async def run(
        self,
        verb: str,
        arguments: dict[str, Any],
        request_id: str,
        gone: Callable[[], Awaitable[None]],
        on_progress: Callable[[float], None] | None = None,
    ) -> Answer:
        """Have a slot answer.

        Parameters
        ----------
        gone : returns when nobody waits for the answer any more.
        on_progress : takes the share done, 0..1, in the event loop; for verbs that tell it.

        Raises
        ------
        RequestError : ``E1608`` warming up, ``E1607`` all slots busy, ``E1613`` took too long.
        SlotDied : the process ended; another takes its place.
        """
        if not self._warm:
            raise RequestError("E1608", "", headers={"Retry-After": "2"})
        try:
            slot = await asyncio.wait_for(self._idle.get(), self.settings.wait_s)
        except asyncio.TimeoutError:
            raise RequestError(
                "E1607",
                "",
                slots=self.settings.slots,
                headers={"Retry-After": str(max(1, round(self.settings.default_seconds)))},
            ) from None
        call = worker.Call(
            next(self._serials), verb, arguments, request_id, on_progress is not None
        )
        loop, heard = asyncio.get_running_loop(), on_progress or _ignore

        def tell(share: float) -> None:
            loop.call_soon_threadsafe(heard, share)

        answer = asyncio.ensure_future(self._in_thread(slot.ask, call, tell))
        watch = asyncio.ensure_future(gone())
        limit = self.settings.max_seconds + self.settings.overhead_s
        try:
            await asyncio.wait({answer, watch}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            if watch.done():
                return Answer(b"", status=499)  # nobody reads it; the log line does
            raise RequestError("E1613", "problem", limit=round(limit))
        finally:
            watch.cancel()
            self._start_chore(self._take_back(slot, call, answer))

    async def _take_back(
        self, slot: _Slot, call: worker.Call, answer: asyncio.Future[Answer]
    ) -> None:
        if not answer.done():
            await self._in_thread(slot.send, worker.Cancel(call.serial))
            await asyncio.wait({answer}, timeout=SOFT_CANCEL_S)
        if answer.done() and not answer.cancelled() and answer.exception() is None:
            self._idle.put_nowait(slot)
            return
        _LOG.warning("slot replaced request=%s", call.request_id)
        await self._discard(slot)
        await asyncio.gather(answer, return_exceptions=True)
        await self._bring_up()

    async def _bring_up_all(self) -> None:
        # One after another: on a new machine the first compiles for a minute, the others load that.
        for _ in range(self.settings.slots):
            await self._bring_up()

    async def _bring_up(self) -> None:
        while True:
            slot = await self._in_thread(_Slot, self.settings, self._serve)
            self._slots.add(slot)
            try:
                await self._in_thread(slot.receive)  # says that it is warm
            except SlotDied:
                _LOG.error("slot died while warming up")
                await self._discard(slot)
                await asyncio.sleep(_RESTART_S)
                continue
            self._warm.add(slot)
            self._idle.put_nowait(slot)
            return

    async def _discard(self, slot: _Slot) -> None:
        self._warm.discard(slot)
        self._slots.discard(slot)
        await self._in_thread(slot.kill)

    async def _in_thread(self, function: Callable[..., _T], *args: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def _start_chore(self, chore: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
