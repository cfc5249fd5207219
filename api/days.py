"""Running days behind both doors: begun, fed with events, looked at; kept in the store.

An event is answered when it is in the log and not before. Were the process to end between the two,
whoever sent it gets no answer, sends it again, and it counts once.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from api.problems import RequestError
from engine.errors import InputError

if TYPE_CHECKING:
    from api.store import DayStore
    from engine.domain.plan import Plan
    from engine.domain.problem import Problem
    from engine.live.answers import LivePolicy, Outcome
    from engine.live.day import LiveDay
    from geodata import Network


#: A day is opened from what it looked like so many events ago, and the log since then: at least so
#: many, and so many a shift, so that writing it takes well under a hundredth of a large day's time.
SNAPSHOT_EVENTS, SNAPSHOT_EVENTS_A_SHIFT = 500, 2


class Beginning(NamedTuple):
    """What a day begins with. ``utc_offset_min``: of the city; None: events have no true clock."""

    problem: Problem
    plan: Plan
    policy: LivePolicy
    utc_offset_min: int | None = None


class KeptDay:
    """One day in memory beside its log; made of the log alone when it is opened.

    Parameters
    ----------
    store : where the log is.
    name : of the day.
    network : the streets; None opens what the problem names.
    named_folder, folder : as in ``engine.networks.open_network``.
    is_follower : only reads the log, which another process writes.
    """

    def __init__(
        self, store: DayStore, name: str, *, network: Network | None = None,
        named_folder: Path | None = None, folder: Path | None = None, is_follower: bool = False,
    ) -> None:
        self.store, self.name, self._is_follower = store, name, is_follower
        start = store.start(name)
        if start is None:
            raise RequestError("E1620", "path.day")
        self.beginning = _read_beginning(start)
        self.day: LiveDay = _open(self.beginning, network, named_folder, folder)
        self.seq = self._snapshot_seq = self._restore()
        self.catch_up()

    def catch_up(self) -> None:
        """Take in what the log has more than this."""
        from engine.live.events import parse_event

        for entry in self.store.read(self.name, after=self.seq):
            if entry.outcome is None and self._is_follower:
                return  # the other one is at it
            event, faults = parse_event(entry.event, "event")
            if faults:
                raise InputError(faults)
            outcome = self.day.apply(event)
            if entry.outcome is None:  # the process ended between the answer and the rest of it
                self.store.set_outcome(self.name, entry.seq, outcome)
            self.seq = entry.seq

    def apply(
        self, events: Sequence[Any], on_answer: Callable[[Outcome], None] | None = None
    ) -> list[Outcome]:
        """Take in events; they are in the log when this returns, all of one call or none.

        Parameters
        ----------
        on_answer : told of an alarm who goes, when the log has it and before the rest is done: for
            one event alone. Where the rest fails by a defect the log gives the alarm back.

        Raises
        ------
        api.store.LostRace : another process has the day too; open it again.
        """
        from engine.live.events import event_data

        received = self._now()
        if on_answer is not None and len(events) == 1:
            return [self._apply_in_two(events[0], received, on_answer)]
        outcomes, kept = [], []
        for event in events:
            outcome = self.day.apply(event, received)
            outcomes.append(outcome)
            if outcome.status in ("applied", "superseded"):
                kept.append((event_data(event), outcome))
        self.store.append(self.name, self.seq + 1, kept)
        self.seq += len(kept)
        return outcomes

    def _apply_in_two(
        self, event: Any, received: int | None, on_answer: Callable[[Outcome], None]
    ) -> Outcome:
        """Keep and answer an alarm first, then make the plan true and keep what that changed."""
        from engine.live.events import event_data

        seq, store = self.seq + 1, self.store
        is_kept = False

        def keep(first: Outcome) -> None:
            nonlocal is_kept
            store.append(self.name, seq, [(event_data(event), None)])
            is_kept = True
            on_answer(first)

        self.day.on_answer = keep
        try:
            outcome = self.day.apply(event, received)
        except Exception:
            if is_kept:
                store.take_back(self.name, seq)
            raise
        finally:
            self.day.on_answer = None
        if is_kept:
            store.set_outcome(self.name, seq, outcome)
        elif outcome.status in ("applied", "superseded"):
            store.append(self.name, seq, [(event_data(event), outcome)])
        else:
            return outcome
        self.seq = seq
        return outcome

    @property
    def wants_snapshot(self) -> bool:
        """Whether opening the day would have to replay many events."""
        a_shift = SNAPSHOT_EVENTS_A_SHIFT * len(self.day.board.lines)
        return self.seq - self._snapshot_seq >= max(SNAPSHOT_EVENTS, a_shift)

    def write_snapshot(self) -> None:
        """Keep the day as it is beside its log."""
        from engine.live.snapshot import save

        self.store.add_snapshot(self.name, self.seq, save(self.day))
        self._snapshot_seq = self.seq

    def _restore(self) -> int:
        """Take the latest snapshot that can be used; gives its sequence number, 0 for none."""
        from engine.live.snapshot import Unusable, restore

        for seq, body in self.store.snapshots(self.name):
            try:
                restore(self.day, body)
            except Unusable:
                continue
            return seq
        return 0

    def _now(self) -> int | None:
        """Seconds since the day's midnight in its city."""
        offset = self.beginning.utc_offset_min
        if offset is None:
            return None
        zone = datetime.timezone(datetime.timedelta(minutes=offset))
        midnight = datetime.datetime.combine(
            self.beginning.problem.day, datetime.time(), tzinfo=zone
        )
        return int(time.time() - midnight.timestamp())


def begin(store: DayStore, name: str, beginning: Beginning) -> bool:
    """Store a new day; False where the very same was stored before.

    Raises
    ------
    RequestError : ``E1621``, a day of this name began otherwise.
    """
    from api.store import DayExists
    from engine.formats.native import problem_data

    start = {
        "problem": problem_data(beginning.problem),
        "plan": beginning.plan.model_dump(mode="json"),
        "policy": beginning.policy.model_dump(mode="json"),
        "utc_offset_min": beginning.utc_offset_min,
    }
    try:
        return store.add_day(name, start)
    except DayExists:
        raise RequestError("E1621", "id") from None


def replay(
    beginning: Beginning,
    events: Sequence[Any],
    *,
    network: Network | None = None,
    folder: Path | None = None,
    store: DayStore | None = None,
    name: str | None = None,
    improve: int = 0,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[LiveDay, list[Outcome]]:
    """Send a file of events to a day: to one in memory, or to one that is kept in a store.

    A day in a store goes on where it was: what is in its log already is repeated and changes
    nothing. ``improve``: iterations of search for a better rest of the day after each event that
    changed something; what is found is an event like the others, and has its outcome.
    """
    tell = on_progress or (lambda share: None)
    outcomes: list[Outcome] = []
    if store is None:
        day = _open(beginning, network, None, folder)
        kept = None
    else:
        name = name or beginning.problem.id
        begin(store, name, beginning)
        kept = KeptDay(store, name, network=network, folder=folder)
        day = kept.day

    def apply(event: Any) -> Outcome:
        outcomes.append(kept.apply([event])[0] if kept is not None else day.apply(event))
        return outcomes[-1]

    for k, event in enumerate(events):
        if apply(event).status == "applied" and improve:
            _improve(day, k, improve, apply)
        if kept is not None and kept.wants_snapshot:
            kept.write_snapshot()
        tell((k + 1) / len(events))
    return day, outcomes


def _improve(
    day: LiveDay, turn: int, iterations: int, apply: Callable[[Any], Outcome]
) -> None:
    from engine.live.improve import Search, improve

    step = improve(day, turn, Search(iterations))
    if step is not None:
        apply(step.event)


def replay_files(
    problem: Problem, plan: Plan, events: Sequence[Any], *, folder: Path | None,
    network: Path | None, store_url: str | None, name: str | None,
    on_progress: Callable[[float], None], improve: int = 0,
) -> tuple[LiveDay, list[Outcome]]:
    """Replay for the command line: a network and a store by name.

    Raises
    ------
    RequestError : ``E1622``, the plan is not one for the problem.
    """
    from api.service import open_file
    from engine.live.answers import LivePolicy

    if plan.problem_fingerprint != problem.fingerprint:
        raise RequestError("E1622", "plan")
    store = None
    if store_url is not None:
        from api.store import DayStore

        store = DayStore(store_url)
    try:
        return replay(
            Beginning(problem, plan, LivePolicy()), events, folder=folder,
            network=open_file(network) if network else None, store=store, name=name,
            improve=improve, on_progress=on_progress,
        )
    finally:
        if store is not None:
            store.close()


def open_stored(store_url: str, name: str, network: Path | None) -> LiveDay:
    """Open a day that is kept in a store, to look at it.

    Raises
    ------
    RequestError : ``E1620``, there is no such day.
    """
    from api.service import open_file
    from api.store import DayStore

    store = DayStore(store_url)
    try:
        streets = open_file(network) if network else None
        return KeptDay(store, name, network=streets, is_follower=True).day
    finally:
        store.close()


def write_reports(day: LiveDay, paths: Sequence[Path], lang: Literal["en", "zh"]) -> dict[str, Any]:
    """Write plan against actual to files, by their endings; gives the report."""
    from engine.formats.day_report import write_report
    from engine.live.report import report_day

    report = report_day(day)
    for path in paths:
        write_report(report, day.board.problem, path, lang)
    return report


def read_events_file(path: Path) -> list[Any]:
    """Read events from a JSON list, or from one JSON object a line.

    Raises
    ------
    InputError : with the faults of all of them.
    """
    from engine.formats import native
    from engine.live.events import read_events

    body = native.read_bytes(path)
    if body.lstrip()[:1] == b"[":
        items = native.loads(body)
    else:
        items = [_load_line(k, line) for k, line in enumerate(body.splitlines()) if line.strip()]
    assert isinstance(items, list)
    return read_events(items)


def _load_line(before: int, line: bytes) -> object:
    """Read the JSON of a line; a fault names the line of the file."""
    from engine.formats import native

    try:
        return native.loads(line)
    except InputError:
        return native.loads(b"\n" * before + line)


def save_plan(day: LiveDay, path: Path) -> None:
    """Write the day as it went and as it will go."""
    from engine.formats import native

    native.save(day.plan(), path)


def summary(day: LiveDay) -> dict[str, Any]:
    """Tell how a day stands."""
    board = day.board
    closed: dict[str, int] = {}
    for state in board.closed.values():
        closed[state] = closed.get(state, 0) + 1
    return {
        "clock_s": board.clock,
        "orders": len(board.orders),
        "on_routes": len(board.line_of),
        "waiting": sorted(board.waiting),
        "closed": closed,
        "delays": dict(sorted(board.delays.items())),
        "alarms": {i: asdict(a) for i, a in day.alarms.items()},
        "fingerprint": day.fingerprint,
    }


def _open(
    beginning: Beginning, network: Network | None, named_folder: Path | None, folder: Path | None
) -> LiveDay:
    from engine.live.day import LiveDay
    from engine.networks import open_network
    from engine.travel import build_travel

    problem = beginning.problem
    streets = network or open_network(problem.network, folder=folder, named_folder=named_folder)
    travel = build_travel(problem, streets)
    return LiveDay(problem, beginning.plan, travel, beginning.policy)


def _read_beginning(start: dict[str, Any]) -> Beginning:
    from engine.domain.parse import read_plan, read_problem
    from engine.live.answers import LivePolicy

    return Beginning(
        read_problem(start["problem"]), read_plan(start["plan"]),
        LivePolicy.model_validate(start["policy"]), start["utc_offset_min"],
    )
