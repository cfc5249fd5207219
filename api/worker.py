"""What runs in a solving process: one call after another from the pipe, until the pipe closes."""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

from api.problems import Answer, guard
from api.settings import Settings

#: What a process says once, before its first call.
WARM: Final = "warm"
#: When the service is gone, a call has so long to end.
_ORPHAN_S = 2.0
_NICE = 5
#: Between two shares that are told.
_PROGRESS_S = 0.2


class Call(NamedTuple):
    """What a slot is asked: a verb of ``api.exchange``, its arguments, and whose request it is."""

    serial: int
    verb: str
    arguments: dict[str, Any]
    request_id: str
    wants_progress: bool = False


class Progress(NamedTuple):
    """The share of a call that is done, 0..1; comes before its answer, to calls that want it."""

    share: float


class Cancel(NamedTuple):
    """End the call of this serial with what it has; of no effect once it was answered."""

    serial: int


#: Sends how far a call is, or the answer of one that has more to do; what that one returns is then
#: not sent.
Teller = Callable[["Answer | Progress"], None]


class _Inbox:
    """Reads the pipe beside the running call, so that a cancel is heard while it computes."""

    def __init__(self, pipe: Connection) -> None:
        self.calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self.stop = threading.Event()
        self._pipe = pipe
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        serial = 0
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):  # the service ended, however that came about
                self.stop.set()
                self.calls.put(None)
                last_resort = threading.Timer(_ORPHAN_S, os._exit, (1,))
                last_resort.daemon = True
                last_resort.start()
                return
            if isinstance(message, Call):
                serial = message.serial
                self.stop.clear()
                self.calls.put(message)
            elif message.serial == serial:
                self.stop.set()


def serve(pipe: Connection, settings: Settings) -> None:
    """Warm up, say so, and answer calls until the other end of the pipe closes."""

    def warm_up() -> None:
        from api import service

        service.warm_up()
        os.nice(_NICE)  # where cores are few, an answer of /health goes before a better plan

    def answer(call: Call, stop: threading.Event, tell: Teller) -> Answer:
        from api import exchange

        verb: Any = exchange.VERBS[call.verb]
        more = {"on_progress": spaced(tell)} if call.wants_progress else {}
        result: Answer = verb(settings=settings, should_stop=stop.is_set, **more, **call.arguments)
        return result

    answer_calls(pipe, warm_up, answer)


def spaced(tell: Teller) -> Callable[[float], None]:
    """Make what takes shares: it tells those that are news, a few a second at most."""
    told, when = -1.0, -_PROGRESS_S

    def take(share: float) -> None:
        nonlocal told, when
        now = time.monotonic()
        if share > told and (now - when >= _PROGRESS_S or share >= 1.0):
            told, when = share, now
            tell(Progress(min(1.0, share)))

    return take


def answer_calls(
    pipe: Connection,
    warm_up: Callable[[], None],
    answer: Callable[[Call, threading.Event, Teller], Answer],
) -> None:
    """Be a supervised process: get ready, say so, then answer one call after another.

    Parameters
    ----------
    warm_up : what has to be done before the first call.
    answer : takes a call, an event that is set when nobody waits for the answer any more, and a
        function that sends the answer at once, for calls that have more to do after it.
    """
    # A Ctrl-C or a stop of the whole group is the service's to handle: it lets calls finish.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    inbox = _Inbox(pipe)
    warm_up()
    pipe.send(WARM)
    while (call := inbox.calls.get()) is not None:
        told: list[Answer] = []

        def tell(found: Answer | Progress, told: list[Answer] = told) -> None:
            if not told:
                pipe.send(found)
                if isinstance(found, Answer):
                    told.append(found)

        tell(guard(call.request_id, partial(answer, call, inbox.stop, tell)))
