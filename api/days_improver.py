"""The process that looks for better rests of running days: it reads logs and writes nothing.

It keeps each day as its log tells it, so it never asks the process that answers alarms. It is nice
to the other processes, and may be killed at any moment.
"""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import orjson

from api import service
from api.problems import Answer
from api.settings import Settings
from api.worker import answer_calls

if TYPE_CHECKING:
    from api.days import KeptDay
    from api.store import DayStore

_NICE = 10


class Improver:
    """Days as their logs tell them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._store: DayStore | None = None
        self._days: dict[str, KeptDay] = {}

    def improve(self, *, day: str, turn: int) -> Answer:
        """Look for a better rest of a day: 200 with the event, or 204."""
        from engine.live.events import event_data
        from engine.live.improve import Search, improve

        kept = self._follow(day)
        search = Search(iterations=None, seconds=self.settings.improve_s)
        step = improve(kept.day, turn, search)
        if step is None:
            return Answer(b"", status=204)
        return Answer(orjson.dumps(event_data(step.event)))

    def _follow(self, name: str) -> KeptDay:
        from api.days import KeptDay
        from api.store import DayStore, default_url

        if self._store is None:
            self._store = DayStore(self.settings.database or default_url())
        kept = self._days.pop(name, None)  # put back when it is known to be whole
        if kept is None:
            kept = KeptDay(
                self._store, name, named_folder=self.settings.networks, is_follower=True
            )
        else:
            kept.catch_up()
        self._days = {name: kept}  # one day at a time: a day is as large as a city
        return kept


def serve(pipe: Connection, settings: Settings) -> None:
    """Answer calls until the other end of the pipe closes."""
    improver = Improver(settings)

    def warm_up() -> None:
        service.warm_up()
        os.nice(_NICE)

    answer_calls(
        pipe, warm_up, lambda call, _stop, _tell: improver.improve(**call.arguments)
    )
