"""The process that keeps running days in memory: one after another from the pipe, as in a slot.

It is one process, so a day has one writer; what it keeps is no more than the store has, so it may
be killed at any moment and another takes its place.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable
from itertools import takewhile
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from api import service
from api.problems import Answer, RequestError
from api.settings import Settings
from api.worker import Teller, answer_calls

if TYPE_CHECKING:
    from api.days import KeptDay
    from api.store import DayStore
    from engine.live.answers import Outcome

#: Days that are held in memory at once; the one that was not asked for longest goes.
_MOST_OPEN: Final = 8


class DayVerbs:
    """What may be asked about running days: bytes in, answer out."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._store: DayStore | None = None
        self._open: OrderedDict[str, KeptDay] = OrderedDict()
        self._tell: Teller | None = None

    def answer(
        self, verb: Callable[..., Answer], arguments: dict[str, Any], tell: Teller
    ) -> Answer:
        """Answer one call; a verb that has more to do than to answer uses ``tell``."""
        self._tell = tell
        try:
            return verb(**arguments)
        finally:
            self._tell = None

    def verbs(self) -> dict[str, Callable[..., Answer]]:
        """Every verb by its name."""
        return {
            "begin": self.begin, "list": self.names, "show": self.show, "plan": self.plan,
            "worker": self.worker, "events": self.events, "log": self.log,
            "report": self.report,
        }

    def begin(self, *, body: bytes) -> Answer:
        """Begin a day, after the checker has read its plan.

        Raises
        ------
        InputError : faults of the problem, the plan or the policy.
        RequestError : ``E1621``, ``E1622``.
        """
        from api.days import begin
        from api.exchange import read_day_request

        name, beginning = read_day_request(body, self.settings)
        if beginning.plan.problem_fingerprint != beginning.problem.fingerprint or service.check(
            beginning.problem, beginning.plan, named_folder=self.settings.networks
        ):
            raise RequestError("E1622", "plan")
        is_new = begin(self.store, name, beginning)
        kept = self.day(name)
        return _json(self._state(kept), 201 if is_new else 200)

    def names(self) -> Answer:
        """List the days of the store."""
        return _json({"days": self.store.days()})

    def show(self, *, day: str) -> Answer:
        """Tell how a day stands."""
        return _json(self._state(self.day(day)))

    def plan(self, *, day: str) -> Answer:
        """Give the day as it went and as it will go."""
        return Answer(self.day(day).day.plan().model_dump_json().encode())

    def worker(self, *, day: str, worker: str) -> Answer:
        """Tell what one worker sees."""
        found = self.day(day).day.worker(worker)
        if found is None:
            raise RequestError("E1623", "path.worker")
        return _json(found)

    def report(self, *, day: str, wanted: str, lang: Literal["en", "zh"]) -> Answer:
        """Hold what was done against what was planned."""
        from api.negotiation import FORMATS
        from engine.formats.day_report import report_html, report_xlsx
        from engine.live.report import report_day

        kept = self.day(day).day
        found, problem = report_day(kept), kept.board.problem
        if wanted == "xlsx":
            return Answer(report_xlsx(found, problem), FORMATS[wanted])
        if wanted == "html":
            return Answer(report_html(found, problem, lang).encode(), FORMATS[wanted])
        return _json(found)

    def events(self, *, day: str, body: bytes) -> Answer:
        """Take in one event, or several as ``{"events": [...]}``; all are read before any counts.

        An alarm that comes alone is answered when it is known who goes and the log has it; what
        that means for everybody else is worked out then, and told by the stream.

        Raises
        ------
        InputError : faults of any of them; then none was taken in.
        """
        from engine.live.events import read_events

        document = service.loads(body)
        is_bulk = isinstance(document, dict) and set(document) == {"events"}
        given = document["events"] if is_bulk else [document]  # type: ignore[index]
        events = read_events(given if isinstance(given, list) else [given])
        tell = self._tell
        if is_bulk or tell is None:
            on_answer = None
        else:
            def on_answer(first: Outcome) -> None:
                tell(_json(first))
        outcomes = self._apply(day, events, on_answer)
        kept = self._open[day]
        answer = _json({"seq": kept.seq, "outcomes": outcomes} if is_bulk else outcomes[0])
        if tell is not None and kept.wants_snapshot:
            tell(answer)  # nobody waits for what only makes the next opening faster
            kept.write_snapshot()
        return answer

    def _apply(
        self, name: str, events: list[Any], on_answer: Callable[[Outcome], None] | None
    ) -> list[Outcome]:
        from api.store import LostRace

        def attempt() -> list[Outcome]:
            try:
                return self.day(name).apply(events, on_answer)
            except Exception:
                self._open.pop(name, None)  # memory may be ahead of the log; the log is the truth
                raise

        try:
            return attempt()
        except LostRace:  # somebody else writes this day, too: take theirs in, and try once more
            return attempt()

    def log(self, *, day: str, after: int, most: int) -> Answer:
        """Read what has happened since a sequence number."""
        if self.store.start(day) is None:
            raise RequestError("E1620", "path.day")
        entries = [  # of what is in the log and not worked out yet nothing can be told
            e._asdict()
            for e in takewhile(lambda e: e.outcome is not None, self.store.read(day, after, most))
        ]
        return _json({"entries": entries})

    @property
    def store(self) -> DayStore:
        """The database, opened when it is first asked.

        Raises
        ------
        RequestError : ``E1624``, the package is missing.
        """
        if self._store is None:
            try:
                from api.store import DayStore, default_url
            except ImportError:
                raise RequestError("E1624", "") from None
            self._store = DayStore(self.settings.database or default_url())
        return self._store

    def day(self, name: str) -> KeptDay:
        """Open a day, from memory or from its log."""
        from api.days import KeptDay

        if name not in self._open:
            self._open[name] = KeptDay(
                self.store, name, named_folder=self.settings.networks
            )
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
            # A city's day is a million objects that stay: walking them again and again would take
            # a second each time, in the middle of somebody's alarm.
            gc.collect()
            gc.freeze()
        self._open.move_to_end(name)
        return self._open[name]

    def _state(self, kept: KeptDay) -> dict[str, Any]:
        from api.days import summary

        return {"id": kept.name, "seq": kept.seq, **summary(kept.day)}


def serve(pipe: Connection, settings: Settings) -> None:
    """Answer calls about days until the other end of the pipe closes."""
    days = DayVerbs(settings)
    verbs = days.verbs()
    answer_calls(
        pipe, service.warm_up,
        lambda call, _stop, tell: days.answer(verbs[call.verb], call.arguments, tell),
    )


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(orjson.dumps(document), status=status)  # dataclasses as objects


